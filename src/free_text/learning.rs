//! Makes the second net's weights from labelled lines.
//!
//! Pure and repeatable: the same lines give the same weights.

use super::learned::{CHOICE_WEIGHTS, GATE_WEIGHTS, Learned, STEPS, features, share};
use super::normal::normalise;
use crate::ids::FlagId;

/// A line and the flags it states; a line without any teaches what states nothing.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// As typed.
    pub text: String,
    /// What it states, sorted.
    pub flags: Vec<FlagId>,
}

/// Times all lines are gone through.
const ROUNDS: usize = 8;

/// How fast weights move.
const RATE: f32 = 0.2;

/// How strongly they are drawn back to nothing.
const DECAY: f32 = 1e-4;

/// Larger weights are cut: no piece of a word decides alone.
const WEIGHT_MAX: f32 = 4.0;

/// Lines are tried in so many parts, each against what the others teach.
const PARTS: usize = 5;

/// A linear model while it is taught.
struct Model {
    weights: Vec<f32>,
    /// For each weight, the sum of its squared slopes (AdaGrad).
    slopes: Vec<f32>,
    bias: f32,
}

impl Model {
    fn new(size: usize) -> Self {
        Self {
            weights: vec![0.0; size],
            slopes: vec![1e-6; size],
            bias: 0.0,
        }
    }

    fn weigh(&self, features: &[u32]) -> f32 {
        let mask = self.weights.len() - 1;
        let sum: f32 = features
            .iter()
            .map(|feature| self.weights[*feature as usize & mask])
            .sum();
        self.bias + sum * share_of(features)
    }

    fn teach(&mut self, features: &[u32], is_so: bool) {
        let share = share_of(features);
        let guess = 1.0 / (1.0 + (-self.weigh(features)).exp());
        let error = guess - f32::from(u8::from(is_so));
        self.bias -= 0.1 * RATE * error;
        let mask = self.weights.len() - 1;
        for feature in features {
            let place = *feature as usize & mask;
            let slope = error * share + DECAY * self.weights[place];
            self.slopes[place] += slope * slope;
            self.weights[place] -= RATE * slope / self.slopes[place].sqrt();
        }
    }

    fn steps(&self, step: f32) -> Vec<i8> {
        let round = |weight: &f32| {
            let steps = (weight.clamp(-WEIGHT_MAX, WEIGHT_MAX) / step).round();
            steps as i8
        };
        self.weights.iter().map(round).collect()
    }
}

fn share_of(features: &[u32]) -> f32 {
    share(u16::try_from(features.len()).unwrap_or(u16::MAX))
}

/// Makes weights. `raised_max` is the share of lines that state nothing which may be
/// asked about, found by trying each fifth of them against what the rest teaches.
#[must_use]
pub fn learn(lessons: &[Lesson], raised_max: f32) -> Learned {
    let read: Vec<Vec<u32>> = lessons
        .iter()
        .map(|lesson| {
            let mut found = Vec::new();
            features(&normalise(&lesson.text).text, |feature| found.push(feature));
            found
        })
        .collect();
    let all: Vec<usize> = shuffled(lessons.len());
    let gate = |places: &[usize]| {
        let mut model = Model::new(GATE_WEIGHTS);
        for round in 0..ROUNDS {
            let turn = round * 7919 % places.len().max(1);
            for place in places[turn..].iter().chain(&places[..turn]) {
                model.teach(&read[*place], !lessons[*place].flags.is_empty());
            }
        }
        model
    };
    let mut empty: Vec<f32> = Vec::new();
    for part in 0..PARTS {
        let (tried, taught): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|place| *place % PARTS == part);
        let model = gate(&taught);
        let nothing = tried
            .iter()
            .filter(|place| lessons[**place].flags.is_empty());
        empty.extend(nothing.map(|place| model.weigh(&read[*place])));
    }
    empty.sort_by(|a, b| b.total_cmp(a));
    let raised = (raised_max * empty.len() as f32) as usize;
    let threshold = empty.get(raised).copied().unwrap_or(0.0);
    let step = WEIGHT_MAX / f32::from(STEPS);
    let model = gate(&all);
    Learned {
        made_from: checksum(lessons),
        threshold,
        bias: model.bias,
        step,
        gate: model.steps(step),
        choices: choices(lessons, &read, &all, step),
    }
}

fn choices(
    lessons: &[Lesson],
    read: &[Vec<u32>],
    all: &[usize],
    step: f32,
) -> Vec<(FlagId, Vec<i8>)> {
    let mut flags: Vec<&FlagId> = lessons.iter().flat_map(|lesson| &lesson.flags).collect();
    flags.sort_unstable();
    flags.dedup();
    let taught = flags.into_iter().map(|flag| {
        let mut model = Model::new(CHOICE_WEIGHTS);
        for _ in 0..ROUNDS {
            for place in all
                .iter()
                .filter(|place| !lessons[**place].flags.is_empty())
            {
                model.teach(&read[*place], lessons[*place].flags.contains(flag));
            }
        }
        (flag.clone(), model.steps(step))
    });
    taught.collect()
}

/// A fixed order without order.
fn shuffled(count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    // Xorshift, from an arbitrary number.
    let mut state: u64 = 0x0139_408d_cbbf_7a44;
    for last in (1..count).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let chosen = usize::try_from(state % (last as u64 + 1)).unwrap_or(0);
        places.swap(last, chosen);
    }
    places
}

/// Changes whenever a line does.
#[must_use]
pub fn checksum(lessons: &[Lesson]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for lesson in lessons {
        hasher.update(lesson.text.as_bytes());
        for flag in &lesson.flags {
            hasher.update(b"\t");
            hasher.update(flag.as_str().as_bytes());
        }
        hasher.update(b"\n");
    }
    hasher.finalize()
}
