//! The machine that goes from step to step until someone must answer.

use super::button::Button;
use super::conversation::{Asking, Conversation, Frame, Slot};
use super::effect::{Effect, Keyboard, Weight};
use super::input::Desk;
use super::{STEPS_PER_TURN_MAX, Turn, conditions};
use crate::content::{Answer, Choice, Condition, Content, RichText, Step, Text, TextKind, Verb};
use crate::ids::{DialogId, FlagId, Lang, SlotId, StepId, Timestamp};
use crate::triage::{Form, Level};

/// One turn being taken.
pub(super) struct Walk<'a> {
    pub content: &'a Content,
    pub c: Conversation,
    pub desk: Desk,
    pub now: Timestamp,
    pub effects: Vec<Effect>,
    pub toast: Option<String>,
    /// Said in front of the next question, in the same message.
    pub lead: RichText,
    /// The patient's data goes at the end of this turn.
    pub erased: bool,
    /// A flag behind the card in force was stated once more.
    pub restated: bool,
    /// The walk must begin again, and why.
    pub begins_again: Option<Again<'a>>,
    /// The content is older, and must not be walked on: this one is.
    pub moves_to: Option<&'a Content>,
}

/// A walk that begins again.
pub(super) struct Again<'a> {
    /// At the start of this dialog.
    pub dialog: DialogId,
    /// What the patient is told.
    pub why: &'a Text,
}

impl<'a> Walk<'a> {
    pub fn new(
        content: &'a Content,
        conversation: Conversation,
        desk: Desk,
        now: Timestamp,
    ) -> Self {
        Self {
            content,
            c: conversation,
            desk,
            now,
            effects: Vec::new(),
            toast: None,
            lead: RichText::default(),
            erased: false,
            restated: false,
            begins_again: None,
            moves_to: None,
        }
    }

    pub fn finish(mut self) -> Turn {
        self.put_back();
        self.flush();
        self.take_keyboard_away();
        self.c.safety = Some(self.content.safety.clone());
        self.c.touched = self.now;
        Turn {
            conversation: self.c,
            effects: self.effects,
            toast: self.toast,
        }
    }

    pub fn lang(&self) -> Lang {
        self.c.lang
    }

    pub fn text(&self, text: &Text) -> RichText {
        text.render(self.lang(), self.content)
    }

    pub fn label(&self, text: &Text) -> String {
        self.text(text).text
    }

    pub fn text_with(&self, text: &Text, values: &[(&str, &str)]) -> RichText {
        self.content.fill(text, self.lang(), values)
    }

    /// Goes to `step` of the dialog on top.
    pub fn goto(&mut self, step: &StepId) {
        if let Some(frame) = self.c.stack.last_mut() {
            frame.step = step.clone();
            self.run();
        } else {
            self.c.open = None;
        }
    }

    /// Goes where an answer leads; without a way on the dialog is over.
    pub fn go_on(&mut self, next: Option<&StepId>) {
        match next {
            Some(step) => self.goto(step),
            None => {
                self.leave();
                self.carry_on();
            }
        }
    }

    /// Takes the dialog on top away. What is below goes on, or asks again.
    fn leave(&mut self) {
        let Some(ended) = self.c.stack.pop() else {
            return;
        };
        if ended.interrupts {
            return self.drop_between(self.c.stack.len());
        }
        let next = match self.step().map(|step| &step.verb) {
            Some(Verb::Call { next, .. }) => next.clone(),
            Some(_) | None => return,
        };
        self.stand_at(next);
    }

    /// The dialog on top is at `step` now.
    fn stand_at(&mut self, step: StepId) {
        if let Some(frame) = self.c.stack.last_mut() {
            frame.step = step;
        }
    }

    /// Runs steps until one waits, or the conversation rests.
    pub fn run(&mut self) {
        self.c.open = None;
        for _ in 0..STEPS_PER_TURN_MAX {
            self.put_back();
            let Some(frame) = self.c.stack.last() else {
                return self.rest();
            };
            let Some(step) = self.content.step(&frame.dialog, &frame.step) else {
                return self.step_gone();
            };
            if let Some(next) = conditions::passed_over(self.content, &self.c, step) {
                self.stand_at(next.clone());
                continue;
            }
            if step.position_check.is_some() && !self.may_show_moves() {
                return;
            }
            let next = match &step.verb {
                Verb::Pass { next } => {
                    self.lead_say(step);
                    next.clone()
                }
                Verb::Branch { arms, otherwise } => {
                    self.lead_say(step);
                    self.arm(arms, otherwise).clone()
                }
                Verb::Screen { screen, next } if self.c.screens.contains_key(screen) => {
                    self.grant_clearance();
                    next.clone()
                }
                Verb::Move { .. } => {
                    if self.may_show_moves() {
                        self.ask(Asking::Step);
                    }
                    return;
                }
                Verb::Play { moves, next, .. } => match self.kept_from(moves, 0) {
                    None => {
                        self.lead(&self.content.words.moves_none_left);
                        next.clone()
                    }
                    Some(first) => {
                        if self.may_show_moves() {
                            self.play(moves, first);
                        }
                        return;
                    }
                },
                Verb::RequestCall { slot, next } => {
                    self.lead_say(step);
                    self.request_call(slot);
                    next.clone()
                }
                Verb::Handoff {
                    phone,
                    contact,
                    scheduler,
                    next,
                } => {
                    self.hand_off(step, *phone, *contact, *scheduler);
                    next.clone()
                }
                Verb::Call { dialog, .. } => {
                    self.lead_say(step);
                    let Some(called) = self.dialog(dialog) else {
                        return self.step_gone();
                    };
                    self.empty_slots(called);
                    self.c.stack.push(Frame {
                        dialog: dialog.clone(),
                        step: called.start.clone(),
                        interrupts: false,
                        play: None,
                    });
                    continue;
                }
                Verb::End => {
                    self.lead_say(step);
                    if self.leaves_between() {
                        return self.carry_on();
                    }
                    continue;
                }
                // Nobody would read the number.
                Verb::Text {
                    kind: TextKind::Phone,
                    ..
                } if self.desk == Desk::Unstaffed => {
                    self.lead(&self.content.words.call_impossible);
                    if self.leaves_between() {
                        return self.carry_on();
                    }
                    continue;
                }
                Verb::Choice { .. }
                | Verb::Many { .. }
                | Verb::YesNo { .. }
                | Verb::Number { .. }
                | Verb::Text { .. }
                | Verb::Screen { .. }
                | Verb::Summary { .. } => return self.ask(Asking::Step),
            };
            self.stand_at(next);
        }
        // A loop without a question: the proof refuses it, and so does the engine.
        self.step_gone();
    }

    /// Ends the dialog; whether it was the last that stood between the screens.
    fn leaves_between(&mut self) -> bool {
        let between = self.between();
        self.leave();
        between.is_some() && self.between().is_none()
    }

    /// The way a branch takes now.
    fn arm<'b>(&self, arms: &'b [(Condition, StepId)], otherwise: &'b StepId) -> &'b StepId {
        arms.iter()
            .find(|(condition, _)| conditions::holds(self.content, &self.c, condition))
            .map_or(otherwise, |(_, go)| go)
    }

    /// Where a way that begins at `step` comes to: past branches and what is
    /// passed over, to the step that says or asks something.
    fn landing(&self, step: &'a StepId) -> &'a StepId {
        let Some(frame) = self.c.stack.last() else {
            return step;
        };
        let mut at = step;
        for _ in 0..STEPS_PER_TURN_MAX {
            let Some(step) = self.content.step(&frame.dialog, at) else {
                return at;
            };
            at = match (conditions::passed_over(self.content, &self.c, step), step) {
                (Some(next), _) => next,
                (
                    None,
                    Step {
                        say: None,
                        verb: Verb::Branch { arms, otherwise },
                        ..
                    },
                ) => self.arm(arms, otherwise),
                (None, _) => return at,
            };
        }
        at
    }

    /// A move's answers. Of several that only lead on, and to the same place,
    /// the last is shown: behind the last move there is no next one.
    pub fn answers_of_move(&self, answers: &'a [Choice]) -> Vec<&'a Choice> {
        let only_leads_to = |choice: &'a Choice| {
            let Answer {
                next,
                set,
                raise,
                raise_unsure,
                ask_again,
                language: None,
                erase: false,
            } = &choice.answer
            else {
                return None;
            };
            let does_more = [set.len(), raise.len(), raise_unsure.len(), ask_again.len()];
            let next = next.as_ref().filter(|_| does_more == [0; 4])?;
            Some(self.landing(next))
        };
        answers
            .iter()
            .enumerate()
            .filter(|(place, choice)| {
                only_leads_to(choice).is_none_or(|to| {
                    let mut later = answers[place + 1..].iter();
                    !later.any(|other| only_leads_to(other) == Some(to))
                })
            })
            .map(|(_, choice)| choice)
            .collect()
    }

    fn lead_say(&mut self, step: &Step) {
        if let Some(say) = &step.say {
            self.lead(say);
        }
    }

    /// No dialog is being walked any more.
    fn rest(&mut self) {
        self.c.open = None;
        self.c.trail.clear();
        if self.stop_is_due() {
            return;
        }
        self.ask_completing();
        if self.c.open.is_some() {
            return;
        }
        if self.lead.text.is_empty() && !self.has_said() {
            // Nobody is left without a button.
            let level = self.c.stop.as_ref().map_or(Level::Clear, |stop| stop.level);
            if level >= Level::UrgentToday {
                return self.say_cards();
            }
            self.lead(&self.content.words.nothing_to_stop);
        }
        self.flush();
    }

    /// Every screen answered, nothing that blocks: moves may be shown.
    pub fn grant_clearance(&mut self) {
        let complete = self
            .content
            .screens
            .iter()
            .all(|screen| self.c.screens.contains_key(&screen.id));
        if complete
            && self.c.clearance.is_none()
            && self.c.suspected.is_empty()
            && !self.c.level(self.content).blocks()
        {
            // It is as old as the oldest answer behind it.
            self.c.clearance = self.c.screens.values().min().copied();
            self.forget_introduction();
            self.lead_cleared();
        }
    }

    /// What is said once the screens are answered. Whoever ticked a sign that
    /// staff have looked at is not told that there was none.
    fn lead_cleared(&mut self) {
        let words = &self.content.words;
        let is_blocking = |flag: &&FlagId| self.content.rules.level_of(flag, Form::Sure).blocks();
        let stated = self.c.flags.iter();
        let (looked_at, settled): (Vec<_>, Vec<_>) = stated
            .filter(|(flag, _)| is_blocking(flag))
            .partition(|(_, note)| note.cleared_until.is_some());
        let looked_at: Vec<FlagId> = looked_at
            .into_iter()
            .map(|(flag, _)| flag.clone())
            .filter(|flag| !self.is_private(flag))
            .collect();
        if !looked_at.is_empty() {
            let flags = self.flag_words(&looked_at).text;
            let said = self.text_with(&words.cleared_known, &[("words", &flags)]);
            self.lead.paragraph();
            self.lead.append(&said);
        } else if settled.is_empty() && !self.c.flags.keys().any(|flag| self.is_private(flag)) {
            self.lead(&words.cleared);
        } else {
            self.lead(&words.cleared_no_other);
        }
    }

    fn request_call(&mut self, slot: &SlotId) {
        let number = match self.c.slots.remove(slot) {
            Some(Slot::Phone(number)) => Some(number),
            Some(Slot::One(_) | Slot::Many(_) | Slot::Number(_) | Slot::Typed) | None => None,
        };
        self.c.slots.insert(slot.clone(), Slot::Typed);
        self.effects.push(Effect::RequestCall { number });
        let words = &self.content.words;
        match self.desk {
            Desk::Staffed | Desk::Closed(_) | Desk::Told | Desk::Taken => {
                self.lead(&words.call_requested);
            }
            Desk::Unstaffed => self.lead(&words.staff_none),
        }
    }

    fn hand_off(&mut self, step: &Step, phone: bool, contact: bool, scheduler: bool) {
        self.lead_say(step);
        let clinic = &self.content.clinic;
        if phone {
            for phone in &clinic.phones {
                self.lead.paragraph();
                self.lead.push(&phone.written.value);
            }
        }
        let mut rows = Vec::new();
        if scheduler && let Some(link) = &clinic.scheduler {
            let label = self.label(&self.content.words.button_schedule);
            rows.push(vec![Button::Link {
                label,
                url: link.value.clone(),
            }]);
        }
        let text = std::mem::take(&mut self.lead);
        if !text.text.is_empty() {
            let keyboard = if rows.is_empty() {
                Keyboard::None
            } else {
                Keyboard::Inline(rows)
            };
            self.say(text, keyboard, None, Weight::Talk);
        }
        if contact {
            self.effects.push(Effect::Contact);
        }
    }
}
