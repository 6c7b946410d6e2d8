//! Patterns, found by the phrases of a sentence.

use std::ops::Range;

use super::lexicon::{ElementId, Lexicon, Mask};
use super::line::{Found, Line};
use super::pattern::Pattern;

/// Patterns by the rarest element that each of them needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns {
    list: Vec<Pattern>,
    /// For each set of the lexicon, where its candidates begin; one more at the end.
    first: Vec<u32>,
    candidates: Vec<Candidate>,
}

/// A pattern whose rarest element a phrase fills.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// Two other elements it needs, the next rare, if it has so many: few sentences
    /// hold all.
    needs: [ElementId; 2],
    /// A place in the list.
    pattern: u32,
}

/// Room for searches, used again by the next.
#[derive(Debug, Default)]
pub(super) struct Room {
    tried: Vec<u32>,
    ends: [Vec<usize>; 2],
}

impl Patterns {
    /// Sorts patterns by the phrases of a finished lexicon. `often` says which elements
    /// stand in many sentences.
    pub fn new(mut list: Vec<Pattern>, lexicon: &Lexicon, often: &[bool]) -> Self {
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let mut uses = vec![0_usize; lexicon.elements()];
        for element in list.iter().flat_map(|pattern| &pattern.elements) {
            uses[element.is as usize] += 1;
        }
        let rarest_first = |pattern: &Pattern| {
            let elements = pattern.elements.iter().map(|element| element.is);
            let mut elements: Vec<ElementId> = elements.collect();
            elements
                .sort_by_key(|element| (often[usize::from(*element)], uses[usize::from(*element)]));
            elements.dedup();
            elements
        };
        let least_used = |pattern: &Pattern| {
            let elements = pattern.elements.iter().map(|element| element.is);
            elements.min_by_key(|element| uses[*element as usize])
        };
        list.sort_by_key(least_used);
        let mut by_element = vec![Vec::new(); lexicon.elements()];
        for (place, pattern) in list.iter().enumerate() {
            let elements = rarest_first(pattern);
            if let [anchor, others @ ..] = elements.as_slice() {
                let other = |place: usize| others.get(place).copied().unwrap_or(*anchor);
                by_element[*anchor as usize].push(Candidate {
                    needs: [other(0), other(1)],
                    pattern: number(place),
                });
            }
        }
        let (mut first, mut candidates) = (Vec::new(), Vec::new());
        for elements in lexicon.sets() {
            first.push(number(candidates.len()));
            for element in elements {
                candidates.extend_from_slice(&by_element[*element as usize]);
            }
        }
        first.push(number(candidates.len()));
        Self {
            list,
            first,
            candidates,
        }
    }

    /// Finds everything in a sentence. `mask` holds the elements that stand in it:
    /// only patterns whose every element does are tried.
    pub fn find(
        &self,
        line: &Line<'_>,
        within: &Range<usize>,
        mask: Mask<'_>,
        room: &mut Room,
        found: &mut Vec<Found>,
    ) {
        let Room { tried, ends } = room;
        tried.clear();
        for edge in line.edges(within) {
            let set = edge.set as usize;
            let range = self.first[set] as usize..self.first[set + 1] as usize;
            let near = self.candidates[range]
                .iter()
                .filter(|candidate| candidate.needs.iter().all(|element| mask.has(*element)));
            tried.extend(near.map(|candidate| candidate.pattern));
        }
        tried.sort_unstable();
        tried.dedup();
        for place in tried {
            let pattern = &self.list[*place as usize];
            if pattern.elements.iter().all(|element| mask.has(element.is)) {
                line.find(pattern, within, ends, found);
            }
        }
    }
}
