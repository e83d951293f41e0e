//! What goes back, and what follows it.

use academy::{
    Actor,
    chain::fake::FakeTransaction,
    checkout::{Order, OrderState},
};

use crate::support::{START, TestCourse, World, on_both_engines, person};

/// The window of the courses here, in days.
const DAYS: u8 = 14;

/// Until when the market holds what is paid at the start, in seconds.
fn until() -> u64 {
    u64::try_from(START.0 / 1000).unwrap() + u64::from(DAYS) * 86_400
}

/// An order for a course with a money-back window.
async fn returnable(world: &World) -> (TestCourse, Actor, Order) {
    let (course, _, buyer) = world.sale_with_window(DAYS).await;
    let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    (course, buyer, order)
}

/// The buyer gives back what was bought for an order.
fn back(world: &World, course: &TestCourse, buyer: &Actor, order: &Order) -> FakeTransaction {
    world.transaction(person(buyer).address, vec![world.refunded(course, order)])
}

on_both_engines! {
    async fn case_08_refunds_that_move_within_their_block_stay_with_their_orders(world: &World) {
        let (course, teacher, first) = world.sale_with_window(DAYS).await;
        let (other, third) = world.sale().await;
        let second = world.learner().await;
        let mut back = Vec::new();
        for buyer in [&first, &second] {
            let order = world.academy.checkout().open(buyer, course.tier).await.unwrap();
            world.chain.mine(vec![world.held_payment(&course, &order, until())]);
            back.push(world.refunded(&course, &order));
        }
        let order = world.academy.checkout().open(&third, other.tier).await.unwrap();
        // The teacher gives both back at once; in the other history, another one's log comes before.
        let refunds = world.transaction(person(&teacher).address, back);
        world.chain.mine(vec![refunds.clone()]);
        world.turn().await;
        world.chain.reorg(1);
        world.chain.mine(vec![world.payment(&other, &order), refunds]);
        world.chain.mine_empty(8);
        for _ in 0..3 {
            world.turn().await;
            assert!(!world.can_read(&first, &course).await);
            assert!(!world.can_read(&second, &course).await);
        }
        assert!(world.can_read(&third, &other).await);
    }

    async fn case_29_of_a_refunded_order_no_payment_counts_even_when_it_was_final(world: &World) {
        let (course, buyer, order) = returnable(world).await;
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.chain.mine_empty(8);
        world.turn().await;
        assert!(world.academy.checkout().order(&buyer, order.id).await.unwrap().is_final);
        // In the other history, which is deeper than what counts as final, another payment of the order came
        // first, and went back.
        world.chain.reorg(9);
        let back = back(world, &course, &buyer, &order);
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.chain.mine(vec![back]);
        world.chain.mine_empty(9);
        for _ in 0..3 {
            world.turn().await;
        }
        assert!(!world.can_read(&buyer, &course).await);
        let order = world.academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((order.state, order.is_final), (OrderState::Refunded, true));
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'refunded'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'orphaned'").await, 1);
    }

    async fn case_10_a_chain_that_is_behind_what_was_seen_changes_nothing(world: &World) {
        let (course, buyer, order) = returnable(world).await;
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.chain.mine_empty(3);
        // It goes back, and is bought again in the same breath.
        let mut again = world.held_payment(&course, &order, until());
        let market = again.events[0].0;
        again.events.insert(0, (market, world.refunded(&course, &order)));
        world.chain.mine(vec![again]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        // The other history is shorter at first: it does not say yet whether it has that, too.
        world.chain.reorg(2);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(world.academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Paid);
        // It has not: what was bought first counts.
        world.chain.mine_empty(3);
        for _ in 0..2 {
            world.turn().await;
        }
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 1);
    }

    async fn case_27_what_is_paid_for_a_cancelled_order_after_a_refund_waits_for_a_person(world: &World) {
        let (course, buyer, order) = returnable(world).await;
        world.academy.checkout().cancel(&buyer, order.id).await.unwrap();
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        let back = back(world, &course, &buyer, &order);
        world.chain.mine(vec![back]);
        world.turn().await;
        assert_eq!(world.academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Refunded);
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(world.academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Cancelled);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'closed'").await, 1);
    }
}
