//! Opening an order: what it asks for, and what becomes of one that is under way.

use super::{
    error::CheckoutError,
    model::{Order, OrderState},
    network::Network,
    quote::Asked,
    refund_store,
    service::{Checkout, QUOTES_REST_MINUTES},
    store::{self, OrderRecord},
};
use crate::{
    Actor, Operation, Person, Problem,
    catalog::{CoursePage, CourseState, Market, Tier},
    evm::Address,
    ids::{CourseId, OrderId, TierId},
    jobs,
    price::Price,
    store::{Conn, StoreError},
    time::Time,
};

/// How a buyer wants to pay, as far as they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaidIn {
    /// On this chain; without, on the one they signed in on or, where the tier is not sold there, the first
    /// of the site's on which it is.
    pub chain_id: Option<u64>,
    /// In a token, or in the coin (zero); without, in what is usual for the tier.
    pub token: Option<Address>,
}

impl From<Option<Address>> for PaidIn {
    fn from(token: Option<Address>) -> Self {
        Self { chain_id: None, token }
    }
}

/// What somebody wants to buy, and how they pay for it.
struct Wish<'a> {
    person: &'a Person,
    course: CourseId,
    tier: TierId,
    level: u8,
    network: &'a Network,
    price: Price,
    token: Address,
}

/// What an order under way means for a wish to buy its course.
enum UnderWay {
    /// It is what is wished for, or may still be paid.
    Wanted,
    /// Another one may take its place.
    GivesWay,
    /// Money may come for it.
    InTheWay,
}

impl Wish<'_> {
    fn meets(&self, order: &OrderRecord, now: Time) -> UnderWay {
        let fresh = order.expires_at > now;
        // What was quoted holds until it expires, whatever the rate does.
        let same_price = match self.price {
            Price::Coin(amount) | Price::Token { amount, .. } => (order.fiat, order.price) == (None, amount),
            Price::Fiat(sum) => order.fiat == Some(sum),
        };
        let same = same_price
            && order.tier == self.tier
            && order.chain_id == self.network.policy.chain_id
            && order.market == self.network.policy.market
            && order.token == self.token
            && order.beneficiary == self.person.address;
        // A wallet has a request to pay it, and may send it any time.
        let awaited = fresh && order.reference.is_some();
        match order.state {
            OrderState::Open if fresh && same => UnderWay::Wanted,
            OrderState::Open if !awaited => UnderWay::GivesWay,
            _ if order.tier == self.tier => UnderWay::Wanted,
            _ => UnderWay::InTheWay,
        }
    }
}

impl Checkout<'_> {
    /// [`Checkout::open_in`] what is usual for the tier.
    ///
    /// # Errors
    /// As there.
    pub async fn open(&self, actor: &Actor, tier: TierId) -> Result<Order, Problem> {
        self.open_in(actor, tier, None).await
    }

    /// Opens an order for a tier at its price now, to be paid as the buyer wants, or answers the one that is
    /// open already. An open order for another tier of the course, at another price, in another currency or on
    /// another chain is over then, unless a wallet has a request to pay it. What was sent for it in time
    /// still counts.
    ///
    /// # Errors
    /// For visitors; `already_enrolled`, `access_revoked`, `free`, `not_for_sale`, `order_in_progress`.
    #[tracing::instrument(skip_all, fields(%tier))]
    pub async fn open_in(
        &self,
        actor: &Actor,
        tier: TierId,
        paid: impl Into<PaidIn>,
    ) -> Result<Order, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let wish = self.wish(person, tier, &paid.into()).await?;
        // It needs no price, which may not be had now.
        if let Some(order) = self.open_already(&wish).await? {
            return Ok(order);
        }
        // Asks the chain, so no transaction is open.
        let asked = self.asked(wish.network, wish.price, wish.token).await?;
        self.open_at(&wish, &asked).await
    }

    /// What a buyer wishes for: on which chain they pay for the tier, and in what.
    async fn wish<'w>(
        &'w self,
        person: &'w Person,
        tier: TierId,
        paid: &PaidIn,
    ) -> Result<Wish<'w>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let (page, tier) = self.0.catalog().tier(&mut conn, tier).await?;
        drop(conn);
        if tier.price.is_zero() {
            return Err(CheckoutError::Free.into());
        }
        let chain_id = Self::pays_on(&page, &tier, Some(person), paid.chain_id);
        let network = self.0.0.networks.get(chain_id.ok_or(CheckoutError::NotForSale)?)?;
        let paid_in = self.0.0.networks.paid_in(network, tier.price);
        let of = match paid.token {
            None => paid_in.first(),
            Some(token) => paid_in.iter().find(|currency| currency.token == token),
        };
        let token = of.ok_or(CheckoutError::NotForSale)?.token;
        let (course, level, price) = (page.course.id, tier.level, tier.price);
        Ok(Wish { person, course, tier: tier.id, level, network, price, token })
    }

    async fn open_already(&self, wish: &Wish<'_>) -> Result<Option<Order>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        self.refuse_enrolled(&mut conn, wish, wish.level).await?;
        let under_way = store::under_way(&mut conn, wish.person.id, wish.course).await?;
        let now = self.0.now();
        match under_way.filter(|order| matches!(wish.meets(order, now), UnderWay::Wanted)) {
            Some(order) => Ok(Some(self.view(&mut conn, order).await?)),
            None => Ok(None),
        }
    }

    /// `level` is that of the tier now.
    async fn refuse_enrolled(&self, conn: &mut Conn, wish: &Wish<'_>, level: u8) -> Result<(), Problem> {
        let access = self.0.learning().enrollment_level(conn, Some(wish.person.id), wish.course).await?;
        if access.level >= level { Err(CheckoutError::AlreadyEnrolled.into()) } else { Ok(()) }
    }

    /// What would be paid for an order whose buyer has no access could not count: another one opened the course as
    /// far, and is being confirmed again, or a person took its access away.
    pub(super) async fn refuse_bought(conn: &mut Conn, order: &OrderRecord) -> Result<(), Problem> {
        match store::bought_otherwise(conn, order).await? {
            None => Ok(()),
            Some(OrderState::Paid) => Err(CheckoutError::AccessRevoked.into()),
            Some(_) => Err(CheckoutError::OrderInProgress.into()),
        }
    }

    async fn open_at(&self, wish: &Wish<'_>, asked: &Asked) -> Result<Order, Problem> {
        let Wish { person, network, .. } = *wish;
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        // As settling does: what it finds out meanwhile is seen here.
        self.0.accounts().lock(&mut tx, person.id).await?;
        let (page, tier) = self.0.catalog().tier(&mut tx, wish.tier).await?;
        if tier.price != asked.price {
            return Err(CheckoutError::PriceChanged.into());
        }
        let market = Self::sold_on(&page, &tier).find(|market| market.chain_id == network.policy.chain_id);
        let listing =
            market.and_then(|market| market.listing.as_ref()).ok_or(CheckoutError::NotForSale)?.number;
        self.refuse_enrolled(&mut tx, wish, tier.level).await?;
        if let Some(mut under_way) = store::lock_under_way(&mut tx, person.id, page.course.id).await? {
            match wish.meets(&under_way, now) {
                UnderWay::Wanted => {
                    let order = self.view(&mut tx, under_way).await?;
                    tx.commit().await?;
                    return Ok(order);
                }
                UnderWay::GivesWay => {
                    under_way.state = OrderState::Expired;
                    store::update_order(&mut tx, &under_way).await?;
                }
                UnderWay::InTheWay => return Err(CheckoutError::OrderInProgress.into()),
            }
        }
        let by_quote = asked.fiat.is_some() || asked.token != Address::ZERO;
        let ttl_minutes = match &network.quotes {
            Some(quotes) if by_quote => {
                let lately = now.plus_minutes(-QUOTES_REST_MINUTES);
                if refund_store::refunded_since(&mut tx, person.id, tier.id, &network.policy, lately).await? {
                    return Err(CheckoutError::RefundedLately.into());
                }
                quotes.ttl_minutes
            }
            _ => network.policy.order_ttl_minutes,
        };
        let record = OrderRecord {
            id: OrderId(self.0.mint()),
            user: person.id,
            course: page.course.id,
            tier: tier.id,
            tier_number: tier.number,
            tier_name: tier.name,
            level: tier.level,
            chain_id: network.policy.chain_id,
            market: network.policy.market,
            listing,
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
            before_refund: None,
            reference: None,
            revision: 1,
        };
        Self::refuse_bought(&mut tx, &record).await?;
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
        self.0.point("open.before_commit").await;
        tx.commit().await?;
        Ok(order)
    }

    /// The chain on which somebody pays for a tier, unless they want another.
    pub(super) fn pays_on(
        page: &CoursePage,
        tier: &Tier,
        person: Option<&Person>,
        wanted: Option<u64>,
    ) -> Option<u64> {
        let home = person.and_then(|person| person.contract_on);
        let sold: Vec<u64> = Self::sold_on(page, tier)
            .map(|market| market.chain_id)
            .filter(|chain_id| wanted.is_none_or(|wanted| wanted == *chain_id))
            // The pass, and the right to a refund, would be whoever's has that address there.
            .filter(|chain_id| home.is_none_or(|home| home == *chain_id))
            .collect();
        let here = person.and_then(|person| person.chain_id);
        sold.iter().find(|chain_id| here == Some(**chain_id)).or(sold.first()).copied()
    }

    /// Where a tier can be bought now.
    pub(super) fn sold_on<'p>(page: &'p CoursePage, tier: &'p Tier) -> impl Iterator<Item = &'p Market> {
        page.sold_on(tier).filter(|_| page.course.state == CourseState::Published)
    }
}
