//! What an order becomes, given what the chain showed: pure.

use super::{
    OrderState, Setback,
    verify::{Found, Verdict},
};
use crate::{evm::BlockHash, time::Time};

/// What is known of one transaction that may pay an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// It is mined, and this is what it means.
    Mined(Verdict),
    /// A node knows it; it waits to be mined. Or no node knows it, and nothing speaks against it.
    Pending,
    /// Its sender's nonce was used by something else, and every event up to then was seen.
    Replaced,
    /// It paid, and the money went back in this block.
    Refunded(u64),
}

/// The order's part in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state now.
    pub state: OrderState,
    /// Its setback now.
    pub setback: Option<Setback>,
    /// Where it is refunded: its state before.
    pub before_refund: Option<OrderState>,
    /// A payment of its own was accepted, and its block is known to be replaced.
    pub orphaned: bool,
    /// The block of its payment that was accepted.
    pub accepted_in: Option<BlockHash>,
    /// Its payment, or its refund, can no longer be undone, and nothing gave that payment back.
    pub is_final: bool,
    /// Until when its price holds.
    pub expires_at: Time,
    /// The course was withdrawn from sale.
    pub withdrawn: bool,
    /// Another order of the same person opened the course, as far as this one would.
    pub bought: bool,
    /// The same person has another order for the course that can be paid, or is being paid.
    pub superseded: bool,
}

/// What a payment must have reached.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// So many confirmations.
    Confirmations(u32),
    /// Its block is at most at this height, which the network vouches for now.
    Height(u64),
}

impl Goal {
    fn reached(self, block: u64, confirmations: u32) -> bool {
        match self {
            Self::Confirmations(needed) => confirmations >= needed,
            Self::Height(height) => block <= height,
        }
    }
}

/// The rules of the chain and the site.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What opens the lessons, unless the payment is final before.
    pub open: Goal,
    /// What makes a payment final.
    pub last: Goal,
    /// A payment mined so long after the price ran out still counts.
    pub late_tolerance_minutes: i64,
}

/// What happens to the enrollment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The lessons open.
    Open,
    /// The lessons close until the payment is seen again.
    Suspend,
    /// The lessons close: the money went back.
    Close,
    /// Nothing changes.
    Keep,
}

/// What the order becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its state.
    pub state: OrderState,
    /// Its setback.
    pub setback: Option<Setback>,
    /// Confirmations of its payment.
    pub confirmations: u32,
    /// Its payment, or its refund, is final.
    pub is_final: bool,
    /// The payment to write down as accepted.
    pub accepted: Option<Found>,
    /// The payments to write down for review, and why.
    pub review: Vec<(Found, Setback)>,
    /// What happens to the enrollment.
    pub grant: Grant,
}

/// Confirmations of a canonical block: itself counts as the first, even where the node that told the
/// head lags behind it.
pub fn confirmations(block: u64, head: u64) -> u32 {
    u32::try_from(head.max(block) - block).unwrap_or(u32::MAX).saturating_add(1)
}

/// Decides from all candidates at once: one that pays wins over one that waits, that over one that
/// failed. The later candidate wins among equals, but one that came in time wins over a late one.
pub fn decide(
    standing: &Standing,
    candidates: &[Candidate],
    head: u64,
    now: Time,
    rules: &Rules,
) -> Decision {
    let mut pay: Vec<&Found> = candidates
        .iter()
        .rev()
        .filter_map(|candidate| match candidate {
            Candidate::Mined(Verdict::Pays(found)) => Some(found),
            _ => None,
        })
        .collect();
    pay.sort_by_key(|found| is_late(standing, found, rules));
    if let Some((found, others)) = pay.split_first() {
        return paid(standing, found, others, head, rules);
    }
    let refund = candidates.iter().filter_map(|candidate| match candidate {
        Candidate::Refunded(block) => Some(*block),
        _ => None,
    });
    if let Some(block) = refund.max() {
        let confirmations = confirmations(block, head);
        return Decision {
            state: OrderState::Refunded,
            setback: None,
            confirmations,
            is_final: rules.last.reached(block, confirmations),
            accepted: None,
            review: Vec::new(),
            grant: Grant::Close,
        };
    }
    let waiting = candidates
        .iter()
        .any(|candidate| matches!(candidate, Candidate::Pending | Candidate::Mined(Verdict::NotCanonical)));
    let keep = |state, setback| Decision {
        state,
        setback,
        confirmations: 0,
        is_final: standing.is_final,
        accepted: None,
        review: Vec::new(),
        grant: Grant::Keep,
    };
    let failed = candidates.iter().rev().find_map(|candidate| match candidate {
        Candidate::Mined(Verdict::Rejected(setback)) => Some(*setback),
        Candidate::Replaced => Some(Setback::Replaced),
        _ => None,
    });
    // As a second payment it was judged beside the one that counted: without that, it is judged anew.
    let beside = candidates.contains(&Candidate::Mined(Verdict::Rejected(Setback::PaidTwice)));
    let expired = standing.state == OrderState::Expired || now >= standing.expires_at;
    // What is under way may still be mined in time: nobody is asked to pay again meanwhile (edge case 7).
    let hopeless = now > standing.expires_at.plus_minutes(rules.late_tolerance_minutes);
    let payable = if expired || standing.superseded { OrderState::Expired } else { OrderState::Open };
    match standing.state {
        // A payment that is final stays; one that was accepted goes only on evidence of a reorg.
        OrderState::Paid | OrderState::Confirming if standing.is_final || !standing.orphaned => {
            keep(standing.state, standing.setback)
        }
        // It fell out of the chain, and something else was mined in its place: it never comes back.
        OrderState::Paid | OrderState::Confirming if !waiting && !beside && failed.is_some() => {
            Decision { grant: Grant::Suspend, ..keep(payable, failed) }
        }
        OrderState::Paid | OrderState::Confirming => {
            Decision { grant: Grant::Suspend, ..keep(OrderState::Confirming, Some(Setback::Orphaned)) }
        }
        // What a person said of its payment is news.
        OrderState::Cancelled => {
            keep(standing.state, failed.filter(|setback| setback.is_ruling()).or(standing.setback))
        }
        OrderState::Refunded => keep(standing.state, standing.setback),
        OrderState::Open | OrderState::Submitted | OrderState::Expired => {
            if waiting && !hopeless && !standing.superseded {
                return keep(OrderState::Submitted, None);
            }
            keep(payable, failed.or(standing.setback))
        }
    }
}

fn is_late(standing: &Standing, found: &Found, rules: &Rules) -> bool {
    Time::of_seconds(found.block_time) > standing.expires_at.plus_minutes(rules.late_tolerance_minutes)
}

/// One payment decides about the order; for the others there is nothing left to pay.
fn paid(standing: &Standing, found: &Found, others: &[&Found], head: u64, rules: &Rules) -> Decision {
    let reviewed = |setback| others.iter().map(move |other| ((*other).clone(), setback));
    let confirmations = confirmations(found.block_number, head);
    let is_final = rules.last.reached(found.block_number, confirmations);
    // Where a reorg undid a refund, or it is bought again, it is what it was before.
    let state = match standing.state {
        OrderState::Refunded => standing.before_refund.unwrap_or(OrderState::Paid),
        state => state,
    };
    let accepted_before = matches!(state, OrderState::Paid | OrderState::Confirming);
    // What was accepted once is not judged again by rules that time has moved.
    let review = match state {
        _ if accepted_before => None,
        OrderState::Cancelled => Some(Setback::Closed),
        _ if is_late(standing, found, rules) => Some(Setback::Late),
        _ if standing.withdrawn => Some(Setback::Withdrawn),
        _ if standing.bought => Some(Setback::PaidTwice),
        _ => None,
    };
    if let Some(setback) = review {
        return Decision {
            state: if state == OrderState::Cancelled { OrderState::Cancelled } else { OrderState::Expired },
            setback: Some(setback),
            confirmations,
            is_final,
            accepted: None,
            review: std::iter::once((found.clone(), setback)).chain(reviewed(setback)).collect(),
            grant: Grant::Keep,
        };
    }
    // What is final stays, even where a deep reorg or a node that lags makes its block a new one.
    let stays = accepted_before && standing.state != OrderState::Refunded && standing.is_final;
    // Only a reorg takes back what a block opened: not the head of nodes that lag behind those asked before.
    let opened = standing.state == OrderState::Paid && standing.accepted_in == Some(found.block_hash);
    let open = stays || opened || is_final || rules.open.reached(found.block_number, confirmations);
    Decision {
        state: if open { OrderState::Paid } else { OrderState::Confirming },
        setback: None,
        confirmations,
        is_final: stays || is_final,
        accepted: Some(found.clone()),
        review: reviewed(Setback::PaidTwice).collect(),
        grant: if open { Grant::Open } else { Grant::Suspend },
    }
}
