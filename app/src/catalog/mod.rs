//! The catalogue and the courses' own pages.

pub mod api;
mod offer;
pub mod pages;
mod parts;
mod structured;
