//! Rows `raises`: which answer states which flags.

use std::collections::{BTreeMap, BTreeSet};

use super::{Broken, Place, staff_words};
use crate::content::{Content, Verb, YesNo};
use crate::ids::{ChoiceId, DialogId, FlagId, StepId};
use crate::proof::Spot;
use crate::proof::guide::Guide;
use crate::proof::rehearse::Rehearsal;
use crate::proof::rules::completions;
use crate::proof::tap::Tap;
use crate::triage::Form;

pub(super) fn raises_row<'a>(
    guide: &mut Guide<'a>,
    place: &Place,
    answer: &str,
    wanted: &[FlagId],
    form: Form,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let mut steps: Vec<(DialogId, StepId)> = place.step.iter().cloned().collect();
    if place.step.is_none() {
        for dialog in content.dialogs.values() {
            let moves = dialog
                .steps
                .iter()
                .filter(|(_, step)| matches!(step.verb, Verb::Move { .. }));
            steps.extend(moves.map(|(id, _)| (dialog.id.clone(), id.clone())));
        }
    }
    let button = place.answers.get(answer).map_or(answer, String::as_str);
    steps.into_iter().find_map(|(dialog, step)| {
        let spots = vec![Spot::Step(dialog.clone(), step.clone())];
        let broken = |what: String, chat| Broken {
            what,
            help: format!(
                "Let the answer `{button}` raise {}.",
                wanted
                    .iter()
                    .map(FlagId::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            spots: spots.clone(),
            chat,
        };
        let Some(mut chat) = guide.to(&dialog, &step) else {
            // A move that nobody comes to has no answer that could be missing.
            place.step.as_ref()?;
            return Some(broken(
                format!("nobody comes to `{step}` in {dialog}.yaml"),
                None,
            ));
        };
        if let Some(first) = &place.first {
            let done = answer_with(&mut chat, first);
            let asks_then = place
                .then
                .as_ref()
                .is_none_or(|then| chat.asks().is_some_and(|(_, step)| step == then));
            if !done || !asks_then {
                let then = place.then.as_ref().map(StepId::as_str).unwrap_or_default();
                let question = place
                    .then
                    .as_ref()
                    .and_then(|then| content.step(&dialog, then)?.say.as_ref())
                    .map(|say| chat.plain(say))
                    .unwrap_or_default();
                chat.demand(format!(
                    "bot: {}",
                    question.lines().next().unwrap_or_default()
                ));
                return Some(broken(
                    format!("`{first}` at `{step}` should lead to the question `{then}`"),
                    Some(chat),
                ));
            }
        }
        let before: BTreeSet<FlagId> = chat.c.flags.keys().cloned().collect();
        let done = answer_with(&mut chat, button);
        let is: BTreeMap<&FlagId, Form> = chat
            .c
            .flags
            .iter()
            .filter(|(flag, _)| !before.contains(*flag))
            .map(|(flag, note)| (flag, note.form))
            .collect();
        if done && wanted.iter().all(|flag| is.get(flag) == Some(&form)) && is.len() == wanted.len()
        {
            return None;
        }
        let names: Vec<&str> = wanted.iter().map(FlagId::as_str).collect();
        let how = if form == Form::Sure {
            "surely"
        } else {
            "unsurely"
        };
        let what = format!(
            "`{button}` at `{step}` should raise {} {how}, and raises {:?}",
            names.join(", "),
            is.keys().collect::<Vec<_>>()
        );
        expect_raised(content, &mut chat, wanted, form);
        Some(broken(what, Some(chat)))
    })
}

/// What is seen once these flags are raised.
pub(super) fn expect_raised(
    content: &Content,
    chat: &mut Rehearsal<'_>,
    flags: &[FlagId],
    form: Form,
) {
    let level = flags
        .iter()
        .map(|flag| content.rules.level_of(flag, form))
        .max()
        .unwrap_or_default();
    if level.blocks() {
        return chat.demand(format!("staff sees: {}", staff_words(content, level)));
    }
    // A clue is seen in the rule that it completes alone.
    let completed = flags.iter().find_map(|clue| {
        content.rules.rules.iter().find_map(|rule| {
            let set = completions(rule).into_iter().find(|set| {
                set.contains(clue)
                    && set
                        .iter()
                        .all(|flag| flag == clue || content.examples.contains_key(flag))
            })?;
            Some((
                rule.level,
                set.into_iter()
                    .filter(|flag| flag != clue)
                    .collect::<Vec<_>>(),
            ))
        })
    });
    if let Some((level, others)) = completed {
        for flag in others {
            if let Some(words) = content.examples.get(&flag) {
                chat.say(words);
            }
        }
        chat.demand(format!("staff sees: {}", staff_words(content, level)));
    }
}

/// Gives the open question the answer of this name; a list is ticked and sent.
pub(super) fn answer_with(chat: &mut Rehearsal<'_>, name: &str) -> bool {
    let id = ChoiceId::new(name);
    let tap = match chat.verb() {
        Some(Verb::Choice { .. } | Verb::Move { .. }) => Tap::Choose(id),
        Some(Verb::Many { .. }) => Tap::Ticks(vec![id]),
        Some(Verb::YesNo { .. }) => match name {
            "yes" => Tap::YesNo(YesNo::Yes),
            "no" => Tap::YesNo(YesNo::No),
            _ => Tap::YesNo(YesNo::NotSure),
        },
        Some(_) | None => return false,
    };
    chat.act_of(&tap).is_ok()
}
