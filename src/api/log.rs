//! What the API says on standard error: a line of JSON or of text for each request and each event. No line has anything
//! of a customer in it: neither a path (its pattern is), nor a query, nor a body; and of a key its id.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::now;

/// How many lines may wait to be written. Beyond, lines are left out and counted: whoever reads the log slowly must not
/// hold up answers.
const MAX_WAITING: usize = 10_000;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
    /// Events, but no requests.
    Off,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "off" => Ok(Self::Off),
            _ => Err("json, text or off".to_owned()),
        }
    }
}

/// The log.
pub(super) struct Log {
    format: LogFormat,
    lines: SyncSender<Said>,
    left_out: AtomicU64,
}

/// What the thread is told that writes.
enum Said {
    Line(String),
    /// To say when everything before this is written.
    Flush(SyncSender<()>),
}

/// A request that was answered.
pub(super) struct Answered<'a> {
    pub(super) request_id: &'a str,
    pub(super) method: &'a str,
    /// The route's pattern.
    pub(super) route: &'a str,
    pub(super) status: u16,
    pub(super) took: Duration,
    /// The id of the key that asked.
    pub(super) key: Option<&'a str>,
}

impl Log {
    pub(super) fn new(format: LogFormat) -> Self {
        let (lines, written) = sync_channel(MAX_WAITING);
        // Without a thread to write there is no log, which is no reason not to serve.
        let _ = std::thread::Builder::new().name("log".to_owned()).spawn(move || write(&written));
        Self { format, lines, left_out: AtomicU64::new(0) }
    }

    /// Says that something happened.
    pub(super) fn event(&self, level: &str, message: &str, more: &Value) {
        let line = match self.format {
            LogFormat::Json => {
                let mut line = json!({"ts": now().to_string(), "level": level, "message": message});
                if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
                    line.extend(more.clone());
                }
                format!("{line}\n")
            }
            LogFormat::Text | LogFormat::Off => format!("{message}\n"),
        };
        self.line(line);
    }

    /// Says that a request was answered.
    pub(super) fn answered(&self, request: &Answered<'_>) {
        if self.format == LogFormat::Off {
            return;
        }
        let Answered { request_id, method, route, status, took, key } = request;
        let (at, millis) = (now(), took.as_secs_f64() * 1e3);
        let mut line = String::with_capacity(256);
        // Nothing here needs escaping: ids and names of methods and routes are plain. Writing to a string never fails.
        let _ = match self.format {
            LogFormat::Json => write!(
                line,
                r#"{{"ts":"{at}","level":"info","message":"answered","request_id":"{request_id}","method":"{method}","route":"{route}","status":{status},"ms":{millis:.3}"#,
            ),
            _ => write!(line, "{at} {request_id} {method} {route} {status} {millis:.3} ms"),
        };
        let _ = match (self.format, key) {
            (LogFormat::Json, Some(key)) => writeln!(line, r#","key":"{key}"}}"#),
            (LogFormat::Json, None) => writeln!(line, "}}"),
            (_, Some(key)) => writeln!(line, " {key}"),
            (_, None) => writeln!(line),
        };
        self.line(line);
    }

    /// How many lines were left out.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written, but not for ever.
    pub(super) fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.lines.try_send(Said::Flush(done)).is_ok() {
            let _ = written.recv_timeout(Duration::from_secs(1));
        }
    }

    fn line(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Said::Line(line)) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes lines, as many at a time as there are, for as long as there may be more.
fn write(said: &Receiver<Said>) {
    let mut text = String::new();
    while let Ok(mut next) = said.recv() {
        let flushed = loop {
            match next {
                Said::Line(line) => text.push_str(&line),
                Said::Flush(done) => break Some(done),
            }
            match said.try_recv() {
                Ok(more) if text.len() < 64 * 1024 => next = more,
                Ok(more) => {
                    write_out(&mut text);
                    next = more;
                }
                Err(_) => break None,
            }
        };
        write_out(&mut text);
        if let Some(done) = flushed {
            // Who asked may have given up waiting.
            let _ = done.send(());
        }
    }
}

fn write_out(text: &mut String) {
    // With standard error gone there is nobody left to tell.
    let _ = io::stderr().lock().write_all(text.as_bytes());
    text.clear();
}
