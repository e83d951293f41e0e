//! What people may read, and how far they have come.
//!
//! Tables: `enrollments`, `progress`.
//!
//! Invariants: lesson bodies and files leave the site only through this slice, whatever the door;
//! an enrollment comes from a payment, a free tier or an admin's grant, never from a client's word;
//! access is the highest level of one's active enrollments.

mod model;
pub use model::*;

#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use error::LearningError;
#[cfg(feature = "server")]
pub use service::{Learning, LessonAnswer, Reading};
