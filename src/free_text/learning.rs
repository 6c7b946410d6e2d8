//! Makes the second net's weights from labelled lines.
//!
//! Pure and repeatable: the same lines give the same weights.

use super::hearing::Hearing;
use super::learned::{CHOICE_WEIGHTS, Choices, GATE_WEIGHTS, Learned, STEPS, share};
use super::likeness::Likeness;
use super::resembling;
use crate::ids::{FlagId, PatientText};
use crate::triage::Rules;

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

/// What a line is made of, each feature as a number: it is gone through many times.
struct Features {
    words: Vec<u32>,
    concepts: Vec<u32>,
}

impl Features {
    fn new(line: &Likeness<'_>) -> Self {
        let (mut words, mut concepts) = (Vec::new(), Vec::new());
        line.words(|feature| words.push(feature));
        line.concepts(|feature| concepts.push(feature));
        Self { words, concepts }
    }
}

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

    fn weigh(&self, line: &Features) -> f32 {
        let mask = self.weights.len() - 1;
        let sum = |features: &[u32]| -> f32 {
            let each = features
                .iter()
                .map(|one| self.weights[*one as usize & mask]);
            each.sum::<f32>() * share(features.len())
        };
        self.bias + sum(&line.words) + sum(&line.concepts)
    }

    fn teach(&mut self, line: &Features, is_so: bool) {
        let guess = 1.0 / (1.0 + (-self.weigh(line)).exp());
        let error = guess - f32::from(u8::from(is_so));
        self.bias -= 0.1 * RATE * error;
        let mask = self.weights.len() - 1;
        for features in [&line.words, &line.concepts] {
            let share = share(features.len());
            for feature in features {
                let place = *feature as usize & mask;
                let slope = error * share + DECAY * self.weights[place];
                self.slopes[place] += slope * slope;
                self.weights[place] -= RATE * slope / self.slopes[place].sqrt();
            }
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

/// How the second net does on lines it was not taught.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Lines that state a sign and in which the patterns hear nothing.
    pub missed: usize,
    /// Of these, the ones it asks about.
    pub caught: usize,
    /// Lines that state nothing.
    pub empty: usize,
    /// Of these, the ones it alone asks about.
    pub raised: usize,
}

/// A line as the net sees it.
struct Seen {
    features: Features,
    states: bool,
    /// No pattern counts in it, so that the net decides.
    is_open: bool,
}

/// Makes weights. `raised_max` is the share of lines that state nothing which it
/// alone may ask about, found by trying each fifth of the lines against what the
/// rest teaches.
#[must_use]
pub fn learn(
    hearing: &Hearing,
    rules: &Rules,
    lessons: &[Lesson],
    raised_max: f32,
) -> (Learned, Tried) {
    let seen: Vec<Seen> = lessons
        .iter()
        .map(|lesson| {
            let text = PatientText::new(lesson.text.clone());
            let (features, is_open) = resembling(hearing, rules, &text, Features::new);
            Seen {
                features,
                states: !lesson.flags.is_empty(),
                is_open,
            }
        })
        .collect();
    let all: Vec<usize> = shuffled(lessons.len());
    let mut weighed: Vec<(f32, bool)> = Vec::new();
    for part in 0..PARTS {
        let (tried, taught): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|place| *place % PARTS == part);
        let model = gate(&seen, &taught);
        let open = tried.iter().map(|place| &seen[*place]);
        let open = open.filter(|line| line.is_open);
        weighed.extend(open.map(|line| (model.weigh(&line.features), line.states)));
    }
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0));
    let empty = seen.iter().filter(|line| !line.states).count();
    let may_raise = (raised_max * empty as f32) as usize;
    let nothing = weighed.iter().filter(|(_, states)| !states);
    let threshold = nothing.clone().nth(may_raise).map_or(0.0, |(sum, _)| *sum);
    let above = |states: bool| {
        let above = weighed.iter().filter(|(sum, _)| *sum > threshold);
        above.filter(|one| one.1 == states).count()
    };
    let tried = Tried {
        missed: weighed.iter().filter(|one| one.1).count(),
        caught: above(true),
        empty,
        raised: above(false),
    };
    let step = WEIGHT_MAX / f32::from(STEPS);
    let model = gate(&seen, &all);
    let learned = Learned {
        made_from: checksum(lessons),
        threshold,
        bias: model.bias,
        step,
        gate: model.steps(step),
        choices: Choices::new(choices(lessons, &seen, &all, step)),
    };
    (learned, tried)
}

fn gate(seen: &[Seen], places: &[usize]) -> Model {
    let mut model = Model::new(GATE_WEIGHTS);
    for round in 0..ROUNDS {
        let turn = round * 7919 % places.len().max(1);
        for place in places[turn..].iter().chain(&places[..turn]) {
            model.teach(&seen[*place].features, seen[*place].states);
        }
    }
    model
}

fn choices(lessons: &[Lesson], seen: &[Seen], all: &[usize], step: f32) -> Vec<(FlagId, Vec<i8>)> {
    let mut flags: Vec<&FlagId> = lessons.iter().flat_map(|lesson| &lesson.flags).collect();
    flags.sort_unstable();
    flags.dedup();
    let taught = flags.into_iter().map(|flag| {
        let mut model = Model::new(CHOICE_WEIGHTS);
        for _ in 0..ROUNDS {
            for place in all.iter().filter(|place| seen[**place].states) {
                let states = lessons[*place].flags.contains(flag);
                model.teach(&seen[*place].features, states);
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
