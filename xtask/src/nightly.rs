//! `cargo xtask nightly`: what takes too long for `cargo xtask test`.

use anyhow::Result;

use crate::paths;
use crate::setup::{self, Toolchain, npm};
use crate::test::counts::{self, Tally};
use crate::test::{check, counted, run_steps};

/// The shortest first.
const STEPS: [&str; 6] = ["slither", "backfill", "halmos", "mutation", "contracts", "sim"];

/// So many histories, unless LECTERN_SIM_HISTORIES says otherwise.
const HISTORIES: &str = "1000000";

/// Runs the steps that are named, or all; says whether everything passed.
pub fn run(only: &[String]) -> Result<bool> {
    run_steps("nightly", &STEPS, only, run_step)
}

fn run_step(name: &str, toolchain: &Toolchain) -> Result<Tally> {
    match name {
        "backfill" => return backfill(toolchain),
        "sim" => return sim(toolchain),
        _ => npm::ensure(&paths::contracts())?,
    }
    match name {
        "slither" => {
            setup::python()?;
            check(npm::contracts("slither"), "static analysis of the contracts", "contracts-slither")
        }
        "halmos" => {
            setup::python()?;
            check(npm::contracts("halmos"), "proofs about the contracts", "contracts-halmos")
        }
        "mutation" => check(npm::contracts("mutation"), "mutants of the contracts", "contracts-mutation"),
        _ => {
            let job = npm::contracts("test:nightly");
            counted(job, "contract tests, 200,000 runs of each", "contracts-nightly", counts::forge)
        }
    }
}

/// How fast the follower reads a long history, which must not become slower than that: a bench of academy's own.
fn backfill(toolchain: &Toolchain) -> Result<Tally> {
    let job = toolchain
        .cargo()
        .args(["bench", "--package", "academy", "--features", "server", "--bench", "backfill"])
        .args(["--", "--hold"]);
    check(job, "30,000 events a second in a backfill", "backfill")
}

/// A million histories of payments by chance, optimised.
fn sim(toolchain: &Toolchain) -> Result<Tally> {
    let mut job = toolchain.cargo().args([
        "test",
        "--release",
        "--package",
        "academy",
        "--features",
        "server",
        "--test",
        "sim",
    ]);
    if std::env::var_os("LECTERN_SIM_HISTORIES").is_none() {
        job = job.env("LECTERN_SIM_HISTORIES", HISTORIES);
    }
    counted(job, "histories by chance", "sim", counts::cargo_test)
}
