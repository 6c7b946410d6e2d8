//! Reply markup: inline buttons and reply keyboards, checked as Telegram does.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{params::Params, text::utf16_length, world::Refusal};

/// An inline keyboard holds this many buttons at most.
const BUTTONS_MAX: usize = 100;
/// `callback_data` holds this many bytes at most.
const CALLBACK_DATA_BYTES_MAX: usize = 64;
/// The text a `copy_text` button copies holds this many characters at most.
const COPY_TEXT_MAX: usize = 256;

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What a press does.
    pub action: ButtonAction,
}

/// What a press on an inline button does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ButtonAction {
    /// Sends the bot a callback query with this data.
    Callback(String),
    /// Opens an address.
    Url(String),
    /// Copies a text.
    Copy(String),
    /// Another kind, kept as it came.
    Other(Value),
}

/// What stands in place of the keyboard, set by a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Keyboard {
    /// These rows of buttons.
    Rows(Vec<Vec<KeyboardButton>>),
    /// The rows shown before go.
    Removed,
    /// The client opens a reply to the message.
    ForceReply,
}

/// A button of a reply keyboard: it types its label, or shares the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyboardButton {
    /// What it says.
    pub label: String,
    /// Whether it shares the person's phone number.
    pub request_contact: bool,
}

/// A call's `reply_markup`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Markup {
    None,
    Inline(Vec<Vec<Button>>),
    Keyboard(Keyboard),
}

impl Button {
    /// The callback data, of a callback button.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        match &self.action {
            ButtonAction::Callback(data) => Some(data),
            ButtonAction::Url(_) | ButtonAction::Copy(_) | ButtonAction::Other(_) => None,
        }
    }

    fn to_json(&self) -> Value {
        match &self.action {
            ButtonAction::Callback(data) => json!({"text": self.label, "callback_data": data}),
            ButtonAction::Url(url) => json!({"text": self.label, "url": url}),
            ButtonAction::Copy(text) => json!({"text": self.label, "copy_text": {"text": text}}),
            ButtonAction::Other(raw) => raw.clone(),
        }
    }
}

/// Rows of buttons in the form of an `InlineKeyboardMarkup`.
pub(super) fn inline_json(rows: &[Vec<Button>]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| row.iter().map(Button::to_json).collect())
        .collect();
    json!({ "inline_keyboard": rows })
}

/// Reads and checks a call's `reply_markup`.
pub(super) fn read(params: Params<'_>) -> Result<Markup, Refusal> {
    let Some(given) = params.nested("reply_markup") else {
        return Ok(Markup::None);
    };
    let given = given.map_err(|_| Refusal::bad("can't parse reply keyboard markup JSON object"))?;
    if !given.is_object() {
        return Err(Refusal::bad("object expected as reply markup"));
    }
    if let Some(rows) = given.get("inline_keyboard") {
        return inline(rows).map(Markup::Inline);
    }
    if let Some(rows) = given.get("keyboard") {
        return Ok(Markup::Keyboard(Keyboard::Rows(reply_rows(rows)?)));
    }
    let has = |name: &str| given.get(name).and_then(Value::as_bool) == Some(true);
    Ok(if has("remove_keyboard") {
        Markup::Keyboard(Keyboard::Removed)
    } else if has("force_reply") {
        Markup::Keyboard(Keyboard::ForceReply)
    } else {
        Markup::None
    })
}

fn inline(rows: &Value) -> Result<Vec<Vec<Button>>, Refusal> {
    let rows = rows
        .as_array()
        .ok_or_else(|| Refusal::bad("field \"inline_keyboard\" must be of type Array"))?;
    let mut read = Vec::with_capacity(rows.len());
    let mut count = 0;
    for row in rows {
        let row = row.as_array().ok_or_else(|| {
            Refusal::bad("can't parse inline keyboard button: InlineKeyboardButton rows must be of type Array")
        })?;
        let row = row
            .iter()
            .map(inline_button)
            .collect::<Result<Vec<_>, _>>()?;
        count += row.len();
        if !row.is_empty() {
            read.push(row);
        }
    }
    if count > BUTTONS_MAX {
        return Err(Refusal::bad("reply markup is too long"));
    }
    Ok(read)
}

fn inline_button(raw: &Value) -> Result<Button, Refusal> {
    let label = raw
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    if label.is_empty() {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Field \"text\" must be a non-empty String",
        ));
    }
    let action = if let Some(data) = raw.get("callback_data").and_then(Value::as_str) {
        if data.is_empty() || data.len() > CALLBACK_DATA_BYTES_MAX {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
        ButtonAction::Callback(data.to_owned())
    } else if let Some(url) = raw.get("url").and_then(Value::as_str) {
        ButtonAction::Url(checked_url(url)?)
    } else if let Some(copy) = raw.pointer("/copy_text/text").and_then(Value::as_str) {
        if copy.is_empty() || utf16_length(copy) > COPY_TEXT_MAX {
            return Err(Refusal::bad("BUTTON_COPY_TEXT_INVALID"));
        }
        ButtonAction::Copy(copy.to_owned())
    } else if raw.as_object().is_some_and(|fields| fields.len() > 1) {
        ButtonAction::Other(raw.clone())
    } else {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ));
    };
    Ok(Button {
        label: label.to_owned(),
        action,
    })
}

/// An address a button may open.
///
/// Like Telegram, anything before a `:` that is not a known scheme is read as
/// a host with a port: that is why `tel:` is refused with words about ports.
fn checked_url(url: &str) -> Result<String, Refusal> {
    let invalid = |why: &str| {
        Refusal::bad(format!(
            "inline keyboard button URL '{url}' is invalid: {why}"
        ))
    };
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("http".to_owned(), url),
    };
    match scheme.as_str() {
        "tg" | "ton" | "tonsite" => return Ok(url.to_owned()),
        "http" | "https" => {}
        _ => return Err(invalid("Unsupported URL protocol")),
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = host
        .rsplit_once(':')
        .map_or((host, None), |(host, port)| (host, Some(port)));
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(invalid("Wrong port number specified in the URL"));
    }
    if host.is_empty() {
        return Err(invalid("URL host is empty"));
    }
    if !host.contains('.') {
        return Err(invalid("Wrong HTTP URL"));
    }
    Ok(if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    })
}

fn reply_rows(rows: &Value) -> Result<Vec<Vec<KeyboardButton>>, Refusal> {
    let rows = rows
        .as_array()
        .ok_or_else(|| Refusal::bad("field \"keyboard\" must be of type Array"))?;
    rows.iter()
        .map(|row| {
            row.as_array()
                .into_iter()
                .flatten()
                .map(reply_button)
                .collect()
        })
        .collect()
}

fn reply_button(raw: &Value) -> Result<KeyboardButton, Refusal> {
    // A bare string is a button too.
    let label = raw
        .as_str()
        .or_else(|| raw.get("text").and_then(Value::as_str))
        .unwrap_or_default();
    if label.trim().is_empty() {
        return Err(Refusal::bad(
            "can't parse keyboard button: Field \"text\" must be a non-empty String",
        ));
    }
    let request_contact = raw
        .get("request_contact")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    Ok(KeyboardButton {
        label: label.to_owned(),
        request_contact,
    })
}
