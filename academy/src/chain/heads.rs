//! Hearing of new blocks at once, from a node's WebSocket.
//!
//! What is heard says only that it is time to look: the follower asks its providers as ever. So a socket
//! that is dead, late or lying costs time at most, and polling goes on beside it.

use std::{sync::Arc, time::Duration};

use alloy::{
    providers::{Provider, ProviderBuilder, RootProvider, WsConnect},
    pubsub::{ConnectionHandle, PubSubConnect, Subscription},
    transports::{TransportErrorKind, TransportResult, http::reqwest::Url},
};
use tokio::{
    sync::{Notify, broadcast::error::RecvError},
    task::JoinHandle,
};

use super::port::ChainError;
use crate::entropy::Entropy;

/// How long a node may take to connect and subscribe.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The first pause before connecting again; each further failure doubles it.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// At least so long between two news, so that a node that talks without end does not keep the others busy.
const BREATH: Duration = Duration::from_millis(50);

/// A subscription to new blocks, until it is dropped.
pub struct Heads {
    news: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Drop for Heads {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Heads {
    /// Subscribes to a chain at this `ws://` or `wss://` URL, and again whenever that ends. Must be called within
    /// tokio's runtime.
    ///
    /// # Errors
    /// When it is no URL.
    pub fn subscribe(url: &str, chain_id: u64, entropy: Arc<dyn Entropy>) -> Result<Self, ChainError> {
        // The URL may hold an API key: it is never part of a message.
        let parsed: Url =
            url.parse().map_err(|_| ChainError::Refused("chain.ws_url is no URL".to_owned()))?;
        let name = parsed.host_str().unwrap_or_default().to_owned();
        let news = Arc::new(Notify::new());
        let listening = tokio::spawn(listen(url.to_owned(), name, chain_id, entropy, news.clone()));
        Ok(Self { news, listening })
    }

    /// Subscribes at this URL once, to find out whether that works.
    ///
    /// # Errors
    /// When it does not.
    pub async fn try_out(url: &str) -> Result<(), ChainError> {
        match tokio::time::timeout(TIMEOUT, subscribe(url)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(())) | Err(_) => Err(ChainError::Unavailable("no subscription to new blocks".to_owned())),
        }
    }

    /// Notified of each new block; of several before anyone looks, once.
    pub fn news(&self) -> Arc<Notify> {
        self.news.clone()
    }
}

async fn listen(url: String, name: String, chain_id: u64, entropy: Arc<dyn Entropy>, news: Arc<Notify>) {
    let subscribed = metrics::gauge!("lectern_heads_subscribed", "chain" => chain_id.to_string());
    let mut failures = 0;
    loop {
        match tokio::time::timeout(TIMEOUT, subscribe(&url)).await {
            // The socket lives as long as its provider.
            Ok(Ok((_provider, mut heads))) => {
                tracing::info!(node = name, "hearing of new blocks at once");
                subscribed.set(1.0);
                failures = 0;
                // There may have been blocks while nobody listened.
                news.notify_one();
                // Too many to hear each is news, too.
                while !matches!(heads.recv().await, Err(RecvError::Closed)) {
                    news.notify_one();
                    tokio::time::sleep(BREATH).await;
                }
                tracing::warn!(node = name, "the WebSocket broke off; new blocks are polled for");
            }
            Ok(Err(())) | Err(_) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(node = name, "no WebSocket there; new blocks are polled for");
                }
            }
        }
        subscribed.set(0.0);
        tokio::time::sleep(pause(failures, &*entropy)).await;
    }
}

/// A socket that alloy does not replace by itself: what was missed meanwhile would go unheard, and one
/// place decides how soon to try again.
struct OneSocket(WsConnect);

impl PubSubConnect for OneSocket {
    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    async fn connect(&self) -> TransportResult<ConnectionHandle> {
        self.0.connect().await
    }

    async fn try_reconnect(&self) -> TransportResult<ConnectionHandle> {
        Err(TransportErrorKind::non_retryable_str("the subscription is made anew"))
    }
}

async fn subscribe(url: &str) -> Result<(RootProvider, Subscription<serde_json::Value>), ()> {
    // Errors are dropped: they may print the URL.
    let socket = OneSocket(WsConnect::new(url));
    let provider = ProviderBuilder::default().connect_pubsub_with(socket).await.map_err(drop)?;
    // What a block looks like does not matter here, and differs between chains.
    let heads = provider.subscribe::<_, serde_json::Value>(("newHeads",)).await.map_err(drop)?;
    Ok((provider, heads))
}

/// Longer after each failure, and a quarter more at most by chance, so that those who were cut off
/// together do not come back together.
fn pause(failures: u32, entropy: &dyn Entropy) -> Duration {
    let pause = PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    let mut jitter = [0];
    entropy.fill(&mut jitter);
    pause + pause * u32::from(jitter[0]) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::CountingEntropy;

    #[test]
    fn waits_longer_each_time_and_never_too_long() {
        let seconds = |failures| pause(failures, &CountingEntropy::default()).as_secs();
        assert_eq!((0..8).map(seconds).collect::<Vec<_>>(), [1, 1, 2, 4, 8, 16, 32, 60]);
        assert_eq!(pause(u32::MAX, &CountingEntropy::default()).as_secs(), 60);
    }
}
