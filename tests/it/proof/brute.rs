//! Brute force: every input at every state of small contents, through the engine
//! itself. The prover must come to the same verdict.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use psoas_bot::content::{Content, ScreenStyle, Verb};
use psoas_bot::dialog::{
    Act, Asking, Conversation, Desk, Due, Effect, Input, Press, Token, What, take_turn,
};
use psoas_bot::free_text::{Heard, Hit, Sureness};
use psoas_bot::ids::{Lang, PatientText, Timestamp};
use psoas_bot::proof::{Property, Prover};

use super::small::{Small, small};

const NOW: Timestamp = Timestamp(1_772_474_400);
const DAY: i64 = 25 * 3_600;

/// Contents whose verdicts are compared.
const CONTENTS: usize = 100;

/// More states than this and a content is not counted.
const STATES_MAX: usize = 450;

/// Only so many answered questions tell two states apart.
const TRAIL_TOLD: usize = 2;

/// What brute force saw: whether a move was refused before, and behind a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Refused {
    without_clearance: bool,
    behind_card: bool,
    /// Every state was looked at.
    is_complete: bool,
    states: usize,
}

/// One input.
enum Deed {
    Take(Input),
    /// A day passes, and something comes that cannot be read.
    Day,
}

fn brute(content: &Content) -> Refused {
    let mut refused = Refused {
        is_complete: true,
        ..Refused::default()
    };
    let begin = Conversation::new(Lang::En, None);
    let mut seen = HashSet::from([key(&begin)]);
    let mut queue = VecDeque::from([begin]);
    while let Some(c) = queue.pop_front() {
        for (drafted, deed) in deeds(content, &c) {
            let (input, now) = match deed {
                Deed::Take(input) => (input, NOW),
                Deed::Day => (
                    Input::new(What::Unreadable, Desk::Staffed),
                    NOW.plus_seconds(DAY),
                ),
            };
            let turn = take_turn(content, drafted, &input, now);
            let mut next = turn.conversation;
            if turn
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::GuardTripped { .. }))
            {
                if next.stop.is_some() {
                    refused.behind_card = true;
                } else {
                    refused.without_clearance = true;
                }
                if refused.behind_card && refused.without_clearance {
                    return refused;
                }
            }
            rebase(&mut next, now);
            if seen.len() < STATES_MAX {
                if seen.insert(key(&next)) {
                    queue.push_back(next);
                }
            } else if !seen.contains(&key(&next)) {
                refused.is_complete = false;
            }
        }
    }
    refused.states = seen.len();
    refused
}

/// Times become now, or a day ago; questions are numbered anew.
fn rebase(c: &mut Conversation, now: Timestamp) {
    let old = NOW.plus_seconds(-DAY);
    let rebased = |at: Timestamp| {
        if now.seconds_since(at) >= DAY {
            old
        } else {
            NOW
        }
    };
    c.touched = NOW;
    c.clearance = c.clearance.map(rebased);
    for at in c.screens.values_mut() {
        *at = rebased(*at);
    }
    for note in c.flags.values_mut() {
        note.since = rebased(note.since);
        // What staff cleared stays cleared.
        note.cleared_until = note.cleared_until.map(|_| NOW.plus_seconds(7 * 86_400));
    }
    c.last_token = Token(1);
    c.said.clear();
    if let Some(open) = &mut c.open {
        open.token = Token(1);
        open.since = NOW;
        open.drafted = None;
        open.draft = 0;
    }
}

/// A state, as far as it is told apart.
fn key(c: &Conversation) -> String {
    let mut value = serde_json::to_value(c).expect("a conversation is JSON");
    if let Some(trail) = value
        .get_mut("trail")
        .and_then(|trail| trail.as_array_mut())
    {
        let long = trail.len().saturating_sub(TRAIL_TOLD);
        trail.drain(..long);
        for crumb in trail {
            if let Some(crumb) = crumb.as_object_mut() {
                crumb.remove("undo");
            }
        }
    }
    // No branch of a small content reads an answer.
    for name in [
        "former",
        "left",
        "slots",
        "asked",
        "moves_introduced",
        "reply_keyboard",
        "safety",
        "script",
        "touched",
    ] {
        if let Some(object) = value.as_object_mut() {
            object.remove(name);
        }
    }
    if let Some(flags) = value
        .get_mut("flags")
        .and_then(|flags| flags.as_object_mut())
    {
        for note in flags.values_mut() {
            if let Some(note) = note.as_object_mut() {
                note.remove("typed");
                note.remove("since");
            }
        }
    }
    value.to_string()
}

fn deeds(content: &Content, c: &Conversation) -> Vec<(Conversation, Deed)> {
    let mut deeds = Vec::new();
    let mut add = |what: What| {
        deeds.push((c.clone(), Deed::Take(Input::new(what, Desk::Staffed))));
    };
    for command in &content.bot.commands {
        add(What::Command {
            name: command.name.clone(),
            argument: PatientText::default(),
        });
    }
    add(What::Press(Press::Person.data()));
    add(What::Press(Press::Menu.data()));
    if let Some(stop) = &c.stop {
        let until = NOW.plus_seconds(7 * 86_400);
        add(What::Cleared {
            flags: stop
                .flags
                .iter()
                .map(|flag| (flag.clone(), until))
                .collect(),
            lock: true,
        });
        for (id, card) in &content.cards {
            for answer in &card.answers {
                add(What::Press(
                    Press::Card(id.clone(), answer.id.clone()).data(),
                ));
            }
        }
    }
    let acts = acts(content, c);
    for act in acts {
        let (draft, act) = act;
        let mut drafted = c.clone();
        if let Some(open) = &mut drafted.open {
            open.draft = draft;
            let data = Press::Question(open.token, act).data();
            deeds.push((
                drafted,
                Deed::Take(Input::new(What::Press(data), Desk::Staffed)),
            ));
        }
    }
    if let Some(open) = &c.open {
        deeds.push((
            c.clone(),
            Deed::Take(Input::new(
                What::Due(Due::Question(open.token)),
                Desk::Staffed,
            )),
        ));
    }
    for flag in content.flags.keys() {
        // What is heard unsurely is asked about; one flag shows that.
        for sureness in [Sureness::Sure, Sureness::Unsure] {
            if sureness == Sureness::Unsure && flag.as_str() != "f1" {
                continue;
            }
            let hit = Hit {
                flag: flag.clone(),
                spans: std::iter::once(0..1).collect(),
                sureness,
                why: Vec::new(),
            };
            let heard = Heard {
                hits: vec![hit],
                ..Heard::default()
            };
            let input = Input {
                what: What::Text(PatientText::new("words".to_owned())),
                heard,
                desk: Desk::Staffed,
            };
            deeds.push((c.clone(), Deed::Take(input)));
        }
    }
    deeds.push((c.clone(), Deed::Day));
    deeds
}

/// Everything the open question can be answered with, and the ticks under it.
fn acts(content: &Content, c: &Conversation) -> Vec<(u32, Act)> {
    let Some(open) = &c.open else {
        return Vec::new();
    };
    let mut acts = vec![(0, Act::Back)];
    match &open.asking {
        Asking::Item(_) => acts.extend([(0, Act::Yes), (0, Act::No)]),
        Asking::Change => acts.extend((0..6).map(|place| (0, Act::Change(place)))),
        Asking::Step => {
            let Some(frame) = c.stack.last() else {
                return acts;
            };
            let Some(step) = content.step(&frame.dialog, &frame.step) else {
                return acts;
            };
            match &step.verb {
                Verb::Choice { options, .. }
                | Verb::Move {
                    answers: options, ..
                } => {
                    acts.extend(
                        options
                            .iter()
                            .map(|option| (0, Act::Choose(option.id.clone()))),
                    );
                }
                Verb::YesNo { .. } => acts.extend([(0, Act::Yes), (0, Act::No)]),
                Verb::Many { options, .. } => {
                    acts.push((0, Act::None(0)));
                    acts.extend(
                        (1..1_u32 << options.len()).map(|bits| (bits, Act::Continue(bits))),
                    );
                }
                Verb::Screen { screen, .. } => match content.screen(screen) {
                    Some(screen) if screen.style == ScreenStyle::List => {
                        acts.push((0, Act::None(0)));
                        acts.extend(
                            (1..1_u32 << screen.flags.len())
                                .map(|bits| (bits, Act::Continue(bits))),
                        );
                    }
                    _ => acts.extend([(0, Act::Yes), (0, Act::No)]),
                },
                Verb::Summary { .. } => acts.extend([(0, Act::LooksRight), (0, Act::ChangeAnswer)]),
                _ => {}
            }
        }
    }
    acts
}

/// What the prover says of one property: holds, broken and shown, or not shown.
fn verdict(content: &Content, property: Property) -> (bool, Option<String>, Option<String>) {
    let report = Prover::new(content, None).prove(property);
    let finding = report.findings.into_iter().next();
    match finding {
        None => (true, None, None),
        Some(finding) => (false, finding.chat, Some(finding.what)),
    }
}

/// What is wrong with one seed, or whether it counts and is safe.
fn compare(seed: u64) -> Result<Option<bool>, String> {
    let t0 = std::time::Instant::now();
    let Small { content, sources } = small(seed);
    let t1 = t0.elapsed();
    let seen = brute(&content);
    let t2 = t0.elapsed();
    let script = || {
        format!(
            "{}\n{}\n{}",
            sources.files["check.yaml"],
            sources.files["other.yaml"],
            sources.files["red-flags.yaml"]
        )
    };
    if let Some(folder) = std::env::var_os("SMALL_OUT") {
        let folder = std::path::PathBuf::from(folder).join(seed.to_string());
        std::fs::create_dir_all(folder.join("clinics")).expect("a folder");
        for (file, text) in &sources.files {
            std::fs::write(folder.join(file), text).expect("a file");
        }
    }
    let mut is_safe = true;
    for (property, refused) in [
        (Property::P1, seen.without_clearance),
        (Property::P2, seen.behind_card),
    ] {
        let (holds, chat, what) = verdict(&content, property);
        is_safe &= holds;
        if holds && refused {
            return Err(format!(
                "seed {seed}: {} is proved, and brute force breaks it\n{}",
                property.id(),
                script()
            ));
        }
        if !holds && chat.is_none() && seen.is_complete {
            return Err(format!(
                "seed {seed}: {} could not be shown ({what:?}); brute force: {seen:?}\n{}",
                property.id(),
                script()
            ));
        }
        if !holds && !refused && seen.is_complete {
            return Err(format!(
                "seed {seed}: {} is broken, and brute force finds nothing\n{}\n{}",
                property.id(),
                chat.unwrap_or_default(),
                script()
            ));
        }
    }
    if std::env::var_os("SMALL_TOLD").is_some() {
        println!(
            "{seed} parse {t1:?} brute {:?} prove {:?} {seen:?} {is_safe}",
            t2 - t1,
            t0.elapsed() - t2
        );
    }
    Ok(seen
        .is_complete
        .then_some(is_safe)
        .or((!is_safe).then_some(false)))
}

#[test]
fn brute_force_says_the_same() {
    let first: u64 = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    let wanted: usize = std::env::var("SMALL_CONTENTS")
        .ok()
        .and_then(|many| many.parse().ok())
        .unwrap_or(CONTENTS);
    let next = Mutex::new(first);
    let tally = Mutex::new((0_usize, 0_usize, 0_usize));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = {
                        let (safe, unsafe_ones, _) = *tally.lock().expect("nobody panicked");
                        if safe + unsafe_ones >= wanted
                            || wrong.lock().expect("nobody panicked").len() >= 3
                        {
                            return;
                        }
                        let mut next = next.lock().expect("nobody panicked");
                        *next += 1;
                        *next
                    };
                    let mut tally = match compare(seed) {
                        Ok(said) => (tally.lock().expect("nobody panicked"), said),
                        Err(said) => {
                            wrong.lock().expect("nobody panicked").push(said);
                            continue;
                        }
                    };
                    match tally.1 {
                        Some(true) => tally.0.0 += 1,
                        Some(false) => tally.0.1 += 1,
                        None => tally.0.2 += 1,
                    }
                }
            });
        }
    });
    let (safe, broken, large) = tally.into_inner().expect("nobody panicked");
    println!("{safe} safe, {broken} unsafe, {large} too large to compare");
    let wrong = wrong.into_inner().expect("nobody panicked");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
    assert!(
        safe * 5 >= wanted && broken * 5 >= wanted,
        "{safe} safe and {broken} unsafe contents: one kind is rare"
    );
}
