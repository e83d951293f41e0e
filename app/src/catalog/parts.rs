//! The views of the catalogue.

mod card;
mod course;
mod purchase;

pub use card::catalogue;
pub use course::course;
