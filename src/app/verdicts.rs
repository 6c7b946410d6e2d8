//! Verdicts of the proof, kept so that a second start need not wait for it.
//!
//! A verdict is of one content, for one clinic, by one prover. Another content
//! has another revision, and another prover another name, so nothing here can
//! speak for what was not proved. No word of a patient is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::ids::Revision;
use crate::proof::PROVER_VERSION;

/// The file in a clinic's data folder.
const FILE: &str = "proved.json";

/// Older verdicts than these are dropped; whoever needs one proves again.
const KEPT_MAX: usize = 64;

/// What the proof has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every promise holds.
    Proved,
    /// One does not, or could not be shown to.
    Refused,
}

/// One clinic's verdicts, in a file or in memory alone.
#[derive(Debug, Default)]
pub struct Verdicts {
    file: Option<PathBuf>,
    kept: Mutex<Vec<Row>>,
}

/// One verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    clinic: String,
    revision: Revision,
    verdict: Verdict,
}

/// The file, as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    prover: String,
    verdicts: Vec<Row>,
}

impl Verdicts {
    /// The verdicts in a data folder. A file that is not there, is damaged or is
    /// another prover's holds none.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let read = fs::read(&file).ok();
        let stored: Option<File> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let kept = stored
            .filter(|stored| stored.prover == PROVER_VERSION)
            .map(|stored| stored.verdicts);
        Self {
            file: Some(file),
            kept: Mutex::new(kept.unwrap_or_default()),
        }
    }

    /// What is known of a content.
    #[must_use]
    pub fn of(&self, content: &Content, clinic: &str) -> Option<Verdict> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|row| row.clinic == clinic && row.revision == content.revision)
            .map(|row| row.verdict)
    }

    /// Keeps a verdict.
    ///
    /// # Errors
    /// When the file cannot be written. The verdict is known all the same, until
    /// the process ends.
    pub fn keep(&self, content: &Content, clinic: &str, verdict: Verdict) -> io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|row| row.clinic != clinic || row.revision != content.revision);
        kept.push(Row {
            clinic: clinic.to_owned(),
            revision: content.revision.clone(),
            verdict,
        });
        let excess = kept.len().saturating_sub(KEPT_MAX);
        kept.drain(..excess);
        let Some(file) = &self.file else {
            return Ok(());
        };
        let text = serde_json::to_vec_pretty(&File {
            prover: PROVER_VERSION.to_owned(),
            verdicts: kept.clone(),
        })?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Whole or not at all: half a file holds no verdict, and would be read as
        // none.
        let half = file.with_extension("json.new");
        fs::write(&half, text)?;
        fs::rename(&half, file)
    }
}
