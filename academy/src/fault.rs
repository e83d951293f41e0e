//! Named points at which a test, or a rehearsal in development, can kill the work.
//!
//! Services pass a point before each write that money depends on is committed, and after those that more work
//! follows. In production nothing happens there.

/// What happens at a point.
pub trait Faults: Send + Sync {
    /// Called at the point of that name: whether the work ends here, as if the process had died. Nothing of it
    /// goes on then, not even to say so: it waits until whoever started it drops it.
    fn dies_at(&self, point: &'static str) -> bool;
}

/// Nothing ever happens.
pub struct NoFaults;

impl Faults for NoFaults {
    fn dies_at(&self, _point: &'static str) -> bool {
        false
    }
}

/// Ends the process at one point, without any clean-up: what `kill -9` does.
pub struct AbortAt(pub String);

impl Faults for AbortAt {
    fn dies_at(&self, point: &'static str) -> bool {
        if self.0 == point {
            std::process::abort();
        }
        false
    }
}

/// The points that every purchase passes.
pub const PAYMENT_POINTS: &[&str] = &[
    "submit.before_commit",
    "submit.after_commit",
    "settle.head_read",
    "settle.chain_read",
    "settle.payment_written",
    "settle.enrollment_written",
    "settle.order_written",
    "settle.after_commit",
    "follow.event_seen",
    "follow.before_cursor",
    "follow.after_commit",
    "jobs.taken",
    "jobs.before_commit",
];

/// The points of what else is written about orders and payments, and of what is told.
pub const OTHER_POINTS: &[&str] = &[
    "open.before_commit",
    "await.before_commit",
    "cancel.before_commit",
    "rule.before_commit",
    "rule.after_commit",
    "settle.before_sender",
    "follow.before_room",
    "follow.before_rewind",
    "facts.before_commit",
    "follow.before_telling",
    "transfers.before_commit",
    "transfers.after_commit",
    "transfer_rule.before_commit",
    "deliver.posted",
];

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::{OTHER_POINTS, PAYMENT_POINTS};

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn every_point_that_a_service_passes_is_in_one_of_the_lists() {
        let mut passed = BTreeSet::new();
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = fs::read_to_string(file).unwrap();
            let names = text.split(".point(\"").skip(1).filter_map(|rest| rest.split('"').next());
            passed.extend(names.map(str::to_owned));
        }
        let listed: Vec<_> =
            PAYMENT_POINTS.iter().chain(OTHER_POINTS).map(|name| (*name).to_owned()).collect();
        assert_eq!(passed, listed.iter().cloned().collect::<BTreeSet<_>>());
        assert_eq!(passed.len(), listed.len(), "one is listed twice");
    }
}
