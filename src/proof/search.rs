//! Walks everything an abstract conversation can come to, cheapest first.
//!
//! The way back is a stack, so this is reachability in a pushdown system: a
//! place is a state together with the newest answered question, and a question
//! remembers every place it can stand above.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use super::answers::{Crumb, Tap, Trail, Way};
use super::machine::{At, End, Goal, Guess, Machine, Mode, State, Stop};
use super::rules::completions;
use crate::content::{Condition, Content, Deed, Dialog, Verb};
use crate::ids::{DialogId, FlagId};
use crate::triage::{Form, Level, Stated};

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
    known: HashMap<(State, u32), u32>,
    /// The smallest sets of answered screens, by everything else.
    least: HashMap<(State, u32), Vec<(u64, bool)>>,
    nodes: Vec<Node>,
    node_ids: HashMap<(Crumb, State), u32>,
    heap: BinaryHeap<Reverse<(u32, u32)>>,
    /// What every command was already given with: screens, by everything else.
    given: HashMap<State, Vec<u64>>,
    /// What was guessed on the way to a place, where anything was.
    guessed: HashMap<u32, Rc<[Guess]>>,
    found: Option<Find>,
    entries: Vec<(Tap, DialogId, bool)>,
    inert: HashSet<DialogId>,
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
            known: HashMap::new(),
            least: HashMap::new(),
            nodes: vec![Node {
                crumb: None,
                parents: Vec::new(),
                pops: Vec::new(),
            }],
            node_ids: HashMap::new(),
            heap: BinaryHeap::new(),
            given: HashMap::new(),
            guessed: HashMap::new(),
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
        let is_beside = self.machine.goal == (Goal::Refused { behind_card: true })
            && self.machine.tracked.slots.is_empty()
            && self.machine.tracked.flags.is_empty();
        if is_beside && id != 0 && !matches!(state.mode, Mode::Stopped(_)) {
            // What is stated and shown before a card changes nothing behind it.
            return;
        }
        if state.changing {
            return self.pop(id, cost, true);
        }
        self.expand_globally(id, state, cost);
        let Some(at) = self.machine.top(state) else {
            return;
        };
        for way in self.machine.answers(state) {
            self.take(id, cost, node, way);
        }
        if node != 0 {
            self.pop(id, cost, false);
        }
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
            (Stop::Ask(state), Trail::Keep | Trail::Push(_)) if end.left_between => {
                for below in self.outside(node) {
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

    fn push(
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
    fn pop(&mut self, child: u32, cost: u32, is_change: bool) {
        let Place { state, node, .. } = self.places[child as usize];
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
                    is_gone,
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

    fn returned(&mut self, pop: &Pop, below: u32, push: Tap, cost: u32) {
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

    /// The questions that stand below a dialog that came in between.
    fn outside(&self, node: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([node]);
        let mut queue = vec![node];
        while let Some(node) = queue.pop() {
            let one = &self.nodes[node as usize];
            let is_inside = one.crumb.as_ref().is_some_and(|crumb| {
                self.machine
                    .stack(crumb.stack)
                    .iter()
                    .any(|frame| frame & 1 == 1)
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

    /// Commands, links, time and staff: they come wherever the patient stands.
    fn expand_globally(&mut self, id: u32, state: State, cost: u32) {
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
    fn come_between(&mut self, id: u32, state: State, cost: u32) {
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

    fn pass_a_day(&mut self, id: u32, state: State, cost: u32) {
        let facts = self.machine.with_all_old(state.facts);
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
    fn raise_alarms(&mut self, id: u32, state: State, cost: u32) {
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
    fn say_flags(&mut self, id: u32, state: State, cost: u32) {
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

    fn answer_cards(&mut self, id: u32, state: State, cost: u32, level: Level) {
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

/// The answers of every card that may be in force at a level, and what they open.
pub(super) fn cards_at(
    content: &Content,
    level: Level,
) -> Vec<(crate::ids::CardId, crate::ids::ChoiceId, DialogId)> {
    let mut found = Vec::new();
    for (id, card) in &content.cards {
        let is_own = || {
            let flags = content.rules.flags.iter().any(|(flag, rule)| {
                rule.card.as_ref() == Some(id)
                    && [Form::Sure, Form::Unsure]
                        .iter()
                        .any(|form| content.rules.level_of(flag, *form) == level)
            });
            flags
                || content
                    .rules
                    .rules
                    .iter()
                    .any(|rule| rule.card.as_ref() == Some(id) && rule.level == level)
        };
        if card.level == Some(level) || is_own() {
            for answer in &card.answers {
                if let Some(dialog) = &answer.opens {
                    found.push((id.clone(), answer.id.clone(), dialog.clone()));
                }
            }
        }
    }
    found
}

/// The smallest sets of flags that give each blocking level.
///
/// The level of a card is that of one flag in its form, or that of a rule. The
/// flag alone, or the rule's flags with all but one cleared, then give the same
/// level: more would be too much, and less would not be it.
fn alarms_of(content: &Content) -> Vec<(Level, Vec<FlagId>)> {
    let mut sets: Vec<(Level, Vec<FlagId>)> = Vec::new();
    let mut add = |level: Level, set: Vec<FlagId>| {
        if level.blocks() && !sets.contains(&(level, set.clone())) {
            sets.push((level, set));
        }
    };
    for flag in content.flags.keys() {
        for form in [Form::Sure, Form::Unsure] {
            let stated = Stated {
                form,
                cleared: false,
            };
            add(
                content
                    .rules
                    .level(&BTreeMap::from([(flag.clone(), stated)])),
                vec![flag.clone()],
            );
        }
    }
    for set in content.rules.rules.iter().flat_map(completions) {
        for last in &set {
            for form in [Form::Settled, Form::Unsure, Form::Sure] {
                let stated = set.iter().map(|flag| {
                    let cleared = flag != last;
                    let form = if cleared { Form::Sure } else { form };
                    (flag.clone(), Stated { form, cleared })
                });
                add(content.rules.level(&stated.collect()), set.clone());
            }
        }
    }
    sets.sort_by_key(|(_, set)| set.len());
    sets
}

fn level_of(content: &Content, flag: &FlagId) -> Level {
    let stated = Stated {
        form: Form::Sure,
        cleared: false,
    };
    content
        .rules
        .level(&BTreeMap::from([(flag.clone(), stated)]))
}

/// Dialogs that change nothing a branch, a screen or a move could depend on:
/// coming in between, they lead back to where they came.
fn inert_dialogs(machine: &Machine<'_>) -> HashSet<DialogId> {
    let content = machine.content;
    let mut loud: HashSet<&DialogId> = content
        .dialogs
        .values()
        .filter(|dialog| is_loud(machine, dialog))
        .map(|dialog| &dialog.id)
        .collect();
    loop {
        let callers: Vec<&DialogId> = content
            .dialogs
            .values()
            .filter(|dialog| {
                !loud.contains(&dialog.id)
                    && dialog.steps.values().any(|step| matches!(&step.verb, Verb::Call { dialog, .. } if loud.contains(dialog)))
            })
            .map(|dialog| &dialog.id)
            .collect();
        if callers.is_empty() {
            break;
        }
        loud.extend(callers);
    }
    content
        .dialogs
        .keys()
        .filter(|id| !loud.contains(id))
        .cloned()
        .collect()
}

fn is_loud(machine: &Machine<'_>, dialog: &Dialog) -> bool {
    let is_wanted = match &machine.goal {
        Goal::Step(at) => machine.steps[*at as usize].dialog.id == dialog.id,
        Goal::Loop | Goal::Everything => true,
        Goal::Refused { .. } | Goal::Shown { .. } | Goal::Passed { .. } => false,
    };
    is_wanted
        || dialog
            .own_slots
            .iter()
            .any(|slot| machine.tracked.slot(slot).is_some())
        || dialog
            .steps
            .values()
            .any(|step| is_loud_step(machine, &step.verb))
}

fn is_loud_step(machine: &Machine<'_>, verb: &Verb) -> bool {
    let answers: Vec<&crate::content::Answer> = match verb {
        Verb::Move { .. } | Verb::Play { .. } | Verb::Screen { .. } => return true,
        Verb::Choice { slot, options } | Verb::Many { slot, options, .. } => {
            if machine.tracked.slot(slot).is_some() {
                return true;
            }
            options.iter().map(|option| &option.answer).collect()
        }
        Verb::YesNo { slot, answers } => {
            if machine.tracked.slot(slot).is_some() {
                return true;
            }
            answers.iter().map(|(_, answer)| answer).collect()
        }
        Verb::Number { slot, .. } | Verb::Text { slot, .. } | Verb::RequestCall { slot, .. } => {
            return machine.tracked.slot(slot).is_some();
        }
        Verb::Branch { arms, .. } => {
            return arms.iter().any(|(condition, _)| reads_clearance(condition))
                && machine.tracked.clearance;
        }
        Verb::Handoff { .. }
        | Verb::Call { .. }
        | Verb::Summary { .. }
        | Verb::Pass { .. }
        | Verb::End => return false,
    };
    answers.iter().any(|answer| {
        !answer.ask_again.is_empty()
            || answer
                .set
                .iter()
                .any(|(slot, _)| machine.tracked.slot(slot).is_some())
            || answer
                .raise
                .iter()
                .chain(&answer.raise_unsure)
                .any(|flag| machine.tracked.flag(flag).is_some())
    })
}

fn reads_clearance(condition: &Condition) -> bool {
    match condition {
        Condition::Cleared(_) => true,
        Condition::All(all) | Condition::Any(all) => all.iter().any(reads_clearance),
        Condition::Not(not) => reads_clearance(not),
        Condition::Has(_)
        | Condition::Count { .. }
        | Condition::Number { .. }
        | Condition::LevelAtLeast(_) => false,
    }
}
