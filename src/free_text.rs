//! What flags a typed text states.
//!
//! Pure, and linear in the length of the text. Words become classes, rows of
//! classes become signs, and cues decide whether a sign counts: a clause may
//! deny it, only suppose it, or say it of somebody else or of a time that is
//! over. Classes, rows and cues are content. What a flag then does is
//! [`crate::dialog`]'s work.

mod excerpt;
mod hearing;
mod identifiers;
mod index;
mod learned;
mod learning;
mod lexicon;
mod likeness;
mod line;
mod normal;
mod pattern;
mod scope;
mod source;
mod spelling;
mod suspicion;
mod tokens;

use std::ops::Range;
use std::sync::Arc;

use crate::ids::{FlagId, PatientText};
use crate::triage::{Form, Level, Rules};

pub use excerpt::EXCERPT_CHARS_MAX;
pub use hearing::Hearing;
pub use identifiers::{IdentifierKind, IdentifierWords, Identifiers};
pub use learned::Learned;
pub use learning::{Lesson, Tried, checksum, learn};
pub use normal::{Normal, normalise};
pub use scope::Silenced;
pub use source::{
    BesideSource, ClassSource, Cue, CuesSource, HearingError, HearingSource, Role, SignSource,
    WordsSource, Written,
};

use hearing::Use;
use index::Room;
use lexicon::Masks;
use likeness::Likeness;
use line::{Found, Line};
use scope::{Scopes, Who};
use tokens::Kind;

/// What a text states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// Each flag once, in the order of the text.
    pub hits: Vec<Hit>,
    /// What was found and does not count, for those who look why.
    pub silenced: Vec<SilencedHit>,
    /// Every hit is about somebody else, in an emergency now.
    pub someone_else: bool,
    /// The words are of a language that cannot be read.
    pub is_foreign: bool,
}

/// How surely a flag was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sureness {
    /// Asked before it counts.
    Unsure,
    /// It counts.
    Sure,
}

/// One flag heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub flag: FlagId,
    /// Bytes of the text as it was typed.
    pub spans: Vec<Range<usize>>,
    /// How surely.
    pub sureness: Sureness,
    /// The patterns that state it, as the files have them.
    pub why: Vec<Arc<str>>,
}

/// Something found that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilencedHit {
    /// Which flag it would have stated.
    pub flag: FlagId,
    /// Bytes of the text as it was typed.
    pub span: Range<usize>,
    /// Why it does not count.
    pub why: Silenced,
    /// The pattern, as the files have it.
    pub pattern: Arc<str>,
    /// The cue that silences it, where it is a pattern too.
    pub cue: Option<Arc<str>>,
}

impl Heard {
    /// The flags that count.
    pub fn flags(&self) -> impl Iterator<Item = &FlagId> {
        self.of(Sureness::Sure)
    }

    /// The flags that are asked about first.
    pub fn unsure(&self) -> impl Iterator<Item = &FlagId> {
        self.of(Sureness::Unsure)
    }

    /// So much of the patient's words as a case keeps: their beginning, and where
    /// the signs stand.
    #[must_use]
    pub fn excerpt(&self, words: &PatientText) -> PatientText {
        excerpt::excerpt(words, self.hits.iter().flat_map(|hit| &hit.spans))
    }

    fn of(&self, sureness: Sureness) -> impl Iterator<Item = &FlagId> {
        self.hits
            .iter()
            .filter(move |hit| hit.sureness == sureness)
            .map(|hit| &hit.flag)
    }
}

/// One sign that counts.
struct Counted {
    sign: usize,
    units: Vec<Range<usize>>,
    sureness: Sureness,
    who: Who,
    /// Which written patterns state it.
    why: Vec<usize>,
}

/// Why the second net asks.
pub const LEARNED: &str = "the second net";

/// What says that something else is meant stands this near: some write pages
/// without a full stop.
const UNLESS_UNITS_MAX: usize = 8;

/// Sentences over which signs belong together.
const TOGETHER_SENTENCES: usize = 2;

/// Reads `text` in every language the files know.
#[must_use]
pub fn hear(hearing: &Hearing, rules: &Rules, text: &PatientText) -> Heard {
    let normal = normalise(text.reveal());
    let (mut heard, read) = hear_patterns(hearing, rules, text.reveal(), &normal);
    if let Some(learned) = hearing.learned.as_ref().filter(|_| !heard.is_foreign) {
        read.suspect(learned, &normal, text.reveal(), &mut heard);
    }
    heard
}

/// What the second net sees of a whole text, and whether it is asked at all.
fn resembling<T>(
    hearing: &Hearing,
    rules: &Rules,
    text: &PatientText,
    seen: impl FnOnce(&Likeness<'_>) -> T,
) -> (T, bool) {
    let normal = normalise(text.reveal());
    let (heard, read) = hear_patterns(hearing, rules, text.reveal(), &normal);
    let blocks = |hit: &Hit| rules.level_of(&hit.flag, Form::Sure).blocks();
    let whole = 0..read.line.units().len();
    let likeness = read.likeness(&normal, &whole, heard.silenced.iter());
    (seen(&likeness), !heard.hits.iter().any(blocks))
}

impl Hearing {
    /// The rows that take words of a text out as figures of speech, each once.
    #[must_use]
    pub fn idioms_in(&self, text: &PatientText) -> Vec<&str> {
        let normal = normalise(text.reveal());
        let line = Line::new(&self.lexicon, self.lexicon.read(&normal));
        let mut masks = Masks::new(line.sentences.len(), self.lexicon.elements());
        let found = find_idioms(self, &line, &line.sentences, &mut masks);
        let mut texts: Vec<&str> = (found.iter())
            .map(|idiom| &*self.cue_texts[idiom.written])
            .collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

/// Every figure of speech, and what stands in each sentence.
fn find_idioms(
    hearing: &Hearing,
    line: &Line<'_>,
    sentences: &[Range<usize>],
    masks: &mut Masks,
) -> Vec<Found> {
    let (mut room, mut idioms) = (Room::default(), Vec::new());
    for (place, sentence) in sentences.iter().enumerate() {
        masks.fill(place, line.filled(sentence));
        let patterns = &hearing.idioms;
        patterns.find(line, sentence, masks.of(place), &mut room, &mut idioms);
    }
    idioms
}

/// A text as the patterns left it.
struct Read<'l> {
    line: Line<'l>,
    cues: Vec<Found>,
    /// Whether a sign that blocks counts, for each sentence.
    stated: Vec<bool>,
}

fn hear_patterns<'l>(
    hearing: &'l Hearing,
    rules: &Rules,
    text: &str,
    normal: &Normal,
) -> (Heard, Read<'l>) {
    let mut line = Line::new(&hearing.lexicon, hearing.lexicon.read(normal));
    let words = line
        .units()
        .iter()
        .filter(|unit| unit.kind == Kind::Word)
        .map(|unit| &normal.text[unit.span.clone()]);
    let mut heard = Heard {
        is_foreign: hearing.languages.is_foreign(words),
        ..Heard::default()
    };
    // A sentence is its own: nothing is found over its borders.
    let sentences = std::mem::take(&mut line.sentences);
    let mut masks = Masks::new(sentences.len(), hearing.lexicon.elements());
    let mut idioms = find_idioms(hearing, &line, &sentences, &mut masks);
    line.blank(&idioms);
    idioms.dedup_by_key(|idiom| line.sentence[idiom.units.start]);
    for idiom in &idioms {
        let sentence = line.sentence[idiom.units.start];
        masks.fill(sentence, line.filled(&sentences[sentence]));
    }
    line.find_clauses(hearing.own_not);
    let few = || Vec::with_capacity(16);
    let (mut room, mut cues, mut found) = (Room::default(), few(), few());
    for (place, sentence) in sentences.iter().enumerate() {
        let mask = masks.of(place);
        for (patterns, into) in [(&hearing.says, &mut found), (&hearing.cues, &mut cues)] {
            patterns.find(&line, sentence, mask, &mut room, into);
        }
    }
    line.sentences = sentences;
    found.sort_by_key(|found| (found.units.start, found.units.end));
    let context = Context {
        hearing,
        rules,
        line: &line,
        normal,
        text,
    };
    let scopes = Scopes::new(&line, &cues);
    let mut counted = context.count(&scopes, &found, &mut heard);
    context.put_together(&mut counted);
    context.replace(&mut counted);
    context.settle(&mut counted);
    let stated = context.stated_in(&counted);
    context.collect(counted, &mut heard);
    (heard, Read { line, cues, stated })
}

/// Whether two found patterns share words.
const fn meets(a: &Found, b: &Found) -> bool {
    a.units.start < b.units.end && b.units.start < a.units.end
}

/// One text, and what it is held against.
struct Context<'a> {
    hearing: &'a Hearing,
    rules: &'a Rules,
    line: &'a Line<'a>,
    normal: &'a Normal,
    text: &'a str,
}

impl Context<'_> {
    fn origin(&self, units: &Range<usize>) -> Range<usize> {
        self.line.origin(units, self.normal, self.text)
    }

    fn count(&self, scopes: &Scopes<'_>, found: &[Found], heard: &mut Heard) -> Vec<Counted> {
        let uses = |found: &Found| self.hearing.written[found.written].0;
        let mut counted: Vec<Counted> = Vec::new();
        for one in found.iter().filter(|one| uses(one) != Use::Unless) {
            let why = self.silence(scopes, found, one);
            if let Some((why, cue)) = why {
                if let Some(flag) = &self.hearing.signs[one.of].flag {
                    heard.silenced.push(SilencedHit {
                        flag: flag.clone(),
                        span: self.origin(&one.units),
                        why,
                        pattern: Arc::clone(&self.hearing.written[one.written].1),
                        cue: cue.cloned(),
                    });
                }
                continue;
            }
            let is_guess = one
                .units
                .clone()
                .any(|unit| self.line.units()[unit].is_guess);
            let sureness = if is_guess || uses(one) == Use::Maybe {
                Sureness::Unsure
            } else {
                Sureness::Sure
            };
            counted.push(Counted {
                sign: one.of,
                units: vec![one.units.clone()],
                sureness,
                who: scopes.who(&one.units),
                why: vec![one.written],
            });
        }
        counted
    }

    /// Why something found does not count, if it does not.
    fn silence(
        &self,
        scopes: &Scopes<'_>,
        found: &[Found],
        one: &Found,
    ) -> Option<(Silenced, Option<&Arc<str>>)> {
        let cue = |cue: usize| Some(&self.hearing.cue_texts[cue]);
        let sign = &self.hearing.signs[one.of];
        let beside = self.line.around(one.units.start);
        let first = found.partition_point(|other| other.units.start < beside.start);
        let beside = found[first..]
            .iter()
            .take_while(|other| other.units.start < beside.end)
            .filter(|other| other.of == one.of);
        let is_unless = |other: &Found| self.hearing.written[other.written].0 == Use::Unless;
        // One that names the sign itself ("almost fainted") is about that place alone.
        let is_about = |other: &Found| {
            meets(other, one)
                || !beside
                    .clone()
                    .any(|sign| !is_unless(sign) && meets(other, sign))
        };
        let unless = beside.clone().find(|other| {
            is_unless(other)
                && other.units.start <= one.units.end + UNLESS_UNITS_MAX
                && one.units.start <= other.units.end + UNLESS_UNITS_MAX
                // "Thought it was gas, but …": taken back.
                && !self.line.turns(other.units.end..one.units.end)
                && !self.line.parts(other.units.end..one.units.start + 1)
                && is_about(other)
                && !scopes.is_denied(&other.units, self.hearing.own_not)
        });
        if let Some(other) = unless {
            return Some((
                Silenced::Unless,
                Some(&self.hearing.written[other.written].1),
            ));
        }
        if scopes.is_denied(&one.units, self.hearing.own_not) {
            return Some((Silenced::Denied, None));
        }
        if let Some(by) = scopes.supposed_by(&one.units) {
            return Some((Silenced::Supposed, cue(by)));
        }
        if scopes.is_no_person(&one.units) {
            return Some((Silenced::Other, None));
        }
        let past = scopes.past_by(&one.units);
        if scopes.who(&one.units) == Who::Other && !sign.of_others {
            let is_emergency = sign
                .flag
                .as_ref()
                .is_none_or(|flag| self.rules.level_of(flag, Form::Sure) == Level::EmergencyNow);
            if !is_emergency || past.is_some() {
                return Some((Silenced::Other, past.and_then(cue)));
            }
        }
        if let Some(by) = scopes.ruled_out_by(&one.units) {
            return Some((Silenced::Over, cue(by)));
        }
        if sign.is_history {
            return None;
        }
        let names = |other: &Found| self.hearing.written[other.written].0 != Use::Unless;
        past.or_else(|| scopes.resolved_by(&one.units, found.iter().filter(|one| names(one))))
            .map(|by| (Silenced::Over, cue(by)))
    }

    /// Signs that stand near each other and state another together.
    fn put_together(&self, counted: &mut Vec<Counted>) {
        for (sign, of) in self.hearing.signs.iter().enumerate() {
            for group in &of.together {
                if let Some(new) = self.join(sign, group, counted) {
                    counted.push(new);
                }
            }
        }
    }

    fn join(&self, sign: usize, group: &[usize], counted: &[Counted]) -> Option<Counted> {
        let (first, rest) = group.split_first()?;
        let sentence = |one: &Counted| self.line.sentence[one.units[0].start];
        for one in counted.iter().filter(|one| one.sign == *first) {
            let mut joined = Counted {
                sign,
                units: one.units.clone(),
                sureness: one.sureness,
                who: one.who,
                why: one.why.clone(),
            };
            let complete = rest.iter().all(|wanted| {
                let near = counted
                    .iter()
                    .filter(|other| other.sign == *wanted)
                    .filter(|other| sentence(other).abs_diff(sentence(one)) <= TOGETHER_SENTENCES)
                    .max_by_key(|other| other.sureness);
                let Some(other) = near else {
                    return false;
                };
                joined.units.extend(other.units.iter().cloned());
                joined.why.extend(&other.why);
                joined.sureness = joined.sureness.min(other.sureness);
                if other.who == Who::Other {
                    joined.who = Who::Other;
                }
                true
            });
            if complete {
                return Some(joined);
            }
        }
        None
    }

    /// Words that state one sign for sure raise no question about another that is no
    /// graver.
    fn settle(&self, counted: &mut Vec<Counted>) {
        let level = |one: &Counted| {
            let flag = self.hearing.signs[one.sign].flag.as_ref();
            flag.map(|flag| self.rules.level_of(flag, Form::Sure))
        };
        let sure: Vec<(Option<Level>, Vec<Range<usize>>)> = counted
            .iter()
            .filter(|one| one.sureness == Sureness::Sure && one.who == Who::Speaker)
            .filter_map(|one| Some((Some(level(one)?), one.units.clone())))
            .collect();
        counted.retain(|one| {
            one.sureness == Sureness::Sure
                || level(one).is_none()
                || !sure.iter().any(|(by, units)| {
                    *by >= level(one)
                        && one.units.iter().all(|own| {
                            let meets = |other: &Range<usize>| {
                                own.start < other.end && other.start < own.end
                            };
                            units.iter().any(meets)
                        })
                })
        });
    }

    /// A stronger sign stands in for a weaker one in the same sentence.
    fn replace(&self, counted: &mut Vec<Counted>) {
        let stronger: Vec<(usize, usize)> = counted
            .iter()
            .filter(|one| one.sureness == Sureness::Sure)
            .flat_map(|one| {
                let replaced = &self.hearing.signs[one.sign].instead_of;
                one.units.iter().flat_map(move |units| {
                    let sentence = self.line.sentence[units.start];
                    replaced.iter().map(move |sign| (*sign, sentence))
                })
            })
            .collect();
        counted.retain(|one| {
            let sentence = self.line.sentence[one.units[0].start];
            !stronger.contains(&(one.sign, sentence))
        });
    }

    /// Whether a sign that blocks counts, for each sentence.
    fn stated_in(&self, counted: &[Counted]) -> Vec<bool> {
        let mut stated = vec![false; self.line.sentences.len()];
        for one in counted {
            let flag = self.hearing.signs[one.sign].flag.as_ref();
            if flag.is_some_and(|flag| self.rules.level_of(flag, Form::Sure).blocks()) {
                for units in &one.units {
                    stated[self.line.sentence[units.start]] = true;
                }
            }
        }
        stated
    }

    fn collect(&self, mut counted: Vec<Counted>, heard: &mut Heard) {
        counted.sort_by_key(|one| one.units[0].start);
        let mut about_self = false;
        for one in &counted {
            let sign = &self.hearing.signs[one.sign];
            let Some(flag) = &sign.flag else {
                continue;
            };
            let other = one.who == Who::Other && !sign.of_others;
            if other && self.rules.level_of(flag, Form::Sure) != Level::EmergencyNow {
                continue;
            }
            about_self |= !other;
            let spans = one.units.iter().map(|units| self.origin(units));
            let written = |written: &usize| Arc::clone(&self.hearing.written[*written].1);
            let why = one.why.iter().map(written);
            match heard.hits.iter_mut().find(|hit| hit.flag == *flag) {
                Some(hit) => {
                    hit.sureness = hit.sureness.max(one.sureness);
                    hit.spans.extend(spans);
                    hit.why.extend(why);
                }
                None => heard.hits.push(Hit {
                    flag: flag.clone(),
                    spans: spans.collect(),
                    sureness: one.sureness,
                    why: why.collect(),
                }),
            }
        }
        for hit in &mut heard.hits {
            hit.spans.sort_by_key(|span| (span.start, span.end));
            hit.spans.dedup();
            hit.why.sort_unstable();
            hit.why.dedup();
        }
        heard.someone_else = !heard.hits.is_empty() && !about_self;
    }
}
