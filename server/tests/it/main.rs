//! The real router on SQLite and a chain in memory.
#![expect(clippy::unwrap_used, reason = "a helper that can't go on ends its test")]

mod commands;
mod contracts;
mod guards;
mod headers;
mod input;
mod pay;
mod serving;
mod sessions;
mod till;
mod webhooks;
mod world;
