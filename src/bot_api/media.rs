//! Contacts, photos and documents. Files are named, never kept.

use serde_json::{Map, Value, json};

use super::{
    delivery::{CAPTION, words},
    message::{Contact, Media},
    params::Params,
    world::{Outcome, Refusal, World},
};

impl World {
    pub(super) fn send_contact(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let phone_number = params.text("phone_number").unwrap_or_default().into_owned();
        if phone_number.is_empty() {
            return Err(Refusal::bad("phone number is empty"));
        }
        let first_name = params.text("first_name").unwrap_or_default().into_owned();
        if first_name.is_empty() {
            return Err(Refusal::bad("first name is empty"));
        }
        let last_name = params.text("last_name").filter(|name| !name.is_empty());
        let mut shown = self.draft(chat, params, now)?;
        shown.contact = Some(Contact {
            phone_number,
            first_name,
            last_name: last_name.map(std::borrow::Cow::into_owned),
            user_id: None,
        });
        self.deliver(chat, shown)
    }

    pub(super) fn send_photo(&mut self, params: Params<'_>, now: i64) -> Outcome {
        self.send_file(params, now, Media::Photo, "photo")
    }

    pub(super) fn send_document(&mut self, params: Params<'_>, now: i64) -> Outcome {
        self.send_file(params, now, Media::Document, "document")
    }

    fn send_file(&mut self, params: Params<'_>, now: i64, media: Media, field: &str) -> Outcome {
        let chat = self.reachable(params)?;
        if params.field(field).is_none() {
            return Err(Refusal::bad(format!("there is no {field} in the request")));
        }
        let (text, entities) = words(params, CAPTION)?;
        let mut shown = self.draft(chat, params, now)?;
        (shown.text, shown.entities) = (text, entities);
        shown.media = Some(media);
        shown.rest = Map::from_iter([(field.to_owned(), sample(field))]);
        self.deliver(chat, shown)
    }
}

/// The kind of media in the fields of a message.
pub(super) fn media_in(fields: &Map<String, Value>) -> Option<Media> {
    fields.keys().find_map(|name| media_named(name))
}

/// The kind of media a field of a message holds.
pub(super) fn media_named(field: &str) -> Option<Media> {
    match field {
        "photo" => Some(Media::Photo),
        "voice" => Some(Media::Voice),
        "sticker" => Some(Media::Sticker),
        "document" => Some(Media::Document),
        "video" | "video_note" | "animation" | "audio" | "location" => Some(Media::Other),
        _ => None,
    }
}

/// A full description of a file that does not exist.
pub(super) fn sample(field: &str) -> Value {
    let file =
        |size: i64| json!({"file_id": "sample", "file_unique_id": "sample", "file_size": size});
    let with = |more: Value| {
        let mut value = file(20_000);
        if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
            fields.extend(more);
        }
        value
    };
    match field {
        "photo" => json!([with(json!({"width": 800, "height": 600}))]),
        "voice" => with(json!({"duration": 7, "mime_type": "audio/ogg"})),
        "sticker" => with(json!({
            "width": 512, "height": 512, "type": "regular", "emoji": "👍",
            "is_animated": false, "is_video": false,
        })),
        "document" => with(json!({"file_name": "file.pdf", "mime_type": "application/pdf"})),
        "location" => json!({"latitude": 0.0, "longitude": 0.0}),
        _ => with(json!({"duration": 7, "width": 640, "height": 480, "length": 240})),
    }
}
