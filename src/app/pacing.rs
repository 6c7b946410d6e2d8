//! How fast a lane may send. Pure: time comes in as milliseconds.

use std::collections::HashMap;

use crate::dialog::Weight;
use crate::ids::ChatId;

/// Whether lanes keep to Telegram's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// About a message a second in a chat, twenty a minute in a group.
    #[default]
    Telegram,
    /// As fast as the server takes it: for benches and servers without limits.
    Off,
}

/// A private chat takes this many messages at once.
const CHAT_BURST: f64 = 5.0;
/// And then one in this time.
const CHAT_MILLIS_EACH: f64 = 1000.0;
/// A group takes this many a minute.
const GROUP_BURST: f64 = 20.0;
/// So one in this time, over and over.
const GROUP_MILLIS_EACH: f64 = 3000.0;
/// Of a group's burst, so many are kept for new alarms.
const GROUP_KEPT: f64 = 5.0;

/// What a lane has left to send at once.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    tokens: f64,
    burst: f64,
    millis_each: f64,
    kept: f64,
    filled_at: u64,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn new(chat: ChatId, now_millis: u64) -> Self {
        let (burst, millis_each, kept) = if chat.0 < 0 {
            (GROUP_BURST, GROUP_MILLIS_EACH, GROUP_KEPT)
        } else {
            (CHAT_BURST, CHAT_MILLIS_EACH, 0.0)
        };
        Self {
            tokens: burst,
            burst,
            millis_each,
            kept,
            filled_at: now_millis,
        }
    }

    /// Takes one message out, or says how many milliseconds to wait for it.
    pub fn take(&mut self, weight: Weight, now_millis: u64) -> Result<(), u64> {
        let passed = now_millis.saturating_sub(self.filled_at) as f64;
        self.tokens = (self.tokens + passed / self.millis_each).min(self.burst);
        self.filled_at = now_millis;
        let least = match weight {
            Weight::Warning => 1.0,
            Weight::Talk | Weight::Tick => 1.0 + self.kept,
        };
        if self.tokens >= least {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(((least - self.tokens) * self.millis_each).ceil() as u64)
    }

    /// Whether nothing would be lost by forgetting it.
    #[must_use]
    pub fn is_full(&self, now_millis: u64) -> bool {
        let passed = now_millis.saturating_sub(self.filled_at) as f64;
        self.tokens + passed / self.millis_each >= self.burst
    }
}

/// Telegram slows the whole bot down, not one chat, when so many chats are told
/// to wait within a moment.
const CHATS_TOLD_MAX: usize = 3;
/// That moment.
const TOLD_TOGETHER_MILLIS: u64 = 5_000;

/// Who has just been told to wait, and until when everybody does.
#[derive(Debug, Default)]
pub struct Slowed {
    told: HashMap<ChatId, u64>,
    until: u64,
}

impl Slowed {
    /// A chat was told to wait.
    pub fn tell(&mut self, chat: ChatId, wait_millis: u64, now_millis: u64) {
        self.told
            .retain(|_, at| now_millis.saturating_sub(*at) < TOLD_TOGETHER_MILLIS);
        self.told.insert(chat, now_millis);
        if self.told.len() >= CHATS_TOLD_MAX {
            self.until = self.until.max(now_millis.saturating_add(wait_millis));
        }
    }

    /// For how long no lane sends anything.
    #[must_use]
    pub fn wait(&self, now_millis: u64) -> Option<u64> {
        let left = self.until.saturating_sub(now_millis);
        (left > 0).then_some(left)
    }
}
