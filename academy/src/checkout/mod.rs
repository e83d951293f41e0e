//! What people buy: orders, payments, and the decision that a payment counts.
//!
//! Tables: `orders`, `submissions`, `payments`, `refunds`, `payouts`, `transfers`, `chain_cursors`,
//! `chain_blocks`, `transfer_cursors`.
//!
//! An order goes `open → submitted → confirming → paid`, back to `open` when its transaction
//! turns out not to pay, to `expired` or `cancelled` when nothing comes, from `paid` to `refunded` when
//! the contract gave the money back. [`verify`] decides what
//! a receipt means, [`decide`] what an order becomes; both are pure. `settle` asks the chain with no
//! transaction open, decides, and writes payment, order and enrollment in one transaction.
//!
//! Invariants: a client's hash is a hint, and a wallet's own reference a lesser one; the event in a canonical block is
//! the truth; a payment is
//! unique by chain, transaction and log; an order is paid by at most one payment; settling again
//! changes nothing; what does not fit is kept for review, never dropped; what a person dismissed never
//! counts by itself.

mod model;
mod reference;
mod rows;
mod wallet;
pub use model::*;
pub use reference::*;
pub use rows::*;
pub use wallet::*;

#[cfg(feature = "server")]
mod about;
#[cfg(feature = "server")]
mod awaiting;
#[cfg(feature = "server")]
mod cursors;
#[cfg(feature = "server")]
pub mod decide;
#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
mod events;
#[cfg(feature = "server")]
mod facts;
#[cfg(feature = "server")]
pub mod feed;
#[cfg(feature = "server")]
mod follower;
#[cfg(feature = "server")]
mod health;
#[cfg(feature = "server")]
mod keep;
#[cfg(feature = "server")]
mod network;
#[cfg(feature = "server")]
mod opening;
#[cfg(feature = "server")]
mod outcome;
#[cfg(feature = "server")]
mod pace;
#[cfg(feature = "server")]
mod payment;
#[cfg(feature = "server")]
mod payment_store;
#[cfg(feature = "server")]
mod payouts;
#[cfg(feature = "server")]
mod quote;
#[cfg(feature = "server")]
mod rates;
#[cfg(feature = "server")]
mod receipt;
#[cfg(feature = "server")]
mod refund_store;
#[cfg(feature = "server")]
mod refunds;
#[cfg(feature = "server")]
mod reports;
#[cfg(feature = "server")]
mod review;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod settle;
#[cfg(feature = "server")]
mod sight;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod tell;
#[cfg(feature = "server")]
mod transfer_review;
#[cfg(feature = "server")]
mod transfer_store;
#[cfg(feature = "server")]
mod transfers;
#[cfg(feature = "server")]
pub mod verify;

#[cfg(feature = "server")]
pub use about::About;
#[cfg(feature = "server")]
pub use error::CheckoutError;
#[cfg(feature = "server")]
pub use feed::Feed;
#[cfg(feature = "server")]
pub use follower::{Followed, LeftBehind};
#[cfg(feature = "server")]
pub use health::ChainHealth;
#[cfg(feature = "server")]
pub(crate) use network::Networks;
#[cfg(feature = "server")]
pub use network::{Deployment, Depth, Network, Policy};
#[cfg(feature = "server")]
pub use opening::PaidIn;
#[cfg(feature = "server")]
pub use quote::{Quotes, Token};
#[cfg(feature = "server")]
pub use service::Checkout;
