//! Counts the ways through one dialog.

use std::collections::BTreeMap;

use super::ticks::targets;
use crate::content::{Content, Dialog};
use crate::ids::{DialogId, StepId};

/// How many ways there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// So many.
    Exactly(u128),
    /// So many at least: more than can be counted.
    AtLeast(u128),
}

/// How many ways lead from the start of a dialog to one of its steps, with no
/// step twice in a way. An answer is a way of its own; a list counts as one.
#[must_use]
pub fn count_paths(content: &Content, dialog: &DialogId, step: &StepId) -> Ways {
    let Some(dialog) = content.dialogs.get(dialog) else {
        return Ways::Exactly(0);
    };
    let Some(map) = Map::new(dialog, step) else {
        return Ways::Exactly(0);
    };
    let (forward, goes_round) = map.forward();
    let many = map.count_forward(&forward);
    if !goes_round && let Some(many) = many {
        return Ways::Exactly(many);
    }
    let mut tries = Tries {
        on_way: vec![false; map.next.len()],
        left: TRIES_MAX,
        ways: 0,
    };
    if goes_round && map.count_each(map.start, &mut tries) {
        return Ways::Exactly(tries.ways);
    }
    Ways::AtLeast(many.unwrap_or(u128::MAX).max(tries.ways))
}

/// Steps gone to in counting ways one by one before it is given up.
const TRIES_MAX: usize = 5_000_000;

/// The steps of a dialog that can lie on a way, numbered; each with where its answers lead.
struct Map {
    next: Vec<Vec<usize>>,
    start: usize,
    to: usize,
}

/// What is known while ways are counted one by one.
struct Tries {
    on_way: Vec<bool>,
    left: usize,
    ways: u128,
}

impl Map {
    /// None where no way leads to the step.
    fn new(dialog: &Dialog, to: &StepId) -> Option<Self> {
        let numbers: BTreeMap<&StepId, usize> = dialog.steps.keys().zip(0..).collect();
        let (start, to) = (*numbers.get(&dialog.start)?, *numbers.get(to)?);
        let mut next: Vec<Vec<usize>> = dialog
            .steps
            .values()
            .map(|step| {
                let all = targets(step).filter_map(|id| numbers.get(id).copied());
                // No way comes back to where it began.
                all.filter(|next| *next != start).collect()
            })
            .collect();
        // A way is over where it arrives.
        next[to].clear();
        let leads = leads_to(&next, to);
        for targets in &mut next {
            targets.retain(|target| leads[*target]);
        }
        leads[start].then_some(Self { next, start, to })
    }

    /// The steps in an order in which each answer leads on, but for those that lead round
    /// to a step before; and whether any does. What leads round is known by its place.
    fn forward(&self) -> (Vec<usize>, bool) {
        let mut order = Vec::new();
        let mut place: Vec<Option<bool>> = vec![None; self.next.len()];
        let mut goes_round = false;
        let mut open = vec![(self.start, 0)];
        place[self.start] = Some(false);
        while let Some((here, answer)) = open.pop() {
            let Some(target) = self.next[here].get(answer).copied() else {
                place[here] = Some(true);
                order.push(here);
                continue;
            };
            open.push((here, answer + 1));
            match place[target] {
                None => {
                    place[target] = Some(false);
                    open.push((target, 0));
                }
                Some(is_done) => goes_round |= !is_done,
            }
        }
        order.reverse();
        (order, goes_round)
    }

    /// The ways that go forward only; none where they are more than a number can say.
    fn count_forward(&self, order: &[usize]) -> Option<u128> {
        let mut place = vec![0; self.next.len()];
        for (at, step) in order.iter().enumerate() {
            place[*step] = at;
        }
        let mut ways = vec![0_u128; self.next.len()];
        ways[self.to] = 1;
        for here in order.iter().rev().filter(|here| **here != self.to) {
            let mut targets = self.next[*here].iter();
            ways[*here] = targets.try_fold(0_u128, |sum, target| {
                let is_forward = place[*target] > place[*here];
                sum.checked_add(if is_forward { ways[*target] } else { 0 })
            })?;
        }
        Some(ways[self.start])
    }

    /// Goes every way by itself; says whether it came to an end.
    fn count_each(&self, here: usize, tries: &mut Tries) -> bool {
        if here == self.to {
            tries.ways += 1;
            return true;
        }
        let Some(left) = tries.left.checked_sub(1) else {
            return false;
        };
        tries.left = left;
        tries.on_way[here] = true;
        for target in &self.next[here] {
            if !tries.on_way[*target] && !self.count_each(*target, tries) {
                return false;
            }
        }
        tries.on_way[here] = false;
        true
    }
}

/// Which steps lead to this one.
fn leads_to(next: &[Vec<usize>], to: usize) -> Vec<bool> {
    let mut before = vec![Vec::new(); next.len()];
    for (here, targets) in next.iter().enumerate() {
        for target in targets {
            before[*target].push(here);
        }
    }
    let mut leads = vec![false; next.len()];
    let mut open = vec![to];
    while let Some(here) = open.pop() {
        if !std::mem::replace(&mut leads[here], true) {
            open.extend(&before[here]);
        }
    }
    leads
}
