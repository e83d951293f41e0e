//! What a decision makes of an order, and of those of its payments that it does not write down itself: pure.

use super::{
    decide::{Candidate, Decision},
    model::{OrderState, Setback},
    payment_store::PaymentRecord,
    rows::Standing,
    sight::{Judged, Sight},
    store::OrderRecord,
    verify::Verdict,
};
use crate::{ids::PaymentId, time::Time};

impl OrderRecord {
    /// Becomes what was decided.
    pub(super) fn heed(&mut self, decision: &Decision, now: Time) {
        let before = (self.state, self.setback);
        (self.state, self.setback) = (decision.state, decision.setback);
        if self.setback.is_some() && self.setback != before.1 {
            // What was waited for came, and did not pay.
            self.reference = None;
        }
        // What stays paid with nothing to see of its payment keeps what was counted.
        if self.state != OrderState::Paid || decision.accepted.is_some() {
            self.confirmations = decision.confirmations;
        }
        self.is_final = decision.is_final;
        if self.state == OrderState::Refunded && before.0 != OrderState::Refunded {
            self.before_refund = Some(before.0);
        }
        if self.state == OrderState::Paid && self.paid_at.is_none() {
            self.paid_at = Some(now);
        }
    }
}

impl Sight<'_> {
    /// The payments whose standing changes, though nothing is written at their place, and to what.
    pub(super) fn restand(
        &self,
        candidates: &[Judged],
        decision: &Decision,
        orphaned: bool,
    ) -> Vec<(PaymentId, Standing, Option<Setback>)> {
        let written = |payment: &PaymentRecord| {
            let review = decision.review.iter().map(|(found, _)| found);
            let mut found = decision.accepted.iter().chain(review);
            found.any(|found| (found.transaction, found.log_index) == (payment.hash, payment.log_index))
        };
        let others = self.payments.iter().filter(|payment| !written(payment));
        let changed = others.filter_map(|payment| {
            let (standing, setback) = self.stands_as(payment, candidates, decision, orphaned)?;
            Some((payment.id, standing, setback))
        });
        changed.collect()
    }

    /// As what a payment stands now, if not as before.
    fn stands_as(
        &self,
        payment: &PaymentRecord,
        candidates: &[Judged],
        decision: &Decision,
        orphaned: bool,
    ) -> Option<(Standing, Option<Setback>)> {
        let place = (payment.hash, Some(payment.log_index));
        let candidate = candidates.iter().find(|(at, _)| *at == place).map(|(_, candidate)| candidate);
        let gone = self.gone.contains(&payment.id);
        match (payment.standing, candidate) {
            // What a person said of it stays, should a reorg undo the refund.
            (_, Some(Candidate::Refunded(_))) => {
                Some((Standing::Refunded, payment.setback.filter(|setback| setback.is_ruling())))
            }
            // Nobody has to pay back what no block holds any more; what was decided of it stays.
            (Standing::Dismissed, None) if gone => Some((Standing::Orphaned, payment.setback)),
            (Standing::Refunded | Standing::Orphaned, Some(Candidate::Mined(Verdict::Rejected(_))))
                if payment.setback.is_some_and(Setback::is_ruling) =>
            {
                Some((Standing::Dismissed, payment.setback))
            }
            // Since a reorg it is nowhere, or the order is paid, or was given back, at another place.
            (Standing::Accepted, _)
                if orphaned && !self.order.is_final
                    || decision.accepted.is_some()
                    || decision.state == OrderState::Refunded =>
            {
                Some((Standing::Orphaned, Some(Setback::Orphaned)))
            }
            (Standing::Review, _) if gone && payment.setback.is_none() => {
                Some((Standing::Orphaned, Some(Setback::Orphaned)))
            }
            (Standing::Review | Standing::Orphaned, _) if gone => None,
            (
                Standing::Review | Standing::Orphaned | Standing::Refunded,
                Some(Candidate::Mined(Verdict::Rejected(setback))),
            ) if setback.needs_review() => Some((Standing::Review, Some(*setback))),
            _ => None,
        }
    }
}
