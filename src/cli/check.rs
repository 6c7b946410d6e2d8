//! `psoas-bot check`: what is wrong with the dialogs, and where.
//!
//! A content without errors is then proved: an unsafe one fails as a typing
//! mistake does.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use super::output::{err, outln};
use super::{CheckArgs, gate, prove, report};
use crate::app::dialogs_dir;
use crate::content::{self, Severity, Sources};

/// Checks a folder for one clinic, or for each.
///
/// # Errors
/// When the folder cannot be read, or the chats of broken promises not written.
pub fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(&args.dir)?;
    let clinics = clinics_of(&sources, &args.dir, &args.clinic)?;
    let colour = std::io::stderr().is_terminal();
    let mut failed = false;
    for clinic in clinics {
        let (found, summary, content) = match content::parse(&sources, &clinic) {
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
                (parsed.warnings, line, Some(content))
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
                    None,
                )
            }
        };
        err!("{}", report::render(&sources, &found, colour));
        outln!("{summary}");
        let Some(content) = content else { continue };
        let proved = gate::prove_aloud(&content, &clinic);
        if proved.iter().any(|one| !one.report.holds()) {
            failed = true;
            let files = prove::write_chats(&args.findings, &clinic, &proved)?;
            err!("{}", prove::tell_broken(&sources, &proved, &files));
            outln!("{clinic}: not proved safe. Such a content is not started.");
        }
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
