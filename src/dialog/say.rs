//! What a turn says, and the row of buttons that stands under it.

use super::button::{Button, Press, Token};
use super::effect::{Effect, Keyboard, Message, Weight};
use super::walk::Walk;
use crate::content::{RichText, Text};

impl<'a> Walk<'a> {
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
    pub fn take_keyboard_away(&mut self) {
        if self.c.reply_keyboard && !self.asks_phone() {
            let said = self.text(&self.content.words.use_buttons);
            self.say(said, Keyboard::None, None, Weight::Talk);
        }
    }

    /// Whether anything was sent in this turn.
    pub fn has_said(&self) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Say(_)))
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
}
