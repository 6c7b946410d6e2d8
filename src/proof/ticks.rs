//! P3: one more tick never lowers the level.
//!
//! Rules and levels cannot break this by their form; it is tried all the same.
//! What a content can do is to let one more sign lead past a branch to the
//! moves, where with fewer signs it did not.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::{Goal, Wanted};
use super::quest::{Quest, Reached};
use super::{Finding, Report, Spot};
use crate::content::{Answer, Atom, Condition, Content, Dialog, Step, Verb};
use crate::ids::{FlagId, StepId};
use crate::triage::{Form, Level, Stated};

/// A branch that reads more facts than this is not tried in all combinations.
const FACTS_MAX: usize = 14;

/// Proves P3.
pub(super) fn prove(content: &Content, report: &mut Report) {
    prove_triage(content, report);
    for dialog in content.dialogs.values() {
        for (id, step) in &dialog.steps {
            if let Verb::Branch { arms, otherwise } = &step.verb {
                prove_branch(content, dialog, id, arms, otherwise, report);
            }
        }
    }
}

/// Sets of flags that come to something by themselves.
fn seeds(content: &Content) -> Vec<Vec<FlagId>> {
    let mut seeds: Vec<Vec<FlagId>> = vec![Vec::new()];
    seeds.extend(content.flags.keys().map(|flag| vec![flag.clone()]));
    for rule in &content.rules.rules {
        let mut base = rule.all.clone();
        if let Some(at_least) = &rule.at_least {
            base.extend(at_least.of.iter().take(at_least.count).cloned());
        }
        if rule.any.is_empty() {
            seeds.push(base);
        } else {
            seeds.extend(
                rule.any
                    .iter()
                    .map(|flag| base.iter().cloned().chain([flag.clone()]).collect()),
            );
        }
    }
    seeds
}

fn prove_triage(content: &Content, report: &mut Report) {
    for seed in seeds(content) {
        let mut stated: BTreeMap<FlagId, Stated> = BTreeMap::new();
        for flag in &seed {
            stated.insert(
                flag.clone(),
                Stated {
                    form: Form::Sure,
                    cleared: false,
                },
            );
        }
        let level = content.rules.level(&stated);
        for flag in content.flags.keys() {
            report.states += 1;
            let mut more = stated.clone();
            more.insert(
                flag.clone(),
                Stated {
                    form: Form::Sure,
                    cleared: false,
                },
            );
            if content.rules.level(&more) < level {
                report.findings.push(Finding {
                    property: report.property,
                    what: format!("`{flag}` beside {seed:?} lowers the level"),
                    help: "Look at the rules that name these flags.".to_owned(),
                    spots: vec![Spot::Name {
                        file: "red-flags.yaml",
                        name: flag.to_string(),
                    }],
                    chat: None,
                });
            }
        }
    }
}

/// Whether one more sign leads from an arm without moves to one with moves.
fn prove_branch(
    content: &Content,
    dialog: &Dialog,
    id: &StepId,
    arms: &[(Condition, StepId)],
    otherwise: &StepId,
    report: &mut Report,
) {
    let mut atoms = Vec::new();
    for (condition, _) in arms {
        collect(condition, &mut atoms);
    }
    let signs: Vec<usize> = (0..atoms.len())
        .filter(|at| is_sign(content, &atoms[*at]))
        .collect();
    if signs.is_empty() {
        return;
    }
    // Whoever comes back to the branch comes with the same signs: a way that leads
    // through it again opens nothing.
    let gives_moves = |step: &StepId| reaches_move(content, dialog, step, id);
    let opens: Vec<bool> = arms
        .iter()
        .map(|(_, go)| go)
        .chain([otherwise])
        .map(gives_moves)
        .collect();
    if opens.iter().all(|open| *open) || opens.iter().all(|open| !*open) {
        return;
    }
    // Plain conditions only ever begin to hold with one more sign, so an earlier
    // arm is taken; and the earlier ones are those without moves.
    if arms.iter().all(|(condition, _)| is_plain(condition)) && opens_late(&opens) {
        return;
    }
    if atoms.len() > FACTS_MAX {
        return report.findings.push(Finding {
            property: report.property,
            what: format!(
                "the branch `{id}` in {}.yaml reads too many facts to be proved",
                dialog.id
            ),
            help: format!("Let it read at most {FACTS_MAX} facts."),
            spots: vec![Spot::Step(dialog.id.clone(), id.clone())],
            chat: None,
        });
    }
    let opened = |facts: u32| {
        let arm = arms
            .iter()
            .position(|(condition, _)| holds(condition, &atoms, facts))
            .unwrap_or(arms.len());
        opens[arm]
    };
    for facts in 0_u32..1 << atoms.len() {
        for sign in &signs {
            report.states += 1;
            let more = facts | 1 << sign;
            if more == facts || opened(facts) || !opened(more) {
                continue;
            }
            if let Some(finding) = show(content, dialog, id, &atoms, more, &atoms[*sign], report) {
                return report.findings.push(finding);
            }
        }
    }
}

/// A chat in which the signs lead to a move.
fn show(
    content: &Content,
    dialog: &Dialog,
    id: &StepId,
    atoms: &[Atom],
    facts: u32,
    sign: &Atom,
    report: &mut Report,
) -> Option<Finding> {
    let flags: Vec<FlagId> = atoms
        .iter()
        .enumerate()
        .filter(|(at, _)| facts >> at & 1 == 1)
        .filter_map(|(_, atom)| match atom {
            Atom::Flag(flag) => Some(flag.clone()),
            Atom::Value(..) | Atom::Set(_) => None,
        })
        .collect();
    let with = flags.iter().cloned().map(Atom::Flag).collect();
    let mut quest = Quest::new(
        content,
        Goal::Shown {
            what: Wanted::AnyMove,
            with,
        },
        |chat| {
            flags.iter().all(|flag| chat.c.flags.contains_key(flag)) && chat.shown_move().is_some()
        },
    );
    let reached = quest.reach();
    report.states += quest.states;
    let names: Vec<String> = flags.iter().map(|flag| format!("`{flag}`")).collect();
    let chat = match reached {
        // Nobody comes there with these signs.
        Reached::Nowhere => return None,
        Reached::Unshown { .. } | Reached::BeyondBudget => None,
        Reached::Shown { mut chat } => {
            let exercise = chat.shown_move().and_then(|id| content.moves.list.get(id));
            let name = exercise
                .map(|exercise| chat.plain(&exercise.name))
                .unwrap_or_default();
            chat.demand(format!("never: {name}"));
            Some(chat.chat(&[
                format!(
                    "P3: with {} a move is shown; with fewer signs there was none.",
                    names.join(" and ")
                ),
                "Plays up to its last line, which should hold and does not.".to_owned(),
            ]))
        }
    };
    let sign = match sign {
        Atom::Flag(flag) => flag.to_string(),
        Atom::Value(slot, value) => format!("{slot}.{value}"),
        Atom::Set(slot) => format!("{slot}.set"),
    };
    Some(Finding {
        property: report.property,
        what: format!("at `{id}` in {}.yaml one more sign, `{sign}`, opens the moves", dialog.id),
        help: "Ask with `has`, `any` or `count … from`, and without `to` or `not`; put the arm without moves first.".to_owned(),
        spots: vec![Spot::Step(dialog.id.clone(), id.clone())],
        chat,
    })
}

fn is_sign(content: &Content, atom: &Atom) -> bool {
    match atom {
        Atom::Flag(flag) => content.rules.level_of(flag, Form::Sure) >= Level::Caution,
        Atom::Value(..) | Atom::Set(_) => false,
    }
}

fn is_plain(condition: &Condition) -> bool {
    match condition {
        Condition::Has(_) => true,
        Condition::Count { to, .. } => *to == usize::MAX,
        Condition::All(all) | Condition::Any(all) => all.iter().all(is_plain),
        Condition::Number { .. } | Condition::LevelAtLeast(_) | Condition::Cleared(_) => true,
        Condition::Not(_) => false,
    }
}

/// The arms with moves all come after those without.
fn opens_late(opens: &[bool]) -> bool {
    opens.windows(2).all(|pair| pair[0] <= pair[1])
}

/// The facts a condition reads.
pub(super) fn collect(condition: &Condition, atoms: &mut Vec<Atom>) {
    let mut add = |atom: &Atom| {
        if !atoms.contains(atom) {
            atoms.push(atom.clone());
        }
    };
    match condition {
        Condition::Has(atom) => add(atom),
        Condition::Count { of, .. } => of.iter().for_each(add),
        Condition::All(all) | Condition::Any(all) => all.iter().for_each(|one| collect(one, atoms)),
        Condition::Not(not) => collect(not, atoms),
        Condition::Number { .. } | Condition::LevelAtLeast(_) | Condition::Cleared(_) => {}
    }
}

/// A condition over these facts; what is no fact does not hold.
fn holds(condition: &Condition, atoms: &[Atom], facts: u32) -> bool {
    let has = |atom: &Atom| {
        atoms
            .iter()
            .position(|known| known == atom)
            .is_some_and(|at| facts >> at & 1 == 1)
    };
    match condition {
        Condition::Has(atom) => has(atom),
        Condition::Count { of, from, to } => {
            (*from..=*to).contains(&of.iter().filter(|atom| has(atom)).count())
        }
        Condition::All(all) => all.iter().all(|one| holds(one, atoms, facts)),
        Condition::Any(any) => any.iter().any(|one| holds(one, atoms, facts)),
        Condition::Not(not) => !holds(not, atoms, facts),
        Condition::Number { .. } | Condition::LevelAtLeast(_) | Condition::Cleared(_) => false,
    }
}

/// Whether a move can come after a step, in its dialog or in one it calls, without
/// going through a branch.
fn reaches_move(content: &Content, dialog: &Dialog, from: &StepId, branch: &StepId) -> bool {
    let mut seen = BTreeSet::from([from.clone()]);
    let mut queue = vec![from.clone()];
    while let Some(id) = queue.pop() {
        if id == *branch {
            continue;
        }
        let Some(step) = dialog.steps.get(&id) else {
            continue;
        };
        if step.needs_clearance() {
            return true;
        }
        if let Verb::Call { dialog, .. } = &step.verb
            && content
                .dialogs
                .get(dialog)
                .is_some_and(|dialog| dialog.has_moves)
        {
            return true;
        }
        for next in targets(step).chain(step.after.as_ref().map(|after| &after.go)) {
            if seen.insert(next.clone()) {
                queue.push(next.clone());
            }
        }
    }
    false
}

/// Every step a step can lead to, but for its time-out.
pub(super) fn targets(step: &Step) -> impl Iterator<Item = &StepId> {
    fn of(answers: Vec<&Answer>) -> Vec<&StepId> {
        answers
            .into_iter()
            .filter_map(|answer| answer.next.as_ref())
            .collect()
    }
    let found: Vec<&StepId> = match &step.verb {
        Verb::Choice { options, .. } => of(options.iter().map(|option| &option.answer).collect()),
        Verb::Move { answers, next, .. } => {
            let mut found = of(answers.iter().map(|option| &option.answer).collect());
            found.push(next);
            found
        }
        Verb::Play {
            hurt, numb, next, ..
        } => {
            let mut found = of(vec![hurt, numb]);
            found.push(next);
            found
        }
        Verb::Many { none, next, .. } => none.iter().map(|(_, next)| next).chain([next]).collect(),
        Verb::YesNo { answers, .. } => of(answers.iter().map(|(_, answer)| answer).collect()),
        Verb::Branch { arms, otherwise } => {
            arms.iter().map(|(_, go)| go).chain([otherwise]).collect()
        }
        Verb::Number { next, .. }
        | Verb::Text { next, .. }
        | Verb::Screen { next, .. }
        | Verb::Handoff { next, .. }
        | Verb::RequestCall { next, .. }
        | Verb::Call { next, .. }
        | Verb::Summary { next }
        | Verb::Pass { next } => vec![next],
        Verb::End => Vec::new(),
    };
    let check = step.position_check.as_ref();
    found.into_iter().chain(check.map(|check| &check.next))
}
