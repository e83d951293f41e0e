//! Where a course is for sale: how its tiers are to be sold on each chain, and how they are.

use serde::{Deserialize, Serialize};

use super::model::{CoursePage, LessonHead, Tier};
use crate::{money::Wei, price::Price};

/// A course's sale on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// The chain's name.
    pub chain: String,
    /// How tiers are to be sold there, by their numbers. Free ones are not, nor those whose price nothing
    /// on that chain can pay.
    pub offers: Vec<(u8, Offered)>,
    /// How they are sold there, once the chain has a listing.
    pub listing: Option<Listing>,
}

/// A tier on which a page and a chain differ: its name, the page's price, how the chain sells it.
pub type Difference = (String, Option<Price>, Option<Offered>);

impl Market {
    /// How a tier is to be sold there.
    pub fn wanted(&self, tier: u8) -> Option<Offered> {
        self.offers.iter().find(|(number, _)| *number == tier).map(|(_, offered)| *offered)
    }

    fn listed(&self) -> &[ListedTier] {
        self.listing.as_ref().map_or(&[], |listing| &listing.tiers)
    }

    fn offered(&self, tier: u8) -> Option<Offered> {
        self.listed().iter().find(|on| on.number == tier).and_then(ListedTier::offered)
    }

    /// Whether the contract sells this tier there as it is to be sold.
    pub fn sells(&self, tier: u8) -> bool {
        self.wanted(tier).is_some_and(|wanted| self.offered(tier) == Some(wanted))
    }

    /// Whether the contract sells anything of the course there.
    pub fn is_open(&self) -> bool {
        self.listed().iter().any(|on| on.active)
    }
}

/// Where and how a course is for sale on a chain, as the chain's own events say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// The market contract, checksummed.
    pub market: String,
    /// The market's number for the course.
    pub number: u64,
    /// Who may change the listing, checksummed.
    pub lister: String,
    /// Who receives the money, checksummed.
    pub payee: String,
    /// The money-back window of its sales, in days; 0: none.
    pub refund_days: u8,
    /// The prices on-chain: tier number, wei, for sale.
    pub tiers: Vec<ListedTier>,
}

/// A tier's price as the chain has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTier {
    /// The tier's number.
    pub number: u8,
    /// Its price; zero where it is sold by quote alone.
    pub price: Wei,
    /// Whether the contract sells it.
    pub active: bool,
}

/// How the contract sells a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offered {
    /// At this price.
    At(Wei),
    /// At a price that the site quotes.
    ByQuote,
}

impl ListedTier {
    /// How the contract sells it, if it does.
    pub fn offered(&self) -> Option<Offered> {
        match self.price.is_zero() {
            _ if !self.active => None,
            true => Some(Offered::ByQuote),
            false => Some(Offered::At(self.price)),
        }
    }
}

impl CoursePage {
    /// All lessons, in reading order.
    pub fn lessons(&self) -> impl Iterator<Item = &LessonHead> {
        self.outline.iter().flat_map(|module| &module.lessons)
    }

    /// Its sale on a chain.
    pub fn market(&self, chain_id: u64) -> Option<&Market> {
        self.markets.iter().find(|market| market.chain_id == chain_id)
    }

    /// The chains that would sell this tier at this price now.
    pub fn sold_on(&self, tier: &Tier) -> impl Iterator<Item = &Market> {
        self.markets.iter().filter(|market| market.sells(tier.number))
    }

    /// Whether a chain would sell this tier at this price now (or it is free).
    pub fn for_sale(&self, tier: &Tier) -> bool {
        tier.price.is_zero() || self.sold_on(tier).next().is_some()
    }

    /// The money-back window of a sale now, in days; 0: none. The chain's word, once it has one; the
    /// shortest, where chains differ.
    pub fn refund_days(&self) -> u8 {
        let open = self.markets.iter().filter(|market| market.is_open());
        let days = open.filter_map(|market| market.listing.as_ref()).map(|listing| listing.refund_days);
        days.min().unwrap_or(self.course.refund_days)
    }

    /// The page's money-back window and the chain's, where they differ.
    pub fn window_differs(&self, market: &Market) -> Option<(u8, u8)> {
        let here = self.course.refund_days;
        market
            .listing
            .as_ref()
            .map(|listing| (here, listing.refund_days))
            // A course has a window from its listing on, or never.
            .filter(|(here, there)| here != there && *here != 0 && *there != 0)
    }

    /// Whether a chain sells what the page shows.
    pub fn agrees_on(&self, market: &Market) -> bool {
        self.differences(market).is_empty() && self.window_differs(market).is_none()
    }

    /// Whether the chains sell what the page shows.
    pub fn agrees(&self) -> bool {
        self.to_list().is_none()
    }

    /// The chain that must be told first for chains and page to agree: one that sells something, but not
    /// this; else one that can sell what none does.
    pub fn to_list(&self) -> Option<&Market> {
        let mut open = self.markets.iter().filter(|market| market.is_open());
        open.find(|market| !self.agrees_on(market)).or_else(|| {
            let unsold = |market: &&Market| {
                let mut tiers = self.tiers.iter().filter(|tier| !self.for_sale(tier));
                tiers.any(|tier| market.wanted(tier.number).is_some())
            };
            self.markets.iter().find(unsold)
        })
    }

    /// What differs between the page's prices and a chain's, for its instructor. Empty when nothing is to
    /// be listed there or all agrees.
    pub fn differences(&self, market: &Market) -> Vec<Difference> {
        let mut rows: Vec<_> = self
            .tiers
            .iter()
            .filter(|tier| market.offered(tier.number) != market.wanted(tier.number))
            .map(|tier| {
                let here = market.wanted(tier.number).map(|_| tier.price);
                (tier.name.clone(), here, market.offered(tier.number))
            })
            .collect();
        rows.extend(
            market
                .listed()
                .iter()
                .filter(|on| on.active && !self.tiers.iter().any(|tier| tier.number == on.number))
                .map(|on| (format!("Tier {} (removed here)", on.number), None, on.offered())),
        );
        rows
    }
}
