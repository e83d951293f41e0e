//! What the pages need of the process: academy, the built files' names, a few facts.

use std::sync::Arc;

use academy::Academy;
use serde::Deserialize;

/// Where the built files are; `assets.json` of the site folder.
#[derive(Clone, Debug, Deserialize)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// Catalogue, course pages and lessons.
    pub reading: Bundle,
    /// Signing in.
    pub signing: Bundle,
    /// Paying.
    pub paying: Bundle,
    /// Studio and admin.
    pub editing: Bundle,
    /// Publishing and payouts.
    pub sending: Bundle,
}

/// The islands of one kind of page.
#[derive(Clone, Debug, Deserialize)]
pub struct Bundle {
    /// The JavaScript glue.
    pub js: String,
    /// The wasm module.
    pub wasm: String,
}

impl Assets {
    /// The addresses of all built files.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        let bundles = [&self.reading, &self.signing, &self.paying, &self.editing, &self.sending];
        bundles
            .into_iter()
            .flat_map(|bundle| [bundle.js.as_str(), bundle.wasm.as_str()])
            .chain([self.css.as_str()])
    }
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
