//! Prices in a state's currency: cases 12, 15 and 16, and the signature that the contract asks for.

use std::sync::Arc;

use academy::{
    Academy, Actor, Kind,
    catalog::TierForm,
    chain::{
        Round,
        fake::{FakeChain, FakeTransaction},
    },
    checkout::{
        ChainInfo, Feed, Order, OrderState, PaidIn, Quotes,
        feed::{NoRate, Rounds, Route, sequencer_is_up, worth},
    },
    evm::Address,
    money::Wei,
    page::Filter,
    price::{Cents, Fiat, Unit},
};
use proptest::prelude::*;
use ruint::aliases::U256;

use crate::support::{
    FEED, QUOTE_MINUTES, SECOND_CHAIN_ID, TestCourse, World, on_both_engines, person, quotes, refusal,
    second_chain_info, tier_form, wallet_call,
};

const NOW: u64 = 1_800_000_000;

fn dollars(cents: u64) -> Cents {
    Cents { currency: Fiat::Usd, amount: cents }
}

/// So many dollars to the coin, with eight digits.
fn round(dollars: u64) -> Round {
    let answer = Some(U256::from(dollars) * U256::from(100_000_000));
    Round { answer, decimals: 8, started_at: NOW, updated_at: NOW }
}

fn feed() -> Feed {
    quotes().feeds.remove(0)
}

fn convert(sum: Cents, round: &Round, feed: &Feed, now: u64) -> Result<Wei, NoRate> {
    let rounds = Rounds { feed: *round, cross: None, sequencer: None };
    Route { feed, cross: None, sequencer: None }.convert(sum, &rounds, now)
}

fn ether(text: &str) -> Wei {
    Wei::from_ether(text).unwrap()
}

#[test]
fn converts_by_the_feeds_answer_and_rounds_up() {
    assert_eq!(convert(dollars(5000), &round(2000), &feed(), NOW), Ok(ether("0.025")));
    assert_eq!(convert(dollars(1), &round(3000), &feed(), NOW), Ok(ether("0.000003333333333334")));
    let fine = Round {
        answer: Some(U256::from(10).pow(U256::from(18)) * U256::from(2000)),
        decimals: 18,
        ..round(1)
    };
    assert_eq!(convert(dollars(5000), &fine, &feed(), NOW), Ok(ether("0.025")));
    let whole = Round { answer: Some(U256::from(2000)), decimals: 0, ..round(1) };
    assert_eq!(convert(dollars(5000), &whole, &feed(), NOW), Ok(ether("0.025")));
}

#[test]
fn tells_what_a_sum_is_worth_to_the_nearest_cent() {
    let told = |coin: &str, rate| worth(ether(coin), &round(rate), &feed(), NOW).map(|sum| sum.amount);
    assert_eq!(told("0.025", 2000), Ok(5000));
    assert_eq!(told("0.0000025", 2000), Ok(1));
    assert_eq!(told("0.0000024", 2000), Ok(0));
    assert_eq!(told("0.025", 99), Err(NoRate::Absurd));
    assert_eq!(worth(Wei::new(U256::MAX), &round(2000), &feed(), NOW), Err(NoRate::Absurd));
}

#[test]
fn case_15_a_stale_or_absurd_answer_is_no_rate() {
    let good = round(2000);
    let asked = |round: Round| convert(dollars(5000), &round, &feed(), NOW);
    assert!(asked(Round { updated_at: NOW - 3600, ..good }).is_ok());
    assert!(asked(Round { updated_at: NOW + 300, ..good }).is_ok());
    for updated_at in [0, 1, NOW - 3601, NOW + 301, u64::MAX] {
        assert_eq!(asked(Round { updated_at, ..good }), Err(NoRate::Stale), "{updated_at}");
    }
    for answer in [None, Some(U256::ZERO), Some(U256::MAX), round(99).answer, round(100_001).answer] {
        assert_eq!(asked(Round { answer, ..good }), Err(NoRate::Absurd), "{answer:?}");
    }
    assert!(asked(round(100)).is_ok() && asked(round(100_000)).is_ok());
    assert_eq!(asked(Round { decimals: 37, ..good }), Err(NoRate::Absurd));
    assert_eq!(asked(Round { decimals: 255, ..good }), Err(NoRate::Absurd));
    let blind = Feed { min_cents: 0, max_cents: u64::MAX, ..feed() };
    let dust = Round { answer: Some(U256::from(1)), ..good };
    assert_eq!(
        convert(dollars(1), &dust, &blind, NOW),
        Err(NoRate::Absurd),
        "never for nothing or by a dead feed"
    );
    assert_eq!(
        convert(dollars(Cents::MAX), &Round { decimals: 0, ..round(1) }, &feed(), NOW),
        Err(NoRate::Absurd)
    );
}

#[test]
fn a_rollups_feeds_count_once_its_sequencer_is_back_for_an_hour() {
    let up = Round { answer: Some(U256::ZERO), decimals: 0, started_at: NOW - 3601, updated_at: NOW };
    assert!(sequencer_is_up(&up, NOW));
    assert!(!sequencer_is_up(&Round { started_at: NOW - 3600, ..up }, NOW));
    assert!(!sequencer_is_up(&Round { started_at: 0, ..up }, NOW));
    assert!(!sequencer_is_up(&Round { answer: Some(U256::from(1)), ..up }, NOW));
    assert!(!sequencer_is_up(&Round { answer: None, ..up }, NOW));
}

/// What a euro is worth, in dollars.
fn euro() -> Feed<Fiat> {
    Feed {
        currency: Fiat::Usd,
        of: Fiat::Eur,
        address: Address([0xE0; 20]),
        max_age_seconds: 3600,
        min_cents: 80,
        max_cents: 150,
    }
}

#[test]
fn case_15_a_cross_rate_is_believed_if_both_its_feeds_are() {
    let (feed, cross) = (feed(), euro());
    let route = Route { feed: &feed, cross: Some(&cross), sequencer: None };
    let euros = Cents { currency: Fiat::Eur, amount: 5000 };
    let asked = |feed, cross| route.convert(euros, &Rounds { feed, cross, sequencer: None }, NOW);
    // A euro is 1.08 dollars, as a feed of so many digits tells it.
    let told = |decimals: u8| {
        let answer = U256::from(108) * U256::from(10).pow(U256::from(decimals - 2));
        Round { answer: Some(answer), decimals, ..round(1) }
    };
    assert_eq!(route.currency(), Fiat::Eur);
    for decimals in [2, 8, 18, 36] {
        assert_eq!(asked(round(2000), Some(told(decimals))), Ok(ether("0.027")), "{decimals}");
    }
    let (good, old) = (told(8), Round { updated_at: NOW - 3601, ..told(8) });
    assert_eq!(asked(round(2000), Some(old)), Err(NoRate::Stale));
    assert_eq!(asked(Round { updated_at: NOW - 3601, ..round(2000) }, Some(good)), Err(NoRate::Stale));
    assert_eq!(asked(round(2000), Some(round(2))), Err(NoRate::Absurd));
    assert_eq!(asked(round(2000), None), Err(NoRate::Absurd));
    assert_eq!(asked(round(99), Some(good)), Err(NoRate::Absurd));
    // What leaves 256 bits is no rate either.
    let most = Cents { currency: Fiat::Eur, amount: Cents::MAX };
    let fine = Round {
        answer: round(2000).answer.map(|answer| answer * U256::from(10).pow(U256::from(28))),
        decimals: 36,
        ..round(1)
    };
    assert_eq!(
        route.convert(most, &Rounds { feed: fine, cross: Some(told(36)), sequencer: None }, NOW),
        Err(NoRate::Absurd)
    );
}

proptest! {
    /// By a cross rate, too.
    #[test]
    fn never_asks_too_little_by_a_cross_rate(cents in 1u64..=1_000_000_000, answer in 100u64 * 100_000_000..=100_000 * 100_000_000, euro_answer in 80_000_000u64..=150_000_000) {
        let (feed, cross) = (feed(), euro());
        let rounds = Rounds {
            feed: Round { answer: Some(U256::from(answer)), ..round(1) },
            cross: Some(Round { answer: Some(U256::from(euro_answer)), ..round(1) }),
            sequencer: None,
        };
        let route = Route { feed: &feed, cross: Some(&cross), sequencer: None };
        let wei = route.convert(Cents { currency: Fiat::Eur, amount: cents }, &rounds, NOW).unwrap().get();
        // Both sides in dollars, times what the digits take.
        let worth = |wei: U256| wei * U256::from(answer) * U256::from(10).pow(U256::from(10));
        let price = U256::from(cents) * U256::from(euro_answer) * U256::from(10).pow(U256::from(26));
        prop_assert!(worth(wei) >= price);
        prop_assert!(worth(wei - U256::from(1)) < price);
    }

    /// The coin that is asked is worth the price, and a wei less is not.
    #[test]
    fn never_asks_too_little_nor_a_wei_too_much(cents in 1..=Cents::MAX, answer in 100u64 * 100_000_000..=100_000 * 100_000_000) {
        let round = Round { answer: Some(U256::from(answer)), ..round(1) };
        let wei = convert(dollars(cents), &round, &feed(), NOW).unwrap().get();
        let worth = |wei: U256| wei * U256::from(answer) * U256::from(100);
        let price = U256::from(cents) * U256::from(10).pow(U256::from(26));
        prop_assert!(worth(wei) >= price);
        prop_assert!(worth(wei - U256::from(1)) < price);
    }
}

/// The transaction that pays for the order.
fn payment(world: &World, course: &TestCourse, order: &Order) -> FakeTransaction {
    world.payment(course, order)
}

/// The same place, selling a course by quote on a second chain, too.
pub async fn sold_beside(
    world: &World,
    course: &TestCourse,
    teacher: &Actor,
    info: ChainInfo,
    quotes: Quotes,
) -> (Academy, Arc<FakeChain>) {
    let (academy, chain) = world.beside(info, Some(quotes));
    let mut listing = world.listing(course, person(teacher).address);
    listing.events[1].1 = world.by_quote(course);
    chain.mine(vec![listing]);
    academy.follow(SECOND_CHAIN_ID).await.unwrap();
    let now = u64::try_from(world.academy.now().0 / 1000).unwrap();
    let rate = Round { answer: Some(U256::from(2000)), decimals: 0, started_at: now, updated_at: now };
    chain.set_round(FEED, rate);
    (academy, chain)
}

on_both_engines! {
    async fn a_price_in_dollars_is_quoted_locked_and_paid_in_the_coin(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!((order.price, order.fiat), (ether("0.025"), Some(dollars(5000))));
        assert_eq!(order.expires_at, world.academy.now().plus_minutes(QUOTE_MINUTES));
        let (admin, all) = (world.admin().await, Filter::default());
        for listed in [checkout.mine(&buyer, &all).await, checkout.orders(&admin, &all).await] {
            assert_eq!(listed.unwrap().rows[0].fiat, Some(dollars(5000)));
        }
        // The rate moves, the quote does not.
        world.set_rate(1000);
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap(), order);
        let call = wallet_call(&checkout, &buyer, order.id).await.unwrap();
        assert_eq!(call.value, "0x58d15e17628000");
        assert_eq!(call, wallet_call(&checkout, &buyer, order.id).await.unwrap(), "the same quote, the same signature");
        world.chain.mine(vec![payment(world, &course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
        let seen = checkout.payments(&admin, &all).await.unwrap().rows.remove(0);
        assert_eq!(seen.due.unwrap().fiat, Some(dollars(5000)));
    }

    async fn a_price_in_euros_is_quoted_by_the_euros_own_feed(world: &World) {
        let euros = Address([0xE0; 20]);
        let mut quotes = quotes();
        quotes.feeds.push(Feed { currency: Fiat::Eur, address: euros, ..feed() });
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let form = TierForm { currency: "EUR".to_owned(), ..tier_form("50", 1) };
        let sold = ChainInfo { name: "Second".to_owned(), ..second_chain_info() };
        let (academy, chain) = sold_beside(world, &course, &teacher, sold, quotes).await;
        academy.catalog().edit_tier(&teacher, course.tier, &form).await.unwrap();
        let now = u64::try_from(world.academy.now().0 / 1000).unwrap();
        // The dollar's feed says 2,000.
        chain.set_round(euros, Round { answer: Some(U256::from(1600)), decimals: 0, started_at: now, updated_at: now });
        let asked = PaidIn { chain_id: Some(SECOND_CHAIN_ID), token: None };
        let order = academy.checkout().open_in(&buyer, course.tier, asked).await.unwrap();
        assert_eq!(order.price, ether("0.03125"));
        assert_eq!(order.fiat, Some(Cents { currency: Fiat::Eur, amount: 5000 }));
        chain.mine(vec![payment(world, &course, &order)]);
        academy.follow(SECOND_CHAIN_ID).await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        let receipt = academy.checkout().receipt(&buyer, order.id).await.unwrap();
        assert_eq!(receipt.quoted, order.fiat);
    }

    async fn a_price_in_euros_is_quoted_by_a_cross_rate_where_no_feed_is_in_euros(world: &World) {
        let quotes = Quotes { crosses: vec![euro()], ..quotes() };
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        let sold = ChainInfo { name: "Second".to_owned(), ..second_chain_info() };
        let (academy, chain) = sold_beside(world, &course, &teacher, sold, quotes).await;
        let (catalog, checkout) = (academy.catalog(), academy.checkout());
        assert!(checkout.units().contains(&(Unit::Fiat(Fiat::Eur), "EUR".to_owned())));
        let form = TierForm { currency: "EUR".to_owned(), ..tier_form("50", 1) };
        catalog.edit_tier(&teacher, course.tier, &form).await.unwrap();
        let now = u64::try_from(world.academy.now().0 / 1000).unwrap();
        let asked = PaidIn { chain_id: Some(SECOND_CHAIN_ID), token: None };
        let told = |hundredths, updated_at| {
            let answer = Some(U256::from(hundredths));
            chain.set_round(euro().address, Round { answer, decimals: 2, started_at: now, updated_at });
        };
        for (hundredths, updated_at) in [(151, now), (108, now - 3601)] {
            told(hundredths, updated_at);
            assert_eq!(refusal(checkout.open_in(&buyer, course.tier, asked).await).1, "no_rate");
        }
        told(108, now);
        let order = checkout.open_in(&buyer, course.tier, asked).await.unwrap();
        assert_eq!(order.price, ether("0.027"));
        assert_eq!(order.fiat, Some(Cents { currency: Fiat::Eur, amount: 5000 }));
        let page = catalog.course(&buyer, &course.slug).await.unwrap();
        let about = checkout.about(&buyer, &page, &page.tiers).await;
        assert_eq!(about[&course.tier].amount, order.price);
        chain.mine(vec![payment(world, &course, &order)]);
        academy.follow(SECOND_CHAIN_ID).await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_16_what_is_locked_or_under_way_is_answered_without_a_rate(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.set_rate(0);
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap(), order);
        checkout.submit(&buyer, order.id, &world.hash().to_string()).await.unwrap();
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().id, order.id, "nobody is asked to pay again");
        assert_eq!(refusal(checkout.open(&world.learner().await, course.tier).await).1, "no_rate");
    }

    async fn case_15_while_a_rollups_sequencer_is_down_nothing_is_quoted(world: &World) {
        let sequencer = Address([0x5E; 20]);
        let rollup = ChainInfo { name: "Rollup".to_owned(), ..second_chain_info() };
        let quotes = Quotes { sequencer: Some(sequencer), ..quotes() };
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        let (academy, chain) = sold_beside(world, &course, &teacher, rollup, quotes).await;
        let now = u64::try_from(world.academy.now().0 / 1000).unwrap();
        let status = |answer, started_at| Round { answer: Some(U256::from(answer)), decimals: 0, started_at, updated_at: now };
        let asked = PaidIn { chain_id: Some(SECOND_CHAIN_ID), token: None };
        // Down since yesterday; up since a moment; up since yesterday.
        for (round, quoted) in [(status(1, now - 86_400), false), (status(0, now - 60), false), (status(0, now - 86_400), true)] {
            chain.set_round(sequencer, round);
            let order = academy.checkout().open_in(&buyer, course.tier, asked).await;
            assert_eq!(order.is_ok(), quoted, "{round:?}");
            if let Err(problem) = order {
                assert_eq!(problem.code, "no_rate");
            }
        }
    }

    async fn case_12_a_quote_that_ran_out_is_made_anew(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let old = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(QUOTE_MINUTES);
        assert_eq!(checkout.order(&buyer, old.id).await.unwrap().state, OrderState::Expired);
        assert_eq!(refusal(wallet_call(&checkout, &buyer, old.id).await).1, "not_payable");
        world.set_rate(2500);
        let new = checkout.open(&buyer, course.tier).await.unwrap();
        assert_ne!(new.id, old.id);
        assert_eq!(new.price, ether("0.02"));
        // The contract refuses what is late; a block's clock may still be a little behind ours.
        world.chain.mine(vec![payment(world, &course, &old)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await, "within the tolerance");
    }

    async fn case_15_without_a_rate_to_trust_nothing_is_quoted(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_by_quote("50").await;
        let (kind, code) = refusal(checkout.open(&buyer, course.tier).await);
        assert_eq!((kind, code.as_str()), (Kind::Unavailable, "chain_unreachable"), "the feed is not there");
        for rate in [99, 100_001] {
            world.set_rate(rate);
            let (kind, code) = refusal(checkout.open(&buyer, course.tier).await);
            assert_eq!((kind, code.as_str()), (Kind::Unavailable, "no_rate"));
        }
        world.set_rate(2000);
        world.advance_minutes(61);
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "no_rate");
        assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, 0);
        world.set_rate(2000);
        checkout.open(&buyer, course.tier).await.unwrap();
    }

    async fn case_16_a_price_edited_after_the_quote_changes_nothing_of_it(world: &World) {
        let checkout = world.academy.checkout();
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let dearer = TierForm { currency: "USD".to_owned(), ..tier_form("80", 1) };
        world.academy.catalog().edit_tier(&teacher, course.tier, &dearer).await.unwrap();
        let call = wallet_call(&checkout, &buyer, order.id).await.unwrap();
        assert_eq!(call.value, "0x58d15e17628000");
        world.chain.mine(vec![payment(world, &course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        let other = world.learner().await;
        assert_eq!(checkout.open(&other, course.tier).await.unwrap().price, ether("0.04"));
    }

    async fn the_listing_must_say_that_it_is_sold_by_quote(world: &World) {
        let checkout = world.academy.checkout();
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let page = world.academy.catalog().studio(&teacher, course.id).await.unwrap();
        assert!(page.agrees());
        let off = academy::chain::Event::TierPriced { number: course.number, tier: 0, price: Wei::ZERO, active: false };
        world.chain.mine(vec![world.transaction(FEED, vec![off])]);
        world.turn().await;
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "price_changed");
        let other = world.learner().await;
        assert_eq!(refusal(checkout.open(&other, course.tier).await).1, "not_for_sale");
    }

    async fn a_currency_without_a_rate_is_refused_beside_its_field(world: &World) {
        let (course, teacher, _) = world.sale_by_quote("50").await;
        for currency in ["EUR", "XAU", "usd"] {
            let form = TierForm { currency: currency.to_owned(), ..tier_form("5", 2) };
            let problem = world.academy.catalog().add_tier(&teacher, course.id, &form).await.unwrap_err();
            assert!(problem.fields.iter().any(|(field, _)| field == "currency"), "{currency}: {problem:?}");
        }
        // The free tier of an older course has no currency at all.
        let free = TierForm { currency: "USD".to_owned(), ..tier_form("0", 2) };
        world.academy.catalog().add_tier(&teacher, course.id, &free).await.unwrap();
    }

    async fn case_29_after_a_refund_the_contract_takes_no_quote_for_a_day(world: &World) {
        let checkout = world.academy.checkout();
        let (course, teacher, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.held_payment(&course, &order, NOW + 14 * 86_400)]);
        world.turn().await;
        let back = world.transaction(FEED, vec![world.refunded(&course, &order)]);
        world.chain.mine(vec![back]);
        world.turn().await;
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "refunded_lately");
        // Another chain's contract knows nothing of it.
        let (beside, _) = sold_beside(world, &course, &teacher, second_chain_info(), quotes()).await;
        let there = PaidIn { chain_id: Some(SECOND_CHAIN_ID), token: None };
        let order = beside.checkout().open_in(&buyer, course.tier, there).await.unwrap();
        beside.checkout().cancel(&buyer, order.id).await.unwrap();
        world.advance_minutes(24 * 60);
        world.set_rate(2000);
        checkout.open(&buyer, course.tier).await.unwrap();
    }
}
