//! Puts a [`World`] on a loopback port as an HTTP Bot API server.
//!
//! It decodes, locks the world for one call, and encodes; long polls wait
//! outside the lock. Nothing here decides what a method does.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    ops::ControlFlow,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::Response,
    serve::ListenerExt as _,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
};

use super::{
    body,
    fault::Delivery,
    params::Params,
    updates::page_limit,
    world::{Change, Refusal, Reply, World},
};

/// A page that falls this many changes behind only needs to look again.
const NOTICES_KEPT: usize = 256;
/// Telegram holds a long poll for this long at most.
const POLL_SECONDS_MAX: i64 = 50;
/// After a stop, open requests have this long to end.
const STOP_GRACE: Duration = Duration::from_secs(2);

type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A running Bot API server.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    hub: Arc<Hub>,
    task: JoinHandle<()>,
}

struct Hub {
    world: Arc<Mutex<World>>,
    clock: Clock,
    /// `/bot<token>/`
    prefix: String,
    update_waits: Notify,
    /// Counts polls; a poll that sees it move was superseded.
    polls: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
    notices: broadcast::Sender<i64>,
}

impl Server {
    /// Serves `world` on a free port of 127.0.0.1; `clock` tells unix seconds.
    pub async fn start(world: Arc<Mutex<World>>, clock: Clock) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let prefix = format!("/bot{}/", lock(&world).token());
        let hub = Arc::new(Hub {
            world,
            clock,
            prefix,
            update_waits: Notify::new(),
            polls: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
            notices: broadcast::Sender::new(NOTICES_KEPT),
        });
        let told = Arc::downgrade(&hub);
        lock(&hub.world).watch(move |change| pass_on(&told, change));
        // Small answers go out at once.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "set_nodelay failed");
            }
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&hub));
        let mut stopped = hub.stopped.subscribe();
        let task = tokio::spawn(async move {
            let until = async move {
                // An error means the sender is gone, which is a stop too.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::warn!(%error, "the Bot API server ended");
            }
        });
        Ok(Server { addr, hub, task })
    }

    /// The address to give a client as its API url.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// News of changes: the id of the chat that changed, or 0 for the bot's
    /// profile.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<i64> {
        self.hub.notices.subscribe()
    }

    /// Ends open polls and connections, and returns when that is done.
    pub async fn stop(mut self) {
        self.hub.stopped.send_replace(true);
        if tokio::time::timeout(STOP_GRACE, &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hub.stopped.send_replace(true);
    }
}

fn pass_on(hub: &Weak<Hub>, change: &Change) -> ControlFlow<()> {
    let Some(hub) = hub.upgrade() else {
        return ControlFlow::Break(());
    };
    if *hub.stopped.borrow() {
        return ControlFlow::Break(());
    }
    match change {
        Change::Update => hub.update_waits.notify_waiters(),
        // No receiver is no failure.
        Change::Chat(chat) => drop(hub.notices.send(*chat)),
        Change::Profile => drop(hub.notices.send(0)),
        Change::Answered { .. } => {}
    }
    ControlFlow::Continue(())
}

/// A poisoned lock means a test's thread panicked; the world itself is whole.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(hub): State<Arc<Hub>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(method) = parts
        .uri
        .path()
        .strip_prefix(&hub.prefix)
        .map(str::to_owned)
    else {
        let refusal = match parts.uri.path().starts_with("/bot") {
            true => Refusal::new(401, "Unauthorized"),
            false => Refusal::new(404, "Not Found"),
        };
        return respond(&hub, refusal.into()).await;
    };
    let Ok(fields) = body::fields(parts, body).await else {
        return respond(&hub, Refusal::bad("can't parse JSON object").into()).await;
    };
    let reply = match method.eq_ignore_ascii_case("getUpdates") {
        true => poll(&hub, &method, &fields.value).await,
        false => hub.call_with(&method, fields),
    };
    respond(&hub, reply).await
}

impl Hub {
    fn call_with(&self, method: &str, fields: body::Fields) -> Reply {
        let now = (self.clock)();
        let mut world = lock(&self.world);
        world.uploads = fields.files;
        let reply = world.call(method, &fields.value, now);
        world.uploads.clear();
        reply
    }

    fn call(&self, method: &str, fields: &Value) -> Reply {
        let now = (self.clock)();
        lock(&self.world).call(method, fields, now)
    }
}

/// One getUpdates: answers at once if it can, or waits for an update, a newer
/// poll, the end of its time, or the server's stop.
async fn poll(hub: &Hub, method: &str, fields: &Value) -> Reply {
    let params = Params(fields);
    let mut mine = 0;
    hub.polls.send_modify(|count| {
        *count += 1;
        mine = *count;
    });
    let mut polls = hub.polls.subscribe();
    let mut stopped = hub.stopped.subscribe();
    let seconds = params
        .integer("timeout")
        .unwrap_or(0)
        .clamp(0, POLL_SECONDS_MAX);
    let mut over = pin!(tokio::time::sleep(Duration::from_secs(
        seconds.unsigned_abs()
    )));
    // Listening before looking, so that no update falls in between.
    let mut woken = pin!(hub.update_waits.notified());
    woken.as_mut().enable();
    let first = hub.call(method, fields);
    let empty = first
        .result()
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty);
    if !empty || seconds == 0 || first.delivery != Delivery::Intact {
        return first;
    }
    loop {
        tokio::select! {
            () = woken.as_mut() => {}
            () = over.as_mut() => return first,
            _ = stopped.wait_for(|stopped| *stopped) => return first,
            _ = polls.wait_for(|newest| *newest > mine) => return terminated(),
        }
        woken.set(hub.update_waits.notified());
        woken.as_mut().enable();
        let now = (hub.clock)();
        if let Some(page) = lock(&hub.world).update_page(page_limit(params), now) {
            return Ok(page).into();
        }
    }
}

fn terminated() -> Reply {
    Refusal::new(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    .into()
}

async fn respond(hub: &Hub, reply: Reply) -> Response {
    let body = match reply.delivery {
        Delivery::Intact => serde_json::to_vec(&reply.body).unwrap_or_default(),
        Delivery::Garbled => reply.body.as_str().unwrap_or_default().as_bytes().to_vec(),
        // Held until the client hangs up or the server stops.
        Delivery::Never => {
            let _ = hub.stopped.subscribe().wait_for(|stopped| *stopped).await;
            Vec::new()
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        CONTENT_TYPE,
        axum::http::HeaderValue::from_static("application/json"),
    );
    response
}
