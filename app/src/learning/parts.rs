//! The views of the reader.

mod outline;
mod place;
mod reader;
mod shelf;

pub use place::{Lesson, Place};
pub use reader::{opens, reader};
pub use shelf::shelf;
