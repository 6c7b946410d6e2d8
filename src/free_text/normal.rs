//! One plain form for many ways of typing.

use std::fmt;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text in plain form, and where each of its bytes came from.
/// Its `Debug` prints the length alone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Normal {
    /// Lower case, no accents but ñ, no apostrophes, single spaces.
    pub text: String,
    /// For each byte of `text`, the byte of the original it came from.
    origins: Vec<usize>,
    original_bytes: usize,
}

impl fmt::Debug for Normal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Normal({} bytes)", self.text.len())
    }
}

impl Normal {
    /// The bytes of `original` behind a range of its plain form. Both ends stand
    /// on boundaries of characters.
    #[must_use]
    pub fn origin(&self, original: &str, range: Range<usize>) -> Range<usize> {
        let start = self
            .origins
            .get(range.start)
            .copied()
            .unwrap_or(self.original_bytes);
        let last = range
            .end
            .checked_sub(1)
            .and_then(|last| self.origins.get(last).copied())
            .unwrap_or(self.original_bytes);
        let letter = original
            .get(last..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        start..(last + letter).max(start)
    }

    fn push(&mut self, letter: char, origin: usize) {
        self.text.push(letter);
        self.origins
            .extend(std::iter::repeat_n(origin, letter.len_utf8()));
    }
}

/// Brings `text` into plain form.
///
/// Apostrophes vanish (`can't` and `cant` are one word), accents go but ñ
/// stays a letter of its own, control and format characters are dropped, and
/// a letter repeated more than twice is taken as typed once ("sooooo").
#[must_use]
pub fn normalise(text: &str) -> Normal {
    let mut normal = Normal {
        original_bytes: text.len(),
        ..Normal::default()
    };
    normal.text.reserve(text.len());
    normal.origins.reserve(text.len());
    for (origin, letter) in text.char_indices() {
        if let Some(plain) = simple(letter) {
            if !is_stretched(&normal.text, plain) {
                normal.push(plain, origin);
            }
            continue;
        }
        for letter in letter.nfkc() {
            push_plain(&mut normal, letter, origin);
        }
    }
    while normal.text.ends_with(' ') {
        normal.text.pop();
        normal.origins.pop();
    }
    normal
}

/// The letters of nearly every message need no tables.
fn simple(letter: char) -> Option<char> {
    Some(match letter {
        'a'..='z' | '0'..='9' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        '.' | ',' | '!' | '?' | ':' | '-' | '/' => letter,
        'á' | 'Á' => 'a',
        'é' | 'É' => 'e',
        'í' | 'Í' => 'i',
        'ó' | 'Ó' => 'o',
        'ú' | 'Ú' => 'u',
        _ => return None,
    })
}

fn push_plain(normal: &mut Normal, letter: char, origin: usize) {
    match letter {
        '\'' | '’' | '‘' | '`' | '´' | 'ʼ' => {}
        'ñ' | 'Ñ' => normal.push('ñ', origin),
        '\n' | '\r' => {
            if !normal.text.is_empty() && !normal.text.ends_with('\n') {
                normal.push('\n', origin);
            }
        }
        letter if letter.is_whitespace() => {
            if !normal.text.is_empty() && !normal.text.ends_with([' ', '\n']) {
                normal.push(' ', origin);
            }
        }
        // A tilde that follows its n as a mark of its own.
        '\u{303}' if normal.text.ends_with('n') => {
            normal.text.pop();
            normal.origins.pop();
            normal.push('ñ', origin.saturating_sub(1));
        }
        letter if letter.is_control() || is_combining_mark(letter) || is_format(letter) => {}
        letter => {
            for base in std::iter::once(letter)
                .nfd()
                .filter(|part| !is_combining_mark(*part))
            {
                for low in base.to_lowercase() {
                    if !is_stretched(&normal.text, low) {
                        normal.push(low, origin);
                    }
                }
            }
        }
    }
}

/// Zero-width and direction marks: they show nothing and hide words.
fn is_format(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

fn is_stretched(text: &str, letter: char) -> bool {
    letter.is_alphabetic()
        && text
            .chars()
            .rev()
            .take(2)
            .filter(|before| *before == letter)
            .count()
            == 2
}
