//! Debian's packages.

use std::fs;

use anyhow::{Result, bail};

use crate::paths;
use crate::process::Job;

pub fn available() -> bool {
    paths::on_path("apt-get").is_some()
}

/// Installs packages, with one `apt-get update` if the lists are missing or too old for them.
pub fn install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get update && apt-get install -y {}", packages.join(" "));
    if !available() {
        bail!(
            "{what}: not found, and this is not Debian. Install what these packages hold: {}",
            packages.join(" ")
        );
    }
    let Some(sudo) = privilege() else {
        bail!("{what}: needs root. Run this once, then try again:\n  sudo sh -c '{by_hand}'");
    };
    let get = |args: &[&str]| {
        let job = match sudo {
            Privilege::Root => Job::new("apt-get"),
            Privilege::Sudo => Job::new("sudo").args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]),
        };
        job.env("DEBIAN_FRONTEND", "noninteractive").args(args)
    };
    let mut fresh = false;
    if !has_lists() {
        get(&["update", "-qq"]).step("read the package lists", "apt-update")?;
        fresh = true;
    }
    let install = || {
        get(&["install", "-y", "--no-install-recommends"])
            .args(packages)
            .attempt(&format!("install {what} ({})", packages.join(", ")), "apt-install")
    };
    let mut outcome = install()?;
    if !outcome.ok && !fresh {
        get(&["update", "-qq"]).step("read the package lists again", "apt-update")?;
        outcome = install()?;
    }
    outcome.require()?;
    Ok(())
}

enum Privilege {
    Root,
    Sudo,
}

fn privilege() -> Option<Privilege> {
    if nix::unistd::geteuid().is_root() {
        return Some(Privilege::Root);
    }
    Job::new("sudo").args(["-n", "true"]).ask().map(|_| Privilege::Sudo)
}

fn has_lists() -> bool {
    fs::read_dir("/var/lib/apt/lists").is_ok_and(|mut entries| {
        entries
            .any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().contains("_Packages")))
    })
}
