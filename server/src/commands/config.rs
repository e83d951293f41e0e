//! `lectern config`.

use std::io::Write;

use crate::{config::DEFAULTS, failure::Failure};

pub fn print() -> Result<(), Failure> {
    std::io::stdout().write_all(DEFAULTS.as_bytes()).map_err(Failure::system("standard output"))
}
