//! `GET /api/v1/events`: what other programs are told, for one that missed some of it.
//!
//! Asked with `Authorization: Bearer` and the configuration's `webhooks.token`, or by an admin's browser.

use academy::{Academy, Actor, Problem};
use alloy::primitives::keccak256;
use app::{Visitor, error::status};
use axum::{
    Extension, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Secret;

/// Events in an answer, if nobody says how many.
const USUAL: u32 = 100;

#[derive(Clone)]
struct Door {
    academy: Academy,
    token: Secret,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    after: String,
    limit: String,
}

#[derive(Serialize)]
struct Page {
    events: Vec<Value>,
    /// What to ask for `after` next.
    next: u64,
}

/// The route.
pub fn router(academy: Academy, token: Secret) -> Router {
    Router::new().route("/api/v1/events", get(list)).with_state(Door { academy, token })
}

async fn list(
    State(door): State<Door>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let actor = match headers.get(header::AUTHORIZATION) {
        None => visitor.actor,
        Some(given) if door.is_right(given) => Actor::System,
        Some(_) => Actor::Visitor,
    };
    let mut response = match page(&door.academy, &actor, &asked).await {
        Ok(page) => Json(page).into_response(),
        Err(problem) => (status(problem.kind), Json(problem)).into_response(),
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn page(academy: &Academy, actor: &Actor, asked: &Asked) -> Result<Page, Problem> {
    let number = |text: &str, usual: u64| if text.is_empty() { Some(usual) } else { text.parse().ok() };
    let (after, limit) = (number(&asked.after, 0), number(&asked.limit, USUAL.into()));
    let limit = limit.and_then(|limit| u32::try_from(limit).ok());
    let (Some(after), Some(limit)) = (after, limit) else {
        let field = if after.is_none() { "after" } else { "limit" };
        return Err(Problem::fields(vec![(field.to_owned(), "Write a whole number.".to_owned())]));
    };
    let events = academy.webhooks().events(actor, after, limit).await?;
    let next = events.last().and_then(|event| event["sequence"].as_u64()).unwrap_or(after);
    Ok(Page { events, next })
}

impl Door {
    fn is_right(&self, given: &HeaderValue) -> bool {
        let token = self.token.expose();
        let given = given.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
        // Hashes, so that the time that comparing takes tells nothing of the token.
        !token.is_empty() && keccak256(given) == keccak256(token)
    }
}
