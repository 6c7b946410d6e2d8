//! `psoas-bot run`: serves Telegram.

use std::process::ExitCode;
use std::sync::Arc;

use super::setup;
use crate::app::clock::Clock;
use crate::app::run::{Config, Desk, run as run_bot};
use crate::app::settings::{KeySource, Purpose, Settings};
use crate::channel::telegram::Telegram;

/// Runs the bot until it is told to stop.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let settings = Settings::from_env(Purpose::Run)?;
    setup::start_logging();
    let library = setup::load_content(&settings)?;
    if !library.newest().reviewed && !settings.allow_unreviewed {
        anyhow::bail!(
            "no clinician has reviewed these dialogs yet (`reviewed_by: null`).\nHave them reviewed and named, or set ALLOW_UNREVIEWED=yes to run them as they are."
        );
    }
    let master = settings.key.load()?;
    if let KeySource::File(path) = &settings.key {
        println!(
            "The key that seals the data is in {}. Keep a copy of it elsewhere: without it nothing can be read.",
            path.display()
        );
    }
    let Some(token) = settings.token else {
        anyhow::bail!("TELOXIDE_TOKEN is missing")
    };
    let telegram = Arc::new(Telegram::new(token, settings.api_url)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = setup::stop_signal()?;
        let config = Config {
            telegram,
            library,
            data_dir: settings.data_dir.clone(),
            master,
            staff_chat: settings.staff_chat,
            pacing: settings.pacing,
            shows_open_questions: false,
            clock: Clock::default(),
        };
        run_bot(config, stop, |me, desk| {
            println!(
                "@{} is listening. Data: {}. Stop with Ctrl-C.",
                me.username,
                settings.data_dir.display()
            );
            print!("{}", desk_lines(&me.username, desk));
        })
        .await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// What whoever starts the bot has to know of the desk.
fn desk_lines(username: &str, desk: Desk<'_>) -> String {
    let mut lines = String::new();
    if !desk.is_staffed {
        lines.push_str(
            "There is no staff chat yet: nobody is told of warnings, and patients are not told that anyone is.\n",
        );
    }
    if let Some(code) = desk.code {
        lines.push_str(&format!(
            "\nThe desk has no owner yet. To own it, add @{username} to your staff group and send there:\n\n    /pair {code}\n\nThe code holds for 10 minutes and for one person. The next start gives a new one.\n",
        ));
        if desk.is_staffed {
            lines.push_str("Until then everyone in the staff chat can act on cases.\n");
        }
    }
    lines
}
