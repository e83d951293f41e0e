//! As much of an HTTP server as JSON-RPC needs: requests with a length, one after the other on a
//! connection that stays.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What becomes of a request.
pub enum Reply {
    /// It is answered.
    Http { status: u16, body: String },
    /// The connection breaks off.
    Close,
}

/// Answers requests' bodies until the process, or the task, ends.
pub async fn serve<F>(listener: TcpListener, answer: impl Fn(Vec<u8>) -> F + Send + Sync + 'static)
where
    F: Future<Output = Reply> + Send + 'static,
{
    let answer = Arc::new(answer);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let answer = answer.clone();
        tokio::spawn(async move {
            // Whoever asked may go at any time.
            let _ = talk(stream, &*answer).await;
        });
    }
}

async fn talk<F>(mut stream: TcpStream, answer: &impl Fn(Vec<u8>) -> F) -> std::io::Result<()>
where
    F: Future<Output = Reply>,
{
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let length = content_length(&bytes[..head]);
        while bytes.len() < head + length {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let body = bytes[head..head + length].to_vec();
        bytes.drain(..head + length);
        match answer(body).await {
            Reply::Http { status, body } => {
                let head = format!(
                    "HTTP/1.1 {status} .\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(body.as_bytes()).await?;
            }
            Reply::Close => return Ok(()),
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    line.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}
