//! The dialogs: names looked up, every way leads to a step, no recursion.

mod position;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Builder, place};
use super::calls;
use super::diagnostic::{Place, did_you_mean};
use super::flags::FLAGS;
use super::model::{Atom, Dialog, Step, TextKind};
use super::raw::{self, Name};
use super::slots::Slots;
use crate::ids::{DialogId, SlotId, StepId};
use crate::triage::Level;

pub(super) fn build(
    builder: &mut Builder,
    scripts: Vec<(String, raw::Dialog)>,
) -> BTreeMap<DialogId, Dialog> {
    let mut slots = Slots::default();
    for (_, dialog) in &scripts {
        for (name, step) in &dialog.steps.0 {
            slots.declare(name, step);
        }
    }
    let mut conditions = Vec::new();
    let mut dialogs = BTreeMap::new();
    for (file, script) in scripts {
        let id = DialogId::new(&script.dialog.value);
        let name = file.rsplit('/').next().unwrap_or(&file);
        if name.strip_suffix(".yaml") != Some(id.as_str()) {
            builder.error_with(
                place(&file, &script.dialog),
                format!("the dialog `{id}` stands in the file `{file}`"),
                Some(format!(
                    "Name the file `{id}.yaml`, or the dialog after its file."
                )),
            );
        }
        let dialog = Scripting {
            builder,
            file: &file,
            conditions: &mut conditions,
        }
        .dialog(id.clone(), script);
        dialogs.insert(id, dialog);
    }
    if builder.all_read {
        for (here, atom) in conditions {
            slots.check(builder, here, &atom);
        }
        builder.check_not_for(FLAGS);
    }
    calls::check(builder, &dialogs);
    calls::mark_moves(&mut dialogs);
    dialogs
}

/// Reads one file's steps.
struct Scripting<'a> {
    builder: &'a mut Builder,
    file: &'a str,
    conditions: &'a mut Vec<(Place, Atom)>,
}

impl Scripting<'_> {
    /// A number that is asked for goes to staff right behind the question: whoever gave
    /// it waits for a call.
    fn number_is_passed_on(&mut self, script: &raw::Dialog) {
        let steps = &script.steps.0;
        for (name, step) in steps {
            let Some(asked) = step
                .text
                .as_ref()
                .filter(|text| text.kind == TextKind::Phone)
            else {
                continue;
            };
            let slot_asked = asked.slot.as_ref().unwrap_or(name);
            let next = steps
                .iter()
                .find(|(name, _)| name.value == asked.next.value);
            let passes_on = next.is_some_and(|(_, next)| {
                let slot = next.request_call.as_ref();
                slot.is_some_and(|slot| slot.value == slot_asked.value)
            });
            if next.is_some() && !passes_on {
                self.builder.error_with(
                    place(self.file, name),
                    format!(
                        "`{}` asks for a number, and nobody is told of it",
                        name.value
                    ),
                    Some(format!(
                        "Let its `next` be a step with `request_call: {}`.",
                        slot_asked.value
                    )),
                );
            }
        }
    }

    fn dialog(mut self, id: DialogId, script: raw::Dialog) -> Dialog {
        self.builder.id(self.file, &script.dialog);
        let names: BTreeSet<String> = script
            .steps
            .0
            .iter()
            .map(|(name, _)| name.value.clone())
            .collect();
        if script.kind.is_none() {
            self.builder.error_with(
                place(self.file, &script.dialog),
                format!("the dialog `{id}` does not say what `kind` it is"),
                Some("Write `kind: teaches`, `asks` or `talks`; the cards of one that `teaches` are held to easier words.".to_owned()),
            );
        }
        self.number_is_passed_on(&script);
        let mut own_slots = BTreeSet::new();
        let mut steps = BTreeMap::new();
        let mut targets: Vec<(StepId, Name)> = Vec::new();
        // A way to a step that is not there is one mistake: what lies behind it
        // is not reported too.
        let mut all_found = self.target(&names, &script.start);
        for (name, mut raw) in script.steps.0 {
            self.builder.id(self.file, &name);
            self.builder.list_not_for(self.file, &mut raw);
            let from = StepId::new(&name.value);
            let mut goes = Vec::new();
            collect_targets(&raw, &mut goes);
            for target in goes {
                if self.target(&names, &target) {
                    targets.push((from.clone(), target));
                } else {
                    all_found = false;
                }
            }
            match asked_slot(&name, &raw) {
                Some((slot, raw::Keep::Not)) => {
                    own_slots.insert(slot);
                }
                Some((slot, raw::Keep::Today)) => {
                    self.builder.day_slots.insert(slot);
                }
                Some((_, raw::Keep::Always)) | None => {}
            }
            if let Some(say) = &raw.say {
                let here = place(self.file, &name);
                let own = Some(&raw.source).filter(|own| !own.is_empty());
                let source = own.unwrap_or(&script.source);
                self.builder.cite(&here, &name.value, source);
                if raw.position_check.is_none() {
                    self.builder.tells_no_position(&here, say, &raw.no_position);
                }
                let exempt = raw.names_kept.as_deref();
                self.builder
                    .readable(&here, say, script.kind.into(), exempt);
            }
            let step = self.step(&name, raw);
            steps.insert(from, step);
        }
        let kept_until = script.kept_until.map(|name| {
            let atom = self.builder.atom(self.file, &name);
            self.conditions
                .push((place(self.file, &name), atom.clone()));
            atom
        });
        let start = StepId::new(&script.start.value);
        if all_found {
            self.warn_unreached(&start, &steps, &targets);
        }
        Dialog {
            id,
            stays_open: script.stays_open.map_or(Level::Caution, Level::from),
            start,
            steps,
            own_slots: own_slots.into_iter().collect(),
            kept_until,
            has_moves: false,
        }
    }

    fn target(&mut self, names: &BTreeSet<String>, target: &Name) -> bool {
        if names.contains(&target.value) {
            return true;
        }
        let help = did_you_mean(&target.value, names.iter().map(String::as_str));
        self.builder.error_with(
            place(self.file, target),
            format!("there is no step `{}` in this dialog", target.value),
            help,
        );
        false
    }

    fn warn_unreached(
        &mut self,
        start: &StepId,
        steps: &BTreeMap<StepId, Step>,
        targets: &[(StepId, Name)],
    ) {
        let mut reached = BTreeSet::from([start.clone()]);
        let mut queue = vec![start.clone()];
        while let Some(step) = queue.pop() {
            for (_, to) in targets.iter().filter(|(from, _)| *from == step) {
                if reached.insert(StepId::new(&to.value)) {
                    queue.push(StepId::new(&to.value));
                }
            }
        }
        for (id, step) in steps.iter().filter(|(id, _)| !reached.contains(*id)) {
            self.builder.warn(
                step.place.clone(),
                format!("no answer leads to the step `{id}`"),
            );
        }
    }
}

/// The slot a step asks for, and whether a new start of the dialog empties it.
fn asked_slot(step: &Name, raw: &raw::Step) -> Option<(SlotId, raw::Keep)> {
    let (slot, keep) = if let Some(choice) = &raw.choice {
        (&choice.slot, choice.keep)
    } else if let Some(many) = &raw.many {
        (&many.slot, many.keep)
    } else if let Some(yes_no) = &raw.yes_no {
        (&yes_no.slot, yes_no.keep)
    } else if let Some(number) = raw.number.as_ref().or(raw.scale.as_ref()) {
        (&number.slot, number.keep)
    } else if let Some(text) = &raw.text {
        (&text.slot, raw::Keep::default())
    } else {
        return None;
    };
    Some((SlotId::new(&slot.as_ref().unwrap_or(step).value), keep))
}

/// Every step a step may go to.
fn collect_targets(raw: &raw::Step, goes: &mut Vec<Name>) {
    let mut options = |options: &[raw::ChoiceOption]| {
        goes.extend(options.iter().filter_map(|option| option.next.clone()))
    };
    if let Some(choice) = &raw.choice {
        options(&choice.options);
    }
    if let Some(answers) = &raw.answers {
        options(answers);
    }
    if let Some(many) = &raw.many {
        goes.push(many.next.clone());
        goes.extend(many.none.as_ref().map(|none| none.next.clone()));
    }
    if let Some(yes_no) = &raw.yes_no {
        for answer in [
            Some(&yes_no.yes),
            Some(&yes_no.no),
            yes_no.not_sure.as_ref(),
        ]
        .into_iter()
        .flatten()
        {
            goes.extend(answer.next.clone());
        }
    }
    goes.extend(
        raw.number
            .as_ref()
            .or(raw.scale.as_ref())
            .map(|number| number.next.clone()),
    );
    goes.extend(raw.text.as_ref().map(|text| text.next.clone()));
    if let Some(play) = &raw.play {
        goes.push(play.next.clone());
        goes.extend(play.hurt.next.clone());
        goes.extend(play.numb.next.clone());
    }
    goes.extend(raw.summary.as_ref().map(|summary| summary.next.clone()));
    goes.extend(raw.next.clone());
    goes.extend(raw.after.as_ref().map(|after| after.go.clone()));
    let check = raw.position_check.as_ref();
    goes.extend(check.map(|check| check.next.clone()));
    goes.extend(raw.branch.iter().flatten().map(|arm| arm.go.clone()));
}
