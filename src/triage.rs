//! From flags to a level.
//!
//! Pure. Rules list flags that must be present, never absent, so one more flag
//! can raise the level and never lower it. What a level does to a conversation
//! is [`crate::dialog`]'s work.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{CardId, FlagId, PatientText, RuleId, Timestamp};

/// How dangerous a set of flags is, from nothing to an emergency.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No flag.
    #[default]
    Clear,
    /// Changes moves, opens no case.
    Caution,
    /// Talk to a doctor or physical therapist first; moves are locked.
    SeeProfessional,
    /// Be seen today; moves are locked.
    UrgentToday,
    /// Call emergency services now; moves are locked.
    EmergencyNow,
}

impl Level {
    /// The levels that lock moves and open a case.
    pub const BLOCKING: [Self; 3] = [Self::SeeProfessional, Self::UrgentToday, Self::EmergencyNow];

    /// Whether moves are locked at this level.
    #[must_use]
    pub fn blocks(self) -> bool {
        self >= Self::SeeProfessional
    }

    /// The word the files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Caution => "caution",
            Self::SeeProfessional => "see-professional",
            Self::UrgentToday => "urgent-today",
            Self::EmergencyNow => "emergency-now",
        }
    }
}

/// How a flag was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A history flag a clinician has looked at since: counts as a caution.
    Settled,
    /// "Not sure": gives the card below, and counts as present in the rules.
    Unsure,
    /// Yes.
    Sure,
}

/// A flag as one patient has stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// How surely.
    pub form: Form,
    /// Whether staff have cleared it: it no longer blocks by itself.
    pub cleared: bool,
}

/// A flag on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFlag {
    /// Which.
    pub flag: FlagId,
    /// How surely it was stated.
    pub form: Form,
    /// How dangerous it is by itself.
    #[serde(default)]
    pub level: Level,
    /// Since when.
    pub since: Timestamp,
}

/// What a patient's turn reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The level now; `Clear` when the patient only asks for a call.
    pub level: Level,
    /// The flags that may be named.
    pub flags: Vec<CaseFlag>,
    /// The rules that raised the level.
    pub rules: Vec<RuleId>,
    /// What the patient wrote, if words raised it.
    pub words: Option<PatientText>,
    /// Nothing of it may be named: a number only, no alert.
    pub private: bool,
    /// It stands for answers that were deleted.
    pub deleted: bool,
}

/// What the rules need to know of one flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagRule {
    /// Its level; `Clear` for a clue, which only counts in rules.
    pub level: Level,
    /// The card it gives instead of its level's.
    pub card: Option<CardId>,
}

/// Flags that raise the level when they come together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name in the files.
    pub id: RuleId,
    /// Each of these must be present.
    pub all: Vec<FlagId>,
    /// One of these must be present; empty asks for none.
    pub any: Vec<FlagId>,
    /// At least `count` of these must be present.
    pub at_least: Option<AtLeast>,
    /// The level it gives.
    pub level: Level,
    /// The card it gives instead of its level's.
    pub card: Option<CardId>,
}

/// "Two or more of these."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtLeast {
    /// How many must be present; at least 1.
    pub count: usize,
    /// Of which flags.
    pub of: Vec<FlagId>,
}

impl Rule {
    /// Every flag the rule reads.
    pub fn flags(&self) -> impl Iterator<Item = &FlagId> {
        self.all
            .iter()
            .chain(&self.any)
            .chain(self.at_least.iter().flat_map(|at_least| &at_least.of))
    }

    fn holds(&self, present: impl Fn(&FlagId) -> bool) -> bool {
        self.all.iter().all(&present)
            && (self.any.is_empty() || self.any.iter().any(&present))
            && self.at_least.as_ref().is_none_or(|at_least| {
                at_least.of.iter().filter(|flag| present(flag)).count() >= at_least.count
            })
    }

    /// The rule holds, and not on cleared flags alone: staff have not yet seen
    /// this combination.
    fn holds_anew(&self, stated: &BTreeMap<FlagId, Stated>) -> bool {
        self.holds(|flag| stated.contains_key(flag))
            && self
                .flags()
                .any(|flag| stated.get(flag).is_some_and(|stated| !stated.cleared))
    }

    /// Whether this rule stands above `level`: a higher level, or the same with
    /// a card of its own ("go now").
    fn stands_above(&self, level: Level) -> bool {
        self.level > level || (self.level == level && self.card.is_some())
    }
}

/// All flags and rules of a content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// By id.
    pub flags: BTreeMap<FlagId, FlagRule>,
    /// In the order of the file.
    pub rules: Vec<Rule>,
}

/// What a set of stated flags comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// The highest level of any flag or rule.
    pub level: Level,
    /// The flags that block or complete a blocking rule, and are not cleared.
    pub flags: Vec<FlagId>,
    /// The blocking rules that hold.
    pub rules: Vec<RuleId>,
    /// Own cards at the highest level; `None` stands for the level's card.
    pub cards: Vec<Option<CardId>>,
}

impl Rules {
    /// The level a flag gives when stated in `form`.
    #[must_use]
    pub fn level_of(&self, flag: &FlagId, form: Form) -> Level {
        let own = self.flags.get(flag).map_or(Level::Clear, |rule| rule.level);
        match form {
            Form::Sure => own,
            Form::Unsure => match own {
                Level::EmergencyNow => Level::UrgentToday,
                Level::UrgentToday | Level::SeeProfessional => Level::SeeProfessional,
                Level::Caution => Level::Caution,
                Level::Clear => Level::Clear,
            },
            Form::Settled => own.min(Level::Caution),
        }
    }

    /// The level of `stated` alone, without the reasons.
    #[must_use]
    pub fn level(&self, stated: &BTreeMap<FlagId, Stated>) -> Level {
        self.judge(stated).level
    }

    /// Judges what a patient has stated.
    #[must_use]
    pub fn judge(&self, stated: &BTreeMap<FlagId, Stated>) -> Judgement {
        let mut judgement = Judgement::default();
        if stated.is_empty() {
            return judgement;
        }
        let mut reasons: Vec<(Level, Option<&CardId>, bool)> = Vec::new();
        let mut involved = BTreeSet::new();
        for (flag, stated) in stated {
            let level = self.level_of(flag, stated.form);
            if stated.cleared {
                // A cleared flag blocks nothing by itself, but moves still heed it.
                judgement.level = judgement.level.max(level.min(Level::Caution));
                continue;
            }
            judgement.level = judgement.level.max(level);
            if level.blocks() {
                involved.insert(flag.clone());
                let card = self.flags.get(flag).and_then(|rule| rule.card.as_ref());
                // An own card says more than the level's, unsure or not: it
                // carries the crisis line, or keeps a private answer private.
                reasons.push((level, card, false));
            }
        }
        for rule in &self.rules {
            if rule.holds_anew(stated) {
                judgement.level = judgement.level.max(rule.level);
                judgement.rules.push(rule.id.clone());
                involved.extend(
                    rule.flags()
                        .filter(|flag| stated.contains_key(*flag))
                        .cloned(),
                );
                reasons.push((rule.level, rule.card.as_ref(), true));
            }
        }
        judgement.flags = involved.into_iter().collect();
        if judgement.level.blocks() {
            judgement.cards = cards_at(judgement.level, &reasons);
        }
        judgement
    }

    /// The flags not yet asked that would, each alone, complete a rule standing
    /// above `level`.
    #[must_use]
    pub fn completing(
        &self,
        stated: &BTreeMap<FlagId, Stated>,
        level: Level,
        asked: impl Fn(&FlagId) -> bool,
    ) -> Vec<FlagId> {
        let mut found = Vec::new();
        for rule in self.rules.iter().filter(|rule| {
            rule.stands_above(level) && !rule.holds(|flag| stated.contains_key(flag))
        }) {
            for flag in rule.flags() {
                if !stated.contains_key(flag)
                    && !asked(flag)
                    && !found.contains(flag)
                    && rule.holds(|other| other == flag || stated.contains_key(other))
                {
                    found.push(flag.clone());
                }
            }
        }
        found
    }
}

/// The cards shown at `level`: one for the level (a rule's own card stands in
/// for it), then each flag's own.
fn cards_at(level: Level, reasons: &[(Level, Option<&CardId>, bool)]) -> Vec<Option<CardId>> {
    let here = || reasons.iter().filter(|(at, ..)| *at == level);
    let mut cards = Vec::new();
    let rule_card = here().find_map(|(_, card, from_rule)| card.filter(|_| *from_rule));
    if let Some(card) = rule_card {
        cards.push(Some(card.clone()));
    } else if here().any(|(_, card, _)| card.is_none()) {
        cards.push(None);
    }
    for (_, card, from_rule) in here() {
        if let (Some(card), false) = (card, from_rule) {
            let card = Some((*card).clone());
            if !cards.contains(&card) {
                cards.push(card);
            }
        }
    }
    cards
}
