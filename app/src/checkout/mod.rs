//! Orders: opening, paying, following.

pub mod api;
mod draw;
mod flow;
pub mod island;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod parts;
mod stage;
