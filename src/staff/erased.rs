//! What a patient had said before they erased everything. Their open case keeps it
//! until it closes, and no longer: whoever has come back in the meantime keeps the
//! case, and what they have said since.

use serde::{Deserialize, Serialize};

use super::{Case, Did};
use crate::ids::{ChatId, FlagId, MessageId, RuleId};
use crate::triage::Report;

/// What on a case goes when it closes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Erased {
    /// So many of the oldest messages.
    words: usize,
    /// So many of the oldest lines that joined.
    notes: usize,
    /// The acts of staff so far: a note may tell what was said.
    acts: u32,
    flags: Vec<FlagId>,
    rules: Vec<RuleId>,
    /// What the bot has said of it, up to this message of this staff chat.
    #[serde(default)]
    chat: Option<(ChatId, MessageId)>,
}

/// Something that was said before its patient erased everything goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// What the bot has said of it goes up to this message of this staff chat.
    pub chat: Option<(ChatId, MessageId)>,
}

impl Erased {
    /// The message at this place was put out, or has been said again.
    pub fn lose_words(&mut self, at: usize) -> bool {
        let was_before = at < self.words;
        self.words -= usize::from(was_before);
        was_before
    }

    /// The oldest line was put out.
    pub fn lose_note(&mut self) {
        self.notes = self.notes.saturating_sub(1);
    }

    /// What is said again stays.
    pub fn restate(&mut self, report: &Report) {
        let said = |flag: &FlagId| report.flags.iter().any(|again| again.flag == *flag);
        self.flags.retain(|flag| !said(flag));
        self.rules.retain(|rule| !report.rules.contains(rule));
    }
}

impl Case {
    /// The patient erases everything: what they have said so far goes when it closes,
    /// and with nobody there, the case goes too.
    pub fn erase(&mut self) {
        self.forget_on_close = true;
        self.erased = Erased {
            words: self.words.len(),
            notes: self.notes.len(),
            acts: self.acts,
            flags: self.flags.iter().map(|flag| flag.flag.clone()).collect(),
            rules: self.rules.clone(),
            chat: None,
        };
    }

    /// Whoever had erased everything is here again, and so is the case. What follows
    /// the newest message of it in the staff chat is theirs anew.
    pub fn come_back(&mut self, newest: Option<(ChatId, MessageId)>) {
        self.forget_on_close = false;
        self.erased.chat = newest;
    }

    /// What was said before everything was erased goes. The level stays, as on the
    /// lock without a word. None where there was nothing.
    pub(super) fn drop_erased(&mut self) -> Option<Forgotten> {
        let gone = std::mem::take(&mut self.erased);
        if gone == Erased::default() {
            return None;
        }
        self.words.drain(..gone.words.min(self.words.len()));
        self.notes.drain(..gone.notes.min(self.notes.len()));
        let since = usize::try_from(self.acts.saturating_sub(gone.acts)).unwrap_or(usize::MAX);
        let before = self.history.len().saturating_sub(since);
        let mut at = 0;
        self.history.retain(|entry| {
            at += 1;
            at > before || !matches!(entry.did, Did::Noted(_))
        });
        self.flags.retain(|flag| !gone.flags.contains(&flag.flag));
        self.rules.retain(|rule| !gone.rules.contains(rule));
        for clearing in &mut self.clearings {
            clearing
                .flags
                .retain(|(flag, _)| !gone.flags.contains(flag));
        }
        if self.deleted {
            // The lock stands for what is gone: it has not been cleared yet.
            self.clearings.retain(|clearing| !clearing.flags.is_empty());
        }
        Some(Forgotten { chat: gone.chat })
    }
}
