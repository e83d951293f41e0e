//! Money that moved and fits nothing is never dropped: it opens nothing, and a person looks at it.

use academy::{
    Actor, Kind,
    accounts::GivenRole,
    chain::{Event, fake::FakeTransaction},
    checkout::{Order, OrderState, Ruling, Setback, Standing},
    evm::Address,
    ids::{OrderId, PaymentId},
    page::Filter,
};

use crate::support::{TOLERANCE_MINUTES, TTL_MINUTES, TestCourse, World, on_both_engines, person, refusal};

/// A payment that came too late, an admin, and its order.
pub async fn late(world: &World, course: &TestCourse, buyer: &Actor) -> (Actor, PaymentId, OrderId) {
    let order = world.academy.checkout().open(buyer, course.tier).await.unwrap();
    world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
    world.chain.mine(vec![world.payment(course, &order)]);
    world.turn().await;
    let admin = world.admin().await;
    let payment = payment_in(world, &admin, Standing::Review).await;
    (admin, payment, order.id)
}

/// The only payment of that standing.
pub async fn payment_in(world: &World, admin: &Actor, standing: Standing) -> PaymentId {
    let filter = Filter { state: standing.word().to_owned(), ..Filter::default() };
    let found = world.academy.checkout().payments(admin, &filter).await.unwrap();
    assert_eq!(found.total, 1);
    found.rows[0].id
}

/// A payment that opened its order and that a reorg took, with whoever bought, an admin, and its transaction.
async fn taken(world: &World) -> (TestCourse, Actor, Actor, Order, Vec<FakeTransaction>) {
    let (course, buyer) = world.sale().await;
    let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    world.chain.mine(vec![world.payment(&course, &order)]);
    world.turn().await;
    let gone = world.chain.reorg(1);
    world.chain.mine_empty(2);
    world.turn().await;
    (course, buyer, world.admin().await, order, gone)
}

on_both_engines! {
    async fn a_payment_in_review_is_sent_back_by_the_contract_while_it_holds_it(world: &World) {
        let checkout = world.academy.checkout();
        let admin = world.admin().await;
        let (course, teacher, buyer) = world.sale_with_window(14).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
        let until = world.academy.now().plus_minutes(14 * 24 * 60);
        let seconds = u64::try_from(until.0 / 1000).unwrap();
        world.chain.mine(vec![world.held_payment(&course, &order, seconds)]);
        world.turn().await;
        let payment = payment_in(world, &admin, Standing::Review).await;
        checkout.rule(&admin, payment, Ruling::Refund, "too late for this batch").await.unwrap();
        let twice = checkout.rule(&admin, payment, Ruling::Accept, "after all").await;
        assert_eq!(refusal(twice).1, "not_in_review");
        let by_hand = checkout.rule(&admin, payment, Ruling::PaidBack, "by hand, too").await;
        assert_eq!(refusal(by_hand).1, "still_held");
        world.turn().await;
        // Both can have the contract send it, and both are told.
        let told = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((told.state, told.setback), (OrderState::Expired, Some(Setback::ToRefund)));
        assert!(told.refundable_until.is_some());
        assert_eq!(checkout.refund(&buyer, order.id).await.unwrap().amount, order.price);
        let sale = &checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap().rows.rows[0];
        assert_eq!((sale.id, sale.refundable_until.is_some()), (order.id, true));
        assert!(!checkout.refund(&teacher, order.id).await.unwrap().own);
        let refunded = world.refunded(&course, &order);
        world.chain.mine(vec![world.transaction(person(&teacher).address, vec![refunded])]);
        world.turn().await;
        world.turn().await;
        let done = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((done.state, done.refundable_until), (OrderState::Refunded, None));
        payment_in(world, &admin, Standing::Refunded).await;
        assert!(!world.can_read(&buyer, &course).await);
        // A reorg that undoes the refund does not make the payment count.
        world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.turn().await;
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        payment_in(world, &admin, Standing::Dismissed).await;
        assert!(checkout.refund(&buyer, order.id).await.is_ok(), "it can be sent again");
    }

    async fn case_08_what_a_reorg_took_for_good_is_in_the_queue_and_lets_the_buyer_order_again(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer, admin, order, gone) = taken(world).await;
        let queue = Filter { state: "review".to_owned(), ..Filter::default() };
        let row = checkout.payments(&admin, &queue).await.unwrap().rows.remove(0);
        assert_eq!(row.waits_for(), Some(Setback::Orphaned));
        assert_eq!(row.sender.as_deref(), Some(order.beneficiary.as_str()));
        let due = row.due.unwrap();
        assert_eq!((due.state, due.price, due.expires_at), (OrderState::Confirming, order.price, order.expires_at));
        // There is nothing to accept, nor to give back; and its buyer is told to wait.
        for ruling in [Ruling::Accept, Ruling::Refund] {
            assert_eq!(refusal(checkout.rule(&admin, row.id, ruling, "no").await).1, "not_acceptable");
        }
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().id, order.id);
        assert_eq!(refusal(checkout.rule(&admin, row.id, Ruling::Dismiss, " ").await).0, Kind::Invalid);
        checkout.rule(&admin, row.id, Ruling::Dismiss, "its fee was too low").await.unwrap();
        world.turn().await;
        assert_eq!(checkout.payments(&admin, &queue).await.unwrap().total, 0);
        assert_eq!(refusal(checkout.rule(&admin, row.id, Ruling::Dismiss, "again").await).1, "not_in_review");
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Cancelled);
        let next = checkout.open(&buyer, course.tier).await.unwrap();
        assert_ne!(next.id, order.id);
        assert!(!world.can_read(&buyer, &course).await);
        // It comes back after all: no money is lost.
        world.chain.mine(gone);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        let row = checkout.payments(&admin, &queue).await.unwrap().rows.remove(0);
        assert_eq!(row.waits_for(), Some(Setback::Closed));
        checkout.rule(&admin, row.id, Ruling::Accept, "").await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_08_what_comes_back_leaves_the_queue(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer, admin, _, gone) = taken(world).await;
        payment_in(world, &admin, Standing::Review).await;
        world.chain.mine(gone);
        world.turn().await;
        let queue = Filter { state: "review".to_owned(), ..Filter::default() };
        assert_eq!(checkout.payments(&admin, &queue).await.unwrap().total, 0);
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn who_sent_what_was_turned_down_and_when_is_learned(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let friend = Address([0x5e; 20]);
        let mut unknown = FakeTransaction { sender: friend, ..world.payment(&course, &order) };
        if let Event::CoursePurchased { order, .. } = &mut unknown.events[0].1 {
            *order = [7; 32];
        }
        world.chain.mine(vec![unknown.clone()]);
        let admin = world.admin().await;
        let row = async || checkout.payments(&admin, &Filter::default()).await.unwrap().rows.remove(0);
        let mined_at = || Some(world.academy.now());
        world.turn().await;
        let told = row().await;
        assert_eq!((told.setback, told.mined_at), (Some(Setback::UnknownOrder), mined_at()));
        assert_eq!(told.sender, Some(friend.checksummed()));
        // A reorg gives it another block, which has a time of its own.
        let gone = world.chain.reorg(1);
        world.advance_minutes(3);
        world.chain.mine_empty(1);
        world.chain.mine(gone);
        world.turn().await;
        assert_eq!(row().await.mined_at, mined_at());
    }

    async fn whoever_cancelled_reads_what_was_decided(world: &World) {
        let checkout = world.academy.checkout();
        let admin = world.admin().await;
        for (ruling, setback) in [(Ruling::Refund, Setback::ToRefund), (Ruling::Dismiss, Setback::Dismissed)] {
            let (course, buyer) = world.sale().await;
            let order = checkout.open(&buyer, course.tier).await.unwrap();
            checkout.cancel(&buyer, order.id).await.unwrap();
            world.chain.mine(vec![world.payment(&course, &order)]);
            world.turn().await;
            let payment = payment_in(world, &admin, Standing::Review).await;
            checkout.rule(&admin, payment, ruling, "cancelled").await.unwrap();
            world.turn().await;
            let told = checkout.order(&buyer, order.id).await.unwrap();
            assert_eq!((told.state, told.setback), (OrderState::Cancelled, Some(setback)));
        }
    }

    async fn case_12_mined_long_after_the_price_ran_out_goes_to_review(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        world.turn().await;
        let order = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((order.state, order.setback), (OrderState::Expired, Some(Setback::Late)));
        world.assert_nothing_opened().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'late'").await, 1);
    }

    async fn case_26_two_payments_for_one_course_open_it_once_and_one_is_in_review(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES);
        let second = checkout.open(&buyer, course.tier).await.unwrap();
        assert_ne!(first.id, second.id);
        world.chain.mine(vec![world.payment(&course, &first), world.payment(&course, &second)]);
        world.turn().await;
        world.turn().await;
        let mut states = Vec::new();
        for id in [first.id, second.id] {
            let order = checkout.order(&buyer, id).await.unwrap();
            states.push((order.state, order.setback));
        }
        states.sort_by_key(|(state, _)| *state == OrderState::Expired);
        assert_eq!(states, [(OrderState::Paid, None), (OrderState::Expired, Some(Setback::PaidTwice))]);
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'paid_twice'").await, 1);
    }

    async fn case_26_one_order_paid_twice_keeps_the_second_for_review(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        world.turn().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback = 'paid_twice'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 1);
        assert!(world.can_read(&buyer, &course).await);
        // Its buyer reads that, and what becomes of it, beside the open course.
        let checkout = world.academy.checkout();
        let told = async || {
            let order = checkout.order(&buyer, order.id).await.unwrap();
            assert_eq!(order.state, OrderState::Paid);
            (order.setback.unwrap(), order.told.unwrap().text)
        };
        assert_eq!(told().await.0, Setback::PaidTwice);
        let admin = world.admin().await;
        let review = Filter { state: "review".to_owned(), ..Filter::default() };
        let second = checkout.payments(&admin, &review).await.unwrap().rows[0].id;
        checkout.rule(&admin, second, Ruling::Refund, "").await.unwrap();
        let (setback, text) = told().await;
        assert_eq!(setback, Setback::ToRefund);
        assert!(text.contains("your other payment goes back"), "{text}");
    }

    async fn case_27_money_for_a_cancelled_order_or_a_withdrawn_course_goes_to_review(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let (one, two) = (world.learner().await, world.learner().await);
        let cancelled = checkout.open(&one, course.tier).await.unwrap();
        checkout.cancel(&one, cancelled.id).await.unwrap();
        let withdrawn = checkout.open(&two, course.tier).await.unwrap();
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &cancelled), world.payment(&course, &withdrawn)]);
        world.turn().await;
        let cancelled = checkout.order(&one, cancelled.id).await.unwrap();
        assert_eq!((cancelled.state, cancelled.setback), (OrderState::Cancelled, Some(Setback::Closed)));
        let withdrawn = checkout.order(&two, withdrawn.id).await.unwrap();
        assert_eq!((withdrawn.state, withdrawn.setback), (OrderState::Expired, Some(Setback::Withdrawn)));
        world.assert_nothing_opened().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 2);
    }

    async fn case_33_bought_for_another_account_does_not_open_for_the_signed_in_one(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let mut payment = world.payment(&course, &order);
        if let Event::CoursePurchased { beneficiary, .. } = &mut payment.events[0].1 {
            *beneficiary = Address([0xB1; 20]);
        }
        world.chain.mine(vec![payment.clone()]);
        let order = checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!((order.state, order.setback), (OrderState::Open, Some(Setback::OtherBeneficiary)));
        world.turn().await;
        world.assert_nothing_opened().await;
        let admin = world.person(&[GivenRole::Admin]).await;
        let payments = checkout.payments(&admin, &Filter::default()).await.unwrap();
        assert_eq!(payments.rows[0].setback, Some(Setback::OtherBeneficiary), "a person looks at the money");
        assert_eq!(payments.rows[0].transaction.hash, payment.hash);
        assert_eq!(payments.rows[0].amount, order.price);
    }

    async fn a_late_payment_is_accepted_by_a_person_and_opens_the_course(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, payment, order) = late(world, &course, &buyer).await;
        checkout.rule(&admin, payment, Ruling::Accept, "the network was slow").await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        world.chain.mine_empty(3);
        world.turn().await;
        world.turn().await;
        let paid = checkout.order(&buyer, order).await.unwrap();
        assert_eq!((paid.state, paid.setback, paid.is_final), (OrderState::Paid, None, true));
        world.assert_paid(1).await;
        let log = world.academy.accounts().audit(&admin, &Filter::default()).await.unwrap();
        let line = log.rows.iter().find(|line| line.act == "payment.accepted").unwrap();
        assert_eq!(line.reason, "the network was slow");
        // It is decided once.
        let again = checkout.rule(&admin, payment, Ruling::Dismiss, "a second thought").await;
        assert_eq!(refusal(again).1, "not_in_review");
    }

    async fn an_accepted_payment_goes_with_its_block(world: &World) {
        let (course, buyer) = world.sale().await;
        let (admin, payment, _) = late(world, &course, &buyer).await;
        world.academy.checkout().rule(&admin, payment, Ruling::Accept, "slow").await.unwrap();
        let undone = world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        world.chain.mine(undone);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn a_dismissed_payment_never_counts_by_itself(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, payment, id) = late(world, &course, &buyer).await;
        checkout.rule(&admin, payment, Ruling::Dismiss, "paid back").await.unwrap();
        let hash = checkout.payments(&admin, &Filter::default()).await.unwrap().rows[0].transaction.hash;
        for _ in 0..2 {
            world.turn().await;
            checkout.submit(&buyer, id, &hash.to_string()).await.unwrap();
        }
        let order = checkout.order(&buyer, id).await.unwrap();
        assert_eq!((order.state, order.setback), (OrderState::Expired, Some(Setback::Dismissed)));
        world.assert_nothing_opened().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'dismissed'").await, 1);
        // The buyer may order again.
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn only_what_buys_the_orders_course_and_is_needed_can_be_accepted(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, late, _) = late(world, &course, &buyer).await;
        assert_eq!(refusal(checkout.rule(&admin, late, Ruling::Dismiss, " ").await).0, Kind::Invalid);
        // Meanwhile the buyer bought the course again.
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        let twice = checkout.rule(&admin, late, Ruling::Accept, "late").await;
        assert_eq!(refusal(twice).1, "not_acceptable");
        checkout.rule(&admin, late, Ruling::Dismiss, "paid back by hand").await.unwrap();
        // A payment that counts, and one for somebody else.
        let accepted = payment_in(world, &admin, Standing::Accepted).await;
        assert_eq!(refusal(checkout.rule(&admin, accepted, Ruling::Dismiss, "x").await).1, "not_in_review");
        let other = world.learner().await;
        let order = checkout.open(&other, course.tier).await.unwrap();
        let mut wrong = world.payment(&course, &order);
        if let Event::CoursePurchased { beneficiary, .. } = &mut wrong.events[0].1 {
            *beneficiary = Address([0xB2; 20]);
        }
        world.chain.mine(vec![wrong]);
        world.turn().await;
        let wrong = payment_in(world, &admin, Standing::Review).await;
        assert_eq!(refusal(checkout.rule(&admin, wrong, Ruling::Accept, "x").await).1, "not_acceptable");
        assert!(!world.can_read(&other, &course).await);
        checkout.rule(&admin, wrong, Ruling::Dismiss, "a gift").await.unwrap();
    }
}
