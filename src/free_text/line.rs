//! A text cut into clauses, and patterns found in it.

use std::ops::Range;

use super::lexicon::{Edge, ElementId, Lexicon, Reading, Unit, role};
use super::normal::Normal;
use super::pattern::{Element, Gap, Pattern};
use super::source::Role;
use super::tokens::Kind;

/// What stands between a unit and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// Nothing.
    None,
    /// A comma.
    Comma,
    /// A new clause begins.
    Clause,
    /// "But".
    Contrast,
    /// A new sentence begins.
    Sentence,
}

/// Fillers that may stand in a row between two elements.
const FILLERS_MAX: usize = 4;

impl Gap {
    /// Words that may stand between, fillers not counted.
    const fn words(self) -> usize {
        match self {
            Self::Near => 0,
            Self::Wide => 6,
            Self::Far => 16,
        }
    }
}

/// Where a pattern was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub of: usize,
    pub written: usize,
    /// Units.
    pub units: Range<usize>,
}

/// A text with its clauses.
pub(super) struct Line<'l> {
    lexicon: &'l Lexicon,
    /// Without what stands in figures of speech.
    reading: Reading,
    /// Before each unit.
    pub breaks: Vec<Break>,
    /// Each unit's sentence.
    pub sentence: Vec<usize>,
    /// Sentences, as units.
    pub sentences: Vec<Range<usize>>,
    /// For each unit, where a negation that begins there ends; 0 is none.
    pub negation_end: Vec<usize>,
    is_filler: Vec<bool>,
    /// The roles of the phrases that begin at each unit, a bit each.
    roles: Vec<u16>,
}

impl<'l> Line<'l> {
    pub fn new(lexicon: &'l Lexicon, reading: Reading) -> Self {
        let count = reading.units.len();
        let mut line = Self {
            lexicon,
            breaks: vec![Break::None; count],
            sentence: vec![0; count],
            sentences: Vec::new(),
            negation_end: vec![0; count],
            is_filler: vec![false; count],
            roles: vec![0; count],
            reading,
        };
        line.find_sentences();
        line
    }

    fn find_sentences(&mut self) {
        let mut from = 0;
        for place in 0..self.units().len() {
            self.sentence[place] = self.sentences.len();
            let ends = matches!(self.units()[place].kind, Kind::Stop | Kind::Question);
            if ends {
                self.sentences.push(from..place + 1);
                from = place + 1;
            }
        }
        if from < self.units().len() {
            self.sentences.push(from..self.units().len());
        }
    }

    /// The sentence around a unit.
    pub fn around(&self, unit: usize) -> Range<usize> {
        self.sentences[self.sentence[unit]].clone()
    }

    pub fn units(&self) -> &[Unit] {
        &self.reading.units
    }

    /// The bytes behind some units, as they were typed.
    pub fn origin(&self, units: &Range<usize>, normal: &Normal, text: &str) -> Range<usize> {
        let start = self.units()[units.start].span.start;
        let end = self.units()[units.end - 1].span.end;
        normal.origin(text, start..end)
    }

    /// The edges that begin in some units, outside figures of speech.
    pub fn edges(&self, units: &Range<usize>) -> &[Edge] {
        let first = &self.reading.first_edge;
        match (first.get(units.start), first.get(units.end)) {
            (Some(from), Some(to)) => &self.reading.edges[*from..*to],
            _ => &[],
        }
    }

    fn edges_at(&self, unit: usize) -> &[Edge] {
        self.edges(&(unit..unit + 1))
    }

    fn fills(&self, edge: &Edge, element: ElementId) -> bool {
        self.lexicon.fills(edge, element)
    }

    /// The edges at a unit that fill an element.
    fn filling(&self, unit: usize, element: ElementId) -> impl Iterator<Item = &Edge> {
        let edges = self.edges_at(unit).iter();
        edges.filter(move |edge| self.fills(edge, element))
    }

    /// Whether a phrase of a role begins at a unit; known once clauses are.
    pub fn has(&self, unit: usize, of: Role) -> bool {
        let roles = self.roles.get(unit);
        roles.is_some_and(|roles| roles >> role(of) & 1 == 1)
    }

    /// Whether a "not" stands inside some units: what they say is said with it.
    pub fn holds_not(&self, units: &Range<usize>, own_not: ElementId) -> bool {
        units.clone().any(|unit| self.is_not(unit, units, own_not))
    }

    /// Whether each "not" inside some units is the second of a Spanish denial: "no me
    /// duele *nada* al orinar".
    pub fn holds_second_not(&self, units: &Range<usize>, own_not: ElementId) -> bool {
        let mut nots = units
            .clone()
            .filter(|unit| self.is_not(*unit, units, own_not));
        nots.all(|unit| unit > units.start && self.is_filler[unit])
    }

    fn is_not(&self, unit: usize, units: &Range<usize>, own_not: ElementId) -> bool {
        self.edges_at(unit).iter().any(|edge| {
            edge.to <= units.end
                && (self.fills(edge, own_not) || self.fills(edge, role(Role::Negation)))
        })
    }

    /// Where the longest phrase of a role that begins at a unit ends.
    pub fn end_of(&self, unit: usize, of: Role) -> Option<usize> {
        if !self.has(unit, of) {
            return None;
        }
        self.filling(unit, role(of)).map(|edge| edge.to).max()
    }

    /// Takes figures of speech out: what stands in them means nothing.
    pub fn blank(&mut self, idioms: &[Found]) {
        if idioms.is_empty() {
            return;
        }
        let mut is_blank = vec![false; self.units().len()];
        for idiom in idioms {
            is_blank[idiom.units.clone()].fill(true);
        }
        let Reading {
            edges, first_edge, ..
        } = &mut self.reading;
        edges.retain(|edge| !is_blank[edge.from..edge.to].contains(&true));
        for (unit, first) in first_edge.iter_mut().enumerate() {
            *first = edges.partition_point(|edge| edge.from < unit);
        }
    }

    /// Finds fillers, negations and where clauses begin.
    pub fn find_clauses(&mut self, own_not: ElementId) {
        let count = self.units().len();
        for edge in &self.reading.edges {
            let roles = self.lexicon.roles(edge);
            self.roles[edge.from] |= roles;
            self.is_filler[edge.from] |=
                edge.to == edge.from + 1 && roles >> role(Role::Filler) & 1 == 1;
        }
        for unit in 0..count {
            // "Not able to" is no negation of what follows: a longer phrase has its "not".
            if let Some(end) = self.end_of(unit, Role::Negation) {
                let is_part = (unit.saturating_sub(4)..=unit).any(|from| {
                    self.edges_at(from).iter().any(|edge| {
                        edge.to >= end
                            && edge.to - edge.from > end - unit
                            && (self.fills(edge, own_not)
                                || self.fills(edge, role(Role::NotNegation)))
                    })
                });
                if !is_part {
                    self.negation_end[unit] = end;
                }
            }
        }
        for unit in 0..count {
            self.breaks[unit] = self.break_before(unit);
        }
    }

    fn break_before(&self, unit: usize) -> Break {
        let Some(before) = unit.checked_sub(1) else {
            return Break::Sentence;
        };
        if self.sentence[before] != self.sentence[unit] {
            return Break::Sentence;
        }
        if self.has(unit, Role::Contrast) || self.has(before, Role::Contrast) {
            return Break::Contrast;
        }
        let starts = |unit: usize| {
            self.has(unit, Role::Starter) && !(unit > 0 && self.has(unit - 1, Role::Link))
        };
        match self.units()[unit].kind {
            Kind::Comma => return Break::Comma,
            Kind::Word | Kind::Colon | Kind::Question | Kind::Stop => {}
        }
        let after_comma = self.units()[before].kind == Kind::Comma;
        if starts(unit) && !self.is_inside(unit) && !self.negates(before) {
            let follows_joiner = self.has(before, Role::Joiner);
            if after_comma || (!follows_joiner && !self.has(before, Role::Starter)) {
                return Break::Clause;
            }
            return Break::None;
        }
        // "And my …": the clause begins at the joining word.
        if self.has(unit, Role::Joiner)
            && self
                .units()
                .get(unit + 1)
                .is_some_and(|next| next.kind == Kind::Word)
            && (self.has(unit + 1, Role::Starter) || self.negation_end[unit + 1] != 0)
            && !self.is_inside(unit)
        {
            return Break::Clause;
        }
        Break::None
    }

    /// Whether a phrase runs over the border before a unit.
    fn is_inside(&self, unit: usize) -> bool {
        let before = self.edges(&(unit.saturating_sub(5)..unit));
        before.iter().any(|edge| edge.to > unit)
    }

    fn negates(&self, unit: usize) -> bool {
        (unit.saturating_sub(3)..=unit).any(|from| self.negation_end[from] == unit + 1)
    }

    /// Whether a "but" stands in front of any of some units.
    pub fn turns(&self, mut units: Range<usize>) -> bool {
        units.any(|unit| self.breaks[unit] == Break::Contrast)
    }

    /// Whether a clause begins at any of some units.
    pub fn parts(&self, mut units: Range<usize>) -> bool {
        units.any(|unit| self.breaks[unit] >= Break::Clause)
    }

    /// Whether a "not" of any kind runs up to a unit or over it.
    pub fn follows_not(&self, unit: usize) -> bool {
        let reaches = |from: usize, of: Role| self.end_of(from, of) >= Some(unit);
        (unit.saturating_sub(4)..unit)
            .any(|from| reaches(from, Role::Negation) || reaches(from, Role::NotNegation))
    }

    /// What it costs to go past the border before `unit`, or `None` where a gap
    /// may not.
    fn border(&self, unit: usize, gap: Gap) -> Option<usize> {
        match (self.breaks[unit], gap) {
            (Break::None | Break::Comma, _) => Some(0),
            (Break::Clause, Gap::Far) => Some(1),
            (Break::Contrast, Gap::Far) => Some(1),
            (Break::Clause | Break::Contrast, Gap::Near | Gap::Wide) | (Break::Sentence, _) => None,
        }
    }

    /// What it costs to leave out a unit.
    fn skip(&self, unit: usize) -> Option<usize> {
        match self.units()[unit].kind {
            Kind::Colon => return Some(0),
            Kind::Comma => return Some(1),
            Kind::Stop | Kind::Question => return None,
            Kind::Word => {}
        }
        if self.negation_end[unit] != 0 {
            return None;
        }
        Some(usize::from(!self.is_filler[unit]))
    }

    /// Finds a pattern, from each place where it may begin, with its nearest end.
    /// `room` is for ends found on the way.
    pub fn find(
        &self,
        pattern: &Pattern,
        within: &Range<usize>,
        room: &mut [Vec<usize>; 2],
        into: &mut Vec<Found>,
    ) {
        let Some((first, rest)) = pattern.elements.split_first() else {
            return;
        };
        /// Before a question may stand a word or two ("ok so what if").
        const OPENING_UNITS: usize = 3;
        let last = if pattern.opens {
            within.end.min(within.start + OPENING_UNITS)
        } else {
            within.end
        };
        let [ends, next] = room;
        let mut begun = None;
        for edge in self.edges(&(within.start..last)) {
            let from = edge.from;
            if begun == Some(from) || !self.fills(edge, first.is) {
                continue;
            }
            begun = Some(from);
            ends.clear();
            ends.extend(self.filling(from, first.is).map(|edge| edge.to));
            for element in rest {
                if ends.is_empty() {
                    break;
                }
                next.clear();
                for end in &*ends {
                    self.reach(*end, element, next);
                }
                next.sort_unstable();
                next.dedup();
                std::mem::swap(ends, next);
            }
            if let Some(to) = ends.iter().min() {
                into.push(Found {
                    of: pattern.of,
                    written: pattern.written,
                    units: from..*to,
                });
            }
        }
    }

    /// The ends of what stands behind `from`, over a gap.
    fn reach(&self, from: usize, element: &Element, into: &mut Vec<usize>) {
        let mut left = element.gap.words();
        let mut fillers = 0;
        let mut at = from;
        while at < self.units().len() {
            let Some(cost) = self.border(at, element.gap).filter(|cost| *cost <= left) else {
                break;
            };
            left -= cost;
            at += 1;
            let Some(cost) = self.skip(at - 1).filter(|cost| *cost <= left) else {
                break;
            };
            left -= cost;
            fillers = if cost == 0 { fillers + 1 } else { 0 };
            if fillers > FILLERS_MAX {
                break;
            }
        }
        let behind = self.edges(&(from..at)).iter();
        let filling = behind.filter(|edge| self.fills(edge, element.is));
        into.extend(filling.map(|edge| edge.to));
    }

    /// All elements that something in a sentence fills.
    pub fn filled(&self, within: &Range<usize>) -> impl Iterator<Item = &[ElementId]> {
        let edges = self.edges(within).iter();
        edges.map(|edge| self.lexicon.filled(edge))
    }

    /// The named classes and roles that stand in a sentence, each once.
    pub fn concepts(&self, within: &Range<usize>) -> Vec<u32> {
        let mut found = Vec::with_capacity(4 * within.len());
        for edge in self.edges(within) {
            found.extend_from_slice(self.lexicon.concepts(edge));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub fn is_filler(&self, unit: usize) -> bool {
        self.is_filler[unit]
    }
}
