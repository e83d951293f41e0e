//! Lists: my orders, an instructor's sales and payout, an admin's orders and payments.

use std::collections::BTreeMap;

use super::{
    error::CheckoutError,
    model::{Balance, Earned, OrderRow, PaymentRow, Payout, Sales, WalletCall},
    service::Checkout,
    store::{parse, unsigned},
};
use crate::{
    Actor, Operation, Problem,
    accounts::{display_name, parse_address},
    chain::{ChainError, withdraw_call},
    evm::Address,
    ids::{CourseId, OrderId, PaymentId},
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
    token: String,
    state: String,
    setback: Option<String>,
    created_at: Time,
    refundable_until: Option<Time>,
}

macro_rules! listed {
    () => {
        "SELECT o.id, c.slug, c.title, o.tier_name, u.name, o.beneficiary, o.price, o.token, o.state, o.setback, o.created_at,
            (SELECT MAX(p.refundable_until) FROM payments p WHERE p.order_id = o.id
                AND (p.standing IN ('accepted', 'review') OR p.standing = 'dismissed' AND p.setback = 'to_refund')) AS refundable_until
         FROM orders o JOIN courses c ON c.id = o.course_id JOIN users u ON u.id = o.user_id "
    };
}

macro_rules! matching_orders {
    () => {
        "WHERE ($2 = '' OR o.state = $2) AND (c.search LIKE $1 ESCAPE '!' OR u.search LIKE $1 ESCAPE '!'
            OR o.beneficiary LIKE $1 ESCAPE '!'
            OR EXISTS (SELECT 1 FROM submissions s WHERE s.order_id = o.id AND s.tx_hash LIKE $1 ESCAPE '!')
            OR EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.tx_hash LIKE $1 ESCAPE '!'))"
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
    amount: String,
    token: String,
    due: Option<String>,
    due_token: Option<String>,
    standing: String,
    setback: Option<String>,
    seen_at: Time,
}

macro_rules! seen {
    () => {
        "FROM payments p LEFT JOIN orders o ON o.id = p.order_id LEFT JOIN courses c ON c.id = o.course_id
         WHERE ($2 = '' OR p.standing = $2) AND (p.tx_hash LIKE $1 ESCAPE '!' OR p.beneficiary LIKE $1 ESCAPE '!'
            OR c.search LIKE $1 ESCAPE '!')"
    };
}

/// Number and sum of a day's sales, by days since 1970.
type Days = BTreeMap<i64, (u32, Wei)>;

impl Checkout<'_> {
    fn currency(&self, token: &str) -> Result<Currency, Problem> {
        Ok(self.chain().currency_of(parse_address(token)?))
    }

    async fn row(&self, conn: &mut Conn, order: Listed) -> Result<OrderRow, Problem> {
        Ok(OrderRow {
            transaction: self.transaction_of(conn, order.id).await?,
            id: order.id,
            course_slug: order.slug,
            course_title: order.title,
            tier_name: order.tier_name,
            buyer: display_name(Some(&order.name), Some(&order.beneficiary)),
            beneficiary: parse_address(&order.beneficiary)?.checksummed(),
            price: parse("an amount", &order.price)?,
            currency: self.currency(&order.token)?,
            state: parse("an order's state", &order.state)?,
            setback: order.setback.as_deref().map(|word| parse("a setback", word)).transpose()?,
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

    /// The caller's orders, newest first.
    ///
    /// # Errors
    /// For visitors.
    pub async fn mine(&self, actor: &Actor) -> Result<Vec<OrderRow>, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let mut conn = self.0.0.db.read().await?;
        let orders = sql!(all conn, Listed, concat!(listed!(), "WHERE o.user_id = $1 ORDER BY o.created_at DESC LIMIT 200"), person.id)?;
        self.rows(&mut conn, orders).await
    }

    /// All orders, newest first. The filter's state is an order state's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn orders(&self, actor: &Actor, filter: &Filter) -> Result<Page<OrderRow>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let like = filter.like();
        let mut conn = self.0.0.db.read().await?;
        let orders = sql!(all conn, Listed,
            concat!(listed!(), matching_orders!(), " ORDER BY o.created_at DESC, o.id LIMIT $3 OFFSET $4"),
            &like, filter.word(), i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) = sql!(one conn, (i64,),
            concat!("SELECT COUNT(*) FROM orders o JOIN courses c ON c.id = o.course_id JOIN users u ON u.id = o.user_id ", matching_orders!()),
            &like, filter.word())?;
        let rows = self.rows(&mut conn, orders).await?;
        Ok(Page { rows, total: unsigned("a count", total)?, number: filter.number() })
    }

    /// All payments that the chain showed, newest first. The filter's state is a standing's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn payments(&self, actor: &Actor, filter: &Filter) -> Result<Page<PaymentRow>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let like = filter.like();
        let mut conn = self.0.0.db.read().await?;
        let payments = sql!(all conn, Seen,
            concat!("SELECT p.id, p.order_id, p.tx_hash, p.log_index, p.block_number, p.block_hash, p.beneficiary, c.title,
                p.listing, p.amount, p.token, o.price AS due, o.token AS due_token, p.standing, p.setback, p.seen_at ", seen!(), " ORDER BY p.seen_at DESC, p.id LIMIT $3 OFFSET $4"),
            &like, filter.word(), i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) = sql!(one conn, (i64,), concat!("SELECT COUNT(*) ", seen!()), &like, filter.word())?;
        let rows = payments
            .into_iter()
            .map(|seen| {
                let beneficiary = parse_address(&seen.beneficiary)?;
                let block = (unsigned("a block", seen.block_number)?, parse("a hash", &seen.block_hash)?);
                Ok(PaymentRow {
                    id: seen.id,
                    order: seen.order_id,
                    transaction: self.transaction(parse("a hash", &seen.tx_hash)?, Some(block)),
                    log_index: unsigned("a log's index", seen.log_index)?,
                    beneficiary,
                    beneficiary_text: beneficiary.checksummed(),
                    course: seen.title.unwrap_or_else(|| format!("listing {}", seen.listing)),
                    amount: parse("an amount", &seen.amount)?,
                    currency: self.currency(&seen.token)?,
                    due: match (&seen.due, &seen.due_token) {
                        (Some(due), Some(token)) => Some((parse("an amount", due)?, self.currency(token)?)),
                        _ => None,
                    },
                    standing: parse("a standing", &seen.standing)?,
                    setback: seen.setback.as_deref().map(|word| parse("a setback", word)).transpose()?,
                    seen_at: seen.seen_at,
                })
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Page { rows, total: unsigned("a count", total)?, number: filter.number() })
    }

    /// What a course earned.
    ///
    /// # Errors
    /// For everyone but its instructor and admins.
    pub async fn sales(&self, actor: &Actor, course: CourseId) -> Result<Sales, Problem> {
        const DAY: i64 = 86_400_000;
        let mut conn = self.0.0.db.read().await?;
        self.0.catalog().own(&mut conn, actor, Operation::SeeSales, course).await?;
        let paid = sql!(all conn, (String, String, Time),
            "SELECT p.amount, p.token, o.paid_at FROM payments p JOIN orders o ON o.id = p.order_id
             WHERE o.course_id = $1 AND p.standing = 'accepted' AND o.paid_at IS NOT NULL", course)?;
        let today = self.0.now().0.div_euclid(DAY);
        // The coin's address is zero, so it comes first.
        let mut sums: BTreeMap<Address, (Wei, Days)> = BTreeMap::new();
        for (amount, token, at) in &paid {
            let amount: Wei = parse("an amount", amount)?;
            let (total, days) = sums.entry(parse_address(token)?).or_insert_with(|| {
                (Wei::ZERO, (today - 29..=today).map(|day| (day, (0, Wei::ZERO))).collect())
            });
            *total = total.plus(amount);
            if let Some((count, sum)) = days.get_mut(&at.0.div_euclid(DAY)) {
                *count += 1;
                *sum = sum.plus(amount);
            }
        }
        let orders = sql!(all conn, Listed,
            concat!(listed!(), "WHERE o.course_id = $1 AND (o.paid_at IS NOT NULL OR o.setback = 'to_refund')
             ORDER BY COALESCE(o.paid_at, o.created_at) DESC LIMIT 50"), course)?;
        let date = |day: i64| Time(day * DAY).rfc3339()[..10].to_owned();
        let earned = sums.into_iter().map(|(token, (total, days))| Earned {
            currency: self.chain().currency_of(token),
            total,
            days: days.into_iter().map(|(day, (count, sum))| (date(day), count, sum)).collect(),
        });
        Ok(Sales {
            count: u32::try_from(paid.len()).unwrap_or(u32::MAX),
            earned: earned.collect(),
            rows: self.rows(&mut conn, orders).await?,
        })
    }

    /// What the caller may withdraw, and what they have.
    ///
    /// # Errors
    /// For everyone who may not teach; when the chain does not answer.
    pub async fn payout(&self, actor: &Actor) -> Result<Payout, Problem> {
        let person = actor.person_who_may(Operation::SeeSales)?;
        let (chain, market) = (&self.0.0.chain, self.0.0.policy.market);
        let mut balances = Vec::new();
        for currency in self.currencies() {
            let owed = match chain.payout_of(market, person.address, currency.token).await {
                Ok(owed) => owed,
                // The market never sold for this token, so there is none of it.
                Err(ChainError::Refused(_)) if !currency.is_coin() => continue,
                Err(error) => return Err(error.into()),
            };
            let held = chain.held_for(market, person.address, currency.token).await?;
            balances.push(Balance { currency, owed, held });
        }
        let mut conn = self.0.0.db.read().await?;
        let rows = sql!(all conn, (Time, String, String, String, i64, String),
            "SELECT seen_at, amount, token, tx_hash, block_number, block_hash FROM payouts
             WHERE chain_id = $1 AND payee = $2 ORDER BY block_number DESC LIMIT 100",
            self.0.0.policy.chain_id.cast_signed(), person.address.to_string())?;
        let history = rows
            .into_iter()
            .map(|(at, amount, token, hash, number, block)| {
                let block = (unsigned("a block", number)?, parse("a hash", &block)?);
                let transaction = self.transaction(parse("a hash", &hash)?, Some(block));
                Ok((at, parse("an amount", &amount)?, self.currency(&token)?, transaction))
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Payout { balances, payee: person.address_text.clone(), history })
    }

    /// The chain's coin, then the tokens that this site sells for.
    fn currencies(&self) -> Vec<Currency> {
        let chain = self.chain();
        std::iter::once(Currency::coin(&chain.currency)).chain(chain.tokens.iter().cloned()).collect()
    }

    /// The call that pays out all that the contract owes the caller in a token or, for zero, in the coin.
    ///
    /// # Errors
    /// `nothing_to_withdraw`; for everyone who may not teach.
    pub async fn payout_call(&self, actor: &Actor, token: Address) -> Result<WalletCall, Problem> {
        let person = actor.person_who_may(Operation::SeeSales)?;
        let market = self.0.0.policy.market;
        if self.0.0.chain.payout_of(market, person.address, token).await?.is_zero() {
            return Err(CheckoutError::NothingToWithdraw.into());
        }
        Ok(self.to_wallet(person, &withdraw_call(market, person.address, token)))
    }
}
