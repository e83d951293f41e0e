//! `lectern contracts` against anvil.

use std::{path::Path, process::Command};

use academy::{
    catalog::Offered,
    chain::{Call, Terms, list_course_call, purchase_call},
    evm::Address,
    money::Wei,
};
use serde_json::{Value, json};

use crate::till::{Anvil, BUYER, PLATFORM, TEACHER, address};

fn lectern(folder: &Path, args: &[&str], settings: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lectern"));
    command.current_dir(folder).args(args).env_clear();
    command.envs(settings.iter().map(|(key, value)| (format!("LECTERN__{key}"), *value)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn deploys_verifies_and_lists() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (code, out, errors) = lectern(
        folder.path(),
        &["contracts", "deploy", "--rpc-url", &anvil.url, "--dev-account", PLATFORM],
        &[],
    );
    assert_eq!(code, 0, "{errors}");
    let deployed: Value = serde_json::from_str(&out).unwrap();
    let gas = deployed["gas"].as_u64().unwrap();
    let cost: u128 = deployed["cost"].as_str().unwrap().parse().unwrap();
    assert!(u128::from(gas) < cost && cost.is_multiple_of(u128::from(gas)), "{out}");
    let market = deployed["address"].as_str().unwrap();

    let (code, out, errors) =
        lectern(folder.path(), &["contracts", "verify", "--rpc-url", &anvil.url, "--address", market], &[]);
    assert_eq!(code, 0, "{out}{errors}");
    assert!(
        out.contains("this version's market") && out.contains(PLATFORM) && out.contains("31337"),
        "{out}"
    );

    let urls = format!("[\"{}\"]", anvil.url);
    let settings = [("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", market)];
    let (code, out, errors) = lectern(folder.path(), &["contracts", "list", "--json"], &settings);
    assert_eq!(code, 0, "{errors}");
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&listed["code"], &listed["owner"]), (&json!("ours"), &json!(PLATFORM)), "{out}");
    assert_eq!(
        (&listed["paused"], &listed["fee_bps"], &listed["listings"]),
        (&json!(false), &json!(0), &json!(0))
    );
    let (code, out, _) = lectern(folder.path(), &["contracts", "list"], &settings);
    assert_eq!(code, 0);
    for words in
        ["pending owner  nobody", "purchases      open", "fee            0 bps (0.00 %)", "listings       0"]
    {
        assert!(out.contains(words), "{words}: {out}");
    }
    // A chain without a market, and one whose node is down, hide no other.
    let others = format!(
        r#"[{{id=31338,name="Bare",currency="ETH",rpc_urls={urls}}},
            {{id=31339,name="Down",currency="ETH",rpc_urls=["http://127.0.0.1:1"],market="{market}"}}]"#
    );
    let several = [&settings[..], &[("CHAINS", others.as_str())]].concat();
    let (code, out, errors) = lectern(folder.path(), &["contracts", "list"], &several);
    assert_eq!(code, 1);
    assert!(out.contains("purchases      open"), "{out}");
    assert!(errors.contains("Bare (31338): ") && errors.contains("Down (31339): "), "{errors}");
}

#[tokio::test]
async fn the_owner_names_the_signer_and_allows_tokens() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let market = anvil.deploy().await.address.to_string();
    let (code, out, errors) = lectern(
        folder.path(),
        &["contracts", "dev-token", "--rpc-url", &anvil.url, "--dev-account", PLATFORM],
        &[],
    );
    assert_eq!(code, 0, "{errors}");
    let told: Value = serde_json::from_str(&out).unwrap();
    let token = told["token"].as_str().unwrap();
    let urls = format!("[\"{}\"]", anvil.url);
    let tokens = format!(
        r#"[{{symbol="DUSD",address="{token}",decimals=6,sign="permit",name="Development Dollar"}}]"#
    );
    let key = "51".repeat(32);
    let settings = [
        ("CHAIN__RPC_URLS", urls.as_str()),
        ("CHAIN__MARKET", market.as_str()),
        ("QUOTES__KEY", key.as_str()),
        ("CHAIN__TOKENS", tokens.as_str()),
        ("CHAIN__OPEN_TAG", "safe"),
        ("CHAIN__FINAL_TAG", "finalized"),
    ];
    let set = |args: &[&str]| {
        lectern(folder.path(), &[&["contracts", "set", "--dev-account"], args].concat(), &settings)
    };
    let doctor = || lectern(folder.path(), &["doctor"], &settings).1;
    let before = doctor();
    assert!(before.contains("--quote-signer configured") && before.contains("--allow-token"), "{before}");
    assert!(!before.contains(&key), "{before}");
    assert!(before.contains("warning  final_tag: the network has vouched for no block yet"), "{before}");
    anvil.ask("anvil_mine", serde_json::json!(["0xc8"])).await;
    let vouched = doctor();
    for key in ["open_tag", "final_tag"] {
        let told = format!("ok       {key}: the network vouches for blocks up to ");
        assert!(vouched.contains(&told), "{vouched}");
    }
    assert_eq!(set(&[PLATFORM]).0, 2, "there is nothing to change");
    let stranger = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    let (code, _, errors) = set(&[stranger, "--allow-token", token]);
    assert!(code != 0 && errors.contains("only the market's owner"), "{errors}");
    let (code, _, errors) = set(&[PLATFORM, "--allow-token", stranger]);
    assert!(code != 0 && errors.contains("no token at that address"), "{errors}");
    let (code, out, errors) = set(&[PLATFORM, "--quote-signer", "configured", "--allow-token", token]);
    assert_eq!((code, out.lines().count()), (0, 2), "{out}{errors}");
    let after = doctor();
    assert!(
        after.contains("the market takes quotes of") && after.contains("the market sells for DUSD"),
        "{after}"
    );
    assert_eq!(set(&[PLATFORM, "--forbid-token", token]).0, 0);
    assert!(doctor().contains("does not sell for it"));
}

#[tokio::test]
async fn each_role_does_its_own_at_the_market_and_nothing_else() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let market = anvil.deploy().await.address.to_string();
    let urls = format!("[\"{}\"]", anvil.url);
    let settings = [("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", market.as_str())];
    let contracts = |args: &[&str]| lectern(folder.path(), &[&["contracts"], args].concat(), &settings);
    let set = |who: &str, args: &[&str]| contracts(&[&["set", "--dev-account", who], args].concat());
    let listed = || serde_json::from_str::<Value>(&contracts(&["list", "--json"]).1).unwrap();
    let refused = |(code, out, errors): (i32, String, String), why: &str| {
        assert!(code == 1 && errors.contains(why) && out.is_empty(), "{why}: {out}{errors}");
    };

    let (code, out, errors) =
        set(PLATFORM, &["--fee-bps", "250", "--fee-payee", TEACHER, "--pauser", BUYER, "--pause"]);
    assert_eq!((code, out.lines().count()), (0, 4), "{out}{errors}");
    assert!(out.lines().all(|line| line.contains(" gas, 0.0") && line.ends_with(" ETH")), "{out}");
    assert!(
        errors.contains("fee 250 bps (2.50 %): takes the market's owner") && errors.contains(BUYER),
        "{errors}"
    );
    let now = listed();
    assert_eq!(
        (&now["fee_bps"], &now["fee_payee"], &now["pauser"], &now["paused"]),
        (&json!(250), &json!(TEACHER), &json!(BUYER), &json!(true))
    );

    refused(set(PLATFORM, &["--pause"]), "purchases are paused");
    refused(set(BUYER, &["--unpause"]), "only the market's owner may do that");
    assert_eq!(set(PLATFORM, &["--unpause"]).0, 0);
    refused(set(PLATFORM, &["--unpause"]), "purchases are not paused");
    assert_eq!(set(BUYER, &["--pause"]).0, 0, "the pauser may");
    refused(set(TEACHER, &["--pause"]), "only the market's owner or pauser may do that");
    // What comes before one that would be refused is not done either.
    refused(set(PLATFORM, &["--fee-payee", BUYER, "--fee-bps", "1001"]), "the fee is 1000 bps at most");
    refused(set(BUYER, &["--pause", "--pauser", PLATFORM]), "Nothing was sent");
    assert_eq!(listed()["fee_payee"], json!(TEACHER));
    assert_eq!(set(PLATFORM, &["--pause", "--unpause"]).0, 2);

    let accept = |who: &str| contracts(&["accept-ownership", "--dev-account", who]);
    refused(accept(TEACHER), "nobody now");
    assert_eq!(set(PLATFORM, &["--new-owner", TEACHER]).0, 0);
    assert_eq!((&listed()["owner"], &listed()["pending_owner"]), (&json!(PLATFORM), &json!(TEACHER)));
    refused(accept(BUYER), "only the account that the market's owner named as the next one");
    let (code, out, errors) = accept(TEACHER);
    assert!(code == 0 && out.starts_with(&format!("owner {TEACHER}")), "{out}{errors}");
    refused(
        set(PLATFORM, &["--fee-bps", "0"]),
        &format!("only the market's owner may do that, which is {TEACHER}"),
    );
    assert_eq!(set(TEACHER, &["--fee-bps", "0", "--pauser", &Address::ZERO.to_string()]).0, 0);
    let now = listed();
    assert_eq!((&now["owner"], &now["fee_bps"]), (&json!(TEACHER), &json!(0)));
    assert!(contracts(&["list"]).1.contains("pauser         nobody"));
}

#[tokio::test]
async fn the_fee_payee_withdraws_the_fees() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let market = anvil.deploy().await.address;
    let token = anvil.dev.deploy_token(address(PLATFORM), "TUSD").await.unwrap();
    let (at, urls) = (market.to_string(), format!("[\"{}\"]", anvil.url));
    let key = "51".repeat(32);
    let tokens = format!(r#"[{{symbol="TUSD",address="{token}",decimals=6}}]"#);
    let settings = [
        ("CHAIN__RPC_URLS", urls.as_str()),
        ("CHAIN__MARKET", at.as_str()),
        ("CHAIN__TOKENS", tokens.as_str()),
        ("QUOTES__KEY", key.as_str()),
    ];
    let contracts = |args: &[&str]| lectern(folder.path(), &[&["contracts"], args].concat(), &settings);
    let withdraw =
        |who: &str, args: &[&str]| contracts(&[&["withdraw-fees", "--dev-account", who], args].concat());
    let named = contracts(&[
        "set",
        "--dev-account",
        PLATFORM,
        "--fee-bps",
        "250",
        "--fee-payee",
        BUYER,
        "--allow-token",
        &token.to_string(),
    ]);
    assert_eq!(named.0, 0, "{}", named.2);
    let (code, out, errors) = withdraw(BUYER, &[]);
    assert!(code == 0 && out.contains("no fees"), "{out}{errors}");

    // Two courses of two payees, each bought once.
    let price = Wei::from_ether("0.02").unwrap();
    for (number, payee) in [(1, TEACHER), (2, PLATFORM)] {
        let list = list_course_call(market, [number; 32], address(payee), 0, &[Some(Offered::At(price))]);
        anvil.dev.send(address(payee), &list).await.unwrap();
        let terms = Terms {
            order: [number; 32],
            number: number.into(),
            tier: 0,
            beneficiary: address(BUYER),
            token: Address::ZERO,
            amount: price,
            deadline: 0,
        };
        anvil.dev.send(address(BUYER), &purchase_call(market, &terms)).await.unwrap();
    }
    let (code, out, errors) = contracts(&["list", "--fees"]);
    assert!(code == 0 && out.contains("fees           0.001 ETH\n"), "{out}{errors}");
    let listed: Value = serde_json::from_str(&contracts(&["list", "--fees", "--json"]).1).unwrap();
    assert_eq!(listed["fees"][0], json!({ "currency": "ETH", "units": "1000000000000000" }), "{listed}");

    let (code, _, errors) = withdraw(PLATFORM, &[]);
    assert!(code == 1 && errors.contains("only the market's fee payee may do that, which is"), "{errors}");
    let (code, _, errors) = withdraw(BUYER, &["--currency", "DAI"]);
    assert!(code == 1 && errors.contains("chain.tokens"), "{errors}");
    let (code, _, errors) = withdraw(BUYER, &["--to", &at]);
    assert!(code == 1 && errors.contains("does not take the money"), "{errors}");
    let stranger = "0x00000000000000000000000000000000000051ab";
    let (code, out, errors) = withdraw(BUYER, &["--to", stranger, "--currency", "ETH"]);
    assert!(code == 0 && out.starts_with("0.001 ETH of 2 payees to"), "{out}{errors}");
    let had = anvil.ask("eth_getBalance", json!([stranger, "latest"])).await;
    assert_eq!(had, json!("0x38d7ea4c68000"));
    assert!(contracts(&["list", "--fees"]).1.contains("none to withdraw"));
}

#[tokio::test]
async fn a_former_market_is_shown_and_run_too() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (former, now) = (anvil.deploy().await.address, anvil.deploy().await.address);
    let (at, urls) = (now.to_string(), format!("[\"{}\"]", anvil.url));
    let before = format!(r#"[{{address="{former}",start_block=1}}]"#);
    let settings = [
        ("CHAIN__RPC_URLS", urls.as_str()),
        ("CHAIN__MARKET", at.as_str()),
        ("CHAIN__FORMER_MARKETS", before.as_str()),
    ];
    let contracts = |args: &[&str]| lectern(folder.path(), &[&["contracts"], args].concat(), &settings);
    let (code, _, errors) = contracts(&[
        "set",
        "--market",
        &former.to_string(),
        "--dev-account",
        PLATFORM,
        "--fee-bps",
        "250",
        "--fee-payee",
        BUYER,
    ]);
    assert_eq!(code, 0, "{errors}");
    let (code, out, errors) = contracts(&["list", "--json"]);
    assert_eq!(code, 0, "{errors}");
    let listed: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = listed.iter().map(|market| (&market["former"], &market["fee_bps"])).collect();
    assert_eq!(told, [(&json!(false), &json!(0)), (&json!(true), &json!(250))]);
    assert!(contracts(&["list"]).1.contains(&format!("{}, a former one", former.checksummed())));

    let withdraw = |market: &str, more: &[&str]| {
        contracts(&[&["withdraw-fees", "--dev-account", BUYER, "--market", market], more].concat())
    };
    let (code, _, errors) = withdraw(TEACHER, &[]);
    assert!(code == 2 && errors.contains("former_markets"), "{errors}");
    // Of another version: it has the roles, and is not asked for its listings.
    let code = anvil.ask("eth_getCode", json!([former, "latest"])).await;
    anvil.ask("anvil_setCode", json!([former, format!("{}00", code.as_str().unwrap())])).await;
    let (code, _, errors) = withdraw(&former.to_string(), &[]);
    assert!(code == 1 && errors.contains("--payee"), "{errors}");
    let (code, out, errors) = withdraw(&former.to_string(), &["--payee", TEACHER]);
    assert!(code == 0 && out.contains("no fees"), "{out}{errors}");
}

#[tokio::test]
async fn case_13_the_owner_sends_tokens_back_that_came_without_a_purchase() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let market = anvil.deploy().await.address;
    let token = anvil.dev.deploy_token(address(PLATFORM), "TUSD").await.unwrap();
    let (at, urls) = (market.to_string(), format!("[\"{}\"]", anvil.url));
    let settings = [("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", at.as_str())];
    let rescue = |who: &str, amount: &str| {
        let token = token.to_string();
        let args = [
            "contracts",
            "rescue",
            "--dev-account",
            who,
            "--token",
            &token,
            "--to",
            BUYER,
            "--amount",
            amount,
        ];
        lectern(folder.path(), &args, &settings)
    };
    // transfer(address,uint256), of 15.
    let data = format!("a9059cbb{:0>64}{:0>64}", at.trim_start_matches("0x"), "f");
    let data = (0..data.len()).step_by(2).map(|i| u8::from_str_radix(&data[i..i + 2], 16).unwrap()).collect();
    anvil.dev.send(address(PLATFORM), &Call { to: token, data, value: Wei::ZERO }).await.unwrap();
    let (code, _, errors) = rescue(BUYER, "15");
    assert!(code == 1 && errors.contains("only the market's owner may do that"), "{errors}");
    let (code, _, errors) = rescue(PLATFORM, "16");
    assert!(
        code == 1
            && errors.contains("has 15 units of that token beside")
            && errors.contains("Nothing was sent"),
        "{errors}"
    );
    let (code, out, errors) = rescue(PLATFORM, "15");
    assert!(code == 0 && out.contains("15 of ") && out.contains("back to"), "{out}{errors}");
    let (code, _, errors) = rescue(PLATFORM, "1");
    assert!(code == 1 && errors.contains("has 0 units"), "{errors}");
    assert_eq!(rescue(PLATFORM, "1.5").0, 2);
}

#[tokio::test]
async fn a_node_alone_does_not_verify_what_another_contradicts() {
    let (one, two) = (Anvil::start().await, Anvil::start().await);
    let folder = tempfile::tempdir().unwrap();
    let market = one.deploy().await.address;
    assert_eq!(two.deploy().await.address, market, "the same account's first");
    let at = market.to_string();
    let verify = |urls: &[&str]| {
        let urls = serde_json::to_string(urls).unwrap();
        let settings = [("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", at.as_str())];
        lectern(folder.path(), &["contracts", "verify"], &settings)
    };
    let (code, out, errors) = verify(&[&one.url, &two.url]);
    assert!(code == 0 && out.contains("this version's market") && errors.is_empty(), "{out}{errors}");
    let down = "http://127.0.0.1:1";
    let (code, out, errors) = verify(&[down, &one.url, &two.url]);
    assert!(code == 0 && out.contains("this version's market"), "{out}{errors}");
    assert!(errors.contains(&format!("node 1 ({down})")), "{errors}");
    let (code, out, errors) = verify(&[&one.url, down]);
    assert!(code == 1 && out.is_empty() && errors.contains("only one node answers"), "{errors}");

    two.ask("anvil_setCode", json!([market, "0x6000"])).await;
    for urls in [[&one.url, &two.url], [&two.url, &one.url]] {
        let (code, out, errors) = verify(&urls.map(String::as_str));
        assert!(code == 1 && out.is_empty() && errors.contains("contradict"), "{out}{errors}");
        assert!(
            errors.contains(&one.url) && errors.contains(&two.url) && errors.contains("OTHER"),
            "{errors}"
        );
    }
}

#[tokio::test]
async fn a_node_of_another_chain_is_not_taken_for_the_configured_one() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let at = anvil.deploy().await.address.to_string();
    let urls = format!("[\"{}\"]", anvil.url);
    let settings =
        [("CHAIN__ID", "31338"), ("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", at.as_str())];
    let contracts = |args: &[&str]| lectern(folder.path(), &[&["contracts"], args].concat(), &settings);
    let (code, out, errors) = contracts(&["verify"]);
    assert!(code == 1 && out.is_empty() && errors.contains("serves chain 31337"), "{out}{errors}");
    assert!(errors.contains("chain.id is 31338"), "{errors}");
    let named = ["verify", "--rpc-url", &anvil.url, "--address", &at];
    assert_eq!(contracts(&named).0, 0, "nothing is configured that it could contradict");
    let (code, out, errors) = contracts(&[&named[..], &["--chain", "31338"]].concat());
    assert!(code == 1 && out.is_empty() && errors.contains("--chain is 31338"), "{out}{errors}");

    let nonce = || anvil.ask("eth_getTransactionCount", json!([PLATFORM, "latest"]));
    let before = nonce().await;
    let (code, out, errors) = contracts(&["set", "--dev-account", PLATFORM, "--pause"]);
    assert!(code == 1 && out.is_empty() && errors.contains("chain.id is 31338"), "{out}{errors}");
    assert_eq!(nonce().await, before, "nothing was sent");

    let (code, out, errors) = contracts(&["list"]);
    assert!(code == 1 && out.contains("31337, but chain.id is 31338"), "{out}{errors}");
    let (code, out, errors) = contracts(&["list", "--json"]);
    assert!(code == 1 && out.contains("\"configured_chain\":31338"), "{out}{errors}");
}

#[tokio::test]
async fn tells_other_code_from_ours() {
    let anvil = Anvil::start().await;
    let folder = tempfile::tempdir().unwrap();
    let market = anvil.deploy().await.address;
    let urls = format!("[\"{}\"]", anvil.url);
    let address = market.to_string();
    let settings = [("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", address.as_str())];
    let verify = || lectern(folder.path(), &["contracts", "verify"], &settings);
    assert_eq!(verify().0, 0);
    // Its last digit is another.
    let code = anvil.ask("eth_getCode", json!([market, "latest"])).await;
    let (most, last) = code.as_str().unwrap().split_at(code.as_str().unwrap().len() - 1);
    let changed = format!("{most}{}", if last == "0" { "1" } else { "0" });
    anvil.ask("anvil_setCode", json!([market, changed])).await;
    let (code, out, _) = verify();
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("OTHER"), "{out}");
    anvil.ask("anvil_setCode", json!([market, "0x"])).await;
    let (code, out, _) = verify();
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("MISSING") && out.contains("contracts deploy"), "{out}");

    let (code, _, errors) = lectern(folder.path(), &["contracts", "verify"], &[("CHAIN__MARKET", &address)]);
    assert_eq!(code, 1);
    assert!(errors.contains("--rpc-url"), "{errors}");
}
