//! Reading a purchase's calldata, for whoever is asked to sign it.

use alloy::sol_types::{SolCall, SolInterface};

use crate::{evm::Address, money::Wei};

mod abi {
    alloy::sol! {
        interface Purchases {
            struct Order { bytes32 orderId; uint256 courseId; uint8 tier; address beneficiary; address token; uint256 amount; uint256 deadline; }

            function purchase(bytes32 orderId, uint256 courseId, uint8 tier, address beneficiary) external payable;
            function purchaseQuoted(Order order, bytes quote) external payable;
            function purchaseForTokens(Order order, bytes quote) external;
        }

        interface Approvals {
            function approve(address spender, uint256 amount) external;
        }
    }
}

use abi::Purchases::PurchasesCalls as Calls;

/// What a call would buy.
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
    /// What it is paid in: a token, or nothing for the coin.
    pub token: Address,
    /// The quoted price; `None` where the listing's own is paid.
    pub quoted: Option<Wei>,
}

/// Reads calldata; `None` when it is no purchase that this version knows, or one that needs a signature of the
/// payer's.
pub fn read_purchase(data: &[u8]) -> Option<Purchase> {
    // Decoding must not pass over anything behind the arguments.
    match Calls::abi_decode_validate(data).ok()? {
        Calls::purchase(call) => Some(Purchase {
            order: call.orderId.0,
            number: u64::try_from(call.courseId).ok()?,
            tier: call.tier,
            beneficiary: Address(call.beneficiary.0.0),
            token: Address::ZERO,
            quoted: None,
        }),
        Calls::purchaseQuoted(call) => ordered(call.order).filter(|bought| bought.token == Address::ZERO),
        Calls::purchaseForTokens(call) => ordered(call.order).filter(|bought| bought.token != Address::ZERO),
    }
}

fn ordered(order: abi::Purchases::Order) -> Option<Purchase> {
    Some(Purchase {
        order: order.orderId.0,
        number: u64::try_from(order.courseId).ok()?,
        tier: order.tier,
        beneficiary: Address(order.beneficiary.0.0),
        token: Address(order.token.0.0),
        quoted: Some(Wei::new(order.amount)),
    })
}

/// Reads an approval's calldata (ERC-20): who may take how much. `None` when it is none.
pub fn read_approval(data: &[u8]) -> Option<(Address, Wei)> {
    let call = abi::Approvals::approveCall::abi_decode_validate(data).ok()?;
    Some((Address(call.spender.0.0), Wei::new(call.amount)))
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;

    use super::*;
    use crate::chain::{
        Terms, approve_call, purchase_call, purchase_for_tokens_call, purchase_quoted_call, withdraw_call,
    };

    const BUYER: Address = Address([3; 20]);

    fn terms(token: Address) -> Terms {
        let amount = Wei::new(U256::from(20));
        Terms { order: [5; 32], number: 7, tier: 2, beneficiary: BUYER, token, amount, deadline: 1 }
    }

    #[test]
    fn reads_what_the_site_writes() {
        let market = Address([9; 20]);
        let call = purchase_call(market, &terms(Address::ZERO));
        let token = Address::ZERO;
        let bought = Purchase { order: [5; 32], number: 7, tier: 2, beneficiary: BUYER, token, quoted: None };
        assert_eq!(read_purchase(&call.data), Some(bought));
        assert_eq!(read_purchase(&call.data[..100]), None);
        assert_eq!(read_purchase(&[]), None);
        assert_eq!(read_purchase(&withdraw_call(market, BUYER, Address::ZERO).data), None);

        let quoted = |token| purchase_quoted_call(market, &terms(token), vec![1; 65]).data;
        let price = Some(Wei::new(U256::from(20)));
        assert_eq!(read_purchase(&quoted(Address::ZERO)), Some(Purchase { quoted: price, ..bought }));
        assert_eq!(read_purchase(&quoted(market)), None, "not with a token");

        let token = Address([8; 20]);
        let paid = |token| purchase_for_tokens_call(market, &terms(token), vec![1; 65]).data;
        assert_eq!(read_purchase(&paid(token)), Some(Purchase { token, quoted: price, ..bought }));
        assert_eq!(read_purchase(&paid(Address::ZERO)), None, "not with the coin");
        let approval = approve_call(token, market, Wei::new(U256::from(20)));
        assert_eq!(read_approval(&approval.data), Some((market, Wei::new(U256::from(20)))));
        assert_eq!(read_approval(&approval.data[..67]), None);
        assert_eq!(read_approval(&paid(token)), None);
    }
}
