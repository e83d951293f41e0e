//! Case 10: a provider answers null, lags, lies or is down. The next one is asked; with two or
//! more, one liar can delay but never open.

use std::sync::Arc;

use academy::{
    Academy,
    chain::{
        Bought, Chain, ChainError, Event, Round, Rpc,
        fake::{FakeChain, FakeTransaction},
    },
    checkout::OrderState,
    evm::{Address, BlockTag},
    money::Wei,
};

use crate::support::{
    CHAIN_ID, MARKET, START, USDC, World, on_both_engines, person, policy, reference, turn,
};

fn node() -> Arc<FakeChain> {
    let node = FakeChain::new(CHAIN_ID);
    node.set_time(u64::try_from(START.0).unwrap() / 1000);
    Arc::new(node)
}

/// The world over these providers.
fn over(world: &World, nodes: &[&Arc<FakeChain>]) -> Academy {
    let nodes = nodes.iter().map(|node| (*node).clone() as Arc<dyn Chain>).collect();
    world.academy_over(Arc::new(Rpc::over(nodes).unwrap()), policy(), world.faults.clone())
}

#[tokio::test]
async fn case_09_two_providers_must_call_a_block_final() {
    let [one, two, liar, silent] = [node(), node(), node(), node()];
    one.finalize(5);
    two.finalize(4);
    liar.finalize(1000);
    let tagged = async |nodes: &[&Arc<FakeChain>]| {
        let nodes = nodes.iter().map(|node| (*node).clone() as Arc<dyn Chain>).collect();
        Rpc::over(nodes).unwrap().tagged(BlockTag::Finalized).await.unwrap()
    };
    assert_eq!(tagged(&[&liar, &one, &two]).await, Some(5));
    assert_eq!(tagged(&[&liar, &two]).await, Some(4));
    assert_eq!(tagged(&[&liar, &silent]).await, None);
    assert_eq!(tagged(&[&two]).await, Some(4));
}

on_both_engines! {
    async fn case_10_an_admin_sees_which_provider_lags_and_which_is_silent(world: &World) {
        let [well, behind, down] = [node(), node(), node()];
        well.mine_empty(30);
        behind.mine_empty(2);
        down.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        let academy = over(world, &[&well, &behind, &down]);
        let (_, told) =
            academy.checkout().health_of_providers(&world.admin().await).await.unwrap().remove(0);
        let heads: Vec<_> = told.iter().map(|one| (one.name.as_str(), one.head)).collect();
        assert_eq!(heads, [("#1", Some(30)), ("#2", Some(2)), ("#3", None)]);
        assert!(told[0].score > 0.99 && told[0].latency.is_some(), "{told:?}");
        assert!(told[2].score < 0.9 && told[2].latency.is_none(), "{told:?}");
    }

    async fn case_10_null_is_not_failed_and_the_next_provider_is_asked(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [one, two, three] = [node(), node(), node()];
        let payment = world.payment(&course, &order);
        for chain in [&one, &two, &three] {
            chain.mine_empty(1);
            chain.mine(vec![payment.clone()]);
        }
        one.hide_receipts(true);
        let academy = over(world, &[&one, &two, &three]);
        let order = academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(order.state, OrderState::Paid);
    }

    async fn case_10_two_nulls_wait_and_open_later(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [one, two] = [node(), node()];
        let payment = world.payment(&course, &order);
        for chain in [&one, &two] {
            chain.mine_empty(1);
            chain.mine(vec![payment.clone()]);
            chain.hide_receipts(true);
        }
        let academy = over(world, &[&one, &two]);
        let waiting = academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!((waiting.state, waiting.setback), (OrderState::Submitted, None));
        one.hide_receipts(false);
        two.hide_receipts(false);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn case_10_a_provider_that_is_down_is_passed_over(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [one, two] = [node(), node()];
        let down = node();
        down.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        let payment = world.payment(&course, &order);
        for chain in [&one, &two] {
            chain.mine_empty(1);
            chain.mine(vec![payment.clone()]);
        }
        let academy = over(world, &[&down, &one, &two]);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_10_a_provider_that_is_down_does_not_hold_up_a_transaction_that_was_sped_up(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let nodes = [node(), node(), node()];
        let academy = over(world, &[&nodes[0], &nodes[1], &nodes[2]]);
        let slow = world.payment(&course, &order);
        for chain in &nodes {
            chain.mine_empty(1);
            chain.broadcast(slow.clone());
        }
        for _ in 0..2 {
            academy.checkout().submit(&buyer, order.id, &slow.hash.to_string()).await.unwrap();
        }
        nodes[0].fail_with(Some(ChainError::Unavailable("down".to_owned())));
        let fast = FakeTransaction { hash: world.hash(), ..slow.clone() };
        for chain in &nodes {
            chain.drop_from_pool(slow.hash);
            chain.mine(vec![fast.clone()]);
        }
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_10_a_provider_that_lags_only_delays(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [ahead, behind] = [node(), node()];
        let payment = world.payment(&course, &order);
        for chain in [&ahead, &behind] {
            chain.mine_empty(1);
        }
        ahead.mine(vec![payment.clone()]);
        let academy = over(world, &[&ahead, &behind]);
        let waiting = academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!((waiting.state, waiting.setback), (OrderState::Submitted, None));
        turn(&academy).await;
        assert!(!world.can_read(&buyer, &course).await);
        behind.mine(vec![payment]);
        world.advance_minutes(1);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        // It falls behind again: what was opened stays open.
        behind.reorg(1);
        world.advance_minutes(1);
        let _ = academy.follow_once().await;
        let _ = academy.run_jobs_once().await;
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_10_one_liar_never_opens(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [liar, honest] = [node(), node()];
        let also_honest = node();
        for chain in [&liar, &honest, &also_honest] {
            chain.mine_empty(1);
        }
        let payment = world.payment(&course, &order);
        liar.mine(vec![payment.clone()]);
        liar.mine_empty(20);
        for nodes in [vec![&liar, &honest], vec![&honest, &liar], vec![&liar, &honest, &also_honest]] {
            let academy = over(world, &nodes);
            let _ = academy.checkout().submit(&buyer, order.id, &payment.hash.to_string()).await;
            let _ = academy.follow_once().await;
            world.advance_minutes(1);
            let _ = academy.run_jobs_once().await;
            assert!(!world.can_read(&buyer, &course).await);
            world.assert_nothing_opened().await;
        }
    }

    async fn case_10_one_liar_never_takes_away(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let [one, two] = [node(), node()];
        let liar = node();
        let payment = world.payment(&course, &order);
        for chain in [&one, &two, &liar] {
            chain.mine_empty(1);
            chain.mine(vec![payment.clone()]);
        }
        let academy = over(world, &[&liar, &one, &two]);
        turn(&academy).await;
        assert!(world.can_read(&buyer, &course).await);
        liar.reorg(1);
        liar.mine(vec![FakeTransaction { success: false, ..payment }]);
        for _ in 0..3 {
            world.advance_minutes(1);
            turn(&academy).await;
            assert!(world.can_read(&buyer, &course).await);
        }
        world.assert_paid(1).await;
    }
}

#[tokio::test]
async fn asks_for_agreement_where_an_answer_could_open() {
    let (one, two) = (node(), node());
    let rpc = Rpc::over(vec![one.clone(), two.clone()]).unwrap();
    one.mine_empty(3);
    assert_eq!(rpc.head().await.unwrap().number, 0, "the height that two have reached");
    two.mine_empty(2);
    assert_eq!(rpc.head().await.unwrap().number, 2);
    assert!(rpc.block(2).await.unwrap().is_some());
    assert!(matches!(rpc.block(3).await, Err(ChainError::Unavailable(_))), "one word against another");
    assert!(rpc.block(4).await.unwrap().is_none());
    assert!(Rpc::over(Vec::new()).is_err());
    assert!(Rpc::new(&["not a url".to_owned()]).is_err());
}

#[tokio::test]
async fn a_liars_nonce_cancels_nothing() {
    let (one, liar) = (node(), node());
    let sender = Address([5; 20]);
    let rpc = Rpc::over(vec![liar.clone(), one.clone()]).unwrap();
    let used = FakeTransaction {
        hash: academy::evm::TxHash([1; 32]),
        sender,
        nonce: 7,
        success: true,
        events: Vec::new(),
    };
    liar.mine(vec![used.clone()]);
    one.mine_empty(1);
    assert_eq!(rpc.nonce(sender, 1).await.unwrap(), 0);
    // Of a block that only one of them has, nobody else says anything.
    liar.mine_empty(1);
    assert!(matches!(rpc.nonce(sender, 2).await, Err(ChainError::Unavailable(_))));
    one.mine(vec![used]);
    assert_eq!(rpc.nonce(sender, 2).await.unwrap(), 8);
    assert_eq!(rpc.nonce(sender, 1).await.unwrap(), 0, "it counts up to a block");
}

#[tokio::test]
async fn case_10_one_liar_does_not_make_the_price() {
    let [one, two, liar] = [node(), node(), node()];
    let feed = Address([7; 20]);
    let rate = |answer| Round {
        answer: Some(alloy::primitives::U256::from(answer)),
        decimals: 8,
        started_at: 1,
        updated_at: 1,
    };
    one.set_round(feed, rate(2000));
    two.set_round(feed, rate(2000));
    liar.set_round(feed, rate(1_000_000));
    let ask = async |nodes: &[&Arc<FakeChain>]| {
        let nodes = nodes.iter().map(|node| (*node).clone() as Arc<dyn Chain>).collect();
        Rpc::over(nodes).unwrap().round(feed, None).await
    };
    assert_eq!(ask(&[&liar, &one, &two]).await, Ok(rate(2000)));
    assert!(matches!(ask(&[&liar, &one]).await, Err(ChainError::Unavailable(_))));
}

#[tokio::test]
async fn case_28_one_liar_does_not_say_what_the_contract_holds() {
    let [one, two, liar] = [node(), node(), node()];
    liar.pause(true);
    let bought =
        Bought { market: MARKET, listing: 1, tier: 1, beneficiary: Address([7; 20]), token: Address::ZERO };
    let ask = async |nodes: &[&Arc<FakeChain>]| {
        let nodes = nodes.iter().map(|node| (*node).clone() as Arc<dyn Chain>).collect();
        Rpc::over(nodes).unwrap().sale(&bought).await
    };
    assert!(ask(&[&liar, &one, &two]).await.is_ok_and(|sale| !sale.paused));
    assert!(matches!(ask(&[&liar, &one]).await, Err(ChainError::Unavailable(_))));
}

#[tokio::test]
async fn one_liar_lets_nobody_in() {
    let [one, two, liar] = [node(), node(), node()];
    let wallet = Address([7; 20]);
    liar.approve(wallet, vec![1]);
    let ask = async |nodes: &[&Arc<FakeChain>]| {
        let nodes = nodes.iter().map(|node| (*node).clone() as Arc<dyn Chain>).collect();
        Rpc::over(nodes).unwrap().approves(wallet, [0; 32], &[1]).await
    };
    assert_eq!(ask(&[&liar, &one, &two]).await, Ok(false));
    assert!(matches!(ask(&[&liar, &one]).await, Err(ChainError::Unavailable(_))));
    one.approve(wallet, vec![1]);
    assert_eq!(ask(&[&two, &liar, &one]).await, Ok(true));
}

#[tokio::test]
async fn a_log_that_one_provider_hides_is_heard_from_another() {
    let (one, two) = (node(), node());
    let paid = Event::PayoutWithdrawn { payee: Address([5; 20]), token: Address::ZERO, amount: Wei::ZERO };
    let transaction = FakeTransaction {
        hash: academy::evm::TxHash([1; 32]),
        sender: Address([5; 20]),
        nonce: 0,
        success: true,
        events: vec![(MARKET, paid)],
    };
    one.mine_empty(1);
    two.mine(vec![transaction.clone()]);
    let last = one.head().await.unwrap();
    // Two alone contradict each other: neither is believed yet.
    let rpc = Rpc::over(vec![one.clone(), two.clone()]).unwrap();
    assert!(matches!(rpc.events(&[MARKET], 0, &last).await, Err(ChainError::Unavailable(_))));
    let three = node();
    three.mine(vec![transaction]);
    let rpc = Rpc::over(vec![one, two, three]).unwrap();
    assert_eq!(rpc.events(&[MARKET], 0, &last).await.unwrap().len(), 1);
}

/// With one that hides a log they would be two, while the third is down.
#[tokio::test]
async fn who_has_not_come_so_far_or_follows_another_history_knows_of_no_log() {
    let [liar, late, other, well, down] = [node(), node(), node(), node(), node()];
    let came =
        Event::Transferred { from: Address([5; 20]), to: MARKET, amount: Wei::from_ether("1").unwrap() };
    let transaction = FakeTransaction {
        hash: academy::evm::TxHash([1; 32]),
        sender: Address([5; 20]),
        nonce: 0,
        success: true,
        events: vec![(USDC, came)],
    };
    for node in [&well, &down] {
        node.mine(vec![transaction.clone()]);
    }
    liar.mine_empty(1);
    other.mine_empty(1);
    other.reorg(1);
    other.mine_empty(1);
    down.fail_with(Some(ChainError::Unavailable("down".to_owned())));
    let last = well.head().await.unwrap();
    for stray in [late, other] {
        let over = |nodes: [&Arc<FakeChain>; 3]| {
            Rpc::over(nodes.into_iter().map(|node| node.clone() as Arc<dyn Chain>).collect()).unwrap()
        };
        let rpc = over([&liar, &stray, &down]);
        let events = rpc.events(&[MARKET], 0, &last).await;
        assert!(matches!(events, Err(ChainError::Unavailable(_))), "{events:?}");
        let transfers = rpc.transfers(&[USDC], &[MARKET], 0, &last).await;
        assert!(matches!(transfers, Err(ChainError::Unavailable(_))), "{transfers:?}");
        let rpc = over([&well, &stray, &well]);
        assert_eq!(rpc.transfers(&[USDC], &[MARKET], 0, &last).await.unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn case_10_one_liar_neither_moves_a_listing_nor_takes_it_off_sale(world: &World) {
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let buyer = world.learner().await;
        let [one, two, liar] = [node(), node(), node()];
        for node in [&one, &two, &liar] {
            node.mine_empty(1);
        }
        // The teacher's wallet never listed it there, to be paid to someone else.
        let listed = Event::CourseListed {
            number: 77,
            reference: reference(&course.id),
            lister: person(&teacher).address,
            payee: Address([66; 20]),
        };
        let closed = world.priced(&course, 0, Wei::ZERO);
        liar.mine(vec![world.transaction(person(&teacher).address, vec![closed, listed])]);
        one.mine_empty(1);
        two.mine_empty(1);
        let academy = over(world, &[&liar, &one, &two]);
        academy.follow_once().await.unwrap();
        academy.checkout().open(&buyer, course.tier).await.unwrap();
        let page = academy.catalog().course(&buyer, &course.slug).await.unwrap();
        assert_eq!(page.markets[0].listing.as_ref().unwrap().number, course.number);
    }
}
