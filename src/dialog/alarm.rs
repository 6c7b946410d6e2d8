//! Decides alarm or turn, and raises the alarm.
//!
//! Presses, typed words, timers and returning locks all state flags; what they
//! come to is judged here before anything else happens in a turn.

use super::button::{Act, Cue, Press, Token};
use super::conversation::{Asking, Conversation, Pending, Stop};
use super::effect::{Due, Effect, Message, Weight};
use super::input::{Input, What};
use super::stated::state;
use super::walk::Walk;
use crate::content::{RichText, ScreenStyle, Verb};
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

    /// The question whose answer raised the alarm is answered all the same.
    fn close_for_alarm(&mut self, input: &Input) {
        let Some(open) = self.c.open.clone() else {
            return;
        };
        let act = match (self.press_of(input), &input.what) {
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
        self.drop_items();
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
        self.show_cards(true);
        self.report(&judgement, words);
    }

    /// Says the cards in force again.
    pub fn say_cards(&mut self) {
        self.show_cards(false);
    }

    fn show_cards(&mut self, is_news: bool) {
        let Some(stop) = self.c.stop.clone() else {
            return;
        };
        for id in self.cards_of(&stop) {
            let (card, keyboard) = self.render_card(&id, &stop, is_news);
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
                    level: self.content.rules.level_of(flag, note.form),
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

    /// Whether the open question leaves a card for a professional waiting.
    pub fn waits_in_screens(&self) -> bool {
        self.c
            .open
            .as_ref()
            .is_some_and(|open| self.belongs_to_screens(&open.asking))
    }

    /// Whether a question is part of the screens: one of them, one of the
    /// engine's own, or one of a dialog that came in between and goes back there.
    pub fn belongs_to_screens(&self, asking: &Asking) -> bool {
        match asking {
            Asking::Item(_) => true,
            Asking::Step => self.stands_in_screens(),
            Asking::Change => false,
        }
    }

    fn stands_in_screens(&self) -> bool {
        let outermost = self.c.stack.iter().position(|frame| frame.interrupts);
        let below = match outermost {
            Some(place) => place.checked_sub(1),
            None => self.c.stack.len().checked_sub(1),
        };
        let asks_own = !self.c.queue.is_empty() || self.c.finishing.is_some();
        let step = below
            .and_then(|place| self.c.stack.get(place))
            .and_then(|frame| self.content.step(&frame.dialog, &frame.step));
        let is_screen = step.is_some_and(|step| matches!(step.verb, Verb::Screen { .. }));
        is_screen || (outermost.is_some() && asks_own)
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
