//! The machine that goes from step to step until someone must answer.

use super::button::{Button, Press, Token};
use super::conversation::{Asking, Conversation, Crumb, Frame, Open, Pending, Slot};
use super::effect::{Due, Effect, Keyboard, Message, Weight};
use super::input::Desk;
use super::{STEPS_PER_TURN_MAX, Turn, conditions};
use crate::content::{
    Answer, Choice, Condition, Content, Dialog, RichText, Step, Text, TextKind, Values, Verb, With,
};
use crate::ids::{DialogId, Lang, SlotId, StepId, Timestamp};
use crate::triage::{Form, Level};

/// The way back is kept this far; more would only grow the stored form.
const TRAIL_MAX: usize = 40;

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
        text.render(
            self.lang(),
            &With {
                values,
                rest: self.content as &dyn Values,
            },
        )
    }

    /// Says this in front of the next question.
    pub fn lead(&mut self, text: &Text) {
        let said = self.text(text);
        self.lead.paragraph();
        self.lead.append(&said);
    }

    /// Sends what is said and has no question behind it.
    pub fn flush(&mut self) {
        if self.lead.text.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.lead);
        let keyboard = if self.c.open.is_some() || !self.c.stack.is_empty() {
            Keyboard::None
        } else {
            self.rest_keyboard()
        };
        self.say(text, keyboard, None, Weight::Talk);
    }

    /// Where no question is open, the menu or a person is one tap away.
    fn rest_keyboard(&self) -> Keyboard {
        Keyboard::Inline(vec![self.rest_row()])
    }

    fn rest_row(&self) -> Vec<Button> {
        let words = &self.content.words;
        let mut row = Vec::new();
        if self.may_open(&self.content.bot.menu) {
            row.push(self.button(&words.button_menu, &Press::Menu));
        }
        row.push(self.button(&words.button_person, &Press::Person));
        row
    }

    /// A button that is there without a question.
    pub fn button(&self, label: &Text, press: &Press) -> Button {
        Button::Press {
            label: self.label(label),
            data: press.data(),
        }
    }

    /// Sends what is said with a way to begin the screens.
    pub fn offer_screening(&mut self) {
        let text = std::mem::take(&mut self.lead);
        let begin = self.button(
            &self.content.words.button_start_screening,
            &Press::Screening,
        );
        let keyboard = Keyboard::Inline(vec![vec![begin], self.rest_row()]);
        self.say(text, keyboard, None, Weight::Talk);
    }

    pub fn say(
        &mut self,
        text: RichText,
        keyboard: Keyboard,
        token: Option<Token>,
        weight: Weight,
    ) {
        let keyboard = match keyboard {
            Keyboard::Phone { .. } => {
                self.c.reply_keyboard = true;
                keyboard
            }
            // A message takes one keyboard: an inline one waits for the next.
            Keyboard::None if self.c.reply_keyboard && !self.asks_phone() => {
                self.c.reply_keyboard = false;
                Keyboard::Remove
            }
            Keyboard::None | Keyboard::Inline(_) | Keyboard::Remove => keyboard,
        };
        self.effects.push(Effect::Say(Message {
            text,
            keyboard,
            token,
            weight,
        }));
    }

    /// A keyboard in place of the letters must not outlive its question. Only a
    /// message without buttons can take it away.
    fn take_keyboard_away(&mut self) {
        if self.c.reply_keyboard && !self.asks_phone() {
            let said = self.text(&self.content.words.use_buttons);
            self.say(said, Keyboard::None, None, Weight::Talk);
        }
    }

    /// Whether the open question asks for a phone number.
    pub fn asks_phone(&self) -> bool {
        let is_step = self
            .c
            .open
            .as_ref()
            .is_some_and(|open| open.asking == Asking::Step);
        let verb = self.step().map(|step| &step.verb);
        is_step
            && matches!(
                verb,
                Some(Verb::Text {
                    kind: TextKind::Phone,
                    ..
                })
            )
    }

    /// Whether anything was sent in this turn.
    pub fn has_said(&self) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Say(_)))
    }

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
        self.c.trail.clear();
        self.c.queue.clear();
        self.c.finishing = None;
        self.c.open = None;
        self.c.script = Some(self.content.script.clone());
        self.enter_dialog(dialog, false);
    }

    /// A dialog that begins has no answers yet.
    pub fn empty_slots(&mut self, dialog: &Dialog) {
        for slot in &dialog.own_slots {
            self.c.slots.remove(slot);
            self.c.former.remove(slot);
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
        self.c.queue.clear();
        self.c.finishing = None;
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
        if let Some(frame) = self.c.stack.last_mut() {
            frame.step = next;
        }
    }

    /// Runs steps until one waits, or the conversation rests.
    pub fn run(&mut self) {
        self.c.open = None;
        for _ in 0..STEPS_PER_TURN_MAX {
            let Some(frame) = self.c.stack.last() else {
                return self.rest();
            };
            let Some(step) = self.content.step(&frame.dialog, &frame.step) else {
                return self.step_gone();
            };
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
                Verb::Move { id, next, .. }
                    if conditions::is_dropped(self.content, &self.c, id) =>
                {
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
                    let between = self.between();
                    self.leave();
                    if between.is_some() && self.between().is_none() {
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
            if let Some(frame) = self.c.stack.last_mut() {
                frame.step = next;
            }
        }
        // A loop without a question: the proof refuses it, and so does the engine.
        self.step_gone();
    }

    /// The way a branch takes now.
    fn arm<'b>(&self, arms: &'b [(Condition, StepId)], otherwise: &'b StepId) -> &'b StepId {
        arms.iter()
            .find(|(condition, _)| conditions::holds(self.content, &self.c, condition))
            .map_or(otherwise, |(_, go)| go)
    }

    /// Where a way that begins at `step` comes to: past branches and dropped
    /// moves, to the step that says or asks something.
    fn landing(&self, step: &'a StepId) -> &'a StepId {
        let Some(frame) = self.c.stack.last() else {
            return step;
        };
        let mut at = step;
        for _ in 0..STEPS_PER_TURN_MAX {
            at = match self.content.step(&frame.dialog, at) {
                Some(Step {
                    say: None, verb, ..
                }) => match verb {
                    Verb::Branch { arms, otherwise } => self.arm(arms, otherwise),
                    Verb::Move { id, next, .. }
                        if conditions::is_dropped(self.content, &self.c, id) =>
                    {
                        next
                    }
                    _ => return at,
                },
                Some(_) | None => return at,
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

    /// Asks, unless a card is due: it waits for screens and for the engine's
    /// own questions, and for nothing else.
    pub fn ask(&mut self, asking: Asking) {
        let waits_in_screens = match &asking {
            Asking::Item(_) => true,
            Asking::Step => matches!(
                self.step().map(|step| &step.verb),
                Some(Verb::Screen { .. })
            ),
            Asking::Change => false,
        };
        if !waits_in_screens && self.stop_is_due() {
            return self.show_stop(None);
        }
        self.c.last_token = Token(self.c.last_token.0.wrapping_add(1));
        let token = self.c.last_token;
        let draft = match asking {
            Asking::Step => self.former_ticks(),
            Asking::Item(_) | Asking::Change => 0,
        };
        if let (Asking::Step, Some(screen)) = (&asking, self.open_screen()) {
            self.c.left.retain(|flag, _| !screen.flags.contains(flag));
        }
        self.c.open = Some(Open {
            token,
            asking,
            draft,
            since: self.now,
            drafted: None,
        });
        self.introduce_moves();
        self.show_pictures();
        self.show_open();
        self.effects.push(Effect::CancelDue(Due::Draft));
        if self.c.suspected.is_empty() {
            self.effects.push(Effect::CancelDue(Due::Silence));
        }
        let after = match self.c.open.as_ref().map(|open| &open.asking) {
            Some(Asking::Step) => self.step().and_then(|step| step.after.as_ref()),
            Some(Asking::Item(Pending::Heard(_) | Pending::History(_))) => {
                let at = self.now.plus_seconds(super::SILENCE_SECONDS);
                self.effects.push(Effect::SetDue {
                    due: Due::Silence,
                    at,
                });
                None
            }
            Some(Asking::Item(_) | Asking::Change) | None => None,
        };
        match after {
            Some(after) => {
                let at = self.now.plus_seconds(i64::from(after.minutes) * 60);
                self.effects.push(Effect::SetDue {
                    due: Due::Question(token),
                    at,
                });
            }
            None => self.effects.push(Effect::CancelDue(Due::Question(token))),
        }
    }

    /// Shows the open question, with what is to be said before it.
    pub fn show_open(&mut self) {
        let Some(open) = self.c.open.clone() else {
            return;
        };
        let (question, keyboard) = self.render(&open);
        let mut text = std::mem::take(&mut self.lead);
        text.paragraph();
        text.append(&question);
        self.say(text, keyboard, Some(open.token), Weight::Talk);
    }

    /// The answered question stays as a line of the transcript.
    pub fn close_question(&mut self, chosen: &str) {
        let Some(open) = self.c.open.take() else {
            return;
        };
        let (mut text, keyboard) = self.render(&open);
        if !matches!(keyboard, Keyboard::Inline(_)) {
            return;
        }
        let line = self.text_with(&self.content.words.chosen, &[("answer", chosen)]);
        text.paragraph();
        text.append(&line);
        let message = Message {
            text,
            keyboard: Keyboard::None,
            token: None,
            weight: Weight::Talk,
        };
        self.effects.push(Effect::Edit {
            token: open.token,
            message,
        });
    }

    /// Keeps the way back to the question just answered.
    pub fn leave_crumb(&mut self, undo: Vec<(SlotId, Option<Slot>)>) {
        if self.c.trail.len() >= TRAIL_MAX {
            self.c.trail.remove(0);
        }
        self.c.trail.push(Crumb {
            stack: self.c.stack.clone(),
            undo,
            was_cleared: self.c.is_cleared(self.content),
        });
    }

    /// Asks the next of the engine's own questions; after the last, the screen
    /// they belong to is answered and the dialog goes on.
    pub fn next_pending(&mut self) {
        while let Some(pending) = self.c.queue.pop_front() {
            if self.is_wanted(&pending) {
                return self.ask(Asking::Item(pending));
            }
        }
        if let Some(screen) = self.c.finishing.take() {
            self.c.screens.insert(screen, self.now);
        }
        // A history that was just settled may have been all that stood in the way.
        self.grant_clearance();
        self.run();
    }

    fn is_wanted(&self, pending: &Pending) -> bool {
        match pending {
            Pending::History(flag) => self
                .c
                .flags
                .get(flag)
                .is_some_and(|note| note.form != Form::Settled && note.cleared_until.is_none()),
            Pending::Item(flag) => !self.c.flags.contains_key(flag) && self.is_shown(flag),
            Pending::FollowUp(flag) | Pending::Completing(flag) | Pending::Heard(flag) => {
                !self.c.flags.contains_key(flag)
            }
        }
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
            self.c.moves_introduced = false;
            self.lead(&self.content.words.cleared);
        }
    }

    /// The step is gone from the content, or leads nowhere: a person can help.
    pub fn step_gone(&mut self) {
        self.lead(&self.content.words.step_gone);
        self.offer_person();
    }

    pub fn offer_person(&mut self) {
        let person = self.content.bot.person.clone();
        if self
            .dialog(&person)
            .is_some_and(|dialog| dialog.steps.contains_key(&dialog.start))
        {
            self.start_dialog(&person);
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
            Desk::Staffed => self.lead(&words.call_requested),
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
