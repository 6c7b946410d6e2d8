//! The second net: what a text resembles, where the patterns heard nothing.
//!
//! Two linear models over words, pairs of words and pieces of words. The gate says
//! whether a sentence resembles those that state a sign, the choice says which.
//! The net only ever adds a question: it states nothing and takes nothing away.
//! Its weights are content, made by [`learn`](super::learn).

use std::ops::Range;

use crate::ids::FlagId;

/// Weights of the gate, and of the choice for each flag. Powers of two.
pub(super) const GATE_WEIGHTS: usize = 1 << 16;
pub(super) const CHOICE_WEIGHTS: usize = 1 << 13;

/// A weight is one printable character, this one for nothing.
const ZERO: u8 = b'P';

/// The largest weight's distance from [`ZERO`].
pub(super) const STEPS: i8 = 31;

/// The first line of a file of weights.
const HEAD: &str = "psoas-bot weights 1";

/// Pieces of words have so many letters.
const PIECE_BYTES: Range<usize> = 3..6;

/// Weights, as content has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// A checksum of the lines it was made from.
    pub made_from: u32,
    /// A sentence is asked about from here.
    pub(super) threshold: f32,
    pub(super) bias: f32,
    /// What one step of a weight is worth.
    pub(super) step: f32,
    pub(super) gate: Vec<i8>,
    pub(super) choices: Vec<(FlagId, Vec<i8>)>,
}

impl Learned {
    /// Reads weights as [`Learned::to_text`] writes them.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        if lines.next() != Some(HEAD) {
            return Err(format!("the first line is not `{HEAD}`"));
        }
        let mut field = |name: &str| {
            lines
                .next()
                .and_then(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .ok_or_else(|| format!("there is no line `{name}` where it belongs"))
        };
        let number = |text: &str| {
            let parsed = text.parse::<f32>();
            let finite = parsed.ok().filter(|number| number.is_finite());
            finite.ok_or_else(|| format!("`{text}` is no number"))
        };
        let made_from = field("made-from")?;
        let made_from = u32::from_str_radix(made_from, 16)
            .map_err(|_| format!("`{made_from}` is no checksum"))?;
        let threshold = number(field("threshold")?)?;
        let bias = number(field("bias")?)?;
        let step = number(field("step")?)?;
        let gate = weights(field("gate")?, GATE_WEIGHTS)?;
        let choices = lines
            .map(|line| {
                let (flag, text) = line
                    .strip_prefix("choice ")
                    .and_then(|rest| rest.split_once(' '))
                    .ok_or("there is a line that is no choice")?;
                Ok((FlagId::new(flag), weights(text, CHOICE_WEIGHTS)?))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self {
            made_from,
            threshold,
            bias,
            step,
            gate,
            choices,
        })
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let letters = |weights: &[i8]| -> String {
            let letter = |weight: &i8| char::from(ZERO.saturating_add_signed(*weight));
            weights.iter().map(letter).collect()
        };
        let mut text = format!(
            "{HEAD}\nmade-from {:08x}\nthreshold {}\nbias {}\nstep {}\ngate {}\n",
            self.made_from,
            self.threshold,
            self.bias,
            self.step,
            letters(&self.gate)
        );
        for (flag, weights) in &self.choices {
            text.push_str(&format!("choice {flag} {}\n", letters(weights)));
        }
        text
    }

    /// The flags it may ask about.
    pub fn flags(&self) -> impl Iterator<Item = &FlagId> {
        self.choices.iter().map(|(flag, _)| flag)
    }

    /// How much a sentence in plain form resembles those that state a sign.
    #[must_use]
    pub fn weigh(&self, sentence: &str) -> f32 {
        let mut sum = 0;
        let mut count = 0_u16;
        features(sentence, |feature| {
            sum += i32::from(self.gate[feature as usize & (GATE_WEIGHTS - 1)]);
            count = count.saturating_add(1);
        });
        self.bias + self.step * sum as f32 * share(count)
    }

    /// The flag that a sentence in plain form seems to state, if it seems to state
    /// one.
    #[must_use]
    pub fn suspect(&self, sentence: &str) -> Option<&FlagId> {
        (self.weigh(sentence) > self.threshold)
            .then(|| self.choose(sentence))
            .flatten()
    }

    fn choose(&self, sentence: &str) -> Option<&FlagId> {
        let mut found = Vec::new();
        features(sentence, |feature| {
            found.push(feature as usize & (CHOICE_WEIGHTS - 1));
        });
        let sum = |weights: &[i8]| -> i32 {
            let each = found.iter().map(|feature| i32::from(weights[*feature]));
            each.sum()
        };
        self.choices
            .iter()
            .max_by_key(|(_, weights)| sum(weights))
            .map(|(flag, _)| flag)
    }
}

/// Long sentences must not weigh more for their length alone.
pub(super) fn share(count: u16) -> f32 {
    1.0 / f32::from(count.max(1)).sqrt()
}

fn weights(text: &str, count: usize) -> Result<Vec<i8>, String> {
    if text.len() != count {
        return Err(format!(
            "there are {} weights where {count} belong",
            text.len()
        ));
    }
    let weight = |letter: u8| {
        let weight = i16::from(letter) - i16::from(ZERO);
        let weight = i8::try_from(weight).ok();
        weight.filter(|weight| weight.unsigned_abs() <= STEPS.unsigned_abs())
    };
    text.bytes()
        .map(|letter| weight(letter).ok_or_else(|| "a weight is out of range".to_owned()))
        .collect()
}

/// What a plain text is made of, as hashes: its words, each with the one before it
/// and the one before that, and the pieces of its words. A number is small, middling
/// or large.
pub(super) fn features(text: &str, mut each: impl FnMut(u32)) {
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
