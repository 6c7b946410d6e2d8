//! What is counted: how many begin, how far they come, how loud it gets, where
//! they leave, and how long the team takes.
//!
//! A turn's counts are a row in the turn's own commit, so nothing is counted
//! twice and nothing is missed, whatever dies when. Once a day is over its rows
//! are folded into one. No chat and no word of a patient is in them: ids of the
//! content and numbers.

use std::collections::BTreeMap;

use super::clerk::TurnError;
use super::records::{CLINIC, Keys};
use crate::content::{Content, Deed, Verb};
use crate::dialog::{Conversation, Effect, Press, What};
use crate::ids::{DialogId, ScreenId, Timestamp};
use crate::store::{Commit, CommitError, Key, Kind, Ledger, Put, ReadError, Version};

/// Counts by name: `start`, `screen.now`, `level.urgent-today`.
pub type Counts = BTreeMap<String, u64>;

/// Somebody's first message.
pub const PATIENTS: &str = "patients";
/// The screens begin.
pub const STARTS: &str = "starts";
/// Every screen answered with nothing that blocks.
pub const CLEARED: &str = "cleared";
/// Before the id of a screen that was answered.
pub const SCREEN: &str = "screen.";
/// Before the level of a case that was alerted. A private answer is counted nowhere.
pub const LEVEL: &str = "level.";
/// A way to a person or to booking was opened.
pub const OFFERED: &str = "handoff.offered";
/// A call was asked for.
pub const TAKEN: &str = "handoff.taken";
/// Before the dialog and step where somebody stopped, or fell silent for a day.
pub const LEFT: &str = "left.";
/// Before how long a case waited for somebody.
pub const CLAIM: &str = "claim.";
/// Before how long a case was open.
pub const CLOSE: &str = "close.";

/// How long something took, up to so many seconds.
pub const SPANS: [(&str, i64); 8] = [
    ("1m", 60),
    ("5m", 5 * 60),
    ("15m", 15 * 60),
    ("1h", 60 * 60),
    ("4h", 4 * 60 * 60),
    ("1d", 24 * 60 * 60),
    ("3d", 3 * 24 * 60 * 60),
    ("more", i64::MAX),
];

/// Below this a count could point to somebody: what leaves the clinic says no
/// more than that it is small.
pub const WITHHELD_BELOW: u64 = 5;

/// Somebody who is silent for so long in the middle of a dialog has left it.
const SILENT_SECONDS: i64 = 24 * 60 * 60;

/// What of a conversation is compared with what it is after a turn.
pub struct Before {
    is_new: bool,
    screens: Vec<ScreenId>,
    was_cleared: bool,
    dialogs: Vec<DialogId>,
    place: Option<String>,
}

impl Before {
    /// Before a turn; `is_new` for somebody's first.
    #[must_use]
    pub fn of(conversation: &Conversation, is_new: bool) -> Self {
        Self {
            is_new,
            screens: conversation.screens.keys().cloned().collect(),
            was_cleared: conversation.clearance.is_some(),
            dialogs: conversation
                .stack
                .iter()
                .map(|frame| frame.dialog.clone())
                .collect(),
            place: place(conversation),
        }
    }

    /// What a turn adds.
    #[must_use]
    pub fn counted(
        &self,
        content: &Content,
        what: &What,
        after: &Conversation,
        effects: &[Effect],
    ) -> Vec<String> {
        let mut counted = Vec::new();
        if self.is_new {
            counted.push(PATIENTS.to_owned());
        }
        let entered = after
            .stack
            .iter()
            .map(|frame| &frame.dialog)
            .filter(|dialog| !self.dialogs.contains(dialog));
        for dialog in entered {
            if *dialog == content.bot.screening {
                counted.push(STARTS.to_owned());
            }
            if hands_off(content, dialog) {
                counted.push(OFFERED.to_owned());
            }
        }
        let passed = after.screens.keys().filter(|id| !self.screens.contains(id));
        counted.extend(passed.map(|id| format!("{SCREEN}{id}")));
        if after.clearance.is_some() && !self.was_cleared {
            counted.push(CLEARED.to_owned());
        }
        let calls = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::RequestCall { .. }));
        counted.extend(calls.map(|_| TAKEN.to_owned()));
        if let (Some(place), true) = (&self.place, stops(content, what)) {
            counted.push(format!("{LEFT}{place}"));
        }
        counted
    }
}

/// Where somebody is asked something.
fn place(conversation: &Conversation) -> Option<String> {
    conversation.open.as_ref()?;
    let frame = conversation.stack.last()?;
    Some(format!("{}/{}", frame.dialog, frame.step))
}

/// Whether somebody ends what they are in.
fn stops(content: &Content, what: &What) -> bool {
    match what {
        What::Press(data) => Press::parse(data) == Some(Press::Stop),
        What::Command { name, .. } => content
            .bot
            .commands
            .iter()
            .any(|command| command.name == *name && command.deed == Deed::Stop),
        _ => false,
    }
}

/// Whether a dialog leads to a person, a phone or a booking.
fn hands_off(content: &Content, dialog: &DialogId) -> bool {
    let steps = content.dialogs.get(dialog).into_iter();
    steps
        .flat_map(|dialog| dialog.steps.values())
        .any(|step| matches!(step.verb, Verb::Handoff { .. } | Verb::RequestCall { .. }))
}

/// Where somebody who has been silent for a day has left, unless that is counted.
#[must_use]
pub fn left_silently(conversation: &Conversation, now: Timestamp) -> Option<String> {
    let is_silent = now.seconds_since(conversation.touched) >= SILENT_SECONDS;
    let place = place(conversation)?;
    (is_silent && !conversation.counted_as_left).then(|| format!("{LEFT}{place}"))
}

/// The name of how long something took.
#[must_use]
pub fn span(head: &str, seconds: i64) -> String {
    let found = SPANS.iter().find(|(_, most)| seconds <= *most);
    format!("{head}{}", found.map_or("more", |(name, _)| name))
}

/// The day a moment lies in where the clinic is, counted from 1970.
#[must_use]
pub fn day_of(content: &Content, at: Timestamp) -> u32 {
    let zone =
        jiff::tz::TimeZone::get(&content.clinic.zone.value).unwrap_or(jiff::tz::TimeZone::UTC);
    let offset =
        jiff::Timestamp::from_second(at.0).map_or(0, |at| i64::from(zone.to_offset(at).seconds()));
    u32::try_from((at.0 + offset).div_euclid(24 * 60 * 60)).unwrap_or(0)
}

/// The counts of the days from `first` on.
///
/// # Errors
/// When the store cannot be read.
pub fn since(ledger: &Ledger, keys: Keys, first: u32) -> Result<Counts, ReadError> {
    let mut counts = Counts::new();
    each_row(ledger, keys, &mut |day, _, found| {
        if day >= first {
            add(&mut counts, &found);
        }
    })?;
    Ok(counts)
}

/// Folds the rows of days before `today` into one a day, and drops days before
/// `first`. Each day in one commit, so that it counts once.
///
/// # Errors
/// When the store cannot be read or written.
pub fn fold(ledger: &Ledger, keys: Keys, first: u32, today: u32) -> Result<(), TurnError> {
    /// Below what one commit may hold; the next look takes the rest.
    const ROWS_MAX: usize = 2000;
    let mut days: BTreeMap<u32, (Vec<Key>, Counts)> = BTreeMap::new();
    let mut old = Vec::new();
    each_row(ledger, keys, &mut |day, key, found| {
        if day < first {
            old.push(key);
        } else if day < today && key != keys.numbers_of_day(day) {
            let (rows, counts) = days.entry(day).or_default();
            if rows.len() < ROWS_MAX {
                rows.push(key);
                add(counts, &found);
            }
        }
    })?;
    super::recover::sweep(ledger, old)?;
    for (day, (rows, counts)) in days {
        let key = keys.numbers_of_day(day);
        let stored = ledger.read::<Counts>(&key)?;
        let (mut whole, version) = stored.unwrap_or((Counts::new(), Version::ABSENT));
        add(&mut whole, &counts);
        let commit = Commit {
            expect: vec![(key.clone(), version)],
            puts: vec![Put::json(key, CLINIC, &whole)?],
            deletes: rows,
            ..Commit::default()
        };
        match ledger.commit_blocking(commit) {
            Ok(()) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn add(counts: &mut Counts, more: &Counts) {
    for (name, count) in more {
        *counts.entry(name.clone()).or_default() += count;
    }
}

/// Calls `each` with the day, the key and the counts of every row.
fn each_row(
    ledger: &Ledger,
    keys: Keys,
    each: &mut dyn FnMut(u32, Key, Counts),
) -> Result<(), ReadError> {
    let mut failed = None;
    ledger.scan(
        keys.0,
        Some(CLINIC),
        Some(Kind::Counter),
        &mut |key, row| {
            let Some(day) = Keys::day_of_numbers(&key) else {
                return;
            };
            match row.json::<Counts>() {
                Ok(counts) => each(day, key, counts),
                Err(error) => failed = Some(error),
            }
        },
    )?;
    failed.map_or(Ok(()), Err)
}
