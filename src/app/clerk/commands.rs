//! The staff chat's commands: what is asked is read, and answered there.

use super::draft::{Draft, Telling};
use super::office::staffer;
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards;
use crate::app::{numbers, stats};
use crate::channel::Incoming;
use crate::content::{Content, StaffCommand, StaffDeed, Text};
use crate::dialog::Keyboard;
use crate::ids::{CaseNumber, ChatId};
use crate::staff::{Act, Alert, Case, Right, Staffer};
use crate::store::{Kind, ReadError, Version};

/// A command, as it was sent.
pub(super) struct Asked<'a> {
    pub(super) content: &'a Content,
    pub(super) command: &'a StaffCommand,
    pub(super) incoming: &'a Incoming,
    pub(super) argument: &'a str,
}

impl Clerk {
    pub(super) fn prepare_command(
        &self,
        content: &Content,
        incoming: &Incoming,
        name: &str,
        argument: &str,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut commands = content.bot.staff_commands.iter();
        let Some(command) = commands.find(|command| command.name == name) else {
            // Other bots live in groups too: what is not ours is theirs, unless
            // it answers a case.
            return match self.case_of(incoming)? {
                Some(_) => {
                    let values = [("command", name)];
                    answer(content, draft, &content.words.staff_no_command, &values)
                }
                None => Ok(()),
            };
        };
        if command.deed == StaffDeed::Pair {
            let Some(chat) = incoming.chat else {
                return Ok(());
            };
            return self.pair(chat, incoming, argument, draft);
        }
        let Some(from) = &incoming.from else {
            self.note_refusal(None, "refused.anonymous", None, draft)?;
            return answer(content, draft, &content.words.staff_anonymous, &[]);
        };
        if let Err(refusal) = self.allows(&staffer(from), Right::Work, None, draft)? {
            return answer(content, draft, content.words.refusal(refusal), &[]);
        }
        let asked = Asked {
            content,
            command,
            incoming,
            argument,
        };
        match command.deed {
            StaffDeed::Open => {
                let (text, keyboard) = cards::open_cases(content, self.open_cases()?);
                draft.answer_staff(content, text, keyboard)?;
            }
            StaffDeed::Team => {
                let (text, keyboard) = cards::team(content, &self.roster()?.0);
                draft.answer_staff(content, text, keyboard)?;
            }
            StaffDeed::Pair => {}
            StaffDeed::Stats => self.show_stats(content, draft)?,
            StaffDeed::OnCall => self.show_on_call(&asked, draft)?,
            StaffDeed::Mute => self.set_mute(&asked, &staffer(from), draft)?,
            StaffDeed::Dead => self.list_dead(content, draft)?,
            StaffDeed::Drill => match self.allows(&staffer(from), Right::Manage, None, draft)? {
                Ok(()) => self.begin_drill(content, &staffer(from), draft)?,
                Err(refusal) => answer(content, draft, content.words.refusal(refusal), &[])?,
            },
            StaffDeed::Help => draft.answer_staff(content, cards::help(content), Keyboard::None)?,
            StaffDeed::Case => {
                if let Some((case, ..)) = self.asked_case(&asked, draft)? {
                    draft.send_card(content, &case, Telling::PostSilently)?;
                }
            }
            StaffDeed::Patient => {
                if let Some((case, ..)) = self.asked_case(&asked, draft)? {
                    let cases = self.cases_of(case.chat)?;
                    let text = cards::patient_of(content, &case, cases, draft.now);
                    // Names are in it: it is sealed as the case is.
                    draft.answer_staff_of(content, &case, text)?;
                }
            }
            StaffDeed::Note => self.note_on_case(&asked, &staffer(from), draft)?,
            StaffDeed::Say => {
                let is_below_card = self.case_of(incoming)?.is_some();
                if let (Some((case, version, name)), Some(message)) =
                    (self.asked_case(&asked, draft)?, incoming.message)
                {
                    if name.is_empty() {
                        self.offer_answers(content, &case, message, draft)?;
                    } else if !is_below_card {
                        // A number is soon mistyped: whose it is comes before it goes.
                        self.ask_to_send(content, &case, name, message, draft)?;
                    } else {
                        let by = staffer(from);
                        self.send_answer(content, case, version, &by, name, message, draft)?;
                    }
                }
            }
            StaffDeed::Close => self.close_case(&asked, &staffer(from), draft)?,
        }
        Ok(())
    }

    /// The numbers, whole: they stay within the team.
    fn show_stats(&self, content: &Content, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        /// A month: long enough that a small clinic's numbers say something.
        const DAYS: u32 = 30;
        let first = numbers::day_of(content, draft.now).saturating_sub(DAYS - 1);
        let counts = numbers::since(&self.ledger, self.keys, first)?;
        let screens = content.screens.iter().map(|screen| screen.id.to_string());
        let sections = stats::sections(&counts, &screens.collect::<Vec<_>>());
        let text = cards::stats(content, &sections, DAYS);
        draft.answer_staff(content, text, Keyboard::None)?;
        let chart = cards::stats_chart(content, &sections, DAYS);
        Ok(draft.chart_for_staff(content, chart)?)
    }

    fn note_on_case(
        &self,
        asked: &Asked<'_>,
        by: &Staffer,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let words = &asked.content.words;
        let Some((mut case, version, note)) = self.asked_case(asked, draft)? else {
            return Ok(());
        };
        if note.is_empty() {
            let values = [("command", asked.command.name.as_str())];
            return answer(asked.content, draft, &words.staff_note_empty, &values);
        }
        case.add_note(by, draft.now, note);
        draft.write_case(asked.content, &case, version, Alert::Update)?;
        draft.audit(&Noted {
            who: Some(by),
            what: "case.note",
            case: Some(case.number),
        })?;
        let values = [("case", &*case.number.to_string())];
        answer(asked.content, draft, &words.staff_noted, &values)
    }

    /// Closes a case, with a note if there is one.
    fn close_case(
        &self,
        asked: &Asked<'_>,
        by: &Staffer,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = asked.content;
        let Some((mut case, version, note)) = self.asked_case(asked, draft)? else {
            return Ok(());
        };
        if !case.is_open() {
            let deed = cards::last_deed(content, &case).unwrap_or_default();
            return answer(
                content,
                draft,
                &content.words.staff_late,
                &[("deed", &deed)],
            );
        }
        if !note.is_empty() {
            case.add_note(by, draft.now, note);
        }
        let number = case.number;
        let change = self.act(content, &mut case, Act::Close, by, draft);
        self.keep_change(content, case, version, change, draft)?;
        self.note_act(Act::Close, by, number, draft)
    }

    /// The case a command is about, and the words behind its number: the case
    /// whose card it replies to or in whose topic it stands, or the one it names.
    /// Staff are told when there is none, or when these are two.
    fn asked_case<'t>(
        &self,
        asked: &Asked<'t>,
        draft: &mut Draft<'_>,
    ) -> Result<Option<(Case, Version, &'t str)>, TurnError> {
        let words = &asked.content.words;
        let of_card = self.case_of(asked.incoming)?;
        let (first, rest) = asked
            .argument
            .split_once(char::is_whitespace)
            .unwrap_or((asked.argument, ""));
        let named = first.trim_start_matches('#').parse().map(CaseNumber);
        let (number, rest) = match (of_card, named) {
            (Some(here), Ok(named)) if here != named => {
                // Whoever is told of the wrong patient is worse off than whoever asks again.
                let (here, named) = (here.to_string(), named.to_string());
                let values = [
                    ("command", asked.command.name.as_str()),
                    ("here", &here),
                    ("case", &named),
                ];
                answer(asked.content, draft, &words.staff_two_cases, &values)?;
                return Ok(None);
            }
            (Some(number), Err(_)) => (number, asked.argument.trim()),
            (Some(number), Ok(_)) | (None, Ok(number)) => (number, rest.trim()),
            (None, Err(_)) => {
                let values = [("command", asked.command.name.as_str())];
                answer(asked.content, draft, &words.staff_which_case, &values)?;
                return Ok(None);
            }
        };
        match self.case(number)? {
            Some((case, version)) => Ok(Some((case, version, rest))),
            None => {
                let values = [("case", &*number.to_string())];
                answer(asked.content, draft, &words.staff_no_case, &values)?;
                Ok(None)
            }
        }
    }

    /// A case by its number.
    pub(super) fn case(&self, number: CaseNumber) -> Result<Option<(Case, Version)>, ReadError> {
        let Some((chat, _)) = self.ledger.read::<ChatId>(&self.keys.case_index(number))? else {
            return Ok(None);
        };
        match self.ledger.read::<Case>(&self.keys.case(chat, number)) {
            // It was closed for good after its patient's erasure.
            Err(error) if error.is_erased() => Ok(None),
            other => other,
        }
    }

    /// Every open case.
    pub(super) fn open_cases(&self) -> Result<Vec<Case>, ReadError> {
        let mut open = Vec::new();
        let index = Some(Kind::CaseIndex);
        self.ledger
            .scan(self.keys.0, None, index, &mut |key, row| {
                if key == self.keys.open_case(key.chat())
                    && let Ok(number) = row.json::<CaseNumber>()
                {
                    open.push((key.chat(), number));
                }
            })?;
        let mut cases = Vec::new();
        for (chat, number) in open {
            if let Some((case, _)) = self.ledger.read::<Case>(&self.keys.case(chat, number))? {
                cases.push(case);
            }
        }
        Ok(cases)
    }

    /// Every case of one patient that is still kept.
    pub(super) fn cases_of(&self, chat: ChatId) -> Result<Vec<Case>, ReadError> {
        let mut cases = Vec::new();
        self.ledger
            .scan(self.keys.0, Some(chat), Some(Kind::Case), &mut |_, row| {
                cases.extend(row.json::<Case>().ok());
            })?;
        Ok(cases)
    }
}

/// A line that answers a command.
pub(super) fn answer(
    content: &Content,
    draft: &mut Draft<'_>,
    text: &Text,
    values: &[(&str, &str)],
) -> Result<(), TurnError> {
    let text = content.fill(text, content.clinic.staff_language, values);
    Ok(draft.answer_staff(content, text, Keyboard::None)?)
}
