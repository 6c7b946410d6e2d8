//! P1 and P2: no move without clearance, and none behind a card.
//!
//! Begins with no fact known. When a way that is found does not play, the
//! facts that were unknown on it are tracked, and it is looked for again.

use super::answers::Tap;
use super::machine::{At, Goal, Machine, Mode, Tracked};
use super::rehearse::Rehearsal;
use super::search::{Outcome, Search};
use crate::content::{Content, Verb};

/// After so many rounds the facts of a content are all tracked, or it is beyond
/// what can be proved.
const ROUNDS_MAX: usize = 40;

/// A content whose exact walk is smaller than this gets the shortest chat.
const EXACT_PLACES_MAX: usize = 60_000;

/// What was found out about a goal.
pub(super) enum Reached<'a> {
    /// A chat that plays.
    Shown { chat: Box<Rehearsal<'a>>, at: At },
    /// A way that may be there, and could not be played.
    Unshown { taps: Vec<Tap>, at: At },
    /// No way.
    Nowhere,
    /// Too large to tell.
    BeyondBudget,
}

/// Looks for a goal until a way plays or none is left.
pub(super) fn reach<'a>(
    content: &'a Content,
    goal: &Goal,
    mut tracked: Tracked,
    states: &mut usize,
    is_reached: &dyn Fn(&Rehearsal<'a>) -> bool,
) -> Reached<'a> {
    let mut last = None;
    for _ in 0..ROUNDS_MAX {
        let mut machine = Machine::new(content, tracked.clone(), goal.clone());
        let mut search = Search::new(&mut machine);
        let outcome = search.run();
        *states += search.places();
        let (taps, at, unsure) = match outcome {
            Outcome::Nowhere => return Reached::Nowhere,
            Outcome::BeyondBudget => {
                return last.map_or(Reached::BeyondBudget, |(taps, at)| Reached::Unshown { taps, at });
            }
            Outcome::Found { taps, at, unsure } => (taps, at, unsure),
        };
        // The shortest, where that is not too dear.
        let mut exact = Machine::new(content, tracked.clone(), goal.clone());
        let mut search = Search::new(&mut exact).exactly(EXACT_PLACES_MAX);
        if let Outcome::Found { taps, at, .. } = search.run()
            && let Some(chat) = rehearse(content, &taps, is_reached)
        {
            return Reached::Shown { chat: Box::new(chat), at };
        }
        if let Some(chat) = rehearse(content, &taps, is_reached) {
            return Reached::Shown { chat: Box::new(chat), at };
        }
        let mut is_new = false;
        for step in &unsure {
            is_new |= track(content, &machine, *step, &mut tracked);
        }
        if !is_new {
            return Reached::Unshown { taps, at };
        }
        last = Some((taps, at));
    }
    last.map_or(Reached::BeyondBudget, |(taps, at)| Reached::Unshown { taps, at })
}

/// Tracks what a step was unsure of.
fn track(content: &Content, machine: &Machine<'_>, at: At, tracked: &mut Tracked) -> bool {
    match &machine.step(at).verb {
        Verb::Branch { arms, .. } => {
            arms.iter().fold(false, |new, (condition, _)| tracked.add(condition) | new)
        }
        Verb::Move { id, .. } => {
            let mut new = false;
            if let Some(exercise) = content.moves.list.get(id) {
                for (atom, change) in &exercise.changes {
                    if *change == crate::content::Change::Drop {
                        new |= tracked.add_atom(atom);
                    }
                }
            }
            for flag in machine.histories_against(id) {
                new |= tracked.add_flag(flag);
            }
            new
        }
        _ => false,
    }
}

/// Plays a way. Where a card comes in between that staff could have cleared
/// before, they do so first.
pub(super) fn rehearse<'a>(
    content: &'a Content,
    taps: &[Tap],
    is_reached: &dyn Fn(&Rehearsal<'a>) -> bool,
) -> Option<Rehearsal<'a>> {
    /// Cards are cleared one after another at most this often.
    const CLEARINGS_MAX: usize = 6;
    let mut first: Vec<Tap> = Vec::new();
    for _ in 0..CLEARINGS_MAX {
        let mut chat = Rehearsal::new(content);
        let mut done = Vec::new();
        let mut stopped = false;
        for (at, tap) in first.iter().chain(taps).enumerate() {
            let rest: Vec<Tap> = first.iter().chain(taps).skip(at + 1).cloned().collect();
            done.push(tap.clone());
            if chat.tap(tap, &rest).is_err() {
                break;
            }
            if chat.c.stop.is_some() && !matches!(tap, Tap::Alarm(_) | Tap::Say(_) | Tap::Clear) && !rest.is_empty() && !chat.stopped_by.is_empty() && at >= first.len() {
                stopped = true;
                break;
            }
        }
        if is_reached(&chat) {
            return Some(chat);
        }
        if !stopped {
            return None;
        }
        let flags = chat.stopped_by.clone();
        if flags.iter().all(|flag| content.examples.contains_key(flag)) {
            first.extend(flags.into_iter().map(Tap::Say));
            // Said in one breath, cleared in one act.
            first.push(Tap::Clear);
        } else {
            done.drain(..first.len());
            first.extend(done);
            first.push(Tap::Clear);
        }
    }
    None
}

/// Whether a mode is behind a card.
pub(super) fn is_stopped(mode: Mode) -> bool {
    matches!(mode, Mode::Stopped(_))
}
