//! Case 8: blocks are replaced.

use std::sync::Arc;

use academy::{
    Actor,
    chain::fake::{FakeChain, FakeTransaction, Late},
    checkout::{Depth, Order, OrderState, Setback},
    learning::{EnrollmentState, LessonAnswer},
};

use crate::support::{
    CHAIN_ID, MARKET, START, TestCourse, World, on_both_engines, policy, turn, wallet_call,
};

/// A worker's node has told it something else of the newest five blocks, and is slow; meanwhile another worker
/// sees that fifteen were replaced, and has yet to read the new ones. What is paid there is seen.
async fn two_workers_meet(world: &World, otherwise: impl Fn(&FakeChain)) {
    let (course, buyer) = world.sale().await;
    let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    for table in ["chain_cursors", "chain_blocks"] {
        world.execute(format!("DELETE FROM {table}")).await;
    }
    let [late, news] = [(); 2].map(|()| {
        let chain = Arc::new(FakeChain::new(CHAIN_ID));
        chain.set_time(u64::try_from(START.0).unwrap() / 1000);
        chain
    });
    let [slow, quick] =
        [&late, &news].map(|chain| world.academy_over(chain.clone(), policy(), world.faults.clone()));
    for blocks in [10, 10] {
        late.mine_empty(blocks);
        news.mine_empty(blocks);
        quick.follow_once().await.unwrap();
    }
    otherwise(&late);
    late.be_late(Some(Late::Blocks));
    let meanwhile = async {
        late.awaited().await;
        news.reorg(15);
        news.mine(vec![world.payment(&course, &order)]);
        news.mine_empty(5);
        news.limit_range(0);
        quick.follow_once().await.unwrap_err();
        late.limit_range(0);
        late.be_late(None);
    };
    drop(futures::join!(slow.follow_once(), meanwhile).0);
    news.limit_range(u64::MAX);
    news.mine_empty(20);
    turn(&quick).await;
    assert!(world.can_read(&buyer, &course).await);
}

/// A course that somebody has just bought, and what paid for it.
async fn bought(world: &World) -> (TestCourse, Actor, Order, FakeTransaction) {
    let (course, buyer) = world.sale().await;
    let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    let payment = world.payment(&course, &order);
    world.chain.mine(vec![payment.clone()]);
    world.turn().await;
    assert!(world.can_read(&buyer, &course).await);
    (course, buyer, order, payment)
}

on_both_engines! {
    async fn case_08_a_reorg_suspends_access_and_the_same_payment_restores_it(world: &World) {
        let (course, buyer, order, _) = bought(world).await;
        let checkout = world.academy.checkout();

        let undone = world.chain.reorg(1);
        world.chain.mine_empty(1);
        let followed = world.academy.follow_once().await.unwrap();
        assert!(followed.reorg_above.is_some());
        world.academy.run_jobs_once().await.unwrap();
        let suspended = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((suspended.state, suspended.setback), (OrderState::Confirming, Some(Setback::Orphaned)));
        let answer = world.academy.learning().lesson(&buyer, &course.slug, "secret").await.unwrap();
        assert!(matches!(answer, LessonAnswer::Locked { suspended: true, .. }), "it says so");
        let shelf = world.academy.learning().mine(&buyer).await.unwrap();
        assert_eq!(shelf[0].state, EnrollmentState::Suspended);
        // Nobody is asked to pay again meanwhile.
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().id, order.id);

        world.chain.mine(undone);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        let restored = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((restored.state, restored.setback), (OrderState::Paid, None));
        world.assert_paid(1).await;
    }

    async fn case_08_included_again_at_once_stays_open(world: &World) {
        let (course, buyer, ..) = bought(world).await;
        let undone = world.chain.reorg(1);
        world.chain.mine(undone);
        for _ in 0..2 {
            world.turn().await;
            assert!(world.can_read(&buyer, &course).await);
        }
        world.assert_paid(1).await;
    }

    async fn case_08_included_again_at_another_place_in_its_block_opens(world: &World) {
        let (course, buyer, order, _) = bought(world).await;
        let checkout = world.academy.checkout();
        let mut undone = world.chain.reorg(1);
        // Another transaction's log comes first now, so that the payment's own has another index.
        let other = world.learner().await;
        let others_order = checkout.open(&other, course.tier).await.unwrap();
        undone.insert(0, world.payment(&course, &others_order));
        world.chain.mine(undone);
        for _ in 0..3 {
            world.turn().await;
        }
        for (who, id) in [(&buyer, order.id), (&other, others_order.id)] {
            assert!(world.can_read(who, &course).await);
            let order = checkout.order(who, id).await.unwrap();
            assert_eq!((order.state, order.setback), (OrderState::Paid, None));
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 2);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 2);
    }

    async fn case_08_a_final_payment_stays(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(2);
        world.turn().await;
        assert!(world.academy.checkout().order(&buyer, order.id).await.unwrap().is_final);
        let undone = world.chain.reorg(3);
        world.chain.mine_empty(5);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        // And it stays so when the payment comes back, with one confirmation.
        world.chain.mine(undone);
        world.turn().await;
        world.turn().await;
        let order = world.academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((order.state, order.is_final), (OrderState::Paid, true));
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_08_a_payment_that_never_comes_back_lets_the_order_be_paid_again(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        // In the other history, the wallet used the nonce for something else.
        world.chain.reorg(1);
        world.chain.mine(vec![FakeTransaction { hash: world.hash(), events: Vec::new(), ..payment }]);
        world.turn().await;
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        let open = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((open.state, open.setback), (OrderState::Open, Some(Setback::Replaced)));
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 1);
    }

    async fn case_08_a_payment_that_nobody_named_can_be_replaced_for_good_too(world: &World) {
        let (course, buyer, order, payment) = bought(world).await;
        let checkout = world.academy.checkout();
        // In the other history its nonce went elsewhere, and no node knows it any more.
        world.chain.reorg(1);
        world.chain.mine(vec![FakeTransaction { hash: world.hash(), events: Vec::new(), ..payment }]);
        world.turn().await;
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        let open = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((open.state, open.setback), (OrderState::Open, Some(Setback::Replaced)));
    }

    async fn case_08_what_replaces_an_accepted_payment_is_not_judged_by_rules_that_time_has_moved(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        // In the other history, the same purchase was mined as its wallet had sped it up.
        world.chain.reorg(1);
        world.chain.mine(vec![FakeTransaction { hash: world.hash(), ..payment }]);
        world.turn().await;
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.setback), (OrderState::Paid, None));
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_08_what_paid_twice_stays_paid_where_the_other_comes_first(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        // In the other history another wallet's payment came first, which the market takes: nothing was left to pay.
        world.chain.reorg(1);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine(vec![FakeTransaction { success: false, events: Vec::new(), ..payment }]);
        // A tab asks before the follower has read that.
        checkout.settle(order.id).await.unwrap();
        let gone = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((gone.state, gone.setback), (OrderState::Confirming, Some(Setback::Orphaned)));
        assert!(!world.can_read(&buyer, &course).await);
        world.turn().await;
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.setback), (OrderState::Paid, None));
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_08_what_reverts_in_the_other_history_lets_the_order_be_paid_again(world: &World) {
        let (course, buyer, order, payment) = bought(world).await;
        let checkout = world.academy.checkout();
        world.chain.reorg(1);
        world.chain.mine(vec![FakeTransaction { success: false, events: Vec::new(), ..payment }]);
        world.turn().await;
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        let open = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((open.state, open.setback), (OrderState::Open, Some(Setback::Reverted)));
    }

    async fn case_08_what_pays_another_order_in_the_other_history_pays_none_but_that(world: &World) {
        let (course, buyer, order, payment) = bought(world).await;
        let checkout = world.academy.checkout();
        let other_buyer = world.learner().await;
        let other = checkout.open(&other_buyer, course.tier).await.unwrap();
        world.chain.reorg(1);
        let events = vec![(MARKET, world.purchased(&course, &other))];
        world.chain.mine(vec![FakeTransaction { events, ..payment.clone() }]);
        // Its buyer names it before the follower comes to the new block.
        let paid = checkout.submit(&other_buyer, other.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(paid.state, OrderState::Paid);
        world.turn().await;
        world.advance_minutes(1);
        world.turn().await;
        assert!(world.can_read(&other_buyer, &course).await);
        assert!(!world.can_read(&buyer, &course).await);
        let lost = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((lost.state, lost.setback), (OrderState::Open, Some(Setback::OtherBeneficiary)));
    }

    async fn case_08_a_worker_that_lags_takes_nobody_past_the_new_blocks(world: &World) {
        two_workers_meet(world, |late| drop(late.reorg(5))).await;
    }

    async fn case_08_a_worker_that_sees_a_lesser_reorg_takes_nobody_past_the_new_blocks(world: &World) {
        let lesser = |late: &FakeChain| {
            late.reorg(5);
            late.mine_empty(5);
        };
        two_workers_meet(world, lesser).await;
    }

    async fn case_08_before_it_opened_a_reorg_starts_the_count_again(world: &World) {
        let deep = world.academy_over(
            world.chain.clone(),
            academy::checkout::Policy { opening: Depth::Confirmations(2), ..policy() },
            world.faults.clone(),
        );
        let (course, buyer) = world.sale().await;
        let order = deep.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        turn(&deep).await;
        let confirming = deep.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((confirming.state, confirming.confirmations), (OrderState::Confirming, 1));
        assert!(!world.can_read(&buyer, &course).await);
        let undone = world.chain.reorg(1);
        world.chain.mine(undone);
        turn(&deep).await;
        assert_eq!(deep.checkout().order(&buyer, order.id).await.unwrap().confirmations, 1);
        world.chain.mine_empty(1);
        turn(&deep).await;
        let paid = deep.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.confirmations), (OrderState::Paid, 2));
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_08_a_chain_that_is_shorter_for_a_while_hides_no_event(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        for _ in 0..12 {
            world.chain.mine_empty(1);
            world.academy.follow_once().await.unwrap();
        }
        // The payment is early in the new history, which grows under the follower's eyes.
        world.chain.reorg(10);
        world.chain.mine(vec![world.payment(&course, &order)]);
        for _ in 0..12 {
            world.turn().await;
            world.chain.mine_empty(1);
        }
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_08_a_payout_that_was_undone_is_forgotten(world: &World) {
        let teacher = world.teacher().await;
        let me = crate::support::person(&teacher).address;
        let amount = academy::money::Wei::from_ether("1").unwrap();
        let paid = academy::chain::Event::PayoutWithdrawn { payee: me, token: academy::evm::Address::ZERO, amount };
        world.chain.mine_empty(1);
        world.academy.follow_once().await.unwrap();
        world.chain.mine(vec![world.transaction(me, vec![paid])]);
        world.academy.follow_once().await.unwrap();
        assert_eq!(world.academy.checkout().payout(&teacher).await.unwrap().history.len(), 1);
        let undone = world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.academy.follow_once().await.unwrap();
        assert!(world.academy.checkout().payout(&teacher).await.unwrap().history.is_empty());
        world.chain.mine(undone);
        world.academy.follow_once().await.unwrap();
        assert_eq!(world.academy.checkout().payout(&teacher).await.unwrap().history.len(), 1);
    }

    async fn case_08_a_reorg_as_deep_as_configured_leaves_alone_what_is_below(world: &World) {
        for (round, step) in [1, 60].into_iter().enumerate() {
            let academy = world.academy_over(
                world.chain.clone(),
                academy::checkout::Policy { reorg_depth: 20, ..policy() },
                world.faults.clone(),
            );
            let (course, buyer) = world.sale().await;
            let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
            // Followed block by block, or all at once after a while: the depth is known either way.
            for _ in 0..60 / step {
                world.chain.mine_empty(step);
                turn(&academy).await;
            }
            let fork = academy.follow_once().await.unwrap().head;
            world.chain.mine(vec![world.payment(&course, &order)]);
            world.chain.mine_empty(19);
            turn(&academy).await;
            assert!(world.can_read(&buyer, &course).await);
            let undone = world.chain.reorg(20);
            world.chain.mine_empty(20);
            world.chain.mine(undone);
            let followed = academy.follow_once().await.unwrap();
            assert_eq!((followed.reorg_above, followed.next), (Some(fork), followed.head + 1));
            academy.run_jobs_once().await.unwrap();
            assert!(world.can_read(&buyer, &course).await);
            world.assert_paid(i64::try_from(round).unwrap() + 1).await;
        }
    }

    async fn case_08_a_reorg_deeper_than_configured_starts_over_and_loses_nothing(world: &World) {
        let academy = world.academy_over(
            world.chain.clone(),
            academy::checkout::Policy { reorg_depth: 20, ..policy() },
            world.faults.clone(),
        );
        let (course, buyer) = world.sale().await;
        let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
        for _ in 0..60 {
            world.chain.mine_empty(1);
            turn(&academy).await;
        }
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(20);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        let undone = world.chain.reorg(21);
        world.chain.mine_empty(21);
        let followed = academy.follow_once().await.unwrap();
        assert_eq!((followed.reorg_above, followed.next), (Some(0), followed.head + 1));
        world.chain.mine(undone);
        turn(&academy).await;
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        // The listing, which the reorg did not reach, is there again, too.
        assert!(academy.checkout().open(&world.learner().await, course.tier).await.is_ok());
        world.assert_paid(1).await;
    }
}
