//! Whose card waits for the screens, and what lets go of it: read from the flags and
//! the rules once, and asked at every place.

use std::collections::{BTreeMap, BTreeSet};

use super::Machine;
use crate::content::{Content, Flag, Notify};
use crate::ids::FlagId;
use crate::triage::{Form, Level, Stated};

/// What the flags of one content can do to a card that waits.
pub(super) struct Signs {
    /// Flags whose card, in one of their forms, waits for the screens.
    waiting: BTreeSet<FlagId>,
    /// The first that waits, surely stated, and that no second question lets go of.
    first_that_waits: Option<FlagId>,
    /// The first that waits, and that a second question lets go of.
    first_history: Option<FlagId>,
    may_wait: bool,
    can_settle: bool,
}

impl Signs {
    pub(super) fn of(content: &Content) -> Self {
        let waiting: BTreeSet<FlagId> = content
            .flags
            .iter()
            .filter(|(id, flag)| waits(content, id, flag))
            .map(|(id, _)| id.clone())
            .collect();
        let goes = |flag: &FlagId| lets_go(content, flag);
        let is_sure =
            |flag: &FlagId| content.rules.level_of(flag, Form::Sure) == Level::SeeProfessional;
        let rules = &content.rules.rules;
        Self {
            first_that_waits: waiting
                .iter()
                .find(|flag| !goes(flag) && is_sure(flag))
                .cloned(),
            first_history: waiting.iter().find(|flag| goes(flag)).cloned(),
            may_wait: !waiting.is_empty()
                || rules
                    .iter()
                    .any(|rule| rule.level == Level::SeeProfessional),
            can_settle: content.flags.iter().any(|(id, flag)| {
                goes(id) || (flag.notify == Notify::OnRequest && waiting.contains(id))
            }),
            waiting,
        }
    }
}

/// Whether the card of a flag waits, in one of its forms. A rule that holds on the flag
/// alone holds beside others too, and what it gives may be too high to wait.
fn waits(content: &Content, id: &FlagId, flag: &Flag) -> bool {
    let waits_as = |form| {
        let stated = Stated {
            form,
            cleared: false,
        };
        let alone = BTreeMap::from([(id.clone(), stated)]);
        content.rules.level(&alone) == Level::SeeProfessional
    };
    !flag.ends_screens
        && content.rules.level_of(id, Form::Unsure) == Level::SeeProfessional
        && (waits_as(Form::Unsure) || waits_as(Form::Sure))
}

fn lets_go(content: &Content, flag: &FlagId) -> bool {
    let is_history = |flag: &Flag| flag.history.is_some();
    content.flags.get(flag).is_some_and(is_history)
        && content.rules.level_of(flag, Form::Unsure) <= Level::SeeProfessional
}

impl Machine<'_> {
    /// Whether a history's second question can let go of this flag: it is asked
    /// while its card waits, and an urgent flag stated unsurely waits as well.
    pub fn lets_go(&self, flag: &FlagId) -> bool {
        lets_go(self.content, flag)
    }

    /// Whether the card of a flag, in one of its forms, waits for the screens.
    pub fn waits(&self, flag: &FlagId) -> bool {
        self.signs.waiting.contains(flag)
    }

    /// The first flag whose card waits, and no second question lets go of it.
    pub fn first_that_waits(&self) -> Option<FlagId> {
        self.signs.first_that_waits.clone()
    }

    /// The first history that waits and can be let go of, and each tracked one.
    pub fn first_histories(&self) -> Vec<FlagId> {
        let is_one = |flag: &&FlagId| self.lets_go(flag) && self.waits(flag);
        let tracked = self.tracked.flags.iter().filter(is_one);
        let mut found: Vec<FlagId> = self
            .signs
            .first_history
            .iter()
            .chain(tracked)
            .cloned()
            .collect();
        found.dedup();
        found
    }

    /// Whether any card can wait for the screens.
    pub fn may_wait(&self) -> bool {
        self.signs.may_wait
    }

    /// Whether a card that waits can come to nothing: a history's second question
    /// lets go of it, or staff clear a private answer beside another.
    pub fn can_settle(&self) -> bool {
        self.signs.can_settle
    }

    /// Whether the engine asks something more of whoever states this flag.
    pub fn asks_more(&self, flag: &FlagId) -> bool {
        self.content
            .flags
            .get(flag)
            .is_some_and(|flag| flag.history.is_some() || flag.follow_up.is_some())
    }

    /// Whether a rule can give a card that waits, beside these flags.
    pub fn completes_waiting<'f>(&self, flags: impl Iterator<Item = &'f FlagId>) -> bool {
        let flags: Vec<&FlagId> = flags.collect();
        let mut rules = self.content.rules.rules.iter();
        rules.any(|rule| {
            rule.level == Level::SeeProfessional && rule.flags().any(|flag| flags.contains(&flag))
        })
    }
}
