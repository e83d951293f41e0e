//! The catalogue and the courses' own pages.

pub mod pages;
mod parts;
