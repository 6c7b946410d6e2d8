//! Typed words that name a place or ask for a term.
//!
//! They are looked at last: after warning signs, after labels of buttons and
//! after answers to the open question. Nothing here says anything about health.

use super::button::{Button, Press};
use super::conversation::Asking;
use super::effect::{Keyboard, Weight};
use super::render::press;
use super::walk::Walk;
use crate::content::{Found, TextKind, Verb};
use crate::ids::{DialogId, PatientText};

impl Walk<'_> {
    /// Words that name one place are a press of its button, where nothing but
    /// the menu is open. Elsewhere a place is only offered: nobody loses theirs.
    /// On a card they are one for what the card leaves open; else it is said again.
    pub fn found_here(&self, text: &PatientText) -> Option<Press> {
        let on_card = self.c.open.is_none() && self.c.stop.is_some();
        let takes_places = match self.c.open {
            Some(_) => self.is_at_menu(),
            None => !on_card || self.c.stack.is_empty(),
        };
        if !takes_places {
            return None;
        }
        let opens = match self.content.finder.term(text.reveal()) {
            Some(term) => term.opens.as_ref()?,
            None => match self.content.finder.find(text.reveal()) {
                Found::Here(spot) => &spot.opens,
                Found::Perhaps(_) | Found::Nothing => return None,
            },
        };
        (!on_card || self.may_open(opens)).then(|| Press::Open(opens.clone()))
    }

    /// Opens a place. The data is untrusted: only places can be opened so.
    pub fn open_found(&mut self, dialog: &DialogId) {
        if self
            .content
            .finder
            .spots()
            .any(|spot| spot.opens == *dialog)
        {
            self.open_asked_for(dialog);
        } else {
            self.stale();
        }
    }

    /// Explains a term and asks again what is open; says whether it was one.
    pub fn explain(&mut self, text: &PatientText) -> bool {
        let takes_words = matches!(
            self.step().map(|step| &step.verb),
            Some(Verb::Text {
                kind: TextKind::Words,
                ..
            })
        );
        match self.content.finder.term(text.reveal()) {
            Some(term) if !takes_words => {
                self.lead(&term.text);
                if self.c.open.is_none() && self.c.stop.is_some() {
                    // A card begins with what to do: it is a message of its own.
                    let said = std::mem::take(&mut self.lead);
                    self.say(said, Keyboard::None, None, Weight::Talk);
                }
                self.show_again();
                true
            }
            Some(_) | None => false,
        }
    }

    /// Offers the places nearest to what was typed, and a person; where an offer
    /// would interrupt, does `otherwise`.
    pub fn offer_or(&mut self, text: &PatientText, otherwise: fn(&mut Self)) {
        if !self.takes_offers() {
            return otherwise(self);
        }
        let mut spots = match self.content.finder.find(text.reveal()) {
            Found::Here(spot) => vec![spot],
            Found::Perhaps(spots) => spots,
            // Where nothing is open the menu says what there is, to a greeting too.
            Found::Nothing if self.c.open.is_none() => {
                if self.content.finder.asks_something(text.reveal()) {
                    self.lead(&self.content.words.find_nothing);
                    let menu = self.content.bot.menu.clone();
                    return self.start_dialog(&menu);
                }
                return otherwise(self);
            }
            Found::Nothing => Vec::new(),
        };
        // What a card closes is not offered behind it.
        spots.retain(|spot| self.may_open(&spot.opens));
        let words = &self.content.words;
        let said = self.text(if spots.is_empty() {
            &words.find_nothing
        } else {
            &words.find_offer
        });
        let mut rows: Vec<Vec<Button>> = spots
            .into_iter()
            .map(|spot| {
                let data = Press::Open(spot.opens.clone());
                vec![press(self.label(&spot.label), &data)]
            })
            .collect();
        rows.push(vec![press(
            self.label(&words.button_person),
            &Press::Person,
        )]);
        self.say(said, Keyboard::Inline(rows), None, Weight::Talk);
        if self.c.open.is_some() && !self.is_at_menu() {
            self.show_open();
        }
    }

    pub fn is_at_menu(&self) -> bool {
        let is_step = self
            .c
            .open
            .as_ref()
            .is_some_and(|open| open.asking == Asking::Step);
        let menu = &self.content.bot.menu;
        is_step && matches!(self.c.stack.as_slice(), [frame] if frame.dialog == *menu)
    }

    /// The way through screens, moves and the questions around them is not
    /// interrupted by offers.
    fn takes_offers(&self) -> bool {
        let Some(open) = &self.c.open else {
            return true;
        };
        let asks_choice = matches!(
            self.step().map(|step| &step.verb),
            Some(Verb::Choice { .. } | Verb::YesNo { .. })
        );
        open.asking == Asking::Step && asks_choice && (!self.is_screening() || self.is_at_a_place())
    }

    /// Whether the way has led on to what has a name of its own, such as booking after
    /// the self-check.
    fn is_at_a_place(&self) -> bool {
        let screening = &self.content.bot.screening;
        let above = self.c.stack.iter().rev();
        let mut above = above.take_while(|frame| frame.dialog != *screening);
        above.any(|frame| {
            let mut spots = self.content.finder.spots();
            spots.any(|spot| spot.opens == frame.dialog)
        })
    }

    pub fn is_screening(&self) -> bool {
        let screening = &self.content.bot.screening;
        let mut frames = self.c.stack.iter();
        frames.any(|frame| frame.dialog == *screening)
    }
}
