//! Price feeds on a chain (Chainlink's `AggregatorV3Interface`), and what their answers make of a sum. Pure.
//!
//! A feed is believed only within its bounds: an answer that is stale, absurd or not one is no quote
//! (edge case 15). On a rollup the sequencer must have been up for a while first: what feeds said while it
//! was down is old.

use futures::{future::OptionFuture, try_join};
use ruint::aliases::U256;

use crate::{
    chain::Round,
    evm::Address,
    money::{Currency, Wei},
    price::{Cents, Fiat},
};

/// After a sequencer comes back, feeds need so long to catch up (Chainlink's own advice).
const SEQUENCER_GRACE_SECONDS: u64 = 3600;
/// No feed has more digits after the point.
const MAX_DECIMALS: u8 = 36;
/// A feed's clock may be so far ahead of ours.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// A feed that says how much of a state's currency something is worth: what is paid in, or one of another
/// state's currency.
#[derive(Clone, Debug)]
pub struct Feed<Of = Currency> {
    /// The state's currency.
    pub currency: Fiat,
    /// The chain's coin or a token; or a state's currency.
    pub of: Of,
    /// The aggregator's contract.
    pub address: Address,
    /// An answer older than this is stale: the feed's heartbeat, and some room.
    pub max_age_seconds: u64,
    /// Answers below are absurd, in cents.
    pub min_cents: u64,
    /// Answers above are, too.
    pub max_cents: u64,
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

/// How a sum in a state's currency becomes one in what is paid in: by a feed of the two, or by a cross rate.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// That of what is paid in.
    pub feed: &'a Feed,
    /// Where that one is in another state's currency: the feed of the sum's currency in that. With EUR/USD and
    /// ETH/USD, a price in euros is quoted in ether.
    pub cross: Option<&'a Feed<Fiat>>,
    /// On a rollup: the feed that says whether its sequencer is up.
    pub sequencer: Option<Address>,
}

/// What a route's feeds answered.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// The feed of what is paid in.
    pub feed: Round,
    /// The other one of a cross rate.
    pub cross: Option<Round>,
    /// The sequencer's.
    pub sequencer: Option<Round>,
}

impl Route<'_> {
    /// The currency of the sums that it converts.
    pub fn currency(&self) -> Fiat {
        self.cross.map_or(self.feed.currency, |cross| cross.of)
    }

    /// Asks its feeds, all at the same time.
    ///
    /// # Errors
    /// When one can't be asked.
    pub async fn rounds<F, E>(&self, ask: impl Fn(Address) -> F) -> Result<Rounds, E>
    where
        F: Future<Output = Result<Round, E>>,
    {
        let maybe = |feed: Option<Address>| {
            let answer = OptionFuture::from(feed.map(&ask));
            async { answer.await.transpose() }
        };
        let cross = maybe(self.cross.map(|cross| cross.address));
        let (sequencer, feed, cross) = try_join!(maybe(self.sequencer), ask(self.feed.address), cross)?;
        Ok(Rounds { feed, cross, sequencer })
    }

    /// What a sum is worth in what is paid in, rounded up to a base unit.
    ///
    /// # Errors
    /// When an answer is not to be believed.
    pub fn convert(&self, sum: Cents, rounds: &Rounds, now_seconds: u64) -> Result<Wei, NoRate> {
        if self.sequencer.is_some()
            && !rounds.sequencer.is_some_and(|round| sequencer_is_up(&round, now_seconds))
        {
            return Err(NoRate::SequencerDown);
        }
        let rate = self.feed.rate(&rounds.feed, now_seconds)?;
        // How many of the feed's currency one of the sum's is.
        let cross = match self.cross {
            Some(cross) => cross.rate(rounds.cross.as_ref().ok_or(NoRate::Absurd)?, now_seconds)?,
            None => Rate { answer: U256::ONE, unit: U256::ONE },
        };
        let wei = || {
            let sum = U256::from(sum.amount).checked_mul(cross.answer)?;
            let units = sum.checked_mul(whole(&self.feed.of))?.checked_mul(rate.unit)?;
            let each = cross.unit.checked_mul(rate.answer)?.checked_mul(U256::from(100))?;
            Some(Wei::new(units.div_ceil(each)))
        };
        wei().filter(|wei| *wei <= Wei::MAX_PRICE && !wei.is_zero()).ok_or(NoRate::Absurd)
    }
}

/// A feed's answer that is to be believed: of so many parts of one.
struct Rate {
    answer: U256,
    unit: U256,
}

impl<Of> Feed<Of> {
    fn rate(&self, round: &Round, now_seconds: u64) -> Result<Rate, NoRate> {
        if round.updated_at == 0
            || round.updated_at > now_seconds.saturating_add(CLOCK_SKEW_SECONDS)
            || now_seconds.saturating_sub(round.updated_at) > self.max_age_seconds
        {
            return Err(NoRate::Stale);
        }
        if round.decimals > MAX_DECIMALS {
            return Err(NoRate::Absurd);
        }
        let unit = U256::from(10).pow(U256::from(round.decimals));
        let hundredths = |cents: u64| U256::from(cents) * unit;
        let believable = hundredths(self.min_cents.max(1))..=hundredths(self.max_cents);
        let answer = round.answer.filter(|answer| {
            let cents = answer.checked_mul(U256::from(100));
            !answer.is_zero() && cents.is_some_and(|cents| believable.contains(&cents))
        });
        Ok(Rate { answer: answer.ok_or(NoRate::Absurd)?, unit })
    }
}

/// What a sum of what a feed prices is worth by its answer, to the nearest cent: for receipts, not for prices.
///
/// # Errors
/// When the answer is not to be believed.
pub fn worth(sum: Wei, round: &Round, feed: &Feed, now_seconds: u64) -> Result<Cents, NoRate> {
    let Rate { answer, unit } = feed.rate(round, now_seconds)?;
    let whole = whole(&feed.of) * unit;
    let hundredths = sum.get().checked_mul(answer * U256::from(100)).ok_or(NoRate::Absurd)?;
    let cents = (hundredths + whole / U256::from(2)) / whole;
    u64::try_from(cents)
        .ok()
        .filter(|cents| i64::try_from(*cents).is_ok())
        .map(|amount| Cents { currency: feed.currency, amount })
        .ok_or(NoRate::Absurd)
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
