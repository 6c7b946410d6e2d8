//! The ordinary turn: what an input does when it raises no alarm.

use super::button::{Act, Press};
use super::conversation::{Asking, Consented, FlagNote, Pending, Slot, Stop};
use super::effect::{Due, Effect};
use super::input::{Desk, Input, Seen, What};
use super::stated::yes_no_of;
use super::typed::is_unreadable;
use super::walk::{Again, Walk};
use crate::content::{Answer, CardAnswer, Text, Verb};
use crate::ids::{CardId, ChoiceId, SlotId};
use crate::triage::Form;

impl Walk<'_> {
    /// Takes an input that raises no alarm.
    pub fn take(&mut self, input: &Input) {
        let stated = self.stated_by(input);
        self.restated = stated.iter().any(|(flag, _)| {
            self.c
                .stop
                .as_ref()
                .is_some_and(|stop| stop.flags.contains(flag))
        });
        self.state_all(&stated, &input.heard);
        self.suspect(input);
        self.move_on();
        let begins_again = self.begins_again.take();
        if let Some(Again { dialog, why }) = &begins_again {
            self.begin_quietly(dialog);
            if !self.leads_elsewhere(input) {
                if input.what == What::Unreadable {
                    self.lead(&self.content.words.cannot_read);
                }
                self.lead(why);
                return self.run();
            }
        }
        self.take_what(input);
        if let Some(Again { why, .. }) = begins_again
            && self.c.open.is_none()
            && !self.c.stack.is_empty()
        {
            self.lead(why);
            self.run();
        }
    }

    /// Whether an input is no answer to an open question.
    fn leads_elsewhere(&self, input: &Input) -> bool {
        match &input.what {
            What::Command { .. } | What::Due(_) | What::Cleared { .. } | What::Seen(_) => true,
            What::Press(_) | What::Text(_) => match self.press_of(input) {
                Some(
                    Press::Person
                    | Press::Stop
                    | Press::Menu
                    | Press::Screening
                    | Press::Open(_)
                    | Press::Card(..),
                ) => true,
                Some(Press::Question(..)) | None => false,
            },
            What::Contact(_)
            | What::Unreadable
            | What::Edited(_)
            | What::ShowAgain
            | What::Undrawn(_) => false,
        }
    }

    fn take_what(&mut self, input: &Input) {
        match &input.what {
            What::Press(_) => match self.press_of(input) {
                Some(press) => self.press(press),
                None => self.stale(),
            },
            What::Text(text) => self.typed(text, input),
            What::Command { name, argument } => self.command(name, argument.reveal()),
            What::Contact(number) if self.asks_phone() => self.phone(number),
            What::Contact(_) => {
                if self.c.open.is_some() {
                    self.lead(&self.content.words.use_buttons);
                }
                self.show_again();
            }
            What::Unreadable => {
                self.lead(&self.content.words.cannot_read);
                self.show_again();
            }
            What::Edited(text) => {
                if input.heard.flags().next().is_some() {
                    self.after_heard(input);
                } else if self.suspects(input) {
                    // Its question comes when the turn settles.
                } else if input.heard.is_foreign || is_unreadable(text) {
                    self.lead(&self.content.words.cannot_read);
                    self.show_again();
                } else if self.c.open.is_some() {
                    self.lead(&self.content.words.edited_heard);
                } else if self.c.stop.is_some() && self.c.stack.is_empty() {
                    // After a card, any reply gets the card.
                    self.say_cards();
                } else {
                    self.lead(&self.content.words.edited_late);
                }
            }
            What::Due(due) => self.due(*due),
            What::Cleared { flags, lock } => self.cleared(flags, *lock),
            What::Seen(Seen::Note) => self.lead(&self.content.words.staff_seen),
            What::Seen(Seen::CallRequest) => self.lead(&self.content.words.staff_seen_call),
            What::Undrawn(picture) => self.owe(picture),
            What::ShowAgain => {
                if self.c.open.is_some() {
                    self.lead(&self.content.words.shown_again);
                    self.say_open();
                }
            }
        }
    }

    /// A press, or typed words that say what a button says.
    pub fn press_of(&self, input: &Input) -> Option<Press> {
        match &input.what {
            What::Press(data) => Press::parse(data),
            What::Text(text) => self.typed_press(text).or_else(|| {
                // What may be a sign is asked about; it is no mere "it hurts".
                let is_plain = input.heard.hits.is_empty();
                is_plain.then(|| self.typed_feeling(text)).flatten()
            }),
            What::Command { .. }
            | What::Contact(_)
            | What::Unreadable
            | What::Edited(_)
            | What::Due(_)
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain
            | What::Undrawn(_) => None,
        }
    }

    /// What stands on an answer of a card: whoever typed has picked nothing.
    pub fn card_answer_label<'c>(&self, answer: &'c CardAnswer, stop: &Stop) -> &'c Text {
        let is_typed = |flag| self.c.flags.get(flag).is_some_and(|note| note.typed);
        let all_typed = !stop.flags.is_empty() && stop.flags.iter().all(is_typed);
        match &answer.typed_label {
            Some(typed) if all_typed => typed,
            Some(_) | None => &answer.label,
        }
    }

    pub fn press(&mut self, press: Press) {
        match press {
            Press::Person => self.come_between(&self.content.bot.person),
            Press::Stop => self.stop(),
            Press::Menu => self.open_or_refuse(&self.content.bot.menu),
            Press::Screening => self.open_or_refuse(&self.content.bot.screening),
            Press::Open(dialog) => self.open_found(&dialog),
            Press::Card(card, answer) => self.answer_card(&card, &answer),
            Press::Question(token, act) => {
                if self.c.open.as_ref().is_some_and(|open| open.token == token) {
                    self.answer(&act);
                } else {
                    self.stale();
                }
            }
        }
    }

    /// A word for a press that is no longer asked for.
    pub fn stale(&mut self) {
        self.toast = Some(self.label(&self.content.words.stale_press));
    }

    pub fn answer(&mut self, act: &Act) {
        let Some(asking) = self.c.open.as_ref().map(|open| open.asking.clone()) else {
            return self.stale();
        };
        if *act == Act::Back {
            if !self.back_in_play() {
                self.back();
            }
            return;
        }
        match asking {
            Asking::Item(pending) => self.answer_item(&pending, act),
            Asking::Change => self.answer_change(act),
            Asking::Step => self.answer_step(act),
        }
    }

    fn answer_step(&mut self, act: &Act) {
        let Some(step) = self.step() else {
            return self.step_gone();
        };
        match (&step.verb, act) {
            (Verb::Screen { .. }, _) => match self.open_screen() {
                Some(screen) => self.answer_screen(screen, act),
                None => self.step_gone(),
            },
            (Verb::Many { .. }, _) => self.answer_many(act),
            (Verb::Choice { slot, options }, Act::Choose(id)) => {
                let Some(option) = options.iter().find(|option| option.id == *id) else {
                    return self.stale();
                };
                let label = self.label(&option.label);
                self.close_question(&label);
                if option.answer.language.is_none() {
                    self.fill(slot.clone(), Slot::One(id.clone()));
                }
                self.follow(&option.answer);
            }
            (Verb::Move { answers, .. }, Act::Choose(id)) => {
                let Some(option) = answers.iter().find(|option| option.id == *id) else {
                    return self.stale();
                };
                let label = self.label(&option.label);
                self.close_question(&label);
                self.leave_crumb(Vec::new());
                self.follow(&option.answer);
            }
            (Verb::YesNo { slot, answers }, Act::Yes | Act::No | Act::Unsure) => {
                let wanted = yes_no_of(act);
                let Some((given, answer)) =
                    answers.iter().find(|(given, _)| Some(*given) == wanted)
                else {
                    return self.stale();
                };
                let label = self.yes_no_label(act);
                self.close_question(&label);
                self.fill(slot.clone(), Slot::One(ChoiceId::new(given.word())));
                self.follow(answer);
            }
            (
                Verb::Number {
                    slot,
                    from,
                    to,
                    next,
                    ..
                },
                Act::Number(value),
            ) if (from..=to).contains(&value) => {
                self.close_question(&value.to_string());
                self.fill(slot.clone(), Slot::Number(*value));
                self.goto(next);
            }
            (Verb::Play { .. }, Act::Play(cue)) => self.cue(*cue),
            (Verb::Summary { next }, Act::LooksRight) => {
                let label = self.label(&self.content.words.button_looks_right);
                self.close_question(&label);
                self.goto(next);
            }
            (Verb::Summary { .. }, Act::ChangeAnswer) => {
                let label = self.label(&self.content.words.button_change_answer);
                self.close_question(&label);
                self.ask(Asking::Change);
            }
            _ => self.stale(),
        }
    }

    pub fn yes_no_label(&self, act: &Act) -> String {
        let words = &self.content.words;
        self.label(match act {
            Act::Yes => &words.button_yes,
            Act::No => &words.button_no,
            _ => &words.button_not_sure,
        })
    }

    /// Does what an answer says, then goes where it leads.
    pub fn follow(&mut self, answer: &Answer) {
        self.apply(answer);
        if self.erased {
            return;
        }
        if self.c.queue.is_empty() || self.between().is_some() {
            self.go_on(answer.next.as_ref());
        } else {
            if let (Some(frame), Some(next)) = (self.c.stack.last_mut(), &answer.next) {
                frame.step = next.clone();
            }
            self.next_pending();
        }
    }

    /// What an answer does besides leading on; its flags are stated already.
    pub fn apply(&mut self, answer: &Answer) {
        for (slot, value) in &answer.set {
            let before = self.c.slots.insert(slot.clone(), Slot::One(value.clone()));
            if let Some(crumb) = self.c.trail.last_mut() {
                crumb.undo.push((slot.clone(), before));
            }
        }
        for screen in &answer.ask_again {
            self.drop_screen(screen);
        }
        if let Some(lang) = answer.language {
            self.c.lang = lang;
            self.c.lang_chosen = true;
        }
        if answer.erase {
            self.erase();
        }
    }

    /// Keeps an answer, and the way back to its question.
    pub fn fill(&mut self, slot: SlotId, value: Slot) {
        self.c.former.remove(&slot);
        if let Some(consent) = &self.content.consent
            && consent.slot == slot
        {
            self.c.consent = Some(Consented {
                version: consent.version.clone(),
                at: self.now,
            });
        }
        let before = self.c.slots.insert(slot.clone(), value);
        self.leave_crumb(vec![(slot, before)]);
    }

    fn answer_item(&mut self, pending: &Pending, act: &Act) {
        if !matches!(act, Act::Yes | Act::No | Act::Unsure) {
            return self.stale();
        }
        let label = self.yes_no_label(act);
        self.close_question(&label);
        let flag = pending.flag().clone();
        if let (Pending::History(_), Act::Yes, Some(note)) =
            (pending, act, self.c.flags.get_mut(&flag))
        {
            *note = FlagNote {
                form: Form::Settled,
                ..note.clone()
            };
        }
        self.c.suspected.remove(&flag);
        self.c.asked.insert(flag);
        if matches!(pending, Pending::Heard(_)) && self.is_at_rest() {
            return self.idle();
        }
        if matches!(pending, Pending::Completing(_)) {
            self.ask_completing();
            if self.c.open.is_none() {
                // The last word is what to do now.
                self.say_cards();
            }
            return;
        }
        self.next_pending();
    }

    /// The open question again, or the way on where there is none.
    pub fn show_again(&mut self) {
        if self.c.open.is_some() {
            self.show_open();
        } else if self.c.stop.is_some() {
            self.say_cards();
        } else if self.lead.text.is_empty() {
            self.idle();
        } else {
            self.flush();
        }
    }

    pub fn idle(&mut self) {
        self.lead(&self.content.words.idle);
        let menu = self.content.bot.menu.clone();
        self.start_dialog(&menu);
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Question(token) => {
                let after = self.step().and_then(|step| step.after.clone());
                if let (Some(after), true) = (
                    after,
                    self.c.open.as_ref().is_some_and(|open| open.token == token),
                ) {
                    self.c.open = None;
                    self.goto(&after.go);
                }
            }
            // Silence on a history's second question: nobody has said it is OK.
            Due::Silence => {
                if let Some(Asking::Item(_)) = self.c.open.as_ref().map(|open| &open.asking) {
                    self.answer_item_silently();
                }
            }
            // The screens were left behind a blocking flag; the card comes now.
            Due::Screening => {
                if self.stop_is_due() {
                    self.show_stop(None);
                }
            }
            // A draft that still blocks was an alarm; this one was unticked. The
            // others are the clerk's, not the patient's.
            Due::Draft
            | Due::Opening
            | Due::Unclaimed(_)
            | Due::Unclosed(_)
            | Due::Unreached(_)
            | Due::Talk
            | Due::Care(_) => {}
            Due::Hold(token) => self.hold_due(token),
            Due::AskLater => self.ask_later(),
        }
    }

    fn answer_item_silently(&mut self) {
        if let Some(Asking::Item(pending)) = self.c.open.as_ref().map(|open| open.asking.clone()) {
            let act = if matches!(pending, Pending::History(_)) {
                Act::No
            } else {
                Act::Yes
            };
            self.answer_item(&pending, &act);
        }
    }

    fn answer_card(&mut self, card: &CardId, answer: &ChoiceId) {
        let in_force = self.c.stop.as_ref().is_some_and(|stop| {
            stop.cards.iter().any(|own| match own {
                Some(own) => own == card,
                None => self
                    .content
                    .cards
                    .get(card)
                    .is_some_and(|card| card.level == Some(stop.level)),
            })
        });
        let found = self
            .content
            .cards
            .get(card)
            .and_then(|card| card.answers.iter().find(|one| one.id == *answer));
        let (true, Some(found)) = (in_force, found) else {
            return self.stale();
        };
        if let Some(note) = &found.note {
            let note = note.render(self.content.clinic.staff_language, self.content);
            self.effects.push(Effect::Note(note));
        }
        if found.asks_call && self.desk == Desk::Unstaffed {
            self.lead(&self.content.words.call_impossible);
        } else {
            if found.asks_call {
                self.effects.push(Effect::RequestCall { number: None });
            }
            if let Some(reply) = &found.reply {
                self.lead(reply);
            }
        }
        match &found.opens {
            Some(dialog) if self.may_open(dialog) => self.start_dialog(dialog),
            Some(_) | None => {
                if self.c.open.is_some() {
                    self.show_open();
                } else {
                    self.flush();
                }
            }
        }
    }
}
