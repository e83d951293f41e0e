//! Lectern's pages and islands.
//!
//! Under `ssr`: axum handlers that load from academy's services and render Leptos views to HTML
//! at once ([`routes::router`]). Under `hydrate`: only the islands, which talk to the server
//! through server functions (`api`); their failures are [`error::AppError`].
//!
//! - [`ui`]: what all pages are made of: forms, money, addresses, times, tables.
//! - `render`, `shell`: a page around a view; `visitor`: who asks.
//! - `accounts`, `catalog`, `learning`, `checkout`, `studio`, `admin`: the pages, by slice.

// Views are deeply nested types.
#![recursion_limit = "512"]

#[cfg(any(feature = "ssr", feature = "signing"))]
pub mod accounts;
pub mod admin;
#[cfg(any(feature = "ssr", feature = "paying"))]
pub mod checkout;
pub mod error;
pub mod learning;
#[cfg(any(feature = "ssr", feature = "editing"))]
pub mod studio;
pub mod ui;
#[cfg(any(feature = "ssr", feature = "signing", feature = "paying", feature = "sending"))]
pub mod wallet;
pub mod wire;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod catalog;
#[cfg(feature = "ssr")]
pub mod render;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod visitor;

#[cfg(feature = "ssr")]
pub use assets::{AppState, Assets};
#[cfg(feature = "ssr")]
pub use routes::router;
#[cfg(feature = "ssr")]
pub use visitor::Visitor;

/// Does nothing; calling it makes the linker keep this crate, and so its islands' exports.
#[cfg(feature = "hydrate")]
pub fn link() {}
