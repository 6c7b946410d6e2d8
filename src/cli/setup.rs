//! What every long-running command does first: settings, content, logging.

use std::io::IsTerminal as _;
use std::panic;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::output::err;
use super::{gate, report};
use crate::app::dialogs_dir;
use crate::app::library::Library;
use crate::app::settings::Settings;
use crate::app::verdicts::Verdicts;
use crate::content::{self, Severity};

/// Logs to standard error. Nothing a patient writes is ever logged, so the
/// panic hook prints where a panic happened and not what it said.
pub(super) fn start_logging() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,psoas_bot=info"));
    // A second start in one process keeps the first one's logger.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // It would tell of a line it cannot write with another, and panic.
        .log_internal_errors(false)
        .try_init();
    panic::set_hook(Box::new(|info| match info.location() {
        Some(place) => tracing::error!(
            file = place.file(),
            line = place.line(),
            "a panic was caught"
        ),
        None => tracing::error!("a panic was caught"),
    }));
}

/// Whether a clinician has reviewed a clinic's dialogs. What is wrong with them
/// otherwise is said when they are loaded.
pub(super) fn is_reviewed(dialogs: &Path, clinic: &str) -> bool {
    let Ok(sources) = dialogs_dir::read(dialogs) else {
        return true;
    };
    content::parse(&sources, clinic).map_or(true, |parsed| parsed.content.reviewed)
}

/// Reads, checks and proves the content; one that does not pass starts nothing.
/// Verdicts are kept in the data folder, and the chats of what is broken.
pub(super) fn load_content(
    settings: &Settings,
    clinic: &str,
    data_dir: &Path,
) -> anyhow::Result<Arc<Library>> {
    let sources = dialogs_dir::read(&settings.dialogs_dir)?;
    match content::parse(&sources, clinic) {
        Ok(parsed) => {
            let verdicts = Verdicts::read(data_dir);
            let findings = data_dir.join("findings");
            gate::pass(&sources, &parsed.content, clinic, &verdicts, &findings)?;
            let library = Library::new(parsed.content, sources, clinic);
            Ok(Arc::new(library.with_verdicts(verdicts)))
        }
        Err(found) => {
            err!(
                "{}",
                report::render(&sources, &found, std::io::stderr().is_terminal())
            );
            let errors = found
                .iter()
                .filter(|one| one.severity == Severity::Error)
                .count();
            anyhow::bail!(
                "{} has {errors} to mend before the bot can start",
                settings.dialogs_dir.display()
            );
        }
    }
}

/// Becomes true on SIGTERM or SIGINT.
pub(super) fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (stop, stopped) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: finishing what is in hand");
        let _ = stop.send(true);
        // Kept until the process ends, so that nobody takes its end for a stop.
        stop.closed().await;
    });
    Ok(stopped)
}
