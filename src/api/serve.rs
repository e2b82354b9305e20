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
    /// When the address is not a loopback address, or cannot be listened on.
    pub fn bind(address: SocketAddr) -> Result<Self, Failure> {
        if !address.ip().is_loopback() {
            return Err(Failure::new(
                Kind::Usage,
                format!(
                    "{address}: the API has no keys yet, so it listens on this machine only; \
                     use 127.0.0.1 and put a proxy that authenticates in front of it"
                ),
            ));
        }
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

/// Serves until SIGINT or SIGTERM; requests under way are then answered, for at most ten seconds.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn serve(listener: Listener, app: Arc<App>) -> Result<(), Failure> {
    let Listener { runtime, socket, .. } = listener;
    runtime.block_on(async {
        let internal = |cause: std::io::Error| Failure::new(Kind::Internal, cause.to_string());
        let mut interrupt = signal(SignalKind::interrupt()).map_err(internal)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(internal)?;
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
