//! Failures that no page of the app speaks for: a small page, or JSON for server functions.
//!
//! What the app rendered itself (HTML, JSON) stays. What layers and extractors answer with an
//! empty body or a line of text gets a page here that says what happened and what to do; a 5xx
//! names the request, never the cause.

use std::{any::Any, borrow::Cow, sync::Arc};

use academy::{
    Kind, Problem,
    catalog::{MAX_LESSON, MAX_MEDIA},
};
use app::Assets;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::watch::REQUEST_ID;

/// For the panic catcher: the cause goes to the log, and 500 to the client.
pub fn after_panic(cause: Box<dyn Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("(no text)");
    tracing::error!(cause, "a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The middleware.
pub async fn dress(State(assets): State<Arc<Assets>>, request: Request, next: Next) -> Response {
    let for_program = request.uri().path().starts_with("/api/");
    let head_only = request.method() == Method::HEAD;
    let id = request.headers().get(REQUEST_ID).cloned();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || speaks(response.headers()) {
        return response;
    }
    let id = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
    let (content_type, text) = if for_program {
        ("application/json", json(status, id))
    } else {
        ("text/html; charset=utf-8", page(&assets, status, id))
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, if head_only { Body::empty() } else { Body::from(text) })
}

/// Whether the answer has a body made for its reader.
fn speaks(headers: &HeaderMap) -> bool {
    headers.contains_key("serverfnerror")
        || headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("text/html") || value.starts_with("application/json"))
}

/// What happened, and what to do.
fn words(status: StatusCode) -> (&'static str, Cow<'static, str>) {
    let (title, advice) = match status {
        StatusCode::FORBIDDEN => (
            "Not from here",
            "Your browser says that this request came from another site, so nothing was done. Open this \
             site in a window of its own and try again.",
        ),
        StatusCode::NOT_FOUND => {
            ("Nothing is here", "The address may be mistyped, or what was here is gone.")
        }
        StatusCode::METHOD_NOT_ALLOWED => (
            "That can't be done here",
            "This address exists, but it does not take this kind of request. Go back and use the page's \
             own buttons.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            let (megabytes, thousands) = (MAX_MEDIA / 1024 / 1024, MAX_LESSON / 1000);
            let advice = format!(
                "What was sent is larger than we take here, so nothing was saved. Files may have {megabytes} MB, \
                 lessons {thousands},000 characters."
            );
            return ("That is too large", advice.into());
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            "We can't read that",
            "This address takes a form from this site. Go back and send it from its page.",
        ),
        StatusCode::TOO_MANY_REQUESTS => (
            "Too many at once",
            "There were more requests from your connection than we take in a minute. Wait a moment, then \
             try again.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Back in a moment",
            "Something that we need does not answer right now. A payment that you sent is not lost. \
             Please try again shortly.",
        ),
        status if status.is_server_error() => (
            "Something went wrong on our side",
            "We noted what happened. A payment that you sent is not lost. Please try again.",
        ),
        _ => (
            "We couldn't read that request",
            "Something in it is not what this address expects. Go back, reload the page and try again.",
        ),
    };
    (title, advice.into())
}

fn page(assets: &Assets, status: StatusCode, id: &str) -> String {
    let (title, advice) = words(status);
    let reference = if status.is_server_error() {
        format!("<p class=\"muted\">If it keeps happening, tell us this number: <code>{id}</code></p>")
    } else {
        String::new()
    };
    let (css, status) = (&assets.css, status.as_u16());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"{css}\">\n\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/static/icon.svg\">\n</head>\n<body data-layout=\"till\">\n\
         <main id=\"main\">\n<section class=\"problem\">\n<p class=\"problem-status\">{status}</p>\n\
         <h1>{title}</h1>\n<p class=\"lead\">{advice}</p>\n{reference}\n\
         <p class=\"button-row\"><a class=\"button\" data-kind=\"primary\" href=\"/\">See all courses</a></p>\n\
         </section>\n</main>\n</body>\n</html>\n"
    )
}

fn json(status: StatusCode, id: &str) -> String {
    let (kind, code) = match status {
        StatusCode::FORBIDDEN => (Kind::Forbidden, "cross_site"),
        StatusCode::NOT_FOUND => (Kind::NotFound, "not_found"),
        StatusCode::TOO_MANY_REQUESTS => (Kind::TooMany, "too_many"),
        StatusCode::SERVICE_UNAVAILABLE => (Kind::Unavailable, "unavailable"),
        status if status.is_server_error() => (Kind::Internal, "internal"),
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::Invalid, "too_large"),
        _ => (Kind::Invalid, "invalid"),
    };
    let (title, advice) = words(status);
    let mut message = format!("{title}. {advice}");
    if status.is_server_error() {
        message.push_str(&format!(" (Request {id})"));
    }
    serde_json::to_string(&Problem::new(kind, code, message)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing::get};
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn answer(path: &str) -> (StatusCode, String) {
        let bundle = serde_json::json!({ "js": "/pkg/a.js", "wasm": "/pkg/a.wasm" });
        let assets = serde_json::json!({
            "css": "/pkg/a.css",
            "reading": bundle, "signing": bundle, "paying": bundle, "editing": bundle, "sending": bundle,
        });
        let assets: Assets = serde_json::from_value(assets).unwrap();
        let broken = async || -> StatusCode { panic!("the password is hunter2") };
        let router = Router::new()
            .route("/page", get(broken))
            .route("/api/fn/call", get(broken))
            .layer(CatchPanicLayer::custom(after_panic))
            .layer(middleware::from_fn_with_state(Arc::new(assets), dress));
        let request = Request::get(path).header(REQUEST_ID, "the-id").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_page_with_the_requests_id_and_nothing_of_its_cause() {
        for path in ["/page", "/api/fn/call"] {
            let (status, text) = answer(path).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            assert!(text.contains("the-id") && !text.contains("hunter2"), "{path}: {text}");
        }
        assert!(answer("/page").await.1.starts_with("<!DOCTYPE html>"));
        let problem: Problem = serde_json::from_str(&answer("/api/fn/call").await.1).unwrap();
        assert_eq!(problem.kind, Kind::Internal);
    }
}
