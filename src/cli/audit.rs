//! `psoas-bot audit`: checks and prints the audit log of a stopped bot.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::output::outln;
use super::stored::{line, open_data};
use super::{AuditCommand, StoredArgs, StoredFormat};
use crate::app::audit::{self, AuditRow};
use crate::app::records::Keys;
use crate::ids::BotId;

/// Checks the chain, or prints every row.
pub(super) fn run(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify(args) => verify(args),
        AuditCommand::Export(args) => export(args),
    }
}

fn verify(args: &StoredArgs) -> anyhow::Result<ExitCode> {
    let ledger = open_data(&args.data)?;
    let mut code = ExitCode::SUCCESS;
    let mut total = 0;
    for bot in ledger.bots()? {
        let keys = Keys(bot);
        let rows = audit::read(&ledger, keys)?;
        total += rows.len();
        if let Some(found) = audit::verify(&ledger, keys, &rows)? {
            outln!("✗ bot {bot}: row {}: {}.", found.number, found.why);
            code = ExitCode::FAILURE;
        }
    }
    if code == ExitCode::SUCCESS {
        outln!("✓ {total} rows, none changed or missing.");
    } else {
        outln!("Keep this folder as it is, and compare it with your last backup.");
    }
    Ok(code)
}

fn export(args: &StoredArgs) -> anyhow::Result<ExitCode> {
    let ledger = open_data(&args.data)?;
    let mut out = std::io::stdout().lock();
    let mut total = 0;
    for bot in ledger.bots()? {
        for row in audit::read(&ledger, Keys(bot))? {
            total += 1;
            match args.format {
                StoredFormat::Jsonl => writeln!(out, "{}", described(bot, &row))?,
                StoredFormat::Table => writeln!(out, "{}", line(&described(bot, &row)))?,
            }
        }
    }
    if total == 0 && args.format == StoredFormat::Table {
        writeln!(out, "None.")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn described(bot: BotId, row: &AuditRow) -> serde_json::Value {
    json!({
        "bot": bot.0, "number": row.number, "at": row.at.0, "what": row.what, "case": row.case,
        "user": row.who.as_ref().map(|who| who.user.0), "name": row.who.as_ref().map(|who| &who.name),
        "before": row.before, "hash": row.hash(),
    })
}
