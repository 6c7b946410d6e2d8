//! Plain text to words and marks.

use std::ops::Range;

use super::normal::Normal;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters or digits.
    Word,
    /// A colon or an equals sign: what follows may answer.
    Colon,
    /// A comma, a dash, a bracket, dots that trail off.
    Comma,
    /// A question mark.
    Question,
    /// A full stop, an exclamation mark, a semicolon, a line's end.
    Stop,
}

/// A word or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// Bytes of the plain text.
    pub span: Range<usize>,
    /// What a run of digits says; larger ones are all the same.
    pub number: Option<u32>,
}

/// Takes a plain text apart.
pub(super) fn tokens(normal: &Normal) -> Vec<Token> {
    let text = normal.text.as_str();
    let mut found: Vec<Token> = Vec::with_capacity(text.len() / 4 + 1);
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter.is_ascii_digit() {
            let mut end = at + 1;
            let mut number = letter.to_digit(10);
            while let Some((place, digit)) = letters.next_if(|(_, next)| next.is_ascii_digit()) {
                number = number
                    .and_then(|number| number.checked_mul(10))
                    .and_then(|number| number.checked_add(digit.to_digit(10)?));
                end = place + 1;
            }
            // "101.4" and "101,4" are about 101.
            let rest = &text[end..];
            if rest.starts_with(['.', ',']) && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
                letters.next();
                while let Some((place, _)) = letters.next_if(|(_, next)| next.is_ascii_digit()) {
                    end = place + 1;
                }
            }
            found.push(Token {
                kind: Kind::Word,
                span: at..end,
                number: Some(number.unwrap_or(u32::MAX)),
            });
        } else if letter.is_alphanumeric() {
            let mut end = at + letter.len_utf8();
            // A word may end in digits ("l4"), a number does not end in letters ("6wks").
            while let Some((place, next)) = letters.next_if(|(_, next)| next.is_alphanumeric()) {
                end = place + next.len_utf8();
            }
            found.push(Token {
                kind: Kind::Word,
                span: at..end,
                number: None,
            });
        } else {
            let kind = match letter {
                ',' | '(' | ')' | '[' | ']' | '…' | '—' | '–' => Kind::Comma,
                '.' if text[at + 1..].starts_with('.') => {
                    while letters.next_if(|(_, next)| *next == '.').is_some() {}
                    Kind::Comma
                }
                '.' | '!' | ';' | '\n' => Kind::Stop,
                '?' => Kind::Question,
                ':' | '=' => Kind::Colon,
                '-' if text[..at].ends_with(' ') && text[at + 1..].starts_with(' ') => Kind::Comma,
                _ => continue,
            };
            found.push(Token {
                kind,
                span: at..at + letter.len_utf8(),
                number: None,
            });
        }
    }
    found
}
