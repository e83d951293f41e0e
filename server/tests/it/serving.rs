//! Over a real socket: bytes that are no HTTP, and the way it stops.

use std::{
    future::{pending, ready},
    sync::Arc,
    time::Duration,
};

use academy::{Rhythm, chain::ChainError};
use axum::{Router, http::StatusCode, routing::get};
use metrics_exporter_prometheus::PrometheusBuilder;
use server::http::{ServeLimits, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::world::World;

const LIMITS: ServeLimits =
    ServeLimits { connections: 100, head: Duration::from_secs(5), drain: Duration::from_secs(5) };

async fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bytes_that_are_no_request_get_400_and_do_no_harm() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, world.router.clone(), LIMITS, pending()));
    for bytes in [
        &b"GET /courses/\0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"[..],
        b"GET /courses/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /courses/%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /profile HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: lectern_session=\xff\xff\r\nX: a\0b\r\nConnection: close\r\n\r\n",
    ] {
        let answer = exchange(port, bytes).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer:.60} for {}", String::from_utf8_lossy(bytes));
    }
    let alive = exchange(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
}

#[tokio::test]
async fn a_body_far_too_large_still_gets_its_answer() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, world.router.clone(), LIMITS, pending()));
    let mut bytes = b"POST /profile HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
        application/x-www-form-urlencoded\r\nContent-Length: 9000000\r\n\r\n"
        .to_vec();
    bytes.resize(bytes.len() + 9_000_000, b'a');
    let answer = exchange(port, &bytes).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer:.100}");
    assert!(answer.contains("too large"));
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let limits = ServeLimits { head: Duration::from_millis(200), ..LIMITS };
    tokio::spawn(serve(listener, Router::new(), limits, pending()));
    exchange(port, b"GET / HTT").await;
}

#[tokio::test]
async fn a_running_request_is_finished_before_the_end() {
    let slow = get(async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "finished"
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move {
        stopped.await.unwrap();
    };
    let serving = tokio::spawn(serve(listener, Router::new().route("/slow", slow), LIMITS, stopped));
    let request = tokio::spawn(async move { exchange(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    assert!(request.await.unwrap().ends_with("finished"));
    tokio::time::timeout(Duration::from_secs(2), serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody is accepted any more");
}

#[tokio::test]
async fn metrics_count_requests_and_what_goes_wrong_with_the_chain() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::counted(&[], Some(handle)).await;
    world.get("/").await;
    world.chain.mine_empty(7);
    world.academy.follow_once().await.unwrap();
    world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
    let rhythm = Rhythm { chain_id: 31337, poll: Duration::ZERO, news: Arc::default() };
    world.academy.worker(vec![rhythm], ready(())).await;
    let text = world.get("/metrics").await.text();
    for line in [
        "lectern_http_requests_total{route=\"/\",method=\"GET\",status=\"200\"} 1",
        "lectern_chain_head_block{chain=\"31337\"} 7",
        "lectern_follower_next_block{chain=\"31337\"} 8",
        "lectern_follower_failures_total{chain=\"31337\",code=\"chain_unreachable\"} 1",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn a_page_that_fails_on_our_side_names_the_request() {
    let world = World::new().await;
    world.db.close().await;
    let answer = world.get("/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let id = answer.header("x-request-id");
    assert!(!id.is_empty() && answer.text().contains(id), "{}", answer.text());
}
