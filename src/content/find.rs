//! Where typed words lead, and the words that are explained.
//!
//! Compares words and nothing else: what a message says about health is heard
//! before, by `free_text`, and what is found here is never an answer to it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::build::{Builder, place};
use super::raw::{ByLang, Clinic, Name};
use super::readability::Measure;
use super::text::Text;
use crate::free_text::normalise;
use crate::ids::DialogId;

/// More than this is a story, not a search: the rest is not compared.
const WORDS_MAX: usize = 40;

/// More offers than this are no help.
const OFFERS_MAX: usize = 3;

/// `find.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindFile {
    fillers: ByLang,
    /// Phrases whose words are kept, fillers or not.
    #[serde(default)]
    kept: ByLang,
    /// What is typed for Yes and No.
    #[serde(default)]
    yes: ByLang,
    #[serde(default)]
    no: ByLang,
    places: Vec<PlaceEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceEntry {
    opens: Name,
    label: Text,
    words: ByLang,
}

/// `glossary.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlossaryFile {
    #[serde(default)]
    asks: ByLang,
    terms: Vec<TermEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermEntry {
    id: Name,
    /// The place that it opens from the menu.
    #[serde(default)]
    opens: Option<Name>,
    words: ByLang,
    text: Text,
    source: Vec<Name>,
}

/// A dialog that typed words can open.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Which.
    pub opens: DialogId,
    /// On the button that offers it.
    pub label: Text,
    phrases: Vec<Vec<String>>,
}

/// A word that is explained.
#[derive(Debug, Clone)]
pub struct Term {
    /// What it means.
    pub text: Text,
    /// The place that says more, opened instead where nothing is asked.
    pub opens: Option<DialogId>,
    phrases: Vec<Vec<String>>,
}

/// Everything typed words are compared with.
#[derive(Debug, Clone, Default)]
pub struct Finder {
    fillers: BTreeSet<String>,
    kept: Vec<Vec<String>>,
    asks: BTreeSet<String>,
    yes: Vec<Vec<String>>,
    no: Vec<Vec<String>>,
    spots: Vec<Spot>,
    terms: Vec<Term>,
}

/// What a message may be looking for.
#[derive(Debug)]
pub enum Found<'a> {
    /// Every word of it names this place, and no other.
    Here(&'a Spot),
    /// Some word of it names or resembles these; the nearest first.
    Perhaps(Vec<&'a Spot>),
    /// Nothing near.
    Nothing,
}

impl Finder {
    /// The dialogs that typed words can open.
    pub fn spots(&self) -> impl Iterator<Item = &Spot> {
        self.spots.iter()
    }

    /// The place a message names, or the nearest. Both languages are read.
    #[must_use]
    pub fn find(&self, message: &str) -> Found<'_> {
        let words = self.words(message);
        // A word that is known exactly somewhere is not mistyped elsewhere.
        let mut known = vec![false; words.len()];
        for spot in &self.spots {
            for phrase in &spot.phrases {
                mark_exact(&words, phrase, &mut known);
            }
        }
        let mut near: Vec<(usize, &Spot)> = Vec::new();
        for spot in &self.spots {
            let mut covered = vec![false; words.len()];
            for phrase in &spot.phrases {
                mark_exact(&words, phrase, &mut covered);
                if let [meant] = phrase.as_slice() {
                    for (index, typed) in words.iter().enumerate() {
                        covered[index] |= !known[index] && is_mistyped(typed, meant);
                    }
                }
            }
            let count = covered.iter().filter(|covered| **covered).count();
            if count > 0 {
                near.push((count, spot));
            }
        }
        if near.is_empty() {
            return self.resembling(&words);
        }
        // Stable: of equals the one that stands first in the file.
        near.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let whole = |(count, _): &&(usize, &Spot)| *count == words.len();
        let mut wholes = near.iter().filter(whole);
        match (wholes.next(), wholes.next()) {
            (Some((_, spot)), None) => Found::Here(spot),
            _ => Found::Perhaps(
                near.into_iter()
                    .take(OFFERS_MAX)
                    .map(|(_, spot)| spot)
                    .collect(),
            ),
        }
    }

    /// The places that a short word resembles: offered, since another was as near.
    fn resembling(&self, words: &[String]) -> Found<'_> {
        let resembles = |phrase: &Vec<String>| match phrase.as_slice() {
            [meant] => words.iter().any(|typed| is_like(typed, meant)),
            _ => false,
        };
        let near = self.spots.iter();
        let near = near.filter(|spot| spot.phrases.iter().any(resembles));
        let near: Vec<&Spot> = near.take(OFFERS_MAX).collect();
        match near.is_empty() {
            true => Found::Nothing,
            false => Found::Perhaps(near),
        }
    }

    /// The term that a message asks for, if it asks for nothing else.
    #[must_use]
    pub fn term(&self, message: &str) -> Option<&Term> {
        let words = self.words(message);
        if let Some(term) = self.term_of(&words, |typed, meant| typed == meant) {
            return Some(term);
        }
        // "What does it mean" asks; a term may hold such a word itself.
        let mut words = words;
        words.retain(|word| !self.asks.contains(word));
        self.term_of(&words, |typed, meant| typed == meant)
            .or_else(|| {
                // A place that is named outright is not a mistyped term.
                if matches!(self.find(message), Found::Here(_)) {
                    return None;
                }
                self.term_of(&words, |typed, meant| {
                    typed == meant || is_mistyped(typed, meant)
                })
            })
    }

    /// Whether a message asks something, and more than a greeting does.
    #[must_use]
    pub fn asks_something(&self, message: &str) -> bool {
        message.contains('?') && !self.words(message).is_empty()
    }

    /// Whether a message is one of the words for Yes (`true`) or for No.
    #[must_use]
    pub fn agrees(&self, message: &str) -> Option<bool> {
        let words = plain_words(message);
        match (self.yes.contains(&words), self.no.contains(&words)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    }

    fn term_of(&self, words: &[String], same: impl Fn(&str, &str) -> bool) -> Option<&Term> {
        let is = |phrase: &Vec<String>| {
            let mut pairs = phrase.iter().zip(words);
            phrase.len() == words.len() && pairs.all(|(meant, typed)| same(typed, meant))
        };
        let mut terms = self.terms.iter();
        terms.find(|term| term.phrases.iter().any(is))
    }

    /// The words of a message in plain form, without fillers.
    fn words(&self, message: &str) -> Vec<String> {
        let mut words = plain_words(message);
        let mut kept = vec![false; words.len()];
        for phrase in &self.kept {
            mark_exact(&words, phrase, &mut kept);
        }
        let mut kept = kept.into_iter();
        words.retain(|word| kept.next() == Some(true) || !self.fillers.contains(word));
        words.truncate(WORDS_MAX);
        words
    }

    /// What opens a dialog by itself opens a place, so that the proof walks it from
    /// everywhere.
    fn check_place(&self, builder: &mut Builder, file: &str, who: &str, opens: &Name) {
        let mut spots = self.spots();
        if !spots.any(|spot| spot.opens.as_str() == opens.value) {
            builder.error(
                place(file, opens),
                format!(
                    "{who} opens `{}`, which is no place of find.yaml: add it there, with the words that lead to it",
                    opens.value
                ),
            );
        }
    }

    fn phrases(&self, words: &ByLang, label: &Text) -> Vec<Vec<String>> {
        let labels = crate::ids::Lang::ALL.map(|lang| label.plain(lang));
        let all = words.en.iter().chain(&words.es).chain(&labels);
        let mut phrases: Vec<Vec<String>> = all.map(|phrase| self.words(phrase)).collect();
        phrases.retain(|phrase| !phrase.is_empty());
        phrases.sort();
        phrases.dedup();
        phrases
    }
}

pub(super) fn plain_words(text: &str) -> Vec<String> {
    normalise(text)
        .text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn mark_exact(words: &[String], phrase: &[String], marks: &mut [bool]) {
    for (start, window) in words.windows(phrase.len()).enumerate() {
        if window == phrase {
            marks[start..start + phrase.len()].fill(true);
        }
    }
}

/// One slip of the fingers in a word of five letters or more, two from eight
/// on. Shorter words are too near to each other.
pub(super) fn is_mistyped(typed: &str, meant: &str) -> bool {
    let (typed_letters, meant_letters) = (typed.chars().count(), meant.chars().count());
    let slips = match typed_letters.max(meant_letters) {
        0..5 => return false,
        5..8 => 1,
        _ => 2,
    };
    strsim::osa_distance(typed, meant) <= slips && typed_letters > 3
}

/// One slip in a word of four letters: too near to other words to be more than an
/// offer.
fn is_like(typed: &str, meant: &str) -> bool {
    const LETTERS: usize = 4;
    meant.chars().count() == LETTERS
        && (LETTERS - 1..=LETTERS + 1).contains(&typed.chars().count())
        && strsim::osa_distance(typed, meant) == 1
}

/// Who works at a clinic is found by name, where one of its links leads to them.
pub(super) fn build(
    builder: &mut Builder,
    file: FindFile,
    glossary: GlossaryFile,
    clinic: &Clinic,
) -> Finder {
    let all = |words: &ByLang| {
        let words = words.en.iter().chain(&words.es);
        words.flat_map(|word| plain_words(word)).collect()
    };
    let phrases = |words: &ByLang| {
        let words = words.en.iter().chain(&words.es);
        let phrases = words.map(|phrase| plain_words(phrase));
        phrases.filter(|phrase| !phrase.is_empty()).collect()
    };
    let mut finder = Finder {
        fillers: all(&file.fillers),
        kept: phrases(&file.kept),
        asks: all(&glossary.asks),
        yes: phrases(&file.yes),
        no: phrases(&file.no),
        ..Finder::default()
    };
    for entry in file.places {
        let here = place(super::FIND_FILE, &entry.opens);
        builder.label(here, &entry.label);
        let mut phrases = finder.phrases(&entry.words, &entry.label);
        let linked = clinic.practitioners.iter().filter(|one| {
            let mut links = clinic.links.0.iter();
            links.any(|(name, link)| name.value == one.id && link.opens.value == entry.opens.value)
        });
        let names = linked.flat_map(|one| finder.words(&one.name));
        phrases.extend(names.map(|name| vec![name]));
        finder.spots.push(Spot {
            opens: builder.dialog(super::FIND_FILE, &entry.opens),
            label: entry.label,
            phrases,
        });
    }
    for entry in glossary.terms {
        let here = place(super::GLOSSARY_FILE, &entry.id);
        builder.id(super::GLOSSARY_FILE, &entry.id);
        builder.placeholders(&here, &entry.text, &[]);
        builder.cite(&here, &entry.id.value, &entry.source);
        builder.tells_no_position(&here, &entry.text, &[]);
        builder.readable(&here, &entry.text, Measure::ShortCard, None);
        let words = entry.words.en.iter().chain(&entry.words.es);
        let mut phrases: Vec<Vec<String>> = words.map(|phrase| finder.words(phrase)).collect();
        if phrases.iter().any(Vec::is_empty) {
            builder.error(
                here,
                format!(
                    "a word of the term `{}` is a filler, so nobody can ask for it",
                    entry.id.value
                ),
            );
        }
        phrases.retain(|phrase| !phrase.is_empty());
        if let Some(opens) = &entry.opens {
            finder.check_place(builder, super::GLOSSARY_FILE, "the term", opens);
        }
        finder.terms.push(Term {
            text: entry.text,
            opens: entry.opens.map(|opens| DialogId::new(&opens.value)),
            phrases,
        });
    }
    finder
}

/// What is asked some days after a move is a place too: typed words reach it, so the
/// proof walks it from everywhere.
pub(super) fn check_ask_later(builder: &mut Builder, finder: &Finder, opens: Option<&Name>) {
    if let Some(opens) = opens {
        finder.check_place(builder, super::cards::MOVES, "`ask_later`", opens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder() -> Finder {
        let text = |en: &str, es: &str| Text::parse(en, es).expect("plain texts");
        let phrases = |words: &[&str]| words.iter().map(|word| plain_words(word)).collect();
        let spot = |opens: &str, words: &[&str]| Spot {
            opens: DialogId::new(opens),
            label: text(opens, opens),
            phrases: phrases(words),
        };
        Finder {
            fillers: ["my", "i", "want", "to"].map(str::to_owned).into(),
            kept: phrases(&["want my"]),
            asks: ["mean", "define"].map(str::to_owned).into(),
            yes: phrases(&["yep"]),
            no: phrases(&["nope", "no way"]),
            spots: vec![
                spot("move", &["stretch", "stretches", "estiramientos", "knee"]),
                spot("book", &["book", "cost", "staff", "front desk"]),
            ],
            terms: vec![Term {
                text: text("t", "t"),
                opens: None,
                phrases: phrases(&["hamstring", "hip flexor"]),
            }],
        }
    }

    fn here(message: &str) -> Option<String> {
        match finder().find(message) {
            Found::Here(spot) => Some(spot.opens.as_str().to_owned()),
            Found::Perhaps(_) | Found::Nothing => None,
        }
    }

    fn offers(message: &str) -> Vec<String> {
        match finder().find(message) {
            Found::Perhaps(spots) => spots
                .iter()
                .map(|spot| spot.opens.as_str().to_owned())
                .collect(),
            Found::Here(_) | Found::Nothing => Vec::new(),
        }
    }

    #[test]
    fn a_message_that_is_all_one_place_is_that_place() {
        for message in [
            "stretch",
            "Stretch!",
            "I want to stretch my knee",
            "stretc",
            "estiramietnos",
        ] {
            assert_eq!(here(message).as_deref(), Some("move"), "{message}");
        }
        assert_eq!(here("COST?").as_deref(), Some("book"));
        assert_eq!(here("front desk").as_deref(), Some("book"));
    }

    #[test]
    fn a_message_that_says_more_gets_an_offer_only() {
        assert_eq!(offers("my knee exploded"), ["move"]);
        assert_eq!(offers("book stretch"), ["move", "book"]);
        assert!(offers("front").is_empty());
    }

    #[test]
    fn short_words_are_not_guessed_but_offered() {
        assert_eq!(offers("cots"), ["book"]);
        assert_eq!(offers("kne"), ["move"]);
        assert_eq!(offers("nkee?"), ["move"]);
        assert_eq!(offers("bok"), ["book"]);
        assert!(matches!(finder().find("ko"), Found::Nothing));
        assert!(matches!(finder().find("ekne"), Found::Nothing));
        assert!(matches!(finder().find(""), Found::Nothing));
        assert!(matches!(finder().find("my"), Found::Nothing));
    }

    #[test]
    fn yes_and_no_have_words_of_their_own() {
        assert_eq!(finder().agrees("Yep!"), Some(true));
        assert_eq!(finder().agrees("no way"), Some(false));
        assert_eq!(finder().agrees("nope it hurts"), None);
        assert_eq!(finder().agrees(""), None);
    }

    #[test]
    fn a_filler_is_kept_in_its_phrase() {
        assert_eq!(finder().words("my book, want my"), ["book", "want", "my"]);
    }

    #[test]
    fn a_term_is_asked_for_alone() {
        assert!(finder().term("hamstring").is_some());
        assert!(finder().term("Hamstirng?").is_some());
        assert!(finder().term("my hip flexor").is_some());
        assert!(finder().term("define hamstring").is_some());
        assert!(finder().term("hamstirngs mean").is_some());
        assert!(finder().term("mean").is_none());
        assert!(finder().term("hamstring hurts").is_none());
        assert!(finder().term("").is_none());
    }
}
