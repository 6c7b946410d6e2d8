//! What comes wherever the patient stands: commands, links, time, staff, words.

use std::collections::HashSet;

use super::alarms::{cards_at, level_of};
use super::{Search, Via};
use crate::ids::DialogId;
use crate::proof::machine::{Mode, State};
use crate::proof::tap::{Tap, Trail, Way};
use crate::triage::{Form, Level};

impl Search<'_, '_> {
    /// Commands, links, time and staff: they come wherever the patient stands.
    pub(super) fn expand_globally(&mut self, id: u32, state: State, cost: u32) {
        if state.screens != 0 {
            self.pass_a_day(id, state, cost);
        }
        self.come_between(id, state, cost);
        self.say_flags(id, state, cost);
        let rest = State {
            stack: 0,
            screens: 0,
            clear: false,
            ..state
        };
        let given = self.given.entry(rest).or_default();
        let merges = self.merges_screens;
        if given
            .iter()
            .any(|known| *known == state.screens || (merges && known & !state.screens == 0))
        {
            return;
        }
        given.push(state.screens);
        let level = match state.mode {
            Mode::Stopped(level) => level,
            Mode::Free | Mode::Pending => Level::Clear,
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
            Mode::Free => self.raise_alarms(id, state, cost),
            Mode::Pending => {}
            Mode::Stopped(level) => {
                self.answer_cards(id, state, cost, level);
                let to = State {
                    stack: 0,
                    screens: 0,
                    clear: false,
                    mode: Mode::Free,
                    ..state
                };
                self.add(
                    to,
                    0,
                    cost + 2,
                    Via::Step {
                        from: id,
                        tap: Tap::Clear,
                    },
                    &[],
                );
            }
        }
    }

    /// Dialogs that come in between what is walked.
    pub(super) fn come_between(&mut self, id: u32, state: State, cost: u32) {
        let content = self.machine.content;
        let node = self.places[id as usize].node;
        let frames = self.machine.stack(state.stack);
        if frames.is_empty() || frames.iter().any(|frame| frame & 1 == 1) {
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
            if !comes_between || self.inert.contains(&dialog) {
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

    pub(super) fn pass_a_day(&mut self, id: u32, state: State, cost: u32) {
        let facts = self.machine.with_all_old(state.facts);
        let facts = self.machine.without_day_slots(facts);
        let expired = State {
            screens: 0,
            clear: false,
            facts,
            ..state
        };
        let is_stopped = matches!(state.mode, Mode::Stopped(_));
        if self.machine.is_on_the_way(state) && !is_stopped {
            let to = self.machine.begin_screening(expired);
            self.take(
                id,
                cost,
                0,
                Way {
                    tap: Tap::Day,
                    to,
                    trail: Trail::Gone,
                    cost: 2,
                },
            );
        } else {
            let node = self.places[id as usize].node;
            self.add(
                expired,
                node,
                cost + 2,
                Via::Step {
                    from: id,
                    tap: Tap::Day,
                },
                &[],
            );
        }
    }

    /// Cards in force. What was stated for them only matters where it is tracked.
    pub(super) fn raise_alarms(&mut self, id: u32, state: State, cost: u32) {
        let mut raised = HashSet::new();
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
            let mode = Mode::Stopped(level);
            let to = State {
                stack: 0,
                screens: 0,
                clear: false,
                facts,
                mode,
                ..state
            };
            self.add(
                to,
                0,
                cost + many,
                Via::Step {
                    from: id,
                    tap: Tap::Alarm(level, named),
                },
                &[],
            );
        }
    }

    /// Tracked flags stated in words, wherever the patient stands.
    pub(super) fn say_flags(&mut self, id: u32, state: State, cost: u32) {
        let shown = match state.mode {
            Mode::Free => Level::Clear,
            Mode::Pending => return,
            Mode::Stopped(level) => level,
        };
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
            if !own.blocks() || (self.machine.lets_go(&flag) && shown == Level::Clear) {
                let node = self.places[id as usize].node;
                self.add(State { facts, ..state }, node, cost + 3, via.clone(), &[]);
            }
            if own.blocks() {
                let own = level_of(self.machine.content, &flag);
                let mode = Mode::Stopped(own.max(shown));
                let to = State {
                    stack: 0,
                    screens: 0,
                    clear: false,
                    facts,
                    mode,
                    ..state
                };
                self.add(to, 0, cost + 1, via, &[]);
            }
        }
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
