//! Words and phrases to classes.

mod phrases;
mod reading;

use std::collections::HashMap;
use std::ops::Range;

use super::likeness::concept;
use super::normal::normalise;
use super::source::{ClassSource, HearingError, Numbers, Role, WordsSource, Written};
use super::spelling::Spelling;
use super::tokens::Kind;

pub(super) use phrases::plain_words;

/// A class of words, or a word that a pattern names by itself.
pub(super) type ClassId = u32;

/// A place in a pattern: any of some classes. Patterns share those that are alike.
pub(super) type ElementId = u32;

/// A shorter stem is found in nearly every word.
const STEM_LETTERS_MIN: usize = 3;

/// A set of elements.
#[derive(Debug, Clone, Default)]
pub(super) struct Mask(Vec<u64>);

impl Mask {
    pub fn set(&mut self, element: ElementId) {
        let place = element as usize / 64;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        self.0[place] |= 1 << (element % 64);
    }

    pub fn has(&self, element: ElementId) -> bool {
        self.0
            .get(element as usize / 64)
            .is_some_and(|word| word >> (element % 64) & 1 == 1)
    }

    pub fn each(&self) -> impl Iterator<Item = ElementId> + '_ {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let bit = word.trailing_zeros();
                word &= word - 1;
                ElementId::try_from(place * 64 + bit as usize).ok()
            })
        })
    }
}

/// The class of a role's words, and the element that stands for it.
pub(super) const fn role(role: Role) -> ElementId {
    role as ElementId
}

/// One word or mark of a text, as the patterns see it.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub kind: Kind,
    /// Bytes of the plain text.
    pub span: Range<usize>,
    pub number: Option<u32>,
    /// What it may be read as; `NONE` where fewer.
    words: [u32; WORDS_MAX],
    /// Put right by guessing.
    pub is_guess: bool,
}

/// A word and the stems it begins with.
const WORDS_MAX: usize = 4;

/// No word.
const NONE: u32 = u32::MAX;

/// Units that stand for classes.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    /// Which elements it may fill: a place in the lexicon's sets, or behind them
    /// in the reading's own.
    set: usize,
}

/// A text as units and edges; edges are sorted by where they begin.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub units: Vec<Unit>,
    pub edges: Vec<Edge>,
    /// For each unit, its first edge; one more at the end.
    pub first_edge: Vec<usize>,
    /// What numbers of this text may fill.
    numbers: Vec<Vec<ElementId>>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Sorted by word.
    next: Vec<(u32, u32)>,
    classes: Vec<ClassId>,
    /// Its set of elements, once all patterns are known.
    set: Option<usize>,
}

/// All words, compiled.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    words: HashMap<Box<str>, u32>,
    /// Stems are words of their own, by their letters.
    stems: HashMap<Box<str>, u32>,
    stem_bytes_max: usize,
    /// The stems each word begins with.
    stems_of: Vec<Vec<u32>>,
    respell: HashMap<Box<str>, Vec<Box<str>>>,
    numbers: HashMap<Box<str>, u32>,
    nodes: Vec<Node>,
    /// For each word, the node behind the root; 0 is none.
    roots: Vec<u32>,
    ranges: Vec<(Numbers, ClassId)>,
    names: HashMap<String, ClassId>,
    literals: HashMap<String, ClassId>,
    classes: ClassId,
    elements: HashMap<Vec<ClassId>, ElementId>,
    /// For each set of classes that a phrase has, the elements it may fill.
    sets: Vec<Vec<ElementId>>,
    /// For each of those sets, its named classes and roles, as the second net knows
    /// them.
    concepts: Vec<Vec<u32>>,
    /// For each class, the elements it may fill.
    fills: Vec<Vec<ElementId>>,
    spelling: Spelling,
    beside: HashMap<Box<str>, Beside>,
}

/// What a word means beside certain others.
#[derive(Debug, Clone, Default)]
struct Beside {
    to: String,
    after: Vec<String>,
    before: Vec<String>,
}

impl Lexicon {
    pub fn compile(
        source: &WordsSource,
        roles: &[(Role, Vec<Written>)],
    ) -> Result<Self, HearingError> {
        let mut lexicon = Self {
            nodes: vec![Node::default()],
            ..Self::default()
        };
        for _ in Role::ALL {
            let class = lexicon.new_class();
            lexicon.element(vec![class]);
        }
        for class in &source.classes {
            lexicon.name(class)?;
        }
        let reach = lexicon.reach(&source.classes)?;
        for (role_of, lists) in roles {
            for list in lists {
                lexicon.add_list(list, &[role(*role_of)])?;
            }
        }
        for (class, reached) in source.classes.iter().zip(&reach) {
            for list in &class.words {
                lexicon.add_list(list, reached)?;
            }
        }
        for (number, value) in &source.numbers {
            let plain = plain_words(number).concat();
            lexicon.word(&plain);
            lexicon.numbers.insert(plain.into(), *value);
        }
        Ok(lexicon)
    }

    /// What is left once the patterns have brought their own words: spelling,
    /// short forms, ordinary words.
    pub fn finish(&mut self, source: &WordsSource) -> Result<(), HearingError> {
        let mattering: Vec<(Box<str>, u32)> = self
            .words
            .iter()
            .map(|(word, id)| (word.clone(), *id))
            .collect();
        for (from, to) in &source.respell {
            let words: Vec<Box<str>> = plain_words(to).into_iter().map(Into::into).collect();
            if words.is_empty() {
                return Err(HearingError::new(from, "this stands for no word"));
            }
            let key = normalise(&from.text).text;
            self.respell.insert(key.into(), words);
        }
        for one in &source.respell_beside {
            let beside = Beside {
                to: normalise(&one.to).text,
                after: plain_words(&one.after),
                before: plain_words(&one.before),
            };
            self.beside.insert(normalise(&one.from).text.into(), beside);
        }
        let mut sorted = mattering;
        sorted.sort_unstable();
        for (word, id) in &sorted {
            self.spelling.add(word, *id);
            // Those who type without ñ mean it all the same, except in years.
            if word.contains('ñ') {
                let bare = word.replace('ñ', "n");
                self.words.entry(bare.into()).or_insert(*id);
            }
        }
        for list in &source.common {
            for word in list.text.split([',', '\n', ' ']) {
                for word in plain_words(word) {
                    self.word(&word);
                }
            }
        }
        let all: Vec<(Box<str>, u32)> = self
            .words
            .iter()
            .map(|(word, id)| (word.clone(), *id))
            .collect();
        for (word, id) in all {
            self.stems_of[id as usize] = self.stems_in(&word).collect();
        }
        self.find_sets();
        Ok(())
    }

    fn name(&mut self, class: &ClassSource) -> Result<(), HearingError> {
        let id = self.new_class();
        let written = class.words.first().cloned().unwrap_or_default();
        if self.names.insert(class.name.clone(), id).is_some() {
            return Err(HearingError::new(
                &written,
                format!("the class {} stands here twice", class.name),
            ));
        }
        Ok(())
    }

    fn new_class(&mut self) -> ClassId {
        self.classes += 1;
        self.classes - 1
    }

    /// The element that any of these classes fills.
    pub fn element(&mut self, mut classes: Vec<ClassId>) -> ElementId {
        classes.sort_unstable();
        classes.dedup();
        let next = ElementId::try_from(self.elements.len()).unwrap_or(ElementId::MAX);
        *self.elements.entry(classes).or_insert(next)
    }

    /// For each class, itself and every class that it belongs to.
    fn reach(&self, classes: &[ClassSource]) -> Result<Vec<Vec<ClassId>>, HearingError> {
        let mut belongs: Vec<(usize, usize)> = Vec::new();
        for (outer, class) in classes.iter().enumerate() {
            for also in &class.also {
                let inner = classes
                    .iter()
                    .position(|other| other.name == also.text)
                    .ok_or_else(|| HearingError::unknown(also, "class", &also.text))?;
                belongs.push((inner, outer));
            }
        }
        let reach = (0..classes.len()).map(|start| {
            let mut reached = vec![start];
            let mut next = 0;
            while let Some(inner) = reached.get(next).copied() {
                for (_, outer) in belongs.iter().filter(|(from, _)| *from == inner) {
                    if !reached.contains(outer) {
                        reached.push(*outer);
                    }
                }
                next += 1;
            }
            let ids = reached.into_iter();
            ids.filter_map(|place| self.names.get(&classes[place].name).copied())
                .collect()
        });
        Ok(reach.collect())
    }

    fn add_list(&mut self, list: &Written, classes: &[ClassId]) -> Result<(), HearingError> {
        for phrase in list.text.split([',', '\n']) {
            if phrase.trim().is_empty() {
                continue;
            }
            self.add_phrase(list, phrase.trim(), classes)?;
        }
        Ok(())
    }

    fn add_phrase(
        &mut self,
        written: &Written,
        phrase: &str,
        classes: &[ClassId],
    ) -> Result<(), HearingError> {
        for words in phrases::expand(phrase).map_err(|why| HearingError::new(written, why))? {
            if words.is_empty() {
                return Err(HearingError::new(
                    written,
                    format!("`{phrase}` can stand for no word at all"),
                ));
            }
            let mut node = 0;
            for word in &words {
                let id = match word.strip_suffix('*') {
                    Some(stem) if stem.chars().count() < STEM_LETTERS_MIN => {
                        return Err(HearingError::new(
                            written,
                            format!(
                                "`{word}` would match too much: a stem has three letters or more"
                            ),
                        ));
                    }
                    Some(stem) => self.stem(stem),
                    None => self.word(word),
                };
                node = self.step(node, id);
            }
            self.nodes[node].classes.extend(classes);
        }
        Ok(())
    }

    fn step(&mut self, node: usize, word: u32) -> usize {
        if node == 0 {
            let found = self.roots[word as usize];
            if found != 0 {
                return found as usize;
            }
            self.nodes.push(Node::default());
            let new = self.nodes.len() - 1;
            self.roots[word as usize] = u32::try_from(new).unwrap_or(0);
            return new;
        }
        match self.nodes[node]
            .next
            .binary_search_by_key(&word, |(word, _)| *word)
        {
            Ok(place) => self.nodes[node].next[place].1 as usize,
            Err(place) => {
                self.nodes.push(Node::default());
                let new = self.nodes.len() - 1;
                self.nodes[node]
                    .next
                    .insert(place, (word, u32::try_from(new).unwrap_or(0)));
                new
            }
        }
    }

    fn new_word(&mut self) -> u32 {
        self.stems_of.push(Vec::new());
        self.roots.push(0);
        u32::try_from(self.stems_of.len() - 1).unwrap_or(NONE)
    }

    fn word(&mut self, word: &str) -> u32 {
        if let Some(id) = self.words.get(word) {
            return *id;
        }
        let id = self.new_word();
        self.words.insert(word.into(), id);
        id
    }

    fn stem(&mut self, stem: &str) -> u32 {
        if let Some(id) = self.stems.get(stem) {
            return *id;
        }
        let id = self.new_word();
        self.stems.insert(stem.into(), id);
        self.stem_bytes_max = self.stem_bytes_max.max(stem.len());
        id
    }

    fn stems_in<'a>(&'a self, word: &'a str) -> impl Iterator<Item = u32> + 'a {
        let longest = self.stem_bytes_max.min(word.len());
        (STEM_LETTERS_MIN..=longest)
            .filter_map(|length| self.stems.get(word.get(..length)?).copied())
    }

    /// The class named in capitals.
    pub fn class(&self, name: &str) -> Option<ClassId> {
        self.names.get(name).copied()
    }

    /// A word or phrase that a pattern names by itself.
    pub fn literal(&mut self, written: &Written, phrase: &str) -> Result<ClassId, HearingError> {
        if let Some(id) = self.literals.get(phrase) {
            return Ok(*id);
        }
        let id = self.new_class();
        self.literals.insert(phrase.to_owned(), id);
        self.add_phrase(written, phrase, &[id])?;
        Ok(id)
    }

    /// A range of numbers that a pattern names.
    pub fn range(&mut self, range: Numbers) -> ClassId {
        if let Some((_, id)) = self.ranges.iter().find(|(known, _)| *known == range) {
            return *id;
        }
        let id = self.new_class();
        self.ranges.push((range, id));
        id
    }

    /// Which elements each phrase may fill.
    fn find_sets(&mut self) {
        let mut fills: Vec<Vec<ElementId>> = vec![Vec::new(); self.classes as usize];
        for (classes, element) in &self.elements {
            for class in classes {
                fills[*class as usize].push(*element);
            }
        }
        let named: HashMap<ClassId, u32> = Role::ALL
            .into_iter()
            .filter(|of| *of != Role::Filler)
            .map(|of| (role(of), concept(&[of as u8])))
            .chain((self.names.iter()).map(|(name, class)| (*class, concept(name.as_bytes()))))
            .collect();
        let mut known: HashMap<Vec<ClassId>, usize> = HashMap::new();
        for node in self
            .nodes
            .iter_mut()
            .filter(|node| !node.classes.is_empty())
        {
            node.classes.sort_unstable();
            node.classes.dedup();
            let place = known.entry(node.classes.clone()).or_insert_with(|| {
                self.sets.push(filled(&fills, &node.classes));
                let concepts = node.classes.iter().filter_map(|class| named.get(class));
                self.concepts.push(concepts.copied().collect());
                self.sets.len() - 1
            });
            node.set = Some(*place);
        }
        self.fills = fills;
    }

    /// The named classes and roles of an edge, as the second net knows them.
    pub fn concepts(&self, edge: &Edge) -> &[u32] {
        self.concepts.get(edge.set).map_or(&[], Vec::as_slice)
    }

    /// The elements an edge may fill, in order.
    pub fn filled<'a>(&'a self, reading: &'a Reading, edge: &Edge) -> &'a [ElementId] {
        match edge.set.checked_sub(self.sets.len()) {
            Some(own) => reading.numbers.get(own).map_or(&[], Vec::as_slice),
            None => &self.sets[edge.set],
        }
    }
}

/// The elements that any of some classes fills, in order.
fn filled(fills: &[Vec<ElementId>], classes: &[ClassId]) -> Vec<ElementId> {
    let mut elements: Vec<ElementId> = classes
        .iter()
        .flat_map(|class| fills.get(*class as usize).into_iter().flatten().copied())
        .collect();
    elements.sort_unstable();
    elements.dedup();
    elements
}
