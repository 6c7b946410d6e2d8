//! Commands and links: what a patient asks for by name.

use super::button::Token;
use super::conversation::Slot;
use super::effect::{Due, Effect};
use super::walk::Walk;
use crate::content::Deed;
use crate::ids::{ChoiceId, DialogId, SlotId};

impl Walk<'_> {
    pub fn command(&mut self, name: &str, argument: &str) {
        let content = self.content;
        if name == "start"
            && let Some(link) = content.bot.links.get(argument.trim())
        {
            if !self.may_open(&link.opens) {
                return self.refuse();
            }
            self.start_linked(&link.opens, &link.set);
            return;
        }
        match content
            .bot
            .commands
            .iter()
            .find(|command| command.name == name)
            .map(|command| &command.deed)
        {
            Some(Deed::Stop) => self.stop(),
            Some(Deed::Opens(dialog)) => self.open_asked_for(dialog),
            Some(Deed::MyData) => {
                self.effects.push(Effect::MyData);
                self.lead(&content.words.mydata_sent);
                self.show_again();
            }
            None => {
                self.lead(&content.words.unknown_command);
                self.show_again();
            }
        }
    }

    /// Opens what a patient asked for by its name, if the level allows it.
    pub fn open_asked_for(&mut self, dialog: &DialogId) {
        if self.comes_between(dialog) {
            self.come_between(dialog);
        } else {
            self.open_or_refuse(dialog);
        }
    }

    /// What is asked for is locked: the card says why.
    fn refuse(&mut self) {
        self.c.stack.clear();
        self.c.trail.clear();
        self.c.open = None;
        self.say_cards();
        self.ask_completing();
    }

    pub fn open_or_refuse(&mut self, dialog: &DialogId) {
        if self.may_open(dialog) {
            self.start_dialog(dialog)
        } else {
            self.refuse()
        }
    }

    pub fn stop(&mut self) {
        let said = if self.c.open.is_some() || !self.c.stack.is_empty() {
            &self.content.words.stopped
        } else {
            &self.content.words.nothing_to_stop
        };
        self.c.stack.clear();
        self.c.trail.clear();
        self.drop_items();
        self.c.open = None;
        for due in [Due::Draft, Due::Hold(Token::default())] {
            self.effects.push(Effect::CancelDue(due));
        }
        // Silence still answers what typed words may have meant.
        if self.c.suspected.is_empty() {
            self.effects.push(Effect::CancelDue(Due::Silence));
        }
        self.lead(said);
    }

    pub fn erase(&mut self) {
        let level = self.c.level(self.content);
        let words = &self.content.words;
        self.lead(if level.blocks() {
            &words.erased_warning
        } else {
            &words.erased
        });
        self.c = super::Conversation {
            lang: self.c.lang,
            lang_chosen: self.c.lang_chosen,
            last_token: self.c.last_token,
            ..Default::default()
        };
        self.c.lock = level.blocks().then_some(level);
        self.effects.push(Effect::Erase);
        self.erased = true;
    }

    fn start_linked(&mut self, dialog: &DialogId, set: &[(SlotId, ChoiceId)]) {
        let Some(found) = self.dialog(dialog) else {
            return self.step_gone();
        };
        // What the link sets must survive the emptying of the dialog's slots.
        self.c.stack.clear();
        self.c.trail.clear();
        self.drop_items();
        self.c.script = Some(self.content.script.clone());
        self.empty_slots(found);
        for (slot, value) in set {
            self.c.slots.insert(slot.clone(), Slot::One(value.clone()));
        }
        self.c.stack.push(super::Frame {
            dialog: dialog.clone(),
            step: found.start.clone(),
            interrupts: false,
            play: None,
        });
        self.run();
    }
}
