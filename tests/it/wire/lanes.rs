//! A chat's lane against a server that says no: what is tried again, in which
//! order, and what is let go.

use std::collections::VecDeque;
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use psoas_bot::app::clerk::{Clerk, Draft};
use psoas_bot::app::clock::Clock;
use psoas_bot::app::lanes::queue::{Queue, Ready};
use psoas_bot::app::lanes::{Lanes, News};
use psoas_bot::app::pacing::Pacing;
use psoas_bot::app::records::{InboxRow, OutboxRow, Piece, ShownAs};
use psoas_bot::channel::alarm::Alarms;
use psoas_bot::channel::telegram::Telegram;
use psoas_bot::content::RichText;
use psoas_bot::dialog::{Keyboard, Token, Weight};
use psoas_bot::ids::{BotId, CaseNumber, ChatId, Lang, Timestamp};
use psoas_bot::store::memory::MemoryDisk;
use psoas_bot::store::{Commit, Kind, Put};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::house::{ANA, BOT, NAME, STAFF, TOKEN, library};

/// Lanes, and a server that answers their first calls with `refusals`.
struct Street {
    clerk: Arc<Clerk>,
    lanes: Arc<Lanes>,
    /// What each call said.
    texts: Arc<Mutex<Vec<String>>>,
    /// What the bot was told.
    told: Arc<Mutex<Vec<InboxRow>>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Street {
    async fn new(refusals: &[Value]) -> Self {
        let texts: Arc<Mutex<Vec<String>>> = Arc::default();
        let told: Arc<Mutex<Vec<InboxRow>>> = Arc::default();
        let refusals = Arc::new(Mutex::new(VecDeque::from(refusals.to_vec())));
        let answer = {
            let texts = Arc::clone(&texts);
            move |body: String| async move {
                let call: Value = serde_json::from_str(&body).unwrap();
                let mut texts = texts.lock().unwrap();
                texts.push(call["text"].as_str().unwrap_or_default().to_owned());
                let refusal = refusals.lock().unwrap().pop_front();
                let made = json!({"ok": true, "result": {"message_id": texts.len()}});
                refusal.unwrap_or(made).to_string()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = axum::Router::new().fallback(axum::routing::any(answer));
        let server = tokio::spawn(axum::serve(listener, served).into_future());

        let (ledger, _) = MemoryDisk::default().open().unwrap();
        let staff = Some(ChatId(STAFF));
        let clerk = Arc::new(Clerk::new(ledger, library(), BotId(BOT), NAME, staff, 0));
        let token = SecretString::from(TOKEN.to_owned());
        let telegram = Telegram::new(token, Some(url.parse().unwrap())).unwrap();
        let lanes = Lanes::new(
            Arc::clone(&clerk),
            Arc::new(telegram),
            Alarms::default(),
            Clock::default(),
            Pacing::Off,
            Box::new({
                let told = Arc::clone(&told);
                move |news| {
                    if let News::Wake(_, _, row) = news {
                        told.lock().unwrap().push(row);
                    }
                }
            }),
        );
        Self {
            clerk,
            lanes,
            texts,
            told,
            server,
        }
    }

    /// Everything that was sent, once nothing waits any more.
    async fn sent(self) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.waiting() > 0 {
            assert!(
                Instant::now() < deadline,
                "{:?}",
                self.texts.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.server.abort();
        let sent = self.texts.lock().unwrap();
        sent.clone()
    }

    fn waiting(&self) -> usize {
        let (mut rows, ledger) = (0, &self.clerk.ledger);
        let outbox = Some(Kind::Outbox);
        ledger
            .scan(BotId(BOT), None, outbox, &mut |_, _| rows += 1)
            .unwrap();
        rows
    }
}

/// Two lines to the staff chat, of which Telegram refuses the first once: what was
/// sent, and what the bot was told.
async fn refused_once(why: &str) -> (Vec<String>, Vec<InboxRow>) {
    let refused = json!({"ok": false, "error_code": 400, "description": why});
    let street = Street::new(&[refused]).await;
    for text in ["first", "second"] {
        let mut draft = Draft::new(&street.clerk, Timestamp(1_800_000_000));
        let line = RichText::plain(text.to_owned());
        draft.tell_staff_line(library().newest(), line).unwrap();
        let prepared = draft.prepared;
        street.clerk.ledger.commit(prepared.commit).await.unwrap();
        for (chat, sequence, row) in prepared.messages {
            street.lanes.push(chat, sequence, row);
        }
    }
    let told = Arc::clone(&street.told);
    let sent = street.sent().await;
    let told = told.lock().unwrap().clone();
    (sent, told)
}

/// A group in which the bot may not write, and then may again; and one message
/// that is refused for its own sake, which is no lost group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_that_is_refused_is_tried_again_and_keeps_no_other_back() {
    let no_rights = "Bad Request: not enough rights to send text messages to the chat";
    let (lost, odd) = tokio::join!(
        refused_once(no_rights),
        refused_once("Bad Request: something odd")
    );
    assert_eq!(lost.0, ["first", "second", "first"]);
    assert_eq!(lost.1, [InboxRow::Unreachable]);
    assert_eq!(odd.0, ["first", "second", "first"]);
    assert!(odd.1.is_empty(), "{:?}", odd.1);
}

/// A countdown that Telegram slows down: the seconds that are over are let go,
/// and the end of the hold comes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_countdown_that_must_wait_only_the_newest_second_is_shown() {
    let slow = json!({"ok": false, "error_code": 429, "description": "Too Many Requests",
        "parameters": {"retry_after": 1}});
    let street = Street::new(&[slow]).await;
    let shows = ShownAs::Question(Token(7));
    let edit = |seconds: &str| Piece::Edit {
        shows,
        text: RichText::plain(seconds),
        keyboard: Keyboard::None,
        closes: false,
    };
    let said = |text: &str, shows| Piece::Send {
        text: RichText::plain(text),
        keyboard: Keyboard::None,
        silent: false,
        shows,
    };
    let pieces = [
        (said("hold", Some(shows)), Weight::Talk),
        (edit("20"), Weight::Tick),
        (edit("15"), Weight::Tick),
        (edit("10"), Weight::Tick),
        (edit("5"), Weight::Tick),
        (said("let go", None), Weight::Talk),
    ];
    let keys = street.clerk.keys;
    for (sequence, (piece, weight)) in (1..).zip(pieces) {
        let row = OutboxRow::new(piece, weight, Lang::En);
        let put = Put::json(keys.outbox(ChatId(ANA), sequence), ChatId(ANA), &row).unwrap();
        let commit = Commit {
            puts: vec![put],
            ..Commit::default()
        };
        street.clerk.ledger.commit(commit).await.unwrap();
        street.lanes.push(ChatId(ANA), sequence, row);
    }
    assert_eq!(street.sent().await, ["hold", "hold", "5", "let go"]);
}

fn said(words: &str, shows: Option<ShownAs>) -> Piece {
    Piece::Send {
        text: RichText::plain(words),
        keyboard: Keyboard::None,
        silent: false,
        shows,
    }
}

/// A card that reads otherwise.
fn changed(case: CaseNumber) -> Piece {
    Piece::Edit {
        shows: ShownAs::Case(case),
        text: RichText::plain("changed"),
        keyboard: Keyboard::None,
        closes: false,
    }
}

/// When each row leaves, in milliseconds, at Telegram's pace; `later` comes
/// at its own time.
fn leaves(rows: Vec<OutboxRow>, later: (u64, OutboxRow)) -> Vec<(u64, u64)> {
    let mut queue = Queue::new(ChatId(STAFF), 0);
    let last = u64::try_from(rows.len()).unwrap();
    for (sequence, row) in (0..).zip(rows) {
        queue.push(sequence, row);
    }
    let (mut now, mut left, mut later) = (0, Vec::new(), Some(later));
    loop {
        if let Some((at, row)) = later.take() {
            if at <= now {
                queue.push(last, row);
            } else {
                later = Some((at, row));
            }
        }
        match queue.next(Pacing::Telegram, now) {
            Ready::Row(sequence, _) => left.push((now, sequence)),
            Ready::In(millis) => {
                let until = now + millis;
                let pushed = later.as_ref().map_or(until, |(at, _)| *at);
                now = until.min(pushed);
            }
            Ready::Empty => return left,
        }
    }
}

#[test]
fn an_alarm_waits_behind_no_talk() {
    let talk = || OutboxRow::new(said("talk", None), Weight::Talk, Lang::En);
    let case = CaseNumber(2);
    let card = OutboxRow::of_case(case, said("card", Some(ShownAs::Case(case))), Lang::En);
    let left = leaves((0..60).map(|_| talk()).collect(), (1_000, card));
    let (at, _) = left[15];
    assert_eq!(
        left[15],
        (1_000, 60),
        "the card came at second {}",
        at / 1000
    );
    // Nothing is lost, and talk keeps its order.
    let talk: Vec<u64> = left
        .iter()
        .map(|(_, row)| *row)
        .filter(|row| *row < 60)
        .collect();
    assert_eq!(talk, (0..60).collect::<Vec<_>>());
}

#[test]
fn what_changes_one_card_keeps_its_order() {
    let (one, two) = (CaseNumber(1), CaseNumber(2));
    let mut rows: Vec<OutboxRow> = (0..20)
        .map(|_| OutboxRow::new(said("talk", None), Weight::Talk, Lang::En))
        .collect();
    rows.push(OutboxRow::of_case(one, changed(one), Lang::En));
    rows.push(OutboxRow::of_case(two, changed(two), Lang::En));
    rows.push(OutboxRow::of_case(one, changed(one), Lang::En));
    let again = said("again", Some(ShownAs::Case(one)));
    let card = OutboxRow::of_case(one, again, Lang::En);
    let left = leaves(rows, (1_000, card));
    let order: Vec<u64> = left.iter().map(|(_, row)| *row).collect();
    // Case 1's changes go ahead with its card; talk and case 2's wait.
    assert_eq!(order[15..18], [20, 22, 23]);
    assert_eq!(left[17].0, 1_000);
    assert_eq!(order[18..], [15, 16, 17, 18, 19, 21]);
}
