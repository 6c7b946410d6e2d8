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
    origins: Vec<u32>,
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
            .map_or(self.original_bytes, |origin| *origin as usize);
        let last = range
            .end
            .checked_sub(1)
            .and_then(|last| self.origins.get(last))
            .map_or(self.original_bytes, |origin| *origin as usize);
        let letter = original
            .get(last..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        start..(last + letter).max(start)
    }

    /// A space, where none stands yet.
    fn push_space(&mut self, origin: usize) {
        if !matches!(self.text.as_bytes().last(), None | Some(b' ' | b'\n')) {
            self.push(' ', origin);
        }
    }

    fn push(&mut self, letter: char, origin: usize) {
        self.text.push(letter);
        for _ in 0..letter.len_utf8() {
            self.origins.push(place(origin));
        }
    }
}

/// A place in the original; texts are cut long before this is too small.
fn place(origin: usize) -> u32 {
    u32::try_from(origin).unwrap_or(u32::MAX)
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
        if letter == ' ' {
            normal.push_space(origin);
            continue;
        }
        if let Some(plain) = simple(letter) {
            let before = normal.text.as_bytes();
            if !plain.is_ascii_lowercase() || !before.ends_with(&[plain, plain]) {
                normal.text.push(char::from(plain));
                normal.origins.push(place(origin));
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

/// The letters of nearly every message need no tables: they become ASCII.
fn simple(letter: char) -> Option<u8> {
    Some(match letter {
        'a'..='z' | '0'..='9' | '.' | ',' | '!' | '?' | ':' | '-' | '/' => letter as u8,
        'A'..='Z' => letter.to_ascii_lowercase() as u8,
        'á' | 'Á' => b'a',
        'é' | 'É' => b'e',
        'í' | 'Í' => b'i',
        'ó' | 'Ó' => b'o',
        'ú' | 'Ú' => b'u',
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
        letter if letter.is_whitespace() => normal.push_space(origin),
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
    let before = text.strip_suffix(letter);
    before.is_some_and(|before| before.ends_with(letter)) && letter.is_alphabetic()
}
