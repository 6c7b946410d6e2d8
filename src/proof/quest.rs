//! Looks for a goal until a chat plays, or no way is left.
//!
//! Begins with no fact known, so that branches go every way. A guess that does
//! not play is not made again; when none is left, the facts it was about are
//! tracked. So few facts are ever tracked, and what is proved is proved of all.

mod guesses;

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::guide::unsure_stops;
use super::machine::{At, Goal, Guess, Machine, Mode, Tracked, Wanted};
use super::rehearse::Rehearsal;
use super::search::{Outcome, Planned, Search};
use super::tap::Tap;
use crate::content::Content;
use crate::ids::FlagId;
use guesses::{Wrong, contradicted, reads_any, track_all, track_newest};

/// A goal is looked for in this many rounds at most.
const ROUNDS_MAX: usize = 200;

/// A hunt that needs more places than this, or than a quarter of what all may take,
/// is given up.
const HUNT_PLACES_MAX: usize = 40_000;

/// All hunts for one goal together look at about so many places.
const ALL_HUNTS_PLACES_MAX: usize = 500_000;

/// A chat that would only be handy is not looked for much longer than this.
const FIND_PLACES_MAX: usize = 25_000;

/// Where facts are tracked to tell whether there is a way at all, it may take so
/// many places.
const SETTLE_PLACES_MAX: usize = 120_000;

/// So often at most the facts of the last run alone are tracked, and then those of the
/// next way that is left.
const REFUTED_ROUNDS_MAX: usize = 8;

/// A walk larger than this is not walked again for a shorter chat.
const EXACT_PLACES_MAX: usize = 20_000;

/// What was found out about a goal.
pub(super) enum Reached<'a> {
    /// A chat that plays.
    Shown { chat: Box<Rehearsal<'a>> },
    /// A way that may be there, and could not be played.
    Unshown { taps: Vec<Tap>, at: At },
    /// No way.
    Nowhere,
    /// Too large to tell.
    BeyondBudget,
}

impl<'a> Reached<'a> {
    /// The chat that got there, where one was found.
    pub fn into_chat(self) -> Option<Rehearsal<'a>> {
        match self {
            Self::Shown { chat } => Some(*chat),
            Self::Unshown { .. } | Self::Nowhere | Self::BeyondBudget => None,
        }
    }
}

/// One goal of one content.
pub(super) struct Quest<'q, 'a> {
    content: &'a Content,
    goal: Goal,
    /// The facts the goal itself speaks of.
    tracked: Tracked,
    /// Whether a chat has got there.
    is_reached: Box<dyn Fn(&Rehearsal<'a>) -> bool + 'q>,
    /// How many places were looked at, all rounds together.
    pub states: usize,
}

/// What became of playing a way.
enum Played<'a> {
    Reached(Box<Rehearsal<'a>>),
    /// It went elsewhere: these guesses were wrong.
    Wrong(Vec<Wrong>),
}

impl<'q, 'a> Quest<'q, 'a> {
    /// Looks for `goal`, of which `is_reached` says whether a chat has got there.
    pub fn new(
        content: &'a Content,
        goal: Goal,
        is_reached: impl Fn(&Rehearsal<'a>) -> bool + 'q,
    ) -> Self {
        let mut tracked = Tracked::default();
        for fact in goal.facts() {
            tracked.add_atom(fact);
        }
        Self {
            content,
            goal,
            tracked,
            is_reached: Box::new(is_reached),
            states: 0,
        }
    }

    /// Looks.
    pub fn reach(&mut self) -> Reached<'a> {
        self.reach_or(|| None)
    }

    /// Looks; takes the chat of `other` where there may be a way.
    pub fn reach_or(&mut self, other: impl FnOnce() -> Option<Rehearsal<'a>>) -> Reached<'a> {
        let mut machine = self.prover(&self.tracked);
        let mut search = Search::new(&mut machine);
        let first = search.run();
        self.states += search.places();
        let way = match first {
            Outcome::Nowhere => return Reached::Nowhere,
            Outcome::BeyondBudget => return Reached::BeyondBudget,
            Outcome::Found { way, .. } => way,
        };
        if let Some(chat) = other().map(Box::new) {
            return Reached::Shown { chat };
        }
        let mut wrong: FxHashSet<Guess> = FxHashSet::default();
        // What goes wrong behind a card mostly goes wrong from the card on.
        let is_behind = machine.looks_behind_card();
        let begins: &[bool] = if is_behind { &[true, false] } else { &[false] };
        for begins_stopped in begins {
            let most = self.states + ALL_HUNTS_PLACES_MAX;
            let mut tracked = self.tracked.clone();
            if let Some(chat) = self.hunt(&mut tracked, &mut wrong, most, *begins_stopped) {
                return Reached::Shown {
                    chat: Box::new(chat),
                };
            }
        }
        if self.is_refuted(way) {
            return Reached::Nowhere;
        }
        self.settle(&wrong)
    }

    /// Whether there is no way where only those facts are tracked that the last run of
    /// steps guessed. Often they are enough: nobody runs a circle, or comes to a move,
    /// through branches that contradict each other. What was guessed before that run
    /// is not tracked, and so costs nothing.
    fn is_refuted(&mut self, way: Vec<Planned>) -> bool {
        let mut tracked = self.tracked.clone();
        let mut way = way;
        for _ in 0..REFUTED_ROUNDS_MAX {
            let machine = self.prover(&tracked);
            let guessed = way.last().map(|one| Rc::clone(&one.guesses));
            let is_new = guessed
                .iter()
                .flat_map(|all| all.iter())
                .fold(false, |new, guess| {
                    track_all(&machine, *guess, &mut tracked) | new
                });
            if !is_new {
                return false;
            }
            let mut machine = self.prover(&tracked);
            let mut search = Search::new(&mut machine);
            search.most = HUNT_PLACES_MAX;
            let outcome = search.run();
            self.states += search.places();
            match outcome {
                Outcome::Nowhere => return true,
                Outcome::BeyondBudget => return false,
                Outcome::Found { way: next, .. } => way = next,
            }
        }
        false
    }

    /// A chat that gets there, if one is found without much ado.
    pub fn find(&mut self) -> Option<Rehearsal<'a>> {
        let mut tracked = self.tracked.clone();
        self.hunt(
            &mut tracked,
            &mut FxHashSet::default(),
            FIND_PLACES_MAX,
            false,
        )
    }

    /// Bans guesses that do not play; when no way is left, tracks a fact that the
    /// newest ban was about.
    fn hunt(
        &mut self,
        tracked: &mut Tracked,
        wrong: &mut FxHashSet<Guess>,
        most: usize,
        begins_stopped: bool,
    ) -> Option<Rehearsal<'a>> {
        let mut banned: Vec<Wrong> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            if self.states > most {
                return None;
            }
            let mut machine = self.hunter(tracked, &banned);
            machine.begins_stopped = begins_stopped;
            let mut search = Search::new(&mut machine);
            search.most = HUNT_PLACES_MAX.max(most / 4);
            let outcome = search.run();
            self.states += search.places();
            match outcome {
                Outcome::BeyondBudget => return None,
                Outcome::Nowhere => {
                    let added = track_newest(&machine, &banned, tracked);
                    if added.is_empty() {
                        return None;
                    }
                    // With more known, these may be right another time.
                    banned.retain(|wrong| !reads_any(&machine, wrong.guess, &added));
                }
                Outcome::Found { way, .. } => match self.play(&machine, &way) {
                    Played::Reached(chat) => {
                        return Some(self.shortest(tracked, &banned, *chat));
                    }
                    Played::Wrong(more) => {
                        let before = banned.len();
                        for one in more {
                            wrong.insert(one.guess);
                            if banned.iter().all(|known| known.guess != one.guess) {
                                banned.push(one);
                            }
                        }
                        if banned.len() == before {
                            return None;
                        }
                    }
                },
            }
        }
        None
    }

    /// A machine whose word counts where it finds nothing.
    fn prover(&self, tracked: &Tracked) -> Machine<'a> {
        let known = tracked.clone().without_kept(self.content);
        Machine::new(self.content, known, self.goal.clone())
    }

    fn hunter(&self, tracked: &Tracked, banned: &[Wrong]) -> Machine<'a> {
        let mut machine = Machine::new(self.content, tracked.clone(), self.goal.clone());
        machine.banned = banned.iter().map(|wrong| wrong.guess).collect();
        machine.hunts = true;
        machine
    }

    /// The same with every set of answered screens kept apart: a shorter chat,
    /// where there is one and it is not too dear to find.
    fn shortest(
        &mut self,
        tracked: &Tracked,
        banned: &[Wrong],
        found: Rehearsal<'a>,
    ) -> Rehearsal<'a> {
        let mut machine = self.hunter(tracked, banned);
        machine.begins_stopped = machine.looks_behind_card();
        let mut search = Search::new(&mut machine).exactly(EXACT_PLACES_MAX);
        let outcome = search.run();
        self.states += search.places();
        if let Outcome::Found { way, .. } = outcome
            && let Played::Reached(chat) = self.play(&machine, &way)
            && chat.lines.len() < found.lines.len()
        {
            return *chat;
        }
        found
    }

    /// Nothing played. With every fact tracked that was guessed wrongly, and at last
    /// with every set of answered screens told apart, there is no way at all, or one
    /// that cannot be shown.
    fn settle(&mut self, wrong: &FxHashSet<Guess>) -> Reached<'a> {
        let mut tracked = self.tracked.clone();
        let mut wrong = wrong.clone();
        let mut last: Option<(Vec<Tap>, At)> = None;
        for _ in 0..ROUNDS_MAX {
            let machine = self.prover(&tracked);
            let is_new = wrong.iter().fold(false, |new, guess| {
                track_all(&machine, *guess, &mut tracked) | new
            });
            if last.is_some() && !is_new {
                if tracked.clearance {
                    break;
                }
                tracked.clearance = true;
            }
            let mut machine = self.prover(&tracked);
            let mut search = Search::new(&mut machine);
            search.most = SETTLE_PLACES_MAX;
            let outcome = search.run();
            self.states += search.places();
            match outcome {
                Outcome::Nowhere => return Reached::Nowhere,
                Outcome::BeyondBudget => break,
                Outcome::Found { way, at } => match self.play(&machine, &way) {
                    Played::Reached(chat) => return Reached::Shown { chat },
                    Played::Wrong(guesses) => {
                        // A way that went elsewhere before it came to its guesses says
                        // nothing of them: then each may be the wrong one.
                        if guesses.is_empty() {
                            wrong.extend(way.iter().flat_map(|one| one.guesses.iter().copied()));
                        }
                        wrong.extend(guesses.into_iter().map(|wrong| wrong.guess));
                        last = Some((way.into_iter().map(|one| one.tap).collect(), at));
                    }
                },
            }
        }
        last.map_or(Reached::BeyondBudget, |(taps, at)| Reached::Unshown {
            taps,
            at,
        })
    }

    /// Plays a way. Where a card is to be in force, each that can be is tried.
    fn play(&self, machine: &Machine<'a>, way: &[Planned]) -> Played<'a> {
        /// So many sets of flags are tried for one card.
        const ALARMS_MAX: usize = 16;
        let has_alarm = way.iter().any(|one| matches!(one.tap, Tap::Alarm(..)));
        let choices = if has_alarm { ALARMS_MAX } else { 1 };
        let mut first = None;
        for choice in 0..choices {
            match self.play_with(machine, way, choice) {
                Played::Reached(chat) => return Played::Reached(chat),
                Played::Wrong(wrong) => drop(first.get_or_insert(wrong)),
            }
        }
        if let Some(Tap::Alarm(level, flags)) = way.first().map(|one| &one.tap) {
            for start in unsure_stops(self.content, *level, flags) {
                let mut chat = start;
                chat.stopped_by.clear();
                let _ = follow(machine, &way[1..], &mut chat);
                if (self.is_reached)(&chat) {
                    return Played::Reached(Box::new(chat));
                }
            }
        }
        Played::Wrong(first.unwrap_or_default())
    }

    /// Where a card comes in between that staff could have cleared before, they do
    /// so first.
    fn play_with(&self, machine: &Machine<'a>, way: &[Planned], choice: usize) -> Played<'a> {
        /// Cards are cleared one after another at most this often.
        const CLEARINGS_MAX: usize = 6;
        let mut first: Vec<Tap> = Vec::new();
        for _ in 0..CLEARINGS_MAX {
            let mut chat = Rehearsal::new(self.content);
            if chat.play(&first).is_err() {
                break;
            }
            chat.alarm_choice = choice;
            let (done, wrong) = follow(machine, way, &mut chat);
            if (self.is_reached)(&chat) {
                return Played::Reached(Box::new(chat));
            }
            let flags = std::mem::take(&mut chat.stopped_by);
            if flags.is_empty() {
                return Played::Wrong(wrong);
            }
            first = clear_first(self.content, first, &flags, &way[..done]);
        }
        Played::Wrong(way.iter().flat_map(|one| all_wrong(&one.guesses)).collect())
    }
}

/// What is done first, so that these flags no longer stop anybody.
fn clear_first(content: &Content, first: Vec<Tap>, flags: &[FlagId], done: &[Planned]) -> Vec<Tap> {
    let mut first = first;
    if flags.iter().all(|flag| content.examples.contains_key(flag)) {
        for flag in flags {
            first.extend([Tap::Say(flag.clone()), Tap::Clear]);
        }
    } else {
        first.extend(done.iter().map(|one| one.tap.clone()));
        first.push(Tap::Clear);
    }
    first
}

/// Follows a way until it goes elsewhere. Says how many acts were done, and
/// which guesses were wrong.
fn follow(machine: &Machine<'_>, way: &[Planned], chat: &mut Rehearsal<'_>) -> (usize, Vec<Wrong>) {
    let taps: Vec<Tap> = way.iter().map(|one| one.tap.clone()).collect();
    for (at, one) in way.iter().enumerate() {
        let is_last = at + 1 == way.len();
        let stuck = chat.tap(&one.tap, &taps[at + 1..]).is_err();
        let behind_card = matches!(one.mode, Mode::Stopped(_));
        if let (
            true,
            Goal::Shown {
                what: Wanted::Move(id),
                ..
            },
        ) = (is_last, &machine.goal)
        {
            chat.skip_to(id);
        }
        if behind_card || matches!(one.tap, Tap::Say(_) | Tap::Change(_)) {
            chat.stopped_by.clear();
        }
        let is_elsewhere = !matches!(one.tap, Tap::Change(1))
            && !is_last
            && !stands_at(machine, chat, &one.frames);
        if stuck || is_elsewhere || !chat.stopped_by.is_empty() || is_last {
            let wrong = contradicted(machine, chat, &one.guesses);
            chat.is_done = is_last && !stuck && wrong.is_none();
            let all = || all_wrong(&one.guesses).collect();
            return (at + 1, wrong.map_or_else(all, |wrong| vec![wrong]));
        }
    }
    (way.len(), Vec::new())
}

fn stands_at(machine: &Machine<'_>, chat: &Rehearsal<'_>, frames: &[u32]) -> bool {
    chat.c.stack.len() == frames.len()
        && chat
            .c
            .stack
            .iter()
            .zip(frames)
            .all(|(is, wanted)| machine.at(&is.dialog, &is.step) == Some(wanted >> 1))
}

fn all_wrong(guesses: &[Guess]) -> impl Iterator<Item = Wrong> + use<'_> {
    guesses.iter().map(|guess| Wrong {
        guess: *guess,
        facts: Vec::new(),
    })
}
