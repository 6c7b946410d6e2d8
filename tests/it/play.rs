//! Moves that are played: what no `.chat` file can show for every length.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use std::path::Path;
use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::prelude::*;
use psoas_bot::app::dialogs_dir;
use psoas_bot::content::{self, Content, Move, Verb, Work};
use psoas_bot::dialog::{
    Beat, Button, Conversation, Desk, Due, Effect, FlagNote, Frame, Input, Keyboard, Slot, Turn,
    Weight, What, is_dropped, take_turn,
};
use psoas_bot::ids::{ChoiceId, FlagId, Lang, MoveId, PatientText, PictureId, SlotId, Timestamp};
use psoas_bot::triage::Form;

const NOW: Timestamp = Timestamp(1_772_474_400);

fn clinic() -> &'static Content {
    static CLINIC: OnceLock<Content> = OnceLock::new();
    CLINIC.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
        let sources = dialogs_dir::read(&folder).unwrap();
        content::parse(&sources, "tuscany-spa").unwrap().content
    })
}

/// Somebody with clearance and few clues.
fn cleared(content: &Content) -> Conversation {
    let mut c = Conversation::new(Lang::En, None);
    for screen in &content.screens {
        c.screens.insert(screen.id.clone(), NOW);
    }
    c.clearance = Some(NOW);
    c.safety = Some(content.safety.clone());
    let none = Slot::Many(Default::default());
    c.slots.insert(SlotId::new("clues"), none);
    c
}

fn turn(content: &Content, c: Conversation, what: What, now: Timestamp) -> Turn {
    take_turn(content, c, &Input::new(what, Desk::Staffed), now)
}

/// What the newest button with this label sends.
fn data(turn: &Turn, label: &str) -> Option<String> {
    let messages = turn.effects.iter().filter_map(|effect| match effect {
        Effect::Say(message) | Effect::Edit { message, .. } => Some(message),
        _ => None,
    });
    let rows = messages.filter_map(|message| match &message.keyboard {
        Keyboard::Inline(rows) => Some(rows),
        _ => None,
    });
    rows.flatten()
        .flatten()
        .filter_map(|button| match button {
            Button::Press { label: one, data } if one == label => Some(data.clone()),
            _ => None,
        })
        .next_back()
}

fn press(content: &Content, before: Turn, label: &str, now: Timestamp) -> Turn {
    let data = data(&before, label).unwrap_or_else(|| panic!("no button {label}: {before:?}"));
    turn(content, before.conversation, What::Press(data), now)
}

/// Rest for so long, from the first second.
fn holding(content: &Content) -> Turn {
    let command = What::Command {
        name: "moves".to_owned(),
        argument: PatientText::default(),
    };
    let begun = turn(content, cleared(content), command, NOW);
    let chosen = press(content, begun, "About 5 minutes", NOW);
    let known = press(content, chosen, "I know this one", NOW);
    press(content, known, "I'm ready", NOW)
}

/// The moves of about twelve minutes.
fn played(content: &Content, at: u16) -> &Move {
    &content.moves.list[&MoveId::new(["X1", "X8a", "X8b", "X3", "X4"][usize::from(at)])]
}

/// The drawings of its steps: of those that come afterwards, or of the others.
fn drawings(exercise: &Move, afterwards: bool) -> Vec<PictureId> {
    let steps = exercise.steps.iter();
    let steps = steps.filter(|step| step.afterwards == afterwards);
    steps.filter_map(|step| step.picture.clone()).collect()
}

fn hold_due(turn: &Turn) -> Option<(Due, Timestamp)> {
    turn.effects.iter().rev().find_map(|effect| match effect {
        Effect::SetDue {
            due: due @ Due::Hold(_),
            at,
        } => Some((*due, *at)),
        _ => None,
    })
}

proptest! {
    /// A countdown changes at most every five seconds, may always be dropped, and
    /// its end is on the second and a new message.
    #[test]
    fn a_countdown_is_slow_and_ends_on_time(seconds in 1_u32..900) {
        let mut content = clinic().clone();
        let rest = content.moves.list.get_mut(&MoveId::new("X1")).unwrap();
        rest.pace.as_mut().unwrap().work = Work::Hold { seconds };
        let mut now = holding(&content);
        let mut before = NOW;
        while let Some((due, at)) = hold_due(&now) {
            let ends = NOW.plus_seconds(i64::from(seconds));
            prop_assert!(at.seconds_since(before) >= 5 || at == ends, "{at} after {before}");
            prop_assert!(at > before && at <= ends);
            now = turn(&content, now.conversation, What::Due(due), at);
            if at < ends {
                let is_tick = |effect: &Effect| match effect {
                    Effect::Edit { message, .. } => message.weight == Weight::Tick,
                    Effect::SetDue { .. } => true,
                    _ => false,
                };
                prop_assert!(now.effects.iter().all(is_tick), "{:?}", now.effects);
            }
            before = at;
        }
        prop_assert_eq!(before, NOW.plus_seconds(i64::from(seconds)));
        prop_assert!(now.effects.iter().any(|effect| matches!(effect, Effect::Say(_))));
    }

    /// A hold waits for whoever writes: no second is counted until Go on, one message
    /// counts, and no sooner than five seconds after it was last changed.
    #[test]
    fn a_hold_waits_for_whoever_writes(
        seconds in 30_u32..300,
        waits in vec(0_i64..40, 1..8),
        words in vec("hello|next\\?|what is psoas|asdf", 1..3),
    ) {
        let mut content = clinic().clone();
        let rest = content.moves.list.get_mut(&MoveId::new("X1")).unwrap();
        rest.pace.as_mut().unwrap().work = Work::Hold { seconds };
        let mut now = holding(&content);
        let (mut clock, mut changed, mut left) = (NOW, NOW, i64::from(seconds));
        for wait in waits {
            let until = clock.plus_seconds(wait.min(left - 1));
            while let Some((due, at)) = hold_due(&now).filter(|(_, at)| *at <= until) {
                prop_assert!(at.seconds_since(changed) >= 5);
                now = turn(&content, now.conversation, What::Due(due), at);
                changed = at;
            }
            left -= until.seconds_since(clock);
            clock = until.plus_seconds(600);
            for text in &words {
                let said = What::Text(PatientText::new(text.clone()));
                now = turn(&content, now.conversation, said, until);
                prop_assert!(hold_due(&now).is_none());
            }
            let stale = now.effects.iter().filter(|effect| matches!(effect, Effect::Edit { message, .. } if message.token.is_some()));
            prop_assert_eq!(stale.count(), 0);
            now = press(&content, now, "Go on", clock);
            changed = clock;
            prop_assert!(hold_due(&now).is_some());
            if left <= 1 {
                break;
            }
        }
        while let Some((due, at)) = hold_due(&now) {
            prop_assert!(at <= clock.plus_seconds(left));
            now = turn(&content, now.conversation, What::Due(due), at);
            changed = at;
        }
        prop_assert_eq!(changed, clock.plus_seconds(left));
    }

    /// However a patient presses through the moves, each drawing of its steps comes
    /// once, nobody works at a move before all of them have come, and what was shown
    /// last is what is done: the easier way, where that was asked for. How to get up
    /// comes once, when a side is over or was left.
    #[test]
    fn nobody_works_at_what_was_not_shown(presses in vec(0_usize..7, 1..60)) {
        let content = clinic();
        let mut c = cleared(content);
        let clues = ["c1", "c7"].map(ChoiceId::new).into_iter().collect();
        c.slots.insert(SlotId::new("clues"), Slot::Many(clues));
        let command = What::Command { name: "moves".to_owned(), argument: PatientText::default() };
        let begun = turn(content, c, command, NOW);
        let mut now = press(content, begun, "About 12 minutes", NOW);
        let (mut shown, mut at, mut is_new) = (Vec::new(), 0, true);
        for which in presses {
            let Some(play) = now.conversation.stack.last().and_then(|frame| frame.play) else { break };
            let mut came: Vec<_> = now.effects.iter().filter(|_| is_new).filter_map(|effect| match effect {
                Effect::Picture(id) => Some(id.clone()),
                _ => None,
            }).collect();
            if play.at != at {
                let ends = drawings(played(content, at), true);
                prop_assert!(came.starts_with(&ends), "{came:?}");
                came.drain(..ends.len());
                (shown, at) = (Vec::new(), play.at);
            }
            shown.append(&mut came);
            let exercise = played(content, at);
            let easier = exercise.easier.as_ref().and_then(|easier| easier.picture.clone());
            // It may be the drawing of a step too.
            let own = |all: &[PictureId]| -> Vec<_> {
                all.iter().filter(|one| Some(*one) != easier.as_ref()).cloned().collect()
            };
            let all = own(&drawings(exercise, false));
            prop_assert!(all.starts_with(&own(&shown)), "{shown:?}");
            if matches!(play.beat, Beat::Working(_) | Beat::Paused(_)) {
                prop_assert_eq!(own(&shown), all);
                if play.easier {
                    prop_assert_eq!(shown.last(), easier.as_ref());
                }
            }
            let label = ["Next step", "I know this one", "I'm ready", "Done", "Easier", "Pause", "Go on"][which];
            // The newest message alone has buttons that count.
            let pressed = data(&now, label);
            is_new = pressed.is_some();
            if let Some(data) = pressed {
                now = turn(content, now.conversation, What::Press(data), NOW);
            }
        }
    }

    /// Whatever flag comes up in the middle of a hold: if it blocks, nothing of a
    /// move is said any more, however often its timer fires and its buttons are
    /// pressed.
    #[test]
    fn nothing_is_played_behind_a_blocking_flag(which in 0_usize..200) {
        let content = clinic();
        let flags: Vec<&FlagId> = content.flags.keys().collect();
        let flag = flags[which % flags.len()].clone();
        let begun = holding(content);
        let (due, at) = hold_due(&begun).unwrap();
        let skip = data(&begun, "Skip").unwrap();
        let mut c = begun.conversation;
        let note = FlagNote { form: Form::Sure, since: NOW, cleared_until: None, typed: false };
        c.flags.insert(flag, note);
        if !c.level(content).blocks() {
            return Ok(());
        }
        for what in [What::Due(due), What::Press(skip), What::Due(due)] {
            let next = turn(content, c, what, at);
            for effect in &next.effects {
let plays = match effect {
                    Effect::Picture(_) => true,
                    Effect::SetDue { due, .. } => matches!(due, Due::Hold(_)),
                    _ => false,
                };
                prop_assert!(!plays, "{:?}", effect);
                if let Effect::Say(message) | Effect::Edit { message, .. } = effect {
                    let text = &message.text.text;
                    prop_assert!(!text.contains("Next:") && !text.contains("Now:"), "{text}");
                    let is_open_countdown = text.contains("Time left") && message.token.is_some();
                    prop_assert!(!is_open_countdown, "{text}");
                }
            }
            c = next.conversation;
        }
    }
}

/// A double tap on "next step" shows the same step, and a press on an older copy
/// of a hold's button begins nothing.
#[test]
fn presses_come_twice() {
    let content = clinic();
    let command = What::Command {
        name: "moves".to_owned(),
        argument: PatientText::default(),
    };
    let begun = turn(content, cleared(content), command, NOW);
    let chosen = press(content, begun, "About 5 minutes", NOW);
    let step = data(&chosen, "Next step").unwrap();
    let first = turn(content, chosen.conversation, What::Press(step.clone()), NOW);
    let second = turn(content, first.conversation.clone(), What::Press(step), NOW);
    assert_eq!(first.conversation.stack, second.conversation.stack);
    let known = press(content, first, "I know this one", NOW);
    let ready = data(&known, "I'm ready").unwrap();
    let held = turn(content, known.conversation, What::Press(ready.clone()), NOW);
    let again = turn(content, held.conversation.clone(), What::Press(ready), NOW);
    assert_eq!(held.conversation.stack, again.conversation.stack);
    assert!(again.toast.is_some());
    let (due, at) = hold_due(&held).unwrap();
    // A timer of a question that is no longer open changes nothing.
    let other = turn(
        content,
        held.conversation.clone(),
        What::Press("stop".to_owned()),
        at,
    );
    let late = turn(content, other.conversation, What::Due(due), at);
    assert_eq!(late.effects, []);
}

/// Every caution alone, every history that a doctor has said yes to, and all that
/// drop moves together.
fn answers(content: &Content) -> Vec<Vec<(FlagId, Form)>> {
    const DROPPING: [&str; 5] = [
        "persistent-pain",
        "hypermobility",
        "kneeling-balance-problem",
        "wrist-shoulder-problem",
        "numbing-meds",
    ];
    let alone = content
        .flags
        .keys()
        .flat_map(|id| [Form::Sure, Form::Settled].map(|form| vec![(id.clone(), form)]));
    let together = (0_u32..1 << DROPPING.len()).map(|ticked| {
        let these = DROPPING.iter().enumerate();
        these
            .filter(|(at, _)| ticked & 1 << at != 0)
            .map(|(_, id)| (FlagId::new(id), Form::Sure))
            .collect()
    });
    alone.chain(together).collect()
}

/// What is said to take about five or twelve minutes takes no longer, whatever
/// answers change, and the first message says how long it truly is: what is less than
/// half as long says why.
#[test]
fn routines_take_no_longer_than_they_say() {
    let content = clinic();
    let both = |answers: Vec<_>| [None, Some("pinches")].map(|hug| (answers.clone(), hug));
    for (cautions, hug) in answers(content).into_iter().flat_map(both) {
        for (clues, label, minutes) in [
            (vec!["c1", "c7"], "About 5 minutes", 5),
            (vec!["c1", "c7"], "About 12 minutes", 12),
            (vec![], "About 5 minutes", 5),
            (vec![], "About 12 minutes", 12),
        ] {
            let mut c = cleared(content);
            let hug = hug.map(|answer| (SlotId::new("k1"), Slot::One(ChoiceId::new(answer))));
            c.slots.extend(hug.clone());
            let clues = clues.into_iter().map(ChoiceId::new).collect();
            c.slots.insert(SlotId::new("clues"), Slot::Many(clues));
            for (flag, form) in cautions.clone() {
                let note = FlagNote {
                    form,
                    since: NOW,
                    cleared_until: None,
                    typed: false,
                };
                c.flags.insert(flag, note);
            }
            if c.level(content).blocks() {
                continue;
            }
            let command = What::Command {
                name: "moves".to_owned(),
                argument: PatientText::default(),
            };
            let begun = turn(content, c, command, NOW);
            // Whom rest alone is left is not asked for how long.
            let is_named = data(&begun, label).is_some();
            let chosen = match data(&begun, label) {
                Some(_) => press(content, begun, label, NOW),
                None => begun,
            };
            let about = format!("{label} with {cautions:?} {hug:?}");
            let said: String = chosen
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Say(message) => Some(message.text.text.as_str()),
                    _ => None,
                })
                .collect();
            let length = said
                .split("Moves: ")
                .nth(1)
                .unwrap_or_else(|| panic!("{about}: {said}"));
            let stated: u32 = length
                .split("about ")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            let Some(Frame { dialog, step, .. }) = chosen.conversation.stack.last() else {
                panic!("{about}")
            };
            let step = content.step(dialog, step).unwrap();
            let Verb::Play { moves, .. } = &step.verb else {
                panic!("{about}")
            };
            let kept = moves
                .iter()
                .filter(|id| !is_dropped(content, &chosen.conversation, id));
            let seconds: u32 = kept
                .map(|id| {
                    let pace = content.moves.list[id].pace.as_ref();
                    30 + pace.map_or(0, |pace| {
                        pace.sides
                            * pace.sets
                            * match pace.work {
                                Work::Hold { seconds } => seconds,
                                Work::Times(times) => times * 5,
                            }
                    })
                })
                .sum();
            assert_eq!(stated, seconds.div_ceil(60), "{about}");
            assert!(stated <= minutes + 2, "{about} takes {stated}");
            let is_short = is_named && seconds * 2 < minutes * 60;
            assert!(!is_short || step.say.is_some(), "{about} takes {seconds} s");
        }
    }
}
