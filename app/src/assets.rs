//! What the pages need of the process: academy, the built files' names, a few facts.

use std::sync::Arc;

use academy::Academy;
use serde::Deserialize;

/// Where the built files are; `assets.json` of the site folder.
#[derive(Clone, Debug, Deserialize)]
pub struct Assets {
    /// The JavaScript glue.
    pub js: String,
    /// The wasm module.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
}

/// The state of all handlers.
#[derive(Clone)]
pub struct AppState {
    /// The services.
    pub academy: Academy,
    /// The built files.
    pub assets: Arc<Assets>,
    /// The site's own address, without a slash at the end.
    pub public_url: Arc<str>,
    /// Announce the demo wallet (development only).
    pub demo_wallet: bool,
    /// Cookies get `Secure`: the public URL is https.
    pub secure_cookies: bool,
}
