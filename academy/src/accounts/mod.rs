//! Who people are: wallets, signing in with them (EIP-4361), sessions, roles, the audit log.
//!
//! Tables: `users`, `wallets`, `sessions`, `challenges`, `audit_log`.
//!
//! Invariants: a challenge is used at most once, in the session that asked for it, before it
//! expires; a session's id and token change when someone signs in; there is always an admin left;
//! every change of rights is in the audit log, written in the same transaction.

mod model;
pub use model::*;

#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod siwe;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use error::AccountsError;
#[cfg(feature = "server")]
pub(crate) use service::display_name;
#[cfg(feature = "server")]
pub use service::{Accounts, NewSession, Session, Site};
#[cfg(feature = "server")]
pub(crate) use store::{audit, parse_address};
