//! The rooms of `src/`, and what each may know of: a table, and a test that
//! reads the imports.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Every room with the rooms it may name, in code or in a test inside it.
const ROOMS: &[(&str, &[&str])] = &[
    ("ids", &[]),
    ("triage", &["ids"]),
    ("free_text", &["triage", "ids"]),
    ("picture", &[]),
    ("content", &["triage", "free_text", "picture", "ids"]),
    ("dialog", &["content", "triage", "free_text", "ids"]),
    (
        "proof",
        &["dialog", "content", "triage", "free_text", "ids"],
    ),
    ("staff", &["triage", "ids"]),
    ("store", &["dialog", "staff", "ids"]),
    ("channel", &["dialog", "content", "ids"]),
    ("bot_api", &[]),
    (
        "app",
        &[
            "dialog",
            "free_text",
            "content",
            "staff",
            "store",
            "channel",
            "proof",
            "picture",
            "triage",
            "ids",
        ],
    ),
    (
        "chat_test",
        &[
            "app", "store", "bot_api", "content", "channel", "dialog", "ids",
        ],
    ),
    (
        "preview",
        &["app", "bot_api", "content", "proof", "ids", "channel"],
    ),
    (
        "cli",
        &[
            "ids",
            "triage",
            "free_text",
            "content",
            "dialog",
            "proof",
            "staff",
            "store",
            "channel",
            "bot_api",
            "app",
            "chat_test",
            "preview",
        ],
    ),
];

/// Rooms that any chat can be replayed from: time and ids come in as arguments.
const PURE: &[&str] = &[
    "ids",
    "triage",
    "free_text",
    "picture",
    "content",
    "dialog",
    "staff",
    "proof",
];

/// What a pure room never names.
const IMPURE_WORDS: &[&str] = &["tokio", "SystemTime", "Instant", "getrandom", "async"];

/// Parts of `std` that a pure room never names.
const IMPURE_STD: &[&str] = &["fs", "net", "env", "process", "thread"];

/// The one home of the clock, and the room that may need one to name its files.
const CLOCK_HOMES: &[&str] = &["src/app/clock.rs", "src/store"];

/// Names through which the present moment is read.
const CLOCKS: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];

/// Words of one clinic, which stand in `dialogs/` alone.
const CLINIC_WORDS: &[&str] = &["tuscany", "ofir", "karen"];

/// One finding: where and what.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    file: String,
    line: usize,
    what: String,
}

/// A source text with comments taken out: its code with the insides of strings
/// blanked, and the strings by themselves. Both keep their places.
struct Source {
    file: String,
    code: String,
    strings: Vec<(usize, String)>,
    text: String,
}

impl Source {
    fn new(file: &str, text: &str) -> Self {
        let (code, strings) = split(text);
        Self {
            file: file.to_owned(),
            code,
            strings,
            text: text.to_owned(),
        }
    }

    fn finding(&self, at: usize, what: String) -> Finding {
        let line = self.text[..at].matches('\n').count() + 1;
        Finding {
            file: self.file.clone(),
            line,
            what,
        }
    }

    /// `src/app/cards.rs` and `src/app.rs` are both of the room `app`.
    fn room(&self) -> Option<&str> {
        let inside = self.file.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        ROOMS.iter().map(|(name, _)| *name).find(|one| *one == room)
    }

    /// How many `super::` lead from this file's module to the crate.
    fn depth(&self) -> usize {
        self.file.matches('/').count()
    }
}

/// Takes comments out and strings apart. Enough of Rust's lexing for that:
/// line and nested block comments, plain and raw strings, characters.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut strings = Vec::new();
    let mut blank = |range: Range<usize>| {
        for byte in &mut code[range] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"//") {
            let end = text[at..].find('\n').map_or(bytes.len(), |end| at + end);
            blank(at..end);
            at = end;
        } else if rest.starts_with(b"/*") {
            let mut depth = 0;
            let mut end = at;
            while end < bytes.len() {
                if bytes[end..].starts_with(b"/*") {
                    depth += 1;
                    end += 2;
                } else if bytes[end..].starts_with(b"*/") {
                    depth -= 1;
                    end += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    end += 1;
                }
            }
            let end = end.min(bytes.len());
            blank(at..end);
            at = end;
        } else if let Some((open, hashes)) = raw_string(bytes, at) {
            let close = format!("\"{}", "#".repeat(hashes));
            let from = at + open;
            let to = text[from..]
                .find(&close)
                .map_or(bytes.len(), |end| from + end);
            strings.push((from, text[from..to].to_owned()));
            blank(from..to);
            at = (to + close.len()).min(bytes.len());
        } else if rest[0] == b'"' {
            let from = at + 1;
            let mut to = from;
            while to < bytes.len() && bytes[to] != b'"' {
                to += if bytes[to] == b'\\' { 2 } else { 1 };
            }
            let to = to.min(bytes.len());
            strings.push((from, text[from..to].to_owned()));
            blank(from..to);
            at = to + 1;
        } else if rest.starts_with(b"'\\") {
            // An escaped character; its quotes may hold a quote.
            let end = text[at + 3..]
                .find('\'')
                .map_or(bytes.len(), |end| at + 3 + end);
            blank(at + 1..end);
            at = end + 1;
        } else if rest[0] == b'\'' {
            // `'x'` is a character, `'x` a lifetime.
            let letter = text[at + 1..].chars().next().map_or(1, char::len_utf8);
            if bytes.get(at + 1 + letter) == Some(&b'\'') {
                blank(at + 1..at + 1 + letter);
                at += letter + 2;
            } else {
                at += 1;
            }
        } else {
            at += 1;
        }
    }
    let code = String::from_utf8(code).expect("whole characters are blanked");
    (code, strings)
}

/// Whether a raw string begins at `at`: the bytes it opens with, and its hashes.
fn raw_string(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    if at > 0 && is_word(bytes[at - 1]) {
        return None;
    }
    let prefix = if bytes[at..].starts_with(b"br") {
        2
    } else if bytes[at] == b'r' {
        1
    } else {
        return None;
    };
    let hashes = bytes[at + prefix..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    (bytes.get(at + prefix + hashes) == Some(&b'"')).then_some((prefix + hashes + 1, hashes))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where `word` stands as a whole word.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let bytes = code.as_bytes();
            let before = at.checked_sub(1).map(|before| bytes[before]);
            let after = bytes.get(at + word.len());
            !before.is_some_and(is_word) && !after.copied().is_some_and(is_word)
        })
}

/// What is named right behind `root::`, groups in braces taken apart.
fn named_behind(code: &str, root: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for at in words(code, root) {
        let Some(after) = code[at + root.len()..].trim_start().strip_prefix("::") else {
            continue;
        };
        let from = code.len() - after.len();
        let skipped = after.len() - after.trim_start().len();
        let from = from + skipped;
        if let Some(group) = code[from..].strip_prefix('{') {
            let mut depth = 0_usize;
            let mut start = Some(from + 1);
            for (index, letter) in group.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = Some(from + 1 + index + 1),
                    letter if letter.is_whitespace() => {}
                    _ => {
                        if depth == 0
                            && let Some(_begins) = start.take()
                        {
                            let here = from + 1 + index;
                            named.push((here, word_at(code, here)));
                        }
                    }
                }
            }
        } else {
            named.push((from, word_at(code, from)));
        }
    }
    named
}

fn word_at(code: &str, at: usize) -> String {
    code[at..]
        .bytes()
        .take_while(|byte| is_word(*byte))
        .map(char::from)
        .collect()
}

/// Rooms named against the table.
fn misplaced_imports(source: &Source) -> Vec<Finding> {
    let Some(room) = source.room() else {
        return Vec::new();
    };
    let allowed = ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map_or(&[][..], |(_, allowed)| allowed);
    let climb = vec!["super"; source.depth()].join("::");
    ["crate".to_owned(), climb]
        .iter()
        .flat_map(|root| named_behind(&source.code, root))
        .filter(|(_, name)| name != room)
        .filter(|(_, name)| ROOMS.iter().any(|(room, _)| room == name))
        .filter(|(_, name)| !allowed.contains(&name.as_str()))
        .map(|(at, name)| source.finding(at, format!("`{room}` may not know `{name}`")))
        .collect()
}

/// Libraries that have one home.
fn homeless_libraries(source: &Source) -> Vec<Finding> {
    let homes: [(&str, &[&str]); 4] = [
        (
            "teloxide",
            &["src/channel/telegram.rs", "src/channel/telegram/"],
        ),
        ("sled", &["src/store/sled.rs"]),
        ("resvg", &["src/picture.rs"]),
        ("lettre", &["src/channel/alarm/mail.rs"]),
    ];
    let mut found = Vec::new();
    for (library, home) in homes {
        if home.iter().any(|home| source.file.starts_with(home)) {
            continue;
        }
        for at in words(&source.code, library) {
            let behind = source.code[at + library.len()..].trim_start();
            let line = &source.code[..at];
            let line = line[line.rfind('\n').map_or(0, |end| end + 1)..].trim();
            // `self::sled` and `mod sled` are our module, not the library.
            let ours = line.ends_with("mod") || line.ends_with("::");
            if (library == "teloxide" || behind.starts_with("::")) && !ours {
                found.push(source.finding(at, format!("`{library}` is not at home here")));
            }
        }
    }
    found
}

/// Clock, randomness, files, network and waiting in a pure room.
fn impurities(source: &Source) -> Vec<Finding> {
    if !source.room().is_some_and(|room| PURE.contains(&room)) {
        return Vec::new();
    }
    let words = IMPURE_WORDS
        .iter()
        .flat_map(|word| words(&source.code, word).map(move |at| (at, (*word).to_owned())));
    let std = named_behind(&source.code, "std")
        .into_iter()
        .filter(|(_, name)| IMPURE_STD.contains(&name.as_str()))
        .map(|(at, name)| (at, format!("std::{name}")));
    words
        .chain(std)
        .map(|(at, what)| source.finding(at, format!("a pure room names `{what}`")))
        .collect()
}

/// The present moment read outside the clock's home.
fn clock_reads(source: &Source) -> Vec<Finding> {
    if CLOCK_HOMES.iter().any(|home| source.file.starts_with(home)) {
        return Vec::new();
    }
    let code: String = source
        .code
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    CLOCKS
        .iter()
        .flat_map(|clock| words(&code, clock).map(move |at| (at, clock)))
        .map(|(at, clock)| source.finding(at, format!("`{clock}` outside src/app/clock.rs")))
        .collect()
}

/// Clinic data in strings: names, phone numbers, flags.
fn clinic_data(source: &Source, flags: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, string) in &source.strings {
        let low = string.to_lowercase();
        // reported: the command line has `tuscany-spa` as the clinic that is
        // taken when none is named.
        let is_known = ["src/cli.rs", "src/app/settings.rs"].contains(&source.file.as_str())
            && string == "tuscany-spa";
        if !is_known && let Some(word) = CLINIC_WORDS.iter().find(|word| low.contains(**word)) {
            found.push(source.finding(*at, format!("`{word}` belongs in dialogs/")));
        }
        if phone_in(string) {
            found.push(source.finding(*at, "a phone number belongs in dialogs/".to_owned()));
        }
        if flags.contains(string) {
            found.push(source.finding(*at, format!("the flag `{string}` belongs in dialogs/")));
        }
    }
    found
}

/// Whether a string holds a number that could be dialled. Numbers of 555-01xx
/// are kept free for made-up people.
fn phone_in(string: &str) -> bool {
    /// An area code and a number.
    const PHONE_DIGITS: usize = 10;
    let is_hotline = string
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| ["911", "988"].contains(&word));
    let mut digits = String::new();
    let mut longest = String::new();
    for letter in string.chars() {
        match letter {
            letter if letter.is_ascii_digit() => digits.push(letter),
            ' ' | '-' | '(' | ')' | '+' | '.' => {}
            _ => digits.clear(),
        }
        if digits.len() > longest.len() {
            longest.clone_from(&digits);
        }
    }
    // A group's number in Telegram begins so, and no phone number does.
    let is_group = longest.starts_with("100");
    is_hotline || (longest.len() >= PHONE_DIGITS && !longest.contains("55501") && !is_group)
}

/// Every module opens with what it is.
fn untold(source: &Source) -> Vec<Finding> {
    if source.text.starts_with("//!") {
        Vec::new()
    } else {
        vec![source.finding(0, "the module does not open with `//!`".to_owned())]
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("src/ can be read") {
            let path = entry.expect("src/ can be read").path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    assert!(files.len() > 50, "src/ was not found");
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is text");
            let name = path.strip_prefix(root()).expect("it is below the root");
            Source::new(&name.to_string_lossy().replace('\\', "/"), &text)
        })
        .collect()
}

/// The flags' ids, as `dialogs/red-flags.yaml` lists them.
fn flags() -> Vec<String> {
    let text = fs::read_to_string(root().join("dialogs/red-flags.yaml"))
        .expect("dialogs/red-flags.yaml can be read");
    let flags: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "flags:")
        .skip(1)
        .take_while(|line| !line.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .map(str::to_owned)
        .collect();
    assert!(flags.len() > 50, "the flags were not found: {flags:?}");
    flags
}

#[track_caller]
fn check(rule: impl Fn(&Source) -> Vec<Finding>) {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(rule)
        .map(|one| format!("{}:{}: {}", one.file, one.line, one.what))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// A verdict is kept under a hash of the sources it rests on: `build.rs` must know
/// every room the prover may name, or a change there would go unseen.
#[test]
fn a_verdict_rests_on_every_room_the_prover_names() {
    let build = include_str!("../../build.rs");
    let (_, proof) = ROOMS
        .iter()
        .find(|(room, _)| *room == "proof")
        .expect("the room is in the table");
    let mut rooms = vec!["proof"];
    rooms.extend(*proof);
    let mut at = 0;
    while at < rooms.len() {
        let named = ROOMS.iter().find(|(room, _)| *room == rooms[at]);
        for more in named.map_or(&[][..], |(_, named)| named) {
            if !rooms.contains(more) {
                rooms.push(more);
            }
        }
        at += 1;
    }
    for room in rooms {
        assert!(
            build.contains(&format!("\"{room}\"")),
            "build.rs does not hash the room `{room}`"
        );
    }
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    check(misplaced_imports);
}

#[test]
fn every_file_below_src_is_in_a_room() {
    let plain = ["src/lib.rs", "src/main.rs"];
    check(|source| {
        if source.room().is_some() || plain.contains(&source.file.as_str()) {
            Vec::new()
        } else {
            vec![source.finding(0, "this file is in no room of the table".to_owned())]
        }
    });
}

#[test]
fn teloxide_and_sled_stay_at_home() {
    check(homeless_libraries);
}

#[test]
fn pure_rooms_are_pure() {
    check(impurities);
}

#[test]
fn the_clock_is_read_in_one_place() {
    check(clock_reads);
}

#[test]
fn modules_say_what_they_are() {
    check(untold);
}

#[test]
fn no_clinic_data_in_src() {
    let flags = flags();
    check(|source| clinic_data(source, &flags));
}

/// A scanner that finds nothing would let everything pass.
#[test]
fn the_scanner_finds_what_is_planted() {
    let text = r##"use crate::ids::Lang;
// crate::app is only a word here; so is teloxide
/* and /* crate::store */ std::fs::read here */
use crate::{content::Content, app::{clerk, outbox}, triage};
use super::super::store::Ledger;
use std::{fmt, fs};
async fn wait(life: &'static str) { let quote = '"'; tokio::spawn(teloxide::x()); }
const WORDS: &str = r#"call Ofir at "+1 818 000 0000" // crate::cli"#;
const FLAG: &str = "saddle-numbness";
fn now() -> SystemTime { SystemTime::now() }
fn data() { sled::open("a"); let name = "not \" the end: crate::preview"; }
"##;
    let source = Source::new("src/dialog/planted.rs", text);
    let lines = |found: Vec<Finding>| {
        found
            .into_iter()
            .map(|one| (one.line, one.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines(misplaced_imports(&source)),
        [
            (4, "`dialog` may not know `app`".to_owned()),
            (5, "`dialog` may not know `store`".to_owned()),
        ]
    );
    assert_eq!(
        lines(homeless_libraries(&source)),
        [
            (7, "`teloxide` is not at home here".to_owned()),
            (11, "`sled` is not at home here".to_owned()),
        ]
    );
    let impure: Vec<usize> = impurities(&source)
        .into_iter()
        .map(|one| one.line)
        .collect();
    assert_eq!(impure, [7, 10, 10, 7, 6], "{:?}", impurities(&source));
    assert_eq!(clock_reads(&source).len(), 1);
    assert_eq!(untold(&source).len(), 1);
    assert_eq!(
        lines(clinic_data(&source, &["saddle-numbness".to_owned()])),
        [
            (8, "`ofir` belongs in dialogs/".to_owned()),
            (8, "a phone number belongs in dialogs/".to_owned()),
            (
                9,
                "the flag `saddle-numbness` belongs in dialogs/".to_owned()
            ),
        ]
    );
}
