//! A load generator: a few keep-alive connections, each asking again as soon as it was answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::percentile;
use crate::process::interrupted;

pub const CONNECTIONS: usize = 8;

/// What one page is asked for.
#[derive(Clone)]
pub struct Request {
    pub port: u16,
    pub path: String,
    pub cookie: Option<String>,
    pub encoding: &'static str,
}

pub struct Measured {
    pub requests: u64,
    pub elapsed: Duration,
    /// Sorted.
    latencies: Vec<Duration>,
    pub bytes: u64,
}

impl Measured {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    pub fn percentile(&self, percent: usize) -> Duration {
        percentile(&self.latencies, percent)
    }
}

/// Asks for `time`; any answer other than 200 is an error.
pub fn run(request: &Request, time: Duration) -> Result<Measured> {
    let start = Instant::now();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = request.clone();
            thread::spawn(move || ask_until(&request, start + time))
        })
        .collect();
    let mut latencies = Vec::new();
    let mut bytes = 0;
    for thread in threads {
        let (more, size) = thread.join().map_err(|_| anyhow::anyhow!("a load thread panicked"))??;
        latencies.extend(more);
        bytes = size;
    }
    latencies.sort_unstable();
    Ok(Measured { requests: latencies.len() as u64, elapsed: start.elapsed(), latencies, bytes })
}

fn ask_until(request: &Request, end: Instant) -> Result<(Vec<Duration>, u64)> {
    let mut connection = Connection::open(request)?;
    let mut latencies = Vec::new();
    let mut bytes = 0;
    while Instant::now() < end && !interrupted() {
        let start = Instant::now();
        bytes = connection.ask(request)?;
        latencies.push(start.elapsed());
    }
    Ok((latencies, bytes))
}

struct Connection {
    reader: BufReader<TcpStream>,
    text: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    fn open(request: &Request) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, request.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let cookie =
            request.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let text = format!(
            "GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: text/html\r\nAccept-Encoding: {}\r\n{cookie}\r\n",
            request.path, request.port, request.encoding
        );
        Ok(Self {
            reader: BufReader::with_capacity(64 * 1024, stream),
            text: text.into_bytes(),
            body: Vec::new(),
        })
    }

    /// One request and its whole answer; the size of its body.
    fn ask(&mut self, request: &Request) -> Result<u64> {
        self.reader.get_mut().write_all(&self.text)?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200") {
            bail!("{} answers {}", request.path, line.trim_end());
        }
        let mut length = None;
        let mut chunked = false;
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = Some(value.trim().parse::<usize>()?);
            }
            chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
        }
        if !chunked {
            let length = length.context("an answer of unknown length")?;
            self.take(length)?;
            return Ok(length as u64);
        }
        let mut total = 0;
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16)?;
            // The chunk and the line's end after it.
            self.take(size + 2)?;
            if size == 0 {
                return Ok(total);
            }
            total += size as u64;
        }
    }

    fn take(&mut self, size: usize) -> Result<()> {
        self.body.resize(size, 0);
        self.reader.read_exact(&mut self.body)?;
        Ok(())
    }
}
