//! What a machine has to have, each part found or installed; idempotent.

mod apt;
pub mod npm;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use toolchain::{Toolchain, ensure as toolchain, ensure_lints as lints};

use crate::paths;
use crate::process::{Job, note};

pub const PARTS: [&str; 6] = ["toolchain", "tools", "contracts", "browser", "postgres", "end2end"];

/// `cargo xtask setup [part…]`: all parts if none is named.
pub fn run(parts: &[String]) -> Result<()> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("setup knows no part {unknown:?}; there are: {}", PARTS.join(", "));
    }
    println!("Set up");
    for part in PARTS {
        if !parts.is_empty() && !parts.iter().any(|wanted| wanted == part) {
            continue;
        }
        match part {
            "toolchain" => lints(&toolchain()?)?,
            "tools" => npm::ensure(&paths::tools())?,
            "contracts" => npm::ensure(&paths::contracts())?,
            "browser" => browser().map(drop)?,
            "postgres" => postgres().map(drop)?,
            _ => npm::ensure(&paths::end2end())?,
        }
    }
    Ok(())
}

/// Chromium.
pub fn browser() -> Result<PathBuf> {
    let find = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(paths::on_path);
    if find().is_none() {
        apt::install("Chromium", &["chromium", "chromium-sandbox", "fonts-liberation"])?;
    }
    let browser = find().context("Chromium is installed, but no chromium is on the PATH")?;
    note("browser", &browser.display().to_string());
    Ok(browser)
}

/// Python that makes environments: the contracts' own scripts install into one what they need.
pub fn python() -> Result<()> {
    // Debian's Python comes without what an environment gets its pip from.
    let complete = || Job::new("python3").args(["-c", "import ensurepip, venv"]).ask().is_some();
    if !complete() {
        apt::install("Python with venv", &["python3", "python3-venv"])?;
    }
    if !complete() {
        bail!("Python is installed, but `python3 -m venv` would make no environment");
    }
    note("Python", &Job::new("python3").arg("--version").must()?);
    Ok(())
}

/// The folder with Postgres' server programs.
pub fn postgres() -> Result<PathBuf> {
    if find_postgres().is_none() {
        apt::install("PostgreSQL", &["postgresql"])?;
    }
    let dir = find_postgres().context("PostgreSQL is installed, but has no initdb and postgres")?;
    note("Postgres", &dir.display().to_string());
    Ok(dir)
}

/// A client package alone brings links to programs that are not there: look at what they lead to.
fn find_postgres() -> Option<PathBuf> {
    let complete = |dir: &Path| ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file());
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    let from_path =
        paths::on_path("initdb").and_then(|file| Some(file.canonicalize().ok()?.parent()?.to_owned()));
    versions.into_iter().rev().chain(from_path).find(|dir| complete(dir))
}
