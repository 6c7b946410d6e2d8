//! The newest content, and older scripts that patients still walk in.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::records::{CLINIC, Keys};
use super::verdicts::{Verdict, Verdicts};
use crate::content::{self, Content, Day, Hours, Sources};
use crate::ids::Revision;
use crate::proof::keeps_all;
use crate::store::{Commit, CommitError, Ledger, Put, ReadError};

/// A part of a stored script; below what a row may hold.
const PART_BYTES: usize = 40 * 1024;

/// Contents by the revision of their script.
pub struct Library {
    newest: Arc<Content>,
    sources: Sources,
    clinic: String,
    verdicts: Verdicts,
    older: Mutex<HashMap<Revision, Older>>,
}

/// What became of an older script, with the newest flags, rules and screens.
#[derive(Clone)]
enum Older {
    /// It is proved: whoever walks in it walks on.
    Walked(Arc<Content>),
    /// It is not: it says what its questions were, and no more.
    Retired(Arc<Content>),
    /// It is not in the store, or does not fit any more.
    Gone,
}

/// What a conversation is walked in.
pub struct Walked {
    /// The content of its open question.
    pub content: Arc<Content>,
    /// That one must not be walked on: this one is, from its start.
    pub moves_to: Option<Arc<Content>>,
}

impl Library {
    /// A library with this newest content.
    #[must_use]
    pub fn new(newest: Content, sources: Sources, clinic: &str) -> Self {
        Self {
            newest: Arc::new(newest),
            sources,
            clinic: clinic.to_owned(),
            verdicts: Verdicts::default(),
            older: Mutex::default(),
        }
    }

    /// With verdicts that are kept from one start to the next.
    #[must_use]
    pub fn with_verdicts(self, verdicts: Verdicts) -> Self {
        Self { verdicts, ..self }
    }

    /// The same for a clinic that is open at these hours of every day, for a play.
    #[must_use]
    pub fn with_hours(&self, from: &str, to: &str) -> Self {
        let mut content = Content::clone(&self.newest);
        content.clinic.hours = Some(vec![Hours {
            days: Day::ALL.to_vec(),
            from: from.to_owned(),
            to: to.to_owned(),
        }]);
        Self::new(content, self.sources.clone(), &self.clinic)
    }

    /// The newest content.
    #[must_use]
    pub fn newest(&self) -> &Arc<Content> {
        &self.newest
    }

    /// The content a patient walks in: the script they began with and the newest
    /// flags, rules, screens and cards. Where these two together are not proved,
    /// or that script is gone, the patient moves to the newest.
    pub fn of(&self, ledger: &Ledger, keys: Keys, script: Option<&Revision>) -> Walked {
        let newest = Arc::clone(&self.newest);
        let stays = |content| Walked {
            content,
            moves_to: None,
        };
        match script {
            None => stays(newest),
            Some(script) if *script == newest.script => stays(newest),
            Some(script) => match self.older(ledger, keys, script) {
                Older::Walked(content) => stays(content),
                Older::Retired(content) => Walked {
                    content,
                    moves_to: Some(newest),
                },
                Older::Gone => Walked {
                    content: Arc::clone(&newest),
                    moves_to: Some(newest),
                },
            },
        }
    }

    /// Proves each of these scripts now, so that no patient waits for it.
    pub fn load(&self, ledger: &Ledger, keys: Keys, scripts: &BTreeSet<Revision>) {
        for script in scripts.iter().filter(|one| **one != self.newest.script) {
            match self.older(ledger, keys, script) {
                Older::Walked(_) => {
                    tracing::info!(%script, "an older script is proved with the newest flags, rules and screens");
                }
                Older::Retired(_) => tracing::warn!(
                    %script,
                    "an older script is not safe with the newest flags, rules and screens; whoever walks in it begins again in the newest"
                ),
                Older::Gone => tracing::warn!(
                    %script,
                    "an older script is gone; whoever walks in it begins again in the newest"
                ),
            }
        }
    }

    fn older(&self, ledger: &Ledger, keys: Keys, script: &Revision) -> Older {
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || {
            let Some(stored) = read_script(ledger, keys, script).ok().flatten() else {
                return Older::Gone;
            };
            let composed = self.sources.with_script_of(&stored);
            match content::parse(&composed, &self.clinic) {
                // What was kept under another name is not what they began with.
                Ok(parsed) if parsed.content.script == *script => self.judged(parsed.content),
                Ok(_) | Err(_) => Older::Gone,
            }
        };
        older.entry(script.clone()).or_insert_with(find).clone()
    }

    fn judged(&self, content: Content) -> Older {
        let verdict = self
            .verdicts
            .of(&content, &self.clinic)
            .unwrap_or_else(|| {
                let verdict = if keeps_all(&content) {
                    Verdict::Proved
                } else {
                    Verdict::Refused
                };
                if let Err(error) = self.verdicts.keep(&content, &self.clinic, verdict) {
                    tracing::warn!(%error, "failed to keep the verdict of the proof; the next start proves again");
                }
                verdict
            });
        match verdict {
            Verdict::Proved => Older::Walked(Arc::new(content)),
            Verdict::Refused => Older::Retired(Arc::new(content)),
        }
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
