//! The dialogs a conversation stands in: opening one, coming between, going back.

use std::collections::{BTreeMap, BTreeSet};

use super::conditions;
use super::conversation::{Asking, Frame, Pending};
use super::walk::Walk;
use crate::content::{Dialog, Step};
use crate::ids::DialogId;
use crate::triage::Level;

impl<'a> Walk<'a> {
    pub fn dialog(&self, id: &DialogId) -> Option<&'a Dialog> {
        self.content.dialogs.get(id)
    }

    /// The step on top of the stack.
    pub fn step(&self) -> Option<&'a Step> {
        let frame = self.c.stack.last()?;
        self.content.step(&frame.dialog, &frame.step)
    }

    /// Whether the level in force allows this dialog.
    pub fn may_open(&self, dialog: &DialogId) -> bool {
        let level = self.c.stop.as_ref().map_or(Level::Clear, |stop| stop.level);
        self.dialog(dialog)
            .is_some_and(|dialog| level <= dialog.stays_open.max(Level::Caution))
    }

    /// Leaves everything and begins `dialog`.
    pub fn start_dialog(&mut self, dialog: &DialogId) {
        self.leave_ticks();
        self.c.stack.clear();
        self.put_back();
        self.c.trail.clear();
        self.drop_items();
        self.c.open = None;
        self.c.script = Some(self.content.script.clone());
        self.enter_dialog(dialog, false);
    }

    /// A dialog that begins has no answers yet. What it keeps is put aside.
    pub fn empty_slots(&mut self, dialog: &Dialog) {
        if self.is_kept(dialog) && !self.c.aside.contains_key(&dialog.id) {
            let slots = dialog.own_slots.iter();
            let kept = slots.filter_map(|slot| self.c.slots.remove_entry(slot));
            let kept = kept.collect();
            self.c.aside.insert(dialog.id.clone(), kept);
        }
        for slot in &dialog.own_slots {
            self.c.slots.remove(slot);
            self.c.former.remove(slot);
        }
    }

    fn is_kept(&self, dialog: &Dialog) -> bool {
        let until = dialog.kept_until.as_ref();
        until.is_some_and(|answer| conditions::has(&self.c, answer))
    }

    /// Whatever left a dialog before it could be kept: what it kept before stands.
    /// Going back into it brings its answers back.
    pub fn put_back(&mut self) {
        if self.c.aside.is_empty() {
            return;
        }
        let walked: BTreeSet<&DialogId> = self.c.stack.iter().map(|frame| &frame.dialog).collect();
        let all = std::mem::take(&mut self.c.aside).into_iter();
        let (still, left): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.partition(|(id, _)| walked.contains(id));
        self.c.aside = still;
        for (id, kept) in left {
            let Some(dialog) = self.dialog(&id).filter(|dialog| !self.is_kept(dialog)) else {
                continue;
            };
            let walked: Vec<_> = dialog
                .own_slots
                .iter()
                .map(|slot| (slot.clone(), self.c.slots.remove(slot)))
                .collect();
            let leads_back = self.c.trail.last_mut();
            if let Some(crumb) = leads_back.filter(|crumb| crumb.stands_in(&id)) {
                crumb.undo.extend(walked);
            }
            self.c.slots.extend(kept);
        }
    }

    /// Begins `dialog` on top of what is walked; its own answers start empty.
    pub fn enter_dialog(&mut self, dialog: &DialogId, interrupts: bool) {
        let Some(found) = self.dialog(dialog) else {
            return self.step_gone();
        };
        self.empty_slots(found);
        self.c.stack.push(Frame {
            dialog: dialog.clone(),
            step: found.start.clone(),
            interrupts,
            play: None,
        });
        self.run();
    }

    /// A dialog that stays open at every level (a person, help, the language)
    /// comes in between; what was asked is asked again when it ends.
    pub fn comes_between(&self, dialog: &DialogId) -> bool {
        self.dialog(dialog)
            .is_some_and(|dialog| dialog.stays_open == Level::EmergencyNow)
    }

    /// Begins such a dialog.
    pub fn come_between(&mut self, dialog: &DialogId) {
        if self.c.stack.iter().any(|frame| frame.dialog == *dialog) {
            return self.show_again();
        }
        self.leave_ticks();
        self.hold_item();
        self.enter_dialog(dialog, true);
    }

    /// The engine's own question that is open waits at the head of its queue.
    pub fn hold_item(&mut self) {
        match self.c.open.as_ref().map(|open| open.asking.clone()) {
            // Which item completes a rule is worked out anew each time.
            Some(Asking::Item(Pending::Completing(_))) => self.c.open = None,
            Some(Asking::Item(pending)) => {
                self.c.open = None;
                self.c.queue.push_front(pending);
            }
            Some(Asking::Step | Asking::Change) | None => {}
        }
    }

    /// The engine's own questions come to nothing, and so does the screen that would
    /// count as answered behind them.
    pub fn drop_items(&mut self) {
        self.c.queue.clear();
        self.c.finishing = None;
    }

    /// The place of the innermost dialog that came in between.
    pub fn between(&self) -> Option<usize> {
        self.c.stack.iter().rposition(|frame| frame.interrupts)
    }

    /// Takes the dialog that came in between away, and its way back with it.
    pub fn drop_between(&mut self, place: usize) {
        self.c.stack.truncate(place);
        self.c
            .trail
            .retain(|crumb| !crumb.stack.get(place).is_some_and(|frame| frame.interrupts));
    }

    /// The engine's own questions first, unless something came in between;
    /// then the step on top.
    pub fn carry_on(&mut self) {
        let has_pending = !self.c.queue.is_empty() || self.c.finishing.is_some();
        if has_pending && self.between().is_none() {
            self.next_pending();
        } else {
            self.run();
        }
    }

    /// Puts the screening at its start on the stack, in the newest script.
    pub fn begin_screening(&mut self) {
        self.begin_quietly(&self.content.bot.screening);
    }

    /// Puts a dialog at its start on the stack, alone, and runs nothing yet.
    pub fn begin_quietly(&mut self, dialog: &DialogId) {
        let Some(found) = self.dialog(dialog) else {
            return;
        };
        self.c.trail.clear();
        self.drop_items();
        self.c.open = None;
        self.c.script = Some(self.content.script.clone());
        self.empty_slots(found);
        self.c.stack = vec![Frame {
            dialog: dialog.clone(),
            step: found.start.clone(),
            interrupts: false,
            play: None,
        }];
    }
}
