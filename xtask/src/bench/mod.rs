//! `cargo xtask bench`: what the product costs, measured from outside on a release build.

mod load;
mod usage;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::build::{self, Profile, Site};
use crate::http;
use crate::paths;
use crate::process::{Interrupted, interrupted};
use crate::setup::{self, npm};
use crate::world::{Plan, World};
use load::Request;

pub fn run(seconds: u64) -> Result<()> {
    println!("Set up");
    let toolchain = setup::toolchain()?;
    npm::ensure(&paths::tools())?;
    npm::ensure(&paths::contracts())?;
    println!("Build");
    let site = build::site(&toolchain, Profile::Release)?;
    let server = build::server(&toolchain, true)?;
    println!("Start");
    let dir = std::env::temp_dir().join(format!("lectern-bench-{}", std::process::id()));
    let port = http::free_port(8100)?;
    let mut world = World::start(Plan {
        dir: dir.clone(),
        server,
        port,
        block_time: 1,
    })?;
    let measured = measure(&world, port, &site, Duration::from_secs(seconds));
    world.stop();
    fs::remove_dir_all(&dir)?;
    measured
}

fn measure(world: &World, port: u16, site: &Site, time: Duration) -> Result<()> {
    let pid = world.server_pid().context("the server is not running")?;
    let at_rest = usage::resident(pid)?;
    println!("\nPages, 8 connections, {} s each\n", time.as_secs());
    println!(
        "{:<34}{:>10}{:>12}{:>10}{:>10}{:>10}",
        "", "requests/s", "CPU µs each", "p50 ms", "p99 ms", "bytes"
    );
    for (name, path) in [("catalogue", "/")] {
        for encoding in ["identity", "br"] {
            let request = Request {
                port,
                path: path.to_owned(),
                cookie: None,
                encoding,
            };
            row(&format!("{name} ({encoding})"), pid, &request, time)?;
        }
    }
    println!(
        "\nMemory: {} MB at rest, {} MB at most",
        at_rest / 1000,
        usage::peak(pid)? / 1000
    );
    println!(
        "Each page, brotli: wasm {} kB, JavaScript {} kB, styles {} kB",
        build::kilobytes(site.wasm),
        build::kilobytes(site.js),
        build::kilobytes(site.css)
    );
    gas()
}

/// Warms up, measures, prints.
fn row(name: &str, pid: u32, request: &Request, time: Duration) -> Result<()> {
    load::run(request, Duration::from_secs(1).min(time))?;
    let before = usage::cpu(pid)?;
    let measured = load::run(request, time)?;
    let cpu = usage::cpu(pid)? - before;
    if interrupted() {
        return Err(Interrupted.into());
    }
    println!(
        "{name:<34}{:>10.0}{:>12.0}{:>10.2}{:>10.2}{:>10}",
        measured.per_second(),
        cpu.as_secs_f64() * 1e6 / measured.requests.max(1) as f64,
        measured.percentile(50).as_secs_f64() * 1e3,
        measured.percentile(99).as_secs_f64() * 1e3,
        measured.bytes
    );
    Ok(())
}

/// The committed figures, which the contract tests hold.
fn gas() -> Result<()> {
    let file = paths::contracts().join("gas.json");
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let gas: serde_json::Map<String, Value> = serde_json::from_str(&text)?;
    println!("\nGas of a whole transaction");
    for (operation, units) in &gas {
        println!("{operation:<34}{units:>10}");
    }
    Ok(())
}
