//! Opening, following and giving up orders; lists and sales.

use academy::{
    Actor, Kind,
    chain::{Event, fake::FakeTransaction},
    checkout::{OrderState, Setback},
    evm::Address,
    ids::{OrderId, TierId},
    money::Wei,
    page::{Filter, PAGE_SIZE},
    store::Db,
};
use sqlx::AssertSqlSafe;

use crate::support::{
    CHAIN_ID, MARKET, TTL_MINUTES, TestCourse, World, on_both_engines, person, refusal, tier_form,
    wallet_call,
};

/// A course for sale, and its dearer tier.
async fn two_tiers(world: &World) -> (TestCourse, TierId) {
    let teacher = world.teacher().await;
    let course = world.course(&teacher).await;
    let better = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0.05", 2)).await.unwrap();
    let price = Wei::from_ether("0.05").unwrap();
    let priced = world.transaction(person(&teacher).address, vec![world.priced(&course, 1, price)]);
    world.chain.mine(vec![priced]);
    world.turn().await;
    (course, better)
}

on_both_engines! {
    async fn case_06_a_payment_that_no_block_takes_is_stuck_after_a_while(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        world.chain.broadcast(payment.clone());
        assert!(!checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap().stuck);
        world.advance_minutes(9);
        assert!(!checkout.order(&buyer, order.id).await.unwrap().stuck);
        world.advance_minutes(1);
        assert!(checkout.order(&buyer, order.id).await.unwrap().stuck);
        let (admin, all) = (world.admin().await, Filter::default());
        for listed in [checkout.mine(&buyer, &all).await, checkout.orders(&admin, &all).await] {
            assert!(listed.unwrap().rows[0].stuck);
        }
        // Sped up in the wallet: the clock begins again with the new hash.
        let faster = FakeTransaction { hash: world.hash(), ..payment.clone() };
        world.chain.broadcast(faster.clone());
        assert!(!checkout.submit(&buyer, order.id, &faster.hash.to_string()).await.unwrap().stuck);
        world.chain.mine(vec![faster]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.stuck), (OrderState::Paid, false));
    }

    async fn an_order_is_its_buyers_alone(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let hash = world.hash().to_string();
        for stranger in [world.learner().await, world.teacher().await] {
            assert_eq!(refusal(checkout.order(&stranger, order.id).await).0, Kind::NotFound);
            assert_eq!(refusal(wallet_call(&checkout, &stranger, order.id).await).0, Kind::NotFound);
            assert_eq!(refusal(checkout.cancel(&stranger, order.id).await).0, Kind::NotFound);
            assert_eq!(refusal(checkout.submit(&stranger, order.id, &hash).await).0, Kind::NotFound);
            assert!(checkout.mine(&stranger, &Filter::default()).await.unwrap().rows.is_empty());
        }
        assert_eq!(refusal(checkout.order(&buyer, OrderId(course.id.0)).await).0, Kind::NotFound);
        let admin = world.admin().await;
        checkout.order(&admin, order.id).await.unwrap();
        assert_eq!(checkout.mine(&buyer, &Filter::default()).await.unwrap().rows.len(), 1);
        // What an admin does to it is kept, and what its buyer does is theirs.
        checkout.cancel(&admin, order.id).await.unwrap();
        checkout.cancel(&buyer, order.id).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE act = 'order.cancelled'").await, 1);
    }

    async fn whoever_owns_a_course_finds_the_order_that_paid_for_it(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let given_up = checkout.open(&buyer, course.tier).await.unwrap();
        checkout.cancel(&buyer, given_up.id).await.unwrap();
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert!(checkout.paid_for(&buyer, course.id).await.unwrap().is_empty());
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert_eq!(checkout.paid_for(&buyer, course.id).await.unwrap(), [order.id]);
        for other in [Actor::Visitor, world.learner().await, world.admin().await] {
            assert!(checkout.paid_for(&other, course.id).await.unwrap().is_empty());
        }
    }

    async fn all_of_ones_orders_are_listed_a_page_at_a_time(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let mut opened = Vec::new();
        for _ in 0..=PAGE_SIZE {
            let order = checkout.open(&buyer, course.tier).await.unwrap();
            checkout.cancel(&buyer, order.id).await.unwrap();
            opened.push(order.id);
            world.advance_minutes(1);
        }
        opened.reverse();
        let mut listed = Vec::new();
        for page in 1..=3 {
            let orders = checkout.mine(&buyer, &Filter { page, ..Filter::default() }).await.unwrap();
            assert_eq!((orders.total, orders.pages(), orders.number), (PAGE_SIZE + 1, 2, page));
            listed.extend(orders.rows.into_iter().map(|order| order.id));
        }
        assert_eq!(listed, opened);
    }

    async fn the_wallets_call_carries_what_the_order_says(world: &World) {
        let (course, buyer) = world.sale().await;
        let order = world.academy.checkout().open(&buyer, course.tier).await.unwrap();
        let call = wallet_call(&world.academy.checkout(), &buyer, order.id).await.unwrap();
        assert_eq!(call.from, person(&buyer).address_text);
        assert_eq!(call.to, MARKET.checksummed());
        assert_eq!(call.value, "0x470de4df820000", "0.02 of the currency");
        assert!(call.data.contains(&order.id.to_string().replace('-', "")), "the order's id");
        assert!(call.data.contains(&person(&buyer).address.to_string()[2..]), "the beneficiary");
    }

    async fn opening_again_answers_the_open_order_while_its_price_holds(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES - 1);
        assert_eq!(checkout.open(&buyer, course.tier).await.unwrap().id, first.id);
        world.advance_minutes(1);
        assert_eq!(checkout.order(&buyer, first.id).await.unwrap().state, OrderState::Expired);
        assert_eq!(refusal(wallet_call(&checkout, &buyer, first.id).await).1, "not_payable");
        let second = checkout.open(&buyer, course.tier).await.unwrap();
        assert_ne!(second.id, first.id);
        // The worker finds the same, and does not bring the first one back.
        world.turn().await;
        assert_eq!(checkout.order(&buyer, first.id).await.unwrap().state, OrderState::Expired);
        assert_eq!(checkout.order(&buyer, second.id).await.unwrap().state, OrderState::Open);
    }

    async fn another_tier_ends_the_open_order_and_not_one_under_way(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let better = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0.05", 2)).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, better).await).1, "not_for_sale", "the chain does not know it");
        let price = Wei::from_ether("0.05").unwrap();
        let me = person(&teacher).address;
        world.chain.mine(vec![world.transaction(me, vec![world.priced(&course, 1, price)])]);
        world.turn().await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        let second = checkout.open(&buyer, better).await.unwrap();
        assert_eq!(checkout.order(&buyer, first.id).await.unwrap().state, OrderState::Expired);
        checkout.submit(&buyer, second.id, &world.hash().to_string()).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "order_in_progress");
        assert_eq!(checkout.open(&buyer, better).await.unwrap().id, second.id);
    }

    async fn case_32_opening_another_leaves_alone_what_became_of_the_first_meanwhile(world: &World) {
        let checkout = world.academy.checkout();
        let (course, better) = two_tiers(world).await;
        for (state, another) in [("submitted", Err("order_in_progress")), ("paid", Ok(()))] {
            let buyer = world.learner().await;
            let first = checkout.open(&buyer, course.tier).await.unwrap().id;
            let change = format!("UPDATE orders SET state = '{state}', revision = revision + 1 WHERE state = 'open'");
            let opening = || {
                let (academy, buyer) = (world.academy.clone(), buyer.clone());
                tokio::spawn(async move { academy.checkout().open(&buyer, better).await })
            };
            let opened = match &world.db {
                // Between the change and its end, the other reads what was before, and waits.
                Db::Postgres(pool) => {
                    let mut tx = pool.begin().await.unwrap();
                    sqlx::query(AssertSqlSafe(change)).execute(&mut *tx).await.unwrap();
                    let opening = opening();
                    let waits = "SELECT COUNT(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
                    while world.count(waits).await == 0 {
                        tokio::task::yield_now().await;
                    }
                    tx.commit().await.unwrap();
                    opening.await
                }
                // One writes at a time.
                Db::Sqlite { .. } => {
                    world.execute(change).await;
                    opening().await
                }
            };
            let opened = opened.unwrap().map(drop).map_err(|problem| problem.code);
            assert_eq!(opened, another.map_err(str::to_owned), "{state}");
            assert_eq!(checkout.order(&buyer, first).await.unwrap().state.word(), state);
        }
    }

    async fn case_08_what_a_reorg_drops_gives_way_to_the_order_that_came_after(world: &World) {
        let checkout = world.academy.checkout();
        let (course, better) = two_tiers(world).await;
        let buyer = world.learner().await;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &first);
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        let second = checkout.open(&buyer, better).await.unwrap();
        // Its nonce is used by something else in the other history.
        world.chain.reorg(1);
        let instead = FakeTransaction { nonce: payment.nonce, ..world.transaction(payment.sender, vec![]) };
        world.chain.mine(vec![instead]);
        for _ in 0..2 {
            world.turn().await;
        }
        assert!(!world.can_read(&buyer, &course).await);
        let state = async |id| checkout.order(&buyer, id).await.unwrap().state;
        assert_eq!((state(first.id).await, state(second.id).await), (OrderState::Expired, OrderState::Open));
    }

    async fn case_27_a_withdrawn_course_is_not_paid_for(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "not_for_sale");
    }

    async fn case_03_what_was_sent_before_another_order_took_its_place_counts(world: &World) {
        let checkout = world.academy.checkout();
        let ((course, better), buyer) = (two_tiers(world).await, world.learner().await);
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        let second = checkout.open(&buyer, better).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &first)]);
        world.turn().await;
        let state = async |id| checkout.order(&buyer, id).await.unwrap().state;
        assert_eq!((state(first.id).await, state(second.id).await), (OrderState::Paid, OrderState::Open));
        assert!(world.can_read(&buyer, &course).await);
        world.assert_paid(1).await;
    }

    async fn case_17_another_tier_does_not_end_what_a_wallet_may_still_send(world: &World) {
        let checkout = world.academy.checkout();
        let ((course, better), buyer) = (two_tiers(world).await, world.learner().await);
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        checkout.wait_for(&buyer, first.id, "safe-tx-17").await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, better).await).1, "order_in_progress");
        assert!(checkout.order(&buyer, first.id).await.unwrap().is_awaited());
        checkout.wait_no_more(&buyer, first.id).await.unwrap();
        checkout.open(&buyer, better).await.unwrap();
        assert_eq!(checkout.order(&buyer, first.id).await.unwrap().state, OrderState::Expired);
        // Once the price has run out, it is over.
        let second = checkout.open(&buyer, better).await.unwrap();
        checkout.wait_for(&buyer, second.id, "safe-tx-18").await.unwrap();
        world.advance_minutes(TTL_MINUTES + 1);
        assert_ne!(checkout.open(&buyer, better).await.unwrap().id, second.id);
    }

    async fn a_better_tier_can_be_bought_later_and_a_reorg_still_closes_the_first(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let better = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0.05", 2)).await.unwrap();
        let price = Wei::from_ether("0.05").unwrap();
        let me = person(&teacher).address;
        world.chain.mine(vec![world.transaction(me, vec![world.priced(&course, 1, price)])]);
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &first)]);
        world.turn().await;
        let second = checkout.open(&buyer, better).await.unwrap();
        world.chain.reorg(1);
        world.chain.mine_empty(1);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        let first = checkout.order(&buyer, first.id).await.unwrap();
        assert_eq!((first.state, first.setback), (OrderState::Confirming, Some(Setback::Orphaned)));
        assert_eq!(checkout.order(&buyer, second.id).await.unwrap().state, OrderState::Open);
    }

    async fn what_is_not_for_sale_is_not_sold(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let free = world.academy.catalog().add_tier(&teacher, course.id, &tier_form("0", 1)).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, free).await).1, "free");
        assert_eq!(refusal(checkout.open(&buyer, TierId(course.id.0)).await).0, Kind::NotFound);
        world.academy.catalog().withdraw(&teacher, course.id).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "not_for_sale");
        let draft = world.draft(&teacher).await;
        let tier = world.academy.catalog().add_tier(&teacher, draft.id, &tier_form("1", 1)).await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, tier).await).1, "not_for_sale");
    }

    async fn who_has_the_course_is_not_asked_to_pay(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let address = person(&buyer).address;
        let admin = world.admin().await;
        world.academy.learning().grant(&admin, address, course.id, 1, "a gift").await.unwrap();
        assert_eq!(refusal(checkout.open(&buyer, course.tier).await).1, "already_enrolled");
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "already_enrolled");
    }

    async fn case_16_an_orders_price_holds_though_another_is_listed_since(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let (course, buyer) = (world.course(&teacher).await, world.learner().await);
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let listed = wallet_call(&checkout, &buyer, order.id).await.unwrap();
        let me = person(&teacher).address;
        let dearer = world.priced(&course, 0, Wei::from_ether("0.03").unwrap());
        world.chain.mine(vec![world.transaction(me, vec![dearer])]);
        world.turn().await;
        let quoted = wallet_call(&checkout, &buyer, order.id).await.unwrap();
        assert_eq!((&quoted.value, &quoted.to), (&listed.value, &listed.to));
        assert_ne!(quoted.data, listed.data, "our signature goes with it");
        // Who signs nothing says it before money moves.
        let unsigned = world.academy_without_quotes();
        assert_eq!(refusal(wallet_call(&unsigned.checkout(), &buyer, order.id).await).1, "price_changed");
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        // Page and chain disagree: not for sale until they agree.
        let other = world.learner().await;
        assert_eq!(refusal(checkout.open(&other, course.tier).await).1, "not_for_sale");
    }

    async fn case_16_no_quote_is_made_that_the_contract_would_refuse(world: &World) {
        let checkout = world.academy.checkout();
        let (course, teacher, buyer) = world.sale_with_window(14).await;
        let until = u64::try_from(world.academy.now().0 / 1000).unwrap() + 14 * 86_400;
        let first = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.held_payment(&course, &first, until)]);
        world.chain.mine(vec![world.transaction(first.beneficiary.parse().unwrap(), vec![world.refunded(&course, &first)])]);
        world.turn().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        let dearer = world.priced(&course, 0, Wei::from_ether("0.03").unwrap());
        world.chain.mine(vec![world.transaction(person(&teacher).address, vec![dearer])]);
        world.turn().await;
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "price_changed");
    }

    async fn a_malformed_hash_is_refused_and_so_are_too_many(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let long = format!("0x{}", "a".repeat(100_000));
        for bad in ["", "0x", "hello", "\0", "' OR 1=1", "<script>", "0xzz", &long] {
            let (kind, _) = refusal(checkout.submit(&buyer, order.id, bad).await);
            assert_eq!(kind, Kind::Invalid, "{bad:.20}");
        }
        for _ in 0..20 {
            checkout.submit(&buyer, order.id, &world.hash().to_string()).await.unwrap();
        }
        let (kind, _) = refusal(checkout.submit(&buyer, order.id, &world.hash().to_string()).await);
        assert_eq!(kind, Kind::TooMany);
    }

    async fn of_several_hashes_the_one_that_pays_counts(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let reverted = FakeTransaction { success: false, ..world.payment(&course, &order) };
        let payment = world.payment(&course, &order);
        world.chain.mine(vec![reverted.clone()]);
        checkout.submit(&buyer, order.id, &world.hash().to_string()).await.unwrap();
        checkout.submit(&buyer, order.id, &reverted.hash.to_string()).await.unwrap();
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        let paid = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((paid.state, paid.transaction.unwrap().hash), (OrderState::Paid, payment.hash));
        world.assert_paid(1).await;
    }

    async fn who_paid_for_another_account_is_found(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let (admin, payer) = (world.admin().await, Address([0xAB; 20]));
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = FakeTransaction { sender: payer, ..world.payment(&course, &order) };
        world.chain.mine(vec![payment.clone()]);
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        world.turn().await;
        let search = Filter { q: payer.checksummed(), ..Filter::default() };
        assert_eq!(checkout.orders(&admin, &search).await.unwrap().total, 1);
        assert_eq!(checkout.payments(&admin, &search).await.unwrap().total, 1);
    }

    async fn each_sale_is_on_a_page_and_what_is_owed_on_the_first(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let mut all = Vec::new();
        for _ in 0..27 {
            let order = checkout.open(&world.learner().await, course.tier).await.unwrap();
            world.chain.mine(vec![world.payment(&course, &order)]);
            world.turn().await;
            all.push(order.id);
            world.advance_minutes(1);
        }
        let page = async |page| {
            let filter = Filter { page, ..Filter::default() };
            let sales = checkout.sales(&teacher, course.id, &filter).await.unwrap();
            assert_eq!((sales.count, sales.rows.total, sales.rows.pages()), (27, 27, 2));
            sales.rows.rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        all.reverse();
        assert_eq!([page(1).await, page(2).await].concat(), all);
        // Somebody has to pay the oldest back.
        let owed = "UPDATE payments SET named_order = (SELECT id FROM orders ORDER BY created_at LIMIT 1), order_id = NULL, standing = 'dismissed', setback = 'to_refund'
             WHERE order_id = (SELECT id FROM orders ORDER BY created_at LIMIT 1)";
        world.execute(owed.to_owned()).await;
        let sales = checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap();
        assert_eq!(Some(&sales.rows.rows[0].id), all.last());
    }

    async fn a_revoked_buyer_is_not_asked_to_pay_for_what_would_not_open(world: &World) {
        let checkout = world.academy.checkout();
        let (course, better) = two_tiers(world).await;
        let (buyer, admin) = (world.learner().await, world.admin().await);
        let dear = checkout.open(&buyer, better).await.unwrap();
        let mut bought = world.purchased(&course, &dear);
        if let Event::CoursePurchased { tier, .. } = &mut bought {
            *tier = 1;
        }
        world.chain.mine(vec![world.transaction(person(&buyer).address, vec![bought])]);
        world.turn().await;
        let learning = world.academy.learning();
        let enrolled = learning.enrollments(&admin, &Filter::default()).await.unwrap().rows[0].id;
        learning.revoke(&admin, enrolled, "abuse").await.unwrap();
        for tier in [course.tier, better] {
            assert_eq!(refusal(checkout.open(&buyer, tier).await).1, "access_revoked");
        }
        // Who bought less can still buy more, which opens.
        let other = world.learner().await;
        let cheap = checkout.open(&other, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &cheap)]);
        world.turn().await;
        let all = learning.enrollments(&admin, &Filter::default()).await.unwrap().rows;
        let enrolled = all.iter().find(|row| row.id != enrolled).unwrap().id;
        learning.revoke(&admin, enrolled, "abuse").await.unwrap();
        let open = checkout.open(&other, better).await.unwrap();
        // Nor is a wallet asked for an order from before.
        world.execute("UPDATE orders SET level = 1 WHERE state = 'open'".to_owned()).await;
        assert_eq!(refusal(wallet_call(&checkout, &other, open.id).await).1, "access_revoked");
    }

    async fn sales_lists_and_payout_show_what_was_paid(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let course = world.course(&teacher).await;
        let admin = world.admin().await;
        for _ in 0..3 {
            let buyer = world.learner().await;
            let order = checkout.open(&buyer, course.tier).await.unwrap();
            world.chain.mine(vec![world.payment(&course, &order)]);
        }
        checkout.open(&world.learner().await, course.tier).await.unwrap();
        world.turn().await;
        let sales = checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap();
        assert_eq!((sales.count, sales.earned[0].total.to_ether()), (3, "0.06".to_owned()));
        assert_eq!((sales.earned[0].days.len(), sales.earned[0].days[29].0.as_str(), sales.earned[0].days[29].1), (30, "2027-01-15", 3));
        assert_eq!((sales.rows.rows.len(), sales.rows.total), (3, 3));
        let paid = Filter { state: "paid".to_owned(), ..Filter::default() };
        assert_eq!(checkout.orders(&admin, &paid).await.unwrap().total, 3);
        assert_eq!(checkout.orders(&admin, &Filter::default()).await.unwrap().total, 4);
        let by_hash = checkout.payments(&admin, &Filter::default()).await.unwrap().rows[0].transaction.hash;
        let search = Filter { q: by_hash.to_string(), ..Filter::default() };
        assert_eq!(checkout.payments(&admin, &search).await.unwrap().total, 1);
        assert_eq!(checkout.orders(&admin, &search).await.unwrap().total, 1);
        // Who complains knows an order's id, or the account that paid.
        let order = checkout.orders(&admin, &paid).await.unwrap().rows[0].id;
        let search = Filter { q: format!(" {order} "), ..Filter::default() };
        for found in [
            checkout.orders(&admin, &search).await.unwrap().rows[0].id,
            checkout.payments(&admin, &search).await.unwrap().rows[0].order.unwrap(),
        ] {
            assert_eq!(found, order);
        }
        assert_eq!(checkout.payments(&admin, &search).await.unwrap().total, 1);

        assert_eq!(refusal(checkout.payout_call(&teacher, CHAIN_ID, MARKET, Address::ZERO, "").await).1, "nothing_to_withdraw");
        world.chain.owe(person(&teacher).address, Address::ZERO, sales.earned[0].total);
        assert_eq!(checkout.payout(&teacher).await.unwrap().tills[0].balances.as_ref().unwrap()[0].owed, sales.earned[0].total);
        assert_eq!(checkout.payout_call(&teacher, CHAIN_ID, MARKET, Address::ZERO, "").await.unwrap().value, "0x0");
    }
}
