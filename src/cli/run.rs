//! `psoas-bot run`: serves Telegram.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::output::{out, outln};
use super::setup;
use crate::app::clock::Clock;
use crate::app::metrics::{self, Board};
use crate::app::run::{Config, Desk, run as run_bot};
use crate::app::settings::{ClinicSettings, KeySource, Purpose, Settings};
use crate::channel::telegram::{Me, Telegram};
use crate::store::{Ledger, MasterKey};

/// Runs each clinic's bot until they are told to stop.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let settings = Settings::from_env(Purpose::Run, setup::is_reviewed)?;
    setup::start_logging();
    let mut bots = Vec::new();
    // Everything that can be wrong is found before any bot starts.
    let board = Arc::new(Board::default());
    for clinic in &settings.clinics {
        bots.push((clinic, prepare(&settings, clinic, &board)?));
    }
    if let KeySource::File(path) = &settings.key {
        outln!(
            "The key that seals the data is in {}. Keep a copy of it elsewhere: without it nothing can be read.",
            path.display()
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if let Some(port) = settings.metrics_port {
            let clock = Clock::default();
            let (port, serving) = metrics::serve(port, Arc::clone(&board), clock)
                .await
                .with_context(|| format!("METRICS_PORT: nothing can listen on 127.0.0.1:{port}"))?;
            outln!("Numbers for Prometheus: http://127.0.0.1:{port}/metrics");
            tokio::spawn(serving);
        }
        let told = setup::stop_signal()?;
        let (stop_all, stop) = watch::channel(false);
        let stop_all = Arc::new(stop_all);
        tokio::spawn(pass_on(told, Arc::clone(&stop_all)));
        let mut running = JoinSet::new();
        for (clinic, config) in bots {
            let (stop, name) = (stop.clone(), clinic.name.clone());
            let data = clinic.data_dir.display().to_string();
            running.spawn(async move {
                let started = |me: &Me, desk: Desk<'_>| {
                    outln!(
                        "@{} is listening for {name}. Data: {data}. Stop with Ctrl-C.",
                        me.username
                    );
                    out!("{}", desk_lines(&me.username, desk));
                };
                run_bot(config, stop, started)
                    .await
                    .with_context(|| name.clone())
            });
        }
        let mut ended = Ok(ExitCode::SUCCESS);
        while let Some(one) = running.join_next().await {
            // A clinic whose bot breaks must be seen: the others stop with it, and
            // whatever starts the program starts all of them again.
            stop_all.send_replace(true);
            let one = one.map_err(anyhow::Error::from).and_then(|one| one);
            if let (Err(error), true) = (one, ended.is_ok()) {
                ended = Err(error);
            }
        }
        if ended.is_ok() {
            outln!("Stopped.");
        }
        ended
    })
}

/// What one clinic's bot needs, or why it cannot start.
fn prepare(
    settings: &Settings,
    clinic: &ClinicSettings,
    board: &Arc<Board>,
) -> anyhow::Result<Config> {
    let master: MasterKey = settings.key.load()?;
    // Another key is found before the proof keeps its verdict: nothing is written then.
    Ledger::check_key(&clinic.data_dir, &master)?;
    let library = setup::load_content(settings, &clinic.name, &clinic.data_dir)?;
    let Some(token) = clinic.token.clone() else {
        anyhow::bail!("TELOXIDE_TOKEN is missing")
    };
    Ok(Config {
        telegram: Arc::new(Telegram::new(token, settings.api_url.clone())?),
        library,
        data_dir: clinic.data_dir.clone(),
        master,
        staff_chat: clinic.staff_chat,
        alarms: clinic.alarms.clone(),
        pacing: settings.pacing,
        begins_empty: false,
        board: Some((Arc::clone(board), clinic.name.clone())),
        clock: Clock::default(),
    })
}

/// A signal to stop reaches every bot.
async fn pass_on(mut told: watch::Receiver<bool>, stop_all: Arc<watch::Sender<bool>>) {
    if told.wait_for(|stop| *stop).await.is_ok() {
        stop_all.send_replace(true);
    }
}

/// What whoever starts the bot has to know of the desk.
fn desk_lines(username: &str, desk: Desk<'_>) -> String {
    let mut lines = String::new();
    if !desk.is_staffed {
        lines.push_str(
            "There is no staff chat yet: nobody can answer a warning, and patients are not told that anyone is told.\n",
        );
        if desk.has_alarms {
            lines.push_str("Until there is one, each emergency and urgent case rings the ALARM_ targets at once, and again every few minutes.\n");
        }
    }
    if let Some(code) = desk.code {
        lines.push_str(&format!(
            "\nThe desk has no owner yet. To own it, add @{username} to your staff group and send there:\n\n    /pair {code}\n\nThe code holds for 10 minutes and for one person. The next start gives a new one.\n",
        ));
        if desk.is_orphaned {
            lines.push_str("The last owner has left. Until there is a new one, those on the team keep their roles, and nobody else can act on cases.\n");
        } else if desk.is_staffed {
            lines.push_str("Until then everyone in the staff chat can act on cases.\n");
        }
    }
    lines
}
