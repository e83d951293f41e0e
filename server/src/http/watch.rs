//! Every request gets an id, a span, a line in the log, and is counted.
//!
//! The id is ours alone: one that a client sends is overwritten, so that nobody writes into our
//! log. Handlers and pages find it in the request's `x-request-id`.

use std::{sync::Arc, time::Instant};

use academy::entropy::mint;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, field};

use crate::compose::Machine;

/// The header that carries the id, in requests and answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the watching needs.
pub struct Watch {
    machine: Machine,
    count: bool,
}

impl Watch {
    /// With or without metrics.
    pub fn new(machine: Machine, count: bool) -> Self {
        Self { machine, count }
    }
}

/// The middleware.
pub async fn observe(State(watch): State<Arc<Watch>>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = mint(&*watch.machine.entropy, watch.machine.clock.now()).to_string();
    let header = HeaderValue::try_from(&id).expect("a UUID is printable ASCII");
    request.headers_mut().insert(REQUEST_ID, header.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    // The query is left out: people search for private things.
    let span = tracing::info_span!(
        "request",
        %id,
        %method,
        path = request.uri().path(),
        route = route.as_ref().map_or("", MatchedPath::as_str),
        user = field::Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    response.headers_mut().insert(REQUEST_ID, header);
    let took = start.elapsed();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    span.in_scope(|| {
        let status = response.status().as_u16();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if response.status().is_server_error() {
            tracing::warn!(status, micros, "answered");
        } else if quiet(route) {
            tracing::debug!(status, micros, "answered");
        } else {
            tracing::info!(status, micros, "answered");
        }
    });
    if watch.count {
        count(route, &method, response.status(), took.as_secs_f64());
    }
    response
}

/// Files and probes come by the dozen per page.
fn quiet(route: &str) -> bool {
    ["/pkg", "/static", "/healthz", "/readyz", "/metrics"].iter().any(|quiet| route.starts_with(quiet))
}

fn count(route: &str, method: &Method, status: StatusCode, seconds: f64) {
    // A method that nobody defined must not make a series of its own.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "OPTIONS") => known,
        _ => "other",
    };
    metrics::counter!(
        "lectern_http_requests_total",
        "route" => route.to_owned(),
        "method" => method.to_owned(),
        "status" => status.as_str().to_owned(),
    )
    .increment(1);
    metrics::histogram!("lectern_http_request_seconds", "route" => route.to_owned()).record(seconds);
}
