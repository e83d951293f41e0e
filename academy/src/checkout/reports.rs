//! Lists: my orders, an instructor's sales, an admin's orders and payments.

use std::collections::BTreeMap;

use super::{
    model::OrderState,
    payment_store::surplus,
    refund_store::held,
    rows::{Due, Earned, OrderRow, PaymentRow, Sales},
    service::{Checkout, told},
    store::{cents, parse, unsigned},
};
use crate::{
    Actor, Operation, Problem,
    accounts::{display_name, parse_address},
    evm::Address,
    ids::{CourseId, OrderId, PaymentId, UserId},
    money::{Currency, Wei},
    page::{Filter, PAGE_SIZE, Page},
    store::{Conn, sql},
    time::Time,
};

#[derive(sqlx::FromRow)]
struct Listed {
    id: OrderId,
    slug: String,
    title: String,
    tier_name: String,
    name: String,
    beneficiary: String,
    price: String,
    fiat_currency: Option<String>,
    fiat_amount: Option<i64>,
    chain_id: i64,
    token: String,
    state: String,
    setback: Option<String>,
    wallet_reference: Option<String>,
    created_at: Time,
    named_at: Option<Time>,
    refundable_until: Option<Time>,
}

macro_rules! listed {
    () => {
        concat!("SELECT o.id, c.slug, c.title, o.tier_name, u.name, o.beneficiary, o.price, o.fiat_currency, o.fiat_amount, o.chain_id, o.token, o.state, o.setback, o.wallet_reference, o.created_at,
            (SELECT MAX(s.created_at) FROM submissions s WHERE s.order_id = o.id) AS named_at,
            (SELECT MAX(p.refundable_until) FROM payments p WHERE ", held!(), ") AS refundable_until
         FROM orders o JOIN courses c ON c.id = o.course_id JOIN users u ON u.id = o.user_id ")
    };
}

macro_rules! matching_orders {
    () => {
        "WHERE ($2 = '' OR o.state = $2) AND (c.search LIKE $1 ESCAPE '!' OR u.search LIKE $1 ESCAPE '!'
            OR o.beneficiary LIKE $1 ESCAPE '!'
            OR o.id = $3
            OR EXISTS (SELECT 1 FROM submissions s WHERE s.order_id = o.id AND (s.tx_hash LIKE $1 ESCAPE '!' OR s.sender LIKE $1 ESCAPE '!'))
            OR EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id
                AND (p.tx_hash LIKE $1 ESCAPE '!' OR p.sender LIKE $1 ESCAPE '!' OR p.payer LIKE $1 ESCAPE '!')))"
    };
}

/// A person decided so of a payment that names the order.
macro_rules! decided {
    ($rulings:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM payments p WHERE (p.order_id = o.id OR p.named_order = o.id)
                AND p.standing = 'dismissed' AND p.setback IN (",
            $rulings,
            "))"
        )
    };
}

/// A course's orders that were paid, or whose money went, or goes, back.
macro_rules! sold {
    () => {
        concat!(
            "WHERE o.course_id = $1 AND (o.paid_at IS NOT NULL OR ",
            decided!("'to_refund', 'paid_back'"),
            ")"
        )
    };
}

#[derive(sqlx::FromRow)]
struct Seen {
    id: PaymentId,
    order_id: Option<OrderId>,
    tx_hash: String,
    log_index: i64,
    block_number: i64,
    block_hash: String,
    beneficiary: String,
    title: Option<String>,
    listing: i64,
    tier_number: i64,
    tier: Option<String>,
    amount: String,
    chain_id: i64,
    token: String,
    standing: String,
    setback: Option<String>,
    seen_at: Time,
    mined_at: Option<Time>,
    sender: Option<String>,
    payer: Option<String>,
    refundable_until: Option<Time>,
    overpaid: bool,
    #[sqlx(flatten)]
    due: DueRow,
}

/// Of an order, where there is one.
#[derive(sqlx::FromRow)]
pub(super) struct DueRow {
    due_state: Option<String>,
    buyer: Option<String>,
    ordered_by: Option<String>,
    ordered: Option<String>,
    ordered_tier: Option<String>,
    price: Option<String>,
    fiat_currency: Option<String>,
    fiat_amount: Option<i64>,
    due_chain: Option<i64>,
    due_token: Option<String>,
    created_at: Option<Time>,
    expires_at: Option<Time>,
}

/// `to_refund` are those that somebody still has to pay back. `review` are those that wait for a person: what a
/// reorg took from an order that nothing else pays, and what was paid too much, too; but not what is yet to be judged.
macro_rules! seen {
    () => {
        concat!("FROM payments p LEFT JOIN orders o ON o.id = COALESCE(p.order_id, p.named_order) LEFT JOIN users u ON u.id = o.user_id
            LEFT JOIN courses oc ON oc.id = o.course_id
            LEFT JOIN listings l ON l.chain_id = p.chain_id AND l.market = p.market AND l.number = p.listing
            LEFT JOIN courses c ON c.id = COALESCE(l.course_id, o.course_id)
            LEFT JOIN tiers t ON t.course_id = c.id AND t.number = p.tier_number
         WHERE ($2 = '' OR p.standing = $2 AND ($2 <> 'review' OR p.setback IS NOT NULL)
            OR $2 = 'to_refund' AND p.standing = 'dismissed' AND p.setback = 'to_refund'
            OR $2 = 'review' AND p.standing = 'orphaned' AND p.setback = 'orphaned' AND o.state = 'confirming'
            OR $2 = 'review' AND ", surplus!("p"), ") AND (p.tx_hash LIKE $1 ESCAPE '!' OR p.beneficiary LIKE $1 ESCAPE '!'
            OR c.search LIKE $1 ESCAPE '!' OR o.id = $3 OR p.sender LIKE $1 ESCAPE '!' OR p.payer LIKE $1 ESCAPE '!'
            OR EXISTS (SELECT 1 FROM submissions s WHERE s.order_id = p.order_id AND s.tx_hash = p.tx_hash AND s.sender LIKE $1 ESCAPE '!'))")
    };
}

fn checksummed(address: Option<String>) -> Result<Option<String>, Problem> {
    Ok(address.as_deref().map(parse_address).transpose()?.map(|address| address.checksummed()))
}

/// The order whose id is looked for, if that is one.
fn named(filter: &Filter) -> Option<OrderId> {
    filter.q.trim().parse().ok()
}

/// Number and sum of a day's sales, by days since 1970.
type Days = BTreeMap<i64, (u32, Wei)>;

impl Checkout<'_> {
    pub(super) fn due(&self, row: DueRow) -> Result<Option<Due>, Problem> {
        let (
            Some(state),
            Some(course),
            Some(tier),
            Some(price),
            Some(chain_id),
            Some(token),
            Some(created_at),
            Some(expires_at),
        ) = (
            row.due_state,
            row.ordered,
            row.ordered_tier,
            row.price,
            row.due_chain,
            row.due_token,
            row.created_at,
            row.expires_at,
        )
        else {
            return Ok(None);
        };
        Ok(Some(Due {
            state: parse("an order's state", &state)?,
            buyer: display_name(row.buyer.as_deref(), row.ordered_by.as_deref()),
            what: format!("{course}, {tier}"),
            price: parse("an amount", &price)?,
            fiat: cents(row.fiat_currency.as_deref(), row.fiat_amount)?,
            currency: self.currency(unsigned("a chain id", chain_id)?, &token)?,
            created_at,
            expires_at,
        }))
    }

    pub(super) fn currency(&self, chain_id: u64, token: &str) -> Result<Currency, Problem> {
        Ok(self.0.0.networks.currency(chain_id, parse_address(token)?))
    }

    /// A chain's name, where the site has several.
    pub(super) fn chain_of_several(&self, chain_id: u64) -> Option<String> {
        let networks = &self.0.0.networks;
        let several = networks.iter().nth(1).is_some() || networks.find(chain_id).is_none();
        several.then(|| networks.name(chain_id))
    }

    async fn row(&self, conn: &mut Conn, order: Listed) -> Result<OrderRow, Problem> {
        let chain_id = unsigned("a chain id", order.chain_id)?;
        let state = parse("an order's state", &order.state)?;
        let policy = self.0.0.networks.find(chain_id).map(|network| &network.policy);
        let setback = order.setback.as_deref().map(|word| parse("a setback", word)).transpose()?;
        let transaction = self.transaction_of(conn, chain_id, order.id).await?;
        Ok(OrderRow {
            setback: told(conn, order.id, (state, setback), transaction.as_ref()).await?,
            transaction,
            stuck: policy.is_some_and(|policy| policy.is_stuck(state, order.named_at, self.0.now())),
            chain: self.chain_of_several(chain_id),
            id: order.id,
            course_slug: order.slug,
            course_title: order.title,
            tier_name: order.tier_name,
            buyer: display_name(Some(&order.name), Some(&order.beneficiary)),
            beneficiary: parse_address(&order.beneficiary)?.checksummed(),
            price: parse("an amount", &order.price)?,
            fiat: cents(order.fiat_currency.as_deref(), order.fiat_amount)?,
            currency: self.currency(chain_id, &order.token)?,
            awaiting: order.wallet_reference.is_some() && order.state == OrderState::Open.word(),
            state,
            created_at: order.created_at,
            refundable_until: order.refundable_until.filter(|until| *until > self.0.now()),
        })
    }

    async fn rows(&self, conn: &mut Conn, orders: Vec<Listed>) -> Result<Vec<OrderRow>, Problem> {
        let mut rows = Vec::with_capacity(orders.len());
        for order in orders {
            rows.push(self.row(conn, order).await?);
        }
        Ok(rows)
    }

    /// The caller's orders, newest first, a page of them. Of the filter, only the page counts.
    ///
    /// # Errors
    /// For visitors.
    pub async fn mine(&self, actor: &Actor, filter: &Filter) -> Result<Page<OrderRow>, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let mut conn = self.0.0.db.read().await?;
        let orders = sql!(all conn, Listed,
            concat!(listed!(), "WHERE o.user_id = $1 ORDER BY o.created_at DESC, o.id LIMIT $2 OFFSET $3"),
            person.id, i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) = sql!(one conn, (i64,), "SELECT COUNT(*) FROM orders WHERE user_id = $1", person.id)?;
        let rows = self.rows(&mut conn, orders).await?;
        Ok(Page { rows, total: unsigned("a count", total)?, number: filter.number() })
    }

    /// The caller's orders that opened a course, newest first; none of a visitor's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn paid_for(&self, actor: &Actor, course: CourseId) -> Result<Vec<OrderId>, Problem> {
        let Some(user) = actor.user() else { return Ok(Vec::new()) };
        let mut conn = self.0.0.db.read().await?;
        let paid = sql!(all conn, (OrderId,),
            "SELECT id FROM orders WHERE user_id = $1 AND course_id = $2 AND state = 'paid' ORDER BY created_at DESC, id",
            user, course)?;
        Ok(paid.into_iter().map(|(id,)| id).collect())
    }

    /// Whether somebody ever ordered a course.
    pub(crate) async fn has_ordered(
        &self,
        conn: &mut Conn,
        user: Option<UserId>,
        course: CourseId,
    ) -> Result<bool, Problem> {
        let Some(user) = user else { return Ok(false) };
        let order = sql!(opt conn, (OrderId,),
            "SELECT id FROM orders WHERE user_id = $1 AND course_id = $2 LIMIT 1", user, course)?;
        Ok(order.is_some())
    }

    /// All orders, newest first. The filter's state is an order state's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn orders(&self, actor: &Actor, filter: &Filter) -> Result<Page<OrderRow>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let (like, named) = (filter.like(), named(filter));
        let mut conn = self.0.0.db.read().await?;
        let orders = sql!(all conn, Listed,
            concat!(listed!(), matching_orders!(), " ORDER BY o.created_at DESC, o.id LIMIT $4 OFFSET $5"),
            &like, filter.word(), named, i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) = sql!(one conn, (i64,),
            concat!("SELECT COUNT(*) FROM orders o JOIN courses c ON c.id = o.course_id JOIN users u ON u.id = o.user_id ", matching_orders!()),
            &like, filter.word(), named)?;
        let rows = self.rows(&mut conn, orders).await?;
        Ok(Page { rows, total: unsigned("a count", total)?, number: filter.number() })
    }

    /// All payments that the chain showed, newest first. The filter's state is a standing's word, or `to_refund`.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn payments(&self, actor: &Actor, filter: &Filter) -> Result<Page<PaymentRow>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let (like, named) = (filter.like(), named(filter));
        let mut conn = self.0.0.db.read().await?;
        let payments = sql!(all conn, Seen,
            concat!("SELECT p.id, COALESCE(p.order_id, p.named_order) AS order_id, p.tx_hash, p.log_index, p.block_number, p.block_hash, p.beneficiary, c.title,
                p.listing, p.tier_number, t.name AS tier, p.amount, p.chain_id, p.token, p.standing, p.setback, p.seen_at, p.mined_at,
                p.payer, p.refundable_until, CASE WHEN ", surplus!("p"), " THEN TRUE ELSE FALSE END AS overpaid,
                COALESCE(p.sender, (SELECT s.sender FROM submissions s WHERE s.order_id = p.order_id AND s.tx_hash = p.tx_hash)) AS sender,
                o.state AS due_state, u.name AS buyer, o.beneficiary AS ordered_by, oc.title AS ordered, o.tier_name AS ordered_tier,
                o.price, o.fiat_currency, o.fiat_amount, o.chain_id AS due_chain, o.token AS due_token, o.created_at, o.expires_at ", seen!(), " ORDER BY p.seen_at DESC, p.id LIMIT $4 OFFSET $5"),
            &like, filter.word(), named, i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) =
            sql!(one conn, (i64,), concat!("SELECT COUNT(*) ", seen!()), &like, filter.word(), named)?;
        let rows = payments
            .into_iter()
            .map(|seen| {
                let beneficiary = parse_address(&seen.beneficiary)?;
                let block = (unsigned("a block", seen.block_number)?, parse("a hash", &seen.block_hash)?);
                let chain_id = unsigned("a chain id", seen.chain_id)?;
                let amount: Wei = parse("an amount", &seen.amount)?;
                let due = self.due(seen.due)?;
                Ok(PaymentRow {
                    surplus: due.as_ref().filter(|_| seen.overpaid).map(|due| amount.minus(due.price)),
                    id: seen.id,
                    order: seen.order_id,
                    transaction: self.transaction(chain_id, parse("a hash", &seen.tx_hash)?, Some(block)),
                    chain: self.chain_of_several(chain_id),
                    log_index: unsigned("a log's index", seen.log_index)?,
                    beneficiary,
                    beneficiary_text: beneficiary.checksummed(),
                    course: seen.title.unwrap_or_else(|| format!("listing {}", seen.listing)),
                    amount,
                    currency: self.currency(chain_id, &seen.token)?,
                    tier: seen.tier.unwrap_or_else(|| format!("tier {}", seen.tier_number)),
                    sender: checksummed(seen.sender)?,
                    payer: checksummed(seen.payer)?,
                    held_until: seen.refundable_until,
                    mined_at: seen.mined_at,
                    due,
                    standing: parse("a standing", &seen.standing)?,
                    setback: seen.setback.as_deref().map(|word| parse("a setback", word)).transpose()?,
                    seen_at: seen.seen_at,
                })
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Page { rows, total: unsigned("a count", total)?, number: filter.number() })
    }

    /// What a course earned, and a page of its sales: those first whose payment somebody still has to pay back, then
    /// the newest. Of the filter, only the page counts.
    ///
    /// # Errors
    /// For everyone but its instructor and admins.
    pub async fn sales(&self, actor: &Actor, course: CourseId, filter: &Filter) -> Result<Sales, Problem> {
        const DAY: i64 = 86_400_000;
        let mut conn = self.0.0.db.read().await?;
        self.0.catalog().own(&mut conn, actor, Operation::SeeSales, course).await?;
        let paid = sql!(all conn, (String, i64, String, Time),
            "SELECT p.amount, p.chain_id, p.token, o.paid_at FROM payments p JOIN orders o ON o.id = p.order_id
             WHERE o.course_id = $1 AND p.standing = 'accepted' AND o.paid_at IS NOT NULL", course)?;
        let today = self.0.now().0.div_euclid(DAY);
        // By chain in the site's order; a coin's address is zero, so it comes first.
        let order: Vec<u64> = self.0.0.networks.iter().map(|network| network.policy.chain_id).collect();
        let mut sums: BTreeMap<(usize, u64, Address), (Wei, Days)> = BTreeMap::new();
        for (amount, chain_id, token, at) in &paid {
            let amount: Wei = parse("an amount", amount)?;
            let chain_id = unsigned("a chain id", *chain_id)?;
            let place = order.iter().position(|id| *id == chain_id).unwrap_or(usize::MAX);
            let (total, days) = sums.entry((place, chain_id, parse_address(token)?)).or_insert_with(|| {
                (Wei::ZERO, (today - 29..=today).map(|day| (day, (0, Wei::ZERO))).collect())
            });
            *total = total.plus(amount);
            if let Some((count, sum)) = days.get_mut(&at.0.div_euclid(DAY)) {
                *count += 1;
                *sum = sum.plus(amount);
            }
        }
        let orders = sql!(all conn, Listed,
            concat!(listed!(), sold!(), " ORDER BY CASE WHEN ", decided!("'to_refund'"), " THEN 0 ELSE 1 END,
                COALESCE(o.paid_at, o.created_at) DESC, o.id LIMIT $2 OFFSET $3"),
            course, i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) = sql!(one conn, (i64,), concat!("SELECT COUNT(*) FROM orders o ", sold!()), course)?;
        let rows = self.rows(&mut conn, orders).await?;
        let date = |day: i64| Time(day * DAY).rfc3339()[..10].to_owned();
        let earned = sums.into_iter().map(|((_, chain_id, token), (total, days))| Earned {
            chain: self.chain_of_several(chain_id),
            currency: self.0.0.networks.currency(chain_id, token),
            total,
            days: days.into_iter().map(|(day, (count, sum))| (date(day), count, sum)).collect(),
        });
        Ok(Sales {
            count: u32::try_from(paid.len()).unwrap_or(u32::MAX),
            earned: earned.collect(),
            rows: Page { rows, total: unsigned("a count", total)?, number: filter.number() },
        })
    }
}
