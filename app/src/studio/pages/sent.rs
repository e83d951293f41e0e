//! What a studio form sent: plain fields, and at most one file.
//!
//! The editor's form carries text and an image in one request, so that uploading without
//! JavaScript loses nothing; therefore one extractor reads both encodings.

use std::collections::HashMap;

use academy::{Problem, catalog::MAX_MEDIA};
use axum::{
    Form,
    extract::{FromRequest, Multipart, Request},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

/// An uploaded file.
pub struct Upload {
    /// Its name on the sender's machine.
    pub name: String,
    /// Its content; `None` when it was larger than [`MAX_MEDIA`]. It was read to its end then, as far as the server
    /// takes requests, so that the browser hears our message instead of a closed connection.
    pub bytes: Option<Vec<u8>>,
}

impl Upload {
    /// The content, or what is wrong with it, beside the field `file`.
    pub fn content(self) -> Result<(String, Vec<u8>), Problem> {
        match self.bytes {
            None => Err(Problem::field(
                "file",
                format!(
                    "“{}” is larger than {} MB. Make it smaller and try again.",
                    self.name,
                    MAX_MEDIA / 1024 / 1024
                ),
            )),
            Some(bytes) if bytes.is_empty() => Err(Problem::field("file", "Choose a file first.")),
            Some(bytes) => Ok((self.name, bytes)),
        }
    }
}

/// The fields of a posted form.
#[derive(Default)]
pub struct Sent {
    fields: HashMap<String, String>,
    /// The file, if one was chosen.
    pub file: Option<Upload>,
}

impl Sent {
    /// A field's value, or empty.
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// A field's value as an owned text.
    pub fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }

    /// Which of the page's actions.
    pub fn act(&self) -> &str {
        self.get("act")
    }

    /// An id in a field; one that can't be read is one that isn't there.
    pub fn id<T: std::str::FromStr>(&self, name: &str, what: &str) -> Result<T, Problem> {
        self.get(name).parse().map_err(|_| Problem::not_found(what))
    }

    /// The file that must be there.
    pub fn upload(&mut self) -> Result<(String, Vec<u8>), Problem> {
        self.file.take().ok_or_else(|| Problem::field("file", "Choose a file first."))?.content()
    }

    async fn multipart(mut form: Multipart) -> Result<Self, Response> {
        let mut sent = Self::default();
        while let Some(mut part) = form.next_field().await.map_err(IntoResponse::into_response)? {
            let Some(field) = part.name().map(str::to_owned) else { continue };
            let Some(name) = part.file_name().map(str::to_owned) else {
                let text = part.text().await.map_err(IntoResponse::into_response)?;
                sent.fields.insert(field, text);
                continue;
            };
            let mut bytes = Some(Vec::new());
            while let Some(chunk) = part.chunk().await.map_err(IntoResponse::into_response)? {
                bytes = bytes.filter(|kept| kept.len() + chunk.len() <= MAX_MEDIA);
                if let Some(kept) = &mut bytes {
                    kept.extend_from_slice(&chunk);
                }
            }
            // A file input that was left empty is sent as a file without name and content.
            if !name.is_empty() {
                sent.file = Some(Upload { name, bytes });
            }
        }
        Ok(sent)
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if kind.starts_with("multipart/form-data") {
            let form = Multipart::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            return Self::multipart(form).await;
        }
        let Form(fields) = Form::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { fields, file: None })
    }
}
