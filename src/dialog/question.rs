//! The one open question: asking it, showing it again, closing it with its answer.

use super::button::Token;
use super::conversation::{Asking, Crumb, Open, Pending, Slot};
use super::effect::{Due, Effect, Keyboard, Message, Weight};
use super::walk::Walk;
use crate::content::RichText;
use crate::ids::SlotId;
use crate::triage::Form;

/// The way back is kept this far; more would only grow the stored form.
const TRAIL_MAX: usize = 40;

impl<'a> Walk<'a> {
    /// Whether the open question asks for a phone number.
    pub fn asks_phone(&self) -> bool {
        self.c.asks_phone(self.content)
    }

    /// Asks, unless a card is due: it waits for screens and for the engine's
    /// own questions, and for nothing else.
    pub fn ask(&mut self, asking: Asking) {
        if !self.belongs_to_screens(&asking) && self.stop_is_due() {
            return self.show_stop(None);
        }
        let draft = match asking {
            Asking::Step => self.former_ticks(),
            Asking::Item(_) | Asking::Change => 0,
        };
        if let (Asking::Step, Some(screen)) = (&asking, self.open_screen()) {
            self.c.left.retain(|flag, _| !screen.flags.contains(flag));
        }
        let token = self.open_anew(asking, draft);
        self.introduce_consent();
        self.introduce_moves();
        self.show_pictures();
        if let Some(open) = &mut self.c.open {
            open.lead.clone_from(&self.lead);
        }
        self.say_open();
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

    /// Opens a question under a token of its own; nothing is said yet.
    pub fn open_anew(&mut self, asking: Asking, draft: u32) -> Token {
        self.c.last_token = Token(self.c.last_token.0.wrapping_add(1));
        self.c.open = Some(Open {
            token: self.c.last_token,
            asking,
            draft,
            since: self.now,
            drafted: None,
            lead: RichText::default(),
        });
        self.c.last_token
    }

    /// Whoever agreed to another text reads why they are asked again.
    fn introduce_consent(&mut self) {
        let Some(consent) = &self.content.consent else {
            return;
        };
        let asks = self.step().and_then(|step| step.verb.slot()) == Some(&consent.slot);
        let given = self.c.consent.as_ref();
        if asks && given.is_some_and(|given| given.version != consent.version) {
            self.lead(&self.content.words.consent_changed);
        }
    }

    /// Shows the open question again, with what is to be said before it. A hold waits
    /// meanwhile: whoever writes is not doing it.
    pub fn show_open(&mut self) {
        self.hold_waits();
        self.draw_owed();
        self.say_open();
    }

    /// Says the open question as it is, with what is to be said before it.
    pub fn say_open(&mut self) {
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
        let (mut text, keyboard) = self.render_edit(&open);
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
            aside: self.c.aside.clone(),
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
}
