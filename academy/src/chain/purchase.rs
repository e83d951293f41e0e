//! Reading a purchase's calldata, for whoever is asked to sign it.

use alloy::{primitives::U256, sol_types::SolInterface};

use crate::{evm::Address, money::Wei};

mod abi {
    alloy::sol! {
        interface Purchases {
            struct Order { bytes32 orderId; uint256 courseId; uint8 tier; address beneficiary; address token; uint256 amount; uint256 deadline; }

            function purchase(bytes32 orderId, uint256 courseId, uint8 tier, address beneficiary) external payable;
            function purchaseQuoted(Order order, bytes quote) external payable;
        }
    }
}

use abi::Purchases::PurchasesCalls as Calls;

/// What a call would buy with the chain's own currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The order's id as the contract keeps it.
    pub order: [u8; 32],
    /// The listing.
    pub number: u64,
    /// The tier.
    pub tier: u8,
    /// Who gets the pass.
    pub beneficiary: Address,
    /// The quoted price; `None` where the listing's own is paid.
    pub quoted: Option<Wei>,
}

/// Reads calldata; `None` when it is no purchase with the chain's own currency that this version knows.
pub fn read_purchase(data: &[u8]) -> Option<Purchase> {
    let number = |value: U256| u64::try_from(value).ok();
    // Decoding must not pass over anything behind the arguments.
    match Calls::abi_decode_validate(data).ok()? {
        Calls::purchase(call) => Some(Purchase {
            order: call.orderId.0,
            number: number(call.courseId)?,
            tier: call.tier,
            beneficiary: Address(call.beneficiary.0.0),
            quoted: None,
        }),
        Calls::purchaseQuoted(call) => (call.order.token.is_zero()).then_some(Purchase {
            order: call.order.orderId.0,
            number: number(call.order.courseId)?,
            tier: call.order.tier,
            beneficiary: Address(call.order.beneficiary.0.0),
            quoted: Some(Wei::new(call.order.amount)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Terms, purchase_call, purchase_quoted_call, withdraw_call};

    const BUYER: Address = Address([3; 20]);

    fn terms(token: Address) -> Terms {
        let amount = Wei::new(U256::from(20));
        Terms { order: [5; 32], number: 7, tier: 2, beneficiary: BUYER, token, amount, deadline: 1 }
    }

    #[test]
    fn reads_what_the_site_writes() {
        let market = Address([9; 20]);
        let call = purchase_call(market, &terms(Address::ZERO));
        let bought = Purchase { order: [5; 32], number: 7, tier: 2, beneficiary: BUYER, quoted: None };
        assert_eq!(read_purchase(&call.data), Some(bought));
        assert_eq!(read_purchase(&call.data[..100]), None);
        assert_eq!(read_purchase(&[]), None);
        assert_eq!(read_purchase(&withdraw_call(market, BUYER, Address::ZERO).data), None);

        let quoted = |token| purchase_quoted_call(market, &terms(token), vec![1; 65]).data;
        let price = Some(Wei::new(U256::from(20)));
        assert_eq!(read_purchase(&quoted(Address::ZERO)), Some(Purchase { quoted: price, ..bought }));
        assert_eq!(read_purchase(&quoted(market)), None, "not with a token");
    }
}
