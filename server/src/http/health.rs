//! `/healthz`: the process lives. `/readyz`: what it needs answers.
//!
//! Without its database the site can show nothing: 503. Without its chain it still shows and
//! teaches everything, and says on the checkout page that payments wait; so that is `degraded`
//! with 200, and no balancer takes the site away from its learners for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use academy::{Academy, Actor};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};

/// So many blocks behind the head is still fresh.
const LAG: u64 = 20;

/// Probes ask often, and strangers may: nodes and database are asked once per second at most.
const FRESH: Duration = Duration::from_secs(1);

/// What takes longer does not answer, as far as a probe is concerned.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the probes need.
pub struct Health {
    academy: Academy,
    last: Mutex<Option<(Instant, Report)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Report {
    status: &'static str,
    database: &'static str,
    chain: Chain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Chain {
    state: &'static str,
    head: Option<u64>,
    followed: Option<u64>,
}

impl Health {
    /// Over the process's own database and chain.
    pub fn new(academy: Academy) -> Self {
        Self { academy, last: Mutex::new(None) }
    }

    /// The two routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(async || ([(header::CACHE_CONTROL, "no-store")], "alive\n")))
            .route("/readyz", get(ready))
            .with_state(Arc::new(self))
    }

    async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        if let Some((at, report)) = *last
            && at.elapsed() < FRESH
        {
            return report;
        }
        let database = timeout(PATIENCE, self.academy.ping()).await.is_ok_and(|answer| answer.is_ok());
        let chain = match timeout(PATIENCE, self.academy.checkout().health(&Actor::System)).await {
            Ok(Ok(health)) => {
                let followed = health.next_block.map(|next| next.saturating_sub(1));
                let state = match (health.head, followed) {
                    (None, _) => "unreachable",
                    (Some(head), Some(followed)) if head.saturating_sub(followed) > LAG => "behind",
                    _ if health.healthy => "ok",
                    _ => "not followed",
                };
                Chain { state, head: health.head, followed }
            }
            // The database failed, and is reported as such.
            Ok(Err(_)) => Chain { state: "unknown", head: None, followed: None },
            Err(_) => Chain { state: "unreachable", head: None, followed: None },
        };
        let status = match (database, chain.state) {
            (false, _) => "unavailable",
            (true, "ok") => "ready",
            (true, _) => "degraded",
        };
        let database = if database { "ok" } else { "unavailable" };
        let report = Report { status, database, chain };
        *last = Some((Instant::now(), report));
        report
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let report = health.report().await;
    let status = if report.database == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}
