//! The content as the engine reads it: names looked up, texts parsed.
//!
//! Built only by [`super::parse`], so nobody checks twice.

mod moves;
mod script;

use std::collections::BTreeMap;

use super::bibliography::{Bibliography, Cited};
use super::consent::Consent;
use super::find::Finder;
pub use super::raw::{
    ClearedDays, Clinic, CommandDeed, Day, Hours, KeepsDays, MIDNIGHT, Notify, OnCall, Phone,
    Practitioner, Push, ScreenStyle, StaffDeed, TextKind,
};
use super::text::{RichText, Text, Values, With};
use super::words::Words;
use crate::free_text::{Hearing, Identifiers};
use crate::ids::{
    CardId, ChoiceId, DialogId, FlagId, Lang, MoveId, PictureId, Revision, ScreenId, SlotId, StepId,
};
use crate::triage::{Level, Rules};

pub use moves::*;
pub use script::*;

/// Everything a clinic has written, checked.
#[derive(Debug, Clone)]
pub struct Content {
    /// The hash of all files.
    pub revision: Revision,
    /// The hash of what decides safety: flags, rules, screens, phrases, cards.
    pub safety: Revision,
    /// The hash of the dialogs.
    pub script: Revision,
    /// The clinical table as it is written, where the folder has one.
    pub table: Option<String>,
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
    /// A text with these values and what the content itself knows.
    #[must_use]
    pub fn fill(&self, text: &Text, lang: Lang, values: &[(&str, &str)]) -> RichText {
        text.render(lang, &With { values, rest: self })
    }

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
            "prices" => out.push_str(&self.clinic.prices_text.plain(lang)),
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
pub(super) const PLACEHOLDERS: [&str; 10] = [
    "clinic",
    "team",
    "phone",
    "emergency",
    "crisis",
    "hours",
    "prices",
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
