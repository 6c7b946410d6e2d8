//! How a case reads in the staff chat: plain text, never a parse mode.

mod desk;

pub use desk::{help, open_cases, patient_of};

use crate::content::{Content, RichText, Text, Values, With};
use crate::dialog::{Button, Keyboard};
use crate::ids::{Lang, Timestamp};
use crate::staff::{Act, Case, CaseState};
use crate::triage::{Form, Level};

/// All quotes of a card together: with flags, notes and state they must fit one
/// message of 4096 characters.
const QUOTES_CHARS_MAX: usize = 1800;

/// The card of a case, in the staff's language.
#[must_use]
pub fn case_card(content: &Content, case: &Case) -> (RichText, Keyboard) {
    let words = &content.words;
    let mut writer = Writer::new(content);
    let number = case.number.to_string();
    let level = writer.level(case);
    let title = writer.with(&words.staff_title, &[("case", &number), ("level", &level)]);
    writer.text.push_bold(&title);
    if case.asks_call && case.level != Level::Clear && !case.private {
        writer.line(&words.staff_asks_call);
    }
    if !case.private {
        if case.deleted {
            writer.line(&words.staff_deleted_lock);
        }
        if !case.flags.is_empty() {
            writer.heading(&words.staff_flags);
            for flag in &case.flags {
                let named = content
                    .flags
                    .get(&flag.flag)
                    .map(|flag| writer.plain(&flag.words))
                    .unwrap_or_else(|| flag.flag.to_string());
                let unsure = if flag.form == Form::Unsure {
                    format!(" {}", writer.plain(&words.staff_unsure))
                } else {
                    String::new()
                };
                writer.text.push(&format!("\n• {named}{unsure}"));
            }
        }
        for rule in &case.rules {
            let line = writer.with(&words.staff_rule, &[("rule", rule.as_str())]);
            writer.text.push(&format!("\n{line}"));
        }
    }
    if !case.is_hidden() {
        writer.reach(case);
    }
    if !case.private && !case.words.is_empty() {
        writer.heading(&words.staff_words);
        // Below how to reach them, and short enough that nothing is cut off.
        let mut left = QUOTES_CHARS_MAX;
        for said in &case.words {
            let quote = quotable(said.reveal());
            let quote: String = quote.chars().take(left).collect();
            left -= quote.chars().count();
            if !quote.is_empty() {
                writer.text.push(&format!("\n“{quote}”"));
            }
        }
    }
    if !case.notes.is_empty() {
        writer.heading(&words.staff_notes);
        for note in &case.notes {
            writer.text.push(&format!("\n• {note}"));
        }
    }
    writer.text.push("\n");
    writer.state(case);
    let keyboard = writer.keyboard(case);
    (writer.text, keyboard)
}

/// A patient's words on a card: no control or direction marks that could make
/// the card read otherwise, and on one line.
#[must_use]
pub fn quotable(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    /// A quote longer than this would push the buttons off the screen.
    const QUOTE_CHARS_MAX: usize = 600;
    let mut quote: String = text
        .chars()
        .map(|c| if c == '\n' { ' ' } else { c })
        .filter(|c| !hides(*c))
        .take(QUOTE_CHARS_MAX)
        .collect();
    if text.chars().count() > QUOTE_CHARS_MAX {
        quote.push('…');
    }
    quote
}

/// A moment as people at the clinic write it.
#[must_use]
pub fn local_time(content: &Content, at: Timestamp) -> String {
    let zone =
        jiff::tz::TimeZone::get(&content.clinic.zone.value).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_second(at.0).map_or_else(
        |_| at.to_string(),
        |at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

fn local_date(content: &Content, at: Timestamp) -> String {
    local_time(content, at)
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

struct Writer<'a> {
    content: &'a Content,
    lang: Lang,
    text: RichText,
}

impl<'a> Writer<'a> {
    /// Writes for staff, in their language.
    fn new(content: &'a Content) -> Self {
        Self {
            content,
            lang: content.clinic.staff_language,
            text: RichText::default(),
        }
    }

    fn plain(&self, text: &Text) -> String {
        text.render(self.lang, self.content).text
    }

    fn with(&self, text: &Text, values: &[(&str, &str)]) -> String {
        text.render(
            self.lang,
            &With {
                values,
                rest: self.content as &dyn Values,
            },
        )
        .text
    }

    fn line(&mut self, text: &Text) {
        let line = self.plain(text);
        self.text.push(&format!("\n{line}"));
    }

    fn heading(&mut self, text: &Text) {
        let heading = self.plain(text);
        self.text.push("\n\n");
        self.text.push_bold(&heading);
    }

    /// How urgent it is. A private case says no more than that it is one.
    fn level(&self, case: &Case) -> String {
        let words = &self.content.words;
        if case.is_hidden() {
            self.plain(&words.staff_private)
        } else if case.private || case.level == Level::Clear {
            self.plain(&words.staff_asks_call)
        } else {
            self.plain(words.level(case.level))
        }
    }

    /// Where it stands, in a few words.
    fn standing(&self, case: &Case) -> String {
        let words = &self.content.words;
        match &case.state {
            CaseState::Open => self.plain(&words.staff_state_open),
            CaseState::Claimed { by, .. } => {
                self.with(&words.staff_state_claimed, &[("name", &by.name)])
            }
            CaseState::Closed { by, .. } => {
                self.with(&words.staff_state_closed, &[("name", &by.name)])
            }
        }
    }

    /// Since when, and how to reach the patient.
    fn reach(&mut self, case: &Case) {
        let words = &self.content.words;
        self.text.push("\n");
        let since = local_time(self.content, case.since);
        let since = self.with(&words.staff_since, &[("time", &since)]);
        self.text.push(&format!("\n{since}"));
        self.heading(&words.staff_reach);
        let names = self.names(case);
        self.text.push(&format!("\n{names}"));
        if let Some(phone) = &case.phone {
            let line = self.with(&words.staff_phone, &[("number", &quotable(phone.reveal()))]);
            self.text.push(&format!("\n{line}"));
        }
        if case.unreachable {
            self.line(&words.staff_unreachable);
        }
    }

    /// Name, handle and chat of the patient, as far as they are known.
    fn names(&self, case: &Case) -> String {
        let handle = case.username.as_ref();
        let handle = handle.map(|handle| format!("@{handle}"));
        let chat = case.chat.to_string();
        let chat = self.with(&self.content.words.staff_reach_chat, &[("chat", &chat)]);
        let parts: Vec<String> = [quotable(&case.name), handle.unwrap_or_default(), chat]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" · ")
    }

    fn flags(&self, flags: impl Iterator<Item = crate::ids::FlagId>) -> String {
        let words: Vec<String> = flags
            .filter_map(|flag| self.content.flags.get(&flag))
            .map(|flag| self.plain(&flag.words))
            .collect();
        words.join("; ")
    }

    fn state(&mut self, case: &Case) {
        let words = &self.content.words;
        for clearing in &case.clearings {
            let until = clearing
                .flags
                .iter()
                .map(|(_, until)| *until)
                .max()
                .unwrap_or(clearing.at);
            let until = local_date(self.content, until);
            let flags = if case.private {
                self.plain(&words.staff_private)
            } else {
                self.flags(clearing.flags.iter().map(|(flag, _)| flag.clone()))
            };
            let line = self.with(
                &words.staff_state_cleared,
                &[
                    ("name", &clearing.by.name),
                    ("until", &until),
                    ("flags", &flags),
                ],
            );
            self.text.push(&format!("\n{line}"));
        }
        let line = self.standing(case);
        self.text.push("\n");
        self.text.push_bold(&line);
        if case.clear_asked {
            let flags = if case.private {
                self.plain(&words.staff_private)
            } else {
                self.flags(case.to_clear().into_iter())
            };
            let line = self.with(&words.staff_clear_confirm, &[("flags", &flags)]);
            self.text.push(&format!("\n\n{line}"));
        }
    }

    fn keyboard(&self, case: &Case) -> Keyboard {
        let words = &self.content.words;
        let button = |act: Act, label: &Text| Button::Press {
            label: self.plain(label),
            data: act.data(case.number),
        };
        if case.clear_asked {
            return Keyboard::Inline(vec![vec![
                button(Act::Clear, &words.staff_button_clear_yes),
                button(Act::KeepLocked, &words.staff_button_clear_no),
            ]]);
        }
        let mut rows = Vec::new();
        if case.state == CaseState::Open && !case.is_hidden() {
            rows.push(vec![button(Act::Claim, &words.staff_button_claim)]);
        }
        let mut row = Vec::new();
        if !case.to_clear().is_empty() || (case.deleted && case.clearings.is_empty()) {
            row.push(button(Act::AskClear, &words.staff_button_clear));
        }
        if case.is_open() {
            row.push(button(Act::Close, &words.staff_button_close));
        }
        if !row.is_empty() {
            rows.push(row);
        }
        if rows.is_empty() {
            Keyboard::None
        } else {
            Keyboard::Inline(rows)
        }
    }
}
