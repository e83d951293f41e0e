//! A node's WebSocket wakes the worker; without it, polling goes on.

use std::{sync::Arc, time::Duration};

use academy::{Actor, Rhythm, chain::Heads, entropy::SystemEntropy};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use crate::support::{
    CHAIN_ID, Engine,
    anvil::{Anvil, Place, on_anvil},
};

/// No test waits for a poll.
const NEVER: Duration = Duration::from_secs(3600);
/// Long enough for the busiest machine: what never comes fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

fn heads(url: &str) -> Heads {
    Heads::subscribe(&url.replace("http://", "ws://"), CHAIN_ID, Arc::new(SystemEntropy)).unwrap()
}

async fn opens(place: &Place) {
    let open = async {
        while !place.can_read().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, open).await.expect("the course never opened");
}

async fn a_block_is_followed_at_once_however_rarely_is_polled(engine: Engine) {
    let place = Place::new(engine).await;
    let heads = heads(&place.anvil.url);
    heard(&heads.news()).await;
    let (academy, news) = (place.academy.clone(), heads.news());
    let worker = tokio::spawn(async move {
        academy.worker(vec![Rhythm { chain_id: CHAIN_ID, poll: NEVER, news }], std::future::pending()).await
    });
    // Once this block was followed, the worker's first step is over; whatever comes then must be heard.
    place.anvil.ask("anvil_mine", json!(["0x1"])).await;
    let followed = async {
        loop {
            let health = place.academy.checkout().health(&Actor::System).await.unwrap().remove(0);
            if health.next_block > health.head {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, followed).await.expect("the first block was never followed");
    place.buy().await;
    opens(&place).await;
    worker.abort();
    place.close().await;
}

async fn without_a_socket_polling_goes_on(engine: Engine) {
    let place = Place::new(engine).await;
    let heads = heads("ws://127.0.0.1:1");
    let (academy, news) = (place.academy.clone(), heads.news());
    let poll = Duration::from_millis(20);
    let worker = tokio::spawn(async move {
        academy.worker(vec![Rhythm { chain_id: CHAIN_ID, poll, news }], std::future::pending()).await
    });
    place.buy().await;
    opens(&place).await;
    worker.abort();
    place.close().await;
}

on_anvil!(a_block_is_followed_at_once_however_rarely_is_polled, without_a_socket_polling_goes_on);

async fn heard(news: &Notify) {
    timeout(PATIENCE, news.notified()).await.expect("no new block was heard of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_breaks_off_is_connected_again() {
    let anvil = Anvil::start().await;
    assert!(Heads::try_out(&anvil.url.replace("http://", "ws://")).await.is_ok());
    let node = anvil.url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (cut, is_cut) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (node, mut is_cut) = (node.clone(), is_cut.clone());
            is_cut.mark_unchanged();
            tokio::spawn(async move {
                let mut behind = TcpStream::connect(node).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut stream, &mut behind) => {}
                    _ = is_cut.changed() => {}
                }
            });
        }
    });
    let heads = heads(&url);
    let news = heads.news();
    for time in 1..=3 {
        // Connected, and the block that comes then.
        heard(&news).await;
        anvil.ask("anvil_mine", json!(["0x1"])).await;
        heard(&news).await;
        cut.send_replace(time);
    }
}

#[tokio::test]
async fn what_is_no_url_is_refused() {
    assert!(Heads::try_out("ws://127.0.0.1:1").await.is_err());
    assert!(Heads::subscribe("nowhere", CHAIN_ID, Arc::new(SystemEntropy)).is_err());
}
