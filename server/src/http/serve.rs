//! Accepts connections until told to stop, then lets the running requests finish.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tower::ServiceExt;

/// How much is served at once and how patiently.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// More connections wait.
    pub connections: usize,
    /// A connection has so long to send a request's head, so that idlers don't hold its place.
    pub head: Duration,
    /// Running requests get so long at the end.
    pub drain: Duration,
}

/// Serves until `stop` resolves. axum's own `serve` has no time limit for a request's head.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut stop = pin!(stop);
    loop {
        let (accepted, place) = tokio::select! {
            () = &mut stop => break,
            next = accept(&listener, &places) => next,
        };
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                // Out of file handles, most often: the next moment may be better.
                tracing::error!(%error, "can't accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    tracing::info!(connections = graceful.count(), "stopping");
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests still ran when the time for finishing them was over");
    }
}

type Accepted = io::Result<(tokio::net::TcpStream, std::net::SocketAddr)>;

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (Accepted, tokio::sync::OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("nobody closes the semaphore");
    (listener.accept().await, place)
}
