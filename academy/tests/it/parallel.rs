//! Case 32: two tabs, two devices, a double click.

use std::time::Duration;

use academy::{
    Kind,
    accounts::GivenRole,
    checkout::{OrderState, Ruling, Standing},
    learning::EnrollmentState,
};
use futures::future::join_all;

use crate::{
    review::payment_in,
    support::{START, on_both_engines, tier_form, wallet_call},
};

const AT_ONCE: usize = 20;

on_both_engines! {
    async fn no_node_is_asked_while_a_transaction_is_open(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let (late, admin) = (world.learner().await, world.admin().await);
        let db = world.db.clone();
        // SQLite has one writer: who asks while it writes would wait for itself here.
        world.chain.before_each(move || {
            let db = db.clone();
            Box::pin(async move {
                let begun = tokio::time::timeout(Duration::from_secs(20), db.begin()).await;
                drop(begun.expect("a transaction is open").unwrap());
            })
        });
        let orders = [checkout.open(&buyer, course.tier).await.unwrap(), checkout.open(&late, course.tier).await.unwrap()];
        wallet_call(&checkout, &buyer, orders[0].id).await.unwrap();
        checkout.cancel(&late, orders[1].id).await.unwrap();
        let until = u64::try_from(START.0 / 1000).unwrap() + 14 * 86_400;
        let paid = orders.each_ref().map(|order| world.held_payment(&course, order, until));
        world.chain.broadcast(paid[0].clone());
        checkout.submit(&buyer, orders[0].id, &paid[0].hash.to_string()).await.unwrap();
        world.chain.mine(paid.to_vec());
        world.turn().await;
        let gone = world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.turn().await;
        world.chain.mine(gone);
        world.turn().await;
        let waiting = payment_in(world, &admin, Standing::Review).await;
        checkout.rule(&admin, waiting, Ruling::Accept, "").await.unwrap();
        checkout.refund(&buyer, orders[0].id).await.unwrap();
        let back = world.refunded(&course, &orders[0]);
        world.chain.mine(vec![world.transaction(orders[0].beneficiary.parse().unwrap(), vec![back])]);
        world.turn().await;
        let open = [world.can_read(&buyer, &course).await, world.can_read(&late, &course).await];
        assert_eq!(open, [false, true]);
    }

    async fn case_32_twenty_clicks_on_buy_open_one_order(world: &World) {
        let (course, buyer) = world.sale().await;
        let opening = (0..AT_ONCE).map(|_| {
            let (academy, buyer) = (world.academy.clone(), buyer.clone());
            tokio::spawn(async move { academy.checkout().open(&buyer, course.tier).await.unwrap().id })
        });
        let ids = join_all(opening).await;
        let first = ids[0].as_ref().unwrap();
        assert!(ids.iter().all(|id| id.as_ref().unwrap() == first));
        assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, 1);
    }

    async fn case_32_twenty_submits_and_settles_pay_once(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        let hash = payment.hash.to_string();
        world.chain.mine(vec![payment]);
        let work = (0..AT_ONCE).map(|turn| {
            let (academy, buyer, hash) = (world.academy.clone(), buyer.clone(), hash.clone());
            tokio::spawn(async move {
                match turn % 4 {
                    0 => drop(academy.checkout().submit(&buyer, order.id, &hash).await.unwrap()),
                    1 => drop(academy.follow_once().await.unwrap()),
                    2 => drop(academy.run_jobs_once().await.unwrap()),
                    _ => drop(academy.checkout().settle(order.id).await.unwrap()),
                }
            })
        });
        for done in join_all(work).await {
            done.unwrap();
        }
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_32_two_payments_settled_at_once_open_once(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(crate::support::TTL_MINUTES);
        let second = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &first), world.payment(&course, &second)]);
        world.academy.follow_once().await.unwrap();
        let work = (0..AT_ONCE).map(|turn| {
            let academy = world.academy.clone();
            let id = if turn % 2 == 0 { first.id } else { second.id };
            tokio::spawn(async move { academy.checkout().settle(id).await.unwrap() })
        });
        for done in join_all(work).await {
            done.unwrap();
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE state = 'paid'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'accepted'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE standing = 'review'").await, 1);
    }

    async fn case_32_twenty_clicks_on_enroll_enroll_once(world: &World) {
        let teacher = world.teacher().await;
        let course = world.draft(&teacher).await;
        let tier = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0", 1)).await.unwrap();
        world.academy.catalog().publish(&teacher, course.id).await.unwrap();
        let learner = world.learner().await;
        let work = (0..AT_ONCE).map(|_| {
            let (academy, learner) = (world.academy.clone(), learner.clone());
            tokio::spawn(async move { academy.learning().enroll_free(&learner, tier).await.unwrap() })
        });
        for done in join_all(work).await {
            done.unwrap();
        }
        let shelf = world.academy.learning().mine(&learner).await.unwrap();
        assert_eq!((shelf.len(), shelf[0].state), (1, EnrollmentState::Active));
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 1);
    }

    async fn a_wallet_that_signs_in_for_the_first_time_twice_at_once_has_one_account(world: &World) {
        let signer = world.signer();
        let people = join_all((0..4).map(|_| world.sign_in(&signer))).await;
        let first = people[0].user();
        assert!(first.is_some() && people.iter().all(|person| person.user() == first));
        assert_eq!(world.count("SELECT COUNT(*) FROM users").await, 1);
    }

    async fn two_admins_can_not_remove_each_other_at_once(world: &World) {
        let (one, two) = (world.admin().await, world.admin().await);
        let removing = [(one.clone(), two.clone()), (two, one)].map(|(by, of)| {
            let academy = world.academy.clone();
            let of = crate::support::person(&of).id;
            tokio::spawn(async move {
                academy.accounts().set_role(&by, of, GivenRole::Admin, false, "test").await
            })
        });
        let done = join_all(removing).await;
        assert_eq!(done.iter().filter(|done| done.as_ref().unwrap().is_ok()).count(), 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM users WHERE admin").await, 1);
    }

    async fn case_32_cancel_and_submit_at_once_leave_one_of_the_two(world: &World) {
        let (course, buyer) = world.sale().await;
        for _ in 0..5 {
            let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
            let hash = world.hash().to_string();
            let cancel = {
                let (academy, buyer) = (world.academy.clone(), buyer.clone());
                tokio::spawn(async move { academy.checkout().cancel(&buyer, order.id).await })
            };
            let submit = {
                let (academy, buyer) = (world.academy.clone(), buyer.clone());
                tokio::spawn(async move { academy.checkout().submit(&buyer, order.id, &hash).await })
            };
            let (cancelled, submitted) = (cancel.await.unwrap(), submit.await.unwrap());
            submitted.expect("a hash is always kept");
            let state = world.academy.checkout().order(&buyer, order.id).await.unwrap().state;
            match cancelled {
                Ok(_) => assert_eq!(state, OrderState::Cancelled),
                Err(problem) => {
                    assert_eq!((problem.kind, state), (Kind::Conflict, OrderState::Submitted));
                    world.advance_minutes(crate::support::TTL_MINUTES);
                    world.turn().await;
                }
            }
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM submissions").await, 5);
    }
}
