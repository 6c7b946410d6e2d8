//! Takes out the characters that reorder text.

/// The text without bidirectional control characters: a name or a patient's
/// words must not change the order in which staff read the rest of a card.
/// Letters of right-to-left scripts stay, and are ordered by the client.
#[must_use]
pub fn strip_bidi(text: &str) -> String {
    text.chars().filter(|c| !is_bidi_control(*c)).collect()
}

/// Unicode's `Bidi_Control` property.
const fn is_bidi_control(c: char) -> bool {
    matches!(
        c,
        '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}
