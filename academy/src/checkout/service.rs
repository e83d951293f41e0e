//! The buyer's part, once an order is open: name the transaction, follow the order, give it up.

use super::{
    cursors,
    error::CheckoutError,
    model::{Order, OrderState, Setback, Told, Transaction, Way},
    payment_store::{self, PaymentRecord},
    refund_store,
    store::{self, OrderRecord, Submission},
    verify::carries,
    wallet::{ChainInfo, WalletCall},
};
use crate::{
    Academy, Actor, Kind, Operation, Person, Problem,
    accounts::audit,
    catalog::reference,
    chain::{Call, Log},
    evm::{BlockHash, TxHash},
    ids::OrderId,
    jobs,
    store::Conn,
    time::Time,
};

/// The contract takes no quote that holds for longer, and after a refund none for so long: one from before could
/// still hold.
pub(super) const QUOTES_REST_MINUTES: i64 = 24 * 60;

/// The contract counts a quote's time from its newest block, which can be so much older than now.
pub(super) const CLOCK_MARGIN_MINUTES: i64 = 10;

/// An order knows at most so many transactions.
const MAX_SUBMISSIONS: usize = 20;

/// The checkout service.
pub struct Checkout<'a>(pub(crate) &'a Academy);

/// Why an order is not paid, as people are told, whose newest transaction that is: what settling said, who asks the
/// order's own contract; but for what came in elsewhere, and what was decided of what came in.
pub(super) async fn told(
    conn: &mut Conn,
    order: OrderId,
    (state, setback): (OrderState, Option<Setback>),
    newest: Option<&Transaction>,
) -> Result<Option<Setback>, Problem> {
    let vague = matches!(setback, None | Some(Setback::NoPurchase));
    if state == OrderState::Paid {
        return Ok(payment_store::paid_again(conn, order).await?);
    }
    let paid = matches!(state, OrderState::Confirming | OrderState::Refunded);
    if paid || !vague && !setback.is_some_and(Setback::needs_review) {
        return Ok(setback);
    }
    let of_it = |hash: &TxHash| newest.is_some_and(|newest| newest.hash == *hash);
    Ok(match payment_store::unpaying(conn, order).await? {
        // Another one is under way.
        Some((hash, _)) if state == OrderState::Submitted && !of_it(&hash) => setback,
        Some((_, ruling)) if ruling.is_ruling() => Some(ruling),
        Some((_, elsewhere @ (Setback::OtherChain | Setback::OtherMarket))) if vague => Some(elsewhere),
        _ => setback,
    })
}

impl Checkout<'_> {
    /// What a wallet needs to know of the first chain: its coin is what tiers are priced in.
    pub fn chain(&self) -> &ChainInfo {
        &self.0.0.networks.first().info
    }

    /// The same of each chain, in the site's order.
    pub fn chains(&self) -> impl Iterator<Item = &ChainInfo> {
        self.0.0.networks.iter().map(|network| &network.info)
    }

    /// The same of one, as far as it is known: the site may have left it.
    pub fn chain_of(&self, chain_id: u64) -> ChainInfo {
        let networks = &self.0.0.networks;
        networks.find(chain_id).map_or_else(
            || ChainInfo::unknown(chain_id, networks.name(chain_id)),
            |network| network.info.clone(),
        )
    }

    pub(crate) fn to_wallet(&self, chain_id: u64, from: &Person, call: &Call) -> WalletCall {
        WalletCall {
            chain_id: format!("{chain_id:#x}"),
            from: from.address_text.clone(),
            to: call.to.checksummed(),
            data: alloy::hex::encode_prefixed(&call.data),
            value: format!("0x{:x}", call.value.get()),
        }
    }

    /// How an open order could be paid instead.
    async fn ways(&self, conn: &mut Conn, order: &OrderRecord) -> Result<Vec<Way>, Problem> {
        let (page, tier) = match self.0.catalog().tier(conn, order.tier).await {
            // Gone since: there is no other way.
            Err(problem) if problem.kind == Kind::NotFound => return Ok(Vec::new()),
            found => found?,
        };
        let networks = &self.0.0.networks;
        let home = self.0.accounts().contract_chain(conn, order.beneficiary).await?;
        let sold = Self::sold_on(&page, &tier).map(|market| market.chain_id);
        let sold = sold.filter(|chain_id| home.is_none_or(|home| home == *chain_id));
        let mut ways = Vec::new();
        for network in sold.filter_map(|chain_id| networks.find(chain_id)) {
            for currency in networks.paid_in(network, tier.price) {
                let chain_id = network.policy.chain_id;
                if (chain_id, currency.token) != (order.chain_id, order.token) {
                    ways.push(Way { chain_id, chain: network.info.name.clone(), currency });
                }
            }
        }
        Ok(ways)
    }

    /// Whether an order is the caller's, who may see it: an admin sees everybody's.
    ///
    /// # Errors
    /// As [`Checkout::order`].
    pub async fn is_own(&self, actor: &Actor, id: OrderId) -> Result<bool, Problem> {
        let mut conn = self.0.0.db.read().await?;
        Ok(Some(self.own(&mut conn, actor, id).await?.user) == actor.user())
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
        let mut conn = self.0.0.db.read().await?;
        let order = self.own(&mut conn, actor, id).await?;
        let payments = payment_store::payments_in(&mut conn, order.chain_id, hash).await?;
        drop(conn);
        let of_another = |payment: &PaymentRecord| {
            matches!(payment.standing, super::Standing::Accepted | super::Standing::Refunded)
                && payment.order.is_some_and(|other| other != id)
        };
        if payments.iter().any(of_another)
            && !payments.iter().any(|payment| payment.order == Some(id))
            && !self.is_bought_in(&order, hash).await
        {
            return Err(CheckoutError::HashUsed.into());
        }
        let mut tx = self.0.0.db.begin().await?;
        let mut order = store::lock_order(&mut tx, id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let known = store::submissions(&mut tx, id).await?;
        if known.len() >= MAX_SUBMISSIONS && !known.iter().any(|submission| submission.hash == hash) {
            return Err(CheckoutError::TooManyHashes.into());
        }
        store::insert_submission(&mut tx, id, hash, now).await?;
        if order.state == OrderState::Open {
            order.state = OrderState::Submitted;
            order.setback = None;
            order.reference = None;
            store::update_order(&mut tx, &order).await?;
        }
        jobs::settle_at(&mut tx, self.0, id, now).await?;
        self.0.point("submit.before_commit").await;
        tx.commit().await?;
        self.0.point("submit.after_commit").await;
        tracing::info!(%hash, "transaction named");
        if let Err(problem) = self.settle(id).await {
            // The job tries again; the hash is safe.
            tracing::info!(%problem, "could not settle at once");
        }
        self.order(actor, id).await
    }

    /// Whether a transaction is seen to buy with the order's id: one can buy for several orders (ERC-4337, batches).
    async fn is_bought_in(&self, order: &OrderRecord, hash: TxHash) -> bool {
        let Some(network) = self.0.0.networks.find(order.chain_id) else { return false };
        let receipt = network.chain.receipt(hash).await.ok().flatten();
        let is_its = |log: &Log| log.contract == order.market && carries(log, reference(order.id.0));
        receipt.is_some_and(|receipt| receipt.logs.iter().any(is_its))
    }

    /// Gives an order up. Where an admin does, the audit log keeps it.
    ///
    /// # Errors
    /// `not_payable` once a transaction was named, `awaited` once a wallet took a request: money may be under way.
    pub async fn cancel(&self, actor: &Actor, id: OrderId) -> Result<Order, Problem> {
        let mut tx = self.0.0.db.begin().await?;
        self.own(&mut tx, actor, id).await?;
        let mut order = store::lock_order(&mut tx, id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        match order.state {
            OrderState::Open if order.reference.is_some() => return Err(CheckoutError::Awaited.into()),
            OrderState::Open => {
                order.state = OrderState::Cancelled;
                store::update_order(&mut tx, &order).await?;
                if actor.user() != Some(order.user) {
                    audit(&mut tx, self.0, actor, "order.cancelled", &id.to_string(), "").await?;
                }
            }
            OrderState::Cancelled => {}
            state => return Err(CheckoutError::NotPayable(state.word()).into()),
        }
        let view = self.view(&mut tx, order).await?;
        self.0.point("cancel.before_commit").await;
        tx.commit().await?;
        Ok(view)
    }

    pub(super) fn transaction(
        &self,
        chain_id: u64,
        hash: TxHash,
        block: Option<(u64, BlockHash)>,
    ) -> Transaction {
        let explorer = self.0.0.networks.find(chain_id).and_then(|network| network.info.explorer.as_deref());
        Transaction {
            hash,
            block: block.map(|(number, _)| number),
            block_hash: block.map(|(_, hash)| hash),
            link: explorer.map(|url| format!("{}/tx/{hash}", url.trim_end_matches('/'))),
        }
    }

    /// The transaction to show: the payment that counts, or the one named last.
    fn newest(
        &self,
        chain_id: u64,
        payments: &[PaymentRecord],
        submissions: &[Submission],
    ) -> Option<Transaction> {
        let standing = |wanted| payments.iter().rev().find(move |payment| payment.standing == wanted);
        let payment = standing(super::Standing::Accepted)
            .or_else(|| standing(super::Standing::Refunded))
            .or_else(|| standing(super::Standing::Orphaned));
        match payment {
            Some(payment) => {
                let block = (payment.block_number, payment.block_hash);
                Some(self.transaction(chain_id, payment.hash, Some(block)))
            }
            None => submissions.last().map(|submission| self.transaction(chain_id, submission.hash, None)),
        }
    }

    pub(super) async fn transaction_of(
        &self,
        conn: &mut Conn,
        chain_id: u64,
        id: OrderId,
    ) -> Result<Option<Transaction>, Problem> {
        let payments = payment_store::payments_of(conn, id).await?;
        let submissions = store::submissions(conn, id).await?;
        Ok(self.newest(chain_id, &payments, &submissions))
    }

    /// Whether what was named for an order is stuck, and whether that is because no node ever knew any of it.
    pub(super) fn delay(&self, order: &OrderRecord, submissions: &[Submission]) -> (bool, bool) {
        let named_at = submissions.last().map(|newest| newest.created_at);
        let stuck = self
            .0
            .0
            .networks
            .find(order.chain_id)
            .is_some_and(|network| network.policy.is_stuck(order.state, named_at, self.0.now()));
        (stuck, stuck && submissions.iter().all(|submission| submission.sender.is_none()))
    }

    pub(super) async fn view(&self, conn: &mut Conn, order: OrderRecord) -> Result<Order, Problem> {
        let networks = &self.0.0.networks;
        // Of a chain that the site has left, there is nothing to say but what is kept.
        let policy = networks.find(order.chain_id).map(|network| &network.policy);
        let course = self.0.catalog().by_id(conn, order.course).await?;
        let outline = self.0.catalog().outline(conn, order.course).await?;
        let now = self.0.now();
        let seen = match policy.filter(|policy| policy.follows(order.market)) {
            Some(policy) => cursors::cursor(conn, policy).await?.map(|(_, seen)| (seen, policy)),
            None => None,
        };
        let stale = seen.is_none_or(|(seen, policy)| now > seen.plus_millis(policy.stale_after_millis));
        let waiting = matches!(order.state, OrderState::Submitted | OrderState::Confirming);
        let first_lesson = outline
            .iter()
            .flat_map(|module| &module.lessons)
            .find(|lesson| lesson.access <= order.level)
            .map(|lesson| lesson.slug.clone());
        let refundable_until = refund_store::hold_of(conn, order.id)
            .await?
            .map(|(_, hold)| Time::of_seconds(hold.until))
            .filter(|until| *until > now);
        let submissions = store::submissions(conn, order.id).await?;
        let payments = payment_store::payments_of(conn, order.id).await?;
        let transaction = self.newest(order.chain_id, &payments, &submissions);
        let setback = told(conn, order.id, (order.state, order.setback), transaction.as_ref()).await?;
        let (stuck, unknown) = self.delay(&order, &submissions);
        let open_at = policy.and_then(|policy| policy.opening_of(&order).confirmations());
        let awaiting = order.awaited().cloned();
        let ways = match order.state {
            OrderState::Open => self.ways(conn, &order).await?,
            _ => Vec::new(),
        };
        Ok(Order {
            transaction,
            stuck,
            unknown,
            id: order.id,
            course_slug: course.slug,
            course_title: course.title,
            tier: order.tier,
            tier_name: order.tier_name,
            price: order.price,
            ways,
            chain_id: order.chain_id,
            currency: networks.currency(order.chain_id, order.token),
            fiat: order.fiat,
            // An open order whose time has run out is expired, even before its job says so.
            state: match order.state {
                OrderState::Open if order.expires_at <= now => OrderState::Expired,
                state => state,
            },
            awaiting,
            setback,
            told: setback.map(|setback| Told::of(order.state, setback)),
            confirmations: order.confirmations,
            open_at,
            final_at: policy.and_then(|policy| policy.finality.confirmations()),
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
}
