//! The subcommands.

pub mod check;
mod preview;
mod report;
mod run;
mod screen;
mod setup;
mod stored;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

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
    /// Play the conversations of `.chat` files.
    Test(TestArgs),
    /// Serve Telegram. Needs TELOXIDE_TOKEN; see .env.example for the rest.
    Run,
    /// Try the bot in a browser, without a token.
    Preview,
    /// Say which warning signs typed sentences are heard as, and why.
    Screen(ScreenArgs),
    /// List the cases in the data folder of a stopped bot.
    Cases(StoredArgs),
    /// List what waits to be sent in the data folder of a stopped bot.
    Outbox(StoredArgs),
    /// Print a completion script for your shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// What `cases` and `outbox` take.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot cases --data data\n  psoas-bot outbox --data data --format jsonl"
)]
pub struct StoredArgs {
    /// The data folder; the bot that uses it must be stopped.
    #[arg(long, default_value = "data", env = "DATA_DIR")]
    data: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = StoredFormat::Table)]
    format: StoredFormat,
}

/// How stored rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StoredFormat {
    /// For people.
    Table,
    /// A JSON object a line.
    Jsonl,
}

/// What `test` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot test                                        every file below tests/conversations\n  psoas-bot test tests/conversations/levels/urgent.chat\n  psoas-bot test --update my-new.chat                   write down what the bot really says"
)]
pub struct TestArgs {
    /// Files, or folders of them.
    #[arg(default_value = "tests/conversations")]
    paths: Vec<PathBuf>,
    /// The folder of dialogs.
    #[arg(long, default_value = "dialogs", env = "DIALOGS_DIR")]
    dialogs: PathBuf,
    /// The clinic the conversations are with.
    #[arg(long, env = "CLINIC", default_value = "tuscany-spa")]
    clinic: String,
    /// Write what the bot really says into the files.
    #[arg(long)]
    update: bool,
    /// Restart the bot after every line.
    #[arg(long)]
    restart_everywhere: bool,
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

/// What `screen` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot screen \"no fever but i cant pee\"      one sentence, explained\n  psoas-bot screen --explain < sentences.txt      a sentence a line, explained\n  psoas-bot screen < lines.jsonl                  {\"text\": \"...\", \"lang\": \"en\"} a line, answered in JSON\n\nUnder a sentence ━ marks what counts, ╌ what is asked about first, · what was found and does not count."
)]
pub struct ScreenArgs {
    /// Sentences to explain; without any, the standard input is read.
    sentences: Vec<String>,
    /// Explain each line of the standard input for people, words underlined.
    #[arg(long)]
    explain: bool,
    /// The folder of dialogs.
    #[arg(long, default_value = "dialogs", env = "DIALOGS_DIR")]
    dialogs: PathBuf,
    /// The clinic whose dialogs these are.
    #[arg(long, env = "CLINIC", default_value = "tuscany-spa")]
    clinic: String,
}

/// Runs a subcommand; the exit code says whether it went well.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Check(args)) => check::run(&args.dir, args.clinic.as_deref()),
        Some(Command::Test(args)) => test::run(&args),
        Some(Command::Run) => run::run(),
        Some(Command::Preview) => preview::run(),
        Some(Command::Screen(args)) => screen::run(&args),
        Some(Command::Cases(args)) => stored::run(&args, stored::What::Cases),
        Some(Command::Outbox(args)) => stored::run(&args, stored::What::Outbox),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "psoas-bot",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
        None if std::env::var("TELOXIDE_TOKEN").is_ok_and(|token| !token.trim().is_empty()) => {
            run::run()
        }
        None => preview::run(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("psoas-bot: {error:#}");
        ExitCode::from(2)
    })
}
