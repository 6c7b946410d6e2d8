//! Which button of a question typed words name: its letter, its number, its words.
//!
//! Compares words and nothing else. Where typing may stand in for a press is the
//! dialog's to say: never where an answer says something about health.

use super::find::{is_mistyped, plain_words};

/// More words than these around a letter are talk, not an answer.
const WORDS_BEFORE_A_LETTER_MAX: usize = 2;

/// The place of the one label that `typed` names; nothing where it may be two.
///
/// A label is named by its words, slips of the fingers forgiven, and by its number;
/// one that begins with a letter (`b) Spinal extension`) by the letter and by a part
/// of its words too; one of several that are a single word (`True`, `False`) by the
/// first letter.
#[must_use]
pub fn chosen(labels: &[String], typed: &str) -> Option<usize> {
    let labels: Vec<Label> = labels.iter().map(|label| Label::read(label)).collect();
    let typed = plain_words(typed);
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let last = *typed.last()?;
    let is_short = typed.len() <= 1 + WORDS_BEFORE_A_LETTER_MAX;
    let is_lettered = labels.iter().all(|label| label.letter.is_some());
    let all_single = labels.iter().all(|label| label.words.len() == 1);
    let has_digits = labels.iter().any(Label::has_digit);
    let by_letter = |label: &Label| is_short && label.letter.as_deref() == Some(last);
    let by_first = |label: &Label| {
        let first = label.words.first().and_then(|word| word.chars().next());
        all_single && typed.len() == 1 && first.is_some_and(|first| last == first.to_string())
    };
    if let Some(place) = only(&labels, by_letter).or_else(|| only(&labels, by_first)) {
        return Some(place);
    }
    // "5" beside "About 5 minutes" is not the fifth of them.
    if !has_digits && (typed.len() == 1 || (is_lettered && is_short)) {
        let number = last.parse::<usize>().ok();
        let place = number.and_then(|number| number.checked_sub(1));
        if let Some(place) = place.filter(|place| *place < labels.len()) {
            return Some(place);
        }
    }
    // The letter may stand before the words.
    let without_letter = |label: &Label| match typed.split_first() {
        Some((first, rest)) if label.letter.as_deref() == Some(*first) => rest.to_vec(),
        Some(_) | None => typed.clone(),
    };
    only(&labels, |label| label.is(&without_letter(label))).or_else(|| {
        only(&labels, |label| {
            is_lettered && label.holds(&without_letter(label))
        })
    })
}

fn only(labels: &[Label], named: impl Fn(&Label) -> bool) -> Option<usize> {
    let mut all = labels.iter().enumerate().filter(|(_, label)| named(label));
    match (all.next(), all.next()) {
        (Some((place, _)), None) => Some(place),
        (Some(_) | None, _) => None,
    }
}

struct Label {
    letter: Option<String>,
    words: Vec<String>,
}

impl Label {
    fn read(label: &str) -> Self {
        let is_letter = |letter: &&str| letter.chars().count() == 1;
        match label
            .split_once(") ")
            .filter(|(letter, _)| is_letter(letter))
        {
            Some((letter, words)) => Self {
                letter: plain_words(letter).pop(),
                words: plain_words(words),
            },
            None => Self {
                letter: None,
                words: plain_words(label),
            },
        }
    }

    fn has_digit(&self) -> bool {
        let mut letters = self.words.iter().flat_map(|word| word.chars());
        letters.any(|letter| letter.is_ascii_digit())
    }

    fn is(&self, typed: &[&str]) -> bool {
        typed.len() == self.words.len() && is_said(typed, &self.words)
    }

    fn holds(&self, typed: &[&str]) -> bool {
        let mut runs = self.words.windows(typed.len().max(1));
        !typed.is_empty() && runs.any(|run| is_said(typed, run))
    }
}

fn is_said(typed: &[&str], meant: &[String]) -> bool {
    let mut pairs = typed.iter().zip(meant);
    pairs.all(|(typed, meant)| *typed == meant.as_str() || is_mistyped(typed, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(labels: &[&str], cases: &[(&str, Option<usize>)]) {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        for (typed, place) in cases {
            assert_eq!(chosen(&labels, typed), *place, "{typed}");
        }
    }

    #[test]
    fn a_letter_a_number_or_words_name_a_lettered_choice() {
        check(
            &[
                "a) Hip flexion",
                "b) Spinal extension",
                "c) All of the above",
            ],
            &[
                ("b", Some(1)),
                ("B)", Some(1)),
                ("b) spinal extension", Some(1)),
                ("answer b", Some(1)),
                ("2", Some(1)),
                ("spinal extension", Some(1)),
                ("spinal extention", Some(1)),
                ("extension", Some(1)),
                ("all of the above", Some(2)),
                ("d", None),
                ("4", None),
                ("0", None),
                ("hip extension", None),
                ("I took vitamin b", None),
                ("", None),
            ],
        );
    }

    #[test]
    fn single_words_are_named_by_their_first_letter() {
        check(
            &["True", "False"],
            &[
                ("t", Some(0)),
                ("F", Some(1)),
                ("flase", Some(1)),
                ("1", Some(0)),
                ("not true", None),
            ],
        );
        check(&["Stop", "Start"], &[("s", None)]);
    }

    #[test]
    fn other_choices_are_named_whole() {
        check(
            &["Get stronger", "Stretch"],
            &[
                ("strech", Some(1)),
                ("get stronger", Some(0)),
                ("stronger", None),
                ("g", None),
                ("2", Some(1)),
            ],
        );
        check(
            &["About 5 minutes", "About 12 minutes", "x", "y", "Not now"],
            &[("5", None), ("12", None), ("about 5 minutes", Some(0))],
        );
    }
}
