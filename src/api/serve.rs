//! Listening, and stopping without dropping a request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::{SockFilter, SockRef};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::wire::{Phase, Wire, bare};
use super::{App, router};
use crate::failure::{Failure, Kind};

/// How long after the signal to stop the server still listens: answers then ask to close their connection, so that
/// whoever asks again and again goes elsewhere without ever meeting a closed door. Whoever came in last has as long again
/// to ask.
const LEAVING: Duration = Duration::from_secs(1);
/// How long is waited, once nobody new is greeted, for those who are half-way in.
const SETTLING: Duration = Duration::from_millis(200);
/// How long what is still under way after that may take.
const GRACE: Duration = Duration::from_secs(25);
/// How many threads may wait for the disk or compute what takes its time; more such work waits for one of them. With all
/// others they stay below the `TasksMax` of the unit in deploy/.
const MAX_BLOCKING_THREADS: usize = 64;
/// How often it is looked whether keys were made or revoked.
const REFRESH: Duration = Duration::from_secs(1);
/// The largest head of a request that is read at all; what is larger than [`super::guard`] allows is refused there.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How many connections beyond the limit are told so at a time; more are closed without a word.
const MAX_TURNED_AWAY: usize = 256;

/// A socket that is listened on.
pub struct Listener {
    runtime: tokio::runtime::Runtime,
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(address: SocketAddr) -> Result<Self, Failure> {
        let failed = |what: &str, cause: std::io::Error| {
            Failure::new(Kind::Output, format!("{address}: {what}: {cause}; choose another with --listen"))
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .build()
            .map_err(|cause| failed("the server cannot start", cause))?;
        let socket = runtime
            .block_on(TcpListener::bind(address))
            .map_err(|cause| failed("cannot be listened on", cause))?;
        let address = socket.local_addr().map_err(|cause| failed("has no address", cause))?;
        Ok(Self { runtime, socket, address })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Announces the address and serves until SIGINT or SIGTERM; requests under way are then answered.
///
/// # Errors
/// When it listens beyond this machine and there is no key; when the process cannot listen for signals.
pub fn serve(listener: Listener, app: Arc<App>, announce: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let Listener { runtime, socket, address } = listener;
    if !address.ip().is_loopback() && !app.needs_keys() {
        return Err(Failure::new(
            Kind::Usage,
            format!(
                "{address}: whoever reaches it could read every customer, as there is no key yet: make one with \
                 mainstay keys create --scope score,read, or listen on 127.0.0.1"
            ),
        ));
    }
    let connections = allow_files(app.guard.limits.connections);
    if connections < app.guard.limits.connections {
        let about = serde_json::json!({"connections": connections});
        app.guard.log.event(
            "warn",
            "fewer connections than asked for: this process may open few files (ulimit -n)",
            &about,
        );
    }
    runtime.block_on(async {
        let mut stop = Stop::new()?;
        app.guard.tell_panics();
        announce(address);
        tokio::spawn(refresh(app.clone()));
        let door = Door::new(app.clone(), connections);
        tokio::select! {
            () = door.admit(&socket) => {}
            () = stop.asked() => {}
        }
        app.guard.leave();
        let leave = async {
            let _ = tokio::time::timeout(LEAVING, door.admit(&socket)).await;
            greet_no_more(&socket);
            let _ = tokio::time::timeout(SETTLING, door.admit(&socket)).await;
            door.close(socket);
            let _ = tokio::time::timeout(LEAVING, door.empty()).await;
            let _ = tokio::time::timeout(GRACE, door.connections.shutdown()).await;
        };
        tokio::select! {
            () = leave => {}
            () = stop.asked() => {}
        }
        Ok::<(), Failure>(())
    })?;
    // What events it deleted is not left in the log; where that cannot be, the next night does it.
    let _ = app.state.settle();
    app.guard.log.event("info", "stopped", &serde_json::Value::Null);
    app.guard.log.flush();
    // What still computes for a connection that is gone is not waited for.
    runtime.shutdown_background();
    Ok(())
}

/// The signals to stop.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> Result<Self, Failure> {
        let of = |kind| signal(kind).map_err(|cause| Failure::new(Kind::Internal, cause.to_string()));
        Ok(Self { interrupt: of(SignalKind::interrupt())?, terminate: of(SignalKind::terminate())? })
    }

    /// One of them has come since the last.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Reads the keys again when they have changed, for as long as the server runs.
async fn refresh(app: Arc<App>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        let app = app.clone();
        // Keys that cannot be read stay as they were.
        let _ = tokio::task::spawn_blocking(move || app.guard.refresh()).await;
    }
}

/// So many files are open at most beside connections: the store's, and those of who is told that there are too many.
const FILES_BESIDE: u64 = 1_024;

/// Allows this process as many open files as so many connections need, as far as the system lets it; how many connections
/// that is enough for, as they are not to take the files that answers are read from.
fn allow_files(connections: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = connections as u64 + FILES_BESIDE;
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX).min(wanted);
    if limit.current.is_some_and(|current| current < most) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Of few files, half are for connections.
    let room = files.saturating_sub(FILES_BESIDE).max(files / 2);
    connections.min(usize::try_from(room).unwrap_or(usize::MAX))
}

/// Where connections come in.
struct Door {
    app: Arc<App>,
    router: Router,
    connections: GracefulShutdown,
    places: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
}

impl Door {
    /// Of so many connections at a time.
    fn new(app: Arc<App>, connections: usize) -> Self {
        let places = Arc::new(Semaphore::new(connections));
        let turned_away = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
        Self { router: router(app.clone()), app, connections: GracefulShutdown::new(), places, turned_away }
    }

    /// Lets connections in, for ever.
    async fn admit(&self, socket: &TcpListener) {
        loop {
            match socket.accept().await {
                Ok((connection, _)) => self.seat(connection),
                // Out of files or memory: those who are here may leave some.
                Err(cause) if !is_of_one_connection(&cause) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(_) => {}
            }
        }
    }

    /// Lets those in whom the system has already told that they are connected, and nobody after. The system itself is
    /// asked for them: the runtime may not have heard of all.
    fn close(&self, socket: TcpListener) {
        let Ok(socket) = socket.into_std() else { return };
        while let Ok((connection, _)) = socket.accept() {
            let connection = connection.set_nonblocking(true).and_then(|()| TcpStream::from_std(connection));
            connection.into_iter().for_each(|connection| self.seat(connection));
        }
    }

    /// Waits until nobody is in.
    async fn empty(&self) {
        while self.connections.count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn seat(&self, connection: TcpStream) {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            self.serve(connection, place);
        } else if let Ok(place) = self.turned_away.clone().try_acquire_owned() {
            self.app.guard.metrics.turned_away();
            tokio::spawn(async move {
                // Whoever does not even read that has been told.
                let _ = tokio::time::timeout(Duration::from_secs(1), turn_away(connection)).await;
                drop(place);
            });
        } else {
            self.app.guard.metrics.turned_away();
        }
    }

    fn serve(&self, connection: TcpStream, place: OwnedSemaphorePermit) {
        // Without it small answers may wait for an acknowledgement.
        let _ = connection.set_nodelay(true);
        let (phase, service) = (Phase::default(), TowerToHyperService::new(self.router.clone()));
        let wire = Wire::new(connection, phase.clone());
        let service = service_fn(move |request| {
            phase.answering();
            let (answer, phase) = (service.call(request), phase.clone());
            async move {
                let answer: Result<_, Infallible> = answer.await;
                phase.waiting();
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // The wire's own time-out tells a slow head from an idle connection.
            .header_read_timeout(None)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(wire), service);
        let connection = self.connections.watch(connection);
        let app = self.app.clone();
        tokio::spawn(async move {
            let open = app.guard.metrics.connection();
            // An error is the other side's: it left, or sent what is no request.
            let _ = connection.await;
            drop((open, place));
        });
    }
}

/// Has the system let whoever wants to connect wait, who will then find the door closed. To close it at once would cut off
/// those the system connects between the last look for them and the closing.
fn greet_no_more(socket: &TcpListener) {
    // A classic BPF program: the 14th byte of the TCP header has the flags, 2 of them SYN, which asks to connect.
    let program = [
        SockFilter::new(0x30, 0, 0, 13),       // load the byte
        SockFilter::new(0x45, 0, 1, 2),        // SYN?
        SockFilter::new(0x06, 0, 0, 0),        // drop the packet
        SockFilter::new(0x06, 0, 0, u32::MAX), // keep it
    ];
    // Where the system knows of no such thing, the closing cuts off a few at worst.
    let _ = SockRef::from(socket).attach_filter(&program);
}

/// Whether accepting failed because of the one who wanted in.
fn is_of_one_connection(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(cause.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Says that there are too many connections.
async fn turn_away(mut connection: TcpStream) -> std::io::Result<()> {
    let busy = Failure::new(Kind::Busy, "as many connections are open as are allowed; try again in a second");
    connection.write_all(&bare(&busy)).await?;
    connection.shutdown().await?;
    // To close with a request unread would take the answer back before it is read.
    let mut unread = [0; 1024];
    while connection.read(&mut unread).await? > 0 {}
    Ok(())
}
