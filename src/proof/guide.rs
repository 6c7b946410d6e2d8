//! Chats to every step, and to every flag, found by playing.
//!
//! Breadth first: each step is gone on from once, the first time it asks. What
//! that does not come to is looked for by a [`Quest`].

mod walk;

use std::collections::{BTreeMap, BTreeSet};

use super::machine::{Goal, Machine, Tracked};
use super::quest::{Quest, Reached};
use super::rehearse::{Rehearsal, Stuck};
use super::tap::Tap;
use crate::content::{Content, ScreenStyle, Verb, YesNo};
use crate::dialog::{Act, Asking, Pending};
use crate::ids::{DialogId, FlagId, ScreenId, StepId};
use crate::triage::Level;
pub(super) use walk::{Next, Ticking, openings, walk};

/// A round through the screens asks no more questions than this.
const QUESTIONS_MAX: usize = 400;

type Place = (DialogId, StepId);

/// Chats of one content.
pub(super) struct Guide<'a> {
    pub content: &'a Content,
    to: BTreeMap<Place, Option<Rehearsal<'a>>>,
    /// How many turns were taken.
    pub turns: usize,
}

impl<'a> Guide<'a> {
    pub fn new(content: &'a Content) -> Self {
        let mut guide = Self {
            content,
            to: BTreeMap::new(),
            turns: 0,
        };
        for ticks in Ticking::ALL {
            let mut known: BTreeSet<(Place, bool)> = BTreeSet::new();
            let mut comes_back = false;
            guide.turns += walk(content, &[ticks], None, |chat, _| {
                let Some((dialog, step)) = chat.asks() else {
                    // Some questions are only for those who come a second time.
                    let is_first = !comes_back && chat.c.is_cleared(content);
                    comes_back |= is_first;
                    return if is_first { Next::GoOn } else { Next::Leave };
                };
                let place = (dialog.clone(), step.clone());
                if !known.insert((place.clone(), chat.c.is_cleared(content))) {
                    return Next::Leave;
                }
                guide.to.entry(place).or_insert_with(|| Some(chat.clone()));
                Next::GoOn
            });
        }
        guide
    }

    /// The turns and states since this was last asked.
    pub fn looked_at(&mut self) -> usize {
        std::mem::take(&mut self.turns)
    }

    /// A chat in which this step asks.
    pub fn to(&mut self, dialog: &DialogId, step: &StepId) -> Option<Rehearsal<'a>> {
        let place = (dialog.clone(), step.clone());
        if let Some(known) = self.to.get(&place) {
            return known.clone();
        }
        let machine = Machine::new(self.content, Tracked::default(), Goal::Everything);
        let at = machine.at(dialog, step)?;
        let mut quest = Quest::new(self.content, Goal::Step(at), |chat| {
            chat.asks() == Some((dialog, step))
        });
        let found = quest.find();
        self.turns += quest.states;
        self.to.insert(place, found.clone());
        found
    }

    /// Whether somebody may come to this step, whether a chat was found or not.
    pub fn may_reach(&mut self, dialog: &DialogId, step: &StepId) -> bool {
        let machine = Machine::new(self.content, Tracked::default(), Goal::Everything);
        let Some(at) = machine.at(dialog, step) else {
            return false;
        };
        let mut quest = Quest::new(self.content, Goal::Step(at), |chat| {
            chat.asks() == Some((dialog, step))
        });
        let reached = quest.reach();
        self.turns += quest.states;
        !matches!(reached, Reached::Nowhere)
    }

    /// Whether a chat to this step is known already.
    pub fn knows(&self, place: &Place) -> bool {
        self.to.get(place).is_some_and(Option::is_some)
    }

    /// The steps that asked on the way, by name.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.to
            .iter()
            .filter(|(_, chat)| chat.is_some())
            .map(|(place, _)| place)
    }

    /// Chats that press this flag, each from another place; the quickest first.
    pub fn pressing(&mut self, flag: &FlagId) -> Vec<Rehearsal<'a>> {
        let mut found = Vec::new();
        for (dialog, step, tap) in presses_of(self.content, flag) {
            let Some(mut chat) = self.to(&dialog, &step) else {
                continue;
            };
            self.turns += 1;
            let done = match &tap {
                Tap::Tick(flags) => chat.tick_flags(flags),
                tap => chat.act_of(tap),
            };
            if done.is_ok() && chat.c.flags.contains_key(flag) {
                found.push(chat);
            }
        }
        found.sort_by_key(|chat| chat.lines.len());
        found
    }

    /// The quickest chat that states this flag: in words, or pressed.
    pub fn stating(&mut self, flag: &FlagId) -> Option<Rehearsal<'a>> {
        let mut said = Rehearsal::new(self.content);
        if let Some(words) = self.content.examples.get(flag) {
            said.say(words);
            return Some(said);
        }
        self.pressing(flag).into_iter().next()
    }

    /// A round through the screens in which exactly these flags are answered
    /// with yes, and a history's second question with no.
    pub fn answering(&mut self, flags: &[FlagId]) -> Option<Rehearsal<'a>> {
        let (dialog, step) = self.first_screen()?;
        let mut chat = self.to(&dialog, &step)?;
        for _ in 0..QUESTIONS_MAX {
            if !answer_once(self.content, &mut chat, flags) {
                break;
            }
            self.turns += 1;
        }
        Some(chat)
    }

    /// One more answer in such a round; says whether there was one to give.
    pub fn answer_on(&mut self, chat: &mut Rehearsal<'a>, flags: &[FlagId]) -> bool {
        self.turns += 1;
        answer_once(self.content, chat, flags)
    }

    /// Answers with none of these until something else asks; the screens that asked.
    pub fn answer_none(&mut self, chat: &mut Rehearsal<'a>) -> BTreeSet<ScreenId> {
        let mut asked = BTreeSet::new();
        for _ in 0..QUESTIONS_MAX {
            if let Some(Verb::Screen { screen, .. }) = chat.verb().filter(|_| chat.asks().is_some())
            {
                asked.insert(screen.clone());
            }
            if !self.answer_on(chat, &[]) {
                break;
            }
        }
        asked
    }

    /// The screen step that is the quickest to come to.
    pub fn first_screen(&self) -> Option<Place> {
        self.to
            .iter()
            .filter_map(|(place, chat)| Some((place, chat.as_ref()?)))
            .filter(|((dialog, step), _)| {
                self.content
                    .step(dialog, step)
                    .is_some_and(|step| matches!(step.verb, Verb::Screen { .. }))
            })
            .min_by_key(|(_, chat)| chat.lines.len())
            .map(|(place, _)| place.clone())
    }
}

/// One answer in a round through the screens; no more when something else asks.
fn answer_once(content: &Content, chat: &mut Rehearsal<'_>, flags: &[FlagId]) -> bool {
    let Some(asking) = chat.c.open.as_ref().map(|open| open.asking.clone()) else {
        return false;
    };
    let done = match asking {
        Asking::Item(Pending::History(_)) => chat.act(Act::No),
        Asking::Item(pending) => chat.act(if flags.contains(pending.flag()) {
            Act::Yes
        } else {
            Act::No
        }),
        Asking::Change => return false,
        Asking::Step => match chat.verb() {
            Some(Verb::Screen { screen, .. }) => {
                let Some(screen) = content.screen(screen) else {
                    return false;
                };
                let ticked: Vec<FlagId> = screen
                    .flags
                    .iter()
                    .filter(|flag| flags.contains(flag))
                    .cloned()
                    .collect();
                match (ticked.is_empty(), screen.style) {
                    (false, _) => chat.tick_flags(&ticked),
                    (true, ScreenStyle::List) => chat.none_of(),
                    (true, ScreenStyle::Question) => chat.act(Act::No),
                }
            }
            Some(_) | None => return false,
        },
    };
    done.is_ok()
}

impl Rehearsal<'_> {
    /// Answers without answering what the engine asks next.
    pub fn act_of(&mut self, tap: &Tap) -> Result<(), Stuck> {
        match tap {
            Tap::Choose(id) => self.act(Act::Choose(id.clone())),
            Tap::YesNo(YesNo::Yes) => self.act(Act::Yes),
            Tap::YesNo(YesNo::No) => self.act(Act::No),
            Tap::YesNo(YesNo::NotSure) => self.act(Act::Unsure),
            Tap::Ticks(ids) => self.ticks(ids),
            tap => self.tap(tap, &[]),
        }
    }
}

/// Chats in which a "not sure" brought a card of this level into force, with
/// these flags among those behind it.
pub(super) fn unsure_stops<'a>(
    content: &'a Content,
    level: Level,
    flags: &[FlagId],
) -> Vec<Rehearsal<'a>> {
    let mut guide = Guide::new(content);
    let screens: Vec<Place> = guide
        .places()
        .filter(|(dialog, step)| {
            content
                .step(dialog, step)
                .is_some_and(|step| matches!(step.verb, Verb::Screen { .. }))
        })
        .cloned()
        .collect();
    let mut found = Vec::new();
    for (dialog, step) in screens {
        let Some(chat) = guide.to(&dialog, &step) else {
            continue;
        };
        let Some(Verb::Screen { screen, .. }) = chat.verb() else {
            continue;
        };
        let asked = content.screen(screen).map(|screen| screen.flags.clone());
        for flag in asked.unwrap_or_default() {
            let mut chat = chat.clone();
            if chat.act(Act::NotSure(0)).is_err() && chat.act(Act::Unsure).is_err() {
                continue;
            }
            for _ in 0..QUESTIONS_MAX {
                let is_asked = match chat.c.open.as_ref().map(|open| &open.asking) {
                    Some(Asking::Item(pending)) => *pending.flag() == flag,
                    Some(Asking::Step | Asking::Change) | None => false,
                };
                let done = if is_asked {
                    chat.act(Act::Unsure).is_ok()
                } else {
                    chat.c.stop.is_none() && answer_once(content, &mut chat, &[])
                };
                if !done {
                    break;
                }
            }
            let fits = chat.c.stop.as_ref().is_some_and(|stop| {
                stop.level == level && flags.iter().all(|flag| chat.c.flags.contains_key(flag))
            });
            if fits {
                found.push(chat);
            }
        }
    }
    found
}

/// Every answer that states a flag surely, and where it stands.
pub(super) fn presses_of(content: &Content, flag: &FlagId) -> Vec<(DialogId, StepId, Tap)> {
    let mut found = Vec::new();
    for dialog in content.dialogs.values() {
        for (id, step) in &dialog.steps {
            let mut add = |tap| found.push((dialog.id.clone(), id.clone(), tap));
            match &step.verb {
                Verb::Screen { screen, .. } => {
                    if content
                        .screen(screen)
                        .is_some_and(|screen| screen.flags.contains(flag))
                    {
                        add(Tap::Tick(vec![flag.clone()]));
                    }
                }
                Verb::Choice { options, .. }
                | Verb::Move {
                    answers: options, ..
                } => {
                    for option in options
                        .iter()
                        .filter(|option| option.answer.raise.contains(flag))
                    {
                        add(Tap::Choose(option.id.clone()));
                    }
                }
                Verb::Many { options, .. } => {
                    for option in options
                        .iter()
                        .filter(|option| option.answer.raise.contains(flag))
                    {
                        add(Tap::Ticks(vec![option.id.clone()]));
                    }
                }
                Verb::YesNo { answers, .. } => {
                    for (given, _) in answers
                        .iter()
                        .filter(|(_, answer)| answer.raise.contains(flag))
                    {
                        add(Tap::YesNo(*given));
                    }
                }
                Verb::Play { hurt, numb, .. } => {
                    if hurt.raise.contains(flag) {
                        add(Tap::PlayHurts);
                    }
                    if numb.raise.contains(flag) {
                        add(Tap::PlayNumb);
                    }
                }
                Verb::Number { .. }
                | Verb::Text { .. }
                | Verb::Handoff { .. }
                | Verb::RequestCall { .. }
                | Verb::Call { .. }
                | Verb::Branch { .. }
                | Verb::Summary { .. }
                | Verb::Pass { .. }
                | Verb::End => {}
            }
        }
    }
    found
}
