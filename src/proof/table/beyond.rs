//! What the content has and no row speaks of.

use std::collections::BTreeSet;

use super::{Claim, Effect, Table, fact_words};
use crate::content::{Change, Content};
use crate::ids::FlagId;
use crate::proof::Property;
use crate::proof::guide::presses_of;
use crate::proof::tap::Tap;

/// What the content has and no row speaks of.
pub(super) fn beyond(content: &Content, table: &Table, property: Property) -> Vec<String> {
    let mut beyond = Vec::new();
    let has = |is: &dyn Fn(&Claim) -> bool| table.rows.iter().any(|row| is(&row.claim));
    if property == Property::P6 {
        for (id, exercise) in &content.moves.list {
            for (fact, change) in &exercise.changes {
                if !has(
                    &|claim| matches!(claim, Claim::Move(known, other, effect) if known == fact && other == id && *effect != Effect::Keep),
                ) {
                    let what = if *change == Change::Drop {
                        "takes away"
                    } else {
                        "changes"
                    };
                    beyond.push(format!("`{}` {what} the move {id}", fact_words(fact)));
                }
            }
        }
        return beyond;
    }
    for flag in content.flags.keys() {
        if !has(&|claim| matches!(claim, Claim::Flag(known, _) if known == flag)) {
            beyond.push(format!("the flag `{flag}`"));
        }
    }
    for rule in &content.rules.rules {
        let claimed = table.rows.iter().find_map(|row| match &row.claim {
            Claim::Rule(known) if known.id == rule.id => Some(known),
            _ => None,
        });
        match claimed {
            None => beyond.push(format!("the rule {}", rule.id)),
            Some(known) => {
                let known: BTreeSet<&FlagId> = known.flags().collect();
                let more: BTreeSet<&FlagId> =
                    rule.flags().filter(|flag| !known.contains(flag)).collect();
                beyond.extend(
                    more.iter()
                        .map(|flag| format!("`{flag}` in the rule {}", rule.id)),
                );
            }
        }
    }
    for screen in &content.screens {
        let claimed = table.rows.iter().find_map(|row| match &row.claim {
            Claim::Screen(known, flags) if *known == screen.id => Some(flags),
            _ => None,
        });
        match claimed {
            None => beyond.push(format!("the screen `{}`", screen.id)),
            Some(known) => {
                let more = screen.flags.iter().filter(|flag| !known.contains(flag));
                beyond.extend(more.map(|flag| format!("`{flag}` on the screen `{}`", screen.id)));
            }
        }
    }
    beyond.extend(raised_beyond(content, table));
    beyond
}

pub(super) fn raised_beyond(content: &Content, table: &Table) -> Vec<String> {
    let known: BTreeSet<&FlagId> = table
        .rows
        .iter()
        .filter_map(|row| match &row.claim {
            Claim::Raises { flags, .. } => Some(flags),
            _ => None,
        })
        .flatten()
        .collect();
    let mut beyond = Vec::new();
    for flag in content.flags.keys().filter(|flag| !known.contains(flag)) {
        for (dialog, step, tap) in presses_of(content, flag) {
            if !matches!(tap, Tap::Tick(_)) {
                beyond.push(format!("`{step}` in {dialog}.yaml raises `{flag}`"));
            }
        }
    }
    beyond
}
