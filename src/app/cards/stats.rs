//! What `/stats` answers: the numbers of the last days, for the team alone.

use super::Writer;
use crate::app::numbers::{CLEARED, OFFERED, PATIENTS, STARTS, TAKEN};
use crate::app::stats::{Section, median};
use crate::content::{Content, RichText};
use crate::ids::{DialogId, StepId};
use crate::picture::chart::{Bar, Chart, Tone};
use crate::triage::Level;

/// Places that are listed; the rest are left by few.
const PLACES_MAX: usize = 3;

/// The loudest first.
const LEVELS: [Level; 3] = [
    Level::EmergencyNow,
    Level::UrgentToday,
    Level::SeeProfessional,
];

/// The rows of a section; none where it is not there.
fn rows<'a>(sections: &'a [Section], name: &str) -> &'a [(String, u64)] {
    let section = sections.iter().find(|section| section.name == name);
    section.map_or(&[], |section| &section.rows)
}

/// One count of a section; 0 where nothing was counted.
fn count(sections: &[Section], name: &str, row: &str) -> u64 {
    let mut rows = rows(sections, name).iter();
    rows.find(|(known, _)| known == row)
        .map_or(0, |(_, count)| *count)
}

/// The numbers in words. `sections` are those of [`crate::app::stats::sections`].
#[must_use]
pub fn stats(content: &Content, sections: &[Section], days: u32) -> RichText {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let rows = |name| rows(sections, name);
    let of = |name, row| count(sections, name, row).to_string();
    let title = writer.with(&words.staff_stats_title, &[("days", &days.to_string())]);
    writer.text.push_bold(&title);
    let (patients, starts) = (of("people", PATIENTS), of("people", STARTS));
    let cleared = of("people", CLEARED);
    let values = [
        ("patients", patients.as_str()),
        ("starts", &starts),
        ("cleared", &cleared),
    ];
    let line = writer.with(&words.staff_stats_people, &values);
    writer.text.push(&format!("\n\n{line}"));
    let screens: Vec<String> = rows("screens")
        .iter()
        .map(|(_, count)| count.to_string())
        .collect();
    let line = writer.with(
        &words.staff_stats_screens,
        &[("counts", &screens.join(" → "))],
    );
    writer.text.push(&format!("\n{line}"));
    writer.heading(&words.staff_stats_warnings);
    for level in LEVELS {
        let (count, named) = (of("levels", level.word()), writer.plain(words.level(level)));
        writer.text.push(&format!("\n{count} · {named}"));
    }
    for (section, text) in [
        ("time to claim", &words.staff_stats_claim),
        ("time to close", &words.staff_stats_close),
    ] {
        if let Some((span, count)) = median(rows(section)) {
            let (span, count) = (shown(span), count.to_string());
            let line = writer.with(text, &[("time", &span), ("count", &count)]);
            writer.text.push(&format!("\n{line}"));
        }
    }
    writer.heading(&words.staff_stats_reach);
    let (offered, taken) = (of("handoffs", OFFERED), of("handoffs", TAKEN));
    let values = [("offered", offered.as_str()), ("taken", &taken)];
    let line = writer.with(&words.staff_stats_handoffs, &values);
    writer.text.push(&format!("\n{line}"));
    let left = rows("left");
    if !left.is_empty() {
        writer.heading(&words.staff_stats_left);
        for (place, count) in left.iter().take(PLACES_MAX) {
            let asked = question(&writer, place);
            writer.text.push(&format!("\n{count} · {asked}"));
        }
    }
    writer.text
}

/// The same as bars: the way through the questions, and the warnings.
#[must_use]
pub fn stats_chart(content: &Content, sections: &[Section], days: u32) -> Chart {
    let writer = Writer::new(content);
    let words = &content.words;
    let rows = |name| rows(sections, name);
    let of = |name, row| count(sections, name, row);
    let bar = |label, count, tone| Bar { label, count, tone };
    let people = |text, row, tone| bar(writer.plain(text), of("people", row), tone);
    let mut way = vec![
        people(&words.staff_stats_bar_patients, PATIENTS, Tone::Way),
        people(&words.staff_stats_bar_starts, STARTS, Tone::Way),
    ];
    way.extend(rows("screens").iter().zip(1..).map(|((_, count), n)| {
        let number = i32::to_string(&n);
        let label = writer.with(&words.staff_stats_bar_screen, &[("number", &number)]);
        bar(label, *count, Tone::Way)
    }));
    way.push(people(&words.staff_stats_bar_cleared, CLEARED, Tone::Good));
    let warnings = LEVELS.map(|level| {
        let label = capital(&writer.plain(words.level(level)));
        bar(label, of("levels", level.word()), Tone::Warning)
    });
    Chart {
        title: writer.with(&words.staff_stats_title, &[("days", &days.to_string())]),
        groups: vec![way, warnings.to_vec()],
    }
}

/// A word as it begins a line.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next();
    let first = first.into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// How a span reads.
fn shown(span: &str) -> String {
    match span {
        "1m" => "1 min",
        "5m" => "5 min",
        "15m" => "15 min",
        "1h" => "1 h",
        "4h" => "4 h",
        "1d" => "24 h",
        "3d" => "72 h",
        _ => "> 72 h",
    }
    .to_owned()
}

/// What is asked at a place, as a team member knows it.
fn question(writer: &Writer<'_>, place: &str) -> String {
    /// On one line of a phone.
    const CHARS_MAX: usize = 40;
    let (dialog, step) = place.split_once('/').unwrap_or((place, ""));
    let found = writer
        .content
        .step(&DialogId::new(dialog), &StepId::new(step));
    let text = found.and_then(|step| step.label.as_ref().or(step.say.as_ref()));
    let Some(text) = text else {
        return place.to_owned();
    };
    let said = writer.plain(text);
    let line = said.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(CHARS_MAX).collect();
    if line.chars().count() > CHARS_MAX {
        short.push('…');
    }
    short
}
