//! What typed words may mean, and was not asked about yet: no clearance meanwhile.
//!
//! Its question comes before anything else goes on. So whoever is locked opens a
//! dialog, or reaches a person, and answers nothing else; see [`Machine::is_held`].
//! Everywhere else clearance is known where it is tracked.

use super::{Machine, Mode, State};
use crate::content::{Content, Verb};
use crate::ids::FlagId;
use crate::proof::silent::{comes_between, with_called};

/// Whether a question may be answered while what words may mean is not asked about:
/// after a time-out in what came in between, or where the bot itself opened a dialog.
/// And whether a screen may, in what came in between.
pub(super) fn may_answer_locked(content: &Content) -> bool {
    let asks_or_times_out = content
        .dialogs
        .values()
        .filter(|dialog| comes_between(content, dialog))
        .flat_map(|dialog| with_called(content, dialog))
        .filter_map(|called| content.dialogs.get(called))
        .flat_map(|dialog| dialog.steps.values())
        .any(|step| step.after.is_some() || matches!(step.verb, Verb::Screen { .. }));
    asks_or_times_out || content.moves.ask_later.is_some()
}

impl Machine<'_> {
    /// Whether words that may mean something change anything here.
    pub fn may_lock(&self, state: State) -> bool {
        let is_told = self.tracked.clearance && !self.hunts;
        is_told
            && state.mode == Mode::Free
            && !state.locked
            && (self.is_complete(state) || self.may_answer_locked)
    }

    /// Words that may mean something are said.
    pub fn locked(&self, state: State) -> State {
        State {
            locked: true,
            clear: false,
            ..state
        }
    }

    /// They meant nothing.
    pub fn unlocked(&self, state: State) -> State {
        let mut state = State {
            locked: false,
            ..state
        };
        self.grant(&mut state);
        state
    }

    /// Whether the question that is asked here cannot be answered: another is open.
    pub fn is_held(&self, state: State) -> bool {
        state.locked && !self.may_answer_locked && !self.is_between(state)
    }

    /// Whether the engine asks something of its own about one of these flags before
    /// the answer that stated it goes on. Words beside that may lock.
    pub fn may_lock_after<'f>(
        &self,
        state: State,
        flags: impl IntoIterator<Item = &'f FlagId>,
    ) -> bool {
        self.may_lock(state) && flags.into_iter().any(|flag| self.asks_more(flag))
    }
}
