//! Where admins run the place: the same services as everywhere, asked by an admin.

#[cfg(feature = "ssr")]
mod pages;

#[cfg(feature = "ssr")]
pub use pages::router;
