//! What a world's chats hold, to go on with after the process has ended.

use std::collections::HashMap;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{
    chats::{Chat, Person},
    media::Files,
    profile::Profile,
    updates::Updates,
    world::{Change, World},
};

/// Everything that people see and the updates that wait. A press under way is
/// forgotten, as Telegram does after a minute.
#[derive(Serialize)]
struct Past<'w> {
    people: &'w HashMap<i64, Person>,
    chats: &'w HashMap<i64, Chat>,
    updates: &'w Updates,
    profile: &'w Profile,
}

#[derive(Deserialize)]
struct Found {
    people: HashMap<i64, Person>,
    chats: HashMap<i64, Chat>,
    updates: Updates,
    profile: Profile,
}

impl World {
    /// What [`World::go_on_from`] takes. The files that were sent are not in it:
    /// [`World::files`].
    ///
    /// # Errors
    ///
    /// Never in fact: all of it can be written as JSON.
    pub fn past(&self) -> serde_json::Result<Box<RawValue>> {
        to_raw_value(&Past {
            people: &self.people,
            chats: &self.chats,
            updates: &self.updates,
            profile: &self.profile,
        })
    }

    /// The files that were sent, oldest first. None ever changes.
    #[must_use]
    pub fn files(&self) -> &[Bytes] {
        &self.files.0
    }

    /// Puts people, chats and updates back that another world had, and its files.
    ///
    /// # Errors
    ///
    /// The text is no past of a world; this one is as it was.
    pub fn go_on_from(&mut self, past: &RawValue, files: Vec<Bytes>) -> serde_json::Result<()> {
        let found: Found = serde_json::from_str(past.get())?;
        (self.people, self.chats) = (found.people, found.chats);
        (self.updates, self.profile) = (found.updates, found.profile);
        self.files = Files(files);
        let chats: Vec<i64> = self.chats.keys().copied().collect();
        for chat in chats {
            self.tell(&Change::Chat(chat));
        }
        Ok(())
    }
}
