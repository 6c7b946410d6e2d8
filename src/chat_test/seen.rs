//! What was seen, read from the calls that reached the Bot API.

use std::fmt::Write as _;

use serde_json::Value;

use super::parse::Observed;
use super::play::Player;
use super::stage::{PATIENT, STAFF_PEOPLE};

/// One message, as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub by: Observed,
    pub text: String,
    pub buttons: Vec<String>,
    pub is_edit: bool,
    /// The topic it was sent to.
    pub topic: Option<i64>,
}

impl Player {
    /// Reads what the bot has called since the last time.
    pub(super) fn read_calls(&mut self) {
        let calls: Vec<_> = self.stage.world.log()[self.calls_read..].to_vec();
        self.calls_read += calls.len();
        for call in calls {
            let method = call.method.to_ascii_lowercase();
            let payload = &call.payload;
            // Refused too: an edit that changes nothing is an answer to a double tap.
            self.is_touched |= method.starts_with("edit") && payload["chat_id"] == PATIENT;
            if call.status != 200 {
                continue;
            }
            let by = match payload["chat_id"].as_i64() {
                Some(PATIENT) => Observed::Patient,
                Some(chat) if chat == self.stage.staff_chat() => Observed::Staff,
                Some(chat) if STAFF_PEOPLE.contains(&chat) => Observed::Private,
                _ if method == "answercallbackquery" => Observed::Toast,
                _ => continue,
            };
            let text = match method.as_str() {
                "sendmessage" | "editmessagetext" | "answercallbackquery" => {
                    payload["text"].as_str().unwrap_or_default().to_owned()
                }
                "copymessage" | "editmessagecaption" => {
                    format!("📎 {}", payload["caption"].as_str().unwrap_or_default())
                }
                // An answer to the patient, and nothing to read.
                "setmessagereaction" => {
                    self.is_touched |= by == Observed::Patient;
                    continue;
                }
                "sendphoto" => format!("🖼 {}", payload["caption"].as_str().unwrap_or_default()),
                "senddocument" => {
                    let file = payload["document"].as_str().unwrap_or_default();
                    format!("📎 {}", file.trim_start_matches("file:"))
                }
                "sendcontact" => format!(
                    "contact {} {}",
                    payload["first_name"].as_str().unwrap_or_default(),
                    self.as_written(payload["phone_number"].as_str().unwrap_or_default())
                ),
                _ => continue,
            };
            if by == Observed::Toast && text.is_empty() {
                continue;
            }
            match by {
                Observed::Patient => self.all.push(text.clone()),
                Observed::Staff => self.all_staff.push(text.clone()),
                Observed::StaffSound
                | Observed::PatientSound
                | Observed::Private
                | Observed::Toast
                | Observed::SecondTarget => {}
            }
            let markup = markup_of(&payload["reply_markup"]);
            if by == Observed::Patient && !method.starts_with("edit") {
                self.watch_keyboard(&markup);
            }
            let buttons = button_labels(&markup);
            let is_edit = method.starts_with("edit");
            let topic = payload["message_thread_id"].as_i64();
            let is_silent = payload["disable_notification"] == true;
            let sound = match by {
                Observed::Staff => Some(Observed::StaffSound),
                Observed::Patient => Some(Observed::PatientSound),
                Observed::StaffSound
                | Observed::PatientSound
                | Observed::Private
                | Observed::Toast
                | Observed::SecondTarget => None,
            };
            if let Some(by) = sound.filter(|_| !is_edit && !is_silent) {
                self.fresh.push(Seen {
                    by,
                    text: text.clone(),
                    buttons: Vec::new(),
                    is_edit,
                    topic,
                });
            }
            self.fresh.push(Seen {
                by,
                text,
                buttons,
                is_edit,
                topic,
            });
        }
        let alarms = std::mem::take(&mut self.stage.alarms);
        self.fresh.extend(alarms.into_iter().map(|text| Seen {
            by: Observed::SecondTarget,
            text,
            buttons: Vec::new(),
            is_edit: false,
            topic: None,
        }));
        for shown in self.stage.world.messages(PATIENT) {
            for button in shown.buttons.iter().flatten() {
                if let Some(data) = button.data() {
                    let one = (button.label.clone(), shown.message_id, data.to_owned());
                    if !self.shown.contains(&one) {
                        self.shown.push(one);
                    }
                }
            }
        }
    }

    fn watch_keyboard(&mut self, markup: &Value) {
        if markup.get("keyboard").is_some() {
            self.keyboard_shown = true;
            self.keyboard_left = false;
        } else if markup.get("remove_keyboard").is_some() {
            self.keyboard_shown = false;
            self.keyboard_left = false;
        } else if self.keyboard_shown && markup.get("inline_keyboard").is_some() {
            self.keyboard_left = true;
        }
    }

    /// The clinic's number reads in every line as people write it.
    fn as_written(&self, number: &str) -> String {
        let phones = &self.library.newest().clinic.phones;
        phones
            .iter()
            .find(|phone| phone.e164.value == number)
            .map_or(number, |phone| &phone.written.value)
            .to_owned()
    }

    pub(super) fn transcript(&self) -> String {
        if self.fresh.is_empty() {
            return "  (nothing was said)".to_owned();
        }
        let mut out = String::new();
        for seen in &self.fresh {
            let head = match (seen.by, seen.is_edit) {
                (Observed::Patient, false) => "bot",
                (Observed::Patient, true) => "bot (edit)",
                (Observed::StaffSound | Observed::PatientSound, _) => continue,
                (Observed::Staff, false) => "staff sees",
                (Observed::Staff, true) => "staff sees (edit)",
                (Observed::Private, _) => "in private",
                (Observed::Toast, _) => "toast",
                (Observed::SecondTarget, _) => "second target",
            };
            let _ = writeln!(out, "  {head}: {}", seen.text.replace('\n', "\n    "));
            if !seen.buttons.is_empty() {
                let buttons: Vec<String> = seen
                    .buttons
                    .iter()
                    .map(|label| format!("[{label}]"))
                    .collect();
                let _ = writeln!(out, "    {}", buttons.join(" "));
            }
        }
        out
    }
}

/// Markup travels as JSON or as text of JSON.
fn markup_of(markup: &Value) -> Value {
    match markup {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    }
}

fn button_labels(markup: &Value) -> Vec<String> {
    let rows = markup
        .get("inline_keyboard")
        .or_else(|| markup.get("keyboard"))
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    rows.iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|button| button["text"].as_str().or(button.as_str()))
        .map(str::to_owned)
        .collect()
}
