//! What something costs, in what it is priced in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    catalog::words,
    money::{AmountError, Wei},
};

words! {
    /// A currency of states that a price may be written in (ISO 4217), each of a hundred cents.
    Fiat {
        /// The US dollar.
        Usd = "USD",
        /// The euro.
        Eur = "EUR",
        /// The pound sterling.
        Gbp = "GBP",
        /// The Swiss franc.
        Chf = "CHF",
    }
}

/// A sum of a state's currency, in cents. Written as `49.00 USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cents {
    /// Which currency.
    pub currency: Fiat,
    /// How many hundredths of it.
    pub amount: u64,
}

impl Cents {
    /// The dearest that a tier may be: ten million.
    pub const MAX: u64 = 1_000_000_000;

    /// Parses what a person writes in the currency's unit: `49`, `49.5`, `.99`.
    ///
    /// # Errors
    /// When it is no plain decimal number, finer than a cent, or above [`Cents::MAX`].
    pub fn parse(text: &str, currency: Fiat) -> Result<Self, AmountError> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        if whole.is_empty() && fraction.is_empty()
            || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        {
            return Err(AmountError::NotANumber);
        }
        if fraction.len() > 2 {
            return Err(AmountError::FinerThanCents);
        }
        let amount = format!("{whole}{fraction:0<2}").parse().map_err(|_| AmountError::TooLarge)?;
        if amount > Self::MAX { Err(AmountError::TooLarge) } else { Ok(Self { currency, amount }) }
    }

    /// The figure without the currency: `49.00`.
    pub fn figure(self) -> String {
        format!("{}.{:02}", self.amount / 100, self.amount % 100)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\u{a0}{}", self.figure(), self.currency.word())
    }
}

/// A tier's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// In the chain's own coin; zero is free.
    Coin(Wei),
    /// In a state's currency, never zero: paid in the coin, at a rate that is quoted to each buyer.
    Fiat(Cents),
}

impl Default for Price {
    fn default() -> Self {
        Self::FREE
    }
}

impl Price {
    /// Nothing.
    pub const FREE: Self = Self::Coin(Wei::ZERO);

    /// Whether it costs nothing.
    pub fn is_zero(self) -> bool {
        self == Self::FREE
    }

    /// Parses a figure and a currency's word; no word is the chain's coin.
    ///
    /// # Errors
    /// What is wrong with the figure.
    pub fn parse(figure: &str, currency: Option<Fiat>) -> Result<Self, AmountError> {
        match currency {
            None => Wei::from_ether(figure).map(Self::Coin),
            Some(currency) => Cents::parse(figure, currency).map(|cents| match cents.amount {
                0 => Self::FREE,
                _ => Self::Fiat(cents),
            }),
        }
    }

    /// The figure, as [`Price::parse`] reads it.
    pub fn figure(self) -> String {
        match self {
            Self::Coin(wei) => wei.to_ether(),
            Self::Fiat(cents) => cents.figure(),
        }
    }

    /// Its currency, unless it is the chain's coin.
    pub fn fiat(self) -> Option<Fiat> {
        match self {
            Self::Coin(_) => None,
            Self::Fiat(cents) => Some(cents.currency),
        }
    }

    /// The currency's word, empty for the coin, and the base units, as the database keeps them.
    #[cfg(feature = "server")]
    pub(crate) fn stored(self) -> (&'static str, String) {
        match self {
            Self::Coin(wei) => ("", wei.to_string()),
            Self::Fiat(cents) => (cents.currency.word(), cents.amount.to_string()),
        }
    }

    /// What [`Price::stored`] wrote.
    #[cfg(feature = "server")]
    pub(crate) fn from_stored(currency: &str, units: &str) -> Option<Self> {
        match currency {
            "" => units.parse().ok().map(Self::Coin),
            word => {
                let currency = word.parse().ok()?;
                units.parse().ok().map(|amount| Self::Fiat(Cents { currency, amount }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, cents) in
            [("49", 4900), ("49.5", 4950), (" 49.05 ", 4905), (".99", 99), ("0", 0), ("007", 700)]
        {
            assert_eq!(Cents::parse(text, Fiat::Usd).map(|sum| sum.amount), Ok(cents), "{text}");
        }
        for text in ["", ".", "-1", "1e3", "1,50", "ten", "1.2.3", "١"] {
            assert_eq!(Cents::parse(text, Fiat::Usd), Err(AmountError::NotANumber), "{text}");
        }
        assert_eq!(Cents::parse("1.001", Fiat::Eur), Err(AmountError::FinerThanCents));
        for text in ["10000000.01", "99999999999999999999"] {
            assert_eq!(Cents::parse(text, Fiat::Eur), Err(AmountError::TooLarge), "{text}");
        }
        assert_eq!(Price::parse("0.00", Some(Fiat::Gbp)), Ok(Price::FREE));
    }

    #[cfg(feature = "server")]
    #[test]
    fn is_kept_and_shown_as_it_was() {
        for (figure, currency) in
            [("0.02", None), ("0", None), ("49.00", Some(Fiat::Usd)), ("0.05", Some(Fiat::Chf))]
        {
            let price = Price::parse(figure, currency).unwrap();
            assert_eq!((price.figure().as_str(), price.fiat()), (figure, currency));
            let (word, units) = price.stored();
            assert_eq!(Price::from_stored(word, &units), Some(price));
        }
        assert_eq!(Price::from_stored("XAU", "1"), None);
    }
}
