//! A connection's bytes: how long they may take to come and to go, and what is said to bytes that are no request.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::problem::{MEDIA_TYPE, Problem};
use crate::failure::{Failure, Kind};

/// How long the head of a request may take from its first byte to its last.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection is kept on which nothing is asked.
const IDLE: Duration = Duration::from_secs(75);
/// How long the other side may take to read another bit of an answer.
const STUCK: Duration = Duration::from_secs(30);

/// How long, and for how many bytes, a connection is read after its last answer: to close with bytes unread takes the
/// answer back before a client that is still sending has read it.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// What a connection is doing, and since when.
#[derive(Clone)]
pub(super) struct Phase(Arc<Doing>);

struct Doing {
    phase: AtomicU8,
    began: Instant,
    /// Milliseconds since it began.
    since: AtomicU64,
}

const WAITING: u8 = 0;
const HEAD_COMES: u8 = 1;
const ANSWERING: u8 = 2;

impl Default for Phase {
    fn default() -> Self {
        let (phase, since) = (AtomicU8::new(WAITING), AtomicU64::new(0));
        Self(Arc::new(Doing { phase, began: Instant::now(), since }))
    }
}

impl Phase {
    /// A request's head is there.
    pub(super) fn answering(&self) {
        self.set(ANSWERING);
    }

    /// Its answer is there.
    pub(super) fn waiting(&self) {
        self.set(WAITING);
    }

    fn set(&self, phase: u8) {
        self.0.since.store(self.0.began.elapsed().as_millis() as u64, Ordering::Relaxed);
        self.0.phase.store(phase, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.phase.load(Ordering::Relaxed)
    }

    fn since(&self) -> Instant {
        self.0.began + Duration::from_millis(self.0.since.load(Ordering::Relaxed))
    }
}

/// A socket that gives up when its time is over.
pub(super) struct Wire {
    socket: TcpStream,
    phase: Phase,
    /// Goes off at the deadline or before: it is set again only when it has gone off, not at every request.
    alarm: Pin<Box<Sleep>>,
    stuck: Option<Pin<Box<Sleep>>>,
    /// When it stops to be read after its last answer, and how many bytes it has left.
    linger: Option<(Pin<Box<Sleep>>, usize)>,
    /// What is said in place of what hyper says to bytes that are no request; how much of it is sent.
    instead: Option<(Vec<u8>, usize)>,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, phase: Phase) -> Self {
        let alarm = Box::pin(tokio::time::sleep(IDLE));
        Self { socket, phase, alarm, stuck: None, linger: None, instead: None }
    }

    /// Nothing has come: is it too late for it?
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let since = self.phase.since();
        let deadline = match self.phase.get() {
            WAITING => since + IDLE,
            HEAD_COMES => since + HEAD,
            // The body's time is kept by who reads it. But nobody may ask again once the answer is there: the alarm has to
            // go off all the same.
            _ => Instant::now() + IDLE,
        };
        if deadline < self.alarm.deadline() {
            self.alarm.as_mut().reset(deadline);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.alarm.deadline() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Nothing goes out: does the other side still read?
    fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(STUCK)));
        stuck.as_mut().poll(cx).map(|()| io::ErrorKind::TimedOut.into())
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            // As long as an answer goes out nobody is idle.
            if self.phase.get() == WAITING {
                self.phase.waiting();
            }
            return written;
        }
        self.poll_stuck(cx).map(Err)
    }

    /// Reads what still comes, and forgets it.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { socket, linger, .. } = self;
        let (over, left) = linger.get_or_insert_with(|| (Box::pin(tokio::time::sleep(LINGER)), LINGER_BYTES));
        let mut forgotten = [0; 4096];
        while over.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut forgotten);
            let read = ready!(Pin::new(&mut *socket).poll_read(cx, &mut buffer));
            let came = buffer.filled().len();
            *left = left.saturating_sub(came);
            if read.is_err() || came == 0 || *left == 0 {
                break;
            }
        }
        Poll::Ready(())
    }

    /// Sends what is said instead.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((text, sent)) = &mut self.instead {
            let written = ready!(Pin::new(&mut self.socket).poll_write(cx, &text[*sent..]))?;
            *sent += written;
            if *sent == text.len() || written == 0 {
                self.instead = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if read.is_pending() {
            return self.poll_late(cx).map(Err);
        }
        if buffer.filled().len() > before && self.phase.get() == WAITING {
            self.phase.set(HEAD_COMES);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(said) = instead_of(bytes) {
            self.instead = Some((said, 0));
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(said) = parts.first().and_then(|first| instead_of(first)) {
            self.instead = Some((said, 0));
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, parts);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.poll_instead(cx);
        ready!(self.written(cx, sent))?;
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            let sent = self.poll_instead(cx);
            ready!(self.written(cx, sent))?;
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
        }
        self.poll_linger(cx).map(Ok)
    }
}

/// What is said instead of an answer of hyper's own, to bytes that are no request: it has no body, and every error here
/// has one. No answer of a route is of such a status without a body.
fn instead_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let (kind, what) = match bytes.get(..12)? {
        b"HTTP/1.1 400" => (Kind::Usage, "this is no HTTP/1.1 request"),
        b"HTTP/1.1 414" => (Kind::LongAddress, "the address is longer than any that is read"),
        b"HTTP/1.1 431" => (
            Kind::LargeHeaders,
            "the headers are larger than any that are read, or Content-Length is no length",
        ),
        _ => return None,
    };
    let empty: &[u8] = b"content-length: 0\r\n";
    if !bytes.windows(empty.len()).any(|window| window.eq_ignore_ascii_case(empty)) {
        return None;
    }
    Some(bare(&Failure::new(kind, what)))
}

/// A failure's answer as bytes, where there is no request to answer.
pub(super) fn bare(failure: &Failure) -> Vec<u8> {
    let problem = serde_json::to_string(&Problem::of(failure)).unwrap_or_default();
    let status = axum::http::StatusCode::from_u16(failure.kind.told().status).unwrap_or_default();
    let retry = if failure.kind == Kind::Busy { "retry-after: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n{retry}\
         connection: close\r\n\r\n{problem}",
        problem.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A connection's wire, what it is doing, and its other side.
    async fn connected() -> (Wire, Phase, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let phase = Phase::default();
        (Wire::new(listener.accept().await.unwrap().0, phase.clone()), phase, other)
    }

    /// Asserts that it gives up after so long. The clock stands still while anything is done, and then goes on to what is
    /// waited for: this takes no time.
    async fn gives_up<T: std::fmt::Debug>(after: Duration, doing: impl Future<Output = io::Result<T>>) {
        let start = Instant::now();
        assert_eq!(doing.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let took = start.elapsed();
        assert!(took >= after && took < after + Duration::from_millis(10), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_is_asked_is_kept_for_so_long_from_its_last_answer_on() {
        let mut buffer = [0; 64];
        let (mut never_asked, _, _other) = connected().await;
        gives_up(IDLE, never_asked.read(&mut buffer)).await;

        let (mut wire, phase, mut other) = connected().await;
        for _ in 0..2 {
            other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_eq!(wire.read(&mut buffer).await.unwrap(), 18);
            phase.answering();
            // Work may take longer than any head, and is not cut off by what does not come meanwhile.
            let working = tokio::time::timeout(10 * IDLE, wire.read(&mut buffer));
            assert!(working.await.is_err(), "an answer's time is not kept here");
            wire.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            phase.waiting();
        }
        gives_up(IDLE, wire.read(&mut buffer)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_left_that_nobody_reads_from_again_after_its_answer() {
        let (mut wire, phase, mut other) = connected().await;
        let mut buffer = [0; 64];
        other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(wire.read(&mut buffer).await.unwrap(), 18);
        phase.answering();
        // As hyper does: it looks for more while an answer is made, and then waits to be told that something has come.
        let reading = tokio::spawn(async move { wire.read(&mut [0; 64]).await });
        tokio::time::sleep(HEAD).await;
        phase.waiting();
        gives_up(IDLE, async { reading.await.unwrap() }).await;
        drop(other);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_has_begun_has_less_time() {
        let (mut wire, _, mut other) = connected().await;
        let mut buffer = [0; 64];
        other.write_all(b"GET").await.unwrap();
        assert_eq!(wire.read(&mut buffer).await.unwrap(), 3);
        gives_up(HEAD, wire.read(&mut buffer)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_to_read_an_answer_is_left() {
        let (mut wire, _, _other) = connected().await;
        let answer = vec![b'x'; 64 * 1024 * 1024];
        gives_up(STUCK, wire.write_all(&answer)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_on_sending_is_read_for_a_while_after_the_last_answer() {
        let (mut wire, _, mut other) = connected().await;
        wire.write_all(b"the answer").await.unwrap();
        let start = Instant::now();
        wire.shutdown().await.unwrap();
        let took = start.elapsed();
        assert!(took >= LINGER && took < LINGER + Duration::from_millis(10), "{took:?}");
        let mut told = String::new();
        other.read_to_string(&mut told).await.unwrap();
        assert_eq!(told, "the answer");
    }
}
