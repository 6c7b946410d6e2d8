//! Which flags an input states, and writing them down.

use super::button::{Act, Press};
use super::conversation::{Asking, Conversation, FlagNote, Pending};
use super::effect::Due;
use super::input::{Input, What};
use super::walk::Walk;
use crate::content::{Answer, Notify, ScreenStyle, Verb, YesNo};
use crate::free_text::Heard;
use crate::ids::FlagId;
use crate::ids::PatientText;
use crate::triage::{Form, Level};

impl Walk<'_> {
    /// The flags an input states, before anything is done with it.
    pub fn stated_by(&self, input: &Input) -> Vec<(FlagId, Form)> {
        let mut stated: Vec<(FlagId, Form)> = Vec::new();
        if let Some(Press::Question(token, act)) = self.press_of(input)
            && self.c.open.as_ref().is_some_and(|open| open.token == token)
        {
            stated.extend(self.stated_by_act(&act));
        }
        match &input.what {
            What::Due(Due::Draft) => {
                // Everything that is ticked beside the emergency goes with it.
                if !self.drafted_emergencies().is_empty()
                    && let Some(open) = &self.c.open
                {
                    stated.extend(self.stated_by_act(&Act::Continue(open.draft)));
                }
            }
            What::Due(Due::Silence) => {
                if let Some(Asking::Item(pending)) = self.c.open.as_ref().map(|open| &open.asking) {
                    stated.push((pending.flag().clone(), Form::Sure));
                }
                let suspected = self.c.suspected.iter();
                stated.extend(suspected.map(|flag| (flag.clone(), Form::Sure)));
            }
            What::Press(_)
            | What::Text(_)
            | What::Command { .. }
            | What::Contact(_)
            | What::Unreadable
            | What::Edited(_)
            | What::Due(
                Due::Screening
                | Due::Question(_)
                | Due::Opening
                | Due::Talk
                | Due::Hold(_)
                | Due::Unclaimed(_)
                | Due::Unclosed(_)
                | Due::Unreached(_)
                | Due::Care(_)
                | Due::AskLater,
            )
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain
            | What::Undrawn(_) => {}
        }
        if self.leaves_draft(input) {
            stated.extend(
                self.drafted_emergencies()
                    .into_iter()
                    .map(|flag| (flag, Form::Sure)),
            );
        }
        stated.extend(input.heard.flags().map(|flag| (flag.clone(), Form::Sure)));
        stated
    }

    /// Whether an input leaves the open list before Continue. A ticked emergency
    /// is not left behind.
    fn leaves_draft(&self, input: &Input) -> bool {
        let hears = !input.heard.hits.is_empty() && !self.is_typed_label(input);
        if hears || matches!(input.what, What::Command { .. }) {
            return true;
        }
        match self.press_of(input) {
            Some(Press::Person | Press::Stop | Press::Menu | Press::Screening | Press::Open(_)) => {
                true
            }
            Some(Press::Question(token, Act::Back)) => {
                self.c.open.as_ref().is_some_and(|open| open.token == token)
            }
            Some(Press::Question(..) | Press::Card(..)) | None => false,
        }
    }

    pub fn drafted_emergencies(&self) -> Vec<FlagId> {
        let Some(open) = self
            .c
            .open
            .as_ref()
            .filter(|open| open.asking == Asking::Step)
        else {
            return Vec::new();
        };
        let mut ticked = match self.step().map(|step| &step.verb) {
            Some(Verb::Many { options, .. }) => options
                .iter()
                .enumerate()
                .filter(|(index, _)| open.draft >> index & 1 == 1)
                .flat_map(|(_, option)| option.answer.raise.iter().cloned())
                .collect(),
            Some(_) | None => match self.open_screen() {
                Some(screen) => self.ticked(screen, open.draft),
                None => return Vec::new(),
            },
        };
        ticked.retain(|flag| self.content.rules.level_of(flag, Form::Sure) == Level::EmergencyNow);
        ticked
    }

    fn stated_by_act(&self, act: &Act) -> Vec<(FlagId, Form)> {
        let Some(open) = &self.c.open else {
            return Vec::new();
        };
        let of_answer = |answer: &Answer| {
            let sure = answer.raise.iter().map(|flag| (flag.clone(), Form::Sure));
            sure.chain(
                answer
                    .raise_unsure
                    .iter()
                    .map(|flag| (flag.clone(), Form::Unsure)),
            )
            .collect::<Vec<_>>()
        };
        match (&open.asking, act) {
            // A history flag is stated already; yes settles it, later.
            (Asking::Item(Pending::History(_)), _) | (Asking::Change, _) => Vec::new(),
            (Asking::Item(pending), Act::Yes) => vec![(pending.flag().clone(), Form::Sure)],
            (Asking::Item(pending), Act::Unsure) => vec![(pending.flag().clone(), Form::Unsure)],
            (Asking::Item(_), _) => Vec::new(),
            (Asking::Step, act) => match (self.step().map(|step| &step.verb), act) {
                (
                    Some(
                        Verb::Choice { options, .. }
                        | Verb::Move {
                            answers: options, ..
                        },
                    ),
                    Act::Choose(id),
                ) => options
                    .iter()
                    .find(|option| option.id == *id)
                    .map(|option| of_answer(&option.answer))
                    .unwrap_or_default(),
                (Some(Verb::Play { .. }), Act::Play(cue)) => {
                    self.sign_answer(*cue).map(of_answer).unwrap_or_default()
                }
                (Some(Verb::Many { options, .. }), Act::Continue(seen)) if *seen == open.draft => {
                    let chosen = options
                        .iter()
                        .enumerate()
                        .filter(|(index, _)| seen >> index & 1 == 1);
                    chosen
                        .flat_map(|(_, option)| of_answer(&option.answer))
                        .collect()
                }
                (Some(Verb::YesNo { answers, .. }), Act::Yes | Act::No | Act::Unsure) => {
                    let wanted = yes_no_of(act);
                    answers
                        .iter()
                        .find(|(given, _)| Some(*given) == wanted)
                        .map(|(_, answer)| of_answer(answer))
                        .unwrap_or_default()
                }
                (Some(Verb::Screen { screen, .. }), act) => {
                    match (self.content.screen(screen), act) {
                        (Some(screen), Act::Continue(seen) | Act::NotSure(seen))
                            if screen.style == ScreenStyle::List && *seen == open.draft =>
                        {
                            self.ticked(screen, *seen)
                                .into_iter()
                                .map(|flag| (flag, Form::Sure))
                                .collect()
                        }
                        (Some(screen), Act::Yes | Act::Unsure)
                            if screen.style == ScreenStyle::Question =>
                        {
                            let form = if *act == Act::Yes {
                                Form::Sure
                            } else {
                                Form::Unsure
                            };
                            screen
                                .flags
                                .iter()
                                .map(|flag| (flag.clone(), form))
                                .collect()
                        }
                        _ => Vec::new(),
                    }
                }
                _ => Vec::new(),
            },
        }
    }

    /// Notes flags, and queues the questions that belong to them.
    pub fn state_all(&mut self, stated: &[(FlagId, Form)], heard: &Heard) {
        for (flag, form) in stated {
            let was_pressed = self.c.flags.get(flag).is_some_and(|note| !note.typed);
            state(&mut self.c, flag, *form, self.now);
            if let Some(note) = self.c.flags.get_mut(flag) {
                note.typed = !was_pressed && heard.flags().any(|heard| heard == flag);
            }
            let Some(known) = self.content.flags.get(flag) else {
                continue;
            };
            if let Some(follow_up) = &known.follow_up {
                self.queue_once(Pending::FollowUp(follow_up.clone()));
            }
            if known.history.is_some() {
                self.queue_once(Pending::History(flag.clone()));
            }
        }
    }

    /// Queues a question that belongs to a flag, once in a round of screens: a
    /// follow-up is about today, so a cleared flag does not spare it.
    fn queue_once(&mut self, pending: Pending) {
        let is_open = self
            .c
            .open
            .as_ref()
            .is_some_and(|open| open.asking == Asking::Item(pending.clone()));
        let was_asked = self.c.asked.contains(pending.flag());
        if !is_open && !was_asked && !self.c.queue.contains(&pending) {
            self.c.queue.push_back(pending);
        }
    }

    /// The patient's words, unless they state what no card may name.
    pub fn quotable(&self, input: &Input) -> Option<PatientText> {
        if input.heard.flags().any(|flag| self.is_private(flag)) {
            return None;
        }
        let words = input.what.words()?;
        Some(input.heard.excerpt(words))
    }

    pub fn is_private(&self, flag: &FlagId) -> bool {
        self.content
            .flags
            .get(flag)
            .is_some_and(|flag| flag.notify == Notify::OnRequest)
    }
}

/// Notes one flag. A surer form replaces a less sure one; a settled history
/// stays settled within its round.
pub(super) fn state(
    conversation: &mut Conversation,
    flag: &FlagId,
    form: Form,
    now: crate::ids::Timestamp,
) {
    match conversation.flags.get_mut(flag) {
        Some(note) => {
            if note.form != Form::Settled && form > note.form {
                // More than staff have looked at.
                note.cleared_until = None;
                note.form = form;
            }
        }
        None => {
            conversation.flags.insert(
                flag.clone(),
                FlagNote {
                    form,
                    since: now,
                    cleared_until: None,
                    typed: false,
                },
            );
        }
    }
}

pub(super) fn yes_no_of(act: &Act) -> Option<YesNo> {
    match act {
        Act::Yes => Some(YesNo::Yes),
        Act::No => Some(YesNo::No),
        Act::Unsure => Some(YesNo::NotSure),
        _ => None,
    }
}
