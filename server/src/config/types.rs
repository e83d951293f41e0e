//! Values with a form of their own, parsed once.

use std::{fmt, str::FromStr};

use academy::{
    chain::Signing,
    evm::{Address, BlockTag},
    money::Wei,
    price::Fiat,
};
use axum::http::Uri;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer},
};

/// `safe`, `finalized`, or empty.
pub fn optional_tag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BlockTag>, D::Error> {
    match String::deserialize(from)?.as_str() {
        "" => Ok(None),
        "safe" => Ok(Some(BlockTag::Safe)),
        "finalized" => Ok(Some(BlockTag::Finalized)),
        other => Err(D::Error::custom(format!(
            "write \"finalized\" or \"safe\", or leave it empty (not {other:?})"
        ))),
    }
}

/// Text or JSON lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The site's own address: scheme and authority, nothing behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    https: bool,
    authority: String,
}

impl PublicUrl {
    /// Whether browsers reach the site over TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and port, as the sign-in message names them.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether the site is for this machine only.
    pub fn is_local(&self) -> bool {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => &self.authority,
        };
        ["localhost", "127.0.0.1", "[::1]"].contains(&host)
    }
}

/// Not scheme and authority, or more than these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no address of a site")]
pub struct NotASite;

impl FromStr for PublicUrl {
    type Err = NotASite;
    fn from_str(text: &str) -> Result<Self, NotASite> {
        parse_public(text).ok_or(NotASite)
    }
}

/// The origin, as browsers send it.
impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http{}://{}", if self.https { "s" } else { "" }, self.authority)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        parse_public(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "write the site's address as https://lectern.example, without a path (not {text:?})"
            ))
        })
    }
}

fn parse_public(text: &str) -> Option<PublicUrl> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?.as_str();
    let https = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.contains('@');
    // Browsers leave the default port out of Origin, and the sign-in message must agree with them.
    let authority = authority.strip_suffix(if https { ":443" } else { ":80" }).unwrap_or(authority);
    (bare && authority.is_ascii()).then(|| PublicUrl { https, authority: authority.to_ascii_lowercase() })
}

pub(super) fn is_web(url: &str) -> bool {
    has_scheme(url, &["http", "https"])
}

pub(super) fn is_socket(url: &str) -> bool {
    has_scheme(url, &["ws", "wss"])
}

fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| {
        uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme)) && uri.authority().is_some()
    })
}

pub(super) fn optional_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    match text.as_str() {
        "" => Ok(None),
        url if is_web(url) => Ok(Some(url.trim_end_matches('/').to_owned())),
        _ => Err(D::Error::custom("must be empty or start with http:// or https://")),
    }
}

pub(super) fn fiat<'de, D: Deserializer<'de>>(from: D) -> Result<Fiat, D::Error> {
    let text = String::deserialize(from)?;
    let words: Vec<&str> = Fiat::ALL.iter().map(|fiat| fiat.word()).collect();
    text.parse().map_err(|_| D::Error::custom(format!("write one of {} (not {text:?})", words.join(", "))))
}

/// `permit`, `authorization`, or empty.
pub(super) fn optional_signing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Signing>, D::Error> {
    match String::deserialize(from)?.as_str() {
        "" => Ok(None),
        "permit" => Ok(Some(Signing::Permit)),
        "authorization" => Ok(Some(Signing::Authorization)),
        other => Err(D::Error::custom(format!(
            "write \"permit\" or \"authorization\", or leave it out (not {other:?})"
        ))),
    }
}

/// The version that most tokens' EIP-712 domains have.
pub(super) fn first_version() -> String {
    "1".to_owned()
}

/// A number with at most two digits after the point, as hundredths.
pub(super) fn hundredths<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = f64::deserialize(from)?.to_string();
    let cents = Wei::parse_figure(&text, 2).ok().and_then(|cents| u64::try_from(cents.get()).ok());
    cents.ok_or_else(|| D::Error::custom(format!("write a number such as 0.95 or 100 (not {text})")))
}

pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    let text = String::deserialize(from)?;
    Address::written(&text)
        .map_err(|error| D::Error::custom(format!("is no address: {error} (not {text:?})")))
}

/// An address, or empty.
pub(super) fn optional_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    address(text.into_deserializer()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_site_has_no_path() {
        let url = parse_public("https://Lectern.Example:443/").unwrap();
        assert_eq!((url.to_string().as_str(), url.is_local()), ("https://lectern.example", false));
        let url = parse_public("http://[::1]:8000").unwrap();
        assert_eq!((url.authority(), url.is_local(), url.is_https()), ("[::1]:8000", true, false));
        for bad in
            ["", "lectern.example", "ftp://a", "https://a/b", "https://a?b", "https://u:p@a", "https://"]
        {
            assert_eq!(parse_public(bad), None, "{bad}");
        }
    }
}
