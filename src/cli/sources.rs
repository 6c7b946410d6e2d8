//! `psoas-bot sources`: the page of sources, written from the content.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::output::{err, out};
use super::report;
use crate::app::dialogs_dir;
use crate::content::{self, Cited, Content, Diagnostic, Sources};

/// Prints the page for a folder of dialogs.
///
/// # Errors
/// When the folder cannot be read or has no clinic.
pub fn run(dir: &Path) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(dir)?;
    match page(&sources) {
        Ok(Some(page)) => {
            out!("{page}");
            Ok(ExitCode::SUCCESS)
        }
        Ok(None) => anyhow::bail!("{} has no clinics/<name>.yaml", dir.display()),
        Err(found) => {
            err!("{}", report::render(&sources, &found, false));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The page, as Markdown; none where there is no clinic. What a clinic has of
/// its own stands beside what all share.
///
/// # Errors
/// What is wrong with the content of a clinic.
pub fn page(sources: &Sources) -> Result<Option<String>, Vec<Diagnostic>> {
    let mut shared = None;
    let mut texts: BTreeMap<String, Vec<Cited>> = BTreeMap::new();
    for clinic in content::clinics(sources) {
        let mut content = content::parse(sources, clinic)?.content;
        let mut own: BTreeMap<String, Vec<Cited>> = BTreeMap::new();
        for cited in std::mem::take(&mut content.cited) {
            own.entry(cited.file.clone()).or_default().push(cited);
        }
        texts.append(&mut own);
        shared.get_or_insert(content);
    }
    Ok(shared.map(|content| written(&content, &texts)))
}

fn written(content: &Content, cited: &BTreeMap<String, Vec<Cited>>) -> String {
    let mut out = String::from(MADE_BY);
    out.push_str("# Where the content comes from\n\n");
    out.push_str(content.bibliography.introduction.trim());
    out.push('\n');
    seeds(content, &mut out);
    decisions(content, &mut out);
    keys(content, &mut out);
    gaps(content, &mut out);
    texts(cited, &mut out);
    out
}

const MADE_BY: &str = "<!-- Written by `psoas-bot sources` from dialogs/. Change the files there, then run: cargo run -- sources > docs/sources.md -->\n";

fn seeds(content: &Content, out: &mut String) {
    out.push_str("\n## The seeds\n");
    for (key, seed) in &content.bibliography.seeds.0 {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "\n### {} (`{}`)\n\n{}\n\n**Taken:** {}\n",
            seed.file, key.value, seed.about, seed.taken
        );
    }
}

fn decisions(content: &Content, out: &mut String) {
    out.push_str("\n## What was decided otherwise\n\nWhat the seeds say that is wrong, risky, without support, or said otherwise by another of them.\n\n| decision | they say | but | so the bot | where they say it |\n|---|---|---|---|---|\n");
    for (id, decision) in &content.bibliography.decided.0 {
        let from: Vec<&str> = decision
            .from
            .iter()
            .map(|line| line.value.as_str())
            .collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            id.value,
            decision.says,
            decision.because,
            decision.instead,
            from.join(", ")
        );
    }
}

fn keys(content: &Content, out: &mut String) {
    out.push_str("\n## Public sources\n\nPages were read as stored copies. Where the original could not be read, what was read instead is named.\n\n| key | source | what was read |\n|---|---|---|\n");
    for (key, source) in &content.bibliography.keys.0 {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            key.value, source.title, source.read
        );
    }
}

fn gaps(content: &Content, out: &mut String) {
    out.push_str("\n## Not found, or our own choice\n\n");
    for gap in &content.bibliography.gaps {
        let _ = writeln!(out, "- {gap}");
    }
}

fn texts(files: &BTreeMap<String, Vec<Cited>>, out: &mut String) {
    out.push_str("\n## What rests on what\n");
    for (file, texts) in files {
        let _ = write!(out, "\n### {file}\n\n| text | sources |\n|---|---|\n");
        for cited in texts {
            let _ = writeln!(out, "| {} | {} |", cited.text, cited.sources.join(", "));
        }
    }
}
