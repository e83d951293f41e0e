//! What other programs are told of orders and payments.

use serde::Serialize;

use super::{
    model::{OrderState, Setback},
    payment_store,
    service::Checkout,
    store::{self, OrderRecord},
    verify::Found,
};
use crate::{
    Problem,
    catalog::Course,
    evm::Address,
    ids::{OrderId, PaymentId},
    money::Wei,
    store::Conn,
    webhooks::EventKind,
};

/// An amount, in base units (wei), and what of.
#[derive(Serialize)]
pub(super) struct Amount {
    base_units: String,
    symbol: String,
    decimals: u8,
    /// The token's contract; the coin has none.
    token: Option<String>,
}

#[derive(Serialize)]
struct OrderTold<'a> {
    order: OrderId,
    state: &'static str,
    is_final: bool,
    course: CourseTold<'a>,
    tier: &'a str,
    level: u8,
    buyer: String,
    chain_id: u64,
    price: Amount,
    payment: Option<PaymentTold>,
}

#[derive(Serialize)]
struct CourseTold<'a> {
    id: String,
    slug: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct PaymentTold {
    transaction: String,
    log_index: u64,
    block_number: u64,
    amount: Amount,
}

#[derive(Serialize)]
struct ReviewTold {
    payment: PaymentId,
    reason: &'static str,
    chain_id: u64,
    transaction: String,
    log_index: u64,
    order: Option<OrderId>,
    beneficiary: String,
    amount: Amount,
}

/// Why a payment that counts needs a person.
const OVERPAID: &str = "overpaid";

/// What is told when an order and whether it is final became another.
fn told(was: (OrderState, bool), now: (OrderState, bool)) -> Vec<EventKind> {
    let change = match (was.0, now.0) {
        (before, after) if before == after => None,
        (_, OrderState::Paid) => Some(EventKind::OrderPaid),
        (_, OrderState::Refunded) => Some(EventKind::OrderRefunded),
        (OrderState::Paid, _) => Some(EventKind::OrderSuspended),
        _ => None,
    };
    let end = (now == (OrderState::Paid, true) && was != now).then_some(EventKind::OrderFinal);
    change.into_iter().chain(end).collect()
}

impl Checkout<'_> {
    /// Records what became of an order, in the transaction that wrote it.
    pub(super) async fn tell_of_order(
        &self,
        conn: &mut Conn,
        was: (OrderState, bool),
        order: &OrderRecord,
        course: &Course,
        accepted: Option<&Found>,
    ) -> Result<(), Problem> {
        let kinds = told(was, (order.state, order.is_final));
        if kinds.is_empty() {
            return Ok(());
        }
        let data = OrderTold {
            order: order.id,
            state: order.state.word(),
            is_final: order.is_final,
            course: CourseTold { id: course.id.to_string(), slug: &course.slug, title: &course.title },
            tier: &order.tier_name,
            level: order.level,
            buyer: order.beneficiary.checksummed(),
            chain_id: order.chain_id,
            price: self.amount(order.chain_id, order.token, order.price),
            payment: accepted.map(|found| PaymentTold {
                transaction: found.transaction.to_string(),
                log_index: found.log_index,
                block_number: found.block_number,
                amount: self.amount(order.chain_id, order.token, found.amount),
            }),
        };
        for kind in kinds {
            self.0.webhooks().record(conn, kind, &data).await?;
        }
        Ok(())
    }

    /// Records, once, that more was paid than was due: it counts, and what becomes of the rest is for a person to say.
    pub(super) async fn tell_of_surplus(
        &self,
        conn: &mut Conn,
        order: &OrderRecord,
        found: &Found,
    ) -> Result<(), Problem> {
        if found.amount <= order.price {
            return Ok(());
        }
        let marked = payment_store::mark_surplus_told(conn, order.chain_id, found).await?;
        let Some(payment) = marked else { return Ok(()) };
        let data = ReviewTold {
            payment,
            reason: OVERPAID,
            chain_id: order.chain_id,
            transaction: found.transaction.to_string(),
            log_index: found.log_index,
            order: Some(order.id),
            beneficiary: order.beneficiary.checksummed(),
            amount: self.amount(order.chain_id, order.token, found.amount),
        };
        self.record_review(conn, &data).await
    }

    async fn record_review(&self, conn: &mut Conn, data: &ReviewTold) -> Result<(), Problem> {
        tracing::warn!(transaction = data.transaction, reason = data.reason, "a payment needs a person");
        metrics::counter!("lectern_payments_to_review_total", "setback" => data.reason).increment(1);
        self.0.webhooks().record(conn, EventKind::PaymentReview, data).await
    }

    /// Records which payments of a chain have come to need a person, each once for each reason.
    pub(super) async fn tell_of_review(&self, chain_id: u64) -> Result<(), Problem> {
        let mut conn = self.0.0.db.read().await?;
        let waiting = payment_store::untold(&mut conn, chain_id).await?;
        drop(conn);
        for payment in waiting {
            let reason: Setback = payment.setback.parse()?;
            let mut tx = self.0.0.db.begin().await?;
            if payment_store::mark_told(&mut tx, &payment).await? && reason.needs_review() {
                let token = store::parse("a token", &payment.token)?;
                let beneficiary: Address = store::parse("an address", &payment.beneficiary)?;
                let data = ReviewTold {
                    payment: payment.id,
                    reason: reason.word(),
                    chain_id,
                    log_index: payment.log_index.cast_unsigned(),
                    order: payment.order_id,
                    beneficiary: beneficiary.checksummed(),
                    amount: self.amount(chain_id, token, store::parse("an amount", &payment.amount)?),
                    transaction: payment.tx_hash,
                };
                self.record_review(&mut tx, &data).await?;
            }
            self.0.point("follow.before_telling").await;
            tx.commit().await?;
        }
        Ok(())
    }

    pub(super) fn amount(&self, chain_id: u64, token: Address, amount: Wei) -> Amount {
        let currency = self.0.0.networks.currency(chain_id, token);
        Amount {
            base_units: amount.to_string(),
            symbol: currency.symbol,
            decimals: currency.decimals,
            token: (token != Address::ZERO).then(|| token.checksummed()),
        }
    }
}
