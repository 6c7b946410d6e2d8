//! Contacts, photos and documents.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::{
    delivery::{CAPTION, words},
    message::{Contact, Media},
    params::Params,
    world::{Outcome, Refusal, World},
};

/// How a field reads whose value is a file that was sent along.
pub(super) const UPLOADED: &str = "file:";

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
        let mut described = sample(field);
        match media {
            Media::Photo => described[0]["file_id"] = json!(self.kept_file(params, field)?),
            Media::Document => {
                let given = params.text(field).unwrap_or_default();
                if let Some(name) = given.strip_prefix(UPLOADED) {
                    let name = name.split(':').next().unwrap_or_default();
                    described["file_name"] = json!(name);
                    described["file_id"] = json!(self.kept_file(params, field)?);
                }
            }
            Media::Voice | Media::Sticker | Media::Other => {}
        }
        shown.rest = Map::from_iter([(field.to_owned(), described)]);
        self.deliver(chat, shown)
    }
}

impl World {
    /// The file a photo or a document comes from: one sent along gets a new name,
    /// a name must be known.
    fn kept_file(&mut self, params: Params<'_>, field: &str) -> Result<String, Refusal> {
        let given = params.text(field).unwrap_or_default();
        if let Some(attached) = given.strip_prefix("attach://") {
            return Ok(self.keep_upload(attached));
        }
        if given.starts_with(UPLOADED) {
            return Ok(self.keep_upload(field));
        }
        match self.files.get(&given) {
            Some(_) => Ok(given.into_owned()),
            None => Err(Refusal::bad("wrong file identifier/HTTP URL specified")),
        }
    }

    fn keep_upload(&mut self, field: &str) -> String {
        let found = self.uploads.iter().find(|(name, _)| name == field);
        let bytes = found.map(|(_, bytes)| bytes.clone()).unwrap_or_default();
        self.files.keep(bytes)
    }
}

/// The pictures that were sent, by the number in their `file_id`.
#[derive(Default)]
pub(super) struct Files(pub(super) Vec<Bytes>);

impl Files {
    fn keep(&mut self, bytes: Bytes) -> String {
        self.0.push(bytes);
        format!("photo-{}", self.0.len())
    }

    pub fn get(&self, file_id: &str) -> Option<&Bytes> {
        let number: usize = file_id.strip_prefix("photo-")?.parse().ok()?;
        self.0.get(number.checked_sub(1)?)
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
