//! The day after an urgent case: did the patient get care? The answer stands on
//! the case.

use super::draft::Draft;
use super::patient::heard_in;
use super::{Clerk, TurnError};
use crate::app::records::{DueRow, OutboxRow, Piece, ShownAs};
use crate::content::Text;
use crate::dialog::{Button, Due, Keyboard, Weight};
use crate::free_text::normalise;
use crate::ids::{CaseNumber, ChatId, Lang, PatientText, Timestamp};
use crate::staff::{Alert, Case, CaseState, Outcome, Waits};

/// The same time of the next day: nobody is asked in the night who did not
/// write in the night.
const ASKED_AFTER_SECONDS: i64 = 24 * 60 * 60;

/// What a patient can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Somebody has seen them.
    Got,
    /// Not yet.
    NotYet,
}

impl Care {
    const WORDS: [(Self, &'static str); 2] = [(Self::Got, "yes"), (Self::NotYet, "no")];

    /// Reads button data; untrusted.
    pub(super) fn parse(data: &str) -> Option<(CaseNumber, Self)> {
        let (number, word) = data.strip_prefix("care:")?.split_once(':')?;
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        let (care, _) = found?;
        Some((CaseNumber(number.parse().ok()?), *care))
    }

    fn button(self, case: CaseNumber, label: String) -> Button {
        let found = Self::WORDS.iter().find(|(care, _)| *care == self);
        let word = found.map_or("", |(_, word)| word);
        Button::Press {
            label,
            data: format!("care:{case}:{word}"),
        }
    }
}

/// Whether the patient of a case is asked: a private answer is never written of,
/// and a false alarm needs no care.
fn is_asked(case: &Case) -> bool {
    let outcome = match &case.state {
        CaseState::Handled { outcome, .. } => Some(*outcome),
        CaseState::Closed { outcome, .. } => *outcome,
        CaseState::Open | CaseState::Claimed { .. } => None,
    };
    !case.private && !case.forget_on_close && outcome != Some(Outcome::FalseAlarm)
}

impl Clerk {
    /// Sets the question's timer, with each alert of a case that climbs. It goes
    /// with the patient's data.
    pub(super) fn ask_next_day(
        &self,
        case: &Case,
        alert: Alert,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        if alert != Alert::Post || Waits::of(case).is_none() || !is_asked(case) {
            return Ok(());
        }
        let due = Due::Care(case.number.0);
        let at = draft.now.plus_seconds(ASKED_AFTER_SECONDS);
        Ok(draft.set_due(case.chat, DueRow { due, at })?)
    }

    /// The next day: the patient is asked.
    pub(super) fn ask_care(
        &self,
        chat: ChatId,
        number: CaseNumber,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let asked = self.case(number)?;
        let asked = asked.filter(|(case, _)| case.chat == chat && is_asked(case));
        let (Some((mut case, version)), Some((conversation, _))) =
            (asked, self.conversation(chat)?)
        else {
            return Ok(());
        };
        let content = std::sync::Arc::clone(self.library.newest());
        case.care_asked = Some(draft.now);
        draft.write_case(&content, &case, version, Alert::Silence)?;
        let lang = conversation.lang;
        let words = &content.words;
        let button = |care: Care, text: &Text| {
            let label = text.render(lang, &*content).text;
            vec![care.button(number, label)]
        };
        let piece = Piece::Send {
            text: words.care_ask.render(lang, &*content),
            keyboard: Keyboard::Inline(vec![
                button(Care::Got, &words.button_care_yes),
                button(Care::NotYet, &words.button_care_no),
            ]),
            silent: true,
            shows: Some(ShownAs::Care(number)),
        };
        Ok(draft.send(chat, chat, OutboxRow::new(piece, Weight::Talk, lang))?)
    }

    /// The question that typed words answer, and how; none when they answer
    /// something else, or nothing. What was asked since comes first, and so does
    /// whoever writes with the patient. A "no" of days later answers nothing.
    pub(super) fn typed_care(
        &self,
        chat: ChatId,
        words: &PatientText,
        now: Timestamp,
    ) -> Result<Option<(CaseNumber, Care)>, TurnError> {
        let content = self.library.newest();
        let typed = plain(words.reveal());
        let labels = &content.words;
        // "Yes, I went last night" answers; what states a sign is heard as one.
        let is_heard = !heard_in(content, words).hits.is_empty();
        let (first, _) = typed.split_once([' ', ',', '.']).unwrap_or_default();
        let same = |text: &Text| {
            Lang::ALL.iter().any(|lang| {
                let label = plain(&text.plain(*lang));
                label == typed || (label == first && !is_heard)
            })
        };
        let care = if same(&labels.button_care_yes) || same(&labels.button_yes) {
            Care::Got
        } else if same(&labels.button_care_no) || same(&labels.button_no) {
            Care::NotYet
        } else {
            return Ok(None);
        };
        let Some((conversation, _)) = self.conversation(chat)? else {
            return Ok(None);
        };
        let asked = self.cases_of(chat)?.into_iter();
        let newest = asked
            .filter_map(|case| Some((case.care_asked?, case)))
            .max_by_key(|(at, case)| (*at, case.number));
        let newest = newest.filter(|(at, case)| {
            let open = conversation.open.as_ref();
            now.seconds_since(*at) < ASKED_AFTER_SECONDS
                && case.talk.is_none()
                && open.is_none_or(|open| open.since <= *at)
        });
        Ok(newest.map(|(_, case)| (case.number, care)))
    }

    /// The patient answers: false when this is no question of theirs.
    pub(super) fn answer_care(
        &self,
        chat: ChatId,
        number: CaseNumber,
        care: Care,
        draft: &mut Draft<'_>,
    ) -> Result<bool, TurnError> {
        let found = self.case(number)?.filter(|(case, _)| case.chat == chat);
        let (Some((mut case, version)), Some((conversation, _))) =
            (found, self.conversation(chat)?)
        else {
            return Ok(false);
        };
        let content = std::sync::Arc::clone(self.library.newest());
        let words = &content.words;
        let (label, answer, note) = match care {
            Care::Got => (
                &words.button_care_yes,
                &words.care_yes,
                &words.staff_care_yes,
            ),
            Care::NotYet => (&words.button_care_no, &words.care_no, &words.staff_care_no),
        };
        let staff_lang = content.clinic.staff_language;
        let note = note.render(staff_lang, &*content).text;
        if case.care_asked.take().is_none() {
            // Answered already.
            return Ok(false);
        }
        case.note_for_sure(note.clone());
        draft.write_case(&content, &case, version, Alert::Update)?;
        if care == Care::NotYet && !case.is_hidden() {
            let number = number.to_string();
            let values = [("case", number.as_str()), ("note", note.as_str())];
            let line = content.fill(&words.staff_care_line, staff_lang, &values);
            draft.tell_staff_line(&content, line)?;
        }
        let lang = conversation.lang;
        let mut chosen = words.care_ask.render(lang, &*content);
        let label = label.render(lang, &*content).text;
        let label = content.fill(&words.chosen, lang, &[("answer", &label)]);
        chosen.paragraph();
        chosen.append(&label);
        let piece = Piece::Edit {
            shows: ShownAs::Care(number),
            text: chosen,
            keyboard: Keyboard::None,
            closes: true,
        };
        draft.send(chat, chat, OutboxRow::new(piece, Weight::Talk, lang))?;
        draft.say(chat, chat, lang, answer.render(lang, &*content))?;
        Ok(true)
    }
}

/// Words as they are compared: without capitals, accents or marks around them.
fn plain(words: &str) -> String {
    let words = normalise(words).text;
    words
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}
