//! Takes every turn at every state of a small content, through the engine itself,
//! and notes which promises break on the way.
//!
//! Nothing is left out but what cannot matter: words beside signs, the numbers of
//! questions, how far back an answered question lies, and answers that no branch
//! reads.

use std::collections::{BTreeSet, HashSet};

use psoas_bot::content::{Content, Deed, RichText, ScreenStyle, Verb};
use psoas_bot::dialog::{
    Act, Asking, Button, Conversation, Desk, Due, Effect, Frame, Input, Keyboard, Message, Press,
    Token, Turn, What, take_turn,
};
use psoas_bot::free_text::{Heard, Hit, Sureness};
use psoas_bot::ids::{FlagId, Lang, MoveId, PatientText, Revision, RuleId, StepId, Timestamp};
use psoas_bot::proof::Property;
use psoas_bot::triage::{Form, Level};

use super::promises::{
    books, newly_shown_move, reaches_person, says_what_goes_with_a_move, stops, ticks_only_warn,
};
use super::small::OF_SAFETY;

pub const NOW: Timestamp = Timestamp(1_772_474_400);
const HOUR: i64 = 3_600;

/// So long after its screens somebody comes back: some are old, none, all.
const HALF_A_DAY: i64 = 13 * HOUR;
const DAY: i64 = 25 * HOUR;

/// Staff clear for a week.
const CLEARED: i64 = 7 * 24 * HOUR;
const CLEARED_IS_OVER: i64 = CLEARED + HOUR;

/// Only so many answered questions tell two states apart.
const TRAIL_TOLD: usize = 2;

/// What comes seldom, and makes many more states of one. Each content is walked
/// with some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seldom {
    /// Half a day goes by: some screens are old, and others not.
    HalfADay,
    /// New flags, rules and screens.
    NewContent,
    /// What staff cleared is over.
    ClearingEnds,
    /// Staff clear some of what stands behind a card.
    ClearsSome,
    /// Ticks that stand are left.
    LeftTicks,
    /// Words that may mean something.
    UnsureWords,
    /// What is kept for so long is over, and only a lock stays.
    Forgotten,
}

impl Seldom {
    pub const ALL: [Self; 7] = [
        Self::HalfADay,
        Self::NewContent,
        Self::ClearingEnds,
        Self::ClearsSome,
        Self::LeftTicks,
        Self::UnsureWords,
        Self::Forgotten,
    ];
}

/// What was seen of one content.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// The promises that were broken in some turn.
    pub broken: BTreeSet<Property>,
    /// Every state was looked at: what was not seen broken is kept.
    pub is_complete: bool,
    pub states: usize,
    /// The moves that were shown to somebody who had stated a flag.
    pub shown_with: BTreeSet<(FlagId, MoveId)>,
    /// Some move was shown.
    pub has_shown_move: bool,
}

/// One thing that happens.
struct Happens {
    /// What stands before it, with ticks.
    before: Conversation,
    input: Input,
    /// Seconds that have gone by.
    after: i64,
}

/// The states of one content, as they are found.
struct Walker<'a> {
    content: &'a Content,
    how: &'a How,
    /// What was left behind already, by what begins anew.
    left: HashSet<String>,
    /// What the engine says when steps run for too long.
    gone: [String; 2],
    known: HashSet<String>,
    states: Vec<Conversation>,
    fired: BTreeSet<RuleId>,
    looked_from: HashSet<From>,
    seen: Walked,
}

/// Where somebody is looked for, or ticks are compared: what makes a difference to it.
type From = (Option<StepId>, Vec<FlagId>, Option<Level>, bool);

/// How a content is walked.
#[derive(Debug, Clone)]
pub struct How {
    /// With more states than this a content is not walked to its end.
    pub states_max: usize,
    /// What comes seldom, and is tried.
    pub seldom: Vec<Seldom>,
    /// What leaves all that is walked is tried at every state, also where it did the
    /// same at another.
    pub is_thorough: bool,
}

/// Walks a content.
pub fn walk(content: &Content, how: &How) -> Walked {
    let mut walker = Walker {
        content,
        how,
        left: HashSet::new(),
        gone: Lang::ALL.map(|lang| content.words.step_gone.render(lang, content).text),
        known: HashSet::new(),
        states: Vec::new(),
        fired: BTreeSet::new(),
        looked_from: HashSet::new(),
        seen: Walked {
            is_complete: true,
            ..Walked::default()
        },
    };
    walker.arrive(Conversation::new(Lang::En, None));
    walker.presses();
    walker.everything();
    walker.seen.states = walker.states.len();
    walker.seen
}

impl Walker<'_> {
    /// Every path of presses and commands: what fires, fires here.
    fn presses(&mut self) {
        let mut at = 0;
        while let Some(c) = self.next(at) {
            self.take_presses(&c);
            at += 1;
        }
        let mut rules = self.content.rules.rules.iter();
        if self.seen.is_complete && rules.any(|rule| !self.fired.contains(&rule.id)) {
            self.seen.broken.insert(Property::P8);
        }
    }

    /// The same with all that comes from outside.
    fn everything(&mut self) {
        let known_by_presses = self.states.len();
        let mut at = 0;
        while let Some(c) = self.next(at) {
            if at >= known_by_presses {
                self.take_presses(&c);
            }
            self.look_from(&c);
            for happens in self.others(&c) {
                self.take(&c, happens);
            }
            self.forget(&c);
            at += 1;
        }
    }

    /// The next state; none either where there are too many.
    fn next(&self, at: usize) -> Option<Conversation> {
        let next = self.states.get(at).filter(|_| self.seen.is_complete);
        next.cloned()
    }

    fn take_presses(&mut self, c: &Conversation) {
        let mut all = self.answered(c);
        if self.how.is_thorough || self.left.insert(key(&left(c), 0)) {
            all.extend(self.begins_anew(c));
        }
        for happens in all {
            self.take(c, happens);
        }
    }

    /// What is at hand in a state, and what ticks lead to.
    fn look_from(&mut self, c: &Conversation) {
        let content = self.content;
        let step = c.stack.last().map(|frame| frame.step.clone());
        let flags = c.flags.keys().cloned().collect();
        let level = c.stop.as_ref().map(|stop| stop.level);
        let asks_step = c
            .open
            .as_ref()
            .is_some_and(|open| open.asking == Asking::Step);
        if !self.looked_from.insert((step, flags, level, asks_step)) {
            return;
        }
        let person = &content.bot.person;
        let is_inside = c.stack.iter().any(|frame| frame.dialog == *person);
        let is_walked = c.open.is_some() || level.is_some();
        let may_book = level.unwrap_or_else(|| c.level(content)) < Level::UrgentToday;
        let rests = c.stack.is_empty() && c.open.is_none() && c.suspected.is_empty();
        let is_lost = (is_walked && !is_inside && !reaches_person(content, c))
            || (c.open.is_some() && !stops(content, c))
            || (rests && may_book && c.lock.is_none() && !books(content, c));
        if is_lost {
            self.seen.broken.insert(Property::P4);
        }
        if !ticks_only_warn(content, c) {
            self.seen.broken.insert(Property::P3);
        }
    }

    fn take(&mut self, from: &Conversation, happens: Happens) {
        let now = NOW.plus_seconds(happens.after);
        let introduced = happens.before.moves_introduced;
        let was_stopped = happens.before.stop.is_some();
        let turn = take_turn(self.content, happens.before, &happens.input, now);
        self.look_at(&turn, introduced);
        let is_behind = was_stopped && turn.conversation.stop.is_some();
        if is_behind && says(&turn).any(|said| said.text.text.contains(OF_SAFETY)) {
            self.seen.broken.insert(Property::P7);
        }
        let mut next = turn.conversation;
        self.forget_what_cannot_matter(&mut next, now);
        if next != *from {
            self.arrive(next);
        }
    }

    /// What a turn breaks.
    fn look_at(&mut self, turn: &Turn, introduced: bool) {
        let c = &turn.conversation;
        let level = c.stop.as_ref().map_or(Level::Clear, |stop| stop.level);
        for effect in &turn.effects {
            match effect {
                Effect::GuardTripped { .. } if c.stop.is_some() => {
                    self.seen.broken.insert(Property::P2);
                }
                Effect::GuardTripped { .. } => {
                    self.seen.broken.insert(Property::P1);
                }
                Effect::Say(message)
                    if self
                        .gone
                        .iter()
                        .any(|gone| message.text.text.contains(gone)) =>
                {
                    self.seen.broken.insert(Property::P5);
                }
                Effect::Report(report) => self.fired.extend(report.rules.iter().cloned()),
                Effect::Contact if level >= Level::UrgentToday => {
                    self.seen.broken.insert(Property::P7);
                }
                _ => {}
            }
        }
        if c.stop.is_some() && c.stack.iter().any(|frame| self.is_of_safety(frame)) {
            self.seen.broken.insert(Property::P7);
        }
        if let Some(id) = newly_shown_move(self.content, turn) {
            self.seen.has_shown_move = true;
            let flags = c.flags.keys();
            self.seen
                .shown_with
                .extend(flags.map(|flag| (flag.clone(), id.clone())));
        }
        if !says_what_goes_with_a_move(self.content, turn, introduced) {
            self.seen.broken.insert(Property::P6);
        }
        self.knows_every_button(turn);
    }

    /// No button is shown that is not pressed. Ticks are tried as they stand when
    /// the list is sent, or left.
    fn knows_every_button(&self, turn: &Turn) {
        let c = &turn.conversation;
        for message in says(turn) {
            for data in buttons(message) {
                let is_pressed = match Press::parse(data) {
                    Some(Press::Question(_, Act::Tick(_) | Act::Untick(_))) => true,
                    Some(Press::Question(token, act)) => {
                        let is_open = c.open.as_ref().is_some_and(|open| open.token == token);
                        !is_open
                            || matches!(act, Act::Continue(_) | Act::None(_) | Act::NotSure(_))
                            || acts(self.content, c).iter().any(|(_, known)| *known == act)
                    }
                    Some(Press::Card(card, answer)) => self
                        .content
                        .cards
                        .get(&card)
                        .is_some_and(|card| card.answers.iter().any(|one| one.id == answer)),
                    Some(press) => self.anywhere().contains(&press),
                    None => false,
                };
                assert!(is_pressed, "nobody presses {data}");
            }
        }
    }

    /// Whether a dialog that is walked asks screens or shows moves.
    fn is_of_safety(&self, frame: &Frame) -> bool {
        let mut steps = self.content.dialogs[&frame.dialog].steps.values();
        steps.any(|step| matches!(step.verb, Verb::Screen { .. } | Verb::Move { .. }))
    }

    /// After so many days a patient is as if new, but for a lock.
    fn forget(&mut self, c: &Conversation) {
        let level = c.level(self.content);
        if level.blocks() && self.comes(Seldom::Forgotten) {
            let mut forgotten = Conversation::new(c.lang, Some(level));
            self.forget_what_cannot_matter(&mut forgotten, NOW);
            self.arrive(forgotten);
        }
    }

    fn arrive(&mut self, c: Conversation) {
        let key = key(&c, TRAIL_TOLD);
        if self.known.contains(&key) {
            return;
        }
        if self.states.len() >= self.how.states_max {
            self.seen.is_complete = false;
            return;
        }
        self.known.insert(key);
        self.states.push(c);
    }

    fn comes(&self, what: Seldom) -> bool {
        self.how.seldom.contains(&what)
    }

    /// Buttons that stand on messages long gone, and work all the same.
    fn anywhere(&self) -> Vec<Press> {
        let mut all = vec![Press::Person, Press::Stop, Press::Menu, Press::Screening];
        let spots = self.content.finder.spots();
        all.extend(spots.map(|spot| Press::Open(spot.opens.clone())));
        all
    }

    /// What leaves everything that is walked, and begins something else.
    fn begins_anew(&self, c: &Conversation) -> Vec<Happens> {
        let mut all = Vec::new();
        for command in &self.content.bot.commands {
            if !self.comes_between(&command.deed) {
                all.push(happens(c, command_of(&command.name, "")));
            }
        }
        for name in self.content.bot.links.keys() {
            all.push(happens(c, command_of("start", name)));
        }
        let anywhere = self.anywhere().into_iter();
        let anew = anywhere.filter(|one| *one != Press::Person);
        all.extend(anew.map(|one| happens(c, press(&one))));
        all
    }

    fn comes_between(&self, deed: &Deed) -> bool {
        match deed {
            Deed::Opens(dialog) => self.content.dialogs[dialog].stays_open == Level::EmergencyNow,
            Deed::MyData => true,
            Deed::Stop => false,
        }
    }

    /// Presses of what is asked, of cards, and of what comes in between.
    fn answered(&self, c: &Conversation) -> Vec<Happens> {
        let content = self.content;
        let mut all = vec![happens(c, press(&Press::Person))];
        for command in &content.bot.commands {
            if self.comes_between(&command.deed) {
                all.push(happens(c, command_of(&command.name, "")));
            }
        }
        if c.stop.is_some() {
            for (id, card) in &content.cards {
                for answer in &card.answers {
                    let answer = Press::Card(id.clone(), answer.id.clone());
                    all.push(happens(c, press(&answer)));
                }
            }
        }
        let Some(open) = &c.open else { return all };
        for (draft, act) in acts(content, c) {
            let data = Press::Question(open.token, act);
            all.push(happens(&ticked(c, draft), press(&data)));
        }
        all
    }

    /// Words, time, staff, new content; each where it can make a difference.
    fn others(&self, c: &Conversation) -> Vec<Happens> {
        let mut all = self.said(c);
        all.extend(self.timed(c));
        if let Some(stop) = &c.stop {
            all.push(happens(c, clears(&stop.flags, true)));
            if stop.flags.len() > 1 && self.comes(Seldom::ClearsSome) {
                for flag in &stop.flags {
                    all.push(happens(c, clears(std::slice::from_ref(flag), false)));
                }
            }
        }
        // Ticks that stand and are left: by themselves, or for something else.
        let Some(open) = c.open.as_ref().filter(|_| self.comes(Seldom::LeftTicks)) else {
            return all;
        };
        for (draft, act) in acts(self.content, c) {
            if !matches!(act, Act::Continue(_)) {
                continue;
            }
            let ticked = ticked(c, draft);
            all.push(happens(&ticked, What::Due(Due::Draft)));
            all.push(happens(&ticked, press(&Press::Person)));
            let not_sure = Press::Question(open.token, Act::NotSure(draft));
            all.push(happens(&ticked, press(&not_sure)));
        }
        all
    }

    /// Words: idle ones, and each flag surely and unsurely.
    fn said(&self, c: &Conversation) -> Vec<Happens> {
        let content = self.content;
        let words = || What::Text(PatientText::new("zzz".to_owned()));
        let mut all = vec![happens(c, words())];
        for flag in content.flags.keys() {
            let mut sure = happens(c, words());
            sure.input.heard = heard(flag, Sureness::Sure);
            all.push(sure);
            // What does not block, or is stated, is not asked about.
            let is_asked = content.rules.level_of(flag, Form::Sure).blocks();
            if is_asked && !c.flags.contains_key(flag) && self.comes(Seldom::UnsureWords) {
                let mut unsure = happens(c, words());
                unsure.input.heard = heard(flag, Sureness::Unsure);
                all.push(unsure);
            }
        }
        all
    }

    /// Time that goes by, timers, and new safety content.
    fn timed(&self, c: &Conversation) -> Vec<Happens> {
        let content = self.content;
        let mut all = Vec::new();
        let mut passed = vec![DAY];
        if !c.screens.is_empty() && self.comes(Seldom::NewContent) {
            let mut renewed = c.clone();
            renewed.safety = Some(Revision::new("before"));
            all.push(happens(&renewed, What::Unreadable));
        }
        if c.screens.len() > 1 && self.comes(Seldom::HalfADay) {
            passed.push(HALF_A_DAY);
        }
        let is_cleared = c.flags.values().any(|note| note.cleared_until.is_some());
        if is_cleared && self.comes(Seldom::ClearingEnds) {
            passed.push(CLEARED_IS_OVER);
        }
        for after in passed {
            let mut later = happens(c, What::Unreadable);
            later.after = after;
            all.push(later);
        }
        if c.level(content).blocks() && c.stop.is_none() {
            all.push(happens(c, What::Due(Due::Screening)));
        }
        let asking = c.open.as_ref().map(|open| &open.asking);
        if matches!(asking, Some(Asking::Item(_))) || !c.suspected.is_empty() {
            all.push(happens(c, What::Due(Due::Silence)));
        }
        // A step's own time-out is of its question, and of none that the engine asks.
        let step = c
            .stack
            .last()
            .and_then(|frame| content.step(&frame.dialog, &frame.step));
        if let Some(open) = &c.open
            && open.asking == Asking::Step
            && step.is_some_and(|step| step.after.is_some())
        {
            all.push(happens(c, What::Due(Due::Question(open.token))));
        }
        all
    }
}

impl Walker<'_> {
    /// Times become now, half a day ago or a day ago; questions are numbered anew.
    fn forget_what_cannot_matter(&self, c: &mut Conversation, now: Timestamp) {
        let rebased = |at: Timestamp| {
            let old = if now.seconds_since(at) < HALF_A_DAY {
                0
            } else {
                HALF_A_DAY
            };
            NOW.plus_seconds(-old)
        };
        c.touched = NOW;
        c.clearance = c.clearance.map(rebased);
        for at in c.screens.values_mut() {
            *at = rebased(*at);
        }
        for (flag, note) in &mut c.flags {
            // Only what neither blocks nor was cleared goes after a day.
            let stays = note.cleared_until.is_some()
                || self.content.rules.level_of(flag, note.form).blocks();
            let is_old = !stays && now.seconds_since(note.since) >= DAY;
            note.since = NOW.plus_seconds(if is_old { -DAY } else { 0 });
            // What staff cleared stays cleared.
            note.cleared_until = note.cleared_until.map(|_| NOW.plus_seconds(CLEARED));
        }
        c.last_token = Token(1);
        c.said.clear();
        c.safety = None;
        c.script = None;
        if let Some(open) = &mut c.open {
            open.token = Token(1);
            open.since = NOW;
            open.drafted = None;
            open.draft = 0;
            // What is read again matters to nobody's way.
            open.lead = RichText::default();
        }
    }
}

/// A state, as far as it is told apart: of the way back only its newest part.
fn key(c: &Conversation, trail_told: usize) -> String {
    const TRAIL: &str = "\"trail\":[";
    let mut told = c.clone();
    // No branch of a small content reads an answer, and the rest changes words, or
    // whether a second question comes again.
    told.asked.clear();
    told.slots.clear();
    told.former.clear();
    told.left.clear();
    told.reply_keyboard = false;
    (told.lang, told.lang_chosen) = (Lang::En, false);
    told.moves_introduced = false;
    for note in told.flags.values_mut() {
        note.typed = false;
    }
    let json = serde_json::to_string(&told).expect("a conversation is JSON");
    let Some(begin) = json.find(TRAIL).map(|at| at + TRAIL.len()) else {
        return json;
    };
    // Where each answered question begins, and where the list ends.
    let mut depth = 0_usize;
    let mut begins = Vec::new();
    let mut end = begin;
    for (at, letter) in json.bytes().enumerate().skip(begin) {
        match letter {
            b'{' | b'[' => {
                if depth == 0 {
                    begins.push(at);
                }
                depth += 1;
            }
            b']' if depth == 0 => {
                end = at;
                break;
            }
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    let first = begins.len().saturating_sub(trail_told);
    let mut told = json[..begin].to_owned();
    for (at, from) in begins.iter().enumerate().skip(first) {
        let to = begins.get(at + 1).copied().unwrap_or(end);
        let crumb = &json[*from..to];
        // What was answered before counts for nothing, only that it was.
        match crumb.find("\"undo\"") {
            Some(undo) => {
                told.push_str(&crumb[..undo]);
                if crumb.contains("\"was_cleared\":true") {
                    told.push_str("cleared");
                }
            }
            None => told.push_str(crumb),
        }
    }
    told.push_str(&json[end..]);
    told
}

fn happens(c: &Conversation, what: What) -> Happens {
    Happens {
        before: c.clone(),
        input: Input::new(what, Desk::Staffed),
        after: 0,
    }
}

/// A conversation without what it stands in.
fn left(c: &Conversation) -> Conversation {
    let mut left = c.clone();
    left.stack.clear();
    left.open = None;
    left
}

fn clears(flags: &[FlagId], lock: bool) -> What {
    let until = NOW.plus_seconds(CLEARED);
    What::Cleared {
        flags: flags.iter().map(|flag| (flag.clone(), until)).collect(),
        lock,
    }
}

pub fn press(press: &Press) -> What {
    What::Press(press.data())
}

pub fn command_of(name: &str, argument: &str) -> What {
    What::Command {
        name: name.to_owned(),
        argument: PatientText::new(argument.to_owned()),
    }
}

fn heard(flag: &FlagId, sureness: Sureness) -> Heard {
    Heard {
        hits: vec![Hit {
            flag: flag.clone(),
            spans: std::iter::once(0..1).collect(),
            sureness,
            why: Vec::new(),
        }],
        ..Heard::default()
    }
}

fn ticked(c: &Conversation, draft: u32) -> Conversation {
    let mut ticked = c.clone();
    if let Some(open) = &mut ticked.open {
        open.draft = draft;
    }
    ticked
}

pub fn says(turn: &Turn) -> impl Iterator<Item = &Message> {
    turn.effects.iter().filter_map(|effect| match effect {
        Effect::Say(message) => Some(message),
        _ => None,
    })
}

/// What stands in the buttons of a message.
pub fn buttons(message: &Message) -> impl Iterator<Item = &str> {
    let rows = match &message.keyboard {
        Keyboard::Inline(rows) => &rows[..],
        Keyboard::None | Keyboard::Phone { .. } | Keyboard::Remove => &[],
    };
    rows.iter().flatten().filter_map(|button| match button {
        Button::Press { data, .. } => Some(data.as_str()),
        Button::Link { .. } => None,
    })
}

/// Everything the open question can be answered with, and the ticks under it.
pub fn acts(content: &Content, c: &Conversation) -> Vec<(u32, Act)> {
    let plain =
        |acts: &[Act]| -> Vec<(u32, Act)> { acts.iter().map(|act| (0, act.clone())).collect() };
    let yes_no = || plain(&[Act::Yes, Act::No, Act::Unsure]);
    let ticks = |many: usize| (1..1_u32 << many).map(|bits| (bits, Act::Continue(bits)));
    let Some(open) = &c.open else {
        return Vec::new();
    };
    let mut acts = plain(&[Act::Back]);
    let step = match &open.asking {
        Asking::Item(_) => {
            acts.extend(yes_no());
            return acts;
        }
        Asking::Change => {
            acts.extend((0..6).map(|place| (0, Act::Change(place))));
            return acts;
        }
        Asking::Step => c
            .stack
            .last()
            .and_then(|frame| content.step(&frame.dialog, &frame.step)),
    };
    let Some(step) = step else { return acts };
    match &step.verb {
        Verb::Choice { options, .. }
        | Verb::Move {
            answers: options, ..
        } => {
            let options = options.iter();
            acts.extend(options.map(|option| (0, Act::Choose(option.id.clone()))));
        }
        Verb::YesNo { .. } => acts.extend(yes_no()),
        Verb::Many { options, .. } => {
            acts.push((0, Act::None(0)));
            acts.extend(ticks(options.len()));
        }
        Verb::Screen { screen, .. } => match content.screen(screen) {
            Some(screen) if screen.style == ScreenStyle::List => {
                acts.extend(plain(&[Act::None(0), Act::NotSure(0)]));
                acts.extend(ticks(screen.flags.len()));
            }
            _ => acts.extend(yes_no()),
        },
        Verb::Summary { .. } => acts.extend(plain(&[Act::LooksRight, Act::ChangeAnswer])),
        _ => {}
    }
    acts
}
