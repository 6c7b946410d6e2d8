//! The subcommands.

mod ask;
pub mod audit;
mod check;
mod gate;
mod learn;
mod output;
mod preview;
mod prove;
mod report;
mod run;
mod screen;
mod setup;
pub mod sources;
mod stats;
mod stored;
mod test;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::proof::Property;
use output::errln;

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
    /// Say what is wrong with a folder of dialogs, and where; prove it safe.
    Check(CheckArgs),
    /// Print the page of sources, docs/sources.md, from a folder of dialogs.
    Sources(SourcesArgs),
    /// Prove a folder of dialogs safe, or show the chat that is not.
    Prove(ProveArgs),
    /// Say why a move is shown, or is not, when a warning sign is stated.
    Why(ask::WhyArgs),
    /// Show the shortest chat to a step.
    Reach(ask::ReachArgs),
    /// Say how many ways lead to a step.
    Paths(ask::PathsArgs),
    /// Play the conversations of `.chat` files.
    Test(TestArgs),
    /// Serve Telegram. Needs TELOXIDE_TOKEN; see .env.example for the rest.
    Run,
    /// Try the bot in a browser, without a token.
    Preview,
    /// Say which warning signs typed sentences are heard as, and why.
    Screen(ScreenArgs),
    /// Make the weights by which unheard sentences are asked about.
    Learn(LearnArgs),
    /// List the cases in the data folder of a stopped bot.
    Cases(StoredArgs),
    /// List what waits to be sent in the data folder of a stopped bot.
    Outbox(StoredArgs),
    /// Print what was counted: how far patients come, how long the team takes.
    Stats(StatsArgs),
    /// Check or print the audit log in the data folder of a stopped bot.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print a completion script for your shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// What can be done with the audit log.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  psoas-bot audit verify --data data\n  psoas-bot audit export --data data --format jsonl > audit.jsonl"
)]
pub enum AuditCommand {
    /// Say whether a row was changed or taken out.
    Verify(StoredArgs),
    /// Print every row: who did what when, on which case.
    Export(StoredArgs),
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

/// What `stats` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot stats --data data\n  psoas-bot stats --data data --days 7 --format csv > week.csv\n\nCounts from 1 to 4 are withheld, so that what is handed on points to nobody."
)]
pub struct StatsArgs {
    /// The data folder; the bot that uses it must be stopped.
    #[arg(long, default_value = "data", env = "DATA_DIR")]
    data: PathBuf,
    /// Of how many days.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = StatsFormat::Table)]
    format: StatsFormat,
}

/// How counts are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StatsFormat {
    /// For people.
    Table,
    /// A count a line, with a line of names above.
    Csv,
    /// One array, an object a bot.
    Json,
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
    #[arg(long, default_value = "tuscany-spa")]
    clinic: String,
    /// Write what the bot really says into the files.
    #[arg(long)]
    update: bool,
    /// Restart the bot after every line.
    #[arg(long)]
    restart_everywhere: bool,
}

/// What `sources` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  psoas-bot sources > docs/sources.md")]
pub struct SourcesArgs {
    /// The folder of dialogs.
    #[arg(default_value = "dialogs", env = "DIALOGS_DIR")]
    dir: PathBuf,
}

/// What `check` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot check                     the folder dialogs, for every clinic in it\n  psoas-bot check my-dialogs --clinic my-clinic"
)]
pub struct CheckArgs {
    /// The folder of dialogs.
    #[arg(default_value = "dialogs")]
    dir: PathBuf,
    /// The clinics to check for, with a comma between two; every one when left out.
    #[arg(long, env = "CLINIC", value_delimiter = ',')]
    clinic: Vec<String>,
    /// Where the chats of broken promises are written.
    #[arg(long, default_value = "findings")]
    findings: PathBuf,
}

/// Whether any clinic has a token: with several, each has its own setting.
fn has_token() -> bool {
    std::env::vars().any(|(name, value)| {
        let rest = name.strip_prefix("TELOXIDE_TOKEN");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            && !value.trim().is_empty()
    })
}

/// What `prove` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot prove                                   every promise, on every path\n  psoas-bot prove --table mine.tsv                  hold it against another clinical table\n  psoas-bot prove --property P1 --format json       one promise, as a row of JSON\n  psoas-bot prove --watch                           beside your editor: a verdict after each change"
)]
pub struct ProveArgs {
    /// The folder of dialogs.
    #[arg(default_value = "dialogs", env = "DIALOGS_DIR")]
    dir: PathBuf,
    /// The clinics to prove for, with a comma between two; every one when left out.
    #[arg(long, env = "CLINIC", value_delimiter = ',')]
    clinic: Vec<String>,
    /// A clinical table that the content must hold, in place of its own
    /// `clinical_table.tsv`.
    #[arg(long)]
    table: Option<PathBuf>,
    /// Only these promises, P1 to P8.
    #[arg(long, value_delimiter = ',', value_parser = property_of)]
    property: Vec<Property>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = ProveFormat::Text)]
    format: ProveFormat,
    /// Where the chats of broken promises are written.
    #[arg(long, default_value = "findings")]
    findings: PathBuf,
    /// Prove again after each change of a file, until Ctrl-C.
    #[arg(long)]
    watch: bool,
}

fn property_of(text: &str) -> Result<Property, String> {
    Property::ALL
        .into_iter()
        .find(|property| property.id().eq_ignore_ascii_case(text.trim()))
        .ok_or_else(|| "the promises are P1 to P8".to_owned())
}

/// How a verdict is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ProveFormat {
    /// For people.
    Text,
    /// A JSON object a promise, one a line.
    Json,
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

/// What `learn` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot learn tests/corpora/ways.tsv tests/corpora/more.tsv\n  psoas-bot learn --raise 2 lines.tsv         ask less\n\nA line of a table: language, kind, the flags it states (or -) and the text, parted by tabs."
)]
pub struct LearnArgs {
    /// Tables of labelled lines.
    #[arg(required = true)]
    tables: Vec<PathBuf>,
    /// How many of a hundred lines that state nothing may be asked about.
    #[arg(long, default_value_t = 3.0)]
    raise: f32,
    /// The folder of dialogs; the weights are written into its `hearing/`.
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
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Sources(args)) => sources::run(&args.dir),
        Some(Command::Prove(args)) => prove::run(&args),
        Some(Command::Why(args)) => ask::run_why(&args),
        Some(Command::Reach(args)) => ask::run_reach(&args),
        Some(Command::Paths(args)) => ask::run_paths(&args),
        Some(Command::Test(args)) => test::run(&args),
        Some(Command::Run) => run::run(),
        Some(Command::Preview) => preview::run(),
        Some(Command::Screen(args)) => screen::run(&args),
        Some(Command::Learn(args)) => learn::run(&args),
        Some(Command::Cases(args)) => stored::run(&args, stored::What::Cases),
        Some(Command::Outbox(args)) => stored::run(&args, stored::What::Outbox),
        Some(Command::Stats(args)) => stats::run(&args),
        Some(Command::Audit(command)) => audit::run(&command),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "psoas-bot", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        None if has_token() => run::run(),
        None => preview::run(),
    };
    result.unwrap_or_else(|error| {
        // `psoas-bot cases | head` has had what it wanted.
        if error.root_cause().downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe)
        {
            return ExitCode::SUCCESS;
        }
        errln!("psoas-bot: {error:#}");
        ExitCode::from(2)
    })
}
