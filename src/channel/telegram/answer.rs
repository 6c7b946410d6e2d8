//! What Telegram's answer to a call means.
//!
//! Known descriptions are told apart by their words, as there are no finer
//! codes; an unknown refusal is only ever a refusal of this one call.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::maybe::Maybe;
use crate::channel::Outcome;
use crate::ids::{ChatId, MessageId, TopicId};

/// How long to wait, in seconds, when a 429 does not say.
const RETRY_AFTER_SECONDS_UNSAID: u32 = 5;

/// A description is kept up to this long; Telegram's are under 200.
const DESCRIPTION_CHARS_MAX: usize = 300;

/// Words of refusals after which this chat cannot be written to: the person
/// blocked the bot or left, or the group is gone. In lower case.
const UNREACHABLE: [&str; 4] = [
    "chat not found",
    "user is deactivated",
    "bot was blocked",
    "bot was kicked",
];

/// Words of refusals after which a topic is not there to write in.
const NO_TOPIC: [&str; 5] = [
    "message thread not found",
    "topic_deleted",
    "topic_id_invalid",
    "topic_closed",
    "thread not found",
];

/// Words that mean the same, in a 403 only. A 403 with other words is unknown,
/// and the unknown is not permanent.
const UNREACHABLE_FORBIDDEN: [&str; 5] = [
    "bot can't initiate conversation",
    "bot can't send messages to",
    "bot is not a member",
    "group chat was deleted",
    "group chat is deactivated",
];

/// Words of refusals of whatever the bot would write in a group. In lower case.
const NO_RIGHTS: [&str; 6] = [
    "forbidden",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
];

/// Whether a refusal is of the bot and not of the one message.
#[must_use]
pub fn lacks_rights(description: &str) -> bool {
    let words = description.to_lowercase();
    NO_RIGHTS.iter().any(|known| words.contains(known))
}

/// Why a call other than a send came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Telegram was not reached, took too long, or answered 5xx: try again.
    #[error("failed to reach Telegram for {method}")]
    Network {
        /// Of the Bot API.
        method: &'static str,
        /// Never carries the address, which holds the token.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too many calls; wait this long, in seconds.
    #[error("Telegram asks to wait {0} s")]
    SlowDown(u32),
    /// The token is wrong, or another process polls or holds a webhook.
    #[error("Telegram shuts this bot out: {0}")]
    Shut(String),
    /// This call was refused.
    #[error("Telegram refused {method}: {description}")]
    Refused {
        /// Of the Bot API.
        method: &'static str,
        /// Telegram's words.
        description: String,
    },
    /// The reply was no Bot API reply.
    #[error("the reply to {method} is no Bot API reply")]
    Unreadable {
        /// Of the Bot API.
        method: &'static str,
    },
}

/// A call that came to nothing, before it is known what the call was for.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection was not made: Telegram has seen nothing.
    NotSent(reqwest::Error),
    /// The connection broke or timed out later.
    Lost(reqwest::Error),
    /// A 5xx.
    Server(ServerTrouble),
    /// No Bot API reply.
    Unreadable,
    /// `ok` was false.
    Refused(Refusal),
}

/// The server answered with this status.
#[derive(Debug, thiserror::Error)]
#[error("the server answered {0}")]
pub(super) struct ServerTrouble(u16);

/// A refusal, read.
#[derive(Debug)]
pub(super) struct Refusal {
    code: u16,
    description: String,
    retry_after_seconds: u32,
    migrate_to: Option<ChatId>,
}

#[derive(Deserialize)]
struct Reply {
    ok: bool,
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error_code: Maybe<u16>,
    #[serde(default)]
    description: Maybe<String>,
    #[serde(default)]
    parameters: Maybe<Parameters>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Parameters {
    retry_after: Maybe<u32>,
    migrate_to_chat_id: Maybe<i64>,
}

/// Reads a reply; the result is still raw. `retry_after` is the header's, used
/// when the body does not say.
pub(super) fn read_reply(
    status: u16,
    retry_after: Option<u32>,
    body: &[u8],
) -> Result<Box<RawValue>, Failure> {
    if status >= 500 {
        return Err(Failure::Server(ServerTrouble(status)));
    }
    // One broken character must not cost a batch of updates.
    let body = String::from_utf8_lossy(body);
    let Ok(reply) = serde_json::from_str::<Reply>(&body) else {
        return Err(match status {
            // Whoever counts calls in between did not pass this one on.
            429 => Failure::Refused(Refusal {
                code: status,
                description: String::new(),
                retry_after_seconds: wait(retry_after),
                migrate_to: None,
            }),
            // A proxy's own 403 or 404 says nothing about the patient or the token.
            _ => Failure::Unreadable,
        });
    };
    if reply.ok {
        return Ok(reply.result.unwrap_or_else(|| RawValue::NULL.to_owned()));
    }
    let code = reply.error_code.0.unwrap_or(status);
    if code >= 500 {
        return Err(Failure::Server(ServerTrouble(code)));
    }
    let parameters = reply.parameters.0.unwrap_or_default();
    let description = match reply.description.0 {
        Some(words) => words.chars().take(DESCRIPTION_CHARS_MAX).collect(),
        None => format!("error {code}, not described"),
    };
    Err(Failure::Refused(Refusal {
        code,
        description,
        retry_after_seconds: wait(parameters.retry_after.0.or(retry_after)),
        migrate_to: parameters.migrate_to_chat_id.0.map(ChatId),
    }))
}

fn wait(retry_after: Option<u32>) -> u32 {
    retry_after.unwrap_or(RETRY_AFTER_SECONDS_UNSAID).max(1)
}

/// What came of a send that was taken.
pub(super) fn taken(result: &RawValue) -> Outcome {
    #[derive(Deserialize)]
    struct Size {
        file_id: String,
    }
    #[derive(Deserialize)]
    struct Drawn {
        photo: Vec<Size>,
    }
    #[derive(Deserialize)]
    struct Topic {
        message_thread_id: i64,
        // A message in a topic has the number too, and no name.
        #[serde(rename = "name")]
        _name: String,
    }
    if let Ok(topic) = serde_json::from_str::<Topic>(result.get()) {
        return Outcome::Opened(TopicId(topic.message_thread_id));
    }
    let message = message_made(result);
    match serde_json::from_str::<Drawn>(result.get()) {
        // The sizes come the largest last.
        Ok(mut drawn) => Outcome::Drawn {
            message,
            file: drawn.photo.pop().map(|size| size.file_id),
        },
        Err(_) => Outcome::Delivered(message),
    }
}

/// The number of the message that a send made; none in a reply without one,
/// which was taken all the same.
fn message_made(result: &RawValue) -> Option<MessageId> {
    #[derive(Deserialize)]
    struct Made {
        message_id: i64,
    }
    let made: Made = serde_json::from_str(result.get()).ok()?;
    Some(MessageId(made.message_id))
}

impl Failure {
    /// What came of a send.
    pub(super) fn into_outcome(self) -> Outcome {
        match self {
            Self::NotSent(_) => Outcome::NotSent,
            Self::Lost(_) | Self::Server(_) | Self::Unreadable => Outcome::Ambiguous,
            Self::Refused(refusal) => refusal.into_outcome(),
        }
    }

    /// What came of any other call.
    pub(super) fn into_error(self, method: &'static str) -> CallError {
        match self {
            Self::NotSent(cause) | Self::Lost(cause) => CallError::Network {
                method,
                cause: cause.into(),
            },
            Self::Server(cause) => CallError::Network {
                method,
                cause: cause.into(),
            },
            Self::Unreadable => CallError::Unreadable { method },
            Self::Refused(refusal) => match refusal.code {
                429 => CallError::SlowDown(refusal.retry_after_seconds),
                _ if refusal.shuts() => CallError::Shut(refusal.description),
                _ => CallError::Refused {
                    method,
                    description: refusal.description,
                },
            },
        }
    }
}

impl Refusal {
    /// Nothing will be taken: a wrong token is a 401 or a 404, a second poller
    /// a 409. A server that lacks one method answers 404 too, in other words.
    fn shuts(&self) -> bool {
        match self.code {
            401 | 409 => true,
            404 => !self.description.contains("method not found"),
            _ => false,
        }
    }

    fn into_outcome(self) -> Outcome {
        if let Some(chat) = self.migrate_to {
            return Outcome::Migrated(chat);
        }
        let words = self.description.to_lowercase();
        let says = |known: &[&str]| known.iter().any(|known| words.contains(known));
        if says(&NO_TOPIC) {
            return Outcome::NoTopic;
        }
        if says(&[
            "message is not modified",
            "query is too old",
            "topic_not_modified",
        ]) {
            // It already reads so, or nobody waits any more: done either way.
            return Outcome::Delivered(None);
        }
        if says(&UNREACHABLE) {
            return Outcome::Unreachable;
        }
        match self.code {
            429 => Outcome::SlowDown(self.retry_after_seconds),
            _ if self.shuts() => Outcome::Shut(self.description),
            403 if says(&UNREACHABLE_FORBIDDEN) => Outcome::Unreachable,
            _ => Outcome::Refused(self.description),
        }
    }
}
