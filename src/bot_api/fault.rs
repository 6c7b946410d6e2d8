//! Faults on order: what the next calls shall suffer.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::world::{Refusal, Reply};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429; nothing was done.
    TooManyRequests {
        /// How long the bot is told to wait.
        retry_after: u32,
    },
    /// 502; nothing was done.
    ServerErrorBefore,
    /// 502, though it was done.
    ServerErrorAfter,
    /// It was done, and no answer ever comes. Over HTTP only: a direct
    /// [`World::call`](super::World::call) still returns its reply, marked
    /// [`Delivery::Never`].
    Timeout,
    /// It was done, and the answer is no JSON.
    Garbage,
    /// 403, bot was blocked by the user; nothing was done.
    Forbidden,
    /// 400, a message that is never taken; nothing was done.
    Refused,
}

/// How a reply reaches the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it is.
    Intact,
    /// As text that is no JSON.
    Garbled,
    /// Not at all.
    Never,
}

/// The faults ordered and not yet suffered, first come first.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Order>);

#[derive(Debug)]
struct Order {
    method: String,
    chat: Option<i64>,
    fault: Fault,
}

impl Faults {
    pub fn order(&mut self, method: &str, chat: Option<i64>, fault: Fault) {
        self.0.push_back(Order {
            method: method.to_ascii_lowercase(),
            chat,
            fault,
        });
    }

    pub fn take(&mut self, method: &str, chat: Option<i64>) -> Option<Fault> {
        if self.0.is_empty() {
            return None;
        }
        let at = self.0.iter().position(|order| {
            (order.method == "*" || order.method.eq_ignore_ascii_case(method))
                && (order.chat.is_none() || order.chat == chat)
        })?;
        self.0.remove(at).map(|order| order.fault)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Fault {
    /// The reply of a call that was not done.
    pub(super) fn instead(self) -> Option<Reply> {
        match self {
            Fault::TooManyRequests { retry_after } => Some(
                Refusal::new(429, format!("Too Many Requests: retry after {retry_after}"))
                    .with("retry_after", json!(retry_after))
                    .into(),
            ),
            Fault::ServerErrorBefore => Some(bad_gateway()),
            Fault::Forbidden => Some(Refusal::blocked().into()),
            Fault::Refused => Some(Refusal::bad("message text is wrong").into()),
            Fault::ServerErrorAfter | Fault::Timeout | Fault::Garbage => None,
        }
    }

    /// The reply of a call that was done.
    pub(super) fn spoil(self, reply: Reply) -> Reply {
        match self {
            Fault::ServerErrorAfter => bad_gateway(),
            Fault::Timeout => Reply {
                delivery: Delivery::Never,
                ..reply
            },
            Fault::Garbage => Reply {
                status: 200,
                body: Value::String("<html><body>upstream sent nonsense</body></html>".to_owned()),
                delivery: Delivery::Garbled,
            },
            Fault::TooManyRequests { .. }
            | Fault::ServerErrorBefore
            | Fault::Forbidden
            | Fault::Refused => reply,
        }
    }
}

fn bad_gateway() -> Reply {
    Refusal::new(502, "Bad Gateway").into()
}
