//! What a course offers, for clients without a browser.

use academy::{
    catalog::{CoursePage, Tier},
    checkout::ChainInfo,
    ids::{OrderId, TierId},
    learning::Access,
    price::Price,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::offer::Offer;
use crate::{api::Caller, error::AppError, wire::Wire};

/// A course as far as it can be bought, and what the caller has of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseOffer {
    /// Its title.
    pub title: String,
    /// Why nothing can be bought, if so: `own`, `suspended`, `not_yet` or `withdrawn`.
    pub obstacle: Option<String>,
    /// What the caller may read.
    pub access: Access,
    /// The caller's orders that opened it, newest first.
    #[serde(default)]
    pub paid: Vec<OrderId>,
    /// Its tiers, cheapest first.
    pub tiers: Vec<TierOffer>,
    /// Its lessons in reading order.
    pub lessons: Vec<LessonOffer>,
    /// The networks of this site. In the first one's coin and tokens tiers are priced.
    pub chains: Vec<ChainInfo>,
}

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierOffer {
    /// The tier.
    pub id: TierId,
    /// Its number in the on-chain listing.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// Its price; zero: free. In a state's currency, the order quotes it in the chain's coin.
    pub price: Price,
    /// It opens all lessons whose access is at most this.
    pub level: u8,
    /// The networks (EIP-155) on which the caller can buy it now.
    pub on: Vec<u64>,
}

/// A lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonOffer {
    /// Its place in URLs.
    pub slug: String,
    /// 0: a preview that anyone may read; otherwise the tier level that opens it.
    pub access: u8,
}

/// What a course offers to the caller: the purchase card of its page, as data.
#[server(GiveOffer, prefix = "/api/fn", endpoint = "offer", input = Wire, output = Wire)]
pub async fn offer(slug: String) -> Result<CourseOffer, AppError> {
    let caller = Caller::here()?;
    let (academy, actor) = (caller.academy(), &caller.visitor.actor);
    let page = academy.catalog().course(actor, &slug).await?;
    let access = academy.learning().access(actor, &page.course).await?;
    let paid = academy.checkout().paid_for(actor, page.course.id).await?;
    let chains = academy.checkout().chains().cloned().collect();
    Ok(CourseOffer::of(&page, access, paid, Offer::of(&page, access, actor), chains))
}

impl CourseOffer {
    fn of(
        page: &CoursePage,
        access: Access,
        paid: Vec<OrderId>,
        offer: Offer,
        chains: Vec<ChainInfo>,
    ) -> Self {
        let (on_sale, obstacle) = match offer {
            Offer::Tiers(tiers) | Offer::Enrolled(tiers) => (tiers, None),
            Offer::Own => (Vec::new(), Some("own")),
            Offer::Suspended => (Vec::new(), Some("suspended")),
            Offer::NotYet => (Vec::new(), Some("not_yet")),
            Offer::Withdrawn => (Vec::new(), Some("withdrawn")),
        };
        let tier = |tier: &Tier| TierOffer {
            id: tier.id,
            number: tier.number,
            name: tier.name.clone(),
            price: tier.price,
            level: tier.level,
            on: match on_sale.iter().any(|sold| sold.id == tier.id) {
                true => page.sold_on(tier).map(|market| market.chain_id).collect(),
                false => Vec::new(),
            },
        };
        let lessons =
            page.lessons().map(|lesson| LessonOffer { slug: lesson.slug.clone(), access: lesson.access });
        Self {
            title: page.course.title.clone(),
            obstacle: obstacle.map(str::to_owned),
            access,
            paid,
            tiers: page.tiers.iter().map(tier).collect(),
            lessons: lessons.collect(),
            chains,
        }
    }
}
