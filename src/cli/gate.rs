//! The gate: what is not proved is not used.
//!
//! `check`, `run` and `preview` all pass here. `prove` says more of the same.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::output::{err, errln};
use super::prove;
use crate::app::clock::Clock;
use crate::app::gate::{self, Proved};
use crate::app::verdicts::{Verdict, Verdicts};
use crate::content::{Content, Sources};
use crate::proof::Property;

/// Proves a content before it is used, unless that was done before. One that is
/// not proved is told on standard error, and its chats are written to `findings`.
///
/// # Errors
/// When a promise does not hold, or could not be shown to; when the chats cannot
/// be written.
pub(super) fn pass(
    sources: &Sources,
    content: &Content,
    clinic: &str,
    verdicts: &Verdicts,
    findings: &Path,
) -> anyhow::Result<()> {
    // A refusal is not taken over: whoever is refused wants to see why.
    if verdicts.of(content, clinic) == Some(Verdict::Proved) {
        return Ok(());
    }
    let proved = prove_aloud(content, clinic);
    let holds = proved.iter().all(|one| one.report.holds());
    let verdict = if holds {
        Verdict::Proved
    } else {
        Verdict::Refused
    };
    if let Err(error) = verdicts.keep(content, clinic, verdict) {
        tracing::warn!(%error, "failed to keep the verdict of the proof; the next start proves again");
    }
    if holds {
        return Ok(());
    }
    let files = prove::write_chats(findings, clinic, &proved)?;
    err!("{}", prove::tell_broken(sources, &proved, &files));
    let broken = proved.iter().filter(|one| !one.report.holds()).count();
    anyhow::bail!(
        "the dialogs for {clinic} are not proved safe: {broken} of {} promises {} above. Nothing was started. Mend the dialogs, then try: psoas-bot check",
        proved.len(),
        if broken == 1 {
            "does not hold, see"
        } else {
            "do not hold, see"
        },
    );
}

/// Proves every promise, and says on standard error how far it is.
pub(super) fn prove_aloud(content: &Content, clinic: &str) -> Vec<Proved> {
    let began = Clock::uptime();
    let rewrites = std::io::stderr().is_terminal();
    let many = Property::ALL.len();
    let done = AtomicUsize::new(0);
    let say = |now: usize| err!("\rProving {clinic}: {now} of {many} promises");
    if rewrites {
        say(0);
    } else {
        errln!("Proving {clinic}: {many} promises, on every path");
    }
    let proved = gate::prove(content, None, &Property::ALL, |_| {
        let now = done.fetch_add(1, Ordering::Relaxed) + 1;
        if rewrites {
            say(now);
        }
    });
    if rewrites {
        // Back to the start of the line, and clear it.
        err!("\r\x1b[K");
    }
    let holds = proved.iter().filter(|one| one.report.holds()).count();
    let states: usize = proved.iter().map(|one| one.report.states).sum();
    errln!(
        "{}: {holds} of {many} promises proved. {} states in {:.1} s.",
        clinic,
        prove::grouped(states),
        (Clock::uptime() - began).as_secs_f64()
    );
    proved
}
