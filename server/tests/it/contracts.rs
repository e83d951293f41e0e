//! `lectern contracts` against anvil.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::till::{Anvil, PLATFORM};

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
    ];
    let set = |args: &[&str]| {
        lectern(folder.path(), &[&["contracts", "set", "--dev-account"], args].concat(), &settings)
    };
    let doctor = || lectern(folder.path(), &["doctor"], &settings).1;
    let before = doctor();
    assert!(before.contains("--quote-signer configured") && before.contains("--allow-token"), "{before}");
    assert!(!before.contains(&key), "{before}");
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
