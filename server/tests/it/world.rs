//! A site in a temporary folder, and a client for it.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use academy::{Academy, Actor, Person, accounts::GivenRole, chain::fake::FakeChain, evm::Address, store::Db};
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusHandle;
use server::{
    compose::{self, Machine},
    config::{self, Config, Environment},
    http,
};
use tempfile::TempDir;
use tower::ServiceExt;

pub const MARKET: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
pub const PEER: ([u8; 4], u16) = ([127, 0, 0, 1], 50_000);

/// What a test can reach.
pub struct World {
    pub router: Router,
    pub academy: Academy,
    pub chain: Arc<FakeChain>,
    pub db: Db,
    _folder: TempDir,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The configuration of tests, with some keys set otherwise.
pub fn settings(folder: &Path, extra: &[(&str, &str)]) -> Config {
    let mut all = vec![
        ("LECTERN__DATABASE__URL".to_owned(), format!("sqlite://{}/lectern.db", folder.display())),
        ("LECTERN__SERVER__SITE_DIR".to_owned(), folder.join("site").display().to_string()),
        ("LECTERN__CHAIN__MARKET".to_owned(), MARKET.to_owned()),
    ];
    all.extend(extra.iter().map(|(key, value)| (format!("LECTERN__{key}"), (*value).to_owned())));
    let defaults = concat!(env!("CARGO_MANIFEST_DIR"), "/config.default.toml");
    config::load(Some(Path::new(defaults)), Environment::new(all)).unwrap()
}

/// A built site, as small as can be.
pub fn build_site(folder: &Path) {
    let put = |path: &str, content: &[u8]| {
        let file = folder.join("site").join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    };
    put("pkg/lectern.abc.js", b"export default 1;");
    put("pkg/lectern.abc.js.br", b"\x0b\x08\x80export default 1;\x03");
    put("pkg/lectern_bg.abc.wasm", b"\0asm");
    put("pkg/lectern.abc.css", b"body{}");
    put("static/fonts/letters.woff2", &[b'w'; 4096]);
    put("static/boot.js", b"export {};");
    put("static/robots.txt", include_bytes!("../../../public/robots.txt"));
    put(
        "assets.json",
        br#"{"css":"/pkg/lectern.abc.css",
            "reading":{"js":"/pkg/lectern.abc.js","wasm":"/pkg/lectern_bg.abc.wasm"},
            "signing":{"js":"/pkg/lectern.abc.js","wasm":"/pkg/lectern_bg.abc.wasm"},
            "paying":{"js":"/pkg/lectern.abc.js","wasm":"/pkg/lectern_bg.abc.wasm"},
            "editing":{"js":"/pkg/lectern.abc.js","wasm":"/pkg/lectern_bg.abc.wasm"},
            "sending":{"js":"/pkg/lectern.abc.js","wasm":"/pkg/lectern_bg.abc.wasm"}}"#,
    );
}

impl World {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(extra: &[(&str, &str)]) -> Self {
        Self::counted(extra, None).await
    }

    /// With metrics at `/metrics`.
    pub async fn counted(extra: &[(&str, &str)], metrics: Option<PrometheusHandle>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        build_site(folder.path());
        let config = Arc::new(settings(folder.path(), extra));
        let db = Db::connect(config.database.url.expose()).await.unwrap();
        db.migrate().await.unwrap();
        let chain = Arc::new(FakeChain::new(config.chain.id));
        let machine = Machine::real();
        let academy = compose::academy_on(&config, &machine, db.clone(), chain.clone()).unwrap();
        let assets = Arc::new(http::load_assets(&config.server.site_dir).unwrap());
        let site =
            http::site(http::Parts { config, machine, academy: academy.clone(), assets, metrics }).unwrap();
        Self { router: site.router, academy, chain, db, _folder: folder }
    }

    /// Sends a request as a browser on this machine would.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from(PEER, request).await
    }

    pub async fn send_from(&self, peer: ([u8; 4], u16), mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(peer)));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, cookie(token)).body(Body::empty()).unwrap()).await
    }

    /// Posts a form from one of the site's own pages.
    pub async fn post_as(&self, token: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, cookie(token))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_LENGTH, form.len())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Calls a server function.
    pub async fn call(&self, token: Option<&str>, name: &str, json: &str) -> Answer {
        let mut request = Request::post(format!("/api/fn/{name}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_LENGTH, json.len())
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::COOKIE, cookie(token));
        }
        self.send(request.body(Body::from(json.to_owned())).unwrap()).await
    }

    /// Signs a wallet in and answers the session's token.
    pub async fn sign_in(&self, wallet: &PrivateKeySigner) -> String {
        let accounts = self.academy.accounts();
        let anonymous = accounts.start_session().await.unwrap();
        let address = Address(wallet.address().0.0);
        let challenge = accounts.challenge(anonymous.session.id, address, None).await.unwrap();
        let signature = wallet.sign_message_sync(challenge.message.as_bytes()).unwrap().to_string();
        accounts.sign_in(anonymous.session.id, &challenge.nonce, &signature).await.unwrap().token
    }

    /// A signed-in instructor and admin.
    pub async fn somebody(&self) -> (Actor, String) {
        let wallet = PrivateKeySigner::random();
        let address = Address(wallet.address().0.0);
        let accounts = self.academy.accounts();
        let mut id = None;
        for role in [GivenRole::Instructor, GivenRole::Admin] {
            let given =
                accounts.set_role_of_address(&Actor::System, address, role, true, "test").await.unwrap();
            id = Some(given);
        }
        let token = self.sign_in(&wallet).await;
        let person = Person {
            id: id.unwrap(),
            address,
            address_text: address.checksummed(),
            chain_id: None,
            contract_on: None,
            name: String::new(),
            instructor: true,
            admin: true,
        };
        (Actor::Person(person), token)
    }
}

pub fn cookie(token: &str) -> String {
    format!("lectern_session={token}")
}
