//! The site as one router: the pages of `app`, wrapped, and what stands beside them.
//!
//! From the outside in: watch (request id, log, metrics) → security headers → compression →
//! plain pages for failures → panics caught → then per route; pages also pass CSRF, limits and
//! the session.

mod bounds;
mod dev_rpc;
mod events;
mod files;
mod headers;
mod health;
mod plain;
mod serve;
mod session;
mod throttle;
mod watch;

use std::sync::Arc;

use academy::{Academy, chain::dev::Dev};
use app::{AppState, Assets};
use axum::{Router, extract::DefaultBodyLimit, middleware, routing};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    csrf::CsrfLayer,
};

pub use files::load_assets;
pub use health::Health;
pub use serve::{Limits as ServeLimits, serve};
pub use throttle::Throttle;

use crate::{
    compose::Machine,
    config::{self, Config},
    failure::Failure,
};

/// What the site is made of.
pub struct Parts {
    /// The configuration, checked.
    pub config: Arc<Config>,
    /// The machine's clock and chance.
    pub machine: Machine,
    /// The services.
    pub academy: Academy,
    /// The built files' names.
    pub assets: Arc<Assets>,
    /// Where metrics are collected, if they are.
    pub metrics: Option<PrometheusHandle>,
}

/// The site.
pub struct Site {
    /// All of it, for [`serve`] or a test.
    pub router: Router,
    /// Whose old entries [`Throttle::forget_the_idle`] drops now and then.
    pub throttle: Arc<Throttle>,
}

/// Builds the site.
///
/// # Errors
/// When the public URL is no origin or the development node's URL is none.
pub fn site(parts: Parts) -> Result<Site, Failure> {
    let Parts { config, machine, academy, assets, metrics } = parts;
    let throttle = Arc::new(Throttle::new(&config.limits));
    let own_origin = config.server.public_url.to_string();
    // Behind a proxy that rewrites Host, Origin can only be compared with the configured address.
    let csrf = CsrfLayer::new()
        .add_trusted_origin(&own_origin)
        .map_err(|error| Failure::Told(format!("server.public_url: {error}")))?;

    let state = AppState {
        academy: academy.clone(),
        assets: assets.clone(),
        public_url: own_origin.into(),
        demo_wallet: config.dev.demo_wallet,
        secure_cookies: config.server.public_url.is_https(),
    };
    let mut dynamic = app::router(&state).with_state(state);
    if config.dev.demo_wallet && config::is_dev(config.chain.id) {
        let url = config.chain.rpc_urls.first().map(|url| url.expose()).unwrap_or_default();
        dynamic = dynamic.merge(dev_rpc::router(Dev::new(url)?));
    }
    // The last layer added is the outermost.
    let dynamic = dynamic
        .merge(events::router(academy.clone(), config.webhooks.token.clone()))
        .layer(middleware::from_fn_with_state(academy.clone(), session::find))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(config.clone(), bounds::keep))
        .layer(middleware::from_fn_with_state(throttle.clone(), throttle::hold))
        .layer(csrf);

    let mut router =
        dynamic.merge(files::router(&config.server.site_dir)).merge(Health::new(academy).router());
    if let Some(handle) = metrics.clone() {
        router = router.route("/metrics", routing::get(async move || handle.render()));
    }
    let headers = Arc::new(headers::Set::new(config.server.public_url.is_https()));
    let watch = Arc::new(watch::Watch::new(machine, metrics.is_some()));
    let router = router
        .layer(CatchPanicLayer::custom(plain::after_panic))
        .layer(middleware::from_fn_with_state(assets, plain::dress))
        .layer(
            CompressionLayer::new()
                // Brotli's higher levels cost more time per page than the bytes are worth.
                .quality(CompressionLevel::Fastest)
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("font/"))),
        )
        .layer(middleware::from_fn_with_state(headers, headers::set))
        .layer(middleware::from_fn_with_state(watch, watch::observe));
    Ok(Site { router, throttle })
}
