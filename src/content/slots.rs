//! What each slot can hold, so that a condition about it can be looked up.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Builder, join};
use super::diagnostic::{Place, did_you_mean};
use super::model::Atom;
use super::raw::{self, Name};

/// What a slot can hold, for looking conditions up.
#[derive(Default)]
pub(super) struct Slots {
    /// Values by slot; `None` for slots that hold anything.
    values: BTreeMap<String, Option<BTreeSet<String>>>,
}

impl Slots {
    /// Notes what the step asks for.
    pub fn declare(&mut self, step: &Name, raw: &raw::Step) {
        let options = |options: &[raw::ChoiceOption]| {
            Some(
                options
                    .iter()
                    .map(|option| option.id.value.clone())
                    .collect::<BTreeSet<_>>(),
            )
        };
        let (slot, values) = if let Some(choice) = &raw.choice {
            (&choice.slot, options(&choice.options))
        } else if let Some(many) = &raw.many {
            let mut values = options(&many.options);
            if let Some(values) = &mut values {
                values.insert("none".to_owned());
            }
            (&many.slot, values)
        } else if let Some(yes_no) = &raw.yes_no {
            (
                &yes_no.slot,
                Some(["yes", "no", "not-sure"].map(str::to_owned).into()),
            )
        } else if let Some(number) = raw.number.as_ref().or(raw.scale.as_ref()) {
            (&number.slot, None)
        } else if let Some(text) = &raw.text {
            (&text.slot, None)
        } else {
            return;
        };
        let slot = slot.as_ref().unwrap_or(step).value.clone();
        match (
            self.values
                .entry(slot)
                .or_insert_with(|| Some(BTreeSet::new())),
            values,
        ) {
            (Some(known), Some(values)) => known.extend(values),
            (known, None) => *known = None,
            (None, Some(_)) => {}
        }
    }

    /// Reports a fact about a slot that can never hold.
    pub fn check(&self, builder: &mut Builder, here: Place, atom: &Atom) {
        let (slot, value) = match atom {
            Atom::Flag(_) => return,
            Atom::Value(slot, value) => (slot, Some(value)),
            Atom::Set(slot) => (slot, None),
        };
        match self.values.get(slot.as_str()) {
            None => {
                let help = did_you_mean(slot.as_str(), self.values.keys().map(String::as_str));
                builder.error_with(here, format!("no step asks for `{slot}`"), help);
            }
            Some(Some(values)) => {
                if let Some(value) = value.filter(|value| !values.contains(value.as_str())) {
                    let help = did_you_mean(value.as_str(), values.iter().map(String::as_str))
                        .unwrap_or_else(|| {
                            format!("It can be: {}.", join(values.iter().map(String::as_str)))
                        });
                    builder.error_with(
                        here,
                        format!("`{slot}` is never answered with `{value}`"),
                        Some(help),
                    );
                }
            }
            Some(None) => {}
        }
    }
}
