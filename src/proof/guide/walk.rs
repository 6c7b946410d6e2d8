//! Goes through the dialogs by playing, breadth first.

use std::collections::VecDeque;

use super::presses_of;
use crate::content::{Answer, Content, Deed, ScreenStyle, Verb, YesNo};
use crate::ids::{ChoiceId, FlagId};
use crate::proof::rehearse::Rehearsal;
use crate::proof::tap::Tap;
use crate::triage::Form;

/// How a list is ticked in one walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::proof) enum Ticking {
    EachAlone,
    TwoBehindTheFirst,
    All,
    LastTwo,
}

impl Ticking {
    pub const ALL: [Self; 4] = [
        Self::EachAlone,
        Self::TwoBehindTheFirst,
        Self::All,
        Self::LastTwo,
    ];
}

/// What becomes of a chat that a walk has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::proof) enum Next {
    /// It is gone on from.
    GoOn,
    /// Another one stands for it.
    Leave,
    /// The walk is over.
    Enough,
}

/// Goes on from each chat that `visit` wants, every dialog opened and every answer
/// given that stops nobody, lists in each of these ways; `visit` is told how the chat
/// came about. Where a flag is named, the answers that state it are given
/// too, and its words are said before anything else; where it stops somebody, staff
/// clear it. Says how many turns were taken.
pub(in crate::proof) fn walk<'a>(
    content: &'a Content,
    ticks: &[Ticking],
    stated: Option<&FlagId>,
    mut visit: impl FnMut(&Rehearsal<'a>, &[Tap]) -> Next,
) -> usize {
    let mut turns = 0;
    // A follow-up is asked where the sign it belongs to is stated.
    let follows = |known: &FlagId| {
        let known = content.flags.get(known);
        known.is_some_and(|known| known.follow_up.is_some() && known.follow_up.as_ref() == stated)
    };
    let presses: Vec<_> = content
        .flags
        .keys()
        .filter(|known| Some(*known) == stated || follows(known))
        .flat_map(|known| presses_of(content, known))
        .collect();
    let mut queue = VecDeque::from([(Rehearsal::saying_yes_to(content, stated), Vec::new())]);
    while let Some((chat, way)) = queue.pop_front() {
        let mut taps = match chat.asks() {
            None => openings(content),
            Some(_) => {
                let mut all: Vec<Tap> = Vec::new();
                for tap in ticks
                    .iter()
                    .flat_map(|ticks| plain_answers(content, &chat, *ticks))
                {
                    if !all.contains(&tap) {
                        all.push(tap);
                    }
                }
                all
            }
        };
        if chat.lines.is_empty() {
            taps.extend(stated.cloned().map(Tap::Say));
        }
        let here = |dialog, step| chat.asks() == Some((dialog, step));
        let states = presses
            .iter()
            .filter(|(dialog, step, _)| here(dialog, step));
        taps.extend(states.map(|(_, _, tap)| tap.clone()));
        for tap in taps {
            let (mut chat, mut way) = (chat.clone(), way.clone());
            turns += 1;
            if chat.tap(&tap, &[]).is_err() {
                continue;
            }
            way.push(tap);
            if chat.c.stop.is_some() {
                if stated.is_none() || chat.tap(&Tap::Clear, &[]).is_err() {
                    continue;
                }
                way.push(Tap::Clear);
            }
            match visit(&chat, &way) {
                Next::GoOn => queue.push_back((chat, way)),
                Next::Leave => {}
                Next::Enough => return turns,
            }
        }
    }
    turns
}

/// Everything that opens a dialog from nothing.
pub(in crate::proof) fn openings(content: &Content) -> Vec<Tap> {
    let mut taps: Vec<Tap> = content
        .bot
        .commands
        .iter()
        .filter(|command| matches!(command.deed, Deed::Opens(_)))
        .map(|command| Tap::Command(command.name.clone()))
        .collect();
    taps.extend(content.bot.links.keys().cloned().map(Tap::Link));
    taps.push(Tap::Idle);
    taps
}

/// Answers that stop nobody.
fn plain_answers(content: &Content, chat: &Rehearsal<'_>, ticks: Ticking) -> Vec<Tap> {
    let blocks = |answer: &Answer| {
        let blocks = |flag: &FlagId, form| content.rules.level_of(flag, form).blocks();
        answer.raise.iter().any(|flag| blocks(flag, Form::Sure))
            || answer
                .raise_unsure
                .iter()
                .any(|flag| blocks(flag, Form::Unsure))
            || answer.erase
            || answer.language.is_some()
    };
    match chat.verb() {
        Some(
            Verb::Choice { options, .. }
            | Verb::Move {
                answers: options, ..
            },
        ) => options
            .iter()
            .filter(|option| !blocks(&option.answer))
            .map(|option| Tap::Choose(option.id.clone()))
            .collect(),
        Some(Verb::YesNo { answers, .. }) => answers
            .iter()
            .filter(|(_, answer)| !blocks(answer))
            .map(|(given, _)| Tap::YesNo(*given))
            .collect(),
        Some(Verb::Many { options, none, .. }) => {
            let plain: Vec<ChoiceId> = options
                .iter()
                .filter(|option| !blocks(&option.answer))
                .map(|option| option.id.clone())
                .collect();
            let mut taps = Vec::new();
            if none.is_some() && (ticks == Ticking::EachAlone || plain.is_empty()) {
                taps.push(Tap::NoneOf);
            }
            let many = plain.len();
            match ticks {
                Ticking::EachAlone => taps.extend(plain.into_iter().map(|id| Tap::Ticks(vec![id]))),
                Ticking::All => taps.push(Tap::Ticks(plain)),
                Ticking::TwoBehindTheFirst if many > 2 => {
                    taps.push(Tap::Ticks(plain[1..3].to_vec()))
                }
                Ticking::LastTwo if many > 2 => taps.push(Tap::Ticks(plain[many - 2..].to_vec())),
                Ticking::TwoBehindTheFirst | Ticking::LastTwo => taps.push(Tap::Ticks(plain)),
            }
            taps.retain(|tap| *tap != Tap::Ticks(Vec::new()));
            taps
        }
        Some(Verb::Number { from, to, .. }) => vec![Tap::Number(*from), Tap::Number(*to)],
        Some(Verb::Text { .. }) => vec![Tap::Typed],
        Some(Verb::Summary { .. }) => vec![Tap::LooksRight],
        Some(Verb::Play { .. }) => vec![Tap::PlayOn],
        Some(Verb::Screen { screen, .. }) => {
            match content.screen(screen).map(|screen| screen.style) {
                Some(ScreenStyle::Question) => vec![Tap::YesNo(YesNo::No)],
                Some(ScreenStyle::List) | None => vec![Tap::NoneOf],
            }
        }
        Some(_) | None => Vec::new(),
    }
}
