//! The market contract's interface: calls to encode, events to decode, code to deploy.

use std::sync::LazyLock;

use alloy::{
    primitives::{Address as EvmAddress, B256, LogData},
    sol,
    sol_types::{SolCall, SolEvent},
};

use super::port::{Call, Event};
use crate::{evm::Address, money::Wei};

sol! {
    event CourseListed(uint256 indexed courseId, bytes32 indexed courseRef, address indexed lister, address payee);
    event TierPriced(uint256 indexed courseId, uint8 indexed tier, uint256 price, bool active);
    event PayeeChanged(uint256 indexed courseId, address indexed payee);
    event ListerChanged(uint256 indexed courseId, address indexed lister);
    event CoursePurchased(bytes32 indexed orderId, address indexed beneficiary, uint256 indexed courseId, uint8 tier, address token, uint256 amount);
    event PayoutWithdrawn(address indexed payee, address indexed to, uint256 amount);

    function listCourse(bytes32 courseRef, address payee, uint96[] prices) external returns (uint256 courseId);
    function setTiers(uint256 courseId, uint96[] prices) external;
    function purchase(uint256 courseId, uint8 tier, address beneficiary, bytes32 orderId) external payable;
    function withdraw(address to) external returns (uint256 amount);
    function payoutOf(address payee) external view returns (uint256);
}

/// The compiled market, as the contracts' own build wrote it.
pub struct Bytecode {
    /// What deploys it, without the constructor's arguments.
    pub creation: Vec<u8>,
}

/// The compiled market.
pub fn market_artifact() -> &'static Bytecode {
    static ARTIFACT: LazyLock<Bytecode> = LazyLock::new(|| {
        let text = include_str!("../../../contracts/artifacts/CourseMarket.json");
        let json: serde_json::Value = serde_json::from_str(text).expect("the committed artifact is JSON");
        let code = json["bytecode"].as_str().expect("the committed artifact has a bytecode");
        Bytecode { creation: alloy::hex::decode(code).expect("the bytecode is hexadecimal") }
    });
    &ARTIFACT
}

fn evm(address: Address) -> EvmAddress {
    EvmAddress::from(address.0)
}

fn prices(prices: &[Wei]) -> Vec<alloy::primitives::aliases::U96> {
    prices
        .iter()
        // Prices are parsed with Wei::MAX_PRICE as their ceiling, 95 bits.
        .map(|price| alloy::primitives::aliases::U96::saturating_from(price.get()))
        .collect()
}

/// Puts a course on the list; tier i has price i, zero means none.
pub fn list_course_call(market: Address, reference: [u8; 32], payee: Address, tiers: &[Wei]) -> Call {
    let call = listCourseCall { courseRef: B256::from(reference), payee: evm(payee), prices: prices(tiers) };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Replaces a listing's prices.
pub fn set_tiers_call(market: Address, number: u64, tiers: &[Wei]) -> Call {
    let call = setTiersCall { courseId: alloy::primitives::U256::from(number), prices: prices(tiers) };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Buys a tier for a beneficiary, in the name of an order.
pub fn purchase_call(
    market: Address,
    number: u64,
    tier: u8,
    beneficiary: Address,
    order: [u8; 32],
    price: Wei,
) -> Call {
    let call = purchaseCall {
        courseId: alloy::primitives::U256::from(number),
        tier,
        beneficiary: evm(beneficiary),
        orderId: B256::from(order),
    };
    Call { to: market, data: call.abi_encode(), value: price }
}

/// Takes a payee's whole balance.
pub fn withdraw_call(market: Address, to: Address) -> Call {
    Call { to: market, data: withdrawCall { to: evm(to) }.abi_encode(), value: Wei::ZERO }
}

/// The calldata that asks what a payee is owed.
pub(super) fn payout_of_data(payee: Address) -> Vec<u8> {
    payoutOfCall { payee: evm(payee) }.abi_encode()
}

/// The first topics of all our events.
pub(super) fn topics() -> Vec<B256> {
    vec![
        CourseListed::SIGNATURE_HASH,
        TierPriced::SIGNATURE_HASH,
        PayeeChanged::SIGNATURE_HASH,
        ListerChanged::SIGNATURE_HASH,
        CoursePurchased::SIGNATURE_HASH,
        PayoutWithdrawn::SIGNATURE_HASH,
    ]
}

/// Reads a log as one of our events, or `None` if it is none of them.
pub(super) fn decode(log: &LogData) -> Option<Event> {
    let number = |id: alloy::primitives::U256| u64::try_from(id).ok();
    let topic = *log.topics().first()?;
    Some(match topic {
        CourseListed::SIGNATURE_HASH => {
            let event = CourseListed::decode_log_data(log).ok()?;
            Event::CourseListed {
                number: number(event.courseId)?,
                reference: event.courseRef.0,
                lister: Address(event.lister.0.0),
                payee: Address(event.payee.0.0),
            }
        }
        TierPriced::SIGNATURE_HASH => {
            let event = TierPriced::decode_log_data(log).ok()?;
            Event::TierPriced {
                number: number(event.courseId)?,
                tier: event.tier,
                price: Wei::new(event.price),
                active: event.active,
            }
        }
        PayeeChanged::SIGNATURE_HASH => {
            let event = PayeeChanged::decode_log_data(log).ok()?;
            Event::PayeeChanged { number: number(event.courseId)?, payee: Address(event.payee.0.0) }
        }
        ListerChanged::SIGNATURE_HASH => {
            let event = ListerChanged::decode_log_data(log).ok()?;
            Event::ListerChanged { number: number(event.courseId)?, lister: Address(event.lister.0.0) }
        }
        CoursePurchased::SIGNATURE_HASH => {
            let event = CoursePurchased::decode_log_data(log).ok()?;
            Event::CoursePurchased {
                order: event.orderId.0,
                beneficiary: Address(event.beneficiary.0.0),
                number: number(event.courseId)?,
                tier: event.tier,
                token: Address(event.token.0.0),
                amount: Wei::new(event.amount),
            }
        }
        PayoutWithdrawn::SIGNATURE_HASH => {
            let event = PayoutWithdrawn::decode_log_data(log).ok()?;
            Event::PayoutWithdrawn { payee: Address(event.payee.0.0), amount: Wei::new(event.amount) }
        }
        _ => return None,
    })
}
