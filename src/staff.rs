//! The life of a case, and what staff may do with it.
//!
//! Pure. A case is opened by a patient's flags, joined by new ones, claimed,
//! cleared and closed by people. Wording and sending are [`crate::app`]'s.

mod act;
mod drill;
mod erased;
mod ladder;
mod roster;
mod talk;

pub use act::{Act, Change, act, said_by, say_data, show_data, shown_by};
pub use drill::{Drill, Heard, Place};
pub use ladder::{Rung, Waits};
pub use roster::{LastOwner, Member, Refusal, Right, Role, Roster};
pub use talk::{Letter, NoTalk, Opening, Receipt, SILENT_SECONDS_MAX, Talk};

use act::Done;
use erased::Erased;

pub use erased::Forgotten;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{CaseNumber, ChatId, FlagId, PatientText, RuleId, Timestamp, UserId};
use crate::triage::{CaseFlag, Level, Report};

/// A person on staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staffer {
    /// By number.
    pub user: UserId,
    /// As the card names them.
    pub name: String,
}

/// Where a case stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseState {
    /// Nobody has taken it.
    Open,
    /// Somebody is on it.
    Claimed {
        /// Who.
        by: Staffer,
        /// Since when.
        at: Timestamp,
    },
    /// Somebody has said how it went; it waits to be closed.
    Handled {
        /// How.
        outcome: Outcome,
        /// Who.
        by: Staffer,
        /// When.
        at: Timestamp,
    },
    /// It is over. Closing unlocks nothing.
    Closed {
        /// By whom.
        by: Staffer,
        /// When.
        at: Timestamp,
        /// How it went, if somebody has said so.
        #[serde(default)]
        outcome: Option<Outcome>,
    },
}

/// How it went with the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Somebody has spoken with them.
    Reached,
    /// Nobody could reach them.
    NotReached,
    /// They were sent on to other care.
    Referred,
    /// It was none.
    FalseAlarm,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [
        Self::Reached,
        Self::NotReached,
        Self::Referred,
        Self::FalseAlarm,
    ];
}

/// Something a member of staff did on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who.
    pub by: Staffer,
    /// When.
    pub at: Timestamp,
    /// What.
    pub did: Did,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Did {
    /// Took it.
    Took,
    /// Gave it back for somebody else to take.
    PutBack,
    /// Said how it went.
    Handled(Outcome),
    /// Asked to allow moves again, and was asked once more.
    AskedToClear,
    /// Said no to that.
    KeptLocked,
    /// Allowed moves again.
    Cleared,
    /// Wrote a note. It may quote the patient, so it prints its length.
    Noted(PatientText),
    /// Closed it.
    Closed,
    /// Opened it again.
    Reopened,
    /// Began to write to the patient.
    Wrote,
    /// Gave the chat back to the bot.
    HandedBack,
}

/// What staff cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearing {
    /// Who.
    pub by: Staffer,
    /// When.
    pub at: Timestamp,
    /// Which flags, each until when.
    pub flags: Vec<(FlagId, Timestamp)>,
}

/// One escalation of one patient. Its `Debug` prints number, level and state:
/// names, words and phone numbers are for the card alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its number.
    pub number: CaseNumber,
    /// The patient's chat.
    pub chat: ChatId,
    /// How staff reach the patient: the name they show.
    pub name: String,
    /// Their handle, without the `@`.
    pub username: Option<String>,
    /// The highest level so far.
    pub level: Level,
    /// Every flag so far.
    pub flags: Vec<CaseFlag>,
    /// Every rule so far.
    pub rules: Vec<RuleId>,
    /// What else the patient has stated: it stops nothing, and may matter beside
    /// the flags. As it stands now.
    #[serde(default)]
    pub cautions: Vec<FlagId>,
    /// The patient's own words, oldest first.
    pub words: Vec<PatientText>,
    /// Lines that joined it.
    pub notes: Vec<String>,
    /// Since when.
    pub since: Timestamp,
    /// Where it stands.
    pub state: CaseState,
    /// What "allow moves again" has named, each flag until when: the second
    /// press clears that and nothing more.
    #[serde(default)]
    pub asked: Option<Vec<(FlagId, Timestamp)>>,
    /// How many acts of staff there were. A press on an older card has another
    /// number: somebody was first.
    #[serde(default)]
    pub acts: u32,
    /// The newest acts, oldest first.
    #[serde(default)]
    pub history: Vec<Entry>,
    /// What was cleared.
    pub clearings: Vec<Clearing>,
    /// A number only.
    pub private: bool,
    /// It stands for answers that were deleted.
    pub deleted: bool,
    /// The patient asks for a call.
    pub asks_call: bool,
    /// The number they gave; gone when the case closes.
    pub phone: Option<PatientText>,
    /// The patient blocked the bot.
    pub unreachable: bool,
    /// The staff chat has taken its newest alert, and the patient has read so.
    #[serde(default)]
    pub delivered: bool,
    /// Somebody has taken it since its newest alert.
    #[serde(default)]
    pub seen: bool,
    /// The patient has deleted their data: the case goes when it closes.
    #[serde(default)]
    pub forget_on_close: bool,
    #[serde(default)]
    erased: Erased,
    /// When somebody took it for the first time.
    #[serde(default)]
    pub first_taken: Option<Timestamp>,
    /// When it was closed for the first time.
    #[serde(default)]
    pub first_closed: Option<Timestamp>,
    /// Somebody writes with the patient, and the bot rests.
    #[serde(default)]
    pub talk: Option<Talk>,
    /// When the patient was asked whether they got care; none once they have answered.
    #[serde(default)]
    pub care_asked: Option<Timestamp>,
    /// How many messages staff have written to the patient. A ready answer that
    /// was offered before another number of them is not sent twice.
    #[serde(default)]
    pub said: u32,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("number", &self.number)
            .field("level", &self.level)
            .field("flags", &self.flags.len())
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// How loudly a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// A new card, with a sound for emergency and urgent.
    Post,
    /// The card changes in place.
    Update,
    /// Nothing changed.
    Silence,
}

/// A case keeps this many of the patient's messages; the first and the newest
/// say most.
const WORDS_MAX: usize = 8;

/// A case keeps this many acts of staff; a card shows fewer.
const HISTORY_MAX: usize = 40;

/// A note of staff keeps this much.
const NOTE_CHARS_MAX: usize = 1000;

/// A card is one message; more lines than this would push the buttons away.
const NOTES_MAX: usize = 12;

impl Case {
    /// Opens a case.
    #[must_use]
    pub fn open(number: CaseNumber, chat: ChatId, report: Report, now: Timestamp) -> Self {
        Self {
            number,
            chat,
            name: String::new(),
            username: None,
            level: report.level,
            flags: report.flags,
            rules: report.rules,
            cautions: Vec::new(),
            words: report.words.into_iter().collect(),
            notes: Vec::new(),
            since: now,
            state: CaseState::Open,
            asked: None,
            acts: 0,
            history: Vec::new(),
            clearings: Vec::new(),
            private: report.private,
            deleted: report.deleted,
            asks_call: false,
            phone: None,
            unreachable: false,
            delivered: false,
            seen: false,
            forget_on_close: false,
            erased: Erased::default(),
            first_taken: None,
            first_closed: None,
            talk: None,
            care_asked: None,
            said: 0,
        }
    }

    /// Whether new flags join it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, CaseState::Closed { .. })
    }

    /// Whether it is a number only: what it is about is named on no card, and
    /// no card of it is posted unless the patient asks for a call.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.private && !self.asks_call
    }

    /// Whether a call is all that its patient knows of: nobody has sent a note about
    /// a private answer.
    #[must_use]
    pub fn is_call_request(&self) -> bool {
        self.asks_call && !self.deleted && (self.private || self.flags.is_empty())
    }

    /// Whether this person has taken it, and it has no outcome yet.
    #[must_use]
    pub fn is_held_by(&self, user: UserId) -> bool {
        matches!(&self.state, CaseState::Claimed { by, .. } if by.user == user)
    }

    /// Whoever had taken it is gone.
    pub fn lose_owner(&mut self) {
        self.state = CaseState::Open;
    }

    /// Whether the patient is in somebody's hands: what is left is to close it.
    #[must_use]
    pub fn is_in_hands(&self) -> bool {
        matches!(
            self.state,
            CaseState::Handled {
                outcome: Outcome::Reached | Outcome::Referred | Outcome::FalseAlarm,
                ..
            }
        )
    }

    /// New flags join; a higher level alerts again, repeated words do not. What
    /// was cleared and is reported again is new: staff look at it once more.
    pub fn join(&mut self, report: Report) -> Alert {
        if report.private && !self.private {
            // A private answer is named on no card.
            return Alert::Silence;
        }
        let was_private = self.private && !report.private;
        if was_private {
            // Nothing of the private answer goes over to a card that is posted.
            self.private = false;
            self.level = Level::Clear;
            self.flags.clear();
            self.rules.clear();
            self.words.clear();
            self.clearings.clear();
            self.erased = Erased::default();
        }
        // What is left to look at; cleared flags raise no alarm any more.
        let all_cleared = self.to_clear().is_empty() && !self.deleted && !self.clearings.is_empty();
        let level_before = if all_cleared {
            Level::Clear
        } else {
            self.level
        };
        self.erased.restate(&report);
        let mut is_new = report.deleted && !self.deleted;
        self.deleted |= report.deleted;
        self.level = level_before.max(report.level);
        let mut is_grave = false;
        for flag in report.flags {
            is_new |= self.take_back_clearing(&flag.flag);
            match self.flags.iter_mut().find(|known| known.flag == flag.flag) {
                Some(known) if known.form >= flag.form => {}
                Some(known) => {
                    known.form = flag.form;
                    is_new = true;
                }
                None => {
                    is_grave |= flag.level >= Level::UrgentToday;
                    self.flags.push(flag);
                    is_new = true;
                }
            }
        }
        for rule in report.rules {
            if !self.rules.contains(&rule) {
                self.rules.push(rule);
                is_new = true;
            }
        }
        let has_words = report.words.is_some_and(|words| self.quote(words));
        if is_new {
            // The second press clears what the first one named, and nothing more.
            self.asked = None;
        }
        let is_handled = matches!(self.state, CaseState::Handled { .. });
        // Somebody is on it, and this is another danger: they are not told by an edit.
        let is_more = is_grave && self.state != CaseState::Open;
        if self.level > level_before
            || was_private
            || (is_new && all_cleared)
            || is_handled
            || is_more
        {
            // Whoever was on it was on something less, or on what is over: what is said
            // again after an outcome is no repeat.
            self.state = CaseState::Open;
            self.delivered = false;
            self.seen = false;
            Alert::Post
        } else if is_new || has_words {
            Alert::Update
        } else {
            Alert::Silence
        }
    }

    /// A cleared flag that is reported again is to be cleared again.
    fn take_back_clearing(&mut self, flag: &FlagId) -> bool {
        let mut was_cleared = false;
        for clearing in &mut self.clearings {
            let count = clearing.flags.len();
            clearing.flags.retain(|(cleared, _)| cleared != flag);
            was_cleared |= clearing.flags.len() < count;
        }
        was_cleared
    }

    /// Keeps the patient's words: the first and the newest say most.
    fn quote(&mut self, words: PatientText) -> bool {
        if let Some(at) = self.words.iter().position(|known| *known == words) {
            if self.erased.lose_words(at) {
                let again = self.words.remove(at);
                self.words.push(again);
            }
            return false;
        }
        if self.words.len() >= WORDS_MAX {
            self.words.remove(1);
            self.erased.lose_words(1);
        }
        self.words.push(words);
        true
    }

    /// Writes down what a member of staff did.
    fn record(&mut self, by: &Staffer, at: Timestamp, did: Did) {
        self.acts = self.acts.saturating_add(1);
        if self.history.len() >= HISTORY_MAX {
            self.history.remove(0);
        }
        self.history.push(Entry {
            by: by.clone(),
            at,
            did,
        });
    }

    /// A member of staff writes something down for the others. The patient
    /// never reads it.
    pub fn add_note(&mut self, by: &Staffer, at: Timestamp, words: &str) {
        self.seen = true;
        let words = words.chars().take(NOTE_CHARS_MAX).collect();
        self.record(by, at, Did::Noted(PatientText::new(words)));
    }

    /// A line joins the case.
    pub fn note(&mut self, line: String) -> Alert {
        if self.notes.contains(&line) || self.notes.len() >= NOTES_MAX {
            return Alert::Silence;
        }
        self.notes.push(line);
        Alert::Update
    }

    /// A line joins the case for sure: it may stand there already, and the oldest
    /// goes where there is no room.
    pub fn note_for_sure(&mut self, line: String) {
        if self.notes.len() >= NOTES_MAX {
            self.notes.remove(0);
            self.erased.lose_note();
        }
        self.notes.push(line);
    }

    /// The patient asks for a call.
    pub fn ask_call(&mut self, number: Option<PatientText>) -> Alert {
        let is_new = !self.asks_call || (number.is_some() && self.phone != number);
        self.asks_call = true;
        if number.is_some() {
            self.phone = number;
        }
        if is_new { Alert::Post } else { Alert::Silence }
    }

    /// The flags that clearing names: whatever is on the case and not cleared.
    #[must_use]
    pub fn to_clear(&self) -> Vec<FlagId> {
        let cleared: Vec<&FlagId> = self
            .clearings
            .iter()
            .flat_map(|clearing| clearing.flags.iter().map(|(flag, _)| flag))
            .collect();
        self.flags
            .iter()
            .map(|flag| &flag.flag)
            .filter(|flag| !cleared.contains(flag))
            .cloned()
            .collect()
    }
}
