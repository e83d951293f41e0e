//! The rule of verification (PAYMENTS.md): each clause has a test that fails without it. The
//! evidence pays in full; then one fact is spoiled, and nothing else.

use academy::{
    chain::{BlockRef, Event, Log, Receipt},
    checkout::{
        Setback,
        verify::{Evidence, Expected, Verdict, verify},
    },
    evm::{Address, BlockHash, TxHash},
    ids::OrderId,
    money::Wei,
};
use proptest::prelude::*;

const BUYER: Address = Address([0xB0; 20]);
const MARKET: Address = Address([0xAA; 20]);
const TRANSACTION: TxHash = TxHash([0x77; 32]);
const BLOCK: BlockRef = BlockRef { number: 9, hash: BlockHash([9; 32]), timestamp: 1_800_000_000 };

/// An order, and what the chain shows of a transaction.
#[derive(Clone, Debug)]
struct Case {
    expected: Expected,
    chain_id: u64,
    receipt: Receipt,
    canonical: Option<BlockRef>,
    used: Vec<(u64, OrderId)>,
}

fn wei(amount: u64) -> Wei {
    amount.to_string().parse().unwrap()
}

fn other_order() -> OrderId {
    "01890000-0000-7000-8000-000000000001".parse().unwrap()
}

fn purchase() -> Event {
    Event::CoursePurchased {
        order: [1; 32],
        beneficiary: BUYER,
        number: 5,
        tier: 2,
        token: Address::ZERO,
        amount: wei(1000),
    }
}

fn log(contract: Address, index: u64, event: Event) -> Log {
    Log {
        contract,
        transaction: TRANSACTION,
        index,
        block_number: BLOCK.number,
        block_hash: BLOCK.hash,
        event,
    }
}

/// A transaction that pays the order.
fn paying() -> Case {
    Case {
        expected: Expected {
            reference: [1; 32],
            chain_id: 31337,
            market: MARKET,
            listing: 5,
            tier: 2,
            token: Address::ZERO,
            price: wei(1000),
            beneficiary: BUYER,
            paid_by: None,
        },
        chain_id: 31337,
        receipt: Receipt {
            transaction: TRANSACTION,
            success: true,
            block_number: BLOCK.number,
            block_hash: BLOCK.hash,
            logs: vec![log(MARKET, 4, purchase())],
        },
        canonical: Some(BLOCK),
        used: Vec::new(),
    }
}

impl Case {
    fn verdict(&self) -> Verdict {
        let evidence = Evidence {
            chain_id: self.chain_id,
            receipt: &self.receipt,
            canonical: self.canonical,
            used: &self.used,
        };
        verify(&self.expected, &evidence)
    }

    /// Changes the purchase's event.
    fn event(&mut self, change: impl FnOnce(&mut Event)) {
        change(&mut self.receipt.logs[0].event);
    }
}

fn spoiled(spoil: impl FnOnce(&mut Case)) -> Verdict {
    let mut case = paying();
    assert!(matches!(case.verdict(), Verdict::Pays(_)), "the unspoiled evidence pays");
    spoil(&mut case);
    case.verdict()
}

fn rejected(setback: Setback) -> Verdict {
    Verdict::Rejected(setback)
}

#[test]
fn pays_when_every_clause_holds() {
    let Verdict::Pays(found) = paying().verdict() else { panic!("it does not pay") };
    assert_eq!((found.transaction, found.log_index), (TRANSACTION, 4));
    assert_eq!((found.block_number, found.block_hash), (BLOCK.number, BLOCK.hash));
    assert_eq!((found.block_time, found.amount), (BLOCK.timestamp, wei(1000)));
}

#[test]
fn the_receipt_must_say_success() {
    assert_eq!(spoiled(|case| case.receipt.success = false), rejected(Setback::Reverted));
}

#[test]
fn the_chain_must_be_the_orders() {
    assert_eq!(spoiled(|case| case.chain_id = 1), rejected(Setback::OtherChain));
    assert_eq!(spoiled(|case| case.expected.chain_id = 1), rejected(Setback::OtherChain));
}

#[test]
fn the_contract_must_be_ours() {
    let verdict = spoiled(|case| case.receipt.logs[0].contract = Address([0xEE; 20]));
    assert_eq!(verdict, rejected(Setback::NoPurchase));
}

#[test]
fn the_topic_must_be_a_purchase() {
    let verdict = spoiled(|case| {
        case.event(|event| {
            *event = Event::PayoutWithdrawn { payee: BUYER, token: Address::ZERO, amount: wei(1000) }
        });
    });
    assert_eq!(verdict, rejected(Setback::NoPurchase));
    assert_eq!(spoiled(|case| case.receipt.logs.clear()), rejected(Setback::NoPurchase));
}

macro_rules! field {
    ($case:ident, $field:ident = $value:expr) => {
        $case.event(|event| {
            let value = $value;
            if let Event::CoursePurchased { $field, .. } = event {
                *$field = value;
            }
        })
    };
}

#[test]
fn the_course_must_be_the_orders() {
    assert_eq!(spoiled(|case| field!(case, number = 6)), rejected(Setback::OtherCourse));
}

#[test]
fn the_tier_must_be_the_orders() {
    assert_eq!(spoiled(|case| field!(case, tier = 1)), rejected(Setback::OtherTier));
}

#[test]
fn the_token_must_be_the_orders() {
    assert_eq!(spoiled(|case| field!(case, token = Address([3; 20]))), rejected(Setback::OtherToken));
}

#[test]
fn the_beneficiary_must_be_the_orders() {
    let verdict = spoiled(|case| field!(case, beneficiary = Address([0xB1; 20])));
    assert_eq!(verdict, rejected(Setback::OtherBeneficiary));
}

#[test]
fn the_amount_must_reach_the_price() {
    assert_eq!(spoiled(|case| field!(case, amount = wei(999))), rejected(Setback::Underpaid));
    assert!(matches!(spoiled(|case| field!(case, amount = wei(1001))), Verdict::Pays(_)));
}

#[test]
fn the_order_must_be_the_one_it_names() {
    assert_eq!(spoiled(|case| field!(case, order = [2; 32])), rejected(Setback::OtherOrder));
}

#[test]
fn the_block_must_be_canonical_now() {
    assert_eq!(spoiled(|case| case.canonical = None), Verdict::NotCanonical);
    let replaced = BlockRef { hash: BlockHash([8; 32]), ..BLOCK };
    assert_eq!(spoiled(|case| case.canonical = Some(replaced)), Verdict::NotCanonical);
    let elsewhere = BlockRef { number: 10, ..BLOCK };
    assert_eq!(spoiled(|case| case.canonical = Some(elsewhere)), Verdict::NotCanonical);
}

#[test]
fn the_log_must_not_have_paid_for_another_order() {
    assert_eq!(spoiled(|case| case.used = vec![(4, other_order())]), rejected(Setback::AlreadyUsed));
    // Another log of the same transaction may have: one transaction can buy twice.
    assert!(matches!(spoiled(|case| case.used = vec![(3, other_order())]), Verdict::Pays(_)));
}

#[test]
fn the_order_must_not_have_been_paid() {
    let by_another = Some((TxHash([0x66; 32]), 4));
    assert_eq!(spoiled(|case| case.expected.paid_by = by_another), rejected(Setback::PaidTwice));
    let by_another_log = Some((TRANSACTION, 3));
    assert_eq!(spoiled(|case| case.expected.paid_by = by_another_log), rejected(Setback::PaidTwice));
    // Seen again, it still is this order's payment.
    let by_itself = Some((TRANSACTION, 4));
    assert!(matches!(spoiled(|case| case.expected.paid_by = by_itself), Verdict::Pays(_)));
}

#[test]
fn says_what_was_bought_whatever_else_the_transaction_did() {
    let verdict = spoiled(|case| {
        field!(case, number = 6);
        field!(case, order = [2; 32]);
        let withdrawn = Event::PayoutWithdrawn { payee: BUYER, token: Address::ZERO, amount: wei(1000) };
        case.receipt.logs.insert(0, log(MARKET, 0, withdrawn));
    });
    assert_eq!(verdict, rejected(Setback::OtherCourse));
}

#[test]
fn finds_its_own_purchase_among_others() {
    let verdict = spoiled(|case| {
        let mut other = purchase();
        if let Event::CoursePurchased { order, .. } = &mut other {
            *order = [2; 32];
        }
        case.receipt.logs.insert(0, log(MARKET, 1, other));
        case.receipt.logs.insert(0, log(Address([0xEE; 20]), 0, purchase()));
    });
    let Verdict::Pays(found) = verdict else { panic!("{verdict:?}") };
    assert_eq!(found.log_index, 4);
}

struct Spoil(Box<dyn Fn(&mut Case)>);

impl std::fmt::Debug for Spoil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut case = paying();
        (self.0)(&mut case);
        write!(f, "{case:?}")
    }
}

/// One way to spoil the evidence, with any wrong value.
fn spoil() -> impl Strategy<Value = Spoil> {
    let other = |right: u64| any::<u64>().prop_filter("the right one", move |value| *value != right);
    let address = |right: Address| {
        any::<[u8; 20]>().prop_map(Address).prop_filter("the right one", move |value| *value != right)
    };
    fn boxed(change: impl Fn(&mut Case) + 'static) -> Spoil {
        Spoil(Box::new(change))
    }
    prop_oneof![
        Just(0).prop_map(|_| boxed(|case| case.receipt.success = false)),
        other(31337).prop_map(|id| boxed(move |case| case.chain_id = id)),
        address(MARKET).prop_map(|a| boxed(move |case| case.receipt.logs[0].contract = a)),
        address(BUYER).prop_map(|a| boxed(move |case| field!(case, beneficiary = a))),
        address(Address::ZERO).prop_map(|a| boxed(move |case| field!(case, token = a))),
        other(5).prop_map(|n| boxed(move |case| field!(case, number = n))),
        (0_u8..=255)
            .prop_filter("the right one", |t| *t != 2)
            .prop_map(|t| boxed(move |case| field!(case, tier = t))),
        (0_u64..1000).prop_map(|amount| boxed(move |case| field!(case, amount = wei(amount)))),
        any::<[u8; 32]>()
            .prop_filter("the right one", |order| *order != [1; 32])
            .prop_map(|order| boxed(move |case| field!(case, order = order))),
        proptest::option::of((any::<u64>(), any::<[u8; 32]>())).prop_map(|block| boxed(move |case| {
            case.canonical = block
                .map(|(number, hash)| BlockRef { number, hash: BlockHash(hash), timestamp: 0 })
                .filter(|block| *block != BLOCK);
        })),
        any::<[u8; 16]>().prop_map(|_| boxed(|case| case.used.push((4, other_order())))),
        any::<[u8; 32]>()
            .prop_filter("its own", |hash| *hash != TRANSACTION.0)
            .prop_map(|hash| boxed(move |case| case.expected.paid_by = Some((TxHash(hash), 4)))),
    ]
}

proptest! {
    #[test]
    fn spoiled_evidence_never_pays(spoils in proptest::collection::vec(spoil(), 1..4)) {
        let mut case = paying();
        for spoil in &spoils {
            (spoil.0)(&mut case);
        }
        prop_assert!(!matches!(case.verdict(), Verdict::Pays(_)), "{case:?}");
    }
}
