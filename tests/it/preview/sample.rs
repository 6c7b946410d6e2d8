//! A world with a realistic chat in it, without a bot.

use psoas_bot::bot_api::World;
use serde_json::{Value, json};

pub const PATIENT: i64 = 1001;
pub const STAFF_CHAT: i64 = -4001;
pub const DANA: i64 = 2001;
pub const LEE: i64 = 2002;
/// 2026-11-21 14:00 in UTC.
pub const START: i64 = 1_795_269_600;

/// The people and the group, the menu, and nothing said yet.
pub fn empty() -> World {
    let mut world = World::new("42:TEST", 42, "hip_clinic_bot", "Riverside Hip & Back");
    world.add_person(PATIENT, "Alex", None, Some("en"));
    world.add_person(DANA, "Dana", None, None);
    world.add_person(LEE, "Lee", None, None);
    world.add_group(STAFF_CHAT, "Riverside staff");
    world.join(STAFF_CHAT, DANA);
    world.join(STAFF_CHAT, LEE);
    let commands = [
        ("start", "Begin or go on"),
        ("stop", "Stop here"),
        ("person", "Talk to a person"),
        ("language", "English / Español"),
        ("privacy", "What we keep"),
    ];
    let commands: Vec<Value> = commands
        .iter()
        .map(|(c, d)| json!({"command": c, "description": d}))
        .collect();
    call(
        &mut world,
        "setMyCommands",
        json!({"commands": commands, "scope": {"type": "all_private_chats"}}),
        START,
    );
    call(
        &mut world,
        "setMyCommands",
        json!({"commands": [{"command": "open", "description": "Open cases"}], "scope": {"type": "all_group_chats"}}),
        START,
    );
    call(
        &mut world,
        "setMyDescription",
        json!({"description": "Questions about a tight hip or a sore lower back? I ask a few questions, show gentle moves, and connect you with our team.\n\nI am not a doctor and not for emergencies."}),
        START,
    );
    world
}

/// The same with a conversation in which a warning sign came up.
pub fn full() -> World {
    let mut world = empty();
    let w = &mut world;
    say(w, "/start", START);
    bot(
        w,
        PATIENT,
        "**Welcome to Riverside.** I ask a few questions about your hip and back, then show moves our physical therapists chose.\n\nIf this may be an emergency, call 911.\nTo reach us: +1 202-555-0123",
        json!([]),
        START + 2,
    );
    bot(
        w,
        PATIENT,
        "May I keep your answers, so that our team can read them if needed? /privacy says more.\n\n✓ Yes, keep them",
        json!([]),
        START + 5,
    );
    edit_last(w, START + 20);
    bot(
        w,
        PATIENT,
        "**How long has it bothered you?**\n\n✓ More than 6 weeks",
        json!([]),
        START + 30,
    );
    edit_last(w, START + 40);
    say(
        w,
        "it started after I moved boxes, can I stretch it already?",
        START + 62,
    );
    bot(
        w,
        PATIENT,
        "I will come to that. First, **a few safety questions**.\n\nTick all that fit you **now**:",
        json!([
            [{"text": "☐ Numb between the legs", "callback_data": "a"}],
            [{"text": "☑ Fever or chills", "callback_data": "b"}],
            [{"text": "☐ Night sweats", "callback_data": "c"}],
            [{"text": "None of these", "callback_data": "d"}, {"text": "Not sure", "callback_data": "e"}],
            [{"text": "Continue", "callback_data": "f"}],
        ]),
        START + 64,
    );
    let press = w
        .press_label(PATIENT, PATIENT, "Continue", START + 90)
        .expect("the button stands");
    call(
        w,
        "answerCallbackQuery",
        json!({"callback_query_id": press, "text": "Noted"}),
        START + 90,
    );
    bot(
        w,
        PATIENT,
        "**Please be seen today.** Fever together with back pain needs a look by a doctor today.\n\nI've told our team: case **#12**. Call us on +1 202-555-0123, or your doctor.",
        json!([
            [{"text": "Talk to a person", "callback_data": "p"}],
            [{"text": "Map and hours", "url": "https://example.org/riverside"}, {"text": "Copy our number", "copy_text": {"text": "+12025550123"}}],
        ]),
        START + 91,
    );
    call(
        w,
        "sendContact",
        json!({"chat_id": PATIENT, "phone_number": "+12025550123", "first_name": "Riverside", "last_name": "Hip & Back"}),
        START + 92,
    );
    let keyboard = json!({"keyboard": [[{"text": "Share my number", "request_contact": true}], [{"text": "Not now"}]]});
    call(
        w,
        "sendMessage",
        json!({"chat_id": PATIENT, "text": "How can we reach you?", "reply_markup": keyboard}),
        START + 93,
    );
    w.say_with(PATIENT, PATIENT, json!({"voice": true}), START + 140)
        .expect("said");

    bot(
        w,
        STAFF_CHAT,
        "**Case #11 · see a professional**\nJordan, since Friday\nFlags: pain at night that rest does not ease\n\n✓ Called back by Lee",
        json!([]),
        START - 90_000,
    );
    bot(
        w,
        STAFF_CHAT,
        "**Case #12 · URGENT TODAY**\nAlex, since 14:01\nFlags: fever or chills with back pain\n“it started after I moved boxes, can I stretch it already?”\nReach: Telegram, no number yet",
        json!([
            [{"text": "I take it", "callback_data": "t"}, {"text": "Call", "callback_data": "c"}],
            [{"text": "Clear flags…", "callback_data": "x"}],
        ]),
        START + 91,
    );
    let card = w.messages(STAFF_CHAT).last().expect("the card").message_id;
    call(
        w,
        "pinChatMessage",
        json!({"chat_id": STAFF_CHAT, "message_id": card}),
        START + 92,
    );
    w.say_with(
        STAFF_CHAT,
        DANA,
        json!({"text": "I'll ring them when the number is in", "reply_to_message_id": card}),
        START + 120,
    )
    .expect("said");
    w.say(
        STAFF_CHAT,
        LEE,
        "thanks. Room 2 is free at 15:30",
        START + 130,
    )
    .expect("said");
    w.say(STAFF_CHAT, LEE, "/open", START + 150).expect("said");
    world
}

fn call(world: &mut World, method: &str, payload: Value, now: i64) {
    let reply = world.call(method, &payload, now);
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

fn say(world: &mut World, text: &str, now: i64) {
    world.say(PATIENT, PATIENT, text, now).expect("said");
}

/// Sends a text in which `**` marks bold.
fn bot(world: &mut World, chat: i64, marked: &str, rows: Value, now: i64) {
    let mut text = String::new();
    let mut entities = Vec::new();
    for (at, part) in marked.split("**").enumerate() {
        let length = |text: &str| text.encode_utf16().count();
        if at % 2 == 1 {
            entities.push(json!({"type": "bold", "offset": length(&text), "length": length(part)}));
        }
        text.push_str(part);
    }
    let payload = json!({"chat_id": chat, "text": text, "entities": entities, "reply_markup": {"inline_keyboard": rows}});
    call(world, "sendMessage", payload, now);
}

fn edit_last(world: &mut World, now: i64) {
    let last = world.messages(PATIENT).last().expect("a message").clone();
    let entities: Vec<Value> = last
        .entities
        .iter()
        .map(|e| json!({"type": e.kind, "offset": e.offset, "length": e.length}))
        .collect();
    let text = last.text.replace("✓", "→");
    call(
        world,
        "editMessageText",
        json!({"chat_id": PATIENT, "message_id": last.message_id, "text": text, "entities": entities}),
        now,
    );
}
