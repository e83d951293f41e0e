//! Cases 17 and 18: a wallet answers something else than a transaction's hash. Nobody is asked to pay again, and
//! the event pays.

use academy::{
    Kind,
    chain::{Event, fake::FakeTransaction},
    checkout::{OrderState, Reference, Setback, Told},
    evm::Address,
    page::Filter,
};

use crate::support::{TTL_MINUTES, on_both_engines, refusal, wallet_call};

on_both_engines! {
    async fn case_17_a_reference_that_is_no_hash_is_waited_for_and_its_event_pays(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert!(!order.is_awaited());
        let told = checkout.wait_for(&buyer, order.id, "safe-tx-17").await.unwrap();
        assert_eq!((told.state, told.is_awaited()), (OrderState::Open, true));
        world.turn().await;
        // Another device, after a restart: nobody is asked to pay again, and nothing is open.
        let elsewhere = world.restarted();
        let shown = elsewhere.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!(shown.awaiting.map(String::from).as_deref(), Some("safe-tx-17"));
        assert!(elsewhere.checkout().mine(&buyer, &Filter::default()).await.unwrap().rows[0].awaiting);
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "awaited");
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().id, order.id);
        world.assert_nothing_opened().await;
        // The last owner executes it, from an account that we have never seen.
        let executed = FakeTransaction { sender: Address([0x5E; 20]), ..world.payment(&course, &order) };
        world.chain.mine(vec![executed]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.awaiting), (OrderState::Paid, None));
        assert!(!checkout.mine(&buyer, &Filter::default()).await.unwrap().rows[0].awaiting);
        // The page that hears of it late learns that it is paid.
        let late = checkout.wait_for(&buyer, order.id, "safe-tx-17").await.unwrap();
        assert_eq!((late.state, late.awaiting), (OrderState::Paid, None));
        world.assert_paid(1).await;
    }

    async fn case_17_a_hash_that_nobody_ever_knew_can_be_given_up_and_still_pays(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let safe_hash = world.hash().to_string();
        checkout.submit(&buyer, order.id, &safe_hash).await.unwrap();
        // Not while it may just be on its way.
        let early = checkout.wait_no_more(&buyer, order.id).await.unwrap();
        assert_eq!((early.state, early.unknown), (OrderState::Submitted, false));
        world.advance_minutes(10);
        let late = checkout.order(&buyer, order.id).await.unwrap();
        assert!(late.stuck && late.unknown);
        let stranger = world.learner().await;
        assert_eq!(refusal(checkout.wait_no_more(&stranger, order.id).await).0, Kind::NotFound);
        assert_eq!(checkout.wait_no_more(&buyer, order.id).await.unwrap().state, OrderState::Open);
        world.turn().await;
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        // The last owner signs it after all: under a hash that nobody named.
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_06_what_a_node_knows_is_not_given_up(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.advance_minutes(10);
        let kept = checkout.wait_no_more(&buyer, order.id).await.unwrap();
        assert_eq!((kept.state, kept.stuck, kept.unknown), (OrderState::Submitted, true, false));
    }

    async fn case_17_who_says_that_nothing_was_sent_can_pay_again(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        checkout.wait_for(&buyer, order.id, "safe-tx-17").await.unwrap();
        for _ in 0..2 {
            let again = checkout.wait_no_more(&buyer, order.id).await.unwrap();
            assert_eq!((again.state, again.awaiting), (OrderState::Open, None));
        }
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        // A hash is worth more than a reference.
        checkout.wait_for(&buyer, order.id, "safe-tx-18").await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        let paid = checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!((paid.state, paid.awaiting), (OrderState::Paid, None));
        world.assert_paid(1).await;
    }

    async fn case_17_what_came_and_did_not_pay_is_waited_for_no_more(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        checkout.wait_for(&buyer, order.id, "safe-tx-17").await.unwrap();
        let mut payment = world.payment(&course, &order);
        if let (_, Event::CoursePurchased { tier, .. }) = &mut payment.events[0] {
            *tier = 7;
        }
        world.chain.mine(vec![payment]);
        world.turn().await;
        let shown = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((shown.state, shown.setback), (OrderState::Open, Some(Setback::OtherTier)));
        assert_eq!(shown.told, Some(Told::of(OrderState::Open, Setback::OtherTier)));
        assert!(!shown.is_awaited());
        // What is waited for after that is not ended by the same event, read again.
        checkout.wait_for(&buyer, order.id, "safe-tx-18").await.unwrap();
        world.turn().await;
        world.academy.checkout().settle(order.id).await.unwrap();
        assert!(checkout.order(&buyer, order.id).await.unwrap().is_awaited());
        world.assert_nothing_opened().await;
    }

    async fn case_17_a_request_that_outlives_its_price_is_told_and_still_pays_in_time(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        checkout.wait_for(&buyer, order.id, "safe-tx-17").await.unwrap();
        world.advance_minutes(TTL_MINUTES + 1);
        for _ in 0..2 {
            let expired = checkout.order(&buyer, order.id).await.unwrap();
            assert_eq!((expired.state, expired.is_awaited()), (OrderState::Expired, false));
            assert!(expired.awaiting.is_some(), "the page says to reject it first");
            world.turn().await;
        }
        // A wallet that answers only now was asked in time.
        let expired = checkout.wait_for(&buyer, order.id, "safe-tx-18").await.unwrap();
        assert_eq!((expired.state, expired.awaiting.unwrap().to_string()), (OrderState::Expired, "safe-tx-18".to_owned()));
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.awaiting), (OrderState::Paid, None));
        world.assert_paid(1).await;
    }

    async fn case_18_the_id_of_calls_sent_together_is_kept_and_their_event_pays(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        for id in ["0xba7c3", "0xba7c4"] {
            let reference = Reference::of_calls(id).to_string();
            let told = checkout.wait_for(&buyer, order.id, &reference).await.unwrap();
            assert_eq!(told.awaiting.as_ref().and_then(Reference::calls), Some(id), "the newest counts");
        }
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "awaited");
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.awaiting), (OrderState::Paid, None));
        world.assert_paid(1).await;
    }

    async fn cases_17_and_18_a_reference_is_the_buyers_own_and_of_an_open_order(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        for other in [world.learner().await, world.teacher().await, world.admin().await] {
            let set = checkout.wait_for(&other, order.id, "safe-tx-17").await;
            assert_eq!(refusal(set).0, Kind::NotFound);
            assert_eq!(refusal(checkout.wait_no_more(&other, order.id).await).0, Kind::NotFound);
        }
        for bad in ["", "two words", "a\u{0}b", "é", &"x".repeat(257)] {
            let problem = checkout.wait_for(&buyer, order.id, bad).await.unwrap_err();
            assert_eq!(problem.kind, Kind::Invalid, "{bad:?}");
            assert_eq!(problem.fields[0].0, "reference");
        }
        assert!(!checkout.order(&buyer, order.id).await.unwrap().is_awaited());
        checkout.wait_for(&buyer, order.id, &"x".repeat(256)).await.unwrap();
        // A tab from before does not end what a wallet may still send.
        assert_eq!(refusal(checkout.cancel(&buyer, order.id).await).1, "awaited");
        assert!(checkout.order(&buyer, order.id).await.unwrap().is_awaited());
        checkout.wait_no_more(&buyer, order.id).await.unwrap();
        checkout.cancel(&buyer, order.id).await.unwrap();
        let cancelled = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((cancelled.state, cancelled.awaiting), (OrderState::Cancelled, None));
        assert_eq!(refusal(checkout.wait_for(&buyer, order.id, "safe-tx-17").await).1, "not_payable");
        assert_eq!(checkout.wait_no_more(&buyer, order.id).await.unwrap().state, OrderState::Cancelled);
    }
}
