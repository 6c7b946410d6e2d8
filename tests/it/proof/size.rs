//! The contents that `benches/prove.rs` measures are kept safe: what is refused at
//! once says nothing of how long a proof takes.

use psoas_bot::content::{self, Content};
use psoas_bot::ids::{DialogId, StepId};
use psoas_bot::proof::{Answered, Property, Prover, reach_step};

use super::told;
use crate::content::{CLINIC, real_sources};

#[path = "../../../benches/prove/generated.rs"]
mod generated;

use generated::{Size, generated};

const SMALL: Size = Size {
    steps: 500,
    flags: 20,
    screens: 4,
    rules: 6,
};

/// The generated content with a step of a dialog written so.
fn with(dialog: &str, step: &str, written: &str) -> Content {
    let mut sources = generated(SMALL, real_sources(), CLINIC);
    let file = sources
        .files
        .get_mut(&format!("{dialog}.yaml"))
        .expect("it is there");
    assert!(file.contains(step));
    *file = file.replace(step, written);
    content::parse(&sources, CLINIC)
        .unwrap_or_else(|found| panic!("{found:?}"))
        .content
}

#[test]
fn a_generated_content_is_proved_and_shows_its_moves() {
    let content = with("t4", "", "");
    for report in Prover::new(&content, None).prove_all() {
        assert!(report.holds(), "\n{}", told(&report.findings));
    }
    let (dialog, step) = (DialogId::new("t4"), StepId::new("m0"));
    let answered = reach_step(&content, &dialog, &step);
    assert!(matches!(answered, Answered::Chat(_)), "{answered:?}");
}

/// Behind many branches only those of the circle tell whether it is one.
#[test]
fn a_circle_that_nobody_runs_is_none() {
    let content = with(
        "t4",
        "  done: { end: true }\n",
        "  done: { branch: [{ if: { all: [{ has: hub4.on }, { not: { has: hub4.on } }] }, go: done }, { go: over }] }\n  over: { end: true }\n",
    );
    let report = Prover::new(&content, None).prove(Property::P5);
    assert!(report.holds(), "\n{}", told(&report.findings));
}

#[test]
fn a_circle_that_somebody_runs_is_shown() {
    let content = with(
        "book",
        "  b: { end: true }\n",
        "  b: { branch: [{ if: { has: hub0.on }, go: b }, { go: c }] }\n  c: { end: true }\n",
    );
    let report = Prover::new(&content, None).prove(Property::P5);
    assert!(!report.holds());
    assert!(report.findings.iter().all(|finding| finding.chat.is_some()));
}
