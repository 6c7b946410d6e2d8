//! The preview is killed, and goes on where it was: what stands in Telegram stays.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::Running;

/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

struct Reader {
    client: reqwest::Client,
    url: String,
}

impl Reader {
    fn of(bot: &Running) -> Self {
        Self {
            client: reqwest::Client::new(),
            url: bot.url.clone(),
        }
    }

    async fn page(&self) -> String {
        let page = self.client.get(&self.url).send().await.expect("the page");
        page.text().await.expect("text")
    }

    /// The page, once all of this stands on it.
    #[track_caller]
    fn until(&self, all: &[&str]) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        async move {
            let look = async {
                loop {
                    let page = self.page().await;
                    if all.iter().all(|said| page.contains(said)) {
                        return page;
                    }
                }
            };
            match tokio::time::timeout(PATIENCE, look).await {
                Ok(page) => page,
                Err(_) => panic!("at {place}: not on the page: {all:?}"),
            }
        }
    }

    /// Presses a button of the staff group; gives the message it stands on.
    async fn press_staff(&self, page: &str, label: &str) -> i64 {
        let (data, message) = button(page, label);
        let press = json!({"pane": "staff", "message_id": message, "data": data});
        self.post("press", press).await;
        message
    }

    async fn post(&self, path: &str, body: Value) {
        let url = format!("{}{path}", self.url);
        let sent = self.client.post(url).json(&body).send().await;
        let status = sent.expect("an answer").status();
        assert!(status.is_success(), "{path}: {status}");
    }
}

#[tokio::test]
async fn the_chats_are_there_after_the_process_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let bot = Running::start(folder.path());
    let page = Reader::of(&bot);
    page.post("turn", json!({"seconds": 7 * 86_400})).await;
    let said = "i cant pee since last night";
    page.post("say", json!({"pane": "patient", "text": said}))
        .await;
    let card = page.until(&["Please call 911 now", "I'm on it"]).await;
    page.press_staff(&card, "I'm on it").await;
    // The card changes where it stands: the bot knows that it arrived.
    let before = page.until(&["Ana is on it", "Reached"]).await;
    let chats = folder.path().join("data/preview/telegram/chats.json");
    let written = async {
        let all = [said, "Please call 911 now", "Ana is on it"];
        let is_written = || {
            let text = std::fs::read_to_string(&chats).unwrap_or_default();
            all.iter().all(|part| text.contains(part))
        };
        while !is_written() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, written)
        .await
        .expect("the chats are written");
    drop(bot);

    let bot = Running::start(folder.path());
    let page = Reader::of(&bot);
    let after = page.page().await;
    for shown in [said, "Please call 911 now", "Ana is on it", day(&before)] {
        assert!(after.contains(shown), "gone after the kill: {shown}");
    }
    // The old card takes a press, and is changed where it stands.
    let message = page.press_staff(&after, "Not reached").await;
    let later = page.until(&["Ana could not reach the patient"]).await;
    assert_eq!(button(&later, "Give it back").1, message);
}

#[tokio::test]
async fn chats_that_cannot_be_read_are_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let chats = folder.path().join("data/preview/telegram/chats.json");
    std::fs::create_dir_all(chats.parent().expect("its folder")).expect("a folder");
    std::fs::write(&chats, "{ half a f").expect("a file");
    let bot = Running::start(folder.path());
    let page = Reader::of(&bot);
    page.until(&["What can this bot do?"]).await;
    let aside = std::fs::read_to_string(chats.with_extension("unreadable"));
    assert_eq!(aside.expect("put aside"), "{ half a f");
}

/// The day and month that the page's clock shows.
fn day(page: &str) -> &str {
    let at = page.find("id=\"clock\"").expect("a clock");
    let text = &page[at..];
    let begin = text.find('>').expect("the end of the tag") + 1;
    text[begin..].split(',').next().expect("a day")
}

/// What a press on a button says, and the message the button stands on.
#[track_caller]
fn button<'p>(page: &'p str, label: &str) -> (&'p str, i64) {
    let behind = format!(">{label}</button>");
    let (before, _) = page.split_once(&behind).expect("a button with this label");
    let (_, tag) = before.rsplit_once("<button").expect("a button");
    let message = attribute(tag, "data-message").parse();
    (attribute(tag, "data-press"), message.expect("a number"))
}

#[track_caller]
fn attribute<'p>(tag: &'p str, name: &str) -> &'p str {
    let (_, behind) = tag.split_once(&format!("{name}=\"")).expect(name);
    behind.split('"').next().expect(name)
}
