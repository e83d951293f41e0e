//! `cargo xtask bench`: what the product costs, measured from outside on a release build.

mod load;
mod payments;
mod person;
mod usage;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::build::{self, Profile, Site};
use crate::http;
use crate::paths;
use crate::process::{Interrupted, interrupted, pause};
use crate::setup::{self, Toolchain, npm};
use crate::world::{LEARNER, Plan, Rhythm, World};
use load::Request;
use person::Person;

const FREE_COURSE: &str = "reading-an-ethereum-transaction";

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
        chain: Rhythm::AtOnce,
        // A crowd comes from one address here.
        settings: vec![
            ("LIMITS__SIGN_IN_PER_MINUTE", "1000000".to_owned()),
            ("LIMITS__ACTIONS_PER_MINUTE", "1000000".to_owned()),
        ],
    })?;
    let measured = measure(&mut world, &site, Duration::from_secs(seconds));
    world.stop();
    fs::remove_dir_all(&dir)?;
    measured?;
    backfill(&toolchain)
}

/// How fast the follower reads a long history. A bench of academy's own: see there.
fn backfill(toolchain: &Toolchain) -> Result<()> {
    println!();
    let text = toolchain
        .cargo()
        .args(["bench", "--package", "academy", "--features", "server", "--bench", "backfill"])
        .step("read a long history", "bench-backfill")?;
    for line in text.lines().filter(|line| line.contains("events")) {
        println!("{line}");
    }
    Ok(())
}

fn measure(world: &mut World, site: &Site, time: Duration) -> Result<()> {
    let pid = world.server_pid().context("the server is not running")?;
    pause(Duration::from_secs(2))?;
    let at_rest = usage::resident(pid)?;
    println!("\nPages, {} connections, {} s each", load::CONNECTIONS, time.as_secs());
    println!(
        "{:<34}{:>10}{:>12}{:>10}{:>10}{:>10}",
        "", "requests/s", "CPU µs each", "p50 ms", "p99 ms", "bytes"
    );
    let mut person = Person::sign_in(world, LEARNER)?;
    let lesson = person.enroll(FREE_COURSE)?;
    let course = format!("/courses/{FREE_COURSE}");
    let cookie = person.cookie().to_owned();
    let pages = [
        ("catalogue", "/", None),
        ("course page", course.as_str(), None),
        ("lesson page, signed in", lesson.as_str(), Some(cookie)),
    ];
    for (name, path, cookie) in pages {
        // As it is made, and as browsers ask for it.
        for encoding in ["identity", "br"] {
            let request =
                Request { port: world.port(), path: path.to_owned(), cookie: cookie.clone(), encoding };
            row(&format!("{name} ({encoding})"), pid, &request, time)?;
        }
    }
    println!("\nMemory: {} MB at rest, {} MB at most", at_rest / 1000, usage::peak(pid)? / 1000);
    build::weigh(site);
    payments::measure(world)?;
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
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let gas: Value = serde_json::from_str(&text)?;
    let operations = gas["operations"].as_object().context("gas.json has no operations")?;
    println!("\nGas of a whole transaction");
    for (operation, units) in operations {
        println!("{operation:<66}{units:>10}");
    }
    Ok(())
}

/// Of sorted times.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_and_many() {
        let times = |count: u64| -> Vec<Duration> { (1..=count).map(Duration::from_millis).collect() };
        assert_eq!(percentile(&times(0), 99), Duration::ZERO);
        assert_eq!(percentile(&times(1), 99), Duration::from_millis(1));
        assert_eq!(percentile(&times(101), 50), Duration::from_millis(51));
        assert_eq!(percentile(&times(101), 99), Duration::from_millis(100));
    }
}
