//! The business on both engines, over a chain in memory; and on anvil.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

mod about;
mod accounts;
mod anvil;
mod anvil_histories;
mod anvil_tokens;
mod awaited;
mod catalog;
mod chains;
mod credited;
mod decide;
mod edge_cases;
mod faulty;
mod follower;
mod heads;
mod hostile;
mod jobs;
mod kill;
mod learning;
mod listing;
mod markets;
mod orders;
mod owed;
mod parallel;
mod permissions;
mod pool;
mod quotes;
mod receipts;
mod recorded;
mod refunds;
mod reorg;
mod review;
mod search;
mod shown;
mod simulated;
mod sold;
mod store;
mod tokens;
mod transfers;
mod verify;
mod webhooks;
mod wire;
