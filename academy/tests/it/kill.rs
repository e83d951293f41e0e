//! The process is killed between the wallet's yes and the unlock, at each write; after the restart
//! the course opens without a click.

use std::sync::Arc;

use academy::{checkout::OrderState, fault::PAYMENT_POINTS, page::Filter};

use crate::{
    support::{Kill, on_both_engines, policy, turn},
    transfers::stray,
};

on_both_engines! {
    async fn opens_after_a_restart_wherever_it_was_killed(world: &World) {
        for (sales, point) in (1..).zip(PAYMENT_POINTS) {
            let (course, buyer) = world.sale().await;
            let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
            let payment = world.payment(&course, &order);
            let hash = payment.hash.to_string();
            world.chain.mine(vec![payment]);

            // The browser names the transaction, and the worker takes its turn, until they are killed.
            let faults = Arc::new(Kill::default());
            faults.arm(point);
            let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
            let checkout = dying.checkout();
            let working = async {
                checkout.submit(&buyer, order.id, &hash).await.unwrap();
                turn(&dying).await;
            };
            assert!(faults.outlives(working).await.is_none(), "nothing passes {point}");

            // A worker that died with a job in its hands gives it back when its lease ends.
            world.advance_minutes(1);
            let restarted = world.restarted();
            turn(&restarted).await;
            assert!(world.can_read(&buyer, &course).await, "killed at {point}");
            let order = restarted.checkout().order(&buyer, order.id).await.unwrap();
            assert_eq!(order.state, OrderState::Paid, "killed at {point}");
            world.assert_paid(sales).await;
            // Nothing more happens to it.
            turn(&restarted).await;
            world.assert_paid(sales).await;
        }
    }

    async fn what_a_person_did_is_done_whole_or_not_at_all(world: &World) {
        let (course, buyer) = world.sale().await;
        let (transfer, _, admin) = stray(world).await;
        let states = "SELECT COUNT(*) FROM orders WHERE state = 'open' AND wallet_reference IS NULL";
        let dies_at = async |point| {
            let faults = Arc::new(Kill::default());
            faults.arm(point);
            let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
            let checkout = dying.checkout();
            let mine = world.academy.checkout().mine(&buyer, &Filter::default()).await.unwrap().rows;
            let doing = async {
                match (point, mine.first()) {
                    ("open.before_commit", _) => drop(checkout.open(&buyer, course.tier).await.unwrap()),
                    ("await.before_commit", Some(order)) => {
                        drop(checkout.wait_for(&buyer, order.id, "safe-tx-17").await.unwrap());
                    }
                    ("cancel.before_commit", Some(order)) => {
                        drop(checkout.cancel(&buyer, order.id).await.unwrap());
                    }
                    _ => checkout.dismiss_transfer(&admin, transfer, "a gift").await.unwrap(),
                }
            };
            assert!(faults.outlives(doing).await.is_none(), "nothing passes {point}");
        };
        dies_at("open.before_commit").await;
        assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, 0);
        world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        for point in ["await.before_commit", "cancel.before_commit"] {
            dies_at(point).await;
            assert_eq!(world.count(states).await, 1, "{point}");
        }
        dies_at("transfer_rule.before_commit").await;
        world.academy.checkout().dismiss_transfer(&admin, transfer, "a gift").await.unwrap();
    }

    async fn opens_after_a_restart_when_the_tab_was_closed_and_the_worker_killed(world: &World) {
        let points = PAYMENT_POINTS.iter().filter(|point| !point.starts_with("submit."));
        for (sales, point) in (1..).zip(points) {
            let (course, buyer) = world.sale().await;
            let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
            world.chain.mine(vec![world.payment(&course, &order)]);
            let faults = Arc::new(Kill::default());
            faults.arm(point);
            let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
            assert!(faults.outlives(turn(&dying)).await.is_none(), "nothing passes {point}");
            world.advance_minutes(1);
            turn(&world.restarted()).await;
            assert!(world.can_read(&buyer, &course).await, "killed at {point}");
            world.assert_paid(sales).await;
        }
    }
}
