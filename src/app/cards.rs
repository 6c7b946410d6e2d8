//! How a case reads in the staff chat: plain text, never a parse mode.

mod dead;
mod desk;
mod drill;
mod history;
mod opening;
mod quiet;
mod stats;
mod talk;
mod team;

pub use dead::{Dead, Receiver, dead, dead_data};
pub use desk::{deskless_line, erased_card, help, open_cases, owner_line, patient_of, rung_line};
pub use drill::{drill, drill_alarm, drill_data};
pub use history::last_deed;
pub use opening::{Numbers, opening};
pub use quiet::{muted, on_call, sound_is_on};
pub use stats::{stats, stats_chart};
pub use talk::{
    answers, answers_sent, case_line, confirm_answer, fate_line, fitting, from_patient,
    is_too_long, no_such_answer, no_such_case, no_talk, signed, silent_line, topic_name,
};
pub use team::{TeamPress, join_card, joined, member_card, team};

use crate::content::{Content, RichText, Text};
use crate::dialog::{Button, Keyboard};
use crate::ids::{FlagId, Lang, Timestamp};
use crate::staff::{Act, Case, CaseState, Did, Outcome, say_data};
use crate::triage::{Form, Level};

/// How much of what may be long a card shows.
struct Room {
    /// All quotes of the patient together, in characters.
    quotes_chars: usize,
    /// The newest acts of staff.
    acts: usize,
}

/// A card is one message of 4096 characters. Where the first of these is too
/// much, the next one shows less; the store keeps it all.
const ROOMS: [Room; 4] = [
    Room {
        quotes_chars: 1800,
        acts: 8,
    },
    Room {
        quotes_chars: 900,
        acts: 5,
    },
    Room {
        quotes_chars: 400,
        acts: 3,
    },
    Room {
        quotes_chars: 100,
        acts: 0,
    },
];

/// Telegram's limit, in UTF-16 units.
const CARD_UNITS_MAX: usize = 4096;

/// The card of a case, in the staff's language.
#[must_use]
pub fn case_card(content: &Content, case: &Case) -> (RichText, Keyboard) {
    let mut text = RichText::default();
    for room in &ROOMS {
        text = card_text(content, case, room);
        if text.text.encode_utf16().count() <= CARD_UNITS_MAX {
            break;
        }
    }
    (text, Writer::new(content).keyboard(case))
}

fn card_text(content: &Content, case: &Case, room: &Room) -> RichText {
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
                let named = writer.flag(&flag.flag);
                let unsure = if flag.form == Form::Unsure {
                    format!(" {}", writer.plain(&words.staff_unsure))
                } else {
                    String::new()
                };
                writer.text.push(&format!("\n• {named}{unsure}"));
            }
        }
        let is_flag = |caution: &&FlagId| case.flags.iter().any(|flag| flag.flag == **caution);
        let cautions: Vec<String> = case
            .cautions
            .iter()
            .filter(|caution| !is_flag(caution))
            .map(|caution| writer.flag(caution))
            .collect();
        if !cautions.is_empty() {
            let line = writer.with(&words.staff_cautions, &[("cautions", &cautions.join(", "))]);
            writer.text.push(&format!("\n{line}"));
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
        let mut left = room.quotes_chars;
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
    writer.history(case, room.acts);
    writer.text.push("\n");
    writer.state(case);
    writer.text
}

/// A patient's words on a card: no control or direction marks that could make
/// the card read otherwise, and on one line.
#[must_use]
pub fn quotable(text: &str) -> String {
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

/// Whether a character could make a text read otherwise than it was written.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
        self.content.fill(text, self.lang, values).text
    }

    /// A flag in words; by its id where the content has none of that name any more.
    fn flag(&self, flag: &FlagId) -> String {
        self.content
            .flags
            .get(flag)
            .map_or_else(|| flag.to_string(), |found| self.plain(&found.words))
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
            CaseState::Handled { outcome, by, .. } => self.deed(by, &Did::Handled(*outcome)),
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
            for (until, flags) in self.by_date(&clearing.flags) {
                let flags = if case.private {
                    self.plain(&words.staff_private)
                } else {
                    self.flags(flags.into_iter())
                };
                let values = [
                    ("name", clearing.by.name.as_str()),
                    ("until", until.as_str()),
                    ("flags", flags.as_str()),
                ];
                let line = self.with(&words.staff_state_cleared, &values);
                self.text.push(&format!("\n{line}"));
            }
        }
        let line = self.standing(case);
        self.text.push("\n");
        self.text.push_bold(&line);
        self.talk(case);
        if let Some(asked) = &case.asked {
            let flags: Vec<String> = match asked.first() {
                None => vec![self.plain(&words.staff_deleted_lock)],
                Some((_, until)) if case.private => {
                    let private = self.plain(&words.staff_private);
                    vec![self.until(&private, *until)]
                }
                Some(_) => self
                    .by_date(asked)
                    .into_iter()
                    .map(|(until, flags)| {
                        let flags = self.flags(flags.into_iter());
                        let values = [("flag", flags.as_str()), ("until", until.as_str())];
                        self.with(&words.staff_until, &values)
                    })
                    .collect(),
            };
            let line = self.with(&words.staff_clear_confirm, &[("flags", &flags.join("; "))]);
            self.text.push(&format!("\n\n{line}"));
        }
    }

    /// Something, and until when it is cleared.
    fn until(&self, what: &str, until: Timestamp) -> String {
        let until = local_date(self.content, until);
        let values = [("flag", what), ("until", until.as_str())];
        self.with(&self.content.words.staff_until, &values)
    }

    /// Cleared flags by the day they are cleared to, as the clinic writes it.
    fn by_date(&self, flags: &[(FlagId, Timestamp)]) -> Vec<(String, Vec<FlagId>)> {
        let mut dates: Vec<(String, Vec<FlagId>)> = Vec::new();
        for (flag, until) in flags {
            let date = local_date(self.content, *until);
            match dates.iter_mut().find(|(known, _)| *known == date) {
                Some((_, flags)) => flags.push(flag.clone()),
                None => dates.push((date, vec![flag.clone()])),
            }
        }
        dates
    }

    fn keyboard(&self, case: &Case) -> Keyboard {
        let words = &self.content.words;
        let button = |act: Act, label: &Text| Button::Press {
            label: self.plain(label),
            data: act.data(case),
        };
        let mut rows = Vec::new();
        if case.asked.is_some() {
            rows.push(vec![
                button(Act::Clear, &words.staff_button_clear_yes),
                button(Act::KeepLocked, &words.staff_button_clear_no),
            ]);
        }
        let write = case.can_write().is_ok().then(|| Button::Press {
            label: self.plain(&words.staff_button_write),
            data: say_data(case, None),
        });
        let current = match &case.state {
            CaseState::Open if !case.is_hidden() => {
                let claim = button(Act::Claim, &words.staff_button_claim);
                rows.push(std::iter::once(claim).chain(write.clone()).collect());
                None
            }
            CaseState::Open | CaseState::Closed { .. } => None,
            CaseState::Claimed { .. } => Some(None),
            CaseState::Handled { outcome, .. } => Some(Some(*outcome)),
        };
        if case.asked.is_some() {
            // The question is in front; taking and closing stay beside it.
            rows.extend(
                case.is_open()
                    .then(|| vec![button(Act::Close, &words.staff_button_close)]),
            );
            return Keyboard::Inline(rows);
        }
        if let Some(current) = current {
            let outcomes: Vec<Button> = Outcome::ALL
                .into_iter()
                .filter(|outcome| Some(*outcome) != current || *outcome == Outcome::NotReached)
                .map(|outcome| button(Act::Handle(outcome), words.outcome(outcome)))
                .collect();
            rows.extend(outcomes.chunks(2).map(<[Button]>::to_vec));
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
        if current.is_some() {
            let put_back = button(Act::PutBack, &words.staff_button_put_back);
            rows.push(std::iter::once(put_back).chain(write).collect());
        }
        if case.talk.is_some() {
            rows.push(vec![button(Act::HandBack, &words.staff_button_hand_back)]);
        }
        // What its patient has erased goes when it closes: nothing is left to open.
        if !case.is_open() && !case.forget_on_close {
            rows.push(vec![button(Act::Reopen, &words.staff_button_reopen)]);
        }
        if rows.is_empty() {
            Keyboard::None
        } else {
            Keyboard::Inline(rows)
        }
    }
}
