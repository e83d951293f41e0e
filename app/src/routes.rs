//! All addresses of the site, and the layer that turns failures into pages.

use academy::{Kind, Problem};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};

use crate::{
    AppState, Visitor, accounts, admin, api, catalog, checkout, learning,
    render::{Failed, status},
    studio,
};

/// All pages, form posts, files and server functions. The server adds sessions and all else that
/// is not about pages.
///
/// The state is given here, since the layer that renders problems needs it too.
pub fn router(state: &AppState) -> Router<AppState> {
    let pages = Router::new()
        .merge(catalog::pages::router())
        .merge(learning::pages::router())
        .merge(checkout::pages::router())
        .merge(accounts::pages::router())
        .merge(studio::router())
        .merge(admin::router())
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), explain));
    Router::new().merge(api::router()).merge(pages)
}

async fn nowhere() -> Failed {
    Failed(Problem::not_found("page"))
}

async fn wrong_method() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// Renders the page of a problem, and of a request that an extractor refused.
async fn explain(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::of(&parts);
    let method = parts.method.clone();
    let request = parts.headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let plain_get = matches!(method, Method::GET | Method::HEAD) && parts.uri.query().is_none();
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_success() || response.status().is_redirection() {
        return response;
    }
    let (status, problem) = match response.extensions().get::<Failed>() {
        Some(Failed(problem)) => (status(problem.kind), problem.clone()),
        // Answers that say themselves what is wrong: a form with its errors, JSON for an island.
        None if speaks(&response) => return response,
        // With nothing but a path to be wrong, it names nothing.
        None if plain_get && response.status() == StatusCode::BAD_REQUEST => {
            (StatusCode::NOT_FOUND, Problem::not_found("page"))
        }
        None => (response.status(), refused(response.status())),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let request = request.filter(|_| status.is_server_error());
    let mut page = accounts::pages::problem_page(&state, &visitor, status, &problem, request);
    if let Some(allow) = allow {
        page.headers_mut().insert(header::ALLOW, allow);
    }
    if method == Method::HEAD {
        *page.body_mut() = axum::body::Body::empty();
    }
    page
}

fn speaks(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .map(|kind| kind.as_bytes())
        .is_some_and(|kind| kind.starts_with(b"text/html") || kind.starts_with(b"application/json"))
}

/// What an extractor's refusal means to a person.
fn refused(status: StatusCode) -> Problem {
    let (kind, message) = match status {
        StatusCode::NOT_FOUND => return Problem::not_found("page"),
        StatusCode::METHOD_NOT_ALLOWED => (Kind::Invalid, "This address can't be used that way."),
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::Invalid, "That was too large to accept."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (Kind::Invalid, "The site can't read a form that was sent in that format.")
        }
        StatusCode::TOO_MANY_REQUESTS => {
            (Kind::TooMany, "That was a lot at once. Wait a minute, then try again.")
        }
        status if status.is_client_error() => {
            (Kind::Invalid, "The site could not read that request. Go back and try again.")
        }
        _ => return Problem::internal(),
    };
    Problem::new(kind, "refused", message)
}
