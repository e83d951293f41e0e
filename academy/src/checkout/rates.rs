//! What a chain's price feeds answered lately, for those who only look: a feed is asked once a minute at
//! most, however many do. Never for an order, whose price is asked anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::timeout;

use crate::{
    chain::{Chain, Round},
    evm::Address,
    time::Time,
};

/// So long an answer is kept.
const KEPT_MILLIS: i64 = 60_000;
/// So long it is shown while the next one is awaited.
const SHOWN_MILLIS: i64 = 2 * KEPT_MILLIS;
/// So long after a feed was asked people wait for it, if there is nothing else to show.
const PATIENCE: Duration = Duration::from_secs(1);

/// By the feeds' addresses.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<Address, Asked>>);

/// `None`: the feed could not be asked, or not in time.
type Answer = Shared<BoxFuture<'static, Option<Round>>>;

/// A question that was asked, and perhaps answered.
#[derive(Clone)]
struct Asked {
    at: Time,
    answer: Answer,
    /// The same for those who wait for it.
    in_time: Answer,
    /// What the question before brought, if that is not long ago.
    before: Option<Round>,
}

impl Asked {
    fn is_within(&self, millis: i64, now: Time) -> bool {
        (0..millis).contains(&now.0.saturating_sub(self.at.0))
    }
}

impl Rates {
    /// A feed's answer. `None` if it gives none, or not in time.
    pub async fn round(&self, chain: &Arc<dyn Chain>, feed: Address, now: Time) -> Option<Round> {
        let Asked { answer, in_time, before, .. } = self.asked(chain, feed, now);
        match (answer.peek(), before) {
            (Some(answer), _) => *answer,
            (None, Some(_)) => before,
            (None, None) => in_time.await,
        }
    }

    fn asked(&self, chain: &Arc<dyn Chain>, feed: Address, now: Time) -> Asked {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.get(&feed);
        if let Some(asked) = last.filter(|asked| asked.is_within(KEPT_MILLIS, now)) {
            return asked.clone();
        }
        let shown = last.filter(|asked| asked.is_within(SHOWN_MILLIS, now));
        let before = shown.and_then(|asked| asked.answer.peek().copied().flatten());
        let chain = chain.clone();
        let question = async move {
            let answer = chain.round(feed, None).await;
            answer.inspect_err(|error| tracing::info!(%feed, %error, "no rate to show")).ok()
        };
        let answer = question.boxed().shared();
        // An answer that comes after people have left is for those who come next.
        tokio::spawn(answer.clone());
        // Counted from the question on, whoever comes to wait for it.
        let in_time = timeout(PATIENCE, answer.clone()).map(|answer| answer.ok().flatten()).boxed().shared();
        let asked = Asked { at: now, answer, in_time, before };
        all.insert(feed, asked.clone());
        asked
    }
}
