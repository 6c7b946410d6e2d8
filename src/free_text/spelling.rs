//! Typing mistakes, undone within bounds.
//!
//! Only words nobody knows are looked at, and only words that matter are
//! offered: an ordinary word is never taken for another.

use rustc_hash::FxHashMap;

/// Letters from which one changed, missing, doubled or swapped letter is undone.
const ONE_EDIT_LETTERS_MIN: usize = 5;

/// Shorter words have only two swapped letters put right ("pian").
const SWAP_LETTERS_MIN: usize = 4;

/// Letters from which two mistakes are undone.
const TWO_EDITS_LETTERS_MIN: usize = 9;

/// Words that matter, found by what is left of them when letters are lost.
#[derive(Debug, Clone, Default)]
pub(super) struct Spelling {
    words: Vec<Box<str>>,
    ids: Vec<u32>,
    /// The most letters a word has.
    letters_max: usize,
    /// What is left of a word without a letter or two, and the word; sorted once all
    /// are known.
    near: Vec<(u64, u32)>,
    /// Where in `near` each beginning of a hash begins.
    near_first: Vec<u32>,
    /// A bit for each end of a hash that stands in `near`: most questions end here.
    near_bits: Vec<u64>,
    /// How a word sounds in Spanish.
    sounds: FxHashMap<Box<str>, u32>,
}

/// Bits of a hash by which it is looked up.
const NEAR_BITS: u32 = 18;

/// Bits of a hash's other end by which it is seen that it is not there.
const ABSENT_BITS: u32 = 21;

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
        let spelt = Spelt::new(word);
        let letters = spelt.letters();
        if letters < SWAP_LETTERS_MIN || word.chars().any(|c| c.is_ascii_digit()) {
            return;
        }
        let place = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.into());
        self.ids.push(id);
        self.letters_max = self.letters_max.max(letters);
        self.near.push((spelt.whole(), place));
        for first in 0..letters {
            self.near.push((spelt.without(first), place));
            if letters >= TWO_EDITS_LETTERS_MIN {
                for second in first + 1..letters {
                    self.near.push((spelt.without_both(first, second), place));
                }
            }
        }
        if letters >= ONE_EDIT_LETTERS_MIN {
            self.sounds.entry(sound(word).into()).or_insert(place);
        }
    }

    /// Makes ready what was added.
    pub fn finish(&mut self) {
        self.near.sort_unstable();
        self.near.dedup();
        self.near.shrink_to_fit();
        let near = &self.near;
        let first = |start: u64| near.partition_point(|(hash, _)| hash >> (64 - NEAR_BITS) < start);
        self.near_first = (0..=1 << NEAR_BITS)
            .map(|start| u32::try_from(first(start)).unwrap_or(u32::MAX))
            .collect();
        self.near_bits = vec![0; 1 << (ABSENT_BITS - 6)];
        for (hash, _) in &self.near {
            let (word, bit) = absent_bit(*hash);
            self.near_bits[word] |= bit;
        }
    }

    /// The word that was meant, if one is near enough.
    pub fn mend(&self, typed: &str) -> Option<Mended> {
        let spelt = Spelt::new(typed);
        let letters = spelt.letters();
        if letters < SWAP_LETTERS_MIN || letters > self.letters_max + 2 {
            return None;
        }
        if letters >= ONE_EDIT_LETTERS_MIN
            && let Some(place) = self.sounds.get(sound(typed).as_str())
        {
            return Some(self.mended(*place, 1));
        }
        let mut best: Option<(usize, u32)> = None;
        self.weigh(typed, letters, spelt.whole(), &mut best);
        for first in 0..letters {
            self.weigh(typed, letters, spelt.without(first), &mut best);
        }
        if best.is_none() && letters + 1 >= TWO_EDITS_LETTERS_MIN {
            for first in 0..letters {
                for second in first + 1..letters {
                    let less = spelt.without_both(first, second);
                    self.weigh(typed, letters, less, &mut best);
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

    /// The words of which `less` may be left.
    fn near(&self, less: u64) -> impl Iterator<Item = u32> {
        let (word, bit) = absent_bit(less);
        let may_be = (self.near_bits.get(word)).is_some_and(|bits| bits & bit != 0);
        let range = if may_be {
            let start = (less >> (64 - NEAR_BITS)) as usize;
            self.near_first[start] as usize..self.near_first[start + 1] as usize
        } else {
            0..0
        };
        let near = self.near[range].iter();
        near.filter(move |(hash, _)| *hash == less)
            .map(|(_, place)| *place)
    }

    fn weigh(&self, typed: &str, letters: usize, less: u64, best: &mut Option<(usize, u32)>) {
        for place in self.near(less) {
            let word = &*self.words[place as usize];
            if !same_start(word, typed) {
                continue;
            }
            let edits = strsim::osa_distance(word, typed);
            let own = word.chars().count();
            let allowed = if own.min(letters) >= TWO_EDITS_LETTERS_MIN {
                2
            } else if own >= ONE_EDIT_LETTERS_MIN || (own == letters && is_swap(word, typed)) {
                1
            } else {
                0
            };
            if edits <= allowed && best.is_none_or(|(fewest, _)| edits < fewest) {
                *best = Some((edits, place));
            }
        }
    }
}

/// Where the bit of a hash stands: a word of 64, and the bit in it.
const fn absent_bit(hash: u64) -> (usize, u64) {
    let low = hash & ((1 << ABSENT_BITS) - 1);
    ((low >> 6) as usize, 1 << (low & 63))
}

/// A word as sums over its letters, from which a letter is taken out at no cost.
///
/// The hash of letters `a b c` is `a + b·B + c·B²`, modulo 2⁶⁴; what stands behind a
/// letter taken out is divided by B once.
struct Spelt {
    /// The hash of each front of the word, from none of it to all.
    fronts: Vec<u64>,
}

/// B, an odd number; and 1/B.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
const UNDER_BASE: u64 = inverse(BASE);

impl Spelt {
    fn new(word: &str) -> Self {
        let mut fronts = Vec::with_capacity(word.len() + 1);
        let (mut front, mut power) = (0_u64, 1_u64);
        fronts.push(front);
        for letter in word.chars() {
            front = front.wrapping_add(mixed(u64::from(letter)).wrapping_mul(power));
            power = power.wrapping_mul(BASE);
            fronts.push(front);
        }
        Self { fronts }
    }

    fn letters(&self) -> usize {
        self.fronts.len() - 1
    }

    /// What stands between two places, as a hash of its own where it stands.
    fn between(&self, from: usize, to: usize) -> u64 {
        self.fronts[to].wrapping_sub(self.fronts[from])
    }

    fn whole(&self) -> u64 {
        mixed(self.between(0, self.letters()))
    }

    fn without(&self, letter: usize) -> u64 {
        let behind = self.between(letter + 1, self.letters());
        mixed(self.fronts[letter].wrapping_add(behind.wrapping_mul(UNDER_BASE)))
    }

    /// Without two letters, the first standing before the second.
    fn without_both(&self, first: usize, second: usize) -> u64 {
        let behind = self.between(second + 1, self.letters());
        let behind = behind.wrapping_mul(UNDER_BASE);
        let middle = self.between(first + 1, second).wrapping_add(behind);
        mixed(self.fronts[first].wrapping_add(middle.wrapping_mul(UNDER_BASE)))
    }
}

/// The inverse of an odd number modulo 2⁶⁴, by Newton's steps: each doubles the bits
/// that are right, of which the number itself has three.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut bits = 3;
    while bits < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse
}

/// Spreads a number over all bits (the finaliser of MurmurHash3).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
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

/// How a word sounds to those who write by ear: no h, b for v, s for z and soft
/// c, y for ll, k for qu and hard c, j for soft g, one letter for two.
fn sound(word: &str) -> String {
    let mut letters = word.chars().peekable();
    let mut heard = String::with_capacity(word.len());
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let is_soft = matches!(next, Some('e' | 'i'));
        let (sounds, is_of_two) = match letter {
            'c' if next == Some('h') => ('x', true),
            'v' => ('b', false),
            'z' => ('s', false),
            'c' if is_soft => ('s', false),
            'q' if next == Some('u') => ('k', true),
            'c' | 'q' => ('k', false),
            'g' if is_soft => ('j', false),
            'l' if next == Some('l') => ('y', true),
            'ñ' => ('n', false),
            letter => (letter, false),
        };
        if is_of_two {
            letters.next();
        }
        if sounds != 'h' && !heard.ends_with(sounds) {
            heard.push(sounds);
        }
    }
    heard
}
