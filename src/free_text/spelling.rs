//! Typing mistakes, undone within bounds.
//!
//! Only words nobody knows are looked at, and only words that matter are
//! offered: an ordinary word is never taken for another.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Letters from which one changed, missing, doubled or swapped letter is undone.
const ONE_EDIT_LETTERS_MIN: usize = 5;

/// Shorter words have only two swapped letters put right ("pian").
const SWAP_LETTERS_MIN: usize = 4;

/// Letters from which two mistakes are undone.
const TWO_EDITS_LETTERS_MIN: usize = 9;

/// The hash of a word, and of a word without a letter: keys are hashed already.
#[derive(Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Words that matter, found by what is left of them when letters are lost.
#[derive(Debug, Clone, Default)]
pub(super) struct Spelling {
    words: Vec<Box<str>>,
    ids: Vec<u32>,
    /// Hash of a word with a letter or two taken out, to the words it came from.
    near: HashMap<u64, Vec<u32>, BuildHasherDefault<Ready>>,
    /// Hash of how a word sounds in Spanish.
    sounds: HashMap<u64, u32, BuildHasherDefault<Ready>>,
}

/// A word put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mended {
    pub id: u32,
    /// Two mistakes: only a guess.
    pub is_guess: bool,
}

impl Spelling {
    /// Adds a word that matters.
    pub fn add(&mut self, word: &str, id: u32) {
        let letters = word.chars().count();
        if letters < SWAP_LETTERS_MIN || word.chars().any(|c| c.is_ascii_digit()) {
            return;
        }
        let place = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.into());
        self.ids.push(id);
        self.near.entry(hash(word)).or_default().push(place);
        let mut less = String::with_capacity(word.len());
        for first in 0..letters {
            without(word, first, usize::MAX, &mut less);
            self.note(&less, place);
            if letters >= TWO_EDITS_LETTERS_MIN {
                for second in first + 1..letters {
                    without(word, first, second, &mut less);
                    self.note(&less, place);
                }
            }
        }
        if letters >= ONE_EDIT_LETTERS_MIN {
            self.sounds.entry(hash(&sound(word))).or_insert(place);
        }
    }

    fn note(&mut self, less: &str, place: u32) {
        let places = self.near.entry(hash(less)).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }

    /// The word that was meant, if one is near enough.
    pub fn mend(&self, typed: &str) -> Option<Mended> {
        let letters = typed.chars().count();
        if letters < SWAP_LETTERS_MIN {
            return None;
        }
        if letters >= ONE_EDIT_LETTERS_MIN
            && let Some(place) = self.sounds.get(&hash(&sound(typed)))
            && sound(&self.words[*place as usize]) == sound(typed)
        {
            return Some(self.mended(*place, 1));
        }
        let mut best: Option<(usize, u32)> = None;
        let mut less = String::with_capacity(typed.len());
        self.weigh(typed, typed, &mut best);
        for first in 0..letters {
            without(typed, first, usize::MAX, &mut less);
            self.weigh(typed, &less, &mut best);
        }
        if best.is_none() && letters + 1 >= TWO_EDITS_LETTERS_MIN {
            for first in 0..letters {
                for second in first + 1..letters {
                    without(typed, first, second, &mut less);
                    self.weigh(typed, &less, &mut best);
                }
            }
        }
        best.map(|(edits, place)| self.mended(place, edits))
    }

    fn mended(&self, place: u32, edits: usize) -> Mended {
        Mended {
            id: self.ids[place as usize],
            is_guess: edits > 1,
        }
    }

    fn weigh(&self, typed: &str, less: &str, best: &mut Option<(usize, u32)>) {
        let Some(places) = self.near.get(&hash(less)) else {
            return;
        };
        for place in places {
            let word = &*self.words[*place as usize];
            if !same_start(word, typed) {
                continue;
            }
            let edits = strsim::osa_distance(word, typed);
            let (own, typed_letters) = (word.chars().count(), typed.chars().count());
            let allowed = if own.min(typed_letters) >= TWO_EDITS_LETTERS_MIN {
                2
            } else if own >= ONE_EDIT_LETTERS_MIN || (own == typed_letters && is_swap(word, typed))
            {
                1
            } else {
                0
            };
            if edits <= allowed && best.is_none_or(|(fewest, _)| edits < fewest) {
                *best = Some((edits, *place));
            }
        }
    }
}

/// People rarely miss the first letter; where they do, it is swapped or mute.
fn same_start(word: &str, typed: &str) -> bool {
    let first = |text: &str| {
        let mut letters = text.chars();
        [letters.next(), letters.next()]
    };
    let [a, b] = first(word);
    let [c, d] = first(typed);
    a == c || (a == d && b == c) || (a == Some('h') && b == c) || (c == Some('h') && d == a)
}

fn is_swap(word: &str, typed: &str) -> bool {
    let mut a: Vec<char> = word.chars().collect();
    let mut b: Vec<char> = typed.chars().collect();
    a.sort_unstable();
    b.sort_unstable();
    a == b
}

/// `word` without two of its letters.
fn without(word: &str, first: usize, second: usize, into: &mut String) {
    into.clear();
    into.extend(
        word.chars()
            .enumerate()
            .filter(|(place, _)| *place != first && *place != second)
            .map(|(_, letter)| letter),
    );
}

fn hash(text: &str) -> u64 {
    // FNV-1a's offset.
    let mut hasher = Ready(0xcbf2_9ce4_8422_2325);
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// How a word sounds to those who write by ear: no h, b for v, s for z and soft
/// c, y for ll, k for qu and hard c, j for soft g, one letter for two.
fn sound(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut heard = String::with_capacity(word.len());
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        let is_soft = matches!(next, Some('e' | 'i'));
        let (sounds, taken) = match letters[at] {
            'c' if next == Some('h') => ('x', 2),
            'h' => ('h', 1),
            'v' => ('b', 1),
            'z' => ('s', 1),
            'c' if is_soft => ('s', 1),
            'q' if next == Some('u') => ('k', 2),
            'c' | 'q' => ('k', 1),
            'g' if is_soft => ('j', 1),
            'l' if next == Some('l') => ('y', 2),
            'ñ' => ('n', 1),
            letter => (letter, 1),
        };
        if sounds != 'h' && !heard.ends_with(sounds) {
            heard.push(sounds);
        }
        at += taken;
    }
    heard
}
