//! One file a clinic, as it is written.

use serde::Deserialize;

use super::{Link, Name, Pairs};
use crate::content::text::Text;
use crate::ids::Lang;

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
    pub prices_text: Text,
    #[serde(default)]
    pub on_call: Vec<OnCall>,
    /// After so many minutes an urgent case comes back whose patient nobody could reach.
    #[serde(default = "half_an_hour")]
    pub try_again_minutes: u32,
    pub keeps_days: KeepsDays,
    pub team: Text,
    pub practitioners: Vec<Practitioner>,
    /// What the clinic offers, and who gives it.
    #[serde(default)]
    pub services: Pairs<Text>,
    pub profile: Profile,
    #[serde(default)]
    pub links: Pairs<Link>,
    /// What all of it rests on but what is said of each person.
    #[serde(default)]
    pub source: Vec<Name>,
}

const fn half_an_hour() -> u32 {
    30
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

/// How hours are written that end with the day.
pub const MIDNIGHT: &str = "24:00";

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
    #[serde(default)]
    pub source: Vec<Name>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: Text,
    pub description: Text,
    pub short_description: Text,
}
