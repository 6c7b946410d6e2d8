//! `red-flags.yaml`: flags, rules and screens.

use std::collections::BTreeMap;

use super::build::{Builder, place};
use super::diagnostic::Place;
use super::model::{Flag, History, Screen};
use super::raw::{self, ScreenStyle};
use super::readability::Measure;
use super::text::Text;
use crate::ids::{CardId, FlagId, MoveId, RuleId, ScreenId};
use crate::triage::{AtLeast, FlagRule, Level, Rule, Rules};

pub(super) const FLAGS: &str = "red-flags.yaml";

pub(super) fn build_rules(builder: &mut Builder, file: &raw::RedFlags) -> Rules {
    let mut rules = Rules::default();
    for (name, flag) in &file.flags.0 {
        builder.id(FLAGS, name);
        let level = match (flag.level, flag.kind) {
            (Some(level), None) => Level::from(level),
            (None, Some(raw::FlagKind::Clue)) => Level::Clear,
            (Some(_), Some(_)) => {
                builder.error(
                    place(FLAGS, name),
                    format!("the clue `{}` has a level; a clue has none", name.value),
                );
                Level::Clear
            }
            (None, None) => {
                builder.error(
                    place(FLAGS, name),
                    format!("the flag `{}` has no level", name.value),
                );
                Level::Clear
            }
        };
        let card = flag.card.as_ref().map(|card| {
            builder.known(FLAGS, "card", card, |names| &names.cards);
            CardId::new(&card.value)
        });
        rules
            .flags
            .insert(FlagId::new(&name.value), FlagRule { level, card });
    }
    for rule in &file.rules {
        builder.id(FLAGS, &rule.id);
        let named = format!("rule {}", rule.id.value);
        builder.cite(&place(FLAGS, &rule.id), &named, &rule.source);
        let card = rule.card.as_ref().map(|card| {
            builder.known(FLAGS, "card", card, |names| &names.cards);
            CardId::new(&card.value)
        });
        let at_least = rule.at_least.as_ref().map(|at_least| {
            if at_least.count == 0 || at_least.count > at_least.of.len() {
                builder.error(
                    place(FLAGS, &rule.id),
                    format!(
                        "rule `{}` asks for {} of {} flags",
                        rule.id.value,
                        at_least.count,
                        at_least.of.len()
                    ),
                );
            }
            AtLeast {
                count: at_least.count,
                of: builder.flags(FLAGS, &at_least.of),
            }
        });
        if rule.all.is_empty() && rule.any.is_empty() && at_least.is_none() {
            builder.error(
                place(FLAGS, &rule.id),
                format!(
                    "rule `{}` names no flag, so it would always hold",
                    rule.id.value
                ),
            );
        }
        rules.rules.push(Rule {
            id: RuleId::new(&rule.id.value),
            all: builder.flags(FLAGS, &rule.all),
            any: builder.flags(FLAGS, &rule.any),
            at_least,
            level: rule.level.into(),
            card,
        });
    }
    rules
}

pub(super) fn build_flags(
    builder: &mut Builder,
    file: raw::RedFlags,
) -> (Vec<Screen>, BTreeMap<FlagId, Flag>, Text) {
    let whole = Place {
        file: FLAGS.to_owned(),
        bytes: 0..0,
    };
    builder.placeholders(&whole, &file.history_question, &["since"]);
    builder.readable(&whole, &file.history_question, Measure::Talk, None);
    builder.cite(&whole, "every screen", &file.source);
    let mut flags = BTreeMap::new();
    for (name, flag) in file.flags.0 {
        let here = place(FLAGS, &name);
        for text in [&flag.question, &flag.button, &flag.words] {
            builder.placeholders(&here, text, &[]);
            builder.readable(&here, text, Measure::Talk, flag.names_kept.as_deref());
        }
        builder.cite(&here, &name.value, &flag.source);
        builder.speaks_against(&name, flag.against);
        builder.label(here, &flag.button);
        let history = flag.history.map(|history| {
            builder.placeholders(&place(FLAGS, &name), &history.since, &[]);
            let allows = history.allows.iter().map(|name| {
                builder.known(FLAGS, "move", name, |names| &names.moves);
                MoveId::new(&name.value)
            });
            History {
                allows: allows.collect(),
                since: history.since,
            }
        });
        flags.insert(
            FlagId::new(&name.value),
            Flag {
                question: flag.question,
                button: flag.button,
                words: flag.words,
                notify: flag.notify.unwrap_or_default(),
                history,
                follow_up: flag
                    .follow_up
                    .as_ref()
                    .map(|name| builder.flag(FLAGS, name)),
                only_with: flag
                    .only_with
                    .as_ref()
                    .map(|name| builder.flag(FLAGS, name)),
                ends_screens: flag.ends_screens,
            },
        );
    }
    let total = file
        .screens
        .iter()
        .filter(|screen| screen.style == ScreenStyle::List)
        .count();
    let mut number = 0;
    let mut screens = Vec::new();
    for screen in file.screens {
        builder.id(FLAGS, &screen.id);
        let here = place(FLAGS, &screen.id);
        /// A Continue button carries its ticks as a bit each.
        const SCREEN_FLAGS_MAX: usize = 32;
        match screen.style {
            ScreenStyle::Question if screen.flags.len() != 1 => builder.error(
                here,
                "a screen of style `question` asks for exactly one flag",
            ),
            ScreenStyle::List if screen.title.is_none() => {
                builder.error(here, "a screen of style `list` needs a title")
            }
            ScreenStyle::List
                if screen.flags.is_empty() || screen.flags.len() > SCREEN_FLAGS_MAX =>
            {
                builder.error(here, format!("a screen has 1 to {SCREEN_FLAGS_MAX} flags"));
            }
            ScreenStyle::Question | ScreenStyle::List => {}
        }
        if screen.style == ScreenStyle::List {
            number += 1;
        }
        screens.push(Screen {
            id: ScreenId::new(&screen.id.value),
            style: screen.style,
            title: screen.title,
            flags: builder.flags(FLAGS, &screen.flags),
            progress: (screen.style == ScreenStyle::List).then_some((number, total)),
        });
    }
    (screens, flags, file.history_question)
}
