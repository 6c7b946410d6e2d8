//! The staff chat's commands: what is asked is read, and answered there.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::cards;
use crate::channel::Incoming;
use crate::content::{Content, StaffCommand, StaffDeed, Text, Values, With};
use crate::dialog::Keyboard;
use crate::ids::{CaseNumber, ChatId};
use crate::staff::Case;
use crate::store::{Kind, ReadError, Version};

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
        // Other bots live in groups too: what is not ours is theirs.
        let Some(command) = commands.find(|command| command.name == name) else {
            return Ok(());
        };
        if incoming.from.is_none() {
            return answer(content, draft, &content.words.staff_anonymous, &[]);
        }
        match command.deed {
            StaffDeed::Open => {
                let (text, keyboard) = cards::open_cases(content, self.open_cases()?);
                draft.answer_staff(content, text, keyboard)?;
            }
            StaffDeed::Help => draft.answer_staff(content, cards::help(content), Keyboard::None)?,
            StaffDeed::Case => {
                if let Some((case, _)) = self.asked_case(content, command, argument, draft)? {
                    draft.send_card(content, &case, Telling::PostSilently)?;
                }
            }
            StaffDeed::Patient => {
                if let Some((case, _)) = self.asked_case(content, command, argument, draft)? {
                    let cases = self.cases_of(case.chat)?;
                    let text = cards::patient_of(content, &case, cases, draft.now);
                    draft.answer_staff(content, text, Keyboard::None)?;
                }
            }
        }
        Ok(())
    }

    /// The case a command names; staff are told when there is none.
    fn asked_case(
        &self,
        content: &Content,
        command: &StaffCommand,
        argument: &str,
        draft: &mut Draft<'_>,
    ) -> Result<Option<(Case, Version)>, TurnError> {
        let words = &content.words;
        let word = argument.split_whitespace().next().unwrap_or_default();
        let Ok(number) = word.trim_start_matches('#').parse().map(CaseNumber) else {
            let values = [("command", command.name.as_str())];
            answer(content, draft, &words.staff_which_case, &values)?;
            return Ok(None);
        };
        let found = self.case(number)?;
        if found.is_none() {
            let values = [("case", &*number.to_string())];
            answer(content, draft, &words.staff_no_case, &values)?;
        }
        Ok(found)
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
    fn open_cases(&self) -> Result<Vec<Case>, ReadError> {
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
    fn cases_of(&self, chat: ChatId) -> Result<Vec<Case>, ReadError> {
        let mut cases = Vec::new();
        self.ledger
            .scan(self.keys.0, Some(chat), Some(Kind::Case), &mut |_, row| {
                cases.extend(row.json::<Case>().ok());
            })?;
        Ok(cases)
    }
}

/// A line that answers a command.
fn answer(
    content: &Content,
    draft: &mut Draft<'_>,
    text: &Text,
    values: &[(&str, &str)],
) -> Result<(), TurnError> {
    let with = With {
        values,
        rest: content as &dyn Values,
    };
    let text = text.render(content.clinic.staff_language, &with);
    Ok(draft.answer_staff(content, text, Keyboard::None)?)
}
