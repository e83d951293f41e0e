//! The command line.

use std::ffi::OsString;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::demo;

pub const HELP: &str = "\
Lectern's one tool. Each command sets up what it needs first; all of it can be run again.

cargo xtask demo     everything on this machine: dev chain, contracts, demo courses, site
    --port N         of the site (8000, or the next free one)
    --fresh          forget the demo's chain, database and purchases first
    --data DIR       where they are kept (.lectern/demo)
    --release        with an optimised server (a longer build)

cargo xtask watch    the demo, rebuilt and restarted on each change; same options

cargo xtask test     everything that must pass; closes on \"N passed, N failed\"
    --only STEP,…    fmt, contracts, clippy, rust, size, e2e

cargo xtask nightly  what takes hours: analysis, proofs, mutants and long runs of the tests
    --only STEP,…    slither, backfill, halmos, mutation, contracts, sim

cargo xtask build    site (target/site) and server; fails above 100 kB of wasm + JavaScript
    --release        with an optimised server

cargo xtask bench    requests/s, CPU per request, latency, memory, sizes, gas, backfill
    --seconds N      measure each page this long (10)

cargo xtask setup    install what is missing, or only the parts that are named:
    [PART…]          toolchain, tools, contracts, browser, postgres, end2end

Output of each step: target/xtask/STEP.log";

#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    Help,
    Demo(demo::Options),
    Watch(demo::Options),
    Test { only: Vec<String> },
    Nightly { only: Vec<String> },
    Build { release: bool },
    Bench { seconds: u64 },
    Setup { parts: Vec<String> },
}

pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task> {
    let mut parser = lexopt::Parser::from_args(args);
    let Some(first) = parser.next()? else {
        return Ok(Task::Help);
    };
    let name = match first {
        Value(name) => name.string()?,
        Short('h') | Long("help") => return Ok(Task::Help),
        other => return Err(other.unexpected().into()),
    };
    match name.as_str() {
        "help" => Ok(Task::Help),
        "demo" => Ok(options(parser)?.map_or(Task::Help, Task::Demo)),
        "watch" => Ok(options(parser)?.map_or(Task::Help, Task::Watch)),
        "test" => Ok(only(parser)?.map_or(Task::Help, |only| Task::Test { only })),
        "nightly" => Ok(only(parser)?.map_or(Task::Help, |only| Task::Nightly { only })),
        "build" => build(parser),
        "bench" => bench(parser),
        "setup" => setup(parser),
        other => bail!("there is no command {other:?}; see `cargo xtask help`"),
    }
}

/// `None` asks for help.
fn options(mut parser: lexopt::Parser) -> Result<Option<demo::Options>> {
    let mut options = demo::Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("port") => options.port = Some(parser.value()?.parse()?),
            Long("fresh") => options.fresh = true,
            Long("release") => options.release = true,
            Long("data") => options.data = Some(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}

/// The steps that are named; `None` asks for help.
fn only(mut parser: lexopt::Parser) -> Result<Option<Vec<String>>> {
    let mut only = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("only") => only.extend(parser.value()?.string()?.split(',').map(str::to_owned)),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(only))
}

fn build(mut parser: lexopt::Parser) -> Result<Task> {
    let mut release = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("release") => release = true,
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Build { release })
}

fn bench(mut parser: lexopt::Parser) -> Result<Task> {
    let mut seconds = 10;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("seconds") => seconds = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Bench { seconds })
}

fn setup(mut parser: lexopt::Parser) -> Result<Task> {
    let mut parts = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Value(part) => parts.push(part.string()?),
            Short('h') | Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Setup { parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn reads_commands_and_options() {
        assert_eq!(parsed("").unwrap(), Task::Help);
        assert_eq!(parsed("demo --help").unwrap(), Task::Help);
        let only = vec!["fmt".to_owned(), "e2e".to_owned()];
        assert_eq!(parsed("test --only fmt,e2e").unwrap(), Task::Test { only });
        let only = vec!["slither".to_owned()];
        assert_eq!(parsed("nightly --only slither").unwrap(), Task::Nightly { only });
        let options = demo::Options { port: Some(9000), fresh: true, ..Default::default() };
        assert_eq!(parsed("demo --port 9000 --fresh").unwrap(), Task::Demo(options));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(parsed("dmeo").is_err());
        assert!(parsed("demo --prot 9").is_err());
        assert!(parsed("demo --port many").is_err());
    }
}
