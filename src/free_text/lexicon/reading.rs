//! Reading a text: what was typed to units, and units to edges.

use super::{Edge, Lexicon, NONE, Reading, Unit, WORDS_MAX};
use crate::free_text::normal::Normal;
use crate::free_text::tokens::{Kind, Token, tokens};

impl Lexicon {
    /// Reads a text.
    pub fn read(&self, normal: &Normal) -> Reading {
        let tokens = tokens(normal);
        // As many as words and marks, and now and then one more.
        let room = tokens.len() + 4;
        let mut reading = Reading {
            units: Vec::with_capacity(room),
            edges: Vec::with_capacity(2 * room),
            first_edge: Vec::with_capacity(room + 1),
        };
        for token in tokens {
            self.read_token(normal, token, &mut reading.units);
        }
        self.respell_beside(&mut reading.units, &normal.text);
        self.find_edges(&mut reading);
        reading
    }

    fn read_token(&self, normal: &Normal, token: Token, units: &mut Vec<Unit>) {
        let mut unit = Unit {
            kind: token.kind,
            span: token.span,
            number: token.number,
            words: [NONE; WORDS_MAX],
            is_guess: false,
        };
        if unit.kind != Kind::Word {
            return units.push(unit);
        }
        let typed = &normal.text[unit.span.clone()];
        if unit.number.is_some() {
            // "24/7", "las 2 piernas": a phrase may hold digits.
            unit.words[0] = self.words.get(typed).copied().unwrap_or(NONE);
            return units.push(unit);
        }
        if let Some(words) = self.respell.get(typed) {
            for word in words {
                let mut one = unit.clone();
                self.look_up(word, &mut one);
                units.push(one);
            }
            return;
        }
        if !self.look_up(typed, &mut unit) {
            let single = without_doubles(typed);
            let is_mended = (single != typed && self.look_up(&single, &mut unit))
                || self.mend(typed, &mut unit)
                || unit.words[0] != NONE;
            if !is_mended && let Some(place) = self.split(typed) {
                // Two words typed as one.
                let mut first = unit.clone();
                first.span.end = first.span.start + place;
                unit.span.start += place;
                self.look_up(&typed[..place], &mut first);
                self.look_up(&typed[place..], &mut unit);
                units.push(first);
            }
        }
        units.push(unit);
    }

    /// Fills in what a word is known as; whether it is known itself, and not by
    /// its stem alone.
    fn look_up(&self, word: &str, unit: &mut Unit) -> bool {
        match self.words.get(word) {
            Some(id) => {
                unit.number = self.numbers.get(id).copied().or(unit.number);
                unit.words = [NONE; WORDS_MAX];
                unit.words[0] = *id;
                let stems = self.stems_of[*id as usize].iter();
                for (slot, stem) in unit.words[1..].iter_mut().zip(stems) {
                    *slot = *stem;
                }
                true
            }
            None => {
                if unit.words[0] == NONE {
                    for (slot, stem) in unit.words.iter_mut().zip(self.stems_in(word)) {
                        *slot = stem;
                    }
                }
                false
            }
        }
    }

    fn mend(&self, typed: &str, unit: &mut Unit) -> bool {
        // A word known by its stem is not taken for another by guessing.
        let is_known = unit.words[0] != NONE;
        let mended = self.spelling.mend(typed);
        let Some(mended) = mended.filter(|mended| !(mended.is_guess && is_known)) else {
            return false;
        };
        unit.words[0] = mended.id;
        for (slot, stem) in unit.words[1..]
            .iter_mut()
            .zip(&self.stems_of[mended.id as usize])
        {
            *slot = *stem;
        }
        unit.is_guess = mended.is_guess;
        true
    }

    /// Where two known words were typed as one.
    fn split(&self, typed: &str) -> Option<usize> {
        /// Shorter halves are found in nearly every word.
        const HALF_LETTERS_MIN: usize = 4;
        if typed.len() < HALF_LETTERS_MIN + 2 || typed.len() > 2 * self.word_bytes_max {
            return None;
        }
        let matters = |word: &str| {
            let id = self.words.get(word);
            id.is_some_and(|id| self.trie.root(*id).is_some())
        };
        (2..typed.len() - 1)
            .filter(|place| typed.is_char_boundary(*place))
            .filter(|place| {
                let shorter = (*place).min(typed.len() - place);
                let longer = (*place).max(typed.len() - place);
                longer >= HALF_LETTERS_MIN && shorter >= 2
            })
            .find(|place| matters(&typed[..*place]) && matters(&typed[*place..]))
    }

    /// Words that mean something else beside others ("3 anos" are years).
    fn respell_beside(&self, units: &mut [Unit], text: &str) {
        if self.beside.is_empty() {
            return;
        }
        for place in 0..units.len() {
            let typed = &text[units[place].span.clone()];
            let Some(beside) = self.beside.get(typed) else {
                continue;
            };
            let is_in = |words: &[String], unit: &Unit| {
                let typed = &text[unit.span.clone()];
                words.iter().any(|word| word == typed)
            };
            let counts = place.checked_sub(1).is_some_and(|before| {
                units[before].number.is_some() || is_in(&beside.after, &units[before])
            });
            let next = units.get(place + 1);
            let is_named = next.is_some_and(|next| is_in(&beside.before, next));
            if counts || is_named {
                let mut meant = units[place].clone();
                meant.words = [NONE; WORDS_MAX];
                self.look_up(&beside.to, &mut meant);
                units[place] = meant;
            }
        }
    }

    fn find_edges(&self, reading: &mut Reading) {
        let Reading {
            units,
            edges,
            first_edge,
        } = reading;
        for (from, unit) in units.iter().enumerate() {
            first_edge.push(edges.len());
            if let Some(number) = unit.number {
                edges.push(self.edge(from, from + 1, self.set_of_number(number)));
            }
            for word in unit.words() {
                if let Some(node) = self.trie.root(word) {
                    self.walk(node, from, from + 1, units, edges);
                }
            }
        }
        first_edge.push(edges.len());
    }

    /// Every phrase that begins at `from`, from `node` on.
    fn walk(&self, node: u32, from: usize, to: usize, units: &[Unit], edges: &mut Vec<Edge>) {
        if let Some(set) = self.trie.set(node) {
            edges.push(self.edge(from, to, set));
        }
        if !self.trie.goes_on(node) {
            return;
        }
        let Some(unit) = units.get(to).filter(|unit| unit.kind == Kind::Word) else {
            return;
        };
        for word in unit.words() {
            if let Some(next) = self.trie.step(node, word) {
                self.walk(next, from, to + 1, units, edges);
            }
        }
    }
}

impl Unit {
    /// What it may be read as.
    fn words(&self) -> impl Iterator<Item = u32> {
        let words = self.words.into_iter();
        words.take_while(|word| *word != NONE)
    }
}

fn without_doubles(word: &str) -> String {
    let mut single = String::with_capacity(word.len());
    for letter in word.chars() {
        if !single.ends_with(letter) {
            single.push(letter);
        }
    }
    single
}
