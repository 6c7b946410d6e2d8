//! What the body says, in words typed while a move is done.
//!
//! Signs are heard before, by `free_text`. These are the words for which a patient
//! would press "It hurts" or "Numb or weak", had they a thumb free.

use serde::Deserialize;

use super::find::{is_mistyped, plain_words};
use super::raw::ByLang;

/// `felt` in `moves.yaml`: words, and beginnings of words with a `*` behind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeltEntry {
    hurts: ByLang,
    numb: ByLang,
    unless: ByLang,
}

/// The words for it, of both languages.
#[derive(Debug, Clone, Default)]
pub struct Felt {
    hurts: Vec<Meant>,
    numb: Vec<Meant>,
    unless: Vec<Meant>,
}

/// What was typed means the same as a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feeling {
    /// On "It hurts".
    Hurts,
    /// On "Numb or weak".
    Numb,
}

#[derive(Debug, Clone)]
enum Meant {
    Word(String),
    Beginning(String),
}

impl Felt {
    pub(super) fn build(entry: &FeltEntry) -> Self {
        let read = |words: &ByLang| {
            let all = words.en.iter().chain(&words.es);
            all.filter_map(|word| Meant::read(word)).collect()
        };
        Self {
            hurts: read(&entry.hurts),
            numb: read(&entry.numb),
            unless: read(&entry.unless),
        }
    }

    /// What `typed` says. Nothing where a "no" stands in it: whoever says that a move
    /// does not hurt is asked, and not sent away. Numbness before pain.
    #[must_use]
    pub fn read(&self, typed: &str) -> Option<Feeling> {
        let typed = plain_words(typed);
        let says = |all: &[Meant]| typed.iter().any(|word| all.iter().any(|one| one.is(word)));
        if says(&self.unless) {
            None
        } else if says(&self.numb) {
            Some(Feeling::Numb)
        } else {
            says(&self.hurts).then_some(Feeling::Hurts)
        }
    }
}

impl Meant {
    fn read(written: &str) -> Option<Self> {
        let word = plain_words(written).pop()?;
        Some(match written.ends_with('*') {
            true => Self::Beginning(word),
            false => Self::Word(word),
        })
    }

    fn is(&self, typed: &str) -> bool {
        match self {
            Self::Word(word) => typed == word || is_mistyped(typed, word),
            Self::Beginning(begin) => typed.starts_with(begin),
        }
    }
}
