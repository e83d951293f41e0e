//! What can be asked.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    error::WebhooksError,
    model::{EndpointState, EventKind},
    store,
};
use crate::{
    Academy, Actor, Operation, Problem,
    accounts::audit,
    store::{Conn, corrupt},
};

/// The most events in one answer.
const PAGE: u32 = 200;

/// What other programs are told.
#[derive(Clone, Copy)]
pub struct Webhooks<'a>(pub(crate) &'a Academy);

impl Webhooks<'_> {
    /// Keeps an event, in the transaction of the change that it tells of, as the last thing in it: until its
    /// end nobody else can keep one.
    pub(crate) async fn record(
        &self,
        conn: &mut Conn,
        kind: EventKind,
        data: &impl Serialize,
    ) -> Result<(), Problem> {
        let (id, now) = (self.0.mint(), self.0.now());
        let sequence = store::next_sequence(conn).await?;
        let body = json!({
            "id": id, "sequence": sequence, "type": kind.word(), "timestamp": now.rfc3339(), "data": data,
        });
        store::put_event(conn, sequence, id, &body.to_string(), now).await?;
        for endpoint in self.0.0.outlet.iter().flat_map(|outlet| &outlet.endpoints) {
            store::put_delivery(conn, sequence, &endpoint.name, now).await?;
        }
        Ok(())
    }

    /// The events after that number (0: from the first one), in their order, each as it is posted; at most
    /// `limit`, and never more than 200.
    ///
    /// # Errors
    /// For everyone but admins and the site itself.
    pub async fn events(&self, actor: &Actor, after: u64, limit: u32) -> Result<Vec<Value>, Problem> {
        actor.may(Operation::ReadEvents)?;
        let mut conn = self.0.0.db.read().await?;
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let found = store::events_after(&mut conn, after, i64::from(limit.clamp(1, PAGE))).await?;
        let parsed = found.into_iter().map(|(sequence, body)| {
            serde_json::from_str(&body).map_err(|_| corrupt("an event", sequence).into())
        });
        parsed.collect()
    }

    /// How each endpoint of the configuration does.
    ///
    /// # Errors
    /// For everyone but admins and the site itself.
    pub async fn endpoints(&self, actor: &Actor) -> Result<Vec<EndpointState>, Problem> {
        actor.may(Operation::ReadEvents)?;
        let mut conn = self.0.0.db.read().await?;
        let mut states = Vec::new();
        for endpoint in self.0.0.outlet.iter().flat_map(|outlet| &outlet.endpoints) {
            states.push(store::state(&mut conn, &endpoint.name).await?);
        }
        Ok(states)
    }

    /// Sends an endpoint everything that it did not take, as if it were new.
    ///
    /// # Errors
    /// For everyone but admins and the site itself; `no_such_endpoint`.
    pub async fn try_again(&self, actor: &Actor, endpoint: &str) -> Result<(), Problem> {
        actor.may(Operation::ResendEvents)?;
        let mut known = self.0.0.outlet.iter().flat_map(|outlet| &outlet.endpoints);
        if !known.any(|known| known.name == endpoint) {
            return Err(WebhooksError::NoSuchEndpoint.into());
        }
        let mut tx = self.0.0.db.begin().await?;
        let events = store::try_again(&mut tx, endpoint, self.0.now()).await?;
        audit(&mut tx, self.0, actor, "webhooks.resent", endpoint, &format!("{events} events")).await?;
        tx.commit().await?;
        Ok(())
    }
}
