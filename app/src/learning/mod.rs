//! Reading lessons and keeping the place.

pub mod api;
pub mod island;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod parts;
