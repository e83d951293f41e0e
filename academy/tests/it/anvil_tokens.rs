//! Tokens and wallets that are contracts, on a real node.

use std::sync::Arc;

use academy::{
    Academy,
    catalog::{Published, TierForm},
    chain::{Chain, Control, Rpc, Signing, TokenDomain, set_quote_signer_call, set_token_allowed_call},
    checkout::{ChainInfo, Order, OrderState, PayBy, Policy, Token, TransferState, WayBack},
    evm::Address,
    money::{Currency, Wei},
    page::Filter,
};
use alloy::{
    primitives::{Address as EvmAddress, Signature, U256},
    sol,
    sol_types::SolCall,
};
use serde_json::{Value, json};

use crate::support::{
    CHAIN_ID, Engine, TestCourse,
    anvil::{Anvil, Place, call, on_anvil, signer},
    chain_info, person, policy, quotes, refusal, site, tier_form, turn,
};

sol! {
    function transfer(address to, uint256 value) external returns (bool);
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
}

/// A place whose course costs 49 development dollars, and those.
async fn place_in_tokens(engine: Engine, signing: Option<Signing>) -> (Place, TestCourse, Currency) {
    let mut place = Place::new(engine).await;
    let owner = Address(signer(0).address().0.0);
    let dev = &place.anvil.dev;
    let address = dev.deploy_token(owner, "DUSD").await.unwrap();
    let mut quotes = quotes();
    for call in [
        set_quote_signer_call(place.market.address, quotes.key.address()),
        set_token_allowed_call(place.market.address, address, true),
    ] {
        dev.send(owner, &call).await.unwrap();
    }
    let currency = Currency { token: address, symbol: "DUSD".to_owned(), decimals: 6 };
    let (name, version) = ("Development Dollar".to_owned(), "1".to_owned());
    let domain = signing.map(|signing| TokenDomain { signing, name, version });
    let chain = Arc::new(Rpc::new(std::slice::from_ref(&place.anvil.url)).unwrap());
    let facts = chain.token(place.market.address, address).await.unwrap();
    assert_eq!((facts.allowed, facts.decimals), (true, 6));
    if let Some(domain) = &domain {
        assert_eq!(facts.separator, Some(domain.separator(CHAIN_ID, address)), "what doctor compares");
    }
    quotes.tokens = vec![Token { currency: currency.clone(), domain }];
    let policy = Policy { market: place.market.address, start_block: place.market.block, ..policy() };
    let info = ChainInfo { tokens: vec![currency.clone()], ..chain_info() };
    place.academy = Academy::builder(place.world.db.clone(), chain, policy, site(), info)
        .clock(place.world.clock.clone())
        .quotes(quotes)
        .build();
    let catalog = place.academy.catalog();
    let mut course = place.world.draft(&place.teacher).await;
    let tier = TierForm { currency: format!("{address}/6"), ..tier_form("49", 1) };
    course.tier = catalog.add_tier(&place.teacher, course.id, &tier).await.unwrap();
    let Published::NeedsListing(listing) = catalog.publish(&place.teacher, course.id).await.unwrap() else {
        panic!("the chain has nothing yet")
    };
    place.anvil.dev.send(person(&place.teacher).address, &call(&listing)).await.unwrap();
    turn(&place.academy).await;
    (place, course, currency)
}

/// Has the node sign what the site asks for, as the buyer's wallet would; answers the signature and what
/// was signed.
async fn signed(place: &Place, order: &Order) -> (String, Value) {
    let me = person(&place.buyer).address;
    let payment = place.academy.checkout().payment(&place.buyer, order.id, me, &PayBy::Best).await.unwrap();
    let data: Value = serde_json::from_str(&payment.sign.expect("there is something to sign")).unwrap();
    let signature = place.anvil.ask("eth_signTypedData_v4", json!([me.to_string(), data])).await;
    (signature.as_str().unwrap().to_owned(), data)
}

/// It is paid, and its teacher can take the money out.
async fn is_paid(place: &Place, course: &TestCourse, order: &Order, currency: &Currency) {
    let checkout = place.academy.checkout();
    turn(&place.academy).await;
    assert!(place.world.can_read(&place.buyer, course).await);
    assert_eq!(place.state(order.id).await, (OrderState::Paid, None));
    let payout = checkout.payout(&place.teacher).await.unwrap();
    assert_eq!(
        (
            &payout.tills[0].balances.as_ref().unwrap()[1].currency,
            payout.tills[0].balances.as_ref().unwrap()[1].owed
        ),
        (currency, order.price)
    );
    let withdraw = checkout
        .payout_call(&place.teacher, CHAIN_ID, place.market.address, currency.token, "")
        .await
        .unwrap();
    place.anvil.dev.send(person(&place.teacher).address, &call(&withdraw)).await.unwrap();
    turn(&place.academy).await;
    let payout = checkout.payout(&place.teacher).await.unwrap();
    assert_eq!(payout.tills[0].balances.as_ref().unwrap()[1].owed, Wei::ZERO);
    assert_eq!((payout.history[0].amount, &payout.history[0].currency), (order.price, currency));
}

async fn case_19_an_authorization_is_sent_by_anyone_and_pays_once(engine: Engine) {
    let (place, course, currency) = place_in_tokens(engine, Some(Signing::Authorization)).await;
    let order = place.academy.checkout().open(&place.buyer, course.tier).await.unwrap();
    let (signature, _) = signed(&place, &order).await;
    let relayer = Address(signer(0).address().0.0);
    let me = person(&place.buyer).address;
    let checkout = place.academy.checkout();
    let payment = checkout.payment(&place.buyer, order.id, me, &PayBy::Signature(signature)).await.unwrap();
    let paid = call(payment.calls.last().unwrap());
    place.anvil.dev.send(relayer, &paid).await.unwrap();
    let again = place.anvil.dev.send(relayer, &paid).await;
    assert!(again.is_err(), "{again:?}");
    is_paid(&place, &course, &order, &currency).await;
    place.close().await;
}

async fn case_24_a_permit_that_another_submits_first_pays_all_the_same(engine: Engine) {
    let (place, course, currency) = place_in_tokens(engine, Some(Signing::Permit)).await;
    let order = place.academy.checkout().open(&place.buyer, course.tier).await.unwrap();
    let (text, data) = signed(&place, &order).await;
    let signature: Signature = text.parse().unwrap();
    let number = |name: &str| data["message"][name].as_str().unwrap().parse::<U256>().unwrap();
    let stolen = permitCall {
        owner: EvmAddress::from(person(&place.buyer).address.0),
        spender: EvmAddress::from(place.market.address.0),
        value: number("value"),
        deadline: number("deadline"),
        v: 27 + u8::from(signature.v()),
        r: signature.r().into(),
        s: signature.s().into(),
    };
    // The site's call was made before, as a wallet that shows it would have it.
    let me = person(&place.buyer).address;
    let payment =
        place.academy.checkout().payment(&place.buyer, order.id, me, &PayBy::Signature(text)).await.unwrap();
    let stolen = academy::chain::Call { to: currency.token, data: stolen.abi_encode(), value: Wei::ZERO };
    place.anvil.dev.send(Address(signer(0).address().0.0), &stolen).await.unwrap();
    place.anvil.dev.send(me, &call(&payment.calls[0])).await.unwrap();
    is_paid(&place, &course, &order, &currency).await;
    place.close().await;
}

async fn an_approval_goes_before_where_nothing_can_be_signed(engine: Engine) {
    let (place, course, currency) = place_in_tokens(engine, None).await;
    let checkout = place.academy.checkout();
    let order = checkout.open(&place.buyer, course.tier).await.unwrap();
    let me = person(&place.buyer).address;
    let payment = checkout.payment(&place.buyer, order.id, me, &PayBy::Best).await.unwrap();
    assert_eq!((payment.sign, payment.calls.len()), (None, 2));
    assert!(place.anvil.dev.send(me, &call(&payment.calls[1])).await.is_err(), "not before it is approved");
    // What waits for a block allows nothing yet.
    let calls = async || checkout.payment(&place.buyer, order.id, me, &PayBy::Best).await.unwrap().calls;
    place.anvil.ask("evm_setAutomine", json!([false])).await;
    place.anvil.dev.broadcast(me, &call(&payment.calls[0])).await.unwrap();
    assert_eq!(calls().await, payment.calls);
    place.anvil.ask("evm_setAutomine", json!([true])).await;
    place.anvil.ask("evm_mine", json!([])).await;
    assert_eq!(calls().await, payment.calls[1..]);
    place.anvil.dev.send(me, &call(&payment.calls[1])).await.unwrap();
    is_paid(&place, &course, &order, &currency).await;
    // Somebody without a dollar.
    let poor = place.world.learner().await;
    let order = checkout.open(&poor, course.tier).await.unwrap();
    let refused = checkout.payment(&poor, order.id, person(&poor).address, &PayBy::Best).await;
    assert_eq!(refusal(refused).1, "too_few_tokens");
    place.close().await;
}

async fn case_13_tokens_sent_straight_to_the_market_are_found_and_sent_back(engine: Engine) {
    let (place, course, currency) = place_in_tokens(engine, None).await;
    let (checkout, dev) = (place.academy.checkout(), &place.anvil.dev);
    let (me, owner) = (person(&place.buyer).address, Address(signer(0).address().0.0));
    let order = checkout.open(&place.buyer, course.tier).await.unwrap();
    let market = EvmAddress::from(place.market.address.0);
    let transfer = transferCall { to: market, value: U256::from(15_000_000) }.abi_encode();
    let transfer = academy::chain::Call { to: currency.token, data: transfer, value: Wei::ZERO };
    let sent = dev.send(me, &transfer).await.unwrap();
    let payment = checkout.payment(&place.buyer, order.id, me, &PayBy::Approval).await.unwrap();
    for step in &payment.calls {
        dev.send(me, &call(step)).await.unwrap();
    }
    let is_final = async || {
        place.anvil.ask("anvil_mine", json!(["0x3"])).await;
        place.world.advance_minutes(1);
        turn(&place.academy).await;
    };
    is_final().await;
    // The purchase explains its own transfer, and not the other.
    assert_eq!(place.state(order.id).await, (OrderState::Paid, None));
    let admin = place.world.admin().await;
    let found = checkout.transfers(&admin, &Filter::default()).await.unwrap();
    assert_eq!(found.total, 1);
    let row = &found.rows[0];
    assert_eq!((row.transaction.hash, row.sender, row.order), (sent, me, Some(order.id)));
    let back = checkout.transfer_return(&admin, row.id).await.unwrap();
    assert_eq!(back.way, WayBack::By(owner.checksummed()));
    let rescue =
        |amount| Control::Rescue { token: currency.token, to: me, amount }.call(place.market.address);
    let more = dev.send(owner, &rescue(row.amount.plus(Wei::new(U256::from(1))))).await;
    assert!(more.is_err(), "what was paid for courses stays: {more:?}");
    assert!(dev.send(me, &rescue(row.amount)).await.is_err(), "the owner alone");
    let returned = dev.send(owner, &rescue(row.amount)).await.unwrap();
    is_final().await;
    let row = checkout.transfers(&admin, &Filter::default()).await.unwrap().rows.remove(0);
    assert_eq!(row.state, TransferState::Returned);
    assert_eq!(row.returned.unwrap().hash, returned);
    place.close().await;
}

/// ERC-1271: what such a wallet's code answers, whatever it is asked.
const YES: &str = "0x631626ba7e60e01b60005260206000f3";
const NO: &str = "0x63ffffffff60e01b60005260206000f3";
const REVERTS: &str = "0x60006000fd";
/// Jumps for ever, until its gas is used up.
const BURNS: &str = "0x5b600056";

#[tokio::test]
async fn case_20_a_contract_is_asked_whether_it_signed_and_can_not_stall_the_node() {
    let anvil = Anvil::start().await;
    let node = Rpc::new(std::slice::from_ref(&anvil.url)).unwrap();
    let wallet = Address([0x5a; 20]);
    for (code, answer) in [(YES, true), (NO, false), (REVERTS, false), (BURNS, false), ("0x", false)] {
        anvil.ask("anvil_setCode", json!([wallet.to_string(), code])).await;
        for signature in [vec![], vec![7; 65], vec![7; 3000]] {
            assert_eq!(node.approves(wallet, [1; 32], &signature).await, Ok(answer), "{code}");
        }
    }
    // ERC-6492: the suffix, and nothing before it that could be read.
    anvil.ask("anvil_setCode", json!([wallet.to_string(), YES])).await;
    let wrapped = [0x64, 0x92].repeat(16);
    assert_eq!(node.approves(wallet, [1; 32], &wrapped).await, Ok(false));
}

#[tokio::test]
async fn case_21_an_account_that_delegates_still_pays_and_signs_with_its_key() {
    let place = Place::new(Engine::Sqlite).await;
    let delegation = format!("0xef0100{}", &place.market.address.to_string()[2..]);
    let buyer = signer(2);
    let me = Address(buyer.address().0.0);
    place.anvil.ask("anvil_setCode", json!([me.to_string(), delegation])).await;
    let actor = place.world.sign_in(&buyer).await;
    assert_eq!(person(&actor).address, me);
    place.buy().await;
    turn(&place.academy).await;
    assert!(place.can_read().await);
    place.close().await;
}

on_anvil!(
    case_19_an_authorization_is_sent_by_anyone_and_pays_once,
    case_24_a_permit_that_another_submits_first_pays_all_the_same,
    an_approval_goes_before_where_nothing_can_be_signed,
    case_13_tokens_sent_straight_to_the_market_are_found_and_sent_back,
);
