//! How an order is paid from a wallet: what it signs, and what it sends.
//!
//! In the coin it is one call. In a token the market must be allowed to take the sum first: by a signature
//! where the token has such (EIP-2612, EIP-3009), else by an approval that goes before. Nothing is kept of
//! it: asked again, the same order gives the same.

use ruint::aliases::U256;

use super::{
    error::CheckoutError,
    model::OrderState,
    network::Network,
    quote::seconds,
    refund_store,
    service::{CLOCK_MARGIN_MINUTES, Checkout, QUOTES_REST_MINUTES},
    store::OrderRecord,
    wallet::{PayBy, Payment},
};
use crate::{
    Actor, Kind, Operation, Problem,
    catalog::{CourseState, reference},
    chain::{
        Bought, Call, Consent, Sale, Signing, Terms, TokenDomain, approve_call, purchase_call,
        purchase_for_tokens_call, purchase_quoted_call,
    },
    evm::Address,
    ids::OrderId,
    money::Wei,
    store::Conn,
};

impl OrderRecord {
    /// Whether the contract sells at this price because we signed it, not because it is listed.
    pub(super) fn by_quote(&self) -> bool {
        self.fiat.is_some() || self.token != Address::ZERO
    }
}

impl Checkout<'_> {
    /// What the wallet is to sign and to send. The purchase carries the order's id, and buys for the
    /// order's account whichever account pays.
    ///
    /// # Errors
    /// `not_payable` when the order is not open; `awaited` when a wallet has taken a request to pay it;
    /// `already_enrolled`, `access_revoked` and `order_in_progress` when the course opened otherwise meanwhile;
    /// `price_changed`, `paused`, `not_taken`, `has_pass` when the contract would refuse it; `too_few_tokens` when
    /// the payer has not enough; `other_signature` when the signature is not the payer's.
    pub async fn payment(
        &self,
        actor: &Actor,
        id: OrderId,
        payer: Address,
        by: &PayBy,
    ) -> Result<Payment, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let (order, by_quote) = self.payable(actor, id).await?;
        self.sold_now(&order).await?;
        let terms = Terms {
            order: reference(order.id.0),
            number: order.listing,
            tier: order.tier_number,
            beneficiary: order.beneficiary,
            token: order.token,
            amount: order.price,
            deadline: seconds(order.expires_at),
        };
        let (sign, calls) = if !by_quote {
            (None, vec![purchase_call(order.market, &terms)])
        } else {
            let network = self.0.0.networks.get(order.chain_id)?;
            let quotes = network.quotes.as_ref().ok_or(CheckoutError::NotForSale)?;
            // The same quote again is the same signature.
            let quote = quotes.key.sign(order.chain_id, order.market, &terms)?;
            if order.token == Address::ZERO {
                (None, vec![purchase_quoted_call(order.market, &terms, quote)])
            } else {
                self.in_tokens(network, &order, &terms, quote, payer, by).await?
            }
        };
        Ok(Payment {
            sign,
            calls: calls.iter().map(|call| self.to_wallet(order.chain_id, person, call)).collect(),
        })
    }

    /// The order, if the contract would take its payment now, and whether by our signature alone.
    async fn payable(&self, actor: &Actor, id: OrderId) -> Result<(OrderRecord, bool), Problem> {
        let mut conn = self.0.0.db.read().await?;
        let order = self.own(&mut conn, actor, id).await?;
        match order.state {
            OrderState::Open if order.expires_at > self.0.now() => {
                if order.reference.is_some() {
                    return Err(CheckoutError::Awaited.into());
                }
            }
            OrderState::Open => return Err(CheckoutError::NotPayable("expired").into()),
            state => return Err(CheckoutError::NotPayable(state.word()).into()),
        }
        let access = self.0.learning().enrollment_level(&mut conn, Some(order.user), order.course).await?;
        if access.level >= order.level {
            return Err(CheckoutError::AlreadyEnrolled.into());
        }
        Self::refuse_bought(&mut conn, &order).await?;
        let (page, tier) = match self.0.catalog().tier(&mut conn, order.tier).await {
            Err(problem) if problem.kind == Kind::NotFound => return Err(CheckoutError::PriceChanged.into()),
            found => found?,
        };
        if page.course.state != CourseState::Published {
            return Err(CheckoutError::NotForSale.into());
        }
        let listing = page.market(order.chain_id).and_then(|market| market.listing.as_ref());
        // Another market sells by its own rules, under its own numbers.
        let sold = listing
            .filter(|on| on.market == order.market.checksummed() && on.number == order.listing)
            .and_then(|on| on.tiers.iter().find(|on| on.number == tier.number && on.active))
            .ok_or(CheckoutError::PriceChanged)?;
        if order.by_quote() {
            return Ok((order, true));
        }
        if sold.price == order.price {
            return Ok((order, false));
        }
        // The order's price holds all the same (edge case 16): a quote counts at any price of a tier that is sold.
        let quoted = self.can_be_quoted(&mut conn, &order).await?;
        if quoted { Ok((order, true)) } else { Err(CheckoutError::PriceChanged.into()) }
    }

    /// Refuses what the contract would refuse, before a wallet is asked for anything: an approval costs its fee.
    /// A node that does not answer stops nobody; the contract itself decides.
    async fn sold_now(&self, order: &OrderRecord) -> Result<(), Problem> {
        let network = self.0.0.networks.get(order.chain_id)?;
        let bought = Bought {
            market: order.market,
            listing: order.listing,
            tier: order.tier_number,
            beneficiary: order.beneficiary,
            token: order.token,
        };
        match network.chain.sale(&bought).await {
            Ok(Sale { paused: true, .. }) => Err(CheckoutError::Paused.into()),
            Ok(Sale { takes_token: false, .. }) => {
                let symbol = network.token(order.token).map(|token| token.currency.symbol.clone());
                Err(CheckoutError::NotTaken(symbol.unwrap_or_else(|| order.token.checksummed())).into())
            }
            Ok(Sale { has_pass: true, .. }) => Err(CheckoutError::HasPass.into()),
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::debug!(%error, "the market was not asked");
                Ok(())
            }
        }
    }

    /// Whether the contract would take our signature for an order that was opened at a listed price.
    async fn can_be_quoted(&self, conn: &mut Conn, order: &OrderRecord) -> Result<bool, Problem> {
        let network = self.0.0.networks.get(order.chain_id)?;
        let now = self.0.now();
        let in_time = order.expires_at <= now.plus_minutes(QUOTES_REST_MINUTES - CLOCK_MARGIN_MINUTES);
        let lately = now.plus_minutes(-QUOTES_REST_MINUTES);
        Ok(network.quotes.is_some()
            && in_time
            && !refund_store::refunded_since(conn, order.user, order.tier, &network.policy, lately).await?)
    }

    /// What is signed, and what is sent, to pay in a token.
    async fn in_tokens(
        &self,
        network: &Network,
        order: &OrderRecord,
        terms: &Terms,
        quote: Vec<u8>,
        payer: Address,
        by: &PayBy,
    ) -> Result<(Option<String>, Vec<Call>), Problem> {
        let token = network.token(order.token).ok_or(CheckoutError::NotForSale)?;
        let chain = &network.chain;
        let has = chain.token_account(order.token, payer, order.market).await?;
        if has.balance < order.price {
            return Err(CheckoutError::TooFewTokens {
                payer: payer.checksummed(),
                has: token.currency.short(has.balance),
                needs: token.currency.short(order.price),
            }
            .into());
        }
        let purchase = || purchase_for_tokens_call(order.market, terms, quote.clone());
        match (by, &token.domain) {
            (PayBy::Best | PayBy::Approval, _) if has.allowance >= order.price => {
                Ok((None, vec![purchase()]))
            }
            (PayBy::Best, Some(domain)) => {
                let consent = self.consent(network, order, terms, payer, domain).await?;
                Ok((Some(consent.typed_data()), Vec::new()))
            }
            (PayBy::Signature(signature), Some(domain)) => {
                let consent = self.consent(network, order, terms, payer, domain).await?;
                let signature = alloy::hex::decode(signature).unwrap_or_default();
                let call = consent.purchase_call(quote, &signature).ok_or(CheckoutError::OtherSignature)?;
                Ok((None, vec![call]))
            }
            (PayBy::Signature(_), None) => Err(CheckoutError::OtherSignature.into()),
            (PayBy::Best | PayBy::Approval, _) => {
                let approve = |amount| approve_call(order.token, order.market, amount);
                let mut calls = Vec::new();
                // Some tokens change an allowance from and to nothing only.
                if !has.allowance.is_zero() {
                    calls.push(approve(Wei::ZERO));
                }
                calls.extend([approve(order.price), purchase()]);
                Ok((None, calls))
            }
        }
    }

    async fn consent<'b>(
        &self,
        network: &Network,
        order: &OrderRecord,
        terms: &'b Terms,
        payer: Address,
        domain: &'b TokenDomain,
    ) -> Result<Consent<'b>, Problem> {
        let nonce = match domain.signing {
            Signing::Permit => network.chain.permit_nonce(order.token, payer).await?,
            Signing::Authorization => U256::ZERO,
        };
        Ok(Consent { domain, chain_id: order.chain_id, market: order.market, payer, terms, nonce })
    }
}
