//! Signing in and out, and one's profile.

pub mod api;
pub mod island;
pub mod next;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod parts;
