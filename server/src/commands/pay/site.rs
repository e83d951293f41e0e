//! The site, as any visitor reaches it: server functions, pages and forms, and one cookie jar.

use std::{collections::BTreeMap, time::Duration};

use academy::Problem;
use reqwest::{Client, Method, Response, StatusCode, header, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::PublicUrl;

/// How long the site may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// More than any page of the site has.
const MAX_BODY: usize = 8 << 20;

/// Why the site gave no answer to go on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// No answer at all.
    #[error("the site can't be reached ({0}); check --site and that it is running")]
    Unreachable(String),
    /// The site refused, in its own words.
    #[error("the site refuses: {0}")]
    Refused(Problem),
    /// Something else than this version of a site answers.
    #[error("{0}")]
    Strange(String),
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

/// A visitor of the site.
pub struct Site {
    origin: PublicUrl,
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Site {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// When this machine gives no connections.
    pub fn new(origin: PublicUrl) -> Result<Self, SiteError> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("lectern-pay/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SiteError::Unreachable(reason(&error)))?;
        Ok(Self { origin, client, cookies: BTreeMap::new() })
    }

    /// Calls a server function.
    ///
    /// # Errors
    /// The site's refusal, or that there was no answer.
    pub async fn function<T: DeserializeOwned>(
        &mut self,
        name: &str,
        argument: &Value,
    ) -> Result<T, SiteError> {
        let path = format!("/api/fn/{name}");
        let answer = self.ask(Method::POST, &path, "application/json", argument.to_string()).await?;
        if answer.status == StatusCode::OK
            && let Ok(value) = serde_json::from_str(&answer.body)
        {
            return Ok(value);
        }
        Err(match serde_json::from_str::<Problem>(&answer.body) {
            Ok(problem) => SiteError::Refused(problem),
            Err(_) => self.strange(&path, &answer),
        })
    }

    /// A page's HTML.
    ///
    /// # Errors
    /// When it is no page that may be seen.
    pub async fn page(&mut self, path: &str) -> Result<String, SiteError> {
        let answer = self.ask(Method::GET, path, "text/html", String::new()).await?;
        if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(self.strange(path, &answer)) }
    }

    /// Posts a form, as it is encoded; answers where it leads to.
    ///
    /// # Errors
    /// When it leads nowhere: with what the page says about it.
    pub async fn post(&mut self, path: &str, form: String) -> Result<String, SiteError> {
        let answer = self.ask(Method::POST, path, "application/x-www-form-urlencoded", form).await?;
        match (&answer.location, alert(&answer.body)) {
            (Some(location), _) if answer.status == StatusCode::SEE_OTHER => Ok(location.clone()),
            (_, Some(words)) => Err(SiteError::Strange(format!("the site refuses: {words}"))),
            _ => Err(self.strange(path, &answer)),
        }
    }

    fn strange(&self, path: &str, answer: &Answer) -> SiteError {
        let origin = &self.origin;
        SiteError::Strange(match (&answer.location, answer.status) {
            (Some(location), status) if status.is_redirection() => {
                format!("{origin}{path} leads to {location}; give that site's address as --site")
            }
            (_, StatusCode::NOT_FOUND) => {
                format!("{origin}{path} is not there (404); is this a Lectern site of this version?")
            }
            (_, status) => format!("{origin}{path} answers {status}, which this version can't read"),
        })
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        body: String,
    ) -> Result<Answer, SiteError> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let origin = self.origin.to_string();
        let mut request = self
            .client
            .request(method.clone(), format!("{origin}{path}"))
            .header(header::ACCEPT, if method == Method::GET { "text/html" } else { "*/*" })
            // As a browser: the site takes posts from its own pages only.
            .header(header::ORIGIN, &origin)
            .header("sec-fetch-site", "same-origin");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, kind).body(body);
        }
        let unreachable = |error: reqwest::Error| SiteError::Unreachable(reason(&error));
        let response = request.send().await.map_err(unreachable)?;
        self.keep_cookies(&response);
        read(response).await
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

async fn read(mut response: Response) -> Result<Answer, SiteError> {
    let status = response.status();
    let location = response.headers().get(header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| SiteError::Unreachable(reason(&error)))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err(SiteError::Strange("the site's answer is larger than any of ours".to_owned()));
        }
    }
    Ok(Answer { status, location, body: String::from_utf8_lossy(&body).into_owned() })
}

/// What went wrong with a connection, without the URL.
fn reason(error: &reqwest::Error) -> String {
    let what = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () => "the connection failed",
    };
    what.to_owned()
}

/// The words of a page's alert.
fn alert(html: &str) -> Option<String> {
    let from = html.find("role=\"alert\"")?;
    let inside = &html[from + html[from..].find('>')? + 1..];
    let mut text = String::new();
    let mut depth = 1;
    for piece in inside.split_inclusive('>') {
        let (words, tag) = piece.split_once('<').unwrap_or((piece, ""));
        text.push_str(words);
        match tag {
            tag if tag.starts_with("div") => depth += 1,
            tag if tag.starts_with("/div") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    let text = text.trim().to_owned();
    (!text.is_empty() && text.len() < 1000).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_pages_alert() {
        let page = "<p>Hello</p><div class=\"notice\" data-tone=\"negative\" role=\"alert\"><svg><path d=\"\"/></svg>\
                    <div>Not for sale. <a href=\"/\">Back</a></div></div><p>else</p>";
        assert_eq!(alert(page).as_deref(), Some("Not for sale. Back"));
        assert_eq!(alert("<p>Hello</p>"), None);
        assert_eq!(alert("<div role=\"alert\""), None);
    }
}
