//! Why a command could not do its work, in words for the person at the terminal.

use academy::{Problem, chain::ChainError, store::StoreError};

use crate::config::ConfigError;

/// A command's failure.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A service refused.
    #[error("{}", explain(.0))]
    Problem(#[from] Problem),
    /// The operating system refused.
    #[error("{what}: {cause}")]
    System {
        /// What we tried.
        what: String,
        /// What it said.
        #[source]
        cause: std::io::Error,
    },
    /// Anything else; the text says what to do.
    #[error("{0}")]
    Told(String),
}

impl Failure {
    /// The process's exit code: 2 for a mistake in how it was called or configured, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            _ => 1,
        }
    }

    /// For `map_err` on I/O.
    pub fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        |cause| Self::System { what: what.into(), cause }
    }
}

fn explain(problem: &Problem) -> String {
    let mut text = problem.message.clone();
    for (field, message) in &problem.fields {
        text.push_str(&format!("\n  {field}: {message}"));
    }
    text
}
