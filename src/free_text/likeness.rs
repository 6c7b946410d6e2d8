//! What the second net sees of a sentence, as hashes.
//!
//! Words and their pieces say how it is worded, concepts what it speaks of: the
//! classes its words belong to, the cues beside them, and each two of them together.

use std::ops::Range;

/// Pieces of words have so many letters.
const PIECE_BYTES: Range<usize> = 3..6;

/// Concepts of a longer sentence are left out: each is paired with each.
const CONCEPTS_MAX: usize = 64;

/// What a sentence is made of. Its features are told one by one and kept nowhere: a
/// long sentence has thousands.
#[derive(Debug, Clone, Default)]
pub(super) struct Likeness<'s> {
    sentence: &'s str,
    concepts: Vec<u32>,
}

impl<'s> Likeness<'s> {
    /// Of a sentence in plain form, and the concepts that stand in it.
    pub fn new(sentence: &'s str, mut concepts: Vec<u32>) -> Self {
        concepts.truncate(CONCEPTS_MAX);
        Self { sentence, concepts }
    }

    /// Tells how it is worded.
    pub fn words(&self, each: impl FnMut(u32)) {
        spelled(self.sentence, each);
    }

    /// Tells what it speaks of: the concepts, then each two of them.
    pub fn concepts(&self, mut each: impl FnMut(u32)) {
        self.concepts.iter().copied().for_each(&mut each);
        for (place, first) in self.concepts.iter().enumerate() {
            for second in &self.concepts[place + 1..] {
                each(spread(mix(*first, *second, 6)));
            }
        }
    }
}

/// A named class, a role or a cue.
pub(super) fn concept(name: &[u8]) -> u32 {
    spread(hash(5, name))
}

/// Words, each with the one before it and the one before that, and the pieces of
/// words. A number is small, middling or large.
fn spelled(text: &str, mut each: impl FnMut(u32)) {
    let [mut before, mut last] = [0_u32; 2];
    let mut spelled: Vec<u8> = Vec::new();
    for word in words(text) {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        let hashed = match (is_number, word.parse::<u32>()) {
            (true, Ok(..18)) => hash(1, b"#s"),
            (true, Ok(18..100)) => hash(1, b"#m"),
            (true, _) => hash(1, b"#l"),
            (false, _) => hash(1, word.as_bytes()),
        };
        each(spread(hashed));
        if last != 0 {
            each(spread(mix(last, hashed, 2)));
        }
        if before != 0 {
            each(spread(mix(before, hashed, 3)));
        }
        (before, last) = (last, hashed);
        if is_number {
            continue;
        }
        spelled.clear();
        spelled.push(b'<');
        spelled.extend_from_slice(word.as_bytes());
        spelled.push(b'>');
        for from in 0..spelled.len() {
            let mut piece = hash(4, &[]);
            for (length, letter) in spelled[from..].iter().enumerate().take(PIECE_BYTES.end - 1) {
                piece = step(piece, *letter);
                if length + 1 >= PIECE_BYTES.start {
                    each(spread(piece));
                }
            }
        }
    }
}

/// Runs of letters, runs of digits, and question marks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let from = rest.find(|c: char| c.is_alphanumeric() || c == '?')?;
        rest = &rest[from..];
        let first = rest.chars().next()?;
        let goes_on = |c: char| {
            c.is_alphanumeric() && first != '?' && c.is_ascii_digit() == first.is_ascii_digit()
        };
        let end = rest[first.len_utf8()..]
            .find(|c| !goes_on(c))
            .map_or(rest.len(), |end| end + first.len_utf8());
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

// FNV-1a, with what is hashed for as its first byte.
const fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

fn hash(kind: u8, bytes: &[u8]) -> u32 {
    let start = step(0x811c_9dc5, kind);
    bytes.iter().fold(start, |hash, byte| step(hash, *byte))
}

fn mix(first: u32, second: u32, kind: u8) -> u32 {
    let both = first.rotate_left(7) ^ second.wrapping_mul(0x9e37_79b1);
    step(both, kind)
}

/// FNV's low bits depend on few of a word's letters.
const fn spread(hash: u32) -> u32 {
    let hash = (hash ^ (hash >> 15)).wrapping_mul(0x85eb_ca6b);
    hash ^ (hash >> 13)
}
