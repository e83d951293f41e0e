//! Lectern's business, with no web in it.
//!
//! Without features: the vocabulary that the browser and the server share (ids, money, models,
//! validation). With `server`: the services behind every door, the SQL and the chain.
//!
//! A slice (`accounts`, `catalog`, `learning`, `webhooks`, `checkout`) owns its tables, errors and
//! transactions. A later slice calls an earlier one's service, never its store.
#![warn(missing_docs)]

pub mod accounts;
pub mod actor;
pub mod catalog;
pub mod checkout;
pub mod evm;
pub mod ids;
pub mod learning;
pub mod money;
pub mod page;
pub mod price;
pub mod problem;
pub mod text;
pub mod time;

#[cfg(feature = "server")]
mod academy;
#[cfg(feature = "server")]
pub mod chain;
#[cfg(feature = "server")]
pub mod content;
#[cfg(feature = "server")]
pub mod entropy;
#[cfg(feature = "server")]
pub mod fault;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod webhooks;

#[cfg(feature = "server")]
pub use academy::{Academy, Builder, Rhythm};
pub use actor::{Actor, Operation, Person};
pub use problem::{Kind, Problem};
