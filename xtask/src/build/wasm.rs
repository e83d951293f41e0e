//! From Rust to optimised wasm and its JavaScript.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::stamp;
use crate::paths;
use crate::process::{Job, note, step};
use crate::setup::{Toolchain, npm};

const TARGET: &str = "wasm32-unknown-unknown";

/// How the wasm is compiled: small for people, fast to build for `watch`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

impl Profile {
    /// For stamps.
    pub fn word(self) -> &'static str {
        self.cargo().0
    }

    fn cargo(self) -> (&'static str, &'static str) {
        match self {
            Self::Dev => ("dev", "debug"),
            Self::Release => ("wasm-release", "wasm-release"),
        }
    }
}

/// What is built apart: a page loads the islands of its own kind, and no others. Also the names of
/// the front end's features and of the bundles in `assets.json`.
pub const BUNDLES: [&str; 5] = ["reading", "signing", "paying", "editing", "sending"];

/// Cargo's wasm of a bundle.
pub struct Compiled {
    pub bundle: &'static str,
    pub wasm: PathBuf,
}

/// Compiles the front end, a bundle at a time. Cargo has one place for all of them and would link
/// each anew each time, so that a stamp says when there is nothing to do.
pub fn compile(toolchain: &Toolchain, profile: Profile) -> Result<Vec<Compiled>> {
    let (name, folder) = profile.cargo();
    let built = paths::target().join(TARGET).join(folder).join("frontend.wasm");
    let work = paths::work()?;
    let bundles = BUNDLES.map(|bundle| Compiled { bundle, wasm: work.join(format!("{bundle}.wasm")) });
    let stamp_file = work.join("wasm.stamp");
    let stamp = stamp::of(&format!("{} {}", toolchain.version(), profile.word()), &sources()?)?;
    if stamp::is(&stamp_file, &stamp) && bundles.iter().all(|compiled| compiled.wasm.is_file()) {
        note("front end (wasm)", "up to date");
        return Ok(bundles.into());
    }
    let _ = fs::remove_file(&stamp_file);
    for Compiled { bundle, wasm } in &bundles {
        toolchain
            .cargo()
            .args(["build", "--package", "frontend", "--target", TARGET, "--profile", name])
            .args(["--no-default-features", "--features", bundle])
            .step(&format!("build the front end (wasm): {bundle}"), "frontend")?;
        fs::copy(&built, wasm)?;
    }
    fs::write(stamp_file, stamp)?;
    Ok(bundles.into())
}

/// All that the front end is compiled from.
fn sources() -> Result<Vec<PathBuf>> {
    let root = paths::root();
    let mut files: Vec<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "academy/Cargo.toml", "app/Cargo.toml", "frontend/Cargo.toml"]
            .map(|file| root.join(file))
            .into();
    for folder in [".cargo", "academy/src", "app/src", "frontend/src"] {
        files.extend(paths::files(&root.join(folder))?);
    }
    Ok(files)
}

/// The module and the script that loads it, ready to be served.
pub struct Module {
    pub wasm: Vec<u8>,
    pub js: Vec<u8>,
}

/// wasm-bindgen, then the optimisers.
pub fn finish(bundle: &str, compiled: &Path, profile: Profile) -> Result<Module> {
    let dir = paths::work()?.join("bindgen").join(bundle);
    let _ = fs::remove_dir_all(&dir);
    step("bind wasm to JavaScript", || {
        Bindgen::new()
            .input_path(compiled)
            .web(true)?
            .out_name("lectern")
            .typescript(false)
            // Names carry a hash of the content: the page says where the module is.
            .omit_default_module_path(true)
            .remove_name_section(profile == Profile::Release)
            .remove_producers_section(profile == Profile::Release)
            .generate(&dir)
    })
    .context("wasm-bindgen failed; its version must be the same in Cargo.lock and xtask/Cargo.toml")?;
    let (wasm, js) = (dir.join("lectern_bg.wasm"), dir.join("lectern.js"));
    if profile == Profile::Dev {
        return Ok(Module { wasm: fs::read(&wasm)?, js: one_script(&js, &dir, &[])? });
    }
    let small = dir.join("lectern_bg.small.wasm");
    Job::new(npm::binary(&paths::tools(), "wasm-opt")?)
        // Flat code, of which control flow is then made anew, comes out a hundredth smaller. It needs the second pass.
        .args(["--flatten", "--rereloop", "-Oz", "-Oz", "--strip-debug", "--strip-producers"])
        // What rustc takes for granted in wasm32-unknown-unknown.
        .args([
            "--enable-bulk-memory",
            "--enable-bulk-memory-opt",
            "--enable-multivalue",
            "--enable-mutable-globals",
            "--enable-nontrapping-float-to-int",
            "--enable-reference-types",
            "--enable-sign-ext",
        ])
        .arg(&wasm)
        .arg("-o")
        .arg(&small)
        .step("shrink the wasm", "wasm-opt")?;
    let shrunk = fs::read(&small)?;
    if !shrunk.starts_with(b"\0asm") {
        bail!("wasm-opt wrote no module");
    }
    Ok(Module { wasm: shrunk, js: one_script(&js, &dir, &["--minify"])? })
}

/// One script with all that crates brought as snippets, so that one hash names all of it.
fn one_script(script: &Path, dir: &Path, more: &[&str]) -> Result<Vec<u8>> {
    let bundled = dir.join("lectern.bundle.js");
    Job::new(npm::binary(&paths::tools(), "esbuild")?)
        .arg(script)
        .args(["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"])
        .args(more)
        .arg(format!("--outfile={}", bundled.display()))
        .step("bundle the JavaScript", "esbuild")?;
    Ok(fs::read(&bundled)?)
}
