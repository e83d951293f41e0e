//! What counts, what waits for a person, and what one decided.

use std::sync::Arc;

use academy::{
    Actor,
    chain::fake::FakeTransaction,
    checkout::{Order, OrderState, Ruling, Setback},
    ids::PaymentId,
};

use super::{Meanwhile, another, two_orders, waiting};
use crate::support::{
    Kill, TOLERANCE_MINUTES, TTL_MINUTES, TestCourse, World, on_both_engines, policy, turn,
};

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

/// An order whose payment came too late, the payment in review, its transaction, and an admin.
async fn late(
    world: &World,
    course: &TestCourse,
    buyer: &Actor,
) -> (Order, PaymentId, FakeTransaction, Actor) {
    let order = world.academy.checkout().open(buyer, course.tier).await.unwrap();
    world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
    let payment = world.payment(course, &order);
    world.chain.mine(vec![payment.clone()]);
    world.turn().await;
    let admin = world.admin().await;
    let found = waiting(world, &admin).await;
    assert_eq!(found.len(), 1);
    (order, found[0].id, payment, admin)
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
        payment.events.insert(0, another(&payment, |_, tier, _| *tier = 7));
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

    async fn case_08_a_payment_accepted_after_its_block_was_replaced_opens_nothing(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (order, payment, transaction, admin) = late(world, &course, &buyer).await;
        world.chain.reorg(1);
        world.chain.mine_empty(2);
        checkout.rule(&admin, payment, Ruling::Accept, "slow").await.unwrap();
        assert!(!world.can_read(&buyer, &course).await);
        let waiting = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((waiting.state, waiting.setback), (OrderState::Confirming, Some(Setback::Orphaned)));
        world.chain.mine(vec![transaction]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn an_accepted_payment_opens_no_sooner_than_one_in_time(world: &World) {
        let (course, buyer) = world.sale().await;
        let deep = academy::checkout::Policy { opening: academy::checkout::Depth::Confirmations(3), ..policy() };
        let academy = world.academy_over(world.chain.clone(), deep, world.faults.clone());
        let (order, payment, _, admin) = late(world, &course, &buyer).await;
        academy.checkout().rule(&admin, payment, Ruling::Accept, "slow").await.unwrap();
        assert!(!world.can_read(&buyer, &course).await);
        let waiting = academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((waiting.state, waiting.confirmations), (OrderState::Confirming, 1));
        world.chain.mine_empty(2);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn a_dismissal_in_the_middle_of_settling_stays(world: &World) {
        let (course, buyer) = world.sale().await;
        let (order, payment, _, admin) = late(world, &course, &buyer).await;
        let academy = world.academy.clone();
        let dismiss = move || {
            tokio::runtime::Handle::current().block_on(async {
                academy.checkout().rule(&admin, payment, Ruling::Dismiss, "paid back").await.unwrap();
            });
        };
        let meanwhile = Meanwhile::at("settle.chain_read", dismiss);
        let settling = world.academy_over(world.chain.clone(), policy(), meanwhile);
        settling.checkout().settle(order.id).await.unwrap();
        world.turn().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'dismissed'").await, 1);
        world.assert_nothing_opened().await;
    }

    async fn case_08_what_was_dismissed_does_not_keep_a_payment_from_its_place(world: &World) {
        let checkout = world.academy.checkout();
        let (course, [(buyer, order), (other, others)]) = two_orders(world).await;
        let admin = world.admin().await;
        let mut payment = world.payment(&course, &order);
        payment.events.push(another(&payment, |order, _, _| *order = [9; 32]));
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        let stray = waiting(world, &admin).await[0].id;
        checkout.rule(&admin, stray, Ruling::Dismiss, "nobody's").await.unwrap();
        // In the other history, another one's log comes before: the order's stands where the stray one was.
        world.chain.reorg(1);
        world.chain.mine(vec![world.payment(&course, &others), payment]);
        world.chain.mine_empty(3);
        // Whoever makes room for it dies.
        let faults = Arc::new(Kill::default());
        faults.arm("follow.before_room");
        let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
        assert!(faults.outlives(turn(&dying)).await.is_none(), "nothing passes the point");
        for _ in 0..2 {
            world.turn().await;
        }
        for (buyer, order) in [(&buyer, &order), (&other, &others)] {
            assert!(world.can_read(buyer, &course).await);
            assert!(checkout.order(buyer, order.id).await.unwrap().is_final);
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 2);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE setback = 'unknown_order'").await, 1);
    }

    async fn case_27_money_that_moves_to_a_decided_payments_place_is_not_dropped(world: &World) {
        let checkout = world.academy.checkout();
        let (course, [(buyer, order), (_, others)]) = two_orders(world).await;
        let admin = world.admin().await;
        let mut payment = world.payment(&course, &order);
        // Two that name no order of ours, one of them dismissed, and then the order's.
        for mark in [8, 9] {
            payment.events.insert(0, another(&payment, |order, _, _| *order = [mark; 32]));
        }
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        let strays = waiting(world, &admin).await;
        let second = strays.iter().find(|stray| stray.log_index == 1).unwrap().id;
        checkout.rule(&admin, second, Ruling::Dismiss, "nobody's").await.unwrap();
        // In the other history, another one's log comes before: each stands where the next one was.
        world.chain.reorg(1);
        world.chain.mine(vec![world.payment(&course, &others), payment]);
        world.chain.mine_empty(8);
        for _ in 0..2 {
            world.turn().await;
        }
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 2);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE setback = 'unknown_order'").await, 2);
    }
}
