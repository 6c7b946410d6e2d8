//! Plays every conversation below `tests/conversations/`, once as it stands and
//! once with the process restarted after every act.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use psoas_bot::app::library::Library;
use psoas_bot::chat_test::{self, Act, Chat, Check, Line, Options, Setting};
use psoas_bot::content;

use super::content::{CLINIC, real_sources};

/// What a clinic's bot says; each clinic's is read once.
fn library(clinic: &str) -> Arc<Library> {
    static LIBRARIES: Mutex<BTreeMap<String, Arc<Library>>> = Mutex::new(BTreeMap::new());
    let mut libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
    let made = libraries.entry(clinic.to_owned()).or_insert_with(|| {
        let sources = real_sources().clone();
        let parsed = content::parse(&sources, clinic)
            .unwrap_or_else(|found| panic!("dialogs/ has errors: {found:#?}"));
        Arc::new(Library::new(parsed.content, sources, clinic))
    });
    Arc::clone(made)
}

/// Every `.chat` file, in order; none while the folder is not there.
fn files() -> Vec<PathBuf> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "chat") {
                files.push(path);
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut files = Vec::new();
    if folder.is_dir() {
        collect(&folder, &mut files);
        assert!(!files.is_empty(), "{} has no .chat file", folder.display());
    }
    files.sort();
    files
}

/// What went wrong in one file, as its author reads it.
fn played(file: &Path, text: &str, options: Options) -> Result<(), String> {
    let place = file
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(file)
        .display();
    let quote = |line: usize| {
        let from = line.saturating_sub(3).max(1);
        let mut quoted = String::new();
        for (number, words) in text.lines().enumerate().map(|(at, words)| (at + 1, words)) {
            if (from..=line).contains(&number) {
                let mark = if number == line { ">" } else { " " };
                let _ = writeln!(quoted, "  {mark} {number:>4} | {words}");
            }
        }
        quoted
    };
    let chat = chat_test::parse(text)
        .map_err(|error| format!("{place}:{}: {error}\n{}", error.line, quote(error.line)))?;
    let library = library(chat.clinic().unwrap_or(CLINIC));
    chat_test::play(&chat, &library, options)
        .map(drop)
        .map_err(|failure| {
            let how = if options.restart_everywhere {
                " (restarted after every act)"
            } else {
                ""
            };
            let said = failure.message.trim_end().replace('\n', "\n    ");
            let quoted = quote(failure.line);
            format!("{place}:{}{how}\n{quoted}    {said}\n", failure.line)
        })
}

fn play_all(options: Options) {
    let files = files();
    let failed: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let text = fs::read_to_string(file).expect("a conversation is text");
            played(file, &text, options).err()
        })
        .collect();
    assert!(
        failed.is_empty(),
        "\n{} of {} conversations do not go as written:\n\n{}",
        failed.len(),
        files.len(),
        failed.join("\n")
    );
}

#[test]
fn conversations_go_as_written() {
    play_all(Options::default());
}

#[test]
fn conversations_go_as_written_with_a_restart_after_every_act() {
    play_all(Options {
        restart_everywhere: true,
    });
}

/// Whatever patients do, a bot that nobody reads along with speaks of no team.
#[test]
fn a_bot_without_staff_speaks_of_no_team() {
    let mut played = 0;
    for file in files() {
        let text = fs::read_to_string(&file).expect("a conversation is text");
        let chat = chat_test::parse(&text).expect("it is played elsewhere");
        let library = library(chat.clinic().unwrap_or(CLINIC));
        let mut lines = vec![(0, Line::Setting(Setting::NoStaff))];
        let wanted = chat.lines.into_iter().filter(|(_, line)| match line {
            Line::Setting(setting) => matches!(setting, Setting::Lang(_)),
            Line::Act(act) => is_patients(act),
            Line::Check(_) => false,
        });
        for (number, line) in wanted {
            lines.push((number, line));
            for team in ["our team", "Our team", "nuestro equipo", "Nuestro equipo"] {
                lines.push((0, Line::Check(Check::Never(team.to_owned()))));
            }
        }
        // What staff did is missing, so some chats cannot go on to their end.
        match chat_test::play(&Chat { lines }, &library, Options::default()) {
            Ok(_) => played += 1,
            Err(failure) => assert_ne!(failure.line, 0, "{}: {failure:?}", file.display()),
        }
    }
    assert!(played > 200, "only {played} chats went to their end");
}

/// Done by the patient, or by time.
fn is_patients(act: &Act) -> bool {
    matches!(
        act,
        Act::Say(_)
            | Act::Press(_)
            | Act::PressOld(_)
            | Act::Forge(_)
            | Act::Edit(_)
            | Act::Send { .. }
            | Act::Share(_)
            | Act::Clock(_)
            | Act::Restart
            | Act::Gap
    )
}

/// A player that lets everything pass would make the folder worthless.
#[test]
fn a_conversation_that_goes_otherwise_fails() {
    let file = Path::new("made-up.chat");
    let good = "patient: /start\nbot: {clinic}\n";
    for restart_everywhere in [false, true] {
        let options = Options { restart_everywhere };
        played(file, good, options).unwrap_or_else(|said| panic!("{said}"));
        let bad = [
            "patient: /start\nbot: words that nobody wrote\n",
            "patient: /start\nbot: nothing\n",
            "patient: /start\npatient: [No such button]\n",
            "patient: /start\nbot: {clinic}\n  [No such button]\n",
            "patient: /start\nnever: {clinic}\n",
            "patient: /start\nstaff sees: {clinic}\n",
            "patient says hello\n",
        ];
        for text in bad {
            let said = played(file, text, options).expect_err(text);
            assert!(said.starts_with("made-up.chat:"), "{said}");
        }
    }
}
