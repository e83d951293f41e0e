//! Cases 28 and 29: what the contract gives back.

use academy::{
    Actor, Kind,
    chain::{Event, fake::FakeTransaction},
    checkout::{Order, OrderState, Setback},
    evm::Address,
    learning::EnrollmentState,
    page::Filter,
};

use crate::support::{
    CHAIN_ID, MARKET, START, TTL_MINUTES, TestCourse, World, on_both_engines, person, refusal,
};

/// When the tests' windows end, in seconds.
fn until() -> u64 {
    u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400
}

/// A course that was paid for, within its window.
async fn bought(world: &World) -> (TestCourse, Actor, Actor, Order) {
    let (course, teacher, buyer) = world.sale_with_window(14).await;
    let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    world.chain.mine(vec![world.held_payment(&course, &order, until())]);
    world.turn().await;
    assert!(world.can_read(&buyer, &course).await);
    (course, teacher, buyer, order)
}

fn give_back(world: &World, course: &TestCourse, order: &Order) -> FakeTransaction {
    world.transaction(order.beneficiary.parse().unwrap(), vec![world.refunded(course, order)])
}

async fn state(world: &World, buyer: &Actor, order: &Order) -> OrderState {
    world.academy.checkout().order(buyer, order.id).await.unwrap().state
}

on_both_engines! {
    async fn case_26_the_second_payment_can_be_taken_back_and_the_course_stays_open(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES);
        let second = checkout.open(&buyer, course.tier).await.unwrap();
        for order in [&first, &second] {
            world.chain.mine(vec![world.held_payment(&course, order, until())]);
            world.turn().await;
        }
        let twice = checkout.order(&buyer, second.id).await.unwrap();
        assert_eq!((twice.state, twice.setback), (OrderState::Expired, Some(Setback::PaidTwice)));
        assert_eq!(checkout.refund(&buyer, second.id).await.unwrap().amount, second.price);
        world.chain.mine(vec![give_back(world, &course, &second)]);
        for _ in 0..2 {
            world.turn().await;
        }
        assert_eq!(state(world, &buyer, &second).await, OrderState::Refunded);
        assert_eq!(state(world, &buyer, &first).await, OrderState::Paid);
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_29_what_nobody_can_tell_of_does_not_keep_open_what_went_back(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        let named = world.hash();
        world.chain.lose(named);
        world.academy.checkout().submit(&buyer, order.id, &named.to_string()).await.unwrap();
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
    }

    async fn case_29_what_went_back_is_seen_when_nodes_have_forgotten_the_payment(world: &World) {
        for forgotten in [true, false] {
            let (course, _, buyer, order) = bought(world).await;
            world.chain.mine_empty(3);
            world.turn().await;
            let paid = world.academy.checkout().order(&buyer, order.id).await.unwrap();
            assert!(paid.is_final);
            let hash = paid.transaction.unwrap().hash;
            if forgotten { world.chain.forget(hash) } else { world.chain.lose(hash) }
            world.turn().await;
            assert!(world.can_read(&buyer, &course).await);
            world.chain.mine(vec![give_back(world, &course, &order)]);
            world.turn().await;
            assert!(!world.can_read(&buyer, &course).await);
            assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
            // A reorg undoes it, and puts it back.
            let undone = world.chain.reorg(1);
            world.chain.mine_empty(1);
            world.turn().await;
            assert!(world.can_read(&buyer, &course).await);
            world.chain.mine(undone);
            world.turn().await;
            assert!(!world.can_read(&buyer, &course).await);
            // For good, in the end.
            world.chain.mine_empty(3);
            world.turn().await;
            assert!(world.academy.checkout().order(&buyer, order.id).await.unwrap().is_final);
            assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing <> 'refunded'").await, 0);
            // What is bought anew opens as if nothing had been.
            world.chain.mine(vec![world.held_payment(&course, &order, until())]);
            world.turn().await;
            assert!(world.can_read(&buyer, &course).await);
            world.chain.mine(vec![give_back(world, &course, &order)]);
            world.turn().await;
            assert!(!world.can_read(&buyer, &course).await);
        }
    }

    async fn case_29_what_counts_not_and_is_forgotten_hides_no_refund(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        let mut dearer = world.held_payment(&course, &order, until());
        if let Event::CoursePurchased { tier, .. } = &mut dearer.events[0].1 {
            *tier = 7;
        }
        world.chain.mine(vec![dearer.clone()]);
        world.chain.mine_empty(3);
        world.turn().await;
        world.chain.lose(dearer.hash);
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
        // Nor does a refund that can't be read any more stand in the way of what comes after it.
        world.chain.mine_empty(3);
        world.turn().await;
        let back = world.count("SELECT COUNT(*) FROM refunds WHERE confirmed").await;
        assert_eq!(back, 1);
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_10_an_old_refund_does_not_stand_for_another_payment(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.chain.mine_empty(3);
        world.turn().await;
        let again = world.held_payment(&course, &order, until());
        world.chain.mine(vec![again.clone()]);
        world.turn().await;
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        // A reorg undoes the second refund while nobody agrees on the payment that it gave back.
        world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.chain.lose(again.hash);
        world.turn().await;
        assert!(!world.academy.checkout().order(&buyer, order.id).await.unwrap().is_final);
        world.chain.lose(world.hash());
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await, "it stands, and nothing gives it back");
    }

    async fn case_29_a_transaction_that_can_never_be_mined_does_neither(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        let queued = FakeTransaction { nonce: 1 << 63, ..world.transaction(person(&buyer).address, vec![]) };
        world.chain.broadcast(queued.clone());
        world.academy.checkout().submit(&buyer, order.id, &queued.hash.to_string()).await.unwrap();
        assert_eq!(state(world, &buyer, &order).await, OrderState::Paid);
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
    }

    async fn case_29_a_refund_closes_the_course_and_shows(world: &World) {
        let checkout = world.academy.checkout();
        let (course, teacher, buyer, order) = bought(world).await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!(paid.refundable_until.map(|end| end.0 / 1000), i64::try_from(until()).ok());
        assert_eq!(checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap().count, 1);
        world.chain.mine(vec![give_back(world, &course, &order)]);
        for _ in 0..2 {
            world.turn().await;
            assert!(!world.can_read(&buyer, &course).await);
            let refunded = checkout.order(&buyer, order.id).await.unwrap();
            assert_eq!((refunded.state, refunded.setback), (OrderState::Refunded, None));
            assert_eq!(refunded.refundable_until, None);
        }
        let shelf = world.academy.learning().mine(&buyer).await.unwrap();
        assert_eq!(shelf[0].state, EnrollmentState::Refunded);
        let sales = checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap();
        assert_eq!((sales.count, sales.earned.len()), (0, 0), "it is no income");
        assert_eq!(sales.rows.rows[0].state, OrderState::Refunded);
        // It ends for good once the refund is final.
        world.chain.mine_empty(3);
        world.turn().await;
        assert!(checkout.order(&buyer, order.id).await.unwrap().is_final);
        assert!(!world.can_read(&buyer, &course).await);
    }

    async fn case_29_a_refunded_course_can_be_bought_again(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        let again = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        assert_ne!(again.id, order.id);
        world.chain.mine(vec![world.held_payment(&course, &again, until())]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
        assert_eq!(state(world, &buyer, &again).await, OrderState::Paid);
    }

    async fn case_29_paid_again_under_the_same_order_opens_it_again(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Paid);
        // The refund was of the first of the two.
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'refunded'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 1);
    }

    async fn case_08_what_is_bought_after_a_refund_is_final_by_its_own_depth(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        world.chain.mine_empty(3);
        world.turn().await;
        assert!(world.academy.checkout().order(&buyer, order.id).await.unwrap().is_final);
        // Given back and bought anew, before anyone looked.
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.turn().await;
        let again = world.academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((again.state, again.is_final), (OrderState::Paid, false));
        world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await, "only what went back is left");
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
    }

    async fn case_29_paid_and_given_back_before_anyone_looked_opens_nothing(world: &World) {
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        world.assert_nothing_opened().await;
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
    }

    async fn case_29_a_late_payment_in_review_that_went_back_leaves_the_review(world: &World) {
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(24 * 60);
        world.chain.mine(vec![world.held_payment(&course, &order, until())]);
        world.turn().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 1);
        // Nobody has to decide first: the buyer takes the money back.
        let late = world.academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((late.state, late.refundable_until.is_some()), (OrderState::Expired, true));
        world.academy.checkout().refund(&buyer, order.id).await.unwrap();
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 0);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
        world.assert_nothing_opened().await;
    }

    async fn case_08_a_reorg_undoes_a_refund_and_the_course_opens_again(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        let undone = world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await, "the chain has the payment and no refund");
        assert_eq!(state(world, &buyer, &order).await, OrderState::Paid);
        world.chain.mine(undone);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
    }

    async fn case_10_a_node_that_forgot_the_refund_opens_nothing(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        world.chain.hide_receipts(true);
        world.academy.checkout().settle(order.id).await.unwrap();
        assert!(!world.can_read(&buyer, &course).await);
        world.chain.hide_receipts(false);
        world.academy.checkout().settle(order.id).await.unwrap();
        assert_eq!(state(world, &buyer, &order).await, OrderState::Refunded);
    }

    async fn case_29_only_our_markets_word_for_this_purchase_closes_it(world: &World) {
        let (course, _, buyer, order) = bought(world).await;
        let sender: Address = order.beneficiary.parse().unwrap();
        let ours = world.refunded(&course, &order);
        let spoil = |change: &dyn Fn(&mut Event)| {
            let mut event = ours.clone();
            change(&mut event);
            event
        };
        let wrong = [
            spoil(&|event| if let Event::PurchaseRefunded { beneficiary, .. } = event { *beneficiary = MARKET; }),
            spoil(&|event| if let Event::PurchaseRefunded { number, .. } = event { *number += 1; }),
            spoil(&|event| if let Event::PurchaseRefunded { tier, .. } = event { *tier += 1; }),
            spoil(&|event| if let Event::PurchaseRefunded { token, .. } = event { *token = MARKET; }),
        ];
        for event in wrong {
            world.chain.mine(vec![world.transaction(sender, vec![event])]);
        }
        let mut elsewhere = world.transaction(sender, vec![ours.clone()]);
        elsewhere.events[0].0 = sender;
        let failed = FakeTransaction { success: false, ..world.transaction(sender, vec![ours]) };
        world.chain.mine(vec![elsewhere, failed]);
        world.turn().await;
        world.academy.checkout().settle(order.id).await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(state(world, &buyer, &order).await, OrderState::Paid);
    }

    async fn case_28_refunds_are_offered_within_the_window_to_buyer_and_teacher_only(world: &World) {
        let checkout = world.academy.checkout();
        let (course, teacher, buyer, order) = bought(world).await;
        let mine = checkout.refund(&buyer, order.id).await.unwrap();
        assert!(mine.own && mine.amount == order.price);
        assert_eq!(mine.call.from, order.beneficiary);
        let theirs = checkout.refund(&teacher, order.id).await.unwrap();
        assert!(!theirs.own);
        assert_eq!((theirs.call.from, theirs.payer), (person(&teacher).address_text.clone(), order.beneficiary.clone()));
        assert_eq!(mine.call.data, theirs.call.data);
        let stranger = world.teacher().await;
        assert_eq!(refusal(checkout.refund(&stranger, order.id).await).0, Kind::NotFound);
        // A minute before the end, and at it.
        let minutes = 14 * 24 * 60;
        world.advance_minutes(minutes - 1);
        checkout.refund(&buyer, order.id).await.unwrap();
        world.advance_minutes(1);
        assert_eq!(refusal(checkout.refund(&buyer, order.id).await).1, "window_ended");
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().refundable_until, None);
        world.chain.mine(vec![give_back(world, &course, &order)]);
        world.turn().await;
        assert_eq!(refusal(checkout.refund(&buyer, order.id).await).1, "not_refundable");
    }

    async fn case_28_without_a_window_there_is_no_refund(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!(refusal(checkout.refund(&buyer, order.id).await).1, "not_refundable");
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert_eq!(refusal(checkout.refund(&buyer, order.id).await).1, "not_refundable");
    }

    async fn a_window_is_there_from_the_listing_on_or_never(world: &World) {
        let catalog = world.academy.catalog();
        let (course, teacher, _) = world.sale_with_window(14).await;
        assert!(catalog.studio(&teacher, course.id).await.unwrap().agrees());
        for days in ["0", "", "61", "-1", "two", "1.5", "999"] {
            let (kind, _) = refusal(catalog.set_refund_days(&teacher, course.id, days).await);
            assert_eq!(kind, Kind::Invalid, "{days}");
        }
        catalog.set_refund_days(&teacher, course.id, "30").await.unwrap();
        let page = catalog.studio(&teacher, course.id).await.unwrap();
        assert_eq!((page.window_differs(&page.markets[0]), page.refund_days()), (Some((30, 14)), 14), "the chain's word counts");
        assert!(catalog.listing_call(&teacher, course.id, CHAIN_ID).await.unwrap().is_some());
        let changed = Event::WindowChanged { number: course.number, days: 30 };
        world.chain.mine(vec![world.transaction(person(&teacher).address, vec![changed])]);
        world.turn().await;
        assert!(catalog.studio(&teacher, course.id).await.unwrap().agrees());
        let without = world.course(&teacher).await;
        assert_eq!(refusal(catalog.set_refund_days(&teacher, without.id, "7").await).0, Kind::Invalid);
        catalog.set_refund_days(&teacher, without.id, "0").await.unwrap();
    }
}
