use crate::problem::{Kind, Problem};

/// What can go wrong with accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The challenge is unknown, used, expired, or another session's.
    #[error("the sign-in request is no longer valid")]
    StaleChallenge,
    /// The signature is not that wallet's over that message.
    #[error("the signature does not match")]
    WrongSignature,
    /// The wallet is a contract, and its account was made on the chain of this name.
    #[error("the wallet's account is of {0}")]
    OtherNetwork(String),
    /// No reason was given where one is kept.
    #[error("a reason is needed")]
    NoReason,
    /// It would leave the site without an admin.
    #[error("the last admin stays")]
    LastAdmin,
    /// There is no such account.
    #[error("there is no such user")]
    NoSuchUser,
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::StaleChallenge => Self::new(
                Kind::Conflict,
                "stale_challenge",
                "This sign-in request has expired or was used already. Ask for a new one.",
            ),
            AccountsError::WrongSignature => Self::new(
                Kind::Invalid,
                "wrong_signature",
                "The signature does not belong to that wallet and message. Nothing happened; try again.",
            ),
            AccountsError::OtherNetwork(chain) => Self::new(
                Kind::Forbidden,
                "other_network",
                format!(
                    "This wallet is a contract, and its account here belongs to the one on {chain}. Switch the wallet to {chain} and sign in again."
                ),
            ),
            AccountsError::NoReason => {
                Self::field("reason", "Say why, in a few words; it is kept in the audit log.")
            }
            AccountsError::LastAdmin => Self::new(
                Kind::Conflict,
                "last_admin",
                "This is the last admin. Make someone else an admin first.",
            ),
            AccountsError::NoSuchUser => Self::not_found("user"),
        }
    }
}
