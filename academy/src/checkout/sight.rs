//! What settling goes by: an order as it is kept, and what the chain says of every transaction that
//! may pay it. Nothing here writes, but who sent a transaction, which can be asked only for a while.

use super::{
    Network, cursors,
    decide::{Candidate, Goal, Rules},
    model::{OrderState, Setback},
    network::Depth,
    payment_store::{self, PaymentRecord},
    refund_store::{self, RefundRecord},
    rows::Standing,
    service::Checkout,
    store::{self, OrderRecord, Submission},
    verify::{Evidence, Expected, Found, Verdict, carries, refunds as refunds_order, verify_each},
};
use crate::{
    Problem,
    catalog::{Course, reference},
    chain::{Receipt, TransactionFacts},
    evm::{Address, BlockHash, TxHash},
    ids::{OrderId, PaymentId},
    price::Cents,
};

/// What the chain says of a transaction, or of one purchase in it: its hash, and its log's index.
pub(super) type Judged = ((TxHash, Option<u64>), Candidate);

/// All that was read before deciding.
pub(super) struct Sight<'a> {
    /// The order's chain.
    pub network: &'a Network,
    pub order: OrderRecord,
    pub payments: Vec<PaymentRecord>,
    pub refunds: Vec<RefundRecord>,
    pub submissions: Vec<Submission>,
    /// Payments that do not count, whose block was replaced.
    pub gone: Vec<PaymentId>,
    /// The next block to read, and the newest that was passed: as they were before payments, refunds and submissions
    /// were read, so that what was seen up to there is among them.
    pub cursor: Option<u64>,
    pub passed: Option<(u64, BlockHash)>,
    pub course: Course,
}

impl Sight<'_> {
    /// The highest block of what counts: a payment that was accepted, or a refund.
    pub fn seen_up_to(&self) -> u64 {
        let accepted = self.payments.iter().filter(|payment| payment.standing == Standing::Accepted);
        let refunds = self.refunds.iter().filter(|refund| refund.confirmed);
        let blocks = accepted.map(|payment| payment.block_number);
        blocks.chain(refunds.map(|refund| refund.block_number)).max().unwrap_or(0)
    }

    /// The block of the payment that counts.
    pub fn accepted_in(&self) -> Option<BlockHash> {
        let mut payments = self.payments.iter();
        payments.find(|payment| payment.standing == Standing::Accepted).map(|payment| payment.block_hash)
    }

    /// Whether the payment that counts was given back.
    pub fn went_back(&self, candidates: &[Judged]) -> bool {
        let mut accepted = self.payments.iter().filter(|payment| payment.standing == Standing::Accepted);
        accepted.any(|payment| {
            let place = (payment.hash, Some(payment.log_index));
            candidates.iter().any(|(at, judged)| *at == place && matches!(judged, Candidate::Refunded(_)))
        })
    }

    /// Whether the chain told of a payment in this transaction.
    fn saw(&self, hash: TxHash) -> bool {
        self.payments.iter().any(|payment| payment.hash == hash)
    }

    /// Whether this transaction may be what opened the order's course.
    fn may_have_counted(&self, hash: TxHash) -> bool {
        let accepted = matches!(self.order.state, OrderState::Paid | OrderState::Confirming);
        let mut there = self.payments.iter().filter(|payment| payment.hash == hash);
        accepted && there.any(|payment| matches!(payment.standing, Standing::Accepted | Standing::Orphaned))
    }

    /// Whether all that is known of this transaction is that it does not count, beside what does for good, and
    /// nothing can have given it back.
    fn is_settled_without(&self, hash: TxHash) -> bool {
        let mut there = self.payments.iter().filter(|payment| payment.hash == hash);
        self.payments.iter().any(|payment| payment.is_final)
            && there.all(|payment| {
                matches!(payment.standing, Standing::Review | Standing::Dismissed)
                    && payment.setback.is_some_and(|setback| {
                        setback.is_of_something_else() || self.refund_after(payment).is_none()
                    })
            })
    }

    /// A refund that stands after a payment.
    fn refund_after(&self, payment: &PaymentRecord) -> Option<&RefundRecord> {
        self.refunds.iter().find(|refund| {
            let place = (refund.block_number, refund.stands_at);
            refund.confirmed && place > (payment.block_number, payment.log_index)
        })
    }

    /// What a person said of this payment, if they said that it does not count; it may have gone back since.
    fn ruled(&self, found: &Found) -> Option<Setback> {
        let place = (found.transaction, found.log_index);
        let mut there = self.payments.iter().filter(|payment| (payment.hash, payment.log_index) == place);
        there.find_map(|payment| payment.setback).filter(|setback| setback.is_ruling())
    }

    /// Takes out what a person said does not count.
    pub fn heed_rulings(&self, candidates: &mut [Judged]) {
        for (_, candidate) in candidates {
            if let Candidate::Mined(Verdict::Pays(found)) = candidate
                && let Some(setback) = self.ruled(found)
            {
                *candidate = Candidate::Mined(Verdict::Rejected(setback));
            }
        }
    }
}
/// Whether a transaction's log at that index is a purchase with the order's id.
fn receipt_carries(receipt: &Receipt, index: u64, order: &OrderRecord) -> bool {
    receipt.logs.iter().any(|log| log.index == index && carries(log, reference(order.id.0)))
}

/// Whether the purchase at that index would pay, were nothing paid yet.
fn pays_at(index: u64, expected: &Expected, evidence: &Evidence<'_>) -> bool {
    let expected = Expected { paid_by: None, ..expected.clone() };
    let verdicts = verify_each(&expected, evidence);
    verdicts.iter().any(|(at, verdict)| *at == Some(index) && matches!(verdict, Verdict::Pays(_)))
}

/// Each refund ends the last payment before it that is not ended yet: the contract sells nothing twice
/// that it has not taken back.
pub(super) fn give_back(candidates: &mut [Judged], refunds: &[RefundRecord]) {
    for refund in refunds.iter().filter(|refund| refund.confirmed) {
        let place = (refund.block_number, refund.stands_at);
        let paid = candidates
            .iter_mut()
            .filter_map(|(_, candidate)| match candidate {
                Candidate::Mined(Verdict::Pays(found)) => {
                    let at = (found.block_number, found.log_index);
                    Some((at, candidate))
                }
                _ => None,
            })
            .filter(|(at, _)| *at < place)
            .max_by_key(|(at, _)| *at);
        if let Some((_, candidate)) = paid {
            *candidate = Candidate::Refunded(refund.block_number);
        }
    }
}

impl<'a> Checkout<'a> {
    pub(super) async fn look(&self, id: OrderId) -> Result<Sight<'a>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let order = store::order(&mut conn, id).await?.ok_or(super::CheckoutError::NoSuchOrder)?;
        let course = self.0.catalog().by_id(&mut conn, order.course).await?;
        let network = self.0.0.networks.get(order.chain_id)?;
        // Of a market that is not followed, nothing was read.
        let cursor = match network.policy.follows(order.market) {
            true => cursors::next_block(&mut conn, &network.policy).await?,
            false => None,
        };
        Ok(Sight {
            network,
            cursor,
            passed: cursors::newest_block(&mut conn, order.chain_id).await?,
            payments: payment_store::payments_of(&mut conn, id).await?,
            refunds: refund_store::refunds_of(&mut conn, id).await?,
            submissions: store::submissions(&mut conn, id).await?,
            gone: Vec::new(),
            course,
            order,
        })
    }

    /// What the chain says of every transaction that was named for the order or seen with its id. All are
    /// asked about at once: somebody who names many hashes keeps nobody else waiting.
    pub(super) async fn candidates(&self, sight: &Sight<'_>) -> Result<Vec<Judged>, Problem> {
        let chain = &sight.network.chain;
        let asked = sight.submissions.iter().map(async |submission| {
            let receipt = chain.receipt(submission.hash).await;
            // Should a reorg undo it, the nonce tells whether it can come back. Not knowing it is no trouble now.
            let facts = match submission.sender {
                Some(_) => None,
                None => chain.transaction(submission.hash).await.ok().flatten(),
            };
            (receipt, facts)
        });
        let told = futures::future::join_all(asked).await;
        let mut candidates = Vec::new();
        for (submission, (receipt, facts)) in sight.submissions.iter().zip(told) {
            let hash = submission.hash;
            let kept = match &receipt {
                Ok(Some(_)) => Vec::new(),
                _ => self.in_books(sight, hash).await?,
            };
            if !kept.is_empty() {
                candidates.extend(kept);
                continue;
            }
            let receipt = match receipt {
                // Somebody's word alone, of which no provider can say anything, must hold up neither what paid nor
                // what went back.
                Err(error) if !sight.saw(hash) => {
                    tracing::debug!(%error, %hash, "nothing is known of what was named");
                    candidates.push(((hash, None), Candidate::Pending));
                    continue;
                }
                // It was judged when it could be read.
                Err(_) if sight.is_settled_without(hash) => continue,
                receipt => receipt?,
            };
            let sender = self.learn_sender(sight, submission, facts).await?;
            match receipt {
                Some(receipt) => candidates.extend(self.judge(sight, hash, &receipt).await?),
                None => candidates.push(((hash, None), self.unmined(sight, hash, sender).await?)),
            }
        }
        Ok(candidates)
    }

    /// What is written of a transaction's payments, where no provider can tell of it: years later nodes may have
    /// thrown receipts away, and whether it went back must be seen all the same. What was final once, in a block
    /// that is still there, is as it was.
    async fn in_books(&self, sight: &Sight<'_>, hash: TxHash) -> Result<Vec<Judged>, Problem> {
        let mut judged = Vec::new();
        for payment in sight.payments.iter().filter(|payment| payment.hash == hash) {
            let candidate = match (payment.standing, sight.refund_after(payment)) {
                (Standing::Refunded, Some(refund)) => Candidate::Refunded(refund.block_number),
                (Standing::Accepted | Standing::Refunded, _) if payment.is_final => {
                    let block = sight.network.chain.block(payment.block_number).await?;
                    if block.is_none_or(|block| block.hash != payment.block_hash) {
                        continue;
                    }
                    let mut conn = self.0.0.db.read().await?;
                    Candidate::Mined(Verdict::Pays(payment_store::found(&mut conn, payment).await?))
                }
                _ => continue,
            };
            judged.push(((hash, Some(payment.log_index)), candidate));
        }
        Ok(judged)
    }

    async fn judge(
        &self,
        sight: &Sight<'_>,
        hash: TxHash,
        receipt: &Receipt,
    ) -> Result<Vec<Judged>, Problem> {
        let canonical = sight.network.chain.block(receipt.block_number).await?;
        let mut conn = self.0.0.db.read().await?;
        let used: Vec<(u64, OrderId)> = payment_store::payments_in(&mut conn, sight.order.chain_id, hash)
            .await?
            .into_iter()
            .filter(|payment| matches!(payment.standing, Standing::Accepted | Standing::Refunded))
            .filter_map(|payment| Some((payment.log_index, payment.order?)))
            .filter(|(_, order)| *order != sight.order.id)
            // Since a reorg our own purchase may stand where another order's was.
            .filter(|(index, _)| !receipt_carries(receipt, *index, &sight.order))
            .collect();
        drop(conn);
        let chain_id = sight.network.policy.chain_id;
        let evidence = Evidence { chain_id, receipt, canonical, used: &used };
        let mut expected = self.expected(sight);
        // Neither what went back nor, since a reorg, what does not pay at the place of what paid stands in the
        // way of another payment.
        expected.paid_by = expected.paid_by.filter(|(paid, index)| {
            !sight.refunds.iter().any(|refund| refund.confirmed)
                && (*paid != hash || pays_at(*index, &expected, &evidence))
        });
        let verdicts = verify_each(&expected, &evidence);
        // Where what paid does not any more, what paid in its place (of two, the market takes the first) may be
        // there to be read, and is not to be taken for a new payment then.
        let pays = verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Pays(_)));
        if !pays
            && sight.may_have_counted(hash)
            && sight.network.policy.follows(sight.order.market)
            && !self.was_read(sight, receipt.block_number).await
        {
            return Ok(vec![((hash, None), Candidate::Pending)]);
        }
        let verdicts = verdicts.into_iter();
        Ok(verdicts.map(|(log, verdict)| ((hash, log), Candidate::Mined(verdict))).collect())
    }

    /// The refunds as the chain has them now. What was confirmed is undone only on evidence that its
    /// block was replaced: a node that knows nothing of it proves nothing.
    pub(super) async fn refunds_now(&self, sight: &Sight<'_>) -> Result<Vec<RefundRecord>, Problem> {
        let chain = &sight.network.chain;
        let expected = self.expected(sight);
        let mut refunds = sight.refunds.clone();
        // Since a reorg a refund may stand at another index than it was kept at, where another order's was.
        let mut taken: Vec<(TxHash, u64)> =
            refunds.iter().map(|refund| (refund.hash, refund.log_index)).collect();
        for refund in &mut refunds {
            let receipt = match chain.receipt(refund.hash).await {
                // What two told once stands with its block.
                Err(_) if refund.confirmed => None,
                receipt => receipt?,
            };
            if let Some(receipt) = receipt {
                let canonical = chain.block(receipt.block_number).await?;
                let chain_id = sight.network.policy.chain_id;
                let evidence = Evidence { chain_id, receipt: &receipt, canonical, used: &[] };
                let mined = canonical.is_some_and(|block| block.hash == receipt.block_hash);
                let logs = refunds_order(&expected, &evidence);
                let free = |index: &&u64| !taken.contains(&(refund.hash, **index));
                let index = logs.iter().find(|index| **index == refund.log_index);
                if let Some(index) = index.or_else(|| logs.iter().find(free)) {
                    taken.push((refund.hash, *index));
                    refund.confirmed = true;
                    refund.stands_at = *index;
                    (refund.block_number, refund.block_hash) = (receipt.block_number, receipt.block_hash);
                    continue;
                }
                if mined {
                    refund.confirmed = false;
                    continue;
                }
            }
            let now = chain.block(refund.block_number).await?;
            refund.confirmed &= now.is_none_or(|block| block.hash == refund.block_hash);
        }
        Ok(refunds)
    }

    fn expected(&self, sight: &Sight<'_>) -> Expected {
        let order = &sight.order;
        Expected {
            reference: reference(order.id.0),
            chain_id: order.chain_id,
            market: order.market,
            listing: order.listing,
            tier: order.tier_number,
            token: order.token,
            price: order.price,
            beneficiary: order.beneficiary,
            paid_by: sight
                .payments
                .iter()
                .find(|payment| payment.standing == Standing::Accepted)
                .map(|payment| (payment.hash, payment.log_index)),
        }
    }

    /// A transaction without a receipt waits, unless its sender's nonce was used up in blocks that the follower
    /// has read: then something else was mined in its place, and it was not this order's purchase.
    async fn unmined(
        &self,
        sight: &Sight<'_>,
        hash: TxHash,
        sender: Option<(Address, u64)>,
    ) -> Result<Candidate, Problem> {
        let chain = &sight.network.chain;
        let read = sight.cursor.and_then(|next| next.checked_sub(1));
        let (Some((sender, nonce)), Some(read)) = (sender, read) else { return Ok(Candidate::Pending) };
        // Providers that do not answer prove nothing, and must not hold up what another transaction paid.
        let is_used = chain.nonce(sender, read).await.is_ok_and(|next| next > nonce);
        let replaced = is_used && self.was_read(sight, read).await && chain.receipt(hash).await?.is_none();
        Ok(if replaced { Candidate::Replaced } else { Candidate::Pending })
    }

    /// Whether the chain up to a height is the one that the follower read: since a reorg, what used up a nonce there
    /// may be the order's purchase, not read yet.
    async fn was_read(&self, sight: &Sight<'_>, height: u64) -> bool {
        let passed = sight.passed.filter(|(number, _)| *number >= height);
        let Some((number, hash)) = passed.filter(|_| sight.cursor.is_some_and(|next| next > height)) else {
            return false;
        };
        let now = sight.network.chain.block(number).await;
        now.is_ok_and(|block| block.is_some_and(|block| block.hash == hash))
    }

    /// Who sent a transaction, and with which nonce: as it was kept, or as a node that still knows
    /// the transaction says.
    async fn learn_sender(
        &self,
        sight: &Sight<'_>,
        submission: &Submission,
        facts: Option<TransactionFacts>,
    ) -> Result<Option<(Address, u64)>, Problem> {
        if let Some(known) = submission.sender.zip(submission.nonce) {
            return Ok(Some(known));
        }
        // No network mines a nonce beyond these (EIP-2681 leaves the last one out of twice as many).
        let Some(facts) = facts.filter(|facts| i64::try_from(facts.nonce).is_ok()) else { return Ok(None) };
        let mut tx = self.0.0.db.begin().await?;
        store::learn_sender(&mut tx, sight.order.id, submission.hash, facts.sender, facts.nonce).await?;
        self.0.point("settle.before_sender").await;
        tx.commit().await?;
        Ok(Some((facts.sender, facts.nonce)))
    }

    /// Whether the accepted payment's block is known to be replaced. A node that knows nothing at
    /// that height, or has lost the receipt, proves nothing.
    pub(super) async fn orphaned(&self, sight: &Sight<'_>, candidates: &[Judged]) -> Result<bool, Problem> {
        let Some(accepted) = sight.payments.iter().find(|payment| payment.standing == Standing::Accepted)
        else {
            // Retracted before, and still not back; or another order's purchase stands at its place.
            return Ok(matches!(sight.order.state, OrderState::Paid | OrderState::Confirming));
        };
        let pays = candidates.iter().any(|(_, c)| matches!(c, Candidate::Mined(Verdict::Pays(_))));
        if pays {
            return Ok(false);
        }
        let now = sight.network.chain.block(accepted.block_number).await?;
        Ok(now.is_some_and(|block| block.hash != accepted.block_hash))
    }

    /// What was seen to pay the order, and stood in a block that was replaced: what stands at its place now
    /// may be another event, which the follower has still to read. What the follower itself turned down is not
    /// asked about: anybody can make as much of it as they like.
    pub(super) async fn gone(
        &self,
        sight: &Sight<'_>,
        candidates: &[Judged],
    ) -> Result<Vec<PaymentId>, Problem> {
        let mut gone = Vec::new();
        for payment in &sight.payments {
            let judged = candidates.iter().any(|((hash, _), _)| *hash == payment.hash);
            let counts_not = match payment.standing {
                Standing::Review | Standing::Orphaned => true,
                Standing::Dismissed => payment.setback == Some(Setback::ToRefund),
                Standing::Accepted | Standing::Refunded => false,
            };
            if counts_not && (judged || payment.setback.is_none()) {
                let now = sight.network.chain.block(payment.block_number).await?;
                gone.extend(now.filter(|block| block.hash != payment.block_hash).map(|_| payment.id));
            }
        }
        Ok(gone)
    }

    /// What a payment was worth, asked until it is known or final: since a reorg it may stand elsewhere.
    pub(super) async fn worth_unless_known(&self, sight: &Sight<'_>, candidates: &[Judged]) -> Option<Cents> {
        let known = |found: &Found| {
            let here = |payment: &&PaymentRecord| {
                (payment.hash, payment.log_index) == (found.transaction, found.log_index)
            };
            sight.order.is_final || sight.payments.iter().find(here).is_some_and(|payment| payment.has_worth)
        };
        let found = candidates.iter().find_map(|(_, candidate)| match candidate {
            Candidate::Mined(Verdict::Pays(found)) if !known(found) => Some(found),
            _ => None,
        });
        self.worth(sight.network, found?, sight.order.token).await
    }

    pub(super) async fn rules(&self, sight: &Sight<'_>) -> Result<Rules, Problem> {
        let Network { policy, chain, .. } = sight.network;
        let goal = async |depth| match depth {
            Depth::Confirmations(needed) => Ok(Goal::Confirmations(needed)),
            // Before the network vouches for anything there is the first block, which holds no payment.
            Depth::Tag(tag) => chain.tagged(tag).await.map(|height| Goal::Height(height.unwrap_or(0))),
        };
        let (open, last) = futures::join!(goal(policy.opening_of(&sight.order)), goal(policy.finality));
        // Where no node can say what is final, nothing more is; it opens all the same.
        let last = last.unwrap_or_else(|error| {
            tracing::debug!(%error, "what is final is not known");
            Goal::Height(0)
        });
        Ok(Rules { open: open?, last, late_tolerance_minutes: policy.late_tolerance_minutes })
    }
}
