//! What is remembered of one patient between two turns.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::button::Token;
use super::play::Play;
use crate::content::{Content, RichText, TextKind, Verb};
use crate::ids::PatientText;
use crate::ids::{
    ChoiceId, DialogId, FlagId, Lang, NoteId, PictureId, Revision, ScreenId, SlotId, StepId,
    Timestamp,
};
use crate::triage::{Form, Judgement, Level, Stated};

/// One patient's conversation. Stored after each turn, so field names are
/// part of the stored form: add with a default, never rename.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// The language spoken.
    pub lang: Lang,
    /// The patient chose it; Telegram's own setting no longer counts.
    pub lang_chosen: bool,
    /// The dialogs' revision the patient walks in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Revision>,
    /// The safety revision the answers were given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety: Option<Revision>,
    /// The dialogs being walked, the innermost last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<Frame>,
    /// What they agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consented>,
    /// The answers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<SlotId, Slot>,
    /// Answers that were gone back from, shown when their question comes again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub former: BTreeMap<SlotId, Slot>,
    /// Ticks of a screen that was left before Continue, and when: they stand
    /// when the screen comes again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left: BTreeMap<FlagId, Timestamp>,
    /// What the patient has stated.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<FlagId, FlagNote>,
    /// The screens answered, and when.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub screens: BTreeMap<ScreenId, Timestamp>,
    /// Flags asked one by one since the screens began.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<FlagId>,
    /// When every screen had been answered with nothing that blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clearance: Option<Timestamp>,
    /// The question that waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// What a dialog keeps, while it is walked again (see `Dialog::kept_until`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aside: BTreeMap<DialogId, BTreeMap<SlotId, Slot>>,
    /// Drawings of the open step that did not go out: they come with what is said
    /// there next.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub undrawn: BTreeSet<PictureId>,
    /// Drawings of the open step that did not go out and were tried once more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub redrawn: BTreeSet<PictureId>,
    /// The engine's own questions still to ask.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub queue: VecDeque<Pending>,
    /// Flags that typed words may have stated: asked about until answered, and
    /// moves stay locked meanwhile.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub suspected: BTreeSet<FlagId>,
    /// The screen that counts as answered once the queue is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finishing: Option<ScreenId>,
    /// The way back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) trail: Vec<Crumb>,
    /// The newest question's token.
    pub last_token: Token,
    /// The card in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Warm-up and stop rules have been said since clearance.
    pub moves_introduced: bool,
    /// The notes on moves that have been said since clearance.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub noted: BTreeSet<NoteId>,
    /// When the patient is asked how the moves went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_later: Option<Timestamp>,
    /// A lock left by /delete: the level, without a word of why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<Level>,
    /// The last turn, for keeping nothing longer than promised.
    pub touched: Timestamp,
    /// A reply keyboard is on the patient's screen and must be taken away.
    pub reply_keyboard: bool,
    /// The name the patient shows in the channel: a timer's case needs it too.
    #[serde(skip_serializing_if = "PatientText::is_empty")]
    pub name: PatientText,
    /// Their handle there, without the `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<PatientText>,
    /// That they left in the middle is counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub counted_as_left: bool,
    /// What the patient wrote of a flag whose case waits for the screens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<PatientText>,
}

/// Which text a patient agreed to, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consented {
    /// [`crate::content::Consent::version`].
    pub version: String,
    /// When.
    pub at: Timestamp,
}

/// One dialog being walked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Which.
    pub dialog: DialogId,
    /// At which step.
    pub step: StepId,
    /// It came in between: the question below is asked again when it ends.
    #[serde(default)]
    pub interrupts: bool,
    /// Where it is in the moves that its step plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub play: Option<Play>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// Of a choice or a yes-no question.
    One(ChoiceId),
    /// Of a `many` step; empty when "none of these" was chosen.
    Many(BTreeSet<ChoiceId>),
    /// Of a scale or number step.
    Number(i64),
    /// Something was written; the words are not kept.
    Typed,
    /// A phone number, until it stands on the case.
    Phone(PatientText),
}

/// A flag the patient has stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagNote {
    /// How surely.
    pub form: Form,
    /// Since when.
    pub since: Timestamp,
    /// Until when staff have cleared it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_until: Option<Timestamp>,
    /// It was read in typed words, and never pressed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typed: bool,
}

/// A question that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Stands in its buttons; an older one is stale.
    pub token: Token,
    /// What is asked.
    pub asking: Asking,
    /// Ticks not yet submitted, by their place in the list.
    #[serde(default)]
    pub draft: u32,
    /// When it was asked.
    pub since: Timestamp,
    /// Since when an emergency is ticked and not submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafted: Option<Timestamp>,
    /// What was said in front of it, in the same message: an edit keeps it.
    #[serde(default, skip_serializing_if = "RichText::is_empty")]
    pub lead: RichText,
}

/// What an open question asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asking {
    /// The step on top of the stack.
    Step,
    /// One of the engine's own questions.
    Item(Pending),
    /// Which answer to change.
    Change,
}

/// A question the engine asks by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pending {
    /// One item of a screen, after "not sure".
    Item(FlagId),
    /// The second question of a history flag.
    History(FlagId),
    /// The question that follows a flag.
    FollowUp(FlagId),
    /// An item that would complete a higher rule.
    Completing(FlagId),
    /// A flag that typed words may have stated.
    Heard(FlagId),
}

impl Pending {
    /// The flag asked about.
    #[must_use]
    pub fn flag(&self) -> &FlagId {
        match self {
            Self::Item(flag)
            | Self::History(flag)
            | Self::FollowUp(flag)
            | Self::Completing(flag)
            | Self::Heard(flag) => flag,
        }
    }
}

/// The card in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Its level.
    pub level: Level,
    /// Own cards; `None` stands for the level's.
    pub cards: Vec<Option<crate::ids::CardId>>,
    /// The flags behind it.
    pub flags: Vec<FlagId>,
}

/// One answered question, for the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Crumb {
    /// Where it was asked.
    pub stack: Vec<Frame>,
    /// What its answer overwrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<(SlotId, Option<Slot>)>,
    /// It was asked behind the screens, with clearance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_cleared: bool,
    /// What was put aside then (see [`Conversation::aside`]).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aside: BTreeMap<DialogId, BTreeMap<SlotId, Slot>>,
}

impl Crumb {
    /// Whether it leads into this dialog.
    pub fn stands_in(&self, dialog: &DialogId) -> bool {
        self.stack.iter().any(|frame| frame.dialog == *dialog)
    }
}

impl Conversation {
    /// A new patient's.
    #[must_use]
    pub fn new(lang: Lang, lock: Option<Level>) -> Self {
        Self {
            lang,
            lock,
            ..Self::default()
        }
    }

    /// What the rules see.
    #[must_use]
    pub fn stated(&self) -> BTreeMap<FlagId, Stated> {
        self.flags
            .iter()
            .map(|(flag, note)| {
                (
                    flag.clone(),
                    Stated {
                        form: note.form,
                        cleared: note.cleared_until.is_some(),
                    },
                )
            })
            .collect()
    }

    /// What the patient's flags come to, a lock included.
    #[must_use]
    pub fn judge(&self, content: &Content) -> Judgement {
        let mut judgement = content.rules.judge(&self.stated());
        if let Some(lock) = self.lock
            && lock > judgement.level
        {
            judgement.level = lock;
            judgement.cards = vec![None];
        }
        judgement
    }

    /// What stands that only changes moves.
    pub fn cautions<'c>(&'c self, content: &'c Content) -> impl Iterator<Item = &'c FlagId> {
        self.flags
            .iter()
            .filter(|(flag, note)| content.rules.level_of(flag, note.form) == Level::Caution)
            .map(|(flag, _)| flag)
    }

    /// Whether the open question asks for a phone number.
    #[must_use]
    pub fn asks_phone(&self, content: &Content) -> bool {
        let is_step = self
            .open
            .as_ref()
            .is_some_and(|open| open.asking == Asking::Step);
        let step = self.stack.last();
        let step = step.and_then(|frame| content.step(&frame.dialog, &frame.step));
        let kind = step.and_then(|step| match &step.verb {
            Verb::Text { kind, .. } => Some(*kind),
            _ => None,
        });
        is_step && kind == Some(TextKind::Phone)
    }

    /// The level in force: never below the card that was shown.
    #[must_use]
    pub fn level(&self, content: &Content) -> Level {
        self.judge(content).level
    }

    /// Whether a move may be shown.
    #[must_use]
    pub fn is_cleared(&self, content: &Content) -> bool {
        self.clearance.is_some()
            && self.stop.is_none()
            && self.suspected.is_empty()
            && !self.level(content).blocks()
            && content
                .screens
                .iter()
                .all(|screen| self.screens.contains_key(&screen.id))
    }
}
