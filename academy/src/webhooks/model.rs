//! What doors see.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use standardwebhooks::Webhook;

use crate::catalog::words;

words! {
    /// What an event tells.
    EventKind {
        /// A payment counts: the lessons are open.
        OrderPaid = "order.paid",
        /// The payment can no longer be undone.
        OrderFinal = "order.final",
        /// A reorg took the payment's block: the lessons are closed until it is seen again.
        OrderSuspended = "order.suspended",
        /// The payment went back, and the lessons are closed.
        OrderRefunded = "order.refunded",
        /// Money came that opened nothing, or more than was due: a person must decide about it.
        PaymentReview = "payment.review",
        /// Tokens came to the contract without a purchase: a person must send them back.
        TransferReview = "transfer.review",
    }
}

/// A program that is told.
pub struct Endpoint {
    /// What we call it.
    pub name: String,
    /// Where events are posted to. May hold a secret.
    pub url: String,
    /// What they are signed with.
    pub secret: SigningSecret,
}

/// The secret that an endpoint shares with us: `whsec_` and 24 to 64 bytes in base64.
pub struct SigningSecret(Webhook);

/// Not `whsec_` and 24 to 64 bytes in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no secret of 24 to 64 bytes in base64, after whsec_")]
pub struct WeakSecret;

impl SigningSecret {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none, or too short to be kept from guessing.
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        let code = text.strip_prefix("whsec_").ok_or(WeakSecret)?;
        // Four characters carry three bytes.
        if !(32..=88).contains(&code.len()) {
            return Err(WeakSecret);
        }
        Webhook::new(text).map(Self).map_err(|_| WeakSecret)
    }

    /// `v1,` and the HMAC-SHA256 of id, time (in seconds) and body.
    pub(super) fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        self.0.sign(id, seconds, body.as_bytes()).expect("a str is UTF-8")
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// Posts to endpoints.
#[async_trait]
pub trait Sender: Send + Sync {
    /// Posts a JSON body with these headers, follows no redirect, and answers the status.
    ///
    /// # Errors
    /// Why there was no answer, in words that hold no secret.
    async fn post(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<u16, String>;
}

/// How an endpoint does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointState {
    /// Its name.
    pub name: String,
    /// Events that it took.
    pub delivered: u32,
    /// Events that it is still to get.
    pub waiting: u32,
    /// Events that it did not take until the last try.
    pub given_up: u32,
    /// What came of the newest of the tries that failed, as long as one of those events is not delivered.
    pub last_error: Option<String>,
}
