//! `psoas-bot check`: what is wrong with the dialogs, and where.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use super::report;
use crate::app::dialogs_dir;
use crate::content::{self, Severity, Sources};

/// Checks a folder for one clinic, or for each.
///
/// # Errors
/// When the folder cannot be read.
pub fn run(dir: &Path, clinics: &[String]) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(dir)?;
    let clinics = clinics_of(&sources, dir, clinics)?;
    let colour = std::io::stderr().is_terminal();
    let mut failed = false;
    for clinic in clinics {
        let (found, summary) = match content::parse(&sources, &clinic) {
            Ok(parsed) => {
                let content = parsed.content;
                let steps: usize = content
                    .dialogs
                    .values()
                    .map(|dialog| dialog.steps.len())
                    .sum();
                let line = format!(
                    "{clinic}: {} dialogs, {steps} steps, {} flags, {} rules, {} moves. Revision {}.",
                    content.dialogs.len(),
                    content.flags.len(),
                    content.rules.rules.len(),
                    content.moves.list.len(),
                    content.revision
                );
                (parsed.warnings, line)
            }
            Err(found) => {
                failed = true;
                let errors = found
                    .iter()
                    .filter(|one| one.severity == Severity::Error)
                    .count();
                (
                    found,
                    format!("{clinic}: {errors} to mend before this content can be used."),
                )
            }
        };
        eprint!("{}", report::render(&sources, &found, colour));
        println!("{summary}");
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The clinic that is named, or every clinic of the folder.
pub(super) fn clinics_of(
    sources: &Sources,
    dir: &Path,
    named: &[String],
) -> anyhow::Result<Vec<String>> {
    let clinics: Vec<String> = if named.is_empty() {
        content::clinics(sources).map(str::to_owned).collect()
    } else {
        named.to_vec()
    };
    if clinics.is_empty() {
        anyhow::bail!(
            "{} has no clinic: write clinics/<name>.yaml in it, with name, phone and hours",
            dir.display()
        );
    }
    Ok(clinics)
}
