//! `cargo xtask test`: everything that must pass.

mod counts;
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
    if let Some(unknown) = only.iter().find(|step| !STEPS.contains(&step.as_str())) {
        bail!("test knows no step {unknown:?}; there are: {}", STEPS.join(", "));
    }
    let start = Instant::now();
    println!("Set up");
    let toolchain = setup::toolchain()?;
    let mut sum = Tally::default();
    for name in STEPS {
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
fn check(job: Job, what: &str, log: &str) -> Result<Tally> {
    let outcome = job.attempt(what, log)?;
    if !outcome.ok {
        println!("{}", outcome.failure());
    }
    Ok(Tally::one(outcome.ok))
}

fn fmt(toolchain: &Toolchain) -> Result<Tally> {
    setup::lints(toolchain)?;
    // Names of files; what to do about them is one command.
    let job = toolchain.cargo().args(["fmt", "--all", "--check", "--", "--files-with-diff"]);
    check(job, "format of Rust (cargo fmt)", "fmt")
}

fn contracts() -> Result<Tally> {
    npm::ensure(&paths::contracts())?;
    let npm = |script: &str| Job::new("npm").dir(&paths::contracts()).args(["run", "--silent", script]);
    let mut sum = check(npm("fmt:check"), "format of Solidity", "contracts-fmt")?;
    npm("build").step("build the contracts", "contracts-build")?;
    let outcome = npm("test").attempt("contract tests", "contracts-test")?;
    if !outcome.ok {
        println!("{}", outcome.failure());
    }
    sum += Tally::of_runner(counts::forge(&outcome.text), outcome.ok);
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
    let mut sum = check(native, "lints of the server's side", "clippy")?;
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
    let outcome = job.attempt("unit and integration tests", "rust")?;
    if !outcome.ok {
        println!("{}", outcome.failure());
    }
    Ok(Tally::of_runner(count(&outcome.text), outcome.ok))
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
