//! Takes updates by long polling, as raw JSON.
//!
//! Remembers no offset: whoever stores the updates says from where to go on,
//! once they are durable.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::CallError;
use super::client::Telegram;

const METHOD: &str = "GetUpdates";

/// Why a poll came to nothing.
pub type PollError = CallError;

/// Which updates are wanted: the ones that [`super::read_update`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    /// A new message.
    Message,
    /// A changed one.
    EditedMessage,
    /// A press.
    CallbackQuery,
    /// The bot was blocked, unblocked, added or removed.
    MyChatMember,
}

impl UpdateKind {
    /// Each of them. Telegram remembers the last list it got: name it each time.
    pub const ALL: [Self; 4] = [
        Self::Message,
        Self::EditedMessage,
        Self::CallbackQuery,
        Self::MyChatMember,
    ];
}

/// One update as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct RawUpdate {
    /// Numbers it.
    pub update_id: i64,
    /// Byte for byte; holds the patient's words.
    pub json: String,
}

impl fmt::Debug for RawUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RawUpdate({}, {} bytes)",
            self.update_id,
            self.json.len()
        )
    }
}

/// What one poll brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Polled {
    /// In Telegram's order.
    pub updates: Vec<RawUpdate>,
    /// Elements without an `update_id`, left out.
    pub skipped: usize,
}

impl Telegram {
    /// Asks for updates from `offset` on, which also confirms all before it.
    /// Telegram holds the call up to `timeout_seconds` while there are none.
    ///
    /// # Errors
    /// When Telegram is not reached, asks to wait, shuts the bot out (a wrong
    /// token, a second poller, a webhook), or cannot be read.
    pub async fn poll(
        &self,
        offset: Option<i64>,
        timeout_seconds: u32,
        allowed: &[UpdateKind],
    ) -> Result<Polled, PollError> {
        let held = Duration::from_secs(timeout_seconds.into());
        let payload = GetUpdates {
            offset,
            timeout: timeout_seconds,
            allowed_updates: allowed,
        };
        let result = self.ask_held(METHOD, &payload, held).await?;
        let elements: Vec<Box<RawValue>> = serde_json::from_str(result.get())
            .map_err(|_| CallError::Unreadable { method: METHOD })?;
        let mut polled = Polled::default();
        for element in elements {
            match serde_json::from_str::<Numbered>(element.get()) {
                Ok(Numbered { update_id }) => polled.updates.push(RawUpdate {
                    update_id,
                    json: String::from(Box::<str>::from(element)),
                }),
                Err(_) => polled.skipped += 1,
            }
        }
        Ok(polled)
    }
}

/// Our own, as teloxide's offset has 32 bits.
#[derive(Serialize)]
struct GetUpdates<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    timeout: u32,
    allowed_updates: &'a [UpdateKind],
}

#[derive(Deserialize)]
struct Numbered {
    update_id: i64,
}
