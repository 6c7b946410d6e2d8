//! What answering a safety screen does: which signs are ticked, and what waits.

use super::TICKS_TRACKED_MAX;
use crate::content::{Screen, ScreenStyle, YesNo};
use crate::ids::FlagId;
use crate::proof::machine::{Machine, Mode, State};
use crate::proof::tap::{Crumb, Tap, Trail, Way};
use crate::triage::{Form, Level};

impl Machine<'_> {
    pub(super) fn answer_screen(&mut self, state: State, screen: &Screen, ways: &mut Vec<Way>) {
        let crumb = self.crumb(state, None);
        // With the first screen of a round yesterday's cautions go, and those that
        // staff cleared, or that came behind new content, stay.
        let is_blocked = state.mode != Mode::Free;
        if state.screens == 0 && !is_blocked {
            let facts = self.without_old(state.facts);
            if facts != state.facts {
                self.answer_screen_with(State { facts, ..state }, screen, &crumb, ways);
            }
        }
        self.answer_screen_with(state, screen, &crumb, ways);
        // Words said while the engine asks about its items may lock what they end.
        let locked: Vec<Way> = ways
            .iter()
            .filter(|way| self.may_lock(way.to))
            .map(|way| Way {
                to: self.locked(way.to),
                cost: way.cost + 2,
                ..way.clone()
            })
            .collect();
        ways.extend(locked);
    }

    fn answer_screen_with(
        &mut self,
        state: State,
        screen: &Screen,
        crumb: &Crumb,
        ways: &mut Vec<Way>,
    ) {
        let mut answered = state;
        answered.screens |= self.screen_bit(&screen.id);
        self.grant(&mut answered);
        let none = match screen.style {
            ScreenStyle::List => Tap::NoneOf,
            ScreenStyle::Question => Tap::YesNo(YesNo::No),
        };
        let mut push = |tap, to, cost| {
            ways.push(Way {
                tap,
                to,
                trail: Trail::Push(crumb.clone()),
                cost,
            });
        };
        push(none, answered, 1);
        let goes_on =
            |flag: &FlagId| !self.level_of(flag, Form::Sure).blocks() || self.lets_go(flag);
        // Tracked flags, together and alone; what blocks goes on only behind a
        // second question that lets go of it, or with a card that waits.
        let tracked: Vec<FlagId> = screen
            .flags
            .iter()
            .filter(|flag| self.tracked.flag(flag).is_some())
            .filter(|flag| goes_on(flag) || self.waits(flag))
            .cloned()
            .collect();
        let cut = tracked.len() > TICKS_TRACKED_MAX;
        let tracked = &tracked[..tracked.len().min(TICKS_TRACKED_MAX)];
        let waiting = screen
            .flags
            .iter()
            .find(|flag| {
                self.level_of(flag, Form::Sure) == Level::SeeProfessional && self.waits(flag)
            })
            .cloned();
        // Beside a rule, or what words state, a card waits behind any screen.
        let may_wait = waiting.is_some() || (!self.hunts && self.may_wait());
        let mut sets = vec![Vec::new()];
        sets.extend(self.subsets(tracked.len()).into_iter().map(|bits| {
            let ticked = tracked.iter().enumerate();
            let ticked = ticked.filter(|(at, _)| bits >> at & 1 == 1);
            ticked.map(|(_, flag)| flag.clone()).collect::<Vec<_>>()
        }));
        let lets_go_of_some = screen.flags.iter().any(|flag| self.lets_go(flag));
        for ticked in sets {
            let mut to = answered;
            to.facts = self.with_flags(to.facts, ticked.iter());
            let histories = ticked.iter().filter(|flag| self.lets_go(flag)).count();
            let cost = u32::try_from(1 + ticked.len() + histories).unwrap_or(u32::MAX);
            let goes_on =
                |flag: &FlagId| !self.level_of(flag, Form::Sure).blocks() || self.lets_go(flag);
            if !ticked.is_empty() && ticked.iter().all(goes_on) {
                push(Tap::Tick(ticked.clone()), to, cost);
            }
            if !may_wait || matches!(state.mode, Mode::Stopped(_)) {
                continue;
            }
            let mut with = ticked;
            if let Some(flag) = &waiting
                && !with.contains(flag)
            {
                with.push(flag.clone());
            }
            let settles = if self.hunts {
                // Only what was mentioned, and is said again, plays.
                state.mode == Mode::Pending { settles: true }
            } else {
                state.mode != Mode::Pending { settles: false } && self.can_settle()
            };
            let pending = State {
                mode: Mode::Pending { settles },
                clear: false,
                ..to
            };
            push(Tap::Tick(with.clone()), pending, cost + 1);
            if !self.hunts && settles && state.mode.is_pending() && lets_go_of_some {
                to.mode = Mode::Free;
                self.grant(&mut to);
                push(Tap::Tick(with), to, cost + 2);
            }
        }
        self.is_cut |= cut;
    }
}
