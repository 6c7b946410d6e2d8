//! What could not be delivered, as the staff chat reads it.

use super::{Writer, local_time};
use crate::content::{Content, RichText};
use crate::dialog::{Button, Keyboard};
use crate::ids::{CaseNumber, ChatId, Timestamp};

/// A message shows this many; the rest are counted.
const LISTED_MAX: usize = 20;

const BUTTONS_A_ROW: usize = 4;

/// Whom a message was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The patient of a case.
    PatientOf(CaseNumber),
    /// The staff chat.
    StaffChat,
    /// A second target of the ladder.
    SecondTarget,
    /// Somebody else.
    Chat(ChatId),
}

/// A message that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Its chat.
    pub chat: ChatId,
    /// Its number there.
    pub sequence: u64,
    /// Whom it was for.
    pub to: Receiver,
    /// What was answered.
    pub why: String,
    /// When it was given up.
    pub at: Timestamp,
}

/// Button data that sends one of them again; [`dead_data`] reads it.
fn data_of(dead: &Dead) -> String {
    format!("dead:{}:{}", dead.chat, dead.sequence)
}

/// Reads the data of a "send again" button; untrusted.
#[must_use]
pub fn dead_data(data: &str) -> Option<(ChatId, u64)> {
    let (chat, sequence) = data.strip_prefix("dead:")?.split_once(':')?;
    Some((ChatId(chat.parse().ok()?), sequence.parse().ok()?))
}

/// The list, the newest first, a button each.
#[must_use]
pub fn dead(content: &Content, dead: &[Dead]) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let words = &content.words;
    if dead.is_empty() {
        return (
            RichText::plain(writer.plain(&words.staff_dead_none)),
            Keyboard::None,
        );
    }
    let count = dead.len().to_string();
    let title = writer.with(&words.staff_dead_title, &[("count", &count)]);
    writer.text.push_bold(&title);
    let mut buttons = Vec::new();
    for (number, one) in (1..).zip(dead.iter().rev().take(LISTED_MAX)) {
        let to = match one.to {
            Receiver::PatientOf(case) => {
                writer.with(&words.staff_dead_patient, &[("case", &case.to_string())])
            }
            Receiver::StaffChat => writer.plain(&words.staff_dead_staff),
            Receiver::SecondTarget => writer.plain(&words.staff_dead_target),
            Receiver::Chat(chat) => {
                writer.with(&words.staff_reach_chat, &[("chat", &chat.to_string())])
            }
        };
        let at = local_time(content, one.at);
        writer
            .text
            .push(&format!("\n{number}. {to} · {at}\n{}", one.why));
        let number = number.to_string();
        buttons.push(Button::Press {
            label: writer.with(&words.staff_button_again, &[("n", &number)]),
            data: data_of(one),
        });
    }
    let left = dead.len().saturating_sub(LISTED_MAX);
    if left > 0 {
        let line = writer.with(&words.staff_list_more, &[("count", &left.to_string())]);
        writer.text.push(&format!("\n{line}"));
    }
    let rows = buttons.chunks(BUTTONS_A_ROW).map(<[Button]>::to_vec);
    (writer.text, Keyboard::Inline(rows.collect()))
}
