//! What something costs, in what it is priced in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    catalog::words,
    evm::Address,
    money::{AmountError, COIN_DECIMALS, Currency, Wei},
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

/// A cent is the second digit after the point.
const CENT_DECIMALS: u8 = 2;

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
        let amount = u64::try_from(Wei::parse_figure(text, CENT_DECIMALS)?.get());
        let amount = amount.ok().filter(|amount| *amount <= Self::MAX).ok_or(AmountError::TooLarge)?;
        Ok(Self { currency, amount })
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

/// What a price is written in. As text: empty for the chain's coin, `USD`, or a token's contract and its
/// digits after the point, `0x…/6`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// The chain's own coin.
    #[default]
    Coin,
    /// A state's currency.
    Fiat(Fiat),
    /// A token (ERC-20).
    Token {
        /// Its contract.
        token: Address,
        /// Its digits after the point.
        decimals: u8,
    },
}

/// The text names no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Choose one of the currencies.")]
pub struct UnknownUnit;

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coin => Ok(()),
            Self::Fiat(fiat) => f.write_str(fiat.word()),
            Self::Token { token, decimals } => write!(f, "{token}/{decimals}"),
        }
    }
}

impl FromStr for Unit {
    type Err = UnknownUnit;
    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        match text.split_once('/') {
            None if text.is_empty() => Ok(Self::Coin),
            None => text.parse().map(Self::Fiat).map_err(|_| UnknownUnit),
            Some((token, decimals)) => {
                let decimals = decimals.parse().ok().filter(|digits| *digits <= Currency::MAX_DECIMALS);
                let token = token.parse().ok().filter(|token| *token != Address::ZERO);
                let known = token.zip(decimals).map(|(token, decimals)| Self::Token { token, decimals });
                known.ok_or(UnknownUnit)
            }
        }
    }
}

impl From<&Currency> for Unit {
    fn from(currency: &Currency) -> Self {
        match currency.token {
            Address::ZERO => Self::Coin,
            token => Self::Token { token, decimals: currency.decimals },
        }
    }
}

/// A tier's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// In the chain's own coin; zero is free.
    Coin(Wei),
    /// In a state's currency, never zero: paid in the coin or a token, at a rate that is quoted to each
    /// buyer.
    Fiat(Cents),
    /// In a token, never zero.
    Token {
        /// Its contract.
        token: Address,
        /// Its digits after the point.
        decimals: u8,
        /// How much, in its base units.
        amount: Wei,
    },
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

    /// Parses a figure in a unit. Nothing of any unit is free.
    ///
    /// # Errors
    /// What is wrong with the figure.
    pub fn parse(figure: &str, unit: Unit) -> Result<Self, AmountError> {
        let price = match unit {
            Unit::Coin => Self::Coin(Wei::parse_figure(figure, COIN_DECIMALS)?),
            Unit::Fiat(currency) => Self::Fiat(Cents::parse(figure, currency)?),
            Unit::Token { token, decimals } => {
                Self::Token { token, decimals, amount: Wei::parse_figure(figure, decimals)? }
            }
        };
        Ok(if price.is_nothing() { Self::FREE } else { price })
    }

    fn is_nothing(self) -> bool {
        match self {
            Self::Coin(amount) | Self::Token { amount, .. } => amount.is_zero(),
            Self::Fiat(cents) => cents.amount == 0,
        }
    }

    /// The figure, as [`Price::parse`] reads it.
    pub fn figure(self) -> String {
        match self {
            Self::Coin(wei) => wei.to_ether(),
            Self::Fiat(cents) => cents.figure(),
            Self::Token { decimals, amount, .. } => amount.figure(decimals),
        }
    }

    /// What it is written in.
    pub fn unit(self) -> Unit {
        match self {
            Self::Coin(_) => Unit::Coin,
            Self::Fiat(cents) => Unit::Fiat(cents.currency),
            Self::Token { token, decimals, .. } => Unit::Token { token, decimals },
        }
    }

    /// Its unit and its base units, as the database keeps them.
    #[cfg(feature = "server")]
    pub(crate) fn stored(self) -> (String, String) {
        let units = match self {
            Self::Coin(amount) | Self::Token { amount, .. } => amount.to_string(),
            Self::Fiat(cents) => cents.amount.to_string(),
        };
        (self.unit().to_string(), units)
    }

    /// What [`Price::stored`] wrote.
    #[cfg(feature = "server")]
    pub(crate) fn from_stored(unit: &str, units: &str) -> Option<Self> {
        Some(match unit.parse().ok()? {
            Unit::Coin => Self::Coin(units.parse().ok()?),
            Unit::Fiat(currency) => Self::Fiat(Cents { currency, amount: units.parse().ok()? }),
            Unit::Token { token, decimals } => Self::Token { token, decimals, amount: units.parse().ok()? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Unit = Unit::Token { token: Address([1; 20]), decimals: 6 };

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
        assert_eq!(Cents::parse("1.001", Fiat::Eur), Err(AmountError::TooFine(2)));
        for text in ["10000000.01", "99999999999999999999"] {
            assert_eq!(Cents::parse(text, Fiat::Eur), Err(AmountError::TooLarge), "{text}");
        }
        for unit in [Unit::Coin, Unit::Fiat(Fiat::Gbp), TOKEN] {
            assert_eq!(Price::parse("0.00", unit), Ok(Price::FREE));
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn is_kept_and_shown_as_it_was() {
        for (figure, unit) in [
            ("0.02", Unit::Coin),
            ("0", Unit::Coin),
            ("49.00", Unit::Fiat(Fiat::Usd)),
            ("0.05", Unit::Fiat(Fiat::Chf)),
            ("49.5", TOKEN),
        ] {
            let price = Price::parse(figure, unit).unwrap();
            assert_eq!((price.figure().as_str(), price.unit()), (figure, unit));
            let (word, units) = price.stored();
            assert_eq!(Price::from_stored(&word, &units), Some(price));
        }
        for word in ["XAU", "0x12/6", "0x1111111111111111111111111111111111111111/99", "/6", "/"] {
            assert_eq!(Price::from_stored(word, "1"), None, "{word}");
        }
    }
}
