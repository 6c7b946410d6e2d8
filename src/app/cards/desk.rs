//! What the staff chat's commands answer: the list of open cases, a patient's
//! cases, the commands themselves.

use super::{Writer, local_time};
use crate::content::{Content, RichText};
use crate::dialog::{Button, Keyboard};
use crate::ids::Timestamp;
use crate::staff::{Case, CaseState, Outcome, show_data};
use crate::triage::Level;

/// With more open cases than this, their numbers by level come first.
const LISTED_WITHOUT_DIGEST_MAX: usize = 10;

/// A message takes 4096 characters and 100 buttons; what is listed no more is
/// the least urgent, and it is counted.
const LISTED_MAX: usize = 40;

/// A patient's newest cases; nobody reads further back on a phone.
const PATIENT_CASES_MAX: usize = 20;

const BUTTONS_A_ROW: usize = 4;

/// The open cases, the most urgent first; a button each shows its card.
#[must_use]
pub fn open_cases(content: &Content, mut cases: Vec<Case>) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let words = &content.words;
    if cases.is_empty() {
        let none = writer.plain(&words.staff_list_none);
        writer.text.push(&none);
        return (writer.text, Keyboard::None);
    }
    cases.sort_by_key(|case| {
        let is_taken = case.state != CaseState::Open;
        (
            case.is_hidden(),
            std::cmp::Reverse(case.level),
            is_taken,
            case.number,
        )
    });
    let count = cases.len().to_string();
    let title = writer.with(&words.staff_list_title, &[("count", &count)]);
    writer.text.push_bold(&title);
    if cases.len() > LISTED_WITHOUT_DIGEST_MAX {
        writer.digest(&cases);
    }
    let keyboard = writer.list(&cases);
    (writer.text, keyboard)
}

/// The patient of a case: how to reach them, their cases, and what is cleared.
/// Private cases are not among them: their numbers would say whose they are.
#[must_use]
pub fn patient_of(
    content: &Content,
    asked: &Case,
    mut cases: Vec<Case>,
    now: Timestamp,
) -> RichText {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let number = asked.number.to_string();
    if asked.is_hidden() {
        let line = writer.with(&words.staff_patient_private, &[("case", &number)]);
        writer.text.push(&line);
        return writer.text;
    }
    let title = writer.with(&words.staff_patient_title, &[("case", &number)]);
    writer.text.push_bold(&title);
    let names = writer.names(asked);
    writer.text.push(&format!("\n{names}"));
    cases.retain(|case| !case.is_hidden());
    cases.sort_by_key(|case| std::cmp::Reverse(case.number));
    writer.heading(&words.staff_patient_cases);
    for case in cases.iter().take(PATIENT_CASES_MAX) {
        let line = writer.case_line(case);
        writer.text.push(&format!("\n{line}"));
    }
    let cleared: Vec<String> = cases
        .iter()
        .filter(|case| !case.private)
        .flat_map(|case| &case.clearings)
        .flat_map(|clearing| &clearing.flags)
        .filter(|(_, until)| *until > now)
        .map(|(flag, until)| {
            let flag = writer.flags(std::iter::once(flag.clone()));
            writer.until(&flag, *until)
        })
        .collect();
    if !cleared.is_empty() {
        writer.heading(&words.staff_patient_cleared);
        for line in cleared {
            writer.text.push(&format!("\n• {line}"));
        }
    }
    writer.text
}

/// What is left of a case's card once its patient's data is gone: number, and
/// where it stood. No word of the patient, and no name.
#[must_use]
pub fn erased_card(content: &Content, case: &Case) -> RichText {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let number = case.number.to_string();
    let title = writer.with(&words.staff_button_case, &[("case", &number)]);
    writer.text.push_bold(&title);
    let state = writer.standing(case);
    writer.text.push(&format!("\n{state}"));
    writer.line(&words.staff_erased);
    writer.text
}

/// What the staff chat reads when a case comes back, and who is on call.
#[must_use]
pub fn rung_line(content: &Content, case: &Case, on_call: &[String]) -> RichText {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let (number, level) = (case.number.to_string(), writer.level(case));
    let text = match &case.state {
        CaseState::Open => &words.staff_rung_unclaimed,
        CaseState::Handled {
            outcome: Outcome::NotReached,
            ..
        } => &words.staff_rung_unreached,
        CaseState::Claimed { .. } | CaseState::Handled { .. } | CaseState::Closed { .. } => {
            &words.staff_rung_unclosed
        }
    };
    let state = writer.standing(case);
    let values = [
        ("case", number.as_str()),
        ("level", &level),
        ("state", &state),
    ];
    let line = writer.with(text, &values);
    writer.text.push_bold(&line);
    if case.state == CaseState::Open && !on_call.is_empty() {
        let names = on_call.join(", ");
        let line = writer.with(&words.staff_rung_on_call, &[("names", &names)]);
        writer.text.push(&format!("\n{line}"));
    }
    writer.text
}

/// What an owner reads in private of a case that nobody takes: its number and
/// level alone.
#[must_use]
pub fn owner_line(content: &Content, case: &Case) -> RichText {
    let writer = Writer::new(content);
    let (number, level) = (case.number.to_string(), writer.level(case));
    let values = [("case", number.as_str()), ("level", &level)];
    RichText::plain(writer.with(&content.words.staff_rung_owner, &values))
}

/// What a second target reads of a case while there is no staff chat to take it in.
#[must_use]
pub fn deskless_line(content: &Content, case: &Case) -> RichText {
    let writer = Writer::new(content);
    let (number, level) = (case.number.to_string(), writer.level(case));
    let values = [("case", number.as_str()), ("level", &level)];
    RichText::plain(writer.with(&content.words.staff_rung_deskless, &values))
}

/// The commands of the staff chat.
#[must_use]
pub fn help(content: &Content) -> RichText {
    let mut writer = Writer::new(content);
    let title = writer.plain(&content.words.staff_help);
    writer.text.push(&title);
    writer.text.push("\n");
    for command in &content.bot.staff_commands {
        let about = writer.plain(&command.about);
        writer.text.push(&format!("\n/{} - {about}", command.name));
    }
    writer.text
}

impl Writer<'_> {
    /// Cases, a line and a button each; as many as fit, and the rest counted.
    pub(super) fn list(&mut self, cases: &[Case]) -> Keyboard {
        let words = &self.content.words;
        self.text.push("\n");
        for case in cases.iter().take(LISTED_MAX) {
            let line = self.case_line(case);
            self.text.push(&format!("\n{line}"));
        }
        let left = cases.len().saturating_sub(LISTED_MAX);
        if left > 0 {
            let line = self.with(&words.staff_list_more, &[("count", &left.to_string())]);
            self.text.push(&format!("\n{line}"));
        }
        let hint = self.plain(&words.staff_list_hint);
        self.text.push(&format!("\n\n{hint}"));
        let buttons: Vec<Button> = cases
            .iter()
            .take(LISTED_MAX)
            .map(|case| Button::Press {
                label: self.with(
                    &words.staff_button_case,
                    &[("case", &case.number.to_string())],
                ),
                data: show_data(case.number),
            })
            .collect();
        let rows = buttons.chunks(BUTTONS_A_ROW).map(<[Button]>::to_vec);
        Keyboard::Inline(rows.collect())
    }

    /// How many of each level, and how many wait for somebody.
    fn digest(&mut self, cases: &[Case]) {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for case in cases {
            let level = self.level(case);
            match counts.iter_mut().find(|(known, _)| *known == level) {
                Some((_, count)) => *count += 1,
                None => counts.push((level, 1)),
            }
        }
        let counts: Vec<String> = counts
            .into_iter()
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        self.text.push(&format!("\n{}", counts.join(" · ")));
        let waiting = cases
            .iter()
            .filter(|case| case.state == CaseState::Open && case.level >= Level::UrgentToday)
            .filter(|case| !case.is_hidden())
            .count();
        if waiting > 0 {
            let line = self.with(
                &self.content.words.staff_list_waiting,
                &[("count", &waiting.to_string())],
            );
            self.text.push("\n");
            self.text.push_bold(&line);
        }
    }

    /// One case on one line. A private one is its number.
    fn case_line(&self, case: &Case) -> String {
        let words = &self.content.words;
        let (number, level) = (case.number.to_string(), self.level(case));
        if case.is_hidden() {
            return format!("{number} · {level}");
        }
        let since = local_time(self.content, case.since);
        self.with(
            &words.staff_list_line,
            &[
                ("case", &number),
                ("level", &level),
                ("state", &self.standing(case)),
                ("time", &since),
            ],
        )
    }
}
