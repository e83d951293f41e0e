use academy::{
    Actor,
    catalog::{CourseForm, LessonForm, Published, TierForm},
    evm::Address,
    page::Filter,
};
use alloy::signers::local::PrivateKeySigner;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::world::{Answer, World, cookie};

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
    for missing in ["/pkg/lectern.old.js", "/static/none.png", "/pkg/", "/static/fonts"] {
        let answer = world.get(missing).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{missing}");
        assert_eq!(answer.header("cache-control"), "no-store", "{missing}");
    }
}

#[tokio::test]
async fn robots_are_asked_to_keep_away_from_what_is_somebodys() {
    let world = World::new().await;
    let robots = world.get("/robots.txt").await;
    assert_eq!((robots.status, robots.header("cache-control")), (StatusCode::OK, "public, max-age=3600"));
    assert!(robots.header("content-type").starts_with("text/plain"), "{}", robots.header("content-type"));
    let text = robots.text();
    let kept_out = |path: &str| {
        text.lines().filter_map(|line| line.strip_prefix("Disallow: ")).any(|rule| path.starts_with(rule))
    };
    for path in
        ["/admin/users", "/learning", "/orders", "/payout", "/profile", "/studio/new", "/api/fn/report"]
    {
        assert!(kept_out(path), "{path}");
    }
    for path in
        ["/", "/?q=rust", "/courses/a-course", "/courses/a-course/lessons/hello", "/media/1", "/pkg/a.js"]
    {
        assert!(!kept_out(path), "{path}");
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

/// The address of a file that a paid lesson shows, and one that a preview shows; of a published course that
/// `learner` was given.
async fn files_of(world: &World, teacher: &Actor, learner: Address) -> [String; 2] {
    let catalog = world.academy.catalog();
    let form =
        CourseForm { title: "A course".into(), promise: "It teaches.".into(), ..CourseForm::default() };
    let course = catalog.create(teacher, &form).await.unwrap().id;
    let module = catalog.add_module(teacher, course, "One").await.unwrap();
    let mut files = Vec::new();
    for (title, access) in [("Inside", "1"), ("Hello", "0")] {
        let file =
            catalog.upload(teacher, course, title, b"\x89PNG\r\n\x1a\nrest".to_vec()).await.unwrap().id;
        files.push(format!("/media/{file}"));
        let form = LessonForm {
            title: title.into(),
            body: format!("![A figure](/media/{file})"),
            access: access.into(),
            ..LessonForm::default()
        };
        catalog.add_lesson(teacher, module, &form).await.unwrap();
    }
    let tier = TierForm { name: "All".into(), price: "0".into(), level: "1".into(), ..TierForm::default() };
    catalog.add_tier(teacher, course, &tier).await.unwrap();
    assert!(matches!(catalog.publish(teacher, course).await.unwrap(), Published::Done));
    world.academy.learning().grant(teacher, learner, course, 1, "test").await.unwrap();
    files.try_into().unwrap()
}

/// Asks for a file as a browser does that has it already.
async fn ask_again(world: &World, token: &str, path: &str, tags: &str) -> Answer {
    let request =
        Request::get(path).header(header::COOKIE, cookie(token)).header(header::IF_NONE_MATCH, tags);
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn cases_29_and_31_a_paid_file_is_asked_about_each_time_and_closed_with_its_course() {
    let world = World::new().await;
    let (teacher, _) = world.somebody().await;
    let wallet = PrivateKeySigner::random();
    let [paid, preview] = files_of(&world, &teacher, Address(wallet.address().0.0)).await;
    let token = world.sign_in(&wallet).await;

    let first = world.get_as(&token, &paid).await;
    assert_eq!((first.status, first.header("cache-control")), (StatusCode::OK, "private, no-cache"));
    assert_eq!(first.header("content-type"), "image/png");
    let tag = first.header("etag");
    for tags in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = ask_again(&world, &token, &paid, &tags).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{tags}");
        assert_eq!((again.header("etag"), again.header("cache-control")), (tag, "private, no-cache"));
    }
    let other = ask_again(&world, &token, &paid, "\"other\"").await;
    assert_eq!((other.status, &other.body), (StatusCode::OK, &first.body));
    let open = world.get(&preview).await;
    assert_eq!(open.header("cache-control"), "public, max-age=31536000, immutable");
    assert_ne!(open.header("etag"), tag);

    // Knowing the tag opens nothing.
    let stranger = world.sign_in(&PrivateKeySigner::random()).await;
    for who in [stranger.as_str(), "nobody"] {
        let refused = ask_again(&world, who, &paid, tag).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{who}");
    }
    let learning = world.academy.learning();
    let given = learning.enrollments(&teacher, &Filter::default()).await.unwrap().rows[0].id;
    learning.revoke(&teacher, given, "test").await.unwrap();
    for answer in [world.get_as(&token, &paid).await, ask_again(&world, &token, &paid, tag).await] {
        assert_eq!((answer.status, answer.header("etag")), (StatusCode::NOT_FOUND, ""));
        assert!(answer.header("cache-control").contains("no-store"), "{}", answer.header("cache-control"));
    }
}
