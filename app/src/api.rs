//! The door for islands: server functions under `/api/fn/`, with the caller as context.

use academy::{Academy, Problem};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use leptos::prelude::{provide_context, use_context};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use leptos_axum::ResponseOptions;

use crate::{
    AppState,
    error::{AppError, status},
    visitor::{Visitor, session_cookie},
};

/// A problem is a few sentences; anything larger is not one of ours.
const MAX_PROBLEM: usize = 64 * 1024;

/// The server functions of every slice.
pub fn router() -> Router<AppState> {
    Router::new().route("/api/fn/{name}", post(serve))
}

async fn serve(State(state): State<AppState>, visitor: Visitor, request: Request) -> Response {
    let context = move || {
        provide_context(state.clone());
        provide_context(visitor.clone());
    };
    let answer = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    with_status_of_its_problem(answer).await
}

/// leptos answers every failed server function with 500; the problem inside knows better.
async fn with_status_of_its_problem(answer: Response) -> Response {
    if !answer.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_PROBLEM).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(AppError(problem)) = leptos::serde_json::from_slice(&bytes) {
        parts.status = status(problem.kind);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Who calls, and the services to call.
pub struct Caller {
    /// The site.
    pub state: AppState,
    /// The person, or nobody.
    pub visitor: Visitor,
}

impl Caller {
    /// The caller of the server function that is running.
    ///
    /// # Errors
    /// When it was not reached through [`router`].
    pub fn here() -> Result<Self, AppError> {
        use_context::<AppState>()
            .zip(use_context::<Visitor>())
            .map(|(state, visitor)| Self { state, visitor })
            .ok_or_else(|| Problem::internal().into())
    }

    /// The services.
    pub fn academy(&self) -> &Academy {
        &self.state.academy
    }

    /// Gives the browser a new session.
    pub fn set_session(&self, token: &str) {
        if let Some(options) = use_context::<ResponseOptions>() {
            options.append_header(header::SET_COOKIE, session_cookie(Some(token), self.state.secure_cookies));
        }
    }
}
