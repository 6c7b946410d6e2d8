//! Beyond its budget, and where nothing plays, the prover says so and fails.

use psoas_bot::content::{self, Condition, Content, Sources};
use psoas_bot::dialog::{Conversation, Stop, holds};
use psoas_bot::ids::Lang;
use psoas_bot::proof::{Finding, Property, Prover, Table};
use psoas_bot::triage::Level;

use super::small::small;
use super::walked::{How, walk};
use crate::content::CLINIC;

/// A small content with another dialog `check`: these steps come first, and the
/// screens before the move are left out where `mv` is reached from them.
fn with_check(steps: &str) -> Content {
    let check = format!(
        "dialog: check\nkind: talks\nstays_open: caution\nstart: first\nsource: [own]\nsteps:\n{steps}  \
         mv: {{ move: X1, answers: [{{ id: on, label: {{ en: \"On\", es: \"Ya\" }}, next: done }}], next: done }}\n  \
         done: {{ end: true }}\n"
    );
    let other = "dialog: other\nkind: talks\nstart: a\nsource: [own]\nsteps:\n  a: { say: { en: \"Read.\", es: \"Lea.\" }, end: true }\n";
    with_files(&[("check.yaml", &check), ("other.yaml", other)])
}

/// A small content with these files.
fn with_files(files: &[(&str, &str)]) -> Content {
    let mut sources = small(1).sources;
    for (name, text) in files {
        sources.files.insert((*name).to_owned(), (*text).to_owned());
    }
    parsed(&sources)
}

fn parsed(sources: &Sources) -> Content {
    match content::parse(sources, CLINIC) {
        Ok(parsed) => parsed.content,
        Err(found) => panic!(
            "{:?}",
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        ),
    }
}

/// Where nobody would read a phone number, its dialog is over without an answer.
#[test]
fn what_is_called_may_ask_nothing_where_nobody_reads_a_number() {
    let asked = |next: &str| {
        let mut sources = small(1).sources;
        let screens = small(1).content.screens.len();
        let screens: String = (0..screens)
            .map(|at| format!("  q{at}: {{ screen: s{at}, next: q{} }}\n", at + 1))
            .chain([format!("  q{screens}: {{ end: true }}\n")])
            .collect();
        let mut put = |file: &str, text: String| sources.files.insert(file.to_owned(), text);
        put(
            "other.yaml",
            format!(
                "dialog: other\nkind: talks\nstart: number\nsource: [own]\nsteps:\n  \
                 number: {{ say: {{ en: \"Number?\", es: \"¿Número?\" }}, text: {{ slot: number, kind: phone, next: told }} }}\n  \
                 told: {{ request_call: number, next: q0 }}\n{screens}"
            ),
        );
        put(
            "check.yaml",
            format!(
                "dialog: check\nkind: talks\nstays_open: caution\nstart: first\nsource: [own]\nsteps:\n  \
                 first: {{ call: other, next: {next} }}\n  \
                 gate: {{ branch: [{{ if: {{ cleared: true }}, go: mv }}, {{ go: done }}] }}\n  \
                 mv: {{ move: X1, answers: [{{ id: on, label: {{ en: \"On\", es: \"Ya\" }}, next: done }}], next: done }}\n  \
                 done: {{ end: true }}\n"
            ),
        );
        parsed(&sources)
    };
    let holds = |next| Prover::new(&asked(next), None).prove(Property::P1).holds();
    assert!(holds("gate"));
    assert!(!holds("mv"));
}

#[track_caller]
fn only_finding(content: &Content) -> Finding {
    let report = Prover::new(content, None).prove(Property::P1);
    assert!(!report.holds());
    let [finding] = &report.findings[..] else {
        panic!("{} findings", report.findings.len());
    };
    finding.clone()
}

#[test]
fn a_list_too_long_to_try_every_tick_fails() {
    let options: Vec<String> = (0..12)
        .map(|at| format!("{{ id: o{at}, label: {{ en: \"O{at}\", es: \"O{at}\" }} }}"))
        .collect();
    let atoms: Vec<String> = (0..12).map(|at| format!("ticks.o{at}")).collect();
    // Nobody can tick seven of them and not seven of them; to know it, every set
    // of ticks is to be tried.
    let seven = format!("{{ count: {{ of: [{}], from: 7 }} }}", atoms.join(", "));
    let content = with_check(&format!(
        "  first: {{ say: {{ en: \"Which?\", es: \"¿Cuál?\" }}, many: {{ slot: ticks, options: [{}], next: gate }} }}\n  \
         gate: {{ branch: [{{ if: {{ all: [{seven}, {{ not: {seven} }}] }}, go: mv }}, {{ go: done }}] }}\n",
        options.join(", ")
    ));
    let finding = only_finding(&content);
    assert!(finding.what.contains("too large"), "{}", finding.what);
    assert_eq!(finding.chat, None);
}

#[test]
fn a_way_that_does_not_play_fails() {
    // The walk does not tell a caution from none, so it sees a way that nobody goes.
    let content = with_check(
        "  first: { branch: [{ if: { all: [{ level_at_least: caution }, { not: { level_at_least: caution } }] }, go: mv }, { go: done }] }\n",
    );
    let finding = only_finding(&content);
    assert!(
        finding.what.contains("no chat that shows it"),
        "{}",
        finding.what
    );
    assert_eq!(finding.chat, None);
}

/// The walk takes it that a card in force is never below its level.
#[test]
fn a_branch_on_the_level_sees_the_card_in_force() {
    let content = small(1).content;
    let mut c = Conversation::new(Lang::En, None);
    let blocks = Condition::LevelAtLeast(Level::SeeProfessional);
    assert!(!holds(&content, &c, &blocks));
    // Nothing that was stated blocks any more: a history was let go of.
    c.stop = Some(Stop {
        level: Level::SeeProfessional,
        cards: vec![None],
        flags: Vec::new(),
    });
    assert!(holds(&content, &c, &blocks));
    assert!(!holds(
        &content,
        &c,
        &Condition::LevelAtLeast(Level::UrgentToday)
    ));
}

/// Steps in a row that ask nobody, and lead round in no circle.
fn in_a_row(many: usize) -> Content {
    let steps: Vec<String> = (0..many)
        .map(|at| {
            let next = if at + 1 < many {
                format!("p{}", at + 1)
            } else {
                "done".to_owned()
            };
            format!("  p{at}: {{ say: {{ en: \"P\", es: \"P\" }}, next: {next} }}\n")
        })
        .collect();
    with_check(&format!(
        "  first: {{ branch: [{{ if: {{ cleared: true }}, go: mv }}, {{ go: p0 }}] }}\n{}",
        steps.concat()
    ))
}

#[test]
fn steps_that_run_too_long_are_found_and_others_are_not() {
    for (many, holds) in [(10, true), (60, true), (120, false)] {
        let report = Prover::new(&in_a_row(many), None).prove(Property::P5);
        assert_eq!(report.holds(), holds, "{many} steps in a row");
        assert!(report.findings.iter().all(|finding| finding.chat.is_some()));
    }
}

#[test]
fn a_circle_is_found() {
    let content = with_check(
        "  first: { summary: { next: again } }\n  again: { branch: [{ if: { has: f0 }, go: again }, { go: done }] }\n",
    );
    let report = Prover::new(&content, None).prove(Property::P5);
    assert!(!report.holds());
    assert!(report.findings.iter().all(|finding| finding.chat.is_some()));
}

/// Branches that lead round to themselves: looking for a person there comes to an
/// end, and finds nobody.
#[test]
fn branches_that_lead_round_reach_nobody() {
    let person = "dialog: person\nkind: talks\nstays_open: emergency-now\nstart: a\nsource: [own]\nsteps:\n  \
         a: { branch: [{ if: { has: f0 }, go: b }, { go: c }] }\n  \
         b: { branch: [{ if: { has: f1 }, go: a }, { go: a }] }\n  \
         c: { say: { en: \"Call {phone}.\", es: \"Llame al {phone}.\" }, end: true }\n";
    let content = with_files(&[("person.yaml", person)]);
    let reports = [Property::P4, Property::P5].map(|one| Prover::new(&content, None).prove(one));
    for report in reports {
        assert!(!report.holds(), "{}", report.property.id());
    }
}

/// Whoever comes back to a branch comes with the same signs: the way to the move
/// through it is no way for them, and the one sign more opens it.
#[test]
fn a_branch_that_leads_back_to_itself_opens_nothing() {
    let content = with_check(
        "  first: { screen: s0, next: gate }\n  gate: { branch: [{ if: { not: { has: f0 } }, go: first }, { go: mv }] }\n",
    );
    assert!(!Prover::new(&content, None).prove(Property::P3).holds());
}

/// A branch keeps the move from whoever has stated f0; but f0 can be said at the move,
/// and then the move is said again.
#[test]
fn a_move_that_is_said_again_is_shown() {
    let check = "dialog: check\nkind: talks\nstays_open: caution\nstart: first\nsource: [own]\nsteps:\n  \
         first: { screen: s0, next: gate }\n  \
         gate: { branch: [{ if: { has: f0 }, go: done }, { go: mv }] }\n  \
         mv: { move: X1, answers: [{ id: on, label: { en: \"On\", es: \"Ya\" }, next: done }], next: done }\n  \
         done: { end: true }\n";
    let moves = small(1).sources.files["moves.yaml"].replace("f0: drop", "f1: drop");
    let content = with_files(&[("check.yaml", check), ("moves.yaml", &moves)]);
    let table = Table::parse("move\tf0\tX1\tdrop\n").expect("it is a row");
    let report = Prover::new(&content, Some(&table)).prove(Property::P6);
    let [finding] = &report.findings[..] else {
        panic!("{} findings", report.findings.len());
    };
    assert!(finding.chat.is_some(), "{}", finding.what);
}

/// A caution f0, a sign f1 that blocks, these rules and screens.
fn signs(rules: &str, screens: &str) -> String {
    let flag = |id: &str, level: &str| {
        let words = format!("{{ en: {id}, es: {id} }}");
        format!(
            "  {id}: {{ level: {level}, question: {words}, button: {words}, words: {words}, source: [GK] }}\n"
        )
    };
    format!(
        "source: [GK]\nhistory_question: {{ en: OK, es: OK }}\ncleared_days: {{ history: 90, other: 7 }}\nflags:\n{}{}\
         rules: {rules}\nscreens: {screens}\n",
        flag("f0", "caution"),
        flag("f1", "see-professional"),
    )
}

/// A dialog of these steps, which can end at `done`.
fn dialog(name: &str, stays_open: &str, steps: &[&str]) -> String {
    let steps: Vec<String> = steps.iter().map(|step| format!("  {step}\n")).collect();
    let (first, _) = steps[0].trim().split_once(':').expect("a step has a name");
    format!(
        "dialog: {name}\nkind: talks\nstays_open: {stays_open}\nstart: {first}\nsource: [own]\nsteps:\n{}  done: {{ end: true }}\n",
        steps.concat()
    )
}

const MOVE: &str =
    "mv: { move: X1, answers: [{ id: on, label: { en: On, es: Ya }, next: done }], next: done }";

/// A move after which it can hurt: then it leads here, and states f0.
fn move_that_hurts(leads_to: &str) -> String {
    format!(
        "mv: {{ move: X1, answers: [{{ id: on, label: {{ en: Fine, es: Bien }}, next: done }}, \
         {{ id: hurt, label: {{ en: It hurts, es: Me duele }}, next: {leads_to}, raise: [f0] }}], next: done }}"
    )
}

fn yes_no(step: &str, yes: &str, no: &str) -> String {
    format!(
        "{step}: {{ say: {{ en: {step}, es: {step} }}, yes_no: {{ slot: {step}, yes: {{ {yes} }}, no: {{ {no} }} }} }}"
    )
}

const READ: &str = "a: { say: { en: Read, es: Lea }, next: done }";

/// A card's sign alone takes the move away, and the menu, which stays open behind that
/// card, leads there.
fn open_behind_a_card(other: &str) -> Content {
    let screens = "[{ id: s0, style: question, flags: [f1] }]";
    let moves = small(1).sources.files["moves.yaml"].replace("f0: drop", "f1: drop");
    let menu = ["a: { call: check, next: done }"];
    let check = ["first: { screen: s0, next: mv }", MOVE];
    with_files(&[
        ("red-flags.yaml", &signs("[]", screens)),
        ("moves.yaml", &moves),
        ("main.yaml", &dialog("main", "see-professional", &menu)),
        ("check.yaml", &dialog("check", "caution", &check)),
        ("other.yaml", &dialog("other", "emergency-now", &[other])),
    ])
}

#[track_caller]
fn the_chat_that_breaks(property: Property, content: &Content) -> Option<String> {
    let report = Prover::new(content, None).prove(property);
    let [finding] = &report.findings[..] else {
        panic!("{} findings", report.findings.len());
    };
    finding.chat.clone()
}

/// /delete leaves a lock without the sign behind it: what that sign took away is there
/// again.
#[test]
fn a_lock_without_a_sign_takes_no_move_away() {
    let content = open_behind_a_card(
        "a: { say: { en: Erase, es: Borrar }, choice: { slot: what, options: [{ id: all, label: { en: Erase all, es: Borrar todo }, erase: true, next: done }] } }",
    );
    let chat = the_chat_that_breaks(Property::P2, &content).expect("a chat shows it");
    assert!(chat.contains("patient: [Erase all]"), "{chat}");
}

/// The same lock is left where what was kept for so long goes, and no chat says that.
#[test]
fn a_lock_is_left_without_delete_too() {
    let content = open_behind_a_card(READ);
    assert_eq!(the_chat_that_breaks(Property::P2, &content), None);
}

/// Steps that run round in a circle end at a person, and the screens that were answered
/// on the way there stay answered.
#[test]
fn what_was_answered_before_a_circle_counts_behind_it() {
    let screens = "[{ id: s0, style: list, title: { en: Any, es: Algo }, flags: [f0, f1] }]";
    let moves = small(1).sources.files["moves.yaml"].replace("f1: drop", "f0: drop");
    let check = [
        &yes_no("first", "next: mv", "next: screen"),
        "screen: { screen: s0, next: gate }",
        "gate: { branch: [{ if: { has: f1 }, go: gate }, { go: done }] }",
        MOVE,
    ];
    let content = with_files(&[
        ("red-flags.yaml", &signs("[]", screens)),
        ("moves.yaml", &moves),
        ("check.yaml", &dialog("check", "caution", &check)),
        ("other.yaml", &dialog("other", "caution", &[READ])),
    ]);
    let chat = shown_with("f1", &content).expect("a chat shows it");
    assert!(chat.contains("patient: [No]"), "{chat}");
}

/// So do those before a move that the engine refuses.
#[test]
fn what_was_answered_before_a_refused_move_counts_behind_it() {
    let screens =
        "[{ id: s0, style: question, flags: [f0] }, { id: s1, style: question, flags: [f1] }]";
    let moves = small(1).sources.files["moves.yaml"].replace("f0: drop", "f1: drop");
    let check = ["first: { screen: s0, next: mv }", MOVE];
    let other = ["first: { screen: s1, next: mv }", MOVE];
    let content = with_files(&[
        ("red-flags.yaml", &signs("[]", screens)),
        ("moves.yaml", &moves),
        ("check.yaml", &dialog("check", "caution", &check)),
        ("other.yaml", &dialog("other", "caution", &other)),
    ]);
    let chat = shown_with("f0", &content).expect("a chat shows it");
    assert!(chat.contains("patient: /other"), "{chat}");
}

/// The chat in which X1 is shown to somebody who has stated this flag.
#[track_caller]
fn shown_with(flag: &str, content: &Content) -> Option<String> {
    let table = Table::parse(&format!("move\t{flag}\tX1\tdrop\n")).expect("it is a row");
    let report = Prover::new(content, Some(&table)).prove(Property::P6);
    let [finding] = &report.findings[..] else {
        panic!("{} findings", report.findings.len());
    };
    finding.chat.clone()
}

/// A rule fires behind a card that leaves the menu open, and behind Back, pressed once
/// or more often.
#[test]
fn a_rule_fires_behind_a_card_and_behind_back() {
    let screens = "[{ id: s0, style: question, flags: [f1] }]";
    let fires = |level: &str, menu: &str, check: &[&str]| {
        let rules = format!("[{{ id: R1, all: [f0, f1], level: {level}, source: [GK] }}]");
        let menu = dialog("main", menu, &["a: { call: check, next: done }"]);
        let content = with_files(&[
            ("red-flags.yaml", &signs(&rules, screens)),
            ("main.yaml", &menu),
            ("check.yaml", &dialog("check", "caution", check)),
            ("other.yaml", &dialog("other", "caution", &[READ])),
        ]);
        Prover::new(&content, None).prove(Property::P8).holds()
    };
    let screen = "first: { screen: s0, next: q }";
    let once = [
        screen,
        &yes_no("q", "next: done, raise: [f0]", "next: done"),
    ];
    assert!(fires("see-professional", "see-professional", &once));
    assert!(!fires("see-professional", "caution", &once));
    let back = [
        screen,
        &yes_no("q", "next: mv", "next: done"),
        &move_that_hurts("q"),
    ];
    assert!(fires("urgent-today", "caution", &back));
}

/// An answer that everybody gives who comes to a move states a sign: whoever has ticked
/// it before is shown nothing that the others are not.
#[test]
fn a_tick_that_an_answer_states_too_opens_nothing() {
    let broken_by_walking = |check: &[&str]| {
        let screens = "[{ id: s0, style: list, title: { en: Any, es: Algo }, flags: [f0, f1] }]";
        let moves = small(1).sources.files["moves.yaml"].replace("f0: drop", "f1: drop");
        let content = with_files(&[
            ("red-flags.yaml", &signs("[]", screens)),
            ("moves.yaml", &moves),
            ("check.yaml", &dialog("check", "caution", check)),
            ("other.yaml", &dialog("other", "caution", &[READ])),
        ]);
        let how = How {
            states_max: 5_000,
            seldom: Vec::new(),
            is_thorough: false,
        };
        let walked = walk(&content, &how);
        assert!(walked.is_complete);
        let is_broken = walked.broken.contains(&Property::P3);
        let report = Prover::new(&content, None).prove(Property::P3);
        assert_eq!(report.holds(), !is_broken);
        is_broken
    };
    let screen = "first: { screen: s0, next: q }";
    let states = yes_no("q", "next: done, raise: [f1]", "next: mv, raise: [f0]");
    assert!(!broken_by_walking(&[screen, &states, MOVE]));
    let opens = "q: { branch: [{ if: { has: f0 }, go: mv }, { go: done }] }";
    assert!(broken_by_walking(&[screen, opens, MOVE]));
}

/// Where a walk is left, what an earlier one kept counts again, beside what the dialogs
/// that it called have asked meanwhile.
#[test]
fn what_was_kept_comes_back_beside_what_is_new() {
    let other = [
        "first: { call: extra, next: gate }",
        "gate: { branch: [{ if: { has: new.yes }, go: done }, { go: well }] }",
        &yes_no("well", "next: keep", "next: done"),
        &yes_no("keep", "next: done", "next: done"),
    ];
    let other = dialog("other", "caution", &other)
        .replace("start: first", "kept_until: keep.yes\nstart: first");
    let holds = |both: &str| {
        let gate =
            format!("first: {{ branch: [{{ if: {{ all: [{both}] }}, go: mv }}, {{ go: done }}] }}");
        let extra = yes_no("new", "next: done", "next: done");
        let content = with_files(&[
            ("other.yaml", &other),
            ("extra.yaml", &dialog("extra", "caution", &[&extra])),
            ("check.yaml", &dialog("check", "caution", &[&gate, MOVE])),
        ]);
        Prover::new(&content, None).prove(Property::P1).holds()
    };
    assert!(!holds("{ has: well.yes }, { has: new.yes }"));
    assert!(holds("{ has: new.yes }, { has: new.no }"));
}
