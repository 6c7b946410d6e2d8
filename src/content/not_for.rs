//! For whom an option of care is not: the lists of the dialogs against the flags.
//!
//! A flag names in `against` what is not for somebody who has it, and a step lists
//! it under `not_for`. Neither may say what the other does not.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Builder, join, place};
use super::raw::{Name, NotFor, Step};

/// What flags and steps say of each option.
#[derive(Default)]
pub(super) struct Options {
    /// By option: the flags that speak against it, and where each says so.
    against: BTreeMap<String, Vec<(String, Name)>>,
    /// By option: the flags that its lists name.
    listed: BTreeMap<String, Listed>,
}

struct Listed {
    file: String,
    option: Name,
    flags: BTreeSet<String>,
}

impl Builder {
    /// Remembers the options that `flag` speaks against.
    pub fn speaks_against(&mut self, flag: &Name, options: Vec<Name>) {
        for option in options {
            let flags = self.options.against.entry(option.value.clone());
            flags.or_default().push((flag.value.clone(), option));
        }
    }

    /// Puts the list of a step below its words, and remembers what it names.
    pub fn list_not_for(&mut self, file: &str, step: &mut Step) {
        let Some(NotFor { option, lines }) = step.not_for.take() else {
            return;
        };
        let Some(say) = &step.say else {
            self.error(
                place(file, &option),
                "a list of whom something is not for needs `say` above it",
            );
            return;
        };
        step.say = Some(say.with_list(lines.iter().map(|line| &line.say)));
        let named = lines.iter().flat_map(|line| &line.flags);
        let flags: Vec<String> = named
            .filter(|name| self.known(file, "flag", name, |names| &names.flags))
            .map(|name| name.value.clone())
            .collect();
        let listed = self.options.listed.entry(option.value.clone());
        let listed = listed.or_insert_with(|| Listed {
            file: file.to_owned(),
            option,
            flags: BTreeSet::new(),
        });
        listed.flags.extend(flags);
    }

    /// Compares the two, once every dialog is read.
    pub fn check_not_for(&mut self, flags_file: &str) {
        let Options { against, listed } = std::mem::take(&mut self.options);
        for (option, flags) in &against {
            let said = listed.get(option);
            for (flag, written) in flags {
                if said.is_some_and(|said| said.flags.contains(flag)) {
                    continue;
                }
                self.error_with(
                    place(flags_file, written),
                    format!("`{flag}` speaks against `{option}`, and no list says so"),
                    Some(match said {
                        Some(said) => format!(
                            "Name it in a line under `not_for` of `{option}` in {}.",
                            said.file
                        ),
                        None => format!("There are lists of: {}.", join_keys(&listed)),
                    }),
                );
            }
        }
        for (option, said) in listed {
            let known: BTreeSet<&String> = against
                .get(&option)
                .map(|flags| flags.iter().map(|(flag, _)| flag).collect())
                .unwrap_or_default();
            for flag in said.flags.iter().filter(|flag| !known.contains(flag)) {
                self.error_with(
                    place(&said.file, &said.option),
                    format!(
                        "the list of `{option}` names `{flag}`, which does not speak against it"
                    ),
                    Some(format!(
                        "Write `against: [{option}]` at the flag in {flags_file}."
                    )),
                );
            }
        }
    }
}

fn join_keys<T>(map: &BTreeMap<String, T>) -> String {
    join(map.keys().map(String::as_str))
}
