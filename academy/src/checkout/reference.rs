//! What a wallet answers in place of a transaction's hash.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A wallet's own name for a request that it took: a multisig's, until enough people have signed, or the id of
/// calls that it sends together (EIP-5792). Up to 256 visible ASCII characters that say nothing to anyone else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// Why a text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected up to 256 visible ASCII characters")]
pub struct NotAReference;

/// The most that is kept of one.
const LONGEST: usize = 256;

/// Before the id of calls that were sent together, which only the wallet can be asked about.
const CALLS: &str = "eip5792:";

impl Reference {
    /// Of what a wallet answered, whatever that is: where it can't be kept, it is kept that there was an answer.
    pub fn of(answer: &str) -> Self {
        answer.parse().unwrap_or_else(|_| Self("unnamed".to_owned()))
    }

    /// Of calls that were sent together.
    pub fn of_calls(id: &str) -> Self {
        Self::of(&format!("{CALLS}{id}"))
    }

    /// The wallet's id for calls that were sent together.
    pub fn calls(&self) -> Option<&str> {
        self.0.strip_prefix(CALLS).filter(|id| !id.is_empty())
    }
}

impl FromStr for Reference {
    type Err = NotAReference;
    fn from_str(text: &str) -> Result<Self, NotAReference> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Reference {
    type Error = NotAReference;
    fn try_from(text: String) -> Result<Self, NotAReference> {
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(NotAReference) }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_can_be_shown_and_no_more() {
        for good in ["safe-tx-17", "0x5a", "{\"id\":1}", &"x".repeat(LONGEST)] {
            assert_eq!(good.parse::<Reference>().map(String::from).as_deref(), Ok(good));
        }
        for bad in ["", "two words", "a\nb", "é", "\0", &"x".repeat(LONGEST + 1)] {
            assert_eq!(bad.parse::<Reference>(), Err(NotAReference), "{bad:?}");
        }
    }

    #[test]
    fn knows_what_the_wallet_can_be_asked_about() {
        assert_eq!(Reference::of_calls("0xba7c4").calls(), Some("0xba7c4"));
        assert_eq!(Reference::of("safe-tx-17").calls(), None);
        assert_eq!(Reference::of_calls("").calls(), None);
    }

    #[test]
    fn keeps_that_there_was_an_answer() {
        for answer in ["", "two words", &"x".repeat(5000)] {
            let kept = Reference::of(answer);
            assert_eq!(kept.to_string().parse(), Ok(kept));
        }
        assert_eq!(Reference::of_calls(&"f".repeat(5000)).calls(), None, "a part of an id is no id");
    }
}
