//! The staff chat: presses on cases and their lists.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::records::{CLINIC, InboxRow, case_subject};
use crate::channel::{Incoming, IncomingKind, Outgoing};
use crate::content::{Content, Text};
use crate::ids::FlagId;
use crate::staff::{Act, Alert, Case, Change, Staffer, act, shown_by};

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
                    toast(draft, &content, &content.words.staff_anonymous);
                    return Ok(());
                };
                if let Some(number) = shown_by(data) {
                    match self.case(number)? {
                        Some((case, _)) => {
                            draft.send_card(&content, &case, Telling::PostSilently)?;
                        }
                        None => toast(draft, &content, &content.words.staff_stale),
                    }
                    return Ok(());
                }
                let Some((number, deed)) = Act::parse(data) else {
                    toast(draft, &content, &content.words.staff_stale);
                    return Ok(());
                };
                let by = Staffer {
                    user: from.user,
                    name: from.name.clone(),
                };
                let Some((mut case, version)) = self.case(number)? else {
                    toast(draft, &content, &content.words.staff_stale);
                    return Ok(());
                };
                let chat = case.chat;
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
            IncomingKind::Command { name, argument } => {
                self.prepare_command(&content, incoming, name, argument.reveal(), draft)
            }
            IncomingKind::Text(_)
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
        draft.send_card(content, case, Telling::ChangeForGood)?;
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
