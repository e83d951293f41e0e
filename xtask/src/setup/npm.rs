//! Packages from npm, exactly as their lock files say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::paths;
use crate::process::{Job, note};

/// Runs `npm ci` in `dir` unless what is installed there is what the lock file says.
pub fn ensure(dir: &Path) -> Result<()> {
    let name = dir.strip_prefix(paths::root())?.display();
    let lock = fs::read_to_string(dir.join("package-lock.json"))
        .with_context(|| format!("{name} has no package-lock.json"))?;
    let installed = fs::read_to_string(dir.join("node_modules/.package-lock.json")).unwrap_or_default();
    if is_installed(&lock, &installed) {
        note(&format!("npm packages of {name}"), "as locked");
        return Ok(());
    }
    if paths::on_path("npm").is_none() {
        bail!("npm is missing: install Node 20 or newer (https://nodejs.org), with npm");
    }
    Job::new("npm")
        .dir(dir)
        .args(["ci", "--no-audit", "--no-fund"])
        .step(&format!("npm ci in {name}"), &format!("npm-{}", name.to_string().replace('/', "-")))?;
    Ok(())
}

/// npm leaves a lock file of what it installed, when it is done. All of that must be in ours,
/// and all of ours in it but packages for other platforms.
fn is_installed(lock: &str, installed: &str) -> bool {
    let (Some(lock), Some(installed)) = (packages(lock), packages(installed)) else {
        return false;
    };
    lock.iter()
        .filter(|(_, (_, optional))| !optional)
        .all(|(path, (integrity, _))| installed.get(path).is_some_and(|(other, _)| other == integrity))
        && installed
            .iter()
            .all(|(path, (integrity, _))| lock.get(path).is_some_and(|(other, _)| other == integrity))
}

/// Path in node_modules → (what identifies the content, whether it may be absent).
fn packages(lock: &str) -> Option<BTreeMap<String, (String, bool)>> {
    let lock: Value = serde_json::from_str(lock).ok()?;
    let packages = lock.get("packages")?.as_object()?;
    Some(
        packages
            .iter()
            .filter(|(path, _)| !path.is_empty())
            .map(|(path, package)| {
                let of = |field| package.get(field).and_then(Value::as_str);
                let content = of("integrity").or(of("version")).unwrap_or_default().to_owned();
                let optional = package.get("optional").or(package.get("devOptional"))
                    == Some(&Value::Bool(true))
                    || package.get("peer") == Some(&Value::Bool(true));
                (path.clone(), (content, optional))
            })
            .collect(),
    )
}

/// A script of the contracts' package.json.
pub fn contracts(script: &str) -> Job {
    Job::new("npm").dir(&paths::contracts()).args(["run", "--silent", script])
}

/// An executable that a package brings.
pub fn binary(dir: &Path, name: &str) -> Result<PathBuf> {
    let file = dir.join("node_modules/.bin").join(name);
    if !file.is_file() {
        bail!("{} is missing: remove node_modules there and try again", file.display());
    }
    Ok(file)
}

/// A native Foundry program. npm's wrapper is a Node script, which would stand between us and
/// the process that we have to stop.
pub fn foundry(name: &str) -> Result<PathBuf> {
    let scope = paths::contracts().join("node_modules/@foundry-rs");
    fs::read_dir(&scope)
        .with_context(|| format!("{} is missing", scope.display()))?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{name}-")))
        .map(|entry| entry.path().join("bin").join(name))
        .find(|file| file.is_file())
        .with_context(|| format!("npm has no {name} for this platform"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"{"packages": {
        "": {"name": "x"},
        "node_modules/a": {"version": "1.0.0", "integrity": "sha512-a"},
        "node_modules/mac": {"version": "1.0.0", "integrity": "sha512-m", "optional": true}
    }}"#;

    #[test]
    fn packages_for_other_platforms_may_be_absent() {
        let installed = r#"{"packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-a"}}}"#;
        assert!(is_installed(LOCK, installed));
    }

    #[test]
    fn another_version_is_not_installed() {
        let installed = r#"{"packages": {"node_modules/a": {"version": "1.0.1", "integrity": "sha512-b"}}}"#;
        assert!(!is_installed(LOCK, installed));
    }

    #[test]
    fn a_package_that_left_the_lock_file_counts() {
        let installed = r#"{"packages": {
            "node_modules/a": {"integrity": "sha512-a"},
            "node_modules/old": {"integrity": "sha512-o"}
        }}"#;
        assert!(!is_installed(LOCK, installed));
    }

    #[test]
    fn nothing_installed_is_not_installed() {
        assert!(!is_installed(LOCK, ""));
    }
}
