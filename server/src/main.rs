//! See the library.

use std::process::ExitCode;

use clap::Parser;
use server::{cli::Cli, commands};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("lectern: the operating system gives us no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::execute(cli)) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("lectern: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
