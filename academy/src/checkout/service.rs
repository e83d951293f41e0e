//! The buyer's part: open an order, send the call, name the transaction, follow the order.

use super::{
    error::CheckoutError,
    model::{ChainInfo, Finality, Order, OrderState, Transaction, WalletCall},
    refund_store,
    store::{self, OrderRecord, PaymentRecord, Submission},
};
use crate::{
    Academy, Actor, Operation, Person, Problem,
    catalog::CourseState,
    chain::Call,
    evm::{Address, BlockHash, TxHash},
    ids::{OrderId, TierId},
    jobs,
    money::Wei,
    price::Price,
    store::{Conn, StoreError},
    time::Time,
};

/// The rules of the chain that we sell on.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// Our market contract.
    pub market: Address,
    /// The block that the market came with: following starts there.
    pub start_block: u64,
    /// Confirmations at which lessons open; the payment's own block is the first.
    pub open_confirmations: u32,
    /// Payments of more than so much, in the coin (zero) or a token, open nothing before they are final. Of
    /// what is not named, any sum may.
    pub provisional_limits: Vec<(Address, Wei)>,
    /// When a payment can no longer be undone.
    pub finality: Finality,
    /// So long an order's price holds.
    pub order_ttl_minutes: i64,
    /// A payment mined so long after the price ran out still counts.
    pub late_tolerance_minutes: i64,
    /// The most blocks to ask events for at once.
    pub max_log_range: u64,
    /// A named transaction that is in no block after so long is stuck: people are told what helps.
    pub stuck_after_minutes: i64,
    /// So many of the newest blocks may be replaced by others; a reorg that reaches deeper is met by
    /// reading everything again.
    pub reorg_depth: u64,
    /// When the follower has not moved for so long, people are told that the network can't be
    /// reached.
    pub stale_after_millis: i64,
}

impl Policy {
    /// At how many confirmations a payment is final; `None`: once the network calls it so.
    fn final_at(&self) -> Option<u32> {
        match self.finality {
            Finality::Confirmations(needed) => Some(needed),
            Finality::Tag(_) => None,
        }
    }

    /// At how many confirmations an order's lessons open; `None`: once the network calls its payment final.
    pub(super) fn open_at(&self, order: &OrderRecord) -> Option<u32> {
        let is_large = |(token, most): &(Address, Wei)| *token == order.token && order.price > *most;
        match self.provisional_limits.iter().any(is_large) {
            true => self.final_at(),
            false => Some(self.open_confirmations),
        }
    }
}

/// How the chain's follower is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHealth {
    /// The newest block, if the chain answers.
    pub head: Option<u64>,
    /// The next block that the follower will read.
    pub next_block: Option<u64>,
    /// When the follower last took a step.
    pub seen_at: Option<Time>,
    /// The chain answers and the follower moves.
    pub healthy: bool,
}

/// After a refund the contract takes no quote for so long: one from before could still hold.
const QUOTES_REST_MINUTES: i64 = 24 * 60;

/// An order knows at most so many transactions.
const MAX_SUBMISSIONS: usize = 20;

/// The checkout service.
pub struct Checkout<'a>(pub(crate) &'a Academy);

impl Checkout<'_> {
    /// What a wallet needs to know of the chain.
    pub fn chain(&self) -> &ChainInfo {
        &self.0.0.chain_info
    }

    pub(crate) fn to_wallet(&self, from: &Person, call: &Call) -> WalletCall {
        WalletCall {
            chain_id: format!("0x{:x}", self.0.0.policy.chain_id),
            from: from.address_text.clone(),
            to: call.to.checksummed(),
            data: alloy::hex::encode_prefixed(&call.data),
            value: format!("0x{:x}", call.value.get()),
        }
    }

    /// [`Checkout::open_in`] what is usual for the tier.
    ///
    /// # Errors
    /// As there.
    pub async fn open(&self, actor: &Actor, tier: TierId) -> Result<Order, Problem> {
        self.open_in(actor, tier, None).await
    }

    /// Opens an order for a tier at its price now, to be paid in a token, in the coin (zero) or in what is
    /// usual (`None`), or answers the one that is open already. An open order for another tier of the
    /// course, or in another currency, is cancelled in its favour.
    ///
    /// # Errors
    /// For visitors; `already_enrolled`, `free`, `not_for_sale`, `order_in_progress`.
    #[tracing::instrument(skip_all, fields(%tier))]
    pub async fn open_in(
        &self,
        actor: &Actor,
        tier: TierId,
        token: Option<Address>,
    ) -> Result<Order, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        // Asks the chain, so no transaction is open.
        let price = self.price_of(tier).await?;
        if price.is_zero() {
            return Err(CheckoutError::Free.into());
        }
        let asked = self.asked(price, token).await?;
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        let (page, tier) = self.0.catalog().tier(&mut tx, tier).await?;
        if tier.price != asked.price {
            return Err(CheckoutError::PriceChanged.into());
        }
        let listing = page
            .listing
            .as_ref()
            .filter(|_| page.course.state == CourseState::Published && page.for_sale(&tier));
        let Some(listing) = listing else { return Err(CheckoutError::NotForSale.into()) };
        let access = self.0.learning().enrollment_level(&mut tx, Some(person.id), page.course.id).await?;
        if access.level >= tier.level {
            return Err(CheckoutError::AlreadyEnrolled.into());
        }
        if let Some(mut under_way) = store::under_way(&mut tx, person.id, page.course.id).await? {
            let fresh = under_way.state == OrderState::Open && under_way.expires_at > now;
            // What was quoted holds until it expires, whatever the rate does.
            let same = under_way.tier == tier.id
                && under_way.fiat == asked.fiat
                && under_way.token == asked.token
                && (asked.fiat.is_some() || under_way.price == asked.amount)
                && under_way.beneficiary == person.address;
            match under_way.state {
                OrderState::Open if fresh && same => {
                    let order = self.view(&mut tx, under_way).await?;
                    tx.commit().await?;
                    return Ok(order);
                }
                OrderState::Open => {
                    under_way.state = if fresh { OrderState::Cancelled } else { OrderState::Expired };
                    store::update_order(&mut tx, &under_way).await?;
                }
                _ if under_way.tier == tier.id => {
                    let order = self.view(&mut tx, under_way).await?;
                    tx.commit().await?;
                    return Ok(order);
                }
                _ => return Err(CheckoutError::OrderInProgress.into()),
            }
        }
        let by_quote = asked.fiat.is_some() || asked.token != Address::ZERO;
        let ttl_minutes = match &self.0.0.quotes {
            Some(quotes) if by_quote => {
                let lately = now.plus_minutes(-QUOTES_REST_MINUTES);
                if refund_store::refunded_since(&mut tx, person.id, tier.id, lately).await? {
                    return Err(CheckoutError::RefundedLately.into());
                }
                quotes.ttl_minutes
            }
            _ => self.0.0.policy.order_ttl_minutes,
        };
        let record = OrderRecord {
            id: OrderId(self.0.mint()),
            user: person.id,
            course: page.course.id,
            tier: tier.id,
            tier_number: tier.number,
            tier_name: tier.name,
            level: tier.level,
            chain_id: self.0.0.policy.chain_id,
            market: store::parse("an address", &listing.market)?,
            listing: listing.number,
            token: asked.token,
            price: asked.amount,
            fiat: asked.fiat,
            beneficiary: person.address,
            state: OrderState::Open,
            setback: None,
            confirmations: 0,
            is_final: false,
            created_at: now,
            expires_at: now.plus_minutes(ttl_minutes),
            paid_at: None,
            revision: 1,
        };
        match store::insert_order(&mut tx, &record).await {
            // Two tabs at once: the other one was first, and its order is ours too.
            Err(StoreError::Refused(_)) => {
                drop(tx);
                let mut conn = self.0.0.db.read().await?;
                let other = store::under_way(&mut conn, person.id, page.course.id).await?;
                let other =
                    other.filter(|other| other.tier == record.tier).ok_or(CheckoutError::OrderInProgress)?;
                return self.view(&mut conn, other).await;
            }
            inserted => inserted?,
        }
        jobs::settle_at(&mut tx, self.0, record.id, record.expires_at.plus_millis(1)).await?;
        let order = self.view(&mut tx, record).await?;
        tx.commit().await?;
        Ok(order)
    }

    async fn price_of(&self, tier: TierId) -> Result<Price, Problem> {
        let mut conn = self.0.0.db.read().await?;
        Ok(self.0.catalog().tier(&mut conn, tier).await?.1.price)
    }

    pub(super) async fn own(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        id: OrderId,
    ) -> Result<OrderRecord, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let order = store::order(conn, id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        // Someone else's order is as good as none: ids are not to be probed.
        if order.user == person.id || person.admin {
            Ok(order)
        } else {
            Err(CheckoutError::NoSuchOrder.into())
        }
    }

    /// An order as it stands.
    ///
    /// # Errors
    /// `not_found` for everyone but its buyer and admins.
    pub async fn order(&self, actor: &Actor, id: OrderId) -> Result<Order, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let order = self.own(&mut conn, actor, id).await?;
        self.view(&mut conn, order).await
    }

    /// Keeps the hash that a wallet answered, as a hint, and looks at the chain at once. A hash
    /// that the chain does not know (yet, or ever: a Safe's) is kept all the same.
    ///
    /// # Errors
    /// For anything that is no hash; `hash_used` when it paid for another order.
    #[tracing::instrument(skip_all, fields(order = %id))]
    pub async fn submit(&self, actor: &Actor, id: OrderId, hash: &str) -> Result<Order, Problem> {
        actor.may(Operation::Buy)?;
        let hash: TxHash = hash.trim().parse().map_err(|_| CheckoutError::MalformedHash)?;
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        self.own(&mut tx, actor, id).await?;
        let mut order = store::lock_order(&mut tx, id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let used = store::payments_in(&mut tx, order.chain_id, hash).await?.into_iter().any(|payment| {
            matches!(payment.standing, super::Standing::Accepted | super::Standing::Refunded)
                && payment.order.is_some_and(|other| other != id)
        });
        if used {
            return Err(CheckoutError::HashUsed.into());
        }
        if store::submissions(&mut tx, id).await?.len() >= MAX_SUBMISSIONS {
            return Err(CheckoutError::TooManyHashes.into());
        }
        store::insert_submission(&mut tx, id, hash, now).await?;
        if order.state == OrderState::Open {
            order.state = OrderState::Submitted;
            order.setback = None;
            store::update_order(&mut tx, &order).await?;
        }
        jobs::settle_at(&mut tx, self.0, id, now).await?;
        self.0.point("submit.before_commit")?;
        tx.commit().await?;
        self.0.point("submit.after_commit")?;
        tracing::info!(%hash, "transaction named");
        if let Err(problem) = self.settle(id).await {
            // The job tries again; the hash is safe.
            tracing::info!(%problem, "could not settle at once");
        }
        self.order(actor, id).await
    }

    /// Gives an order up.
    ///
    /// # Errors
    /// `not_payable` once a transaction was named: money may be under way.
    pub async fn cancel(&self, actor: &Actor, id: OrderId) -> Result<Order, Problem> {
        let mut tx = self.0.0.db.begin().await?;
        self.own(&mut tx, actor, id).await?;
        let mut order = store::lock_order(&mut tx, id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        match order.state {
            OrderState::Open => {
                order.state = OrderState::Cancelled;
                store::update_order(&mut tx, &order).await?;
            }
            OrderState::Cancelled => {}
            state => return Err(CheckoutError::NotPayable(state.word()).into()),
        }
        let view = self.view(&mut tx, order).await?;
        tx.commit().await?;
        Ok(view)
    }

    pub(super) fn transaction(&self, hash: TxHash, block: Option<(u64, BlockHash)>) -> Transaction {
        let explorer = self.0.0.chain_info.explorer.as_deref();
        Transaction {
            hash,
            block: block.map(|(number, _)| number),
            block_hash: block.map(|(_, hash)| hash),
            link: explorer.map(|url| format!("{}/tx/{hash}", url.trim_end_matches('/'))),
        }
    }

    /// The transaction to show: the payment that counts, or the one named last.
    fn newest(&self, payments: &[PaymentRecord], submissions: &[Submission]) -> Option<Transaction> {
        let standing = |wanted| payments.iter().rev().find(move |payment| payment.standing == wanted);
        let payment = standing(super::Standing::Accepted)
            .or_else(|| standing(super::Standing::Refunded))
            .or_else(|| standing(super::Standing::Orphaned));
        match payment {
            Some(payment) => {
                Some(self.transaction(payment.hash, Some((payment.block_number, payment.block_hash))))
            }
            None => submissions.last().map(|submission| self.transaction(submission.hash, None)),
        }
    }

    pub(super) async fn transaction_of(
        &self,
        conn: &mut Conn,
        id: OrderId,
    ) -> Result<Option<Transaction>, Problem> {
        let payments = store::payments_of(conn, id).await?;
        let submissions = store::submissions(conn, id).await?;
        Ok(self.newest(&payments, &submissions))
    }

    async fn view(&self, conn: &mut Conn, order: OrderRecord) -> Result<Order, Problem> {
        let policy = &self.0.0.policy;
        let course = self.0.catalog().by_id(conn, order.course).await?;
        let outline = self.0.catalog().outline(conn, order.course).await?;
        let now = self.0.now();
        let cursor = store::cursor(conn, order.chain_id, order.market).await?;
        let stale = cursor.is_none_or(|(_, seen)| now > seen.plus_millis(policy.stale_after_millis));
        let waiting = matches!(order.state, OrderState::Submitted | OrderState::Confirming);
        let first_lesson = outline
            .iter()
            .flat_map(|module| &module.lessons)
            .find(|lesson| lesson.access <= order.level)
            .map(|lesson| lesson.slug.clone());
        let refundable_until = refund_store::hold_of(conn, order.id)
            .await?
            .map(|(_, hold)| Time(hold.until.cast_signed() * 1000))
            .filter(|until| *until > now);
        let named_at = store::submissions(conn, order.id).await?.last().map(|newest| newest.created_at);
        let open_at = policy.open_at(&order);
        Ok(Order {
            transaction: self.transaction_of(conn, order.id).await?,
            stuck: order.state == OrderState::Submitted
                && named_at.is_some_and(|at| now >= at.plus_minutes(policy.stuck_after_minutes)),
            id: order.id,
            course_slug: course.slug,
            course_title: course.title,
            tier: order.tier,
            tier_name: order.tier_name,
            price: order.price,
            or_in: match (order.state, order.fiat) {
                (OrderState::Open, Some(sum)) => self.paid_in(Price::Fiat(sum)),
                _ => Vec::new(),
            }
            .into_iter()
            .filter(|currency| currency.token != order.token)
            .collect(),
            currency: self.chain().currency_of(order.token),
            fiat: order.fiat,
            // An open order whose time has run out is expired, even before its job says so.
            state: match order.state {
                OrderState::Open if order.expires_at <= now => OrderState::Expired,
                state => state,
            },
            setback: order.setback,
            confirmations: order.confirmations,
            open_at,
            final_at: policy.final_at(),
            is_final: order.is_final,
            beneficiary: order.beneficiary.checksummed(),
            created_at: order.created_at,
            expires_at: order.expires_at,
            paid_at: order.paid_at,
            chain_unreachable: waiting && stale,
            first_lesson,
            refundable_until,
        })
    }

    /// How the follower is doing.
    ///
    /// # Errors
    /// For everyone but admins; when the database does not answer.
    pub async fn health(&self, actor: &Actor) -> Result<ChainHealth, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let policy = &self.0.0.policy;
        let mut conn = self.0.0.db.read().await?;
        let cursor = store::cursor(&mut conn, policy.chain_id, policy.market).await?;
        drop(conn);
        let head = self.0.0.chain.head().await.ok().map(|head| head.number);
        let now = self.0.now();
        Ok(ChainHealth {
            head,
            next_block: cursor.map(|(next, _)| next),
            seen_at: cursor.map(|(_, seen)| seen),
            healthy: head.is_some()
                && cursor.is_some_and(|(_, seen)| now <= seen.plus_millis(policy.stale_after_millis)),
        })
    }
}
