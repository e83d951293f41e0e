//! The chain, as a port in our own words; alloy is behind it.
//!
//! [`Chain`] answers facts and decides nothing: what a fact means is decided by pure functions in
//! `checkout`. [`Rpc`] asks real nodes, [`Heads`] hears of their new blocks, [`fake::FakeChain`] is a chain
//! in memory for tests.

mod bindings;
mod code;
mod control;
pub mod deploy;
pub mod dev;
mod facts;
pub mod fake;
mod heads;
mod health;
#[cfg(feature = "kms")]
mod kms;
mod member;
mod mined;
mod node;
mod pool;
mod port;
mod provider;
mod purchase;
mod quote;
mod revert;
mod sale;
mod token;
mod wallet;

pub use bindings::{
    Bytecode, Refundable, list_course_call, market_artifact, purchase_call, refund_call,
    set_quote_signer_call, set_tiers_call, set_window_call, withdraw_call,
};
pub use code::is_our_market;
pub use control::{Control, Role, fees, payees};
pub use deploy::{Deployed, Deployer, deploy, rehearse, send};
pub use facts::{Code, MarketFacts, market_facts};
pub use heads::Heads;
pub use mined::Mined;
pub use pool::Rpc;
pub use port::{
    BlockRef, Call, Chain, ChainError, Event, Hold, Log, Provider, Receipt, Roles, Round, TokenAccount,
    TokenFacts, TransactionFacts,
};
pub use purchase::{Purchase, read_approval, read_purchase};
pub use quote::{QuoteKey, Terms, purchase_quoted_call};
pub use sale::{Bought, Sale};
pub use token::{
    Consent, Signing, TokenDomain, approve_call, purchase_for_tokens_call, set_token_allowed_call,
};
pub use wallet::{Key, Prepared, Sent, Wallet, WalletError};
