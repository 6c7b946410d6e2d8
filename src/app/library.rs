//! The newest content, and older scripts that patients still walk in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::records::{CLINIC, Keys};
use crate::content::{self, Content, Sources};
use crate::ids::Revision;
use crate::store::{Commit, CommitError, Ledger, Put, ReadError};

/// A part of a stored script; below what a row may hold.
const PART_BYTES: usize = 40 * 1024;

/// Contents by the revision of their script.
pub struct Library {
    newest: Arc<Content>,
    sources: Sources,
    clinic: String,
    older: Mutex<HashMap<Revision, Option<Arc<Content>>>>,
}

impl Library {
    /// A library with this newest content.
    #[must_use]
    pub fn new(newest: Content, sources: Sources, clinic: &str) -> Self {
        Self {
            newest: Arc::new(newest),
            sources,
            clinic: clinic.to_owned(),
            older: Mutex::default(),
        }
    }

    /// The newest content.
    #[must_use]
    pub fn newest(&self) -> &Arc<Content> {
        &self.newest
    }

    /// The content a patient walks in: the script they began with the newest
    /// flags, rules, screens and cards. Where that script is gone or no longer
    /// fits, the newest.
    pub fn of(&self, ledger: &Ledger, keys: Keys, script: Option<&Revision>) -> Arc<Content> {
        let Some(script) = script.filter(|script| **script != self.newest.script) else {
            return Arc::clone(&self.newest);
        };
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        let found = older.entry(script.clone()).or_insert_with(|| {
            let stored = read_script(ledger, keys, script).ok().flatten()?;
            let composed = self.sources.with_script_of(&stored);
            content::parse(&composed, &self.clinic)
                .ok()
                .map(|parsed| Arc::new(parsed.content))
        });
        found.clone().unwrap_or_else(|| Arc::clone(&self.newest))
    }

    /// Keeps the newest script in the store, for whoever begins with it.
    ///
    /// # Errors
    /// When it cannot be committed.
    pub fn keep(&self, ledger: &Ledger, keys: Keys) -> Result<(), CommitError> {
        let script = self.newest.script.as_str();
        if matches!(ledger.read_bytes(&keys.script(script, 0)), Ok(Some(_))) {
            return Ok(());
        }
        let text = serde_json::to_vec(&self.sources.script().files).unwrap_or_default();
        let puts = text
            .chunks(PART_BYTES)
            .enumerate()
            .map(|(part, bytes)| Put {
                key: keys.script(script, u16::try_from(part).unwrap_or(u16::MAX)),
                subject: CLINIC,
                value: bytes.to_vec(),
            })
            .collect();
        ledger.commit_blocking(Commit {
            puts,
            ..Commit::default()
        })
    }
}

fn read_script(
    ledger: &Ledger,
    keys: Keys,
    script: &Revision,
) -> Result<Option<Sources>, ReadError> {
    let mut text = Vec::new();
    for part in 0..u16::MAX {
        match ledger.read_bytes(&keys.script(script.as_str(), part))? {
            Some((bytes, _)) => text.extend(bytes),
            None => break,
        }
    }
    Ok(serde_json::from_slice(&text)
        .ok()
        .map(|files| Sources { files }))
}
