//! The way back: questions answered, gone back to, changed.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::{Node, Place, Pop, Search, Via};
use crate::proof::machine::{Guess, State, Stop};
use crate::proof::tap::{Crumb, Tap, Trail, Way};

impl Search<'_, '_> {
    pub(super) fn push(
        &mut self,
        from: u32,
        cost: u32,
        crumb: &Crumb,
        state: State,
        tap: &Tap,
        guesses: &[Guess],
    ) {
        let key = (crumb.clone(), state);
        let node = match self.node_ids.get(&key) {
            Some(node) => *node,
            None => {
                let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
                self.nodes.push(Node {
                    crumb: Some(crumb.clone()),
                    parents: Vec::new(),
                    pops: Vec::new(),
                });
                self.node_ids.insert(key, node);
                node
            }
        };
        self.add(
            state,
            node,
            cost,
            Via::Push {
                from,
                tap: tap.clone(),
            },
            guesses,
        );
        let parents = &mut self.nodes[node as usize].parents;
        if parents
            .iter()
            .any(|(known, _)| self.places[*known as usize].node == self.places[from as usize].node)
        {
            return;
        }
        parents.push((from, tap.clone()));
        // Back was tried above it before this was known.
        for pop in self.nodes[node as usize].pops.clone() {
            self.returned(&pop, from, tap.clone(), cost);
        }
    }

    /// Back from a place, or one more question of the way back to be changed.
    pub(super) fn pop(&mut self, child: u32, cost: u32, is_change: bool) {
        let Place { state, node, .. } = self.places[child as usize];
        if !is_change && self.leave_between(child, state, node, cost) {
            return;
        }
        let Some(crumb) = self.nodes[node as usize].crumb.clone() else {
            return;
        };
        let mut pops = Vec::new();
        if is_change {
            let (on, _) = self.machine.take_back(state, &crumb, false);
            let (stop, guesses) = (Stop::Ask(on), Rc::default());
            pops.push(Pop {
                child,
                tap: Tap::Change(1),
                stop,
                guesses,
                is_gone: false,
            });
        }
        if !is_change || crumb.fills {
            let from = State {
                changing: false,
                ..state
            };
            let (to, is_gone) = self.machine.take_back(from, &crumb, true);
            let tap = if is_change { Tap::Change(0) } else { Tap::Back };
            for end in self.machine.run(to).iter() {
                let guesses = Rc::clone(&end.guesses);
                pops.push(Pop {
                    child,
                    tap: tap.clone(),
                    stop: end.stop,
                    guesses,
                    is_gone: is_gone || end.begins_anew,
                });
            }
        }
        for pop in pops {
            match pop.stop {
                Stop::Found(_, at) => {
                    self.find(cost + 1, child, pop.tap, at, &pop.guesses);
                    continue;
                }
                Stop::Ask(state) | Stop::Rest(state) if pop.is_gone => {
                    self.add(
                        state,
                        0,
                        cost + 1,
                        Via::Step {
                            from: child,
                            tap: pop.tap,
                        },
                        &pop.guesses,
                    );
                    continue;
                }
                Stop::Ask(_) | Stop::Rest(_) => {}
            }
            let known = &mut self.nodes[node as usize].pops;
            if known
                .iter()
                .any(|known| known.stop == pop.stop && known.tap == pop.tap)
            {
                continue;
            }
            known.push(pop.clone());
            for (below, push) in self.nodes[node as usize].parents.clone() {
                self.returned(&pop, below, push, cost);
            }
        }
    }

    /// Back from the first question of what came in between leads to what it
    /// interrupted; says whether it does.
    fn leave_between(&mut self, from: u32, state: State, node: u32, cost: u32) -> bool {
        let frames = self.machine.stack(state.stack);
        let Some(place) = frames.iter().rposition(|frame| frame & 1 == 1) else {
            return false;
        };
        let newest = self.nodes[node as usize].crumb.as_ref();
        let is_inside = newest.is_some_and(|crumb| {
            let frames = self.machine.stack(crumb.stack);
            frames.get(place).is_some_and(|frame| frame & 1 == 1)
        });
        if is_inside {
            return false;
        }
        let stack = self.machine.intern_stack(&frames[..place]);
        let way = Way {
            tap: Tap::Back,
            to: State { stack, ..state },
            trail: Trail::Keep,
            cost: 1,
        };
        self.take(from, cost, node, way);
        true
    }

    pub(super) fn returned(&mut self, pop: &Pop, below: u32, push: Tap, cost: u32) {
        let (state, node) = match pop.stop {
            Stop::Ask(state) => (state, self.places[below as usize].node),
            Stop::Rest(state) => (state, 0),
            Stop::Found(..) => return,
        };
        // Costs grow along every way, so that no way leads round in a circle.
        let cost = cost
            .max(self.places[pop.child as usize].cost)
            .max(self.places[below as usize].cost)
            + 1;
        let via = Via::Return {
            below,
            tap: push,
            child: pop.child,
            back: pop.tap.clone(),
        };
        self.add(state, node, cost, via, &pop.guesses);
    }

    /// The questions that stand below the dialog that came in between at this
    /// place of the stack.
    pub(super) fn outside(&self, node: u32, place: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::from_iter([node]);
        let mut queue = vec![node];
        while let Some(node) = queue.pop() {
            let one = &self.nodes[node as usize];
            let is_inside = one.crumb.as_ref().is_some_and(|crumb| {
                let frames = self.machine.stack(crumb.stack);
                frames.get(place).is_some_and(|frame| frame & 1 == 1)
            });
            if !is_inside {
                found.push(node);
                continue;
            }
            for (below, _) in &one.parents {
                let below = self.places[*below as usize].node;
                if seen.insert(below) {
                    queue.push(below);
                }
            }
        }
        found
    }
}
