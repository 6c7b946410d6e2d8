//! The content as the engine reads it: names looked up, texts parsed.
//!
//! Built only by [`super::parse`], so nobody checks twice.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::bibliography::{Bibliography, Cited};
use super::consent::Consent;
use super::diagnostic::Place;
use super::find::Finder;
pub use super::raw::{
    ClearedDays, Clinic, CommandDeed, Day, Hours, KeepsDays, Notify, OnCall, Phone, Practitioner,
    Push, ScreenStyle, StaffDeed, TextKind,
};
use super::text::{Text, Values};
use super::words::Words;
use crate::free_text::{Hearing, Identifiers};
use crate::ids::{
    CardId, ChoiceId, DialogId, FlagId, Lang, MoveId, PictureId, Revision, ScreenId, SlotId, StepId,
};
use crate::picture::{self, DrawingError};
use crate::triage::{Level, Rules};

/// Everything a clinic has written, checked.
#[derive(Debug, Clone)]
pub struct Content {
    /// The hash of all files.
    pub revision: Revision,
    /// The hash of what decides safety: flags, rules, screens, phrases, cards.
    pub safety: Revision,
    /// The hash of the dialogs.
    pub script: Revision,
    /// Flags and rules, as triage reads them.
    pub rules: Rules,
    /// What each flag says and asks.
    pub flags: BTreeMap<FlagId, Flag>,
    /// In the order they are asked; clearance needs each.
    pub screens: Vec<Screen>,
    /// The second question of history flags.
    pub history_question: Text,
    /// For how long staff clear flags.
    pub cleared_days: ClearedDays,
    /// By id.
    pub cards: BTreeMap<CardId, Card>,
    /// The exercises.
    pub moves: Moves,
    /// The drawings.
    pub pictures: BTreeMap<PictureId, Picture>,
    /// The engine's own words.
    pub words: Words,
    /// Names, numbers and hours.
    pub clinic: Clinic,
    /// What commands and links open.
    pub bot: Bot,
    /// By id.
    pub dialogs: BTreeMap<DialogId, Dialog>,
    /// Answers that are kept until the safety questions have to be answered anew.
    pub day_slots: Vec<SlotId>,
    /// What typed words state.
    pub hearing: Hearing,
    /// Where typed words lead, and which are explained.
    pub finder: Finder,
    /// What a patient agrees to, if they are asked.
    pub consent: Option<Consent>,
    /// What names a person, and is hidden in what is kept.
    pub identifiers: Identifiers,
    /// Where it comes from.
    pub bibliography: Bibliography,
    /// What each text that claims something rests on.
    pub cited: Vec<Cited>,
    /// Words that state this flag and no other, for whoever rehearses.
    pub examples: BTreeMap<FlagId, String>,
    /// Whether every part that needs a reviewer names one.
    pub reviewed: bool,
}

impl Content {
    /// A screen by id.
    #[must_use]
    pub fn screen(&self, id: &ScreenId) -> Option<&Screen> {
        self.screens.iter().find(|screen| screen.id == *id)
    }

    /// The screen that asks for `flag`, if one does.
    #[must_use]
    pub fn screen_of(&self, flag: &FlagId) -> Option<&Screen> {
        self.screens
            .iter()
            .find(|screen| screen.flags.contains(flag))
    }

    /// A step of a dialog.
    #[must_use]
    pub fn step(&self, dialog: &DialogId, step: &StepId) -> Option<&Step> {
        self.dialogs.get(dialog)?.steps.get(step)
    }

    /// The card of a blocking level.
    #[must_use]
    pub fn level_card(&self, level: Level) -> Option<&Card> {
        self.cards.values().find(|card| card.level == Some(level))
    }
}

impl Values for Content {
    fn write(&self, name: &str, lang: Lang, out: &mut String) -> bool {
        let phone = self.clinic.phones.first();
        match name {
            "clinic" => out.push_str(&self.clinic.name),
            "phone" => out.push_str(phone.map_or("", |phone| &phone.written.value)),
            "emergency" => out.push_str(&self.clinic.emergency_number),
            "crisis" => out.push_str(&self.clinic.crisis_number),
            "team" => out.push_str(&self.clinic.team.plain(lang)),
            "hours" => out.push_str(&self.clinic.hours_text.plain(lang)),
            "days" => out.push_str(&self.clinic.keeps_days.answers.to_string()),
            "case-days" => out.push_str(&self.clinic.keeps_days.closed_cases.to_string()),
            "people" => {
                let people = self.clinic.practitioners.iter().map(|one| {
                    let service = one.service.plain(lang);
                    let named = [one.name.as_str(), one.credential.as_str()];
                    let named: Vec<&str> =
                        named.into_iter().filter(|part| !part.is_empty()).collect();
                    format!("{} ({service})", named.join(", "))
                });
                out.push_str(&people.collect::<Vec<_>>().join("; "));
            }
            _ => match name.strip_prefix(WHO_GIVES) {
                Some(service) => {
                    let mut offered = self.clinic.services.0.iter();
                    let gives = offered.find(|(name, _)| name.value == service);
                    let who = gives.map_or(&self.words.service_none, |(_, who)| who);
                    out.push_str(&who.plain(lang));
                }
                None => return false,
            },
        }
        true
    }
}

/// Placeholders every text may use.
pub(super) const PLACEHOLDERS: [&str; 9] = [
    "clinic",
    "team",
    "phone",
    "emergency",
    "crisis",
    "hours",
    "days",
    "case-days",
    "people",
];

/// Begins the placeholder of who gives a service at the clinic.
pub(super) const WHO_GIVES: &str = "who-";

/// A warning sign, caution or clue.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Asked on its own.
    pub question: Text,
    /// On its toggle.
    pub button: Text,
    /// On the staff card, and for the patient to repeat.
    pub words: Text,
    /// Whether staff hear of it unasked.
    pub notify: Notify,
    /// For a history flag, what its second question needs.
    pub history: Option<History>,
    /// Asked right after this one is stated.
    pub follow_up: Option<FlagId>,
    /// Shown on a screen only with this flag.
    pub only_with: Option<FlagId>,
    /// Its card comes at once, with no further screens.
    pub ends_screens: bool,
}

/// A condition of the past that a clinician may have looked at since.
#[derive(Debug, Clone)]
pub struct History {
    /// The moves its caution form leaves.
    pub allows: Vec<MoveId>,
    /// Since when: `{since}` in the second question.
    pub since: Text,
}

/// A step that asks for flags.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Its name; stored with each answered screen.
    pub id: ScreenId,
    /// Toggles, or one yes-no question.
    pub style: ScreenStyle,
    /// Above the list.
    pub title: Option<Text>,
    /// In order.
    pub flags: Vec<FlagId>,
    /// "Safety `n` of `total`", for lists.
    pub progress: Option<(usize, usize)>,
}

/// The message a level or a flag gives.
#[derive(Debug, Clone)]
pub struct Card {
    /// The level it stands for, unless it is some flag's own.
    pub level: Option<Level>,
    /// What it says.
    pub text: Text,
    /// Paragraphs added when one of the flags is present.
    pub extra: Vec<(Vec<FlagId>, Text)>,
    /// Said last, where a phone's screen shows it beside the buttons.
    pub last: Option<Text>,
    /// Its buttons.
    pub answers: Vec<CardAnswer>,
}

/// One button of a card.
#[derive(Debug, Clone)]
pub struct CardAnswer {
    /// Stands in the button's data.
    pub id: ChoiceId,
    /// On the button.
    pub label: Text,
    /// On it instead, when nothing behind the card was pressed: it was typed.
    pub typed_label: Option<Text>,
    /// What the patient then reads.
    pub reply: Option<Text>,
    /// What staff then read on the case.
    pub note: Option<Text>,
    /// The dialog it opens.
    pub opens: Option<DialogId>,
    /// Asks staff for a call.
    pub asks_call: bool,
}

/// The exercises and what is said with them.
#[derive(Debug, Clone)]
pub struct Moves {
    /// Said once, before the first.
    pub warm_up: Text,
    /// Said once, before the first.
    pub stop_rules: Text,
    /// On every move that has a push.
    pub every_push: Text,
    /// On every move.
    pub every_move: Text,
    /// By id.
    pub list: BTreeMap<MoveId, Move>,
}

/// One exercise.
#[derive(Debug, Clone)]
pub struct Move {
    /// Its name.
    pub name: Text,
    /// How hard it pulls.
    pub push: Push,
    /// How long, how often.
    pub dose: Text,
    /// What to do, in the order of the movement.
    pub steps: Vec<MoveStep>,
    /// What is done instead where a fact holds; the first such fact decides.
    pub instead: Vec<Instead>,
    /// What to heed.
    pub caveats: Text,
    /// How it is played; none for what is only told.
    pub pace: Option<Pace>,
    /// A gentler way.
    pub easier: Option<Easier>,
    /// What a fact changes; the strictest holds.
    pub changes: Vec<(Atom, Change)>,
}

/// A step of a move.
#[derive(Debug, Clone)]
pub struct MoveStep {
    /// What to do.
    pub say: Text,
    /// The drawing that shows it; the drawing before stands for a step without.
    pub picture: Option<PictureId>,
}

/// A move done in another way: its steps in the place of the usual ones.
#[derive(Debug, Clone)]
pub struct Instead {
    /// One of these facts is enough.
    pub with: Vec<Atom>,
    /// What it is then called, where its usual name would mislead.
    pub name: Option<Text>,
    /// What is then done.
    pub steps: Vec<MoveStep>,
}

/// How a move is played.
#[derive(Debug, Clone)]
pub struct Pace {
    /// What is done each time.
    pub work: Work,
    /// 1, or 2 for the left and then the right.
    pub sides: u32,
    /// How often.
    pub sets: u32,
}

/// What is done on each side of each set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A position is held.
    Hold {
        /// For so long.
        seconds: u32,
    },
    /// The patient counts a movement up to this.
    Times(u32),
}

/// A gentler way to do a move.
#[derive(Debug, Clone)]
pub struct Easier {
    /// How.
    pub say: Text,
    /// Held for no longer than this.
    pub hold_seconds: Option<u32>,
}

/// One drawing.
#[derive(Debug, Clone)]
pub struct Picture {
    /// What is on it, for those who cannot see it.
    pub alt: Text,
    /// A few words that are drawn below it.
    pub caption: Text,
    /// The drawing itself, as SVG.
    pub svg: String,
    /// With its caption, in every language.
    pub(super) drawn: BTreeMap<Lang, Drawn>,
}

/// A drawing with its caption in one language.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// The hash of all that is on it: a drawing that changes is another one.
    pub hash: Revision,
    /// Its pixels, once somebody has asked for them.
    pub png: OnceLock<Vec<u8>>,
}

impl Picture {
    /// What names the drawing with its caption in this language: what changes is
    /// another one.
    #[must_use]
    pub fn hash(&self, lang: Lang) -> &Revision {
        &self.drawn[&lang].hash
    }

    /// The drawing with its caption as a PNG. Making it takes some milliseconds,
    /// once.
    ///
    /// # Errors
    /// When its size cannot be used; that it can be read was checked.
    pub fn png(&self, lang: Lang) -> Result<&[u8], DrawingError> {
        let drawn = &self.drawn[&lang];
        match drawn.png.get() {
            Some(png) => Ok(png),
            None => {
                let png = picture::png(&self.svg, &self.caption.plain(lang))?;
                // Two at once make the same.
                Ok(drawn.png.get_or_init(|| png))
            }
        }
    }
}

/// What a fact does to a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is not shown.
    Drop,
    /// It is shown with this added.
    Adapt(Text),
}

/// What commands and links open.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Opened by /start and by an idle text.
    pub menu: DialogId,
    /// Asks the screens.
    pub screening: DialogId,
    /// Behind "a person".
    pub person: DialogId,
    /// Asks for consent.
    pub consent: Option<DialogId>,
    /// In the order Telegram lists them.
    pub commands: Vec<Command>,
    /// Deep links by name.
    pub links: BTreeMap<String, Link>,
    /// Listed in the staff chat only.
    pub staff_commands: Vec<StaffCommand>,
    /// What staff can send to a patient with one press.
    pub answers: Vec<ReadyAnswer>,
}

/// Something that staff need not type.
#[derive(Debug, Clone)]
pub struct ReadyAnswer {
    /// Named in `/say` and in button data.
    pub name: String,
    /// On its button.
    pub label: Text,
    /// What the patient reads, in their language.
    pub text: Text,
}

/// One command of the staff chat.
#[derive(Debug, Clone)]
pub struct StaffCommand {
    /// Without the slash.
    pub name: String,
    /// What it does.
    pub deed: StaffDeed,
    /// In Telegram's list.
    pub about: Text,
}

/// One command.
#[derive(Debug, Clone)]
pub struct Command {
    /// Without the slash.
    pub name: String,
    /// What it does.
    pub deed: Deed,
    /// In Telegram's list.
    pub about: Text,
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Opens a dialog.
    Opens(DialogId),
    /// Ends the conversation.
    Stop,
    /// Sends what is stored of the patient, as files.
    MyData,
}

/// One deep link.
#[derive(Debug, Clone)]
pub struct Link {
    /// The dialog it opens.
    pub opens: DialogId,
    /// Answers it gives in advance.
    pub set: Vec<(SlotId, ChoiceId)>,
}

/// One scripted tree.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Its file's name.
    pub id: DialogId,
    /// The highest level at which it may still be opened or go on.
    pub stays_open: Level,
    /// Where it begins.
    pub start: StepId,
    /// By id.
    pub steps: BTreeMap<StepId, Step>,
    /// Slots that a new start of the dialog empties.
    pub own_slots: Vec<SlotId>,
    /// Whether a move can be reached from here, calls included.
    pub has_moves: bool,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is said.
    pub say: Option<Text>,
    /// What its question is called in the summary.
    pub label: Option<Text>,
    /// Drawings shown in front of its question.
    pub pictures: Vec<PictureId>,
    /// What is then done.
    pub verb: Verb,
    /// Where a patient who stays silent goes.
    pub after: Option<After>,
    /// Where it stands in the file.
    pub place: Place,
}

/// A time-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// How long to wait, in minutes.
    pub minutes: u32,
    /// Then go here.
    pub go: StepId,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Verb {
    /// One press.
    Choice {
        /// Where the answer is kept.
        slot: SlotId,
        /// In order.
        options: Vec<Choice>,
    },
    /// Toggles and Continue.
    Many {
        /// Where the answers are kept.
        slot: SlotId,
        /// In order; their `next` is never read.
        options: Vec<Choice>,
        /// "None of these."
        none: Option<(Text, StepId)>,
        /// After Continue.
        next: StepId,
    },
    /// Yes, no, perhaps not sure.
    YesNo {
        /// Where the answer is kept.
        slot: SlotId,
        /// Yes, no and, where it stands, not sure, in this order.
        answers: Vec<(YesNo, Answer)>,
    },
    /// A number in a range.
    Number {
        /// Where the answer is kept.
        slot: SlotId,
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
        /// Shown as a row of buttons.
        scale: bool,
        /// After the answer.
        next: StepId,
    },
    /// Something typed.
    Text {
        /// Where "something was typed" is kept.
        slot: SlotId,
        /// What it is.
        kind: TextKind,
        /// After the answer.
        next: StepId,
    },
    /// Asks for flags.
    Screen {
        /// Which.
        screen: ScreenId,
        /// After it is answered.
        next: StepId,
    },
    /// Shows an exercise, and what can be said after it.
    Move {
        /// Which.
        id: MoveId,
        /// In order.
        answers: Vec<Choice>,
        /// When a caution drops the move.
        next: StepId,
    },
    /// Plays exercises, one after the other.
    Play {
        /// In order; those that a caution drops are left out.
        moves: Vec<MoveId>,
        /// When something hurts.
        hurt: Answer,
        /// When something feels numb or weak.
        numb: Answer,
        /// After the last.
        next: StepId,
    },
    /// Phone, contact card, scheduler.
    Handoff {
        /// The phone number as text.
        phone: bool,
        /// A contact card.
        contact: bool,
        /// The scheduler's link, where the clinic has one.
        scheduler: bool,
        /// Then.
        next: StepId,
    },
    /// Asks staff to call the number in `slot`.
    RequestCall {
        /// Where the number is.
        slot: SlotId,
        /// Then.
        next: StepId,
    },
    /// Another dialog, then on.
    Call {
        /// Which.
        dialog: DialogId,
        /// When it has ended.
        next: StepId,
    },
    /// The first arm whose condition holds.
    Branch {
        /// In order.
        arms: Vec<(Condition, StepId)>,
        /// When none holds.
        otherwise: StepId,
    },
    /// The answers so far, to look over.
    Summary {
        /// When they look right.
        next: StepId,
    },
    /// Says, and goes on without waiting.
    Pass {
        /// Where to.
        next: StepId,
    },
    /// The dialog is over.
    End,
}

impl Verb {
    /// Where the answer is kept, of a question that takes one.
    #[must_use]
    pub fn slot(&self) -> Option<&SlotId> {
        match self {
            Self::Choice { slot, .. }
            | Self::Many { slot, .. }
            | Self::YesNo { slot, .. }
            | Self::Number { slot, .. }
            | Self::Text { slot, .. } => Some(slot),
            Self::Screen { .. }
            | Self::Move { .. }
            | Self::Play { .. }
            | Self::Handoff { .. }
            | Self::RequestCall { .. }
            | Self::Call { .. }
            | Self::Branch { .. }
            | Self::Summary { .. }
            | Self::Pass { .. }
            | Self::End => None,
        }
    }

    /// Whether somebody must answer before the dialog goes on.
    #[must_use]
    pub fn is_question(&self) -> bool {
        match self {
            Self::Choice { .. }
            | Self::Many { .. }
            | Self::YesNo { .. }
            | Self::Number { .. }
            | Self::Text { .. }
            | Self::Screen { .. }
            | Self::Move { .. }
            | Self::Play { .. }
            | Self::Summary { .. } => true,
            Self::Handoff { .. }
            | Self::RequestCall { .. }
            | Self::Call { .. }
            | Self::Branch { .. }
            | Self::Pass { .. }
            | Self::End => false,
        }
    }
}

/// One of the three answers of a yes-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not sure.
    NotSure,
}

impl YesNo {
    /// The value kept in the slot.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotSure => "not-sure",
        }
    }
}

/// One option of a choice.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The value kept in the slot.
    pub id: ChoiceId,
    /// On the button.
    pub label: Text,
    /// What it does.
    pub answer: Answer,
}

/// What an answer does.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Where it goes; none ends the dialog.
    pub next: Option<StepId>,
    /// Other slots it fills.
    pub set: Vec<(SlotId, ChoiceId)>,
    /// Flags it states.
    pub raise: Vec<FlagId>,
    /// Flags it states unsurely.
    pub raise_unsure: Vec<FlagId>,
    /// Screens to be asked again.
    pub ask_again: Vec<ScreenId>,
    /// The language to speak from now on.
    pub language: Option<Lang>,
    /// Erases what is kept of the patient.
    pub erase: bool,
}

/// A fact that may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// The flag is present, in any form.
    Flag(FlagId),
    /// The slot holds this value.
    Value(SlotId, ChoiceId),
    /// The slot holds anything.
    Set(SlotId),
}

/// What a branch asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A fact holds.
    Has(Atom),
    /// So many of these facts hold, both ends included.
    Count {
        /// The facts.
        of: Vec<Atom>,
        /// At least.
        from: usize,
        /// At most.
        to: usize,
    },
    /// A number is in a range, both ends included.
    Number {
        /// Which.
        slot: SlotId,
        /// At least.
        from: i64,
        /// At most.
        to: i64,
    },
    /// The level is this or higher.
    LevelAtLeast(Level),
    /// Clearance holds, or does not.
    Cleared(bool),
    /// Each holds.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// Whether clearance decides whether this holds.
    #[must_use]
    pub fn reads_clearance(&self) -> bool {
        match self {
            Self::Cleared(_) => true,
            Self::All(all) | Self::Any(all) => all.iter().any(Self::reads_clearance),
            Self::Not(not) => not.reads_clearance(),
            Self::Has(_) | Self::Count { .. } | Self::Number { .. } | Self::LevelAtLeast(_) => {
                false
            }
        }
    }
}
