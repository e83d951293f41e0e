//! Why a purchase ended before its end.

use academy::chain::{ChainError, WalletError};

use super::site::SiteError;
use crate::failure::Failure;

/// Why, in words for the person at the terminal, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Nothing was paid.
    #[error("{0}")]
    Refused(String),
    /// The arguments make no sense for this site.
    #[error("{0}")]
    Usage(String),
    /// Paid, or perhaps paid; not open, or not as far as was asked, in time.
    #[error("{0}")]
    NotOpened(String),
}

impl Stop {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::NotOpened(_) => 3,
        }
    }

    /// A word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Usage(_) => "usage",
            Self::NotOpened(_) => "not_opened",
        }
    }

    /// For `return Err(…)` of a refusal.
    pub fn refused<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::Refused(why.into()))
    }
}

/// Before anything is sent; afterwards nothing that a site says ends a purchase.
impl From<SiteError> for Stop {
    fn from(error: SiteError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Before anything is sent.
impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<WalletError> for Stop {
    fn from(error: WalletError) -> Self {
        Self::Refused(format!("{error}; nothing was sent"))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure.to_string())
    }
}
