//! Selling on several chains.

use std::{sync::Arc, time::Duration};

use academy::{
    Academy, Actor, Kind, Rhythm,
    accounts::GivenRole,
    catalog::{Offered, Published, TierForm},
    chain::{Chain, Event, fake::FakeChain},
    checkout::{ChainInfo, Depth, Feed, OrderState, PaidIn, PayBy, Policy, Quotes, Setback, Standing, Token},
    evm::Address,
    ids::CourseId,
    money::{Currency, Wei},
    page::Filter,
};
use alloy::signers::SignerSync;

use crate::support::{
    CHAIN_ID, FEED, MARKET, SECOND_CHAIN_ID, TestCourse, USDC, World, on_both_engines, person, policy,
    quotes, reference, refusal, second_chain_info, tier_form, token, turn,
};

const SECOND: PaidIn = PaidIn { chain_id: Some(SECOND_CHAIN_ID), token: None };

/// A course that is listed on both chains, its teacher, and someone who wants it.
async fn listed_on_both(world: &World, academy: &Academy, second: &FakeChain) -> (TestCourse, Actor, Actor) {
    let teacher = world.teacher().await;
    let course = world.course(&teacher).await;
    second.mine(vec![world.listing(&course, person(&teacher).address)]);
    academy.follow(SECOND_CHAIN_ID).await.unwrap();
    (course, teacher, world.learner().await)
}

/// On which chains a course is open.
async fn open_on(academy: &Academy, teacher: &Actor, course: CourseId) -> Vec<u64> {
    let page = academy.catalog().studio(teacher, course).await.unwrap();
    page.markets.iter().filter(|market| market.is_open()).map(|market| market.chain_id).collect()
}

async fn work(academy: &Academy) {
    turn(academy).await;
    academy.follow(SECOND_CHAIN_ID).await.unwrap();
    academy.run_jobs_once().await.unwrap();
}

on_both_engines! {
    async fn each_chain_has_its_own_rules(world: &World) {
        // The first opens at one confirmation, ends at three, and is patient for ten minutes.
        let slow = Policy {
            chain_id: SECOND_CHAIN_ID,
            opening: Depth::Confirmations(2),
            finality: Depth::Confirmations(5),
            provisional_limits: vec![(Address::ZERO, Wei::ZERO)],
            stuck_after_minutes: 40,
            order_ttl_minutes: 50,
            ..policy()
        };
        let (academy, second) = world.under(slow, second_chain_info(), None);
        let checkout = academy.checkout();
        let (course, _, buyer) = listed_on_both(world, &academy, &second).await;
        let order = checkout.open_in(&buyer, course.tier, SECOND).await.unwrap();
        assert_eq!(order.expires_at, order.created_at.plus_minutes(50));
        let payment = world.payment(&course, &order);
        second.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        for (minutes, stuck) in [(39, false), (1, true)] {
            world.advance_minutes(minutes);
            assert_eq!(checkout.order(&buyer, order.id).await.unwrap().stuck, stuck);
        }
        second.mine(vec![payment]);
        for (more, open) in [(0, false), (3, false), (1, true)] {
            second.mine_empty(more);
            work(&academy).await;
            let order = checkout.order(&buyer, order.id).await.unwrap();
            assert_eq!((order.open_at, order.final_at), (Some(5), Some(5)), "it is above the limit");
            assert_eq!((world.can_read(&buyer, &course).await, order.is_final), (open, open), "{more}");
        }
    }

    async fn a_course_is_sold_on_each_chain_that_lists_it(world: &World) {
        let (academy, second) = world.on_two_chains();
        let (catalog, checkout) = (academy.catalog(), academy.checkout());
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        assert_eq!(open_on(&academy, &teacher, course.id).await, [CHAIN_ID]);
        let buyer = world.learner().await;
        assert_eq!(refusal(checkout.open_in(&buyer, course.tier, SECOND).await).1, "not_for_sale");
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!((order.chain_id, order.ways.len()), (CHAIN_ID, 0));

        let call = catalog.listing_call(&teacher, course.id, SECOND_CHAIN_ID).await.unwrap().unwrap();
        assert_eq!((call.chain_id.as_str(), call.to), ("0x2105", MARKET.checksummed()));
        assert_eq!(refusal(catalog.listing_call(&teacher, course.id, 1).await).0, Kind::NotFound);
        second.mine(vec![world.listing(&course, person(&teacher).address)]);
        academy.follow(SECOND_CHAIN_ID).await.unwrap();
        assert_eq!(open_on(&academy, &teacher, course.id).await, [CHAIN_ID, SECOND_CHAIN_ID]);
        assert!(catalog.listing_call(&teacher, course.id, SECOND_CHAIN_ID).await.unwrap().is_none());
        assert_eq!(catalog.publish(&teacher, course.id).await.unwrap(), Published::Done);

        // The order says how else it can be paid; one for the other chain takes its place.
        let first = checkout.order(&buyer, order.id).await.unwrap();
        let ways: Vec<_> = first.ways.iter().map(|way| (way.chain_id, way.chain.as_str())).collect();
        assert_eq!(ways, [(SECOND_CHAIN_ID, "Second chain")]);
        let order = checkout.open_in(&buyer, course.tier, SECOND).await.unwrap();
        assert_eq!((order.chain_id, order.ways[0].chain_id), (SECOND_CHAIN_ID, CHAIN_ID));
        assert_eq!(checkout.order(&buyer, first.id).await.unwrap().state, OrderState::Expired);
        let call = checkout.payment(&buyer, order.id, person(&buyer).address, &PayBy::Best).await.unwrap();
        assert_eq!(call.calls[0].chain_id, "0x2105");
        let payment = world.payment(&course, &order);
        second.mine(vec![payment.clone()]);
        let paid = checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(paid.state, OrderState::Paid);
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
        assert_eq!(checkout.receipt(&buyer, order.id).await.unwrap().chain, "Second chain");
        let sales = checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap();
        let earned: Vec<_> = sales.earned.iter().map(|one| (one.chain.as_deref(), one.total)).collect();
        assert_eq!(earned, [(Some("Second chain"), course.price)]);
        assert_eq!(sales.rows.rows[0].chain.as_deref(), Some("Second chain"));
    }

    async fn one_payment_at_a_time_whatever_the_chain(world: &World) {
        let (academy, second) = world.on_two_chains();
        let checkout = academy.checkout();
        let (course, _, buyer) = listed_on_both(world, &academy, &second).await;
        let order = checkout.open_in(&buyer, course.tier, SECOND).await.unwrap();
        let payment = world.payment(&course, &order);
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        let first = PaidIn { chain_id: Some(CHAIN_ID), token: None };
        let same = checkout.open_in(&buyer, course.tier, first).await.unwrap();
        assert_eq!((same.id, same.chain_id), (order.id, SECOND_CHAIN_ID), "the one that is being paid");
        second.mine(vec![payment]);
        work(&academy).await;
        assert_eq!(refusal(checkout.open_in(&buyer, course.tier, first).await).1, "already_enrolled");
    }

    async fn a_price_must_be_told_to_every_chain_that_sells_it(world: &World) {
        let (academy, second) = world.on_two_chains();
        let (catalog, checkout) = (academy.catalog(), academy.checkout());
        let (course, teacher, buyer) = listed_on_both(world, &academy, &second).await;
        catalog.edit_tier(&teacher, course.tier, &tier_form("0.05", 1)).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "not_for_sale");
        let priced = || {
            let event = world.priced(&course, 0, Wei::from_ether("0.05").unwrap());
            vec![world.transaction(person(&teacher).address, vec![event])]
        };
        for (chain_id, chain) in [(CHAIN_ID, &world.chain), (SECOND_CHAIN_ID, &second)] {
            let Published::NeedsListing(call) = catalog.publish(&teacher, course.id).await.unwrap() else {
                panic!("both chains must be told");
            };
            assert_eq!(call.chain_id, format!("{chain_id:#x}"));
            chain.mine(priced());
            academy.follow(chain_id).await.unwrap();
            // What agrees is for sale; the other one is not.
            let order = checkout.open_in(&buyer, course.tier, PaidIn { chain_id: Some(chain_id), token: None });
            assert_eq!(order.await.unwrap().chain_id, chain_id);
            let page = catalog.studio(&teacher, course.id).await.unwrap();
            assert_eq!(page.agrees(), chain_id == SECOND_CHAIN_ID);
        }
    }

    async fn a_course_can_leave_a_chain(world: &World) {
        let (academy, second) = world.on_two_chains();
        let (catalog, checkout) = (academy.catalog(), academy.checkout());
        let (course, teacher, buyer) = listed_on_both(world, &academy, &second).await;
        assert_eq!(refusal(catalog.unlisting_call(&buyer, course.id, SECOND_CHAIN_ID).await).0, Kind::Forbidden);
        let call = catalog.unlisting_call(&teacher, course.id, SECOND_CHAIN_ID).await.unwrap();
        assert_eq!(call.chain_id, "0x2105");
        let off = Event::TierPriced { number: course.number, tier: 0, price: course.price, active: false };
        second.mine(vec![world.transaction(person(&teacher).address, vec![off])]);
        academy.follow(SECOND_CHAIN_ID).await.unwrap();
        assert_eq!(open_on(&academy, &teacher, course.id).await, [CHAIN_ID]);
        assert!(catalog.studio(&teacher, course.id).await.unwrap().agrees(), "that was its wish");
        assert_eq!(refusal(checkout.open_in(&buyer, course.tier, SECOND).await).1, "not_for_sale");
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().chain_id, CHAIN_ID);
        assert_eq!(refusal(catalog.unlisting_call(&teacher, course.id, SECOND_CHAIN_ID).await).0, Kind::NotFound);
        assert!(catalog.listing_call(&teacher, course.id, SECOND_CHAIN_ID).await.unwrap().is_some(), "and back");
    }

    async fn a_reorg_of_one_chain_leaves_the_others_alone(world: &World) {
        let (academy, second) = world.on_two_chains();
        let (course, teacher, buyer) = listed_on_both(world, &academy, &second).await;
        let order = academy.checkout().open_in(&buyer, course.tier, SECOND).await.unwrap();
        second.mine(vec![world.payment(&course, &order)]);
        work(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        // The first chain forgets the listing for good; the second knows nothing of it.
        let height = world.chain.head().await.unwrap().number;
        world.chain.reorg(usize::try_from(height).unwrap());
        world.chain.mine_empty(20);
        work(&academy).await;
        assert_eq!(open_on(&academy, &teacher, course.id).await, [SECOND_CHAIN_ID]);
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(academy.checkout().open(&world.learner().await, course.tier).await.unwrap().chain_id, SECOND_CHAIN_ID);
    }

    async fn a_chain_that_hangs_holds_up_no_other(world: &World) {
        let (academy, second) = world.on_two_chains();
        let checkout = academy.checkout();
        let (course, teacher, buyer) = listed_on_both(world, &academy, &second).await;
        let waiting = world.learner().await;
        let there = checkout.open_in(&waiting, course.tier, SECOND).await.unwrap();
        let payment = world.payment(&course, &there);
        checkout.submit(&waiting, there.id, &payment.hash.to_string()).await.unwrap();
        second.mine(vec![payment]);
        second.hang(true);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let poll = Duration::from_millis(1);
        let rhythms = [CHAIN_ID, SECOND_CHAIN_ID].map(|chain_id| Rhythm { chain_id, poll, news: Arc::default() });
        let working = academy.clone();
        let worker = tokio::spawn(async move {
            working.worker(rhythms.to_vec(), async { stopped.await.unwrap() }).await;
        });
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        while !world.can_read(&buyer, &course).await {
            tokio::task::yield_now().await;
        }
        let health = checkout.health(&Actor::System).await.unwrap();
        let heads: Vec<_> = health.iter().map(|one| (one.chain.id, one.head.is_some())).collect();
        assert_eq!(heads, [(CHAIN_ID, true), (SECOND_CHAIN_ID, false)]);
        let tills = checkout.payout(&teacher).await.unwrap().tills;
        assert_eq!(tills.iter().map(|till| till.balances.is_some()).collect::<Vec<_>>(), [true, false]);
        assert!(!world.can_read(&waiting, &course).await);
        second.hang(false);
        while !world.can_read(&waiting, &course).await {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
        worker.await.unwrap();
        world.assert_paid(2).await;
    }

    async fn coin_and_tokens_are_the_same_where_their_symbols_are(world: &World) {
        // Another coin, a token of the same symbol at another address, and a rate for the coin.
        let usdc = Address([0xE1; 20]);
        let pol = Currency::coin("POL");
        let currency = Currency { token: usdc, ..token(USDC).currency };
        let info = ChainInfo { currency: "POL".to_owned(), tokens: vec![currency.clone()], ..second_chain_info() };
        let feed = Feed { of: pol.clone(), address: FEED, min_cents: 1, ..quotes().feeds[0].clone() };
        let there = Quotes { tokens: vec![Token { currency, domain: None }], feeds: vec![feed], ..quotes() };
        let (academy, second) = world.beside(info, Some(there));
        let (catalog, checkout) = (academy.catalog(), academy.checkout());
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let usdc_unit = format!("{USDC}/6");
        for (unit, figure) in [("USD", "30"), (usdc_unit.as_str(), "25")] {
            let form = TierForm { currency: unit.to_owned(), name: unit[..3].to_owned(), ..tier_form(figure, 2) };
            catalog.add_tier(&teacher, course.id, &form).await.unwrap();
        }
        let page = catalog.studio(&teacher, course.id).await.unwrap();
        let number = |name: &str| page.tiers.iter().find(|tier| tier.name == name).unwrap().number;
        let mut offers = page.market(SECOND_CHAIN_ID).unwrap().offers.clone();
        offers.sort_by_key(|(number, _)| *number);
        assert_eq!(offers, [(number("USD"), Offered::ByQuote), (number("0xd"), Offered::ByQuote)], "ETH is not POL");
        let me = person(&teacher).address;
        let mut listing = world.listing(&course, me);
        listing.events.truncate(1);
        for (number, _) in offers {
            let sold = Event::TierPriced { number: course.number, tier: number, price: Wei::ZERO, active: true };
            listing.events.push((MARKET, sold));
        }
        second.mine(vec![listing]);
        academy.follow(SECOND_CHAIN_ID).await.unwrap();
        let buyer = world.learner().await;
        assert_eq!(refusal(checkout.open_in(&buyer, course.tier, SECOND).await).1, "not_for_sale");
        let tier = |name: &str| page.tiers.iter().find(|tier| tier.name == name).unwrap().id;
        let order = checkout.open_in(&buyer, tier("0xd"), SECOND).await.unwrap();
        assert_eq!((order.currency.token, order.price), (usdc, "25000000".parse().unwrap()));
        // A coin of half a dollar.
        let now = u64::try_from(academy.now().0 / 1000).unwrap();
        world.set_rate(3000);
        second.set_round(FEED, academy::chain::Round {
            answer: Some(ruint::aliases::U256::from(50_000_000)), decimals: 8, started_at: now, updated_at: now,
        });
        let order = checkout.open_in(&buyer, tier("USD"), SECOND).await.unwrap();
        assert_eq!((order.currency.symbol.as_str(), order.price.to_ether().as_str()), ("POL", "60"));
    }

    async fn who_signs_in_on_a_chain_pays_there(world: &World) {
        let (academy, second) = world.on_two_chains();
        let (course, ..) = listed_on_both(world, &academy, &second).await;
        let alone = world.course(&world.teacher().await).await;
        let signer = world.signer();
        let sign_in = async |on: Option<u64>| {
            let accounts = academy.accounts();
            let session = accounts.start_session().await.unwrap().session.id;
            let challenge = accounts.challenge(session, Address(signer.address().0.0), on).await.unwrap();
            let signature = signer.sign_message_sync(challenge.message.as_bytes()).unwrap().to_string();
            let actor = accounts.sign_in(session, &challenge.nonce, &signature).await.unwrap().session.actor;
            (challenge.message, actor)
        };
        let (message, buyer) = sign_in(Some(SECOND_CHAIN_ID)).await;
        assert!(message.contains("\nChain ID: 8453\n"), "{message}");
        let checkout = academy.checkout();
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().chain_id, SECOND_CHAIN_ID);
        assert_eq!(checkout.open(&buyer, alone.tier).await.unwrap().chain_id, CHAIN_ID, "it is sold there only");
        // A chain that the site does not sell on says nothing.
        for elsewhere in [Some(1), None] {
            let (message, buyer) = sign_in(elsewhere).await;
            assert!(message.contains("\nChain ID: 31337\n"), "{message}");
            assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().chain_id, CHAIN_ID);
        }
    }

    async fn case_20_a_contract_is_somebody_on_its_own_chain_only(world: &World) {
        let (academy, second) = world.on_two_chains();
        let accounts = academy.accounts();
        let (wallet, key) = (Address([0x5a; 20]), vec![7; 300]);
        let sign_in = async |on: u64| {
            let session = accounts.start_session().await.unwrap().session.id;
            let challenge = accounts.challenge(session, wallet, Some(on)).await.unwrap();
            accounts.sign_in(session, &challenge.nonce, &alloy::hex::encode_prefixed(&key)).await
        };
        second.approve(wallet, key.clone());
        assert_eq!(refusal(sign_in(CHAIN_ID).await).1, "wrong_signature", "there is none on that chain");
        let owner = sign_in(SECOND_CHAIN_ID).await.unwrap().session.actor;
        // Whoever puts a contract at that address on another chain need not be the same.
        world.chain.approve(wallet, key.clone());
        let (kind, code) = refusal(sign_in(CHAIN_ID).await);
        assert_eq!((kind, code.as_str()), (Kind::Forbidden, "other_network"));
        assert_eq!(sign_in(SECOND_CHAIN_ID).await.unwrap().session.actor.user(), owner.user());
        // Nor does it buy or list anywhere else.
        let (course, ..) = listed_on_both(world, &academy, &second).await;
        let order = academy.checkout().open(&owner, course.tier).await.unwrap();
        assert_eq!((order.chain_id, order.ways.len()), (SECOND_CHAIN_ID, 0));
        let first = PaidIn { chain_id: Some(CHAIN_ID), token: None };
        assert_eq!(refusal(academy.checkout().open_in(&owner, course.tier, first).await).1, "not_for_sale");
        accounts.set_role_of_address(&Actor::System, wallet, GivenRole::Instructor, true, "test").await.unwrap();
        let owner = sign_in(SECOND_CHAIN_ID).await.unwrap().session.actor;
        let own = world.draft(&owner).await;
        academy.catalog().add_tier(&owner, own.id, &tier_form("0.02", 1)).await.unwrap();
        assert_eq!(refusal(academy.catalog().publish(&owner, own.id).await).1, "other_network");
        world.chain.mine(vec![world.listing(&own, wallet)]);
        second.mine(vec![world.listing(&own, wallet)]);
        work(&academy).await;
        assert_eq!(open_on(&academy, &owner, own.id).await, [SECOND_CHAIN_ID], "a stranger lists on the other");
        // Accounts from before there were several chains are of the first.
        let before = Address([0x5b; 20]);
        accounts.set_role_of_address(&Actor::System, before, GivenRole::Instructor, true, "test").await.unwrap();
        second.approve(before, key.clone());
        let session = accounts.start_session().await.unwrap().session.id;
        let challenge = accounts.challenge(session, before, Some(SECOND_CHAIN_ID)).await.unwrap();
        let signed = accounts.sign_in(session, &challenge.nonce, &alloy::hex::encode_prefixed(&key)).await;
        assert_eq!(refusal(signed).1, "other_network");
    }

    async fn orders_of_a_chain_that_the_site_left_stay_readable(world: &World) {
        let (academy, second) = world.on_two_chains();
        let (course, teacher, buyer) = listed_on_both(world, &academy, &second).await;
        let order = academy.checkout().open_in(&buyer, course.tier, SECOND).await.unwrap();
        let token = Event::CoursePurchased {
            order: reference(&order.id), beneficiary: person(&buyer).address, number: course.number, tier: 0,
            token: Address::ZERO, amount: order.price,
        };
        second.mine(vec![world.transaction(person(&buyer).address, vec![token])]);
        work(&academy).await;
        // The site is configured with the first chain only, since.
        let checkout = world.academy.checkout();
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(checkout.mine(&buyer, &Filter::default()).await.unwrap().rows[0].chain.as_deref(), Some("chain 8453"));
        assert_eq!(checkout.receipt(&buyer, order.id).await.unwrap().chain_id, SECOND_CHAIN_ID);
        assert_eq!(checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap().count, 1);
        let page = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((page.state, checkout.chain_of(page.chain_id).name), (OrderState::Paid, "chain 8453".to_owned()));
        world.turn().await;
    }

    async fn a_payment_in_review_on_a_second_chain_is_decided_as_any(world: &World) {
        let (academy, second) = world.on_two_chains();
        let checkout = academy.checkout();
        let (course, _, buyer) = listed_on_both(world, &academy, &second).await;
        let order = checkout.open_in(&buyer, course.tier, SECOND).await.unwrap();
        world.advance_minutes(60 * 24);
        second.set_time(u64::try_from(academy.now().0).unwrap() / 1000);
        second.mine(vec![world.payment(&course, &order)]);
        work(&academy).await;
        let admin = world.admin().await;
        let seen = checkout.payments(&admin, &Filter::default()).await.unwrap().rows;
        assert_eq!((seen[0].standing, seen[0].setback), (Standing::Review, Some(Setback::Late)));
        checkout.rule(&admin, seen[0].id, academy::checkout::Ruling::Accept, "they paid").await.unwrap();
        work(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
    }
}
