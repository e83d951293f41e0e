//! `/healthz`: the process lives. `/readyz`: what it needs answers.
//!
//! Without its database the site can show nothing: 503. Without its chain it still shows and
//! teaches everything, and says on the checkout page that payments wait; so that is `degraded`
//! with 200, and no balancer takes the site away from its learners for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use academy::{Academy, Actor, checkout::ChainHealth};
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Report {
    status: &'static str,
    database: &'static str,
    chains: Vec<Chain>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Chain {
    id: u64,
    state: &'static str,
    head: Option<u64>,
    followed: Option<u64>,
}

impl Chain {
    fn of(health: ChainHealth) -> Self {
        let followed = health.next_block.map(|next| next.saturating_sub(1));
        let state = match (health.head, followed) {
            (None, _) => "unreachable",
            (Some(head), Some(followed)) if head.saturating_sub(followed) > LAG => "behind",
            _ if health.healthy => "ok",
            _ => "not followed",
        };
        Self { id: health.chain.id, state, head: health.head, followed }
    }
}

impl Health {
    /// Over the process's own database and chains.
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
        if let Some((at, report)) = &*last
            && at.elapsed() < FRESH
        {
            return report.clone();
        }
        let database = timeout(PATIENCE, self.academy.ping()).await.is_ok_and(|answer| answer.is_ok());
        // Where the database failed, it is reported as such.
        let health = timeout(PATIENCE, self.academy.checkout().health(&Actor::System)).await;
        let chains: Vec<_> = health.into_iter().flatten().flatten().map(Chain::of).collect();
        let status = match database {
            false => "unavailable",
            true if !chains.is_empty() && chains.iter().all(|chain| chain.state == "ok") => "ready",
            true => "degraded",
        };
        let database = if database { "ok" } else { "unavailable" };
        let report = Report { status, database, chains };
        *last = Some((Instant::now(), report.clone()));
        report
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let report = health.report().await;
    let status = if report.database == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}
