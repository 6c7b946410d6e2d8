//! The phrases, compiled once.

use std::ops::Range;

use regex::{Regex, RegexSet, RegexSetBuilder};

use crate::ids::{FlagId, Lang};

/// Words by language, as the file lists them.
#[derive(Debug, Clone, Default)]
pub struct ByLang {
    /// English.
    pub en: Vec<String>,
    /// Spanish.
    pub es: Vec<String>,
}

impl ByLang {
    /// People mix languages inside a sentence, so cues are read from both.
    fn all(&self) -> impl Iterator<Item = &str> {
        self.en.iter().chain(&self.es).map(String::as_str)
    }
}

/// One phrase of the file.
#[derive(Debug, Clone)]
pub struct PhraseSource {
    /// What it states.
    pub flag: FlagId,
    /// The language it is written in.
    pub lang: Lang,
    /// A regular expression over plain text.
    pub pattern: String,
    /// It carries its own "not", so one before it turns nothing off.
    pub affirmed: bool,
    /// A symptom, not a history: "it went away" turns it off.
    pub is_history: bool,
}

/// A phrase or cue that is no regular expression.
#[derive(Debug, thiserror::Error)]
#[error("this is not a regular expression")]
pub struct PhraseError {
    /// Which phrase; `None` for a cue.
    pub phrase: Option<usize>,
    /// Why.
    #[source]
    pub cause: regex::Error,
}

#[derive(Debug, Clone)]
struct Phrase {
    flag: FlagId,
    regex: Regex,
    affirmed: bool,
    is_history: bool,
}

/// Everything typed text is held against.
#[derive(Debug, Clone)]
pub struct Phrases {
    phrases: Vec<Phrase>,
    set: RegexSet,
    negation_before: Regex,
    negation_after: Regex,
    clause_end: Regex,
    hypothetical: Regex,
    others: Regex,
    resolved: Regex,
    idioms: Regex,
}

/// The cues that turn phrases off, as the file lists them.
#[derive(Debug, Clone, Default)]
pub struct CueSource {
    /// Before a phrase.
    pub negations: ByLang,
    /// Right after a phrase.
    pub negations_after: ByLang,
    /// Words that begin a new clause.
    pub clause_ends: ByLang,
    /// Words that only suppose.
    pub hypothetical: ByLang,
    /// Somebody else.
    pub others: ByLang,
    /// Over and done with.
    pub resolved: ByLang,
    /// Figures of speech.
    pub idioms: ByLang,
}

/// All phrases together need this much room to be looked for in one pass; with
/// less the engine falls back to a slower one.
const SET_CACHE_BYTES: usize = 8 << 20;

/// Between a negation and what it negates stand at most this many words.
const NEGATION_SCOPE_WORDS: usize = 6;

impl Phrases {
    /// Compiles phrases and cues.
    ///
    /// # Errors
    /// When a pattern is not a regular expression the `regex` crate takes.
    pub fn compile(sources: &[PhraseSource], cues: &CueSource) -> Result<Self, PhraseError> {
        let mut phrases = Vec::with_capacity(sources.len());
        for (index, source) in sources.iter().enumerate() {
            let regex = Regex::new(&bounded(&source.pattern)).map_err(|cause| PhraseError {
                phrase: Some(index),
                cause,
            })?;
            phrases.push(Phrase {
                flag: source.flag.clone(),
                regex,
                affirmed: source.affirmed,
                is_history: source.is_history,
            });
        }
        let cue = |pattern: String| {
            Regex::new(&pattern).map_err(|cause| PhraseError {
                phrase: None,
                cause,
            })
        };
        let set = RegexSetBuilder::new(phrases.iter().map(|phrase| phrase.regex.as_str()))
            .dfa_size_limit(SET_CACHE_BYTES)
            .build()
            .map_err(|cause| PhraseError {
                phrase: None,
                cause,
            })?;
        let scope = format!(r"(?:\s+\S+){{0,{NEGATION_SCOPE_WORDS}}}\s*$");
        Ok(Self {
            phrases,
            set,
            negation_before: cue(format!("{}{scope}", bounded(&one_of(&cues.negations))))?,
            negation_after: cue(format!(
                r"^\s*[:?=-]*\s*{}",
                bounded(&one_of(&cues.negations_after))
            ))?,
            clause_end: cue(format!(
                r"[.;?!\n,]+|{}",
                bounded(&one_of(&cues.clause_ends))
            ))?,
            hypothetical: cue(bounded(&one_of(&cues.hypothetical)))?,
            others: cue(bounded(&one_of(&cues.others)))?,
            resolved: cue(bounded(&one_of(&cues.resolved)))?,
            idioms: cue(bounded(&one_of(&cues.idioms)))?,
        })
    }

    /// A cheap look before the whole work: most messages state nothing.
    pub(super) fn may_match(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    pub(super) fn blank_idioms(&self, text: &str) -> String {
        self.idioms
            .replace_all(text, |found: &regex::Captures<'_>| {
                " ".repeat(found[0].len())
            })
            .into_owned()
    }

    pub(super) fn is_hypothetical(&self, text: &str) -> bool {
        self.hypothetical.is_match(text)
    }

    pub(super) fn is_about_others(&self, clause: &str) -> bool {
        self.others.is_match(clause)
    }

    pub(super) fn is_resolved(&self, clause: &str) -> bool {
        self.resolved.is_match(clause)
    }

    pub(super) fn has_only_history(&self, clause: &str) -> bool {
        let mut found = self.set.matches(clause).into_iter().peekable();
        found.peek().is_some() && found.all(|index| self.phrases[index].is_history)
    }

    /// The clauses of a text: what stands between marks and joining words.
    pub(super) fn clauses(&self, text: &str) -> Vec<Range<usize>> {
        let mut clauses = Vec::new();
        let mut from = 0;
        for end in self.clause_end.find_iter(text) {
            // "fever: no" and "tingling? nope" answer in the next clause.
            let is_answered = self
                .negation_after
                .find(&text[end.end()..])
                .is_some_and(|answer| {
                    let after = &text[end.end() + answer.end()..];
                    after.is_empty()
                        || self
                            .clause_end
                            .find(after.trim_start())
                            .is_some_and(|next| next.start() == 0)
                });
            if is_answered && end.as_str().starts_with('?') {
                continue;
            }
            clauses.push(from..end.start());
            from = end.end();
        }
        clauses.push(from..text.len());
        clauses.retain(|clause| !text[clause.clone()].trim().is_empty());
        clauses
    }

    /// The flags a clause states, with where.
    pub(super) fn find<'a>(
        &'a self,
        clause: &'a str,
    ) -> impl Iterator<Item = (&'a FlagId, Range<usize>)> {
        self.set
            .matches(clause)
            .into_iter()
            .filter_map(move |index| {
                let phrase = &self.phrases[index];
                phrase.regex.find_iter(clause).find_map(|found| {
                    let negated =
                        !phrase.affirmed && self.negation_before.is_match(&clause[..found.start()]);
                    let denied = self.negation_after.is_match(&clause[found.end()..]);
                    (!negated && !denied).then(|| (&phrase.flag, found.range()))
                })
            })
    }
}

/// Any of the cues; a list without one matches nothing.
fn one_of(cues: &ByLang) -> String {
    let all: Vec<&str> = cues.all().collect();
    if all.is_empty() {
        r"[^\s\S]".to_owned()
    } else {
        all.join("|")
    }
}

/// Only whole words match. The ASCII boundary keeps the fast engine in play.
fn bounded(pattern: &str) -> String {
    format!(r"(?:^|(?-u:\b))(?:{pattern})(?:$|(?-u:\b))")
}
