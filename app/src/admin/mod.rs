//! Where admins run the place.

/// The admin's pages.
#[cfg(feature = "ssr")]
pub fn router() -> axum::Router<crate::AppState> {
    axum::Router::new()
}
