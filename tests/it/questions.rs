//! An author's questions: `why`, `reach` and `paths`, as the program answers them.

use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use psoas_bot::app::library::Library;
use psoas_bot::chat_test::{self, Options};
use psoas_bot::content::{self, Atom, Change, Content};
use psoas_bot::ids::{FlagId, Lang, MoveId};
use psoas_bot::proof::{Answered, why};
use psoas_bot::triage::Form;

use super::content::{CLINIC, real_sources};

#[track_caller]
fn ask(arguments: &[&str]) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_psoas-bot"))
        .args(arguments)
        .args(["--clinic", CLINIC])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8_lossy(&said).into_owned())
}

fn real() -> Content {
    let Ok(parsed) = content::parse(real_sources(), CLINIC) else {
        panic!("the content parses")
    };
    parsed.content
}

/// What is printed is a chat, and with this line added it still plays.
#[track_caller]
fn assert_plays_with(chat: &str, line: &str) {
    let chat = format!("{chat}{line}\n");
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    let library =
        LIBRARY.get_or_init(|| Arc::new(Library::new(real(), real_sources().clone(), CLINIC)));
    let script = chat_test::parse(&chat).expect("it is a chat");
    if let Err(failure) = chat_test::play(&script, library, Options::default()) {
        panic!("line {}: {}\n{chat}", failure.line, failure.message)
    }
}

#[test]
fn the_chat_to_a_step_plays_up_to_it() {
    let (code, chat) = ask(&["reach", "where"]);
    assert_eq!(code, Some(0), "{chat}");
    assert_plays_with(&chat, "bot: Where do you feel it most?");
}

#[test]
fn a_caution_and_a_history_are_told_apart() {
    let (code, chat) = ask(&["why", "x3", "--flag", "diabetes"]);
    assert_eq!(code, Some(0), "{chat}");
    assert_plays_with(&chat, "bot: Single knee hug");
    let (code, said) = ask(&["why", "X3", "--flag", "osteoporosis"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is a history"), "{said}");
}

/// Flags of the shipped content, one each that keeps, changes and drops the move, where
/// there is one. What blocks until staff clear it is no caution.
fn cautions(content: &Content, exercise: &MoveId) -> [Option<FlagId>; 3] {
    let changes = &content.moves.list[exercise].changes;
    let change_of = |flag: &FlagId| {
        let fact = Atom::Flag(flag.clone());
        let found = changes.iter().find(|(known, _)| *known == fact);
        found.map(|(_, change)| change)
    };
    let flags = content.flags.iter().filter(|(id, flag)| {
        flag.history.is_none() && !content.rules.level_of(id, Form::Sure).blocks()
    });
    let first = |wanted: fn(Option<&Change>) -> bool| {
        let found = flags.clone().find(|(flag, _)| wanted(change_of(flag)));
        found.map(|(flag, _)| flag.clone())
    };
    [
        first(|change| change.is_none()),
        first(|change| matches!(change, Some(Change::Adapt(_)))),
        first(|change| matches!(change, Some(Change::Drop))),
    ]
}

#[test]
fn every_move_is_answered_for_a_flag_that_keeps_changes_or_drops_it() {
    let content = real();
    let mut asked = 0;
    for (id, exercise) in &content.moves.list {
        let name = exercise.name.render(Lang::En, &content).text;
        let changed = content.words.move_changed.render(Lang::En, &content).text;
        let [keeps, changes, drops] = cautions(&content, id);
        for (flag, line) in [(keeps, name), (changes, changed)] {
            let Some(flag) = flag else { continue };
            match why(&content, id, Some(&flag)) {
                Answered::Chat(chat) => assert_plays_with(&chat, &format!("bot: {line}")),
                other => panic!("{id} with {flag}: {other:?}"),
            }
            asked += 1;
        }
        let Some(flag) = drops else { continue };
        match why(&content, id, Some(&flag)) {
            Answered::No(reasons) => assert!(reasons[0].contains("drop"), "{reasons:?}"),
            other => panic!("{id} with {flag}: {other:?}"),
        }
        asked += 1;
    }
    assert!(asked >= 2 * content.moves.list.len(), "{asked}");
}

#[test]
fn ways_are_counted() {
    let (code, said) = ask(&["paths", "--to", "self-check/who", "--count"]);
    // Consent is there already, or is asked first.
    assert_eq!((code, said.trim()), (Some(0), "2"), "{said}");
    // Behind the moves ways lead round, and there are too many to go each.
    for step in ["x2", "x6", "closing"] {
        let (code, said) = ask(&["paths", "--to", &format!("self-check/{step}"), "--count"]);
        let many = said.trim().strip_prefix("at least ").unwrap_or_default();
        assert_eq!(code, Some(0), "{said}");
        assert!(
            many.parse::<u128>().is_ok_and(|many| many > 1_000),
            "{said}"
        );
    }
}

#[test]
fn an_unknown_name_is_met_with_the_nearest() {
    for (arguments, hint) in [
        (["reach", "wher"], "Did you mean `self-check/where`?"),
        (
            ["reach", "self-check/wher"],
            "Did you mean `self-check/where`?",
        ),
        (["reach", "done"], "self-check/done"),
        (["why", "X99"], "Single knee hug"),
    ] {
        let (code, said) = ask(&arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(hint), "{said}");
    }
    let (_, said) = ask(&["why", "X3", "--flag", "diabetis"]);
    assert!(said.contains("Did you mean `diabetes`?"), "{said}");
}
