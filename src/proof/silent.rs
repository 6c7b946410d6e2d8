//! How far steps run when nobody is asked, whatever the facts are.
//!
//! Every branch goes every way here, every screen is answered already and every
//! move is passed over. So no run of a real conversation is longer, and where
//! these runs are short no search for a circle is needed.

use std::collections::{BTreeSet, HashMap};

use super::ticks::targets;
use crate::content::{Content, Dialog, TextKind, Verb};
use crate::dialog::STEPS_PER_TURN_MAX;
use crate::ids::{DialogId, StepId};
use crate::triage::Level;

/// How far a run goes from a step.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// The most steps in a row, in this dialog and those it calls.
    most: usize,
    /// The most steps up to the end of the dialog, where it comes to that without
    /// a question.
    through: Option<usize>,
}

/// What is known of the runs of one content.
struct Runs<'a> {
    content: &'a Content,
    /// None while a step is looked at: coming to it again is a circle.
    known: HashMap<(&'a DialogId, &'a StepId), Option<Run>>,
    /// The longest run that can follow when a dialog has ended; none while it is
    /// looked at.
    after: HashMap<&'a DialogId, Option<usize>>,
    /// Where the callers of each dialog go on.
    returns: HashMap<&'a DialogId, Vec<(&'a DialogId, &'a StepId)>>,
    /// How many steps stand in a row in what is looked at now.
    depth: usize,
}

/// Whether no run can be too long for a turn. Not knowing is a no.
pub(super) fn all_are_short(content: &Content) -> bool {
    let longest = Runs::new(content).longest_of_a_turn();
    longest.is_some_and(|longest| longest < STEPS_PER_TURN_MAX)
}

/// How many steps there are to look at.
pub(super) fn steps(content: &Content) -> usize {
    content
        .dialogs
        .values()
        .map(|dialog| dialog.steps.len())
        .sum()
}

/// Whether a dialog comes in between what is walked.
pub(super) fn comes_between(content: &Content, dialog: &Dialog) -> bool {
    dialog.stays_open == Level::EmergencyNow || dialog.id == content.bot.person
}

/// A dialog and all it calls.
pub(super) fn with_called<'a>(content: &'a Content, dialog: &'a Dialog) -> BTreeSet<&'a DialogId> {
    let mut found = BTreeSet::new();
    let mut queue = vec![dialog];
    while let Some(dialog) = queue.pop() {
        if found.insert(&dialog.id) {
            queue.extend(dialog.steps.values().filter_map(|step| match &step.verb {
                Verb::Call { dialog, .. } => content.dialogs.get(dialog),
                _ => None,
            }));
        }
    }
    found
}

impl<'a> Runs<'a> {
    fn new(content: &'a Content) -> Self {
        let mut returns: HashMap<_, Vec<_>> = HashMap::new();
        for caller in content.dialogs.values() {
            for step in caller.steps.values() {
                if let Verb::Call { dialog, next } = &step.verb {
                    returns.entry(dialog).or_default().push((&caller.id, next));
                }
            }
        }
        Self {
            content,
            known: HashMap::new(),
            after: HashMap::new(),
            returns,
            depth: 0,
        }
    }

    /// The most steps of one turn; none where they run in a circle.
    ///
    /// A dialog that came in between may end at once, and what asked below it may
    /// have been answered meanwhile: then that one's run follows. Each of them stands
    /// once between what is walked.
    fn longest_of_a_turn(&mut self) -> Option<usize> {
        let content = self.content;
        let mut longest = 0;
        for dialog in content.dialogs.values() {
            longest = longest.max(self.longest_in(dialog)?);
        }
        let between = |dialog: &&Dialog| comes_between(content, dialog);
        for dialog in content.dialogs.values().filter(between) {
            let mut inside = 0;
            for called in with_called(content, dialog) {
                inside = inside.max(self.longest_in(content.dialogs.get(called)?)?);
            }
            longest += inside;
        }
        Some(longest)
    }

    /// The longest run from any step of a dialog, with what follows in the dialogs
    /// that called it.
    fn longest_in(&mut self, dialog: &'a Dialog) -> Option<usize> {
        let after = self.after(&dialog.id)?;
        let mut longest = after;
        for step in dialog.steps.keys() {
            let run = self.from(&dialog.id, step)?;
            let on = run.through.map_or(0, |through| through + after);
            longest = longest.max(run.most).max(on);
        }
        Some(longest)
    }

    /// The longest run that can follow when a dialog has ended.
    fn after(&mut self, ended: &'a DialogId) -> Option<usize> {
        if let Some(known) = self.after.get(&ended) {
            return *known;
        }
        self.after.insert(ended, None);
        let mut longest = 0;
        for (caller, next) in self.returns.get(&ended).cloned().unwrap_or_default() {
            let run = self.from(caller, next)?;
            let on = match run.through {
                Some(through) => through + self.after(caller)?,
                None => 0,
            };
            longest = longest.max(run.most).max(on);
        }
        self.after.insert(ended, Some(longest));
        Some(longest)
    }

    /// From one step. What runs too long is not looked at to its end.
    fn from(&mut self, dialog: &'a DialogId, step: &'a StepId) -> Option<Run> {
        if let Some(known) = self.known.get(&(dialog, step)) {
            return *known;
        }
        if self.depth > STEPS_PER_TURN_MAX {
            return None;
        }
        self.known.insert((dialog, step), None);
        self.depth += 1;
        let run = self.look(dialog, step)?;
        self.depth -= 1;
        self.known.insert((dialog, step), Some(run));
        Some(run)
    }

    fn look(&mut self, dialog: &'a DialogId, step: &'a StepId) -> Option<Run> {
        let content = self.content;
        let mut run = Run {
            most: 1,
            through: None,
        };
        let step = content.step(dialog, step)?;
        if let Some(check) = &step.position_check {
            run.join(1, self.from(dialog, &check.next)?);
        }
        match &step.verb {
            Verb::Choice { .. }
            | Verb::Many { .. }
            | Verb::YesNo { .. }
            | Verb::Number { .. }
            | Verb::Summary { .. } => {}
            // Where nobody would read the number the dialog is over.
            Verb::Text { kind, .. } => {
                run.through = (*kind == TextKind::Phone).then_some(1);
            }
            Verb::End => run.through = Some(1),
            Verb::Call {
                dialog: called,
                next,
            } => {
                let start = &content.dialogs.get(called)?.start;
                let inside = self.from(called, start)?;
                run.most = 1 + inside.most;
                if let Some(through) = inside.through {
                    let on = self.from(dialog, next)?;
                    run.join(1 + through, on);
                }
            }
            // Answers of a move are given, and only `next` is passed on to.
            Verb::Move { next, .. } | Verb::Play { next, .. } => {
                let on = self.from(dialog, next)?;
                run.join(1, on);
            }
            Verb::Screen { .. }
            | Verb::Handoff { .. }
            | Verb::RequestCall { .. }
            | Verb::Branch { .. }
            | Verb::Pass { .. } => {
                for next in targets(step) {
                    let on = self.from(dialog, next)?;
                    run.join(1, on);
                }
            }
        }
        Some(run)
    }
}

impl Run {
    /// Goes on after so many steps.
    fn join(&mut self, steps: usize, on: Self) {
        self.most = self.most.max(steps + on.most);
        let through = on.through.map(|through| steps + through);
        self.through = self.through.max(through);
    }
}
