//! The proof: what ships passes, planted bugs are caught with a chat that plays,
//! harmless edits pass, and brute force says the same.

mod brute;
mod limits;
pub mod patch;
mod promises;
mod size;
pub mod small;
mod walked;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use psoas_bot::app::library::Library;
use psoas_bot::chat_test::{self, Options};
use psoas_bot::content::{self, Sources};
use psoas_bot::proof::{Finding, Property, Prover, Table};

use super::content::{CLINIC, real_content, real_sources};
use patch::Patch;

fn table() -> Table {
    Table::parse(include_str!("../../dialogs/clinical_table.tsv")).expect("the table is read")
}

fn told(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |mut out, finding| {
        let _ = writeln!(
            out,
            "{}: {}\n{}",
            finding.property.id(),
            finding.what,
            finding.chat.as_deref().unwrap_or("(not shown)")
        );
        out
    })
}

#[test]
fn the_shipped_content_is_proved() {
    let table = table();
    for report in Prover::new(real_content(), Some(&table)).prove_all() {
        assert!(report.holds(), "\n{}", told(&report.findings));
        for what in &report.beyond {
            println!("beyond the table: {what}");
        }
    }
}

/// One patch, tried.
struct Tried {
    name: String,
    /// What the patch is about: its first line.
    says: String,
    /// The first finding of each property that is broken.
    found: Vec<Finding>,
    /// What is wrong with this patch, or with what was found.
    wrong: Option<String>,
}

fn patches(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is read")
        .map(|entry| entry.expect("the folder is read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "patch"))
        .collect();
    if let Ok(only) = std::env::var("PATCHES") {
        files.retain(|file| {
            only.split(',')
                .any(|one| file.to_string_lossy().contains(one))
        });
    }
    files.sort();
    files
}

/// Tries every patch of a folder, two at a time.
fn try_all(
    folder: &str,
    judge: impl Fn(&Patch, &Arc<Library>, &[Finding]) -> Option<String> + Sync,
) -> Vec<Tried> {
    let files = patches(folder);
    let table = table();
    let next = Mutex::new(files.iter());
    let tried = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(file) = next.lock().expect("nobody panicked").next() else {
                        return;
                    };
                    let one = try_one(file, &table, &judge);
                    tried.lock().expect("nobody panicked").push(one);
                }
            });
        }
    });
    let mut tried = tried.into_inner().expect("nobody panicked");
    tried.sort_by(|a, b| a.name.cmp(&b.name));
    tried
}

fn try_one(
    file: &Path,
    table: &Table,
    judge: &(impl Fn(&Patch, &Arc<Library>, &[Finding]) -> Option<String> + Sync),
) -> Tried {
    let name = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = std::fs::read_to_string(file).expect("a patch is text");
    let patch = Patch::parse(&text);
    let mut tried = Tried {
        name,
        says: patch.says.clone(),
        found: Vec::new(),
        wrong: None,
    };
    let sources = match patch.apply(real_sources()) {
        Ok(sources) => sources,
        Err(why) => {
            tried.wrong = Some(format!("does not apply: {why}"));
            return tried;
        }
    };
    let content = match content::parse(&sources, CLINIC) {
        Ok(parsed) => parsed.content,
        Err(found) => {
            tried.wrong = Some(format!(
                "does not parse: {:?}",
                found.iter().map(ToString::to_string).collect::<Vec<_>>()
            ));
            return tried;
        }
    };
    let began = std::time::Instant::now();
    // A planted bug names the promise it breaks; a harmless edit breaks none.
    let own = Property::ALL
        .into_iter()
        .find(|property| patch.says.starts_with(property.id()));
    let mut prover = Prover::new(&content, Some(table));
    tried.found = match own {
        Some(property) => prover.prove(property).findings,
        None => prover
            .prove_all()
            .into_iter()
            .flat_map(|report| report.findings)
            .collect(),
    };
    println!("{} took {:?}", tried.name, began.elapsed());
    let library = Arc::new(Library::new(content, sources, CLINIC));
    tried.wrong = judge(&patch, &library, &tried.found);
    tried
}

/// A chat plays up to its last line, and that one does not hold.
fn plays_to_its_last_line(chat: &str, library: &Arc<Library>) -> Result<usize, String> {
    let lines = chat.lines().count();
    let parsed = chat_test::parse(chat).map_err(|error| error.to_string())?;
    match chat_test::play(&parsed, library, Options::default()) {
        Ok(_) => Err(format!("everything in it holds:\n{chat}")),
        Err(failure) if failure.line == lines => Ok(lines),
        Err(failure) => Err(format!(
            "it stops at line {}: {}\n{chat}",
            failure.line, failure.message
        )),
    }
}

/// A folder has so many; a run of a few is for looking at them.
fn assert_enough(tried: &[Tried], least: usize) {
    let is_whole = std::env::var_os("PATCHES").is_none();
    assert!(!is_whole || tried.len() >= least, "only {}", tried.len());
}

/// Prints the table of planted bugs: `cargo test --test it planted_bugs -- --nocapture`.
#[test]
fn planted_bugs_are_caught() {
    let tried = try_all("mutants", |patch, library, found| {
        let wanted = Property::ALL
            .into_iter()
            .find(|property| patch.says.starts_with(property.id()))?;
        let own: Vec<&Finding> = found
            .iter()
            .filter(|finding| finding.property == wanted)
            .collect();
        if own.is_empty() {
            return Some(format!(
                "{} is not found broken; found: {}",
                wanted.id(),
                told(found)
            ));
        }
        // At least one is shown, and none is shown wrongly.
        let mut shown = 0;
        for finding in &own {
            let Some(chat) = &finding.chat else { continue };
            if let Err(why) = plays_to_its_last_line(chat, library) {
                return Some(format!("{}: {why}", finding.what));
            }
            shown += 1;
        }
        (shown == 0).then(|| format!("could not be shown: {}", told(found)))
    });
    println!("{:<36} {:>5}  what was planted", "patch", "lines");
    for one in &tried {
        let lines = one
            .found
            .iter()
            .filter(|finding| one.says.starts_with(finding.property.id()))
            .find_map(|finding| finding.chat.as_ref())
            .map_or(0, |chat| {
                chat.lines().filter(|line| !line.starts_with('#')).count()
            });
        println!("{:<36} {lines:>5}  {}", one.name, one.says);
    }
    assert_enough(&tried, 40);
    let wrong: Vec<String> = tried
        .iter()
        .filter_map(|one| Some(format!("{}: {}", one.name, one.wrong.as_ref()?)))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
}

#[test]
fn harmless_edits_pass() {
    let tried = try_all("harmless", |_, _, found| {
        (!found.is_empty()).then(|| told(found))
    });
    assert_enough(&tried, 15);
    let wrong: Vec<String> = tried
        .iter()
        .filter_map(|one| {
            Some(format!(
                "{} ({}): {}",
                one.name,
                one.says,
                one.wrong.as_ref()?
            ))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
}

/// The same content gives the same chat, whatever the order of hash maps.
#[test]
fn a_chat_is_found_again() {
    let text = std::fs::read_to_string(&patches("mutants")[0]).expect("a patch is text");
    let sources: Sources = Patch::parse(&text)
        .apply(real_sources())
        .expect("it applies");
    let Ok(parsed) = content::parse(&sources, CLINIC) else {
        panic!("it parses")
    };
    let chats: Vec<Option<String>> = (0..3)
        .map(|_| {
            Prover::new(&parsed.content, None)
                .prove(Property::P1)
                .findings[0]
                .chat
                .clone()
        })
        .collect();
    assert!(chats[0].is_some());
    assert!(chats.iter().all(|chat| *chat == chats[0]), "{chats:?}");
}
