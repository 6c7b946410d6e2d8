//! Rows `raises` and `again`: which answer states which flags, and has which screens
//! asked again.

use std::collections::{BTreeMap, BTreeSet};

use super::{Broken, Place, staff_words};
use crate::content::{Answer, Content, Verb, YesNo};
use crate::ids::{ChoiceId, DialogId, FlagId, ScreenId, StepId};
use crate::proof::Spot;
use crate::proof::guide::Guide;
use crate::proof::rehearse::Rehearsal;
use crate::proof::rules::completions;
use crate::proof::tap::Tap;
use crate::triage::Form;

/// Goes to a place, wherever it is, and holds a row against what an answer does there:
/// `row` is told the step, and given the chat in which it asks. Of all the steps with
/// moves those that no chat comes to easily are read only: there is nothing to play
/// where the answer itself says what the row does.
fn at_each<'a>(
    guide: &mut Guide<'a>,
    place: &Place,
    says_so: impl Fn(Option<&Answer>) -> bool,
    button: &str,
    mut row: impl FnMut(&mut Guide<'a>, &StepId, Rehearsal<'a>) -> Option<Failed<'a>>,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let mut steps: Vec<(DialogId, StepId)> = place.step.iter().cloned().collect();
    if place.step.is_none() {
        for dialog in content.dialogs.values() {
            let moves = dialog
                .steps
                .iter()
                .filter(|(_, step)| matches!(step.verb, Verb::Move { .. } | Verb::Play { .. }));
            steps.extend(moves.map(|(id, _)| (dialog.id.clone(), id.clone())));
        }
    }
    steps.into_iter().find_map(|(dialog, step)| {
        let is_easy = guide.knows(&(dialog.clone(), step.clone()));
        let verb = content.step(&dialog, &step).map(|step| &step.verb);
        let read = verb.and_then(|verb| answer_of(verb, button));
        if place.step.is_none() && (read.is_none() || !is_easy) && says_so(read) {
            return None;
        }
        let failed = match guide.to(&dialog, &step) {
            Some(mut chat) => match lead(content, place, (&dialog, &step), &mut chat) {
                Ok(()) => row(guide, &step, chat)?,
                Err(what) => Failed {
                    help: format!("Let `{step}` lead on as the row `place` says."),
                    what,
                    chat: Some(chat),
                },
            },
            None => {
                // A move that nobody comes to has no answer that could be missing.
                place.step.as_ref()?;
                Failed {
                    what: format!("nobody comes to `{step}` in {dialog}.yaml"),
                    help: format!("Let somebody come to `{step}`."),
                    chat: None,
                }
            }
        };
        Some(Broken {
            what: failed.what,
            help: failed.help,
            spots: vec![Spot::Step(dialog, step)],
            chat: failed.chat,
        })
    })
}

/// The answer of a step with a move that is called so.
fn answer_of<'c>(verb: &'c Verb, name: &str) -> Option<&'c Answer> {
    match verb {
        Verb::Move { answers, .. } => {
            let mut answers = answers.iter();
            let found = answers.find(|answer| answer.id.as_str() == name)?;
            Some(&found.answer)
        }
        Verb::Play { hurt, .. } if name == "hurt" => Some(hurt),
        Verb::Play { numb, .. } => Some(numb),
        _ => None,
    }
}

/// What is wrong with an answer.
struct Failed<'a> {
    what: String,
    help: String,
    chat: Option<Rehearsal<'a>>,
}

/// Gives the answer that leads to the question of a place.
fn lead(
    content: &Content,
    place: &Place,
    (dialog, step): (&DialogId, &StepId),
    chat: &mut Rehearsal<'_>,
) -> Result<(), String> {
    let Some(first) = &place.first else {
        return Ok(());
    };
    let done = answer_with(chat, first);
    let asks_then = place
        .then
        .as_ref()
        .is_none_or(|then| chat.asks().is_some_and(|(_, step)| step == then));
    if done && asks_then {
        return Ok(());
    }
    let then = place.then.as_ref();
    let question = then
        .and_then(|then| content.step(dialog, then)?.say.as_ref())
        .map(|say| chat.plain(say))
        .unwrap_or_default();
    chat.demand(format!(
        "bot: {}",
        question.lines().next().unwrap_or_default()
    ));
    let then = then.map(StepId::as_str).unwrap_or_default();
    Err(format!(
        "`{first}` at `{step}` should lead to the question `{then}`"
    ))
}

/// The answer that a row names, as the step does.
fn button<'p>(place: &'p Place, answer: &'p str) -> &'p str {
    place.answers.get(answer).map_or(answer, String::as_str)
}

pub(super) fn raises_row<'a>(
    guide: &mut Guide<'a>,
    place: &Place,
    answer: &str,
    wanted: &[FlagId],
    form: Form,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let button = button(place, answer);
    let says_so = |answer: Option<&Answer>| {
        answer.is_some_and(|answer| match form {
            Form::Unsure => answer.raise_unsure == wanted,
            Form::Sure | Form::Settled => answer.raise == wanted,
        })
    };
    at_each(guide, place, says_so, button, |_, step, mut chat| {
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
        let names = names.join(", ");
        let how = if form == Form::Sure {
            "surely"
        } else {
            "unsurely"
        };
        let what = format!(
            "`{button}` at `{step}` should raise {names} {how}, and raises {:?}",
            is.keys().collect::<Vec<_>>()
        );
        expect_raised(content, &mut chat, wanted, form);
        Some(Failed {
            what,
            help: format!("Let the answer `{button}` raise {names}."),
            chat: Some(chat),
        })
    })
}

/// Rows `again`: after this answer these screens are asked again, whatever was answered
/// before.
pub(super) fn again_row<'a>(
    guide: &mut Guide<'a>,
    place: &Place,
    answer: &str,
    wanted: &[ScreenId],
) -> Option<Broken<'a>> {
    let content = guide.content;
    let button = button(place, answer);
    // A move need not ask whether it hurt; where it does, the answer counts.
    let says_so = |answer: Option<&Answer>| {
        let again = |answer: &Answer| wanted.iter().all(|one| answer.ask_again.contains(one));
        answer.is_none_or(again)
    };
    at_each(guide, place, says_so, button, |guide, step, mut chat| {
        let done = answer_with(&mut chat, button);
        let shown = chat.clone();
        let asked = match done {
            true => guide.answer_none(&mut chat),
            false => BTreeSet::new(),
        };
        let missing = wanted.iter().find(|screen| !asked.contains(*screen))?;
        // Where none is asked it shows at once; else behind those that are.
        let mut chat = if asked.is_empty() { shown } else { chat };
        let title = content
            .screen(missing)
            .and_then(|screen| screen.title.as_ref());
        let title = title.map(|title| chat.plain(title)).unwrap_or_default();
        chat.demand(format!("bot: {}", title.lines().next().unwrap_or_default()));
        Some(Failed {
            what: format!(
                "after `{button}` at `{step}` the screen `{missing}` should be asked again"
            ),
            help: format!(
                "Let the answer `{button}` say `ask_again: [{missing}, …]`, and lead to the screens."
            ),
            chat: Some(chat),
        })
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
        Some(Verb::Play { .. }) if name == "hurt" => Tap::PlayHurts,
        Some(Verb::Play { .. }) => Tap::PlayNumb,
        Some(Verb::YesNo { .. }) => match name {
            "yes" => Tap::YesNo(YesNo::Yes),
            "no" => Tap::YesNo(YesNo::No),
            _ => Tap::YesNo(YesNo::NotSure),
        },
        Some(_) | None => return false,
    };
    chat.act_of(&tap).is_ok()
}
