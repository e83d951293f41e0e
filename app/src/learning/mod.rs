//! Reading lessons and keeping the place.

#[cfg(any(feature = "ssr", feature = "reading"))]
pub mod api;
pub mod island;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod parts;
