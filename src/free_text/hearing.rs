//! Everything typed text is held against, compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::index::Patterns;
use super::learned::Learned;
use super::lexicon::{ClassId, ElementId, Lexicon, plain_words};
use super::pattern::{Pattern, opens, parse};
use super::source::{Cue, HearingError, HearingSource, SignSource, Written};
use crate::ids::FlagId;

/// A flag that can be heard, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub flag: Option<FlagId>,
    pub is_history: bool,
    pub of_others: bool,
    /// Signs that state it together.
    pub together: Vec<Vec<usize>>,
    /// Signs it replaces in the same sentence.
    pub instead_of: Vec<usize>,
}

/// What a found pattern of a sign means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It states the sign.
    Says,
    /// It may state it.
    Maybe,
    /// It keeps the sign from being stated.
    Unless,
}

/// Everything typed text is held against.
#[derive(Debug, Clone)]
pub struct Hearing {
    pub(super) lexicon: Lexicon,
    /// Words that carry their own "not".
    pub(super) own_not: ElementId,
    pub(super) signs: Vec<Sign>,
    pub(super) says: Patterns,
    pub(super) idioms: Patterns,
    pub(super) cues: Patterns,
    /// The written patterns of the cues.
    pub(super) cue_texts: Vec<Arc<str>>,
    /// For each written pattern of `says`: how it is meant, and its text.
    pub(super) written: Vec<(Use, Arc<str>)>,
    pub(super) languages: Languages,
    /// The second net, where content has one.
    pub(super) learned: Option<Learned>,
}

/// Frequent words by which a language is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Languages {
    words: FxHashMap<Box<str>, Tongue>,
}

/// Whether a language is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    Read,
    Foreign,
}

impl Languages {
    fn new(read: &[Written], foreign: &[Written]) -> Self {
        let mut words = FxHashMap::default();
        for (lists, tongue) in [(foreign, Tongue::Foreign), (read, Tongue::Read)] {
            for list in lists {
                for word in list.text.split([',', '\n', ' ']).flat_map(plain_words) {
                    // A word of both tells nothing.
                    words.insert(word.into_boxed_str(), tongue);
                }
            }
        }
        Self { words }
    }

    /// Whether words are of a language that cannot be read.
    pub fn is_foreign<'a>(&self, words: impl Iterator<Item = &'a str>) -> bool {
        /// One word may be a name.
        const FOREIGN_MIN: usize = 2;
        let (mut read, mut foreign) = (0, 0);
        for word in words {
            match self.words.get(word) {
                Some(Tongue::Read) => read += 1,
                Some(Tongue::Foreign) => foreign += 1,
                None => {}
            }
        }
        foreign >= FOREIGN_MIN && foreign > read
    }
}

impl Hearing {
    /// Compiles words, cues and signs.
    ///
    /// # Errors
    /// The first name that is not known, or pattern that cannot be read.
    pub fn compile(source: &HearingSource) -> Result<Self, HearingError> {
        let mut lexicon = Lexicon::compile(&source.words, &source.cues.roles)?;
        let carry_not = source.words.classes.iter().filter(|class| class.negative);
        let negative: Vec<ClassId> = carry_not
            .filter_map(|class| lexicon.class(&class.name))
            .collect();
        let own_not = lexicon.element(negative);
        let (mut idioms, mut cues) = (Vec::new(), Vec::new());
        let mut cue_texts: Vec<Arc<str>> = Vec::new();
        for (cue, list) in &source.cues.cues {
            for written in list {
                for elements in parse(&mut lexicon, written)? {
                    let pattern = Pattern {
                        opens: opens(written),
                        elements,
                        of: *cue as usize,
                        written: cue_texts.len(),
                    };
                    if *cue == Cue::Idiom {
                        idioms.push(pattern);
                    } else {
                        cues.push(pattern);
                    }
                }
                cue_texts.push(written.text.as_str().into());
            }
        }
        let names: BTreeMap<&str, usize> = source
            .signs
            .iter()
            .enumerate()
            .map(|(place, sign)| (sign.name.as_str(), place))
            .collect();
        let mut says = Vec::new();
        let mut texts = Vec::new();
        let mut signs = Vec::new();
        for (of, sign) in source.signs.iter().enumerate() {
            for (meant, list) in [
                (Use::Says, &sign.says),
                (Use::Maybe, &sign.maybe),
                (Use::Unless, &sign.unless),
            ] {
                for written in list {
                    for elements in parse(&mut lexicon, written)? {
                        says.push(Pattern {
                            opens: opens(written),
                            elements,
                            of,
                            written: texts.len(),
                        });
                    }
                    texts.push((meant, written.text.as_str().into()));
                }
            }
            signs.push(compile_sign(sign, &names)?);
        }
        lexicon.finish(&source.words)?;
        let often = lexicon.often(&source.words.read);
        Ok(Self {
            own_not,
            signs,
            says: Patterns::new(says, &lexicon, &often),
            idioms: Patterns::new(idioms, &lexicon, &often),
            cues: Patterns::new(cues, &lexicon, &often),
            lexicon,
            cue_texts,
            written: texts,
            languages: Languages::new(&source.words.read, &source.words.foreign),
            learned: None,
        })
    }

    /// With a second net, or without one.
    #[must_use]
    pub fn with_learned(self, learned: Option<Learned>) -> Self {
        Self { learned, ..self }
    }

    /// The second net.
    #[must_use]
    pub const fn learned(&self) -> Option<&Learned> {
        self.learned.as_ref()
    }

    /// The flags that can be heard.
    pub fn flags(&self) -> impl Iterator<Item = &FlagId> {
        self.signs.iter().filter_map(|sign| sign.flag.as_ref())
    }
}

fn compile_sign(sign: &SignSource, names: &BTreeMap<&str, usize>) -> Result<Sign, HearingError> {
    let look_up = |written: &Written| {
        names
            .get(written.text.as_str())
            .copied()
            .ok_or_else(|| HearingError::unknown(written, "sign", &written.text))
    };
    let together = sign
        .together
        .iter()
        .map(|group| group.iter().map(look_up).collect())
        .collect::<Result<_, _>>()?;
    let instead_of = sign
        .instead_of
        .iter()
        .map(look_up)
        .collect::<Result<_, _>>()?;
    Ok(Sign {
        flag: sign.flag.clone(),
        is_history: sign.is_history,
        of_others: sign.of_others,
        together,
        instead_of,
    })
}
