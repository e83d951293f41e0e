//! Case 30 on the wire: signed posts to a program that listens, and the events for one that asks.

use std::sync::{Arc, Mutex};

use academy::{
    chain::{Event, fake::FakeTransaction},
    evm::{Address, TxHash},
    money::Wei,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Request, StatusCode, header},
    routing::post,
};
use serde_json::Value;
use server::config::{self, Environment};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

use crate::world::{Answer, MARKET, World};

const SECRET: &str = "whsec_bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0IG9mIG91cnM=";
const TOKEN: &str = "a token that nobody guesses, ever";

type Came = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A program that listens on this machine, and what came to it.
async fn program(answer: StatusCode) -> (String, Came) {
    let came = Came::default();
    let take = move |State(came): State<Came>, headers: HeaderMap, body: Bytes| async move {
        came.lock().unwrap().push((headers, body));
        (answer, [(header::LOCATION, "/elsewhere")])
    };
    let router = Router::new().route("/hook", post(take)).with_state(came.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?key=hunter2", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, came)
}

async fn world(url: &str) -> World {
    let endpoints = format!("[{{name=\"shop\",url=\"{url}\",secret=\"{SECRET}\"}}]");
    World::with(&[("WEBHOOKS__ENDPOINTS", &endpoints), ("WEBHOOKS__TOKEN", TOKEN)]).await
}

impl World {
    /// Money comes that names no order of ours.
    async fn something_happens(&self) {
        let buyer = Address([7; 20]);
        let event = Event::CoursePurchased {
            order: [9; 32],
            beneficiary: buyer,
            number: 1,
            tier: 0,
            token: Address::ZERO,
            amount: Wei::from_ether("0.01").unwrap(),
        };
        let events = vec![(MARKET.parse().unwrap(), event)];
        let hash = TxHash([0xC0; 32]);
        self.chain.mine(vec![FakeTransaction { hash, sender: buyer, nonce: 0, success: true, events }]);
        self.academy.follow_once().await.unwrap();
    }

    async fn events(&self, query: &str, authorization: Option<&str>) -> Answer {
        let mut request = Request::get(format!("/api/v1/events{query}"));
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn case_30_a_program_can_tell_that_it_is_us() {
    let (url, came) = program(StatusCode::OK).await;
    let world = world(&url).await;
    world.something_happens().await;
    assert_eq!(world.academy.webhooks().deliver().await.unwrap(), 1);
    let (headers, body) = came.lock().unwrap().pop().unwrap();
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    Webhook::new(SECRET).unwrap().verify(&body, &headers).unwrap();
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&event["type"], &event["data"]["reason"]),
        (&"payment.review".into(), &"unknown_order".into())
    );
    let forged = Bytes::from(String::from_utf8(body.to_vec()).unwrap().replace("unknown_order", "late"));
    assert!(Webhook::new(SECRET).unwrap().verify(&forged, &headers).is_err());
}

#[tokio::test]
async fn case_30_what_is_no_success_comes_again_and_no_redirect_is_followed() {
    for (status, why) in [
        (StatusCode::TEMPORARY_REDIRECT, "it answered 307"),
        (StatusCode::INTERNAL_SERVER_ERROR, "it answered 500"),
    ] {
        let (url, came) = program(status).await;
        let world = world(&url).await;
        world.something_happens().await;
        world.academy.webhooks().deliver().await.unwrap();
        assert_eq!(came.lock().unwrap().len(), 1);
        let (_, token) = world.somebody().await;
        let page = world.get_as(&token, "/admin").await.text();
        assert!(page.contains(why), "{page}");
        assert!(!page.contains("hunter2") && !page.contains("whsec_"));
    }
}

#[tokio::test]
async fn case_30_a_program_that_is_down_is_told_when_an_admin_says_so() {
    let world = world("http://127.0.0.1:1/hook?key=hunter2").await;
    world.something_happens().await;
    world.academy.webhooks().deliver().await.unwrap();
    let (_, token) = world.somebody().await;
    let page = world.get_as(&token, "/admin").await.text();
    assert!(page.contains("it can&#x27;t be reached") || page.contains("it can't be reached"), "{page}");
    assert!(!page.contains("hunter2"));
    assert_eq!(world.academy.webhooks().deliver().await.unwrap(), 0, "it is not time yet");
    let again = world.post_as(&token, "/admin/webhooks", "endpoint=shop").await;
    assert_eq!((again.status, again.header("location")), (StatusCode::SEE_OTHER, "/admin?done=resent"));
    assert_eq!(world.academy.webhooks().deliver().await.unwrap(), 1);
    let unknown = world.post_as(&token, "/admin/webhooks", "endpoint=nobody").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn case_30_whoever_missed_something_asks_for_it() {
    let world = world("http://127.0.0.1:1/").await;
    world.something_happens().await;
    let right = format!("Bearer {TOKEN}");
    let answer = world.events("?after=0&limit=10", Some(&right)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let page: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&page["next"], &page["events"][0]["sequence"]), (&1.into(), &1.into()));
    let rest = world.events("?after=1", Some(&right)).await;
    assert_eq!(rest.text(), r#"{"events":[],"next":1}"#);
    // An admin's browser, too.
    let (_, token) = world.somebody().await;
    assert_eq!(world.get_as(&token, "/api/v1/events").await.status, StatusCode::OK);
    for wrong in [None, Some("Bearer "), Some("Bearer x"), Some(TOKEN), Some("Basic YTpi")] {
        let answer = world.events("", wrong).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(answer.text().contains("\"code\":\"sign_in_first\""), "{}", answer.text());
    }
    for (query, field) in [("?after=x", "after"), ("?after=-1", "after"), ("?limit=1e3", "limit")] {
        let answer = world.events(query, Some(&right)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.text().contains(field), "{}", answer.text());
    }
}

#[tokio::test]
async fn without_a_token_nobody_gets_in_by_one() {
    let world = World::new().await;
    for empty in ["Bearer ", "Bearer", ""] {
        assert_eq!(world.events("", Some(empty)).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[test]
fn a_wrong_endpoint_is_named_and_no_secret_told() {
    let wrong = [
        (r#"[{name="",url="https://a",secret="SECRET"}]"#, "webhooks.endpoints[0].name"),
        (r#"[{name="a b",url="https://a",secret="SECRET"}]"#, "webhooks.endpoints[0].name"),
        (
            r#"[{name="a",url="https://a",secret="SECRET"},{name="a",url="https://b",secret="SECRET"}]"#,
            "webhooks.endpoints[1].name",
        ),
        (r#"[{name="a",url="ftp://hunter2",secret="SECRET"}]"#, "webhooks.endpoints[0].url"),
        (r#"[{name="a",url="https://a",secret="hunter2"}]"#, "webhooks.endpoints[0].secret"),
    ];
    for (text, key) in wrong {
        let value = text.replace("SECRET", SECRET);
        let error =
            config::load(None, Environment::new([("LECTERN__WEBHOOKS__ENDPOINTS".to_owned(), value)]))
                .unwrap_err()
                .to_string();
        assert!(error.contains(key) && !error.contains("hunter2"), "{error}");
    }
    let short = Environment::new([("LECTERN__WEBHOOKS__TOKEN".to_owned(), "hunter2".to_owned())]);
    let error = config::load(None, short).unwrap_err().to_string();
    assert!(error.contains("webhooks.token") && !error.contains("hunter2"), "{error}");
}
