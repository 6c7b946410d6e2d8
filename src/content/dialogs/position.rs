//! Positions that the patient is asked to take: told only where the engine asks for
//! clearance first.

use super::Scripting;
use crate::content::build::place;
use crate::content::diagnostic::Place;
use crate::content::model::PositionCheck;
use crate::content::raw;
use crate::ids::StepId;

impl Scripting<'_> {
    /// What a step has the patient do before it is answered. A drawing is there to be
    /// copied, so that a question with one is such a step.
    pub(super) fn position_check(
        &mut self,
        here: &Place,
        raw: &raw::Step,
    ) -> Option<PositionCheck> {
        let asks = [
            raw.choice.is_some(),
            raw.many.is_some(),
            raw.yes_no.is_some(),
            raw.number.is_some(),
            raw.scale.is_some(),
        ];
        let Some(check) = &raw.position_check else {
            let is_move = raw.moves.is_some() || raw.play.is_some();
            let shown = raw.pictures.iter().find(|name| {
                let name = &name.value;
                self.builder.pictures.contains(name) && !self.builder.things.contains(name)
            });
            if let Some(shown) = shown.filter(|_| !is_move) {
                self.builder.error_with(
                    place(self.file, shown),
                    format!(
                        "the drawing `{}` shows a position, and nothing asks for clearance first",
                        shown.value
                    ),
                    Some(
                        "Write `position_check: { left_out_with: [...], next: ... }` here. \
                         A drawing of a thing says `shows: thing` in pictures.yaml."
                            .to_owned(),
                    ),
                );
            }
            return None;
        };
        if !asks.contains(&true) {
            self.builder.error_with(
                here.clone(),
                "a position check asks what was felt".to_owned(),
                Some(
                    "Give it a `choice`, with an answer for pain and one for numbness.".to_owned(),
                ),
            );
        }
        Some(PositionCheck {
            left_out_with: check
                .left_out_with
                .iter()
                .map(|name| self.atom(name))
                .collect(),
            next: StepId::new(&check.next.value),
        })
    }
}
