//! `psoas-bot sources`: the page of sources, written from the content.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::output::{err, out};
use super::report;
use crate::app::dialogs_dir;
use crate::content::{self, Content};

/// Prints the page for a folder of dialogs.
///
/// # Errors
/// When the folder cannot be read or has no clinic.
pub fn run(dir: &Path) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(dir)?;
    let Some(clinic) = content::clinics(&sources).next() else {
        anyhow::bail!("{} has no clinics/<name>.yaml", dir.display());
    };
    match content::parse(&sources, clinic) {
        Ok(parsed) => {
            out!("{}", page(&parsed.content));
            Ok(ExitCode::SUCCESS)
        }
        Err(found) => {
            err!("{}", report::render(&sources, &found, false));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The page, as Markdown.
#[must_use]
pub fn page(content: &Content) -> String {
    let mut out = String::from(MADE_BY);
    out.push_str("# Where the content comes from\n\n");
    out.push_str(content.bibliography.introduction.trim());
    out.push('\n');
    seeds(content, &mut out);
    decisions(content, &mut out);
    keys(content, &mut out);
    gaps(content, &mut out);
    texts(content, &mut out);
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

fn texts(content: &Content, out: &mut String) {
    out.push_str("\n## What rests on what\n");
    let mut files: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for cited in &content.cited {
        files.entry(&cited.file).or_default().push(cited);
    }
    for (file, texts) in files {
        let _ = write!(out, "\n### {file}\n\n| text | sources |\n|---|---|\n");
        for cited in texts {
            let _ = writeln!(out, "| {} | {} |", cited.text, cited.sources.join(", "));
        }
    }
}
