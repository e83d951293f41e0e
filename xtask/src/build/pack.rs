//! The site folder: hashed names, brotli copies, static files, `assets.json`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::stamp;
use super::wasm::{self, BUNDLES, Compiled, Module, Profile};
use crate::paths;
use crate::process::{Job, note};
use crate::setup::npm;

/// Where light-dark(), oklch() and nesting are native; lightningcss lowers nothing of them.
const BROWSERS: &str = "chrome >= 123, firefox >= 121, safari >= 17.5";

/// Brotli sizes in bytes.
pub struct Site {
    pub css: u64,
    pub bundles: Vec<Weight>,
}

/// What a kind of page loads.
pub struct Weight {
    pub bundle: &'static str,
    pub wasm: u64,
    pub js: u64,
}

/// Makes the site of the compiled bundles, unless it is there already.
pub fn pack(compiled: &[Compiled], profile: Profile) -> Result<Site> {
    let stamp_file = paths::work()?.join("site.stamp");
    let stamp = inputs(compiled, profile)?;
    if stamp::is(&stamp_file, &stamp)
        && let Ok(site) = measure()
    {
        note("site", "up to date");
        return Ok(site);
    }
    // A half-written site must not look finished to the next run.
    let _ = fs::remove_file(&stamp_file);
    let css = styles()?;

    let site = paths::site();
    let mut kept = BTreeSet::new();
    let mut put = |folder: &str, name: &str, content: &[u8]| -> Result<()> {
        let file = site.join(folder).join(name);
        write_if_new(&file, content)?;
        if compressible(&file) {
            kept.insert(beside(&file));
        }
        kept.insert(file);
        Ok(())
    };
    let mut assets = serde_json::Map::new();
    let name = format!("lectern.{}.css", hash(&css));
    put("pkg", &name, &css)?;
    assets.insert("css".to_owned(), json!(format!("/pkg/{name}")));
    for Compiled { bundle, wasm } in compiled {
        let Module { wasm, js } = wasm::finish(bundle, wasm, profile)?;
        let (module, script) =
            (format!("{bundle}_bg.{}.wasm", hash(&wasm)), format!("{bundle}.{}.js", hash(&js)));
        put("pkg", &module, &wasm)?;
        put("pkg", &script, &js)?;
        let urls = json!({ "js": format!("/pkg/{script}"), "wasm": format!("/pkg/{module}") });
        assets.insert((*bundle).to_owned(), urls);
    }
    let public = paths::root().join("public");
    for file in paths::files(&public)? {
        let name = file.strip_prefix(&public)?.to_string_lossy().into_owned();
        put("static", &name, &fs::read(&file)?)?;
    }
    compress(&kept)?;
    let index = site.join("assets.json");
    write_if_new(&index, serde_json::to_string_pretty(&assets)?.as_bytes())?;
    kept.insert(index);
    for file in paths::files(&site)? {
        if !kept.contains(&file) {
            fs::remove_file(file)?;
        }
    }
    let site = measure()?;
    fs::write(stamp_file, stamp)?;
    Ok(site)
}

/// One style sheet from style/main.css and what it imports.
fn styles() -> Result<Vec<u8>> {
    let css = paths::work()?.join("lectern.css");
    Job::new(npm::binary(&paths::tools(), "lightningcss")?)
        .args(["--bundle", "--minify", "--targets", BROWSERS, "--output-file"])
        .arg(&css)
        .arg(paths::root().join("style/main.css"))
        .step("bundle the styles", "lightningcss")?;
    Ok(fs::read(css)?)
}

/// Writes the missing and the stale `.br` files.
fn compress(files: &BTreeSet<PathBuf>) -> Result<()> {
    let stale: Vec<&PathBuf> = files
        .iter()
        .filter(|file| compressible(file))
        .filter(|file| {
            let changed = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
            changed(&beside(file)) < changed(file)
        })
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Job::new("node")
        .arg(paths::tools().join("brotli.mjs"))
        .args(stale)
        .step("compress with brotli", "brotli")?;
    Ok(())
}

/// What is compressed by its format gains nothing.
fn compressible(file: &Path) -> bool {
    file.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| {
        matches!(extension, "js" | "mjs" | "wasm" | "css" | "svg" | "txt" | "json" | "webmanifest")
    })
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

fn write_if_new(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

fn hash(content: &[u8]) -> String {
    stamp::hex(&Sha256::digest(content)[..8])
}

/// The stamp of all that the site is made from.
fn inputs(compiled: &[Compiled], profile: Profile) -> Result<String> {
    let root = paths::root();
    let mut files: Vec<PathBuf> = compiled.iter().map(|built| built.wasm.clone()).collect();
    files.push(root.join("xtask/tools/package-lock.json"));
    // A change of our own steps makes the site stale, too.
    for folder in ["xtask/src/build", "style", "public"] {
        files.extend(paths::files(&root.join(folder))?);
    }
    stamp::of(profile.word(), &files)
}

/// Reads the sizes of the site that is there.
fn measure() -> Result<Site> {
    let site = paths::site();
    let assets: Value = serde_json::from_slice(&fs::read(site.join("assets.json"))?)?;
    let size = |url: &Value| -> Result<u64> {
        let url = url.as_str().context("assets.json is incomplete")?;
        Ok(fs::metadata(beside(&site.join(url.trim_start_matches('/'))))?.len())
    };
    let bundles = BUNDLES
        .into_iter()
        .map(|bundle| {
            let built = &assets[bundle];
            Ok(Weight { bundle, wasm: size(&built["wasm"])?, js: size(&built["js"])? })
        })
        .collect::<Result<_>>()?;
    Ok(Site { css: size(&assets["css"])?, bundles })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content() {
        assert_eq!(hash(b"a").len(), 16);
        assert_ne!(hash(b"a"), hash(b"b"));
    }

    #[test]
    fn the_compressed_file_is_beside_its_origin() {
        assert_eq!(beside(Path::new("pkg/a.js")), Path::new("pkg/a.js.br"));
        assert!(compressible(Path::new("a.svg")));
        assert!(!compressible(Path::new("a.woff2")));
    }
}
