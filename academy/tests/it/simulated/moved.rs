//! What a reorg moves.

use std::sync::Arc;

use academy::{
    chain::{
        Chain, Rpc,
        fake::{FakeChain, FakeTransaction},
    },
    checkout::{OrderState, Setback},
    money::Wei,
};

use super::{Meanwhile, another, two_orders, waiting};
use crate::support::{CHAIN_ID, Kill, START, on_both_engines, policy, turn};

on_both_engines! {
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
        let (course, [(buyer, order), (other, others)]) = two_orders(world).await;
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

    async fn case_08_a_final_payment_that_moved_is_not_the_underpaid_one_at_its_old_place(world: &World) {
        let checkout = world.academy.checkout();
        let (course, [(buyer, order), (_, others)]) = two_orders(world).await;
        let mut payment = world.payment(&course, &order);
        payment.events.push(another(&payment, |_, _, amount| *amount = Wei::from_ether("0.01").unwrap()));
        let before = world.payment(&course, &others);
        world.chain.mine(vec![before.clone(), payment.clone()]);
        world.chain.mine_empty(5);
        world.turn().await;
        assert!(checkout.order(&buyer, order.id).await.unwrap().is_final);
        // In the other history no log comes before: the short one stands where the whole one was.
        world.chain.reorg(6);
        world.chain.mine(vec![payment, before]);
        world.chain.mine_empty(6);
        for _ in 0..3 {
            world.turn().await;
        }
        assert!(world.can_read(&buyer, &course).await);
        assert!(checkout.order(&buyer, order.id).await.unwrap().is_final);
        for (what, sql) in [
            ("whole", "SELECT COUNT(*) FROM payments WHERE standing = 'accepted' AND log_index = 0"),
            ("short", "SELECT COUNT(*) FROM payments WHERE setback = 'underpaid' AND log_index = 1"),
            ("short", "SELECT COUNT(*) FROM payments WHERE amount = '10000000000000000' AND log_index = 1"),
        ] {
            assert_eq!(world.count(sql).await, 1, "{what}");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE setback = 'paid_twice'").await, 0);
    }

    async fn case_08_a_payment_that_moves_in_the_middle_of_settling_counts_once(world: &World) {
        let (course, [(buyer, order), (other, others)]) = two_orders(world).await;
        let (before, payment) = (world.payment(&course, &others), world.payment(&course, &order));
        world.chain.mine(vec![before.clone(), payment.clone()]);
        world.turn().await;
        // Someone else settles it by the other history, in which it stands first and is as deep.
        let (academy, chain, id) = (world.academy.clone(), world.chain.clone(), order.id);
        let replace = move || {
            chain.reorg(1);
            chain.mine(vec![payment, before]);
            tokio::runtime::Handle::current().block_on(async {
                academy.checkout().settle(id).await.unwrap();
            });
        };
        let meanwhile = Meanwhile::at("settle.chain_read", replace);
        let settling = world.academy_over(world.chain.clone(), policy(), meanwhile);
        settling.checkout().settle(order.id).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 2);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert!(world.can_read(&other, &course).await);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 2);
    }

    async fn case_08_what_stood_in_a_replaced_block_is_not_judged_by_what_stands_there_now(world: &World) {
        let (course, [(buyer, order), (_, others)]) = two_orders(world).await;
        let (before, mut wrong) = (world.payment(&course, &others), world.payment(&course, &order));
        let short = another(&wrong, |_, _, amount| *amount = Wei::from_ether("0.01").unwrap());
        wrong.events = vec![short, another(&wrong, |_, tier, _| *tier = 7)];
        let waits = async |reason, place| {
            waiting(world, &world.admin().await).await.iter().any(|row| row.setback == Some(reason) && row.log_index == place)
        };
        world.chain.mine(vec![before.clone(), wrong.clone()]);
        world.turn().await;
        assert!(waits(Setback::Underpaid, 1).await && waits(Setback::OtherTier, 2).await);
        // In the other history the one for another tier stands where the short one was; settling comes to
        // know it before the follower does.
        world.chain.reorg(1);
        world.chain.mine(vec![wrong, before]);
        world.academy.checkout().settle(order.id).await.unwrap();
        assert!(waits(Setback::Underpaid, 1).await);
        for _ in 0..2 {
            world.turn().await;
        }
        assert!(waits(Setback::Underpaid, 0).await && waits(Setback::OtherTier, 1).await);
        assert!(!world.can_read(&buyer, &course).await);
    }

    async fn case_08_a_payment_that_comes_back_counts_where_the_one_that_counted_fails(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [one, other] = [world.payment(&course, &order), world.payment(&course, &order)];
        let failed = |payment: &FakeTransaction| FakeTransaction { success: false, ..payment.clone() };
        world.chain.mine(vec![one.clone()]);
        world.turn().await;
        // Each history takes one of the two, and the other fails there.
        world.chain.reorg(1);
        world.chain.mine(vec![other.clone(), failed(&one)]);
        world.chain.mine_empty(1);
        for _ in 0..2 {
            world.turn().await;
        }
        world.chain.reorg(2);
        world.chain.mine(vec![one, failed(&other)]);
        world.chain.mine_empty(1);
        // It is seen, and whoever would judge it dies: it is judged once, by its job.
        let faults = Arc::new(Kill::default());
        faults.arm("follow.after_commit");
        let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
        assert!(faults.outlives(dying.follow_once()).await.is_none());
        world.academy.run_jobs_once().await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 0);
    }

    async fn case_08_a_payment_is_not_counted_from_the_head_of_another_history(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        world.chain.mine_empty(3);
        // Its new block has as many confirmations as are final only below the old head.
        let chain = world.chain.clone();
        let meanwhile = Meanwhile::at("settle.head_read", move || {
            chain.reorg(4 + 8);
            chain.mine(vec![payment]);
            chain.mine_empty(1);
        });
        world.chain.mine_empty(8);
        let settling = world.academy_over(world.chain.clone(), policy(), meanwhile);
        turn(&settling).await;
        let order = settling.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((order.state, order.confirmations, order.is_final), (OrderState::Paid, 2, false));
    }

    async fn case_08_a_payment_that_was_never_judged_counts_where_it_stands_since_a_reorg(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        // It is seen, and whoever would judge it dies.
        let faults = Arc::new(Kill::default());
        faults.arm("settle.head_read");
        let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
        assert!(faults.outlives(dying.follow_once()).await.is_none());
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE setback IS NULL").await, 1);
        world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.chain.mine(vec![payment.clone()]);
        world.academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }
}
