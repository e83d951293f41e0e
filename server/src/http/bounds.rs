//! How much a request may send and how long it may take, by what it is for.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};

use crate::config::Config;

/// As much of a refused body is read, and for so long.
const SWALLOWED_BYTES: usize = 32 * 1024 * 1024;
const SWALLOWED_TIME: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Forms and calls.
    Usual,
    /// Whole lessons and descriptions, as Markdown.
    Lesson,
    /// Files; the lesson's form may carry one beside its text.
    Upload,
}

impl Purpose {
    fn of(method: &Method, path: &str) -> Self {
        let studio = path.starts_with("/studio/");
        match path {
            _ if method != Method::POST => Self::Usual,
            path if studio && (path.ends_with("/files") || path.contains("/lessons/")) => Self::Upload,
            path if studio || path.starts_with("/api/fn/preview") => Self::Lesson,
            _ => Self::Usual,
        }
    }
}

/// The middleware.
pub async fn keep(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let purpose = Purpose::of(request.method(), request.uri().path());
    let most = match purpose {
        Purpose::Usual => config.limits.body_bytes,
        Purpose::Lesson => config.limits.lesson_bytes,
        Purpose::Upload => config.limits.upload_bytes,
    };
    let seconds = config.server.request_timeout_seconds;
    let patience = Duration::from_secs(if purpose == Purpose::Upload { seconds * 4 } else { seconds });

    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > most as u64) {
        swallow(request).await;
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    // A body without an announced length is cut off where it passes the limit.
    let request = request.map(|body| Body::new(Limited::new(body, most)));
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(seconds = patience.as_secs(), "gave up on a request that took too long");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Reads a refused body for a while: a browser that is still sending when the answer comes and the
/// connection closes shows its own error page instead of ours.
async fn swallow(request: Request) {
    if request.headers().contains_key(header::EXPECT) {
        // This client waits for a yes before it sends.
        return;
    }
    let mut body = request.into_body();
    let mut left = SWALLOWED_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len()));
            if left == 0 {
                break;
            }
        }
    };
    if tokio::time::timeout(SWALLOWED_TIME, reading).await.is_err() {
        tracing::debug!("a refused body was too slow to be read to its end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_studio_may_send_much() {
        let post = |path| Purpose::of(&Method::POST, path);
        assert_eq!(post("/studio/courses/1/files"), Purpose::Upload);
        assert_eq!(post("/studio/courses/1/lessons/2"), Purpose::Upload);
        assert_eq!(post("/studio/new"), Purpose::Lesson);
        assert_eq!(post("/api/fn/preview"), Purpose::Lesson);
        for usual in ["/", "/files", "/courses/a/files", "/api/fn/sign_in", "/studio"] {
            assert_eq!(post(usual), Purpose::Usual, "{usual}");
        }
        assert_eq!(Purpose::of(&Method::GET, "/studio/courses/1/files"), Purpose::Usual);
    }
}
