//! What a process used, from /proc.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// User and system time so far, of all threads.
pub fn cpu(pid: u32) -> Result<Duration> {
    parse_cpu(&fs::read_to_string(format!("/proc/{pid}/stat"))?).context("unknown form of /proc/PID/stat")
}

/// Fields 14 and 15 count clock ticks, of which Linux shows 100 a second; the name, field 2, may
/// hold spaces.
fn parse_cpu(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

/// Resident memory in kB, now.
pub fn resident(pid: u32) -> Result<u64> {
    field(pid, "VmRSS:")
}

/// The most resident memory so far, in kB.
pub fn peak(pid: u32) -> Result<u64> {
    field(pid, "VmHWM:")
}

fn field(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse().ok())
        .with_context(|| format!("/proc/{pid}/status has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_user_and_system_time() {
        let stat = "42 (my (odd) name) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100 1 2";
        assert_eq!(parse_cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse_cpu("nothing"), None);
    }
}
