//! The binary as a person at the terminal meets it.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
};

use crate::{
    till::{BUYER, Till},
    world::{MARKET, build_site},
};

fn lectern(folder: &Path, args: &[&str], settings: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lectern"));
    command.current_dir(folder).args(args).env_clear();
    command.env("LECTERN__DATABASE__URL", format!("sqlite://{}/lectern.db", folder.display()));
    // Nothing listens there.
    command.env("LECTERN__CHAIN__RPC_URLS", "[\"http://127.0.0.1:9\"]");
    command.envs(settings.iter().map(|(key, value)| (format!("LECTERN__{key}"), *value)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn a_wrong_configuration_names_its_key_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = lectern(folder.path(), &["migrate"], &[("SERVER__LISTEN", "nowhere")]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("server.listen:") && !errors.contains("panicked"), "{errors}");

    std::fs::write(folder.path().join("lectern.toml"), "[server]\nlisten = \"127.0.0.1:0\"\nport = 1\n")
        .unwrap();
    let (code, _, errors) = lectern(folder.path(), &["migrate"], &[]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("server.port:") && errors.contains("lectern.toml"), "{errors}");

    let (code, _, errors) = lectern(folder.path(), &["--config", "none.toml", "migrate"], &[]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("none.toml"), "{errors}");
}

#[test]
fn a_site_without_a_market_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["run", "worker", "seed"] {
        let (code, _, errors) = lectern(folder.path(), &[command], &[]);
        assert_eq!(code, 2, "{command}: {errors}");
        assert!(
            errors.contains("chain.market:") && errors.contains("contracts deploy"),
            "{command}: {errors}"
        );
    }
}

#[test]
fn the_first_admin_comes_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let address = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
    let (code, _, errors) = lectern(folder.path(), &["admin", "grant", address], &[]);
    assert_eq!(code, 1, "{errors}");
    assert!(errors.contains("lectern migrate"), "{errors}");
    let other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    for args in [
        &["migrate"][..],
        &["migrate"],
        &["admin", "grant", address],
        &["admin", "grant", other],
        &["admin", "revoke", other],
    ] {
        let (code, output, errors) = lectern(folder.path(), args, &[]);
        assert_eq!(code, 0, "{args:?}: {errors}");
        assert!(!output.is_empty(), "{args:?} says what it did");
    }
    let (code, _, errors) = lectern(folder.path(), &["admin", "grant", "0x12"], &[]);
    assert_eq!(code, 2);
    assert!(errors.contains("0x and 40 hexadecimal digits"), "{errors}");
}

#[test]
fn an_account_is_named_by_its_id_too() {
    let folder = tempfile::tempdir().unwrap();
    let address = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
    let other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    for args in [&["migrate"][..], &["admin", "grant", address]] {
        assert_eq!(lectern(folder.path(), args, &[]).0, 0);
    }
    let (_, told, _) = lectern(folder.path(), &["admin", "grant", other], &[]);
    let id = told.split("(account ").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    for (verb, done) in [("revoke", "no admin any more"), ("grant", "an admin now"), ("revoke", "no admin")] {
        let (code, output, errors) = lectern(folder.path(), &["admin", verb, id], &[]);
        assert_eq!(code, 0, "{errors}");
        assert!(output.contains(id) && output.contains(done), "{output}");
    }
    let (code, _, errors) = lectern(folder.path(), &["admin", "revoke", address], &[]);
    assert!(code == 1 && errors.contains("the last admin"), "it was taken by id: {errors}");

    let unknown = "01234567-89ab-cdef-0123-456789abcdef";
    let (code, _, errors) = lectern(folder.path(), &["admin", "grant", unknown], &[]);
    assert!(code == 1 && errors.contains(&format!("there is no account {unknown}")), "{errors}");
    let (code, _, errors) = lectern(folder.path(), &["admin", "grant", "ada"], &[]);
    assert!(code == 2 && errors.contains("wallet's address") && errors.contains("account's id"), "{errors}");
    let mistyped = address.replace("a0Ee", "a1Ee");
    let (code, _, errors) = lectern(folder.path(), &["admin", "grant", &mistyped], &[]);
    assert!(code == 2 && errors.contains("EIP-55"), "{errors}");
}

/// A node that answers everything with 1, its chain's id included.
fn mainnet() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("[\"http://{}\"]", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = String::new();
            while !asked.ends_with('}') {
                let mut bytes = [0; 4096];
                let count = stream.read(&mut bytes).unwrap();
                if count == 0 {
                    break;
                }
                asked.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
            let id =
                asked.split("\"id\":").nth(1).and_then(|rest| rest.split([',', '}']).next()).unwrap_or("0");
            let body = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":\"0x1\"}}");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    url
}

#[test]
fn nodes_of_another_chain_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let urls = mainnet();
    build_site(folder.path());
    let site = folder.path().join("site").display().to_string();
    let settings =
        [("CHAIN__RPC_URLS", urls.as_str()), ("CHAIN__MARKET", MARKET), ("SERVER__SITE_DIR", site.as_str())];
    lectern(folder.path(), &["migrate"], &settings);
    for command in ["run", "worker", "seed"] {
        let (code, _, errors) = lectern(folder.path(), &[command], &settings);
        assert_eq!(code, 1, "{command}: {errors}");
        assert!(errors.contains("serves chain 1"), "{command}: {errors}");
    }
    let (code, output, _) = lectern(folder.path(), &["doctor"], &settings);
    assert_eq!(code, 1);
    assert!(output.contains("serves chain 1, but chain.id is 31337"), "{output}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_market_with_orders_under_way_is_not_forgotten() {
    let till = Till::open().await;
    let (code, _, text) = till.pay(&["--dev-account", BUYER, "--dry-run"]).await;
    assert_eq!(code, 0, "{text}");
    let (urls, next) = (format!("[\"{}\"]", till.anvil.url), till.anvil.deploy().await.address.to_string());
    let site = till.folder.path().join("site").display().to_string();
    let settings = [
        ("CHAIN__RPC_URLS", urls.as_str()),
        ("CHAIN__MARKET", next.as_str()),
        ("SERVER__SITE_DIR", site.as_str()),
    ];
    for command in ["run", "worker"] {
        let (code, _, errors) = lectern(till.folder.path(), &[command], &settings);
        assert_eq!(code, 1, "{command}: {errors}");
        let (market, key) = (till.market.address.checksummed(), "name it in chain.former_markets");
        assert!(errors.contains(&market) && errors.contains(key), "{command}: {errors}");
    }
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output, errors) = lectern(folder.path(), &["doctor"], &[]);
    assert_eq!(code, 1, "{output}{errors}");
    for words in ["ok       configuration", "lectern migrate", "chain.rpc_urls", "cargo xtask build"] {
        assert!(output.contains(words), "{words}: {output}");
    }
    assert!(!folder.path().join("lectern.db").exists(), "looking changes nothing");
    lectern(folder.path(), &["migrate"], &[]);
    let (_, output, _) = lectern(folder.path(), &["doctor"], &[]);
    assert!(output.contains("ok       database"), "{output}");
}

#[test]
fn secrets_stay_out_of_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("DATABASE__URL", "postgres://lectern:hunter2@127.0.0.1:9/lectern"),
        ("CHAIN__RPC_URLS", "[\"http://127.0.0.1:9/v2/hunter2\"]"),
        ("CHAIN__MARKET", MARKET),
        ("LOG__FILTER", "trace"),
    ];
    for command in ["doctor", "migrate", "seed", "worker", "run"] {
        let (code, output, errors) = lectern(folder.path(), &[command], &settings);
        assert_ne!(code, 0, "{command}");
        assert!(!output.contains("hunter2") && !errors.contains("hunter2"), "{command}: {output}{errors}");
        assert!(!errors.contains("panicked"), "{command}: {errors}");
    }
}

#[test]
fn help_and_defaults_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output, _) = lectern(folder.path(), &["--help"], &[]);
    assert_eq!(code, 0);
    for command in ["run", "worker", "migrate", "seed", "doctor", "admin", "contracts"] {
        assert!(output.contains(command), "{command}");
    }
    let (code, output, _) = lectern(folder.path(), &["config"], &[]);
    assert_eq!(code, 0);
    assert!(output.contains("rpc_urls = "));
}
