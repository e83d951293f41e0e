//! Child processes as quiet steps that leave a log, and the signals that end us.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{IsTerminal, Write, stdout};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::paths;

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From here on Ctrl-C (and its kin) is a flag that we look at, so that daemons are stopped.
pub fn catch_signals() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Default::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

pub fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// The person asked us to stop: neither a success nor a fault to explain.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Interrupted {}

/// Sleeps, but not past a signal.
pub fn pause(time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    loop {
        if interrupted() {
            return Err(Interrupted.into());
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        sleep(left.min(Duration::from_millis(50)));
    }
}

/// Runs `work` as one line of the report: what it does, then how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    print!("  {what} … ");
    stdout().flush()?;
    let result = work();
    finish(what, start, result.is_ok());
    result
}

/// A step that had nothing to do.
pub fn note(what: &str, answer: &str) {
    println!("  {what} … {answer}");
}

fn finish(what: &str, start: Instant, ok: bool) {
    let seconds = start.elapsed().as_secs_f64();
    if stdout().is_terminal() {
        print!("\r\x1b[2K  {what} … ");
    }
    println!("{seconds:.1} s{}", if ok { "" } else { ", failed" });
}

/// How a job ended and what it said.
pub struct Outcome {
    pub ok: bool,
    pub log: PathBuf,
    pub text: String,
}

impl Outcome {
    pub fn require(self) -> Result<String> {
        if self.ok {
            return Ok(self.text);
        }
        bail!("{}", self.failure())
    }

    pub fn failure(&self) -> String {
        format!("{}\n(all of it: {})", tail(&self.text, 40), self.log.display())
    }
}

/// The last lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// A command that is run once, in the environment that the person has, without the variables
/// that `cargo run` added for us: they would make cargo's children rebuild.
pub struct Job(Command);

impl Job {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command
            .current_dir(paths::root())
            .stdin(Stdio::null())
            // Logs are read in files and pasted into reports.
            .env("NO_COLOR", "1");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(set_by_cargo_run) {
                command.env_remove(name);
            }
        }
        match library_path() {
            Some(path) => command.env("LD_LIBRARY_PATH", path),
            None => command.env_remove("LD_LIBRARY_PATH"),
        };
        Self(command)
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// One step that has to succeed; its output is in `target/xtask/<log>.log`.
    pub fn step(self, what: &str, log: &str) -> Result<String> {
        self.attempt(what, log)?.require().with_context(|| format!("{what} failed"))
    }

    /// One step whose failure is an answer, too.
    pub fn attempt(mut self, what: &str, log: &str) -> Result<Outcome> {
        let start = Instant::now();
        print!("  {what} … ");
        stdout().flush()?;
        let log = paths::log(log)?;
        let file = File::create(&log)?;
        // A group of its own: on a signal, all that it started ends with it.
        self.0.stdout(file.try_clone()?).stderr(file).process_group(0);
        let status = self.spawn().and_then(|child| watch(child, what, start, &log));
        let ok = status.as_ref().is_ok_and(ExitStatus::success);
        finish(what, start, ok);
        status?;
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        Ok(Outcome { ok, log, text })
    }

    /// Runs silently; `None` if it cannot be started or fails.
    pub fn ask(mut self) -> Option<String> {
        let output = self.0.stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs silently and has to succeed.
    pub fn must(mut self) -> Result<String> {
        let program = self.0.get_program().to_string_lossy().into_owned();
        let output = self.0.output().with_context(|| format!("cannot start {program}"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            bail!("{program} failed: {}", tail(&text, 20));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    pub fn command(&mut self) -> &mut Command {
        &mut self.0
    }

    pub fn spawn(&mut self) -> Result<Child> {
        let program = self.0.get_program().to_string_lossy().into_owned();
        self.0.spawn().with_context(|| format!("cannot start {program}"))
    }
}

/// Waits for a child, tells its last line to a terminal, and ends it on a signal.
fn watch(mut child: Child, what: &str, start: Instant, log: &Path) -> Result<ExitStatus> {
    let terminal = stdout().is_terminal();
    let mut drawn = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            if interrupted() {
                return Err(Interrupted.into());
            }
            return Ok(status);
        }
        if interrupted() {
            let group = Pid::from_raw(i32::try_from(child.id())?);
            // It may have ended by itself meanwhile.
            let _ = killpg(group, Signal::SIGTERM);
            child.wait()?;
            return Err(Interrupted.into());
        }
        if terminal && drawn.elapsed() > Duration::from_millis(500) {
            drawn = Instant::now();
            draw(what, start, log)?;
        }
        sleep(Duration::from_millis(20));
    }
}

fn draw(what: &str, start: Instant, log: &Path) -> Result<()> {
    let text = fs::read(log)?;
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(400)..]).into_owned();
    let last: String = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(60)
        .collect();
    print!("\r\x1b[2K  {what} … {} s  {last}", start.elapsed().as_secs());
    stdout().flush()?;
    Ok(())
}

fn set_by_cargo_run(name: &str) -> bool {
    matches!(
        name,
        "CARGO"
            | "CARGO_BIN_NAME"
            | "CARGO_CRATE_NAME"
            | "CARGO_MANIFEST_DIR"
            | "CARGO_MANIFEST_PATH"
            | "CARGO_PRIMARY_PACKAGE"
            | "OUT_DIR"
            | "RUST_RECURSION_COUNT"
            | "RUSTUP_TOOLCHAIN_SOURCE"
    ) || name.starts_with("CARGO_PKG_")
}

/// `LD_LIBRARY_PATH` without the folders of this very build and of its compiler.
fn library_path() -> Option<std::ffi::OsString> {
    let path = std::env::var_os("LD_LIBRARY_PATH")?;
    let kept: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|dir| {
            !dir.starts_with(paths::target())
                && !dir.components().any(|part| part.as_os_str() == "toolchains")
        })
        .collect();
    (!kept.is_empty()).then(|| std::env::join_paths(kept).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_persons_cargo_settings() {
        assert!(set_by_cargo_run("CARGO_PKG_VERSION"));
        assert!(set_by_cargo_run("CARGO_MANIFEST_DIR"));
        assert!(!set_by_cargo_run("CARGO_HOME"));
        assert!(!set_by_cargo_run("CARGO_TARGET_DIR"));
    }

    #[test]
    fn tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
    }
}
