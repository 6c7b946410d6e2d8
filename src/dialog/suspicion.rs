//! What typed words may mean: asked about, and locked until it is answered.

use super::button::Press;
use super::conversation::{Asking, Pending};
use super::effect::{Due, Effect};
use super::input::{Input, What};
use super::walk::Walk;
use crate::ids::FlagId;
use crate::triage::{Form, Level};

impl Walk<'_> {
    /// Notes what an input may state and is not stated already. Words of it wait
    /// for the case they may open.
    pub fn suspect(&mut self, input: &Input) {
        let new = self.new_suspicions(input);
        if new.is_empty() {
            return;
        }
        if let Some(words) = self.quotable(input) {
            self.keep_said(words);
        }
        self.c.suspected.extend(new);
        self.c.clearance = None;
        let at = self.now.plus_seconds(super::SILENCE_SECONDS);
        self.effects.push(Effect::SetDue {
            due: Due::Silence,
            at,
        });
    }

    /// Whether an input says something that is asked about first.
    pub fn suspects(&self, input: &Input) -> bool {
        input
            .heard
            .unsure()
            .any(|flag| self.c.suspected.contains(flag))
    }

    /// A typed label is a press: what it resembles is what the button says.
    pub fn is_typed_label(&self, input: &Input) -> bool {
        matches!(input.what, What::Text(_))
            && input.heard.flags().next().is_none()
            && matches!(self.press_of(input), Some(Press::Question(..)))
    }

    fn new_suspicions(&self, input: &Input) -> Vec<FlagId> {
        // Under an emergency card any reply gets the card, and no question.
        if self.level_in_force() == Level::EmergencyNow {
            return Vec::new();
        }
        if self.is_typed_label(input) {
            return Vec::new();
        }
        input
            .heard
            .unsure()
            .filter(|flag| self.content.rules.level_of(flag, Form::Sure).blocks())
            .filter(|flag| !self.c.flags.contains_key(*flag))
            .cloned()
            .collect()
    }

    /// The last question of a turn: the most dangerous of what is suspected. It
    /// is asked again whatever the patient does instead, and an emergency ends it.
    pub fn ask_suspected(&mut self, input: &Input) {
        if self.erased || self.c.suspected.is_empty() {
            return;
        }
        let stated = &self.c.flags;
        self.c.suspected.retain(|flag| !stated.contains_key(flag));
        if self.level_in_force() == Level::EmergencyNow {
            self.c.suspected.clear();
            return;
        }
        let is_asked = matches!(
            self.c.open.as_ref().map(|open| &open.asking),
            Some(Asking::Item(Pending::Heard(_)))
        );
        if is_asked && self.suspects(input) && !self.has_said() {
            // The question that is open is the answer to these words too.
            return self.show_again();
        }
        let is_between = self.between().is_some() && !self.suspects(input);
        if is_asked || is_between || self.rests_after(input) {
            return;
        }
        let level = |flag: &&FlagId| self.content.rules.level_of(flag, Form::Sure);
        let Some(flag) = self.c.suspected.iter().max_by_key(level).cloned() else {
            return;
        };
        self.hold_item();
        self.ask(Asking::Item(Pending::Heard(flag)));
    }

    fn level_in_force(&self) -> Level {
        self.c.stop.as_ref().map_or(Level::Clear, |stop| stop.level)
    }

    /// Whoever says stop is left alone; silence answers for them. What comes by
    /// itself asks nothing.
    fn rests_after(&self, input: &Input) -> bool {
        match &input.what {
            What::Command { .. } | What::Press(_) | What::Text(_) => {
                self.c.open.is_none() && self.c.stack.is_empty() && !self.suspects(input)
                    || matches!(self.press_of(input), Some(Press::Stop))
            }
            What::Due(_)
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain
            | What::Undrawn(_) => true,
            What::Contact(_) | What::Unreadable | What::Edited(_) => false,
        }
    }

    /// Nothing is being walked, asked or locked.
    pub fn is_at_rest(&self) -> bool {
        self.c.stack.is_empty()
            && self.c.queue.is_empty()
            && !self.stop_is_due()
            && self.c.stop.is_none()
    }
}
