//! Stored words and numbers in our own types: what does not fit is nothing that we wrote.

use std::str::FromStr;

use super::StoreError;

/// The error of a value that is not what it should be.
pub(crate) fn corrupt(what: &'static str, value: impl ToString) -> StoreError {
    StoreError::Corrupt { what, value: value.to_string() }
}

/// A word, a hash, an address or an amount.
pub(crate) fn parse<T: FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| corrupt(what, text))
}

/// A number that is no less than zero and no larger than its type.
pub(crate) fn unsigned<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| corrupt(what, value))
}
