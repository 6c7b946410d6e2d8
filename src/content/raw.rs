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

mod hearing;
mod script;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::text::{Text, TextError};
use crate::ids::Lang;
use crate::triage::Level;

pub use hearing::*;
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
    pub moves: Pairs<Move>,
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
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMoveStep {
    en: String,
    es: String,
    #[serde(default)]
    picture: Option<Name>,
}

impl TryFrom<WrittenMoveStep> for MoveStep {
    type Error = TextError;

    fn try_from(written: WrittenMoveStep) -> Result<Self, Self::Error> {
        Ok(Self {
            say: Text::parse(&written.en, &written.es)?,
            picture: written.picture,
        })
    }
}

/// Steps that stand in the place of the usual ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instead {
    pub with: Vec<Name>,
    #[serde(default)]
    pub name: Option<Text>,
    pub steps: Vec<MoveStep>,
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

/// Words of a drawing: those drawn below it, and what is on it for those who
/// cannot see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    pub caption: Text,
    pub alt: Text,
}

/// `clinics/<name>.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clinic {
    pub name: String,
    pub staff_language: Lang,
    pub zone: Name,
    pub phones: Vec<Phone>,
    pub contact_name: ContactName,
    pub emergency_number: String,
    pub crisis_number: String,
    pub scheduler: Option<Name>,
    pub hours: Option<Vec<Hours>>,
    pub hours_text: Text,
    #[serde(default)]
    pub on_call: Vec<OnCall>,
    pub keeps_days: KeepsDays,
    pub team: Text,
    pub practitioners: Vec<Practitioner>,
    /// What the clinic offers, and who gives it.
    #[serde(default)]
    pub services: Pairs<Text>,
    pub profile: Profile,
    #[serde(default)]
    pub links: Pairs<Link>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub e164: Name,
    pub written: Name,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactName {
    pub first: String,
    #[serde(default)]
    pub last: String,
}

/// For how many days each kind of what is stored is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepsDays {
    /// A patient's answers, from their last message on, and all else of them.
    pub answers: u32,
    /// A case, once it is closed; never longer than the answers.
    pub closed_cases: u32,
    /// What could not be delivered or turned.
    pub undelivered: u32,
    /// The rows of the audit log.
    pub audit: u32,
    /// What is counted of each day.
    pub numbers: u32,
}

/// Who is told by name when nobody takes an urgent case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnCall {
    /// As staff know them.
    pub name: String,
    /// When it is their turn; a turn past midnight is two.
    pub hours: Vec<Hours>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub days: Vec<Day>,
    pub from: String,
    pub to: String,
}

impl Day {
    /// Every day of the week.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practitioner {
    pub id: String,
    pub name: String,
    pub credential: String,
    pub service: Text,
    pub about: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: Text,
    pub description: Text,
    pub short_description: Text,
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
