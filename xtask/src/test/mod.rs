//! `cargo xtask test`: everything that must pass.

pub mod counts;
mod postgres;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::build::{self, Profile};
use crate::paths;
use crate::process::{Interrupted, Job, step};
use crate::setup::{self, Toolchain, npm};
use counts::Tally;
use postgres::Postgres;

pub const STEPS: [&str; 6] = ["fmt", "contracts", "clippy", "rust", "size", "e2e"];

/// Runs the steps that are named, or all; says whether everything passed.
pub fn run(only: &[String]) -> Result<bool> {
    run_steps("test", &STEPS, only, run_step)
}

/// Runs those of a command's steps that are named, or all, and sums up what they counted.
pub fn run_steps(
    command: &str,
    steps: &[&str],
    only: &[String],
    run_step: impl Fn(&str, &Toolchain) -> Result<Tally>,
) -> Result<bool> {
    if let Some(unknown) = only.iter().find(|step| !steps.contains(&step.as_str())) {
        bail!("{command} knows no step {unknown:?}; there are: {}", steps.join(", "));
    }
    let start = Instant::now();
    println!("Set up");
    let toolchain = setup::toolchain()?;
    let mut sum = Tally::default();
    for name in steps {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("{name}");
        sum += match run_step(name, &toolchain) {
            Ok(tally) => tally,
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                println!("{error:#}");
                Tally::one(false)
            }
        };
    }
    let seconds = start.elapsed().as_secs();
    println!("All in all: {} min {} s", seconds / 60, seconds % 60);
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(sum.failed == 0)
}

fn run_step(name: &str, toolchain: &Toolchain) -> Result<Tally> {
    match name {
        "fmt" => fmt(toolchain),
        "contracts" => contracts(),
        "clippy" => clippy(toolchain),
        "rust" => rust(toolchain),
        "size" => size(toolchain),
        _ => e2e(toolchain),
    }
}

/// A check that passes or fails as a whole.
pub fn check(job: Job, what: &str, log: &str) -> Result<Tally> {
    let outcome = job.attempt(what, log)?;
    if !outcome.ok {
        println!("{}", outcome.failure());
    }
    Ok(Tally::one(outcome.ok))
}

/// A runner of tests that says how many there were.
pub fn counted(job: Job, what: &str, log: &str, count: fn(&str) -> Option<Tally>) -> Result<Tally> {
    let outcome = job.attempt(what, log)?;
    if !outcome.ok {
        println!("{}", outcome.failure());
    }
    Ok(Tally::of_runner(count(&outcome.text), outcome.ok))
}

fn fmt(toolchain: &Toolchain) -> Result<Tally> {
    setup::lints(toolchain)?;
    // Names of files; what to do about them is one command.
    let job = toolchain.cargo().args(["fmt", "--all", "--check", "--", "--files-with-diff"]);
    check(job, "format of Rust (cargo fmt)", "fmt")
}

fn contracts() -> Result<Tally> {
    npm::ensure(&paths::contracts())?;
    let npm = npm::contracts;
    let mut sum = check(npm("fmt:check"), "format of Solidity", "contracts-fmt")?;
    npm("build").step("build the contracts", "contracts-build")?;
    sum += counted(npm("test"), "contract tests", "contracts-test", counts::forge)?;
    sum += check(npm("gas:check"), "gas of each operation", "contracts-gas")?;
    sum += check(npm("artifact:check"), "committed artifact is the source's", "contracts-artifact")?;
    Ok(sum)
}

/// Natively and for wasm apart: `app` is one thing on the server and another in the browser, and
/// its features must not be unified.
fn clippy(toolchain: &Toolchain) -> Result<Tally> {
    setup::lints(toolchain)?;
    let strict = ["--", "-D", "warnings"];
    let native = toolchain
        .cargo()
        .args(["clippy", "--workspace", "--exclude", "frontend", "--all-targets"])
        .args(strict);
    let wasm = toolchain
        .cargo()
        .args(["clippy", "--package", "frontend", "--target", "wasm32-unknown-unknown"])
        .args(strict);
    // What only a server that signs with AWS KMS compiles.
    let kms = toolchain
        .cargo()
        .args(["clippy", "--package", "academy", "--package", "server", "--features", "server/kms"])
        .arg("--all-targets")
        .args(strict);
    let mut sum = check(native, "lints of the server's side", "clippy")?;
    sum += check(kms, "lints of it with keys of AWS KMS", "clippy-kms")?;
    sum += check(wasm, "lints of the browser's side", "clippy-wasm")?;
    Ok(sum)
}

/// Unit and integration tests, on SQLite, Postgres and anvil.
fn rust(toolchain: &Toolchain) -> Result<Tally> {
    npm::ensure(&paths::contracts())?;
    let programs = setup::postgres()?;
    let postgres = step("start a throw-away Postgres", || Postgres::start(&programs))?;
    let packages = ["--workspace", "--exclude", "frontend", "--no-fail-fast"];
    let with_nextest = toolchain.cargo().args(["nextest", "--version"]).ask().is_some();
    let cargo = toolchain
        .cargo()
        .env("LECTERN_TEST_POSTGRES_URL", postgres.url())
        .env("LECTERN_TEST_ANVIL", npm::foundry("anvil")?);
    let (job, count): (Job, fn(&str) -> Option<Tally>) = if with_nextest {
        (cargo.args(["nextest", "run"]).args(packages), counts::nextest)
    } else {
        // Documentation has no examples that run: their tests would only cost linking.
        (cargo.args(["test", "--lib", "--bins", "--tests"]).args(packages), counts::cargo_test)
    };
    let mut sum = counted(job, "unit and integration tests", "rust", count)?;
    // Apart, so that the server that is tested is the one that most have: without.
    let kms = ["test", "--lib", "--package", "academy", "--features", "kms", "chain::kms"];
    let kms = toolchain.cargo().args(kms);
    sum += counted(kms, "signing with keys of AWS KMS", "rust-kms", counts::cargo_test)?;
    Ok(sum)
}

fn size(toolchain: &Toolchain) -> Result<Tally> {
    npm::ensure(&paths::tools())?;
    build::gate(&build::site(toolchain, Profile::Release)?)?;
    Ok(Tally::one(true))
}

/// Browser journeys against the real server, database and chain.
fn e2e(toolchain: &Toolchain) -> Result<Tally> {
    npm::ensure(&paths::tools())?;
    npm::ensure(&paths::contracts())?;
    npm::ensure(&paths::end2end())?;
    let types = Job::new("npm").dir(&paths::end2end()).args(["run", "--silent", "typecheck"]);
    let mut sum = check(types, "types of the journeys", "e2e-types")?;
    let browser = setup::browser()?;
    build::site(toolchain, Profile::Release)?;
    let server = build_for_tests(toolchain)?;
    let report = paths::work()?.join("e2e.json");
    let _ = fs::remove_file(&report);
    let outcome = Job::new(npm::binary(&paths::end2end(), "playwright")?)
        .dir(&paths::end2end())
        .args(["test", "--reporter=list,json"])
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report)
        .env("LECTERN_BIN", server)
        .env("LECTERN_SITE", paths::site())
        .env("LECTERN_ANVIL", npm::foundry("anvil")?)
        .env("LECTERN_CHROMIUM", browser)
        .attempt("browser journeys", "e2e")?;
    if !outcome.ok {
        println!("{}", outcome.failure());
    }
    let report = fs::read_to_string(&report).unwrap_or_default();
    sum += Tally::of_runner(counts::playwright(&report), outcome.ok);
    Ok(sum)
}

/// The same selection of packages and targets as the tests', so that cargo unifies the same
/// features and compiles each dependency once.
fn build_for_tests(toolchain: &Toolchain) -> Result<PathBuf> {
    toolchain
        .cargo()
        .args(["build", "--workspace", "--exclude", "frontend", "--bins", "--tests"])
        .step("build the server", "server")?;
    build::server_binary(false)
}
