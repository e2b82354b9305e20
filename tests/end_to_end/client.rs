//! A client that keeps its connection and says when it was closed: what tests of load need, and nothing more.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// A connection.
pub(crate) struct Client {
    connection: TcpStream,
}

impl Client {
    /// `None` where nobody answers any more.
    pub(crate) fn connect(address: &str) -> Option<Self> {
        let connection = TcpStream::connect(address).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        connection.set_nodelay(true).ok()?;
        Some(Self { connection })
    }

    /// The answer to a request with these further lines in its head; `None` where the connection ends before its end.
    pub(crate) fn send(&mut self, method: &str, path: &str, more: &str, body: &str) -> Option<Answer> {
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{more}content-length: {length}\r\n");
        self.connection.write_all(format!("{head}\r\n{body}").as_bytes()).ok()?;
        let (mut text, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        loop {
            if let Some(answer) = whole(&text) {
                return Some(answer);
            }
            match self.connection.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(read) => text.extend_from_slice(&buffer[..read]),
            }
        }
    }

    /// A `POST` of JSON.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Option<Answer> {
        self.send("POST", path, "content-type: application/json\r\n", body)
    }
}

fn whole(text: &[u8]) -> Option<Answer> {
    let end = text.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
    let length: usize = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
    let body = text[end + 4..].get(..length)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: serde_json::from_slice(body).unwrap_or_default(), head })
}
