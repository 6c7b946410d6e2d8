//! Walks everything an abstract conversation can come to, cheapest first.
//!
//! The way back is a stack, so this is reachability in a pushdown system: a
//! place is a state together with the newest answered question, and a question
//! remembers every place it can stand above.

mod alarms;
mod anywhere;
mod inert;
mod way_back;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::machine::{At, End, Guess, Machine, Mode, State, Stop};
use super::tap::{Crumb, Tap, Trail, Way};
use crate::content::{Deed, Verb};
use crate::ids::{DialogId, FlagId};
use crate::triage::Level;

use alarms::alarms_of;
pub(super) use alarms::cards_at;
use inert::inert_dialogs;

/// More places than this are beyond the budget; the verdict then says so.
pub const PLACES_MAX: usize = 1_500_000;

/// How a place was found.
#[derive(Debug, Clone)]
enum Via {
    Begin,
    /// From another place, which may have another way back.
    Step {
        from: u32,
        tap: Tap,
    },
    /// An answered question was pushed.
    Push {
        from: u32,
        tap: Tap,
    },
    /// Back: from `below`, up to `child`, and back again.
    Return {
        below: u32,
        tap: Tap,
        child: u32,
        back: Tap,
    },
}

struct Place {
    state: State,
    node: u32,
    cost: u32,
    via: Via,
}

/// An answered question on the way back, in its place.
struct Node {
    crumb: Option<Crumb>,
    /// What it can stand on: the place that pushed it, and how.
    parents: Vec<(u32, Tap)>,
    /// Where Back has led from above it.
    pops: Vec<Pop>,
}

/// One way back from above an answered question.
#[derive(Clone)]
struct Pop {
    /// From which place.
    child: u32,
    tap: Tap,
    stop: Stop,
    guesses: Rc<[Guess]>,
    /// The screening began anew: nothing is left of the way back.
    is_gone: bool,
}

/// One act of a way, and what is expected after it.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub tap: Tap,
    /// The frames that are expected: twice the step, plus one when it interrupts.
    pub frames: Rc<[u32]>,
    pub mode: Mode,
    /// What was guessed.
    pub guesses: Rc<[Guess]>,
}

/// What a search found.
pub(super) enum Outcome {
    /// A way to the goal, and the step at which it is reached.
    Found { way: Vec<Planned>, at: At },
    /// There is none.
    Nowhere,
    /// There may be one: it took more places than [`PLACES_MAX`].
    BeyondBudget,
}

/// The cheapest way to the goal so far.
struct Find {
    cost: u32,
    from: u32,
    tap: Tap,
    at: At,
    guesses: Rc<[Guess]>,
}

/// One search of one machine.
pub(super) struct Search<'m, 'a> {
    machine: &'m mut Machine<'a>,
    places: Vec<Place>,
    known: FxHashMap<(State, u32), u32>,
    /// The smallest sets of answered screens, by everything else.
    least: FxHashMap<(State, u32), Vec<(u64, bool)>>,
    nodes: Vec<Node>,
    node_ids: FxHashMap<(Crumb, State), u32>,
    heap: BinaryHeap<Reverse<(u32, u32)>>,
    /// What every command was already given with: screens, by everything else.
    given: FxHashMap<State, Vec<(u64, bool)>>,
    /// What was guessed on the way to a place, where anything was.
    guessed: FxHashMap<u32, Rc<[Guess]>>,
    found: Option<Find>,
    entries: Vec<(Tap, DialogId, bool)>,
    inert: FxHashSet<DialogId>,
    alarms: Vec<(Level, Vec<FlagId>)>,
    /// Fewer answered screens stand for more of them.
    merges_screens: bool,
    pub most: usize,
}

impl<'m, 'a> Search<'m, 'a> {
    pub fn new(machine: &'m mut Machine<'a>) -> Self {
        let inert = inert_dialogs(machine);
        let alarms = alarms_of(machine.content);
        let mut entries = Vec::new();
        for command in &machine.content.bot.commands {
            if let Deed::Opens(dialog) = &command.deed {
                entries.push((Tap::Command(command.name.clone()), dialog.clone(), false));
            }
        }
        for (name, link) in &machine.content.bot.links {
            entries.push((Tap::Link(name.clone()), link.opens.clone(), true));
        }
        entries.push((Tap::Idle, machine.content.bot.menu.clone(), true));
        for spot in machine.content.finder.spots() {
            entries.push((Tap::Open(spot.opens.clone()), spot.opens.clone(), false));
        }
        entries.push((Tap::Screening, machine.content.bot.screening.clone(), true));
        let merges_screens = !machine.tracked.clearance;
        Self {
            machine,
            places: Vec::new(),
            known: FxHashMap::default(),
            least: FxHashMap::default(),
            nodes: vec![Node {
                crumb: None,
                parents: Vec::new(),
                pops: Vec::new(),
            }],
            node_ids: FxHashMap::default(),
            heap: BinaryHeap::new(),
            given: FxHashMap::default(),
            guessed: FxHashMap::default(),
            found: None,
            entries,
            inert,
            alarms,
            merges_screens,
            most: PLACES_MAX,
        }
    }

    /// Keeps every set of answered screens apart, so that the way found is the
    /// shortest; for contents that are small enough.
    pub fn exactly(mut self, most: usize) -> Self {
        self.merges_screens = false;
        self.most = most;
        self
    }

    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Searches.
    pub fn run(&mut self) -> Outcome {
        let begin = self.machine.begin();
        self.add(begin, 0, 0, Via::Begin, &[]);
        while let Some(Reverse((cost, id))) = self.heap.pop() {
            if self.found.as_ref().is_some_and(|found| found.cost <= cost) {
                break;
            }
            if self.places[id as usize].cost != cost {
                continue;
            }
            if self.places.len() > self.most {
                return Outcome::BeyondBudget;
            }
            self.expand(id);
        }
        let Some(found) = self.found.take() else {
            return if self.machine.is_cut {
                Outcome::BeyondBudget
            } else {
                Outcome::Nowhere
            };
        };
        let mut traced = Vec::new();
        self.trace(found.from, None, &mut traced);
        let mut way: Vec<Planned> = traced
            .into_iter()
            .map(|(place, tap)| {
                let state = self.places[place as usize].state;
                Planned {
                    tap,
                    frames: self.machine.stack(state.stack),
                    mode: state.mode,
                    guesses: self.guessed.get(&place).cloned().unwrap_or_default(),
                }
            })
            .collect();
        way.push(Planned {
            tap: found.tap,
            frames: Rc::default(),
            mode: Mode::Free,
            guesses: found.guesses,
        });
        Outcome::Found { way, at: found.at }
    }

    fn add(&mut self, state: State, node: u32, cost: u32, via: Via, guesses: &[Guess]) {
        if let Some(id) = self.known.get(&(state, node)) {
            let place = &mut self.places[*id as usize];
            // A way of returning is kept as it was found: what stands above it
            // was traced through it.
            if cost < place.cost {
                place.cost = cost;
                place.via = via;
                self.heap.push(Reverse((cost, *id)));
                self.guessed.remove(id);
                if !guesses.is_empty() {
                    self.guessed.insert(*id, guesses.into());
                }
            }
            return;
        }
        if self.merges_screens {
            let rest = State {
                screens: 0,
                clear: false,
                ..state
            };
            let least = self.least.entry((rest, node)).or_default();
            if least.iter().any(|(known, _)| known & !state.screens == 0) {
                return;
            }
            least.push((state.screens, state.clear));
        }
        let id = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place {
            state,
            node,
            cost,
            via,
        });
        self.known.insert((state, node), id);
        if !guesses.is_empty() {
            self.guessed.insert(id, guesses.into());
        }
        self.heap.push(Reverse((cost, id)));
    }

    fn expand(&mut self, id: u32) {
        let Place {
            state, node, cost, ..
        } = self.places[id as usize];
        let is_untracked =
            self.machine.tracked.slots.is_empty() && self.machine.tracked.flags.is_empty();
        let is_beside =
            self.machine.looks_behind_card() && (is_untracked || self.machine.begins_stopped);
        if is_beside && id != 0 && !matches!(state.mode, Mode::Stopped(_)) {
            // What is stated and shown before a card changes nothing behind it that
            // nobody tracks.
            return;
        }
        if state.changing {
            return self.pop(id, cost, true);
        }
        self.expand_globally(id, state, cost);
        let Some(at) = self.machine.top(state) else {
            return;
        };
        if self.machine.is_held(state) {
            return;
        }
        for way in self.machine.answers(state) {
            self.take(id, cost, node, way);
        }
        self.pop(id, cost, false);
        if node != 0 && matches!(self.machine.step(at).verb, Verb::Summary { .. }) {
            let to = State {
                changing: true,
                ..state
            };
            self.add(
                to,
                node,
                cost + 1,
                Via::Step {
                    from: id,
                    tap: Tap::ChangeAnswer,
                },
                &[],
            );
        }
    }

    /// One way on: steps run, and each end is a place.
    fn take(&mut self, from: u32, cost: u32, node: u32, way: Way) {
        let ends = self.machine.run(way.to);
        let cost = cost + way.cost;
        for end in ends.iter() {
            self.arrive(from, cost, node, &way, end);
        }
    }

    fn arrive(&mut self, from: u32, cost: u32, node: u32, way: &Way, end: &End) {
        let via = || Via::Step {
            from,
            tap: way.tap.clone(),
        };
        match (end.stop, &way.trail) {
            (Stop::Found(_, at), _) => self.find(cost, from, way.tap.clone(), at, &end.guesses),
            (Stop::Rest(state), _) | (Stop::Ask(state), Trail::Gone) => {
                self.add(state, 0, cost, via(), &end.guesses);
            }
            (Stop::Ask(state), _) if end.begins_anew => {
                self.add(state, 0, cost, via(), &end.guesses);
            }
            (Stop::Ask(state), Trail::Keep | Trail::Push(_)) if end.left_between => {
                let place = self.machine.stack(state.stack).len();
                for below in self.outside(node, place) {
                    self.add(state, below, cost, via(), &end.guesses);
                }
            }
            (Stop::Ask(state), Trail::Keep) => self.add(state, node, cost, via(), &end.guesses),
            (Stop::Ask(state), Trail::Push(crumb)) => {
                self.push(from, cost, crumb, state, &way.tap, &end.guesses);
            }
        }
    }

    fn find(&mut self, cost: u32, from: u32, tap: Tap, at: At, guesses: &[Guess]) {
        if self.found.as_ref().is_none_or(|found| cost < found.cost) {
            self.found = Some(Find {
                cost,
                from,
                tap,
                at,
                guesses: guesses.into(),
            });
        }
    }

    /// What was done to come to a place, with the place each act led to. Down
    /// to where `node` was pushed, or from the very beginning.
    fn trace(&self, place: u32, until: Option<u32>, way: &mut Vec<(u32, Tap)>) {
        let mut back = Vec::new();
        let mut here = place;
        // Returns are traced apart and then put in their places.
        loop {
            match &self.places[here as usize].via {
                Via::Begin => break,
                Via::Step { from, tap } => {
                    back.push(vec![(here, tap.clone())]);
                    here = *from;
                }
                Via::Push { from, tap } => {
                    if until == Some(self.places[here as usize].node) {
                        break;
                    }
                    back.push(vec![(here, tap.clone())]);
                    here = *from;
                }
                Via::Return {
                    below,
                    tap,
                    child,
                    back: by,
                } => {
                    let mut part = Vec::new();
                    let node = self.places[*child as usize].node;
                    part.push((*child, tap.clone()));
                    self.trace(*child, Some(node), &mut part);
                    part.push((here, by.clone()));
                    back.push(part);
                    here = *below;
                }
            }
        }
        way.extend(back.into_iter().rev().flatten());
    }
}
