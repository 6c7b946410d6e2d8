//! What the files say, before it is compiled.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::ids::FlagId;

/// Words or patterns together with where they stand, for findings.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// As the file has it.
    pub text: String,
    /// Where the caller finds it again.
    pub place: usize,
}

/// A class: words that mean the same for our purpose.
#[derive(Debug, Clone, Default)]
pub struct ClassSource {
    /// In capitals.
    pub name: String,
    /// Words and short phrases, separated by commas; one text a language.
    pub words: Vec<Written>,
    /// Classes whose words belong to it too.
    pub also: Vec<Written>,
    /// The words carry their own "not": a "no" before them turns nothing off.
    pub negative: bool,
}

/// What typed text may be made of.
#[derive(Debug, Clone, Default)]
pub struct WordsSource {
    /// The classes.
    pub classes: Vec<ClassSource>,
    /// Short forms and habits: one typed word for one or more plain ones.
    pub respell: Vec<(Written, String)>,
    /// Words that mean something else behind a number or beside certain words.
    pub respell_beside: Vec<BesideSource>,
    /// Number words.
    pub numbers: BTreeMap<String, u32>,
    /// Ordinary words, which are no misspelling of a word that matters.
    pub common: Vec<Written>,
    /// Frequent words of languages that are read.
    pub read: Vec<Written>,
    /// Frequent words of languages that cannot be read.
    pub foreign: Vec<Written>,
}

/// A word that means another behind a number or beside certain words.
#[derive(Debug, Clone, Default)]
pub struct BesideSource {
    /// As typed.
    pub from: String,
    /// As meant.
    pub to: String,
    /// Words before it, separated by commas.
    pub after: String,
    /// Words behind it, separated by commas.
    pub before: String,
}

/// Words that steer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May stand between two words of a pattern.
    Filler,
    /// Turns off what follows.
    Negation,
    /// Contains a negation and denies nothing ("not only").
    NotNegation,
    /// "No", as an answer behind what it denies.
    AnswersNo,
    /// "But": ends every scope.
    Contrast,
    /// "And", "or".
    Joiner,
    /// Begins a clause.
    Starter,
    /// Does not let the next word begin a clause ("in my").
    Link,
    /// The speaker.
    Self_,
    /// Ends what a negation reaches ("my", "me").
    Restart,
    /// Keeps something from being long ago ("now", "since").
    Now,
    /// Keeps something from being over ("still", "again").
    Back,
    /// Makes a clause of what would be a part of a list ("are", "feels").
    Verb,
}

impl Role {
    /// All of them, in the order of their classes.
    pub const ALL: [Self; 13] = [
        Self::Filler,
        Self::Negation,
        Self::NotNegation,
        Self::AnswersNo,
        Self::Contrast,
        Self::Joiner,
        Self::Starter,
        Self::Link,
        Self::Self_,
        Self::Restart,
        Self::Now,
        Self::Back,
        Self::Verb,
    ];
}

/// What a cue does to the signs it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cue {
    /// A figure of speech: its words mean nothing here.
    Idiom,
    /// What follows is only supposed, planned or asked about.
    Supposed,
    /// What follows in the clause is about a job, an article, a film.
    Aside,
    /// What follows in the clause is asked of the clinic, until the speaker names
    /// themselves: "do you treat", but not "can you help me with my".
    Offered,
    /// A question about things in general, where the speaker is not named.
    Asked,
    /// What follows is said of somebody else.
    Other,
    /// What stands in the sentence is said of somebody else, wherever it stands.
    Family,
    /// The sentence is about an animal or a thing.
    NoPerson,
    /// What stands before it is over.
    Resolved,
    /// What stands in the sentence was looked for and is not there: this turns off
    /// histories too.
    RuledOut,
    /// What stands beside it was long ago.
    Past,
    /// What was only asked about is so: "… because I did".
    Admitted,
}

impl Cue {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Idiom,
        Self::Supposed,
        Self::Aside,
        Self::Offered,
        Self::Asked,
        Self::Other,
        Self::Family,
        Self::NoPerson,
        Self::Resolved,
        Self::RuledOut,
        Self::Past,
        Self::Admitted,
    ];
}

/// What turns signs off.
#[derive(Debug, Clone, Default)]
pub struct CuesSource {
    /// Words by role, each list separated by commas.
    pub roles: Vec<(Role, Vec<Written>)>,
    /// Patterns by cue.
    pub cues: Vec<(Cue, Vec<Written>)>,
}

/// Something that can be heard: a flag, or a part that flags are put together of.
#[derive(Debug, Clone, Default)]
pub struct SignSource {
    /// Its name: the flag's, or the part's.
    pub name: String,
    /// The flag it states; `None` for a part.
    pub flag: Option<FlagId>,
    /// A history: age and "it went away" do not turn it off.
    pub is_history: bool,
    /// It is said of somebody else by its nature (a child).
    pub of_others: bool,
    /// What states it.
    pub says: Vec<Written>,
    /// What may state it: asked before it counts.
    pub maybe: Vec<Written>,
    /// Where one of these stands in the same sentence, it is not stated.
    pub unless: Vec<Written>,
    /// Signs that state it together.
    pub together: Vec<Vec<Written>>,
    /// Weaker signs that it replaces in the same sentence.
    pub instead_of: Vec<Written>,
}

/// Everything typed text is held against.
#[derive(Debug, Clone, Default)]
pub struct HearingSource {
    /// Classes of words.
    pub words: WordsSource,
    /// What turns signs off.
    pub cues: CuesSource,
    /// The signs.
    pub signs: Vec<SignSource>,
}

/// What is wrong with the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HearingError {
    /// [`Written::place`] of what is wrong.
    pub place: usize,
    /// What, in a sentence.
    pub message: String,
    /// The name that nobody knows, if that is what is wrong.
    pub unknown: Option<String>,
}

impl HearingError {
    pub(super) fn new(written: &Written, message: impl Into<String>) -> Self {
        Self {
            place: written.place,
            message: message.into(),
            unknown: None,
        }
    }

    pub(super) fn unknown(written: &Written, kind: &str, name: &str) -> Self {
        Self {
            unknown: Some(name.to_owned()),
            ..Self::new(written, format!("there is no {kind} `{name}`"))
        }
    }
}

/// A range of numbers in a pattern, `<1-17>`.
pub(super) type Numbers = RangeInclusive<u32>;
