//! An author's questions: `why`, `reach` and `paths`, as the program answers them.

use std::process::{Command, Output};
use std::sync::Arc;

use psoas_bot::app::library::Library;
use psoas_bot::chat_test::{self, Options};
use psoas_bot::content;

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

/// What is printed is a chat, and with this line added it still plays.
#[track_caller]
fn assert_plays_with(chat: &str, line: &str) {
    let chat = format!("{chat}{line}\n");
    let Ok(parsed) = content::parse(real_sources(), CLINIC) else {
        panic!("the content parses")
    };
    let library = Arc::new(Library::new(parsed.content, real_sources().clone(), CLINIC));
    let script = chat_test::parse(&chat).expect("it is a chat");
    if let Err(failure) = chat_test::play(&script, &library, Options::default()) {
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

#[test]
fn ways_are_counted() {
    let (code, said) = ask(&["paths", "--to", "self-check/who", "--count"]);
    // Consent is there already, or is asked first.
    assert_eq!((code, said.trim()), (Some(0), "2"), "{said}");
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
