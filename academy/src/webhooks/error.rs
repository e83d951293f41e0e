//! What can be wrong with a question about webhooks.

use crate::problem::{Kind, Problem};

/// What can be wrong with a question about webhooks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhooksError {
    /// There is none of that name in the configuration.
    #[error("no such endpoint")]
    NoSuchEndpoint,
}

impl From<WebhooksError> for Problem {
    fn from(error: WebhooksError) -> Self {
        match error {
            WebhooksError::NoSuchEndpoint => {
                Self::new(Kind::NotFound, "no_such_endpoint", "The configuration names no such endpoint.")
            }
        }
    }
}
