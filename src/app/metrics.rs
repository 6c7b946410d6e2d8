//! The numbers of every running clinic, for a Prometheus on the same machine.
//!
//! Nothing listens unless a port is set, and then on 127.0.0.1 alone. No label
//! holds anything of a patient.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::clerk::Clerk;
use super::clock::Clock;
use super::numbers::{self, Counts};
use super::stats;

/// The numbers are of so many days.
const DAYS: u32 = 30;

/// The bots that are running, by their clinic's name.
#[derive(Default)]
pub struct Board(Mutex<Vec<(String, Arc<Clerk>)>>);

impl Board {
    /// Adds a bot that has started.
    pub fn add(&self, clinic: &str, clerk: &Arc<Clerk>) {
        self.bots().push((clinic.to_owned(), Arc::clone(clerk)));
    }

    /// Takes a bot off that stops: its store is to be closed.
    pub fn remove(&self, clinic: &str) {
        self.bots().retain(|(name, _)| name != clinic);
    }

    fn bots(&self) -> MutexGuard<'_, Vec<(String, Arc<Clerk>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the numbers at `/metrics` until it is dropped. Gives the port.
///
/// # Errors
/// When nothing can listen there.
pub async fn serve(
    port: u16,
    board: Arc<Board>,
    clock: Clock,
) -> io::Result<(u16, impl Future<Output = io::Result<()>>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    let router = Router::new()
        .route("/metrics", get(read))
        .with_state((board, clock));
    Ok((port, async move { axum::serve(listener, router).await }))
}

async fn read(State((board, clock)): State<(Arc<Board>, Clock)>) -> Response {
    let bots = board.bots().clone();
    let counted = tokio::task::spawn_blocking(move || {
        let of = |(clinic, clerk): (String, Arc<Clerk>)| {
            let today = numbers::day_of(clerk.library.newest(), clock.now());
            let first = today.saturating_sub(DAYS - 1);
            let counts = numbers::since(&clerk.ledger, clerk.keys, first)?;
            Ok((clinic, counts))
        };
        let counted: Result<Vec<(String, Counts)>, crate::store::ReadError> =
            bots.into_iter().map(of).collect();
        counted
    });
    match counted.await {
        Ok(Ok(clinics)) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
            (kind, stats::prometheus(&clinics, DAYS)).into_response()
        }
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
