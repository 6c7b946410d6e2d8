//! The contents that `benches/prove.rs` measures are kept safe: what is refused at
//! once says nothing of how long a proof takes.

use psoas_bot::content;
use psoas_bot::ids::{DialogId, StepId};
use psoas_bot::proof::{Answered, Prover, reach_step};

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

#[test]
fn a_generated_content_is_proved_and_shows_its_moves() {
    let sources = generated(SMALL, real_sources(), CLINIC);
    let content = content::parse(&sources, CLINIC)
        .unwrap_or_else(|found| panic!("{found:?}"))
        .content;
    for report in Prover::new(&content, None).prove_all() {
        assert!(report.holds(), "\n{}", told(&report.findings));
    }
    let (dialog, step) = (DialogId::new("t4"), StepId::new("m0"));
    let answered = reach_step(&content, &dialog, &step);
    assert!(matches!(answered, Answered::Chat(_)), "{answered:?}");
}
