//! What is to be paid back stays on a list until it was, as long as the chain has it.

use academy::{
    Kind,
    chain::{ChainError, Event, fake::FakeTransaction},
    checkout::{Order, OrderState, Ruling, Setback, Standing},
    money::Wei,
    page::Filter,
};
use ruint::aliases::U256;

use crate::{
    review::{late, payment_in},
    support::{TestCourse, World, on_both_engines, refusal},
};

/// A payment of an order, but for one thing.
fn strange(
    world: &World,
    course: &TestCourse,
    order: &Order,
    change: impl Fn(&mut Event),
) -> FakeTransaction {
    let mut paid = world.payment(course, order);
    change(&mut paid.events[0].1);
    paid
}

/// So much more was paid than was due.
fn dearer(event: &mut Event) {
    if let Event::CoursePurchased { amount, .. } = event {
        *amount = amount.plus(Wei::new(U256::from(5)));
    }
}

on_both_engines! {
    async fn a_payment_that_the_contract_does_not_hold_goes_back_by_hand(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, payment, order) = late(world, &course, &buyer).await;
        checkout.rule(&admin, payment, Ruling::Refund, "sent back by hand").await.unwrap();
        world.turn().await;
        let told = checkout.order(&buyer, order).await.unwrap();
        assert_eq!((told.setback, told.refundable_until), (Some(Setback::ToRefund), None));
        assert_eq!(refusal(checkout.refund(&buyer, order).await).1, "not_refundable");
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE act = 'payment.to_refund'").await, 1);
        // Neither a reorg nor a second look makes it count.
        let again = world.chain.reorg(1);
        world.chain.mine(again);
        world.turn().await;
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        payment_in(world, &admin, Standing::Dismissed).await;
    }

    async fn what_was_to_go_back_leaves_the_list_once_somebody_says_how_it_did(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, payment, order) = late(world, &course, &buyer).await;
        let owed = Filter { state: "to_refund".to_owned(), ..Filter::default() };
        let paid_back = async |how| checkout.rule(&admin, payment, Ruling::PaidBack, how).await;
        assert_eq!(refusal(paid_back("before it was decided").await).1, "not_in_review");
        checkout.rule(&admin, payment, Ruling::Refund, "").await.unwrap();
        world.turn().await;
        let listed = checkout.payments(&admin, &owed).await.unwrap();
        assert!(listed.total == 1 && listed.rows[0].is_owed() && listed.rows[0].waits_for().is_none());
        assert_eq!(refusal(paid_back(" ").await).0, Kind::Invalid);
        assert_eq!(refusal(checkout.rule(&buyer, payment, Ruling::PaidBack, "0x1").await).0, Kind::Forbidden);
        paid_back("transaction 0x12 from the till").await.unwrap();
        assert_eq!(refusal(paid_back("again").await).1, "not_in_review");
        assert_eq!(checkout.payments(&admin, &owed).await.unwrap().total, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE act = 'payment.paid_back'").await, 1);
        // It counts as little as before, whatever comes.
        let again = world.chain.reorg(1);
        world.chain.mine(again);
        for _ in 0..2 {
            world.turn().await;
            let told = checkout.order(&buyer, order).await.unwrap();
            assert_eq!((told.state, told.setback), (OrderState::Expired, Some(Setback::PaidBack)));
        }
        assert!(!world.can_read(&buyer, &course).await);
        payment_in(world, &admin, Standing::Dismissed).await;
    }

    async fn what_was_turned_down_and_is_in_no_block_waits_for_nobody(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![strange(world, &course, &order, |event| {
            if let Event::CoursePurchased { order, .. } = event { *order = [7; 32]; }
        })]);
        let admin = world.admin().await;
        let total = async |state: &str| {
            let filter = Filter { state: state.to_owned(), ..Filter::default() };
            checkout.payments(&admin, &filter).await.unwrap().total
        };
        world.turn().await;
        let payment = payment_in(world, &admin, Standing::Review).await;
        let mut gone = world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.turn().await;
        assert_eq!(total("review").await, 0);
        world.chain.mine(gone);
        world.turn().await;
        assert_eq!(payment_in(world, &admin, Standing::Review).await, payment);
        // The same where it is owed.
        checkout.rule(&admin, payment, Ruling::Refund, "").await.unwrap();
        assert_eq!(total("to_refund").await, 1);
        gone = world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.turn().await;
        assert_eq!((total("to_refund").await, total("review").await), (0, 0));
        world.chain.mine(gone);
        for _ in 0..2 {
            world.turn().await;
            assert_eq!((total("to_refund").await, total("review").await), (1, 0));
        }
    }

    async fn what_was_decided_about_what_bought_something_else_is_told(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer, admin) = (world.course(&teacher).await, world.learner().await, world.admin().await);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let buys_tier = async |number| {
            world.advance_minutes(1);
            world.chain.mine(vec![strange(world, &course, &order, |event| {
                if let Event::CoursePurchased { tier, .. } = event { *tier = number; }
            })]);
            world.turn().await;
            payment_in(world, &admin, Standing::Review).await
        };
        let told = async || {
            let order = checkout.order(&buyer, order.id).await.unwrap();
            let listed = checkout.mine(&buyer, &Filter::default()).await.unwrap().rows.remove(0);
            assert_eq!(order.setback, listed.setback);
            order.setback
        };
        let first = buys_tier(7).await;
        assert_eq!(told().await, Some(Setback::OtherTier));
        assert!(checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap().rows.rows.is_empty());
        checkout.rule(&admin, first, Ruling::Refund, "").await.unwrap();
        world.turn().await;
        // Its transaction is what it was; buyer and instructor are told what becomes of it.
        assert_eq!(told().await, Some(Setback::ToRefund));
        let sales = checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap();
        assert_eq!((sales.count, sales.rows.rows[0].setback), (0, Some(Setback::ToRefund)));
        // What waits for a person comes first, and what is under way before all that was.
        let second = buys_tier(8).await;
        assert_eq!(told().await, Some(Setback::OtherTier));
        checkout.rule(&admin, second, Ruling::Dismiss, "so it is").await.unwrap();
        assert_eq!(told().await, Some(Setback::Dismissed));
        let pending = world.payment(&course, &order);
        world.chain.broadcast(pending.clone());
        checkout.submit(&buyer, order.id, &pending.hash.to_string()).await.unwrap();
        assert_eq!(told().await, None);
        world.chain.mine(vec![pending]);
        world.turn().await;
        assert_eq!((told().await, world.can_read(&buyer, &course).await), (None, true));
    }

    async fn what_bought_something_else_and_is_owed_stays_so_when_it_comes_back(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![strange(world, &course, &order, |event| {
            if let Event::CoursePurchased { tier, .. } = event { *tier = 7; }
        })]);
        world.turn().await;
        let admin = world.admin().await;
        let payment = payment_in(world, &admin, Standing::Review).await;
        checkout.rule(&admin, payment, Ruling::Refund, "").await.unwrap();
        world.turn().await;
        let gone = world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.turn().await;
        payment_in(world, &admin, Standing::Orphaned).await;
        world.chain.mine(gone);
        for _ in 0..2 {
            world.turn().await;
            assert_eq!(payment_in(world, &admin, Standing::Dismissed).await, payment);
        }
        checkout.rule(&admin, payment, Ruling::PaidBack, "0x1").await.unwrap();
    }

    async fn case_28_what_nobody_has_read_of_yet_may_be_held_and_does_not_go_back_by_hand(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let until = world.academy.now().plus_minutes(14 * 24 * 60);
        let mut paid = world.held_payment(&course, &order, u64::try_from(until.0 / 1000).unwrap());
        for (_, event) in &mut paid.events {
            if let Event::CoursePurchased { order, .. } | Event::PurchaseHeld { order, .. } = event {
                *order = [7; 32];
            }
        }
        world.chain.hide_receipts(true);
        world.chain.mine(vec![paid]);
        world.turn().await;
        let admin = world.admin().await;
        let row = checkout.payments(&admin, &Filter::default()).await.unwrap().rows.remove(0);
        assert_eq!((row.mined_at, row.held_until), (None, None));
        checkout.rule(&admin, row.id, Ruling::Refund, "").await.unwrap();
        assert_eq!(refusal(checkout.rule(&admin, row.id, Ruling::PaidBack, "by hand").await).1, "still_held");
    }

    async fn what_the_contract_holds_of_what_was_turned_down_is_told_and_does_not_go_back_twice(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let until = world.academy.now().plus_minutes(14 * 24 * 60);
        let mut paid = world.held_payment(&course, &order, u64::try_from(until.0 / 1000).unwrap());
        for (_, event) in &mut paid.events {
            if let Event::CoursePurchased { order, .. } | Event::PurchaseHeld { order, .. } = event {
                *order = [7; 32];
            }
        }
        world.chain.mine(vec![paid]);
        world.turn().await;
        let admin = world.admin().await;
        let row = checkout.payments(&admin, &Filter::default()).await.unwrap().rows.remove(0);
        assert_eq!((row.payer, row.held_until), (Some(order.beneficiary.clone()), Some(until)));
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().refundable_until, None);
        checkout.rule(&admin, row.id, Ruling::Refund, "").await.unwrap();
        let by_hand = async || checkout.rule(&admin, row.id, Ruling::PaidBack, "by hand").await;
        assert_eq!(refusal(by_hand().await).1, "still_held");
        world.advance_minutes(14 * 24 * 60);
        by_hand().await.unwrap();
    }

    async fn what_was_paid_too_much_counts_and_waits_for_a_person(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, order) = (world.admin().await, checkout.open(&buyer, course.tier).await.unwrap());
        world.chain.mine(vec![strange(world, &course, &order, dearer)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        let in_review = async || {
            let filter = Filter { state: "review".to_owned(), ..Filter::default() };
            checkout.payments(&admin, &filter).await.unwrap().rows
        };
        let told = "SELECT COUNT(*) FROM payments WHERE told = 'overpaid'";
        assert_eq!((in_review().await.len(), world.count(told).await), (0, 0), "it may still be undone");
        world.chain.mine_empty(2);
        for _ in 0..2 {
            world.turn().await;
        }
        let row = in_review().await.remove(0);
        assert_eq!((row.standing, row.surplus), (Standing::Accepted, Some(Wei::new(U256::from(5)))));
        assert_eq!(world.count(told).await, 1);
        let rule = async |actor, ruling, reason| checkout.rule(actor, row.id, ruling, reason).await;
        assert_eq!(refusal(rule(&buyer, Ruling::SurplusKept, "mine").await).0, Kind::Forbidden);
        assert_eq!(refusal(rule(&admin, Ruling::SurplusBack, " ").await).0, Kind::Invalid);
        // What somebody decides who sees the payment as it stood before.
        for other in [Ruling::Accept, Ruling::Refund, Ruling::Dismiss, Ruling::PaidBack] {
            assert_eq!(refusal(rule(&admin, other, "too late").await).1, "not_in_review");
        }
        rule(&admin, Ruling::SurplusBack, "5 wei, in transaction 0x12").await.unwrap();
        assert!(in_review().await.is_empty());
        assert_eq!(refusal(rule(&admin, Ruling::SurplusKept, "again").await).1, "not_in_review");
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE act = 'payment.surplus_back'").await, 1);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await && in_review().await.is_empty());
        // What was paid as it was due has no surplus.
        let other = world.learner().await;
        let exact = checkout.open(&other, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &exact)]);
        world.chain.mine_empty(2);
        world.turn().await;
        assert_eq!((in_review().await.len(), world.count(told).await), (0, 1));
    }

    async fn what_did_not_count_has_no_surplus_to_decide_about(world: &World) {
        let (course, buyer) = world.sale().await;
        let (admin, payment, _) = late(world, &course, &buyer).await;
        for ruling in [Ruling::SurplusBack, Ruling::SurplusKept] {
            let ruled = world.academy.checkout().rule(&admin, payment, ruling, "so it is").await;
            assert_eq!(refusal(ruled).1, "not_in_review");
        }
        payment_in(world, &admin, Standing::Review).await;
    }

    async fn what_was_paid_too_much_does_not_go_back_twice(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let until = world.academy.now().plus_minutes(14 * 24 * 60);
        let mut paid = world.held_payment(&course, &order, u64::try_from(until.0 / 1000).unwrap());
        paid.events.iter_mut().for_each(|(_, event)| dearer(event));
        world.chain.mine(vec![paid]);
        world.chain.mine_empty(2);
        world.turn().await;
        let admin = world.admin().await;
        let payment = payment_in(world, &admin, Standing::Accepted).await;
        let paid_back = async || checkout.rule(&admin, payment, Ruling::SurplusBack, "0x1").await;
        assert_eq!(refusal(paid_back().await).1, "still_held");
        world.advance_minutes(14 * 24 * 60);
        paid_back().await.unwrap();
    }

    async fn what_the_contract_sent_back_can_be_told_though_it_bought_nothing_here(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let until = world.academy.now().plus_minutes(14 * 24 * 60);
        let mut unknown = world.held_payment(&course, &order, u64::try_from(until.0 / 1000).unwrap());
        for (_, event) in &mut unknown.events {
            if let Event::CoursePurchased { order, .. } | Event::PurchaseHeld { order, .. } = event { *order = [7; 32]; }
        }
        world.chain.mine(vec![unknown]);
        world.turn().await;
        let admin = world.admin().await;
        let payment = payment_in(world, &admin, Standing::Review).await;
        checkout.rule(&admin, payment, Ruling::Refund, "").await.unwrap();
        world.turn().await;
        let paid_back = async || checkout.rule(&admin, payment, Ruling::PaidBack, "the contract sent it: 0x1").await;
        assert_eq!(refusal(paid_back().await).1, "still_held");
        let mut back = world.refunded(&course, &order);
        if let Event::PurchaseRefunded { order, .. } = &mut back { *order = [7; 32]; }
        world.chain.mine(vec![world.transaction(order.beneficiary.parse().unwrap(), vec![back])]);
        world.turn().await;
        // Nobody knows while no node answers.
        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        assert_eq!(refusal(paid_back().await).1, "still_held");
        world.chain.fail_with(None);
        paid_back().await.unwrap();
    }

    async fn nobody_pays_back_what_a_reorg_took(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, payment, order) = late(world, &course, &buyer).await;
        checkout.rule(&admin, payment, Ruling::Refund, "").await.unwrap();
        world.turn().await;
        let owed = Filter { state: "to_refund".to_owned(), ..Filter::default() };
        assert_eq!(checkout.payments(&admin, &owed).await.unwrap().total, 1);
        // A reorg that only moves it changes nothing.
        let moved = world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.chain.mine(moved);
        for _ in 0..2 {
            world.turn().await;
            assert_eq!(checkout.payments(&admin, &owed).await.unwrap().total, 1);
        }
        let gone = world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.turn().await;
        assert_eq!(checkout.payments(&admin, &owed).await.unwrap().total, 0);
        assert_eq!(refusal(checkout.rule(&admin, payment, Ruling::PaidBack, "0x1").await).1, "not_in_review");
        // It comes back: what was decided of it holds.
        world.chain.mine(gone);
        world.turn().await;
        assert_eq!(checkout.payments(&admin, &owed).await.unwrap().total, 1);
        assert_eq!(checkout.order(&buyer, order).await.unwrap().setback, Some(Setback::ToRefund));
        assert!(!world.can_read(&buyer, &course).await);
    }
}
