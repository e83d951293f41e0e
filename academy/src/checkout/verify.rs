//! The rule of verification, as one pure function: what a receipt means for an order.
//!
//! Each clause is a line here and a test in `tests/it/verify.rs` that fails without it.

use crate::{
    chain::{BlockRef, Event, Hold, Log, Receipt},
    checkout::Setback,
    evm::{Address, BlockHash, TxHash},
    ids::OrderId,
    money::Wei,
};

/// What the order asks of a payment.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The order's id as the contract keeps it.
    pub reference: [u8; 32],
    /// The chain.
    pub chain_id: u64,
    /// Our deployment.
    pub market: Address,
    /// The course's listing.
    pub listing: u64,
    /// The tier.
    pub tier: u8,
    /// The currency; zero is the chain's own.
    pub token: Address,
    /// The price.
    pub price: Wei,
    /// For whom.
    pub beneficiary: Address,
    /// The payment that paid the order already, if any.
    pub paid_by: Option<(TxHash, u64)>,
}

/// What the chain showed.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The chain that was asked.
    pub chain_id: u64,
    /// The transaction's outcome.
    pub receipt: &'a Receipt,
    /// The block that is canonical at the receipt's height now.
    pub canonical: Option<BlockRef>,
    /// Other orders' payments in this transaction: log index and order.
    pub used: &'a [(u64, OrderId)],
}

/// A payment that counts, or that a person must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its transaction.
    pub transaction: TxHash,
    /// Its log's index.
    pub log_index: u64,
    /// Its block's number.
    pub block_number: u64,
    /// Its block's hash.
    pub block_hash: BlockHash,
    /// When the block was made, in seconds.
    pub block_time: u64,
    /// How much.
    pub amount: Wei,
    /// How the contract holds the money, if it does.
    pub hold: Option<Box<Hold>>,
}

/// What the receipt means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It pays the order.
    Pays(Found),
    /// Its block is not canonical now: wait.
    NotCanonical,
    /// It does not pay the order.
    Rejected(Setback),
}

/// Whether a receipt pays an order: what its purchases mean together, one that pays before all others.
pub fn verify(expected: &Expected, evidence: &Evidence<'_>) -> Verdict {
    let mut verdicts = verify_each(expected, evidence).into_iter().map(|(_, verdict)| verdict);
    let first = verdicts.next().unwrap_or(Verdict::Rejected(Setback::NoPurchase));
    match first {
        Verdict::Pays(_) => first,
        _ => verdicts.find(|verdict| matches!(verdict, Verdict::Pays(_))).unwrap_or(first),
    }
}

/// What a receipt means for an order: of each purchase that carries the order's id, by its log's
/// index (one transaction can buy several times); where none does, of the receipt as a whole.
pub fn verify_each(expected: &Expected, evidence: &Evidence<'_>) -> Vec<(Option<u64>, Verdict)> {
    let receipt = evidence.receipt;
    if evidence.chain_id != expected.chain_id {
        return vec![(None, Verdict::Rejected(Setback::OtherChain))];
    }
    let Some(block) = evidence
        .canonical
        .filter(|block| block.number == receipt.block_number && block.hash == receipt.block_hash)
    else {
        return vec![(None, Verdict::NotCanonical)];
    };
    if !receipt.success {
        return vec![(None, Verdict::Rejected(Setback::Reverted))];
    }
    let mut purchases = receipt
        .logs
        .iter()
        .filter(|log| log.contract == expected.market && matches!(log.event, Event::CoursePurchased { .. }));
    let ours: Vec<(Option<u64>, Verdict)> = purchases
        .clone()
        .filter(|log| carries(log, expected.reference))
        .map(|log| (Some(log.index), verify_log(expected, evidence, log, block)))
        .collect();
    if !ours.is_empty() {
        return ours;
    }
    let verdict = match purchases.next() {
        Some(log) => verify_log(expected, evidence, log, block),
        None => Verdict::Rejected(Setback::NoPurchase),
    };
    vec![(None, verdict)]
}

/// Whether a log is a purchase with this order's id.
pub fn carries(log: &Log, reference: [u8; 32]) -> bool {
    matches!(&log.event, Event::CoursePurchased { order, .. } if *order == reference)
}

fn verify_log(expected: &Expected, evidence: &Evidence<'_>, log: &Log, block: BlockRef) -> Verdict {
    let Event::CoursePurchased { order, beneficiary, number, tier, token, amount } = &log.event else {
        return Verdict::Rejected(Setback::NoPurchase);
    };
    if *number != expected.listing {
        return Verdict::Rejected(Setback::OtherCourse);
    }
    if *tier != expected.tier {
        return Verdict::Rejected(Setback::OtherTier);
    }
    if *token != expected.token {
        return Verdict::Rejected(Setback::OtherToken);
    }
    if *beneficiary != expected.beneficiary {
        return Verdict::Rejected(Setback::OtherBeneficiary);
    }
    if *amount < expected.price {
        return Verdict::Rejected(Setback::Underpaid);
    }
    if evidence.used.iter().any(|(index, _)| *index == log.index) {
        return Verdict::Rejected(Setback::AlreadyUsed);
    }
    if *order != expected.reference {
        return Verdict::Rejected(Setback::OtherOrder);
    }
    if expected.paid_by.is_some_and(|paid| paid != (log.transaction, log.index)) {
        return Verdict::Rejected(Setback::PaidTwice);
    }
    Verdict::Pays(Found {
        transaction: log.transaction,
        log_index: log.index,
        block_number: block.number,
        block_hash: block.hash,
        block_time: block.timestamp,
        amount: *amount,
        hold: hold_of(evidence.receipt, log),
    })
}

/// How the contract holds a purchase's money: it says so before anything else that it says of a
/// purchase in the same transaction.
pub(super) fn hold_of(receipt: &Receipt, purchase: &Log) -> Option<Box<Hold>> {
    let next = receipt
        .logs
        .iter()
        .filter(|log| log.contract == purchase.contract && log.index > purchase.index)
        .min_by_key(|log| log.index)?;
    match (&next.event, &purchase.event) {
        (Event::PurchaseHeld { order, hold }, Event::CoursePurchased { order: bought, .. })
            if order == bought =>
        {
            Some(Box::new(*hold))
        }
        _ => None,
    }
}

/// The logs of a mined transaction, by their indices, that give this order's purchases back. Of two
/// purchases with the same order's id the contract can refund only the last, so the order's terms name it.
pub fn refunds(expected: &Expected, evidence: &Evidence<'_>) -> Vec<u64> {
    let receipt = evidence.receipt;
    let counts = evidence.chain_id == expected.chain_id
        && receipt.success
        && evidence.canonical.is_some_and(|block| block.hash == receipt.block_hash);
    let ours = receipt.logs.iter().filter(|log| {
        counts
            && log.contract == expected.market
            && matches!(&log.event, Event::PurchaseRefunded { order, beneficiary, number, tier, token, .. }
                    if *order == expected.reference
                        && *beneficiary == expected.beneficiary
                        && *number == expected.listing
                        && *tier == expected.tier
                        && *token == expected.token)
    });
    ours.map(|log| log.index).collect()
}
