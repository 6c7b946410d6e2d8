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
    /// Emergency and urgent cases that nobody has taken.
    pub unclaimed: usize,
    /// Others that nobody has taken, and that have been listed before.
    pub left: usize,
}

/// The line of the day, which is proof of life too, and the cases that waited
/// for it, a button each.
#[must_use]
pub fn opening(content: &Content, numbers: &Numbers, waited: &[Case]) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let troubles: Vec<String> = [
        (numbers.unclaimed, &words.staff_opening_unclaimed),
        (numbers.left, &words.staff_opening_left),
        (numbers.undelivered, &words.staff_opening_undelivered),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, text)| writer.with(text, &[("count", &count.to_string())]))
    .collect();
    let well = if troubles.is_empty() {
        writer.plain(&words.staff_opening_well)
    } else {
        troubles.join(", ")
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
