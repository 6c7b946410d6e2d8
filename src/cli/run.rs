//! `psoas-bot run`: serves Telegram.

use std::process::ExitCode;
use std::sync::Arc;

use super::setup;
use crate::app::clock::Clock;
use crate::app::run::{Config, run as run_bot};
use crate::app::settings::{KeySource, Purpose, Settings};
use crate::channel::telegram::Telegram;

/// Runs the bot until it is told to stop.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let settings = Settings::from_env(Purpose::Run, setup::is_reviewed)?;
    setup::start_logging();
    let library = setup::load_content(&settings)?;
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
        run_bot(config, stop, |me| {
            println!("@{} is listening. Data: {}. Stop with Ctrl-C.", me.username, settings.data_dir.display());
            if settings.staff_chat.is_none() {
                println!("STAFF_CHAT_ID is not set: nobody on staff is told of warnings, and patients are not told that anyone is.");
            }
        })
        .await?;
        println!("Stopped.");
        Ok(ExitCode::SUCCESS)
    })
}
