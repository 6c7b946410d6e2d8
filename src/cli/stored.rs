//! `psoas-bot cases` and `psoas-bot outbox`: reads a stopped store.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::errln;
use super::{StoredArgs, StoredFormat, setup};
use crate::app::records::{OutboxRow, Piece};
use crate::app::settings::{Purpose, Settings};
use crate::ids::BotId;
use crate::staff::{Case, CaseState};
use crate::store::{Key, Kind, Ledger};

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Cases,
    Outbox,
}

/// Prints every case, or everything that waits to be sent.
pub(super) fn run(args: &StoredArgs, what: What) -> anyhow::Result<ExitCode> {
    let ledger = open_data(&args.data)?;
    let mut rows = Vec::new();
    let wanted = match what {
        What::Cases => Kind::Case,
        What::Outbox => Kind::Outbox,
    };
    let mut unreadable = 0;
    for bot in bots(&ledger)? {
        ledger.scan(bot, None, Some(wanted), &mut |key, row| {
            let value = match what {
                What::Cases => row.json::<Case>().map(|case| describe_case(bot, &case)),
                What::Outbox => row
                    .json::<OutboxRow>()
                    .map(|row| describe_message(bot, &key, &row)),
            };
            match value {
                Ok(value) => rows.push(value),
                Err(_) => unreadable += 1,
            }
        })?;
    }
    let mut out = std::io::stdout().lock();
    for row in &rows {
        match args.format {
            StoredFormat::Jsonl => writeln!(out, "{row}")?,
            StoredFormat::Table => writeln!(out, "{}", line(row))?,
        }
    }
    if unreadable > 0 {
        errln!("{unreadable} rows could not be read: their keys are gone.");
    }
    if rows.is_empty() && args.format == StoredFormat::Table {
        writeln!(out, "None.")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the data folder of a stopped bot.
pub(super) fn open_data(data: &Path) -> anyhow::Result<Ledger> {
    let settings = Settings::read(
        Purpose::Preview,
        |name| {
            if name == "DATA_DIR" {
                data.to_str().map(str::to_owned)
            } else {
                std::env::var(name)
                    .ok()
                    .filter(|value| !value.trim().is_empty())
            }
        },
        setup::is_reviewed,
    )?;
    if !data.join("keys.bin").is_file() {
        anyhow::bail!(
            "{} holds no data of a bot: give the folder that DATA_DIR names",
            data.display()
        );
    }
    let master = settings.key.load()?;
    let (ledger, _) = Ledger::open_folder(data, &master)?;
    Ok(ledger)
}

fn bots(ledger: &Ledger) -> anyhow::Result<Vec<BotId>> {
    Ok(ledger.bots()?)
}

/// A case without a patient's words: those are for the staff chat.
fn describe_case(bot: BotId, case: &Case) -> Value {
    let (flags, cautions): (Vec<&str>, Vec<&str>) = if case.private {
        (Vec::new(), Vec::new())
    } else {
        let flags = case.flags.iter().map(|flag| flag.flag.as_str()).collect();
        (
            flags,
            case.cautions.iter().map(|flag| flag.as_str()).collect(),
        )
    };
    let rules: Vec<&str> = case.rules.iter().map(|rule| rule.as_str()).collect();
    let state = match &case.state {
        CaseState::Open => "open",
        CaseState::Claimed { .. } => "claimed",
        CaseState::Handled { .. } => "handled",
        CaseState::Closed { .. } => "closed",
    };
    json!({
        "bot": bot.0, "case": case.number.0, "chat": case.chat.0, "level": case.level.word(), "state": state,
        "since": case.since.0, "flags": flags, "cautions": cautions, "rules": rules, "private": case.private, "asks_call": case.asks_call,
        "cleared": case.clearings.iter().map(|clearing| clearing.flags.len()).sum::<usize>(), "messages": case.words.len(),
    })
}

fn describe_message(bot: BotId, key: &Key, row: &OutboxRow) -> Value {
    let (kind, bytes) = match &row.piece {
        Piece::Send { text, .. } => ("send", text.text.len()),
        Piece::Edit { text, .. } => ("edit", text.text.len()),
        Piece::Photo { caption, .. } => ("photo", caption.text.len()),
        Piece::Document { document } => ("document", document.body().len()),
        Piece::Contact { .. } => ("contact", 0),
        Piece::Chart { .. } => ("chart", 0),
        Piece::Copy { caption, .. } => {
            let bytes = caption.as_ref().map_or(0, |caption| caption.text.len());
            ("copy", bytes)
        }
        Piece::Wipe { text, .. } => ("wipe", text.text.len()),
        Piece::Caption { text, .. } => ("caption", text.text.len()),
        Piece::Topic(_) => ("topic", 0),
        Piece::React { .. } => ("react", 0),
        Piece::Alarm { text, .. } => ("alarm", text.text.len()),
    };
    json!({
        "bot": bot.0, "chat": key.chat().0, "kind": kind, "bytes": bytes, "weight": row.weight,
        "repeats": row.repeats, "case": row.case.map(|case| case.0),
    })
}

/// A row for people.
pub(super) fn line(row: &Value) -> String {
    let fields: Vec<String> = row
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            format!(
                "{name}={}",
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            )
        })
        .collect();
    fields.join("  ")
}
