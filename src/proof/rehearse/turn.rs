//! What a turn makes of a rehearsed chat: time that goes by, timers, and what
//! the patient is shown.

use super::Rehearsal;
use crate::dialog::{Conversation, Desk, Effect, Input, Turn, What, take_turn};
use crate::free_text::{Heard, hear};

impl Rehearsal<'_> {
    /// Time goes by, and timers fire.
    pub(super) fn pass(&mut self, seconds: i64) {
        /// A turn sets at most one timer of each kind.
        const TIMERS_MAX: usize = 20;
        let end = self.now.plus_seconds(seconds);
        self.said.clear();
        for _ in 0..TIMERS_MAX {
            let first = self
                .dues
                .values()
                .copied()
                .filter(|(_, at)| *at <= end)
                .min_by_key(|(_, at)| *at);
            let Some((due, at)) = first else { break };
            self.dues.remove(&due.kind());
            self.now = self.now.max(at);
            self.turn(What::Due(due));
        }
        self.now = end;
    }

    pub(super) fn take(&mut self, what: What) {
        self.said.clear();
        self.handed_off = false;
        self.has_contact = false;
        self.turn(what);
    }

    fn turn(&mut self, what: What) {
        let heard = match &what {
            What::Text(text) => hear(&self.content.hearing, &self.content.rules, text),
            _ => Heard::default(),
        };
        let input = Input {
            what,
            heard,
            desk: Desk::Staffed,
        };
        let conversation = std::mem::take(&mut self.c);
        let Turn {
            conversation,
            effects,
            ..
        } = take_turn(self.content, conversation, &input, self.now);
        self.c = conversation;
        for effect in effects {
            self.keep(effect);
        }
        if self.c.stack.is_empty() {
            self.opened.clear();
        }
        for frame in &self.c.stack {
            if !self.opened.contains(&frame.dialog) {
                self.opened.push(frame.dialog.clone());
            }
        }
        if let Some((dialog, step)) = self.asks() {
            let here = (dialog.clone(), step.clone());
            if self.way.last() != Some(&here) {
                self.way.push(here);
            }
        }
    }

    fn keep(&mut self, effect: Effect) {
        match effect {
            Effect::Say(message) => {
                self.told.push(message.text.text.clone());
                self.said.push(message.text);
                self.shown.push((message.token, message.keyboard));
            }
            Effect::Edit { token, message } => {
                for (shown, keyboard) in &mut self.shown {
                    if *shown == Some(token) {
                        *keyboard = message.keyboard.clone();
                    }
                }
            }
            Effect::Picture(_) | Effect::MyData => {}
            Effect::SetDue { due, at } => {
                self.dues.insert(due.kind(), (due, at));
            }
            Effect::CancelDue(due) => {
                self.dues.remove(&due.kind());
            }
            Effect::Report(report) => self.reports.push(report),
            Effect::RequestCall { .. } => self.handed_off = true,
            Effect::Contact => {
                self.handed_off = true;
                self.has_contact = true;
            }
            Effect::GuardTripped { dialog, step } => {
                self.tripped = Some((dialog, step));
                self.tripped_behind_card = self.c.stop.is_some();
                self.answered = self.c.screens.keys().cloned().collect();
            }
            Effect::Erase => {
                self.dues.clear();
                self.c = Conversation::new(self.c.lang, self.c.lock);
            }
            Effect::Note(_) => {}
        }
    }
}
