//! What the simulator (`tests/sim`) found, each in its fewest acts.

use std::sync::Arc;

use academy::{
    chain::{
        Chain, Rpc,
        fake::{FakeChain, FakeTransaction},
    },
    checkout::OrderState,
};

use crate::support::{CHAIN_ID, START, TOLERANCE_MINUTES, TTL_MINUTES, World, on_both_engines, policy, turn};

/// So many payments count, and so many wait for a person for that reason; there are no others.
async fn assert_standings(world: &World, accepted: i64, review: &[(&str, i64)]) {
    let all = accepted + review.iter().map(|(_, count)| count).sum::<i64>();
    assert_eq!(world.count("SELECT COUNT(*) FROM payments").await, all);
    assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, accepted);
    for (reason, count) in review {
        let found = match *reason {
            "paid_twice" => {
                "SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'paid_twice'"
            }
            "closed" => "SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'closed'",
            _ => "SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'other_tier'",
        };
        assert_eq!(world.count(found).await, *count, "{reason}");
    }
}

on_both_engines! {
    async fn case_26_one_transaction_that_pays_twice_pays_once_and_the_rest_waits_for_a_person(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let mut payment = world.payment(&course, &order);
        payment.events.push(payment.events[0].clone());
        world.chain.mine(vec![payment]);
        // Judged for the first and last time: it is final at once.
        world.chain.mine_empty(5);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_standings(world, 1, &[("paid_twice", 1)]).await;
    }

    async fn case_05_a_wrong_purchase_beside_a_right_one_in_one_transaction_does_not_spoil_it(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let mut payment = world.payment(&course, &order);
        let mut wrong = payment.events[0].clone();
        if let academy::chain::Event::CoursePurchased { tier, .. } = &mut wrong.1 {
            *tier = 7;
        }
        payment.events.insert(0, wrong);
        world.chain.mine(vec![payment]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_standings(world, 1, &[("other_tier", 1)]).await;
    }

    async fn case_27_all_payments_of_a_cancelled_order_wait_for_a_person(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.academy.checkout().cancel(&buyer, order.id).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order), world.payment(&course, &order)]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_standings(world, 0, &[("closed", 2)]).await;
    }

    async fn case_12_a_payment_in_time_counts_though_a_late_one_came_too(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_standings(world, 1, &[("paid_twice", 1)]).await;
    }

    async fn case_08_purchases_that_move_within_their_block_stay_with_their_orders(world: &World) {
        for blocks in [0, 5] {
            let (course, first) = world.sale().await;
            let (second, third) = (world.learner().await, world.learner().await);
            let mut orders = Vec::new();
            for buyer in [&first, &second, &third] {
                orders.push(world.academy.checkout().open(buyer, course.tier).await.unwrap());
            }
            // One transaction buys for two; in the other history, another one's log comes before its own.
            let mut batch = world.payment(&course, &orders[0]);
            batch.events.extend(world.payment(&course, &orders[1]).events);
            world.chain.mine(vec![batch.clone()]);
            world.chain.mine_empty(blocks);
            world.turn().await;
            world.chain.reorg(blocks + 1);
            world.chain.mine(vec![world.payment(&course, &orders[2]), batch]);
            world.chain.mine_empty(blocks + 1);
            for _ in 0..3 {
                world.turn().await;
            }
            for (buyer, order) in [&first, &second, &third].into_iter().zip(&orders) {
                assert!(world.can_read(buyer, &course).await, "{blocks}");
                let order = world.academy.checkout().order(buyer, order.id).await.unwrap();
                assert_eq!((order.state, order.setback), (OrderState::Paid, None), "{blocks}");
            }
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 6);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 0);
    }

    async fn case_11_events_of_a_history_that_is_shorter_at_first_are_not_skipped(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine_empty(20);
        world.turn().await;
        // The follower looks while the new history is two blocks short of the old one.
        world.chain.reorg(18);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(15);
        world.turn().await;
        world.chain.mine_empty(5);
        for _ in 0..2 {
            world.turn().await;
        }
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_10_a_lie_does_not_take_a_true_events_place(world: &World) {
        let (course, buyer) = world.sale().await;
        let other = world.learner().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let others = world.academy.checkout().open(&other, course.tier).await.unwrap();
        let truth = world.payment(&course, &order);
        let lie = FakeTransaction { events: world.payment(&course, &others).events, ..truth.clone() };
        let [liar, one, two] = [lie, truth.clone(), truth].map(|payment| {
            let node = Arc::new(FakeChain::new(CHAIN_ID));
            node.set_time(u64::try_from(START.0).unwrap() / 1000);
            node.mine_empty(1);
            node.mine(vec![payment]);
            node
        });
        let over = |nodes: &[&Arc<FakeChain>]| {
            let nodes = nodes.iter().map(|node| (*node).clone() as Arc<dyn Chain>).collect();
            world.academy_over(Arc::new(Rpc::over(nodes).unwrap()), policy(), world.faults.clone())
        };
        // Neither is believed as long as they contradict each other; nor does the follower go on.
        assert!(over(&[&liar, &one]).follow_once().await.is_err());
        for node in [&one, &two] {
            node.mine_empty(30);
        }
        turn(&over(&[&one, &two])).await;
        assert!(world.can_read(&buyer, &course).await);
        assert!(!world.can_read(&other, &course).await);
        world.assert_paid(1).await;
    }
}
