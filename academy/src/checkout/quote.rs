//! What a price in a state's currency is in the chain's coin now, by a price feed on the chain
//! (Chainlink's `AggregatorV3Interface`), and the signature that makes the contract take it.
//!
//! A feed is believed only within its bounds: an answer that is stale, absurd or not one is no quote
//! (edge case 15). On a rollup the sequencer must have been up for a while first: what feeds said while it
//! was down is old.

use std::sync::Arc;

use ruint::aliases::U256;

use super::{error::CheckoutError, service::Checkout};
use crate::{
    Problem,
    chain::{QuoteKey, Round},
    evm::Address,
    money::Wei,
    price::{Cents, Fiat},
    time::Time,
};

/// After a sequencer comes back, feeds need so long to catch up (Chainlink's own advice).
const SEQUENCER_GRACE_SECONDS: u64 = 3600;
/// No feed has more digits after the point.
const MAX_DECIMALS: u8 = 36;
/// A feed's clock may be so far ahead of ours.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// A feed that says how much of a currency the chain's coin is worth.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The currency.
    pub currency: Fiat,
    /// The aggregator's contract.
    pub address: Address,
    /// An answer older than this is stale: the feed's heartbeat, and some room.
    pub max_age_seconds: u64,
    /// Answers below are absurd, in whole units of the currency.
    pub min: u64,
    /// Answers above are, too.
    pub max: u64,
}

/// How prices in a state's currency are quoted.
#[derive(Clone)]
pub struct Quotes {
    /// The key that the contract knows as its quote signer.
    pub key: Arc<QuoteKey>,
    /// One for each currency.
    pub feeds: Vec<Feed>,
    /// On a rollup: the feed that says whether its sequencer is up.
    pub sequencer: Option<Address>,
    /// So long a quote holds; the contract takes at most a day.
    pub ttl_minutes: i64,
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

/// The coin that a sum is worth by a feed's answer, rounded up to a wei.
///
/// # Errors
/// When the answer is not to be believed.
pub fn convert(sum: Cents, round: &Round, feed: &Feed, now_seconds: u64) -> Result<Wei, NoRate> {
    let (answer, unit) = rate(round, feed, now_seconds)?;
    let wei = (U256::from(sum.amount) * coin() * unit).div_ceil(answer * U256::from(100));
    Some(Wei::new(wei)).filter(|wei| *wei <= Wei::MAX_PRICE && !wei.is_zero()).ok_or(NoRate::Absurd)
}

/// What a sum of the coin is worth by a feed's answer, to the nearest cent: for receipts, not for prices.
///
/// # Errors
/// When the answer is not to be believed.
pub fn worth(sum: Wei, round: &Round, feed: &Feed, now_seconds: u64) -> Result<Cents, NoRate> {
    let (answer, unit) = rate(round, feed, now_seconds)?;
    let whole = coin() * unit;
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
    let believable = U256::from(feed.min.max(1)) * unit..=U256::from(feed.max) * unit;
    let answer = round.answer.filter(|answer| believable.contains(answer)).ok_or(NoRate::Absurd)?;
    Ok((answer, unit))
}

/// The wei of one coin.
fn coin() -> U256 {
    U256::from(10).pow(U256::from(18))
}

/// Whether a rollup's feeds can be believed. Such a feed answers 0 while the sequencer is up, and starts a
/// round when that changes.
pub fn sequencer_is_up(round: &Round, now_seconds: u64) -> bool {
    round.answer == Some(U256::ZERO)
        && round.started_at != 0
        && now_seconds.saturating_sub(round.started_at) > SEQUENCER_GRACE_SECONDS
}

impl Checkout<'_> {
    /// The currencies that a tier can be priced in, besides the chain's coin.
    pub fn currencies(&self) -> Vec<Fiat> {
        let quotes = self.0.0.quotes.as_ref();
        quotes.map(|quotes| quotes.feeds.iter().map(|feed| feed.currency).collect()).unwrap_or_default()
    }

    /// What a sum is in the chain's coin now.
    pub(super) async fn quote(&self, sum: Cents) -> Result<Wei, Problem> {
        let quotes = self.0.0.quotes.as_ref().ok_or(CheckoutError::NotForSale)?;
        let feed = quotes.feeds.iter().find(|feed| feed.currency == sum.currency);
        let feed = feed.ok_or(CheckoutError::NotForSale)?;
        let chain = &self.0.0.chain;
        let now = seconds(self.0.now());
        let rate = match quotes.sequencer {
            Some(address) if !sequencer_is_up(&chain.round(address).await?, now) => {
                Err(NoRate::SequencerDown)
            }
            _ => convert(sum, &chain.round(feed.address).await?, feed, now),
        };
        rate.map_err(|why| {
            tracing::warn!(currency = sum.currency.word(), ?why, "no quote");
            metrics::counter!("lectern_quotes_refused_total", "currency" => sum.currency.word()).increment(1);
            CheckoutError::NoRate.into()
        })
    }
}

/// In whole seconds, as chains count.
pub(super) fn seconds(time: Time) -> u64 {
    u64::try_from(time.0 / 1000).unwrap_or_default()
}
