//! The real router on SQLite and a chain in memory.

mod commands;
mod guards;
mod headers;
mod input;
mod serving;
mod sessions;
mod world;
