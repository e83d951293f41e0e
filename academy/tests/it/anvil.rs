//! The real contract on a real node.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use academy::{
    Academy,
    catalog::{Published, TierForm},
    chain::{Call, Chain, ChainError, Deployer, Rpc, deploy, set_quote_signer_call},
    checkout::{OrderState, Policy, Setback},
    evm::{Address, BlockTag},
    ids::TierId,
    money::Wei,
};
use serde_json::{Value, json};

use crate::support::{
    CHAIN_ID, Engine,
    anvil::{Anvil, Place, call, on_anvil, signer},
    chain_info, person, policy,
    proxy::{Fault, Proxy},
    quotes, refusal, site, tier_form, turn, wallet_call,
};

/// The first account's key, encrypted with the password `secret` (Web3 Secret Storage, version 3).
const KEYSTORE: &str = r#"{
    "version": 3,
    "id": "42699b41-48f5-44e5-8f3c-544a188aeef6",
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": { "iv": "4033743111101457de243477ee427236" },
        "ciphertext": "cab07160ff93431d4421eb6910cbf5e0486dd8925f0f2c0d4805e8aba190c9e0",
        "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 8192, "p": 1, "r": 8, "salt": "c42d4b671f3b6f1d350cfc2af7b66d302f5588f2bd9472c8e890707a7a064e10"},
        "mac": "e37c05b73dd052a0077d424c72db1e41fb834fca1ff6f156b7fc8df8a021e799"
    }
}"#;

async fn buys_finishes_and_pays_out(engine: Engine) {
    let place = Place::new(engine).await;
    let checkout = place.academy.checkout();
    let (order, _) = place.buy().await;
    // The tab is closed: the event alone opens the course.
    turn(&place.academy).await;
    assert!(place.can_read().await);
    place.anvil.ask("anvil_mine", json!(["0x3"])).await;
    turn(&place.academy).await;
    assert!(checkout.order(&place.buyer, order.id).await.unwrap().is_final);
    place.world.assert_paid(1).await;

    let payout = checkout.payout(&place.teacher).await.unwrap();
    assert_eq!(payout.tills[0].balances.as_ref().unwrap()[0].owed.to_ether(), "0.02");
    let withdraw = checkout
        .payout_call(&place.teacher, CHAIN_ID, place.market.address, Address::ZERO, "")
        .await
        .unwrap();
    place.anvil.dev.send(person(&place.teacher).address, &call(&withdraw)).await.unwrap();
    turn(&place.academy).await;
    let payout = checkout.payout(&place.teacher).await.unwrap();
    assert_eq!((payout.tills[0].balances.as_ref().unwrap()[0].owed, payout.history.len()), (Wei::ZERO, 1));
    assert_eq!(payout.history[0].amount.to_ether(), "0.02");
    assert_eq!(
        refusal(
            checkout.payout_call(&place.teacher, CHAIN_ID, place.market.address, Address::ZERO, "").await
        )
        .1,
        "nothing_to_withdraw"
    );

    // New prices, a second tier, and one that goes: page and chain agree after each call.
    let catalog = place.academy.catalog();
    let me = person(&place.teacher).address;
    let course = place.course.id;
    let second: TierId = catalog.add_tier(&place.teacher, course, &tier_form("0.05", 2)).await.unwrap();
    catalog.edit_tier(&place.teacher, place.course.tier, &tier_form("0.03", 1)).await.unwrap();
    for _ in 0..2 {
        let update = catalog.listing_call(&place.teacher, course, CHAIN_ID).await.unwrap().unwrap();
        place.anvil.dev.send(me, &call(&update)).await.unwrap();
        turn(&place.academy).await;
        assert!(catalog.studio(&place.teacher, course).await.unwrap().agrees());
        let _ = catalog.remove_tier(&place.teacher, second).await;
        let _ = catalog.remove_tier(&place.teacher, place.course.tier).await;
    }
    place.close().await;
}

/// The contract takes our signature, and gives the money back.
async fn buys_by_quote_within_a_window_and_gives_it_back(engine: Engine) {
    let mut place = Place::new(engine).await;
    let owner = Address(signer(0).address().0.0);
    let feed = place.anvil.dev.deploy_feed(owner, 2000).await.unwrap();
    let mut quotes = quotes();
    quotes.feeds[0].address = feed;
    let chain = Arc::new(Rpc::new(std::slice::from_ref(&place.anvil.url)).unwrap());
    let named = set_quote_signer_call(place.market.address, quotes.key.address());
    assert_eq!(chain.roles(place.market.address).await.unwrap().quote_signer, Address::ZERO);
    place.anvil.dev.send(owner, &named).await.unwrap();
    let roles = chain.roles(place.market.address).await.unwrap();
    assert_eq!((roles.quote_signer, roles.owner), (quotes.key.address(), owner));
    let policy = Policy { market: place.market.address, start_block: place.market.block, ..policy() };
    place.academy = Academy::builder(place.world.db.clone(), chain, policy, site(), chain_info())
        .clock(place.world.clock.clone())
        .quotes(quotes)
        .build();
    let (catalog, checkout) = (place.academy.catalog(), place.academy.checkout());

    let mut course = place.world.draft(&place.teacher).await;
    let tier = TierForm { currency: "USD".to_owned(), ..tier_form("50", 1) };
    course.tier = catalog.add_tier(&place.teacher, course.id, &tier).await.unwrap();
    catalog.set_refund_days(&place.teacher, course.id, "14").await.unwrap();
    let Published::NeedsListing(listing) = catalog.publish(&place.teacher, course.id).await.unwrap() else {
        panic!("the chain has nothing yet")
    };
    place.anvil.dev.send(person(&place.teacher).address, &call(&listing)).await.unwrap();
    turn(&place.academy).await;
    assert!(catalog.studio(&place.teacher, course.id).await.unwrap().agrees());

    let buyer = person(&place.buyer).address;
    let order = checkout.open(&place.buyer, course.tier).await.unwrap();
    assert_eq!(order.price.to_ether(), "0.025");
    let wallet = wallet_call(&checkout, &place.buyer, order.id).await.unwrap();
    let cheaper = Call { value: Wei::from_ether("0.024").unwrap(), ..call(&wallet) };
    assert!(place.anvil.dev.send(buyer, &cheaper).await.is_err(), "the contract takes the quoted price only");
    let mut forged = call(&wallet);
    *forged.data.last_mut().unwrap() ^= 1;
    let signature = forged.data.len() - 64;
    forged.data[signature] ^= 1;
    assert!(place.anvil.dev.send(buyer, &forged).await.is_err(), "and our signature only");
    place.anvil.dev.send(buyer, &call(&wallet)).await.unwrap();
    turn(&place.academy).await;
    assert!(place.world.can_read(&place.buyer, &course).await);
    let payout = checkout.payout(&place.teacher).await.unwrap();
    assert_eq!(
        (
            payout.tills[0].balances.as_ref().unwrap()[0].owed,
            payout.tills[0].balances.as_ref().unwrap()[0].held.to_ether().as_str()
        ),
        (Wei::ZERO, "0.025")
    );

    let refund = checkout.refund(&place.buyer, order.id).await.unwrap();
    place.anvil.dev.send(buyer, &call(&refund.call)).await.unwrap();
    turn(&place.academy).await;
    assert!(!place.world.can_read(&place.buyer, &course).await);
    assert_eq!(place.state(order.id).await, (OrderState::Refunded, None));
    assert_eq!(
        checkout.payout(&place.teacher).await.unwrap().tills[0].balances.as_ref().unwrap()[0].held,
        Wei::ZERO
    );
    assert!(place.anvil.dev.send(buyer, &call(&refund.call)).await.is_err(), "once");

    // Case 16: what was ordered at a listed price is paid at it, though another is listed since.
    let order = checkout.open(&place.buyer, place.course.tier).await.unwrap();
    catalog.edit_tier(&place.teacher, place.course.tier, &tier_form("0.03", 1)).await.unwrap();
    let update = catalog.listing_call(&place.teacher, place.course.id, CHAIN_ID).await.unwrap().unwrap();
    place.anvil.dev.send(person(&place.teacher).address, &call(&update)).await.unwrap();
    turn(&place.academy).await;
    let wallet = wallet_call(&checkout, &place.buyer, order.id).await.unwrap();
    assert_eq!(call(&wallet).value, order.price);
    place.anvil.dev.send(buyer, &call(&wallet)).await.unwrap();
    turn(&place.academy).await;
    assert!(place.can_read().await);
    place.close().await;
}

async fn a_reorg_takes_access_back_and_gives_it_again(engine: Engine) {
    let place = Place::new(engine).await;
    let (order, hash) = place.buy().await;
    let named = place.academy.checkout().submit(&place.buyer, order.id, &hash.to_string()).await.unwrap();
    assert_eq!(named.state, OrderState::Paid);
    turn(&place.academy).await;
    let raw = place.anvil.ask("eth_getRawTransactionByHash", json!([hash.to_string()])).await;

    place.anvil.ask("anvil_reorg", json!([1, []])).await;
    place.anvil.ask("anvil_dropTransaction", json!([hash.to_string()])).await;
    turn(&place.academy).await;
    assert_eq!(place.state(order.id).await, (OrderState::Confirming, Some(Setback::Orphaned)));
    assert!(!place.can_read().await);

    place.anvil.ask("eth_sendRawTransaction", json!([raw])).await;
    place.anvil.ask("anvil_mine", json!(["0x1"])).await;
    turn(&place.academy).await;
    turn(&place.academy).await;
    assert_eq!(place.state(order.id).await, (OrderState::Paid, None));
    assert!(place.can_read().await);
    assert_eq!(place.world.count("SELECT COUNT(*) FROM enrollments").await, 1);
    place.close().await;
}

async fn case_14_the_contract_takes_neither_more_nor_less_than_the_price(engine: Engine) {
    let place = Place::new(engine).await;
    let checkout = place.academy.checkout();
    let order = checkout.open(&place.buyer, place.course.tier).await.unwrap();
    let wallet = wallet_call(&checkout, &place.buyer, order.id).await.unwrap();
    for price in ["0.019", "0.021", "0"] {
        let wrong = Call { value: Wei::from_ether(price).unwrap(), ..call(&wallet) };
        assert!(place.anvil.dev.send(person(&place.buyer).address, &wrong).await.is_err(), "{price}");
        // Sent all the same, with gas that the wallet did not ask for: it fails on the chain.
        let sent = json!({
            "from": wallet.from, "to": wallet.to, "data": wallet.data,
            "value": format!("0x{:x}", wrong.value.get()), "gas": "0x30d40",
        });
        let hash = place.anvil.mined(sent).await["transactionHash"].clone();
        let answer = checkout.submit(&place.buyer, order.id, hash.as_str().unwrap()).await.unwrap();
        assert_eq!((answer.state, answer.setback), (OrderState::Open, Some(Setback::Reverted)));
        turn(&place.academy).await;
        assert!(!place.can_read().await);
    }
    // The order is still good.
    let hash = place.anvil.dev.send(person(&place.buyer).address, &call(&wallet)).await.unwrap();
    let paid = checkout.submit(&place.buyer, order.id, &hash.to_string()).await.unwrap();
    assert_eq!((paid.state, paid.setback), (OrderState::Paid, None));
    assert!(place.can_read().await);
    place.close().await;
}

async fn cancelled_in_the_wallet_opens_the_order_again(engine: Engine) {
    let place = Place::new(engine).await;
    let checkout = place.academy.checkout();
    let me = person(&place.buyer).address;
    place.anvil.ask("evm_setAutomine", json!([false])).await;
    let order = checkout.open(&place.buyer, place.course.tier).await.unwrap();
    let wallet = wallet_call(&checkout, &place.buyer, order.id).await.unwrap();
    let sent = place.anvil.dev.broadcast(me, &call(&wallet)).await.unwrap();
    let waiting = checkout.submit(&place.buyer, order.id, &sent.to_string()).await.unwrap();
    assert_eq!(waiting.state, OrderState::Submitted);
    let facts = place.anvil.ask("eth_getTransactionByHash", json!([sent.to_string()])).await;
    let cancelling = json!([{
        "from": wallet.from, "to": wallet.from, "value": "0x0", "nonce": facts["nonce"], "gas": "0x5208",
        "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x174876e800",
    }]);
    place.anvil.ask("eth_sendTransaction", cancelling).await;
    place.anvil.ask("anvil_mine", json!(["0x1"])).await;
    turn(&place.academy).await;
    turn(&place.academy).await;
    assert_eq!(place.state(order.id).await, (OrderState::Open, Some(Setback::Replaced)));
    assert!(!place.can_read().await);
    place.close().await;
}

#[tokio::test]
async fn a_node_says_which_blocks_are_final() {
    let anvil = Anvil::start().await;
    let node = Rpc::new(std::slice::from_ref(&anvil.url)).unwrap();
    anvil.ask("anvil_mine", json!(["0x80"])).await;
    let head = node.head().await.unwrap().number;
    let safe = node.tagged(BlockTag::Safe).await.unwrap().unwrap();
    let finalized = node.tagged(BlockTag::Finalized).await.unwrap().unwrap();
    assert!(0 < finalized && finalized < safe && safe < head, "{finalized} {safe} {head}");
}

#[tokio::test]
async fn deploys_with_a_key_from_an_encrypted_file() {
    let anvil = Anvil::start().await;
    let folder = std::env::temp_dir().join(format!("lectern-keystore-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("key.json");
    std::fs::write(&path, KEYSTORE).unwrap();
    let keystore = |password: &str| Deployer::Keystore { path: path.clone(), password: password.to_owned() };
    assert!(deploy(&anvil.url, keystore("wrong"), None).await.is_err());
    let market = deploy(&anvil.url, keystore("secret"), None).await.unwrap();
    let node = Rpc::new(std::slice::from_ref(&anvil.url)).unwrap();
    assert!(!node.code(market.address).await.unwrap().is_empty());
    assert!(market.block > 0 && market.gas > 21_000);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_deployments_code_is_awaited_and_another_is_refused() {
    let anvil = Anvil::start().await;
    let proxy = Proxy::before(&anvil.url).await;
    let deployer = || Deployer::Unlocked(Address(signer(0).address().0.0));
    // A node that is a block behind shows nothing, and another breaks off.
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let behind = move |code: &mut Value| match count.fetch_add(1, Ordering::Relaxed) {
        0 => *code = json!("0x"),
        1 => *code = json!("no code"),
        _ => {}
    };
    proxy.set(&[Fault::lie(&["eth_getCode"], behind)]);
    assert!(deploy(&proxy.url, deployer(), None).await.is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 3);

    let last = |code: &mut Value| {
        let mut text = code.as_str().unwrap().to_owned();
        let other = if text.pop() == Some('0') { '1' } else { '0' };
        *code = json!(format!("{text}{other}"));
    };
    proxy.set(&[Fault::lie(&["eth_getCode"], last)]);
    let error = deploy(&proxy.url, deployer(), None).await.unwrap_err();
    assert!(
        matches!(&error, ChainError::Refused(why) if why.contains("is not this version's market")),
        "{error}"
    );
}

on_anvil!(
    buys_finishes_and_pays_out,
    buys_by_quote_within_a_window_and_gives_it_back,
    a_reorg_takes_access_back_and_gives_it_again,
    case_14_the_contract_takes_neither_more_nor_less_than_the_price,
    cancelled_in_the_wallet_opens_the_order_again,
);
