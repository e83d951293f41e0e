//! What a server function answers when it fails: a [`Problem`], as JSON, with its kind's status.

use academy::{Kind, Problem};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::wire::Json;

/// A [`Problem`] on its way to an island.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error("{0}")]
pub struct AppError(pub Problem);

impl AppError {
    /// The code when no answer, or none of ours, came back.
    pub const UNREACHABLE: &'static str = "unreachable";

    /// Whether asking again later may help, with nothing changed on our side.
    pub fn is_temporary(&self) -> bool {
        matches!(self.0.kind, Kind::Unavailable | Kind::Internal | Kind::TooMany)
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl FromServerFnError for AppError {
    type Encoder = Json;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let on_server = cfg!(feature = "ssr");
        Self(match error {
            // The same variant means "bad arguments" there and "no answer of ours" here.
            ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
                if on_server =>
            {
                Problem::new(Kind::Invalid, "malformed", "That request can't be read.")
            }
            _ if on_server => Problem::internal(),
            _ => Problem::new(Kind::Unavailable, Self::UNREACHABLE, "This site can't be reached right now."),
        })
    }
}

/// The one table from kinds to statuses.
#[cfg(feature = "ssr")]
pub fn status(kind: Kind) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::SignInFirst => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
