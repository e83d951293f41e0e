//! Publishing: what a wallet must send, and what the chain's events say of listings.

use super::{
    error::CatalogError,
    model::{Course, CoursePage, CourseState, Tier},
    sale::{ListedTier, Market, Offered},
    service::Catalog,
    store,
};
use crate::{
    Actor, Operation, Problem,
    accounts::audit,
    chain::{Call, Event, Log, list_course_call, set_tiers_call, set_window_call},
    checkout::WalletCall,
    ids::CourseId,
    store::{Conn, change_public},
};

/// What publishing came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// The course is in the catalogue.
    Done,
    /// The instructor's wallet must list it, or its new prices, on a chain first. The course publishes
    /// itself when the chain has the listing.
    NeedsListing(WalletCall),
}

/// Our id of a thing as the contract keeps it: 16 bytes, then zeros.
pub(crate) fn reference(id: uuid::Uuid) -> [u8; 32] {
    let mut reference = [0; 32];
    reference[..16].copy_from_slice(id.as_bytes());
    reference
}

/// The id in a reference, unless it is none of ours.
pub(crate) fn dereference(reference: &[u8; 32]) -> Option<uuid::Uuid> {
    let (id, rest) = reference.split_at(16);
    rest.iter().all(|byte| *byte == 0).then(|| uuid::Uuid::from_slice(id).ok()).flatten()
}

/// How tiers are to be sold on a chain, by their numbers.
fn offers(market: &Market) -> Vec<Option<Offered>> {
    let length = market.offers.iter().map(|(number, _)| usize::from(*number) + 1).max();
    let mut offers = vec![None; length.unwrap_or(0)];
    for (number, offered) in &market.offers {
        if let Some(slot) = offers.get_mut(usize::from(*number)) {
            *slot = Some(*offered);
        }
    }
    offers
}

impl Catalog<'_> {
    /// Publishes a course that is ready, once page and chains agree on its prices.
    ///
    /// # Errors
    /// `not_ready` with what is missing; `other_lister` when another wallet holds the listing.
    #[tracing::instrument(skip_all, fields(course = %id))]
    pub async fn publish(&self, actor: &Actor, id: CourseId) -> Result<Published, Problem> {
        let mut tx = self.begin().await?;
        let course = self.own(&mut tx, actor, Operation::Publish, id).await?;
        let page = self.page(&mut tx, course).await?;
        if page.lessons().next().is_none() {
            return Err(CatalogError::NotReady("Add at least one lesson first.").into());
        }
        if page.tiers.is_empty() {
            return Err(CatalogError::NotReady("Add at least one tier first, free or paid.").into());
        }
        if let Some(tier) = page.tiers.iter().find(|tier| self.unpayable(&page, tier)) {
            return Err(CatalogError::Unpayable(tier.name.clone()).into());
        }
        let published = match page.to_list() {
            Some(market) => {
                let call = self.call_for(actor, &page, market)?;
                if page.course.state != CourseState::Published {
                    store::set_state(&mut tx, id, page.course.state, true, self.0.now()).await?;
                }
                Published::NeedsListing(call)
            }
            None => {
                self.set_published(&mut tx, actor, &page).await?;
                Published::Done
            }
        };
        tx.commit().await?;
        Ok(published)
    }

    async fn set_published(&self, conn: &mut Conn, actor: &Actor, page: &CoursePage) -> Result<(), Problem> {
        if page.course.state != CourseState::Published {
            store::set_state(conn, page.course.id, CourseState::Published, false, self.0.now()).await?;
            audit(conn, self.0, actor, "course.published", &page.course.title, "").await?;
        }
        Ok(())
    }

    /// Takes a course out of the catalogue and from sale here. Whoever bought it keeps it; a
    /// purchase that still arrives through the contract goes to review.
    ///
    /// # Errors
    /// For everyone who may not change the course.
    pub async fn withdraw(&self, actor: &Actor, id: CourseId) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let course = self.own(&mut tx, actor, Operation::Publish, id).await?;
        let state = match course.state {
            CourseState::Draft => CourseState::Draft,
            CourseState::Published | CourseState::Withdrawn => CourseState::Withdrawn,
        };
        store::set_state(&mut tx, id, state, false, self.0.now()).await?;
        audit(&mut tx, self.0, actor, "course.withdrawn", &course.title, "").await?;
        Ok(tx.commit().await?)
    }

    /// Whether a tier costs something that nobody can pay here.
    fn unpayable(&self, page: &CoursePage, tier: &Tier) -> bool {
        !tier.price.is_zero() && page.markets.iter().all(|market| market.wanted(tier.number).is_none())
    }

    /// What the instructor's wallet must send for a chain to sell what the page shows; `None` when it does
    /// already.
    ///
    /// # Errors
    /// `other_lister` when another wallet holds the listing; `not_found` for a chain that this site does not
    /// sell on.
    pub async fn listing_call(
        &self,
        actor: &Actor,
        id: CourseId,
        chain_id: u64,
    ) -> Result<Option<WalletCall>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let course = self.own(&mut conn, actor, Operation::Publish, id).await?;
        let page = self.page(&mut conn, course).await?;
        let market = page.market(chain_id).ok_or(CatalogError::NotFound("network"))?;
        if page.agrees_on(market) { Ok(None) } else { self.call_for(actor, &page, market).map(Some) }
    }

    /// What the instructor's wallet must send for a chain to sell nothing of a course any more.
    ///
    /// # Errors
    /// `other_lister` when another wallet holds the listing; `not_found` when nothing is sold there.
    pub async fn unlisting_call(
        &self,
        actor: &Actor,
        id: CourseId,
        chain_id: u64,
    ) -> Result<WalletCall, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let course = self.own(&mut conn, actor, Operation::Publish, id).await?;
        let mut page = self.page(&mut conn, course).await?;
        page.tiers.clear();
        let open = page.markets.iter_mut().find(|market| market.chain_id == chain_id && market.is_open());
        let market = open.ok_or(CatalogError::NotFound("listing"))?;
        market.offers.clear();
        let market = market.clone();
        self.call_for(actor, &page, &market)
    }

    fn call_for(&self, actor: &Actor, page: &CoursePage, market: &Market) -> Result<WalletCall, Problem> {
        let person = actor.person_who_may(Operation::Publish)?;
        // An event that lists a course counts only from its own instructor.
        if market.listing.is_none() && person.id != page.course.teacher.id {
            return Err(CatalogError::OtherLister(page.course.teacher.name.clone()).into());
        }
        let offers = offers(market);
        let days = page.course.refund_days;
        let network = self.0.0.networks.get(market.chain_id)?;
        if let Some(home) = person.contract_on.filter(|home| *home != market.chain_id) {
            return Err(CatalogError::OtherNetwork(self.0.0.networks.name(home)).into());
        }
        let contract = network.policy.market;
        let call: Call = match &market.listing {
            None => list_course_call(contract, reference(page.course.id.0), person.address, days, &offers),
            Some(listing) if listing.lister == person.address_text => {
                match page.differences(market).is_empty() && page.window_differs(market).is_some() {
                    true => set_window_call(contract, listing.number, days),
                    false => set_tiers_call(contract, listing.number, &offers),
                }
            }
            Some(listing) => return Err(CatalogError::OtherLister(listing.lister.clone()).into()),
        };
        Ok(self.0.checkout().to_wallet(market.chain_id, person, &call))
    }

    /// A course's sale on every chain of the site. A listing at another contract than the chain's market
    /// sells nothing here.
    pub(super) async fn markets(
        &self,
        conn: &mut Conn,
        course: &Course,
        tiers: &[Tier],
    ) -> Result<Vec<Market>, Problem> {
        let mut listings = store::listings(conn, course.id).await?;
        let networks = &self.0.0.networks;
        let markets = networks.iter().map(|network| {
            let (chain_id, market) = (network.policy.chain_id, network.policy.market.checksummed());
            let there = listings.iter().position(|one| (one.chain_id, &one.market) == (chain_id, &market));
            let offers = tiers.iter().filter_map(|tier| {
                networks.offered_on(network, tier.price).map(|offered| (tier.number, offered))
            });
            Market {
                chain_id,
                chain: network.info.name.clone(),
                offers: offers.collect(),
                listing: there.map(|at| listings.swap_remove(at)),
            }
        });
        Ok(markets.collect())
    }

    /// Forgets the listings that events above a height made or changed: their blocks were replaced.
    /// From which block on to read again, so that those which the chain still has come back; until
    /// then they are not for sale.
    pub(crate) async fn retract_above(
        &self,
        conn: &mut Conn,
        chain_id: u64,
        height: u64,
    ) -> Result<u64, Problem> {
        change_public(conn).await?;
        let mut from = height + 1;
        for (course, listed_at) in store::listings_above(conn, chain_id, height).await? {
            tracing::warn!(%course, "the listing's blocks were replaced; reading it again");
            store::forget_listing(conn, course, chain_id).await?;
            from = from.min(listed_at);
        }
        Ok(from)
    }

    /// Takes in what a chain's market said of listings. Doing it again changes nothing.
    pub(crate) async fn apply(&self, conn: &mut Conn, chain_id: u64, log: &Log) -> Result<(), Problem> {
        let course = match &log.event {
            Event::CourseListed { number, reference, lister, payee } => {
                let Some(id) = dereference(reference).map(CourseId) else { return Ok(()) };
                let Some(course) = store::by_id(conn, id).await? else { return Ok(()) };
                // Anyone can list anything under any reference; only the instructor's own listing
                // is the course's.
                let wallets = self.0.accounts().wallets(conn, course.teacher.id).await?;
                // A contract's address is its owner's on its own chain only.
                let home = self.0.accounts().contract_chain(conn, *lister).await?;
                if !wallets.contains(lister) || home.is_some_and(|home| home != chain_id) {
                    tracing::warn!(course = %id, chain_id, %lister, "a stranger listed this course; ignored");
                    return Ok(());
                }
                // What sells is the listing at the market that sells, whatever happens at one before it.
                let sells = self.0.0.networks.get(chain_id)?.policy.market;
                if log.contract != sells && store::is_listed_at(conn, id, chain_id, sells).await? {
                    return Ok(());
                }
                match store::listed(conn, chain_id, log.contract, *number).await? {
                    Some(known) if known == id => {}
                    before => {
                        store::forget_listed_tiers(conn, id, chain_id).await?;
                        // The number was another course's before a reorg.
                        if let Some(before) = before {
                            store::forget_listing(conn, before, chain_id).await?;
                        }
                    }
                }
                store::put_listing(conn, id, chain_id, log, *number, *lister, *payee).await?;
                id
            }
            Event::TierPriced { number, tier, price, active } => {
                let Some(id) = store::listed(conn, chain_id, log.contract, *number).await? else {
                    return Ok(());
                };
                store::put_listed_tier(
                    conn,
                    id,
                    chain_id,
                    ListedTier { number: *tier, price: *price, active: *active },
                )
                .await?;
                id
            }
            Event::PayeeChanged { number, payee } => {
                let Some(id) = store::listed(conn, chain_id, log.contract, *number).await? else {
                    return Ok(());
                };
                store::set_payee(conn, id, chain_id, *payee).await?;
                id
            }
            Event::ListerChanged { number, lister } => {
                let Some(id) = store::listed(conn, chain_id, log.contract, *number).await? else {
                    return Ok(());
                };
                store::set_lister(conn, id, chain_id, *lister).await?;
                id
            }
            Event::WindowChanged { number, days } => {
                let Some(id) = store::listed(conn, chain_id, log.contract, *number).await? else {
                    return Ok(());
                };
                store::set_window(conn, id, chain_id, *days).await?;
                id
            }
            Event::CoursePurchased { .. }
            | Event::PurchaseHeld { .. }
            | Event::PurchaseRefunded { .. }
            | Event::PayoutWithdrawn { .. }
            | Event::Transferred { .. }
            | Event::TokensRescued { .. } => return Ok(()),
        };
        store::touch_listing(conn, course, chain_id, log.block_number).await?;
        change_public(conn).await?;
        if store::publish_wanted(conn, course).await? {
            let course = self.by_id(conn, course).await?;
            let page = self.page(conn, course).await?;
            let payable = !page.tiers.iter().any(|tier| self.unpayable(&page, tier));
            if page.agrees() && payable && page.lessons().next().is_some() {
                self.set_published(conn, &Actor::System, &page).await?;
            }
        }
        Ok(())
    }
}
