//! Rows `screen`: what a screen asks for, and in which order.

use super::moves::never_this_move;
use super::{Broken, Claim, FLAGS, Table, at_flag};
use crate::content::Verb;
use crate::ids::{DialogId, FlagId, ScreenId, StepId};
use crate::proof::Spot;
use crate::proof::guide::Guide;
use crate::proof::rehearse::Rehearsal;

pub(super) fn screen_row<'a>(
    guide: &mut Guide<'a>,
    table: &Table,
    id: &ScreenId,
    wanted: &[FlagId],
) -> Option<Broken<'a>> {
    let content = guide.content;
    let spots = vec![Spot::Name {
        file: FLAGS,
        name: id.to_string(),
    }];
    let order: Vec<&ScreenId> = table
        .rows
        .iter()
        .filter_map(|row| match &row.claim {
            Claim::Screen(screen, _) => Some(screen),
            _ => None,
        })
        .collect();
    let Some(screen) = content.screens.iter().find(|screen| screen.id == *id) else {
        let chat = first_move(guide);
        return Some(Broken {
            what: format!("the screen `{id}` is never asked"),
            help: format!("Write the screen `{id}` again, in {FLAGS}, and a step that asks it."),
            spots: Vec::new(),
            chat,
        });
    };
    let is_asked_of_few = |flag: &&FlagId| {
        let only_with = content
            .flags
            .get(*flag)
            .and_then(|flag| flag.only_with.as_ref());
        only_with.is_some_and(|other| {
            let named = Claim::OnlyWith((*flag).clone(), other.clone());
            table.rows.iter().all(|row| row.claim != named)
        })
    };
    let missing = wanted.iter().find(|flag| !screen.flags.contains(flag));
    if let Some(missing) = missing.or_else(|| wanted.iter().find(is_asked_of_few)) {
        let chat = to_screen(guide, id).map(|mut chat| {
            let question = content
                .flags
                .get(missing)
                .map(|flag| chat.plain(&flag.question))
                .unwrap_or_default();
            chat.demand(format!(
                "bot: {}",
                question.lines().next().unwrap_or_default()
            ));
            chat
        });
        return Some(Broken {
            what: format!("the screen `{id}` does not ask everybody for `{missing}`"),
            help: format!(
                "Add `{missing}` to the flags of the screen `{id}` in {FLAGS}, without `only_with`."
            ),
            spots,
            chat,
        });
    }
    let asked: Vec<&FlagId> = screen
        .flags
        .iter()
        .filter(|flag| wanted.contains(flag))
        .collect();
    let in_order = asked.iter().zip(wanted).all(|(is, wanted)| *is == wanted);
    let walked = walked_screens(guide);
    let place = |screen: &ScreenId| walked.iter().position(|known| known == screen);
    let comes_early = order
        .iter()
        .take_while(|other| **other != id)
        .all(|other| place(other) <= place(id));
    if in_order && comes_early {
        return None;
    }
    let chat = to_screen(guide, id).map(|mut chat| {
        // The number in front of the item that should come first.
        let first = wanted
            .first()
            .and_then(|flag| content.flags.get(flag))
            .map(|flag| chat.plain(&flag.question));
        let line = if comes_early {
            format!("bot: 1. {}", first.unwrap_or_default())
        } else {
            let earlier = order
                .iter()
                .take_while(|other| **other != id)
                .find(|other| place(other) > place(id));
            let title = earlier
                .and_then(|screen| content.screen(screen)?.title.as_ref())
                .map(|title| chat.plain(title));
            format!("bot: {}", title.unwrap_or_default())
        };
        chat.demand(line);
        chat
    });
    Some(Broken {
        what: format!("the screen `{id}` is not asked in the order of the table"),
        help: "Ask first for what could hurt someone fastest.".to_owned(),
        spots,
        chat,
    })
}

/// A row `follow_up`: whoever states a flag is asked for another one.
pub(super) fn follow_up_row<'a>(
    guide: &mut Guide<'a>,
    flag: &FlagId,
    asked: &FlagId,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let is_asked = content
        .flags
        .get(flag)
        .is_some_and(|flag| flag.follow_up.as_ref() == Some(asked));
    if is_asked {
        return None;
    }
    let question = content.flags.get(asked).map(|asked| &asked.question);
    let chat = guide.stating(flag).map(|mut chat| {
        let question = question.map(|question| chat.plain(question));
        let line = question.unwrap_or_default();
        chat.demand(format!("bot: {}", line.lines().next().unwrap_or_default()));
        chat
    });
    Some(Broken {
        what: format!("whoever states `{flag}` is not asked for `{asked}`"),
        help: format!("Write `follow_up: {asked}` below `{flag}` in {FLAGS}."),
        spots: at_flag(flag),
        chat,
    })
}

/// The quickest chat in which a step asks this screen: more than one may, and
/// not each is on the way of someone new.
pub(super) fn to_screen<'a>(guide: &mut Guide<'a>, id: &ScreenId) -> Option<Rehearsal<'a>> {
    let content = guide.content;
    let asks = content.dialogs.values().flat_map(|dialog| {
        let steps = dialog.steps.iter();
        let asks = steps
            .filter(|(_, step)| matches!(&step.verb, Verb::Screen { screen, .. } if screen == id));
        asks.map(|(step, _)| (dialog.id.clone(), step.clone()))
    });
    let (known, other): (Vec<_>, Vec<_>) = asks.partition(|place| guide.knows(place));
    let mut chats: Vec<Rehearsal<'a>> = known
        .iter()
        .filter_map(|(dialog, step)| guide.to(dialog, step))
        .collect();
    chats.sort_by_key(|chat| chat.lines.len());
    let quickest = chats.into_iter().next();
    quickest.or_else(|| {
        other
            .iter()
            .find_map(|(dialog, step)| guide.to(dialog, step))
    })
}

/// The screens as someone healthy is asked them.
pub(super) fn walked_screens(guide: &mut Guide<'_>) -> Vec<ScreenId> {
    let chat = guide.answering(&[]);
    let content = guide.content;
    let steps = chat.map(|chat| chat.way).unwrap_or_default();
    steps
        .iter()
        .filter_map(|(dialog, step)| match &content.step(dialog, step)?.verb {
            Verb::Screen { screen, .. } => Some(screen.clone()),
            _ => None,
        })
        .collect()
}

/// The quickest chat to any move.
pub(super) fn first_move<'a>(guide: &mut Guide<'a>) -> Option<Rehearsal<'a>> {
    let content = guide.content;
    let steps: Vec<(DialogId, StepId)> = guide
        .places()
        .filter(|(dialog, step)| {
            content
                .step(dialog, step)
                .is_some_and(|step| matches!(step.verb, Verb::Move { .. } | Verb::Play { .. }))
        })
        .cloned()
        .collect();
    let mut chats: Vec<Rehearsal<'a>> = steps
        .iter()
        .filter_map(|(dialog, step)| guide.to(dialog, step))
        .collect();
    chats.sort_by_key(|chat| chat.lines.len());
    let mut chat = chats.into_iter().next()?;
    chat.demand(never_this_move(&chat));
    Some(chat)
}
