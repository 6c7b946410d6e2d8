//! `psoas-bot why`, `reach` and `paths`: an author's questions about a content,
//! answered by what proves it.

use std::path::PathBuf;
use std::process::ExitCode;

use super::check;
use super::output::{err, out, outln};
use crate::app::dialogs_dir;
use crate::content::{self, Content, nearest};
use crate::ids::{DialogId, FlagId, Lang, MoveId, StepId};
use crate::proof::{Answered, Ways, count_paths, find_step, reach_step, why};

/// Which content is asked about.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// The folder of dialogs.
    #[arg(long, default_value = "dialogs", env = "DIALOGS_DIR")]
    dialogs: PathBuf,
    /// The clinic whose dialogs these are; the folder's first when left out.
    #[arg(long, env = "CLINIC")]
    clinic: Option<String>,
}

/// What `why` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot why X3                        a short chat in which X3 is shown\n  psoas-bot why X3 --flag diabetes        and with diabetes stated in it; or why not\n  psoas-bot why X3 > x3.chat              keep the chat; psoas-bot test x3.chat plays it"
)]
pub struct WhyArgs {
    /// The move, as moves.yaml calls it.
    #[arg(value_name = "MOVE")]
    exercise: String,
    /// A warning sign or caution that the patient has stated.
    #[arg(long)]
    flag: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

/// What `reach` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot reach where                   the shortest chat to the step `where`\n  psoas-bot reach self-check/done         the step of this dialog, where several have one\n  psoas-bot reach where > where.chat      keep the chat; psoas-bot test where.chat plays it"
)]
pub struct ReachArgs {
    /// The step: its name, or DIALOG/NAME.
    step: String,
    #[command(flatten)]
    asked: Asked,
}

/// What `paths` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  psoas-bot paths --to self-check/where           how many ways lead there\n  psoas-bot paths --to self-check/where --count   the number alone\n\nA way begins where its dialog begins, and comes to no step twice. Each answer is a way of its own; a list counts as one.\nWhere there are too many to count, it says how many there are at least."
)]
pub struct PathsArgs {
    /// The step: its name, or DIALOG/NAME.
    #[arg(long)]
    to: String,
    /// Print the number alone.
    #[arg(long)]
    count: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Why a move is or is not shown.
pub(super) fn run_why(args: &WhyArgs) -> anyhow::Result<ExitCode> {
    let content = load(&args.asked)?;
    let exercise = move_of(&content, &args.exercise)?;
    let flag = match &args.flag {
        Some(flag) => Some(flag_of(&content, flag)?),
        None => None,
    };
    let name = content
        .moves
        .list
        .get(&exercise)
        .map(|one| one.name.render(Lang::En, &content).text)
        .unwrap_or_default();
    let with = flag
        .as_ref()
        .map(|flag| format!(" to somebody with `{flag}`"))
        .unwrap_or_default();
    let answered = why(&content, &exercise, flag.as_ref());
    Ok(tell(
        &answered,
        &format!("{exercise} ({name}) is never shown{with}."),
    ))
}

/// The shortest chat to a step.
pub(super) fn run_reach(args: &ReachArgs) -> anyhow::Result<ExitCode> {
    let content = load(&args.asked)?;
    let (dialog, step) = step_of(&content, &args.step)?;
    let answered = reach_step(&content, &dialog, &step);
    Ok(tell(
        &answered,
        &format!("`{step}` in {dialog}.yaml is never reached."),
    ))
}

/// How many ways lead to a step.
pub(super) fn run_paths(args: &PathsArgs) -> anyhow::Result<ExitCode> {
    let content = load(&args.asked)?;
    let (dialog, step) = step_of(&content, &args.to)?;
    let many = count_paths(&content, &dialog, &step);
    if args.count {
        match many {
            Ways::Exactly(many) => outln!("{many}"),
            Ways::AtLeast(many) => outln!("at least {many}"),
        }
    } else {
        let ways = match many {
            Ways::Exactly(0) => "No way leads".to_owned(),
            Ways::Exactly(1) => "One way leads".to_owned(),
            Ways::Exactly(many) => format!("{} ways lead", grouped(many)),
            Ways::AtLeast(many) => format!("At least {} ways lead", grouped(many)),
        };
        outln!("{ways} from the start of {dialog}.yaml to `{step}`.");
        outln!(
            "No step comes twice in a way, and a list counts as one answer. See one: psoas-bot reach {dialog}/{step}"
        );
    }
    Ok(if many == Ways::Exactly(0) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A yes is a chat that can be kept and played; the exit code says no as well.
fn tell(answered: &Answered, no: &str) -> ExitCode {
    match answered {
        Answered::Chat(chat) => {
            out!("{chat}");
            ExitCode::SUCCESS
        }
        Answered::No(reasons) => {
            outln!("{no}\n");
            for reason in reasons {
                outln!("  • {reason}");
            }
            ExitCode::FAILURE
        }
        Answered::Unsure(why) => {
            outln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn load(asked: &Asked) -> anyhow::Result<Content> {
    let sources = dialogs_dir::read(&asked.dialogs)?;
    let named: Vec<String> = asked.clinic.iter().cloned().collect();
    let clinics = check::clinics_of(&sources, &asked.dialogs, &named)?;
    let clinic = clinics.first().map_or("", String::as_str);
    match content::parse(&sources, clinic) {
        Ok(parsed) => Ok(parsed.content),
        Err(found) => {
            err!("{}", super::report::render(&sources, &found, false));
            anyhow::bail!(
                "{} has errors; mend them first: psoas-bot check",
                asked.dialogs.display()
            )
        }
    }
}

fn move_of(content: &Content, name: &str) -> anyhow::Result<MoveId> {
    let known = content.moves.list.keys();
    if let Some(found) = known
        .clone()
        .find(|id| id.as_str().eq_ignore_ascii_case(name))
    {
        return Ok(found.clone());
    }
    let listed: Vec<String> = content
        .moves
        .list
        .iter()
        .map(|(id, exercise)| {
            format!(
                "\n  {:<6} {}",
                id.as_str(),
                exercise.name.render(Lang::En, content).text
            )
        })
        .collect();
    anyhow::bail!(
        "moves.yaml has no move `{name}`. It has:{}",
        listed.concat()
    )
}

fn flag_of(content: &Content, name: &str) -> anyhow::Result<FlagId> {
    if let Some((found, _)) = content
        .flags
        .iter()
        .find(|(id, _)| id.as_str().eq_ignore_ascii_case(name))
    {
        return Ok(found.clone());
    }
    anyhow::bail!(
        "red-flags.yaml has no flag `{name}`.{}",
        did_you_mean(name, content.flags.keys().map(FlagId::as_str))
    )
}

fn step_of(content: &Content, name: &str) -> anyhow::Result<(DialogId, StepId)> {
    let dialogs = match find_step(content, name) {
        Ok(found) => return Ok(found),
        Err(dialogs) => dialogs,
    };
    if !dialogs.is_empty() {
        let each: Vec<String> = dialogs
            .iter()
            .map(|dialog| format!("\n  {dialog}/{name}"))
            .collect();
        anyhow::bail!(
            "{} dialogs have a step `{name}`. Name one of them:{}",
            dialogs.len(),
            each.concat()
        );
    }
    let all: Vec<String> = content
        .dialogs
        .values()
        .flat_map(|dialog| {
            dialog
                .steps
                .keys()
                .map(move |step| format!("{}/{step}", dialog.id))
        })
        .collect();
    let near = if name.contains('/') {
        nearest(name, all.iter().map(String::as_str))
    } else {
        let short = |full: &str| full.split_once('/').map(|(_, step)| step.to_owned());
        let near = nearest(name, all.iter().filter_map(|full| full.split('/').nth(1)));
        all.iter()
            .find(|full| near.is_some() && short(full).as_deref() == near)
            .map(String::as_str)
    };
    let hint = near
        .map(|near| format!(" Did you mean `{near}`?"))
        .unwrap_or_default();
    anyhow::bail!("no dialog has a step `{name}`.{hint}")
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known)
        .map(|near| format!(" Did you mean `{near}`?"))
        .unwrap_or_default()
}

fn grouped(many: u128) -> String {
    usize::try_from(many).map_or_else(|_| many.to_string(), super::prove::grouped)
}
