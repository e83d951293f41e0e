//! What a price in a state's currency is in the chain's coin or a token now, by the feeds on the chain, and the
//! signature that makes the contract take it.

use std::sync::Arc;

use super::{
    error::CheckoutError,
    feed::{Feed, Route, worth},
    network::Network,
    service::Checkout,
    verify::Found,
};
use crate::{
    Problem,
    chain::{QuoteKey, TokenDomain},
    evm::Address,
    money::{Currency, Wei},
    price::{Cents, Fiat, Price, Unit},
    time::Time,
};

/// A token that this site sells for. The contract's own list must have it, too.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its contract, symbol and digits.
    pub currency: Currency,
    /// What its holders can sign; without it they approve first.
    pub domain: Option<TokenDomain>,
}

/// How prices are quoted that the contract does not list: in a state's currency, or in a token.
#[derive(Clone)]
pub struct Quotes {
    /// The key that the contract knows as its quote signer.
    pub key: Arc<QuoteKey>,
    /// The tokens that this site sells for.
    pub tokens: Vec<Token>,
    /// One for each state's currency and what is paid for it.
    pub feeds: Vec<Feed>,
    /// One for each state's currency that other feeds are not in.
    pub crosses: Vec<Feed<Fiat>>,
    /// On a rollup: the feed that says whether its sequencer is up.
    pub sequencer: Option<Address>,
    /// So long a quote holds; the contract takes at most a day.
    pub ttl_minutes: i64,
}

impl Quotes {
    /// The ways from states' currencies to what is paid in, those by one feed first.
    pub fn routes(&self) -> impl Iterator<Item = Route<'_>> {
        let direct = self.feeds.iter().map(|feed| (feed, None));
        let crossed = self.crosses.iter().flat_map(|cross| {
            let feeds = self.feeds.iter().filter(|feed| feed.currency == cross.currency);
            feeds.map(move |feed| (feed, Some(cross)))
        });
        direct.chain(crossed).map(|(feed, cross)| Route { feed, cross, sequencer: self.sequencer })
    }

    /// From a state's currency to the coin or a token.
    pub(super) fn route(&self, currency: Fiat, of: &Currency) -> Option<Route<'_>> {
        self.routes().find(|route| route.currency() == currency && route.feed.of == *of)
    }
}

impl Checkout<'_> {
    /// The units that a tier can be priced in, the first chain's coin first, each with its name for people.
    pub fn units(&self) -> Vec<(Unit, String)> {
        let networks = &self.0.0.networks;
        let first = networks.first();
        let mut units = vec![(Unit::Coin, first.info.currency.clone())];
        units.extend(
            first.tokens().iter().map(|token| (Unit::from(&token.currency), token.currency.symbol.clone())),
        );
        for route in networks.iter().flat_map(Network::routes) {
            let currency = route.currency();
            if !units.iter().any(|(unit, _)| *unit == Unit::Fiat(currency)) {
                units.push((Unit::Fiat(currency), currency.word().to_owned()));
            }
        }
        units
    }

    /// What a price is now in what it is paid in on a chain.
    pub(super) async fn asked(
        &self,
        network: &Network,
        price: Price,
        token: Address,
    ) -> Result<Asked, Problem> {
        let paid_in = self.0.0.networks.paid_in(network, price);
        let of = paid_in.iter().find(|currency| currency.token == token).ok_or(CheckoutError::NotForSale)?;
        let (amount, fiat) = match price {
            Price::Coin(amount) | Price::Token { amount, .. } => (amount, None),
            Price::Fiat(sum) => (self.quote(network, sum, of).await?, Some(sum)),
        };
        Ok(Asked { price, token, amount, fiat })
    }

    /// What a sum is in a currency now.
    async fn quote(&self, network: &Network, sum: Cents, of: &Currency) -> Result<Wei, Problem> {
        let quotes = network.quotes.as_ref().ok_or(CheckoutError::NotForSale)?;
        let route = quotes.route(sum.currency, of).ok_or(CheckoutError::NotForSale)?;
        let rounds = route.rounds(|feed| network.chain.round(feed, None)).await?;
        let quoted = route.convert(sum, &rounds, seconds(self.0.now()));
        quoted.map_err(|why| {
            let chain_id = network.policy.chain_id;
            tracing::warn!(chain_id, currency = sum.currency.word(), of = of.symbol, ?why, "no quote");
            metrics::counter!("lectern_quotes_refused_total",
                "chain" => chain_id.to_string(), "currency" => sum.currency.word())
            .increment(1);
            CheckoutError::NoRate.into()
        })
    }

    /// What was paid was worth in a state's currency at its block, where a feed tells and a node still knows;
    /// nothing depends on it.
    pub(super) async fn worth(&self, network: &Network, found: &Found, token: Address) -> Option<Cents> {
        let feed = network.quotes.as_ref()?.feeds.iter().find(|feed| feed.of.token == token)?;
        let round = network.chain.round(feed.address, Some(found.block_number)).await.ok()?;
        worth(found.amount, &round, feed, found.block_time).ok()
    }
}

/// A price, and what is to be paid for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub price: Price,
    pub token: Address,
    pub amount: Wei,
    /// The price, where a feed converted it.
    pub fiat: Option<Cents>,
}

/// In whole seconds, as chains count.
pub(super) fn seconds(time: Time) -> u64 {
    u64::try_from(time.0 / 1000).unwrap_or_default()
}
