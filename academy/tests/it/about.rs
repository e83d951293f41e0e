//! What a price in a state's currency comes to, for people who have not ordered yet.

use std::time::{Duration, Instant};

use academy::{
    Academy, Actor,
    catalog::CatalogQuery,
    chain::{ChainError, Round, fake::FakeChain},
    checkout::{About, ChainInfo, Quotes},
    evm::Address,
    money::Wei,
};
use futures::{FutureExt, future::join_all};
use ruint::aliases::U256;

use crate::{
    quotes::sold_beside,
    support::{FEED, SECOND_CHAIN_ID, TestCourse, World, on_both_engines, person, quotes, second_chain_info},
};

/// What somebody reads on the course's page.
async fn on_page(academy: &Academy, actor: &Actor, course: &TestCourse) -> Option<About> {
    let page = academy.catalog().course(actor, &course.slug).await.unwrap();
    academy.checkout().about(actor, &page, &page.tiers).await.remove(&course.tier)
}

/// What a visitor reads there, and in the catalogue.
async fn seen(world: &World, course: &TestCourse) -> Option<String> {
    let visitor = Actor::Visitor;
    let on_page = on_page(&world.academy, &visitor, course).await;
    let found = world.academy.catalog().search(&visitor, &CatalogQuery::default()).await.unwrap();
    let mut listed = world.academy.checkout().about_listed(&visitor, &found.rows).await;
    assert_eq!(listed.remove(&course.id), on_page, "both say the same");
    on_page.map(|about| about.to_string().replace('\u{a0}', " "))
}

/// What comes when nobody waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nobody waits for a feed")
}

/// Goes on until it is so: an answer is taken up beside whoever asked.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !so().await {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn minute(world: &World) {
    world.advance_minutes(1);
}

on_both_engines! {
    async fn is_what_an_order_would_ask_now(world: &World) {
        let (course, _, buyer) = world.sale_by_quote("49").await;
        world.set_rate(3000);
        assert_eq!(seen(world, &course).await.as_deref(), Some("0.01633 ETH"));
        let about = on_page(&world.academy, &buyer, &course).await.unwrap();
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        assert_eq!((about.amount, about.currency), (order.price, order.currency));
    }

    async fn is_nothing_where_the_price_is_exact(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        world.set_rate(3000);
        assert_eq!(seen(world, &course).await, None);
        assert_eq!(world.chain.rounds_asked(), 0);
    }

    async fn is_nothing_without_a_rate_to_trust(world: &World) {
        let (course, ..) = world.sale_by_quote("49").await;
        assert_eq!(seen(world, &course).await, None, "the feed is not there");
        for rate in [99, 100_001] {
            minute(world);
            world.set_rate(rate);
            assert_eq!(seen(world, &course).await, None, "absurd");
        }
        world.set_rate(3000);
        world.advance_minutes(61);
        assert_eq!(seen(world, &course).await, None, "stale");
        minute(world);
        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        assert_eq!(seen(world, &course).await, None, "unreachable");
        minute(world);
        world.chain.fail_with(None);
        world.set_rate(3000);
        assert!(seen(world, &course).await.is_some());
    }

    async fn what_is_kept_can_become_stale_too(world: &World) {
        let (course, ..) = world.sale_by_quote("49").await;
        world.set_rate(3000);
        world.clock.advance_millis(3600 * 1000 - 30_000);
        assert!(seen(world, &course).await.is_some());
        world.clock.advance_millis(31_000);
        assert_eq!((seen(world, &course).await, world.chain.rounds_asked()), (None, 1));
    }

    async fn a_feed_is_asked_once_a_minute_however_many_look(world: &World) {
        let (course, ..) = world.sale_by_quote("60").await;
        world.set_rate(3000);
        let all = join_all((0..50).map(|_| seen(world, &course))).await;
        assert!(all.iter().all(|one| one.as_deref() == Some("0.02 ETH")), "{all:?}");
        world.set_rate(1500);
        world.clock.advance_millis(59_999);
        assert_eq!(seen(world, &course).await.as_deref(), Some("0.02 ETH"), "kept");
        assert_eq!(world.chain.rounds_asked(), 1);
        world.clock.advance_millis(1);
        let visitor = Actor::Visitor;
        let now = async || on_page(&world.academy, &visitor, &course).await.unwrap().amount;
        until(async || now().await == Wei::from_ether("0.04").unwrap()).await;
        assert_eq!(world.chain.rounds_asked(), 2);
        world.set_rate(3000);
        world.advance_minutes(2);
        assert_eq!(seen(world, &course).await.as_deref(), Some("0.02 ETH"), "nobody looked for a while");
        assert_eq!(world.chain.rounds_asked(), 3);
    }

    async fn a_provider_that_hangs_holds_no_page(world: &World) {
        let (course, ..) = world.sale_by_quote("60").await;
        world.set_rate(3000);
        let visitor = Actor::Visitor;
        let page = world.academy.catalog().course(&visitor, &course.slug).await.unwrap();
        let checkout = world.academy.checkout();
        let about = async || checkout.about(&visitor, &page, &page.tiers).await.remove(&course.tier);
        world.chain.hang(true);
        let first = tokio::time::timeout(Duration::from_secs(5), join_all((0..50).map(|_| about()))).await;
        assert_eq!(first.expect("a bounded wait"), vec![None; 50]);
        assert_eq!(at_once(about()), None);
        assert_eq!(world.chain.rounds_asked(), 1);
        // What comes late is for those who come later.
        world.chain.hang(false);
        until(async || about().await.is_some()).await;
        assert_eq!(world.chain.rounds_asked(), 1);
        // What is known is shown meanwhile, but not for long.
        world.chain.hang(true);
        minute(world);
        assert!(at_once(about()).is_some());
        minute(world);
        assert_eq!(about().await, None);
        world.chain.hang(false);
    }

    async fn is_in_what_is_usual_where_the_person_would_pay(world: &World) {
        let info = ChainInfo { currency: "POL".to_owned(), ..second_chain_info() };
        let mut quotes = quotes();
        quotes.feeds[0].of.symbol = "POL".to_owned();
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        world.set_rate(1000);
        let (academy, _) = sold_beside(world, &course, &teacher, info, quotes).await;
        let there = Actor::Person(academy::Person { chain_id: Some(SECOND_CHAIN_ID), ..person(&buyer).clone() });
        for (actor, text) in [(&Actor::Visitor, "0.05\u{a0}ETH"), (&buyer, "0.05\u{a0}ETH"), (&there, "0.025\u{a0}POL")] {
            let about = on_page(&academy, actor, &course).await.unwrap();
            assert_eq!(about.to_string(), text);
            if *actor != Actor::Visitor {
                let order = academy.checkout().open(actor, course.tier).await.unwrap();
                assert_eq!((about.amount, about.currency), (order.price, order.currency));
            }
        }
    }

    async fn is_nothing_while_a_rollups_sequencer_is_down(world: &World) {
        let sequencer = Address([0x5E; 20]);
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        let quotes = Quotes { sequencer: Some(sequencer), ..quotes() };
        let (academy, chain) = sold_beside(world, &course, &teacher, second_chain_info(), quotes).await;
        let there = Actor::Person(academy::Person { chain_id: Some(SECOND_CHAIN_ID), ..person(&buyer).clone() });
        assert_eq!(on_page(&academy, &there, &course).await, None, "it says nothing");
        let said = |chain: &FakeChain, answer: u64, since: u64| {
            let now = u64::try_from(world.academy.now().0 / 1000).unwrap();
            let rate = Round { answer: Some(U256::from(2000)), decimals: 0, started_at: now, updated_at: now };
            chain.set_round(FEED, rate);
            chain.set_round(sequencer, Round { answer: Some(U256::from(answer)), started_at: now - since, ..rate });
        };
        for (answer, since, shown) in [(1, 86_400, None), (0, 60, None), (0, 86_400, Some("0.025"))] {
            world.advance_minutes(2);
            said(&chain, answer, since);
            let about = on_page(&academy, &there, &course).await;
            assert_eq!(about.map(|about| about.amount), shown.map(|ether| Wei::from_ether(ether).unwrap()));
        }
    }
}
