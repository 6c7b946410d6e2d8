//! Decides alarm or turn, and raises the alarm.
//!
//! Presses, typed words, timers and returning locks all state flags; what they
//! come to is judged here before anything else happens in a turn.

use super::button::{Act, Cue, Press, Token};
use super::conversation::{Asking, Conversation, FlagNote, Pending, Stop};
use super::effect::{Due, Effect, Message, Weight};
use super::input::{Input, What};
use super::walk::Walk;
use crate::content::{Answer, Notify, RichText, ScreenStyle, Verb, YesNo};
use crate::free_text::Heard;
use crate::ids::PatientText;
use crate::ids::{CardId, FlagId};
use crate::triage::{CaseFlag, Form, Judgement, Level, Report};

/// Something that does not wait: its card and its case come at once.
pub(super) struct Alarm {
    stated: Vec<(FlagId, Form)>,
}

impl Walk<'_> {
    /// The first branch of a turn: whether this input raises an alarm.
    pub fn alarm_in(&self, input: &Input) -> Option<Alarm> {
        if matches!(input.what, What::Cleared { .. }) {
            return None;
        }
        let stated = self.stated_by(input);
        let returned = self.c.lock.is_some() && self.c.stop.is_none();
        if stated.is_empty() {
            return returned.then_some(Alarm { stated });
        }
        let before = self.c.judge(self.content);
        let mut then = self.c.clone();
        for (flag, form) in &stated {
            state(&mut then, flag, *form, self.now);
        }
        self.reopen(&mut then, input);
        let after = then.judge(self.content);
        let is_new = after.level > before.level
            || after.flags.iter().any(|flag| !before.flags.contains(flag))
            || after.rules != before.rules;
        let ends_screens = stated.iter().any(|(flag, _)| {
            self.content
                .flags
                .get(flag)
                .is_some_and(|flag| flag.ends_screens)
        });
        let at_once = after.level >= Level::UrgentToday || (after.level.blocks() && ends_screens);
        (returned || (is_new && at_once)).then_some(Alarm { stated })
    }

    /// The flags an input states, before anything is done with it.
    pub fn stated_by(&self, input: &Input) -> Vec<(FlagId, Form)> {
        let mut stated: Vec<(FlagId, Form)> = Vec::new();
        if let Some(Press::Question(token, act)) = self.press_of(&input.what)
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
                | Due::Unclosed(_),
            )
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain => {}
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
        if !input.heard.hits.is_empty() || matches!(input.what, What::Command { .. }) {
            return true;
        }
        match self.press_of(&input.what) {
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

    /// An emergency in words is never old news: staff cleared what was said then,
    /// not what is said now. A tick of a cleared flag blocks nothing.
    fn reopen(&self, conversation: &mut Conversation, input: &Input) {
        for flag in input.heard.flags() {
            if self.content.rules.level_of(flag, Form::Sure) == Level::EmergencyNow
                && let Some(note) = conversation.flags.get_mut(flag)
            {
                note.cleared_until = None;
            }
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

    /// The alarm: the answered question closes, everything else is left, the
    /// card and the case come now.
    pub fn raise(&mut self, alarm: Alarm, input: &Input) {
        self.close_for_alarm(input);
        self.state_all(&alarm.stated, &input.heard);
        let mut conversation = std::mem::take(&mut self.c);
        self.reopen(&mut conversation, input);
        self.c = conversation;
        if input.heard.someone_else {
            self.lead(&self.content.words.other_person);
        }
        self.show_stop(self.quotable(input));
        self.ask_completing();
    }

    /// The patient's words, unless they state what no card may name.
    pub fn quotable(&self, input: &Input) -> Option<PatientText> {
        if input.heard.flags().any(|flag| self.is_private(flag)) {
            return None;
        }
        let words = input.what.words()?;
        Some(input.heard.excerpt(words))
    }

    fn is_private(&self, flag: &FlagId) -> bool {
        self.content
            .flags
            .get(flag)
            .is_some_and(|flag| flag.notify == Notify::OnRequest)
    }

    /// The question whose answer raised the alarm is answered all the same.
    fn close_for_alarm(&mut self, input: &Input) {
        let Some(open) = self.c.open.clone() else {
            return;
        };
        let act = match (self.press_of(&input.what), &input.what) {
            (Some(Press::Question(token, act)), _) if token == open.token => act,
            (_, What::Due(Due::Draft)) => Act::Continue(open.draft),
            (_, What::Due(Due::Silence)) => Act::Yes,
            _ if !self.drafted_emergencies().is_empty() => Act::NotSure(open.draft),
            _ => return,
        };
        let chosen = match (&open.asking, self.step().map(|step| &step.verb)) {
            (Asking::Item(pending), _) => {
                let label = self.yes_no_label(&act);
                let flag = pending.flag().clone();
                self.c.asked.insert(flag);
                label
            }
            (Asking::Step, Some(Verb::Screen { screen, .. })) => {
                let Some(screen) = self.content.screen(screen) else {
                    return;
                };
                // Not sure, or left: what was not ticked was not answered.
                if screen.style == ScreenStyle::Question || matches!(act, Act::Continue(_)) {
                    self.c.screens.insert(screen.id.clone(), self.now);
                }
                match screen.style {
                    ScreenStyle::List => self.labels(&self.ticked(screen, open.draft)),
                    ScreenStyle::Question => self.yes_no_label(&act),
                }
            }
            (
                Asking::Step,
                Some(
                    Verb::Choice { options, .. }
                    | Verb::Move {
                        answers: options, ..
                    },
                ),
            ) => options
                .iter()
                .find(|option| act == Act::Choose(option.id.clone()))
                .map(|option| self.label(&option.label))
                .unwrap_or_default(),
            (Asking::Step, Some(Verb::Many { options, .. })) => {
                let ticked = options
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| open.draft >> index & 1 == 1);
                ticked
                    .map(|(_, option)| self.label(&option.label))
                    .collect::<Vec<_>>()
                    .join(" · ")
            }
            (Asking::Step, Some(Verb::Play { .. })) => self.label(match act {
                Act::Play(Cue::Numb) => &self.content.words.button_numb,
                _ => &self.content.words.button_hurts,
            }),
            (Asking::Step, _) => self.yes_no_label(&act),
            (Asking::Change, _) => return,
        };
        self.close_question(&chosen);
    }

    /// Whether a card must be shown that has not been.
    pub fn stop_is_due(&self) -> bool {
        let judgement = self.c.judge(self.content);
        judgement.level.blocks() && self.is_unshown(&judgement)
    }

    fn is_unshown(&self, judgement: &Judgement) -> bool {
        self.c.stop.as_ref().is_none_or(|stop| {
            stop.level < judgement.level
                || judgement
                    .flags
                    .iter()
                    .any(|flag| !stop.flags.contains(flag))
                || stop.cards != judgement.cards
        })
    }

    /// Leaves everything, shows the cards in force and tells staff.
    pub fn show_stop(&mut self, words: Option<PatientText>) {
        let judgement = self.c.judge(self.content);
        self.c.stack.clear();
        self.c.trail.clear();
        self.c.queue.clear();
        self.c.finishing = None;
        self.c.open = None;
        self.c.clearance = None;
        self.c.stop = Some(Stop {
            level: judgement.level,
            cards: judgement.cards.clone(),
            flags: judgement.flags.clone(),
        });
        let hold = Due::Hold(Token::default());
        for due in [Due::Draft, Due::Silence, Due::Screening, hold] {
            self.effects.push(Effect::CancelDue(due));
        }
        self.say_cards();
        self.report(&judgement, words);
    }

    /// Says the cards in force, again if need be.
    pub fn say_cards(&mut self) {
        let Some(stop) = self.c.stop.clone() else {
            return;
        };
        for id in self.cards_of(&stop) {
            let (card, keyboard) = self.render_card(&id, &stop);
            let mut text = std::mem::take(&mut self.lead);
            text.paragraph();
            text.append(&card);
            self.effects.push(Effect::Say(Message {
                text,
                keyboard,
                token: None,
                weight: Weight::Warning,
            }));
        }
    }

    /// The cards in force, by name.
    pub fn cards_of(&self, stop: &Stop) -> Vec<CardId> {
        stop.cards
            .iter()
            .filter_map(|card| self.card_id(card.as_ref(), stop.level))
            .collect()
    }

    fn card_id(&self, own: Option<&CardId>, level: Level) -> Option<CardId> {
        own.cloned().or_else(|| {
            self.content
                .cards
                .iter()
                .find(|(_, card)| card.level == Some(level))
                .map(|(id, _)| id.clone())
        })
    }

    fn report(&mut self, judgement: &Judgement, words: Option<PatientText>) {
        let is_private = |flag: &FlagId| self.is_private(flag);
        let named: Vec<&FlagId> = judgement
            .flags
            .iter()
            .filter(|flag| !is_private(flag))
            .collect();
        let deleted = self.c.lock.is_some();
        let private = named.is_empty() && !deleted;
        // The level of what may be named: a private answer raises no other's card.
        let level = if judgement.flags.iter().any(&is_private) && !private {
            let mut stated = self.c.stated();
            stated.retain(|flag, _| !is_private(flag));
            self.content
                .rules
                .level(&stated)
                .max(self.c.lock.unwrap_or_default())
        } else {
            judgement.level
        };
        if !level.blocks() {
            return;
        }
        let settled = self
            .c
            .flags
            .iter()
            .filter(|(flag, note)| note.form == Form::Settled && !judgement.flags.contains(flag))
            .map(|(flag, _)| flag);
        let listed: Vec<&FlagId> = if private {
            judgement.flags.iter().collect()
        } else {
            named.into_iter().chain(settled).collect()
        };
        let flags: Vec<CaseFlag> = listed
            .into_iter()
            .filter_map(|flag| {
                let note = self.c.flags.get(flag)?;
                Some(CaseFlag {
                    flag: flag.clone(),
                    form: note.form,
                    since: note.since,
                })
            })
            .collect();
        let mut said = std::mem::take(&mut self.c.said);
        said.extend(words);
        if private {
            said.clear();
        }
        let report = |words| {
            Effect::Report(Report {
                level,
                flags: flags.clone(),
                rules: judgement.rules.clone(),
                words,
                private,
                deleted,
            })
        };
        // A report carries one message: the others join the case it opens.
        let mut said = said.into_iter();
        let first = report(said.next());
        let rest: Vec<Effect> = said.map(|words| report(Some(words))).collect();
        self.effects.push(first);
        self.effects.extend(rest);
    }

    /// After an urgent card: the one unasked item that would complete a higher
    /// rule, if there is any.
    pub fn ask_completing(&mut self) {
        let Some(stop) = self.c.stop.clone() else {
            return;
        };
        if stop.level != Level::UrgentToday {
            return;
        }
        let stated = self.c.stated();
        let wanted = self
            .content
            .rules
            .completing(&stated, stop.level, |flag| self.was_asked(flag));
        let Some(flag) = wanted.into_iter().next() else {
            return;
        };
        if self.c.asked.iter().all(|asked| !self.is_completing(asked)) && self.lead.text.is_empty()
        {
            self.lead(&self.content.words.completing_lead);
        }
        self.ask(Asking::Item(Pending::Completing(flag)));
    }

    fn is_completing(&self, flag: &FlagId) -> bool {
        self.content
            .rules
            .rules
            .iter()
            .any(|rule| rule.flags().any(|other| other == flag))
    }

    fn was_asked(&self, flag: &FlagId) -> bool {
        self.c.asked.contains(flag)
            || self
                .content
                .screen_of(flag)
                .is_some_and(|screen| self.c.screens.contains_key(&screen.id))
    }

    /// The last word of a turn: a see-professional card waits while screens
    /// are asked; otherwise what blocks is shown and told.
    pub fn settle(&mut self, input: &Input) {
        if self.erased {
            return;
        }
        let judgement = self.c.judge(self.content);
        if !judgement.level.blocks() {
            return;
        }
        self.c.clearance = None;
        if !self.is_unshown(&judgement) {
            if self.restated {
                // Joins the open case without a word, or opens one after a close.
                self.report(&judgement, self.quotable(input));
            }
            return;
        }
        let waits = judgement.level == Level::SeeProfessional
            && self.c.stop.is_none()
            && self.waits_in_screens();
        if waits {
            if let Some(words) = self
                .quotable(input)
                .filter(|_| input.heard.flags().next().is_some())
            {
                self.keep_said(words);
            }
            let at = self.now.plus_seconds(super::SCREENING_SECONDS);
            self.effects.push(Effect::SetDue {
                due: Due::Screening,
                at,
            });
        } else {
            self.show_stop(self.quotable(input));
            self.ask_completing();
        }
    }

    /// Keeps words for the case that they may open.
    pub fn keep_said(&mut self, words: PatientText) {
        /// The case is minutes away: a few messages say why.
        const SAID_MAX: usize = 3;
        if self.c.said.len() < SAID_MAX && !self.c.said.contains(&words) {
            self.c.said.push(words);
        }
    }

    pub fn waits_in_screens(&self) -> bool {
        match self.c.open.as_ref().map(|open| &open.asking) {
            Some(Asking::Item(_)) => true,
            Some(Asking::Step) => self.open_screen().is_some(),
            Some(Asking::Change) | None => false,
        }
    }

    /// Words beside a card's own: the patient's flags, as they would say them.
    pub fn flag_words(&self, flags: &[FlagId]) -> RichText {
        let words: Vec<String> = flags
            .iter()
            .filter(|flag| !self.is_private(flag))
            .filter_map(|flag| self.content.flags.get(flag))
            .map(|flag| self.label(&flag.words))
            .collect();
        if words.is_empty() {
            // A lock left by /delete has no words of its own.
            return self.text(&self.content.words.erased_words);
        }
        RichText::plain(words.join("; "))
    }
}

/// Notes one flag. A surer form replaces a less sure one; a settled history
/// stays settled within its round.
fn state(conversation: &mut Conversation, flag: &FlagId, form: Form, now: crate::ids::Timestamp) {
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
