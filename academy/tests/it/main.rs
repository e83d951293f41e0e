//! The business on both engines, over a chain in memory; and on anvil.

mod support;

mod accounts;
mod anvil;
mod catalog;
mod decide;
mod edge_cases;
mod follower;
mod jobs;
mod kill;
mod learning;
mod listing;
mod orders;
mod parallel;
mod permissions;
mod pool;
mod reorg;
mod search;
mod store;
mod verify;
