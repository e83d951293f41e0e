//! The real router on SQLite and a chain in memory.
#![expect(clippy::unwrap_used, reason = "a helper that can't go on ends its test")]

mod commands;
mod guards;
mod headers;
mod input;
mod serving;
mod sessions;
mod world;
