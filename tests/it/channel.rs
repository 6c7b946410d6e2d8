//! The Telegram channel: updates read, and what each answer to a send means,
//! against a small server in the test.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use proptest::prelude::*;
use psoas_bot::bot_api::{Server, World};
use psoas_bot::channel::telegram::{
    BotProfile, CallError, CommandList, Scope, Telegram, Timeouts, UpdateKind, read_update,
    strip_bidi,
};
use psoas_bot::channel::{Incoming, IncomingKind, Outcome, Outgoing, Place, Sender};
use psoas_bot::content::RichText;
use psoas_bot::dialog::{Button, Keyboard};

use psoas_bot::ids::{BotId, ChatId, Lang, MessageId, PatientText, UserId};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const TOKEN: &str = "42:TEST-token_not_to_be_printed";
const BOT: &str = "psoas_bot";
const WORDS: &str = "no siento la pierna";

// ---- updates ----

fn ana() -> Value {
    json!({"id": 7, "is_bot": false, "first_name": "Ana", "last_name": "Ruiz",
           "username": "ana", "language_code": "es-419"})
}

fn private() -> Value {
    json!({"id": 7, "type": "private", "first_name": "Ana", "username": "ana"})
}

fn group() -> Value {
    json!({"id": -500, "type": "group", "title": "Staff"})
}

/// A message in a private chat with these fields besides the usual ones.
fn message(content: &Value) -> Value {
    with(
        &json!({"message_id": 12, "from": ana(), "chat": private(), "date": 1_800_000_000}),
        content,
    )
}

fn in_group(content: &Value) -> Value {
    with(&message(&json!({"chat": group()})), content)
}

fn with(base: &Value, more: &Value) -> Value {
    let mut all = base.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    Value::Object(all)
}

fn update(kind: &str, body: &Value) -> Value {
    let mut update = json!({"update_id": 900});
    update[kind] = body.clone();
    update
}

#[track_caller]
fn read(update: &Value) -> Incoming {
    read_update(&update.to_string(), BOT).unwrap()
}

#[track_caller]
fn check(kind: &str, body: &Value, expected: &IncomingKind) -> Incoming {
    let incoming = read(&update(kind, body));
    assert_eq!(&incoming.kind, expected);
    incoming
}

fn text(words: &str) -> IncomingKind {
    IncomingKind::Text(PatientText::new(words.to_owned()))
}

fn command(name: &str, argument: &str) -> IncomingKind {
    IncomingKind::Command {
        name: name.to_owned(),
        argument: PatientText::new(argument.to_owned()),
    }
}

#[test]
fn words_come_with_who_and_where() {
    let incoming = check("message", &message(&json!({"text": WORDS})), &text(WORDS));
    assert_eq!(
        incoming,
        Incoming {
            update: 900,
            chat: Some(ChatId(7)),
            private: true,
            from: Some(Sender {
                user: UserId(7),
                name: "Ana Ruiz".to_owned(),
                username: Some("ana".to_owned()),
                language: Some("es-419".to_owned()),
            }),
            message: Some(MessageId(12)),
            reply_to: None,
            reply_elsewhere: None,
            answers_bot: false,
            media: None,
            topic: None,
            has_topics: false,
            kind: text(WORDS),
        }
    );
}

#[test]
fn words_survive_an_unknown_entity_and_odd_fields() {
    let odd = json!({"text": WORDS, "entities": [{"type": "hologram", "offset": 0, "length": 2}, 5],
                     "contact": "?", "migrate_to_chat_id": {}, "link_preview_options": []});
    check("message", &message(&odd), &text(WORDS));
    let bare = json!({"chat": {"id": 7}, "text": WORDS});
    assert!(check("message", &bare, &text(WORDS)).private);
    let nameless = message(&json!({"text": WORDS, "from": {"id": 7, "first_name": 5}}));
    let from = check("message", &nameless, &text(WORDS)).from.unwrap();
    assert_eq!((from.user, from.name.as_str()), (UserId(7), ""));
}

#[test]
fn captions_are_words() {
    let photo = json!({"photo": [{"file_id": "x", "width": 1, "height": 1}], "caption": WORDS});
    check("message", &message(&photo), &text(WORDS));
    let edited = IncomingKind::Edited(PatientText::new(WORDS.to_owned()));
    check("edited_message", &message(&photo), &edited);
    check("edited_message", &message(&json!({"text": WORDS})), &edited);
}

#[test]
fn an_edit_without_words_is_ignored() {
    let moving = json!({"location": {"latitude": 1.0, "longitude": 2.0}});
    check("edited_message", &message(&moving), &IncomingKind::Ignored);
}

#[test]
fn commands() {
    let check = |words: &str, expected: IncomingKind| {
        check("message", &message(&json!({"text": words})), &expected);
    };
    check("/start", command("start", ""));
    check("/START@Psoas_Bot  ref_9 ", command("start", "ref_9"));
    check("/note\n12 called back", command("note", "12 called back"));
    check("/stop@", command("stop", ""));
    // In private nobody else reads it: it is heard as words.
    check("/stop@other_bot", text("/stop@other_bot"));
    check("/stop@other_bot now", text("/stop@other_bot now"));
    // Not a command: it is heard as words.
    check("/my.leg is numb", text("/my.leg is numb"));
    check("/ no siento la pierna", text("/ no siento la pierna"));
    check("/", text("/"));
    check("see /help", text("see /help"));
    let long = format!("/{}", "a".repeat(33));
    check(&long, text(&long));
}

#[test]
fn a_command_that_telegram_marks_may_end_in_punctuation() {
    let marked =
        json!({"text": "/stop!", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]});
    check("message", &message(&marked), &command("stop", "!"));
    let later = json!({"text": "/x. /stop", "entities": [{"type": "bot_command", "offset": 4, "length": 5}]});
    check("message", &message(&later), &text("/x. /stop"));
}

#[test]
fn contacts_say_whose_they_are() {
    let contact = |user: Value| json!({"contact": {"phone_number": "+15550100", "first_name": "A", "user_id": user}});
    let expected = |own| IncomingKind::Contact {
        number: PatientText::new("+15550100".to_owned()),
        own,
    };
    check("message", &message(&contact(json!(7))), &expected(true));
    check("message", &message(&contact(json!(8))), &expected(false));
    check("message", &message(&contact(json!(null))), &expected(false));
    let nobody = with(&message(&contact(json!(null))), &json!({"from": null}));
    check("message", &nobody, &expected(false));
    let numberless = json!({"contact": {"first_name": "A"}});
    check("message", &message(&numberless), &IncomingKind::Unreadable);
}

#[test]
fn what_cannot_be_read_is_said_to_be() {
    for field in [
        "voice",
        "photo",
        "sticker",
        "document",
        "location",
        "video_note",
        "poll",
        "hologram",
    ] {
        let mut content = json!({});
        content[field] = json!({"file_id": "x"});
        check("message", &message(&content), &IncomingKind::Unreadable);
    }
    let blank = json!({"photo": [], "caption": " "});
    check("message", &message(&blank), &IncomingKind::Unreadable);
    check("message", &message(&json!({})), &IncomingKind::Unreadable);
}

#[test]
fn service_messages_are_ignored() {
    for field in [
        "new_chat_members",
        "left_chat_member",
        "pinned_message",
        "forum_topic_created",
        "migrate_from_chat_id",
        "group_chat_created",
    ] {
        let mut content = json!({});
        content[field] = json!(true);
        let incoming = check("message", &in_group(&content), &IncomingKind::Ignored);
        assert_eq!(incoming.chat, Some(ChatId(-500)));
    }
}

#[test]
fn a_group_moves() {
    let content = json!({"migrate_to_chat_id": -1_001_234_567_890_123_i64});
    let to = IncomingKind::Migrated(ChatId(-1_001_234_567_890_123));
    let incoming = check("message", &in_group(&content), &to);
    assert_eq!(
        (incoming.chat, incoming.private),
        (Some(ChatId(-500)), false)
    );
    check("message", &message(&content), &IncomingKind::Ignored);
}

#[test]
fn an_anonymous_admin_is_nobody() {
    let placeholder = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group"});
    let content = json!({"text": "/open", "sender_chat": group(), "from": placeholder});
    let incoming = check("message", &in_group(&content), &command("open", ""));
    assert_eq!(incoming.from, None);
}

#[test]
fn blocking_and_unblocking() {
    let change = |chat: Value, status: &str| {
        json!({"chat": chat, "from": ana(), "date": 1,
               "old_chat_member": {"status": "member", "user": {"id": 42}},
               "new_chat_member": {"status": status, "user": {"id": 42}, "until_date": 0}})
    };
    let check = |chat, status, expected| {
        check("my_chat_member", &change(chat, status), &expected);
    };
    check(private(), "kicked", IncomingKind::Blocked(true));
    check(private(), "member", IncomingKind::Blocked(false));
    check(private(), "hologram", IncomingKind::Ignored);
    check(group(), "kicked", IncomingKind::Removed(true));
    check(group(), "left", IncomingKind::Removed(true));
    check(group(), "administrator", IncomingKind::Removed(false));
    check(group(), "restricted", IncomingKind::Removed(false));
    check(group(), "hologram", IncomingKind::Ignored);
}

/// A restricted bot is in the group, and may have lost the right to write there.
#[test]
fn losing_the_right_to_write() {
    for (may_write, lost) in [(false, true), (true, false)] {
        let change = json!({"chat": group(), "from": ana(), "date": 1,
               "old_chat_member": {"status": "member", "user": {"id": 42}},
               "new_chat_member": {"status": "restricted", "user": {"id": 42},
                                   "is_member": true, "can_send_messages": may_write}});
        check("my_chat_member", &change, &IncomingKind::Removed(lost));
    }
}

#[test]
fn every_press_counts() {
    let pressed = IncomingKind::Press {
        id: "4382".to_owned(),
        data: "q1:yes".to_owned(),
    };
    let press = json!({"id": "4382", "from": ana(), "chat_instance": "1", "data": "q1:yes"});
    let under = |message: Value| with(&press, &json!({ "message": message }));

    let staff = json!({"message_id": 30, "chat": group(), "date": 1_800_000_000, "text": "case"});
    let incoming = check("callback_query", &under(staff), &pressed);
    assert_eq!(
        (incoming.chat, incoming.private),
        (Some(ChatId(-500)), false)
    );
    assert_eq!(incoming.message, Some(MessageId(30)));

    let inaccessible = json!({"message_id": 30, "chat": private(), "date": 0});
    let incoming = check("callback_query", &under(inaccessible), &pressed);
    assert_eq!(
        (incoming.chat, incoming.message),
        (Some(ChatId(7)), Some(MessageId(30)))
    );

    for odd in [press.clone(), under(json!(null)), under(json!("gone"))] {
        let incoming = check("callback_query", &odd, &pressed);
        assert_eq!((incoming.chat, incoming.private), (Some(ChatId(7)), true));
        assert_eq!(incoming.message, None);
    }
    let nothing = IncomingKind::Press {
        id: String::new(),
        data: String::new(),
    };
    check("callback_query", &json!({}), &nothing);
}

#[test]
fn other_updates_are_ignored_by_number() {
    for raw in [
        r#"{"update_id":900,"channel_post":{"message_id":1,"chat":{"id":-9,"type":"channel"}}}"#,
        r#"{"update_id":900,"hologram":{}}"#,
        r#"{"update_id":900}"#,
        r#"{"update_id":900,"message":5}"#,
    ] {
        let incoming = read_update(raw, BOT).unwrap();
        assert_eq!((incoming.update, incoming.chat), (900, None), "{raw}");
        assert_eq!(incoming.kind, IncomingKind::Ignored, "{raw}");
    }
    for raw in [
        "",
        "{",
        "[]",
        "5",
        "null",
        "{}",
        r#"{"update_id":"900"}"#,
        r#"{"message":{}}"#,
    ] {
        assert_eq!(read_update(raw, BOT), None, "{raw}");
    }
}

#[test]
fn half_a_character_does_not_cost_the_message() {
    let chat = r#""message_id":1,"chat":{"id":42,"type":"private"}"#;
    for (typed, read) in [
        (r"my chest hurts \ud83d", "my chest hurts \u{fffd}"),
        (r"\udca9\ud83d\ud83e\uddb5!", "\u{fffd}\u{fffd}🦵!"),
        (r"a\\ud83d \u00e9 \ud83d", r"a\ud83d é �"),
    ] {
        let raw = format!(r#"{{"update_id":900,"message":{{{chat},"text":"{typed}"}}}}"#);
        let incoming = read_update(&raw, BOT).unwrap();
        assert_eq!(incoming.kind, text(read), "{typed}");
    }
}

#[test]
fn ids_may_be_large_negative_or_too_large() {
    let far = json!({"chat": {"id": i64::MIN, "type": "supergroup"}, "message_id": i64::MAX, "text": "x"});
    let incoming = check("message", &message(&far), &text("x"));
    assert_eq!(incoming.chat, Some(ChatId(i64::MIN)));
    assert!(!incoming.private);
    assert_eq!(incoming.message, Some(MessageId(i64::MAX)));
    let beyond = r#"{"update_id":-3,"message":{"message_id":99999999999999999999,"chat":{"id":1e40},"text":"x"}}"#;
    let incoming = read_update(beyond, BOT).unwrap();
    assert_eq!(
        (incoming.update, incoming.chat, incoming.message),
        (-3, None, None)
    );
}

#[test]
fn reading_prints_no_words() {
    let incoming = read(&update("message", &message(&json!({"text": WORDS}))));
    assert!(!format!("{incoming:?}").contains("pierna"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("id".to_owned()),
        Just("type".to_owned()),
        Just("text".to_owned()),
        Just("private".to_owned()),
        Just("message".to_owned()),
        Just("chat".to_owned()),
        Just("from".to_owned()),
        "/?[a-z@🦵é]{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn real_updates() -> Vec<Value> {
    let press = json!({"id": "1", "from": ana(), "data": "x",
                       "message": {"message_id": 30, "chat": group(), "date": 0}});
    let entities = json!([{"type": "bot_command", "offset": 0, "length": 6}]);
    let contact = json!({"contact": {"phone_number": "+1", "user_id": 7}});
    let change = json!({"chat": private(), "from": ana(), "new_chat_member": {"status": "kicked"}});
    vec![
        update(
            "message",
            &message(&json!({"text": "/start 🦵", "entities": entities})),
        ),
        update("message", &message(&contact)),
        update(
            "message",
            &in_group(&json!({"migrate_to_chat_id": -1, "sender_chat": group()})),
        ),
        update("edited_message", &message(&json!({"caption": WORDS}))),
        update("callback_query", &press),
        update("my_chat_member", &change),
    ]
}

/// Each place in a value, as the way to it.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                places(inner, &format!("{here}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                places(inner, &format!("{here}/{at}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in any_json(), bot in "@?[a-z]{0,3}") {
        let _ = read_update(&value.to_string(), &bot);
        for kind in ["message", "edited_message", "callback_query", "my_chat_member"] {
            let incoming = read_update(&update(kind, &value).to_string(), &bot);
            prop_assert_eq!(incoming.map(|incoming| incoming.update), Some(900));
        }
    }

    #[test]
    fn any_string_is_read_without_panic(raw in ".{0,80}") {
        let _ = read_update(&raw, BOT);
        let incoming = read(&update("message", &message(&json!({"text": format!("/{raw}")}))));
        prop_assert_ne!(incoming.kind, IncomingKind::Unreadable);
    }

    #[test]
    fn changed_updates_are_read_without_panic(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        new in any_json(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut update = which.get(&real_updates()).clone();
        let raw = update.to_string();
        let end = cut.index(raw.len());
        let _ = raw.get(..end).map(|half| read_update(half, BOT));
        let mut found = Vec::new();
        places(&update, "", &mut found);
        *update.pointer_mut(&found[place.index(found.len())]).unwrap() = new;
        let _ = read_update(&update.to_string(), BOT);
    }

    #[test]
    fn texts_of_any_length_fit(words in "[a🦵é\n]{0,40}", times in 1_usize..300, start in 0_usize..9_000, length in 0_usize..9_000) {
        let whole = words.repeat(times);
        let mut text = RichText::plain(whole.clone());
        text.bold.push(start..start.saturating_add(length));
        let sent = run(wire_of(&Outgoing::Send { chat: ChatId(7), text, keyboard: Keyboard::None, silent: false, place: Place::default() }));
        let sent_words: Vec<u16> = sent["text"].as_str().unwrap().encode_utf16().collect();
        prop_assert!(sent_words.len() <= 4096);
        prop_assert_eq!(whole.encode_utf16().count() <= 4096, sent["text"] == whole.as_str());
        for entity in sent["entities"].as_array().into_iter().flatten() {
            let from = usize::try_from(entity["offset"].as_u64().unwrap()).unwrap();
            let to = from + usize::try_from(entity["length"].as_u64().unwrap()).unwrap();
            prop_assert!(from < to && to <= sent_words.len());
            prop_assert!(String::from_utf16(&sent_words[from..to]).is_ok());
        }
    }
}

// ---- sends ----

/// A server that takes one kind of answer and remembers what it was asked.
struct Api {
    telegram: Telegram,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Api {
    /// Answers every call with this status and body.
    async fn answering(status: u16, body: &str) -> Self {
        let answer = (StatusCode::from_u16(status).unwrap(), body.to_owned());
        Self::doing(Timeouts::default(), move || {
            let answer = answer.clone();
            async move { answer }
        })
        .await
    }

    async fn doing<Answer, Doing>(
        timeouts: Timeouts,
        answer: impl Fn() -> Doing + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Answer: IntoResponse,
        Doing: Future<Output = Answer> + Send,
    {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let router = Router::new().fallback(move |uri: Uri, body: Bytes| {
            let body = serde_json::from_slice(&body).unwrap();
            seen.lock().unwrap().push((uri.path().to_owned(), body));
            answer()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/base/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            telegram: client(&url, timeouts),
            asked,
        }
    }

    fn only_call(&self) -> (String, Value) {
        let asked = self.asked.lock().unwrap();
        assert_eq!(asked.len(), 1);
        asked[0].clone()
    }
}

fn client(url: &str, timeouts: Timeouts) -> Telegram {
    let token = SecretString::from(TOKEN.to_owned());
    Telegram::with_timeouts(token, Some(url.parse().unwrap()), timeouts).unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// What goes over the wire for this.
async fn wire_of(outgoing: &Outgoing) -> Value {
    let api = Api::answering(200, r#"{"ok":true,"result":{"message_id":5}}"#).await;
    let outcome = api.telegram.send(outgoing).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    api.only_call().1
}

fn hello() -> Outgoing {
    say(RichText::plain(WORDS), Keyboard::None)
}

fn say(text: RichText, keyboard: Keyboard) -> Outgoing {
    Outgoing::Send {
        chat: ChatId(7),
        text,
        keyboard,
        silent: false,
        place: Place::default(),
    }
}

fn edit(keyboard: Keyboard) -> Outgoing {
    Outgoing::Edit {
        chat: ChatId(7),
        message: MessageId(5),
        text: RichText::plain(WORDS),
        keyboard,
    }
}

fn inline() -> Keyboard {
    let press = Button::Press {
        label: "Yes".to_owned(),
        data: "q1:yes".to_owned(),
    };
    let link = |url: &str| Button::Link {
        label: "Book".to_owned(),
        url: url.to_owned(),
    };
    Keyboard::Inline(vec![
        vec![press, link("https://clinic.example/book")],
        vec![link("tel:+15550100")],
        vec![link("not an address")],
    ])
}

fn inline_on_the_wire() -> Value {
    // Dead links are left out: Telegram would refuse the whole message.
    json!({"inline_keyboard": [[
        {"text": "Yes", "callback_data": "q1:yes"},
        {"text": "Book", "url": "https://clinic.example/book"},
    ]]})
}

#[tokio::test]
async fn a_message_on_the_wire() {
    let api = Api::answering(200, r#"{"ok":true,"result":{"message_id":5,"chat":{}}}"#).await;
    let mut text = RichText::plain("🦵 ¡");
    text.push_bold("Pare 👩🏽‍⚕️");
    text.push(" ya. ");
    text.push_bold("é");
    let outgoing = Outgoing::Send {
        chat: ChatId(-1_001_234_567_890_123),
        text,
        keyboard: inline(),
        silent: true,
        place: Place::default(),
    };
    let outcome = api.telegram.send(&outgoing).await;
    assert_eq!(outcome, Outcome::Delivered(Some(MessageId(5))));
    let (path, body) = api.only_call();
    assert_eq!(path, format!("/base/bot{TOKEN}/SendMessage"));
    let expected = json!({
        "chat_id": -1_001_234_567_890_123_i64,
        "text": "🦵 ¡Pare 👩🏽‍⚕️ ya. é",
        "entities": [
            {"type": "bold", "offset": 4, "length": 12},
            {"type": "bold", "offset": 21, "length": 1},
        ],
        "link_preview_options": {"is_disabled": true},
        "disable_notification": true,
        "reply_markup": inline_on_the_wire(),
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn keyboards_on_the_wire() {
    let phone = Keyboard::Phone {
        share: "Share my number".to_owned(),
        words: vec!["Not now".to_owned()],
    };
    let cases = [
        (Keyboard::None, Value::Null, Value::Null),
        (Keyboard::Inline(Vec::new()), Value::Null, Value::Null),
        (inline(), inline_on_the_wire(), inline_on_the_wire()),
        (
            phone,
            json!({"keyboard": [[{"text": "Share my number", "request_contact": true}],
                                [{"text": "Not now"}]],
                   "resize_keyboard": true, "one_time_keyboard": true}),
            Value::Null,
        ),
        (
            Keyboard::Remove,
            json!({"remove_keyboard": true}),
            Value::Null,
        ),
    ];
    for (keyboard, sent, edited) in cases {
        let body = wire_of(&say(RichText::plain("x"), keyboard.clone())).await;
        assert_eq!(body["reply_markup"], sent);
        assert_eq!(body.get("disable_notification"), None);
        assert_eq!(body.get("entities"), None);
        assert_eq!(body.get("parse_mode"), None);
        let body = wire_of(&edit(keyboard)).await;
        assert_eq!(body["reply_markup"], edited);
        assert_eq!(body["message_id"], 5);
        assert_eq!(body["link_preview_options"], json!({"is_disabled": true}));
    }
}

#[tokio::test]
async fn a_text_too_long_is_cut_with_its_bold() {
    let mut text = RichText::plain("a");
    text.push_bold(&"🦵".repeat(3_000));
    text.push_bold("behind the cut");
    let body = wire_of(&say(text, Keyboard::None)).await;
    // 1 + 2 × 2047 + 1 = 4096 units.
    assert_eq!(body["text"], format!("a{}…", "🦵".repeat(2_047)));
    let bold = json!([{"type": "bold", "offset": 1, "length": 4_094}]);
    assert_eq!(body["entities"], bold);
    let just = "é".repeat(4_096);
    let body = wire_of(&say(RichText::plain(just.clone()), Keyboard::None)).await;
    assert_eq!(body["text"], just);
}

#[tokio::test]
async fn contacts_and_press_answers_on_the_wire() {
    let contact = |last: &str| Outgoing::Contact {
        chat: ChatId(7),
        number: "+15550100".to_owned(),
        first: "Clinic".to_owned(),
        last: last.to_owned(),
    };
    let mut expected = json!({"chat_id": 7, "phone_number": "+15550100", "first_name": "Clinic"});
    assert_eq!(wire_of(&contact("")).await, expected);
    expected["last_name"] = json!("Desk");
    assert_eq!(wire_of(&contact("Desk")).await, expected);
    let answer = |text: Option<String>| Outgoing::AnswerPress {
        id: "4382".to_owned(),
        text,
    };
    let expected = json!({"callback_query_id": "4382"});
    assert_eq!(wire_of(&answer(None)).await, expected);
    let body = wire_of(&answer(Some("é".repeat(201)))).await;
    assert_eq!(body["text"], format!("{}…", "é".repeat(199)));
}

#[tokio::test]
async fn only_new_messages_bring_a_number() {
    let made = r#"{"ok":true,"result":{"message_id":5}}"#;
    let edited = Api::answering(200, made)
        .await
        .telegram
        .send(&edit(Keyboard::None))
        .await;
    assert_eq!(edited, Outcome::Delivered(None));
    // Taken, whatever else the reply holds.
    for body in [r#"{"ok":true}"#, r#"{"ok":true,"result":true}"#] {
        let outcome = Api::answering(200, body)
            .await
            .telegram
            .send(&hello())
            .await;
        assert_eq!(outcome, Outcome::Delivered(None));
    }
    let api = Api::answering(200, made).await;
    let nowhere = Outgoing::Edit {
        chat: ChatId(7),
        message: MessageId(i64::MAX),
        text: RichText::plain("x"),
        keyboard: Keyboard::None,
    };
    assert!(matches!(
        api.telegram.send(&nowhere).await,
        Outcome::Refused(_)
    ));
    assert!(api.asked.lock().unwrap().is_empty());
}

fn refusal(code: u16, description: &str) -> String {
    json!({"ok": false, "error_code": code, "description": description}).to_string()
}

#[tokio::test]
async fn each_refusal_has_its_outcome() {
    let refused = |words: &str| Outcome::Refused(words.to_owned());
    let shut = |words: &str| Outcome::Shut(words.to_owned());
    let cases = [
        (
            403,
            "Forbidden: bot was blocked by the user",
            Outcome::Unreachable,
        ),
        (403, "Forbidden: user is deactivated", Outcome::Unreachable),
        (
            403,
            "Forbidden: bot was kicked from the group chat",
            Outcome::Unreachable,
        ),
        (
            403,
            "Forbidden: bot can't initiate conversation with a user",
            Outcome::Unreachable,
        ),
        (
            403,
            "Forbidden: bot is not a member of the supergroup chat",
            Outcome::Unreachable,
        ),
        (400, "Bad Request: chat not found", Outcome::Unreachable),
        (
            400,
            "Bad Request: message is not modified: specified new…",
            Outcome::Delivered(None),
        ),
        (
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
            Outcome::Delivered(None),
        ),
        (401, "Unauthorized", shut("Unauthorized")),
        (404, "Not Found", shut("Not Found")),
        (
            404,
            "Not Found: method not found",
            refused("Not Found: method not found"),
        ),
        (
            409,
            "Conflict: terminated by other",
            shut("Conflict: terminated by other"),
        ),
        (
            400,
            "Bad Request: can't parse entities: x",
            refused("Bad Request: can't parse entities: x"),
        ),
        (
            400,
            "Bad Request: message is too long",
            refused("Bad Request: message is too long"),
        ),
        // The unknown is never permanent.
        (
            403,
            "Forbidden: something new",
            refused("Forbidden: something new"),
        ),
        (418, "I'm a teapot", refused("I'm a teapot")),
        (429, "Too Many Requests", Outcome::SlowDown(5)),
        (500, "Internal Server Error", Outcome::Ambiguous),
    ];
    for (code, words, expected) in cases {
        let api = Api::answering(code, &refusal(code, words)).await;
        assert_eq!(api.telegram.send(&hello()).await, expected, "{words}");
        assert_eq!(
            api.telegram.send(&edit(inline())).await,
            expected,
            "{words}"
        );
    }
}

#[tokio::test]
async fn each_reply_has_its_outcome() {
    let slow = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 17","parameters":{"retry_after":17}}"#;
    let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#;
    let to = Outcome::Migrated(ChatId(-1_001_234_567_890));
    let page = "<html>Forbidden</html>";
    let cases = [
        (429, slow, Outcome::SlowDown(17)),
        (200, slow, Outcome::SlowDown(17)),
        (429, "<html>slow down</html>", Outcome::SlowDown(5)),
        (400, moved, to),
        (502, "<html>Bad Gateway</html>", Outcome::Ambiguous),
        (
            502,
            r#"{"ok":true,"result":{"message_id":5}}"#,
            Outcome::Ambiguous,
        ),
        (200, "garbage", Outcome::Ambiguous),
        (200, "", Outcome::Ambiguous),
        (200, "[]", Outcome::Ambiguous),
        (200, r#"{"result":{"message_id":5}}"#, Outcome::Ambiguous),
        // A proxy's page says nothing about the patient or the token.
        (403, page, Outcome::Ambiguous),
        (404, page, Outcome::Ambiguous),
        (302, page, Outcome::Ambiguous),
        (
            400,
            r#"{"ok":false}"#,
            Outcome::Refused("error 400, not described".to_owned()),
        ),
    ];
    for (status, body, expected) in cases {
        let api = Api::answering(status, body).await;
        assert_eq!(
            api.telegram.send(&hello()).await,
            expected,
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn a_wait_may_stand_in_the_header() {
    let timeouts = Timeouts::default();
    let busy = (
        StatusCode::TOO_MANY_REQUESTS,
        [("retry-after", "9")],
        "busy",
    );
    let api = Api::doing(timeouts, move || async move { busy }).await;
    assert_eq!(api.telegram.send(&hello()).await, Outcome::SlowDown(9));
}

#[tokio::test]
async fn no_answer_in_time_is_ambiguous() {
    let timeouts = Timeouts {
        call: Duration::from_millis(200),
        poll_slack: Duration::from_millis(200),
        ..Timeouts::default()
    };
    let api = Api::doing(timeouts, pending::<StatusCode>).await;
    assert_eq!(api.telegram.send(&hello()).await, Outcome::Ambiguous);
    let polled = api.telegram.poll(None, 0, &UpdateKind::ALL).await;
    assert!(matches!(polled, Err(CallError::Network { .. })));
}

#[tokio::test]
async fn no_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [closed.as_str(), "http://no-such-host.invalid"] {
        let telegram = client(url, Timeouts::default());
        assert_eq!(telegram.send(&hello()).await, Outcome::NotSent, "{url}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_ambiguous() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut start = [0; 16];
        // The request began to arrive: it may have been taken.
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut start)
            .await
            .unwrap();
    });
    let telegram = client(&url, Timeouts::default());
    assert_eq!(telegram.send(&hello()).await, Outcome::Ambiguous);
    server.await.unwrap();
}

// ---- polls, profile, secrets ----

#[tokio::test]
async fn polled_updates_are_kept_byte_for_byte() {
    let first =
        r#"{ "update_id" : 9007199254740993,  "message":{"text":"\u00e9 🦵 \/ 1.0","n":1.50} }"#;
    let second = r#"{"message":{"text":"\ud83d"},"update_id":5}"#;
    let body = format!(r#"{{"ok":true,"result":[ {first} ,{{"no":1}}, 7, {second}]}}"#);
    let api = Api::answering(200, &body).await;
    let polled = api
        .telegram
        .poll(Some(1 << 40), 0, &UpdateKind::ALL)
        .await
        .unwrap();
    assert_eq!(polled.skipped, 2);
    let kept: Vec<_> = polled
        .updates
        .iter()
        .map(|u| (u.update_id, u.json.as_str()))
        .collect();
    assert_eq!(kept, [(9_007_199_254_740_993, first), (5, second)]);
    assert!(!format!("{polled:?}").contains("🦵"));
    let (path, asked) = api.only_call();
    assert_eq!(path, format!("/base/bot{TOKEN}/GetUpdates"));
    let expected = json!({"offset": 1_u64 << 40, "timeout": 0, "allowed_updates":
        ["message", "edited_message", "callback_query", "my_chat_member"]});
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn each_poll_error() {
    async fn poll(status: u16, body: &str) -> CallError {
        let api = Api::answering(status, body).await;
        api.telegram
            .poll(None, 0, &UpdateKind::ALL)
            .await
            .unwrap_err()
    }
    let conflict = refusal(409, "Conflict: terminated by other getUpdates request");
    assert!(matches!(poll(409, &conflict).await, CallError::Shut(_)));
    let wrong = refusal(401, "Unauthorized");
    assert!(matches!(poll(401, &wrong).await, CallError::Shut(_)));
    let slow = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":3}}"#;
    assert!(matches!(poll(429, slow).await, CallError::SlowDown(3)));
    assert!(matches!(poll(502, "x").await, CallError::Network { .. }));
    assert!(matches!(poll(200, "x").await, CallError::Unreadable { .. }));
    let object = r#"{"ok":true,"result":{}}"#;
    assert!(matches!(
        poll(200, object).await,
        CallError::Unreadable { .. }
    ));
    let odd = refusal(400, "Bad Request: new");
    assert!(matches!(poll(400, &odd).await, CallError::Refused { .. }));
}

#[tokio::test]
async fn the_bot_and_its_profile() {
    let me = r#"{"ok":true,"result":{"id":42,"is_bot":true,"first_name":"Psoas","username":"psoas_bot"}}"#;
    let me = Api::answering(200, me).await.telegram.me().await.unwrap();
    assert_eq!(
        (me.id, me.username.as_str(), me.name.as_str()),
        (BotId(42), BOT, "Psoas")
    );

    let list = |scope, lang| CommandList {
        scope,
        lang,
        commands: vec![("stop".to_owned(), "Stop".to_owned())],
    };
    let profile = BotProfile {
        commands: vec![
            list(Scope::Default, None),
            list(Scope::Private, Some(Lang::Es)),
            list(Scope::Chat(ChatId(-500)), None),
        ],
        name: vec![(None, "Psoas".to_owned())],
        description: vec![(Some(Lang::Es), "Hola".to_owned())],
        short_description: vec![(None, "Hi".to_owned())],
    };
    let api = Api::answering(200, r#"{"ok":true,"result":true}"#).await;
    api.telegram.set_profile(&profile).await.unwrap();
    api.telegram.delete_webhook().await.unwrap();
    let asked: Vec<_> = api
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|(path, body)| (path.rsplit('/').next().unwrap().to_owned(), body.clone()))
        .collect();
    let stop = json!([{"command": "stop", "description": "Stop"}]);
    let expected = [
        ("SetMyName", json!({"name": "Psoas"})),
        ("SetMyDescription", json!({"description": "Hola", "language_code": "es"})),
        ("SetMyShortDescription", json!({"short_description": "Hi"})),
        ("SetMyCommands", json!({"commands": stop, "scope": {"type": "default"}})),
        (
            "SetMyCommands",
            json!({"commands": stop, "scope": {"type": "all_private_chats"}, "language_code": "es"}),
        ),
        ("SetMyCommands", json!({"commands": stop, "scope": {"type": "chat", "chat_id": -500}})),
        ("DeleteWebhook", json!({})),
    ]
    .map(|(method, body)| (method.to_owned(), body));
    assert_eq!(asked, expected);
    let mut other = profile.clone();
    other.name.clear();
    assert_eq!(profile.fingerprint(), profile.clone().fingerprint());
    assert_ne!(profile.fingerprint(), other.fingerprint());
}

#[tokio::test]
async fn the_token_is_never_printed() {
    let telegram = client("http://user:pass@no-such-host.invalid", Timeouts::default());
    let error = telegram.me().await.unwrap_err();
    let mut said = format!("{telegram:?} {error:?} {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        said.push_str(&format!(" {inner:?} {inner}"));
        cause = inner.source();
    }
    assert!(said.contains("no-such-host"));
    for secret in ["TEST-token", "pass@", "/bot"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn a_mistaken_token_or_address_is_told_at_once() {
    for token in ["", "42", "42:", ":x", "42:a b", "42:a/b", "x:y", "42:a\n"] {
        assert!(Telegram::new(SecretString::from(token.to_owned()), None).is_err());
    }
    assert!(Telegram::new(SecretString::from(TOKEN.to_owned()), None).is_ok());
    for url in ["ftp://host/", "data:text/plain,x"] {
        let token = SecretString::from(TOKEN.to_owned());
        assert!(Telegram::new(token, Some(url.parse().unwrap())).is_err());
    }
}

#[test]
fn controls_that_reorder_are_taken_out() {
    assert_eq!(
        strip_bidi("Ana \u{202e}911\u{202c} \u{2066}x\u{2069}\u{200f}\u{61c}"),
        "Ana 911 x"
    );
    assert_eq!(strip_bidi("שלום 👩🏽‍⚕️ é\n"), "שלום 👩🏽‍⚕️ é\n");
}

// ---- the whole way, with the server in the process ----

#[tokio::test]
async fn a_chat_through_the_bot_api_server() {
    const NOON: i64 = 1_800_000_000;
    let mut world = World::new(TOKEN, 42, BOT, "Psoas");
    world.add_person(7, "Ana", Some("ana"), Some("es"));
    world.add_group(-500, "Staff");
    world.join(-500, 7);
    let world = Arc::new(Mutex::new(world));
    let server = Server::start(Arc::clone(&world), Arc::new(|| NOON)).await;
    let server = server.unwrap();
    let telegram = client(&server.url(), Timeouts::default());
    let me = telegram.me().await.unwrap();
    assert_eq!(me.username, BOT);

    let act = |deed: &dyn Fn(&mut World)| deed(&mut world.lock().unwrap());
    let send = async |outgoing: Outgoing| telegram.send(&outgoing).await;
    act(&|world| assert!(world.say(7, 7, "/start ref", NOON).is_ok()));
    let sent = send(say(RichText::plain("Numb?"), inline())).await;
    let Outcome::Delivered(Some(sent)) = sent else {
        panic!("{sent:?}")
    };
    act(&|world| assert!(world.press_label(7, 7, "Yes", NOON).is_ok()));
    act(&|world| assert!(world.share_contact(7, 7, "+15550100", NOON).is_ok()));
    act(&|world| world.block(7, NOON));
    act(&|world| assert!(world.migrate(-500, NOON).is_some()));

    let polled = telegram.poll(None, 0, &UpdateKind::ALL).await.unwrap();
    let kinds: Vec<_> = polled
        .updates
        .iter()
        .filter_map(|raw| read_update(&raw.json, BOT))
        .map(|incoming| (incoming.chat.unwrap().0, incoming.kind))
        .collect();
    assert!(kinds.contains(&(7, command("start", "ref"))));
    let own = IncomingKind::Contact {
        number: PatientText::new("+15550100".to_owned()),
        own: true,
    };
    assert!(kinds.contains(&(7, own)));
    assert!(kinds.contains(&(7, IncomingKind::Blocked(true))));
    let press = kinds.iter().find_map(|(_, kind)| match kind {
        IncomingKind::Press { id, .. } => Some(id.clone()),
        _ => None,
    });
    let moved = kinds.iter().find_map(|(chat, kind)| match kind {
        IncomingKind::Migrated(to) => Some((*chat, *to)),
        _ => None,
    });
    let (old, new) = moved.unwrap();
    assert_eq!(old, -500);

    let answer = Outgoing::AnswerPress {
        id: press.unwrap(),
        text: None,
    };
    assert_eq!(send(answer).await, Outcome::Delivered(None));
    let to_group = |chat| Outgoing::Send {
        chat: ChatId(chat),
        text: RichText::plain("case 1"),
        keyboard: Keyboard::None,
        silent: false,
        place: Place::default(),
    };
    assert_eq!(send(to_group(old)).await, Outcome::Migrated(new));
    let arrived = send(to_group(new.0)).await;
    assert!(matches!(arrived, Outcome::Delivered(Some(_))));
    assert_eq!(send(hello()).await, Outcome::Unreachable);
    act(&|world| world.unblock(7, NOON));
    let edited = Outgoing::Edit {
        chat: ChatId(7),
        message: sent,
        text: RichText::plain("Numb? Yes"),
        keyboard: Keyboard::None,
    };
    for _ in 0..2 {
        assert_eq!(send(edited.clone()).await, Outcome::Delivered(None));
    }
    server.stop().await;
}

/// A bot without rights in its group is lost there; one odd message is not.
#[test]
fn a_refusal_of_the_bot_is_no_refusal_of_a_message() {
    let lacks = psoas_bot::channel::telegram::lacks_rights;
    for of_the_bot in [
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: have no rights to send a message",
        "Forbidden: bot is not a member of the channel chat",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
    ] {
        assert!(lacks(of_the_bot), "{of_the_bot}");
    }
    for of_one in [
        "Bad Request: message text is empty",
        "Bad Request: BUTTON_DATA_INVALID",
        "error 400, not described",
    ] {
        assert!(!lacks(of_one), "{of_one}");
    }
}
