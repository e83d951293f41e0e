//! Case 13: tokens paid outside of the contract buy nothing and are not lost. They wait for a person, with the
//! amount due, and whoever sent them is told.

use std::{collections::HashSet, sync::Arc};

use academy::{
    Academy, Actor, Kind,
    chain::{
        Chain, ChainError, Event, Rpc,
        fake::{FakeChain, FakeTransaction, Late},
    },
    checkout::{
        ChainInfo, Deployment, Depth, Order, OrderState, Policy, TransferRow, TransferState, WayBack,
    },
    evm::{Address, BlockTag},
    fault::NoFaults,
    ids::TransferId,
    money::Wei,
    page::{Filter, Page},
};

use crate::support::{
    CHAIN_ID, DAI, Kill, MARKET, TestCourse, USDC, World, chain_info, on_both_engines, person, policy,
    refusal, site, turn,
};

fn units(figure: &str) -> Wei {
    Wei::parse_figure(figure, 6).unwrap()
}

/// A token's transfer to the market, as a transaction of its own.
fn moved(world: &World, token: Address, from: Address, amount: Wei) -> FakeTransaction {
    let event = Event::Transferred { from, to: MARKET, amount };
    FakeTransaction { events: vec![(token, event)], ..world.transaction(from, Vec::new()) }
}

fn rescued(world: &World, token: Address, to: Address, amount: Wei) -> FakeTransaction {
    world.transaction(to, vec![Event::TokensRescued { token, to, amount }])
}

/// A block with these transactions becomes final, and the site looks.
async fn is_final(world: &World, academy: &Academy, transactions: Vec<FakeTransaction>) {
    world.chain.mine(transactions);
    world.chain.mine_empty(2);
    world.advance_minutes(1);
    turn(academy).await;
}

async fn waiting(academy: &Academy, admin: &Actor) -> Page<TransferRow> {
    let filter = Filter { state: TransferState::Waiting.word().to_owned(), ..Filter::default() };
    academy.checkout().transfers(admin, &filter).await.unwrap()
}

/// A course for 49 USDC, its buyer, and their order.
async fn ordered(world: &World) -> (TestCourse, Actor, Order) {
    let (course, _, buyer) = world.sale_in(&format!("{USDC}/6"), "49").await;
    let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    (course, buyer, order)
}

/// One transfer of 15 USDC that waits, whose it was, and an admin who owns the market.
pub async fn stray(world: &World) -> (TransferId, Address, Actor) {
    let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
    world.chain.set_owner(person(&admin).address);
    is_final(world, &world.academy, vec![moved(world, USDC, sender, units("15"))]).await;
    let waiting = waiting(&world.academy, &admin).await;
    assert_eq!(waiting.total, 1);
    (waiting.rows[0].id, sender, admin)
}

on_both_engines! {
    async fn case_13_tokens_paid_outside_the_contract_are_in_review_with_the_amount_due(world: &World) {
        let (course, buyer, order) = ordered(world).await;
        let (admin, sender) = (world.admin().await, person(&buyer).address);
        is_final(world, &world.academy, vec![moved(world, USDC, sender, units("15"))]).await;
        let found = waiting(&world.academy, &admin).await;
        let row = &found.rows[0];
        assert_eq!((found.total, row.sender, row.market, row.amount), (1, sender, MARKET, units("15")));
        assert_eq!((row.order, &row.currency), (Some(order.id), &order.currency));
        let due = row.due.clone().unwrap();
        assert_eq!((due.price, due.currency, due.state), (order.price, order.currency.clone(), OrderState::Open));
        // It opens nothing, and its buyer, and nobody else, reads what became of it.
        let checkout = world.academy.checkout();
        assert!(!world.can_read(&buyer, &course).await);
        assert_eq!(checkout.order(&buyer, order.id).await.unwrap().state, OrderState::Open);
        assert_eq!(checkout.transfers_for(&buyer, order.id).await.unwrap(), found.rows);
        let stranger = world.learner().await;
        assert_eq!(refusal(checkout.transfers_for(&stranger, order.id).await).0, Kind::NotFound);
        // Paid as it should be, it opens; what was sent before still waits.
        is_final(world, &world.academy, vec![world.payment(&course, &order)]).await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(waiting(&world.academy, &admin).await.rows[0].due.clone().unwrap().state, OrderState::Paid);
    }

    async fn case_13_what_a_purchase_explains_is_no_finding(world: &World) {
        let (course, buyer, order) = ordered(world).await;
        let mut payment = world.payment(&course, &order);
        let event = Event::Transferred { from: person(&buyer).address, to: MARKET, amount: order.price };
        payment.events.push((USDC, event.clone()));
        let elsewhere = Event::Transferred { from: MARKET, to: person(&buyer).address, amount: order.price };
        let mut others = world.transaction(person(&buyer).address, Vec::new());
        others.events = vec![(USDC, elsewhere), (Address([0x77; 20]), event)];
        is_final(world, &world.academy, vec![payment, others]).await;
        assert!(world.can_read(&buyer, &course).await);
        assert_eq!(waiting(&world.academy, &world.admin().await).await.total, 0);
    }

    async fn only_what_is_final_is_read_so_that_a_reorg_takes_nothing_back(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        let academy = &world.academy;
        let transfer = moved(world, USDC, sender, units("15"));
        world.chain.mine(vec![transfer.clone()]);
        world.chain.mine_empty(1);
        world.advance_minutes(1);
        turn(academy).await;
        assert_eq!(waiting(academy, &admin).await.total, 0);
        world.chain.reorg(2);
        is_final(world, academy, vec![transfer]).await;
        assert_eq!(waiting(academy, &admin).await.total, 1);
    }

    async fn a_reorg_of_what_was_called_final_is_read_again(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        let (stays, goes) = (moved(world, USDC, sender, units("1")), moved(world, USDC, sender, units("2")));
        let comes = moved(world, USDC, sender, units("3"));
        is_final(world, &world.academy, vec![stays.clone(), goes]).await;
        assert_eq!(waiting(&world.academy, &admin).await.total, 2);
        world.chain.reorg(3);
        world.chain.mine_empty(1);
        is_final(world, &world.academy, vec![comes.clone(), stays.clone()]).await;
        is_final(world, &world.academy, Vec::new()).await;
        let hashes = |page: Page<TransferRow>| -> HashSet<_> { page.rows.iter().map(|row| row.transaction.hash).collect() };
        assert_eq!(hashes(waiting(&world.academy, &admin).await), HashSet::from([stays.hash, comes.hash]));
    }

    async fn who_read_before_a_reorg_does_not_take_others_past_what_came_since(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        let over = |chain: &Arc<FakeChain>| world.academy_over(chain.clone(), policy(), world.faults.clone());
        let (before, since) = (Arc::new(FakeChain::new(CHAIN_ID)), Arc::new(FakeChain::new(CHAIN_ID)));
        let (slow, quick) = (over(&before), over(&since));
        for chain in [&before, &since] {
            chain.mine_empty(4);
        }
        slow.follow_once().await.unwrap();
        before.mine_empty(6);
        world.advance_minutes(1);
        slow.follow_once().await.unwrap();
        // The slow worker reads blocks 9 and 10, and hears of the answer late.
        before.mine_empty(2);
        before.be_late(Some(Late::Transfers));
        world.advance_minutes(1);
        let meanwhile = async {
            before.awaited().await;
            since.reorg(1);
            since.mine_empty(2);
            since.mine(vec![moved(world, USDC, sender, units("3"))]);
            quick.follow_once().await.unwrap();
            before.be_late(None);
        };
        futures::join!(async { slow.follow_once().await.unwrap() }, meanwhile);
        since.mine_empty(10);
        world.advance_minutes(1);
        turn(&quick).await;
        assert_eq!(waiting(&quick, &admin).await.total, 1);
    }

    async fn nothing_is_read_past_what_another_worker_has_to_follow_again(world: &World) {
        let chain = Arc::new(FakeChain::new(CHAIN_ID));
        let academy = world.academy_over(chain.clone(), policy(), world.faults.clone());
        let read = async || world.count("SELECT MAX(next_block) FROM transfer_cursors").await;
        chain.mine_empty(10);
        academy.follow_once().await.unwrap();
        assert_eq!(read().await, 9);
        chain.mine_empty(4);
        world.advance_minutes(1);
        chain.be_late(Some(Late::Transfers));
        let rewound = async {
            chain.awaited().await;
            world.execute("UPDATE chain_cursors SET next_block = 12".to_owned()).await;
            chain.be_late(None);
        };
        futures::join!(async { academy.follow_once().await.unwrap() }, rewound);
        assert_eq!(read().await, 9);
        academy.follow_once().await.unwrap();
        assert_eq!(read().await, 13);
    }

    async fn the_markets_owner_sends_it_back_and_the_site_sees_it(world: &World) {
        let (id, sender, admin) = stray(world).await;
        let (checkout, other) = (world.academy.checkout(), world.admin().await);
        let back = checkout.transfer_return(&admin, id).await.unwrap();
        let WayBack::Call(call) = back.way else { panic!("{:?}", back.way) };
        assert_eq!((call.to, call.from), (MARKET.checksummed(), person(&admin).address_text.clone()));
        // rescueERC20(address,address,uint256)
        let word = |hex: &str| format!("{hex:0>64}");
        let address = |address: Address| word(address.to_string().trim_start_matches("0x"));
        let expected = format!("0xb2118a8d{}{}{}", address(USDC), address(sender), word("e4e1c0"));
        assert_eq!(call.data, expected);
        let back = checkout.transfer_return(&other, id).await.unwrap();
        assert_eq!(back.way, WayBack::By(person(&admin).address_text.clone()));

        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        let back = checkout.transfer_return(&admin, id).await.unwrap();
        assert_eq!(back.way, WayBack::Silent, "it can still be looked at, and dismissed");
        world.chain.fail_with(None);

        // Two of one sum; what goes back once closes one, however often it is read.
        let academy = &world.academy;
        is_final(world, academy, vec![moved(world, USDC, sender, units("15"))]).await;
        let other_sums = [rescued(world, USDC, sender, units("14")), rescued(world, DAI, sender, units("15"))];
        is_final(world, academy, other_sums.to_vec()).await;
        assert_eq!(waiting(academy, &admin).await.total, 2);
        let first = rescued(world, USDC, sender, units("15"));
        is_final(world, academy, vec![first.clone()]).await;
        world.execute("UPDATE transfer_cursors SET next_block = 0".to_owned()).await;
        is_final(world, academy, Vec::new()).await;
        let left = waiting(academy, &admin).await;
        assert_eq!(left.total, 1);
        assert_ne!(left.rows[0].id, id, "the oldest goes back first");
        let all = checkout.transfers(&admin, &Filter::default()).await.unwrap();
        let returned = all.rows.iter().find(|row| row.id == id).unwrap();
        assert_eq!(returned.state, TransferState::Returned);
        assert_eq!(returned.returned.as_ref().unwrap().hash, first.hash);
        assert_eq!(refusal(checkout.transfer_return(&admin, id).await).1, "not_in_review");
        assert_eq!(refusal(checkout.dismiss_transfer(&admin, id, "done").await).1, "not_in_review");
    }

    async fn what_was_sent_back_and_is_not_final_is_not_sent_again(world: &World) {
        let (first, sender, admin) = stray(world).await;
        let (checkout, academy) = (world.academy.checkout(), &world.academy);
        is_final(world, academy, vec![moved(world, USDC, sender, units("15"))]).await;
        let second = waiting(academy, &admin).await.rows.into_iter().find(|row| row.id != first).unwrap().id;
        let can = async |id| {
            let way = checkout.transfer_return(&admin, id).await.unwrap().way;
            assert!(matches!(way, WayBack::Call(_) | WayBack::Sent(_)), "{way:?}");
            matches!(way, WayBack::Call(_))
        };
        // To somebody else, and another sum.
        world.chain.mine(vec![rescued(world, USDC, Address([7; 20]), units("15")), rescued(world, USDC, sender, units("14"))]);
        assert!(can(first).await && can(second).await);
        world.chain.mine(vec![rescued(world, USDC, sender, units("15"))]);
        assert!(!can(first).await && can(second).await, "the oldest went back");
        // Were it dismissed, the second would be closed in its place.
        assert_eq!(refusal(checkout.dismiss_transfer(&admin, first, "done").await), (Kind::Conflict, "sent_back".to_owned()));
        world.chain.mine(vec![rescued(world, USDC, sender, units("15"))]);
        assert!(!can(first).await && !can(second).await);
        assert_eq!(waiting(academy, &admin).await.total, 2, "until it is final");
        is_final(world, academy, Vec::new()).await;
        assert_eq!(waiting(academy, &admin).await.total, 0);
        // With a new market the tokens' blocks are read again: what went back in them is not counted twice.
        is_final(world, academy, vec![moved(world, USDC, sender, units("15"))]).await;
        world.execute("UPDATE transfer_cursors SET next_block = 0".to_owned()).await;
        let third = waiting(academy, &admin).await.rows[0].id;
        assert!(can(third).await);
        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        checkout.dismiss_transfer(&admin, third, "sent by hand").await.unwrap();
        world.chain.fail_with(None);
    }

    async fn on_a_chain_or_a_market_that_the_site_has_left_it_can_be_dismissed(world: &World) {
        let (id, _, admin) = stray(world).await;
        let checkout = world.academy.checkout();
        for left in ["market = '0x0000000000000000000000000000000000000009'", "chain_id = 999"] {
            world.execute(format!("UPDATE transfers SET {left}")).await;
            assert_eq!(checkout.transfer_return(&admin, id).await.unwrap().way, WayBack::Unfollowed, "{left}");
        }
        checkout.dismiss_transfer(&admin, id, "the chain is gone").await.unwrap();
    }

    async fn where_no_token_is_configured_any_more_it_can_be_dismissed_though_it_went_back(world: &World) {
        let (id, sender, admin) = stray(world).await;
        world.chain.mine(vec![rescued(world, USDC, sender, units("15"))]);
        let info = ChainInfo { tokens: Vec::new(), ..chain_info() };
        let without = Academy::builder(world.db.clone(), world.chain.clone(), policy(), site(), info)
            .clock(world.clock.clone())
            .build();
        is_final(world, &without, Vec::new()).await;
        let checkout = without.checkout();
        assert_eq!(checkout.transfer_return(&admin, id).await.unwrap().way, WayBack::Unfollowed);
        checkout.dismiss_transfer(&admin, id, "it went back").await.unwrap();
    }

    async fn what_went_back_before_it_came_was_another(world: &World) {
        let (dismissed, sender, admin) = stray(world).await;
        let (checkout, academy) = (world.academy.checkout(), &world.academy);
        checkout.dismiss_transfer(&admin, dismissed, "to be sent by hand").await.unwrap();
        is_final(world, academy, vec![rescued(world, USDC, sender, units("15"))]).await;
        is_final(world, academy, vec![moved(world, USDC, sender, units("15"))]).await;
        // With a new token in the configuration, all is read again.
        world.execute("UPDATE transfer_cursors SET next_block = 0".to_owned()).await;
        let id = waiting(academy, &admin).await.rows[0].id;
        let way = async || checkout.transfer_return(&admin, id).await.unwrap().way;
        assert!(matches!(way().await, WayBack::Call(_)));
        is_final(world, academy, Vec::new()).await;
        assert_eq!(waiting(academy, &admin).await.total, 1);
        assert!(matches!(way().await, WayBack::Call(_)));
        world.chain.mine(vec![rescued(world, USDC, sender, units("15"))]);
        assert!(matches!(way().await, WayBack::Sent(_)));
        is_final(world, academy, Vec::new()).await;
        assert_eq!(waiting(academy, &admin).await.total, 0);
    }

    async fn while_the_books_can_not_be_read_it_is_not_dismissed(world: &World) {
        let (id, _, admin) = stray(world).await;
        let dismissed = async || world.academy.checkout().dismiss_transfer(&admin, id, "done").await;
        world.execute("ALTER TABLE transfer_cursors RENAME TO lost".to_owned()).await;
        assert_eq!(refusal(dismissed().await).0, Kind::Internal);
        world.execute("ALTER TABLE lost RENAME TO transfer_cursors".to_owned()).await;
        assert_eq!(waiting(&world.academy, &admin).await.total, 1);
        dismissed().await.unwrap();
    }

    async fn it_is_dismissed_with_a_reason_once(world: &World) {
        let (id, _, admin) = stray(world).await;
        let checkout = world.academy.checkout();
        assert_eq!(refusal(checkout.dismiss_transfer(&admin, id, " ").await).0, Kind::Invalid);
        checkout.dismiss_transfer(&admin, id, "settled by hand").await.unwrap();
        assert_eq!(waiting(&world.academy, &admin).await.total, 0);
        assert_eq!(refusal(checkout.dismiss_transfer(&admin, id, "again").await).1, "not_in_review");
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE act = 'transfer.dismissed'").await, 1);
        let none = refusal(checkout.dismiss_transfer(&admin, TransferId(person(&admin).id.0), "x").await);
        assert_eq!(none.0, Kind::NotFound);
    }

    async fn none_is_lost_or_doubled_wherever_the_worker_is_killed(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        for (count, point) in (1..).zip(["transfers.before_commit", "transfers.after_commit"]) {
            world.chain.mine(vec![moved(world, USDC, sender, units("15"))]);
            world.chain.mine_empty(2);
            world.advance_minutes(1);
            let faults = Arc::new(Kill::default());
            faults.arm(point);
            let dying = world.academy_over(world.chain.clone(), policy(), faults.clone());
            assert!(faults.outlives(turn(&dying)).await.is_none(), "nothing passes {point}");
            world.advance_minutes(1);
            let restarted = world.restarted();
            turn(&restarted).await;
            assert_eq!(waiting(&restarted, &admin).await.total, count, "killed at {point}");
        }
    }

    async fn a_long_history_is_read_in_ranges_that_the_node_answers(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        world.chain.limit_range(3);
        for _ in 0..10 {
            world.chain.mine(vec![moved(world, USDC, sender, units("15"))]);
            world.chain.mine_empty(5);
        }
        for _ in 0..10 {
            world.advance_minutes(1);
            turn(&world.academy).await;
        }
        assert_eq!(waiting(&world.academy, &admin).await.total, 10);
    }

    async fn a_long_history_is_read_in_parts_where_a_node_chokes_on_all_of_it(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        let policy = Policy { finality: Depth::Tag(BlockTag::Finalized), ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, Arc::new(NoFaults));
        for _ in 0..10 {
            world.chain.mine(vec![moved(world, USDC, sender, units("15"))]);
            world.chain.mine_empty(9);
        }
        turn(&academy).await;
        assert_eq!(waiting(&academy, &admin).await.total, 0);
        world.chain.finalize(100);
        // Of the newest blocks it is never asked about so many.
        world.chain.choke_on(20);
        for _ in 0..10 {
            world.advance_minutes(1);
            turn(&academy).await;
        }
        assert_eq!(waiting(&academy, &admin).await.total, 10);
    }

    async fn at_a_former_market_it_is_found_too(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        is_final(world, &world.academy, Vec::new()).await;
        let former = Address([0xA9; 20]);
        let event = Event::Transferred { from: sender, to: former, amount: units("15") };
        let transfer = FakeTransaction { events: vec![(USDC, event)], ..world.transaction(sender, Vec::new()) };
        is_final(world, &world.academy, vec![transfer]).await;
        assert_eq!(waiting(&world.academy, &admin).await.total, 0);
        // From the day on which the configuration names it, all of it.
        let former_markets = vec![Deployment { address: former, start_block: 0 }];
        let policy = Policy { former_markets, ..policy() };
        let academy = world.academy_over(world.chain.clone(), policy, Arc::new(NoFaults));
        world.advance_minutes(1);
        turn(&academy).await;
        assert_eq!(waiting(&academy, &admin).await.rows[0].market, former);
    }

    async fn case_10_a_liar_neither_makes_tokens_up_nor_hides_them(world: &World) {
        let (admin, sender) = (world.admin().await, person(&world.learner().await).address);
        let nodes: [Arc<FakeChain>; 3] = std::array::from_fn(|_| Arc::new(FakeChain::new(CHAIN_ID)));
        let [honest, also_honest, liar] = &nodes;
        let truth = moved(world, USDC, sender, units("15"));
        for node in [honest, also_honest] {
            node.mine(vec![truth.clone()]);
        }
        liar.mine(vec![moved(world, USDC, sender, units("1000"))]);
        nodes.iter().for_each(|node| node.mine_empty(4));
        let nodes = nodes.iter().map(|node| node.clone() as Arc<dyn Chain>).collect();
        let academy = world.academy_over(Arc::new(Rpc::over(nodes).unwrap()), policy(), Arc::new(NoFaults));
        turn(&academy).await;
        let found = waiting(&academy, &admin).await;
        assert_eq!((found.total, found.rows[0].amount), (1, units("15")));
    }
}
