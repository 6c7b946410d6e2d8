//! The wire without a network: what would be posted, and what a reply means.
//!
//! The `.chat` tests play the same payloads and read the same replies as
//! production, and only leave the socket out.

use serde::Serialize;
use serde_json::{Value, json};
use teloxide::requests::Payload;

use super::answer::{read_reply, taken};
use super::payload;
use crate::channel::{Outcome, Outgoing, PhotoFile, TopicChange};

/// The method and the JSON body of one thing to send; none when it cannot be
/// written down.
#[must_use]
pub fn wire(outgoing: &Outgoing) -> Option<(&'static str, Value)> {
    fn body<P: Payload + Serialize>(payload: &P) -> Option<(&'static str, Value)> {
        Some((P::NAME, serde_json::to_value(payload).ok()?))
    }
    match outgoing {
        Outgoing::Send {
            chat,
            text,
            keyboard,
            silent,
            place,
        } => body(&payload::message(*chat, text, keyboard, *silent, *place)),
        Outgoing::Copy {
            chat,
            from,
            message,
            caption,
            place,
        } => body(&payload::copy(
            *chat,
            *from,
            *message,
            caption.as_ref(),
            *place,
        )?),
        Outgoing::OpenTopic { chat, name } => body(&payload::open_topic(*chat, name)),
        Outgoing::ChangeTopic {
            chat,
            topic,
            change,
        } => match change {
            TopicChange::Named(name) => body(&payload::name_topic(*chat, *topic, name)?),
            TopicChange::Closed => body(&payload::close_topic(*chat, *topic)?),
            TopicChange::Reopened => body(&payload::reopen_topic(*chat, *topic)?),
        },
        Outgoing::Caption {
            chat,
            message,
            text,
        } => body(&payload::caption(*chat, *message, text)?),
        Outgoing::Delete { chat, message } => body(&payload::delete(*chat, *message)?),
        Outgoing::React {
            chat,
            message,
            emoji,
        } => body(&payload::reaction(*chat, *message, emoji)?),
        Outgoing::Edit {
            chat,
            message,
            text,
            keyboard,
        } => body(&payload::edit(*chat, *message, text, keyboard)?),
        Outgoing::Photo {
            chat,
            file,
            caption,
        } => {
            let photo = match file {
                PhotoFile::Kept(file) => file.clone(),
                PhotoFile::New { name, png } => format!("file:{name}:{}", png.len()),
            };
            let fields = payload::Photo::new(*chat, photo, caption);
            Some((payload::SEND_PHOTO, serde_json::to_value(&fields).ok()?))
        }
        // The body stands where the file would: a test reads it there.
        Outgoing::Document { chat, document } => Some((
            payload::SEND_DOCUMENT,
            json!({
                "chat_id": chat.0,
                "document": format!("file:{}:{}", document.name(), document.body()),
            }),
        )),
        Outgoing::Contact {
            chat,
            number,
            first,
            last,
        } => body(&payload::contact(*chat, number, first, last)),
        Outgoing::Alarm { .. } => None,
        Outgoing::AnswerPress { id, text } => body(&payload::press_answer(id, text.as_deref())),
    }
}

/// What came of sending, from the reply's status and body.
#[must_use]
pub fn read_outcome(status: u16, body: &str) -> Outcome {
    match read_reply(status, None, body.as_bytes()) {
        Ok(result) => taken(&result),
        Err(failure) => failure.into_outcome(),
    }
}
