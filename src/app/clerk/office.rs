//! The staff chat: presses on cases and their lists.

use super::draft::{Draft, Telling};
use super::wipe::Wiped;
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards::{TeamPress, case_card, dead_data, drill_data, last_deed};
use crate::app::numbers::{CLAIM, CLOSE, span};
use crate::app::records::{CLINIC, InboxRow, case_subject};
use crate::channel::{Incoming, IncomingKind, Outgoing, Sender, TopicChange};
use crate::content::{Content, Text};
use crate::dialog::Due;
use crate::ids::{CaseNumber, ChatId, FlagId};
use crate::staff::{Act, Alert, Case, Change, Right, Staffer, act, said_by, shown_by};
use crate::store::Version;

const DAY_SECONDS: i64 = 24 * 60 * 60;

impl Clerk {
    pub(super) fn prepare_staff(
        &self,
        incoming: &Incoming,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        match &incoming.kind {
            IncomingKind::Migrated(to) => {
                if let Some(from) = self.staff_chat() {
                    draft.put(self.keys.single("staff-moved"), CLINIC, &(from, *to))?;
                    tracing::warn!(from = from.0, to = to.0, "the staff chat has a new number");
                    draft.audit(&Noted {
                        who: None,
                        what: "desk.moved",
                        case: None,
                    })?;
                }
                // At once: a card that is recorded in the old group from now on tells
                // so, and the others are recorded before the row below is taken.
                self.move_staff_chat(*to);
                draft.prepared.staff_chat = Some(*to);
                Ok(draft.wake(*to, InboxRow::Moved)?)
            }
            IncomingKind::Press { data, .. } => {
                // Anonymous admins press as nobody: there is no one to name on the case.
                let Some(from) = &incoming.from else {
                    self.note_refusal(None, "refused.anonymous", None, draft)?;
                    toast(draft, &content, &content.words.staff_anonymous, &[]);
                    return Ok(());
                };
                self.prepare_press(&content, &staffer(from), incoming, data, draft)
            }
            IncomingKind::Command { name, argument } => {
                self.prepare_command(&content, incoming, name, argument.reveal(), draft)
            }
            IncomingKind::Left(who) => self.member_left(&content, who, draft),
            IncomingKind::Came(who) => self.members_came(who, draft),
            IncomingKind::Removed(true) => self.desk_lost(incoming.from.as_ref(), draft),
            IncomingKind::Removed(false) => self.desk_back(incoming.from.as_ref(), draft),
            IncomingKind::Text(words) => self.staff_writes(&content, incoming, Some(words), draft),
            IncomingKind::Contact { .. } | IncomingKind::Unreadable => {
                self.staff_writes(&content, incoming, None, draft)
            }
            IncomingKind::Edited(words) => self.staff_edits(&content, incoming, words, draft),
            IncomingKind::Blocked(_) | IncomingKind::Ignored => Ok(()),
        }
    }

    fn prepare_press(
        &self,
        content: &Content,
        by: &Staffer,
        incoming: &Incoming,
        data: &str,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let words = &content.words;
        if said_by(data).is_some() && incoming.chat != draft.staff_chat() {
            // The answers would stand below a message of the old group.
            toast(draft, content, &words.staff_moved, &[]);
            return Ok(());
        }
        if self.prepare_say_press(content, by, incoming, data, draft)? {
            return Ok(());
        }
        if let Some(press) = TeamPress::parse(data) {
            return self.prepare_team_press(content, by, &press, draft);
        }
        let pressed = Act::parse(data);
        let right = pressed.map_or(Right::Work, |(_, deed, _)| deed.right());
        let about = pressed.map(|(number, ..)| number).or(shown_by(data));
        if let Err(refusal) = self.allows(by, right, about, draft)? {
            toast(draft, content, words.refusal(refusal), &[]);
            return Ok(());
        }
        if let Some(at) = drill_data(data) {
            return self.answer_drill(content, by, at, draft);
        }
        if let Some(dead) = dead_data(data) {
            return self.send_again(content, by, dead, draft);
        }
        if let Some(number) = shown_by(data) {
            return match self.case(number)? {
                Some((case, _)) => Ok(draft.send_card(content, &case, Telling::PostSilently)?),
                None => self.refuse_press(content, by, "refused.no-case", Some(number), draft),
            };
        }
        // No card ever had such a button: forged.
        let Some((number, deed, acts)) = pressed else {
            return self.refuse_press(content, by, "refused.forged", None, draft);
        };
        let Some((mut case, version)) = self.case(number)? else {
            // Erased since, or never there.
            return self.refuse_press(content, by, "refused.no-case", Some(number), draft);
        };
        if acts > case.acts {
            return self.refuse_press(content, by, "refused.forged", Some(number), draft);
        }
        if deed == Act::Reopen
            && let Some(other) = self.other_open_case(&case, draft)?
        {
            let other = other.to_string();
            toast(draft, content, &words.staff_other_open, &[("case", &other)]);
            return Ok(());
        }
        let change = if acts < case.acts {
            Change::Nothing
        } else if case_card(content, &case).1.offers(data) {
            self.act(content, &mut case, deed, by, draft)
        } else {
            // The card as it stands has no such button: an older one had, or none.
            self.note_refusal(Some(by), "refused.not-offered", Some(number), draft)?;
            Change::Nothing
        };
        match change {
            Change::Nothing => {
                match last_deed(content, &case) {
                    Some(deed) => toast(draft, content, &words.staff_late, &[("deed", &deed)]),
                    None => toast(draft, content, &words.staff_stale, &[]),
                }
                // Whoever pressed has an older card before them.
                draft.tell_staff(content, &case, Alert::Update)?;
                return Ok(());
            }
            // Nothing is left to add a note to.
            Change::Closed { .. } if case.forget_on_close => {
                toast(draft, content, &words.staff_erased, &[]);
            }
            Change::Closed { .. } => toast(draft, content, &words.staff_closed_hint, &[]),
            Change::Card
            | Change::Seen
            | Change::Missed
            | Change::Cleared { .. }
            | Change::Reopened
            | Change::HandedBack(_) => {}
        }
        self.keep_change(content, case, version, change, draft)?;
        self.note_act(deed, by, number, draft)
    }

    /// A press that counts for nothing: written down, and answered.
    pub(super) fn refuse_press(
        &self,
        content: &Content,
        by: &Staffer,
        why: &str,
        case: Option<CaseNumber>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        self.note_refusal(Some(by), why, case, draft)?;
        toast(draft, content, &content.words.staff_stale, &[]);
        Ok(())
    }

    /// Writes an act on a case down in the audit log.
    pub(super) fn note_act(
        &self,
        deed: Act,
        by: &Staffer,
        case: CaseNumber,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let what = format!("case.{}", deed.word());
        draft.audit(&Noted {
            who: Some(by),
            what: &what,
            case: Some(case),
        })
    }

    /// Does what a member of staff asks of a case.
    pub(super) fn act(
        &self,
        content: &Content,
        case: &mut Case,
        deed: Act,
        by: &Staffer,
        draft: &Draft<'_>,
    ) -> Change {
        let now = draft.now;
        act(case, deed, by, now, |flag| {
            let days = days_of(content, flag);
            now.plus_seconds(i64::from(days) * DAY_SECONDS)
        })
    }

    /// The bot answers the patient again.
    fn end_talk(&self, chat: ChatId, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        draft.cancel_due(chat, Due::Talk);
        // Nothing is written under the key of somebody who has erased everything.
        if self.conversation(chat)?.is_some() {
            draft.wake(chat, InboxRow::HandedBack)?;
        }
        Ok(())
    }

    /// Writes down what an act changed, and has the patient's worker tell them.
    pub(super) fn keep_change(
        &self,
        content: &Content,
        case: Case,
        version: Version,
        change: Change,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let change_of_topic = match &change {
            Change::Closed { .. } => Some(TopicChange::Closed),
            Change::Reopened => Some(TopicChange::Reopened),
            Change::Nothing
            | Change::Card
            | Change::Seen
            | Change::Missed
            | Change::Cleared { .. }
            | Change::HandedBack(_) => None,
        };
        let waited = draft.now.seconds_since(case.since);
        match &change {
            // A case is counted once, however often it comes back.
            Change::Seen | Change::Missed if case.first_taken == Some(draft.now) => {
                draft.count(span(CLAIM, waited));
            }
            Change::Closed { .. } if case.first_closed == Some(draft.now) => {
                draft.count(span(CLOSE, waited));
            }
            Change::Seen
            | Change::Missed
            | Change::Closed { .. }
            | Change::Nothing
            | Change::Card
            | Change::Reopened
            | Change::HandedBack(_)
            | Change::Cleared { .. } => {}
        }
        let mut gone = None;
        match change {
            Change::Closed { .. }
                if case.forget_on_close || self.conversation(case.chat)?.is_none() =>
            {
                // The patient has deleted their data; the case was the last of it.
                let open = self.keys.open_case(case.chat);
                draft.prepared.commit.deletes.push(open);
                return self.drop_case(&case, draft).map(drop);
            }
            Change::Nothing | Change::Card | Change::Reopened => {}
            Change::Closed {
                talk,
                unseen,
                forgets,
            } => {
                gone = forgets;
                if unseen {
                    draft.wake(case.chat, InboxRow::Seen)?;
                }
                if talk.is_some() {
                    self.end_talk(case.chat, draft)?;
                }
            }
            Change::HandedBack(_) => self.end_talk(case.chat, draft)?,
            Change::Seen => draft.wake(case.chat, InboxRow::Seen)?,
            Change::Missed => {
                let call = case.is_call_request();
                draft.wake(case.chat, InboxRow::Missed { call })?;
            }
            Change::Cleared { flags, lock } => {
                draft.wake(case.chat, InboxRow::Cleared { flags, lock })?;
            }
        }
        match change_of_topic {
            Some(TopicChange::Closed) => {
                draft.write_case(content, &case, version, Alert::Update)?;
                draft.change_topic(content, &case, TopicChange::Closed)?;
                if let Some(gone) = gone {
                    draft.leave_case_key(&case);
                    self.wipe(content, &case, gone.chat, draft)?;
                }
                Ok(())
            }
            Some(change) => {
                draft.change_topic(content, &case, change)?;
                draft.write_case(content, &case, version, Alert::Update)
            }
            None => draft.write_case(content, &case, version, Alert::Update),
        }
    }

    /// Another open case of the same patient. Where there is none, the commit
    /// demands that there still is none.
    fn other_open_case(
        &self,
        case: &Case,
        draft: &mut Draft<'_>,
    ) -> Result<Option<CaseNumber>, TurnError> {
        let key = self.keys.open_case(case.chat);
        match self.ledger.read::<CaseNumber>(&key) {
            Ok(Some((open, _))) => Ok((open != case.number).then_some(open)),
            Ok(None) => {
                draft.prepared.commit.expect.push((key, Version::ABSENT));
                Ok(None)
            }
            Err(error) if error.is_erased() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A case goes with its key; its card says no more than that it was there, and
    /// what was passed on in a talk goes from the staff chat.
    pub(super) fn drop_case(&self, case: &Case, draft: &mut Draft<'_>) -> Result<Wiped, TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let keys = self.keys;
        draft.send_card(&content, case, Telling::ChangeForGood)?;
        draft.change_topic(&content, case, TopicChange::Closed)?;
        let commit = &mut draft.prepared.commit;
        commit.deletes.extend([
            keys.case(case.chat, case.number),
            keys.case_index(case.number),
        ]);
        commit.erase.push((keys.0, case_subject(case.number)));
        let newest = self.newest_said_of(case.number, draft)?;
        self.wipe(&content, case, newest, draft)
    }
}

/// A sender as the cards name them.
pub(super) fn staffer(from: &Sender) -> Staffer {
    Staffer {
        user: from.user,
        name: from.name.clone(),
    }
}

/// For how long staff clear a flag.
fn days_of(content: &Content, flag: &FlagId) -> u32 {
    let is_history = content
        .flags
        .get(flag)
        .is_some_and(|flag| flag.history.is_some());
    if is_history {
        content.cleared_days.history
    } else {
        content.cleared_days.other
    }
}

/// A word over the button that was pressed.
pub(super) fn toast(
    draft: &mut Draft<'_>,
    content: &Content,
    text: &Text,
    values: &[(&str, &str)],
) {
    /// Telegram shows no more.
    const TOAST_CHARS_MAX: usize = 200;
    let text = content
        .fill(text, content.clinic.staff_language, values)
        .text;
    if let Some(Outgoing::AnswerPress { text: answer, .. }) = draft.prepared.answers.first_mut() {
        *answer = Some(text.chars().take(TOAST_CHARS_MAX).collect());
    }
}
