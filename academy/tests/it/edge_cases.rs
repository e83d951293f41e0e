//! The edge cases of PAYMENTS.md, by number.

use academy::{
    Kind,
    chain::{Event, fake::FakeTransaction},
    checkout::{Depth, OrderState, Policy, Ruling, Setback, Standing},
    evm::{Address, BlockTag, TxHash},
    money::Wei,
    page::Filter,
};

use crate::support::{
    CHAIN_ID, SECOND_CHAIN_ID, TOLERANCE_MINUTES, TTL_MINUTES, USDC, on_both_engines, person, policy,
    refusal, turn, wallet_call,
};

on_both_engines! {
    async fn case_01_a_hash_used_twice_gives_the_same_order_the_same_answer(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        let hash = payment.hash.to_string();
        world.chain.mine(vec![payment]);
        for _ in 0..3 {
            let order = checkout.submit(&buyer, order.id, &hash).await.unwrap();
            assert_eq!((order.state, order.setback), (OrderState::Paid, None));
        }
        world.turn().await;
        world.assert_paid(1).await;
    }

    async fn case_01_one_transaction_that_pays_two_orders_is_each_ones_own(world: &World) {
        let checkout = world.academy.checkout();
        let (course, one) = world.sale().await;
        let other = world.learner().await;
        let (first, second) =
            (checkout.open(&one, course.tier).await.unwrap(), checkout.open(&other, course.tier).await.unwrap());
        let mut both = world.payment(&course, &first);
        both.events.extend(world.payment(&course, &second).events);
        world.chain.mine(vec![both.clone()]);
        let hash = both.hash.to_string();
        for _ in 0..2 {
            for (buyer, order) in [(&one, &first), (&other, &second)] {
                assert_eq!(checkout.submit(buyer, order.id, &hash).await.unwrap().state, OrderState::Paid);
            }
        }
        world.turn().await;
        world.assert_paid(2).await;
    }

    async fn case_01_a_hash_used_for_another_order_is_a_conflict(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let second = world.course(&world.teacher().await).await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &first);
        let hash = payment.hash.to_string();
        world.chain.mine(vec![payment]);
        checkout.submit(&buyer, first.id, &hash).await.unwrap();
        let other = checkout.open(&buyer, second.tier).await.unwrap();
        let (kind, code) = refusal(checkout.submit(&buyer, other.id, &hash).await);
        assert_eq!((kind, code.as_str()), (Kind::Conflict, "hash_used"));
        world.turn().await;
        world.assert_paid(1).await;
        assert!(!world.can_read(&buyer, &second).await);
        assert_eq!(checkout.order(&buyer, other.id).await.unwrap().state, OrderState::Open);
    }

    async fn case_02_another_persons_hash_opens_for_the_buyer_and_not_for_the_thief(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let thief = world.learner().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let stolen = checkout.open(&thief, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        let hash = payment.hash.to_string();
        world.chain.mine(vec![payment]);
        let stolen = checkout.submit(&thief, stolen.id, &hash).await.unwrap();
        assert_eq!((stolen.state, stolen.setback), (OrderState::Open, Some(Setback::OtherBeneficiary)));
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert!(!world.can_read(&thief, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_07_a_payment_under_way_is_waited_for_past_the_prices_end(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.advance_minutes(TTL_MINUTES + 1);
        world.turn().await;
        // It is in no block, and could be in the next: nobody is asked to pay again.
        let waiting = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!((waiting.id, waiting.state, waiting.stuck), (order.id, OrderState::Submitted, true));
        world.chain.mine(vec![payment]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_06_a_transaction_that_nobody_knows_is_asked_for_ever_more_rarely(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.academy.checkout().submit(&buyer, order.id, &world.hash().to_string()).await.unwrap();
        // A block each second, for a quarter of an hour.
        for second in 0..15 * 60 {
            world.clock.advance_millis(1000);
            world.chain.mine_empty(1);
            if second % 60 == 0 || second < 60 {
                world.turn().await;
            }
        }
        let before = world.chain.receipts_asked();
        for _ in 0..60 {
            world.clock.advance_millis(1000);
            world.chain.mine_empty(1);
            world.turn().await;
        }
        let asked = world.chain.receipts_asked() - before;
        assert!((1..=2).contains(&asked), "asked {asked} times in a minute");
    }

    async fn case_19_a_relayed_purchase_is_the_beneficiarys(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let relayer = world.learner().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        // A bundler (ERC-4337) or anyone else sends it, with events of others around ours.
        let mut payment = world.payment(&course, &order);
        payment.sender = person(&relayer).address;
        let ours = payment.events.remove(0);
        let other = (Address([0x43; 20]), ours.1.clone());
        payment.events = vec![other.clone(), ours, other];
        let hash = payment.hash.to_string();
        world.chain.mine(vec![payment]);
        let paid = checkout.submit(&buyer, order.id, &hash).await.unwrap();
        assert_eq!((paid.state, paid.setback), (OrderState::Paid, None));
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert!(!world.can_read(&relayer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_03_tab_closed_after_paying_still_opens(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_04_sped_up_in_the_wallet_pays_by_its_event(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let slow = world.payment(&course, &order);
        world.chain.broadcast(slow.clone());
        let submitted = checkout.submit(&buyer, order.id, &slow.hash.to_string()).await.unwrap();
        assert_eq!(submitted.state, OrderState::Submitted);
        let fast = FakeTransaction { hash: world.hash(), ..slow.clone() };
        world.chain.drop_from_pool(slow.hash);
        world.chain.mine(vec![fast.clone()]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.setback), (OrderState::Paid, None));
        assert_eq!(paid.transaction.unwrap().hash, fast.hash);
        world.assert_paid(1).await;
    }

    async fn case_04_cancelled_in_the_wallet_opens_the_order_again(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        let cancelling = FakeTransaction { hash: world.hash(), events: Vec::new(), ..payment.clone() };
        world.chain.drop_from_pool(payment.hash);
        world.chain.mine(vec![cancelling]);
        world.turn().await;
        world.turn().await;
        let open = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((open.state, open.setback), (OrderState::Open, Some(Setback::Replaced)));
        world.assert_nothing_opened().await;
        // And it can be paid.
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![payment.clone()]);
        let paid = checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!((paid.state, paid.setback), (OrderState::Paid, None));
    }

    async fn case_04_cancelled_is_seen_though_the_chain_mines_at_each_question(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        let cancelling = FakeTransaction { hash: world.hash(), events: Vec::new(), ..payment.clone() };
        world.chain.drop_from_pool(payment.hash);
        world.chain.mine(vec![cancelling]);
        world.chain.mine_when_asked(true);
        world.turn().await;
        world.turn().await;
        let open = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((open.state, open.setback), (OrderState::Open, Some(Setback::Replaced)));
        world.assert_nothing_opened().await;
    }

    async fn case_04_sped_up_in_a_block_that_replaced_another_waits_until_that_is_read(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let slow = world.payment(&course, &order);
        world.chain.broadcast(slow.clone());
        checkout.submit(&buyer, order.id, &slow.hash.to_string()).await.unwrap();
        world.chain.mine_empty(1);
        world.turn().await;
        // The follower has read the height, but not the block that stands there now.
        let fast = FakeTransaction { hash: world.hash(), ..slow.clone() };
        world.chain.reorg(1);
        world.chain.drop_from_pool(slow.hash);
        world.chain.mine(vec![fast]);
        checkout.settle(order.id).await.unwrap();
        let waiting = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((waiting.state, waiting.setback), (OrderState::Submitted, None));
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_05_reverted_never_opens(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let failed = FakeTransaction { success: false, ..world.payment(&course, &order) };
        world.chain.mine(vec![failed.clone()]);
        let order = checkout.submit(&buyer, order.id, &failed.hash.to_string()).await.unwrap();
        assert_eq!((order.state, order.setback), (OrderState::Open, Some(Setback::Reverted)));
        world.turn().await;
        world.assert_nothing_opened().await;
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
    }

    async fn case_05_what_does_not_fit_is_rejected_with_its_reason(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let me = person(&buyer).address;
        let change = |change: &dyn Fn(&mut Event)| {
            let mut event = world.purchased(&course, &order);
            change(&mut event);
            world.transaction(me, vec![event])
        };
        let mut lookalike = world.payment(&course, &order);
        lookalike.events[0].0 = Address([0xEE; 20]);
        let withdrawn = Event::PayoutWithdrawn { payee: me, token: Address::ZERO, amount: order.price };
        macro_rules! with {
            ($field:ident = $value:expr) => {
                change(&|event| if let Event::CoursePurchased { $field, .. } = event { *$field = $value })
            };
        }
        let rows = [
            (lookalike, Setback::NoPurchase),
            (world.transaction(me, vec![]), Setback::NoPurchase),
            (world.transaction(me, vec![withdrawn]), Setback::NoPurchase),
            (with!(number = 999), Setback::OtherCourse),
            (with!(tier = 7), Setback::OtherTier),
            (with!(token = Address([9; 20])), Setback::OtherToken),
            (with!(order = [9; 32]), Setback::OtherOrder),
            (with!(amount = Wei::from_ether("0.019999999999999999").unwrap()), Setback::Underpaid),
        ];
        for (transaction, setback) in rows {
            let hash = transaction.hash.to_string();
            world.chain.mine(vec![transaction]);
            let order = checkout.submit(&buyer, order.id, &hash).await.unwrap();
            assert_eq!((order.state, order.setback), (OrderState::Open, Some(setback)));
            world.turn().await;
            world.assert_nothing_opened().await;
        }
        // The last of them bought the pass all the same, which the contract sells to nobody twice.
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "has_pass");
    }

    async fn case_06_an_unknown_hash_waits_and_ends_with_the_order(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let unknown = world.hash().to_string();
        let waiting = checkout.submit(&buyer, order.id, &unknown).await.unwrap();
        assert_eq!((waiting.state, waiting.setback), (OrderState::Submitted, None));
        // Tried with longer and longer pauses, and not given up on time alone.
        let mut runs = 0;
        for _ in 0..TTL_MINUTES - 1 {
            world.advance_minutes(1);
            runs += world.academy.run_jobs_once().await.unwrap();
        }
        assert!(runs > 10, "{runs}");
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Submitted);
        // Nor when the price has run out: it could still be mined in time.
        world.advance_minutes(TOLERANCE_MINUTES);
        world.turn().await;
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Submitted);
        world.advance_minutes(2);
        world.turn().await;
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Expired);
        world.assert_nothing_opened().await;
    }

    async fn case_06_a_pending_hash_waits_and_then_pays(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        let waiting = checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(waiting.state, OrderState::Submitted);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        world.chain.mine(vec![payment]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_07_after_a_broadcast_nobody_is_asked_to_pay_again(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.fail_with(Some(academy::chain::ChainError::Unavailable("time-out".to_owned())));
        let kept = checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(kept.state, OrderState::Submitted);
        assert_eq!(kept.transaction.unwrap().hash, payment.hash);
        // No second call, no second order, no giving up while money may be under way.
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "not_payable");
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().id, order.id);
        assert_eq!(refusal(checkout.cancel(&buyer, order.id).await).1, "not_payable");
        assert!(world.academy.follow_once().await.is_err());
        world.advance_minutes(2);
        assert!(checkout.order(&buyer, order.id).await.unwrap().chain_unreachable);
        world.chain.fail_with(None);
        world.chain.mine(vec![payment]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        assert!(!checkout.order(&buyer, order.id).await.unwrap().chain_unreachable);
        world.assert_paid(1).await;
    }

    async fn case_09_finality_that_stalls_stays_open_and_not_final(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        for _ in 0..5 {
            world.turn().await;
            world.advance_minutes(60);
        }
        let stalled = world.academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((stalled.state, stalled.confirmations, stalled.is_final), (OrderState::Paid, 1, false));
        world.chain.mine_empty(2);
        world.turn().await;
        let done = world.academy.checkout().order(&buyer, order.id).await.unwrap();
        assert_eq!((done.confirmations, done.is_final), (3, true));
    }

    async fn case_09_where_the_network_tags_what_is_final_depth_alone_never_is(world: &World) {
        let policy = Policy { finality: Depth::Tag(BlockTag::Finalized), ..policy() };
        let tagging = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        let (course, buyer) = world.sale().await;
        let order = tagging.checkout().open(&buyer, course.tier).await.unwrap();
        let block = world.chain.mine(vec![world.payment(&course, &order)]);
        let standing = async || {
            turn(&tagging).await;
            let order = tagging.checkout().order(&buyer, order.id).await.unwrap();
            (order.state, order.is_final)
        };
        // Nothing is final yet on this chain; then finality stalls just below the payment.
        world.chain.mine_empty(100);
        assert_eq!(standing().await, (OrderState::Paid, false));
        world.chain.finalize(block - 1);
        world.chain.mine_empty(100);
        assert_eq!(standing().await, (OrderState::Paid, false));
        // So deep a reorg still takes it back.
        let undone = world.chain.reorg(200);
        world.chain.mine_empty(200);
        assert_eq!(standing().await, (OrderState::Paid, false), "its block is still there");
        world.chain.reorg(201);
        world.chain.mine_empty(201);
        assert_eq!(standing().await, (OrderState::Confirming, false));
        drop(undone);
        world.chain.mine(vec![world.payment(&course, &order)]);
        assert_eq!(standing().await, (OrderState::Paid, false));
        world.chain.finalize(block + 201);
        assert_eq!(standing().await, (OrderState::Paid, true));
    }

    async fn case_09_where_no_node_says_what_is_final_all_else_goes_on(world: &World) {
        let policy = Policy { finality: Depth::Tag(BlockTag::Finalized), ..policy() };
        let tagging = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        let (course, buyer) = world.sale().await;
        let order = tagging.checkout().open(&buyer, course.tier).await.unwrap();
        world.chain.hide_tags(true);
        let block = world.chain.mine(vec![world.payment(&course, &order)]);
        tagging.follow_once().await.unwrap();
        let standing = async || {
            let order = tagging.checkout().order(&buyer, order.id).await.unwrap();
            (order.state, order.is_final)
        };
        assert_eq!(standing().await, (OrderState::Paid, false), "no job had to look at it");
        world.chain.finalize(block);
        turn(&tagging).await;
        assert_eq!(standing().await, (OrderState::Paid, false));
        world.chain.hide_tags(false);
        turn(&tagging).await;
        assert_eq!(standing().await, (OrderState::Paid, true));
    }

    async fn case_09_lessons_can_wait_for_a_tag_of_their_own(world: &World) {
        let opening = Depth::Tag(BlockTag::Safe);
        let policy = Policy { opening, finality: Depth::Tag(BlockTag::Finalized), ..policy() };
        let tagging = world.academy_over(world.chain.clone(), policy, world.faults.clone());
        let (course, buyer) = world.sale().await;
        let order = tagging.checkout().open(&buyer, course.tier).await.unwrap();
        assert_eq!(order.open_at, None);
        let block = world.chain.mine(vec![world.payment(&course, &order)]);
        let standing = async || {
            turn(&tagging).await;
            let order = tagging.checkout().order(&buyer, order.id).await.unwrap();
            (order.state, order.is_final, world.can_read(&buyer, &course).await)
        };
        // However deep it is.
        world.chain.mine_empty(100);
        world.chain.tag(BlockTag::Safe, block - 1);
        assert_eq!(standing().await, (OrderState::Confirming, false, false));
        world.chain.tag(BlockTag::Safe, block);
        assert_eq!(standing().await, (OrderState::Paid, false, true));
        // A safe block can still be replaced where the network fails badly; then the tag goes back, too.
        world.chain.reorg(101);
        world.chain.tag(BlockTag::Safe, block - 1);
        world.chain.mine_empty(101);
        assert_eq!(standing().await, (OrderState::Confirming, false, false));
        world.chain.mine(vec![world.payment(&course, &order)]);
        assert_eq!(standing().await, (OrderState::Confirming, false, false));
        // What is final opens, should the other tag stall.
        world.chain.tag(BlockTag::Finalized, block + 101);
        assert_eq!(standing().await, (OrderState::Paid, true, true));
    }

    async fn case_08_a_payment_above_the_limit_opens_only_once_it_is_final(world: &World) {
        for finality in [Depth::Confirmations(3), Depth::Tag(BlockTag::Finalized)] {
            let limits = vec![(Address::ZERO, Wei::from_ether("0.019").unwrap())];
            let policy = Policy { finality, provisional_limits: limits, ..policy() };
            let careful = world.academy_over(world.chain.clone(), policy.clone(), world.faults.clone());
            let (course, buyer) = world.sale().await;
            let order = careful.checkout().open(&buyer, course.tier).await.unwrap();
            let goal = if finality == Depth::Confirmations(3) { Some(3) } else { None };
            assert_eq!(order.open_at, goal);
            let block = world.chain.mine(vec![world.payment(&course, &order)]);
            let standing = async || {
                turn(&careful).await;
                (careful.checkout().order(&buyer, order.id).await.unwrap().state, world.can_read(&buyer, &course).await)
            };
            assert_eq!(standing().await, (OrderState::Confirming, false));
            world.chain.mine_empty(1);
            assert_eq!(standing().await, (OrderState::Confirming, false));
            world.chain.mine_empty(1);
            world.chain.finalize(block);
            assert_eq!(standing().await, (OrderState::Paid, true));
            // Exactly the limit, and another currency, open at once.
            let fine = Policy { provisional_limits: vec![(Address::ZERO, order.price), (USDC, Wei::ZERO)], ..policy };
            let fine = world.academy_over(world.chain.clone(), fine, world.faults.clone());
            let (course, buyer) = world.sale().await;
            let order = fine.checkout().open(&buyer, course.tier).await.unwrap();
            world.chain.mine(vec![world.payment(&course, &order)]);
            turn(&fine).await;
            assert!(world.can_read(&buyer, &course).await);
        }
    }

    async fn case_12_mined_after_the_price_ran_out_is_accepted_within_the_tolerance(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES);
        world.turn().await;
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Expired);
        assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE state = 'expired'").await, 1);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_16_a_price_edited_after_the_quote_does_not_change_it(world: &World) {
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let dearer = crate::support::tier_form("0.05", 1);
        world.academy.catalog().edit_tier(&teacher, course.tier, &dearer).await.unwrap();
        // The chain still sells at the order's price.
        wallet_call(&world.academy.checkout(), &buyer, order.id).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_17_a_multisigs_hash_is_kept_and_its_event_pays(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let safe_hash = TxHash([0x5A; 32]).to_string();
        checkout.submit(&buyer, order.id, &safe_hash).await.unwrap();
        world.turn().await;
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Submitted);
        // The last owner executes it, from an account that we have never seen.
        let executed = FakeTransaction { sender: Address([0x5E; 20]), ..world.payment(&course, &order) };
        world.chain.mine(vec![executed.clone()]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.transaction.unwrap().hash), (OrderState::Paid, executed.hash));
        world.assert_paid(1).await;
    }

    async fn case_22_another_network_is_rejected_by_the_server(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let call = wallet_call(&world.academy.checkout(), &buyer, order.id).await.unwrap();
        assert_eq!(call.chain_id, format!("0x{CHAIN_ID:x}"));
        // The site sells on another chain, too: what is mined there pays for nothing of this one.
        let (academy, elsewhere) = world.on_two_chains();
        let payment = world.payment(&course, &order);
        elsewhere.mine(vec![payment.clone()]);
        academy.follow(SECOND_CHAIN_ID).await.unwrap();
        let order = academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(
            (order.state, order.setback),
            (OrderState::Submitted, Some(Setback::OtherChain)),
            "it is not on the order's chain"
        );
        turn(&academy).await;
        let admin = world.admin().await;
        let seen = academy.checkout().payments(&admin, &Filter::default()).await.unwrap().rows;
        assert_eq!((seen[0].standing, seen[0].setback), (Standing::Review, Some(Setback::OtherChain)));
        assert_eq!((seen.len(), seen[0].chain.as_deref()), (1, Some("Second chain")));
        let due = seen[0].due.as_ref().expect("it names an order");
        assert_eq!((due.price, due.state), (order.price, OrderState::Submitted));
        academy.checkout().rule(&admin, seen[0].id, Ruling::Refund, "by hand").await.unwrap();
        assert_eq!(academy.checkout().order(&buyer, order.id).await.unwrap().setback, Some(Setback::ToRefund));
        assert_eq!(world.count("SELECT COUNT(*) FROM enrollments").await, 0);
    }

    async fn case_33_the_wallet_that_pays_may_differ_and_the_signed_in_buyer_gets_the_course(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let other_wallet = world.learner().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!(order.beneficiary, person(&buyer).address_text, "the page says which account it is for");
        let payment = FakeTransaction { sender: person(&other_wallet).address, ..world.payment(&course, &order) };
        world.chain.mine(vec![payment.clone()]);
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        assert!(!world.can_read(&other_wallet, &course).await);
    }
}
