//! `hearing/*.yaml`: classes, cues and signs. A file may hold any of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Name, Pairs};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hearing {
    #[serde(default)]
    pub classes: Pairs<Class>,
    #[serde(default)]
    pub respell: Pairs<String>,
    #[serde(default)]
    pub respell_beside: Vec<Beside>,
    #[serde(default)]
    pub numbers: BTreeMap<String, u32>,
    #[serde(default)]
    pub common: Vec<Name>,
    #[serde(default)]
    pub read: Pairs<Name>,
    #[serde(default)]
    pub foreign: Pairs<Name>,
    #[serde(default)]
    pub roles: Roles,
    #[serde(default)]
    pub cues: Cues,
    #[serde(default)]
    pub signs: Vec<Sign>,
    /// For each flag sentences that no row may keep from being heard.
    #[serde(default)]
    pub must_hear: Pairs<Sentences>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sentences {
    pub en: Vec<Name>,
    pub es: Vec<Name>,
}

/// Words of both languages, each list separated by commas.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(default)]
    pub en: Option<Name>,
    #[serde(default)]
    pub es: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    #[serde(default)]
    pub en: Option<Name>,
    #[serde(default)]
    pub es: Option<Name>,
    #[serde(default)]
    pub also: Vec<Name>,
    #[serde(default)]
    pub negative: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    pub from: String,
    pub to: String,
    #[serde(default)]
    pub after: String,
    #[serde(default)]
    pub before: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    pub fillers: Words,
    pub negations: Words,
    pub not_negations: Words,
    pub answers_no: Words,
    pub contrasts: Words,
    pub joiners: Words,
    pub starters: Words,
    pub links: Words,
    pub selves: Words,
    pub restarts: Words,
    pub now: Words,
    pub back: Words,
    pub verbs: Words,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cues {
    pub idioms: Vec<Name>,
    pub supposed: Vec<Name>,
    pub aside: Vec<Name>,
    #[serde(default)]
    pub offered: Vec<Name>,
    pub asked: Vec<Name>,
    pub others: Vec<Name>,
    pub family: Vec<Name>,
    pub no_person: Vec<Name>,
    pub resolved: Vec<Name>,
    pub ruled_out: Vec<Name>,
    pub past: Vec<Name>,
    pub admitted: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    #[serde(default)]
    pub flag: Option<Name>,
    #[serde(default)]
    pub part: Option<Name>,
    #[serde(default)]
    pub of_others: bool,
    #[serde(default)]
    pub lasting: bool,
    #[serde(default)]
    pub says: Vec<Name>,
    #[serde(default)]
    pub maybe: Vec<Name>,
    #[serde(default)]
    pub unless: Vec<Name>,
    #[serde(default)]
    pub together: Vec<Vec<Name>>,
    #[serde(default)]
    pub instead_of: Vec<Name>,
    #[serde(default)]
    pub matches: Vec<Name>,
    #[serde(default)]
    pub asks: Vec<Name>,
    #[serde(default)]
    pub not: Vec<Name>,
}
