//! A person of the team writes with a patient.
//!
//! Pure. What somebody writes goes to the chat of the case it was written on:
//! a [`Letter`] is made by its case alone and carries the address, so that
//! nothing in a text, and no one who sends it, decides who reads it.

use serde::{Deserialize, Serialize};

use super::{Case, CaseState, Did, Done, Staffer};
use crate::ids::{CaseNumber, ChatId, Timestamp};

/// The bot comes back when the team has written nothing for so long: a patient
/// must not wait for somebody who has left.
pub const SILENT_SECONDS_MAX: i64 = 60 * 60;

/// A patient who goes on writing is told again, in words, after this long.
const TELL_AGAIN_SECONDS: i64 = 10 * 60;

/// Somebody writes with the patient, and the bot rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// Who wrote last.
    pub by: Staffer,
    /// Since when.
    pub since: Timestamp,
    /// When the team wrote last.
    pub last: Timestamp,
    /// When the patient was last told, in words, that theirs are passed on.
    #[serde(default)]
    pub told: Option<Timestamp>,
}

impl Talk {
    /// When the bot comes back, if the team writes nothing more.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.last.plus_seconds(SILENT_SECONDS_MAX)
    }
}

/// Where something written goes. Only a case makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    case: CaseNumber,
    to: ChatId,
}

impl Letter {
    /// The case it was written on.
    #[must_use]
    pub const fn case(self) -> CaseNumber {
        self.case
    }

    /// The patient of that case.
    #[must_use]
    pub const fn to(self) -> ChatId {
        self.to
    }
}

/// Whether a letter begins a talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The patient has to be told that a person writes.
    Begins,
    /// They know.
    GoesOn,
}

/// Why nothing can be written on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTalk {
    /// It is closed.
    Closed,
    /// It is a number only: a message could give the patient away.
    Private,
    /// The patient has blocked the bot.
    Blocked,
}

/// How a patient learns that theirs was passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// In words.
    Words,
    /// With a sign on their message: they have read the words a moment ago.
    Sign,
}

impl Case {
    /// Whether somebody may write to the patient at all.
    ///
    /// # Errors
    /// Why not.
    pub fn can_write(&self) -> Result<Letter, NoTalk> {
        if !self.is_open() {
            return Err(NoTalk::Closed);
        }
        if self.is_hidden() {
            return Err(NoTalk::Private);
        }
        if self.unreachable {
            return Err(NoTalk::Blocked);
        }
        Ok(Letter {
            case: self.number,
            to: self.chat,
        })
    }

    /// Somebody writes to the patient. Whoever writes on a case that nobody has
    /// taken takes it; one that somebody has keeps its owner.
    ///
    /// # Errors
    /// Why nothing can be written.
    pub fn write(&mut self, by: &Staffer, now: Timestamp) -> Result<(Letter, Opening), NoTalk> {
        let letter = self.can_write()?;
        if self.state == CaseState::Open {
            self.state = CaseState::Claimed {
                by: by.clone(),
                at: now,
            };
            self.first_taken.get_or_insert(now);
            self.record(by, now, Did::Took);
        }
        self.seen = true;
        if self.talk.as_ref().is_none_or(|talk| talk.by != *by) {
            self.record(by, now, Did::Wrote);
        }
        self.said = self.said.saturating_add(1);
        let opening = match &mut self.talk {
            Some(talk) => {
                talk.by = by.clone();
                talk.last = now;
                Opening::GoesOn
            }
            None => {
                self.talk = Some(Talk {
                    by: by.clone(),
                    since: now,
                    last: now,
                    told: None,
                });
                Opening::Begins
            }
        };
        Ok((letter, opening))
    }

    /// The patient wrote while somebody writes with them. None when nobody does.
    pub fn pass_on(&mut self, now: Timestamp) -> Option<Receipt> {
        let talk = self.talk.as_mut()?;
        let lately = talk
            .told
            .is_some_and(|told| told >= talk.last && now.seconds_since(told) < TELL_AGAIN_SECONDS);
        if lately {
            return Some(Receipt::Sign);
        }
        talk.told = Some(now);
        Some(Receipt::Words)
    }

    /// Nobody writes with the patient any more. None when nobody did.
    pub fn end_talk(&mut self) -> Option<Talk> {
        self.talk.take()
    }

    /// The team has been silent for too long: the bot comes back.
    pub fn end_silent_talk(&mut self, now: Timestamp) -> Option<Talk> {
        if self.talk.as_ref().is_some_and(|talk| talk.until() > now) {
            return None;
        }
        self.end_talk()
    }
}

/// Gives the chat back to the bot.
pub(super) fn hand_back(case: &mut Case) -> Done {
    let talk = case.end_talk()?;
    Some((Did::HandedBack, super::Change::HandedBack(talk)))
}
