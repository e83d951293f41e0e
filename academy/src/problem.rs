//! What a door says when a service answers `Err`: one shape for pages, server functions and the
//! command line. The cause stays on the server.

use serde::{Deserialize, Serialize};

/// What sort of failure; one table in each door turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The input is wrong (422).
    Invalid,
    /// Nobody is signed in (401).
    SignInFirst,
    /// Somebody is, and may not (403).
    Forbidden,
    /// It isn't there, or not for this caller (404).
    NotFound,
    /// It was changed meanwhile, or stands in the way (409).
    Conflict,
    /// Too much at once (429).
    TooMany,
    /// Something that we need does not answer; trying again helps (503).
    Unavailable,
    /// Our own mistake (500); the cause is in the log.
    Internal,
}

/// A failure as people and programs may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What sort.
    pub kind: Kind,
    /// A stable word for programs, such as `order_expired`.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// Which inputs are wrong and why, by field name.
    pub fields: Vec<(String, String)>,
}

impl Problem {
    /// A problem of a kind, with its code and message.
    pub fn new(kind: Kind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), fields: Vec::new() }
    }

    /// One wrong input.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![(field.to_owned(), message.into())])
    }

    /// Several wrong inputs.
    pub fn fields(fields: Vec<(String, String)>) -> Self {
        let message = match fields.as_slice() {
            [(_, only)] => only.clone(),
            _ => "Some fields need another look.".to_owned(),
        };
        Self { kind: Kind::Invalid, code: "invalid".to_owned(), message, fields }
    }

    /// Nobody is signed in.
    pub fn sign_in_first() -> Self {
        Self::new(Kind::SignInFirst, "sign_in_first", "Sign in with your wallet first.")
    }

    /// Somebody is signed in and may not.
    pub fn forbidden() -> Self {
        Self::new(Kind::Forbidden, "forbidden", "Your account may not do this.")
    }

    /// There is no such thing for this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }

    /// Our own mistake; say nothing about it but that it was ours.
    pub fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "internal",
            "Something went wrong on our side. Nothing was lost; please try again.",
        )
    }
}
