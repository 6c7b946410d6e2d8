//! One step: its verb, its answers, the conditions of its branch.

use std::collections::BTreeSet;

use super::Scripting;
use crate::content::build::{Builder, join, pairs, place};
use crate::content::diagnostic::Place;
use crate::content::model::{After, Answer, Atom, Choice, Condition, Step, Verb, YesNo};
use crate::content::raw::{self, Name};
use crate::ids::{ChoiceId, MoveId, ScreenId, SlotId, StepId};

impl Scripting<'_> {
    pub(super) fn step(&mut self, name: &Name, raw: raw::Step) -> Step {
        let here = place(self.file, name);
        if let Some(say) = &raw.say {
            self.builder.placeholders(&here, say, &[]);
        }
        if let Some(label) = &raw.label {
            self.builder.placeholders(&here, label, &[]);
            self.builder.label(here.clone(), label);
        }
        let verbs = [
            ("choice", raw.choice.is_some()),
            ("many", raw.many.is_some()),
            ("yes_no", raw.yes_no.is_some()),
            ("scale", raw.scale.is_some()),
            ("number", raw.number.is_some()),
            ("text", raw.text.is_some()),
            ("screen", raw.screen.is_some()),
            ("move", raw.moves.is_some()),
            ("play", raw.play.is_some()),
            ("handoff", raw.handoff.is_some()),
            ("request_call", raw.request_call.is_some()),
            ("call", raw.call.is_some()),
            ("branch", raw.branch.is_some()),
            ("summary", raw.summary.is_some()),
            ("end", raw.end == Some(true)),
        ];
        let given: Vec<&str> = verbs
            .iter()
            .filter(|(_, given)| *given)
            .map(|(verb, _)| *verb)
            .collect();
        if given.len() > 1 {
            self.builder.error(
                here.clone(),
                format!(
                    "the step `{}` does {}: a step does one thing",
                    name.value,
                    join(given.iter().copied())
                ),
            );
        }
        let after = raw.after.as_ref().map(|after| After {
            minutes: after.minutes,
            go: StepId::new(&after.go.value),
        });
        let say = raw.say.clone();
        let label = raw.label.clone();
        let pictures = self.builder.pictures(self.file, &raw.pictures);
        let position_check = self.position_check(&here, &raw);
        let asks = ["choice", "many", "yes_no", "scale", "number", "text"];
        if say.is_none() && given.iter().any(|verb| asks.contains(verb)) {
            self.builder.error(
                here.clone(),
                format!(
                    "the step `{}` asks without saying what: it needs `say`",
                    name.value
                ),
            );
        }
        let verb = self.verb(name, raw);
        Step {
            say,
            label,
            pictures,
            position_check,
            verb,
            after,
            place: here,
        }
    }

    fn verb(&mut self, name: &Name, raw: raw::Step) -> Verb {
        let here = place(self.file, name);
        let own = |slot: &Option<Name>| SlotId::new(&slot.as_ref().unwrap_or(name).value);
        let next = raw.next.as_ref().map(|next| StepId::new(&next.value));
        let need_next = |builder: &mut Builder| {
            next.clone().unwrap_or_else(|| {
                builder.error(
                    here.clone(),
                    format!(
                        "the step `{}` does not say where it goes: it needs `next`",
                        name.value
                    ),
                );
                StepId::new("")
            })
        };
        if let Some(choice) = raw.choice {
            /// More would have to be read twice; a second level is easier.
            const CHOICES_MAX: usize = 5;
            if choice.options.len() > CHOICES_MAX {
                self.builder.warn(
                    here.clone(),
                    format!(
                        "the step `{}` offers {} choices; at most {CHOICES_MAX} are read well",
                        name.value,
                        choice.options.len()
                    ),
                );
            }
            Verb::Choice {
                slot: own(&choice.slot),
                options: self.options(choice.options),
            }
        } else if let Some(many) = raw.many {
            /// A Continue button carries its ticks as a bit each.
            const OPTIONS_MAX: usize = 32;
            if many.options.is_empty() || many.options.len() > OPTIONS_MAX {
                self.builder.error(
                    here.clone(),
                    format!("a `many` step has 1 to {OPTIONS_MAX} options"),
                );
            }
            let slot = own(&many.slot);
            let none = many
                .none
                .map(|none| (none.label, StepId::new(&none.next.value)));
            for option in many
                .options
                .iter()
                .filter_map(|option| option.next.as_ref())
            {
                self.builder.error(
                    place(self.file, option),
                    "an option of `many` has no `next`; branch after Continue".to_owned(),
                );
            }
            Verb::Many {
                slot,
                options: self.options(many.options),
                none,
                next: StepId::new(&many.next.value),
            }
        } else if let Some(yes_no) = raw.yes_no {
            let mut answers = vec![
                (YesNo::Yes, self.answer(yes_no.yes)),
                (YesNo::No, self.answer(yes_no.no)),
            ];
            if let Some(not_sure) = yes_no.not_sure {
                answers.push((YesNo::NotSure, self.answer(not_sure)));
            }
            Verb::YesNo {
                slot: own(&yes_no.slot),
                answers,
            }
        } else if let Some(number) = raw.scale {
            /// Telegram shows at most eight buttons in a row well; two rows do.
            const SCALE_VALUES_MAX: i64 = 16;
            if number.to - number.from >= SCALE_VALUES_MAX || number.to <= number.from {
                self.builder.error(
                    here.clone(),
                    format!("a scale has 2 to {SCALE_VALUES_MAX} values"),
                );
            }
            Verb::Number {
                slot: own(&number.slot),
                from: number.from,
                to: number.to,
                scale: true,
                next: StepId::new(&number.next.value),
            }
        } else if let Some(number) = raw.number {
            Verb::Number {
                slot: own(&number.slot),
                from: number.from,
                to: number.to,
                scale: false,
                next: StepId::new(&number.next.value),
            }
        } else if let Some(text) = raw.text {
            Verb::Text {
                slot: own(&text.slot),
                kind: text.kind,
                next: StepId::new(&text.next.value),
            }
        } else if let Some(screen) = raw.screen {
            self.builder
                .known(self.file, "screen", &screen, |names| &names.screens);
            Verb::Screen {
                screen: ScreenId::new(&screen.value),
                next: need_next(self.builder),
            }
        } else if let Some(exercise) = raw.moves {
            self.builder
                .known(self.file, "move", &exercise, |names| &names.moves);
            let answers = self.options(raw.answers.unwrap_or_default());
            if answers.is_empty() {
                self.builder.error(
                    here.clone(),
                    format!(
                        "the step `{}` shows a move and takes no answer: it needs `answers`",
                        name.value
                    ),
                );
            }
            Verb::Move {
                id: MoveId::new(&exercise.value),
                answers,
                next: need_next(self.builder),
            }
        } else if let Some(play) = raw.play {
            self.play(&here, play)
        } else if let Some(handoff) = raw.handoff {
            Verb::Handoff {
                phone: handoff.phone,
                contact: handoff.contact,
                scheduler: handoff.scheduler,
                next: need_next(self.builder),
            }
        } else if let Some(slot) = raw.request_call {
            Verb::RequestCall {
                slot: SlotId::new(&slot.value),
                next: need_next(self.builder),
            }
        } else if let Some(dialog) = raw.call {
            Verb::Call {
                dialog: self.builder.dialog(self.file, &dialog),
                next: need_next(self.builder),
            }
        } else if let Some(arms) = raw.branch {
            self.branch(&here, arms)
        } else if let Some(summary) = raw.summary {
            Verb::Summary {
                next: StepId::new(&summary.next.value),
            }
        } else if raw.end == Some(true) {
            Verb::End
        } else if raw.say.is_some() || next.is_some() {
            Verb::Pass {
                next: need_next(self.builder),
            }
        } else {
            self.builder
                .error(here, format!("the step `{}` does nothing", name.value));
            Verb::End
        }
    }

    fn play(&mut self, here: &Place, play: raw::Play) -> Verb {
        for exercise in &play.moves {
            self.builder
                .known(self.file, "move", exercise, |names| &names.moves);
        }
        if play.moves.is_empty() || play.hurt.next.is_none() || play.numb.next.is_none() {
            self.builder.error(
                here.clone(),
                "a step that plays needs `moves`, and a `next` for when it hurts or feels numb",
            );
        }
        if play.hurt.ask_again.is_empty() {
            self.builder.error_with(
                here.clone(),
                "whoever it hurts is asked nothing, and could go on to more moves",
                Some("Write `ask_again:` with screens below `hurt`.".to_owned()),
            );
        }
        Verb::Play {
            moves: play
                .moves
                .iter()
                .map(|exercise| MoveId::new(&exercise.value))
                .collect(),
            hurt: self.answer(play.hurt),
            numb: self.answer(play.numb),
            next: StepId::new(&play.next.value),
        }
    }

    fn branch(&mut self, here: &Place, arms: Vec<raw::Arm>) -> Verb {
        let mut conditions = Vec::new();
        let mut otherwise = None;
        for arm in arms {
            let go = StepId::new(&arm.go.value);
            if otherwise.is_some() {
                self.builder.error(
                    place(self.file, &arm.go),
                    "this arm is never taken: the one above it has no `if`".to_owned(),
                );
            }
            match arm.when {
                Some(condition) => {
                    let condition = self.condition(condition);
                    conditions.push((condition, go));
                }
                None => otherwise = Some(go),
            }
        }
        let otherwise = otherwise.unwrap_or_else(|| {
            self.builder.error(
                here.clone(),
                "the last arm of a branch has no `if`, so that every case has a way on".to_owned(),
            );
            StepId::new("")
        });
        Verb::Branch {
            arms: conditions,
            otherwise,
        }
    }

    fn condition(&mut self, condition: raw::Condition) -> Condition {
        match condition {
            raw::Condition::Has(atom) => Condition::Has(self.atom(&atom)),
            raw::Condition::Count(count) => Condition::Count {
                of: count.of.iter().map(|atom| self.atom(atom)).collect(),
                from: count.from,
                to: count.to.unwrap_or(usize::MAX),
            },
            raw::Condition::Number(number) => Condition::Number {
                slot: SlotId::new(&number.slot.value),
                from: number.from,
                to: number.to,
            },
            raw::Condition::LevelAtLeast(level) => Condition::LevelAtLeast(level.into()),
            raw::Condition::Cleared(cleared) => Condition::Cleared(cleared),
            // A clinic offers it or does not: nothing is left to ask.
            raw::Condition::Offers(service) => {
                self.builder
                    .known(self.file, "service", &service, |names| &names.services);
                match self.builder.offered.contains(&service.value) {
                    true => Condition::All(Vec::new()),
                    false => Condition::Any(Vec::new()),
                }
            }
            raw::Condition::All(all) => {
                Condition::All(all.into_iter().map(|one| self.condition(one)).collect())
            }
            raw::Condition::Any(any) => {
                Condition::Any(any.into_iter().map(|one| self.condition(one)).collect())
            }
            raw::Condition::Not(not) => Condition::Not(Box::new(self.condition(*not))),
        }
    }

    pub(super) fn atom(&mut self, name: &Name) -> Atom {
        let atom = self.builder.atom(self.file, name);
        self.conditions.push((place(self.file, name), atom.clone()));
        atom
    }

    fn options(&mut self, options: Vec<raw::ChoiceOption>) -> Vec<Choice> {
        let mut seen = BTreeSet::new();
        options
            .into_iter()
            .map(|option| {
                self.builder.id(self.file, &option.id);
                if !seen.insert(option.id.value.clone()) {
                    self.builder.error(
                        place(self.file, &option.id),
                        format!("two answers are called `{}`", option.id.value),
                    );
                }
                self.builder
                    .label(place(self.file, &option.id), &option.label);
                Choice {
                    id: ChoiceId::new(&option.id.value),
                    label: option.label,
                    answer: self.answer(raw::Answer {
                        next: option.next,
                        set: option.set,
                        raise: option.raise,
                        raise_unsure: option.raise_unsure,
                        ask_again: option.ask_again,
                        language: option.language,
                        erase: option.erase,
                    }),
                }
            })
            .collect()
    }

    fn answer(&mut self, raw: raw::Answer) -> Answer {
        let ask_again = raw
            .ask_again
            .iter()
            .map(|screen| {
                self.builder
                    .known(self.file, "screen", screen, |names| &names.screens);
                ScreenId::new(&screen.value)
            })
            .collect();
        Answer {
            next: raw.next.map(|next| StepId::new(&next.value)),
            set: pairs(raw.set),
            raise: self.builder.flags(self.file, &raw.raise),
            raise_unsure: self.builder.flags(self.file, &raw.raise_unsure),
            ask_again,
            language: raw.language,
            erase: raw.erase,
        }
    }
}
