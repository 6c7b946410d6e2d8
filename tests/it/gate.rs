//! The gate: an unsafe content fails `check` and starts nothing, and what was
//! proved once is not proved again.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use psoas_bot::app::gate;
use psoas_bot::app::library::Library;
use psoas_bot::app::verdicts::{Verdict, Verdicts};
use psoas_bot::chat_test::{self, Options};
use psoas_bot::content::{self, Content, Sources};
use psoas_bot::proof::{PROVER_VERSION, Property, Prover, keeps_all};

use super::content::{CLINIC, real_content, real_sources};
use super::proof::patch::Patch;
use super::proof::small::{Small, small};

/// The shipped content with one edit: a screen is left out on the way.
fn edited_sources() -> Sources {
    Patch::parse(include_str!("../mutants/02-screen-left-out.patch"))
        .apply(real_sources())
        .expect("the patch applies")
}

/// A small content in which a move is reached without a screen, and a chat shows
/// it. A small one is refused within a moment, also in a debug build.
fn unsafe_sources() -> Sources {
    /// Every other or third one is unsafe.
    const SEEDS: std::ops::Range<u64> = 0..100;
    let is_unsafe = |one: &Small| {
        let report = Prover::new(&one.content, None).prove(Property::P1);
        report
            .findings
            .first()
            .is_some_and(|finding| finding.chat.is_some())
    };
    let found = SEEDS.map(small).find(is_unsafe);
    found.expect("some seed gives an unsafe content").sources
}

#[track_caller]
fn parsed(sources: &Sources) -> Content {
    match content::parse(sources, CLINIC) {
        Ok(parsed) => parsed.content,
        Err(found) => panic!("{found:#?}"),
    }
}

fn write(sources: &Sources, folder: &Path) {
    for (path, text) in &sources.files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("it has a folder")).expect("a folder is made");
        fs::write(file, text).expect("a file is written");
    }
}

/// The program in a folder of its own, with nothing of ours in its environment.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psoas-bot"));
    command
        .args(arguments)
        .env_clear()
        .env("DATA_DIR", folder.join("data"))
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The file is there, and plays up to its last line.
#[track_caller]
fn assert_plays_to_its_last_line(file: &Path, sources: Sources) {
    let chat = fs::read_to_string(file).expect("the chat is written");
    let content = parsed(&sources);
    let library = Arc::new(Library::new(content, sources, CLINIC));
    let script = chat_test::parse(&chat).expect("it is a chat");
    match chat_test::play(&script, &library, Options::default()) {
        Ok(_) => panic!("nothing goes wrong in it:\n{chat}"),
        Err(failure) => assert_eq!(failure.line, chat.lines().count(), "{}", failure.message),
    }
}

#[test]
fn an_unsafe_content_fails_check_and_starts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let sources = unsafe_sources();
    write(&sources, &root.join("dialogs"));

    let Output {
        status,
        stdout,
        stderr,
    } = program(root, &["check", "--clinic", CLINIC])
        .output()
        .expect("the program runs");
    let (out, told) = (words(&stdout), words(&stderr));
    assert_eq!(status.code(), Some(1), "{out}\n{told}");
    assert!(out.contains("not proved safe"), "{out}");
    let file = root.join(format!("findings/{CLINIC}-p1-1.chat"));
    for named in ["✗ P1", "without the safety screen", "p1-1.chat"] {
        assert!(told.contains(named), "`{named}` is not in\n{told}");
    }
    assert_plays_to_its_last_line(&file, sources.clone());

    for command in ["preview", "run"] {
        let mut program = program(root, &[command]);
        program
            .env("TELOXIDE_TOKEN", "7:not_a_real_token")
            .env("TELOXIDE_API_URL", "http://127.0.0.1:9")
            .env("ALLOW_UNREVIEWED", "yes");
        let ended = program.output().expect("the program runs");
        let told = words(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{command}: {told}");
        assert!(told.contains("are not proved safe"), "{command}: {told}");
        assert!(told.contains("psoas-bot check"), "{command}: {told}");
        let data = match command {
            "preview" => root.join("data/preview"),
            _ => root.join("data"),
        };
        let file = data.join(format!("findings/{CLINIC}-p1-1.chat"));
        assert_plays_to_its_last_line(&file, sources.clone());
    }
}

/// Starts the preview, and stops it once it is open; says what it told meanwhile.
fn preview_told(root: &Path) -> String {
    let mut child = program(root, &["preview"])
        .env(
            "DIALOGS_DIR",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs"),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let out = child.stdout.take().expect("its output");
    let opened = BufReader::new(out)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("http://"));
    let _ = child.kill();
    let ended = child.wait_with_output().expect("it ends");
    let told = words(&ended.stderr);
    assert!(opened, "{told}");
    told
}

#[test]
fn what_was_proved_once_is_not_proved_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = preview_told(folder.path());
    assert!(first.contains("Proving"), "{first}");
    assert!(first.contains("8 of 8 promises proved"), "{first}");
    let second = preview_told(folder.path());
    assert!(!second.contains("Proving"), "{second}");
}

#[test]
fn a_verdict_is_of_one_content_one_clinic_and_one_prover() {
    let folder = tempfile::tempdir().expect("a folder");
    let content = real_content();
    let kept = Verdicts::read(folder.path());
    assert_eq!(kept.of(content, CLINIC), None);
    kept.keep(content, CLINIC, Verdict::Proved)
        .expect("it is kept");

    let read = Verdicts::read(folder.path());
    assert_eq!(read.of(content, CLINIC), Some(Verdict::Proved));
    assert_eq!(read.of(content, "east-west"), None);
    assert_eq!(read.of(&parsed(&edited_sources()), CLINIC), None);

    let file = folder.path().join("proved.json");
    let text = fs::read_to_string(&file).expect("the file is there");
    assert!(text.contains(PROVER_VERSION), "{text}");
    let other = text.replace(PROVER_VERSION, "0123456789abcdef");
    fs::write(&file, other).expect("it is written");
    let by_another = Verdicts::read(folder.path());
    assert_eq!(by_another.of(content, CLINIC), None);
    // Cut short in the middle of a write.
    fs::write(&file, &text[..text.len() / 2]).expect("it is written");
    assert_eq!(Verdicts::read(folder.path()).of(content, CLINIC), None);

    // A later verdict stands in for an earlier one.
    kept.keep(content, CLINIC, Verdict::Refused)
        .expect("it is kept");
    let read = Verdicts::read(folder.path());
    assert_eq!(read.of(content, CLINIC), Some(Verdict::Refused));
}

#[test]
fn promises_come_in_their_order_however_they_are_proved() {
    let content = parsed(&unsafe_sources());
    let proved = gate::prove(&content, None, &Property::ALL, |_| {});
    let order: Vec<Property> = proved.iter().map(|one| one.report.property).collect();
    assert_eq!(order, Property::ALL);
    assert!(!keeps_all(&content));
}
