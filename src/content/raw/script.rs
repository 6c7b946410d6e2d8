//! One file a dialog, as it is written.

use serde::Deserialize;

use super::{FlagLevel, Name, Pairs};
use crate::content::text::{Text, TextError};
use crate::ids::Lang;

/// `<dialog>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialog {
    pub dialog: Name,
    #[serde(default)]
    pub kind: Option<Kind>,
    #[serde(default)]
    pub stays_open: Option<FlagLevel>,
    #[serde(default)]
    pub kept_until: Option<Name>,
    pub start: Name,
    pub steps: Pairs<Step>,
    #[serde(default)]
    pub source: Vec<Name>,
    #[serde(default)]
    pub reviewed_by: Option<String>,
}

/// What a dialog is for, and with that how easy its words must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Leads on, asks for a number, thanks.
    Talks,
    /// Asks about health.
    Asks,
    /// Says what is so, in short cards.
    Teaches,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    pub say: Option<Text>,
    pub not_for: Option<NotFor>,
    pub label: Option<Text>,
    #[serde(default)]
    pub pictures: Vec<Name>,
    pub position_check: Option<PositionCheck>,
    /// Words of a position that tell nobody to take it.
    pub no_position: Vec<String>,
    pub choice: Option<Choice>,
    pub many: Option<Many>,
    pub yes_no: Option<YesNo>,
    pub scale: Option<Number>,
    pub number: Option<Number>,
    pub text: Option<TextAsk>,
    pub screen: Option<Name>,
    #[serde(rename = "move")]
    pub moves: Option<Name>,
    pub answers: Option<Vec<ChoiceOption>>,
    pub play: Option<Play>,
    pub handoff: Option<Handoff>,
    pub request_call: Option<Name>,
    pub call: Option<Name>,
    pub branch: Option<Vec<Arm>>,
    pub summary: Option<Summary>,
    pub end: Option<bool>,
    pub next: Option<Name>,
    pub after: Option<After>,
    pub source: Vec<Name>,
    pub names_kept: Option<String>,
}

/// A position to take before the question is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionCheck {
    #[serde(default)]
    pub left_out_with: Vec<Name>,
    pub next: Name,
}

/// For whom an option of care is not: a list below the step's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotFor {
    pub option: Name,
    pub lines: Vec<NotForLine>,
}

/// One line of it, and the flags it speaks of; a closing line may speak of none.
#[derive(Debug, Deserialize)]
#[serde(try_from = "WrittenNotForLine")]
pub struct NotForLine {
    pub say: Text,
    pub flags: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNotForLine {
    en: String,
    es: String,
    #[serde(default)]
    flags: Vec<Name>,
}

impl TryFrom<WrittenNotForLine> for NotForLine {
    type Error = TextError;

    fn try_from(written: WrittenNotForLine) -> Result<Self, Self::Error> {
        Ok(Self {
            say: Text::parse(&written.en, &written.es)?,
            flags: written.flags,
        })
    }
}

/// Whether an answer outlives a new start of its dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "KeepWord")]
pub enum Keep {
    /// A new start empties it.
    #[default]
    Not,
    /// It stays until the safety questions have to be answered anew.
    Today,
    /// It stays.
    Always,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum KeepWord {
    Flag(bool),
    Word(String),
}

impl TryFrom<KeepWord> for Keep {
    type Error = &'static str;

    fn try_from(word: KeepWord) -> Result<Self, Self::Error> {
        match word {
            KeepWord::Flag(false) => Ok(Self::Not),
            KeepWord::Flag(true) => Ok(Self::Always),
            KeepWord::Word(word) if word == "today" => Ok(Self::Today),
            KeepWord::Word(_) => Err("`keep` is `true` or `today`"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    #[serde(default)]
    pub slot: Option<Name>,
    #[serde(default)]
    pub keep: Keep,
    pub options: Vec<ChoiceOption>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Many {
    #[serde(default)]
    pub slot: Option<Name>,
    #[serde(default)]
    pub keep: Keep,
    pub options: Vec<ChoiceOption>,
    #[serde(default)]
    pub none: Option<NoneOption>,
    pub next: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoneOption {
    pub label: Text,
    pub next: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YesNo {
    #[serde(default)]
    pub slot: Option<Name>,
    #[serde(default)]
    pub keep: Keep,
    pub yes: Answer,
    pub no: Answer,
    #[serde(default)]
    pub not_sure: Option<Answer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    #[serde(default)]
    pub slot: Option<Name>,
    #[serde(default)]
    pub keep: Keep,
    pub from: i64,
    pub to: i64,
    pub next: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextAsk {
    #[serde(default)]
    pub slot: Option<Name>,
    pub kind: TextKind,
    pub next: Name,
}

/// What a typed answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextKind {
    /// A phone number, typed or shared: the one thing kept as it is written.
    Phone,
    /// Words; kept as "something was written".
    Words,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    pub moves: Vec<Name>,
    pub hurt: Answer,
    pub numb: Answer,
    pub next: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handoff {
    #[serde(default)]
    pub phone: bool,
    #[serde(default)]
    pub contact: bool,
    #[serde(default)]
    pub scheduler: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub next: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    pub minutes: u32,
    pub go: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    #[serde(default, rename = "if")]
    pub when: Option<Condition>,
    pub go: Name,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub next: Option<Name>,
    pub set: Pairs<Name>,
    pub raise: Vec<Name>,
    pub raise_unsure: Vec<Name>,
    pub ask_again: Vec<Name>,
    pub language: Option<Lang>,
    pub erase: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceOption {
    pub id: Name,
    pub label: Text,
    #[serde(default)]
    pub next: Option<Name>,
    #[serde(default)]
    pub set: Pairs<Name>,
    #[serde(default)]
    pub raise: Vec<Name>,
    #[serde(default)]
    pub raise_unsure: Vec<Name>,
    #[serde(default)]
    pub ask_again: Vec<Name>,
    #[serde(default)]
    pub language: Option<Lang>,
    #[serde(default)]
    pub erase: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Has(Name),
    Count(Count),
    Number(NumberIn),
    LevelAtLeast(FlagLevel),
    Cleared(bool),
    Offers(Name),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    pub of: Vec<Name>,
    pub from: usize,
    #[serde(default)]
    pub to: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberIn {
    pub slot: Name,
    pub from: i64,
    pub to: i64,
}
