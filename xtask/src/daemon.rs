//! Children that run beside us, and end when we do.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::process::{Job, pause, tail};

/// A child that runs beside us until it is stopped or dropped.
pub struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it in a process group of its own, which the terminal's Ctrl-C does not reach: we
    /// decide the order in which things stop.
    pub fn start(name: &'static str, mut job: Job, log: &Path) -> Result<Self> {
        let file = File::create(log)?;
        job.command().stdout(file.try_clone()?).stderr(file).process_group(0);
        Ok(Self { name, child: job.spawn()?, log: log.to_owned() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error once it has ended by itself, with the end of its log.
    pub fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
        bail!("{} ended ({status})\n{}\n(all of it: {})", self.name, tail(&text, 30), self.log.display())
    }

    /// Waits until `ready` says yes.
    pub fn until(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        loop {
            self.check()?;
            if ready() {
                return Ok(());
            }
            if start.elapsed() > limit {
                bail!(
                    "{} was not ready within {} s (its log: {})",
                    self.name,
                    limit.as_secs(),
                    self.log.display()
                );
            }
            pause(Duration::from_millis(50))?;
        }
    }

    /// Asks it to end, waits, and insists after ten seconds.
    pub fn stop(&mut self) {
        self.end(Signal::SIGINT, Duration::from_secs(10));
    }

    fn end(&mut self, signal: Signal, grace: Duration) {
        let Ok(group) = i32::try_from(self.child.id()).map(Pid::from_raw) else {
            return;
        };
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // An error means that the group is gone already.
        let _ = killpg(group, signal);
        let start = Instant::now();
        while start.elapsed() < grace {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}
