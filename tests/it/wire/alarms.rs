//! The second targets: a webhook and a mail server on this machine, and what
//! the settings say of them.

use std::collections::HashMap;
use std::future::IntoFuture as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use psoas_bot::app::settings::{Purpose, Settings};
use psoas_bot::bot_api::{Fault, World};
use psoas_bot::channel::Outcome;
use psoas_bot::channel::alarm::{Alarm, Alarms, Form, Heartbeat, Loudness, Mail, Target, Webhook};
use psoas_bot::ids::{BotId, CaseNumber};
use psoas_bot::store::Kind;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::CASE_1;
use super::house::{ANA, BOT, EMERGENCY, House, STAFF, from_bot};

/// What one post held.
#[derive(Debug, Clone)]
struct Post {
    priority: Option<String>,
    bearer: Option<String>,
    body: String,
}

/// A web server that answers with `statuses`, then with 200 for ever.
struct Hook {
    url: String,
    posts: Arc<Mutex<Vec<Post>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
}

type HookState = (Arc<Mutex<Vec<Post>>>, Arc<Mutex<Vec<u16>>>);

async fn take(
    State((posts, statuses)): State<HookState>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let said = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
    posts.lock().unwrap().push(Post {
        priority: said("priority"),
        bearer: said("authorization"),
        body,
    });
    let mut statuses = statuses.lock().unwrap();
    let status = if statuses.is_empty() {
        200
    } else {
        statuses.remove(0)
    };
    StatusCode::from_u16(status).unwrap()
}

impl Hook {
    async fn start(statuses: &[u16]) -> Self {
        let posts = Arc::new(Mutex::new(Vec::new()));
        let statuses = Arc::new(Mutex::new(statuses.to_vec()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/clinic", listener.local_addr().unwrap());
        let served = axum::Router::new()
            .fallback(axum::routing::any(take))
            .with_state((Arc::clone(&posts), Arc::clone(&statuses)));
        tokio::spawn(axum::serve(listener, served).into_future());
        Self {
            url,
            posts,
            statuses,
        }
    }

    fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    fn webhook(&self, form: Form, key: Option<&str>) -> Webhook {
        let key = key.map(|key| SecretString::from(key.to_owned()));
        Webhook::new(&self.url, form, key).unwrap()
    }
}

/// A mail server that answers `busy` calls with "try again later", and takes
/// every mail after them.
async fn mail_server(busy: Arc<AtomicUsize>) -> (String, Arc<Mutex<Vec<String>>>) {
    let mails = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let taken = Arc::clone(&mails);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let left = |left: usize| left.checked_sub(1);
            let is_busy = busy.fetch_update(Ordering::AcqRel, Ordering::Acquire, left);
            let greeting = if is_busy.is_ok() {
                "421 try again later\r\n"
            } else {
                "220 ready\r\n"
            };
            let _ = converse(stream, greeting, &taken).await;
        }
    });
    (url, mails)
}

/// One conversation, as far as a mail needs it.
async fn converse(
    mut stream: TcpStream,
    greeting: &str,
    mails: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(greeting.as_bytes()).await?;
    let mut mail: Option<String> = None;
    while let Some(line) = lines.next_line().await? {
        let answer = match &mut mail {
            Some(text) if line == "." => {
                mails.lock().unwrap().push(std::mem::take(text));
                mail = None;
                "250 taken\r\n"
            }
            Some(text) => {
                text.push_str(&line);
                text.push('\n');
                continue;
            }
            None if line.starts_with("DATA") => {
                mail = Some(String::new());
                "354 go on\r\n"
            }
            None if line.starts_with("QUIT") => "221 bye\r\n",
            None => "250 ok\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

fn mail(url: &str) -> Mail {
    let server = Mail::server(&SecretString::from(url.to_owned())).unwrap();
    let from = Mail::addresses("bot@clinic.example").unwrap().remove(0);
    let to = Mail::addresses("Ana <ana@clinic.example>, ben@clinic.example").unwrap();
    Mail::new(server, from, to)
}

fn alarm(loudness: Loudness) -> Alarm {
    Alarm {
        case: Some(CaseNumber(7)),
        loudness,
        text: "Case 7 · urgent today: nobody is on it".to_owned(),
    }
}

/// The first sign of life comes when Telegram has answered, and not before. It holds
/// nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_of_life_says_that_telegram_answers() {
    let hook = Hook::start(&[]).await;
    let mut house = House::new().await;
    house.alarms.targets.heartbeat = Some(Heartbeat::new(&hook.url).unwrap());
    for _ in 0..2 {
        house
            .world()
            .fail_next("getUpdates", Fault::ServerErrorBefore);
    }
    house.say(ANA, "/start");
    house.start().await;
    until("a sign of life", || !hook.posts().is_empty()).await;
    let has_answered = |world: &World| {
        let mut calls = world.log().iter();
        calls.any(|call| call.method.eq_ignore_ascii_case("getUpdates") && call.status == 200)
    };
    assert!(
        has_answered(&house.world()),
        "nothing was heard of Telegram yet"
    );
    let [beat] = &hook.posts()[..] else {
        panic!("more than one in a minute");
    };
    assert_eq!((beat.body.as_str(), &beat.bearer), ("", &None));
    house.stop().await;
    assert!(
        Heartbeat::new("http://example.org/").is_err(),
        "it would travel open"
    );
}

/// Waits until something holds, with a deadline.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "never saw {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn each_service_gets_the_form_it_reads_and_no_more_than_number_and_level() {
    let hook = Hook::start(&[]).await;
    let forms = [
        (Form::Ntfy, Some("tk_secret")),
        (Form::PagerDuty, Some("R0UT1NG")),
        (Form::Json, None),
    ];
    for (form, key) in forms {
        let alarms = Alarms {
            webhook: Some(hook.webhook(form, key)),
            mail: None,
            ..Alarms::default()
        };
        let outcome = alarms.send(Target::Webhook, &alarm(Loudness::High)).await;
        assert_eq!(outcome, Outcome::Delivered(None));
    }
    let posts = hook.posts();
    assert_eq!(posts[0].body, "Case 7 · urgent today: nobody is on it");
    assert_eq!(posts[0].priority.as_deref(), Some("4"));
    assert_eq!(posts[0].bearer.as_deref(), Some("Bearer tk_secret"));
    let event: Value = serde_json::from_str(&posts[1].body).unwrap();
    assert_eq!(
        event,
        json!({
            "routing_key": "R0UT1NG", "event_action": "trigger", "dedup_key": "case-7",
            "payload": {"summary": "Case 7 · urgent today: nobody is on it", "source": "psoas-bot", "severity": "error"},
        })
    );
    assert_eq!(posts[1].bearer, None, "the key is in the event");
    let plain: Value = serde_json::from_str(&posts[2].body).unwrap();
    assert_eq!(
        plain,
        json!({"text": "Case 7 · urgent today: nobody is on it", "case": 7, "level": "urgent-today"})
    );
}

#[tokio::test]
async fn what_a_target_answers_says_whether_to_try_again() {
    let hook = Hook::start(&[500, 429, 404]).await;
    let alarms = Alarms {
        webhook: Some(hook.webhook(Form::Ntfy, None)),
        mail: None,
        ..Alarms::default()
    };
    let told = alarm(Loudness::Critical);
    let send = || alarms.send(Target::Webhook, &told);
    assert_eq!(send().await, Outcome::Ambiguous);
    assert!(matches!(send().await, Outcome::SlowDown(_)));
    assert!(matches!(send().await, Outcome::Refused(_)));
    assert_eq!(send().await, Outcome::Delivered(None));
    assert_eq!(hook.posts()[0].priority.as_deref(), Some("5"));
    // A mail server that is busy has surely taken nothing.
    let (url, mails) = mail_server(Arc::new(AtomicUsize::new(1))).await;
    let alarms = Alarms {
        webhook: None,
        mail: Some(mail(&url)),
        ..Alarms::default()
    };
    let send = || alarms.send(Target::Mail, &told);
    assert_eq!(send().await, Outcome::NotSent);
    assert_eq!(send().await, Outcome::Delivered(None));
    let mails = mails.lock().unwrap();
    let [sent] = &mails[..] else {
        panic!("one mail: {mails:?}");
    };
    for part in [
        "bot@clinic.example",
        "ana@clinic.example",
        "ben@clinic.example",
        "Subject:",
    ] {
        assert!(sent.contains(part), "{part}: {sent}");
    }
}

/// A webhook that fails once, and a mail server that takes nothing: the staff
/// chat and the webhook go on, the repeat says that it may be one, and after
/// somebody has taken the case what still waited wakes nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_target_keeps_no_other_back() {
    let hook = Hook::start(&[503]).await;
    let busy = Arc::new(AtomicUsize::new(usize::MAX));
    let (dead, mails) = mail_server(Arc::clone(&busy)).await;
    let mut house = House::new().await;
    house.alarms.targets = Alarms {
        webhook: Some(hook.webhook(Form::Ntfy, None)),
        mail: Some(mail(&dead)),
        ..Alarms::default()
    };
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    house.until_said(ANA, "in our team's chat now").await;
    for rung in 1..=3 {
        assert!(hook.posts().is_empty(), "too early, on rung {rung}");
        house.clock.turn(5 * 60);
        house
            .until("a rung", move |world| {
                let told = from_bot(world, STAFF);
                let told = told
                    .iter()
                    .filter(|one| one.text.contains("nobody is on it yet"));
                (told.count() == rung).then_some(())
            })
            .await;
        house.until_staff_chat_is_done().await;
    }
    until("the repeat", || hook.posts().len() == 2).await;
    let posts = hook.posts();
    assert!(
        posts[0].body.starts_with("Case 1 · emergency now"),
        "{posts:?}"
    );
    assert!(
        posts[1].body.starts_with("(may be a repeat) Case 1 ·"),
        "{posts:?}"
    );
    assert!(!posts[0].body.contains("Ana"), "no name leaves: {posts:?}");
    assert_eq!(hook.statuses.lock().unwrap().len(), 0);
    // The mail server comes up at last, but somebody has taken the case meanwhile.
    house.staff_press(STAFF, "I'm on it");
    house.until_said(ANA, "Someone on our team has seen").await;
    busy.store(0, Ordering::Release);
    house.clock.turn(60 * 60);
    house.until_said(STAFF, "is not closed").await;
    house.stop().await;
    assert_eq!(hook.posts().len(), 2);
    assert!(mails.lock().unwrap().is_empty());
    let (ledger, _) = house.open_store().await;
    let mut waiting = 0;
    ledger
        .scan(BotId(BOT), None, Some(Kind::Outbox), &mut |_, _| {
            waiting += 1
        })
        .unwrap();
    assert_eq!(waiting, 0, "what was over is gone");
}

/// What the settings say, with all that is needed beside them.
fn problems(set: &[(&str, &str)]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
    let mut env: HashMap<&str, String> = HashMap::from([
        ("DIALOGS_DIR", root.display().to_string()),
        ("TELOXIDE_TOKEN", "77:wire-test_token".to_owned()),
        ("STAFF_CHAT_ID", "-4001".to_owned()),
    ]);
    env.extend(set.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let read = Settings::read(Purpose::Run, |name| env.get(name).cloned(), |_, _| true);
    read.map_or_else(|error| error.0, |_| Vec::new())
}

#[test]
fn a_wrong_target_is_told_at_start_without_its_secrets() {
    let whole = [
        ("ALARM_CHAT_ID", "-4002"),
        ("ALARM_WEBHOOK_URL", "https://ntfy.example/topic"),
        ("ALARM_SMTP_URL", "smtps://bot:secret@mail.example"),
        ("ALARM_MAIL_FROM", "bot@clinic.example"),
        ("ALARM_MAIL_TO", "ana@clinic.example, ben@clinic.example"),
    ];
    assert_eq!(problems(&whole), Vec::<String>::new());
    for (set, name) in [
        (vec![("ALARM_CHAT_ID", "staff")], "ALARM_CHAT_ID"),
        (vec![("ALARM_CHAT_ID", "-4001")], "ALARM_CHAT_ID"),
        (
            vec![("ALARM_WEBHOOK_URL", "http://ntfy.example/secret")],
            "ALARM_WEBHOOK_URL",
        ),
        (
            vec![
                ("ALARM_WEBHOOK_URL", "https://e.example/secret"),
                ("ALARM_WEBHOOK_FORM", "pagerduty"),
            ],
            "ALARM_WEBHOOK_URL",
        ),
        (vec![("ALARM_WEBHOOK_FORM", "slack")], "ALARM_WEBHOOK_FORM"),
        (vec![("ALARM_WEBHOOK_KEY", "secret")], "ALARM_WEBHOOK_KEY"),
        (
            vec![("ALARM_MAIL_TO", "ana@clinic.example")],
            "ALARM_SMTP_URL",
        ),
    ] {
        let said = problems(&set).join("\n");
        assert!(said.contains(name), "{set:?}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
    let open = [
        ("ALARM_SMTP_URL", "smtp://bot:secret@mail.example"),
        ("ALARM_MAIL_FROM", "nobody"),
        ("ALARM_MAIL_TO", "ana@clinic.example,"),
    ];
    let said = problems(&open);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(!said.join("\n").contains("secret"), "{said:#?}");
}
