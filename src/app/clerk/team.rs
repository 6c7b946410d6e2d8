//! The team: who owns the desk, who joins it, who leaves, and who is refused.

use super::draft::Draft;
use super::office::{staffer, toast};
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards;
use crate::app::pairing::PairCode;
use crate::app::records::{CLINIC, OutboxRow, Piece, ShownAs};
use crate::channel::{Incoming, IncomingKind, Sender};
use crate::content::{Content, StaffDeed, Text};
use crate::dialog::{Keyboard, Weight};
use crate::ids::{CaseNumber, ChatId, Lang, Timestamp, UserId};
use crate::staff::{Alert, Member, Refusal, Right, Role, Roster, Staffer};
use crate::store::{ReadError, Version};

/// Somebody who asked to join is shown to the owners again after this long.
const ASK_AGAIN_SECONDS: i64 = 24 * 60 * 60;

/// Owners are told again that the staff chat is lost after this long.
const LOST_AGAIN_SECONDS: i64 = 6 * 60 * 60;

/// Somebody asks to join.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Request {
    who: Staffer,
    at: Timestamp,
}

impl Clerk {
    /// The team, as it is stored.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn roster(&self) -> Result<(Roster, Version), ReadError> {
        let found = self.ledger.read(&self.keys.single("roster"))?;
        Ok(found.unwrap_or((Roster::default(), Version::ABSENT)))
    }

    /// Whether a command is this one of the staff's.
    pub(super) fn is_staff_command(&self, name: &str, deed: StaffDeed) -> bool {
        let commands = &self.library.newest().bot.staff_commands;
        commands
            .iter()
            .any(|command| command.name == name && command.deed == deed)
    }

    /// Whether somebody in the staff chat may; a refusal is written down.
    pub(super) fn allows(
        &self,
        by: &Staffer,
        right: Right,
        case: Option<CaseNumber>,
        draft: &mut Draft<'_>,
    ) -> Result<Result<(), Refusal>, TurnError> {
        let (roster, _) = self.roster()?;
        let allowed = roster.may(by.user, right);
        if let Err(refusal) = allowed {
            let what = format!("refused.{}", refusal.word());
            self.note_refusal(Some(by), &what, case, draft)?;
        }
        Ok(allowed)
    }

    /// Writes down that somebody was refused.
    pub(super) fn note_refusal(
        &self,
        who: Option<&Staffer>,
        what: &str,
        case: Option<CaseNumber>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        tracing::warn!(what, "somebody was refused at the desk");
        draft.audit(&Noted { who, what, case })
    }

    /// `/pair CODE` in a group: whoever has the code owns the desk.
    pub(super) fn pair(
        &self,
        chat: ChatId,
        incoming: &Incoming,
        code: &str,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let words = &content.words;
        let Some(from) = &incoming.from else {
            self.note_refusal(None, "refused.anonymous", None, draft)?;
            return say(draft, &content, chat, &words.staff_anonymous, &[]);
        };
        let by = staffer(from);
        let (mut roster, version) = self.roster()?;
        if let Some(owner) = roster.members().iter().find(|one| one.role == Role::Owner) {
            let values = [("name", owner.who.name.as_str())];
            self.note_refusal(Some(&by), "refused.owned", None, draft)?;
            return say(draft, &content, chat, &words.staff_pair_owned, &values);
        }
        if self.staff_chat().is_some_and(|known| known != chat) {
            self.note_refusal(Some(&by), "refused.other-chat", None, draft)?;
            return say(draft, &content, chat, &words.staff_pair_elsewhere, &[]);
        }
        if !self.opens_desk(code, draft.now) {
            self.note_refusal(Some(&by), "refused.wrong-code", None, draft)?;
            return say(draft, &content, chat, &words.staff_pair_wrong, &[]);
        }
        // Somebody who had left and has the code is here again.
        if roster.set(by.clone(), Role::Owner).is_err() {
            return Ok(());
        }
        draft.replace(self.keys.single("roster"), version, CLINIC, &roster)?;
        draft.put(self.keys.single("staff-chat"), CLINIC, &chat)?;
        draft.prepared.staff_chat = Some(chat);
        self.learn_topics(incoming.has_topics);
        draft.audit(&Noted {
            who: Some(&by),
            what: "team.pair",
            case: None,
        })?;
        say(
            draft,
            &content,
            chat,
            &words.staff_paired,
            &[("name", &by.name)],
        )?;
        // What came while nobody could be told is told now.
        for case in self.open_cases()? {
            if !case.is_hidden() {
                self.tell_new_desk(&case, draft)?;
            }
        }
        Ok(())
    }

    /// `/pair` in private: somebody asks to join, and an owner says yes or no. Whoever
    /// sends the code here is told where it belongs. False when there is no team to
    /// join, or when something else was said: then it is no command of ours.
    pub(super) fn ask_to_join(
        &self,
        chat: ChatId,
        from: &Sender,
        argument: &str,
        draft: &mut Draft<'_>,
    ) -> Result<bool, TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let words = &content.words;
        let (roster, _) = self.roster()?;
        let is_code = PairCode::is_written_so(argument);
        if !is_code && !argument.is_empty() {
            return Ok(false);
        }
        let lang = from.language.as_deref().and_then(Lang::from_tag);
        let lang = lang.unwrap_or(content.clinic.staff_language);
        let Some(staff_chat) = self.staff_chat().filter(|_| roster.has_owner()) else {
            if is_code {
                let text = words.staff_pair_in_group.render(lang, &*content);
                draft.say(chat, chat, lang, text)?;
            }
            return Ok(is_code);
        };
        if let Some(role) = roster.role(from.user) {
            let role = words.role(role).render(lang, &*content).text;
            let text = content.fill(&words.staff_role_is, lang, &[("role", &role)]);
            draft.say(chat, chat, lang, text)?;
            return Ok(true);
        }
        let key = self.keys.join(from.user);
        let asked = self.ledger.read::<Request>(&key)?;
        let is_new = asked
            .is_none_or(|(request, _)| draft.now.seconds_since(request.at) >= ASK_AGAIN_SECONDS);
        if is_new {
            let who = staffer(from);
            let at = draft.now;
            draft.put(key, CLINIC, &Request { who, at })?;
            draft.audit(&Noted {
                who: Some(&staffer(from)),
                what: "team.ask",
                case: None,
            })?;
            let handle = from.username.as_deref();
            let (text, keyboard) = cards::join_card(&content, &staffer(from), handle);
            let piece = Piece::Send {
                text,
                keyboard,
                silent: false,
                shows: Some(ShownAs::Join(from.user)),
            };
            let row = OutboxRow::new(piece, Weight::Warning, content.clinic.staff_language);
            draft.send(staff_chat, CLINIC, row)?;
        }
        draft.say(
            chat,
            chat,
            lang,
            words.staff_join_asked.render(lang, &*content),
        )?;
        Ok(true)
    }

    /// A press on the card of somebody who asks to join, or on the list of the
    /// team. Only an owner may.
    pub(super) fn prepare_team_press(
        &self,
        content: &Content,
        by: &Staffer,
        press: &cards::TeamPress,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let words = &content.words;
        if let Err(refusal) = self.allows(by, Right::Manage, None, draft)? {
            toast(draft, content, words.refusal(refusal), &[]);
            return Ok(());
        }
        let (mut roster, version) = self.roster()?;
        match press {
            cards::TeamPress::Look(user) => {
                let Some(member) = roster.members().iter().find(|one| one.who.user == *user) else {
                    return self.refuse_press(content, by, "refused.no-member", None, draft);
                };
                let (text, keyboard) = cards::member_card(content, member);
                Ok(draft.answer_staff(content, text, keyboard)?)
            }
            cards::TeamPress::Join(user, role) => {
                let key = self.keys.join(*user);
                let Some((request, asked)) = self.ledger.read::<Request>(&key)? else {
                    return self.refuse_press(content, by, "refused.no-member", None, draft);
                };
                draft.prepared.commit.expect.push((key.clone(), asked));
                draft.prepared.commit.deletes.push(key);
                let what = match role {
                    Some(role) => format!("team.add-{}", role.word()),
                    None => "team.refuse".to_owned(),
                };
                if let Some(role) = role {
                    if roster.set(request.who.clone(), *role).is_err() {
                        return Ok(());
                    }
                    draft.replace(self.keys.single("roster"), version, CLINIC, &roster)?;
                    self.tell_role(content, *user, *role, draft)?;
                }
                let text = cards::joined(content, by, &request.who, *role);
                let piece = Piece::Edit {
                    shows: ShownAs::Join(*user),
                    text,
                    keyboard: Keyboard::None,
                    closes: true,
                };
                let row = OutboxRow::new(piece, Weight::Warning, content.clinic.staff_language);
                if let Some(staff_chat) = self.staff_chat() {
                    draft.send(staff_chat, CLINIC, row)?;
                }
                draft.audit(&Noted {
                    who: Some(by),
                    what: &what,
                    case: None,
                })
            }
            cards::TeamPress::Set(user, role) => {
                let found = roster.members().iter().find(|one| one.who.user == *user);
                let Some(Member { who, .. }) = found.cloned() else {
                    return self.refuse_press(content, by, "refused.no-member", None, draft);
                };
                let (changed, what) = match role {
                    Some(role) => (
                        roster.set(who.clone(), *role),
                        format!("team.set-{}", role.word()),
                    ),
                    None => (roster.remove(*user), "team.remove".to_owned()),
                };
                if changed.is_err() {
                    toast(draft, content, &words.staff_last_owner, &[]);
                    return Ok(());
                }
                draft.replace(self.keys.single("roster"), version, CLINIC, &roster)?;
                let text = cards::joined(content, by, &who, *role);
                draft.answer_staff(content, text, Keyboard::None)?;
                draft.audit(&Noted {
                    who: Some(by),
                    what: &what,
                    case: None,
                })?;
                match role {
                    Some(role) => Ok(self.tell_role(content, *user, *role, draft)?),
                    None => self.give_back_of(content, &who, draft),
                }
            }
        }
    }

    /// Somebody has left the staff chat: nothing of theirs counts any more.
    pub(super) fn member_left(
        &self,
        content: &Content,
        who: &Sender,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (mut roster, version) = self.roster()?;
        let had_owner = roster.has_owner();
        roster.left(who.user);
        draft.replace(self.keys.single("roster"), version, CLINIC, &roster)?;
        draft.audit(&Noted {
            who: Some(&staffer(who)),
            what: "team.left",
            case: None,
        })?;
        if had_owner && !roster.has_owner() {
            let text = content.fill(
                &content.words.staff_no_owner,
                content.clinic.staff_language,
                &[("name", &who.name)],
            );
            draft.tell_staff_line(content, text)?;
        }
        self.give_back_of(content, &staffer(who), draft)
    }

    /// What somebody had taken who is no longer there is nobody's again, with a sound.
    fn give_back_of(
        &self,
        content: &Content,
        who: &Staffer,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        for open in self.open_cases()? {
            let Some((mut case, version)) = self.case(open.number)? else {
                continue;
            };
            if case.is_held_by(who.user) {
                case.lose_owner();
                draft.write_case(content, &case, version, Alert::Post)?;
                draft.audit(&Noted {
                    who: Some(who),
                    what: "case.left",
                    case: Some(case.number),
                })?;
            }
        }
        Ok(())
    }

    /// Somebody is in the staff chat again.
    pub(super) fn members_came(
        &self,
        who: &[Sender],
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (mut roster, version) = self.roster()?;
        let before = roster.clone();
        for one in who {
            roster.came(one.user);
        }
        if roster != before {
            draft.replace(self.keys.single("roster"), version, CLINIC, &roster)?;
        }
        Ok(())
    }

    /// The bot cannot write in the staff chat: it was taken out, or lost its
    /// rights. The owners read so in private, once for a while.
    pub(super) fn desk_lost(
        &self,
        by: Option<&Sender>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        if self.was_told_lately("desk-lost", draft)? {
            return Ok(());
        }
        tracing::error!("the bot cannot write in the staff chat; warnings wait");
        let by = by.map(staffer);
        draft.audit(&Noted {
            who: by.as_ref(),
            what: "desk.lost",
            case: None,
        })?;
        let content = std::sync::Arc::clone(self.library.newest());
        let (roster, _) = self.roster()?;
        let members = roster.members().iter();
        for owner in members.filter(|one| one.role == Role::Owner) {
            let lang = content.clinic.staff_language;
            let text = content.words.staff_removed.render(lang, &*content);
            draft.say(ChatId(owner.who.user.0), CLINIC, lang, text)?;
        }
        Ok(())
    }

    /// Whether something was told within the last hours; if not, it is from now on.
    fn was_told_lately(&self, what: &str, draft: &mut Draft<'_>) -> Result<bool, TurnError> {
        let key = self.keys.single(what);
        let told = self.ledger.read::<Timestamp>(&key)?.map(|(at, _)| at);
        if told.is_some_and(|at| draft.now.seconds_since(at) < LOST_AGAIN_SECONDS) {
            return Ok(true);
        }
        let now = draft.now;
        draft.put(key, CLINIC, &now)?;
        Ok(false)
    }

    /// An owner cannot be reached in private: no bot may write first. The staff chat
    /// reads so, at most once in a while.
    pub(super) fn owner_unreached(
        &self,
        chat: ChatId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (roster, _) = self.roster()?;
        let mut owners = roster.members().iter();
        let Some(owner) =
            owners.find(|one| one.role == Role::Owner && ChatId(one.who.user.0) == chat)
        else {
            return Ok(());
        };
        if self.was_told_lately(&format!("owner-unreached/{}", chat.0), draft)? {
            return Ok(());
        }
        tracing::error!("an owner cannot be reached in private");
        let content = std::sync::Arc::clone(self.library.newest());
        let lang = content.clinic.staff_language;
        let values = [("name", owner.who.name.as_str())];
        let text = content.fill(&content.words.staff_owner_unreached, lang, &values);
        Ok(draft.tell_staff_line(&content, text)?)
    }

    /// An owner answers the alarm that woke them, in private: they are told where to,
    /// and what they write of a patient is no warning of their own.
    pub(super) fn is_answer_to_alarm(
        &self,
        chat: ChatId,
        incoming: &Incoming,
        draft: &mut Draft<'_>,
    ) -> Result<bool, TurnError> {
        let is_said = matches!(
            incoming.kind,
            IncomingKind::Text(_) | IncomingKind::Edited(_) | IncomingKind::Unreadable
        );
        let (roster, _) = self.roster()?;
        let from = incoming.from.as_ref();
        let is_theirs = from.is_some_and(|from| roster.role(from.user).is_some());
        let Some(case) = self
            .case_at(chat, incoming.reply_to)?
            .filter(|_| is_said && is_theirs)
        else {
            return Ok(false);
        };
        let content = std::sync::Arc::clone(self.library.newest());
        let case = case.to_string();
        let answer = &content.words.staff_answer_there;
        say(draft, &content, chat, answer, &[("case", &case)])?;
        Ok(true)
    }

    /// The bot may write in the staff chat again.
    pub(super) fn desk_back(
        &self,
        by: Option<&Sender>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let key = self.keys.single("desk-lost");
        if self.ledger.read::<Timestamp>(&key)?.is_none() {
            return Ok(());
        }
        draft.prepared.commit.deletes.push(key);
        tracing::warn!("the bot can write in the staff chat again");
        let by = by.map(staffer);
        draft.audit(&Noted {
            who: by.as_ref(),
            what: "desk.back",
            case: None,
        })
    }

    fn tell_role(
        &self,
        content: &Content,
        user: UserId,
        role: Role,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let lang = content.clinic.staff_language;
        let words = &content.words;
        let role = words.role(role).render(lang, content).text;
        let text = content.fill(&words.staff_role_is, lang, &[("role", &role)]);
        Ok(draft.say(ChatId(user.0), CLINIC, lang, text)?)
    }
}

/// Whether button data is a staff button's: in no other chat is there one.
pub(super) fn is_of_staff(data: &str) -> bool {
    [
        "case:", "show:", "join:", "team:", "say:", "dead:", "drill:",
    ]
    .iter()
    .any(|head| data.starts_with(head))
}

/// A line to the group somebody wrote in, in the staff's language.
fn say(
    draft: &mut Draft<'_>,
    content: &Content,
    chat: ChatId,
    text: &Text,
    values: &[(&str, &str)],
) -> Result<(), TurnError> {
    let lang = content.clinic.staff_language;
    let text = content.fill(text, lang, values);
    Ok(draft.say(chat, CLINIC, lang, text)?)
}
