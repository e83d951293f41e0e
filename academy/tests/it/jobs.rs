//! Queued work.

use academy::{chain::ChainError, checkout::OrderState};

use crate::support::{TTL_MINUTES, on_both_engines};

/// How long a worker may keep a job, in milliseconds.
const LEASE: i64 = 30_000;

on_both_engines! {
    async fn nothing_is_due_before_its_time(world: &World) {
        let (course, buyer) = world.sale().await;
        world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        assert_eq!(world.academy.run_jobs_once().await.unwrap(), 0);
        world.advance_minutes(TTL_MINUTES - 1);
        assert_eq!(world.academy.run_jobs_once().await.unwrap(), 0);
        world.advance_minutes(1);
        world.clock.advance_millis(1);
        assert_eq!(world.academy.run_jobs_once().await.unwrap(), 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE state = 'expired'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM jobs").await, 0);
    }

    async fn the_price_runs_out_even_after_other_work_on_the_order(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let nothing = world.transaction(crate::support::person(&buyer).address, Vec::new());
        world.chain.mine(vec![nothing.clone()]);
        checkout.submit(&buyer, order.id, &nothing.hash.to_string()).await.unwrap();
        world.turn().await;
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Open);
        world.advance_minutes(TTL_MINUTES + 1);
        world.academy.run_jobs_once().await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE state = 'expired'").await, 1);
    }

    async fn a_job_that_fails_is_tried_again_with_longer_pauses(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        world.academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        let mut runs = Vec::new();
        for second in 0..600 {
            if world.academy.run_jobs_once().await.unwrap() == 1 {
                runs.push(second);
            }
            world.clock.advance_millis(1000);
        }
        let pauses: Vec<i32> = runs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.is_sorted(), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&60), "never longer than a minute: {pauses:?}");
        assert!(runs.len() < 20, "{runs:?}");
        world.chain.fail_with(None);
        world.chain.mine(vec![payment]);
        world.advance_minutes(1);
        world.academy.run_jobs_once().await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn a_dead_workers_job_is_taken_over_when_its_lease_ends(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.academy.follow_once().await.unwrap();
        // A worker took the job and died with it.
        let lease = format!("UPDATE jobs SET locked_until = {}", world.academy.now().0 + LEASE);
        world.execute(lease).await;
        assert_eq!(world.academy.run_jobs_once().await.unwrap(), 0, "someone has it");
        world.clock.advance_millis(LEASE);
        assert_eq!(world.academy.run_jobs_once().await.unwrap(), 1);
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn what_is_asked_for_while_it_is_being_done_is_done_once_more(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES);
        world.clock.advance_millis(1);
        // The worker holds the job and has read the chain; then the event comes, and asks for it again.
        let slow = std::sync::Arc::new(Asking { world: world.restarted(), asked: Default::default() });
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        world.chain.hide_receipts(true);
        let worker = world.academy_over(world.chain.clone(), crate::support::policy(), slow.clone());
        assert_eq!(worker.run_jobs_once().await.unwrap(), 1);
        assert!(!world.can_read(&buyer, &course).await);
        world.chain.hide_receipts(false);
        world.clock.advance_millis(LEASE);
        assert_eq!(world.academy.run_jobs_once().await.unwrap(), 1, "it was not forgotten");
        assert!(world.can_read(&buyer, &course).await);
    }
}

/// A follower of another process takes its step after this one has read the chain.
struct Asking {
    world: academy::Academy,
    asked: std::sync::atomic::AtomicBool,
}

impl academy::fault::Faults for Asking {
    fn dies_at(&self, point: &'static str) -> bool {
        if point == "settle.chain_read" && !self.asked.swap(true, std::sync::atomic::Ordering::SeqCst) {
            let academy = self.world.clone();
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current()
                    .block_on(async move { academy.follow_once().await.unwrap() });
            });
        }
        false
    }
}
