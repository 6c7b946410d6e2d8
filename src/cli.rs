//! The subcommands.

pub mod check;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Walks patients of a clinic through scripted dialogs on Telegram.
#[derive(Debug, Parser)]
#[command(
    name = "psoas-bot",
    version,
    after_help = "Without a subcommand the preview starts when TELOXIDE_TOKEN is not set, and the bot when it is.\n\nExamples:\n  psoas-bot                 try the bot in a browser, without a token\n  psoas-bot check           say what is wrong with dialogs/, and where\n  psoas-bot test            play the conversations in tests/conversations\n  psoas-bot run             serve Telegram (needs TELOXIDE_TOKEN)"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong with a folder of dialogs, and where.
    Check(CheckArgs),
}

/// What `check` takes.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The folder of dialogs.
    #[arg(default_value = "dialogs")]
    dir: PathBuf,
    /// The clinic to check for; every clinic when left out.
    #[arg(long, env = "CLINIC")]
    clinic: Option<String>,
}

/// Runs a subcommand; the exit code says whether it went well.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Check(args)) => check::run(&args.dir, args.clinic.as_deref()),
        None => Ok(ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("psoas-bot: {error:#}");
        ExitCode::from(2)
    })
}
