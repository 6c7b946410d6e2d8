//! The Bot API server in the process: the world alone, and over HTTP with
//! teloxide's own client.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use psoas_bot::bot_api::{CannotAct, Delivery, Fault, Reply, Server, World};
use serde_json::{Value, json};
use teloxide::{
    ApiError, RequestError,
    payloads::{AnswerCallbackQuerySetters, GetUpdatesSetters, SendMessageSetters},
    requests::Requester,
    types::{
        CallbackQueryId, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId,
        UpdateKind, UserId,
    },
};

const TOKEN: &str = "42:TEST";
const ANA: i64 = 7;
const GROUP: i64 = -500;
const NOON: i64 = 1_800_000_000;

fn world() -> World {
    let mut world = World::new(TOKEN, 42, "clinic_bot", "Clinic");
    world.add_person(ANA, "Ana", Some("ana"), Some("es"));
    world.begin(ANA);
    world.add_person(8, "Dana", None, None);
    world.add_group(GROUP, "Staff");
    world.join(GROUP, 8);
    world
}

#[track_caller]
fn refused(world: &mut World, method: &str, payload: Value, status: u16, description: &str) {
    let reply = world.call(method, &payload, NOON);
    assert_eq!(
        (reply.status, reply.description()),
        (status, Some(description)),
        "{payload}"
    );
    assert_eq!(reply.body["error_code"], status);
}

#[track_caller]
fn done(world: &mut World, method: &str, payload: Value) -> Value {
    let reply = world.call(method, &payload, NOON);
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    reply.result().cloned().expect("a result")
}

fn ask(world: &mut World) -> i64 {
    let markup = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]});
    let sent = done(
        world,
        "sendMessage",
        json!({"chat_id": ANA, "text": "Any numbness?", "reply_markup": markup}),
    );
    sent["message_id"].as_i64().expect("an id")
}

#[test]
fn no_bot_may_write_first() {
    let mut world = world();
    let hello = json!({"chat_id": 8, "text": "hello"});
    let why = "Forbidden: bot can't initiate conversation with a user";
    refused(&mut world, "sendMessage", hello.clone(), 403, why);
    world.say(8, 8, "hi", NOON).expect("a message");
    done(&mut world, "sendMessage", hello);
}

#[test]
fn refusals_are_in_telegrams_words() {
    let mut world = world();
    let text = |text: &str| json!({"chat_id": ANA, "text": text});
    let with = |markup: Value| json!({"chat_id": ANA, "text": "x", "reply_markup": markup});
    let button = |button: Value| json!({"inline_keyboard": [[button]]});
    let many: Vec<Value> = (0..101)
        .map(|n| json!([{"text": n.to_string(), "callback_data": "d"}]))
        .collect();
    let cases = [
        (text(" \n"), "Bad Request: message text is empty"),
        (text(&"💪".repeat(2049)), "Bad Request: message is too long"),
        (json!({"text": "x"}), "Bad Request: chat_id is empty"),
        (
            json!({"chat_id": 999, "text": "x"}),
            "Bad Request: chat not found",
        ),
        (
            with(button(
                json!({"text": "b", "callback_data": "é".repeat(33)}),
            )),
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            with(json!({"inline_keyboard": many})),
            "Bad Request: reply markup is too long",
        ),
        (
            with(button(json!({"text": "Call", "url": "tel:+15555550100"}))),
            "Bad Request: inline keyboard button URL 'tel:+15555550100' is invalid: Wrong port number specified in the URL",
        ),
        (
            with(button(json!({"text": "Call"}))),
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            with(json!("{")),
            "Bad Request: can't parse reply keyboard markup JSON object",
        ),
        (
            json!({"chat_id": ANA, "text": "x", "reply_parameters": {"message_id": 9}}),
            "Bad Request: message to be replied not found",
        ),
    ];
    for (payload, description) in cases {
        refused(&mut world, "sendMessage", payload, 400, description);
    }
    assert!(
        world.messages(ANA).is_empty(),
        "a refused message is not sent"
    );
    done(&mut world, "sendMessage", text(&"💪".repeat(2048)));
    refused(
        &mut world,
        "logOut",
        json!({}),
        404,
        "Not Found: method not found",
    );
    refused(
        &mut world,
        "answerCallbackQuery",
        json!({"callback_query_id": "1"}),
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    );
}

#[test]
fn an_edit_changes_the_message_or_says_why_not() {
    let mut world = world();
    let id = ask(&mut world);
    let edit = |id: i64, text: &str| json!({"chat_id": ANA, "message_id": id, "text": text});
    done(&mut world, "editMessageText", edit(id, "Any numbness? Yes"));
    let shown = world.message(ANA, id).expect("the message");
    assert!(
        shown.edited && shown.buttons.is_empty(),
        "an edit without markup drops the buttons"
    );
    refused(
        &mut world,
        "editMessageText",
        edit(id, "Any numbness? Yes"),
        400,
        "Bad Request: message is not modified: specified new message content and reply markup \
         are exactly the same as a current content and reply markup of the message",
    );
    refused(
        &mut world,
        "editMessageText",
        edit(99, "x"),
        400,
        "Bad Request: message to edit not found",
    );
    let said = world.say(ANA, ANA, "hello", NOON).expect("said");
    refused(
        &mut world,
        "editMessageText",
        edit(said, "x"),
        400,
        "Bad Request: message can't be edited",
    );
    done(
        &mut world,
        "deleteMessage",
        json!({"chat_id": ANA, "message_id": id}),
    );
    refused(
        &mut world,
        "editMessageText",
        edit(id, "x"),
        400,
        "Bad Request: message to edit not found",
    );
    assert!(world.messages(ANA)[0].deleted);
}

#[test]
fn entities_follow_the_text_and_those_out_of_range_go() {
    let mut world = world();
    let bold =
        |offset: i64, length: i64| json!({"type": "bold", "offset": offset, "length": length});
    let entities = json!([
        bold(2, 2),
        bold(4, 3),
        bold(5, 50),
        bold(-1, 2),
        bold(0, 0),
        bold(3, 1)
    ]);
    let sent = done(
        &mut world,
        "sendMessage",
        json!({"chat_id": ANA, "text": "  💪 go ", "entities": entities}),
    );
    assert_eq!(sent["text"], "💪 go");
    assert_eq!(sent["entities"], json!([bold(0, 2), bold(2, 3)]));
}

#[test]
fn presses_are_forgotten_after_150_seconds_and_messages_after_a_day() {
    let mut world = world();
    let id = ask(&mut world);
    world.say(ANA, ANA, "/start x", NOON).expect("said");
    world.press(ANA, ANA, id, "y", NOON).expect("pressed");
    assert_eq!(world.pending(NOON + 149).len(), 2);
    let left = world.pending(NOON + 150);
    assert_eq!(left.len(), 1);
    assert_eq!(
        left[0]["message"]["entities"],
        json!([{"type": "bot_command", "offset": 0, "length": 6}])
    );
    assert!(world.pending(NOON + 86_400).is_empty());
}

#[test]
fn an_offset_confirms_what_is_below_it() {
    let mut world = world();
    for text in ["a", "b", "c"] {
        world.say(ANA, ANA, text, NOON).expect("said");
    }
    let page = done(&mut world, "getUpdates", json!({"limit": 2}));
    assert_eq!(page.as_array().map(Vec::len), Some(2));
    let next = page[1]["update_id"].as_i64().expect("an id") + 1;
    let page = done(&mut world, "getUpdates", json!({ "offset": next }));
    assert_eq!(page[0]["message"]["text"], "c");
    assert_eq!(page.as_array().map(Vec::len), Some(1));
}

#[test]
fn a_forged_press_arrives_with_an_inaccessible_message() {
    let mut world = world();
    world.press(ANA, ANA, 77, "forged", NOON).expect("pressed");
    let updates = world.pending(NOON);
    assert_eq!(updates[0]["callback_query"]["message"]["date"], 0);
    assert_eq!(updates[0]["callback_query"]["data"], "forged");
}

#[test]
fn a_missing_button_names_those_in_sight() {
    let mut world = world();
    ask(&mut world);
    let id = world.press_label(ANA, ANA, "Yes", NOON).expect("pressed");
    done(
        &mut world,
        "answerCallbackQuery",
        json!({"callback_query_id": id, "text": "Noted"}),
    );
    assert_eq!(
        world.toast(&id).map(|toast| toast.text.as_str()),
        Some("Noted")
    );
    let error = world
        .press_label(ANA, ANA, "Maybe", NOON)
        .expect_err("no such button");
    assert_eq!(
        error.to_string(),
        r#"no button says "Maybe"; buttons in sight: Yes | No"#
    );
}

#[test]
fn a_blocked_bot_is_told_so_and_hears_of_it() {
    let mut world = world();
    world.block(ANA, NOON);
    let hello = json!({"chat_id": ANA, "text": "hello"});
    refused(
        &mut world,
        "sendMessage",
        hello.clone(),
        403,
        "Forbidden: bot was blocked by the user",
    );
    assert_eq!(
        world.say(ANA, ANA, "hi", NOON),
        Err(CannotAct::Blocked(ANA))
    );
    assert_eq!(
        world.pending(NOON)[0]["my_chat_member"]["new_chat_member"]["status"],
        "kicked"
    );
    world.unblock(ANA, NOON);
    done(&mut world, "sendMessage", hello);
}

#[test]
fn a_migrated_group_refuses_with_its_new_id() {
    let mut world = world();
    let new = world.migrate(GROUP, NOON).expect("a group");
    let reply = world.call("sendMessage", &json!({"chat_id": GROUP, "text": "x"}), NOON);
    assert_eq!(reply.body["parameters"]["migrate_to_chat_id"], new);
    assert_eq!(world.pending(NOON)[0]["message"]["migrate_to_chat_id"], new);
    done(
        &mut world,
        "sendMessage",
        json!({"chat_id": new, "text": "x"}),
    );
    assert_eq!(world.say(GROUP, 8, "x", NOON), Err(CannotAct::Moved(new)));
}

#[test]
fn a_plain_member_hears_only_commands_and_replies() {
    let mut world = world();
    world.set_bot_admin(GROUP, false);
    let card = done(
        &mut world,
        "sendMessage",
        json!({"chat_id": GROUP, "text": "Case 1"}),
    );
    world.say(GROUP, 8, "lunch?", NOON).expect("said");
    world.say(GROUP, 8, "/open@clinic_bot", NOON).expect("said");
    let reply = json!({"text": "mine", "reply_to_message_id": card["message_id"]});
    world.say_with(GROUP, 8, reply, NOON).expect("said");
    let texts: Vec<Value> = world
        .pending(NOON)
        .iter()
        .map(|update| update["message"]["text"].clone())
        .collect();
    assert_eq!(texts, ["/open@clinic_bot", "mine"]);
}

#[test]
fn topics_need_a_forum() {
    let mut world = world();
    let topic = |chat: i64| json!({"chat_id": chat, "name": "Case 1"});
    refused(
        &mut world,
        "createForumTopic",
        topic(GROUP),
        400,
        "Bad Request: the chat is not a forum",
    );
    let forum = world.migrate(GROUP, NOON).expect("a group");
    world.set_forum(forum, true);
    let made = done(&mut world, "createForumTopic", topic(forum));
    let thread = &made["message_thread_id"];
    done(
        &mut world,
        "sendMessage",
        json!({"chat_id": forum, "text": "x", "message_thread_id": thread}),
    );
    done(
        &mut world,
        "closeForumTopic",
        json!({"chat_id": forum, "message_thread_id": thread}),
    );
    assert!(world.topics(forum)[0].closed);
}

#[test]
fn the_reply_keyboard_comes_and_goes() {
    let mut world = world();
    let share = json!({"keyboard": [[{"text": "Share", "request_contact": true}]]}).to_string();
    let send = |markup: Value| json!({"chat_id": ANA, "text": "x", "reply_markup": markup});
    done(&mut world, "sendMessage", send(json!(share)));
    assert!(world.keyboard(ANA).expect("a keyboard")[0][0].request_contact);
    world
        .share_contact(ANA, ANA, "+15555550123", NOON)
        .expect("shared");
    assert_eq!(world.pending(NOON)[0]["message"]["contact"]["user_id"], ANA);
    done(
        &mut world,
        "sendMessage",
        send(json!({"remove_keyboard": true})),
    );
    assert_eq!(world.keyboard(ANA), None);
}

#[test]
fn commands_fall_back_by_scope_and_language() {
    let mut world = world();
    let set = |scope: Value, language: &str, description: &str| json!({"scope": scope, "language_code": language, "commands": [{"command": "start", "description": description}]});
    done(&mut world, "setMyCommands", set(Value::Null, "", "Begin"));
    done(
        &mut world,
        "setMyCommands",
        set(json!({"type": "all_private_chats"}), "es", "Empezar"),
    );
    assert_eq!(world.commands_in(ANA, "es")[0].description, "Empezar");
    assert_eq!(world.commands_in(ANA, "fr")[0].description, "Begin");
    assert_eq!(world.commands_in(GROUP, "es")[0].description, "Begin");
    done(
        &mut world,
        "setMyDescription",
        json!({"description": "Hola", "language_code": "es"}),
    );
    assert_eq!(world.bot_description("es"), "Hola");
}

#[test]
fn faults_come_in_order_and_only_where_they_were_ordered() {
    let mut world = world();
    world.fail_next("sendMessage", Fault::TooManyRequests { retry_after: 5 });
    world.fail_next("sendmessage", Fault::ServerErrorAfter);
    world.fail_next("sendMessage", Fault::Garbage);
    world.fail_next_in(GROUP, "*", Fault::ServerErrorBefore);
    let to = |chat: i64| json!({"chat_id": chat, "text": "x"});
    let mut call = |chat: i64| -> Reply { world.call("sendMessage", &to(chat), NOON) };
    let slow = call(ANA);
    assert_eq!(
        (slow.status, &slow.body["parameters"]["retry_after"]),
        (429, &json!(5))
    );
    assert_eq!(call(ANA).status, 502);
    assert_eq!(call(ANA).delivery, Delivery::Garbled);
    assert_eq!(call(ANA).status, 200);
    assert_eq!(call(GROUP).status, 502);
    assert_eq!(
        (world.messages(ANA).len(), world.messages(GROUP).len()),
        (3, 0)
    );
    let statuses: Vec<u16> = world.log().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [429, 502, 200, 200, 502]);
}

#[test]
fn old_messages_go_when_few_are_kept() {
    let mut world = world();
    world.keep_messages(3);
    for n in 0..20 {
        done(
            &mut world,
            "sendMessage",
            json!({"chat_id": ANA, "text": n.to_string()}),
        );
    }
    let texts: Vec<&str> = world
        .messages(ANA)
        .iter()
        .map(|shown| shown.text.as_str())
        .collect();
    assert_eq!(texts, ["17", "18", "19"]);
}

async fn served(world: World) -> (Arc<Mutex<World>>, Server, teloxide::Bot) {
    let world = Arc::new(Mutex::new(world));
    let server = Server::start(Arc::clone(&world), Arc::new(|| NOON))
        .await
        .expect("a free port");
    let bot = teloxide::Bot::new(TOKEN).set_api_url(server.url().parse().expect("a url"));
    (world, server, bot)
}

#[tokio::test]
async fn teloxide_holds_a_conversation() {
    let (world, server, bot) = served(world()).await;
    let me = bot.get_me().await.expect("getMe");
    assert_eq!(me.username(), "clinic_bot");

    let button = InlineKeyboardButton::callback("Yes", "y");
    let sent = bot
        .send_message(ChatId(ANA), "Any numbness?")
        .reply_markup(InlineKeyboardMarkup::new([[button]]))
        .await
        .expect("sent");
    assert_eq!(sent.text(), Some("Any numbness?"));
    assert!(sent.reply_markup().is_some());

    {
        let mut world = world.lock().expect("the world");
        world.say(ANA, ANA, "/start", NOON).expect("said");
        world
            .say_with(ANA, ANA, json!({"voice": true}), NOON)
            .expect("said");
        world
            .say_with(ANA, ANA, json!({"photo": true, "caption": "my hip"}), NOON)
            .expect("said");
        world
            .say_with(ANA, ANA, json!({"sticker": true}), NOON)
            .expect("said");
        world
            .share_contact(ANA, ANA, "+15555550123", NOON)
            .expect("said");
        world.press_label(ANA, ANA, "Yes", NOON).expect("pressed");
        world.press(ANA, ANA, 99, "forged", NOON).expect("pressed");
        world.block(ANA, NOON);
        world.unblock(ANA, NOON);
        world.migrate(GROUP, NOON).expect("migrated");
    }
    let updates = bot.get_updates().await.expect("updates");
    assert_eq!(updates.len(), 11);
    for update in &updates {
        assert!(!matches!(update.kind, UpdateKind::Error(_)), "{update:?}");
    }
    let press = updates
        .iter()
        .find_map(|update| match &update.kind {
            UpdateKind::CallbackQuery(query) => Some(query.clone()),
            _ => None,
        })
        .expect("a press");
    assert_eq!(press.data.as_deref(), Some("y"));
    bot.answer_callback_query(press.id)
        .text("Noted")
        .await
        .expect("answered");
    let edited = bot
        .edit_message_text(ChatId(ANA), sent.id, "Any numbness? Yes")
        .await;
    assert_eq!(edited.expect("edited").text(), Some("Any numbness? Yes"));

    let photo = InputFile::memory(vec![1, 2, 3]).file_name("a.png");
    let photo = bot.send_photo(ChatId(ANA), photo).await.expect("a photo");
    assert!(photo.photo().is_some());
    bot.send_contact(ChatId(ANA), "+15555550100", "Clinic")
        .await
        .expect("a contact");
    bot.get_chat(ChatId(ANA)).await.expect("a chat");
    bot.get_chat(ChatId(-1_000_000_000_500))
        .await
        .expect("a group");
    let staff = ChatId(-1_000_000_000_500);
    bot.get_chat_member(staff, UserId(8))
        .await
        .expect("a member");
    assert_eq!(
        bot.get_chat_administrators(staff)
            .await
            .expect("admins")
            .len(),
        2
    );
    assert_eq!(
        bot.get_webhook_info()
            .await
            .expect("info")
            .pending_update_count,
        11
    );
    server.stop().await;
}

#[tokio::test]
async fn teloxide_knows_the_errors() {
    let (world, server, bot) = served(world()).await;
    world
        .lock()
        .expect("the world")
        .fail_next("sendMessage", Fault::TooManyRequests { retry_after: 3 });
    let slow = bot.send_message(ChatId(ANA), "x").await.expect_err("429");
    assert!(
        matches!(slow, RequestError::RetryAfter(wait) if wait.seconds() == 3),
        "{slow:?}"
    );
    {
        let mut world = world.lock().expect("the world");
        world.block(ANA, NOON);
        world.begin(8);
    }
    let blocked = bot.send_message(ChatId(ANA), "x").await.expect_err("403");
    assert!(
        matches!(blocked, RequestError::Api(ApiError::BotBlocked)),
        "{blocked:?}"
    );
    let gone = bot
        .edit_message_text(ChatId(8), MessageId(9), "x")
        .await
        .expect_err("400");
    assert!(
        matches!(gone, RequestError::Api(ApiError::MessageToEditNotFound)),
        "{gone:?}"
    );
    let late = bot
        .answer_callback_query(CallbackQueryId::from("1"))
        .await
        .expect_err("400");
    assert!(late.to_string().contains("query is too old"), "{late:?}");
    let other = teloxide::Bot::new("1:wrong").set_api_url(server.url().parse().expect("a url"));
    let wrong = other.get_me().await.expect_err("401");
    assert!(
        matches!(wrong, RequestError::Api(ApiError::InvalidToken)),
        "{wrong:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_long_poll_wakes_and_a_second_one_ends_the_first() {
    let (world, server, bot) = served(world()).await;
    let poll = |bot: teloxide::Bot| async move { bot.get_updates().timeout(15).await };
    let first = tokio::spawn(poll(bot.clone()));
    until(|| calls(&world) == 1).await;
    let second = tokio::spawn(poll(bot.clone()));
    let ended = first.await.expect("joined").expect_err("409");
    assert!(
        matches!(
            ended,
            RequestError::Api(ApiError::TerminatedByOtherGetUpdates)
        ),
        "{ended:?}"
    );
    world
        .lock()
        .expect("the world")
        .say(ANA, ANA, "hi", NOON)
        .expect("said");
    let updates = second.await.expect("joined").expect("updates");
    assert_eq!(updates.len(), 1);
    let third = tokio::spawn(async move { bot.get_updates().offset(i32::MAX).timeout(15).await });
    until(|| calls(&world) == 3).await;
    server.stop().await;
    assert!(
        third
            .await
            .expect("joined")
            .expect("a stop is an empty page")
            .is_empty()
    );
}

#[tokio::test]
async fn garbage_and_silence_reach_the_client_and_the_deed_is_done() {
    let (world, server, bot) = served(world()).await;
    let mut news = server.subscribe();
    world
        .lock()
        .expect("the world")
        .fail_next("sendMessage", Fault::Garbage);
    let garbled = bot
        .send_message(ChatId(ANA), "x")
        .await
        .expect_err("no JSON");
    assert!(
        matches!(garbled, RequestError::InvalidJson { .. }),
        "{garbled:?}"
    );
    assert_eq!(news.recv().await, Ok(ANA));
    world
        .lock()
        .expect("the world")
        .fail_next("sendMessage", Fault::Timeout);
    let silent = tokio::spawn(async move { bot.send_message(ChatId(ANA), "y").await });
    assert_eq!(news.recv().await, Ok(ANA), "it was done");
    assert!(!silent.is_finished());
    silent.abort();
    assert_eq!(world.lock().expect("the world").messages(ANA).len(), 2);
    server.stop().await;
}

#[tokio::test]
async fn forms_queries_and_gets_are_read_too() {
    let (world, server, _bot) = served(world()).await;
    let client = reqwest::Client::new();
    let url = |method: &str| format!("{}/bot{TOKEN}/{method}", server.url());
    let form = client
        .post(url("SendMessage"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("chat_id=7&text=Hola%2C+Ana&disable_notification=true")
        .send();
    assert_eq!(form.await.expect("sent").status(), 200);
    let get = client.get(url("sendmessage?chat_id=7&text=again")).send();
    assert_eq!(get.await.expect("sent").status(), 200);
    let world = world.lock().expect("the world");
    assert_eq!(world.messages(ANA)[0].text, "Hola, Ana");
    assert!(world.messages(ANA)[0].silent);
    assert_eq!(world.messages(ANA)[1].text, "again");
}

fn calls(world: &Mutex<World>) -> usize {
    world.lock().expect("the world").log().len()
}

/// Lets the other tasks run until something is so.
async fn until(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("it comes about");
}
