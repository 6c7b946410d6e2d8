//! What a patient types: a button's words, numbers of ticks, a phone number, or
//! something to find.

use super::button::{Act, Cue, Press};
use super::conversation::{Asking, Slot};
use super::effect::{Keyboard, Weight};
use super::input::Input;
use super::walk::Walk;
use crate::content::{Answer, Choice, Feeling, ScreenStyle, TextKind, Verb, chosen};
use crate::free_text::normalise;
use crate::ids::{Lang, PatientText};

impl Walk<'_> {
    /// Some clients cannot press: a button's label typed is a press of it.
    pub fn typed_press(&self, text: &PatientText) -> Option<Press> {
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
            .or_else(|| self.typed_choice(text))
            .or_else(|| self.typed_yes_no(text))
            .or_else(|| self.found_here(text))
    }

    /// What the body says, typed while a move is done or when it is asked how it was:
    /// a press of the button that says so. That is the one that asks screens again,
    /// and for numbness the one of these that states a flag too.
    pub fn typed_feeling(&self, text: &PatientText) -> Option<Press> {
        let open = self.c.open.as_ref()?;
        if open.asking != Asking::Step {
            return None;
        }
        let options = match self.step().map(|step| &step.verb) {
            Some(Verb::Play { .. }) => None,
            Some(Verb::Move { answers, .. }) => Some(answers),
            Some(Verb::Choice { options, .. }) => Some(options),
            Some(_) | None => return None,
        };
        let feeling = self.content.moves.felt.read(text.reveal())?;
        let Some(options) = options else {
            let cue = match feeling {
                Feeling::Hurts => Cue::Hurts,
                Feeling::Numb => Cue::Numb,
            };
            return Some(Press::Question(open.token, Act::Play(cue)));
        };
        let meant = |option: &&Choice| {
            let states = !option.answer.raise.is_empty();
            !option.answer.ask_again.is_empty() && states == (feeling == Feeling::Numb)
        };
        let mut meant = options.iter().filter(meant);
        match (meant.next(), meant.next()) {
            (Some(option), None) => {
                Some(Press::Question(open.token, Act::Choose(option.id.clone())))
            }
            (Some(_) | None, _) => None,
        }
    }

    /// A choice that the patient typed in other words than its button's. Not where
    /// an answer says something about health, nor in the self-check: there only the
    /// label itself is an answer.
    fn typed_choice(&self, text: &PatientText) -> Option<Press> {
        let open = self.c.open.as_ref()?;
        let options = match self.step().map(|step| &step.verb) {
            Some(Verb::Choice { options, .. }) if open.asking == Asking::Step => options,
            Some(_) | None => return None,
        };
        if self.is_screening() || !options.iter().all(|option| is_plain(&option.answer)) {
            return None;
        }
        let named = Lang::ALL.map(|lang| {
            let labels = options.iter().map(|option| option.label.plain(lang));
            chosen(&labels.collect::<Vec<_>>(), text.reveal())
        });
        let mut named = named.into_iter().flatten();
        let place = named.next()?;
        if named.any(|other| other != place) {
            return None;
        }
        let id = options[place].id.clone();
        Some(Press::Question(open.token, Act::Choose(id)))
    }

    /// "Nope" is a No, under the same conditions.
    fn typed_yes_no(&self, text: &PatientText) -> Option<Press> {
        let open = self.c.open.as_ref()?;
        let answers = match self.step().map(|step| &step.verb) {
            Some(Verb::YesNo { answers, .. }) if open.asking == Asking::Step => answers,
            Some(_) | None => return None,
        };
        if self.is_screening() || !answers.iter().all(|(_, answer)| is_plain(answer)) {
            return None;
        }
        let act = match self.content.finder.agrees(text.reveal())? {
            true => Act::Yes,
            false => Act::No,
        };
        Some(Press::Question(open.token, act))
    }

    pub fn typed(&mut self, text: &PatientText, input: &Input) {
        if input.heard.flags().next().is_some() {
            return self.after_heard(input);
        }
        if self.suspects(input) {
            // Its question comes when the turn settles.
            return;
        }
        if let Some(press) = self.press_of(input) {
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
        let words = &self.content.words;
        self.lead(match self.step().map(|step| &step.verb) {
            Some(Verb::Move { .. } | Verb::Play { .. }) => &words.use_buttons_in_move,
            Some(_) | None => &words.use_buttons,
        });
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
    pub fn after_heard(&mut self, input: &Input) {
        let asks = !self.c.queue.is_empty() || self.waits_in_screens();
        if self.stop_is_due() && (self.c.stop.is_some() || !asks) {
            // The card comes when the turn settles.
            self.drop_items();
        } else if self.c.stop.is_some() {
            self.drop_items();
            self.say_cards();
        } else if self.c.queue.is_empty() && self.is_taken_away() {
            // A caution takes away the very move it is said at: the next one comes.
            self.run();
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

    pub fn phone(&mut self, number: &PatientText) {
        let Some(Verb::Text {
            kind: TextKind::Phone,
            slot,
            next,
        }) = self.step().map(|step| &step.verb)
        else {
            return self.show_again();
        };
        let raw = number.reveal().trim();
        if !reads_as_phone(number) {
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
}

/// Whether an answer only leads on: it says nothing about health and changes nothing.
fn is_plain(answer: &Answer) -> bool {
    answer.raise.is_empty()
        && answer.raise_unsure.is_empty()
        && answer.ask_again.is_empty()
        && answer.set.is_empty()
        && answer.language.is_none()
        && !answer.erase
}

/// Whether this is a phone number and nothing beside it.
#[must_use]
pub fn reads_as_phone(number: &PatientText) -> bool {
    /// Local numbers have seven digits, the longest international ones fifteen.
    const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
    let raw = number.reveal().trim();
    let digits = raw.chars().filter(char::is_ascii_digit).count();
    let is_plain = raw
        .chars()
        .all(|c| c.is_ascii_digit() || " +-().".contains(c));
    is_plain && PHONE_DIGITS.contains(&digits)
}

/// Words in a script that no language of ours is written in: they cannot have
/// been heard, so the patient is told.
pub(super) fn is_unreadable(text: &PatientText) -> bool {
    /// The last letter of the Latin script's extensions.
    const LATIN_LAST: char = '\u{24f}';
    let letters = || text.reveal().chars().filter(|c| c.is_alphabetic());
    let foreign = letters().filter(|c| *c > LATIN_LAST).count();
    foreign * 2 > letters().count()
}
