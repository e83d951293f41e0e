//! The `lectern` binary: configuration, commands, HTTP and workers around academy and app.
//!
//! [`compose`] is the composition root: the one place where time, chance and the environment
//! enter. [`http::site`] is the whole site as one axum router, which tests drive directly.

pub mod cli;
pub mod commands;
pub mod compose;
pub mod config;
pub mod failure;
pub mod http;
pub mod telemetry;
pub mod webhooks;
