//! Posting to the programs that are told of orders and payments.

use std::time::Duration;

use academy::webhooks::Sender;
use async_trait::async_trait;
use reqwest::{Client, header, redirect};

use crate::failure::Failure;

/// So long a program may take: what it does about an event, it should do after its answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Over HTTP.
pub struct Poster(Client);

impl Poster {
    /// Posts nothing yet.
    ///
    /// # Errors
    /// When this machine gives no connections.
    pub fn new() -> Result<Self, Failure> {
        let client = Client::builder()
            .timeout(PATIENCE)
            // A signed event goes where the configuration says, and nowhere else.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("lectern/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Told(format!("webhooks: {error}")))?;
        Ok(Self(client))
    }
}

#[async_trait]
impl Sender for Poster {
    async fn post(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<u16, String> {
        let mut request = self.0.post(url).header(header::CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => {
                Err(format!("no answer within {} seconds", PATIENCE.as_secs()))
            }
            Err(error) if error.is_connect() => Err("it can't be reached".to_owned()),
            // Its address may hold a secret.
            Err(error) => Err(error.without_url().to_string()),
        }
    }
}
