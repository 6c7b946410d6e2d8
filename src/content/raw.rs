//! The files as they are written, before names are looked up.
//!
//! Plain structs and externally tagged enums only: flattened and untagged ones
//! lose the places that diagnostics point at.

#![expect(
    missing_docs,
    reason = "the format is explained once, in docs/dialog-language.md"
)]
#![expect(
    dead_code,
    reason = "sources and reasons are for those who read the files"
)]

mod clinic;
mod hearing;
mod moves;
mod script;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::text::Text;
use crate::triage::Level;

pub use clinic::*;
pub use hearing::*;
pub use moves::*;
pub use script::*;

/// A name together with its place.
pub type Name = Spanned<String>;

/// A map in the order of the file, with the places of its keys.
#[derive(Debug, Clone)]
pub struct Pairs<V>(pub Vec<(Name, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
            type Value = Pairs<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// `red-flags.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedFlags {
    #[serde(default)]
    pub reviewed_by: Option<String>,
    pub history_question: Text,
    /// What the second question of a history and the titles rest on.
    #[serde(default)]
    pub source: Vec<Name>,
    pub cleared_days: ClearedDays,
    pub flags: Pairs<Flag>,
    pub rules: Vec<Rule>,
    pub screens: Vec<Screen>,
}

/// For how many days staff clear a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearedDays {
    /// History flags.
    pub history: u32,
    /// All others.
    pub other: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    #[serde(default)]
    pub level: Option<FlagLevel>,
    #[serde(default)]
    pub kind: Option<FlagKind>,
    pub question: Text,
    pub button: Text,
    pub words: Text,
    #[serde(default)]
    pub card: Option<Name>,
    #[serde(default)]
    pub notify: Option<Notify>,
    #[serde(default)]
    pub history: Option<History>,
    #[serde(default)]
    pub follow_up: Option<Name>,
    #[serde(default)]
    pub only_with: Option<Name>,
    #[serde(default)]
    pub ends_screens: bool,
    /// The options of care that are not for somebody with it.
    #[serde(default)]
    pub against: Vec<Name>,
    #[serde(default)]
    pub source: Vec<Name>,
    #[serde(default)]
    pub names_kept: Option<String>,
    #[serde(default)]
    pub why: Option<String>,
    #[serde(default)]
    pub notes: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagLevel {
    EmergencyNow,
    UrgentToday,
    SeeProfessional,
    Caution,
}

impl From<FlagLevel> for Level {
    fn from(level: FlagLevel) -> Self {
        match level {
            FlagLevel::EmergencyNow => Self::EmergencyNow,
            FlagLevel::UrgentToday => Self::UrgentToday,
            FlagLevel::SeeProfessional => Self::SeeProfessional,
            FlagLevel::Caution => Self::Caution,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagKind {
    Clue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// Staff are told at once, or when the clinic opens.
    #[default]
    Always,
    /// Staff learn only a case number until the patient asks.
    OnRequest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    pub allows: Vec<Name>,
    pub since: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: Name,
    #[serde(default)]
    pub all: Vec<Name>,
    #[serde(default)]
    pub any: Vec<Name>,
    #[serde(default)]
    pub at_least: Option<AtLeast>,
    pub level: FlagLevel,
    #[serde(default)]
    pub card: Option<Name>,
    #[serde(default)]
    pub why: Option<String>,
    #[serde(default)]
    pub source: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    pub count: usize,
    pub of: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    pub id: Name,
    pub style: ScreenStyle,
    #[serde(default)]
    pub title: Option<Text>,
    pub flags: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenStyle {
    Question,
    List,
}

/// `cards.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    #[serde(default)]
    pub reviewed_by: Option<String>,
    pub cards: Pairs<Card>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    #[serde(default)]
    pub level: Option<FlagLevel>,
    /// The flags and rules whose own it is; for one without a level.
    #[serde(default)]
    pub only_for: Vec<Name>,
    pub text: Text,
    #[serde(default)]
    pub extra: Vec<Extra>,
    #[serde(default)]
    pub last: Option<Text>,
    #[serde(default)]
    pub answers: Vec<CardAnswer>,
    #[serde(default)]
    pub source: Vec<Name>,
    #[serde(default)]
    pub names_kept: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    pub with: Vec<Name>,
    pub text: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardAnswer {
    pub id: Name,
    pub label: Text,
    #[serde(default)]
    pub typed_label: Option<Text>,
    #[serde(default)]
    pub reply: Option<Text>,
    #[serde(default)]
    pub note: Option<Text>,
    #[serde(default)]
    pub opens: Option<Name>,
    #[serde(default)]
    pub asks_call: bool,
}

/// `bot.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    pub menu: Name,
    pub screening: Name,
    pub person: Name,
    /// The dialog that asks for consent; its text has a version.
    #[serde(default)]
    pub consent: Option<Name>,
    pub commands: Vec<Command>,
    /// What a clinic can offer.
    #[serde(default)]
    pub services: Vec<Name>,
    #[serde(default)]
    pub links: Pairs<Link>,
    #[serde(default)]
    pub staff_commands: Vec<StaffCommand>,
    #[serde(default)]
    pub answers: Vec<ReadyAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    pub name: Name,
    #[serde(default)]
    pub opens: Option<Name>,
    #[serde(default)]
    pub does: Option<CommandDeed>,
    pub about: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandDeed {
    Stop,
    /// Sends what is stored of the patient, as files.
    MyData,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffCommand {
    pub name: Name,
    pub does: StaffDeed,
    pub about: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadyAnswer {
    pub name: Name,
    pub label: Text,
    pub text: Text,
    #[serde(default)]
    pub source: Vec<Name>,
}

/// What a command of the staff chat does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffDeed {
    /// Lists the open cases.
    Open,
    /// Posts one case's card again.
    Case,
    /// Shows a case's patient: every case, and what is cleared.
    Patient,
    /// Writes something down on a case, for staff alone.
    Note,
    /// Closes a case, with a note.
    Close,
    /// Offers the ready answers for a case, or sends one.
    Say,
    /// Makes somebody the owner, or asks to join.
    Pair,
    /// Lists the team; an owner changes it there.
    Team,
    /// Shows the numbers of the last days.
    Stats,
    /// Names who is on call.
    OnCall,
    /// Takes the sound from all but emergencies for a while.
    Mute,
    /// Lists what could not be delivered.
    Dead,
    /// Sends a marked alarm to everybody on the ladder; an owner's.
    Drill,
    /// Lists the commands.
    Help,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub opens: Name,
    #[serde(default)]
    pub set: Pairs<Name>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByLang {
    pub en: Vec<String>,
    pub es: Vec<String>,
}
