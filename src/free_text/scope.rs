//! Who, when and whether: what the cues of a text turn off.

use std::ops::Range;

use super::lexicon::ElementId;
use super::line::{Break, Found, Line};
use super::source::{Cue, Role};
use super::tokens::Kind;

/// Words that may stand between a negation and what it denies.
const NEGATION_WORDS_MAX: usize = 7;

/// A part of a list this short goes on with the list's negation.
const LIST_WORDS_MAX: usize = 3;

/// Units over which a negated list may run.
const LIST_UNITS_MAX: usize = 24;

/// So many words behind a "but" may come before what says that it is over.
const TURN_UNITS_MAX: usize = 4;

/// Why something found does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Silenced {
    /// A word before or behind it denies it.
    Denied,
    /// It is only supposed, planned or asked about.
    Supposed,
    /// Somebody else has it, or had it.
    Other,
    /// It is over.
    Over,
    /// Other words in the sentence say that something else is meant.
    Unless,
}

impl Silenced {
    /// One word for those who read the reasons.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Supposed => "only supposed",
            Self::Other => "about somebody else",
            Self::Over => "over",
            Self::Unless => "means something else",
        }
    }
}

/// A cue reaches no farther than this many words.
const BREATH_UNITS_MAX: usize = 24;

/// Of whom something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Speaker,
    Other,
}

/// A cue and where it stands.
#[derive(Debug, Clone)]
pub(super) struct CueAt {
    pub cue: Cue,
    /// Which written pattern it is.
    pub written: usize,
    pub units: Range<usize>,
}

/// The cues of a whole text.
pub(super) struct Scopes<'l> {
    line: &'l Line<'l>,
    cues: Vec<CueAt>,
}

impl<'l> Scopes<'l> {
    pub fn new(line: &'l Line<'l>, found: &[Found]) -> Self {
        let mut cues: Vec<CueAt> = found
            .iter()
            .filter_map(|found| {
                let cue = Cue::ALL.into_iter().find(|cue| *cue as usize == found.of)?;
                Some(CueAt {
                    cue,
                    written: found.written,
                    units: found.units.clone(),
                })
            })
            .collect();
        cues.sort_by_key(|cue| cue.units.start);
        Self { line, cues }
    }

    /// The cues of a sentence, given by a unit of it.
    fn around(&self, unit: usize) -> &[CueAt] {
        self.within(&self.line.around(unit))
    }

    fn within(&self, units: &Range<usize>) -> &[CueAt] {
        let before = |end: usize| self.cues.partition_point(|at| at.units.start < end);
        &self.cues[before(units.start)..before(units.end)]
    }

    /// No "but" between two units of one sentence, and not too much else: some
    /// write pages without a full stop.
    fn same_breath(&self, a: usize, b: usize) -> bool {
        let (from, to) = (a.min(b), a.max(b));
        to - from <= BREATH_UNITS_MAX
            && (from + 1..=to).all(|unit| self.line.breaks[unit] < Break::Contrast)
    }

    /// Of whom what stands at `units` is said.
    pub fn who(&self, units: &Range<usize>) -> Who {
        let mut beside = self.around(units.start).iter();
        let is_family = beside.any(|at| at.cue == Cue::Family);
        if is_family || self.is_of(Cue::Other, units) {
            Who::Other
        } else {
            Who::Speaker
        }
    }

    /// Whether what stands at `units` is said of an animal or a thing.
    pub fn is_no_person(&self, units: &Range<usize>) -> bool {
        self.is_of(Cue::NoPerson, units)
    }

    /// A cue names somebody before `units`, and the speaker does not come back.
    fn is_of(&self, cue: Cue, units: &Range<usize>) -> bool {
        let last = (self.around(units.start).iter())
            .filter(|at| at.cue == cue && at.units.start <= units.start)
            .filter(|at| !self.is_half_of(&at.units, units))
            .map(|at| at.units.end)
            .max();
        last.is_some_and(|end| !self.names_speaker(end..units.end.min(self.line.units().len())))
    }

    /// Whether a cue ends within the phrase that was found: "my baby" in "my baby bump"
    /// names nobody.
    fn is_half_of(&self, cue: &Range<usize>, units: &Range<usize>) -> bool {
        let first = self.line.edges(&(units.start..units.start + 1));
        units.start < cue.end
            && cue.end < units.end
            && first.iter().any(|edge| edge.to == units.end)
    }

    /// Whether the speaker says "I" or "my" in these units.
    fn names_speaker(&self, mut units: Range<usize>) -> bool {
        units.any(|unit| self.line.has(unit, Role::Self_))
    }

    /// Whether what stands at `units` is only supposed, asked about in general,
    /// or a matter of somebody's job or reading.
    pub fn supposed_by(&self, units: &Range<usize>) -> Option<usize> {
        let supposes = |at: &&CueAt| {
            let before =
                at.units.start <= units.start && self.same_breath(at.units.start, units.start);
            match at.cue {
                // "As if something tore" supposes nothing.
                Cue::Supposed => before && !self.is_compared(at.units.start),
                Cue::Aside => before && self.same_part(at.units.end, units.start),
                Cue::Offered => {
                    before
                        && self.same_part(at.units.end, units.start)
                        && !self.names_speaker(at.units.end..units.end)
                }
                Cue::Asked => before && self.is_general_question(units),
                Cue::Idiom
                | Cue::Other
                | Cue::Family
                | Cue::NoPerson
                | Cue::Resolved
                | Cue::RuledOut
                | Cue::Past
                | Cue::Admitted => false,
            }
        };
        let mut beside = self.around(units.start).iter();
        let by = beside.find(supposes)?;
        (!self.is_admitted(units)).then_some(by.written)
    }

    /// "… because I did", behind what was asked about or as the next thing said.
    fn is_admitted(&self, units: &Range<usize>) -> bool {
        let sentence = self.line.sentence[units.start];
        let here = self.line.sentences[sentence].clone();
        let next = self.line.sentences.get(sentence + 1);
        let next = next.map(|next| next.start..next.end.min(next.start + TURN_UNITS_MAX));
        let admits = |at: &CueAt| at.cue == Cue::Admitted && at.units.end > units.start;
        self.within(&here).iter().any(admits)
            || next.is_some_and(|next| self.within(&next).iter().any(admits))
    }

    /// The word before makes a phrase with the one here that only compares.
    fn is_compared(&self, unit: usize) -> bool {
        let before = unit.checked_sub(1);
        before.is_some_and(|before| self.line.end_of(before, Role::Link) > Some(unit))
    }

    /// No comma and no new clause between two units.
    fn same_part(&self, a: usize, b: usize) -> bool {
        (a..b.max(a)).all(|unit| self.line.breaks[unit] < Break::Comma)
            && self.line.breaks[b] < Break::Comma
    }

    /// A question, and nobody says "I" in it up to what was found.
    fn is_general_question(&self, units: &Range<usize>) -> bool {
        let sentence = self.line.around(units.start);
        let asks = self.line.units()[sentence.end - 1].kind == Kind::Question;
        asks && !self.names_speaker(sentence.start..units.end)
    }

    /// Long ago, with nothing that brings it to the present.
    pub fn past_by(&self, units: &Range<usize>) -> Option<usize> {
        let is_past = |at: &&CueAt| {
            at.cue == Cue::Past
                && self.same_breath(at.units.start, units.start)
                && !self.is_told_before(&at.units, units.start)
                && !self.is_now(&at.units, &[Role::Now, Role::Back])
        };
        let mut beside = self.around(units.start).iter();
        beside.find(is_past).map(|at| at.written)
    }

    /// A cue in front of `unit`, parted from it by a comma, that says when something else
    /// was: "had a baby 3 years ago, my feet are numb".
    fn is_told_before(&self, cue: &Range<usize>, unit: usize) -> bool {
        /// "Like 3 years ago, …" says nothing yet.
        const TOLD_WORDS_MIN: usize = 2;
        let line = self.line;
        let is_comma = |unit: &usize| line.units()[*unit].kind == Kind::Comma;
        let start = line.around(cue.start).start;
        let from = (start..cue.start).rev().find(is_comma).unwrap_or(start);
        (cue.end..unit).any(|unit| is_comma(&unit))
            && self.part_words(from, cue.start) >= TOLD_WORDS_MIN
    }

    /// It was looked for, and is not there.
    pub fn ruled_out_by(&self, units: &Range<usize>) -> Option<usize> {
        // "The x-ray was fine, but …": what follows is new.
        let rules_out = |at: &&CueAt| {
            at.cue == Cue::RuledOut
                && (at.units.end > units.start
                    || !(self.line.turns(at.units.end..units.start + 1)
                        || self.is_of_the_speaker(at.units.end, units)))
        };
        let mut beside = self.around(units.start).iter();
        beside.find(rules_out).map(|at| at.written)
    }

    /// Between a cue and what was found a part begins that names the speaker: "the scan was
    /// clean, my foot drags".
    fn is_of_the_speaker(&self, cue_end: usize, units: &Range<usize>) -> bool {
        let begins = |unit: &usize| self.line.breaks[*unit] >= Break::Comma;
        let part = (cue_end..units.start + 1).find(begins);
        part.is_some_and(|part| self.names_speaker(part..units.end))
    }

    /// A word in the same breath says that it is still so. One that is a part of the cue
    /// says it not: "its back to normal".
    fn is_now(&self, cue: &Range<usize>, roles: &[Role]) -> bool {
        let mut sentence = self.line.around(cue.start);
        sentence.any(|other| {
            let says_so = roles.iter().any(|role| self.line.has(other, *role));
            says_so && !cue.contains(&other) && self.same_breath(cue.start, other)
        })
    }

    /// "… but came back", behind what says that it was over.
    fn comes_back(&self, end: usize) -> bool {
        /// Behind the cue may stand how long: "for an hour".
        const UNITS_MAX: usize = 6;
        let line = self.line;
        let rest = end..line.around(end.saturating_sub(1)).end.min(end + UNITS_MAX);
        let turn = rest.clone().find(|unit| line.has(*unit, Role::Contrast));
        turn.is_some_and(|turn| {
            let returns = |unit: usize| unit < rest.end && line.has(unit, Role::Back);
            returns(turn + 1) || returns(turn + 2)
        })
    }

    /// Something says that it is over: in its own clause, or as the next thing
    /// said, where that names nothing else.
    pub fn resolved_by<'f>(
        &self,
        units: &Range<usize>,
        others: impl Iterator<Item = &'f Found> + Clone,
    ) -> Option<usize> {
        let resolves = |at: &&CueAt| {
            // "It never went away" resolves nothing.
            if at.cue != Cue::Resolved
                || self.line.follows_not(at.units.start)
                || self.is_now(&at.units, &[Role::Back])
                || self.comes_back(at.units.end)
            {
                return false;
            }
            let from = self.line.sentence[units.start];
            let to = self.line.sentence[at.units.start];
            if from == to && self.same_breath(units.start, at.units.start) {
                return true;
            }
            if at.units.start < units.end {
                return false;
            }
            // "… . it went away", "… but by noon it was gone": nothing else is named
            // from there to the cue.
            let turn = if from == to {
                self.last_contrast(units.end, at.units.start)
            } else {
                (to == from + 1).then(|| self.line.sentences[to].start)
            };
            turn.is_some_and(|turn| {
                let reach = if from == to { TURN_UNITS_MAX } else { 2 };
                turn + reach >= at.units.start
                    && !others.clone().any(|other| {
                        other.units.start >= units.end.max(turn)
                            && other.units.start <= at.units.end
                    })
            })
        };
        // In this sentence or the next.
        let sentence = self.line.sentence[units.start];
        let mut reach = self.line.sentences[sentence].clone();
        if let Some(next) = self.line.sentences.get(sentence + 1) {
            reach.end = next.end;
        }
        self.within(&reach)
            .iter()
            .find(resolves)
            .map(|at| at.written)
    }

    /// The last "but" between two units of one sentence.
    fn last_contrast(&self, from: usize, to: usize) -> Option<usize> {
        (from..=to)
            .rev()
            .find(|unit| self.line.breaks[*unit] == Break::Contrast)
    }

    /// Whether a word before or behind denies what stands at `units`.
    pub fn is_denied(&self, units: &Range<usize>, own_not: ElementId) -> bool {
        let holds_not = self.line.holds_not(units, own_not);
        let denied = if holds_not {
            self.line.holds_second_not(units, own_not) && self.is_denied_before(units, false)
        } else {
            self.is_denied_before(units, true)
        };
        denied || self.is_answered_no(units.end, holds_not)
    }

    /// "Fever: no", "numbness? nope", "fever no". What has its own "not" is only
    /// answered behind a colon or a question: "no sale nada" and "no siento los pies,
    /// ninguno" deny nothing.
    fn is_answered_no(&self, end: usize, wants_mark: bool) -> bool {
        let line = self.line;
        let mut at = end;
        let mut marks = 0;
        while let Some(unit) = line.units().get(at) {
            let is_mark = matches!(unit.kind, Kind::Colon | Kind::Question)
                || (unit.kind == Kind::Comma && marks == 0 && !wants_mark);
            if !is_mark {
                break;
            }
            marks += 1;
            at += 1;
        }
        if at >= line.units().len() || (wants_mark && marks == 0) {
            return false;
        }
        let Some(answer) = line.end_of(at, Role::AnswersNo) else {
            return false;
        };
        // "…, no para": it goes on.
        if line.end_of(at, Role::NotNegation) > Some(answer) {
            return false;
        }
        // Only a whole answer counts: "chest pain no relief" stays.
        let mut after = answer;
        while after < line.units().len()
            && (line.has(after, Role::AnswersNo) || line.is_filler(after))
            && line.units()[after].kind == Kind::Word
        {
            after += 1;
        }
        let colon = end < at && line.units()[end].kind == Kind::Colon;
        colon
            || after >= line.units().len()
            || line.units()[after].kind != Kind::Word
            || line.breaks[after] >= Break::Clause
    }

    /// `in_lists`: also as a later part of a list whose first part is denied.
    fn is_denied_before(&self, units: &Range<usize>, in_lists: bool) -> bool {
        let line = self.line;
        let sentence = line.around(units.start);
        // The border in front of what was found counts as well.
        let mut words = 0;
        let mut crossed_list = false;
        let mut part_end = self.part_end(units.end);
        let mut at = units.start;
        loop {
            match line.breaks[at] {
                Break::Clause | Break::Contrast | Break::Sentence => return false,
                Break::None | Break::Comma => {}
            }
            if self.restarts(at) {
                return false;
            }
            if at == sentence.start {
                return false;
            }
            at -= 1;
            let unit = &line.units()[at];
            if units.end - at > LIST_UNITS_MAX {
                return false;
            }
            // A word of this many may be a phrase that ends here. "Ni" both denies and
            // joins.
            let denies = (at.saturating_sub(4).max(sentence.start)..=at)
                .any(|from| line.negation_end[from] > at);
            if denies {
                return true;
            }
            if unit.kind == Kind::Comma || (unit.kind == Kind::Word && self.joins(at)) {
                // A list's short parts share its negation; a clause does not, however
                // short: "no injury, both my legs are numb".
                let is_clause = |unit: usize| line.has(unit, Role::Verb);
                let tells = unit.kind == Kind::Comma
                    && ((at + 2..part_end).any(is_clause)
                        || (line.units().get(at + 1)).is_some_and(|next| next.number.is_some()));
                if !in_lists || tells || self.part_words(at + 1, part_end) > LIST_WORDS_MAX {
                    return false;
                }
                part_end = at;
                crossed_list = true;
                words = 0;
                continue;
            }
            if unit.kind == Kind::Word && !line.is_filler(at) {
                words += 1;
                let limit = if crossed_list {
                    NEGATION_WORDS_MAX - 2
                } else {
                    NEGATION_WORDS_MAX
                };
                if words > limit {
                    return false;
                }
            }
        }
    }

    /// "My", "me": a new thing is spoken of, unless it hangs on what stands before.
    fn restarts(&self, unit: usize) -> bool {
        let line = self.line;
        line.has(unit, Role::Restart)
            && unit > 0
            && !line.has(unit - 1, Role::Link)
            && !line.has(unit - 1, Role::Starter)
            && !(unit.saturating_sub(4)..unit).any(|from| line.negation_end[from] >= unit)
    }

    fn joins(&self, unit: usize) -> bool {
        self.line.has(unit, Role::Joiner)
    }

    /// Where the part of a list that holds `from` ends.
    fn part_end(&self, from: usize) -> usize {
        let line = self.line;
        (from..line.units().len())
            .find(|unit| {
                line.units()[*unit].kind != Kind::Word
                    || line.breaks[*unit] >= Break::Clause
                    || self.joins(*unit)
            })
            .unwrap_or(line.units().len())
    }

    fn part_words(&self, from: usize, to: usize) -> usize {
        (from..to.max(from))
            .filter(|unit| {
                self.line.units()[*unit].kind == Kind::Word
                    && !self.line.is_filler(*unit)
                    && !self.joins(*unit)
            })
            .count()
    }
}
