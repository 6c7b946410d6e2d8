//! A part of long words that holds what matters in them.

use std::ops::Range;

use crate::ids::PatientText;

/// More than a card quotes.
pub const EXCERPT_CHARS_MAX: usize = 700;

/// Of a long text the beginning is kept, which says what it is about.
const OPENING_CHARS: usize = 120;

/// Characters kept on each side of a sign.
const AROUND_CHARS: usize = 80;

/// What stands for what was left out.
const LEFT_OUT: &str = " … ";

/// The beginning of `words` and the surroundings of `spans`, in their order.
pub(super) fn excerpt<'a>(
    words: &PatientText,
    spans: impl Iterator<Item = &'a Range<usize>>,
) -> PatientText {
    let text = words.reveal();
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
    if places.len() <= EXCERPT_CHARS_MAX {
        return words.clone();
    }
    let char_at = |byte: usize| places.partition_point(|place| *place < byte);
    let mut wanted: Vec<Range<usize>> = spans
        .map(|span| {
            let from = char_at(span.start).saturating_sub(AROUND_CHARS);
            from..(char_at(span.end) + AROUND_CHARS).min(places.len())
        })
        .collect();
    wanted.push(0..OPENING_CHARS);
    wanted.sort_by_key(|range| range.start);
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut left = EXCERPT_CHARS_MAX;
    for range in wanted {
        let from = parts.last().map_or(0, |last| last.end).max(range.start);
        let joins = parts.last().is_some_and(|last| last.end >= range.start);
        let gap = if joins { 0 } else { LEFT_OUT.chars().count() };
        let to = range.end.min(from + left.saturating_sub(gap));
        if to <= from {
            continue;
        }
        left = left.saturating_sub(gap + to - from);
        match parts.last_mut() {
            Some(last) if joins => last.end = to,
            Some(_) | None => parts.push(from..to),
        }
    }
    // What is left shows more of the last part.
    if let Some(last) = parts.last_mut() {
        last.end = (last.end + left).min(places.len());
    }
    let byte = |place: usize| places.get(place).copied().unwrap_or(text.len());
    let parts: Vec<&str> = parts
        .into_iter()
        .map(|part| &text[byte(part.start)..byte(part.end)])
        .collect();
    PatientText::new(parts.join(LEFT_OUT))
}
