//! How server functions and islands write JSON: server_fn's own codec, but read as text, the way
//! leptos reads islands' props. One JSON reader in the wasm rather than two saves kilobytes.

use leptos::{
    serde_json,
    server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post},
};
use serde::{Serialize, de::DeserializeOwned};

/// The codec of server functions: `#[server(…, input = Wire, output = Wire)]`.
pub type Wire = Post<Json>;

/// JSON.
pub struct Json;

/// Neither side says more about JSON that it can't read or write.
#[derive(Debug, thiserror::Error)]
#[error("malformed JSON")]
pub struct Malformed;

impl ContentType for Json {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for Json {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Json {
    type Error = Malformed;

    fn encode(value: &T) -> Result<Bytes, Malformed> {
        serde_json::to_string(value).map(Bytes::from).map_err(|_| Malformed)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Json {
    type Error = Malformed;

    fn decode(bytes: Bytes) -> Result<T, Malformed> {
        std::str::from_utf8(&bytes).ok().and_then(read).ok_or(Malformed)
    }
}

/// A value as text, for an island's props. Its types are plain data, which JSON always holds.
pub fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The value of a text.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
