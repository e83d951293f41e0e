//! Amounts of a chain's coin and of tokens, in base units, with exact decimal text on both sides.

use std::{fmt, str::FromStr};

use ruint::aliases::U256;
use serde::{Deserialize, Serialize};

use crate::evm::Address;

/// An amount in base units: wei (10⁻¹⁸) of the chain's coin, or what a token counts in. Text form: decimal
/// digits, no sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wei(U256);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("Write an amount such as 0.02.")]
    NotANumber,
    /// More digits after the point than the currency has.
    #[error("An amount has at most {0} digits after the point.")]
    TooFine(u8),
    /// Larger than a listing can hold (89 bits).
    #[error("That amount is too large.")]
    TooLarge,
}

/// The digits of the chain's coin after the point.
pub const COIN_DECIMALS: u8 = 18;

/// An amount that can still change is told with so many significant digits.
const ABOUT_DIGITS: usize = 4;

/// What amounts are counted in: the chain's coin, or a token on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// The token's contract (ERC-20); zero: the chain's coin.
    pub token: Address,
    /// Its symbol, such as `ETH` or `USDC`.
    pub symbol: String,
    /// Its digits after the point, at most [`Currency::MAX_DECIMALS`].
    pub decimals: u8,
}

impl Currency {
    /// Tokens with more digits after the point are not sold for.
    pub const MAX_DECIMALS: u8 = 24;

    /// The chain's coin.
    pub fn coin(symbol: impl Into<String>) -> Self {
        Self { token: Address::ZERO, symbol: symbol.into(), decimals: COIN_DECIMALS }
    }

    /// Whether it is the chain's coin.
    pub fn is_coin(&self) -> bool {
        self.token == Address::ZERO
    }

    /// The full figure, without trailing zeros: `0.02`.
    pub fn figure(&self, amount: Wei) -> String {
        amount.figure(self.decimals)
    }

    /// For reading, with the symbol: `0.02 ETH`, at most six significant digits.
    pub fn short(&self, amount: Wei) -> String {
        format!("{}\u{a0}{}", shortened(self.figure(amount)), self.symbol)
    }

    /// The same of an amount that can still change, rounded to four significant digits: `0.01633 ETH`.
    pub fn about(&self, amount: Wei) -> String {
        self.short(amount.rounded(self.decimals))
    }
}

impl Wei {
    /// Nothing: the price of a free tier.
    pub const ZERO: Self = Self(U256::ZERO);
    /// The largest price a listing can hold: the contract keeps prices below 2⁸⁹.
    pub const MAX_PRICE: Self = Self(U256::from_limbs([u64::MAX, (1 << 25) - 1, 0, 0]));

    /// From a whole number of wei.
    pub fn new(wei: U256) -> Self {
        Self(wei)
    }

    /// The whole number of wei.
    pub fn get(self) -> U256 {
        self.0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum; saturating, since no chain holds that much.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; nothing where it is less.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// To the nearest amount of so few digits; what is before the point is kept whole.
    fn rounded(self, decimals: u8) -> Self {
        let dropped = self.0.to_string().len().saturating_sub(ABOUT_DIGITS).min(usize::from(decimals));
        let unit = U256::from(10).pow(U256::from(dropped));
        Self(self.0.saturating_add(unit / U256::from(2)) / unit * unit)
    }

    /// Parses what a person writes in the unit of a currency with so many digits after the point: `0.02`,
    /// `1`, `.5`.
    ///
    /// # Errors
    /// When it is no plain decimal number, too fine, or above [`Wei::MAX_PRICE`].
    pub fn parse_figure(text: &str, decimals: u8) -> Result<Self, AmountError> {
        let text = text.trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() && fraction.is_empty()
            || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return Err(AmountError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        let places = usize::from(decimals);
        if fraction.len() > places {
            return Err(AmountError::TooFine(decimals));
        }
        let digits = format!("{whole}{fraction:0<places$}");
        if digits.trim_start_matches('0').len() > 40 {
            return Err(AmountError::TooLarge);
        }
        let wei = Self(U256::from_str_radix(&digits, 10).map_err(|_| AmountError::TooLarge)?);
        if wei > Self::MAX_PRICE { Err(AmountError::TooLarge) } else { Ok(wei) }
    }

    /// The full figure in the unit of a currency with so many digits after the point, without trailing
    /// zeros: `0.02`.
    pub fn figure(self, decimals: u8) -> String {
        let places = usize::from(decimals);
        let digits = format!("{:0>1$}", self.0.to_string(), places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }

    /// [`Wei::parse_figure`] of the chain's coin.
    ///
    /// # Errors
    /// As there.
    pub fn from_ether(text: &str) -> Result<Self, AmountError> {
        Self::parse_figure(text, COIN_DECIMALS)
    }

    /// [`Wei::figure`] of the chain's coin.
    pub fn to_ether(self) -> String {
        self.figure(COIN_DECIMALS)
    }
}

/// A figure's first six significant digits; a whole part is kept whole.
fn shortened(exact: String) -> String {
    let Some((whole, fraction)) = exact.split_once('.') else { return exact };
    let zeros = if whole == "0" { fraction.len() - fraction.trim_start_matches('0').len() } else { 0 };
    let room = if whole == "0" { 6 } else { 6usize.saturating_sub(whole.len()) };
    match fraction.get(..(zeros + room).min(fraction.len())).map(|f| f.trim_end_matches('0')) {
        None | Some("") => whole.to_owned(),
        Some(kept) => format!("{whole}.{kept}"),
    }
}

/// The decimal number of base units.
impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Wei {
    type Err = AmountError;
    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError::NotANumber);
        }
        U256::from_str_radix(text, 10).map(Self).map_err(|_| AmountError::TooLarge)
    }
}

impl TryFrom<String> for Wei {
    type Error = AmountError;
    fn try_from(text: String) -> Result<Self, AmountError> {
        text.parse()
    }
}

impl From<Wei> for String {
    fn from(wei: Wei) -> Self {
        wei.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        let wei = |text| Wei::from_ether(text).map(|w| w.to_string());
        assert_eq!(wei("0.02").unwrap(), "20000000000000000");
        assert_eq!(wei(" 1 ").unwrap(), "1000000000000000000");
        assert_eq!(wei(".5").unwrap(), "500000000000000000");
        assert_eq!(wei("0").unwrap(), "0");
        for bad in ["", ".", "-1", "1e18", "0x1", "1,5", "1.2.3", "NaN", "٣"] {
            assert_eq!(wei(bad), Err(AmountError::NotANumber), "{bad}");
        }
        assert_eq!(wei("0.0000000000000000001"), Err(AmountError::TooFine(18)));
        assert_eq!(wei("99999999999999"), Err(AmountError::TooLarge));
        assert_eq!(wei(&"9".repeat(500)), Err(AmountError::TooLarge));
    }

    #[test]
    fn knows_how_finely_a_token_counts() {
        let dollars = Currency { symbol: "USDC".to_owned(), decimals: 6, ..Currency::coin("") };
        assert_eq!(Wei::parse_figure("49.5", 6).unwrap().to_string(), "49500000");
        assert_eq!(Wei::parse_figure("0.0000001", 6), Err(AmountError::TooFine(6)));
        assert_eq!(Wei::parse_figure("7", 0).unwrap().figure(0), "7");
        assert_eq!(dollars.figure(Wei::new(U256::from(49_500_000))), "49.5");
        assert_eq!(dollars.short(Wei::new(U256::from(1))), "0.000001\u{a0}USDC");
    }

    #[test]
    fn shortens_for_reading_only() {
        let short = |wei: &str| shortened(wei.parse::<Wei>().unwrap().to_ether());
        assert_eq!(short("20000000000000000"), "0.02");
        assert_eq!(short("1234567890000000000"), "1.23456");
        assert_eq!(short("123456789"), "0.000000000123456");
        assert_eq!(short("1000000000000000000000"), "1000");
        assert_eq!(short("1234567000000000000000000"), "1234567");
    }

    #[test]
    fn rounds_what_can_still_change_to_four_digits() {
        let coin = Currency::coin("ETH");
        let about = |ether: &str| coin.about(Wei::from_ether(ether).unwrap()).replace('\u{a0}', " ");
        for (exact, text) in [
            ("0.016333333333333334", "0.01633 ETH"),
            ("0.016335", "0.01634 ETH"),
            ("0.04", "0.04 ETH"),
            ("0.00099999", "0.001 ETH"),
            ("0.000000000000000001", "0.000000000000000001 ETH"),
            ("49.0245", "49.02 ETH"),
            ("999.96", "1000 ETH"),
            ("12345.5", "12346 ETH"),
            ("1234567", "1234567 ETH"),
        ] {
            assert_eq!(about(exact), text);
        }
        let dollars = Currency { symbol: "USDC".to_owned(), decimals: 6, ..coin };
        assert_eq!(dollars.about(Wei::new(U256::from(49_004_901))), "49\u{a0}USDC");
        let whole = Currency { decimals: 0, ..dollars };
        assert_eq!(whole.about(Wei::new(U256::from(123_456))), "123456\u{a0}USDC");
    }

    proptest! {
        #[test]
        fn ether_text_goes_there_and_back(wei in 0u128..(1 << 89)) {
            let wei = Wei::new(U256::from(wei));
            prop_assert_eq!(Wei::from_ether(&wei.to_ether()).unwrap(), wei);
        }
    }
}
