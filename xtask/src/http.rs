//! As much HTTP as a local tool needs.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Whether the port of the loopback address can be listened on.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The first free port from `first` on.
pub fn free_port(first: u16) -> Result<u16> {
    (first..first.saturating_add(100))
        .find(|port| is_free(*port))
        .with_context(|| format!("no free port from {first} on"))
}

pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// A header's value, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Self { status: head.get(9..12)?.parse().ok()?, head: head.to_owned(), body: body.to_owned() })
    }
}

/// One request on a connection of its own. HTTP/1.0, so that the answer comes in one piece.
pub fn send(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let mut request = format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if method == "POST" {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(body);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Answer::parse(&String::from_utf8_lossy(&answer)).context("not an HTTP answer")
}

/// The status of a page, if the server answers at all.
pub fn status(port: u16, path: &str) -> Result<u16> {
    Ok(send(port, "GET", path, &[], "")?.status)
}

/// One JSON-RPC call.
pub fn rpc(port: u16, method: &str, params: &Value) -> Result<Value> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let answer = send(port, "POST", "/", &[("Content-Type", "application/json")], &call)?;
    let mut answer: Value = serde_json::from_str(&answer.body)?;
    if let Some(error) = answer.get("error") {
        bail!("{method}: {error}");
    }
    Ok(answer["result"].take())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer() {
        let text = "HTTP/1.1 303 See Other\r\nlocation: /orders/1\r\nSet-Cookie: a=b; Path=/\r\n\r\n";
        let answer = Answer::parse(text).expect("an answer");
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), Some("/orders/1"));
        assert_eq!(answer.header("set-cookie"), Some("a=b; Path=/"));
        assert_eq!(answer.header("content-type"), None);
        assert!(Answer::parse("nonsense").is_none());
    }
}
