//! Who did what when, as a card and a toast say it.

use super::{Writer, local_time, quotable};
use crate::content::{Content, Text, Words};
use crate::ids::Timestamp;
use crate::staff::{Case, Did, Outcome, Staffer};

/// A note on a card is cut here; the store keeps more.
const NOTE_CHARS_MAX: usize = 200;

impl Words {
    /// The button that says how it went.
    pub(super) fn outcome(&self, outcome: Outcome) -> &Text {
        match outcome {
            Outcome::Reached => &self.staff_button_reached,
            Outcome::NotReached => &self.staff_button_not_reached,
            Outcome::Referred => &self.staff_button_referred,
            Outcome::FalseAlarm => &self.staff_button_false_alarm,
        }
    }
}

/// The last thing staff did on a case: what somebody reads who came second.
#[must_use]
pub fn last_deed(content: &Content, case: &Case) -> Option<String> {
    let last = case.history.last()?;
    Some(Writer::new(content).deed(&last.by, &last.did))
}

impl Writer<'_> {
    /// The newest acts of staff, a line each.
    pub(super) fn history(&mut self, case: &Case, acts_max: usize) {
        let told: Vec<_> = case
            .history
            .iter()
            .filter(|entry| !matches!(entry.did, Did::AskedToClear | Did::KeptLocked))
            .collect();
        let newest = &told[told.len().saturating_sub(acts_max)..];
        if newest.is_empty() {
            return;
        }
        self.text.push("\n");
        for entry in newest {
            let time = self.time_since(case.since, entry.at);
            let deed = self.deed(&entry.by, &entry.did);
            self.text.push(&format!("\n{time} · {deed}"));
        }
    }

    /// The time of day, with the date on another day than the case began.
    fn time_since(&self, since: Timestamp, at: Timestamp) -> String {
        let (since, at) = (
            local_time(self.content, since),
            local_time(self.content, at),
        );
        match (since.split_once(' '), at.split_once(' ')) {
            (Some((day, _)), Some((today, time))) if day == today => time.to_owned(),
            (_, _) => at,
        }
    }

    /// What somebody did, in words.
    pub(super) fn deed(&self, by: &Staffer, did: &Did) -> String {
        let words = &self.content.words;
        let text = match did {
            Did::Took => &words.staff_did_take,
            Did::PutBack => &words.staff_did_put_back,
            Did::Handled(Outcome::Reached) => &words.staff_did_reach,
            Did::Handled(Outcome::NotReached) => &words.staff_did_not_reach,
            Did::Handled(Outcome::Referred) => &words.staff_did_refer,
            Did::Handled(Outcome::FalseAlarm) => &words.staff_did_false_alarm,
            Did::AskedToClear => &words.staff_did_ask,
            Did::KeptLocked => &words.staff_did_keep,
            Did::Cleared => &words.staff_did_clear,
            Did::Closed => &words.staff_did_close,
            Did::Reopened => &words.staff_did_reopen,
            Did::Wrote => &words.staff_did_write,
            Did::HandedBack => &words.staff_did_hand_back,
            Did::Noted(note) => {
                let note: String = quotable(note.reveal())
                    .chars()
                    .take(NOTE_CHARS_MAX)
                    .collect();
                let values = [("name", by.name.as_str()), ("note", note.as_str())];
                return self.with(&words.staff_did_note, &values);
            }
        };
        self.with(text, &[("name", &by.name)])
    }
}
