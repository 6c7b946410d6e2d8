//! Which cards can be in force, what gives them, and what their buttons open.

use std::collections::BTreeMap;

use crate::content::Content;
use crate::ids::{CardId, ChoiceId, DialogId, FlagId};
use crate::proof::rules::completions;
use crate::triage::{Form, Level, Stated};

/// The answers of every card that may be in force at a level, and what they open.
pub(in crate::proof) fn cards_at(
    content: &Content,
    level: Level,
) -> Vec<(CardId, ChoiceId, DialogId)> {
    let mut found = Vec::new();
    for (id, card) in &content.cards {
        let is_own = || {
            let flags = content.rules.flags.iter().any(|(flag, rule)| {
                rule.card.as_ref() == Some(id)
                    && [Form::Sure, Form::Unsure]
                        .iter()
                        .any(|form| content.rules.level_of(flag, *form) == level)
            });
            flags
                || content
                    .rules
                    .rules
                    .iter()
                    .any(|rule| rule.card.as_ref() == Some(id) && rule.level == level)
        };
        if card.level == Some(level) || is_own() {
            for answer in &card.answers {
                if let Some(dialog) = &answer.opens {
                    found.push((id.clone(), answer.id.clone(), dialog.clone()));
                }
            }
        }
    }
    found
}

/// The smallest sets of flags that give each blocking level.
///
/// The level of a card is that of one flag in its form, or that of a rule. The
/// flag alone, or the rule's flags with all but one cleared, then give the same
/// level: more would be too much, and less would not be it.
pub(super) fn alarms_of(content: &Content) -> Vec<(Level, Vec<FlagId>)> {
    let mut sets: Vec<(Level, Vec<FlagId>)> = Vec::new();
    let mut add = |level: Level, set: Vec<FlagId>| {
        if level.blocks() && !sets.contains(&(level, set.clone())) {
            sets.push((level, set));
        }
    };
    for flag in content.flags.keys() {
        for form in [Form::Sure, Form::Unsure] {
            let stated = Stated {
                form,
                cleared: false,
            };
            add(
                content
                    .rules
                    .level(&BTreeMap::from([(flag.clone(), stated)])),
                vec![flag.clone()],
            );
        }
    }
    for set in content.rules.rules.iter().flat_map(completions) {
        for last in &set {
            for form in [Form::Settled, Form::Unsure, Form::Sure] {
                let stated = set.iter().map(|flag| {
                    let cleared = flag != last;
                    let form = if cleared { Form::Sure } else { form };
                    (flag.clone(), Stated { form, cleared })
                });
                add(content.rules.level(&stated.collect()), set.clone());
            }
        }
    }
    sets.sort_by_key(|(_, set)| set.len());
    sets
}

pub(super) fn level_of(content: &Content, flag: &FlagId) -> Level {
    let stated = Stated {
        form: Form::Sure,
        cleared: false,
    };
    content
        .rules
        .level(&BTreeMap::from([(flag.clone(), stated)]))
}
