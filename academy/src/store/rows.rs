//! Statements for many rows at once: most of what a statement costs does not depend on its rows.

use std::fmt::Write;

use sqlx::AssertSqlSafe;

/// Rows in a statement at most. SQLite takes 32,766 values and Postgres 65,535; beyond some dozens of
/// rows, more save nothing.
pub(crate) const ROWS: usize = 100;

/// How an engine's statements mark their values.
pub(crate) enum Marks {
    /// `?`, for SQLite, which searches a list for each mark with a number.
    Bare,
    /// `$1`, for Postgres.
    Numbered,
}

/// A statement's text: `one` row, with a `?` for each value, as often as there are rows.
pub(crate) fn text_of_rows(
    marks: Marks,
    before: &'static str,
    one: &'static str,
    rows: usize,
    after: &'static str,
) -> AssertSqlSafe<String> {
    let mut text = String::with_capacity(before.len() + rows * (one.len() * 3 + 2) + after.len());
    text.push_str(before);
    let mut number = 0;
    for row in 0..rows {
        if row > 0 {
            text.push_str(", ");
        }
        match marks {
            Marks::Bare => text.push_str(one),
            Marks::Numbered => {
                for piece in one.split_inclusive('?') {
                    match piece.strip_suffix('?') {
                        Some(piece) => {
                            number += 1;
                            write!(text, "{piece}${number}").expect("a text takes all that fits in memory");
                        }
                        None => text.push_str(piece),
                    }
                }
            }
        }
    }
    text.push_str(after);
    // Made of constants alone.
    AssertSqlSafe(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_each_value_as_the_engine_wants_it() {
        let text = |marks| text_of_rows(marks, "VALUES ", "(?, 1, ?)", 2, " END").0;
        assert_eq!(text(Marks::Bare), "VALUES (?, 1, ?), (?, 1, ?) END");
        assert_eq!(text(Marks::Numbered), "VALUES ($1, 1, $2), ($3, 1, $4) END");
    }
}
