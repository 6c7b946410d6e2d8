//! Where the second net is asked: sentences in which no sign counts.

use std::ops::Range;

use super::learned::Learned;
use super::likeness::{Likeness, concept};
use super::normal::Normal;
use super::tokens::Kind;
use super::{Heard, Hit, LEARNED, Read, SilencedHit, Sureness};

/// Fewer words, fillers not counted, resemble anything: "knee pain" looks for a place.
const SUSPECT_WORDS_MIN: usize = 3;

impl Read<'_> {
    /// Asks about sentences in which nothing counts and which resemble those that
    /// state a sign. What a cue silenced stays silent.
    pub(super) fn suspect(
        &self,
        learned: &Learned,
        normal: &Normal,
        text: &str,
        heard: &mut Heard,
    ) {
        for (sentence, stated) in self.line.sentences.iter().zip(&self.stated) {
            if *stated || !self.says_something(sentence) {
                continue;
            }
            let span = self.line.origin(sentence, normal, text);
            let silenced: Vec<&SilencedHit> = (heard.silenced.iter())
                .filter(|one| span.start <= one.span.start && one.span.end <= span.end)
                .collect();
            let likeness = self.likeness(normal, sentence, silenced.iter().copied());
            let Some(flag) = learned.suspect(&likeness) else {
                continue;
            };
            let is_silenced = silenced.iter().any(|one| one.flag == *flag);
            if is_silenced || heard.hits.iter().any(|hit| hit.flag == *flag) {
                continue;
            }
            heard.hits.push(Hit {
                flag: flag.clone(),
                spans: vec![span],
                sureness: Sureness::Unsure,
                why: vec![LEARNED.into()],
            });
        }
    }

    fn says_something(&self, sentence: &Range<usize>) -> bool {
        let is_word = |place: &usize| {
            let unit = &self.line.units()[*place];
            unit.kind == Kind::Word && unit.number.is_none() && !self.line.is_filler(*place)
        };
        sentence.clone().filter(is_word).count() >= SUSPECT_WORDS_MIN
    }

    /// What the net sees of some units.
    pub(super) fn likeness<'n, 's>(
        &self,
        normal: &'n Normal,
        units: &Range<usize>,
        silenced: impl Iterator<Item = &'s SilencedHit>,
    ) -> Likeness<'n> {
        let (Some(first), Some(last)) = (
            self.line.units().get(units.start),
            self.line.units()[..units.end].last(),
        ) else {
            return Likeness::default();
        };
        let within = |found: &Range<usize>| units.contains(&found.start);
        let cues = self.cues.iter().filter(|cue| within(&cue.units));
        let cue = |of: usize| concept(&[CUE, u8::try_from(of).unwrap_or(u8::MAX)]);
        let mut concepts = self.line.concepts(units);
        concepts.extend(cues.map(|found| cue(found.of)));
        concepts.extend(silenced.map(|one| concept(one.why.word().as_bytes())));
        concepts.sort_unstable();
        concepts.dedup();
        Likeness::new(&normal.text[first.span.start..last.span.end], concepts)
    }
}

/// Keeps cues and silenced signs apart from classes and roles.
const CUE: u8 = 1;
