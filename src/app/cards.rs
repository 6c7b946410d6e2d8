//! How a case reads in the staff chat: plain text, never a parse mode.

use std::collections::BTreeMap;

use crate::content::{Content, RichText, Text, Values, With};
use crate::dialog::{Button, Keyboard};
use crate::ids::{FlagId, Lang, Timestamp};
use crate::staff::{Act, Case, CaseState};
use crate::triage::{Form, Level};

/// All quotes of a card together: with flags, notes and state they must fit one
/// message of 4096 characters.
const QUOTES_CHARS_MAX: usize = 1800;

/// The card of a case, in the staff's language.
#[must_use]
pub fn case_card(content: &Content, case: &Case) -> (RichText, Keyboard) {
    let words = &content.words;
    let lang = content.clinic.staff_language;
    let mut writer = Writer {
        content,
        lang,
        text: RichText::default(),
    };
    let number = case.number.to_string();
    // A private case says no more than that.
    let level = if case.private || case.level == Level::Clear {
        writer.plain(&words.staff_asks_call)
    } else {
        writer.plain(words.level(case.level))
    };
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
    writer.text.push("\n");
    let since = local_time(content, case.since);
    let since = writer.with(&words.staff_since, &[("time", &since)]);
    writer.text.push(&format!("\n{since}"));
    writer.heading(&words.staff_reach);
    let handle = case
        .username
        .as_ref()
        .map(|handle| format!("@{handle}"))
        .unwrap_or_default();
    let chat = case.chat.to_string();
    let chat = writer.with(&words.staff_reach_chat, &[("chat", &chat)]);
    let reach: Vec<String> = [quotable(&case.name), handle, chat]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    writer.text.push(&format!("\n{}", reach.join(" · ")));
    if let Some(phone) = &case.phone {
        let line = writer.with(&words.staff_phone, &[("number", &quotable(phone.reveal()))]);
        writer.text.push(&format!("\n{line}"));
    }
    if case.unreachable {
        writer.line(&words.staff_unreachable);
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

impl Writer<'_> {
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

    fn flags(&self, flags: impl Iterator<Item = FlagId>) -> String {
        let words: Vec<String> = flags
            .filter_map(|flag| self.content.flags.get(&flag))
            .map(|flag| self.plain(&flag.words))
            .collect();
        words.join("; ")
    }

    fn state(&mut self, case: &Case) {
        let words = &self.content.words;
        for clearing in &case.clearings {
            let name = &clearing.by.name;
            let line = self.with(&words.staff_state_cleared, &[("name", name)]);
            self.text.push(&format!("\n{line}"));
            self.cleared(case, &clearing.flags);
        }
        let line = match &case.state {
            CaseState::Open => self.plain(&words.staff_state_open),
            CaseState::Claimed { by, .. } => {
                self.with(&words.staff_state_claimed, &[("name", &by.name)])
            }
            CaseState::Closed { by, .. } => {
                self.with(&words.staff_state_closed, &[("name", &by.name)])
            }
        };
        self.text.push(if case.clearings.is_empty() {
            "\n"
        } else {
            "\n\n"
        });
        self.text.push_bold(&line);
        if case.clear_asked {
            self.text.push("\n");
            self.line(&words.staff_clear_confirm);
            self.cleared(case, &case.clear_named);
        }
    }

    /// The flags of a clearing, a line for each date. Without a flag it is the
    /// lock of deleted answers, which goes for good.
    fn cleared(&mut self, case: &Case, flags: &[(FlagId, Timestamp)]) {
        let words = &self.content.words;
        if flags.is_empty() {
            let lock = self.plain(&words.staff_deleted_lock);
            self.text.push(&format!("\n• {lock}"));
        }
        let mut by_date: BTreeMap<String, Vec<FlagId>> = BTreeMap::new();
        for (flag, until) in flags {
            let until = local_date(self.content, *until);
            by_date.entry(until).or_default().push(flag.clone());
        }
        for (until, flags) in by_date {
            let flags = if case.private {
                self.plain(&words.staff_private)
            } else {
                self.flags(flags.into_iter())
            };
            let values = [("until", until.as_str()), ("flags", flags.as_str())];
            let line = self.with(&words.staff_cleared_until, &values);
            self.text.push(&format!("\n• {line}"));
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
        if case.state == CaseState::Open {
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
