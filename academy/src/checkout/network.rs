//! The chains that courses are sold on, each with its nodes, its market and its rules.

use std::sync::Arc;

use super::{
    error::CheckoutError,
    feed::Route,
    model::OrderState,
    pace::Pace,
    quote::{Quotes, Token},
    rates::Rates,
    store::OrderRecord,
    wallet::ChainInfo,
};
use crate::{
    Kind, Problem,
    catalog::Offered,
    chain::{BlockRef, Chain, ChainError},
    evm::{Address, BlockTag},
    money::{Currency, Wei},
    price::Price,
    time::Time,
};

/// How deep a block must be to be gone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// So many confirmations, the block itself included.
    Confirmations(u32),
    /// The network's own tag has reached it. Where the network stalls, so does this.
    Tag(BlockTag),
}

impl Depth {
    /// What people can count; a tag they can't.
    pub(super) fn confirmations(self) -> Option<u32> {
        match self {
            Self::Confirmations(needed) => Some(needed),
            Self::Tag(_) => None,
        }
    }
}

/// Where a contract is, and the block that it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its address.
    pub address: Address,
    /// No event of it is below.
    pub start_block: u64,
}

/// The rules of a chain that we sell on.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// Our market contract, which sells.
    pub market: Address,
    /// The block that the market came with: following it starts there.
    pub start_block: u64,
    /// The markets before it: nothing is sold there any more, and what was is followed, paid out and given
    /// back as ever.
    pub former_markets: Vec<Deployment>,
    /// When a payment opens lessons, if it is not final before.
    pub opening: Depth,
    /// Payments of more than so much, in the coin (zero) or a token, open nothing before they are final. Of
    /// what is not named, any sum may.
    pub provisional_limits: Vec<(Address, Wei)>,
    /// When a payment can no longer be undone.
    pub finality: Depth,
    /// So long an order's price holds.
    pub order_ttl_minutes: i64,
    /// A payment mined so long after the price ran out still counts.
    pub late_tolerance_minutes: i64,
    /// The most blocks to ask events for at once.
    pub max_log_range: u64,
    /// A named transaction that is in no block after so long is stuck: people are told what helps.
    pub stuck_after_minutes: i64,
    /// So many of the newest blocks may be replaced by others; a reorg that reaches deeper is met by
    /// reading everything again.
    pub reorg_depth: u64,
    /// When the follower has not moved for so long, people are told that the network can't be
    /// reached.
    pub stale_after_millis: i64,
}

impl Policy {
    /// All markets that are followed, the one that sells first.
    pub fn markets(&self) -> impl Iterator<Item = Deployment> {
        let sells = Deployment { address: self.market, start_block: self.start_block };
        std::iter::once(sells).chain(self.former_markets.iter().copied())
    }

    /// Whether a market's events are read.
    pub(super) fn follows(&self, market: Address) -> bool {
        self.markets().any(|followed| followed.address == market)
    }

    /// The first block with anything to read.
    pub(super) fn first_block(&self) -> u64 {
        self.markets().map(|market| market.start_block).min().unwrap_or(self.start_block)
    }

    /// Whether what was named for an order last has been in no block for too long.
    pub(super) fn is_stuck(&self, state: OrderState, named_at: Option<Time>, now: Time) -> bool {
        let is_long_ago = |at: Time| now >= at.plus_minutes(self.stuck_after_minutes);
        state == OrderState::Submitted && named_at.is_some_and(is_long_ago)
    }

    /// When an order's lessons open, if its payment is not final before.
    pub(super) fn opening_of(&self, order: &OrderRecord) -> Depth {
        let is_large = |(token, most): &(Address, Wei)| *token == order.token && order.price > *most;
        match self.provisional_limits.iter().any(is_large) {
            true => self.finality,
            false => self.opening,
        }
    }
}

/// A chain that we sell on.
pub struct Network {
    pub(crate) chain: Arc<dyn Chain>,
    pub(crate) policy: Policy,
    pub(crate) info: ChainInfo,
    pub(crate) quotes: Option<Quotes>,
    pub(crate) pace: Pace,
    pub(super) rates: Rates,
}

impl Network {
    /// A chain, the rules for it, and what wallets are told of it.
    pub fn new(chain: Arc<dyn Chain>, policy: Policy, info: ChainInfo) -> Self {
        let pace = Pace::new(policy.max_log_range);
        Self { chain, pace, policy, info, quotes: None, rates: Rates::default() }
    }

    /// Prices that the contract does not list are quoted so. Without, nothing is sold for them.
    #[must_use]
    pub fn quotes(mut self, quotes: Option<Quotes>) -> Self {
        self.quotes = quotes;
        self
    }

    /// The newest block of the chain, if that is the one that the configuration names: nodes that serve
    /// another one now say nothing about its payments.
    pub(super) async fn head(&self) -> Result<BlockRef, Problem> {
        let expected = self.policy.chain_id;
        let (found, head) = futures::try_join!(self.chain.chain_id(), self.chain.head())?;
        if found != expected {
            tracing::error!(expected, found, "the RPC serves another chain");
            return Err(Problem::new(
                Kind::Unavailable,
                "other_chain",
                "The RPC serves another chain than its id in the configuration says.",
            ));
        }
        Ok(head)
    }

    /// The newest block that can no longer be replaced, as that height of the head's has it.
    pub(super) async fn final_to(&self, head: u64) -> Result<u64, ChainError> {
        Ok(match self.policy.finality {
            Depth::Confirmations(needed) => (head + 1).saturating_sub(u64::from(needed)),
            Depth::Tag(tag) => self.chain.tagged(tag).await?.unwrap_or(0),
        })
    }

    /// The ways from states' currencies to what is paid in here.
    pub(super) fn routes(&self) -> impl Iterator<Item = Route<'_>> {
        self.quotes.iter().flat_map(Quotes::routes)
    }

    pub(super) fn tokens(&self) -> &[Token] {
        self.quotes.as_ref().map_or(&[], |quotes| &quotes.tokens)
    }

    /// A token that we sell for.
    pub(super) fn token(&self, address: Address) -> Option<&Token> {
        self.tokens().iter().find(|token| token.currency.token == address)
    }

    /// The coin, then the tokens that we sell for.
    pub(super) fn currencies(&self) -> Vec<Currency> {
        std::iter::once(Currency::coin(&self.info.currency)).chain(self.info.tokens.iter().cloned()).collect()
    }
}

/// The site's chains: the first one, whose coin and tokens tiers are priced in, and others.
pub(crate) struct Networks {
    first: Network,
    others: Vec<Network>,
}

impl Networks {
    pub fn new(first: Network) -> Self {
        Self { first, others: Vec::new() }
    }

    pub fn add(&mut self, network: Network) {
        self.others.push(network);
    }

    pub fn first(&self) -> &Network {
        &self.first
    }

    pub fn first_mut(&mut self) -> &mut Network {
        &mut self.first
    }

    /// All, in the site's order.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub fn find(&self, chain_id: u64) -> Option<&Network> {
        self.iter().find(|network| network.policy.chain_id == chain_id)
    }

    /// # Errors
    /// When the site does not sell on that chain, or no longer.
    pub fn get(&self, chain_id: u64) -> Result<&Network, Problem> {
        self.find(chain_id).ok_or_else(|| CheckoutError::NoSuchNetwork(chain_id).into())
    }

    /// What a chain's amounts are in; of a chain that is no longer among the site's, in base units.
    pub fn currency(&self, chain_id: u64, token: Address) -> Currency {
        match self.find(chain_id) {
            Some(network) => network.info.currency_of(token),
            None => ChainInfo::unknown_currency(token),
        }
    }

    /// A chain's name.
    pub fn name(&self, chain_id: u64) -> String {
        self.find(chain_id).map_or_else(|| format!("chain {chain_id}"), |network| network.info.name.clone())
    }

    /// What a price can be paid in on a chain, the usual first. A price in the first chain's coin, or in a
    /// token of it, is paid on another chain in the coin, or the token, that has the same symbol there.
    pub fn paid_in(&self, network: &Network, price: Price) -> Vec<Currency> {
        match price {
            Price::Coin(_) if network.info.currency != self.first.info.currency => Vec::new(),
            Price::Coin(_) => vec![Currency::coin(&network.info.currency)],
            Price::Token { token, .. } => {
                let Some(priced) = self.first.token(token) else { return Vec::new() };
                let named = (&priced.currency.symbol, priced.currency.decimals);
                let there = network.tokens().iter().map(|token| &token.currency);
                there.filter(|there| (&there.symbol, there.decimals) == named).cloned().collect()
            }
            Price::Fiat(sum) => {
                let mut there = Vec::new();
                for route in network.routes().filter(|route| route.currency() == sum.currency) {
                    if !there.contains(&route.feed.of) {
                        there.push(route.feed.of.clone());
                    }
                }
                there
            }
        }
    }

    /// How a chain's contract must sell a tier of that price; not at all what is free, or what nothing
    /// there can pay.
    pub fn offered_on(&self, network: &Network, price: Price) -> Option<Offered> {
        match price {
            _ if price.is_zero() || self.paid_in(network, price).is_empty() => None,
            Price::Coin(wei) => Some(Offered::At(wei)),
            Price::Fiat(_) | Price::Token { .. } => Some(Offered::ByQuote),
        }
    }
}
