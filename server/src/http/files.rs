//! The built site's files: hashed ones for ever, the others for a while, `.br` where it lies beside.

use std::path::Path;

use app::Assets;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use tower_http::services::{ServeDir, ServeFile};

use crate::failure::Failure;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Reads assets.json and checks that the files which it names are there.
///
/// # Errors
/// When something is missing: with what to do.
pub fn load_assets(site: &Path) -> Result<Assets, Failure> {
    let index = site.join("assets.json");
    let told = |what: String| {
        Failure::Told(format!(
            "server.site_dir: {what}; build the site with `cargo xtask build`, or set server.site_dir \
             to where it is"
        ))
    };
    let text = std::fs::read_to_string(&index)
        .map_err(|error| told(format!("can't read {} ({error})", index.display())))?;
    let assets: Assets = serde_json::from_str(&text)
        .map_err(|error| told(format!("{} is damaged ({error})", index.display())))?;
    for url in assets.urls() {
        let file = site.join(url.trim_start_matches('/'));
        if !url.starts_with("/pkg/") || !file.is_file() {
            return Err(told(format!("{} names {url}, which is not there", index.display())));
        }
    }
    Ok(assets)
}

/// `/pkg`, `/static`, and the file that robots ask for at the root.
pub fn router(site: &Path) -> Router {
    let folder = |name: &str| {
        ServeDir::new(site.join(name)).precompressed_br().append_index_html_on_directories(false)
    };
    Router::new()
        .nest_service("/pkg", folder("pkg"))
        .nest_service("/static", folder("static"))
        .route_service("/robots.txt", ServeFile::new(site.join("static/robots.txt")))
        .layer(middleware::from_fn(keep))
}

/// Only what is there may be kept: an asset that is missing during a deployment must not stay
/// missing for a year.
async fn keep(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Inside of the nested routes the prefix is already gone from the path.
    let path = request.extensions().get::<axum::extract::OriginalUri>().map_or(path, |uri| uri.path());
    let hashed = path.starts_with("/pkg/") || path.starts_with("/static/fonts/");
    let mut response = next.run(request).await;
    let found =
        matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
    if found {
        let kept = if hashed { FOR_EVER } else { AN_HOUR };
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
}
