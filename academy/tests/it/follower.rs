//! Following the chain: case 11 and what nodes do.

use std::{sync::Arc, time::Duration};

use academy::{
    Kind, Rhythm,
    chain::{Event, fake::FakeChain},
    checkout::{Depth, OrderState, Policy},
    evm::{Address, BlockTag},
    money::Wei,
    page::Filter,
};
use ruint::aliases::U256;

use crate::support::{CHAIN_ID, TTL_MINUTES, on_both_engines, person, policy, refusal, turn};

on_both_engines! {
    async fn case_11_a_restart_goes_on_at_the_cursor_and_misses_nothing(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let before = world.academy.follow_once().await.unwrap();
        assert_eq!(before.next, before.head + 1);
        // While the site is down, the payment is mined, and much else.
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(50);
        let restarted = world.restarted();
        let after = restarted.follow_once().await.unwrap();
        assert_eq!((after.head, after.next), (before.head + 51, before.head + 52));
        restarted.run_jobs_once().await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_11_what_is_yet_to_be_read_comes_before_settling_which_jobs_do(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(50);
        let policy = Policy { max_log_range: 1, ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        assert!(academy.follow_once().await.unwrap().more);
        assert!(!world.can_read(&buyer, &course).await);
        academy.run_jobs_once().await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_11_what_overlaps_is_kept_once(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        let mut read = 0;
        for _ in 0..4 {
            read += world.academy.follow_once().await.unwrap().events;
            world.academy.run_jobs_once().await.unwrap();
        }
        assert!(read > 6, "the newest blocks are read again: {read}");
        world.assert_paid(1).await;
        // From the beginning again, as after a lost cursor.
        world.execute("DELETE FROM chain_cursors".to_owned()).await;
        turn(&world.restarted()).await;
        world.assert_paid(1).await;
    }

    async fn case_11_what_a_node_logs_late_is_found_when_it_is_read_again(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.hide_logs(true);
        let paid = world.chain.mine(vec![world.payment(&course, &order)]);
        let passed = world.academy.follow_once().await.unwrap();
        assert!(passed.next > paid && passed.events == 0, "{passed:?}");
        world.chain.hide_logs(false);
        world.chain.mine_empty(3);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_11_what_a_node_logs_much_later_is_found_when_it_is_final(world: &World) {
        let policy = Policy { finality: Depth::Confirmations(40), ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        let (course, buyer) = world.sale().await;
        let order = academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.hide_logs(true);
        let paid = world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.mine_empty(10);
        assert!(academy.follow_once().await.unwrap().next > paid + 8);
        world.chain.hide_logs(false);
        world.chain.mine_empty(40);
        let dearer = Event::TierPriced { number: course.number, tier: 0, price: Wei::new(U256::from(7)), active: true };
        world.chain.mine(vec![world.transaction(person(&buyer).address, vec![dearer])]);
        turn(&academy).await;
        assert!(!world.can_read(&buyer, &course).await, "too far back to be read again at once");
        world.chain.mine_empty(30);
        assert_eq!(academy.follow_once().await.unwrap().late, 1);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
        // Its first price, which was read again too, is not its price again.
        assert_eq!(world.count("SELECT COUNT(*) FROM listed_tiers WHERE price = '7'").await, 1);
    }

    async fn what_was_final_when_it_was_read_is_not_read_again(world: &World) {
        world.chain.mine_empty(300);
        let policy = Policy { max_log_range: 10, ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        let followed = academy.follow_once().await.unwrap();
        assert_eq!(followed.next, followed.head + 1);
        // Reading it again would take more steps than one.
        let final_block = world.count("SELECT MAX(final_block) FROM chain_cursors").await;
        assert_eq!(final_block, i64::try_from(followed.head).unwrap() - 1);
    }

    async fn what_was_read_before_it_was_final_is_read_again_in_ranges_that_the_node_answers(world: &World) {
        let policy = Policy { finality: Depth::Tag(BlockTag::Finalized), ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        world.chain.mine_empty(100);
        academy.follow_once().await.unwrap();
        let final_block = async || world.count("SELECT MAX(final_block) FROM chain_cursors").await;
        assert!(final_block().await <= 1, "the first block at most");
        world.chain.finalize(90);
        world.chain.limit_range(40);
        for _ in 0..8 {
            academy.follow_once().await.unwrap();
        }
        assert!(final_block().await > 90 - 32, "{}", final_block().await);
    }

    async fn what_is_read_again_is_asked_for_in_parts_where_a_node_chokes_on_all_of_it(world: &World) {
        let policy = Policy { finality: Depth::Tag(BlockTag::Finalized), ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        world.chain.mine_empty(100);
        academy.follow_once().await.unwrap();
        let final_block = async || world.count("SELECT MAX(final_block) FROM chain_cursors").await;
        assert!(final_block().await <= 1, "the first block at most");
        world.chain.finalize(90);
        // Of the newest blocks it is never asked about so many.
        world.chain.choke_on(20);
        for _ in 0..10 {
            let followed = academy.follow_once().await.unwrap();
            assert_eq!(followed.next, followed.head + 1);
        }
        assert!(final_block().await > 90 - 32, "{}", final_block().await);
    }

    async fn what_strangers_refund_among_themselves_comes_late_to_nobody(world: &World) {
        let (course, buyer) = world.sale().await;
        let (somebody, token) = (person(&buyer).address, Address::ZERO);
        let refunded = Event::PurchaseRefunded {
            order: [9; 32], beneficiary: somebody, number: course.number, tier: 0, token, amount: Wei::new(U256::from(1)),
        };
        let policy = Policy { finality: Depth::Confirmations(40), ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        world.chain.mine(vec![world.transaction(somebody, vec![refunded])]);
        world.chain.mine_empty(1);
        academy.follow_once().await.unwrap();
        world.chain.mine_empty(80);
        assert_eq!(academy.follow_once().await.unwrap().late, 0);
    }

    async fn a_long_way_is_gone_in_steps(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine_empty(100);
        world.chain.mine(vec![world.payment(&course, &order)]);
        for (node, ours) in [(u64::MAX, 10), (7, 1000), (3, 1000), (1, 1000), (1000, 1)] {
            world.execute("DELETE FROM chain_cursors".to_owned()).await;
            world.execute("DELETE FROM chain_blocks".to_owned()).await;
            world.chain.limit_range(node);
            let policy = Policy { max_log_range: ours, ..policy() };
            let academy = world.academy_over(world.chain.clone(), policy, world.faults.clone());
            let mut next = 0;
            for step in 0.. {
                let followed = academy.follow_once().await.unwrap();
                assert!(followed.next > next, "step {step} leads nowhere at {node}, {ours}");
                next = followed.next;
                if next > followed.head {
                    break;
                }
            }
            academy.run_jobs_once().await.unwrap();
            assert!(world.can_read(&buyer, &course).await);
            world.assert_paid(1).await;
        }
    }

    async fn another_chain_is_not_followed(world: &World) {
        let other = Arc::new(FakeChain::new(CHAIN_ID + 1));
        let academy = world.academy_over(other, policy(), world.faults.clone());
        let (kind, code) = refusal(academy.follow_once().await);
        assert_eq!((kind, code.as_str()), (Kind::Unavailable, "other_chain"));
        assert_eq!(world.count("SELECT COUNT(*) FROM chain_cursors").await, 0);
    }

    async fn case_22_what_nodes_of_another_chain_say_settles_nothing(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        // The address of the node leads elsewhere since the site started.
        let other = Arc::new(FakeChain::new(CHAIN_ID + 1));
        other.mine(vec![payment.clone()]);
        let academy = world.academy_over(other, policy(), world.faults.clone());
        academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        let (kind, code) = refusal(academy.checkout().settle(order.id).await);
        assert_eq!((kind, code.as_str()), (Kind::Unavailable, "other_chain"));
        assert!(!world.can_read(&buyer, &course).await);
        world.chain.mine(vec![payment]);
        turn(&world.academy).await;
        assert!(world.can_read(&buyer, &course).await, "what was named is kept");
        world.assert_paid(1).await;
    }

    async fn other_contracts_and_other_peoples_events_are_passed_over(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let mut lookalike = world.payment(&course, &order);
        lookalike.events[0].0 = academy::evm::Address([0xEE; 20]);
        let mut unknown = world.payment(&course, &order);
        if let academy::chain::Event::CoursePurchased { order, .. } = &mut unknown.events[0].1 {
            *order = [0xFF; 32];
        }
        world.chain.mine(vec![lookalike, unknown]);
        world.turn().await;
        world.assert_nothing_opened().await;
        // Money that names no order is kept for a person to look at; the look-alike is not money.
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE setback = 'unknown_order'").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM payments").await, 1);
    }

    async fn a_reorg_may_give_a_listings_number_to_another_course(world: &World) {
        let (one, two) = (world.teacher().await, world.teacher().await);
        let first = world.course(&one).await;
        let mut second = world.draft(&two).await;
        let form = crate::support::tier_form("0.02", 1);
        second.tier = world.academy.catalog().add_tier(&two, second.id, &form).await.unwrap();
        world.academy.catalog().publish(&two, second.id).await.unwrap();
        // In the other history, the second course came first and took the first one's number.
        world.chain.reorg(1);
        let (mut first, number) = (first.clone(), first.number);
        (second.number, first.number) = (number, number + 1);
        world.chain.mine(vec![world.listing(&second, person(&two).address)]);
        world.chain.mine(vec![world.listing(&first, person(&one).address)]);
        world.academy.follow_once().await.unwrap();
        for (teacher, course) in [(&one, &first), (&two, &second)] {
            let page = world.academy.catalog().studio(teacher, course.id).await.unwrap();
            assert_eq!(page.markets[0].listing.as_ref().unwrap().number, course.number);
            assert!(page.agrees());
            let buyer = world.learner().await;
            let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
            world.chain.mine(vec![world.payment(course, &order)]);
            world.turn().await;
            assert!(world.can_read(&buyer, course).await);
        }
    }

    async fn a_listing_that_a_reorg_removes_for_good_is_no_longer_for_sale(world: &World) {
        let (course, buyer) = world.sale().await;
        let undone = world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.academy.follow_once().await.unwrap();
        let page = world.academy.catalog().course(&buyer, &course.slug).await.unwrap();
        assert!(page.markets[0].listing.is_none() && !page.agrees());
        let refused = crate::support::refusal(world.academy.checkout().open(&buyer, course.tier).await);
        assert_eq!(refused.1, "not_for_sale");
        world.chain.mine(undone);
        world.academy.follow_once().await.unwrap();
        world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    }

    async fn a_price_that_a_reorg_removes_for_good_is_the_one_before_again(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        world.chain.mine_empty(20);
        world.academy.follow_once().await.unwrap();
        let before = world.academy.catalog().studio(&teacher, course.id).await.unwrap().markets[0].listing.clone();
        let other = world.priced(&course, 0, "7".parse().unwrap());
        world.chain.mine(vec![world.transaction(person(&teacher).address, vec![other])]);
        world.academy.follow_once().await.unwrap();
        assert_ne!(world.academy.catalog().studio(&teacher, course.id).await.unwrap().markets[0].listing, before);
        world.chain.reorg(1);
        world.chain.mine_empty(2);
        world.academy.follow_once().await.unwrap();
        assert_eq!(world.academy.catalog().studio(&teacher, course.id).await.unwrap().markets[0].listing, before);
    }

    async fn the_worker_goes_on_after_a_failure_and_stops_when_told(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.fail_with(Some(academy::chain::ChainError::Unavailable("down".to_owned())));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let academy = world.academy.clone();
        let worker = tokio::spawn(async move {
            let rhythm = Rhythm { chain_id: CHAIN_ID, poll: Duration::from_millis(1), news: Arc::default() };
            academy.worker(vec![rhythm], async { stopped.await.unwrap() }).await;
        });
        tokio::task::yield_now().await;
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.chain.fail_with(None);
        while !world.can_read(&buyer, &course).await {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
        worker.await.unwrap();
        world.assert_paid(1).await;
    }

    async fn a_payment_whose_receipt_comes_late_is_judged_though_its_order_had_expired(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + 1);
        world.turn().await;
        assert_eq!(world.academy.checkout().order(&buyer, order.id).await.unwrap().state, OrderState::Expired);
        // The node shows the event, and is late with the receipt until its block was passed long ago.
        world.chain.hide_receipts(true);
        world.chain.mine(vec![world.payment(&course, &order)]);
        for _ in 0..3 {
            world.chain.mine_empty(10);
            world.turn().await;
        }
        world.assert_nothing_opened().await;
        world.chain.hide_receipts(false);
        world.turn().await;
        world.assert_paid(1).await;
    }

    async fn what_was_seen_in_a_block_that_was_replaced_is_not_waited_for(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + 1);
        world.turn().await;
        world.chain.hide_receipts(true);
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        // An admin sees it, but is not asked to decide what nobody has judged.
        let (checkout, admin) = (world.academy.checkout(), world.admin().await);
        for (state, rows) in [("", 1), ("review", 0)] {
            let filter = Filter { state: state.to_owned(), ..Filter::default() };
            assert_eq!(checkout.payments(&admin, &filter).await.unwrap().rows.len(), rows, "{state:?}");
        }
        world.chain.reorg(1);
        world.chain.hide_receipts(false);
        world.chain.mine_empty(10);
        world.turn().await;
        world.turn().await;
        let unjudged = "SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback IS NULL";
        assert_eq!(world.count(unjudged).await, 0);
        // Mined again, it is judged as any.
        world.chain.mine(vec![payment]);
        world.turn().await;
        world.assert_paid(1).await;
    }

    async fn health_says_whether_the_follower_moves(world: &World) {
        let admin = world.admin().await;
        let health = async || world.academy.checkout().health(&admin).await.unwrap().remove(0);
        let first = health().await;
        assert!(!first.healthy && first.next_block.is_none());
        world.academy.follow_once().await.unwrap();
        let moved = health().await;
        assert_eq!((moved.healthy, moved.head, moved.next_block), (true, Some(0), Some(1)));
        world.advance_minutes(2);
        assert!(!health().await.healthy);
        world.chain.fail_with(Some(academy::chain::ChainError::Unavailable("down".to_owned())));
        assert_eq!(health().await.head, None);
    }
}
