//! Whatever is sent, the answer is a clear 4xx, never a 5xx, and nothing comes back as markup.

use academy::{
    Actor,
    catalog::{CourseForm, LessonForm, TierForm},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::world::{Answer, World, cookie};

const NASTY: &[&str] = &[
    "",
    " ",
    "-1",
    "0",
    "00000000000000000000000000000000000000001",
    "99999999999999999999999999999999",
    "1e309",
    "NaN",
    "' OR '1'='1'; DROP TABLE courses; --",
    "%' ESCAPE '!' --",
    "<script>alert(1)</script>",
    "\"></textarea></title></script><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}",
    "../../../../etc/passwd",
    "\0",
    "a\0b\u{202e}\u{feff}",
    "\r\nSet-Cookie: lectern_session=stolen",
    "0x1234",
    "0xzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "00000000-0000-0000-0000-000000000000",
    "٣٣٣",
];

/// Every field of every form.
const FIELDS: &[&str] = &[
    "access",
    "address",
    "bio",
    "body",
    "course",
    "description",
    "done",
    "enrollment",
    "lesson",
    "level",
    "media",
    "minutes",
    "module",
    "name",
    "next",
    "outcomes",
    "position",
    "price",
    "promise",
    "q",
    "reason",
    "state",
    "theme",
    "tier",
    "title",
    "to",
    "user",
    "version",
];

/// Every action that a form can name, and one that none does.
const ACTS: &[&str] = &[
    "",
    "nonsense",
    "facts",
    "add",
    "edit",
    "remove",
    "add-module",
    "rename-module",
    "remove-module",
    "module-up",
    "module-down",
    "add-lesson",
    "lesson-up",
    "lesson-down",
    "lesson-to",
    "remove-lesson",
    "cover",
    "no-cover",
    "upload",
    "save",
    "preview",
    "publish",
    "withdraw",
    "check",
    "grant",
    "revoke",
    "give-instructor",
    "take-admin",
    "grant-admin",
    "revoke-admin",
];

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn form(value: &str, act: &str) -> String {
    let value = encode(value);
    let mut fields: Vec<_> = FIELDS.iter().map(|field| format!("{field}={value}")).collect();
    fields.push(format!("act={}", encode(act)));
    fields.join("&")
}

fn harmless(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {} {}", answer.status, answer.text());
    if answer.header("content-type").starts_with("text/html") {
        let page = answer.text();
        assert!(!page.contains("<script>alert(1)"), "{what} reflects markup");
        assert!(!page.contains("<img src=x"), "{what} reflects markup");
    }
    let stolen = answer.headers.get_all("set-cookie").iter().any(|c| c.as_bytes().ends_with(b"stolen"));
    assert!(!stolen, "{what} lets a header be injected");
}

/// A world without limits on acts, and a draft course with a lesson and a tier in it.
async fn world_with_course() -> (World, String, Vec<String>) {
    let world =
        World::with(&[("LIMITS__ACTIONS_PER_MINUTE", "100000"), ("LIMITS__SIGN_IN_PER_MINUTE", "100000")])
            .await;
    let (actor, token) = world.somebody().await;
    let (course, lesson) = course(&world, &actor).await;
    let studio = format!("/studio/courses/{course}");
    let mut paths = vec![studio.clone(), format!("{studio}/lessons/{lesson}")];
    paths.extend(["tiers", "files", "publish"].map(|page| format!("{studio}/{page}")));
    (world, token, paths)
}

async fn course(world: &World, actor: &Actor) -> (String, String) {
    let catalog = world.academy.catalog();
    let facts =
        CourseForm { title: "A course".into(), promise: "It teaches.".into(), ..CourseForm::default() };
    let course = catalog.create(actor, &facts).await.unwrap().id;
    let module = catalog.add_module(actor, course, "One").await.unwrap();
    let lesson = LessonForm {
        title: "First".into(),
        body: "# Hello".into(),
        access: "0".into(),
        ..LessonForm::default()
    };
    let lesson = catalog.add_lesson(actor, module, &lesson).await.unwrap();
    let tier = TierForm { name: "All".into(), price: "0".into(), level: "1".into(), ..TierForm::default() };
    catalog.add_tier(actor, course, &tier).await.unwrap();
    (course.to_string(), lesson.to_string())
}

#[tokio::test]
async fn no_field_of_no_form_breaks_anything() {
    let (world, token, mut paths) = world_with_course().await;
    paths.extend(
        [
            "/studio/new",
            "/profile",
            "/theme",
            "/admin/users",
            "/admin/access",
            "/courses/a-course/buy",
            "/courses/a-course/enroll",
            "/courses/a-course/lessons/first",
        ]
        .map(str::to_owned),
    );
    for path in &paths {
        for value in NASTY {
            let answer = world.post_as(&token, path, &form(value, "")).await;
            harmless(&answer, &format!("POST {path} with {value:?}"));
        }
    }
    for path in paths.iter().filter(|path| path.starts_with("/studio") || path.starts_with("/admin")) {
        for act in ACTS {
            for value in ["", "-1", "<script>alert(1)</script>", "\0", "99999999999999999999"] {
                let answer = world.post_as(&token, path, &form(value, act)).await;
                harmless(&answer, &format!("POST {path} act={act} with {value:?}"));
            }
        }
    }
}

#[tokio::test]
async fn no_query_breaks_a_list() {
    let (world, token, _) = world_with_course().await;
    let lists = [
        "/",
        "/learning",
        "/orders",
        "/studio",
        "/admin",
        "/admin/users",
        "/admin/courses",
        "/admin/orders",
        "/admin/payments",
        "/admin/access",
        "/admin/audit",
        "/sign-in",
    ];
    for path in lists {
        for value in NASTY {
            for key in ["q", "page", "level", "price", "state", "next", "done"] {
                let answer = world.get_as(&token, &format!("{path}?{key}={}", encode(value))).await;
                harmless(&answer, &format!("GET {path}?{key}={value:?}"));
            }
        }
        for broken in ["%ff", "q=%ff%fe", "q=%zz", "page=1&page=2", "&&&===", "q[]=1"] {
            harmless(&world.get_as(&token, &format!("{path}?{broken}")).await, &format!("{path}?{broken}"));
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (world, token, _) = world_with_course().await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    let mut names: Vec<String> =
        NASTY.iter().filter(|name| !name.is_empty()).map(|name| encode(name)).collect();
    names.extend([nobody, "%ff", "%00", "%2e%2e"].map(str::to_owned));
    names.push("a".repeat(5000));
    for name in &names {
        for path in [
            format!("/courses/{name}"),
            format!("/courses/a-course/lessons/{name}"),
            format!("/orders/{name}"),
            format!("/media/{name}"),
            format!("/studio/courses/{name}"),
            format!("/studio/courses/{nobody}/lessons/{name}"),
            format!("/studio/courses/{name}/sales"),
        ] {
            let answer = world.get_as(&token, &path).await;
            harmless(&answer, &path);
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
    }
    let missing = world.get("/courses/no-such-course").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text().contains("<h1"), "a page for people");
}

#[tokio::test]
async fn server_functions_refuse_what_they_cannot_read() {
    let (world, token, _) = world_with_course().await;
    let functions = [
        "challenge",
        "sign_in",
        "order",
        "payment",
        "report",
        "remember",
        "preview",
        "move_lesson",
        "move_module",
    ];
    let id = "00000000-0000-7000-8000-000000000000";
    let bodies = [
        String::new(),
        "{".into(),
        "[]".into(),
        "null".into(),
        "{}".into(),
        "\"\\u0000\"".into(),
        "{\"id\":-1,\"what\":5}".into(),
        format!("{{\"id\":\"{id}\",\"what\":\"nothing_sent\"}}"),
        format!("{{\"id\":\"{id}\",\"what\":{{\"sent\":\"0x12\"}}}}"),
        format!("{{\"id\":\"{id}\",\"what\":{{\"sent\":\"\\u0000\"}}}}"),
        format!("{{\"id\":\"{id}\",\"what\":{{\"sent\":\"' OR 1=1 --\"}}}}"),
        format!("{{\"id\":\"{id}\",\"what\":{{\"sent\":\"0x{}\"}}}}", "ff".repeat(32)),
        format!("{{\"id\":\"{id}\",\"what\":{{\"took\":\"\\u0000\"}}}}"),
        "{\"nonce\":\"' OR 1=1 --\",\"signature\":\"\\u0000\"}".into(),
        "{\"nonce\":\"\\u0000\",\"signature\":\"0x\"}".into(),
        "{\"address\":\"0x12\"}".into(),
        format!("{{\"lesson\":\"{id}\",\"position\":-5}}"),
        format!("{{\"lesson\":\"{id}\",\"position\":99999999}}"),
        format!("{{\"lesson\":\"{id}\",\"position\":5}}"),
        format!("{}{}", "[".repeat(5000), "]".repeat(5000)),
    ];
    for name in functions {
        for body in &bodies {
            let answer = world.call(Some(&token), name, body).await;
            let what = format!("{name} with {body:.80}: {} {}", answer.status, answer.text());
            assert!(answer.status.is_client_error(), "{what}");
            assert!(answer.text().contains("\"message\":"), "{what}");
        }
        let get = world.get_as(&token, &format!("/api/fn/{name}")).await;
        assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED, "GET {name}");
    }
    for name in ["nonsense", "%00", "..%2f", "%ff"] {
        let answer = world.call(Some(&token), name, "{}").await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_wrong_content_type_is_refused() {
    let (world, token, paths) = world_with_course().await;
    let send = async |path: &str, kind: Option<&str>, body: &[u8]| {
        let mut request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, cookie(&token));
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        world.send(request.body(Body::from(body.to_vec())).unwrap()).await
    };
    for path in paths.iter().map(String::as_str).chain(["/profile", "/studio/new", "/admin/access"]) {
        for kind in
            [None, Some("application/json"), Some("text/plain"), Some("\u{1}"), Some("multipart/form-data")]
        {
            let kind = kind.filter(|kind| header::HeaderValue::from_str(kind).is_ok());
            let answer = send(path, kind, b"{\"title\":1}").await;
            assert!(answer.status.is_client_error(), "{path} {kind:?}: {}", answer.status);
        }
        let form = "application/x-www-form-urlencoded";
        let answer = send(path, Some(form), b"title=%ff%fe&name=%ff&act=%ff&address=%ff").await;
        assert!(
            answer.status.is_client_error() || answer.status.is_redirection(),
            "{path}: {}",
            answer.status
        );
    }
    let call = send("/api/fn/sign_in", Some("text/plain"), b"nonce=1").await;
    assert!(call.status.is_client_error(), "{}", call.status);
}

#[tokio::test]
async fn a_broken_upload_is_refused_with_words() {
    let (world, token, paths) = world_with_course().await;
    let files = paths.iter().find(|path| path.ends_with("/files")).unwrap();
    let part = |name: &str, kind: &str, content: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\nupload\r\n--b\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{content}\r\n--b--\r\n"
        )
    };
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"></svg>";
    let bodies = [
        String::new(),
        "--b".into(),
        "--b\r\n\r\n".into(),
        "--other\r\n".into(),
        part("a.png", "image/png", "not an image"),
        part("a.svg", "image/svg+xml", svg),
        part("a.png", "image/png", svg),
        part("../../x", "text/html", "<script>alert(1)</script>"),
        part("", "", ""),
        part("a.png", "image/png", "\u{89}PNG\r\n\u{1a}\n"),
        part("a.png", "image/png", &"x".repeat(5 * 1024 * 1024 + 1)),
    ];
    for body in bodies {
        let request = Request::post(files.as_str())
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .header(header::COOKIE, cookie(&token));
        let answer = world.send(request.body(Body::from(body.clone())).unwrap()).await;
        harmless(&answer, &format!("upload of {body:.120}"));
        assert!(answer.status.is_client_error(), "{} for {body:.120}", answer.status);
    }
}

#[tokio::test]
async fn a_method_that_a_page_does_not_know_is_405() {
    let world = World::new().await;
    for (method, path) in [
        ("POST", "/healthz"),
        ("DELETE", "/"),
        ("PUT", "/profile"),
        ("PATCH", "/courses/x"),
        ("POST", "/pkg/lectern.abc.js"),
        ("BREW", "/"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .body(Body::empty())
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(!answer.text().is_empty(), "{method} {path}: words for people");
    }
}
