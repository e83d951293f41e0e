//! The site (wasm, JavaScript, styles, static files) and the server.

mod pack;
mod stamp;
mod wasm;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub use pack::{Site, Weight};
pub use wasm::Profile;

use crate::paths;
use crate::setup::{self, Toolchain, npm};

/// What all JavaScript and wasm of a page may weigh, brotli-compressed.
const LIMIT: u64 = 100_000;

/// `cargo xtask build [--release]`
pub fn run(release: bool) -> Result<()> {
    println!("Set up");
    let toolchain = setup::toolchain()?;
    npm::ensure(&paths::tools())?;
    println!("Build");
    gate(&site(&toolchain, Profile::Release)?)?;
    let server = server(&toolchain, release)?;
    println!("\nServer: {}\nSite:   {}", server.display(), paths::site().display());
    Ok(())
}

/// Builds the site folder that the server serves.
pub fn site(toolchain: &Toolchain, profile: Profile) -> Result<Site> {
    let wasm = wasm::compile(toolchain, profile)?;
    pack::pack(&wasm, profile)
}

/// Builds the binary `lectern`.
pub fn server(toolchain: &Toolchain, release: bool) -> Result<PathBuf> {
    let mut job = toolchain.cargo().args(["build", "--package", "server"]);
    if release {
        job = job.arg("--release");
    }
    job.step("build the server", "server")?;
    server_binary(release)
}

pub fn server_binary(release: bool) -> Result<PathBuf> {
    let binary = paths::target().join(if release { "release" } else { "debug" }).join("lectern");
    binary.is_file().then_some(binary).context("the build left no binary lectern")
}

/// Says what each kind of page weighs; answers the heaviest one's wasm and JavaScript.
pub fn weigh(site: &Site) -> u64 {
    for Weight { bundle, wasm, js } in &site.bundles {
        println!(
            "  size of {bundle}, brotli: wasm {} + JavaScript {} = {} of {} kB",
            kilobytes(*wasm),
            kilobytes(*js),
            kilobytes(wasm + js),
            LIMIT / 1000
        );
    }
    println!("  size of the styles, brotli: {} kB", kilobytes(site.css));
    site.bundles.iter().map(|weight| weight.wasm + weight.js).max().unwrap_or(0)
}

/// An error above the limit.
pub fn gate(site: &Site) -> Result<()> {
    let total = weigh(site);
    if total > LIMIT {
        bail!("wasm and JavaScript weigh {} bytes more than a page may", total - LIMIT);
    }
    Ok(())
}

pub fn kilobytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}
