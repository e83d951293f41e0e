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

/// The status of a page, if the server answers at all.
pub fn status(port: u16, path: &str) -> Result<u16> {
    let answer = exchange(
        port,
        &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
    )?;
    answer
        .get(9..12)
        .and_then(|code| code.parse().ok())
        .context("not an HTTP answer")
}

/// One JSON-RPC call.
pub fn rpc(port: u16, method: &str, params: &Value) -> Result<Value> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let answer = exchange(
        port,
        &format!(
            "POST / HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .context("not an HTTP answer")?;
    let mut answer: Value = serde_json::from_str(body)?;
    if let Some(error) = answer.get("error") {
        bail!("{method}: {error}");
    }
    Ok(answer["result"].take())
}

fn exchange(port: u16, request: &str) -> Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
