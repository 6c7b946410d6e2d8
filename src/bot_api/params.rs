//! Reads the fields of a call, whether they came as JSON or as form text.
//!
//! Form and multipart bodies carry numbers, booleans and objects as text, and
//! Telegram accepts that in JSON bodies too; so does this.

use std::borrow::Cow;

use serde_json::Value;

/// The fields of one call.
#[derive(Clone, Copy)]
pub(super) struct Params<'a>(pub &'a Value);

impl<'a> Params<'a> {
    /// A field that is there and not null.
    pub fn field(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A whole number.
    pub fn integer(self, name: &str) -> Option<i64> {
        match self.field(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A text; numbers and booleans count as their text.
    pub fn text(self, name: &str) -> Option<Cow<'a, str>> {
        match self.field(name)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A flag; absent is false.
    pub fn flag(self, name: &str) -> bool {
        match self.field(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes")
            }
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
        }
    }

    /// A list or an object, given as such or as JSON in a text.
    ///
    /// `Some(Err)` is text that is not JSON.
    pub fn nested(self, name: &str) -> Option<Result<Cow<'a, Value>, serde_json::Error>> {
        match self.field(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text).map(Cow::Owned)),
            value => Some(Ok(Cow::Borrowed(value))),
        }
    }
}
