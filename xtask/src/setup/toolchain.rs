//! A Rust toolchain that compiles for wasm32-unknown-unknown.
//!
//! First choice is the person's own, with the target added by rustup. Where rustup reaches no
//! server, Debian's rustc-web packages give a newer compiler with the sources of std: we build std for
//! wasm once, put it into that compiler's folders, and name it `distro` for rustup.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::apt;
use crate::paths;
use crate::process::{Job, note, step};

const TARGET: &str = "wasm32-unknown-unknown";
const DISTRO: &str = "distro";

/// Which compiler the rest of a run uses.
#[derive(Clone, Debug)]
pub enum Toolchain {
    /// The one that runs us.
    Current,
    /// Debian's, under this name of rustup's.
    Linked(&'static str),
    /// Debian's, on a machine without rustup.
    System,
}

impl Toolchain {
    pub fn cargo(&self) -> Job {
        self.tool("cargo")
    }

    fn tool(&self, name: &str) -> Job {
        match self {
            Self::Current => Job::new(name),
            Self::Linked(toolchain) => Job::new(name).env("RUSTUP_TOOLCHAIN", toolchain),
            Self::System => Job::new(Path::new("/usr/bin").join(name))
                .env("RUSTC", "/usr/bin/rustc")
                .without_env("RUSTUP_TOOLCHAIN"),
        }
    }

    /// Tries rather than looks: std from another compiler's version, or a missing linker, is
    /// found only so.
    fn compiles_to_wasm(&self) -> Result<bool> {
        let dir = paths::work()?;
        let source = dir.join("probe.rs");
        fs::write(&source, "#[unsafe(no_mangle)] pub extern \"C\" fn probe() -> usize { vec![1u8].len() }")?;
        Ok(self
            .tool("rustc")
            .args(["--crate-type", "cdylib", "--edition", "2024", "-Cpanic=abort", "--target", TARGET, "-o"])
            .arg(dir.join("probe.wasm"))
            .arg(source)
            .ask()
            .is_some())
    }

    pub fn version(&self) -> String {
        self.tool("rustc").arg("--version").ask().unwrap_or_else(|| "rustc of an unknown version".into())
    }
}

pub fn ensure() -> Result<Toolchain> {
    let usable = |toolchain: Toolchain| -> Result<Option<Toolchain>> {
        Ok(toolchain.compiles_to_wasm()?.then_some(toolchain))
    };
    let found = match usable(Toolchain::Current)? {
        Some(toolchain) => Some(toolchain),
        None => usable(distro())?,
    };
    if let Some(toolchain) = found {
        note("Rust for wasm", &toolchain.version());
        return Ok(toolchain);
    }
    if add_target()?
        && let Some(toolchain) = usable(Toolchain::Current)?
    {
        return Ok(toolchain);
    }
    from_debian()
}

/// Formatting and lints, of the same toolchain.
pub fn ensure_lints(toolchain: &Toolchain) -> Result<()> {
    let missing: Vec<&str> = ["clippy", "fmt"]
        .into_iter()
        .filter(|tool| toolchain.cargo().args([tool, "--version"]).ask().is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    match toolchain {
        Toolchain::Current => {
            Job::new("rustup")
                .args(["component", "add", "clippy", "rustfmt"])
                .step("add clippy and rustfmt", "rustup-components")?;
        }
        Toolchain::Linked(_) | Toolchain::System => {
            apt::install("clippy and rustfmt", &["rust-web-clippy", "rustfmt-web"])?;
        }
    }
    Ok(())
}

fn distro() -> Toolchain {
    if paths::on_path("rustup").is_some() { Toolchain::Linked(DISTRO) } else { Toolchain::System }
}

fn add_target() -> Result<bool> {
    if paths::on_path("rustup").is_none() {
        return Ok(false);
    }
    let outcome = Job::new("rustup")
        .args(["target", "add", TARGET])
        // Without a network the answer should come at once: there is another way.
        .env("RUSTUP_MAX_RETRIES", "0")
        .attempt(&format!("rustup target add {TARGET}"), "rustup-target")?;
    if !outcome.ok && !apt::available() {
        bail!("rustup cannot add the target {TARGET}:\n{}", outcome.failure());
    }
    Ok(outcome.ok)
}

fn from_debian() -> Result<Toolchain> {
    apt::install(
        "Debian's Rust with the sources of std",
        &[
            "rustc-web",
            "cargo-web",
            "rust-web-src",
            "rust-web-llvm",
            "lld-22",
            "rust-web-clippy",
            "rustfmt-web",
        ],
    )?;
    let library = std_folder()?;
    if !holds_std(&library) {
        let built = build_std()?;
        step("put std for wasm beside Debian's compiler", || install_std(&built, &library))?;
    }
    if paths::on_path("rustup").is_some() {
        Job::new("rustup")
            .args(["toolchain", "link", DISTRO, "/usr"])
            .step("name it for rustup", "rustup-link")?;
    }
    let toolchain = distro();
    if !toolchain.compiles_to_wasm()? {
        bail!(
            "{} still cannot compile for {TARGET}; remove {} and try again",
            toolchain.version(),
            library.display()
        );
    }
    Ok(toolchain)
}

/// Where Debian's compiler looks for std of the target.
fn std_folder() -> Result<PathBuf> {
    let sysroot =
        Job::new("/usr/bin/rustc").args(["--print", "sysroot"]).without_env("RUSTUP_TOOLCHAIN").must()?;
    Ok(Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib"))
}

/// The stamp says for which compiler std was built: an upgrade makes it stale.
fn holds_std(library: &Path) -> bool {
    fs::read_to_string(library.join("lectern-stamp")).is_ok_and(|stamp| stamp == Toolchain::System.version())
}

fn build_std() -> Result<PathBuf> {
    let seed = paths::work()?.join("std-for-wasm");
    fs::create_dir_all(seed.join("src"))?;
    fs::write(
        seed.join("Cargo.toml"),
        "[package]\nname = \"seed\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[lib]\npath = \"src/lib.rs\"\n[workspace]\n",
    )?;
    fs::write(seed.join("src/lib.rs"), "#![no_std]\n")?;
    Toolchain::System
        .cargo()
        .dir(&seed)
        // The sources are the very ones of this compiler, for which `-Z build-std` is safe.
        .env("RUSTC_BOOTSTRAP", "1")
        // Keeps link-time optimisation across std possible, as in rustup's own.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .without_env("CARGO_TARGET_DIR")
        .args(["build", "--release", "-Z", "build-std=std,panic_abort,proc_macro,test"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(seed.join("target"))
        .step("build std for wasm", "std-for-wasm")?;
    Ok(seed.join("target").join(TARGET).join("release/deps"))
}

fn install_std(built: &Path, library: &Path) -> Result<()> {
    let staging = paths::work()?.join("std-for-wasm/lib");
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(&staging)?;
    for file in paths::files(built)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("lib") && name.ends_with(".rlib") && !name.starts_with("libseed") {
            fs::copy(&file, staging.join(&*name))?;
        }
    }
    fs::write(staging.join("lectern-stamp"), Toolchain::System.version())?;
    if nix::unistd::geteuid().is_root() {
        replace(&staging, library)
    } else {
        let script = "set -e; rm -rf \"$2\"; mkdir -p \"$2\"; cp \"$1\"/* \"$2\"/";
        Job::new("sudo").args(["-n", "sh", "-c", script, "sh"]).arg(&staging).arg(library).must()?;
        Ok(())
    }
}

fn replace(from: &Path, to: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to)?;
    for file in paths::files(from)? {
        fs::copy(&file, to.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(())
}
