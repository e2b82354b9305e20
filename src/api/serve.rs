//! Listening, and stopping without dropping a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{App, router};
use crate::failure::{Failure, Kind};

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

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

/// How often it is looked whether keys were made or revoked.
const REFRESH: Duration = Duration::from_secs(1);

/// Announces the address and serves until SIGINT or SIGTERM; requests under way are then answered, for at most ten seconds.
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
    announce(address);
    let watched = app.clone();
    runtime.block_on(async {
        let internal = |cause: std::io::Error| Failure::new(Kind::Internal, cause.to_string());
        let mut interrupt = signal(SignalKind::interrupt()).map_err(internal)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(internal)?;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(REFRESH).await;
                let app = watched.clone();
                // Keys that cannot be read stay as they were.
                let _ = tokio::task::spawn_blocking(move || app.guard.refresh()).await;
            }
        });
        let (stop, mut stopping) = tokio::sync::watch::channel(());
        let server = axum::serve(socket, router(app)).with_graceful_shutdown(async move {
            // An error means the sender is gone, which is a reason to stop too.
            let _ = stopping.changed().await;
        });
        let server = tokio::spawn(async move { server.await });
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = stop.send(());
        match tokio::time::timeout(GRACE, server).await {
            Ok(Ok(served)) => served.map_err(internal),
            Ok(Err(error)) => Err(Failure::new(Kind::Internal, error.to_string())),
            // Whoever still holds a connection open after that has had the time to finish.
            Err(_) => Ok(()),
        }
    })
}
