//! Which moves may be shown, what comes in front of them, and what is changed.

use super::conditions;
use super::conversation::Asking;
use super::effect::{Due, Effect};
use super::walk::Walk;
use crate::content::{Atom, Change, Easier, Move, MoveStep, RichText, Text, Verb};
use crate::ids::{MoveId, PictureId, Timestamp};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A move in the way one patient does it.
pub(super) struct Way<'a> {
    pub name: &'a Text,
    pub dose: &'a Text,
    pub steps: &'a [MoveStep],
    pub caveats: &'a Text,
    pub easier: Option<&'a Easier>,
}

impl<'a> Walk<'a> {
    /// Whether a move may be shown; if not, what is shown instead.
    pub fn may_show_moves(&mut self) -> bool {
        if self.c.is_cleared(self.content) {
            return true;
        }
        // A history typed just now took clearance; its second question has given
        // a card, or clearance back.
        if self.stop_is_due() {
            self.show_stop(None);
            return false;
        }
        // What typed words may have meant is asked first, when the turn ends.
        if !self.c.suspected.is_empty() {
            return false;
        }
        self.grant_clearance();
        if !self.c.is_cleared(self.content) {
            self.trip_guard();
            return false;
        }
        true
    }

    /// The move that the open question shows, if it shows one.
    fn open_move(&self) -> Option<&'a Move> {
        if !self.asks_step() {
            return None;
        }
        match self.step().map(|step| &step.verb) {
            Some(Verb::Move { id, .. }) => self.content.moves.list.get(id),
            Some(Verb::Play { .. }) => self.begun_move(),
            Some(_) | None => None,
        }
    }

    /// Whether what was stated since takes away the move, or the position, that is open.
    pub fn is_taken_away(&self) -> bool {
        let Some(step) = self.step().filter(|_| self.asks_step()) else {
            return false;
        };
        let Verb::Play { moves, .. } = &step.verb else {
            return conditions::passed_over(self.content, &self.c, step).is_some();
        };
        let play = self.c.stack.last().and_then(|frame| frame.play);
        let played = play.and_then(|play| moves.get(usize::from(play.at)));
        played.is_some_and(|id| self.is_dropped(id))
    }

    /// Whether the open question is the step's, and not the engine's own.
    fn asks_step(&self) -> bool {
        self.c
            .open
            .as_ref()
            .is_some_and(|open| open.asking == Asking::Step)
    }

    /// What this patient's facts ask for, warm-up and when to stop, in front of the
    /// first move and its drawings: messages of their own, which stay when the move is
    /// answered. A fact stated later has its say in front of the next move.
    pub fn introduce_moves(&mut self) {
        if self.open_move().is_none() {
            return;
        }
        let moves = &self.content.moves;
        let mut says = !self.c.moves_introduced;
        for note in &moves.notes {
            let holds = |facts: &[Atom]| facts.iter().any(|fact| conditions::has(&self.c, fact));
            if holds(&note.with) && !holds(&note.unless) && self.c.noted.insert(note.id.clone()) {
                self.lead(&note.say);
                says = true;
            }
        }
        if !self.c.moves_introduced {
            self.lead(&moves.warm_up);
            self.lead(&moves.stop_rules);
            self.c.moves_introduced = true;
            self.time_ask_later();
        }
        if says {
            self.flush();
        }
    }

    /// What comes before a first move has to be said again.
    pub fn forget_introduction(&mut self) {
        self.c.moves_introduced = false;
        self.c.noted.clear();
    }

    /// Sets the timer of the question how it went, unless one is set already:
    /// whoever moves every day is asked too.
    fn time_ask_later(&mut self) {
        let Some(ask_later) = &self.content.moves.ask_later else {
            return;
        };
        if self.c.ask_later.is_none_or(|at| at <= self.now) {
            let at = self
                .now
                .plus_seconds(i64::from(ask_later.days) * DAY_SECONDS);
            self.set_ask_later(at);
        }
    }

    fn set_ask_later(&mut self, at: Timestamp) {
        self.c.ask_later = Some(at);
        self.effects.push(Effect::SetDue {
            due: Due::AskLater,
            at,
        });
    }

    /// Asks how it went, where nothing else is going on. In the middle of something
    /// it waits a day; behind a card there is nothing to ask.
    pub fn ask_later(&mut self) {
        let (Some(_), Some(ask_later)) = (self.c.ask_later.take(), &self.content.moves.ask_later)
        else {
            return;
        };
        if self.c.stop.is_some() {
            return;
        }
        if self.c.open.is_none() || self.is_at_menu() {
            self.open_asked_for(&ask_later.opens);
        } else {
            self.set_ask_later(self.now.plus_seconds(DAY_SECONDS));
        }
    }

    /// The drawings of what is asked: those of the step, then those of its move. A
    /// move that is played shows each with its own step.
    pub fn show_pictures(&mut self) {
        let Some(step) = self.step().filter(|_| self.asks_step()) else {
            return;
        };
        let mut pictures = step.pictures.clone();
        match &step.verb {
            Verb::Play { .. } => pictures.extend(self.pictures_of_play()),
            Verb::Move { id, .. } => {
                let drawn = self.steps_of(id).iter();
                pictures.extend(drawn.filter_map(|step| step.picture.clone()));
            }
            _ => {}
        }
        self.c.undrawn.clear();
        self.c.redrawn.clear();
        self.draw(pictures);
    }

    /// Sends drawings; what was said before stands in front of them.
    pub fn draw(&mut self, pictures: Vec<PictureId>) {
        if !pictures.is_empty() {
            self.flush();
        }
        self.effects
            .extend(pictures.into_iter().map(Effect::Picture));
    }

    /// A drawing did not go out. Where a question waits for an answer it is tried once
    /// more; then, and in a play, it comes with what is said next. Nothing comes of
    /// something else.
    pub fn owe(&mut self, picture: &PictureId) {
        let Some(step) = self.step().filter(|_| self.asks_step()) else {
            return;
        };
        let is_played = matches!(step.verb, Verb::Play { .. });
        let is_of_move = match &step.verb {
            Verb::Play { .. } => self.plays_picture(picture),
            Verb::Move { id, .. } => {
                let mut drawn = self.steps_of(id).iter().map(|step| step.picture.as_ref());
                drawn.any(|drawn| drawn == Some(picture))
            }
            _ => false,
        };
        if !is_of_move && !step.pictures.contains(picture) {
            return;
        }
        if !is_played && self.c.redrawn.insert(picture.clone()) {
            self.draw(vec![picture.clone()]);
        } else {
            self.c.undrawn.insert(picture.clone());
        }
    }

    /// The drawings that are owed, in front of the question that is shown again.
    pub fn draw_owed(&mut self) {
        let owed = std::mem::take(&mut self.c.undrawn);
        self.draw(owed.into_iter().collect());
    }

    /// The steps of a move as this patient does it.
    fn steps_of(&self, id: &MoveId) -> &'a [MoveStep] {
        let exercise = self.content.moves.list.get(id);
        exercise.map_or(&[], |exercise| self.way_of(exercise).steps)
    }

    /// A move as this patient does it.
    pub fn way_of(&self, exercise: &'a Move) -> Way<'a> {
        match conditions::done_instead(&self.c, exercise) {
            Some(instead) => Way {
                name: instead.name.as_ref().unwrap_or(&exercise.name),
                dose: &instead.dose,
                steps: &instead.steps,
                caveats: &instead.caveats,
                easier: instead.easier.as_ref(),
            },
            None => Way {
                name: &exercise.name,
                dose: &exercise.dose,
                steps: &exercise.steps,
                caveats: &exercise.caveats,
                easier: exercise.easier.as_ref(),
            },
        }
    }

    /// What a move is called in the way it is done.
    pub fn name_of(&self, exercise: &'a Move) -> String {
        self.label(self.way_of(exercise).name)
    }

    pub fn is_dropped(&self, id: &MoveId) -> bool {
        conditions::is_dropped(self.content, &self.c, id)
    }

    /// What the patient's facts change about a move, in the way it is done: what
    /// a fact changes in the usual way may be wrong in another. Nothing is said twice.
    pub fn changes(&self, exercise: &'a Move) -> Vec<RichText> {
        let instead = conditions::done_instead(&self.c, exercise);
        let said_instead = |atom| {
            let changes = instead.map_or(&[][..], |instead| &instead.changes);
            let mut changes = changes.iter();
            changes.find(|(one, _)| one == atom)
        };
        let usual = exercise.changes.iter().filter_map(|(atom, change)| {
            let own = said_instead(atom).map(|(_, text)| text.as_ref());
            match change {
                Change::Adapt(text) => Some((atom, own.unwrap_or(Some(text))?)),
                Change::Drop => None,
            }
        });
        // A fact that changes nothing in the usual way may change this one.
        let only_here = instead.into_iter().flat_map(|instead| &instead.changes);
        let only_here = only_here
            .filter(|(atom, _)| exercise.changes.iter().all(|(one, _)| one != atom))
            .filter_map(|(atom, text)| Some((atom, text.as_ref()?)));
        let said: Vec<RichText> = usual
            .chain(only_here)
            .filter(|(atom, _)| conditions::has(&self.c, atom))
            .map(|(_, text)| self.text(text))
            .collect();
        let is_in_another = |at: usize| {
            said.iter().enumerate().any(|(other, text)| {
                let shorter = said[at].text.len() < text.text.len();
                let again = said[at].text == text.text && other < at;
                other != at && text.text.contains(&said[at].text) && (shorter || again)
            })
        };
        let kept = (0..said.len()).filter(|at| !is_in_another(*at));
        kept.map(|at| said[at].clone()).collect()
    }

    /// A move without clearance is refused, whatever the content says.
    pub fn trip_guard(&mut self) {
        if let Some(frame) = self.c.stack.last() {
            self.effects.push(Effect::GuardTripped {
                dialog: frame.dialog.clone(),
                step: frame.step.clone(),
            });
        }
        self.lead(&self.content.words.guard);
        self.offer_person();
    }
}
