//! What the staff chat reads when the clinic opens.

use super::Writer;
use crate::content::{Content, RichText};
use crate::dialog::Keyboard;
use crate::staff::Case;

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Cases that are not closed.
    pub open: usize,
    /// Cases closed since the line before.
    pub closed: usize,
    /// People who have answered safety questions since then.
    pub checks: usize,
    /// Messages that could not be delivered.
    pub undelivered: usize,
}

/// The line of the day, which is proof of life too, and the cases that waited
/// for it, a button each.
#[must_use]
pub fn opening(content: &Content, numbers: &Numbers, waited: &[Case]) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let undelivered = numbers.undelivered.to_string();
    let well = if numbers.undelivered == 0 {
        writer.plain(&words.staff_opening_well)
    } else {
        writer.with(&words.staff_opening_undelivered, &[("count", &undelivered)])
    };
    let line = writer.with(
        &words.staff_opening,
        &[
            ("open", &numbers.open.to_string()),
            ("closed", &numbers.closed.to_string()),
            ("checks", &numbers.checks.to_string()),
            ("well", &well),
        ],
    );
    writer.text.push_bold(&line);
    if waited.is_empty() {
        return (writer.text, Keyboard::None);
    }
    let count = waited.len().to_string();
    let waited_line = writer.with(&words.staff_opening_waited, &[("count", &count)]);
    writer.text.push(&format!("\n\n{waited_line}"));
    let keyboard = writer.list(waited);
    (writer.text, keyboard)
}
