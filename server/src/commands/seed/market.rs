//! Putting paid demo courses on the development chain's market, with its unlocked accounts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use academy::{
    Academy, Actor,
    chain::{Chain, dev::Dev, set_quote_signer_call, set_token_allowed_call},
    checkout::WalletCall,
    evm::Address,
    ids::CourseId,
};
use serde_json::{Value, json};

use crate::{
    compose::{self, Machine},
    config::{self, Chain as ChainConfig, Config},
    failure::Failure,
};

/// A listing on a development chain takes a block or two.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// The development chain and its market.
pub struct Market {
    node: Dev,
    chain: Arc<dyn Chain>,
    address: Address,
    id: u64,
}

impl Market {
    /// As configured.
    ///
    /// # Errors
    /// When the configuration is not one of development.
    pub fn new(this: &ChainConfig) -> Result<Self, Failure> {
        if !config::is_dev(this.id) {
            return Err(Failure::Told(format!(
                "{}: seeding signs with the accounts of a development chain (31337 to 31346), and this is {}",
                this.named("id"),
                this.id
            )));
        }
        let url = this.rpc_urls.first().map(|url| url.expose()).unwrap_or_default();
        Ok(Self {
            node: Dev::new(url)?,
            chain: compose::chain(this, &Machine::real())?,
            address: this.market()?,
            id: this.id,
        })
    }

    /// Whether chain and database belong together.
    ///
    /// # Errors
    /// When they don't: with what to do.
    pub async fn check(&self, academy: &Academy) -> Result<(), Failure> {
        let id = self.chain.chain_id().await?;
        if id != self.id {
            return Err(Failure::Told(format!("chain.id: the node serves chain {id}, not {}", self.id)));
        }
        if self.chain.code(self.address).await?.is_empty() {
            return Err(Failure::Told(format!(
                "chain.market: there is no contract at {} on this chain; deploy it with `lectern \
                 contracts deploy`",
                self.address.checksummed()
            )));
        }
        let health = academy.checkout().health(&Actor::System).await?;
        let health = health.into_iter().find(|health| health.chain.id == self.id);
        match health.map_or((None, None), |health| (health.head, health.next_block)) {
            (Some(head), Some(next)) if next > head + 1 => Err(Failure::Told(format!(
                "the chain is fresh and the database is not: the database has followed a chain up to \
                 block {}, and this one ends at {head}. Begin with a new database, too",
                next - 1
            ))),
            _ => Ok(()),
        }
    }

    /// Has the market take this site's quotes, if it makes any.
    ///
    /// # Errors
    /// When the owner's account is not the node's own, or the chain does not answer.
    pub async fn trust_quotes(&self, config: &Config) -> Result<(), Failure> {
        let Some(quotes) = compose::quotes(config, config.chain_of(Some(self.id))?)? else { return Ok(()) };
        let (ours, roles) = (quotes.key.address(), self.chain.roles(self.address).await?);
        if roles.quote_signer != ours {
            self.node.send(roles.owner, &set_quote_signer_call(self.address, ours)).await?;
        }
        Ok(())
    }

    /// Has the market sell for this site's tokens.
    ///
    /// # Errors
    /// When the owner's account is not the node's own, or the chain does not answer.
    pub async fn allow_tokens(&self, config: &Config) -> Result<(), Failure> {
        for token in &config.chain_of(Some(self.id))?.tokens {
            if !self.chain.token(self.address, token.address).await?.allowed {
                let owner = self.chain.roles(self.address).await?.owner;
                self.node.send(owner, &set_token_allowed_call(self.address, token.address, true)).await?;
            }
        }
        Ok(())
    }

    /// Sends the teacher's listing and waits until the chain's word of it has come.
    ///
    /// # Errors
    /// When the transaction fails, or nothing is seen of it in time.
    pub async fn list(
        &self,
        academy: &Academy,
        teacher: &Actor,
        course: CourseId,
        call: &WalletCall,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        self.send(call, deadline).await?;
        loop {
            academy.follow(self.id).await?;
            if academy.catalog().listing_call(teacher, course, self.id).await?.is_none() {
                return Ok(());
            }
            pause_until(deadline, "the listing is on the chain, but the course does not see it").await?;
        }
    }

    async fn send(&self, call: &WalletCall, deadline: Instant) -> Result<(), Failure> {
        let transaction =
            json!([{ "from": call.from, "to": call.to, "data": call.data, "value": call.value }]);
        let hash = self.node.raw("eth_sendTransaction", transaction).await?;
        loop {
            let receipt = self.node.raw("eth_getTransactionReceipt", json!([hash])).await?;
            match receipt.get("status").and_then(Value::as_str) {
                Some("0x1") => return Ok(()),
                Some(_) => {
                    return Err(Failure::Told(format!("the listing {hash} failed on the chain")));
                }
                None => pause_until(deadline, "the chain does not mine the listing").await?,
            }
        }
    }
}

async fn pause_until(deadline: Instant, what: &str) -> Result<(), Failure> {
    if Instant::now() > deadline {
        return Err(Failure::Told(format!("gave up after {} s: {what}", PATIENCE.as_secs())));
    }
    tokio::time::sleep(PAUSE).await;
    Ok(())
}
