//! `psoas-bot test`: plays conversations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use super::output::{err, outln};
use super::{TestArgs, report};
use crate::app::dialogs_dir;
use crate::app::library::Library;
use crate::chat_test::{self, Options};
use crate::content;

/// Plays every file; says which fail, and why.
pub(super) fn run(args: &TestArgs) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(&args.dialogs)?;
    let mut libraries: BTreeMap<String, Arc<Library>> = BTreeMap::new();
    let mut library_of = |clinic: &str| -> anyhow::Result<Arc<Library>> {
        if let Some(library) = libraries.get(clinic) {
            return Ok(Arc::clone(library));
        }
        match content::parse(&sources, clinic) {
            Ok(parsed) => {
                let library = Library::new(parsed.content, sources.clone(), clinic);
                let library = Arc::new(library);
                libraries.insert(clinic.to_owned(), Arc::clone(&library));
                Ok(library)
            }
            Err(found) => {
                err!("{}", report::render(&sources, &found, false));
                anyhow::bail!("{} has errors; mend them first", args.dialogs.display());
            }
        }
    };
    library_of(&args.clinic)?;
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        anyhow::bail!("there is no .chat file here: {:?}", args.paths);
    }
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let text = fs::read_to_string(file)
            .with_context(|| format!("failed to read {}", file.display()))?;
        let result = chat_test::parse(&text)
            .map_err(|error| (error.line, error.to_string()))
            .and_then(|chat| {
                let library = library_of(chat.clinic().unwrap_or(&args.clinic))
                    .map_err(|error| (0, error.to_string()))?;
                if args.update {
                    let updated = chat_test::update(&text, &chat, &library)
                        .map_err(|failure| (failure.line, failure.message))?;
                    fs::write(file, updated).map_err(|error| (0, error.to_string()))
                } else {
                    let options = Options {
                        restart_everywhere: args.restart_everywhere,
                    };
                    chat_test::play(&chat, &library, options)
                        .map(drop)
                        .map_err(|failure| (failure.line, failure.message))
                }
            });
        match result {
            Ok(()) => passed += 1,
            Err((line, message)) => {
                failed += 1;
                outln!("✗ {}:{line}", file.display());
                if let Some(text) = text.lines().nth(line.saturating_sub(1)) {
                    outln!("    {}", text.trim());
                }
                outln!("  {}\n", message.trim_end().replace('\n', "\n  "));
            }
        }
    }
    outln!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries =
        fs::read_dir(path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut entries: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|ending| ending == "chat") {
            collect(&entry, files)?;
        }
    }
    Ok(())
}
