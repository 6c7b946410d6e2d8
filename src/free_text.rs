//! What flags a typed text states.
//!
//! Pure, and linear in the length of the text: `regex` is the engine, the
//! phrases are content. A phrase counts unless its clause negates it, only
//! supposes it, or says it of somebody else or of a time that is over. What a
//! flag then does is [`crate::dialog`]'s work.

mod normal;
mod phrases;

use std::ops::Range;

use crate::ids::{FlagId, PatientText};
use crate::triage::{Level, Rules};

pub use normal::{Normal, normalise};
pub use phrases::{ByLang, CueSource, PhraseError, PhraseSource, Phrases};

/// What a text states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// Each flag once, in the order of the text.
    pub hits: Vec<Hit>,
    /// Every hit is about somebody else, in an emergency now.
    pub someone_else: bool,
}

/// One flag heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub flag: FlagId,
    /// Bytes of the text as it was typed.
    pub span: Range<usize>,
}

impl Heard {
    /// The flags alone.
    pub fn flags(&self) -> impl Iterator<Item = &FlagId> {
        self.hits.iter().map(|hit| &hit.flag)
    }
}

/// Reads `text` in every language the phrases know.
#[must_use]
pub fn hear(phrases: &Phrases, rules: &Rules, text: &PatientText) -> Heard {
    let normal = normalise(text.reveal());
    let mut heard = Heard::default();
    if normal.text.is_empty() || !phrases.may_match(&normal.text) {
        return heard;
    }
    let blanked = phrases.blank_idioms(&normal.text);
    let supposed_all = phrases.is_hypothetical(&blanked);
    let mut about_self = false;
    for clause in phrases.clauses(&blanked) {
        let words = &blanked[clause.clone()];
        let someone_else = phrases.is_about_others(words);
        if phrases.is_resolved(words) && !phrases.has_only_history(words) {
            continue;
        }
        for (flag, found) in phrases.find(words) {
            let emergency = rules
                .flags
                .get(flag)
                .is_some_and(|rule| rule.level == Level::EmergencyNow);
            if supposed_all || (someone_else && !emergency) {
                continue;
            }
            about_self |= !someone_else;
            if heard.hits.iter().all(|hit| hit.flag != *flag) {
                let span = normal.origin(found.start + clause.start..found.end + clause.start);
                heard.hits.push(Hit {
                    flag: flag.clone(),
                    span,
                });
            }
        }
    }
    heard.someone_else = !heard.hits.is_empty() && !about_self;
    heard
}
