//! Who asks: put into the request by the server's session middleware, taken out by handlers.

use std::{convert::Infallible, sync::Arc};

use academy::{Actor, ids::SessionId};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

pub use crate::accounts::next::local_path;

/// The name of the session's cookie.
pub const SESSION_COOKIE: &str = "lectern_session";
/// The name of the cookie that keeps the chosen theme.
pub const THEME_COOKIE: &str = "lectern_theme";

/// The colours that a visitor chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    System,
    /// Dark text on light paper.
    Light,
    /// Light text on dark paper.
    Dark,
}

impl Theme {
    /// The word in the cookie and on `<html data-theme>`.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The caller of a handler.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The session, if the browser has one.
    pub session: Option<SessionId>,
    /// Its secret, as the cookie has it.
    pub token: Option<String>,
    /// Who is signed in.
    pub actor: Actor,
    /// The colours chosen.
    pub theme: Theme,
    /// The path and query of this request, to come back to.
    pub path: Arc<str>,
}

impl Visitor {
    /// For the session middleware; theme and path are filled in by the extractor.
    pub fn new(session: Option<SessionId>, token: Option<String>, actor: Actor) -> Self {
        Self { session, token, actor, theme: Theme::System, path: "/".into() }
    }

    /// Whether somebody is signed in.
    pub fn signed_in(&self) -> bool {
        self.actor.person().is_some()
    }

    /// The visitor of this request.
    pub fn of(parts: &Parts) -> Self {
        let mut visitor =
            parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self::new(None, None, Actor::Visitor));
        visitor.theme = match cookie(&parts.headers, THEME_COOKIE) {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        visitor.path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).into();
        visitor
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Sets the session's cookie for 30 days, or clears it.
pub fn session_cookie(token: Option<&str>, secure: bool) -> HeaderValue {
    let age = if token.is_some() { 30 * 24 * 60 * 60 } else { 0 };
    set_cookie(SESSION_COOKIE, token.unwrap_or_default(), age, true, secure)
}

/// Keeps the chosen theme for a year; scripts may read and write it.
pub fn theme_cookie(theme: Theme, secure: bool) -> HeaderValue {
    set_cookie(THEME_COOKIE, theme.word(), 365 * 24 * 60 * 60, false, secure)
}

fn set_cookie(name: &str, value: &str, age: u32, http_only: bool, secure: bool) -> HeaderValue {
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={age}{http_only}{secure}"))
        .expect("tokens and themes are printable ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_cookie_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; lectern_theme=dark;c=d"));
        assert_eq!(cookie(&headers, THEME_COOKIE), Some("dark"));
        assert_eq!(cookie(&headers, "theme"), None);
    }
}
