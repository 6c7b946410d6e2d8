//! What was counted, in the order people read it, and what of it may leave the
//! clinic.

use std::fmt::Write as _;

use super::numbers::{
    CLAIM, CLEARED, CLOSE, Counts, LEFT, LEVEL, OFFERED, PATIENTS, SCREEN, SPANS, STARTS, TAKEN,
    WITHHELD_BELOW,
};
use crate::triage::Level;

/// Dialogs and steps that are listed where people leave.
const PLACES_MAX: usize = 10;

/// Counts that are read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What they are of, for programs.
    pub name: &'static str,
    /// Each with its name.
    pub rows: Vec<(String, u64)>,
}

/// Every count, by section. Screens come in the order of `screens`.
#[must_use]
pub fn sections(counts: &Counts, screens: &[String]) -> Vec<Section> {
    let of = |name: &str| counts.get(name).copied().unwrap_or_default();
    let fixed = |names: &[&str]| -> Vec<(String, u64)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), of(name)))
            .collect()
    };
    let behind = |head: &str, names: &mut dyn Iterator<Item = String>| -> Vec<(String, u64)> {
        names
            .map(|name| (name.clone(), of(&format!("{head}{name}"))))
            .collect()
    };
    let known = |head: &'static str| {
        let names = counts
            .keys()
            .filter_map(move |name| name.strip_prefix(head));
        names.map(str::to_owned)
    };
    let levels = [
        Level::EmergencyNow,
        Level::UrgentToday,
        Level::SeeProfessional,
    ];
    let mut screens: Vec<String> = screens.to_vec();
    let others = known(SCREEN).filter(|name| !screens.contains(name));
    let others: Vec<String> = others.collect();
    screens.extend(others);
    let mut left = behind(LEFT, &mut known(LEFT));
    left.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    left.truncate(PLACES_MAX);
    let spans = || SPANS.iter().map(|(name, _)| (*name).to_owned());
    let section = |name, rows| Section { name, rows };
    vec![
        section("people", fixed(&[PATIENTS, STARTS, CLEARED])),
        section("screens", behind(SCREEN, &mut screens.into_iter())),
        section(
            "levels",
            behind(
                LEVEL,
                &mut levels.iter().map(|level| level.word().to_owned()),
            ),
        ),
        section("left", left),
        section("handoffs", fixed(&[OFFERED, TAKEN])),
        section("time to claim", behind(CLAIM, &mut spans())),
        section("time to close", behind(CLOSE, &mut spans())),
    ]
}

/// A count as it may leave the clinic: nothing, or enough that nobody shows in it.
#[must_use]
pub fn released(count: u64) -> Option<u64> {
    (count == 0 || count >= WITHHELD_BELOW).then_some(count)
}

/// The span within which half of them lie, and how many there are.
#[must_use]
pub fn median(rows: &[(String, u64)]) -> Option<(&str, u64)> {
    let total: u64 = rows.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    let half = rows.iter().find(|(_, count)| {
        seen += count;
        seen * 2 >= total
    });
    half.filter(|_| total > 0)
        .map(|(name, _)| (name.as_str(), total))
}

/// The counts of each clinic in the form that Prometheus reads. Gauges over the
/// last days and not counters: what is old goes. In steps of
/// [`WITHHELD_BELOW`], so that no two readings differ by one person.
#[must_use]
pub fn prometheus(clinics: &[(String, Counts)], days: u32) -> String {
    let mut text = format!(
        "# HELP psoas_bot_events What was counted in the last {days} days, in steps of {WITHHELD_BELOW}.\n# TYPE psoas_bot_events gauge\n"
    );
    for (clinic, counts) in clinics {
        for section in sections(counts, &[]) {
            for (name, count) in section.rows {
                let steps = count - count % WITHHELD_BELOW;
                let _ = writeln!(
                    text,
                    "psoas_bot_events{{clinic=\"{}\",section=\"{}\",event=\"{}\"}} {steps}",
                    label(clinic),
                    section.name,
                    label(&name)
                );
            }
        }
    }
    text.push_str(
        "# HELP psoas_bot_up Whether this clinic's bot runs.\n# TYPE psoas_bot_up gauge\n",
    );
    for (clinic, _) in clinics {
        let _ = writeln!(text, "psoas_bot_up{{clinic=\"{}\"}} 1", label(clinic));
    }
    text
}

/// A value between quotes.
fn label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
