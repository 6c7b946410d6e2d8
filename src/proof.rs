//! Proves a content safe, or shows the shortest chat in which it is not.
//!
//! Pure, and apart from the engine only in what it leaves out: see
//! `docs/proof.md`. What it finds is played through
//! [`take_turn`](crate::dialog::take_turn) before anybody reads it.

mod answers;
mod guard;
mod machine;
mod rehearse;
mod search;

use crate::content::Content;
use guard::{Reached, reach};
use machine::{Goal, Tracked};

/// Tries it.
#[must_use]
pub fn try_it(content: &Content) -> Vec<String> {
    let mut out = Vec::new();
    for behind_card in [false, true] {
        let mut states = 0;
        let reached = reach(content, &Goal::Refused { behind_card }, Tracked::default(), &mut states, &|chat| chat.tripped.is_some());
        let said = match reached {
            Reached::Shown { chat, .. } => chat.chat(&["shown".to_owned()]),
            Reached::Unshown { taps, .. } => format!("unshown {taps:?}"),
            Reached::Nowhere => "proved".to_owned(),
            Reached::BeyondBudget => "beyond".to_owned(),
        };
        out.push(format!("{states} {said}"));
    }
    out
}
