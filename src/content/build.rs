//! Looks every name up and puts the content together.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::diagnostic::{Diagnostic, Place, Severity, nearest};
use super::model::{
    Atom, Bot, Card, CardAnswer, Change, Command, Content, Deed, Flag, Link, Move, Moves,
    PLACEHOLDERS, Screen,
};
use super::raw::{self, Name, Pairs, ScreenStyle};
use super::text::Text;
use super::words::Words;
use super::{FILE_BYTES_MAX, NAMED_FILES, Parsed, SAFETY_FILES, Sources, dialogs, is_script};
use crate::free_text::{ByLang, CueSource, PhraseSource, Phrases, hear};
use crate::ids::PatientText;
use crate::ids::{CardId, ChoiceId, DialogId, FlagId, MoveId, RuleId, ScreenId, SlotId};
use crate::triage::{AtLeast, FlagRule, Level, Rule, Rules};

/// What has been found so far, and what names are known.
pub(super) struct Builder {
    pub found: Vec<Diagnostic>,
    pub flags: BTreeSet<String>,
    pub moves: BTreeSet<String>,
    pub screens: BTreeSet<String>,
    pub cards: BTreeSet<String>,
    pub dialogs: BTreeSet<String>,
}

impl Builder {
    pub fn error(&mut self, place: Place, message: impl Into<String>) {
        self.found.push(Diagnostic::error(place, message));
    }

    pub fn error_with(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(place, message);
        diagnostic.help = help;
        self.found.push(diagnostic);
    }

    pub fn warn(&mut self, place: Place, message: impl Into<String>) {
        self.found.push(Diagnostic::warning(place, message));
    }

    /// Looks a name up; an unknown one is reported with the nearest known.
    pub fn known(
        &mut self,
        file: &str,
        kind: &str,
        name: &Name,
        known: impl Fn(&Self) -> &BTreeSet<String>,
    ) -> bool {
        if known(self).contains(&name.value) {
            return true;
        }
        let help = nearest(&name.value, known(self).iter().map(String::as_str)).or_else(|| {
            Some(format!(
                "Known are: {}.",
                join(known(self).iter().map(String::as_str))
            ))
        });
        self.error_with(
            place(file, name),
            format!("there is no {kind} `{}`", name.value),
            help,
        );
        false
    }

    pub fn flag(&mut self, file: &str, name: &Name) -> FlagId {
        self.known(file, "flag", name, |names| &names.flags);
        FlagId::new(&name.value)
    }

    pub fn flags(&mut self, file: &str, names: &[Name]) -> Vec<FlagId> {
        names.iter().map(|name| self.flag(file, name)).collect()
    }

    pub fn dialog(&mut self, file: &str, name: &Name) -> DialogId {
        self.known(file, "dialog", name, |names| &names.dialogs);
        DialogId::new(&name.value)
    }

    /// `diabetes`, `site.knee-front` or `site.set`.
    pub fn atom(&mut self, file: &str, name: &Name) -> Atom {
        match name.value.split_once('.') {
            None => Atom::Flag(self.flag(file, name)),
            Some((slot, "set")) => Atom::Set(SlotId::new(slot)),
            Some((slot, value)) => Atom::Value(SlotId::new(slot), ChoiceId::new(value)),
        }
    }

    /// An id is stored and stands in button data: it must be short and plain.
    pub fn id(&mut self, file: &str, name: &Name) {
        /// Two ids and a token must fit Telegram's 64 bytes of button data.
        const ID_BYTES_MAX: usize = 32;
        let plain = name
            .value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !name.value.is_empty();
        if !plain || name.value.len() > ID_BYTES_MAX {
            self.error_with(
                place(file, name),
                format!("`{}` cannot be a name", name.value),
                Some(format!(
                    "Use letters, digits and `-`, at most {ID_BYTES_MAX}."
                )),
            );
        }
    }

    /// A button with too long a label is cut off on a phone.
    pub fn label(&mut self, place: Place, text: &Text) {
        const LABEL_CHARS_MAX: usize = 40;
        for lang in crate::ids::Lang::ALL {
            let label = text.plain(lang);
            if label.chars().count() > LABEL_CHARS_MAX {
                self.warn(place.clone(), format!("the button \"{label}\" is longer than {LABEL_CHARS_MAX} characters and will be cut off"));
            }
        }
    }

    /// An unknown placeholder would reach a patient in its braces.
    pub fn placeholders(&mut self, place: &Place, text: &Text, more: &[&str]) {
        for name in text.placeholders() {
            if !PLACEHOLDERS.contains(&name) && !more.contains(&name) && !name.starts_with("slot.")
            {
                let help = nearest(name, PLACEHOLDERS.iter().chain(more).copied());
                self.error_with(
                    place.clone(),
                    format!("there is no placeholder `{{{name}}}` here"),
                    help,
                );
            }
        }
    }
}

pub(super) fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Where a name stands.
pub(super) fn place(file: &str, name: &Name) -> Place {
    let span = name.referenced.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    let len = span.byte_len().unwrap_or(name.value.len() as _) as usize;
    Place {
        file: file.to_owned(),
        bytes: start..start + len.max(1),
    }
}

fn read<T: DeserializeOwned>(
    found: &mut Vec<Diagnostic>,
    sources: &Sources,
    file: &str,
) -> Option<T> {
    let whole = || Place {
        file: file.to_owned(),
        bytes: 0..0,
    };
    let Some(text) = sources.files.get(file) else {
        let help = file.strip_prefix("clinics/").map(|_| {
            format!(
                "There are: {}. Set CLINIC to one of them.",
                join(super::clinics(sources))
            )
        });
        let mut diagnostic = Diagnostic::error(whole(), "this file is missing");
        diagnostic.help = help;
        found.push(diagnostic);
        return None;
    };
    if text.len() > FILE_BYTES_MAX {
        found.push(Diagnostic::error(
            whole(),
            format!("this file is larger than {FILE_BYTES_MAX} bytes"),
        ));
        return None;
    }
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(value) => Some(value),
        Err(error) => {
            let bytes = error.location().map_or(0..0, |location| {
                let start = location.span().byte_offset().unwrap_or(0) as usize;
                start..start + (location.span().byte_len().unwrap_or(1) as usize).max(1)
            });
            let message = error.without_snippet().to_string();
            found.push(Diagnostic::error(
                Place {
                    file: file.to_owned(),
                    bytes,
                },
                message,
            ));
            None
        }
    }
}

pub(super) fn build(sources: &Sources, clinic: &str) -> Result<Parsed, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let flags: Option<raw::RedFlags> = read(&mut found, sources, "red-flags.yaml");
    let cards: Option<raw::Cards> = read(&mut found, sources, "cards.yaml");
    let moves: Option<raw::Moves> = read(&mut found, sources, "moves.yaml");
    let words: Option<Words> = read(&mut found, sources, "texts.yaml");
    let phrases: Option<raw::Phrases> = read(&mut found, sources, "phrases.yaml");
    let bot: Option<raw::Bot> = read(&mut found, sources, "bot.yaml");
    let clinic_file = format!("clinics/{clinic}.yaml");
    let clinic: Option<raw::Clinic> = read(&mut found, sources, &clinic_file);
    let mut scripts: Vec<(String, raw::Dialog)> = Vec::new();
    for file in sources.files.keys().filter(|path| is_script(path)) {
        if let Some(dialog) = read(&mut found, sources, file) {
            scripts.push((file.clone(), dialog));
        }
    }
    let (
        Some(flags),
        Some(cards),
        Some(moves),
        Some(words),
        Some(phrases),
        Some(bot),
        Some(clinic),
    ) = (flags, cards, moves, words, phrases, bot, clinic)
    else {
        return Err(found);
    };
    let names = |pairs: &mut dyn Iterator<Item = &Name>| {
        pairs
            .map(|name| name.value.clone())
            .collect::<BTreeSet<_>>()
    };
    let mut builder = Builder {
        found,
        flags: names(&mut flags.flags.0.iter().map(|(name, _)| name)),
        moves: names(&mut moves.moves.0.iter().map(|(name, _)| name)),
        screens: names(&mut flags.screens.iter().map(|screen| &screen.id)),
        cards: names(&mut cards.cards.0.iter().map(|(name, _)| name)),
        dialogs: names(&mut scripts.iter().map(|(_, dialog)| &dialog.dialog)),
    };
    let reviewed = flags.reviewed_by.is_some()
        && cards.reviewed_by.is_some()
        && moves
            .moves
            .0
            .iter()
            .all(|(_, exercise)| exercise.reviewed_by.is_some());
    if !reviewed {
        let place = Place {
            file: "red-flags.yaml".to_owned(),
            bytes: 0..0,
        };
        builder.found.push(
            Diagnostic::warning(
                place,
                "no clinician has reviewed the flags, cards and moves yet (`reviewed_by: null`)",
            )
            .with_help("With a real token the bot starts only with ALLOW_UNREVIEWED=yes."),
        );
    }
    let cleared_days = flags.cleared_days;
    let rules = build_rules(&mut builder, &flags);
    let (screens, flag_texts, history_question) = build_flags(&mut builder, flags);
    let phrases = build_phrases(&mut builder, phrases, &rules, &flag_texts);
    let cards = build_cards(&mut builder, cards);
    let moves = build_moves(&mut builder, moves);
    let bot = build_bot(&mut builder, bot);
    check_clinic(&mut builder, &clinic_file, &clinic);
    let dialogs = dialogs::build(&mut builder, scripts);
    let (errors, warnings): (Vec<_>, Vec<_>) = builder
        .found
        .into_iter()
        .partition(|one| one.severity == Severity::Error);
    let (Some(phrases), true) = (phrases, errors.is_empty()) else {
        return Err(errors.into_iter().chain(warnings).collect());
    };
    let content = Content {
        revision: sources.revision(|_| true),
        safety: sources.revision(|path| SAFETY_FILES.contains(&path)),
        script: sources.revision(|path| is_script(path) && !NAMED_FILES.contains(&path)),
        rules,
        flags: flag_texts,
        screens,
        history_question,
        cleared_days,
        cards,
        moves,
        words,
        clinic,
        bot,
        dialogs,
        phrases,
        reviewed,
    };
    Ok(Parsed { content, warnings })
}

const FLAGS: &str = "red-flags.yaml";

fn build_rules(builder: &mut Builder, file: &raw::RedFlags) -> Rules {
    let mut rules = Rules::default();
    for (name, flag) in &file.flags.0 {
        builder.id(FLAGS, name);
        let level = match (flag.level, flag.kind) {
            (Some(level), None) => Level::from(level),
            (None, Some(raw::FlagKind::Clue)) => Level::Clear,
            (Some(_), Some(_)) => {
                builder.error(
                    place(FLAGS, name),
                    format!("the clue `{}` has a level; a clue has none", name.value),
                );
                Level::Clear
            }
            (None, None) => {
                builder.error(
                    place(FLAGS, name),
                    format!("the flag `{}` has no level", name.value),
                );
                Level::Clear
            }
        };
        let card = flag.card.as_ref().map(|card| {
            builder.known(FLAGS, "card", card, |names| &names.cards);
            CardId::new(&card.value)
        });
        rules
            .flags
            .insert(FlagId::new(&name.value), FlagRule { level, card });
    }
    for rule in &file.rules {
        builder.id(FLAGS, &rule.id);
        let card = rule.card.as_ref().map(|card| {
            builder.known(FLAGS, "card", card, |names| &names.cards);
            CardId::new(&card.value)
        });
        let at_least = rule.at_least.as_ref().map(|at_least| {
            if at_least.count == 0 || at_least.count > at_least.of.len() {
                builder.error(
                    place(FLAGS, &rule.id),
                    format!(
                        "rule `{}` asks for {} of {} flags",
                        rule.id.value,
                        at_least.count,
                        at_least.of.len()
                    ),
                );
            }
            AtLeast {
                count: at_least.count,
                of: builder.flags(FLAGS, &at_least.of),
            }
        });
        if rule.all.is_empty() && rule.any.is_empty() && at_least.is_none() {
            builder.error(
                place(FLAGS, &rule.id),
                format!(
                    "rule `{}` names no flag, so it would always hold",
                    rule.id.value
                ),
            );
        }
        rules.rules.push(Rule {
            id: RuleId::new(&rule.id.value),
            all: builder.flags(FLAGS, &rule.all),
            any: builder.flags(FLAGS, &rule.any),
            at_least,
            level: rule.level.into(),
            card,
        });
    }
    rules
}

fn build_flags(
    builder: &mut Builder,
    file: raw::RedFlags,
) -> (Vec<Screen>, BTreeMap<FlagId, Flag>, Text) {
    let mut flags = BTreeMap::new();
    for (name, flag) in file.flags.0 {
        let here = place(FLAGS, &name);
        for text in [&flag.question, &flag.button, &flag.words] {
            builder.placeholders(&here, text, &[]);
        }
        builder.label(here, &flag.button);
        let history = flag.history.map(|history| {
            history
                .allows
                .iter()
                .map(|name| {
                    builder.known(FLAGS, "move", name, |names| &names.moves);
                    MoveId::new(&name.value)
                })
                .collect()
        });
        flags.insert(
            FlagId::new(&name.value),
            Flag {
                question: flag.question,
                button: flag.button,
                words: flag.words,
                notify: flag.notify.unwrap_or_default(),
                history,
                follow_up: flag
                    .follow_up
                    .as_ref()
                    .map(|name| builder.flag(FLAGS, name)),
                only_with: flag
                    .only_with
                    .as_ref()
                    .map(|name| builder.flag(FLAGS, name)),
                ends_screens: flag.ends_screens,
            },
        );
    }
    let total = file
        .screens
        .iter()
        .filter(|screen| screen.style == ScreenStyle::List)
        .count();
    let mut number = 0;
    let mut screens = Vec::new();
    for screen in file.screens {
        builder.id(FLAGS, &screen.id);
        let here = place(FLAGS, &screen.id);
        /// A Continue button carries its ticks as a bit each.
        const SCREEN_FLAGS_MAX: usize = 32;
        match screen.style {
            ScreenStyle::Question if screen.flags.len() != 1 => builder.error(
                here,
                "a screen of style `question` asks for exactly one flag",
            ),
            ScreenStyle::List if screen.title.is_none() => {
                builder.error(here, "a screen of style `list` needs a title")
            }
            ScreenStyle::List
                if screen.flags.is_empty() || screen.flags.len() > SCREEN_FLAGS_MAX =>
            {
                builder.error(here, format!("a screen has 1 to {SCREEN_FLAGS_MAX} flags"));
            }
            ScreenStyle::Question | ScreenStyle::List => {}
        }
        if screen.style == ScreenStyle::List {
            number += 1;
        }
        screens.push(Screen {
            id: ScreenId::new(&screen.id.value),
            style: screen.style,
            title: screen.title,
            flags: builder.flags(FLAGS, &screen.flags),
            progress: (screen.style == ScreenStyle::List).then_some((number, total)),
        });
    }
    (screens, flags, file.history_question)
}

fn build_phrases(
    builder: &mut Builder,
    file: raw::Phrases,
    rules: &Rules,
    flags: &BTreeMap<FlagId, Flag>,
) -> Option<Phrases> {
    const FILE: &str = "phrases.yaml";
    let by_lang = |list: raw::ByLang| ByLang {
        en: list.en,
        es: list.es,
    };
    let cues = CueSource {
        negations: by_lang(file.negations),
        negations_after: by_lang(file.negations_after),
        clause_ends: by_lang(file.clause_ends),
        hypothetical: by_lang(file.hypothetical),
        others: by_lang(file.others),
        resolved: by_lang(file.resolved),
        idioms: by_lang(file.idioms),
    };
    let sources: Vec<PhraseSource> = file
        .phrases
        .iter()
        .map(|phrase| PhraseSource {
            flag: builder.flag(FILE, &phrase.flag),
            lang: phrase.lang,
            pattern: phrase.pattern.value.clone(),
            affirmed: phrase.affirmed,
            is_history: flags
                .get(phrase.flag.value.as_str())
                .is_some_and(|flag| flag.history.is_some()),
        })
        .collect();
    let phrases = match Phrases::compile(&sources, &cues) {
        Ok(phrases) => phrases,
        Err(error) => {
            let at = error
                .phrase
                .and_then(|index| file.phrases.get(index))
                .map_or_else(
                    || Place {
                        file: FILE.to_owned(),
                        bytes: 0..0,
                    },
                    |phrase| place(FILE, &phrase.pattern),
                );
            builder.error_with(at, error.to_string(), Some(error.cause.to_string()));
            return None;
        }
    };
    for phrase in &file.phrases {
        let flag = FlagId::new(&phrase.flag.value);
        let states = |example: &Name| {
            hear(&phrases, rules, &PatientText::new(example.value.clone()))
                .flags()
                .any(|heard| *heard == flag)
        };
        for example in phrase.matches.iter().filter(|example| !states(example)) {
            builder.error(
                place(FILE, example),
                format!("this example should state `{flag}` and does not"),
            );
        }
        for example in phrase.not.iter().filter(|example| states(example)) {
            builder.error(
                place(FILE, example),
                format!("this example should not state `{flag}` and does"),
            );
        }
    }
    Some(phrases)
}

fn build_cards(builder: &mut Builder, file: raw::Cards) -> BTreeMap<CardId, Card> {
    const FILE: &str = "cards.yaml";
    let mut cards: BTreeMap<CardId, Card> = BTreeMap::new();
    for (name, card) in file.cards.0 {
        builder.id(FILE, &name);
        let here = place(FILE, &name);
        builder.placeholders(&here, &card.text, &["words", "staff_line"]);
        let level = card.level.map(Level::from);
        if let Some(level) = level
            && cards.values().any(|other| other.level == Some(level))
        {
            builder.error(
                here.clone(),
                format!("two cards stand for the level `{}`", level.word()),
            );
        }
        let answers = card
            .answers
            .into_iter()
            .map(|answer| {
                builder.id(FILE, &answer.id);
                builder.label(place(FILE, &answer.id), &answer.label);
                CardAnswer {
                    id: ChoiceId::new(&answer.id.value),
                    label: answer.label,
                    reply: answer.reply,
                    note: answer.note,
                    opens: answer.opens.as_ref().map(|name| builder.dialog(FILE, name)),
                    asks_call: answer.asks_call,
                }
            })
            .collect();
        let extra = card
            .extra
            .into_iter()
            .map(|extra| (builder.flags(FILE, &extra.with), extra.text))
            .collect();
        cards.insert(
            CardId::new(&name.value),
            Card {
                level,
                text: card.text,
                extra,
                answers,
            },
        );
    }
    for level in Level::BLOCKING {
        if !cards.values().any(|card| card.level == Some(level)) {
            builder.error(
                Place {
                    file: FILE.to_owned(),
                    bytes: 0..0,
                },
                format!("no card stands for the level `{}`", level.word()),
            );
        }
    }
    cards
}

fn build_moves(builder: &mut Builder, file: raw::Moves) -> Moves {
    const FILE: &str = "moves.yaml";
    let mut list = BTreeMap::new();
    for (name, exercise) in file.moves.0 {
        builder.id(FILE, &name);
        if exercise.steps.is_empty() {
            builder.error(
                place(FILE, &name),
                format!("the move `{}` has no steps", name.value),
            );
        }
        let changes = exercise
            .changes
            .0
            .into_iter()
            .filter_map(|(atom, change)| {
                let atom = builder.atom(FILE, &atom);
                match change {
                    raw::Change::Keep => None,
                    raw::Change::Drop => Some((atom, Change::Drop)),
                    raw::Change::Adapt(text) => Some((atom, Change::Adapt(text))),
                }
            })
            .collect();
        list.insert(
            MoveId::new(&name.value),
            Move {
                name: exercise.name,
                push: exercise.push,
                dose: exercise.dose,
                steps: exercise.steps,
                caveats: exercise.caveats,
                changes,
            },
        );
    }
    Moves {
        warm_up: file.warm_up,
        stop_rules: file.stop_rules,
        every_move: file.every_move,
        list,
    }
}

fn build_bot(builder: &mut Builder, file: raw::Bot) -> Bot {
    const FILE: &str = "bot.yaml";
    let command = |builder: &mut Builder, command: raw::Command| {
        let here = place(FILE, &command.name);
        let name = &command.name.value;
        if name.is_empty()
            || name.len() > 32
            || !name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            builder.error(
                here.clone(),
                format!("`{name}` cannot be a command: Telegram takes 1 to 32 of a-z, 0-9 and _"),
            );
        }
        let deed = match (&command.opens, command.does) {
            (Some(dialog), None) => Deed::Opens(builder.dialog(FILE, dialog)),
            (None, Some(raw::CommandDeed::Stop)) => Deed::Stop,
            (Some(_), Some(_)) | (None, None) => {
                builder.error(
                    here,
                    format!("the command `{name}` needs one of `opens` and `does`"),
                );
                Deed::Stop
            }
        };
        Command {
            name: command.name.value,
            deed,
            about: command.about,
        }
    };
    let commands = file
        .commands
        .into_iter()
        .map(|one| command(builder, one))
        .collect();
    let staff_commands = file
        .staff_commands
        .into_iter()
        .map(|one| command(builder, one))
        .collect();
    let links = file
        .links
        .0
        .into_iter()
        .map(|(name, link)| {
            builder.id(FILE, &name);
            let set = pairs(link.set);
            (
                name.value,
                Link {
                    opens: builder.dialog(FILE, &link.opens),
                    set,
                },
            )
        })
        .collect();
    Bot {
        menu: builder.dialog(FILE, &file.menu),
        screening: builder.dialog(FILE, &file.screening),
        person: builder.dialog(FILE, &file.person),
        commands,
        links,
        staff_commands,
    }
}

pub(super) fn pairs(set: Pairs<Name>) -> Vec<(SlotId, ChoiceId)> {
    set.0
        .into_iter()
        .map(|(slot, value)| (SlotId::new(&slot.value), ChoiceId::new(&value.value)))
        .collect()
}

fn check_clinic(builder: &mut Builder, file: &str, clinic: &raw::Clinic) {
    let whole = || Place {
        file: file.to_owned(),
        bytes: 0..0,
    };
    if clinic.phones.is_empty() {
        builder.error(whole(), "a clinic needs a phone: it is the way to a person");
    }
    for phone in &clinic.phones {
        let digits = phone.e164.value.strip_prefix('+').unwrap_or("");
        if !(8..=15).contains(&digits.len()) || !digits.chars().all(|c| c.is_ascii_digit()) {
            builder.error_with(
                place(file, &phone.e164),
                format!("`{}` is not a phone number in + form", phone.e164.value),
                Some("Write + and 8 to 15 digits, with the country's code first.".to_owned()),
            );
        }
    }
    for hours in clinic.hours.iter().flatten() {
        let read = |text: &str| jiff::civil::Time::strptime("%H:%M", text);
        match (read(&hours.from), read(&hours.to)) {
            (Ok(from), Ok(to)) if from < to && !hours.days.is_empty() => {}
            _ => builder.error_with(
                whole(),
                format!("the hours `{}` to `{}` are none", hours.from, hours.to),
                Some(
                    "Write them as `09:00` and `17:30`, the earlier first, with at least one day."
                        .to_owned(),
                ),
            ),
        }
    }
    if jiff::tz::TimeZone::get(&clinic.zone.value).is_err() {
        builder.error_with(
            place(file, &clinic.zone),
            format!("there is no time zone `{}`", clinic.zone.value),
            Some("Use a name such as `America/Los_Angeles`.".to_owned()),
        );
    }
    if let Some(link) = &clinic.scheduler
        && !link.value.starts_with("https://")
    {
        builder.error(
            place(file, link),
            "the scheduler's link must begin with https://",
        );
    }
    for (text, limit, what) in [
        (&clinic.profile.name, 64, "name"),
        (&clinic.profile.description, 512, "description"),
        (&clinic.profile.short_description, 120, "short description"),
    ] {
        for lang in crate::ids::Lang::ALL {
            let length = text.plain(lang).encode_utf16().count();
            if length > limit {
                builder.error(whole(), format!("the profile's {what} has {length} characters in {}; Telegram takes {limit}", lang.tag()));
            }
        }
    }
}
