//! `psoas-bot learn`: makes the second net's weights from labelled lines.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::LearnArgs;
use super::output::{err, outln};
use crate::app::dialogs_dir;
use crate::content::{self, WEIGHTS_FILE};
use crate::free_text::{Lesson, learn};
use crate::ids::FlagId;
use crate::triage::Rules;

/// Reads the tables, and writes the weights into the folder of dialogs.
///
/// # Errors
/// When the dialogs or a table cannot be read, or the weights not be written.
pub fn run(args: &LearnArgs) -> anyhow::Result<ExitCode> {
    let mut sources = dialogs_dir::read(&args.dialogs)?;
    // Weights that are broken must not keep new ones from being made.
    sources.files.remove(WEIGHTS_FILE);
    let content = match content::parse(&sources, &args.clinic) {
        Ok(parsed) => parsed.content,
        Err(found) => {
            err!("{}", super::report::render(&sources, &found, false));
            anyhow::bail!("the dialogs have errors; `psoas-bot check` lists them");
        }
    };
    let mut lessons = Vec::new();
    for table in &args.tables {
        let text = std::fs::read_to_string(table)
            .with_context(|| format!("failed to read {}", table.display()))?;
        lessons.extend(lessons_of(table, &text, &content.rules)?);
    }
    let (learned, tried) = learn(
        &content.hearing,
        &content.rules,
        &lessons,
        args.raise / 100.0,
    );
    let file = args.dialogs.join(WEIGHTS_FILE);
    std::fs::write(&file, learned.to_text())
        .with_context(|| format!("failed to write {}", file.display()))?;
    outln!("{} lines learned: {}", lessons.len(), file.display());
    outln!(
        "tried on lines it was not taught: asks about {} of {} that the patterns miss, and about {} of {} that state nothing",
        tried.caught,
        tried.missed,
        tried.raised,
        tried.empty
    );
    Ok(ExitCode::SUCCESS)
}

/// The lines of a table: language, kind, flags or `-`, text.
fn lessons_of(table: &Path, text: &str, rules: &Rules) -> anyhow::Result<Vec<Lesson>> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(place, line)| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [_, _, flags, text] = columns[..] else {
                anyhow::bail!(
                    "{}, line {}: four columns belong here, parted by tabs: language, kind, flags or -, text",
                    table.display(),
                    place + 1
                );
            };
            let blocking = flags
                .split(',')
                .filter(|flag| rules.flags.get(*flag).is_some_and(|rule| rule.level.blocks()));
            let flags: BTreeSet<FlagId> = blocking.map(FlagId::new).collect();
            Ok(Lesson {
                text: text.to_owned(),
                flags: flags.into_iter().collect(),
            })
        })
        .collect()
}
