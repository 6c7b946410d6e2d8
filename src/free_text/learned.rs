//! The second net: what a text resembles, where the patterns heard nothing.
//!
//! Two linear models over what a sentence is made of. The gate says whether it
//! resembles those that state a sign, the choice says which.
//! The net only ever adds a question: it states nothing and takes nothing away.
//! Its weights are content, made by [`learn`](super::learn).

use super::likeness::Likeness;
use crate::ids::FlagId;

/// Weights of the gate, and of the choice for each flag. Powers of two.
pub(super) const GATE_WEIGHTS: usize = 1 << 17;
pub(super) const CHOICE_WEIGHTS: usize = 1 << 14;

/// A weight is one printable character, this one for nothing.
const ZERO: u8 = b'P';

/// The largest weight's distance from [`ZERO`].
pub(super) const STEPS: i8 = 31;

/// The first line of a file of weights.
const HEAD: &str = "psoas-bot weights 2";

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
    pub(super) choices: Choices,
}

/// The weights of the choice.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choices {
    flags: Vec<FlagId>,
    /// For each feature a weight for each flag: what is summed stands together.
    weights: Vec<Lanes<i8>>,
}

/// So many weights are summed at once.
const LANES: usize = 16;
type Lanes<T> = [T; LANES];

impl Choices {
    /// From each flag's own weights, [`CHOICE_WEIGHTS`] of them.
    pub fn new(of_flags: Vec<(FlagId, Vec<i8>)>) -> Self {
        let mut weights = Vec::with_capacity(CHOICE_WEIGHTS * of_flags.len().div_ceil(LANES));
        for feature in 0..CHOICE_WEIGHTS {
            for some in of_flags.chunks(LANES) {
                let mut lanes = [0; LANES];
                for (lane, (_, own)) in lanes.iter_mut().zip(some) {
                    *lane = own[feature];
                }
                weights.push(lanes);
            }
        }
        Self {
            weights,
            flags: of_flags.into_iter().map(|(flag, _)| flag).collect(),
        }
    }

    fn lanes_each(&self) -> usize {
        self.flags.len().div_ceil(LANES)
    }

    /// A flag's own weights.
    fn of(&self, flag: usize) -> impl Iterator<Item = &i8> {
        let lanes = self.weights.iter().skip(flag / LANES);
        let own = lanes.step_by(self.lanes_each());
        own.map(move |lanes| &lanes[flag % LANES])
    }

    /// For each flag, the sum over some features, each weighing less the more there are.
    fn sums(&self, features: impl FnOnce(&mut dyn FnMut(u32))) -> impl Iterator<Item = f32> {
        let mut sums: Vec<Lanes<i32>> = vec![[0; LANES]; self.lanes_each()];
        let mut count = 0;
        features(&mut |feature| {
            count += 1;
            let from = (feature as usize & (CHOICE_WEIGHTS - 1)) * sums.len();
            let weights = &self.weights[from..from + sums.len()];
            for (sums, weights) in sums.iter_mut().zip(weights) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += i32::from(*weight);
                }
            }
        });
        let share = share(count);
        sums.into_iter()
            .flatten()
            .map(move |sum| sum as f32 * share)
    }
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
            choices: Choices::new(choices),
        })
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let letter = |weight: &i8| char::from(ZERO.saturating_add_signed(*weight));
        let mut text = format!(
            "{HEAD}\nmade-from {:08x}\nthreshold {}\nbias {}\nstep {}\ngate {}\n",
            self.made_from,
            self.threshold,
            self.bias,
            self.step,
            self.gate.iter().map(letter).collect::<String>()
        );
        for (place, flag) in self.choices.flags.iter().enumerate() {
            let weights: String = self.choices.of(place).map(letter).collect();
            text.push_str(&format!("choice {flag} {weights}\n"));
        }
        text
    }

    /// The flags it may ask about.
    pub fn flags(&self) -> impl Iterator<Item = &FlagId> {
        self.choices.flags.iter()
    }

    /// The flag that a sentence seems to state, if it seems to state one.
    #[must_use]
    pub(super) fn suspect(&self, sentence: &Likeness<'_>) -> Option<&FlagId> {
        let mask = GATE_WEIGHTS - 1;
        let gate = |sum: &mut i32, count: &mut usize, feature: u32| {
            *sum += i32::from(self.gate[feature as usize & mask]);
            *count += 1;
        };
        let (mut sum, mut count) = (0, 0);
        sentence.words(|feature| gate(&mut sum, &mut count, feature));
        let words = sum as f32 * share(count);
        (sum, count) = (0, 0);
        sentence.concepts(|feature| gate(&mut sum, &mut count, feature));
        let concepts = sum as f32 * share(count);
        (self.bias + self.step * (words + concepts) > self.threshold)
            .then(|| self.choose(sentence))
            .flatten()
    }

    fn choose(&self, sentence: &Likeness<'_>) -> Option<&FlagId> {
        let words = self.choices.sums(|each| sentence.words(each));
        let concepts = self.choices.sums(|each| sentence.concepts(each));
        let weights = words
            .zip(concepts)
            .map(|(words, concepts)| words + concepts);
        self.flags()
            .zip(weights)
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(flag, _)| flag)
    }
}

/// Long sentences must not weigh more for their length alone.
pub(super) fn share(count: usize) -> f32 {
    1.0 / (count.max(1) as f32).sqrt()
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
