//! `psoas-bot prove`: safe on every path, or the chat that is not.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::output::{err, errln, out, outln};
use super::{ProveArgs, ProveFormat, check};
use crate::app::clock::Clock;
use crate::app::dialogs_dir;
use crate::app::gate::{self, Proved};
use crate::content::{self, Sources};
use crate::proof::{Finding, Property, Spot, Table};

/// A row of `--format json`.
#[derive(Serialize)]
struct JsonRow<'r> {
    clinic: &'r str,
    property: &'static str,
    promise: &'static str,
    states: usize,
    verdict: &'static str,
    counterexample: Option<String>,
    milliseconds: f64,
    findings: Vec<&'r str>,
    beyond_the_table: &'r [String],
}

/// Proves a folder for one clinic, or for each; with `--watch`, again after each
/// change of a file.
pub(super) fn run(args: &ProveArgs) -> anyhow::Result<ExitCode> {
    let table = args.table.as_deref().map(read_table).transpose()?;
    let mut sources = dialogs_dir::read(&args.dir)?;
    let mut verdict = prove_folder(args, &sources, table.as_ref());
    if !args.watch {
        return verdict;
    }
    loop {
        if let Err(error) = &verdict {
            errln!("psoas-bot: {error:#}");
        }
        outln!("Watching {}. Stop with Ctrl-C.\n", args.dir.display());
        sources = changed(&args.dir, &sources);
        verdict = prove_folder(args, &sources, table.as_ref());
    }
}

/// Waits until a file is another than it was.
fn changed(dir: &Path, before: &Sources) -> Sources {
    /// An author does not feel this, and the files are read within a moment.
    const LOOK_EVERY: Duration = Duration::from_millis(100);
    loop {
        thread::sleep(LOOK_EVERY);
        // A file that is being saved may be gone for a moment.
        match dialogs_dir::read(dir) {
            Ok(now) if now != *before => return now,
            Ok(_) | Err(_) => {}
        }
    }
}

fn prove_folder(
    args: &ProveArgs,
    sources: &Sources,
    table: Option<&Table>,
) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    for clinic in check::clinics_of(sources, &args.dir, &args.clinic)? {
        let parsed = match content::parse(sources, &clinic) {
            Ok(parsed) => parsed,
            Err(found) => {
                err!("{}", super::report::render(sources, &found, false));
                anyhow::bail!(
                    "{} has errors; mend them first: psoas-bot check",
                    args.dir.display()
                );
            }
        };
        let wanted = match args.property.as_slice() {
            [] => &Property::ALL[..],
            named => named,
        };
        let began = Clock::uptime();
        let proved = gate::prove(&parsed.content, table, wanted, |_| {});
        let millis = (Clock::uptime() - began).as_secs_f64() * 1e3;
        failed |= proved.iter().any(|one| !one.report.holds());
        let files = write_chats(&args.findings, &clinic, &proved)?;
        match args.format {
            ProveFormat::Text => out!("{}", tell(sources, &clinic, &proved, &files, millis)),
            ProveFormat::Json => print_json(&clinic, &proved, &files)?,
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn read_table(path: &Path) -> anyhow::Result<Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    Table::parse(&text).with_context(|| format!("{} is no table", path.display()))
}

/// Writes each chat to a file; gives the files in the order of the findings.
pub(super) fn write_chats(
    folder: &Path,
    clinic: &str,
    proved: &[Proved],
) -> anyhow::Result<Vec<Option<PathBuf>>> {
    let mut files = Vec::new();
    for one in proved {
        for (number, finding) in one.report.findings.iter().enumerate() {
            let Some(chat) = &finding.chat else {
                files.push(None);
                continue;
            };
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {}", folder.display()))?;
            let file = folder.join(format!(
                "{clinic}-{}-{}.chat",
                one.report.property.id().to_lowercase(),
                number + 1
            ));
            fs::write(&file, chat)
                .with_context(|| format!("failed to write {}", file.display()))?;
            files.push(Some(file));
        }
    }
    Ok(files)
}

/// The verdict, for people.
pub(super) fn tell(
    sources: &Sources,
    clinic: &str,
    proved: &[Proved],
    files: &[Option<PathBuf>],
    millis: f64,
) -> String {
    let mut out = String::new();
    tell_promises(&mut out, sources, proved, files, |_| true);
    for one in proved.iter().filter(|one| !one.report.beyond.is_empty()) {
        let _ = writeln!(
            out,
            "\nBeyond the table ({}), which is no failure:",
            one.report.property.id()
        );
        for what in &one.report.beyond {
            let _ = writeln!(out, "    {what}");
        }
    }
    let broken = proved.iter().filter(|one| !one.report.holds()).count();
    let states: usize = proved.iter().map(|one| one.report.states).sum();
    let verdict = match broken {
        0 => "proved".to_owned(),
        1 => "NOT PROVED: 1 promise is broken".to_owned(),
        more => format!("NOT PROVED: {more} promises are broken"),
    };
    let _ = writeln!(
        out,
        "\n{clinic}: {verdict}. {} states in {millis:.0} ms.",
        grouped(states)
    );
    out
}

/// What does not hold, for people.
pub(super) fn tell_broken(
    sources: &Sources,
    proved: &[Proved],
    files: &[Option<PathBuf>],
) -> String {
    let mut out = String::from("\n");
    tell_promises(&mut out, sources, proved, files, |one| !one.report.holds());
    out
}

fn tell_promises(
    out: &mut String,
    sources: &Sources,
    proved: &[Proved],
    files: &[Option<PathBuf>],
    is_told: impl Fn(&Proved) -> bool,
) {
    let mut files = files.iter();
    for one in proved {
        let report = &one.report;
        if is_told(one) {
            let mark = if report.holds() { "✓" } else { "✗" };
            let _ = writeln!(
                out,
                "{mark} {}  {}",
                report.property.id(),
                report.property.promise()
            );
        }
        for finding in &report.findings {
            let file = files.next().and_then(Option::as_deref);
            tell_finding(out, sources, finding, file);
        }
    }
}

/// 135431 as `135,431`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn tell_finding(out: &mut String, sources: &Sources, finding: &Finding, file: Option<&Path>) {
    let _ = writeln!(out, "\n    {}\n", finding.what);
    let mut last = String::new();
    for spot in &finding.spots {
        let line = place_of(sources, spot);
        if line != last {
            let _ = writeln!(out, "      {line}");
        }
        last = line;
    }
    match &finding.chat {
        Some(chat) => {
            let _ = writeln!(out, "\n    The chat:\n");
            for line in chat.lines().filter(|line| !line.starts_with('#')) {
                let _ = writeln!(out, "      {line}");
            }
        }
        None => {
            let _ = writeln!(
                out,
                "\n    I could not show it in a chat, so it stays unproved."
            );
        }
    }
    let _ = writeln!(out, "\n    Most likely mended so: {}", finding.help);
    if let Some(file) = file {
        let _ = writeln!(out, "    Play it: psoas-bot test {}", file.display());
    }
    out.push('\n');
}

/// `self-check.yaml:66  leg: { screen: leg, next: feeling }`.
fn place_of(sources: &Sources, spot: &Spot) -> String {
    let (file, name) = match spot {
        Spot::Step(dialog, step) => (format!("{dialog}.yaml"), step.to_string()),
        Spot::Name { file, name } => ((*file).to_owned(), name.clone()),
    };
    let text = sources.files.get(&file).map_or("", String::as_str);
    let begins = |line: &str| {
        let line = line
            .trim_start()
            .trim_start_matches("- ")
            .trim_start_matches("{ ")
            .trim_start();
        let named = line
            .strip_prefix("id: ")
            .or_else(|| line.strip_prefix("name: "))
            .unwrap_or(line);
        named
            .strip_prefix(name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ',', ' ']))
    };
    let found = text.lines().enumerate().find(|(_, line)| begins(line));
    match found {
        Some((number, line)) => format!("{file}:{}  {}", number + 1, shortened(line.trim())),
        None => format!("{file}  {name}"),
    }
}

fn shortened(line: &str) -> String {
    /// A longer line wraps on most terminals.
    const CHARS_MAX: usize = 80;
    if line.chars().count() <= CHARS_MAX {
        return line.to_owned();
    }
    line.chars().take(CHARS_MAX - 1).chain(['…']).collect()
}

fn print_json(clinic: &str, proved: &[Proved], files: &[Option<PathBuf>]) -> anyhow::Result<()> {
    let mut files = files.iter();
    for one in proved {
        let report = &one.report;
        let own: Vec<&Option<PathBuf>> = files.by_ref().take(report.findings.len()).collect();
        let unshown = report.findings.iter().any(|finding| finding.chat.is_none());
        let row = JsonRow {
            clinic,
            property: report.property.id(),
            promise: report.property.promise(),
            states: report.states,
            verdict: if report.holds() {
                "proved"
            } else if unshown {
                "could not show"
            } else {
                "broken"
            },
            counterexample: own
                .into_iter()
                .flatten()
                .next()
                .map(|file| file.display().to_string()),
            milliseconds: (one.millis * 10.0).round() / 10.0,
            findings: report
                .findings
                .iter()
                .map(|finding| finding.what.as_str())
                .collect(),
            beyond_the_table: &report.beyond,
        };
        outln!("{}", serde_json::to_string(&row)?);
    }
    Ok(())
}
