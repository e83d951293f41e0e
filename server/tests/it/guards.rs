use academy::catalog::CourseForm;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::world::{World, cookie};

fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn other_sites_cannot_post() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    let attacks = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ];
    for path in ["/sign-out", "/profile", "/studio/new", "/api/fn/report", "/admin/users"] {
        for (name, value) in attacks {
            let request = post(path)
                .header(header::HOST, "127.0.0.1:8000")
                .header(name, value)
                .header(header::COOKIE, cookie(&token));
            let answer = world.send(request.body(Body::from("name=Mallory")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {name}: {value}");
        }
    }
    assert_eq!(world.get_as(&token, "/profile").await.status, StatusCode::OK, "still signed in");
    let name = world.get_as(&token, "/profile").await.text();
    assert!(!name.contains("Mallory"));
}

#[tokio::test]
async fn the_site_itself_can_post() {
    let world = World::new().await;
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8000")] {
        let (_, token) = world.somebody().await;
        let request = post("/profile").header(name, value).header(header::COOKIE, cookie(&token));
        let answer = world.send(request.body(Body::from("name=Ada&bio=")).unwrap()).await;
        assert!(answer.status.is_redirection() || answer.status.is_success(), "{}", answer.status);
    }
}

#[tokio::test]
async fn bodies_have_a_limit_by_purpose() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    let large = format!("name={}", "a".repeat(70_000));
    assert_eq!(world.post_as(&token, "/profile", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let json = format!("{{\"nonce\":\"{}\"}}", "a".repeat(70_000));
    let call = world.call(None, "sign_in", &json).await;
    assert_eq!(call.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(call.text().contains("\"code\":\"too_large\""), "{}", call.text());
    let lesson = format!("title=T&description={}", "a".repeat(70_000));
    assert_eq!(world.post_as(&token, "/studio/new", &lesson).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let huge = format!("title=T&description={}", "a".repeat(3 << 20));
    assert_eq!(world.post_as(&token, "/studio/new", &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn uploads_are_read_as_far_as_the_configuration_says() {
    let upload = |bytes: usize| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\nupload\r\n--b\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n{}\r\n--b--\r\n",
            "x".repeat(bytes)
        )
    };
    let facts =
        CourseForm { title: "A course".into(), promise: "It teaches.".into(), ..CourseForm::default() };
    // More than the default, and less.
    for (limit, bytes, told) in [
        (30_usize << 20, 25 << 20, StatusCode::UNPROCESSABLE_ENTITY),
        (6 << 20, 7 << 20, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let limit = limit.to_string();
        let world = World::with(&[("LIMITS__UPLOAD_BYTES", limit.as_str())]).await;
        let (teacher, token) = world.somebody().await;
        let course = world.academy.catalog().create(&teacher, &facts).await.unwrap().id;
        let body = upload(bytes);
        let request = Request::post(format!("/studio/courses/{course}/files"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_LENGTH, body.len())
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .header(header::COOKIE, cookie(&token));
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, told, "{bytes} of {limit}");
        assert!(answer.text().contains("larger than"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_body_that_hides_its_length_is_cut_off() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    for (path, kind) in
        [("/profile", "application/x-www-form-urlencoded"), ("/api/fn/sign_in", "application/json")]
    {
        let chunks = futures::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(vec![b'a'; 1024])));
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, kind)
            .header(header::COOKIE, cookie(&token));
        let answer = world.send(request.body(Body::from_stream(chunks)).unwrap()).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn signing_in_has_a_limit_per_address() {
    let world = World::with(&[("LIMITS__SIGN_IN_PER_MINUTE", "3")]).await;
    let ask = || {
        Request::post("/api/fn/challenge")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-forwarded-for", "203.0.113.9")
            .body(Body::from("{\"address\":\"0x90F79bf6EB2c4f870365E785982E1f101E93b906\"}"))
            .unwrap()
    };
    for _ in 0..3 {
        assert_eq!(world.send(ask()).await.status, StatusCode::OK);
    }
    let refused = world.send(ask()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(refused.text().contains("\"kind\":\"TooMany\""), "{}", refused.text());
    let neighbour = world.send_from(([192, 0, 2, 1], 1), ask()).await;
    assert_eq!(neighbour.status, StatusCode::OK, "another address has its own count");
    assert_eq!(world.get("/sign-in").await.status, StatusCode::OK, "reading is free");
}

#[tokio::test]
async fn the_demo_wallets_door_is_closed_unless_asked_for() {
    let world = World::new().await;
    let call = |body: &str| {
        Request::post("/dev/rpc")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    let accounts = r#"{"id":1,"method":"eth_accounts","params":[]}"#;
    assert_eq!(world.send(call(accounts)).await.status, StatusCode::NOT_FOUND);

    let world = World::with(&[("DEV__DEMO_WALLET", "true")]).await;
    let strange = world.send(call(r#"{"id":7,"method":"anvil_setBalance","params":[]}"#)).await;
    assert_eq!(strange.status, StatusCode::OK);
    assert!(strange.text().contains("4200") && strange.text().contains("\"id\":7"), "{}", strange.text());
    let far = world.send_from(([192, 0, 2, 1], 1), call(accounts)).await;
    assert_eq!(far.status, StatusCode::FORBIDDEN);
    assert!(world.send(call("[]")).await.status.is_client_error());
    assert!(world.send(call("{")).await.status.is_client_error());
}
