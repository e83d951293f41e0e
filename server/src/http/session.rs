//! Finds out who asks, by the session's cookie, once per request.

use academy::{Academy, Actor};
use app::visitor::{SESSION_COOKIE, Visitor, cookie};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The middleware: puts a [`Visitor`] into the request. A cookie that names no session is as good
/// as none; a database that can't be asked is 503, since guessing "signed out" would be wrong.
pub async fn find(State(academy): State<Academy>, mut request: Request, next: Next) -> Response {
    // Tokens are 64 hexadecimal digits; anything else is not worth a look into the database.
    let token = cookie(request.headers(), SESSION_COOKIE)
        .filter(|token| token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(str::to_owned);
    let session = match &token {
        None => None,
        Some(token) => match academy.accounts().session(token).await {
            Ok(session) => session,
            Err(problem) => {
                tracing::error!(code = problem.code, "the session can't be looked up");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
        },
    };
    let visitor = match session {
        Some(session) => {
            if let Some(user) = session.actor.user() {
                tracing::Span::current().record("user", tracing::field::display(user));
            }
            Visitor::new(Some(session.id), token, session.actor)
        }
        None => Visitor::new(None, None, Actor::Visitor),
    };
    request.extensions_mut().insert(visitor);
    next.run(request).await
}
