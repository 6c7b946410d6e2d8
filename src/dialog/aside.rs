//! What the dialog still answers while a person writes with the patient.
//!
//! The person has the chat then: typed words are theirs. A warning sign is
//! heard all the same, a question about one can be answered, and whatever the
//! patient has asked the bot for goes on.

use super::button::Press;
use super::conversation::{Asking, Conversation};
use super::input::{Input, What};
use super::typed::reads_as_phone;
use super::walk::Walk;
use crate::content::Content;
use crate::ids::Timestamp;

/// Whether an input is for the dialog although a person has written with the
/// patient since `since`. Pure, as a turn is; it takes none.
#[must_use]
pub fn is_for_dialog(
    content: &Content,
    conversation: &Conversation,
    input: &Input,
    since: Timestamp,
    now: Timestamp,
) -> bool {
    let mut walk = Walk::new(content, conversation.clone(), input.desk, now);
    walk.expire();
    if !input.heard.hits.is_empty() || walk.alarm_in(input).is_some() {
        return true;
    }
    let press = walk.press_of(input);
    match &input.what {
        // Asked for by name.
        What::Command { .. } => true,
        // Theirs, when the dialog asks for a number; else the person has asked for it.
        What::Contact(number) => walk.asks_phone() || number.reveal().is_empty(),
        What::Press(_) => match press {
            Some(Press::Stop | Press::Screening | Press::Card(..)) => true,
            Some(Press::Question(token, _)) => {
                let open = walk.c.open.as_ref().filter(|open| open.token == token);
                let is_newer = open.is_some_and(|open| open.since >= since);
                is_newer || (open.is_some() && walk.asks_of_signs())
            }
            Some(Press::Person | Press::Menu | Press::Open(_)) | None => false,
        },
        What::Text(words) => {
            let open = walk.c.open.as_ref();
            // What a command has asked since is answered in words too.
            let is_newer = open.is_some_and(|open| open.since >= since);
            let answers = matches!(press, Some(Press::Question(..)))
                || (walk.asks_phone() && reads_as_phone(words));
            // "No" to the question whether a sign was meant.
            let asks = open.map(|open| &open.asking);
            (is_newer && answers) || (press.is_some() && matches!(asks, Some(Asking::Item(_))))
        }
        What::Unreadable | What::Edited(_) => false,
        What::Due(_)
        | What::Cleared { .. }
        | What::Seen(_)
        | What::ShowAgain
        | What::Undrawn(_) => true,
    }
}

impl Walk<'_> {
    /// Whether the open question asks for warning signs.
    fn asks_of_signs(&self) -> bool {
        match self.c.open.as_ref().map(|open| &open.asking) {
            Some(Asking::Item(_)) => true,
            Some(Asking::Step) => self.open_screen().is_some(),
            Some(Asking::Change) | None => false,
        }
    }
}
