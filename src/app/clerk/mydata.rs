//! What is stored of a patient, as files for them: one to read, one for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::cards::local_time;
use crate::app::records::{OutboxRow, Piece};
use crate::channel::Document;
use crate::content::{Choice, Content, Notify, Text, Verb};
use crate::dialog::{Conversation, Slot, Weight};
use crate::ids::{ChatId, ChoiceId, Lang, SlotId, Timestamp};
use crate::staff::Case;
use crate::store::Kind;

/// A file is sent in parts of this size: a row of the store holds 60 KiB, and
/// written as JSON a text can take twice its size.
const PART_BYTES: usize = 28 * 1024;

/// Everything that is stored of one patient.
struct Stored<'a> {
    content: &'a Content,
    conversation: &'a Conversation,
    chat: ChatId,
    now: Timestamp,
    cases: Vec<Case>,
    /// Rows that wait for a turn, for a send or for their time, and those that
    /// were put aside.
    waiting: Vec<(&'static str, Value)>,
}

impl Clerk {
    /// Sends a patient what is stored of them.
    pub(super) fn send_my_data(
        &self,
        content: &Content,
        chat: ChatId,
        conversation: &Conversation,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut cases = self.cases_of(chat)?;
        cases.sort_by_key(|case| case.number);
        let mut waiting = Vec::new();
        self.ledger
            .scan(self.keys.0, Some(chat), None, &mut |key, row| {
                let name = match key.kind() {
                    Kind::Inbox => "to_read",
                    Kind::Outbox => "to_send",
                    Kind::Due => "timer",
                    Kind::Note => "put_aside",
                    Kind::Conversation
                    | Kind::Seen
                    | Kind::Shown
                    | Kind::Case
                    | Kind::CaseIndex
                    | Kind::Counter
                    | Kind::Lock
                    | Kind::Meta
                    | Kind::Content
                    | Kind::Phone
                    | Kind::Audit => return,
                };
                // The command that asks for this waits too, until it is answered.
                let is_this = draft.prepared.commit.deletes.contains(&key);
                if let (Ok(value), false) = (row.json::<Value>(), is_this) {
                    waiting.push((name, value));
                }
            })?;
        let stored = Stored {
            content,
            conversation,
            chat,
            now: draft.now,
            cases,
            waiting,
        };
        let lang = conversation.lang;
        for (name, body) in [
            ("my-data.txt", stored.to_read()),
            ("my-data.json", stored.for_programs()),
        ] {
            let parts = parts(&body);
            for (part, body) in (1..).zip(&parts) {
                let name = match parts.len() {
                    1 => name.to_owned(),
                    count => name.replace('.', &format!("-{part}-of-{count}.")),
                };
                let document = Document::new(name, (*body).to_owned());
                let piece = Piece::Document { document };
                draft.send(chat, chat, OutboxRow::new(piece, Weight::Talk, lang))?;
            }
        }
        Ok(())
    }
}

impl Stored<'_> {
    /// For people, in the patient's language.
    fn to_read(&self) -> String {
        let words = &self.content.words;
        let c = self.conversation;
        let mut page = Page {
            content: self.content,
            lang: c.lang,
            text: String::new(),
        };
        let date = local_time(self.content, self.now);
        page.line(&words.mydata_title, &[("date", &date)]);
        page.heading(&words.mydata_you);
        if !c.name.is_empty() {
            page.line(&words.mydata_name, &[("value", c.name.reveal())]);
        }
        if let Some(handle) = &c.handle {
            page.line(&words.mydata_handle, &[("value", handle.reveal())]);
        }
        page.line(&words.mydata_chat, &[("value", &self.chat.to_string())]);
        if let Some(given) = &c.consent {
            let date = local_time(self.content, given.at);
            let values = [("date", date.as_str()), ("version", &given.version)];
            page.line(&words.mydata_consent, &values);
        }
        page.heading(&words.mydata_answers);
        let mut answers = 0;
        for (slot, value) in &c.slots {
            if let Some(line) = self.answer(slot, value) {
                page.item(&line);
                answers += 1;
            }
        }
        if answers == 0 {
            page.line(&words.mydata_nothing, &[]);
        }
        page.heading(&words.mydata_signs);
        self.signs(&mut page);
        if !c.said.is_empty() {
            page.heading(&words.mydata_words);
            for said in &c.said {
                page.item(&format!("“{}”", said.reveal()));
            }
        }
        page.heading(&words.mydata_cases);
        self.cases(&mut page);
        let count = self.waiting.len().to_string();
        page.text.push('\n');
        page.line(&words.mydata_waiting, &[("count", &count)]);
        page.text.push('\n');
        page.line(&words.mydata_kept, &[]);
        page.text
    }

    fn signs(&self, page: &mut Page<'_>) {
        let words = &self.content.words;
        let c = self.conversation;
        for (flag, note) in &c.flags {
            let Some(known) = self.content.flags.get(flag) else {
                continue;
            };
            if known.notify == Notify::OnRequest {
                page.line(&words.mydata_private, &[]);
                continue;
            }
            let sign = page.plain(&known.words);
            let date = local_time(self.content, note.since);
            let values = [("sign", sign.as_str()), ("date", &date)];
            page.line(&words.mydata_since, &values);
        }
        if c.lock.is_some() {
            page.line(&words.mydata_lock, &[]);
        }
        if c.flags.is_empty() && c.lock.is_none() {
            page.line(&words.mydata_nothing, &[]);
        }
    }

    fn cases(&self, page: &mut Page<'_>) {
        let words = &self.content.words;
        for case in &self.cases {
            let date = local_time(self.content, case.since);
            let state = page.plain(if case.is_open() {
                &words.mydata_open
            } else {
                &words.mydata_closed
            });
            let number = case.number.to_string();
            let values = [
                ("case", number.as_str()),
                ("date", &date),
                ("state", &state),
            ];
            page.line(&words.mydata_case, &values);
            for said in &case.words {
                page.item(&format!("“{}”", said.reveal()));
            }
            if let Some(phone) = &case.phone {
                page.line(&words.mydata_phone, &[("value", phone.reveal())]);
            }
        }
        if self.cases.is_empty() {
            page.line(&words.mydata_nothing, &[]);
        }
    }

    /// One answer, as its question and its button read.
    fn answer(&self, slot: &SlotId, value: &Slot) -> Option<String> {
        let lang = self.conversation.lang;
        let words = &self.content.words;
        let mut steps = self
            .content
            .dialogs
            .values()
            .flat_map(|one| one.steps.values());
        let step = steps.find(|step| step.verb.slot() == Some(slot))?;
        let question = match (&step.label, &step.say) {
            (Some(label), _) => label.render(lang, self.content).text,
            (None, Some(say)) => {
                let said = say.render(lang, self.content).text;
                said.lines().next().unwrap_or_default().to_owned()
            }
            (None, None) => slot.to_string(),
        };
        let label = |id: &ChoiceId| {
            let options: &[Choice] = match &step.verb {
                Verb::Choice { options, .. } | Verb::Many { options, .. } => options,
                _ => &[],
            };
            let text = options
                .iter()
                .find(|one| one.id == *id)
                .map(|one| &one.label);
            let text = text.or(match id.as_str() {
                "yes" => Some(&words.button_yes),
                "no" => Some(&words.button_no),
                "not-sure" => Some(&words.button_not_sure),
                _ => None,
            });
            text.map_or_else(
                || id.to_string(),
                |text| text.render(lang, self.content).text,
            )
        };
        let answer = match value {
            Slot::One(id) => label(id),
            Slot::Many(ids) if ids.is_empty() => {
                words.mydata_nothing.render(lang, self.content).text
            }
            Slot::Many(ids) => ids.iter().map(label).collect::<Vec<_>>().join("; "),
            Slot::Number(number) => number.to_string(),
            Slot::Typed => words.mydata_typed.render(lang, self.content).text,
            Slot::Phone(number) => number.reveal().to_owned(),
        };
        Some(format!("{question} {answer}"))
    }

    /// For programs: the rows themselves, without what staff wrote for each other.
    fn for_programs(&self) -> String {
        let cases: Vec<Value> = self.cases.iter().map(without_staff_notes).collect();
        let waiting: Vec<Value> = self
            .waiting
            .iter()
            .map(|(kind, row)| json!({ "kind": kind, "row": row }))
            .collect();
        let all = json!({
            "clinic": self.content.clinic.name,
            "made_at": self.now.0,
            "chat": self.chat.0,
            "conversation": self.conversation,
            "cases": cases,
            "waiting": waiting,
            "times": "seconds since 1970-01-01 UTC",
        });
        let mut text = serde_json::to_string_pretty(&all).unwrap_or_default();
        // What no card may name stands in no file that others may open.
        for (id, flag) in &self.content.flags {
            if flag.notify == Notify::OnRequest {
                text = text.replace(&format!("\"{id}\""), "\"private-answer\"");
            }
        }
        text.push('\n');
        text
    }
}

/// A case as its patient may read it.
fn without_staff_notes(case: &Case) -> Value {
    let mut value = serde_json::to_value(case).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("history");
    }
    value
}

/// A text being written.
struct Page<'a> {
    content: &'a Content,
    lang: Lang,
    text: String,
}

impl Page<'_> {
    fn plain(&self, text: &Text) -> String {
        text.render(self.lang, self.content).text
    }

    fn heading(&mut self, text: &Text) {
        let heading = self.plain(text);
        let rule = "-".repeat(heading.chars().count());
        let _ = writeln!(self.text, "\n{heading}\n{rule}");
    }

    fn line(&mut self, text: &Text, values: &[(&str, &str)]) {
        let line = self.content.fill(text, self.lang, values).text;
        let _ = writeln!(self.text, "{line}");
    }

    fn item(&mut self, line: &str) {
        let _ = writeln!(self.text, "- {line}");
    }
}

/// A body in pieces that fit a row each, cut behind a line where there is one.
fn parts(body: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = body;
    while rest.len() > PART_BYTES {
        let is_boundary = |end: &usize| rest.is_char_boundary(*end);
        let end = (0..=PART_BYTES).rev().find(is_boundary).unwrap_or(0);
        let end = rest[..end].rfind('\n').map_or(end, |line| line + 1);
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}
