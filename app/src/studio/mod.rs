//! Where instructors build, price and publish courses.
//!
//! Pages and forms are the server's and work without JavaScript; [`island`] holds what the
//! browser does better, over the same markup.

pub mod api;
pub mod island;
#[cfg(feature = "ssr")]
pub(crate) mod pages;

#[cfg(feature = "ssr")]
pub use pages::router;
