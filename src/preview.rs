//! The page with a patient's chat and the staff group, for trying the bot.
//!
//! It shows a [`World`] and lets a person act in it: write, press, share a
//! number, turn the clock. What the bot answers comes from the bot; nothing
//! here decides it. It listens on the loopback only.

mod actions;
mod live;
mod page;
mod pane;
mod past;
mod rich;
mod words;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::tz::TimeZone;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::bot_api::World;

pub use past::Past;

/// Tells unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Turns the clock on by so many seconds.
pub type Turn = Arc<dyn Fn(i64) + Send + Sync>;

/// What the page shows, and to whom it belongs.
pub struct PreviewOptions {
    /// The clinic's name, in the page's head.
    pub clinic_name: String,
    /// The person whose chat is the patient's pane. They must be in the world.
    pub patient: i64,
    /// The group that is the staff pane.
    pub staff_chat: i64,
    /// Who can speak in it.
    pub staff: Vec<StaffMember>,
    /// Where data goes, in words: "kept in memory, gone when you stop".
    pub data_dir_note: String,
    /// The zone times are shown in.
    pub zone: TimeZone,
    /// The port; a free one if there is none.
    pub port: Option<u16>,
    /// What the clock's buttons do.
    pub turn: Turn,
}

/// Somebody of the staff, as the page names them.
#[derive(Debug, Clone)]
pub struct StaffMember {
    /// Their id in the world.
    pub user: i64,
    /// Their name on the page.
    pub name: String,
}

/// A running preview page.
pub struct Preview {
    /// What to open in a browser.
    pub url: String,
    /// Where it listens.
    pub addr: SocketAddr,
    stopped: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What the page's handlers share.
struct Desk {
    world: Arc<Mutex<World>>,
    clock: Clock,
    options: PreviewOptions,
    /// The patient now in the pane; a restart puts in the next one.
    patient: Mutex<i64>,
    /// Bumped when the patient or the clock changed by the page's own doing.
    turned: watch::Sender<u64>,
    stopped: watch::Receiver<bool>,
}

/// One of the two chats on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Pane {
    Patient,
    Staff,
}

impl Preview {
    /// Serves the page on 127.0.0.1.
    pub async fn start(
        world: Arc<Mutex<World>>,
        clock: Clock,
        options: PreviewOptions,
    ) -> io::Result<Preview> {
        let port = options.port.unwrap_or(0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let addr = listener.local_addr()?;
        let stopped = watch::Sender::new(false);
        let router = page(world, clock, options, stopped.subscribe());
        let mut end = stopped.subscribe();
        let task = tokio::spawn(async move {
            let until = async move {
                // An error means the sender is gone, which is a stop too.
                let _ = end.wait_for(|stopped| *stopped).await;
            };
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::warn!(%error, "the preview ended");
            }
        });
        Ok(Preview {
            url: format!("http://{addr}/"),
            addr,
            stopped,
            task,
        })
    }

    /// Ends the page and its event streams.
    pub async fn stop(self) {
        self.stopped.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the preview did not end well");
        }
    }
}

/// The page's routes. Its event streams end when `stopped` turns true.
pub fn page(
    world: Arc<Mutex<World>>,
    clock: Clock,
    options: PreviewOptions,
    stopped: watch::Receiver<bool>,
) -> Router {
    let patient = Mutex::new(options.patient);
    let turned = watch::Sender::new(0);
    let desk = Arc::new(Desk {
        world,
        clock,
        options,
        patient,
        turned,
        stopped,
    });
    Router::new()
        .route("/", get(page::show))
        .route(
            "/preview.css",
            get(|| asset("text/css; charset=utf-8", page::CSS)),
        )
        .route(
            "/preview.js",
            get(|| asset("text/javascript; charset=utf-8", page::JS)),
        )
        .route("/picture/{file}", get(page::picture))
        .route("/document/{file}", get(page::document))
        .route("/events", get(live::events))
        .route("/say", post(actions::say))
        .route("/press", post(actions::press))
        .route("/share", post(actions::share))
        .route("/media", post(actions::media))
        .route("/turn", post(actions::turn))
        .route("/language", post(actions::language))
        .route("/restart", post(actions::restart))
        .layer(middleware::from_fn(only_from_here))
        .with_state(desk)
}

impl Desk {
    fn world(&self) -> MutexGuard<'_, World> {
        // A poisoned lock means another thread panicked; the page still shows.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    fn patient(&self) -> i64 {
        *self.patient.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chat(&self, pane: Pane) -> i64 {
        match pane {
            Pane::Patient => self.patient(),
            Pane::Staff => self.options.staff_chat,
        }
    }

    /// Who acts in a pane; a stranger to the staff acts as its first member.
    fn actor(&self, pane: Pane, asked: Option<i64>) -> i64 {
        let staff = &self.options.staff;
        match pane {
            Pane::Patient => self.patient(),
            Pane::Staff => staff
                .iter()
                .find(|member| Some(member.user) == asked)
                .or(staff.first())
                .map_or(0, |member| member.user),
        }
    }
}

impl Pane {
    const BOTH: [Pane; 2] = [Pane::Patient, Pane::Staff];

    fn name(self) -> &'static str {
        match self {
            Pane::Patient => "patient",
            Pane::Staff => "staff",
        }
    }
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text,
    )
}

/// Refuses requests that other sites make a browser send: those reach the
/// loopback under another host name.
async fn only_from_here(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    if !matches!(name, Some("127.0.0.1" | "localhost")) {
        return (StatusCode::FORBIDDEN, "open this page as 127.0.0.1").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
        ),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

type Shared = State<Arc<Desk>>;
