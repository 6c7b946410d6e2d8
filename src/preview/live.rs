//! The event stream that keeps an open page true.

use std::{convert::Infallible, ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};

use super::words::Words;
use super::{Desk, Pane, Shared, page, pane};
use crate::bot_api::{Change, Toast};

/// Changes this close together are drawn once.
const SETTLE: Duration = Duration::from_millis(25);
/// The clock on the page is looked at this often.
const CLOCK_EVERY: Duration = Duration::from_secs(5);
/// Changes a page may be behind; beyond, the next drawing covers them.
const NEWS_MAX: usize = 1024;
/// Drawn panes waiting for a slow browser.
const EVENTS_MAX: usize = 8;

enum News {
    Drawn,
    Answered(String, Toast),
}

pub(super) async fn events(
    State(desk): Shared,
    Query(wanted): Query<page::Wanted>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (events, stream) = mpsc::channel(EVENTS_MAX);
    let (tell, news) = mpsc::channel(NEWS_MAX);
    desk.world().watch(move |change| {
        let news = match change {
            Change::Chat(_) | Change::Profile => News::Drawn,
            Change::Answered { query, toast } => News::Answered(query.clone(), toast.clone()),
            Change::Update => return ControlFlow::Continue(()),
        };
        match tell.try_send(news) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => ControlFlow::Continue(()),
            Err(mpsc::error::TrySendError::Closed(_)) => ControlFlow::Break(()),
        }
    });
    tokio::spawn(feed(desk, wanted.words(&headers), news, events));
    Sse::new(ReceiverStream::new(stream)).keep_alive(KeepAlive::default())
}

/// Sends what changed until the browser or the preview goes.
async fn feed(
    desk: Arc<Desk>,
    words: &'static Words,
    mut news: mpsc::Receiver<News>,
    events: mpsc::Sender<Result<Event, Infallible>>,
) {
    let mut stopped = desk.stopped.clone();
    let mut turned = desk.turned.subscribe();
    let mut clock = tokio::time::interval(CLOCK_EVERY);
    let mut drawn: [Option<Value>; 2] = [None, None];
    let mut time = String::new();
    loop {
        let mut answers = Vec::new();
        let mut take = |news: News| match news {
            News::Drawn => {}
            News::Answered(id, toast) => answers.push((id, toast)),
        };
        for (pane, last) in Pane::BOTH.into_iter().zip(&mut drawn) {
            let now_drawn = pane_event(&desk, words, pane);
            if last.as_ref() != Some(&now_drawn) {
                if send(&events, "pane", &now_drawn).await.is_err() {
                    return;
                }
                *last = Some(now_drawn);
            }
        }
        let now = page::clock_text(&desk, words);
        if now != time {
            if send(&events, "clock", &json!({ "text": now }))
                .await
                .is_err()
            {
                return;
            }
            time = now;
        }
        tokio::select! {
            first = news.recv() => match first {
                Some(first) => take(first),
                None => return,
            },
            changed = turned.changed() => if changed.is_err() { return },
            _ = clock.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = events.closed() => return,
        }
        tokio::time::sleep(SETTLE).await;
        while let Ok(more) = news.try_recv() {
            take(more);
        }
        for (id, toast) in answers {
            let answer = json!({"id": id, "text": toast.text, "alert": toast.alert});
            if send(&events, "answer", &answer).await.is_err() {
                return;
            }
        }
    }
}

/// All that can change in a pane.
fn pane_event(desk: &Desk, words: &Words, which: Pane) -> Value {
    let chat = desk.chat(which);
    let world = desk.world();
    json!({
        "pane": which.name(),
        "chat": chat,
        "title": pane::title(desk, &world, which),
        "subtitle": pane::subtitle(desk, words, &world, which),
        "pinned": pane::pinned(words, &world, chat).into_string(),
        "items": pane::items(desk, words, &world, which).into_string(),
        "keyboard": pane::keyboard(&world, chat).into_string(),
        "commands": pane::commands(desk, &world, which).into_string(),
        "language": pane::language(desk, &world),
    })
}

async fn send(
    events: &mpsc::Sender<Result<Event, Infallible>>,
    name: &str,
    data: &Value,
) -> Result<(), ()> {
    let event = Event::default().event(name).data(data.to_string());
    events.send(Ok(event)).await.map_err(|_| ())
}
