//! Who is on call, and whether the staff chat is quiet.

use super::{Writer, local_time};
use crate::app::clerk::Mute;
use crate::content::{Content, RichText};

/// Who is on call now, and whether the staff chat is quiet.
#[must_use]
pub fn on_call(content: &Content, names: &[String], mute: Option<&Mute>) -> RichText {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let line = if names.is_empty() {
        writer.plain(&words.staff_on_call_nobody)
    } else {
        writer.with(&words.staff_rung_on_call, &[("names", &names.join(", "))])
    };
    writer.text.push(&line);
    if let Some(mute) = mute {
        let line = muted(content, mute).text;
        writer.text.push(&format!("\n{line}"));
    }
    writer.text
}

/// The staff chat is quiet until a time.
#[must_use]
pub fn muted(content: &Content, mute: &Mute) -> RichText {
    let writer = Writer::new(content);
    let until = local_time(content, mute.until);
    let values = [("name", mute.by.name.as_str()), ("time", &until)];
    RichText::plain(writer.with(&content.words.staff_mute_on, &values))
}

/// The staff chat sounds again.
#[must_use]
pub fn sound_is_on(content: &Content) -> RichText {
    let writer = Writer::new(content);
    RichText::plain(writer.plain(&content.words.staff_mute_off))
}
