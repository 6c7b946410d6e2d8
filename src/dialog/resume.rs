//! Coming back: what has expired, what staff cleared, the way back.

use super::button::Act;
use super::conversation::{Asking, Crumb, Slot};
use super::walk::{Again, Walk};
use crate::content::{Notify, Text, Verb};
use crate::ids::{FlagId, ScreenId, Timestamp};

impl<'a> Walk<'a> {
    /// What time and new content take away, before anything else is looked at.
    pub fn expire(&mut self) {
        let content = self.content;
        let now = self.now;
        let asks_again: Vec<FlagId> = self
            .c
            .flags
            .iter()
            .filter(|(_, note)| note.cleared_until.is_some_and(|until| until <= now))
            // What stands behind a card in force stays until staff clear it.
            .filter(|(flag, _)| {
                self.c
                    .stop
                    .as_ref()
                    .is_none_or(|stop| !stop.flags.contains(flag))
            })
            .map(|(flag, _)| flag.clone())
            .collect();
        for flag in &asks_again {
            self.c.flags.remove(flag);
            self.c.asked.remove(flag);
            if let Some(screen) = content.screen_of(flag) {
                self.c.screens.remove(&screen.id);
            }
        }
        let mut why = (!asks_again.is_empty()).then_some(&content.words.clearing_expired);
        if self
            .c
            .safety
            .as_ref()
            .is_some_and(|safety| *safety != content.safety)
        {
            let had_answers = !self.c.screens.is_empty();
            self.c.screens.clear();
            self.c
                .flags
                .retain(|flag, _| content.flags.contains_key(flag));
            self.drop_items();
            if had_answers {
                why = why.or(Some(&content.words.content_changed));
            }
        }
        // Another text than they agreed to: its question is asked again.
        if let (Some(consent), Some(given)) = (&content.consent, &self.c.consent)
            && given.version != consent.version
        {
            self.c.slots.remove(&consent.slot);
        }
        let old = |at: &Timestamp| now.seconds_since(*at) >= super::CLEARANCE_SECONDS;
        if self.c.clearance.as_ref().is_some_and(old) {
            self.c.screens.clear();
            why = why.or(Some(&content.words.clearance_expired));
        } else if self.c.clearance.is_none() {
            let answered = self.c.screens.len();
            self.c.screens.retain(|_, at| !old(at));
            if self.c.screens.len() < answered {
                why = why.or(Some(&content.words.clearance_expired));
            }
        }
        if let Some(why) = why {
            self.lose_clearance(why);
        }
    }

    /// Clearance goes; whoever is on the way to a move is asked again.
    fn lose_clearance(&mut self, why: &'a Text) {
        self.c.clearance = None;
        self.forget_introduction();
        for slot in &self.content.day_slots {
            self.c.slots.remove(slot);
        }
        let on_the_way = self.c.stack.iter().any(|frame| {
            self.dialog(&frame.dialog)
                .is_some_and(|dialog| dialog.has_moves)
        });
        if on_the_way && self.c.stop.is_none() {
            // The open question stays until the turn has looked for alarms in it.
            self.begins_again = Some(Again {
                dialog: self.content.bot.screening.clone(),
                why,
            });
        }
    }

    /// An older script that must not be walked on is left for the newest, at the
    /// start of the dialog that was begun. Where that one is gone or closed, a
    /// person can help.
    pub fn move_on(&mut self) {
        let Some(newest) = self.moves_to.take() else {
            return;
        };
        self.content = newest;
        let Some(begun) = self.c.stack.first().map(|frame| frame.dialog.clone()) else {
            return;
        };
        self.begins_again = Some(if self.may_open(&begun) {
            Again {
                dialog: begun,
                why: &newest.words.script_changed,
            }
        } else {
            Again {
                dialog: newest.bot.person.clone(),
                why: &newest.words.step_gone,
            }
        });
    }

    /// A screen is to be asked again, and clearance goes with it.
    pub fn drop_screen(&mut self, screen: &ScreenId) {
        self.c.screens.remove(screen);
        self.c.clearance = None;
        if let Some(screen) = self.content.screen(screen) {
            for flag in &screen.flags {
                self.c.asked.remove(flag);
            }
        }
    }

    /// Staff cleared flags until a date.
    pub fn cleared(&mut self, flags: &[(FlagId, Timestamp)], lock: bool) {
        for (flag, until) in flags {
            if let Some(note) = self.c.flags.get_mut(flag) {
                note.cleared_until = Some(*until);
            }
        }
        // No card may name a private answer, so it goes with those that staff
        // could name: by itself it would stay locked for ever.
        if let Some(until) = flags.iter().map(|(_, until)| *until).max() {
            for (flag, note) in &mut self.c.flags {
                let is_private = self
                    .content
                    .flags
                    .get(flag)
                    .is_some_and(|flag| flag.notify == Notify::OnRequest);
                if is_private && note.cleared_until.is_none() {
                    note.cleared_until = Some(until);
                }
            }
        }
        if lock {
            self.c.lock = None;
        }
        let level = self.c.level(self.content);
        if level.blocks() {
            // What is left has a lower card: it is shown when the turn settles.
            if self.c.stop.as_ref().is_some_and(|stop| stop.level > level) {
                self.c.stop = None;
            }
            return;
        }
        if self.c.stop.take().is_some() {
            self.c.screens.clear();
            self.c.asked.clear();
            self.c.clearance = None;
            self.drop_items();
            self.c.open = None;
            self.c.stack.clear();
            self.c.trail.clear();
            self.lead(&self.content.words.staff_cleared);
            self.offer_screening();
        }
    }

    /// The question before.
    pub fn back(&mut self) {
        // Back from what came in between leads to what it interrupted.
        if let Some(place) = self.between()
            && !self
                .c
                .trail
                .last()
                .is_some_and(|crumb| crumb.stack.get(place).is_some_and(|frame| frame.interrupts))
        {
            let label = self.label(&self.content.words.button_back);
            self.close_question(&label);
            self.drop_between(place);
            return self.carry_on();
        }
        let Some(crumb) = self.c.trail.pop() else {
            return self.show_again();
        };
        let label = self.label(&self.content.words.button_back);
        self.close_question(&label);
        self.drop_items();
        self.take_back(crumb);
        self.run();
    }

    /// Undoes one answer. Flags stay: after Continue they only accumulate.
    fn take_back(&mut self, crumb: Crumb) {
        let asked = crumb.stack.last();
        let asked = asked.and_then(|frame| self.content.step(&frame.dialog, &frame.step));
        let asked = asked.and_then(|step| step.verb.slot());
        let mut answer = asked.and_then(|slot| self.c.slots.get(slot)).cloned();
        for (slot, before) in crumb.undo.into_iter().rev() {
            let undone = match before {
                Some(value) => self.c.slots.insert(slot.clone(), value),
                None => self.c.slots.remove(&slot),
            };
            if asked == Some(&slot) {
                answer = undone;
            }
        }
        if let Some(slot) = asked
            && let Some(answer @ (Slot::One(_) | Slot::Many(_) | Slot::Number(_))) = answer
        {
            self.c.former.insert(slot.clone(), answer);
        }
        self.c.stack = crumb.stack;
        // Kept or not, what stood before the look that is walked again must stand
        // once more where that is left.
        for (dialog, kept) in crumb.aside {
            self.c.aside.entry(dialog).or_insert(kept);
        }
        if let Some(Verb::Screen { screen, .. }) = self.step().map(|step| &step.verb) {
            let screen = screen.clone();
            self.drop_screen(&screen);
        } else if crumb.was_cleared && !self.c.is_cleared(self.content) {
            // Its answer had screens asked again ("it hurt"): they come first.
            self.begin_screening();
        }
    }

    /// The answered questions of the dialog on top that can be changed: their
    /// place in the way back.
    pub fn changeable(&self) -> Vec<(usize, &Crumb)> {
        let dialog = self.c.stack.last().map(|frame| &frame.dialog);
        self.c
            .trail
            .iter()
            .enumerate()
            .filter(|(_, crumb)| crumb.stack.last().map(|frame| &frame.dialog) == dialog)
            .filter(|(_, crumb)| {
                crumb
                    .undo
                    .first()
                    .is_some_and(|(slot, _)| self.c.slots.contains_key(slot))
            })
            .collect()
    }

    /// Goes back to the answer that is to be changed.
    pub fn answer_change(&mut self, act: &Act) {
        let Act::Change(index) = act else {
            return self.stale();
        };
        let index = *index;
        if !self.changeable().iter().any(|(place, _)| *place == index) {
            return self.stale();
        }
        let chosen = self
            .c
            .trail
            .get(index)
            .map(|crumb| self.crumb_question(crumb))
            .unwrap_or_default();
        self.close_question(&chosen);
        while self.c.trail.len() > index {
            let Some(mut crumb) = self.c.trail.pop() else {
                break;
            };
            // Only where the way back ends is anything asked.
            crumb.was_cleared &= self.c.trail.len() == index;
            self.take_back(crumb);
        }
        self.run();
    }

    /// What a question is called: its label, or what its first line asks.
    pub fn crumb_question(&self, crumb: &Crumb) -> String {
        let step = crumb
            .stack
            .last()
            .and_then(|frame| self.content.step(&frame.dialog, &frame.step));
        if let Some(label) = step.and_then(|step| step.label.as_ref()) {
            return self.label(label);
        }
        let say = step.and_then(|step| step.say.as_ref());
        let said = say.map(|say| self.label(say)).unwrap_or_default();
        let line = said.lines().next().unwrap_or_default();
        line.trim_matches(['¿', '?', ':', '.', ' ']).to_owned()
    }

    /// For the open question: whether it can be gone back from.
    pub fn can_go_back(&self, asking: &Asking) -> bool {
        let is_between = self.between().is_some_and(|place| place > 0);
        matches!(asking, Asking::Step | Asking::Change) && (is_between || !self.c.trail.is_empty())
    }
}
