//! About how much a price in a state's currency is in what it is paid in, for people who have not ordered yet.
//! For reading only: what is paid is quoted when the order opens.

use std::{collections::HashMap, fmt, hash::Hash};

use futures::future::join_all;

use super::{feed::Route, network::Network, quote::seconds, service::Checkout};
use crate::{
    Actor,
    catalog::{CourseCard, CoursePage, Tier},
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
    /// Its buyer can choose something else to pay in.
    pub one_of_several: bool,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.currency.about(self.amount))
    }
}

/// What is to be converted, and by which feeds.
struct Question<'a> {
    sum: Cents,
    network: &'a Network,
    route: Route<'a>,
    one_of_several: bool,
}

impl Question<'_> {
    async fn answer(self, now: Time) -> Option<About> {
        let Self { sum, network, route, one_of_several } = self;
        let ask = |feed| async move { network.rates.round(&network.chain, feed, now).await.ok_or(()) };
        let rounds = route.rounds(ask).await.ok()?;
        let amount = route.convert(sum, &rounds, seconds(now)).ok()?;
        Some(About { amount, currency: route.feed.of.clone(), one_of_several })
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
        let paid_in = networks.paid_in(network, tier.price);
        let route = quotes.route(sum.currency, paid_in.first()?)?;
        Some(Question { sum, network, route, one_of_several: paid_in.len() > 1 })
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
