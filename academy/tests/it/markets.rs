//! A market is upgraded by deploying another one and following both: nothing is sold at the former any more,
//! and what was is seen, given back and paid out.

use std::sync::Arc;

use academy::{
    Academy,
    chain::fake::FakeTransaction,
    checkout::{Deployment, OrderState, Policy, Setback},
    evm::Address,
    fault::NoFaults,
    money::Wei,
    page::Filter,
};

use crate::support::{
    CHAIN_ID, MARKET, START, TestCourse, World, on_both_engines, person, policy, refusal, turn, wallet_call,
};

/// The market that comes after [`MARKET`].
const NEXT: Address = Address([0xBB; 20]);

/// The same place after the upgrade; whether the former market is still named.
fn upgraded(world: &World, followed: bool) -> Academy {
    let start_block = world.chain.mine(Vec::new());
    let former = Deployment { address: MARKET, start_block: 0 };
    let former_markets = if followed { vec![former] } else { Vec::new() };
    let policy = Policy { market: NEXT, start_block, former_markets, ..policy() };
    world.academy_over(world.chain.clone(), policy, Arc::new(NoFaults))
}

/// The same, of the next market.
fn at_next(mut transaction: FakeTransaction) -> FakeTransaction {
    transaction.events.iter_mut().for_each(|(market, _)| *market = NEXT);
    transaction
}

/// Lists a course at the next market, under the number that another one has at the former.
fn relisted(world: &World, course: &TestCourse, teacher: &academy::Actor) -> (TestCourse, FakeTransaction) {
    let there = TestCourse { number: 1, ..course.clone() };
    let listing = at_next(world.listing(&there, person(teacher).address));
    (there, listing)
}

on_both_engines! {
    async fn case_29_a_refund_at_a_former_market_closes_the_course(world: &World) {
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        world.turn().await;
        let academy = upgraded(world, true);
        let back = academy.checkout().refund(&buyer, order.id).await.unwrap();
        assert_eq!(back.call.to, MARKET.checksummed());
        world.chain.mine(vec![world.transaction(person(&buyer).address, vec![world.refunded(&course, &order)])]);
        turn(&academy).await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Refunded);
    }

    async fn case_03_what_was_paid_to_a_former_market_opens_the_course(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        // Nobody follows while it is paid and the next market comes.
        world.chain.mine(vec![world.payment(&course, &order)]);
        let academy = upgraded(world, true);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn a_course_is_sold_at_the_next_market_once_it_is_listed_there(world: &World) {
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let before = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let academy = upgraded(world, true);
        let checkout = academy.checkout();
        turn(&academy).await;
        assert_eq!(refusal(wallet_call(&checkout, &buyer, before.id).await).1, "price_changed");
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "not_for_sale");
        let (there, listing) = relisted(world, &course, &teacher);
        world.chain.mine(vec![listing]);
        turn(&academy).await;
        // Under the same number the former market could sell something else.
        assert_eq!(refusal(wallet_call(&checkout, &buyer, before.id).await).1, "price_changed");
        // What is listed at the former one again changes nothing.
        world.chain.mine(vec![world.listing(&course, person(&teacher).address)]);
        turn(&academy).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert_ne!(order.id, before.id);
        assert_eq!(wallet_call(&checkout, &buyer, order.id).await.unwrap().to, NEXT.checksummed());
        // Paid at the former one, it opens nothing.
        world.chain.mine(vec![world.payment(&there, &order)]);
        turn(&academy).await;
        assert!(!world.can_read(&buyer, &course).await);
        let in_review = Filter { state: "review".to_owned(), ..Filter::default() };
        let waiting = checkout.payments(&world.admin().await, &in_review).await.unwrap();
        let told: Vec<_> = waiting.rows.iter().map(|row| (row.order, row.setback)).collect();
        assert_eq!(told, [(Some(order.id), Some(Setback::OtherMarket))]);
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().setback, Some(Setback::OtherMarket));
        world.chain.mine(vec![at_next(world.payment(&there, &order))]);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn a_market_that_is_named_late_is_read_from_its_beginning(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let forgetful = upgraded(world, false);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(20);
        turn(&forgetful).await;
        assert!(!world.can_read(&buyer, &course).await);
        turn(&upgraded(world, true)).await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn nothing_is_given_back_where_nobody_would_see_it(world: &World) {
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        world.chain.mine_empty(8);
        world.turn().await;
        let forgetful = upgraded(world, false);
        let checkout = forgetful.checkout();
        assert_eq!(refusal(checkout.refund(&buyer, order.id).await).1, "no_such_market");
        let [left] = &checkout.left_behind().await.unwrap()[..] else { panic!("one market is left behind") };
        assert_eq!((left.chain_id, left.market.as_str(), left.orders), (CHAIN_ID, &*MARKET.checksummed(), 1));
        assert!(upgraded(world, true).checkout().left_behind().await.unwrap().is_empty());
        // Once the money is the payee's, nothing depends on it.
        world.advance_minutes(15 * 24 * 60);
        assert!(checkout.left_behind().await.unwrap().is_empty());
    }

    async fn what_a_former_market_owes_is_paid_out(world: &World) {
        let teacher = world.teacher().await;
        let payee = person(&teacher).address;
        let academy = upgraded(world, true);
        let checkout = academy.checkout();
        let tills = checkout.payout(&teacher).await.unwrap().tills;
        assert_eq!(tills.iter().map(|till| till.market).collect::<Vec<_>>(), [NEXT], "a former one only if it has something");
        world.chain.owe(payee, Address::ZERO, Wei::from_ether("1").unwrap());
        let tills = checkout.payout(&teacher).await.unwrap().tills;
        assert_eq!(tills.iter().map(|till| (till.market, till.former)).collect::<Vec<_>>(), [(NEXT, false), (MARKET, true)]);
        let call = checkout.payout_call(&teacher, CHAIN_ID, MARKET, Address::ZERO, "").await.unwrap();
        assert_eq!(call.to, MARKET.checksummed());
        let stranger = Address([9; 20]);
        assert_eq!(refusal(checkout.payout_call(&teacher, CHAIN_ID, stranger, Address::ZERO, "").await).1, "no_such_market");
    }
}
