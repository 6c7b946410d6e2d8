//! The text of `dialogs/` to valid, immutable values.
//!
//! Pure: files come in as [`Sources`], findings go out as [`Diagnostic`]s. It
//! says what a file means and where it is wrong; whether a dialog is safe is
//! for the proof, and what happens in a conversation is for `dialog`.

mod bibliography;
mod build;
mod calls;
mod cards;
mod choices;
mod clinic;
mod consent;
mod diagnostic;
mod dialogs;
mod felt;
mod find;
mod flags;
mod hearing;
mod identifiers;
mod model;
mod must_hear;
mod not_for;
mod pictures;
mod raw;
mod readability;
mod slots;
mod text;
mod told;
mod whose;
mod words;

use std::collections::BTreeMap;

use crate::ids::Revision;

pub use bibliography::{Bibliography, Cited, Decision, Key, Seed};
pub use choices::chosen;
pub use consent::Consent;
pub use diagnostic::{Diagnostic, Place, Severity, nearest};
pub use felt::{Feeling, Felt};
pub use find::{Finder, Found, Spot, Term};
pub use model::*;
pub use text::{NoValues, RichText, Template, Text, TextError, Values, With};
pub use words::Words;

/// A file larger than this is a mistake, not a dialog.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// The files of a content, by their path below its folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// Text by path, with `/` between folders.
    pub files: BTreeMap<String, String>,
}

impl Sources {
    /// The hash of the files whose path `of` accepts.
    #[must_use]
    pub fn revision(&self, of: impl Fn(&str) -> bool) -> Revision {
        let mut hash = blake3::Hasher::new();
        for (path, text) in self.files.iter().filter(|(path, _)| of(path)) {
            for part in [path, text] {
                hash.update(&(part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        Revision::new(&hash.finalize().to_hex().as_str()[..16])
    }

    /// These sources with the dialogs of `older`, as a pinned conversation
    /// needs them: old script, newest safety.
    #[must_use]
    pub fn with_script_of(&self, older: &Self) -> Self {
        let mut files = self.files.clone();
        files.retain(|path, _| !is_script(path));
        files.extend(
            older
                .files
                .iter()
                .filter(|(path, _)| is_script(path))
                .map(|(path, text)| (path.clone(), text.clone())),
        );
        Self { files }
    }

    /// The files of one clinic: its own dialogs stand in for those of the same
    /// file name that all clinics share.
    #[must_use]
    pub fn of_clinic(&self, clinic: &str) -> Self {
        let own = format!("clinics/{clinic}/");
        let is_kept = |path: &str| match path.strip_prefix("clinics/") {
            Some(rest) => !rest.contains('/') || path.starts_with(&own),
            None => !is_script(path) || !self.files.contains_key(&format!("{own}{path}")),
        };
        let files = self.files.iter().filter(|(path, _)| is_kept(path));
        Self {
            files: files
                .map(|(path, text)| (path.clone(), text.clone()))
                .collect(),
        }
    }

    /// The dialogs alone, as they are kept for pinned conversations.
    #[must_use]
    pub fn script(&self) -> Self {
        Self {
            files: self
                .files
                .iter()
                .filter(|(path, _)| is_script(path))
                .map(|(path, text)| (path.clone(), text.clone()))
                .collect(),
        }
    }
}

/// Files that decide safety, and the engine's own.
const NAMED_FILES: [&str; 10] = [
    "red-flags.yaml",
    "cards.yaml",
    "moves.yaml",
    "pictures.yaml",
    TEXTS_FILE,
    "bot.yaml",
    BIBLIOGRAPHY_FILE,
    FIND_FILE,
    GLOSSARY_FILE,
    IDENTIFIERS_FILE,
];
const BIBLIOGRAPHY_FILE: &str = "sources.yaml";
const TEXTS_FILE: &str = "texts.yaml";
const FIND_FILE: &str = "find.yaml";
const GLOSSARY_FILE: &str = "glossary.yaml";
const IDENTIFIERS_FILE: &str = "identifiers.yaml";
const SAFETY_FILES: [&str; 2] = ["red-flags.yaml", "cards.yaml"];
/// The folder of what typed text is held against.
const HEARING_FOLDER: &str = "hearing/";
/// The second net's weights: made, not written.
pub const WEIGHTS_FILE: &str = "hearing/learned.weights";

fn is_safety(path: &str) -> bool {
    SAFETY_FILES.contains(&path) || path.starts_with(HEARING_FOLDER)
}

/// Whether this is a dialog's file: every clinic's, or one clinic's own. What
/// decides safety is the same for all.
fn is_script(path: &str) -> bool {
    let own = path
        .strip_prefix("clinics/")
        .and_then(|rest| rest.split_once('/'));
    let name = own.map_or(path, |(_, name)| name);
    name.ends_with(".yaml") && !name.contains('/') && !NAMED_FILES.contains(&name)
}

/// Rows that must hold of the content, written apart from it: read by the proof.
pub const TABLE_FILE: &str = "clinical_table.tsv";

/// What parsing gives: a content with the warnings it has, or what is wrong.
pub struct Parsed {
    /// The content.
    pub content: Content,
    /// Findings that keep nothing from working.
    pub warnings: Vec<Diagnostic>,
}

/// Parses the files for one clinic.
///
/// # Errors
/// Everything that is wrong, at once, each with its place.
pub fn parse(sources: &Sources, clinic: &str) -> Result<Parsed, Vec<Diagnostic>> {
    build::build(sources, clinic)
}

/// The clinics a content has files for.
pub fn clinics(sources: &Sources) -> impl Iterator<Item = &str> {
    sources
        .files
        .keys()
        .filter_map(|path| path.strip_prefix("clinics/")?.strip_suffix(".yaml"))
        .filter(|name| !name.contains('/'))
}
