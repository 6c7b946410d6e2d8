//! The ordinary turn: what an input does when it raises no alarm.

use super::alarm::yes_no_of;
use super::button::{Act, Press, Token};
use super::conversation::{Asking, FlagNote, Pending, Slot, Stop};
use super::effect::{Due, Effect, Keyboard, Weight};
use super::input::{Input, Seen, What};
use super::walk::{Again, Walk};
use crate::content::{Answer, CardAnswer, Deed, ScreenStyle, Text, TextKind, Verb};
use crate::free_text::normalise;
use crate::ids::PatientText;
use crate::ids::{CardId, ChoiceId, DialogId, SlotId};
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
            if !self.leads_elsewhere(&input.what) {
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
    fn leads_elsewhere(&self, what: &What) -> bool {
        match what {
            What::Command { .. } | What::Due(_) | What::Cleared { .. } | What::Seen(_) => true,
            What::Press(_) | What::Text(_) => match self.press_of(what) {
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
            What::Contact(_) | What::Unreadable | What::Edited(_) | What::ShowAgain => false,
        }
    }

    fn take_what(&mut self, input: &Input) {
        match &input.what {
            What::Press(_) => match self.press_of(&input.what) {
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
                } else {
                    self.lead(&self.content.words.edited_heard);
                }
            }
            What::Due(due) => self.due(*due),
            What::Cleared { flags, lock } => self.cleared(flags, *lock),
            What::Seen(Seen::Note) => self.lead(&self.content.words.staff_seen),
            What::Seen(Seen::CallRequest) => self.lead(&self.content.words.staff_seen_call),
            What::ShowAgain => {
                if self.c.open.is_some() {
                    self.lead(&self.content.words.shown_again);
                    self.show_open();
                }
            }
        }
    }

    /// A press, or typed words that say what a button says.
    pub fn press_of(&self, what: &What) -> Option<Press> {
        match what {
            What::Press(data) => Press::parse(data),
            What::Text(text) => self.typed_press(text),
            What::Command { .. }
            | What::Contact(_)
            | What::Unreadable
            | What::Edited(_)
            | What::Due(_)
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain => None,
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

    /// Some clients cannot press: a button's label typed is a press of it.
    fn typed_press(&self, text: &PatientText) -> Option<Press> {
        let typed = normalise(text.reveal()).text;
        let typed = typed.trim_matches(|c: char| !c.is_alphanumeric());
        let same = |label: &str| {
            let label = normalise(label).text;
            let label = label.trim_matches(|c: char| !c.is_alphanumeric());
            // The number of a list's item need not be typed.
            let (number, words) = label.split_once(". ").unwrap_or_default();
            let is_item = number.chars().all(|c| c.is_ascii_digit());
            label == typed || (is_item && words == typed)
        };
        if typed.is_empty() {
            return None;
        }
        if let Some(open) = &self.c.open {
            let (_, keyboard) = self.render(open);
            if let Keyboard::Inline(rows) = keyboard {
                for button in rows.iter().flatten() {
                    if let super::Button::Press { label, data } = button
                        && same(label)
                    {
                        return Press::parse(data);
                    }
                }
            }
        }
        if let Some(stop) = &self.c.stop {
            for card in self.cards_of(stop) {
                let answers = self.content.cards.get(&card).map(|card| &card.answers);
                for answer in answers.into_iter().flatten() {
                    if same(&self.label(self.card_answer_label(answer, stop))) {
                        return Some(Press::Card(card, answer.id.clone()));
                    }
                }
            }
        }
        let words = &self.content.words;
        let fixed = [
            (&words.button_person, Press::Person),
            (&words.button_stop, Press::Stop),
            (&words.button_menu, Press::Menu),
            (&words.button_start_screening, Press::Screening),
        ];
        fixed
            .into_iter()
            .find(|(label, _)| same(&self.label(label)))
            .map(|(_, press)| press)
            .or_else(|| self.found_here(text))
    }

    fn press(&mut self, press: Press) {
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

    fn answer(&mut self, act: &Act) {
        let Some(asking) = self.c.open.as_ref().map(|open| open.asking.clone()) else {
            return self.stale();
        };
        if *act == Act::Back {
            return self.back();
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

    fn typed(&mut self, text: &PatientText, input: &Input) {
        if input.heard.flags().next().is_some() {
            return self.after_heard(input);
        }
        if self.suspects(input) {
            // Its question comes when the turn settles.
            return;
        }
        if let Some(press) = self.typed_press(text) {
            return self.press(press);
        }
        if self.c.stop.is_some() && self.c.stack.is_empty() {
            // After a card, any reply gets the card: no argument, no other talk. What a
            // term of it means may stand before it.
            if self.explain(text) {
                return;
            }
            if self.c.open.is_some() {
                self.lead(&self.content.words.use_buttons);
                return self.show_open();
            }
            return self.say_cards();
        }
        if is_unreadable(text) || input.heard.is_foreign {
            self.lead(&self.content.words.cannot_read);
            return self.show_again();
        }
        if self.explain(text) {
            return;
        }
        let Some(open) = self.c.open.clone() else {
            return self.offer_or(text, Self::idle);
        };
        match (&open.asking, self.step().map(|step| &step.verb)) {
            (
                Asking::Step,
                Some(Verb::Text {
                    kind: TextKind::Phone,
                    ..
                }),
            ) => self.phone(text),
            (
                Asking::Step,
                Some(Verb::Text {
                    kind: TextKind::Words,
                    slot,
                    next,
                }),
            ) => {
                self.c.open = None;
                self.fill(slot.clone(), Slot::Typed);
                self.goto(next);
            }
            (Asking::Step, Some(Verb::Number { from, to, .. })) => {
                match text.reveal().trim().parse() {
                    Ok(value) if (*from..=*to).contains(&value) => self.answer(&Act::Number(value)),
                    Ok(_) | Err(_) => {
                        let said = self.text_with(
                            &self.content.words.number_range,
                            &[("from", &from.to_string()), ("to", &to.to_string())],
                        );
                        self.lead.append(&said);
                        self.show_open();
                    }
                }
            }
            (Asking::Step, Some(Verb::Screen { .. } | Verb::Many { .. }))
                if self.typed_ticks(text) => {}
            _ => self.offer_or(text, Self::ask_for_buttons),
        }
    }

    fn ask_for_buttons(&mut self) {
        self.lead(&self.content.words.use_buttons);
        self.show_open();
    }

    /// "1 and 3" ticks the first and the third item of a list.
    fn typed_ticks(&mut self, text: &PatientText) -> bool {
        let numbers: Vec<usize> = text
            .reveal()
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        let visible: Vec<usize> = match self.step().map(|step| &step.verb) {
            Some(Verb::Many { options, .. }) => (0..options.len()).collect(),
            Some(_) | None => match self.open_screen() {
                Some(screen) if screen.style == ScreenStyle::Question => return false,
                Some(screen) => screen
                    .flags
                    .iter()
                    .enumerate()
                    .filter(|(_, flag)| self.is_shown(flag))
                    .map(|(index, _)| index)
                    .collect(),
                None => return false,
            },
        };
        let bits = numbers
            .iter()
            .filter_map(|number| visible.get(number.checked_sub(1)?))
            .fold(0_u32, |bits, index| bits | 1 << index);
        // "1 and 3", but not "no 1" nor "1 hurts".
        let words = text.reveal().trim();
        let is_list = words.starts_with(|c: char| c.is_ascii_digit())
            && words.ends_with(|c: char| c.is_ascii_digit());
        if bits == 0 || !is_list {
            return false;
        }
        if let Some(open) = &mut self.c.open {
            open.draft |= bits;
        }
        self.show_open();
        self.time_draft();
        true
    }

    /// Typed words stated something that does not stop everything at once.
    fn after_heard(&mut self, input: &Input) {
        let asks = !self.c.queue.is_empty() || self.waits_in_screens();
        if self.stop_is_due() && (self.c.stop.is_some() || !asks) {
            // The card comes when the turn settles.
            self.c.queue.clear();
        } else if self.c.stop.is_some() {
            self.c.queue.clear();
            self.say_cards();
        } else if self.c.queue.is_empty() {
            // What was heard beside it, and not surely, is asked when the turn
            // settles; until then a move that is open is not said again.
            if !self.suspects(input) {
                self.show_again();
            }
        } else {
            self.hold_item();
            self.next_pending();
        }
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

    fn phone(&mut self, number: &PatientText) {
        let Some(Verb::Text {
            kind: TextKind::Phone,
            slot,
            next,
        }) = self.step().map(|step| &step.verb)
        else {
            return self.show_again();
        };
        /// Local numbers have seven digits, the longest international ones fifteen.
        const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
        let raw = number.reveal().trim();
        let digits = raw.chars().filter(char::is_ascii_digit).count();
        let plain = raw
            .chars()
            .all(|c| c.is_ascii_digit() || " +-().".contains(c));
        if !plain || !PHONE_DIGITS.contains(&digits) {
            self.lead(&self.content.words.phone_unclear);
            return self.show_open();
        }
        self.c.open = None;
        // A message of its own: it takes the keyboard away.
        let kept = self.text(&self.content.words.phone_kept);
        self.say(kept, Keyboard::None, None, Weight::Talk);
        self.fill(slot.clone(), Slot::Phone(PatientText::new(raw.to_owned())));
        self.goto(next);
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
            // opening is the clerk's, not the patient's.
            Due::Draft | Due::Opening | Due::Unclaimed(_) | Due::Unclosed(_) | Due::Talk => {}
            Due::Hold(token) => self.hold_due(token),
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

    fn command(&mut self, name: &str, argument: &str) {
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

    fn open_or_refuse(&mut self, dialog: &DialogId) {
        if self.may_open(dialog) {
            self.start_dialog(dialog)
        } else {
            self.refuse()
        }
    }

    fn stop(&mut self) {
        let said = if self.c.open.is_some() || !self.c.stack.is_empty() {
            &self.content.words.stopped
        } else {
            &self.content.words.nothing_to_stop
        };
        self.c.stack.clear();
        self.c.trail.clear();
        self.c.queue.clear();
        self.c.finishing = None;
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
        if found.asks_call {
            self.effects.push(Effect::RequestCall { number: None });
        }
        if let Some(reply) = &found.reply {
            self.lead(reply);
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

    fn erase(&mut self) {
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
        self.c.queue.clear();
        self.c.finishing = None;
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

/// Words in a script that no language of ours is written in: they cannot have
/// been heard, so the patient is told.
fn is_unreadable(text: &PatientText) -> bool {
    /// The last letter of the Latin script's extensions.
    const LATIN_LAST: char = '\u{24f}';
    let letters = || text.reveal().chars().filter(|c| c.is_alphabetic());
    let foreign = letters().filter(|c| *c > LATIN_LAST).count();
    foreign * 2 > letters().count()
}
