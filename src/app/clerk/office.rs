//! The staff chat: presses on cases.

use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::cards::case_card;
use crate::app::records::{CLINIC, InboxRow, OutboxRow, Piece, ShownAs, case_subject};
use crate::channel::{Incoming, IncomingKind, Outgoing};
use crate::content::{Content, Text};
use crate::ids::{ChatId, FlagId};
use crate::staff::{Act, Alert, Case, Change, Staffer, act};

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
                }
                self.move_staff_chat(*to);
                Ok(())
            }
            IncomingKind::Press { data, .. } => {
                // Anonymous admins press as nobody: there is no one to name on the case.
                let Some(from) = &incoming.from else {
                    toast(draft, &content, &content.words.staff_not_staff);
                    return Ok(());
                };
                let Some((number, deed)) = Act::parse(data) else {
                    toast(draft, &content, &content.words.staff_stale);
                    return Ok(());
                };
                let by = Staffer {
                    user: from.user,
                    name: from.name.clone(),
                };
                let Some((chat, _)) = self.ledger.read::<ChatId>(&self.keys.case_index(number))?
                else {
                    toast(draft, &content, &content.words.staff_stale);
                    return Ok(());
                };
                let Some((mut case, version)) =
                    self.ledger.read::<Case>(&self.keys.case(chat, number))?
                else {
                    toast(draft, &content, &content.words.staff_stale);
                    return Ok(());
                };
                let now = draft.now;
                let change = act(&mut case, deed, &by, now, |flag| {
                    let days = days_of(&content, flag);
                    now.plus_seconds(i64::from(days) * DAY_SECONDS)
                });
                match change {
                    Change::Nothing => {
                        toast(draft, &content, &content.words.staff_stale);
                        return Ok(());
                    }
                    Change::Card => {}
                    Change::Closed
                        if case.forget_on_close || self.conversation(chat)?.is_none() =>
                    {
                        return self.close_for_good(&content, &case, draft);
                    }
                    Change::Closed => {}
                    Change::Seen => draft.wake(chat, InboxRow::Seen)?,
                    Change::Cleared { flags, lock } => {
                        draft.wake(chat, InboxRow::Cleared { flags, lock })?;
                    }
                }
                draft.write_case(&content, &case, version, Alert::Update)?;
                Ok(())
            }
            IncomingKind::Text(_)
            | IncomingKind::Command { .. }
            | IncomingKind::Contact { .. }
            | IncomingKind::Edited(_)
            | IncomingKind::Unreadable
            | IncomingKind::Blocked(_)
            | IncomingKind::Ignored => Ok(()),
        }
    }
}

impl Clerk {
    /// The patient has deleted their data; the case was the last of it.
    fn close_for_good(
        &self,
        content: &Content,
        case: &Case,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let keys = self.keys;
        if let Some(staff_chat) = self.staff_chat() {
            let (text, keyboard) = case_card(content, case);
            let piece = Piece::Edit {
                shows: ShownAs::Case(case.number),
                text,
                keyboard,
                closes: true,
            };
            let row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
            draft.send(staff_chat, CLINIC, row)?;
        }
        let commit = &mut draft.prepared.commit;
        commit.deletes.extend([
            keys.case(case.chat, case.number),
            keys.case_index(case.number),
            keys.open_case(case.chat),
        ]);
        commit.erase.push((keys.0, case_subject(case.number)));
        Ok(())
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

fn toast(draft: &mut Draft<'_>, content: &Content, text: &Text) {
    let text = text.render(content.clinic.staff_language, content).text;
    if let Some(Outgoing::AnswerPress { text: answer, .. }) = draft.prepared.answers.first_mut() {
        *answer = Some(text);
    }
}
