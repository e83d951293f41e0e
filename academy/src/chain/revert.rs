//! Why the market refused, in plain words.

use alloy::{
    hex,
    sol_types::{Panic, Revert, SolError, SolInterface},
};

use crate::money::Wei;

mod abi {
    alloy::sol! {
        interface Refusals {
            error CourseMarket_AlreadyOwned(address beneficiary, uint256 courseId, uint8 tier);
            error CourseMarket_WrongPrice(uint256 required, uint256 sent);
            error CourseMarket_TokenNotAllowed(address token);
            error CourseMarket_WrongTokenAmount(address token, uint256 expected, uint256 received);
            error CourseMarket_TokenBooksFull(address token);
            error CourseMarket_WrongCurrency(address token);
            error CourseMarket_AmountOutOfRange(uint256 amount);
            error CourseMarket_UnknownPurchase(bytes32 orderId);
            error CourseMarket_WindowEnded(uint256 refundableUntil);
            error CourseMarket_TierNotForSale(uint256 courseId, uint8 tier);
            error CourseMarket_UnknownCourse(uint256 courseId);
            error CourseMarket_PurchasesPaused();
            error CourseMarket_OrderExpired(uint256 deadline);
            error CourseMarket_QuoteInvalid();
            error CourseMarket_QuoteSpent(uint256 refundedAt, uint256 deadline);
            error CourseMarket_QuoteTooLong(uint256 latest, uint256 given);
            error CourseMarket_ZeroAddress();
            error CourseMarket_NotAToken(address token);
            error CourseMarket_TooManyTokens();
            error CourseMarket_FeeTooHigh(uint256 max, uint256 given);
            error CourseMarket_PurchasesNotPaused();
            error CourseMarket_NotFeePayee(address caller);
            error CourseMarket_NothingToWithdraw(address payee);
            error CourseMarket_TransferFailed(address to, uint256 amount);
            error CourseMarket_NotSurplus(address token, uint256 surplus, uint256 asked);
            error CourseMarket_TokenShrank(address token, uint256 held, uint256 balance);
            error OwnableInvalidOwner(address owner);
            error OwnableUnauthorizedAccount(address account);
        }
    }
}

use abi::Refusals::RefusalsErrors as Refusal;

/// Whether the beneficiary has the pass already.
pub(super) fn is_owned(data: &[u8]) -> bool {
    matches!(Refusal::abi_decode(data), Ok(Refusal::CourseMarket_AlreadyOwned(_)))
}

/// What revert data says.
pub(super) fn in_words(data: &[u8]) -> String {
    if data.is_empty() {
        return "it gives no reason".to_owned();
    }
    match Refusal::abi_decode(data) {
        Ok(refusal) => words_of(refusal),
        Err(_) => Revert::abi_decode(data)
            .map(|text| text.reason)
            .or_else(|_| Panic::abi_decode(data).map(|panic| panic.to_string()))
            .unwrap_or_else(|_| {
                format!("an error that this version does not know ({})", hex::encode_prefixed(data))
            }),
    }
}

fn words_of(refusal: Refusal) -> String {
    match refusal {
        Refusal::CourseMarket_AlreadyOwned(_) => {
            "this account has bought this tier already; nothing is charged twice".to_owned()
        }
        Refusal::CourseMarket_WrongPrice(wrong) => format!(
            "the price on the chain is {}, and {} would be sent",
            Wei::new(wrong.required).to_ether(),
            Wei::new(wrong.sent).to_ether()
        ),
        Refusal::CourseMarket_TokenNotAllowed(wrong) => format!("the market takes no {}", wrong.token),
        Refusal::CourseMarket_WrongTokenAmount(wrong) => format!(
            "{} units of {} came in place of {}: it takes a fee, or changes balances",
            wrong.received, wrong.token, wrong.expected
        ),
        Refusal::CourseMarket_TokenBooksFull(wrong) => {
            format!("the market can keep no more of {}", wrong.token)
        }
        Refusal::CourseMarket_WrongCurrency(_) => "the price is in another currency".to_owned(),
        Refusal::CourseMarket_AmountOutOfRange(_) => "no purchase can be of that sum".to_owned(),
        Refusal::CourseMarket_UnknownPurchase(_) => {
            "the market holds no such purchase; it may have gone back already".to_owned()
        }
        Refusal::CourseMarket_WindowEnded(_) => "its money-back window has ended".to_owned(),
        Refusal::CourseMarket_TierNotForSale(_) => "this tier is not for sale on the chain".to_owned(),
        Refusal::CourseMarket_NotSurplus(sum) => format!(
            "the market has {} units of that token beside what it keeps for buyers and payees, and {} were asked for",
            sum.surplus, sum.asked
        ),
        Refusal::CourseMarket_TokenShrank(less) => format!(
            "the market would have {} units of {}, and {} have to be there for buyers and payees",
            less.balance, less.token, less.held
        ),
        Refusal::CourseMarket_UnknownCourse(_) => "the chain knows no such course".to_owned(),
        Refusal::CourseMarket_PurchasesPaused(_) => {
            "purchases are paused by whoever runs the market".to_owned()
        }
        Refusal::CourseMarket_OrderExpired(_) => "the order's time has run out".to_owned(),
        Refusal::CourseMarket_QuoteInvalid(_) => {
            "the market's quote signer did not sign this price".to_owned()
        }
        Refusal::CourseMarket_QuoteSpent(_) => {
            "this price was quoted before a refund, and can't be used again".to_owned()
        }
        Refusal::CourseMarket_QuoteTooLong(_) => "this price holds longer than the market allows".to_owned(),
        Refusal::CourseMarket_ZeroAddress(_) => "an account is missing in the call".to_owned(),
        Refusal::CourseMarket_NotAToken(_) => "there is no token at that address".to_owned(),
        Refusal::CourseMarket_TooManyTokens(_) => "no more tokens fit on the market's list".to_owned(),
        Refusal::CourseMarket_FeeTooHigh(wrong) => {
            format!("the fee is {} bps at most, for good, and {} are asked for", wrong.max, wrong.given)
        }
        Refusal::CourseMarket_PurchasesNotPaused(_) => "purchases are not paused".to_owned(),
        Refusal::CourseMarket_NotFeePayee(_) => "only the market's fee payee may do that".to_owned(),
        Refusal::CourseMarket_NothingToWithdraw(_) => "there is nothing to withdraw".to_owned(),
        Refusal::CourseMarket_TransferFailed(failed) => {
            format!("{} does not take the money; name another account", failed.to)
        }
        Refusal::OwnableUnauthorizedAccount(_) => "only the market's owner may do that".to_owned(),
        Refusal::OwnableInvalidOwner(_) => "a market needs an owner".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;

    use super::*;

    #[test]
    fn says_why_the_market_refused() {
        let paused = abi::Refusals::CourseMarket_PurchasesPaused {}.abi_encode();
        assert!(in_words(&paused).contains("paused"));
        let wrong = abi::Refusals::CourseMarket_WrongPrice {
            required: U256::from(30_000_000_000_000_000_u64),
            sent: U256::from(20_000_000_000_000_000_u64),
        };
        let words = in_words(&wrong.abi_encode());
        assert!(words.contains("0.03") && words.contains("0.02"), "{words}");
        let fee = abi::Refusals::CourseMarket_FeeTooHigh { max: U256::from(1000), given: U256::from(1001) };
        let words = in_words(&fee.abi_encode());
        assert!(words.contains("1000 bps") && words.contains("1001"), "{words}");
        let text = Revert::from("no luck").abi_encode();
        assert!(in_words(&text).contains("no luck"));
        assert_eq!(in_words(&[]), "it gives no reason");
        assert!(in_words(&[1, 2, 3, 4]).contains("0x01020304"));
    }
}
