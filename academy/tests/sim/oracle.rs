//! Who should have access, in plain words, from what is really on the chain and what people did;
//! it shares no code with the services. Where the rules leave a payment to a person (late, twice, for
//! what was withdrawn or given up) it asks that the payment waits for one, with a reason that is true;
//! that it counts, or not, as that person said; and that what the market gave back opens nothing.

use std::collections::HashSet;

use academy::{
    checkout::{Depth, OrderState, Setback, Standing},
    evm::{Address, BlockTag, TxHash},
    ids::{OrderId, PaymentId},
    money::Wei,
    time::Time,
};

use crate::{
    book::{Book, Purchase},
    rows::{Books, OrderRow, PaymentRow},
    world::{TOLERANCE_MINUTES, Tier},
};

/// An order as its buyer was told of it.
pub struct Order {
    pub id: OrderId,
    pub reference: [u8; 32],
    pub buyer: usize,
    pub course: usize,
    pub tier: Tier,
    /// The place of the chain that it is to be paid on.
    pub chain: usize,
    pub listing: u64,
    pub beneficiary: Address,
    pub token: Address,
    pub price: Wei,
    pub expires: Time,
    pub given_up: bool,
    /// A person accepted what was paid for it at the wrong time.
    pub forgiven: bool,
}

/// Where a payment is: its chain's place, its transaction, its log.
pub type Place = (usize, TxHash, u64);

/// What people did in a step.
#[derive(Default)]
pub struct Deeds {
    /// Orders that they gave up, if they were open.
    pub given_up: Vec<OrderId>,
    /// Payments that an admin decided about, if they were in review.
    pub ruled: Vec<Place>,
    /// Where the site said that it is decided: whether the payment counts.
    pub decided: Vec<(Place, bool)>,
    /// Where the site said that it is decided what becomes of what was paid too much.
    pub surplus: Vec<Place>,
}

impl Order {
    /// The rule of verification, but for the time.
    pub fn paid_by(&self, purchase: &Purchase) -> bool {
        purchase.order == self.reference
            && purchase.chain == self.chain
            && purchase.beneficiary == self.beneficiary
            && purchase.listing == self.listing
            && purchase.tier == self.tier.number
            && purchase.token == self.token
            && purchase.amount >= self.price
    }

    fn in_time(&self, purchase: &Purchase) -> bool {
        let last = self.expires.plus_minutes(TOLERANCE_MINUTES).0;
        i64::try_from(purchase.time).unwrap() * 1000 <= last
    }
}

pub struct Oracle {
    pub orders: Vec<Order>,
    pub withdrawn: [bool; 4],
    pub opening: Depth,
    /// Above these sums a payment opens nothing before it is final.
    pub limits: Vec<(Address, Wei)>,
    pub finality: Depth,
    /// The highest block that each network vouched for so far, and for good.
    pub safe: [u64; 2],
    pub finalized: [u64; 2],
    /// The orders, as their chains name them, that something was bought for, or given back, in a block that was
    /// replaced at some time.
    pub replaced: HashSet<(usize, [u8; 32])>,
    /// What a person said does not count.
    pub dismissed: Vec<(Place, Option<OrderId>)>,
    /// The payments that were final at some time, and more than their orders' prices.
    pub too_much: HashSet<PaymentId>,
}

macro_rules! hold {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

fn settled(state: OrderState) -> bool {
    matches!(state, OrderState::Paid | OrderState::Confirming)
}

impl Oracle {
    pub fn tagged(&mut self, tag: BlockTag) -> &mut [u64; 2] {
        match tag {
            BlockTag::Safe => &mut self.safe,
            BlockTag::Finalized => &mut self.finalized,
        }
    }

    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// Another order of the same person, for as much of the course, is in such a state.
    fn otherwise(&self, order: &Order, books: &Books, such: impl Fn(OrderState) -> bool) -> bool {
        self.orders.iter().any(|other| {
            other.id != order.id
                && (other.buyer, other.course) == (order.buyer, order.course)
                && other.tier.level >= order.tier.level
                && books.order(other.id).is_some_and(|row| such(row.state))
        })
    }

    /// A chain's blocks above that height are replaced, with what was bought there.
    pub fn replace(&mut self, purchases: &[Purchase], kept: u64) {
        for purchase in purchases {
            let named = (purchase.chain, purchase.order);
            if purchase.height > kept || purchase.returned.is_some_and(|(at, _)| at > kept) {
                self.replaced.insert(named);
            }
        }
    }

    /// How deep what pays an order must be to open anything.
    fn opens_at(&self, order: &Order) -> Depth {
        let large = self.limits.iter().any(|(token, most)| order.token == *token && order.price > *most);
        if large { self.finality } else { self.opening }
    }

    /// A reorg undid a payment, or a refund, of it at some time.
    fn was_undone(&self, order: &Order) -> bool {
        self.replaced.contains(&(order.chain, order.reference))
    }

    /// It is final, whether it counts or went back, and was more than its order's price.
    fn was_too_much(&self, row: &PaymentRow) -> bool {
        let order = row.order.and_then(|id| self.order(id));
        row.is_final && order.is_some_and(|order| row.amount > order.price)
    }

    /// It counts, and was more than its order's price.
    pub fn is_dear(&self, row: &PaymentRow) -> bool {
        let order = row.order.and_then(|id| self.order(id));
        row.standing == Standing::Accepted && order.is_some_and(|order| row.amount > order.price)
    }

    fn bought_otherwise(&self, order: &Order, books: &Books) -> bool {
        self.otherwise(order, books, settled)
    }

    fn was_dismissed(&self, purchase: &Purchase) -> bool {
        self.dismissed.iter().any(|(place, _)| *place == purchase.place())
    }

    /// Nothing changed without a cause that honest providers could show, or people gave.
    pub fn check_step(
        &mut self,
        before: &Books,
        after: &Books,
        views: &[Book],
        deeds: &Deeds,
    ) -> Result<(), String> {
        self.check_rulings(before, after, deeds)?;
        self.check_surplus_rulings(before, after, deeds)?;
        let too_much = after.payments.iter().filter(|row| self.was_too_much(row)).map(|row| row.id);
        let too_much: Vec<_> = too_much.collect();
        self.too_much.extend(too_much);
        let purchases: Vec<Purchase> = views.iter().flat_map(Book::purchases).collect();
        for row in &after.orders {
            let was = before.order(row.id);
            let place = self.orders.iter().position(|order| order.id == row.id);
            let Some(place) = place else { return Err(format!("nobody opened the order {}", row.id)) };
            let order = &mut self.orders[place];
            if row.state == OrderState::Cancelled && !order.given_up {
                hold!(deeds.given_up.contains(&row.id), "{} was cancelled by nobody", row.id);
                order.given_up = true;
            }
            let order = &self.orders[place];
            let heights = views.iter().filter(|view| view.chain == order.chain).map(Book::height);
            let head = heights.max().unwrap_or_default();
            let (safe, finalized) = (self.safe[order.chain], self.finalized[order.chain]);
            let held_before = was.is_some_and(|was| settled(was.state));
            // What was given back once counts again where a reorg undid that.
            let returned_before = was.is_some_and(|was| was.state == OrderState::Refunded);
            // In the history before a reorg in this step it may have come in time, and been accepted.
            let seen_in_time = purchases.iter().any(|p| order.paid_by(p) && order.in_time(p));
            let judged_before = held_before || order.forgiven || returned_before || seen_in_time;
            let ended = |was: &OrderRow, state| was.is_final && was.state == state;
            let final_before = was.is_some_and(|was| ended(was, OrderState::Paid));
            let counts = |purchase: &&Purchase| {
                order.paid_by(purchase)
                    && (order.in_time(purchase) || judged_before)
                    // The site can't go by a refund that it has yet to read.
                    && purchase.returned.is_none_or(|(_, refund)| !before.refunds.contains(&(refund, row.id)))
            };
            let shown = |depth: u64| purchases.iter().filter(counts).any(|p| head + 1 >= p.height + depth);
            // What the network vouches for needs no depth.
            let vouched = |height: u64| purchases.iter().filter(counts).any(|p| p.height <= height);
            let returned = |depth: u64, height: u64| {
                purchases.iter().any(|purchase| {
                    order.paid_by(purchase)
                        && purchase.returned.is_some_and(|(at, _)| head + 1 >= at + depth && at <= height)
                })
            };
            let opened = after.is_open(row.id) && !before.is_open(row.id);
            let deep_enough = match self.opens_at(order) {
                Depth::Confirmations(depth) => shown(depth.into()),
                Depth::Tag(BlockTag::Safe) => vouched(safe),
                Depth::Tag(BlockTag::Finalized) => vouched(finalized),
            };
            hold!(
                !opened || deep_enough || vouched(finalized),
                "{} opened, and no payment was there",
                row.id
            );
            hold!(!opened || !order.given_up || order.forgiven, "{} opened after it was given up", row.id);
            let closed = before.is_open(row.id) && !after.is_open(row.id) && !returned(0, u64::MAX);
            hold!(!closed || !final_before, "{} closed after it was final", row.id);
            hold!(!closed || self.was_undone(order), "{} closed, and no reorg ever took its block", row.id);
            if row.state == OrderState::Refunded {
                let refunded_before = was.is_some_and(|was| was.state == OrderState::Refunded);
                hold!(
                    refunded_before || returned(0, u64::MAX),
                    "{} is refunded, and nothing went back",
                    row.id
                );
                let final_now = match self.finality {
                    Depth::Confirmations(depth) => returned(depth.into(), u64::MAX),
                    Depth::Tag(_) => returned(0, finalized),
                };
                let final_before = was.is_some_and(|was| ended(was, OrderState::Refunded));
                hold!(
                    !row.is_final || final_before || final_now,
                    "the refund of {} is called final too early",
                    row.id
                );
            }
            if row.is_final && row.state == OrderState::Paid && !final_before {
                let final_now = match self.finality {
                    Depth::Confirmations(depth) => shown(depth.into()),
                    Depth::Tag(_) => purchases.iter().any(|p| order.paid_by(p) && p.height <= finalized),
                };
                hold!(final_now, "{} is called final too early", row.id);
            }
        }
        for enrollment in after.enrollments.iter().filter(|enrollment| enrollment.active) {
            let order = enrollment.order.and_then(|id| self.order(id));
            let order = order.ok_or_else(|| "an enrollment without an order".to_owned())?;
            hold!(enrollment.level == order.tier.level, "{} opened another level", order.id);
        }
        for row in &after.payments {
            let was = before.payments.iter().find(|was| was.place() == row.place());
            // What is final stays, wherever a deep reorg puts it.
            let stays = |id| before.order(id).is_some_and(|order| order.is_final);
            if row.is_final && !was.is_some_and(|was| was.is_final) && !row.order.is_some_and(stays) {
                let heights = views.iter().filter(|view| view.chain == row.chain).map(Book::height);
                let head = heights.max().unwrap_or_default();
                let final_now = |purchase: &&Purchase| match self.finality {
                    Depth::Confirmations(depth) => head + 1 >= purchase.height + u64::from(depth),
                    Depth::Tag(_) => purchase.height <= self.finalized[row.chain],
                };
                let mut here = purchases.iter().filter(|purchase| purchase.place() == row.place());
                hold!(here.any(|purchase| final_now(&purchase)), "{} is called final too early", row.hash);
            }
            if was.is_some_and(|was| (was.standing, was.setback) == (row.standing, row.setback)) {
                continue;
            }
            if row.standing == Standing::Accepted && deeds.decided.contains(&(row.place(), true)) {
                // It opens nothing before settling has seen it, which the orders tell.
                continue;
            }
            let here: Vec<&Purchase> = purchases.iter().filter(|p| p.place() == row.place()).collect();
            match (row.standing, row.setback) {
                (Standing::Accepted, _) => {
                    let order = row.order.and_then(|id| self.order(id));
                    let order = order.ok_or_else(|| format!("{} pays for nothing", row.hash))?;
                    hold!(
                        here.iter().any(|purchase| order.paid_by(purchase) && purchase.block == row.block),
                        "{} was accepted, and does not pay {} in that block",
                        row.hash,
                        order.id
                    );
                    hold!(after.accepted(order.id).count() == 1, "{} is paid twice", order.id);
                }
                (Standing::Refunded, _) => {
                    let order = row.order.and_then(|id| self.order(id));
                    let order = order.ok_or_else(|| format!("{} went back for nothing", row.hash))?;
                    hold!(
                        here.iter().any(|purchase| order.paid_by(purchase) && purchase.returned.is_some()),
                        "{} did not go back for {}",
                        row.hash,
                        order.id
                    );
                }
                (Standing::Review, Some(reason)) => {
                    let told = here.iter().any(|purchase| {
                        self.true_reason(reason, row, purchase, before)
                            || self.true_reason(reason, row, purchase, after)
                    });
                    hold!(told, "{} is in review as {reason:?}, which is not true", row.hash);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a person decides about a payment is decided once, and stays so as long as the payment is where
    /// it was. What is dismissed can still be given back on the chain, which a reorg can undo: it is told
    /// apart from what counted before by its setback.
    fn check_rulings(&mut self, before: &Books, after: &Books, deeds: &Deeds) -> Result<(), String> {
        for row in &after.payments {
            let ruled = deeds.ruled.contains(&row.place());
            let was = before.payments.iter().find(|was| was.place() == row.place());
            let was_dismissed = was.is_some_and(PaymentRow::is_dismissed);
            if row.is_dismissed() && !was_dismissed {
                hold!(ruled, "{} was dismissed by nobody", row.hash);
                self.dismissed.push((row.place(), row.order));
            }
            // Only its block tells apart what names no order of ours.
            let same = was.filter(|was| {
                was_dismissed && was.facts() == row.facts() && (was.order.is_some() || was.block == row.block)
            });
            hold!(same.is_none() || row.is_dismissed(), "{} counts, and was dismissed", row.hash);
        }
        for (place, counts) in &deeds.decided {
            let row = after.payments.iter().find(|row| row.place() == *place);
            let row = row.ok_or_else(|| "what was decided about is gone".to_owned())?;
            // Since a reorg another order's may stand there.
            let was = before.payments.iter().find(|was| was.place() == *place).unwrap_or(row);
            // What was in no block: its order is over, and it is judged anew should it come back.
            let lost = was.standing == Standing::Orphaned
                || row.standing == Standing::Orphaned && row.setback.is_none();
            if lost && let Some(order) = self.orders.iter_mut().find(|order| Some(order.id) == was.order) {
                order.given_up = true;
            }
            hold!(
                *counts || lost || row.is_dismissed() || (row.order, row.block) != (was.order, was.block),
                "{} was dismissed, and is {:?}",
                row.hash,
                row.standing
            );
            if *counts && let Some(order) = self.orders.iter_mut().find(|order| Some(order.id) == was.order) {
                order.forgiven = true;
            }
            let times = deeds.decided.iter().filter(|(other, _)| other == place).count();
            // Lost after it was accepted, it waits for a person again.
            hold!(times == 1 || lost && times == 2, "{} was decided about {times} times", row.hash);
        }
        Ok(())
    }

    /// What was paid too much is decided about once, and where it counts for good only.
    fn check_surplus_rulings(&self, before: &Books, after: &Books, deeds: &Deeds) -> Result<(), String> {
        let mut ruled = Vec::new();
        for row in &after.payments {
            let was = before.payments.iter().find(|was| was.place() == row.place());
            if was.map_or(row.surplus_ruled.is_none(), |was| was.surplus_ruled == row.surplus_ruled) {
                continue;
            }
            ruled.push(row.hash);
            hold!(deeds.ruled.contains(&row.place()), "nobody decided about the surplus of {}", row.hash);
            let counts = |row: &PaymentRow| self.is_dear(row) && row.is_final;
            // It became final, was decided about, and went back, all in this step.
            let went_back = row.is_final && row.standing == Standing::Refunded;
            let is_over = went_back && was.is_some_and(|was| self.is_dear(was));
            hold!(
                was.is_some_and(counts) || counts(row) || is_over,
                "{} is {:?} with {}, final: {}; its surplus was decided about",
                row.hash,
                row.standing,
                row.amount,
                row.is_final
            );
        }
        for place in &deeds.surplus {
            let times = deeds.surplus.iter().filter(|other| *other == place).count();
            hold!(
                times == 1 && ruled.contains(&place.1),
                "the surplus of {} was decided about before",
                place.1
            );
        }
        for hash in &after.surplus_rulings {
            let times = |all: &[TxHash]| all.iter().filter(|other| *other == hash).count();
            let new = times(&after.surplus_rulings) - times(&before.surplus_rulings);
            hold!(
                new == times(&ruled),
                "the surplus of {hash} was decided about {new} times, which {} payments show",
                times(&ruled)
            );
        }
        Ok(())
    }

    /// What was paid too much, and counts for good, was told to a person once; nothing else was told as that.
    pub fn check_surplus(&self, books: &Books, told: &[PaymentId]) -> Result<(), String> {
        for row in &books.payments {
            let times = told.iter().filter(|id| **id == row.id).count();
            let due = self.is_dear(row) && row.is_final;
            hold!(!due || times == 1, "{} was paid too much, and was told {times} times", row.hash);
            // What was given back since was told before; so was what a reorg of what was final took.
            let dear = self.was_too_much(row) || self.too_much.contains(&row.id);
            hold!(times == 0 || dear, "{} was told as paid too much, and was not, for good", row.hash);
        }
        Ok(())
    }

    /// Whether a payment waits for a person for that reason.
    fn true_reason(&self, reason: Setback, row: &PaymentRow, purchase: &Purchase, books: &Books) -> bool {
        let Some(order) = row.order.and_then(|id| self.order(id)) else {
            let named = self.orders.iter().find(|order| order.reference == purchase.order);
            return match reason {
                Setback::UnknownOrder => named.is_none(),
                Setback::OtherChain => named.is_some_and(|order| order.chain != purchase.chain),
                _ => false,
            };
        };
        match reason {
            Setback::OtherCourse => purchase.listing != order.listing,
            Setback::OtherTier => purchase.tier != order.tier.number,
            Setback::OtherToken => purchase.token != order.token,
            Setback::OtherBeneficiary => purchase.beneficiary != order.beneficiary,
            Setback::Underpaid => purchase.amount < order.price,
            Setback::Late => order.paid_by(purchase) && !order.in_time(purchase),
            Setback::Closed => order.paid_by(purchase) && order.given_up,
            Setback::Withdrawn => order.paid_by(purchase) && self.withdrawn[order.course],
            Setback::PaidTwice => {
                // The one that counted may turn out to be gone in the same step.
                let counted = |other: &PaymentRow| {
                    matches!(other.standing, Standing::Accepted | Standing::Orphaned)
                        && (other.order == row.order && other.place() != row.place())
                };
                order.paid_by(purchase)
                    && (self.bought_otherwise(order, books) || books.payments.iter().any(counted))
            }
            _ => false,
        }
    }

    fn order_of(&self, purchase: &Purchase) -> Option<&Order> {
        self.orders.iter().find(|order| order.reference == purchase.order && order.chain == purchase.chain)
    }

    /// All money is in the books, as it is on the chain.
    pub fn check_written(&self, books: &Books, truths: &[&Book]) -> Result<(), String> {
        for purchase in truths.iter().flat_map(|truth| truth.purchases()) {
            let order = self.order_of(&purchase);
            let row = books.payments.iter().find(|row| row.place() == purchase.place());
            let row = row.ok_or_else(|| format!("{} {} was dropped", purchase.hash, purchase.index))?;
            hold!(
                row.order == order.map(|order| order.id)
                    && row.beneficiary == purchase.beneficiary
                    && (row.listing, row.tier) == (purchase.listing, purchase.tier)
                    && (row.token, row.amount) == (purchase.token, purchase.amount),
                "{} {} is not written down as it is",
                row.hash,
                row.index
            );
        }
        Ok(())
    }

    /// When all is quiet and written: everyone has what they paid for, and nobody has more.
    pub fn check_end(&self, books: &Books, truths: &[&Book]) -> Result<(), String> {
        let purchases: Vec<Purchase> = truths.iter().flat_map(|truth| truth.purchases()).collect();
        for purchase in &purchases {
            let order = self.order_of(purchase);
            let row = books.payments.iter().find(|row| row.place() == purchase.place());
            let row = row.ok_or_else(|| format!("{} {} is not written", purchase.hash, purchase.index))?;
            let waits = row.standing == Standing::Review && row.setback.is_some_and(Setback::needs_review);
            let ended = order
                .and_then(|order| books.order(order.id))
                .is_some_and(|order| order.is_final && order.state == OrderState::Refunded);
            let right = match row.standing {
                Standing::Review => {
                    waits && !order.is_some_and(|o| o.paid_by(purchase) && purchase.returned.is_some())
                }
                Standing::Accepted => purchase.returned.is_none(),
                Standing::Refunded => purchase.returned.is_some() || ended,
                Standing::Dismissed => self.was_dismissed(purchase),
                Standing::Orphaned => false,
            };
            hold!(
                right,
                "{} {} neither counts nor waits for a person nor is done with: {:?} {:?}; returned: {:?}",
                row.hash,
                row.index,
                row.standing,
                row.setback,
                purchase.returned
            );
        }
        for order in &self.orders {
            let row = books.order(order.id).ok_or_else(|| format!("{} is gone", order.id))?;
            let accepted: Vec<&PaymentRow> = books.accepted(order.id).collect();
            let pays = |row: &&PaymentRow| {
                let here = purchases.iter().find(|purchase| purchase.place() == row.place());
                here.is_some_and(|purchase| order.paid_by(purchase) && purchase.returned.is_none())
            };
            if row.state == OrderState::Paid {
                hold!(accepted.len() == 1, "{} is paid by {} payments", order.id, accepted.len());
                hold!(row.is_final || accepted.iter().all(pays), "{} counts what is gone", order.id);
            } else {
                hold!(accepted.is_empty(), "{} is {:?}, and was paid", order.id, row.state);
            }
            let open = books.is_open(order.id);
            hold!(open == (row.state == OrderState::Paid), "{} is {:?}; open: {open}", order.id, row.state);
            let ended = row.is_final && row.state == OrderState::Refunded;
            let counting = |purchase: &&Purchase| {
                order.paid_by(purchase) && purchase.returned.is_none() && !self.was_dismissed(purchase)
            };
            // What was bought while another order counted, which went back later, a person decides about.
            let once_twice = row.setback == Some(Setback::PaidTwice)
                && self.otherwise(order, books, |state| state == OrderState::Refunded);
            let deserved = !order.given_up
                && !once_twice
                && !self.withdrawn[order.course]
                && !self.bought_otherwise(order, books)
                && !ended
                && purchases.iter().filter(counting).any(|purchase| order.in_time(purchase));
            let kept = order.forgiven && purchases.iter().any(|p| counting(&p));
            let deserved = deserved || kept;
            hold!(
                row.state != OrderState::Refunded || open == purchases.iter().any(|p| counting(&p)),
                "{} is refunded, and was paid again",
                order.id
            );
            hold!(
                open || !deserved,
                "{} was paid in time, and is {:?} {:?}",
                order.id,
                row.state,
                row.setback
            );
            let as_much = |other: &&Order| {
                (other.buyer, other.course, other.tier.level) == (order.buyer, order.course, order.tier.level)
                    && books.is_open(other.id)
            };
            let times = self.orders.iter().filter(as_much).count();
            hold!(!open || times == 1, "{} bought it {times} times", order.buyer);
        }
        Ok(())
    }

    /// What someone should be able to read of a course, given that the books are right.
    pub fn level(&self, buyer: usize, course: usize, books: &Books) -> u8 {
        let of = |order: &&Order| (order.buyer, order.course) == (buyer, course);
        let paid = |order: &Order| books.order(order.id).is_some_and(|row| row.state == OrderState::Paid);
        self.orders
            .iter()
            .filter(of)
            .filter(|order| paid(order))
            .map(|order| order.tier.level)
            .max()
            .unwrap_or(0)
    }
}
