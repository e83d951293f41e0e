//! Security headers, on every answer that does not set its own.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// No inline scripts or styles, nothing from elsewhere; wasm may compile.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; \
    script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
    object-src 'none'";

/// The headers of this site.
pub struct Set(Vec<(HeaderName, HeaderValue)>);

impl Set {
    /// For a site that browsers reach over https or not.
    pub fn new(https: bool) -> Self {
        let mut all = vec![
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static(
                    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), hid=(), serial=()",
                ),
            ),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("same-origin"),
            ),
        ];
        if https {
            all.push((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")));
        }
        Self(all)
    }
}

/// The middleware.
pub async fn set(State(set): State<Arc<Set>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in &set.0 {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
