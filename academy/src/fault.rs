//! Named points at which a test, or a rehearsal in development, can kill the work.
//!
//! Services pass a point before and after every write that money depends on. In production
//! nothing happens there.

/// What happens at a point.
pub trait Faults: Send + Sync {
    /// Called at the point of that name.
    ///
    /// # Errors
    /// When the work shall end here, as if the process had died.
    fn at(&self, point: &'static str) -> Result<(), Killed>;
}

/// The work was killed at this point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("killed at {0}")]
pub struct Killed(pub &'static str);

/// Nothing ever happens.
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _point: &'static str) -> Result<(), Killed> {
        Ok(())
    }
}

/// Ends the process at one point, without any clean-up: what `kill -9` does.
pub struct AbortAt(pub String);

impl Faults for AbortAt {
    fn at(&self, point: &'static str) -> Result<(), Killed> {
        if self.0 == point {
            std::process::abort();
        }
        Ok(())
    }
}

/// The points of paying, in their order.
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
];
