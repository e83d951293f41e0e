//! Orders: opening, paying, following.

pub mod api;
mod draw;
mod flow;
pub mod island;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod receipt_parts;
#[cfg(feature = "ssr")]
mod refund_parts;
mod stage;

#[cfg(feature = "ssr")]
pub(crate) use parts::{STUCK, state_words};
