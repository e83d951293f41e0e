//! The chain, as a port in our own words; alloy is behind it.
//!
//! [`Chain`] answers facts and decides nothing: what a fact means is decided by pure functions in
//! `checkout`. [`Rpc`] asks real nodes, [`fake::FakeChain`] is a chain in memory for tests.

mod bindings;
pub mod deploy;
pub mod dev;
pub mod fake;
mod pool;
mod port;
mod provider;
mod quote;

pub use bindings::{
    Bytecode, Refundable, list_course_call, market_artifact, purchase_call, refund_call,
    set_quote_signer_call, set_tiers_call, set_window_call, withdraw_call,
};
pub use deploy::{Deployed, Deployer, deploy};
pub use pool::Rpc;
pub use port::{
    BlockRef, Call, Chain, ChainError, Event, Hold, Log, Receipt, Roles, Round, TransactionFacts,
};
pub use quote::{QuoteKey, Terms, purchase_quoted_call};
