//! Lectern's one tool; `cargo xtask help` says what it does.

mod args;
mod bench;
mod build;
mod daemon;
mod demo;
mod http;
mod nightly;
mod paths;
mod process;
mod setup;
mod test;
mod watch;
mod world;

use std::process::ExitCode;

use anyhow::Result;

use args::Task;
use process::Interrupted;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.is::<Interrupted>() => {
            println!("\nStopped.");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether all was well.
fn run() -> Result<bool> {
    let task = args::parse(std::env::args_os().skip(1))?;
    process::catch_signals()?;
    match task {
        Task::Help => println!("{}", args::HELP),
        Task::Demo(options) => demo::run(&options)?,
        Task::Watch(options) => watch::run(&options)?,
        Task::Test { only } => return test::run(&only),
        Task::Nightly { only } => return nightly::run(&only),
        Task::Build { release } => build::run(release)?,
        Task::Bench { seconds } => bench::run(seconds)?,
        Task::Setup { parts } => setup::run(&parts)?,
    }
    Ok(true)
}
