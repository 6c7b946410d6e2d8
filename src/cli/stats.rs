//! `psoas-bot stats`: prints what a stopped bot has counted.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::stored::open_data;
use super::{StatsArgs, StatsFormat};
use crate::app::clock::Clock;
use crate::app::numbers::{self, WITHHELD_BELOW};
use crate::app::records::Keys;
use crate::app::{intake, stats};

/// Prints the counts of the last days. What is printed may be handed on, so small
/// counts are withheld in every format.
pub(super) fn run(args: &StatsArgs) -> anyhow::Result<ExitCode> {
    let ledger = open_data(&args.data)?;
    let today = intake::day_of(Clock::default().now());
    // A clinic's day may have begun before that of UTC, or after it.
    let first = today.saturating_sub(args.days.max(1));
    let mut out = std::io::stdout().lock();
    if args.format == StatsFormat::Csv {
        writeln!(out, "bot,section,name,count")?;
    }
    let mut bots = Vec::new();
    for bot in ledger.bots()?.into_iter().filter(|bot| bot.0 != 0) {
        let counts = numbers::since(&ledger, Keys(bot), first)?;
        let sections = stats::sections(&counts, &[]);
        match args.format {
            StatsFormat::Table => {
                writeln!(out, "Bot {bot}, the last {} days", args.days.max(1))?;
                for section in &sections {
                    writeln!(out, "\n  {}", section.name)?;
                    if section.rows.is_empty() {
                        writeln!(out, "    none")?;
                    }
                    for (name, count) in &section.rows {
                        writeln!(out, "    {name:<28}{:>8}", shown(*count))?;
                    }
                }
                writeln!(
                    out,
                    "\nCounts from 1 to {} are withheld.",
                    WITHHELD_BELOW - 1
                )?;
            }
            StatsFormat::Csv => {
                for section in &sections {
                    for (name, count) in &section.rows {
                        writeln!(out, "{bot},{},{name},{}", section.name, shown(*count))?;
                    }
                }
            }
            StatsFormat::Json => {
                let rows: Vec<Value> = sections
                    .iter()
                    .flat_map(|section| {
                        section.rows.iter().map(|(name, count)| {
                            let released = stats::released(*count);
                            json!({ "section": section.name, "name": name, "count": released, "withheld": released.is_none() })
                        })
                    })
                    .collect();
                bots.push(json!({ "bot": bot.0, "days": args.days.max(1), "withheld_below": WITHHELD_BELOW, "counts": rows }));
            }
        }
    }
    if args.format == StatsFormat::Json {
        writeln!(out, "{}", serde_json::to_string_pretty(&bots)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(count: u64) -> String {
    stats::released(count).map_or_else(|| format!("<{WITHHELD_BELOW}"), |count| count.to_string())
}
