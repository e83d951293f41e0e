//! What a price in a state's currency is in the chain's coin or a token now, by a price feed on the chain
//! (Chainlink's `AggregatorV3Interface`), and the signature that makes the contract take it.
//!
//! A feed is believed only within its bounds: an answer that is stale, absurd or not one is no quote
//! (edge case 15). On a rollup the sequencer must have been up for a while first: what feeds said while it
//! was down is old.

use std::sync::Arc;

use ruint::aliases::U256;

use super::{error::CheckoutError, network::Network, service::Checkout, verify::Found};
use crate::{
    Problem,
    chain::{QuoteKey, Round, TokenDomain},
    evm::Address,
    money::{Currency, Wei},
    price::{Cents, Fiat, Price, Unit},
    time::Time,
};

/// After a sequencer comes back, feeds need so long to catch up (Chainlink's own advice).
const SEQUENCER_GRACE_SECONDS: u64 = 3600;
/// No feed has more digits after the point.
const MAX_DECIMALS: u8 = 36;
/// A feed's clock may be so far ahead of ours.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// A feed that says how much of a state's currency the chain's coin, or a token, is worth.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The state's currency.
    pub currency: Fiat,
    /// What is paid in: the coin or a token.
    pub of: Currency,
    /// The aggregator's contract.
    pub address: Address,
    /// An answer older than this is stale: the feed's heartbeat, and some room.
    pub max_age_seconds: u64,
    /// Answers below are absurd, in cents.
    pub min_cents: u64,
    /// Answers above are, too.
    pub max_cents: u64,
}

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
    /// On a rollup: the feed that says whether its sequencer is up.
    pub sequencer: Option<Address>,
    /// So long a quote holds; the contract takes at most a day.
    pub ttl_minutes: i64,
}

impl Quotes {
    /// The feed that says what a state's currency is in the coin or a token.
    pub(super) fn feed(&self, currency: Fiat, of: &Currency) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.currency == currency && feed.of == *of)
    }
}

/// Why a feed gives no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRate {
    /// Its newest answer is too old, or from the future.
    Stale,
    /// Its answer is none, or outside its bounds.
    Absurd,
    /// The rollup's sequencer is down, or has only just come back.
    SequencerDown,
}

/// What a sum is worth by a feed's answer in what the feed prices, rounded up to a base unit.
///
/// # Errors
/// When the answer is not to be believed.
pub fn convert(sum: Cents, round: &Round, feed: &Feed, now_seconds: u64) -> Result<Wei, NoRate> {
    let (answer, unit) = rate(round, feed, now_seconds)?;
    let wei = (U256::from(sum.amount) * whole(&feed.of) * unit).div_ceil(answer * U256::from(100));
    Some(Wei::new(wei)).filter(|wei| *wei <= Wei::MAX_PRICE && !wei.is_zero()).ok_or(NoRate::Absurd)
}

/// The same, unless the rollup that the feed is on says that its sequencer is down.
///
/// # Errors
/// When the answer is not to be believed.
pub(super) fn believed(
    sum: Cents,
    feed: &Feed,
    sequencer: Option<&Round>,
    answer: &Round,
    now_seconds: u64,
) -> Result<Wei, NoRate> {
    match sequencer {
        Some(round) if !sequencer_is_up(round, now_seconds) => Err(NoRate::SequencerDown),
        _ => convert(sum, answer, feed, now_seconds),
    }
}

/// What a sum of what a feed prices is worth by its answer, to the nearest cent: for receipts, not for prices.
///
/// # Errors
/// When the answer is not to be believed.
pub fn worth(sum: Wei, round: &Round, feed: &Feed, now_seconds: u64) -> Result<Cents, NoRate> {
    let (answer, unit) = rate(round, feed, now_seconds)?;
    let whole = whole(&feed.of) * unit;
    let hundredths = sum.get().checked_mul(answer * U256::from(100)).ok_or(NoRate::Absurd)?;
    let cents = (hundredths + whole / U256::from(2)) / whole;
    u64::try_from(cents)
        .ok()
        .filter(|cents| i64::try_from(*cents).is_ok())
        .map(|amount| Cents { currency: feed.currency, amount })
        .ok_or(NoRate::Absurd)
}

/// A feed's answer and its unit, if it is to be believed.
fn rate(round: &Round, feed: &Feed, now_seconds: u64) -> Result<(U256, U256), NoRate> {
    if round.updated_at == 0
        || round.updated_at > now_seconds.saturating_add(CLOCK_SKEW_SECONDS)
        || now_seconds.saturating_sub(round.updated_at) > feed.max_age_seconds
    {
        return Err(NoRate::Stale);
    }
    // With at most so many digits no price leaves 256 bits.
    if round.decimals > MAX_DECIMALS {
        return Err(NoRate::Absurd);
    }
    let unit = U256::from(10).pow(U256::from(round.decimals));
    let hundredths = |cents: u64| U256::from(cents) * unit;
    let believable = hundredths(feed.min_cents.max(1))..=hundredths(feed.max_cents);
    let answer = round.answer.filter(|answer| {
        let cents = answer.checked_mul(U256::from(100));
        !answer.is_zero() && cents.is_some_and(|cents| believable.contains(&cents))
    });
    Ok((answer.ok_or(NoRate::Absurd)?, unit))
}

/// The base units of one of a currency.
fn whole(currency: &Currency) -> U256 {
    U256::from(10).pow(U256::from(currency.decimals))
}

/// Whether a rollup's feeds can be believed. Such a feed answers 0 while the sequencer is up, and starts a
/// round when that changes.
pub fn sequencer_is_up(round: &Round, now_seconds: u64) -> bool {
    round.answer == Some(U256::ZERO)
        && round.started_at != 0
        && now_seconds.saturating_sub(round.started_at) > SEQUENCER_GRACE_SECONDS
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
        for feed in networks.iter().flat_map(Network::feeds) {
            if !units.iter().any(|(unit, _)| *unit == Unit::Fiat(feed.currency)) {
                units.push((Unit::Fiat(feed.currency), feed.currency.word().to_owned()));
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
        let feed = quotes.feed(sum.currency, of).ok_or(CheckoutError::NotForSale)?;
        let chain = &network.chain;
        let sequencer = match quotes.sequencer {
            Some(address) => Some(chain.round(address, None).await?),
            None => None,
        };
        let answer = chain.round(feed.address, None).await?;
        let quoted = believed(sum, feed, sequencer.as_ref(), &answer, seconds(self.0.now()));
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
        let feed = network.feeds().iter().find(|feed| feed.of.token == token)?;
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
