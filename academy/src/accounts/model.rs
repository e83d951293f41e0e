//! Accounts as the doors see them.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AuditId, UserId},
    text::{Checks, line, prose},
    time::Time,
};

/// What a wallet is asked to sign: an EIP-4361 message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Which message; sent back with the signature.
    pub nonce: String,
    /// The text for `personal_sign` (EIP-191).
    pub message: String,
}

/// A role that an admin can give and take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenRole {
    /// May teach.
    Instructor,
    /// May run the place.
    Admin,
}

impl GivenRole {
    /// The word that the database and URLs use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for GivenRole {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "instructor" => Ok(Self::Instructor),
            "admin" => Ok(Self::Admin),
            _ => Err(()),
        }
    }
}

/// A row of the list of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// The account.
    pub id: UserId,
    /// Their name, or empty.
    pub name: String,
    /// Their wallets, checksummed.
    pub wallets: Vec<String>,
    /// May teach.
    pub instructor: bool,
    /// May run the place.
    pub admin: bool,
    /// First sign-in.
    pub created_at: Time,
}

/// A line of the audit log: who did what to what, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The line.
    pub id: AuditId,
    /// When.
    pub at: Time,
    /// Who: a name or an address; `site` for the system.
    pub actor: String,
    /// What was done, such as `role.given`.
    pub act: String,
    /// To whom or what, for people.
    pub subject: String,
    /// The reason that was given.
    pub reason: String,
}

/// What people say about themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Shown instead of the address; may be empty.
    pub name: String,
    /// A few sentences, shown to learners beside one's courses; may be empty.
    pub bio: String,
}

impl Profile {
    /// Checks and trims.
    ///
    /// # Errors
    /// What is wrong, beside its field.
    pub fn parse(&self) -> Result<Self, crate::Problem> {
        let mut checks = Checks::default();
        let parsed = Self {
            name: checks.field("name", line(&self.name, 0, 60)),
            bio: checks.field("bio", prose(&self.bio, 0, 1000)),
        };
        checks.done().map(|()| parsed)
    }
}
