//! Text that no log, error or debug output may show.

use std::fmt;

use serde::Deserialize;

/// A secret. Its `Debug` says only that there is one; it has no `Display`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to hand to whoever must know it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A URL's scheme and host, for people: without user, password, path and query, which may all
    /// hold secrets. `sqlite://` URLs name a file and are shown whole up to the query.
    pub fn url_for_people(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else { return "(not a URL)".to_owned() };
        if scheme == "sqlite" {
            return self.0.split('?').next().unwrap_or_default().to_owned();
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        // A password with an unescaped / or ? would end up in front of the cut.
        if after.contains('@') {
            return format!("{scheme}://(hidden)");
        }
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_itself() {
        let secret = Secret::new("postgres://lectern:hunter2@db.example/lectern?sslkey=hunter3");
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(…) Secret(…)");
        assert_eq!(secret.url_for_people(), "postgres://db.example");
        assert_eq!(Secret::new("https://rpc.example/v2/key").url_for_people(), "https://rpc.example");
        assert_eq!(Secret::new("sqlite://a/b.db?mode=rwc").url_for_people(), "sqlite://a/b.db");
        assert_eq!(Secret::new("postgres://u:hun/ter2@db/x").url_for_people(), "postgres://(hidden)");
        assert_eq!(Secret::new("hunter2").url_for_people(), "(not a URL)");
    }
}
