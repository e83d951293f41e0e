//! Long lists, a page at a time.

use serde::{Deserialize, Serialize};

/// How many rows a page has.
pub const PAGE_SIZE: u32 = 25;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// All rows of the list, over all pages.
    pub total: u32,
    /// Which page this is, from 1.
    pub number: u32,
}

impl<T> Page<T> {
    /// How many pages there are, at least one.
    pub fn pages(&self) -> u32 {
        self.total.div_ceil(PAGE_SIZE).max(1)
    }
}

/// What an admin's list is filtered by. Absent or empty: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Text to look for.
    pub q: String,
    /// One state, role or kind; what it means is the list's own.
    pub state: String,
    /// Which page, from 1.
    pub page: u32,
}

impl Filter {
    /// The page asked for, at least 1.
    pub fn number(&self) -> u32 {
        self.page.clamp(1, 1_000_000)
    }

    /// Rows before that page.
    pub fn offset(&self) -> i64 {
        i64::from(self.number() - 1) * i64::from(PAGE_SIZE)
    }

    /// The state as a word that can be looked for; what is none matches nothing.
    pub fn word(&self) -> &str {
        let word = |b: u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'.');
        if self.state.bytes().all(word) { &self.state } else { "-" }
    }

    /// The text as a `LIKE` pattern over lower-cased columns, with the pattern's own signs taken
    /// literally (escape character `!`).
    pub fn like(&self) -> String {
        let mut pattern = String::from("%");
        for letter in self.q.trim().to_lowercase().chars().filter(|c| !c.is_control()).take(100) {
            if matches!(letter, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        pattern
    }
}
