//! What the simulator (`tests/sim`) found, each in its fewest acts.

use std::sync::{Arc, Mutex};

use academy::{
    Actor,
    chain::{
        Chain, Event, Rpc,
        fake::{FakeChain, FakeTransaction},
    },
    checkout::{Order, OrderState, Ruling, Setback},
    evm::Address,
    fault::{Faults, Killed},
    ids::PaymentId,
    money::Wei,
    page::Filter,
};

use crate::support::{
    CHAIN_ID, Kill, START, TOLERANCE_MINUTES, TTL_MINUTES, TestCourse, World, on_both_engines, person,
    policy, turn,
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

/// A purchase like the first of a payment's, but for what is changed: the order, the tier or the amount.
fn another(
    payment: &FakeTransaction,
    change: impl FnOnce(&mut [u8; 32], &mut u8, &mut Wei),
) -> (Address, Event) {
    let (market, mut event) = payment.events.iter().find(|(_, event)| pays(event)).unwrap().clone();
    if let Event::CoursePurchased { order, tier, amount, .. } = &mut event {
        change(order, tier, amount);
    }
    (market, event)
}

fn pays(event: &Event) -> bool {
    matches!(event, Event::CoursePurchased { .. })
}

/// A course that two people are about to buy.
async fn two_orders(world: &World) -> (TestCourse, [(Actor, Order); 2]) {
    let (course, one) = world.sale().await;
    let other = world.learner().await;
    let first = world.academy.checkout().open(&one, course.tier).await.unwrap();
    let second = world.academy.checkout().open(&other, course.tier).await.unwrap();
    (course, [(one, first), (other, second)])
}

/// Does something once, when settling comes to a point.
struct Meanwhile(&'static str, Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Meanwhile {
    fn at(point: &'static str, act: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self(point, Mutex::new(Some(Box::new(act)))))
    }
}

impl Faults for Meanwhile {
    fn at(&self, point: &'static str) -> Result<(), Killed> {
        if point == self.0
            && let Some(act) = self.1.lock().unwrap().take()
        {
            tokio::task::block_in_place(act);
        }
        Ok(())
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
    let review = Filter { state: "review".to_owned(), ..Filter::default() };
    let found = world.academy.checkout().payments(&admin, &review).await.unwrap();
    assert_eq!(found.total, 1);
    (order, found.rows[0].id, payment, admin)
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
        let deep = academy::checkout::Policy { open_confirmations: 3, ..policy() };
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

    async fn case_08_refunds_that_move_within_their_block_stay_with_their_orders(world: &World) {
        let (course, teacher, first) = world.sale_with_window(14).await;
        let (other, third) = world.sale().await;
        let second = world.learner().await;
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        let mut back = Vec::new();
        for buyer in [&first, &second] {
            let order = world.academy.checkout().open(buyer, course.tier).await.unwrap();
            world.chain.mine(vec![world.held_payment(&course, &order, until)]);
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

    async fn case_08_what_was_dismissed_does_not_keep_a_payment_from_its_place(world: &World) {
        let checkout = world.academy.checkout();
        let (course, [(buyer, order), (other, others)]) = two_orders(world).await;
        let admin = world.admin().await;
        let mut payment = world.payment(&course, &order);
        payment.events.push(another(&payment, |order, _, _| *order = [9; 32]));
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        let review = Filter { state: "review".to_owned(), ..Filter::default() };
        let stray = checkout.payments(&admin, &review).await.unwrap().rows[0].id;
        checkout.rule(&admin, stray, Ruling::Dismiss, "nobody's").await.unwrap();
        // In the other history, another one's log comes before: the order's stands where the stray one was.
        world.chain.reorg(1);
        world.chain.mine(vec![world.payment(&course, &others), payment]);
        world.chain.mine_empty(3);
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
        let review = Filter { state: "review".to_owned(), ..Filter::default() };
        let strays = checkout.payments(&admin, &review).await.unwrap().rows;
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
            let review = Filter { state: "review".to_owned(), ..Filter::default() };
            let seen = world.academy.checkout().payments(&world.admin().await, &review).await.unwrap().rows;
            seen.iter().any(|row| row.setback == Some(reason) && row.log_index == place)
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

    async fn case_29_of_a_refunded_order_no_payment_counts_even_when_it_was_final(world: &World) {
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        world.chain.mine_empty(8);
        world.turn().await;
        assert!(world.academy.checkout().order(&buyer, order.id).await.unwrap().is_final);
        // In the other history, which is deeper than what counts as final, another payment of the order came
        // first, and went back.
        world.chain.reorg(9);
        let back = world.transaction(person(&buyer).address, vec![world.refunded(&course, &order)]);
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
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

    async fn case_08_a_payment_that_was_never_judged_counts_where_it_stands_since_a_reorg(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        // It is seen, and whoever would judge it dies.
        let faults = Arc::new(Kill::default());
        faults.arm("settle.head_read");
        let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
        dying.follow_once().await.unwrap();
        assert!(faults.dead());
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE setback IS NULL").await, 1);
        world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.chain.mine(vec![payment.clone()]);
        world.academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_10_a_chain_that_is_behind_what_was_seen_changes_nothing(world: &World) {
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        world.chain.mine_empty(3);
        // It goes back, and is bought again in the same breath.
        let mut again = world.held_payment(&course, &order, until);
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
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.academy.checkout().cancel(&buyer, order.id).await.unwrap();
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        let back = world.transaction(person(&buyer).address, vec![world.refunded(&course, &order)]);
        world.chain.mine(vec![back]);
        world.turn().await;
        assert_eq!(world.academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Refunded);
        world.chain.mine(vec![world.held_payment(&course, &order, until)]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(world.academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Cancelled);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'closed'").await, 1);
    }
}
