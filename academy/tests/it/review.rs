//! Money that moved and fits nothing is never dropped: it opens nothing, and a person looks at it.

use academy::{
    accounts::GivenRole,
    chain::Event,
    checkout::{OrderState, Setback},
    evm::Address,
};

use crate::support::{TOLERANCE_MINUTES, TTL_MINUTES, on_both_engines};

on_both_engines! {
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
        let payments = checkout.payments(&admin, &academy::page::Filter::default()).await.unwrap();
        assert_eq!(payments.rows[0].setback, Some(Setback::OtherBeneficiary), "a person looks at the money");
        assert_eq!(payments.rows[0].transaction.hash, payment.hash);
        assert_eq!(payments.rows[0].amount, order.price);
    }
}
