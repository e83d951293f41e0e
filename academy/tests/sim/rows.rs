//! What the database says.

use academy::{
    checkout::{OrderState, Setback, Standing},
    evm::{Address, BlockHash, TxHash},
    ids::{OrderId, PaymentId, TransferId},
    money::Wei,
};

use crate::{
    oracle::Place,
    world::{CHAINS, World, place_of},
};

pub struct OrderRow {
    pub id: OrderId,
    pub state: OrderState,
    pub setback: Option<Setback>,
    pub is_final: bool,
}

#[derive(Clone)]
pub struct PaymentRow {
    pub id: PaymentId,
    /// Its place among [`CHAINS`].
    pub chain: usize,
    pub hash: TxHash,
    pub index: u64,
    pub block: BlockHash,
    pub order: Option<OrderId>,
    pub beneficiary: Address,
    pub listing: u64,
    pub tier: u8,
    pub token: Address,
    pub amount: Wei,
    pub standing: Standing,
    pub setback: Option<Setback>,
    pub is_final: bool,
    /// The amount at which a person decided about its surplus.
    pub surplus_ruled: Option<Wei>,
}

impl PaymentRow {
    /// Where it is, as far as the database knows places.
    pub fn place(&self) -> Place {
        (self.chain, self.hash, self.index)
    }

    /// What was bought, by whom, for which order.
    pub fn facts(&self) -> (Option<OrderId>, Address, u64, u8, Address, Wei) {
        (self.order, self.beneficiary, self.listing, self.tier, self.token, self.amount)
    }

    /// A person said that it does not count, whether or not it went back, or a reorg took it, since.
    pub fn is_dismissed(&self) -> bool {
        let said = self.setback.is_some_and(Setback::is_ruling);
        let is_over = matches!(self.standing, Standing::Refunded | Standing::Orphaned);
        self.standing == Standing::Dismissed || is_over && said
    }
}

pub struct EnrollmentRow {
    pub order: Option<OrderId>,
    pub level: u8,
    pub active: bool,
}

/// All that the database says of money and access.
#[derive(Default)]
pub struct Books {
    pub orders: Vec<OrderRow>,
    pub payments: Vec<PaymentRow>,
    pub enrollments: Vec<EnrollmentRow>,
    /// The refunds that someone told of.
    pub refunds: Vec<(TxHash, OrderId)>,
    /// The transactions whose payments' surplus an admin decided about, each as often as that.
    pub surplus_rulings: Vec<TxHash>,
}

impl Books {
    pub fn order(&self, id: OrderId) -> Option<&OrderRow> {
        self.orders.iter().find(|order| order.id == id)
    }

    pub fn accepted(&self, id: OrderId) -> impl Iterator<Item = &PaymentRow> {
        self.payments.iter().filter(move |row| row.order == Some(id) && row.standing == Standing::Accepted)
    }

    pub fn is_open(&self, id: OrderId) -> bool {
        self.enrollments.iter().any(|row| row.order == Some(id) && row.active)
    }
}

impl World {
    pub async fn books(&mut self) -> Books {
        type Payment = (
            PaymentId,
            i64,
            String,
            i64,
            String,
            Option<OrderId>,
            String,
            i64,
            i64,
            String,
            String,
            String,
            Option<String>,
            bool,
            Option<String>,
        );
        let orders: Vec<(OrderId, String, Option<String>, bool)> =
            sqlx::query_as("SELECT id, state, setback, is_final FROM orders")
                .fetch_all(&mut self.reader)
                .await
                .unwrap();
        let payments: Vec<Payment> = sqlx::query_as(
            "SELECT id, chain_id, tx_hash, log_index, block_hash, order_id, beneficiary, listing, tier_number, token, amount, standing, setback, is_final, surplus_ruled FROM payments ORDER BY chain_id, tx_hash, log_index",
        )
        .fetch_all(&mut self.reader)
        .await
        .unwrap();
        let enrollments: Vec<(Option<OrderId>, i64, String)> =
            sqlx::query_as("SELECT order_id, level, state FROM enrollments")
                .fetch_all(&mut self.reader)
                .await
                .unwrap();
        let refunds: Vec<(String, OrderId)> = sqlx::query_as("SELECT tx_hash, order_id FROM refunds")
            .fetch_all(&mut self.reader)
            .await
            .unwrap();
        let rulings: Vec<(String,)> = sqlx::query_as(
            "SELECT subject FROM audit_log WHERE act IN ('payment.surplus_back', 'payment.surplus_kept')",
        )
        .fetch_all(&mut self.reader)
        .await
        .unwrap();
        let setback = |word: Option<String>| word.map(|word| word.parse().unwrap());
        Books {
            surplus_rulings: rulings.into_iter().map(|(hash,)| hash.parse().unwrap()).collect(),
            refunds: refunds.into_iter().map(|(hash, order)| (hash.parse().unwrap(), order)).collect(),
            orders: orders
                .into_iter()
                .map(|(id, state, reason, is_final)| OrderRow {
                    id,
                    state: state.parse().unwrap(),
                    setback: setback(reason),
                    is_final,
                })
                .collect(),
            payments: payments
                .into_iter()
                .map(|row: Payment| PaymentRow {
                    id: row.0,
                    chain: place_of(row.1.cast_unsigned()),
                    hash: row.2.parse().unwrap(),
                    index: row.3.cast_unsigned(),
                    block: row.4.parse().unwrap(),
                    order: row.5,
                    beneficiary: row.6.parse().unwrap(),
                    listing: row.7.cast_unsigned(),
                    tier: row.8.try_into().unwrap(),
                    token: row.9.parse().unwrap(),
                    amount: row.10.parse().unwrap(),
                    standing: row.11.parse().unwrap(),
                    setback: setback(row.12),
                    is_final: row.13,
                    surplus_ruled: row.14.map(|amount| amount.parse().unwrap()),
                })
                .collect(),
            enrollments: enrollments
                .into_iter()
                .map(|(order, level, state)| EnrollmentRow {
                    order,
                    level: level.try_into().unwrap(),
                    active: state == "active",
                })
                .collect(),
        }
    }

    /// All of it as text, to compare.
    pub async fn digest(&mut self) -> String {
        let books = self.books().await;
        let orders: Vec<_> =
            books.orders.iter().map(|row| (row.id, row.state, row.setback, row.is_final)).collect();
        let payments: Vec<_> = books
            .payments
            .iter()
            .map(|row| {
                let stands = (row.standing, row.setback, row.is_final, row.surplus_ruled);
                (row.id, row.place(), row.block, row.facts(), stands)
            })
            .collect();
        let mut enrollments: Vec<_> =
            books.enrollments.iter().map(|row| (row.order, row.level, row.active)).collect();
        enrollments.sort_unstable();
        let mut transfers = Vec::new();
        for chain in 0..CHAINS.len() {
            transfers.push(self.transfers(chain).await);
        }
        let told = self.told().await;
        format!("{orders:?} {payments:?} {:?} {enrollments:?} {transfers:?} {told:?}", books.refunds)
    }

    /// The tokens that came to a chain's market without a purchase: each one's id, transaction and index.
    pub async fn transfers(&mut self, chain: usize) -> Vec<(TransferId, TxHash, u64)> {
        let rows: Vec<(TransferId, String, i64)> =
            sqlx::query_as("SELECT id, tx_hash, log_index FROM transfers WHERE chain_id = $1 ORDER BY id")
                .bind(CHAINS[chain].cast_signed())
                .fetch_all(&mut self.reader)
                .await
                .unwrap();
        let read = |(id, hash, index): (_, String, i64)| (id, hash.parse().unwrap(), index.cast_unsigned());
        rows.into_iter().map(read).collect()
    }

    /// What admins decided about payments, and of which transactions.
    pub async fn audited(&mut self) -> Vec<(String, TxHash)> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT act, subject FROM audit_log WHERE act IN ('payment.accepted', 'payment.to_refund', 'payment.dismissed') ORDER BY act, subject",
        )
        .fetch_all(&mut self.reader)
        .await
        .unwrap();
        rows.into_iter().map(|(act, hash)| (act, hash.parse().unwrap())).collect()
    }

    /// The payments that were told to be more than was due, each as often as that.
    pub async fn told_as_overpaid(&mut self) -> Vec<PaymentId> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT json_extract(body, '$.data.payment') FROM webhook_events
             WHERE json_extract(body, '$.type') = 'payment.review' AND json_extract(body, '$.data.reason') = 'overpaid'",
        )
        .fetch_all(&mut self.reader)
        .await
        .unwrap();
        rows.into_iter().map(|(id,)| id.parse().unwrap()).collect()
    }

    /// What other programs were told, in its order: of what, and what of it.
    pub async fn told(&mut self) -> Vec<(String, String)> {
        let bodies: Vec<(String,)> = sqlx::query_as("SELECT body FROM webhook_events ORDER BY sequence")
            .fetch_all(&mut self.reader)
            .await
            .unwrap();
        let read = |(body,): (String,)| {
            let event: serde_json::Value = serde_json::from_str(&body).unwrap();
            let (kind, data) = (event["type"].as_str().unwrap(), &event["data"]);
            let subject = match kind {
                "payment.review" => &data["payment"],
                "transfer.review" => &data["transfer"],
                _ => &data["order"],
            };
            (subject.as_str().unwrap().to_owned(), kind.to_owned())
        };
        bodies.into_iter().map(read).collect()
    }
}
