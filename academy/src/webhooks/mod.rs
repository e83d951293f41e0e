//! What happened to orders and payments, told to other programs.
//!
//! Whoever changes an order records the event in the same transaction, so that there is no change without its
//! event and no event without its change. Each event goes to every configured endpoint at least once, as a
//! signed POST (Standard Webhooks 1.0, <https://www.standardwebhooks.com>), with longer and longer pauses until
//! it is taken; and whoever may can read all of them in their order.
//!
//! Tables: `webhook_events`, `webhook_sequence`, `webhook_deliveries`.
//!
//! Invariants: an event's id and body never change, so that one that comes twice is known by its id; events
//! are numbered in the order in which they are seen, so that one that comes too late is known by its number.

mod deliver;
mod error;
mod model;
mod service;
mod store;

pub use error::WebhooksError;
pub use model::{Endpoint, EndpointState, EventKind, Sender, SigningSecret, WeakSecret};
pub use service::Webhooks;

use std::sync::Arc;

/// Whom to tell, and how.
pub(crate) struct Outlet {
    pub endpoints: Vec<Endpoint>,
    pub sender: Arc<dyn Sender>,
}
