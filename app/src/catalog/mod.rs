//! The catalogue and the courses' own pages.

mod offer;
pub mod pages;
mod parts;
mod structured;
