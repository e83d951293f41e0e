//! `lectern pay` against a site that really sells.

use std::time::Duration;

use academy::{
    Actor,
    chain::{Terms, purchase_call},
    evm::Address,
    money::Wei,
};
use serde_json::json;

use crate::till::{BUYER, PLATFORM, TEACHER, Till, address};

const DEV: [&str; 2] = ["--dev-account", BUYER];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&DEV[..], args].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buys_once_with_an_encrypted_key() {
    let till = Till::open().await;
    let key =
        ["--keystore", "key.json", "--password-file", "password", "--tier", "full", "--max-price", "0.02"];
    let before = till.nonce(PLATFORM).await;

    let dry = till.pay(&[&key[..], &["--dry-run"]].concat()).await;
    assert_eq!((dry.0, &dry.1["outcome"]), (0, &json!("dry_run")), "{}", dry.2);
    assert!(dry.1["steps"]["rehearsed"].is_number() && dry.1.get("transaction").is_none(), "{}", dry.2);
    assert_eq!(till.nonce(PLATFORM).await, before);

    let (code, line, text) = till.pay(&key).await;
    assert_eq!((code, &line["outcome"]), (0, &json!("bought")), "{text}");
    assert_eq!(line["order"], dry.1["order"], "the order of the dry run goes on");
    assert_eq!((&line["state"], &line["lesson"]), (&json!("paid"), &json!("inside")), "{text}");
    assert_eq!(line["recipient"], till.market.address.checksummed());
    let wei = |name: &str| line[name].as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(wei("price_wei"), 20_000_000_000_000_000);
    assert_eq!(wei("cost_wei"), wei("price_wei") + wei("fee_wei"));
    assert!(line["gas"].as_u64().unwrap() > 21_000 && line["block"].is_number(), "{text}");
    for step in [
        "offer",
        "node",
        "signed_in",
        "order",
        "call",
        "rehearsed",
        "sent",
        "submitted",
        "mined",
        "open",
        "lesson",
    ] {
        assert!(line["steps"][step].is_number(), "{step}: {text}");
    }
    assert!(!text.contains("secret"), "the password is not shown: {text}");

    let after = till.nonce(PLATFORM).await;
    let (code, line, text) = till.pay(&key).await;
    assert_eq!((code, &line["outcome"]), (0, &json!("already_bought")), "{text}");
    assert_eq!(line["lesson"], "inside", "{text}");
    assert_eq!(till.nonce(PLATFORM).await, after, "nothing was paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buys_in_dollars_up_to_a_limit() {
    let till = Till::open().await;
    let dollars = with(&["--course", "in-dollars"]);
    let (code, line, text) = till.pay(&dollars).await;
    assert_eq!((code, &line["outcome"]), (2, &json!("usage")), "{text}");
    assert!(line["reason"].as_str().unwrap().contains("30.00 USD"), "{text}");
    let (code, line, text) = till.pay(&[&dollars[..], &["--max-price", "0.0099"]].concat()).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    assert_eq!(till.nonce(BUYER).await, "\"0x0\"");
    let (code, line, text) = till.pay(&[&dollars[..], &["--max-price", "0.01"]].concat()).await;
    assert_eq!((code, &line["outcome"]), (0, &json!("bought")), "{text}");
    assert_eq!(
        (&line["price_wei"], &line["lesson"]),
        (&json!("10000000000000000"), &json!("inside")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buys_in_a_token_that_it_lets_the_market_take() {
    let till = Till::open().await;
    let before = till.tokens_of(BUYER).await;
    let tokens = with(&["--course", "in-tokens"]);
    let (code, line, text) = till.pay(&[&tokens[..], &["--max-price", "49.49"]].concat()).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    let (code, line, text) = till.pay(&[&tokens[..], &["--dry-run"]].concat()).await;
    assert_eq!((code, &line["outcome"]), (0, &json!("dry_run")), "{text}");
    assert_eq!(till.nonce(BUYER).await, "\"0x0\"", "nothing was approved");
    let (code, line, text) = till.pay(&[&tokens[..], &["--max-price", "49.5"]].concat()).await;
    assert_eq!((code, &line["outcome"]), (0, &json!("bought")), "{text}");
    assert_eq!((&line["price_units"], &line["currency"]), (&json!("49500000"), &json!("TUSD")), "{text}");
    assert!(line.get("price_wei").is_none() && line["approval"].is_string(), "{text}");
    let wei = |name: &str| line[name].as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(wei("cost_wei"), wei("fee_wei") + wei("approval_fee_wei"), "{text}");
    assert_eq!(line["lesson"], "inside", "{text}");
    assert_eq!(
        (till.nonce(BUYER).await.as_str(), before - till.tokens_of(BUYER).await),
        ("\"0x2\"", 49_500_000)
    );
    // Where dollars can be paid in both, in what is wanted.
    let dollars = with(&["--course", "in-dollars", "--currency", "tusd", "--max-price"]);
    let (code, line, text) = till.pay(&[&dollars[..], &["29.99"]].concat()).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    let (code, line, text) = till.pay(&[&dollars[..], &["30.00"]].concat()).await;
    assert_eq!(
        (code, &line["price_units"], &line["lesson"]),
        (0, &json!("30000000"), &json!("inside")),
        "{text}"
    );
    let (code, line, text) = till.pay(&with(&["--currency", "TUSD"])).await;
    assert_eq!((code, &line["outcome"]), (2, &json!("usage")), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_for_as_much_as_is_asked() {
    let till = Till::open().await;
    let paying = till.start_paying(&with(&["--until", "final", "--timeout", "60"]));
    let mined = async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            till.anvil.ask("anvil_mine", json!(["0x1"])).await;
        }
    };
    let (code, line, text) = tokio::select! {
        end = paying.end() => end,
        () = mined => unreachable!("it mines for ever"),
    };
    assert_eq!((code, &line["outcome"]), (0, &json!("bought")), "{text}");
    assert!(line["steps"]["final"].as_f64() > line["steps"]["open"].as_f64(), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn follows_what_is_owned_as_far_as_is_asked() {
    let till = Till::open().await;
    let (code, bought, text) = till.pay(&DEV).await;
    assert_eq!((code, &bought["outcome"]), (0, &json!("bought")), "{text}");
    let asked: [&[&str]; 2] = [&["--until", "final"], &["--confirmations", "3"]];
    for further in asked {
        let (code, line, text) = till.pay(&with(&[further, &["--timeout", "3"]].concat())).await;
        assert_eq!((code, &line["outcome"]), (3, &json!("not_opened")), "{text}");
        let reason = line["reason"].as_str().unwrap();
        assert!(reason.contains("not as far as was asked") && reason.contains("Run this again"), "{reason}");
        assert_eq!(line["order"], bought["order"], "{text}");
    }
    till.anvil.ask("anvil_mine", json!(["0x2"])).await;
    for (further, step) in asked.into_iter().zip(["final", "confirmed"]) {
        let (code, line, text) = till.pay(&with(&[further, &["--timeout", "60"]].concat())).await;
        assert_eq!((code, &line["outcome"]), (0, &json!("already_bought")), "{text}");
        assert!(line["steps"]["owned"].is_number() && line["steps"][step].is_number(), "{text}");
        assert_eq!((&line["transaction"], &line["lesson"]), (&bought["transaction"], &json!("inside")));
    }
    assert_eq!(till.nonce(BUYER).await, "\"0x1\"", "one payment in all runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn says_where_nothing_is_known_of_a_payment() {
    let till = Till::open().await;
    let course = till.academy.catalog().course(&Actor::System, "a-course").await.unwrap().course.id;
    let learning = till.academy.learning();
    learning.grant(&Actor::System, address(BUYER), course, 1, "a gift").await.unwrap();
    let (code, line, text) = till.pay(&DEV).await;
    assert_eq!((code, &line["outcome"]), (0, &json!("already_bought")), "{text}");
    let (code, line, text) = till.pay(&with(&["--until", "final"])).await;
    assert_eq!((code, &line["outcome"]), (3, &json!("not_opened")), "{text}");
    assert!(line["reason"].as_str().unwrap().contains("nothing is known of its payment"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goes_on_where_an_earlier_run_ended() {
    let till = Till::open().await;
    till.anvil.ask("evm_setAutomine", json!([false])).await;
    let (code, line, text) = till.pay(&with(&["--timeout", "3"])).await;
    assert_eq!((code, &line["outcome"]), (3, &json!("not_opened")), "{text}");
    assert!(line["reason"].as_str().unwrap().contains("nothing is paid twice"), "{text}");
    // It waits in the node: another run follows it, and sends none of its own.
    let mut next = till.start_telling(&with(&["--course", "a-course", "--timeout", "60"]));
    next.reach("a payment of this order is under way");
    till.anvil.ask("anvil_mine", json!(["0x1"])).await;
    next.reach("the order that was under way is open; nothing was paid in this run");
    assert_eq!(next.end(), Some(0));
    assert_eq!(till.nonce(BUYER).await, "\"0x1\"", "one payment in two runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_contract_sold_already_is_waited_for_and_not_called_unpaid() {
    let till = Till::open().await;
    let page = till.academy.catalog().course(&Actor::System, "a-course").await.unwrap();
    let sold = Terms {
        order: [9; 32],
        number: page.sold_on(&page.tiers[0]).next().unwrap().listing.as_ref().unwrap().number,
        tier: page.tiers[0].number,
        beneficiary: address(BUYER),
        token: Address::ZERO,
        amount: Wei::from_ether("0.02").unwrap(),
        deadline: 0,
    };
    till.anvil.dev.send(address(PLATFORM), &purchase_call(till.market.address, &sold)).await.unwrap();
    let (code, line, text) = till.pay(&with(&["--timeout", "3"])).await;
    assert_eq!((code, &line["outcome"]), (3, &json!("not_opened")), "{text}");
    assert!(line["steps"]["resumed"].is_number(), "{text}");
    assert_eq!(till.nonce(BUYER).await, "\"0x0\"", "nothing is paid twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_in_at_the_named_site_only() {
    let till = Till::open_as("localhost").await;
    let (code, line, text) = till.pay(&DEV).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("localhost") && reason.contains("nothing was signed"), "{reason}");
    assert!(line["steps"].get("signed_in").is_none(), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_before_signing_what_costs_too_much() {
    let till = Till::open().await;
    let (code, line, text) = till.pay(&with(&["--max-price", "0.0199"])).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    assert!(line["reason"].as_str().unwrap().contains("--max-price"), "{text}");
    assert!(line["steps"].get("signed_in").is_none() && line["steps"].get("node").is_none(), "{text}");

    let (code, line, text) = till.pay(&with(&["--max-fee", "0.000000001"])).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    assert!(line["reason"].as_str().unwrap().contains("--max-fee"), "{text}");
    assert_eq!(till.nonce(BUYER).await, "\"0x0\"");

    let (code, line, _) = till.pay(&["--dev-account", TEACHER]).await;
    assert_eq!(code, 1);
    assert!(line["reason"].as_str().unwrap().contains("teaches the course"), "{line}");
    let (code, line, _) = till.pay(&with(&["--tier", "Gold"])).await;
    assert_eq!((code, &line["outcome"]), (2, &json!("usage")), "{line}");
    assert!(line["reason"].as_str().unwrap().contains("“Full” 0.02 ETH"), "{line}");
    let (code, line, _) = till.pay(&with(&["--rpc-url", "http://127.0.0.1:9/v2/hunter2"])).await;
    assert_eq!(code, 1);
    assert!(!line.to_string().contains("hunter2"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_why_the_contract_refuses() {
    let till = Till::open().await;
    // Mined in front of the payment, which was fine when it was rehearsed.
    till.anvil.ask("evm_setAutomine", json!([false])).await;
    let paying = till.start_paying(&with(&["--timeout", "60"]));
    loop {
        let waiting = till.anvil.ask("eth_getTransactionCount", json!([BUYER, "pending"])).await;
        if waiting == "0x1" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    till.pause().await;
    till.anvil.ask("anvil_mine", json!(["0x1"])).await;
    let (code, line, text) = paying.end().await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("purchases are paused") && reason.contains("only the network's fee"), "{reason}");
    assert_eq!(line["cost_wei"], line["fee_wei"], "{line}");

    // Known beforehand, the site does not even ask for it.
    let (code, line, text) = till.pay(&DEV).await;
    assert_eq!((code, &line["outcome"]), (1, &json!("refused")), "{text}");
    assert!(line["reason"].as_str().unwrap().contains("has paused purchases"), "{text}");
    assert!(line["steps"].get("sent").is_none(), "{text}");
    assert_eq!(till.nonce(BUYER).await, "\"0x1\"");
}
