use axum::http::StatusCode;

use crate::world::{World, cookie};
use axum::{
    body::Body,
    http::{Request, header},
};

const ADDRESS: &str = "{\"address\":\"0x90F79bf6EB2c4f870365E785982E1f101E93b906\"}";

#[tokio::test]
async fn the_sessions_cookie_is_hard_to_steal() {
    let world = World::new().await;
    let answer = world.call(None, "challenge", ADDRESS).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("lectern_session="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");

    let world = World::with(&[("SERVER__PUBLIC_URL", "https://lectern.example")]).await;
    let answer = world.call(None, "challenge", ADDRESS).await;
    assert!(answer.header("set-cookie").contains("; Secure"));
}

#[tokio::test]
async fn a_session_is_found_and_ends_with_signing_out() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    assert_eq!(world.get_as(&token, "/profile").await.status, StatusCode::OK);
    let out = world.post_as(&token, "/sign-out", "").await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
    assert_eq!(world.get_as(&token, "/profile").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_forged_cookie_is_as_good_as_none() {
    let world = World::new().await;
    for token in ["", "x", "'; DROP TABLE sessions; --", &"f".repeat(64), &"f".repeat(4000), "\u{fffd}"] {
        let Ok(value) = header::HeaderValue::from_bytes(cookie(token).as_bytes()) else { continue };
        let request = Request::get("/learning").header(header::COOKIE, value);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
    }
}

#[tokio::test]
async fn without_its_database_the_site_says_so() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    world.db.close().await;
    let answer = world.get_as(&token, "/learning").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().contains(answer.header("x-request-id")), "the page names the request");
    let ready = world.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().contains("\"database\":\"unavailable\""), "{}", ready.text());
    assert_eq!(world.get("/healthz").await.status, StatusCode::OK, "the process lives");
}

#[tokio::test]
async fn without_its_chain_the_site_still_teaches() {
    let world = World::new().await;
    let down = academy::chain::ChainError::Unavailable("down".to_owned());
    world.chain.fail_with(Some(down));
    let ready = world.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert!(ready.text().contains("degraded") && ready.text().contains("unreachable"), "{}", ready.text());
    assert_eq!(world.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn readiness_tells_how_far_the_chain_is_followed() {
    let world = World::new().await;
    world.chain.mine_empty(3);
    world.academy.follow_once().await.unwrap();
    let ready = world.get("/readyz").await;
    assert!(ready.text().contains("\"status\":\"ready\""), "{}", ready.text());
    assert!(ready.text().contains("\"head\":3"), "{}", ready.text());
}
