//! What the person at the page does, done in the world.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Pane, Shared};
use crate::bot_api::CannotAct;

/// The clock turns this far at most in one go: a year.
const TURN_SECONDS_MAX: i64 = 366 * 24 * 60 * 60;
/// The longest text a Telegram client sends as one message.
const TEXT_CHARS_MAX: usize = 4096;
/// Made-up people for the patient's pane, with numbers nobody has.
const PATIENTS: [(&str, &str); 6] = [
    ("Sam", "+12025550141"),
    ("Lucía", "+12025550142"),
    ("Jordan", "+12025550143"),
    ("Mateo", "+12025550144"),
    ("Riley", "+12025550145"),
    ("Elena", "+12025550146"),
];

type Answer = Result<Json<Value>, (StatusCode, String)>;

#[derive(Deserialize)]
pub(super) struct Say {
    pane: Pane,
    text: String,
    #[serde(rename = "as")]
    actor: Option<i64>,
    /// The message it answers.
    reply_to: Option<i64>,
}

pub(super) async fn say(State(desk): Shared, Json(asked): Json<Say>) -> Answer {
    let text: String = asked.text.trim().chars().take(TEXT_CHARS_MAX).collect();
    if text.is_empty() {
        return Ok(Json(json!({})));
    }
    let (chat, actor, now) = (
        desk.chat(asked.pane),
        desk.actor(asked.pane, asked.actor),
        desk.now(),
    );
    let mut fields = json!({ "text": text });
    if let Some(message) = asked.reply_to {
        fields["reply_to_message_id"] = json!(message);
    }
    let said = desk.world().say_with(chat, actor, fields, now);
    let message_id = said.map_err(refuse)?;
    Ok(Json(json!({ "message_id": message_id })))
}

#[derive(Deserialize)]
pub(super) struct Press {
    pane: Pane,
    message_id: i64,
    data: String,
    #[serde(rename = "as")]
    actor: Option<i64>,
}

pub(super) async fn press(State(desk): Shared, Json(asked): Json<Press>) -> Answer {
    let (chat, actor, now) = (
        desk.chat(asked.pane),
        desk.actor(asked.pane, asked.actor),
        desk.now(),
    );
    let pressed = desk
        .world()
        .press(chat, actor, asked.message_id, &asked.data, now);
    Ok(Json(json!({ "id": pressed.map_err(refuse)? })))
}

/// The patient shares their number.
pub(super) async fn share(State(desk): Shared) -> Answer {
    let (patient, now) = (desk.patient(), desk.now());
    let nth = usize::try_from(patient - desk.options.patient).unwrap_or(0);
    let (_, phone_number) = PATIENTS[nth % PATIENTS.len()];
    desk.world()
        .share_contact(patient, patient, phone_number, now)
        .map_err(refuse)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
pub(super) struct Media {
    pane: Pane,
    kind: Kind,
    #[serde(rename = "as")]
    actor: Option<i64>,
    /// The message it answers.
    reply_to: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Voice,
    Photo,
}

/// Somebody sends a photo or a voice message. The bot cannot read it; from staff
/// it goes on to the patient whose card it answers.
pub(super) async fn media(State(desk): Shared, Json(asked): Json<Media>) -> Answer {
    let mut fields = match asked.kind {
        Kind::Voice => json!({"voice": true}),
        Kind::Photo => json!({"photo": true}),
    };
    if let Some(message) = asked.reply_to {
        fields["reply_to_message_id"] = json!(message);
    }
    let (chat, actor, now) = (
        desk.chat(asked.pane),
        desk.actor(asked.pane, asked.actor),
        desk.now(),
    );
    desk.world()
        .say_with(chat, actor, fields, now)
        .map_err(refuse)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
pub(super) struct TurnBy {
    seconds: i64,
}

pub(super) async fn turn(State(desk): Shared, Json(asked): Json<TurnBy>) -> Answer {
    if !(1..=TURN_SECONDS_MAX).contains(&asked.seconds) {
        return Err((
            StatusCode::BAD_REQUEST,
            "the clock turns on by up to a year".to_owned(),
        ));
    }
    (desk.options.turn)(asked.seconds);
    desk.turned.send_modify(|count| *count += 1);
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
pub(super) struct Language {
    code: String,
}

/// The patient's Telegram client changes its language.
pub(super) async fn language(State(desk): Shared, Json(asked): Json<Language>) -> Answer {
    let known = matches!(asked.code.as_str(), "en" | "es");
    if !known {
        return Err((
            StatusCode::BAD_REQUEST,
            "the page offers en and es".to_owned(),
        ));
    }
    let patient = desk.patient();
    desk.world().set_language(patient, Some(&asked.code));
    Ok(Json(json!({})))
}

/// A new person takes the patient's place; the former one keeps their chat.
pub(super) async fn restart(State(desk): Shared) -> Answer {
    let former = desk.patient();
    let next = {
        let mut world = desk.world();
        // Ids in use, those of the staff for one, are passed over.
        // Never one of an earlier start: the bot may remember them.
        let first = ((desk.clock)() - 1_767_225_600).max(former + 1);
        let next = (first..).find(|id| world.person(*id).is_none());
        let next = next.unwrap_or(former);
        let nth = usize::try_from(next).unwrap_or(0);
        let (first_name, _) = PATIENTS[nth % PATIENTS.len()];
        let language = world
            .person(former)
            .and_then(|person| person.language_code.clone());
        world.add_person(next, first_name, None, language.as_deref());
        next
    };
    *desk
        .patient
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = next;
    desk.turned.send_modify(|count| *count += 1);
    Ok(Json(json!({})))
}

fn refuse(error: CannotAct) -> (StatusCode, String) {
    (StatusCode::CONFLICT, error.to_string())
}
