//! `moves.yaml` and `pictures.yaml`, as they are written.

use serde::Deserialize;

use super::{Name, Pairs};
use crate::content::felt::FeltEntry;
use crate::content::text::{Text, TextError};
use crate::content::told::ToldEntry;

/// `moves.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moves {
    #[serde(default)]
    pub reviewed_by: Option<String>,
    pub warm_up: Text,
    pub stop_rules: Text,
    pub every_push: Text,
    pub every_move: Text,
    /// What these four rest on.
    #[serde(default)]
    pub sources: Vec<Name>,
    #[serde(default)]
    pub ask_later: Option<AskLater>,
    #[serde(default)]
    pub felt: FeltEntry,
    #[serde(default)]
    pub notes: Pairs<Note>,
    #[serde(default)]
    pub told: ToldEntry,
    pub moves: Pairs<Move>,
}

/// Said before the first move to those whom it concerns.
#[derive(Debug, Deserialize)]
#[serde(try_from = "WrittenNote")]
pub struct Note {
    pub say: Text,
    pub with: Vec<Name>,
    pub unless: Vec<Name>,
    pub source: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNote {
    with: Vec<Name>,
    #[serde(default)]
    unless: Vec<Name>,
    en: String,
    es: String,
    #[serde(default)]
    source: Vec<Name>,
}

impl TryFrom<WrittenNote> for Note {
    type Error = TextError;

    fn try_from(written: WrittenNote) -> Result<Self, Self::Error> {
        Ok(Self {
            say: Text::parse(&written.en, &written.es)?,
            with: written.with,
            unless: written.unless,
            source: written.source,
        })
    }
}

/// The question some days after the first move.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskLater {
    pub days: u32,
    pub opens: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    pub name: Text,
    pub push: Push,
    pub dose: Text,
    pub steps: Vec<MoveStep>,
    pub caveats: Text,
    #[serde(default)]
    pub pace: Option<Pace>,
    #[serde(default)]
    pub easier: Option<Easier>,
    #[serde(default)]
    pub changes: Pairs<Change>,
    #[serde(default)]
    pub instead: Vec<Instead>,
    #[serde(default)]
    pub sources: Vec<Name>,
    #[serde(default)]
    pub reviewed_by: Option<String>,
}

/// A step of a move: its words, and the drawing that shows it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "WrittenMoveStep")]
pub struct MoveStep {
    pub say: Text,
    pub picture: Option<Name>,
    pub afterwards: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMoveStep {
    en: String,
    es: String,
    #[serde(default)]
    picture: Option<Name>,
    #[serde(default)]
    afterwards: bool,
}

impl TryFrom<WrittenMoveStep> for MoveStep {
    type Error = TextError;

    fn try_from(written: WrittenMoveStep) -> Result<Self, Self::Error> {
        Ok(Self {
            say: Text::parse(&written.en, &written.es)?,
            picture: written.picture,
            afterwards: written.afterwards,
        })
    }
}

/// Another way, in the place of the usual one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instead {
    pub with: Vec<Name>,
    #[serde(default)]
    pub name: Option<Text>,
    pub dose: Text,
    pub steps: Vec<MoveStep>,
    pub caveats: Text,
    #[serde(default)]
    pub easier: Option<Easier>,
    #[serde(default)]
    pub changes: Pairs<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    #[serde(default)]
    pub hold_seconds: Option<u32>,
    #[serde(default)]
    pub times: Option<u32>,
    #[serde(default = "once")]
    pub sides: u32,
    #[serde(default = "once")]
    pub sets: u32,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Easier {
    pub say: Text,
    #[serde(default)]
    pub hold_seconds: Option<u32>,
    #[serde(default)]
    pub picture: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Push {
    None,
    Low,
    Moderate,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    Keep,
    Drop,
    #[serde(rename = "change")]
    Adapt(Text),
}

/// `pictures.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    pub pictures: Pairs<Picture>,
}

/// What is on a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// Somebody in a position, to be copied.
    #[default]
    Position,
    /// Nothing that the body could copy.
    Thing,
}

/// Words of a drawing: those drawn below it, and what is on it for those who
/// cannot see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    #[serde(default)]
    pub shows: Shows,
    pub caption: Text,
    pub alt: Text,
}
