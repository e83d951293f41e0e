//! What is taught and sold: courses with modules, lessons, tiers, files, and their listings on chains.
//!
//! What everyone may see is kept in memory until anything of it changes; every change is made in a
//! transaction from `Catalog::begin`, which tells so.
//!
//! Tables: `courses`, `modules`, `lessons`, `tiers`, `media`, `listings`, `listed_tiers`.
//!
//! Invariants: only the instructor and admins change a course; an edit that did not see the
//! newest version is refused; a listing is what the chain's events say, and only counts when the
//! course's own instructor made it; a tier is for sale on a chain only while page
//! and chain agree on its price.

mod forms;
mod model;
mod sale;
pub use forms::*;
pub use model::*;
pub use sale::*;

#[cfg(feature = "server")]
mod cache;
#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
mod listing;
#[cfg(feature = "server")]
mod media;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod studio;

#[cfg(feature = "server")]
pub use error::CatalogError;
#[cfg(feature = "server")]
pub use listing::Published;
#[cfg(feature = "server")]
pub use media::{MediaFile, content_type_of};
#[cfg(feature = "server")]
pub use service::Catalog;
#[cfg(feature = "server")]
pub(crate) use {
    cache::Cache,
    listing::{dereference, reference},
    service::owns,
};
