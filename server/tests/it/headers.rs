use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::world::World;

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    for path in ["/", "/sign-in", "/no/such/page", "/pkg/lectern.abc.js", "/healthz", "/static/none"] {
        let answer = world.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: not over http");
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn https_sites_say_so_for_a_year() {
    let world = World::with(&[("SERVER__PUBLIC_URL", "https://lectern.example")]).await;
    assert_eq!(world.get("/").await.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn pages_have_no_inline_script_or_style() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    for path in ["/", "/nowhere", "/studio/new", "/admin", "/profile", "/learning", "/orders"] {
        let page = world.get_as(&token, path).await.text();
        assert!(page.contains("<html"), "{path}");
        no_inline(path, &page);
    }
    no_inline("/sign-in", &world.get("/sign-in").await.text());
    no_inline("a failure", &world.get("/static/none").await.text());
}

fn no_inline(path: &str, page: &str) {
    for tag in page.split('<').filter(|tag| tag.starts_with("script") || tag.starts_with("style")) {
        let data = tag.contains("application/ld+json");
        assert!(data || (tag.starts_with("script") && tag.contains("src=\"/")), "{path}: <{tag}");
    }
    assert!(!page.contains(" style=\"") && !page.contains(" onclick="), "{path}");
}

#[tokio::test]
async fn a_request_id_is_ours_alone() {
    let world = World::new().await;
    let request = Request::get("/").header("x-request-id", "mine").body(Body::empty()).unwrap();
    let answer = world.send(request).await;
    assert_ne!(answer.header("x-request-id"), "mine");
    assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1);
}

#[tokio::test]
async fn hashed_files_stay_for_ever_and_missing_ones_do_not() {
    let world = World::new().await;
    let for_ever = "public, max-age=31536000, immutable";
    let script = world.get("/pkg/lectern.abc.js").await;
    assert_eq!((script.status, script.header("cache-control")), (StatusCode::OK, for_ever));
    assert_eq!(script.header("content-type"), "text/javascript");
    assert_eq!(world.get("/pkg/lectern_bg.abc.wasm").await.header("content-type"), "application/wasm");
    assert_eq!(world.get("/static/fonts/letters.woff2").await.header("cache-control"), for_ever);
    assert_eq!(world.get("/static/boot.js").await.header("cache-control"), "public, max-age=3600");
    for missing in ["/pkg/lectern.old.js", "/static/none.png", "/pkg/", "/static/fonts", "/robots.txt"] {
        let answer = world.get(missing).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{missing}");
        assert_eq!(answer.header("cache-control"), "no-store", "{missing}");
    }
}

#[tokio::test]
async fn precompressed_files_go_out_as_they_are() {
    let world = World::new().await;
    let get = |path: &str| {
        Request::get(path).header(header::ACCEPT_ENCODING, "gzip, br").body(Body::empty()).unwrap()
    };
    let script = world.send(get("/pkg/lectern.abc.js")).await;
    assert_eq!(script.header("content-encoding"), "br");
    assert_eq!(&script.body[..], b"\x0b\x08\x80export default 1;\x03");
    let font = world.send(get("/static/fonts/letters.woff2")).await;
    assert_eq!((font.header("content-encoding"), font.body.len()), ("", 4096));
    let page = world.send(get("/")).await;
    assert!(["br", "gzip"].contains(&page.header("content-encoding")));
    assert!(
        page.header("vary").to_lowercase().contains("accept-encoding")
            || page.headers.get_all("vary").iter().count() > 1
    );
}

#[tokio::test]
async fn files_outside_of_the_site_are_out_of_reach() {
    let world = World::new().await;
    for path in [
        "/static/../assets.json",
        "/static/%2e%2e/assets.json",
        "/pkg/..%2fassets.json",
        "/pkg/%2e%2e%2f%2e%2e%2flectern.db",
        "/static//etc/passwd",
        "/static/%00",
        "/static/%ff%fe",
    ] {
        let answer = world.get(path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn pages_of_a_person_are_kept_by_nobody() {
    let world = World::new().await;
    let (_, token) = world.somebody().await;
    for path in ["/", "/learning", "/profile", "/admin"] {
        let kept = world.get_as(&token, path).await;
        let policy = kept.header("cache-control");
        assert!(policy.contains("no-store") || policy.contains("private"), "{path}: {policy}");
    }
    assert!(world.get("/").await.header("cache-control").contains("no-cache"));
}
