//! Words that tell somebody to take a position or to do a move.
//!
//! Outside of moves and position checks nobody has been asked anything first, so no
//! text may say them there.

use serde::Deserialize;

use super::build::Builder;
use super::diagnostic::Place;
use super::find::plain_words;
use super::raw::ByLang;
use super::text::Text;
use crate::ids::Lang;

/// `told` in `moves.yaml`: words one after the other, a `*` behind one for any ending.
#[derive(Debug, Default)]
pub(super) struct Told {
    phrases: Vec<(Lang, Vec<Said>)>,
    /// In front of a phrase they turn it round.
    unless: Vec<String>,
}

/// The same, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToldEntry {
    en: Vec<String>,
    es: Vec<String>,
    unless: ByLang,
}

#[derive(Debug)]
enum Said {
    Word(String),
    Beginning(String),
}

impl Said {
    fn is(&self, word: &str) -> bool {
        match self {
            Self::Word(is) => is == word,
            Self::Beginning(begin) => word.starts_with(begin),
        }
    }
}

impl Told {
    pub fn build(written: &ToldEntry) -> Self {
        let read = |word: &str| {
            let plain = plain_words(word).pop().unwrap_or_default();
            match word.ends_with('*') {
                true => Said::Beginning(plain),
                false => Said::Word(plain),
            }
        };
        let of = |lang: Lang, phrases: &[String]| -> Vec<(Lang, Vec<Said>)> {
            let words = |phrase: &String| phrase.split_whitespace().map(read).collect();
            phrases.iter().map(|phrase| (lang, words(phrase))).collect()
        };
        let mut phrases = of(Lang::En, &written.en);
        phrases.extend(of(Lang::Es, &written.es));
        let unless = written.unless.en.iter().chain(&written.unless.es);
        Self {
            phrases,
            unless: unless.flat_map(|word| plain_words(word)).collect(),
        }
    }

    /// The words of `text` that tell somebody what to do with the body, but for those
    /// that are `only_said`.
    fn find(&self, text: &Text, only_said: &[String]) -> Option<String> {
        let only_said: Vec<String> = only_said
            .iter()
            .map(|words| plain_words(words).join(" "))
            .collect();
        self.phrases.iter().find_map(|(lang, phrase)| {
            let words = plain_words(&text.plain(*lang));
            let mut places = words.windows(phrase.len().max(1)).enumerate();
            let told = places.find(|(at, said)| {
                let before = at.checked_sub(1).map(|before| &words[before]);
                phrase.iter().zip(*said).all(|(one, word)| one.is(word))
                    && before.is_none_or(|word| !self.unless.contains(word))
                    && !only_said.contains(&said.join(" "))
            });
            told.map(|(_, said)| said.join(" "))
        })
    }
}

impl Builder {
    /// Refuses a text that tells somebody to take a position.
    pub fn tells_no_position(&mut self, here: &Place, text: &Text, only_said: &[String]) {
        let Some(said) = self.told.find(text, only_said) else {
            return;
        };
        self.error_with(
            here.clone(),
            format!("“{said}” tells somebody what to do, and nothing asks for clearance first"),
            Some(format!(
                "Show a `move`, or make it a `position_check`. Where it only speaks of a position, \
                 write them at the step: `no_position: [\"{said}\"]`."
            )),
        );
    }
}
