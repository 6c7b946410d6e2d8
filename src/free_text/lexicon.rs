//! Words and phrases to classes.

mod phrases;
mod reading;
mod trie;

use std::collections::HashMap;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::likeness::concept;
use super::normal::normalise;
use super::source::{ClassSource, HearingError, Numbers, Role, WordsSource, Written};
use super::spelling::Spelling;
use super::tokens::Kind;
use trie::{Growing, Trie};

pub(super) use phrases::plain_words;

/// A class of words, or a word that a pattern names by itself.
pub(super) type ClassId = u32;

/// A place in a pattern: any of some classes. Patterns share those that are alike.
pub(super) type ElementId = u16;

/// A shorter stem is found in nearly every word.
const STEM_LETTERS_MIN: usize = 3;

/// A set of elements for each sentence of a text, in one piece of memory.
#[derive(Debug, Clone)]
pub(super) struct Masks {
    bits: Vec<u64>,
    words_each: usize,
}

/// A set of elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask<'m>(&'m [u64]);

impl Masks {
    /// Empty ones with room for so many elements.
    pub fn new(sentences: usize, elements: usize) -> Self {
        let words_each = elements / 64 + 1;
        Self {
            bits: vec![0; sentences * words_each],
            words_each,
        }
    }

    /// Fills the set of a sentence anew.
    pub fn fill<'e>(&mut self, sentence: usize, elements: impl Iterator<Item = &'e [ElementId]>) {
        let from = sentence * self.words_each;
        let words = &mut self.bits[from..from + self.words_each];
        words.fill(0);
        for element in elements.flatten() {
            words[usize::from(*element) / 64] |= bit(*element);
        }
    }

    /// The set of a sentence.
    pub fn of(&self, sentence: usize) -> Mask<'_> {
        let from = sentence * self.words_each;
        Mask(&self.bits[from..from + self.words_each])
    }
}

impl Mask<'_> {
    pub fn has(self, element: ElementId) -> bool {
        self.0
            .get(element as usize / 64)
            .is_some_and(|word| word & bit(element) != 0)
    }
}

/// An element's bit in a word of 64; further ones share it.
const fn bit(element: ElementId) -> u64 {
    1 << (element % 64)
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
const WORDS_MAX: usize = 6;

/// No word.
const NONE: u32 = u32::MAX;

/// Units that stand for classes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    /// What it may fill, as a place in the lexicon's sets.
    pub set: SetId,
    /// [`Filling::hint`] of that set.
    hint: u64,
}

/// A text as units and edges; edges are sorted by where they begin.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub units: Vec<Unit>,
    pub edges: Vec<Edge>,
    /// For each unit, its first edge; one more at the end.
    pub first_edge: Vec<usize>,
}

/// Phrases of the same classes share one.
pub(super) type SetId = u32;

/// What the phrases of some classes stand for.
#[derive(Debug, Clone, Copy)]
struct Filling {
    /// Where the elements they may fill stand in the lexicon's list.
    from: u32,
    to: u32,
    /// A bit for each element: most questions end here.
    hint: u64,
}

/// All words, compiled.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    words: FxHashMap<Box<str>, u32>,
    /// The most bytes a word has.
    word_bytes_max: usize,
    /// Stems are words of their own, by their letters.
    stems: FxHashMap<Box<str>, u32>,
    stem_bytes_max: usize,
    /// The stems each word begins with.
    stems_of: Vec<Vec<u32>>,
    respell: FxHashMap<Box<str>, Vec<Box<str>>>,
    /// What a number word says, by its word.
    numbers: FxHashMap<u32, u32>,
    /// Phrases, while they are gathered.
    growing: Growing,
    /// The same, to be read.
    trie: Trie,
    ranges: Vec<(Numbers, ClassId)>,
    /// From each of these numbers on, what a number may fill; sorted.
    number_sets: Vec<(u32, SetId)>,
    names: HashMap<String, ClassId>,
    literals: HashMap<String, ClassId>,
    classes: ClassId,
    elements: HashMap<Vec<ClassId>, ElementId>,
    sets: Vec<Filling>,
    /// The elements of all sets; those of one set in order.
    filled: Vec<ElementId>,
    /// For each set its named classes and roles, as the second net knows them.
    concepts: Vec<Vec<u32>>,
    spelling: Spelling,
    beside: FxHashMap<Box<str>, Beside>,
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
        let mut lexicon = Self::default();
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
                lexicon.add_list(list, &[role(*role_of).into()])?;
            }
        }
        for (class, reached) in source.classes.iter().zip(&reach) {
            for list in &class.words {
                lexicon.add_list(list, reached)?;
            }
        }
        for (number, value) in &source.numbers {
            let plain = plain_words(number).concat();
            let word = lexicon.word(&plain);
            lexicon.numbers.insert(word, *value);
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
            self.word_bytes_max = self.word_bytes_max.max(word.len());
        }
        self.check_stems()?;
        self.spelling.finish();
        self.find_sets();
        Ok(())
    }

    /// A word may be read as so many stems, and no more: one of them would be lost.
    fn check_stems(&self) -> Result<(), HearingError> {
        let longest = self.stems.keys().find(|stem| {
            let shorter = self.stems_in(stem).count();
            shorter >= WORDS_MAX
        });
        longest.map_or(Ok(()), |stem| {
            let why = format!(
                "`{stem}*` begins with {} other stems or more",
                WORDS_MAX - 1
            );
            Err(HearingError::new(&Written::default(), why))
        })
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
            let mut row = Vec::with_capacity(words.len());
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
                row.push(id);
            }
            self.growing.add(&row, classes);
        }
        Ok(())
    }

    fn new_word(&mut self) -> u32 {
        self.stems_of.push(Vec::new());
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

    /// Which elements each phrase and each number may fill.
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
            .map(|of| (role(of).into(), concept(&[of as u8])))
            .chain((self.names.iter()).map(|(name, class)| (*class, concept(name.as_bytes()))))
            .collect();
        let mut known: HashMap<Vec<ClassId>, SetId> = HashMap::new();
        let (sets, all, concepts) = (&mut self.sets, &mut self.filled, &mut self.concepts);
        let mut set = |classes: Vec<ClassId>| -> SetId {
            let next = SetId::try_from(known.len()).unwrap_or(SetId::MAX);
            *known.entry(classes).or_insert_with_key(|classes| {
                sets.push(Filling::new(filled(&fills, classes), all));
                let named = classes.iter().filter_map(|class| named.get(class));
                concepts.push(named.copied().collect());
                next
            })
        };
        let growing = std::mem::take(&mut self.growing);
        self.trie = growing.finish(self.stems_of.len(), &mut set);
        let borders = self.ranges.iter().flat_map(|(range, _)| {
            [Some(*range.start()), range.end().checked_add(1)]
                .into_iter()
                .flatten()
        });
        let mut borders: Vec<u32> = borders.chain([0]).collect();
        borders.sort_unstable();
        borders.dedup();
        let ranges = &self.ranges;
        let of_number = |number: u32| {
            let held = ranges.iter().filter(|(range, _)| range.contains(&number));
            (number, set(held.map(|(_, class)| *class).collect()))
        };
        self.number_sets = borders.into_iter().map(of_number).collect();
    }

    /// What a number may fill.
    fn set_of_number(&self, number: u32) -> SetId {
        let behind = self
            .number_sets
            .partition_point(|(from, _)| *from <= number);
        // The first begins at 0, once the lexicon is finished.
        self.number_sets
            .get(behind.saturating_sub(1))
            .map_or(0, |(_, set)| *set)
    }

    /// An edge, with what it may fill.
    fn edge(&self, from: usize, to: usize, set: SetId) -> Edge {
        let hint = self.sets[set as usize].hint;
        Edge {
            from,
            to,
            set,
            hint,
        }
    }

    /// For each element, whether one of these frequent words fills it alone: then it
    /// stands in many sentences.
    pub fn often(&self, frequent: &[Written]) -> Vec<bool> {
        let mut often = vec![false; self.elements()];
        for list in frequent {
            for word in list.text.split([',', '\n', ' ']).flat_map(plain_words) {
                let Some(id) = self.words.get(word.as_str()) else {
                    continue;
                };
                for word in std::iter::once(id).chain(&self.stems_of[*id as usize]) {
                    let node = self.trie.root(*word);
                    let Some(set) = node.and_then(|node| self.trie.set(node)) else {
                        continue;
                    };
                    for element in self.sets[set as usize].of(&self.filled) {
                        often[*element as usize] = true;
                    }
                }
            }
        }
        often
    }

    /// How many elements patterns name.
    pub fn elements(&self) -> usize {
        self.elements.len()
    }

    /// For each set, the elements it may fill, in order.
    pub fn sets(&self) -> impl Iterator<Item = &[ElementId]> {
        self.sets.iter().map(|set| set.of(&self.filled))
    }

    /// The named classes and roles of an edge, as the second net knows them.
    pub fn concepts(&self, edge: &Edge) -> &[u32] {
        &self.concepts[edge.set as usize]
    }

    /// The roles of an edge, a bit each: they are the first elements.
    pub fn roles(&self, edge: &Edge) -> u16 {
        let roles = self
            .filled(edge)
            .iter()
            .take_while(|element| (**element as usize) < Role::ALL.len());
        roles.fold(0, |roles, role| roles | 1 << role)
    }

    /// The elements an edge may fill, in order.
    pub fn filled(&self, edge: &Edge) -> &[ElementId] {
        self.sets[edge.set as usize].of(&self.filled)
    }

    /// Whether an edge may fill an element.
    pub fn fills(&self, edge: &Edge, element: ElementId) -> bool {
        edge.hint & bit(element) != 0 && self.filled(edge).binary_search(&element).is_ok()
    }
}

impl Filling {
    /// Puts the elements of a set behind all others.
    fn new(elements: Vec<ElementId>, all: &mut Vec<ElementId>) -> Self {
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let from = place(all.len());
        all.extend_from_slice(&elements);
        Self {
            from,
            to: place(all.len()),
            hint: elements
                .iter()
                .fold(0, |hint, element| hint | bit(*element)),
        }
    }

    fn of(self, all: &[ElementId]) -> &[ElementId] {
        &all[self.from as usize..self.to as usize]
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
