//! What staff and a patient read while they write to each other.

use super::{Writer, hides, quotable};
use crate::app::records::Fate;
use crate::channel::Media;
use crate::content::{Content, ReadyAnswer, RichText, Text};
use crate::dialog::{Button, Keyboard};
use crate::ids::{CaseNumber, Lang};
use crate::staff::{Case, NoTalk, SILENT_SECONDS_MAX, Staffer, say_data};

/// Telegram takes 4096 characters in a message and 1024 below a picture; so much
/// is left for whose message it is.
const WORDS_UNITS_MAX: usize = 3800;
const CAPTION_UNITS_MAX: usize = 900;

/// Whether words leave no room in one message, or below one picture, for whose
/// they are.
#[must_use]
pub fn is_too_long(words: &str, media: Option<Media>) -> bool {
    words.encode_utf16().count() > units_max(media)
}

/// As much of the words as is not too long.
#[must_use]
pub fn fitting(words: &str, media: Option<Media>) -> String {
    let mut left = units_max(media);
    let fits = |c: &char| {
        let rest = left.checked_sub(c.len_utf16());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    words.chars().take_while(fits).collect()
}

const fn units_max(media: Option<Media>) -> usize {
    match media {
        Some(Media::Captioned | Media::Bare) => CAPTION_UNITS_MAX,
        None => WORDS_UNITS_MAX,
    }
}

/// What staff write, with the practice's name below it.
#[must_use]
pub fn signed(content: &Content, lang: Lang, words: Option<&str>) -> RichText {
    let mut text = RichText::plain(words.unwrap_or_default());
    text.paragraph();
    text.append(&content.words.talk_signed.render(lang, content));
    text
}

/// What a patient writes, with its case above it. Quoted, so that no words of a
/// patient read as the bot's.
#[must_use]
pub fn from_patient(content: &Content, case: &Case, words: Option<&str>) -> RichText {
    let mut writer = Writer::new(content);
    let head = writer.about(case, &content.words.staff_from_patient, &[]);
    writer.text.push_bold(&head);
    if let Some(words) = words {
        let shown: String = words.chars().filter(|c| *c == '\n' || !hides(*c)).collect();
        writer.text.push(&format!("\n“{shown}”"));
    }
    writer.text
}

/// What the topic of a case is called: its number and level, and nothing of the
/// patient.
#[must_use]
pub fn topic_name(content: &Content, case: &Case) -> String {
    let writer = Writer::new(content);
    let (number, level) = (case.number.to_string(), writer.level(case));
    let values = [("case", number.as_str()), ("level", &level)];
    writer.with(&content.words.staff_title, &values)
}

/// A line about a case that names its patient.
#[must_use]
pub fn case_line(content: &Content, case: &Case, text: &Text) -> RichText {
    RichText::plain(Writer::new(content).about(case, text, &[]))
}

/// Nobody has written to the patient for long.
#[must_use]
pub fn silent_line(content: &Content, case: &Case) -> RichText {
    let minutes = minutes();
    let values = [("minutes", minutes.as_str())];
    RichText::plain(Writer::new(content).about(case, &content.words.staff_talk_silent, &values))
}

/// What became of something that staff wrote.
#[must_use]
pub fn fate_line(content: &Content, case: &Case, fate: Fate) -> RichText {
    let words = &content.words;
    let text = match fate {
        Fate::Arrived => &words.staff_arrived,
        Fate::Changed => &words.staff_changed,
        Fate::Refused => &words.staff_not_arrived,
        Fate::Unreachable => &words.staff_no_talk_blocked,
    };
    case_line(content, case, text)
}

/// Why nothing was sent.
#[must_use]
pub fn no_talk(content: &Content, case: &Case, why: NoTalk) -> RichText {
    let words = &content.words;
    let text = match why {
        NoTalk::Closed => &words.staff_no_talk_closed,
        NoTalk::Private => &words.staff_no_talk_private,
        NoTalk::Blocked => &words.staff_no_talk_blocked,
    };
    case_line(content, case, text)
}

/// The ready answers, each in full and with its button.
#[must_use]
pub fn answers(content: &Content, case: &Case) -> (RichText, Keyboard) {
    /// On a phone two labels stand side by side.
    const BUTTONS_A_ROW: usize = 2;
    let mut writer = Writer::new(content);
    let ready = &content.bot.answers;
    if ready.is_empty() {
        let none = writer.about(case, &content.words.staff_answers_none, &[]);
        return (RichText::plain(none), Keyboard::None);
    }
    let title = writer.about(case, &content.words.staff_answers, &[]);
    writer.text.push(&title);
    let mut buttons = Vec::new();
    for one in ready {
        let label = writer.plain(&one.label);
        let text = writer.plain(&one.text);
        writer.text.push("\n\n");
        writer.text.push_bold(&label);
        writer.text.push(&format!("\n{text}"));
        buttons.push(Button::Press {
            label,
            data: say_data(case, Some(&one.name)),
        });
    }
    let rows = buttons.chunks(BUTTONS_A_ROW).map(<[Button]>::to_vec);
    (writer.text, Keyboard::Inline(rows.collect()))
}

/// One ready answer, whom it would go to, and the button that sends it.
#[must_use]
pub fn confirm_answer(
    content: &Content,
    case: &Case,
    answer: &ReadyAnswer,
) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let title = writer.about(case, &content.words.staff_answers_confirm, &[]);
    writer.text.push_bold(&title);
    let text = writer.plain(&answer.text);
    writer.text.push(&format!("\n\n{text}"));
    let send = Button::Press {
        label: writer.about(case, &content.words.staff_button_send, &[]),
        data: say_data(case, Some(&answer.name)),
    };
    (writer.text, Keyboard::Inline(vec![vec![send]]))
}

/// Who has sent which of them.
#[must_use]
pub fn answers_sent(
    content: &Content,
    case: &Case,
    by: &Staffer,
    answer: &ReadyAnswer,
) -> RichText {
    let writer = Writer::new(content);
    let label = writer.plain(&answer.label);
    let by = quotable(&by.name);
    let values = [("by", by.as_str()), ("answer", label.as_str())];
    RichText::plain(writer.about(case, &content.words.staff_answers_sent, &values))
}

/// There is no ready answer of that name.
#[must_use]
pub fn no_such_answer(content: &Content, case: &Case, name: &str) -> RichText {
    let name = quotable(name);
    let values = [("answer", name.as_str())];
    RichText::plain(Writer::new(content).about(case, &content.words.staff_answers_which, &values))
}

/// There is no such case.
#[must_use]
pub fn no_such_case(content: &Content, number: CaseNumber) -> RichText {
    let values = [("case", &*number.to_string())];
    RichText::plain(Writer::new(content).with(&content.words.staff_no_case, &values))
}

fn minutes() -> String {
    (SILENT_SECONDS_MAX / 60).to_string()
}

impl Writer<'_> {
    /// Who is writing with the patient, on the card.
    pub(super) fn talk(&mut self, case: &Case) {
        if let Some(talk) = &case.talk {
            let minutes = minutes();
            let values = [("name", talk.by.name.as_str()), ("minutes", &minutes)];
            let line = self.with(&self.content.words.staff_state_talk, &values);
            self.text.push(&format!("\n{line}"));
        }
    }

    /// A text with the case's number and the patient's name in it. A private
    /// case is a number here too.
    fn about(&self, case: &Case, text: &Text, more: &[(&str, &str)]) -> String {
        let number = case.number.to_string();
        let name = match quotable(&case.name) {
            name if case.is_hidden() || name.is_empty() => case.number.to_string(),
            name => name,
        };
        let mut values = vec![("case", number.as_str()), ("name", name.as_str())];
        values.extend(more);
        self.content.fill(text, self.lang, &values).text
    }
}
