//! Timers: kept in the store, fired from memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::clock::Clock;
use super::records::DueRow;
use crate::dialog::Due;
use crate::ids::{ChatId, Timestamp};

/// The timers that are set.
#[derive(Debug, Default)]
pub struct Timers {
    set: Mutex<Set>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Set {
    by_time: BTreeMap<(Timestamp, ChatId, u8), DueRow>,
    by_kind: HashMap<(ChatId, u8), Timestamp>,
}

impl Timers {
    /// Sets a timer; one of its kind that was set before is replaced.
    pub fn set(&self, chat: ChatId, row: DueRow) {
        let kind = row.due.kind();
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = set.by_kind.insert((chat, kind), row.at) {
            set.by_time.remove(&(before, chat, kind));
        }
        set.by_time.insert((row.at, chat, kind), row);
        drop(set);
        self.changed.notify_one();
    }

    /// Takes a timer away.
    pub fn cancel(&self, chat: ChatId, due: Due) {
        let kind = due.kind();
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = set.by_kind.remove(&(chat, kind)) {
            set.by_time.remove(&(at, chat, kind));
        }
    }

    /// Fires each timer at its time, for ever.
    pub async fn run(self: Arc<Self>, clock: Clock, fire: impl Fn(ChatId, DueRow)) {
        loop {
            let changed = self.changed.notified();
            let next = self.pop_due(clock.now());
            match next {
                Ok((chat, row)) => fire(chat, row),
                Err(Some(at)) => {
                    tokio::select! {
                        () = clock.wait_until(at) => {}
                        () = changed => {}
                    }
                }
                Err(None) => changed.await,
            }
        }
    }

    /// A timer that is due, or when the next one is.
    fn pop_due(&self, now: Timestamp) -> Result<(ChatId, DueRow), Option<Timestamp>> {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((&(at, chat, kind), _)) = set.by_time.first_key_value() else {
            return Err(None);
        };
        if at > now {
            return Err(Some(at));
        }
        set.by_kind.remove(&(chat, kind));
        set.by_time
            .pop_first()
            .map(|(_, row)| (chat, row))
            .ok_or(None)
    }
}
