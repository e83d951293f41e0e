//! What all pages are made of.
//!
//! On both sides (islands may use them): [`Icon`], [`AddressText`], [`Money`], [`short_address`],
//! [`Badge`], [`Tone`].
//!
//! On the server only:
//! - forms: [`FormState`], [`Field`], [`TextArea`], [`Select`], [`Submit`], [`ErrorSummary`]
//! - showing: [`When`], [`Progress`], [`Hash`], [`Cover`], [`minutes`], [`count`]
//! - structure: [`Crumbs`], [`Pager`], [`EmptyState`], [`Notice`], [`TableScroll`], [`PageTitle`]
//!
//! A form's way round: GET renders it with `FormState::of(&values)`. POST to the same path calls
//! the service; on `Err(problem)` it renders the same view with `FormState::failed(&form, problem)`
//! and `PageHead::for_form`, on `Ok` it answers `see_other("…?done=word")`.

mod address;
mod badge;
mod icon;
mod money;

#[cfg(feature = "ssr")]
mod cover;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod show;

pub use address::{AddressText, identicon_parts, short_address};
pub use badge::{Badge, Tone};
pub use icon::{Icon, icon_path};
pub use money::Money;

#[cfg(feature = "ssr")]
pub use cover::{Cover, cover_svg};
#[cfg(feature = "ssr")]
pub use form::{ErrorSummary, Field, FormState, Select, Submit, TextArea};
#[cfg(feature = "ssr")]
pub use money::{PriceTag, chain_currency, on_chain, quoted_for};
#[cfg(feature = "ssr")]
pub use parts::{Crumbs, EmptyState, Notice, PageTitle, Pager, TableScroll};
#[cfg(feature = "ssr")]
pub use show::{Hash, Progress, When, count, minutes};
