//! The market contract's interface: calls to encode, events to decode, code to deploy.

use std::sync::LazyLock;

use alloy::{
    primitives::{Address as EvmAddress, B256, LogData, U256, aliases::U96},
    sol,
    sol_types::{SolCall, SolEvent, SolValue},
};

use super::{
    port::{Call, Event, Hold, Round},
    quote::Terms,
};
use crate::{catalog::Offered, evm::Address, money::Wei};

sol! {
    event CourseListed(uint256 indexed courseId, bytes32 indexed courseRef, address indexed lister, address payee);
    event TierPriced(uint256 indexed courseId, uint8 indexed tier, uint256 price, bool active);
    event PayeeChanged(uint256 indexed courseId, address indexed payee);
    event ListerChanged(uint256 indexed courseId, address indexed lister);
    event CoursePurchased(bytes32 indexed orderId, address indexed beneficiary, uint256 indexed courseId, uint8 tier, address token, uint256 amount);
    event WindowChanged(uint256 indexed courseId, uint256 window);
    event PurchaseHeld(bytes32 indexed orderId, address indexed payee, address payer, uint256 fee, uint256 refundableUntil);
    event PurchaseRefunded(bytes32 indexed orderId, address indexed beneficiary, uint256 indexed courseId, uint8 tier, address token, uint256 amount, address payer);
    event PayoutWithdrawn(address indexed payee, address indexed to, address indexed token, uint256 amount);
    event ERC20Rescued(address indexed token, address indexed to, uint256 amount);
    event Transfer(address indexed from, address indexed to, uint256 value);

    struct Tier { uint96 price; bool active; }
    struct Purchase { bytes32 orderId; uint256 courseId; uint8 tier; address beneficiary; address payer; address payee; address token; uint256 amount; uint256 fee; uint256 refundableUntil; }

    function listCourse(bytes32 courseRef, address payee, uint8 window, Tier[] tiers) external returns (uint256 courseId);
    function setTiers(uint256 courseId, Tier[] tiers) external;
    function setWindow(uint256 courseId, uint8 window) external;
    function purchase(bytes32 orderId, uint256 courseId, uint8 tier, address beneficiary) external payable;
    function refund(Purchase bought) external;
    function setQuoteSigner(address signer) external;
    function quoteSigner() external view returns (address);
    function owner() external view returns (address);
    function withdraw(address token, address to) external returns (uint256 amount);
    function payoutOf(address payee, address token) external view returns (uint256);
    function latestRoundData() external view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    function decimals() external view returns (uint8);
    function heldFor(address payee, address token) external view returns (uint256 net, uint256 fee);
}

/// The compiled market, as the contracts' own build wrote it.
pub struct Bytecode {
    /// What deploys it, without the constructor's arguments.
    pub creation: Vec<u8>,
}

/// The compiled market.
pub fn market_artifact() -> &'static Bytecode {
    static ARTIFACT: LazyLock<Bytecode> =
        LazyLock::new(|| artifact(include_str!("../../../contracts/artifacts/CourseMarket.json")));
    &ARTIFACT
}

/// What asks a wallet that is a contract whether a signature is its own (ERC-1271, ERC-6492): run, never
/// deployed.
pub(super) fn signature_check(account: Address, hash: [u8; 32], signature: &[u8]) -> Vec<u8> {
    static CHECK: LazyLock<Bytecode> =
        LazyLock::new(|| artifact(include_str!("../../../contracts/artifacts/SignatureCheck.json")));
    let mut code = CHECK.creation.clone();
    code.extend((evm(account), B256::from(hash), signature.to_vec()).abi_encode_params());
    code
}

/// A price feed for development chains, that answers this.
pub(super) fn dev_feed_creation(answer: U256) -> Vec<u8> {
    let mut code = artifact(include_str!("../../../contracts/artifacts/DevFeed.json")).creation;
    code.extend_from_slice(&answer.to_be_bytes::<32>());
    code
}

/// A token for development chains: a dollar of six digits, of which each holder has so much.
pub(super) fn dev_token_creation(symbol: &str, holders: &[Address], amount: U256) -> Vec<u8> {
    let mut code = artifact(include_str!("../../../contracts/artifacts/DevToken.json")).creation;
    let holders: Vec<EvmAddress> = holders.iter().copied().map(evm).collect();
    code.extend((symbol, holders, amount).abi_encode_params());
    code
}

fn artifact(text: &str) -> Bytecode {
    let json: serde_json::Value = serde_json::from_str(text).expect("the committed artifact is JSON");
    let code = json["bytecode"].as_str().expect("the committed artifact has a bytecode");
    Bytecode { creation: alloy::hex::decode(code).expect("the bytecode is hexadecimal") }
}

fn evm(address: Address) -> EvmAddress {
    EvmAddress::from(address.0)
}

fn tiers(offers: &[Option<Offered>]) -> Vec<Tier> {
    let price = |offer: &Option<Offered>| match offer {
        Some(Offered::At(price)) => price.get(),
        Some(Offered::ByQuote) | None => U256::ZERO,
    };
    offers
        .iter()
        // Prices are parsed with Wei::MAX_PRICE as their ceiling, 89 bits.
        .map(|offer| Tier { price: U96::saturating_from(price(offer)), active: offer.is_some() })
        .collect()
}

/// Puts a course on the list, with a money-back window in days or 0; tier i is sold as offer i says.
pub fn list_course_call(
    market: Address,
    reference: [u8; 32],
    payee: Address,
    window: u8,
    offers: &[Option<Offered>],
) -> Call {
    let call =
        listCourseCall { courseRef: B256::from(reference), payee: evm(payee), window, tiers: tiers(offers) };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Replaces a listing's prices.
pub fn set_tiers_call(market: Address, number: u64, offers: &[Option<Offered>]) -> Call {
    let call = setTiersCall { courseId: U256::from(number), tiers: tiers(offers) };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Changes a listing's money-back window, for later sales.
pub fn set_window_call(market: Address, number: u64, window: u8) -> Call {
    let call = setWindowCall { courseId: U256::from(number), window };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Buys at the listed price, in the chain's own currency.
pub fn purchase_call(market: Address, terms: &Terms) -> Call {
    let call = purchaseCall {
        orderId: B256::from(terms.order),
        courseId: U256::from(terms.number),
        tier: terms.tier,
        beneficiary: evm(terms.beneficiary),
    };
    Call { to: market, data: call.abi_encode(), value: terms.amount }
}

/// A purchase in its money-back window, with every fact that the market asks for.
#[derive(Clone, Debug)]
pub struct Refundable {
    /// The order's id as the contract keeps it.
    pub order: [u8; 32],
    /// The listing.
    pub number: u64,
    /// The tier.
    pub tier: u8,
    /// Who has the pass.
    pub beneficiary: Address,
    /// The currency; zero is the chain's own.
    pub token: Address,
    /// The price paid.
    pub amount: Wei,
    /// How the market holds it.
    pub hold: Hold,
}

/// Names the key that signs quotes; for the market's owner.
pub fn set_quote_signer_call(market: Address, signer: Address) -> Call {
    let call = setQuoteSignerCall { signer: evm(signer) };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// The calldata that asks who signs quotes, and who owns the market.
pub(super) fn roles_data() -> [Vec<u8>; 2] {
    [quoteSignerCall {}.abi_encode(), ownerCall {}.abi_encode()]
}

/// Gives a purchase back: burns the pass, and sends the price to whoever paid.
pub fn refund_call(market: Address, bought: &Refundable) -> Call {
    let call = refundCall {
        bought: Purchase {
            orderId: B256::from(bought.order),
            courseId: U256::from(bought.number),
            tier: bought.tier,
            beneficiary: evm(bought.beneficiary),
            payer: evm(bought.hold.payer),
            payee: evm(bought.hold.payee),
            token: evm(bought.token),
            amount: bought.amount.get(),
            fee: bought.hold.fee.get(),
            refundableUntil: U256::from(bought.hold.until),
        },
    };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Takes a payee's whole balance in a token or, for zero, in the coin.
pub fn withdraw_call(market: Address, to: Address, token: Address) -> Call {
    let call = withdrawCall { token: evm(token), to: evm(to) };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// The calldata that asks what a payee can withdraw in a token or, for zero, in the coin.
pub(super) fn payout_of_data(payee: Address, token: Address) -> Vec<u8> {
    payoutOfCall { payee: evm(payee), token: evm(token) }.abi_encode()
}

/// The calldata that asks what is held for a payee; the answer is the payee's part and the fee.
pub(super) fn held_for_data(payee: Address, token: Address) -> Vec<u8> {
    heldForCall { payee: evm(payee), token: evm(token) }.abi_encode()
}

/// The calldata that asks a price feed for its newest round, and for its digits after the point.
pub(super) fn round_data() -> [Vec<u8>; 2] {
    [latestRoundDataCall {}.abi_encode(), decimalsCall {}.abi_encode()]
}

/// Reads both answers.
pub(super) fn round(latest: &[u8], decimals: &[u8]) -> Option<Round> {
    let latest = latestRoundDataCall::abi_decode_returns(latest).ok()?;
    Some(Round {
        answer: (!latest.answer.is_negative()).then(|| latest.answer.into_raw()),
        decimals: decimalsCall::abi_decode_returns(decimals).ok()?,
        started_at: u64::try_from(latest.startedAt).ok()?,
        updated_at: u64::try_from(latest.updatedAt).ok()?,
    })
}

/// The first topics of all our events.
pub(super) fn topics() -> Vec<B256> {
    vec![
        CourseListed::SIGNATURE_HASH,
        TierPriced::SIGNATURE_HASH,
        PayeeChanged::SIGNATURE_HASH,
        ListerChanged::SIGNATURE_HASH,
        WindowChanged::SIGNATURE_HASH,
        CoursePurchased::SIGNATURE_HASH,
        PurchaseHeld::SIGNATURE_HASH,
        PurchaseRefunded::SIGNATURE_HASH,
        PayoutWithdrawn::SIGNATURE_HASH,
    ]
}

/// The first topic of tokens that move.
pub(super) fn transfer_topic() -> B256 {
    Transfer::SIGNATURE_HASH
}

/// The first topics of what tells why tokens came to a market, or left it.
pub(super) fn token_topics() -> Vec<B256> {
    vec![CoursePurchased::SIGNATURE_HASH, ERC20Rescued::SIGNATURE_HASH]
}

/// Reads a log as one of our events, or `None` if it is none of them.
pub(super) fn decode(log: &LogData) -> Option<Event> {
    let number = |value: U256| u64::try_from(value).ok();
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
        WindowChanged::SIGNATURE_HASH => {
            let event = WindowChanged::decode_log_data(log).ok()?;
            Event::WindowChanged { number: number(event.courseId)?, days: u8::try_from(event.window).ok()? }
        }
        PurchaseHeld::SIGNATURE_HASH => {
            let event = PurchaseHeld::decode_log_data(log).ok()?;
            Event::PurchaseHeld {
                order: event.orderId.0,
                hold: Hold {
                    payee: Address(event.payee.0.0),
                    payer: Address(event.payer.0.0),
                    fee: Wei::new(event.fee),
                    until: number(event.refundableUntil)?,
                },
            }
        }
        PurchaseRefunded::SIGNATURE_HASH => {
            let event = PurchaseRefunded::decode_log_data(log).ok()?;
            Event::PurchaseRefunded {
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
            Event::PayoutWithdrawn {
                payee: Address(event.payee.0.0),
                token: Address(event.token.0.0),
                amount: Wei::new(event.amount),
            }
        }
        // A pass moves by an event of that name, too (ERC-721): its number is one topic more.
        Transfer::SIGNATURE_HASH if log.topics().len() == 3 => {
            let event = Transfer::decode_log_data(log).ok()?;
            Event::Transferred {
                from: Address(event.from.0.0),
                to: Address(event.to.0.0),
                amount: Wei::new(event.value),
            }
        }
        ERC20Rescued::SIGNATURE_HASH => {
            let event = ERC20Rescued::decode_log_data(log).ok()?;
            Event::TokensRescued {
                token: Address(event.token.0.0),
                to: Address(event.to.0.0),
                amount: Wei::new(event.amount),
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: [U256; 5]) -> Vec<u8> {
        words.iter().flat_map(U256::to_be_bytes::<32>).collect()
    }

    #[test]
    fn each_part_of_a_feeds_round_is_read_from_its_own_place() {
        let decimals = U256::from(8).to_be_bytes::<32>();
        let told = [11, 3_000, 1_800_000_000, 1_800_000_700, 12].map(U256::from);
        let expected = Round {
            answer: Some(U256::from(3_000)),
            decimals: 8,
            started_at: 1_800_000_000,
            updated_at: 1_800_000_700,
        };
        assert_eq!(round(&words(told), &decimals), Some(expected));
        // -1, in two's complement.
        let [id, _, started_at, updated_at, answered_in] = told;
        let negative = words([id, U256::MAX, started_at, updated_at, answered_in]);
        assert_eq!(round(&negative, &decimals), Some(Round { answer: None, ..expected }));
        assert_eq!(round(&words(told)[..128], &decimals), None);
    }
}
