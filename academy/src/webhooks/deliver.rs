//! Telling endpoints of events.

use futures::future::join_all;

use super::{
    Outlet, Webhooks,
    model::Endpoint,
    store::{self, Due},
};
use crate::{Problem, time::Time};

/// In seconds, the pauses after each try that failed, as Standard Webhooks 1.0 proposes; after the last one's
/// try the event is given up: three days and four hours after the first.
const PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// So many are posted to an endpoint at once.
const AT_ONCE: i64 = 10;
/// A worker that died with events in its hands gives them back after so long: longer than any answer takes.
const LEASE_MILLIS: i64 = 60_000;
/// The endpoint is gone and wants nothing any more.
const GONE: u16 = 410;

impl Webhooks<'_> {
    /// Posts what is due to each endpoint, all at once; answers how many posts there were. An event that is
    /// not taken (any status but 2xx) is posted again after a pause, with the same id and body.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliver(&self) -> Result<usize, Problem> {
        let Some(outlet) = &self.0.0.outlet else { return Ok(0) };
        let posts = join_all(outlet.endpoints.iter().map(|endpoint| self.deliver_to(outlet, endpoint))).await;
        posts.into_iter().sum()
    }

    pub(crate) async fn deliver_to(&self, outlet: &Outlet, endpoint: &Endpoint) -> Result<usize, Problem> {
        let now = self.0.now();
        let mut conn = self.0.0.db.read().await?;
        if !store::is_due(&mut conn, &endpoint.name, now).await? {
            return Ok(0);
        }
        drop(conn);
        let mut tx = self.0.0.db.begin().await?;
        let due = store::take(&mut tx, &endpoint.name, now, now.plus_millis(LEASE_MILLIS), AT_ONCE).await?;
        tx.commit().await?;
        let posts = join_all(due.iter().map(|one| self.deliver_one(outlet, endpoint, one))).await;
        posts.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(due.len())
    }

    async fn deliver_one(&self, outlet: &Outlet, endpoint: &Endpoint, taken: &Due) -> Result<(), Problem> {
        let mut conn = self.0.0.db.read().await?;
        let (id, body) = store::event(&mut conn, taken.sequence).await?;
        drop(conn);
        let (id, seconds) = (id.to_string(), self.0.now().0.div_euclid(1000));
        let headers = [
            ("webhook-signature", endpoint.secret.sign(&id, seconds, &body)),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-id", id),
        ];
        let outcome = match outlet.sender.post(&endpoint.url, &headers, body).await {
            Ok(200..=299) => Outcome::Delivered,
            Ok(status) => Outcome::failed(taken, status == GONE, format!("it answered {status}")),
            Err(error) => Outcome::failed(taken, false, error),
        };
        self.0.point("deliver.posted").await;
        let (word, due_at, error) = match &outcome {
            Outcome::Delivered => ("delivered", Time(0), None),
            Outcome::Later(pause, why) => ("waiting", self.0.now().plus_millis(pause * 1000), Some(why)),
            Outcome::GivenUp(why) => ("given_up", Time(0), Some(why)),
        };
        metrics::counter!("lectern_webhook_posts_total", "endpoint" => endpoint.name.clone(), "outcome" => word)
            .increment(1);
        if let Some(why) = error {
            let (endpoint, event) = (&endpoint.name, taken.sequence);
            tracing::warn!(
                endpoint,
                event,
                attempts = taken.attempts,
                why,
                state = word,
                "a webhook was not taken"
            );
        }
        let mut tx = self.0.0.db.begin().await?;
        store::finish(&mut tx, &endpoint.name, taken, word, due_at, error.map(String::as_str)).await?;
        Ok(tx.commit().await?)
    }
}

enum Outcome {
    Delivered,
    /// After so many seconds.
    Later(i64, String),
    GivenUp(String),
}

impl Outcome {
    fn failed(taken: &Due, gone: bool, why: String) -> Self {
        let before = usize::try_from(taken.attempts).unwrap_or(0).saturating_sub(1);
        match PAUSES.get(before).filter(|_| !gone) {
            Some(pause) => Self::Later(*pause, why),
            None => Self::GivenUp(why),
        }
    }
}
