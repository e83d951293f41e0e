//! About how much a price in a state's currency is in what it is paid in, for people who have not ordered yet.
//! For reading only: what is paid is quoted when the order opens.

use std::{collections::HashMap, fmt, hash::Hash};

use futures::{future::join_all, join};

use super::{
    network::Network,
    quote::{Feed, believed, seconds},
    service::Checkout,
};
use crate::{
    Actor,
    catalog::{CourseCard, CoursePage, Tier},
    evm::Address,
    ids::{CourseId, TierId},
    money::{Currency, Wei},
    price::{Cents, Price},
    time::Time,
};

/// What a price comes to now. As text: `0.01633 ETH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// As an order would ask that opened now.
    pub amount: Wei,
    /// In what.
    pub currency: Currency,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.currency.about(self.amount))
    }
}

/// What is to be converted, and by which feed.
struct Question<'a> {
    sum: Cents,
    network: &'a Network,
    feed: &'a Feed,
    sequencer: Option<Address>,
}

impl Question<'_> {
    async fn answer(self, now: Time) -> Option<About> {
        let Self { sum, network, feed, sequencer } = self;
        let round = |feed| network.rates.round(&network.chain, feed, now);
        let sequencer = async {
            match sequencer {
                Some(feed) => round(feed).await.map(Some),
                None => Some(None),
            }
        };
        let (sequencer, answer) = join!(sequencer, round(feed.address));
        let amount = believed(sum, feed, sequencer?.as_ref(), &answer?, seconds(now)).ok()?;
        Some(About { amount, currency: feed.of.clone() })
    }
}

impl Checkout<'_> {
    /// What tiers of a course that are priced in a state's currency come to, where `actor` would pay for them
    /// and in what is usual there. Without those for which there is no rate to believe.
    pub async fn about(
        &self,
        actor: &Actor,
        page: &CoursePage,
        tiers: impl IntoIterator<Item = &Tier>,
    ) -> HashMap<TierId, About> {
        let tiers = tiers.into_iter().map(|tier| (tier.id, self.question(actor, page, tier)));
        self.answers(tiers.collect()).await
    }

    /// The same of the prices that courses are listed with.
    pub async fn about_listed(&self, actor: &Actor, cards: &[CourseCard]) -> HashMap<CourseId, About> {
        let prices = cards.iter().filter_map(|card| Some((card.slug.as_str(), card.from_price?)));
        let prices: HashMap<_, _> = prices.filter(|(_, price)| matches!(price, Price::Fiat(_))).collect();
        if prices.is_empty() {
            return HashMap::new();
        }
        let pages = self.0.catalog().pages(prices.keys().copied().collect()).await.unwrap_or_default();
        let courses = pages.iter().map(|page| {
            let price = prices.get(page.course.slug.as_str()).copied();
            let tier = page.tiers.iter().find(|tier| Some(tier.price) == price);
            (page.course.id, tier.and_then(|tier| self.question(actor, page, tier)))
        });
        self.answers(courses.collect()).await
    }

    /// What there is to ask for a tier, if anything.
    fn question(&self, actor: &Actor, page: &CoursePage, tier: &Tier) -> Option<Question<'_>> {
        let Price::Fiat(sum) = tier.price else { return None };
        let networks = &self.0.0.networks;
        let network = networks.find(Self::pays_on(page, tier, actor.person(), None)?)?;
        let quotes = network.quotes.as_ref()?;
        let feed = quotes.feed(sum.currency, networks.paid_in(network, tier.price).first()?)?;
        Some(Question { sum, network, feed, sequencer: quotes.sequencer })
    }

    /// Asks all at the same time, so that a page waits once.
    async fn answers<Id: Eq + Hash>(&self, asked: Vec<(Id, Option<Question<'_>>)>) -> HashMap<Id, About> {
        let now = self.0.now();
        let asked = asked.into_iter().filter_map(|(id, question)| Some((id, question?)));
        let (ids, answers): (Vec<_>, Vec<_>) = asked.map(|(id, question)| (id, question.answer(now))).unzip();
        let told = ids.into_iter().zip(join_all(answers).await);
        told.filter_map(|(id, about)| Some((id, about?))).collect()
    }
}
