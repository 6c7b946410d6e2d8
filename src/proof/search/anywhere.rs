//! What comes wherever the patient stands: commands, links, time, staff, words.

use rustc_hash::FxHashSet;

use super::alarms::{cards_at, level_of};
use super::{Search, Via};
use crate::content::Verb;
use crate::ids::{DialogId, FlagId};
use crate::proof::machine::{Mode, State};
use crate::proof::tap::{Tap, Trail, Way};
use crate::triage::{Form, Level};

impl Search<'_, '_> {
    /// Commands, links, time and staff: they come wherever the patient stands.
    pub(super) fn expand_globally(&mut self, id: u32, state: State, cost: u32) {
        self.pass_a_day(id, state, cost);
        if state.stack == 0 {
            self.reach_person(id, state, cost);
        } else {
            self.come_between(id, state, cost);
        }
        self.say_flags(id, state, cost);
        // A card that waits shows no move: a hunt for one need not look there.
        if !self.machine.hunts || self.machine.looks_for_refusal() {
            self.wait_at_rest(id, state, cost);
            self.wait_at_screen(id, state, cost);
        }
        if !self.machine.hunts {
            self.expire_in_part(id, state, cost);
            self.forget(id, state, cost);
        }
        let rest = State {
            stack: 0,
            screens: 0,
            clear: false,
            ..state
        };
        let given = self.given.entry(rest).or_default();
        let merges = self.merges_screens;
        if given.iter().any(|(known, clear)| {
            (*known == state.screens && *clear == state.clear)
                || (merges && known & !state.screens == 0)
        }) {
            return;
        }
        given.push((state.screens, state.clear));
        let level = match state.mode {
            Mode::Stopped(level) => level,
            Mode::Free | Mode::Pending { .. } => Level::Clear,
        };
        for (tap, dialog, replaces) in self.entries.clone() {
            let Some(found) = self.machine.content.dialogs.get(&dialog) else {
                continue;
            };
            let comes_between = !replaces && found.stays_open == Level::EmergencyNow;
            if level > found.stays_open.max(Level::Caution) && !comes_between {
                continue;
            }
            // At rest nothing is interrupted; elsewhere see `come_between`.
            let on_top = comes_between.then_some(1);
            // Behind a card any words give the card again; its button is left.
            let tap = if tap == Tap::Idle && level.blocks() {
                Tap::Menu
            } else {
                tap
            };
            let mut to = self
                .machine
                .enter(State { stack: 0, ..state }, found, on_top);
            if let Tap::Link(name) = &tap
                && let Some(link) = self.machine.content.bot.links.get(name)
            {
                for (slot, value) in &link.set {
                    if let Some(at) = self.machine.tracked.slot(slot) {
                        let passed = self.machine.passes(at, std::slice::from_ref(value), None);
                        to.facts = self.machine.with_slot(to.facts, at, Some(passed));
                    }
                }
            }
            self.take(
                id,
                cost,
                0,
                Way {
                    tap,
                    to,
                    trail: Trail::Gone,
                    cost: 1,
                },
            );
        }
        match state.mode {
            Mode::Pending { .. } if self.machine.hunts => {}
            Mode::Free | Mode::Pending { .. } => self.raise_alarms(id, state, cost),
            Mode::Stopped(level) => {
                self.answer_cards(id, state, cost, level);
                self.clear(id, state, cost, level);
            }
        }
    }

    /// Staff clear what stands behind a card: all of it, or some. What is left then
    /// has a lower card, or one that waits where the engine has a question open.
    /// And what is stated behind a card can bring a higher one.
    fn clear(&mut self, id: u32, state: State, cost: u32, level: Level) {
        let rest = State {
            stack: 0,
            screens: 0,
            clear: false,
            ..state
        };
        let via = |tap| Via::Step { from: id, tap };
        let free = State {
            mode: Mode::Free,
            wordless: false,
            ..rest
        };
        self.add(free, 0, cost + 2, via(Tap::Clear), &[]);
        if self.machine.hunts {
            return;
        }
        self.raise_alarms(id, state, cost);
        let settles = self.machine.can_settle();
        let may_be = |level: &Level| self.alarms.iter().any(|(known, _)| known == level);
        let lower: Vec<Mode> = Level::BLOCKING
            .into_iter()
            .filter(may_be)
            .map(Mode::Stopped)
            .collect();
        for mode in lower.into_iter().chain([Mode::Pending { settles }]) {
            let is_there =
                !mode.is_pending() || (level > Level::SeeProfessional && self.machine.may_wait());
            if mode != state.mode && is_there {
                let wordless = state.wordless && !mode.is_pending();
                let to = State {
                    mode,
                    wordless,
                    ..rest
                };
                self.add(to, 0, cost + 3, via(Tap::ClearSome), &[]);
            }
        }
    }

    /// Dialogs that come in between what is walked.
    pub(super) fn come_between(&mut self, id: u32, state: State, cost: u32) {
        let content = self.machine.content;
        let node = self.places[id as usize].node;
        let frames = self.machine.stack(state.stack);
        let is_hunted = self.machine.hunts && frames.iter().any(|frame| frame & 1 == 1);
        if frames.is_empty() || is_hunted {
            return;
        }
        let mut between: Vec<(Tap, DialogId)> = self
            .entries
            .iter()
            .filter(|(_, _, replaces)| !replaces)
            .map(|(tap, dialog, _)| (tap.clone(), dialog.clone()))
            .collect();
        between.push((Tap::Person, content.bot.person.clone()));
        for (tap, dialog) in between {
            let Some(found) = content.dialogs.get(&dialog) else {
                continue;
            };
            let is_person = tap == Tap::Person;
            let comes_between = is_person || found.stays_open == Level::EmergencyNow;
            let is_walked = frames
                .iter()
                .any(|frame| self.machine.steps[(frame >> 1) as usize].dialog.id == dialog);
            if !comes_between || is_walked || self.inert.contains(&dialog) {
                continue;
            }
            let to = self.machine.enter(state, found, Some(1));
            self.take(
                id,
                cost,
                node,
                Way {
                    tap,
                    to,
                    trail: Trail::Keep,
                    cost: 1,
                },
            );
        }
    }

    /// A day passes, or flags, rules, screens or what is heard are new: every
    /// screen is asked again.
    pub(super) fn pass_a_day(&mut self, id: u32, state: State, cost: u32) {
        let aged = self.machine.with_all_old(state.facts);
        // Without an answered screen only what was said grows old.
        let may_be_answered = state.screens != 0 || self.machine.assumes();
        let facts = if may_be_answered {
            self.machine.without_day_slots(aged)
        } else {
            aged
        };
        let is_hunted = self.machine.hunts;
        if state.screens == 0 && (is_hunted || facts == state.facts) {
            return;
        }
        let expired = State {
            screens: 0,
            clear: false,
            facts,
            ..state
        };
        if state.screens == 0 && facts == aged {
            let node = self.places[id as usize].node;
            let (from, tap) = (id, Tap::Day);
            self.add(expired, node, cost + 2, Via::Step { from, tap }, &[]);
        } else {
            self.lose_clearance(id, expired, cost, Tap::Day);
        }
    }

    /// Screens that were answered at different times expire one by one, a clearing
    /// by staff ends, and words that may mean something take clearance until they
    /// are asked about. A screen missing can only be told from all of them missing
    /// where branches ask for clearance.
    fn expire_in_part(&mut self, id: u32, state: State, cost: u32) {
        if self.machine.tracked.clearance {
            let mut left = state.screens;
            while left != 0 {
                let screen = left & left.wrapping_neg();
                left &= !screen;
                let to = State {
                    screens: state.screens & !screen,
                    facts: self.machine.without_day_slots(state.facts),
                    ..state
                };
                self.lose_clearance(id, to, cost, Tap::PartOfADay);
            }
            let to = if state.locked {
                Some(self.machine.unlocked(state))
            } else {
                let may_lock = self.machine.may_lock(state);
                may_lock.then(|| self.machine.locked(state))
            };
            if let Some(to) = to {
                let node = self.places[id as usize].node;
                let (from, tap) = (id, Tap::Suspicion);
                self.add(to, node, cost + 2, Via::Step { from, tap }, &[]);
            }
        }
        for flag in self.machine.tracked.flags.clone() {
            let facts = self.machine.without_flag(state.facts, &flag);
            if facts == state.facts || !self.may_be_in_force(state, facts) {
                continue;
            }
            let asked = self.machine.content.screen_of(&flag);
            let screen = asked.map_or(0, |screen| self.machine.screen_bit(&screen.id));
            let to = State {
                screens: state.screens & !screen,
                facts: self.machine.without_day_slots(facts),
                ..state
            };
            self.lose_clearance(id, to, cost, Tap::ClearingEnds(flag));
        }
    }

    /// After so many days nothing is kept but a lock; /delete leaves the same.
    fn forget(&mut self, id: u32, state: State, cost: u32) {
        if let Some(to) = self.machine.erased(state) {
            let (from, tap) = (id, Tap::Forgotten);
            self.add(to, 0, cost + 3, Via::Step { from, tap }, &[]);
        }
    }

    /// Whether these facts leave anything that the card in force could stand for:
    /// what stands behind it stays until staff clear it. A lock stands for nothing
    /// that is known.
    fn may_be_in_force(&self, state: State, facts: u32) -> bool {
        let level = match state.mode {
            Mode::Stopped(level) if !state.wordless => level,
            Mode::Stopped(_) | Mode::Free | Mode::Pending { .. } => return true,
        };
        let facts = self.machine.facts(facts);
        let may_be_stated = |flag: &FlagId| {
            let tracked = self.machine.tracked.flag(flag);
            tracked.is_none_or(|at| facts.flags >> at & 1 == 1)
        };
        self.alarms
            .iter()
            .any(|(known, set)| *known == level && set.iter().all(may_be_stated))
    }

    /// Whoever is on the way to a move begins the screens again.
    fn lose_clearance(&mut self, id: u32, state: State, cost: u32, tap: Tap) {
        let state = State {
            clear: false,
            ..state
        };
        let is_stopped = matches!(state.mode, Mode::Stopped(_));
        if self.machine.is_on_the_way(state) && !is_stopped {
            let to = self.machine.begin_screening(state);
            let trail = Trail::Gone;
            let way = Way {
                tap,
                to,
                trail,
                cost: 2,
            };
            self.take(id, cost, 0, way);
        } else {
            let node = self.places[id as usize].node;
            self.add(state, node, cost + 2, Via::Step { from: id, tap }, &[]);
        }
    }

    /// While the second question of a history is open, its card waits, and whatever
    /// is asked for by name goes on.
    fn wait_at_rest(&mut self, id: u32, state: State, cost: u32) {
        if state.stack != 0 || state.mode != Mode::Free {
            return;
        }
        for flag in self.machine.first_histories() {
            let to = State {
                mode: Mode::Pending { settles: true },
                clear: false,
                facts: self.machine.with_flags(state.facts, std::iter::once(&flag)),
                ..state
            };
            let (from, tap) = (id, Tap::Mention(flag));
            self.add(to, 0, cost + 2, Via::Step { from, tap }, &[]);
        }
    }

    /// While a screen is asked, a see-professional card waits: words state its
    /// sign, or staff cleared what was worse. A history said again is asked about
    /// again, and can be let go of.
    fn wait_at_screen(&mut self, id: u32, state: State, cost: u32) {
        let asks_screen = self
            .machine
            .top(state)
            .is_some_and(|at| matches!(self.machine.step(at).verb, Verb::Screen { .. }));
        if !asks_screen {
            return;
        }
        let settles = self.machine.can_settle();
        let mode = match state.mode {
            // In a hunt only what plays so: a sign that cannot settle.
            Mode::Free => Mode::Pending {
                settles: settles && !self.machine.hunts,
            },
            Mode::Pending { settles: true } => Mode::Free,
            // A lock is no sign, and can be taken away while another waits.
            Mode::Stopped(level) if level > Level::SeeProfessional => Mode::Pending {
                settles: settles || state.wordless,
            },
            Mode::Pending { settles: false } | Mode::Stopped(_) => return,
        };
        if mode.is_pending() && !self.machine.may_wait() {
            return;
        }
        // Which sign it is makes no difference but where it is tracked.
        let mut said = vec![(Tap::ClearSome, state.facts)];
        if !matches!(state.mode, Mode::Stopped(_)) {
            for flag in self.machine.tracked.flags.clone() {
                let facts = self.machine.with_flags(state.facts, std::iter::once(&flag));
                if self.machine.waits(&flag) {
                    said.push((Tap::Say(flag), facts));
                }
            }
            let settled = self.machine.first_histories().into_iter().next();
            let flag = match mode {
                Mode::Free => settled,
                Mode::Pending { .. } | Mode::Stopped(_) => self.machine.first_that_waits(),
            };
            said[0].0 = flag.map_or(Tap::ClearSome, Tap::Say);
        }
        let node = self.places[id as usize].node;
        for (tap, facts) in said {
            let mut to = State {
                mode,
                facts,
                clear: false,
                wordless: false,
                ..state
            };
            self.machine.grant(&mut to);
            self.add(to, node, cost + 3, Via::Step { from: id, tap }, &[]);
        }
    }

    /// Cards in force. What was stated for them only matters where it is tracked.
    pub(super) fn raise_alarms(&mut self, id: u32, state: State, cost: u32) {
        let mut raised = FxHashSet::default();
        for (level, flags) in self.alarms.clone() {
            let facts = self.machine.with_flags(state.facts, flags.iter());
            if !raised.insert((level, facts)) {
                continue;
            }
            let named = if self.machine.tracked.flags.is_empty() {
                Vec::new()
            } else {
                flags
            };
            let many = u32::try_from(named.len()).unwrap_or(u32::MAX).max(1);
            let to = State {
                stack: 0,
                screens: 0,
                clear: false,
                locked: false,
                facts,
                mode: Mode::Stopped(level),
                ..state
            };
            let tap = Tap::Alarm(level, named);
            let via = Via::Step { from: id, tap };
            self.add(to, 0, cost + many, via.clone(), &[]);
            if level == Level::SeeProfessional && !self.machine.hunts {
                // While one of the engine's own questions is open, it waits.
                let waiting = State {
                    mode: Mode::Pending {
                        settles: self.machine.can_settle(),
                    },
                    wordless: false,
                    ..to
                };
                self.add(waiting, 0, cost + many, via, &[]);
            }
        }
    }

    /// Tracked flags stated in words, wherever the patient stands.
    pub(super) fn say_flags(&mut self, id: u32, state: State, cost: u32) {
        let shown = match state.mode {
            Mode::Free => Level::Clear,
            Mode::Pending { .. } => Level::SeeProfessional,
            Mode::Stopped(level) => level,
        };
        let is_pending = state.mode.is_pending();
        for flag in self.machine.tracked.flags.clone() {
            let own = self.machine.level_of(&flag, Form::Sure);
            let facts = self.machine.with_flags(state.facts, std::iter::once(&flag));
            if facts == state.facts {
                continue;
            }
            let via = Via::Step {
                from: id,
                tap: Tap::Say(flag.clone()),
            };
            let waits = is_pending && self.machine.waits(&flag);
            if !own.blocks() || waits || (self.machine.lets_go(&flag) && shown == Level::Clear) {
                let node = self.places[id as usize].node;
                let to = State { facts, ..state };
                self.add(to, node, cost + 3, via.clone(), &[]);
                if self.says_move_again(state) {
                    let (tap, trail) = (Tap::Say(flag.clone()), Trail::Keep);
                    let way = Way {
                        tap,
                        to,
                        trail,
                        cost: 3,
                    };
                    self.take(id, cost, node, way);
                }
            }
            if own.blocks() {
                let own = level_of(self.machine.content, &flag);
                let mode = Mode::Stopped(own.max(shown));
                let to = State {
                    stack: 0,
                    screens: 0,
                    clear: false,
                    locked: false,
                    facts,
                    mode,
                    ..state
                };
                self.add(to, 0, cost + 1, via, &[]);
            }
        }
    }

    /// The move that is open is said again beside what words state, or is passed over
    /// where that takes it away.
    fn says_move_again(&self, state: State) -> bool {
        let top = self.machine.top(state);
        let shows_move = top.is_some_and(|at| self.machine.step(at).needs_clearance());
        shows_move && state.mode == Mode::Free && (state.clear || !self.machine.looks_for_refusal())
    }

    pub(super) fn answer_cards(&mut self, id: u32, state: State, cost: u32, level: Level) {
        let content = self.machine.content;
        for (card, answer, dialog) in cards_at(content, level) {
            let Some(found) = content.dialogs.get(&dialog) else {
                continue;
            };
            if level > found.stays_open.max(Level::Caution) {
                continue;
            }
            let to = self.machine.enter(State { stack: 0, ..state }, found, None);
            self.take(
                id,
                cost,
                0,
                Way {
                    tap: Tap::Card(card, answer),
                    to,
                    trail: Trail::Gone,
                    cost: 1,
                },
            );
        }
    }

    /// The button that reaches a person, where nothing is walked.
    fn reach_person(&mut self, id: u32, state: State, cost: u32) {
        let content = self.machine.content;
        if let Some(person) = content.dialogs.get(&content.bot.person) {
            let to = self
                .machine
                .enter(State { stack: 0, ..state }, person, Some(1));
            self.take(
                id,
                cost,
                0,
                Way {
                    tap: Tap::Person,
                    to,
                    trail: Trail::Gone,
                    cost: 1,
                },
            );
        }
    }
}
