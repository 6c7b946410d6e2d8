//! The preview page, over HTTP, on a world with a sample chat.

mod killed;
pub mod process;
mod sample;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use jiff::tz::TimeZone;
use psoas_bot::{
    bot_api::World,
    preview::{Preview, PreviewOptions, StaffMember},
};
use serde_json::{Value, json};

struct Open {
    preview: Preview,
    world: Arc<Mutex<World>>,
    clock: Arc<AtomicI64>,
    client: reqwest::Client,
}

async fn open(world: World) -> Open {
    let world = Arc::new(Mutex::new(world));
    let clock = Arc::new(AtomicI64::new(sample::START + 200));
    let (read, turned) = (Arc::clone(&clock), Arc::clone(&clock));
    let member = |user, name: &str| StaffMember {
        user,
        name: name.to_owned(),
    };
    let options = PreviewOptions {
        clinic_name: "Riverside <Hip & Back>".to_owned(),
        patient: sample::PATIENT,
        staff_chat: sample::STAFF_CHAT,
        staff: vec![member(sample::DANA, "Dana"), member(sample::LEE, "Lee")],
        data_dir_note: "Kept in memory.".to_owned(),
        zone: TimeZone::UTC,
        port: None,
        turn: Arc::new(move |seconds| {
            turned.fetch_add(seconds, Ordering::SeqCst);
        }),
    };
    let now = Arc::new(move || read.load(Ordering::SeqCst));
    let preview = Preview::start(Arc::clone(&world), now, options)
        .await
        .expect("a free port");
    Open {
        preview,
        world,
        clock,
        client: reqwest::Client::new(),
    }
}

impl Open {
    async fn page(&self) -> String {
        let page = self
            .client
            .get(&self.preview.url)
            .send()
            .await
            .expect("the page");
        page.text().await.expect("text")
    }

    async fn post(&self, path: &str, body: Value) -> (u16, String) {
        let url = format!("{}{path}", self.preview.url);
        let sent = self
            .client
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        (sent.status().as_u16(), sent.text().await.expect("text"))
    }

    fn last(&self, chat: i64) -> psoas_bot::bot_api::Shown {
        self.world
            .lock()
            .expect("the world")
            .messages(chat)
            .last()
            .expect("a message")
            .clone()
    }
}

#[tokio::test]
async fn the_page_shows_both_chats_and_escapes_them() {
    let open = open(sample::full()).await;
    open.post("say", json!({"pane": "patient", "text": "<b>x</b> /stop"}))
        .await;
    let page = open.page().await;
    for shown in [
        "Riverside &lt;Hip &amp; Back&gt;",
        "<strong>Please be seen today.</strong>",
        r#"<a href="tel:+12025550123">+1 202-555-0123</a>"#,
        r#"<button class="command" type="button" data-say="/privacy">/privacy</button>"#,
        "&lt;b&gt;x&lt;/b&gt;",
        r#"data-press="t""#,
        "Share my number",
        "Case #12 · URGENT TODAY",
        "edited ",
    ] {
        assert!(page.contains(shown), "the page lacks {shown}");
    }
    assert!(
        !page.contains(r#"src="http"#),
        "every script and picture is served from here"
    );
    open.preview.stop().await;
}

#[tokio::test]
async fn the_page_speaks_the_browsers_language_or_the_one_asked_for() {
    let open = open(sample::full()).await;
    for (asked, browser, speaks, other) in [
        ("", "es-MX,es;q=0.9,en;q=0.8", "es", "Page in English"),
        ("", "de-DE,de;q=0.9,en;q=0.8", "en", "Página en español"),
        ("", "fr", "en", "Página en español"),
        ("?lang=es", "en-US", "es", "Page in English"),
        ("?lang=en", "es-MX", "en", "Página en español"),
    ] {
        let url = format!("{}{asked}", open.preview.url);
        let page = open.client.get(url).header("accept-language", browser);
        let page = page.send().await.expect("the page");
        let page = page.text().await.expect("text");
        assert!(
            page.contains(&format!("<html lang=\"{speaks}\">")) && page.contains(other),
            "{asked:?} with {browser:?} does not speak {speaks}"
        );
    }
    open.preview.stop().await;
}

#[tokio::test]
async fn what_a_person_does_on_the_page_is_done_in_the_world() {
    let open = open(sample::full()).await;
    open.post(
        "say",
        json!({"pane": "staff", "text": "on my way", "as": sample::LEE}),
    )
    .await;
    assert_eq!(open.last(sample::STAFF_CHAT).sender, "Lee");
    open.post("share", json!({})).await;
    let shared = open.last(sample::PATIENT).contact.expect("a contact");
    assert_eq!(shared.user_id, Some(sample::PATIENT));
    open.post("media", json!({"pane": "patient", "kind": "photo"}))
        .await;
    assert!(open.last(sample::PATIENT).media.is_some());
    let press = json!({"pane": "patient", "message_id": 1, "data": "forged"});
    let (status, answer) = open.post("press", press).await;
    assert!(status == 200 && answer.contains("\"id\""), "{answer}");
    open.post("turn", json!({"seconds": 600})).await;
    assert_eq!(open.clock.load(Ordering::SeqCst), sample::START + 800);
    assert_eq!(open.post("turn", json!({"seconds": -1})).await.0, 400);
    open.post("language", json!({"code": "es"})).await;
    let taken = sample::PATIENT + 1;
    open.world
        .lock()
        .expect("the world")
        .add_person(taken, "Kim", None, None);
    open.post("restart", json!({})).await;
    let world = open.world.lock().expect("the world");
    // Numbered by the clock: a bot that remembers an earlier start must not know them.
    let next = sample::START + 800 - 1_767_225_600;
    let next = world.person(next.max(taken + 1)).expect("a new patient");
    assert_eq!(next.language_code.as_deref(), Some("es"));
}

#[tokio::test]
async fn a_change_arrives_as_an_event() {
    let open = open(sample::empty()).await;
    let url = format!("{}events", open.preview.url);
    let mut stream = open.client.get(url).send().await.expect("a stream");
    let mut heard = String::new();
    let mut said = false;
    let hear = async {
        while !heard.contains("Good day to you") {
            let chunk = stream.chunk().await.expect("more").expect("not the end");
            heard.push_str(&String::from_utf8_lossy(&chunk));
            if !said && heard.contains("event: clock") {
                said = true;
                let send = json!({"chat_id": sample::PATIENT, "text": "Good day to you"});
                let mut world = open.world.lock().expect("the world");
                // No bot may write first.
                let (patient, now) = (sample::PATIENT, sample::START);
                world
                    .say(patient, patient, "hello", now)
                    .expect("a message");
                world.call("sendMessage", &send, now);
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), hear)
        .await
        .expect("it arrives");
    open.preview.stop().await;
}

#[tokio::test]
async fn a_foreign_host_name_is_refused() {
    let open = open(sample::empty()).await;
    let foreign = open
        .client
        .get(&open.preview.url)
        .header("host", "evil.example")
        .send()
        .await;
    assert_eq!(foreign.expect("an answer").status(), 403);
}
