//! Looks every name up and puts the content together.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::bibliography::{Bibliography, Cited};
use super::diagnostic::{Diagnostic, Place, Severity, did_you_mean, nearest};
use super::find::{FindFile, GlossaryFile};
use super::model::{Atom, Content, PLACEHOLDERS, WHO_GIVES};
use super::not_for::Options;
use super::raw::{self, Name, Pairs};
use super::readability::Measure;
use super::text::Text;
use super::told::Told;
use super::whose;
use super::words::Words;
use super::{
    BIBLIOGRAPHY_FILE, FILE_BYTES_MAX, FIND_FILE, GLOSSARY_FILE, HEARING_FOLDER, IDENTIFIERS_FILE,
    NAMED_FILES, Parsed, Sources, TABLE_FILE, TEXTS_FILE, WEIGHTS_FILE, cards as cards_file,
    clinic as clinic_file, consent, dialogs, find, flags as flags_file, hearing as hearing_files,
    identifiers as identifiers_file, is_safety, is_script, pictures as pictures_file,
};
use crate::ids::{ChoiceId, DialogId, FlagId, PictureId, SlotId};

/// What has been found so far, and what names are known.
pub(super) struct Builder {
    pub found: Vec<Diagnostic>,
    pub flags: BTreeSet<String>,
    pub moves: BTreeSet<String>,
    pub screens: BTreeSet<String>,
    pub cards: BTreeSet<String>,
    pub dialogs: BTreeSet<String>,
    /// Slots that a dialog keeps for the day.
    pub day_slots: BTreeSet<SlotId>,
    /// Every dialog's file could be read: what they do not say is nowhere.
    pub all_read: bool,
    pub bibliography: Bibliography,
    pub cited: Vec<Cited>,
    pub pictures: BTreeSet<String>,
    /// Drawings of things, with nothing on them that the body could copy.
    pub things: BTreeSet<String>,
    /// Words that tell somebody to take a position.
    pub told: Told,
    /// What a clinic can offer.
    pub services: BTreeSet<String>,
    /// What this one offers.
    pub offered: BTreeSet<String>,
    /// What is said of whom care is not for.
    pub options: Options,
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
        let help =
            did_you_mean(&name.value, known(self).iter().map(String::as_str)).or_else(|| {
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

    pub fn pictures(&mut self, file: &str, names: &[Name]) -> Vec<PictureId> {
        for name in names {
            self.known(file, "picture", name, |names| &names.pictures);
        }
        names
            .iter()
            .map(|name| PictureId::new(&name.value))
            .collect()
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
        // Both languages use it; the mistake is one.
        let names: BTreeSet<&str> = text.placeholders().collect();
        for name in names {
            let service = name.strip_prefix(WHO_GIVES);
            let is_service = service.is_some_and(|service| self.services.contains(service));
            if !PLACEHOLDERS.contains(&name)
                && !more.contains(&name)
                && !name.starts_with("slot.")
                && !is_service
            {
                let known = PLACEHOLDERS.iter().chain(more).copied();
                let help = match nearest(name, known.clone()) {
                    Some(near) => format!("Did you mean `{{{near}}}`?"),
                    None => format!("Known here are: {}.", join(known)),
                };
                self.error_with(
                    place.clone(),
                    format!("there is no placeholder `{{{name}}}` here"),
                    Some(help),
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

/// An entry of `texts.yaml`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(Text),
    Source(IgnoredAny),
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
            let message = error.without_snippet().to_string();
            let spanned = error.location().and_then(|location| {
                let start = location.span().byte_offset()? as usize;
                let len = location.span().byte_len().unwrap_or(1) as usize;
                Some(start..start + len.max(1))
            });
            // Some findings of the parser know their line in words alone.
            let bytes = spanned
                .filter(|bytes| bytes.start > 0)
                .or_else(|| place_in_words(text, &message))
                .unwrap_or(0..0);
            let (message, help) = shortened(message);
            let place = Place {
                file: file.to_owned(),
                bytes,
            };
            let mut diagnostic = Diagnostic::error(place, message);
            diagnostic.help = help;
            found.push(diagnostic);
            None
        }
    }
}

/// A long list of what could stand here hides the one that was meant.
fn shortened(message: String) -> (String, Option<String>) {
    const LISTED_MAX: usize = 12;
    let Some((said, list)) = message.split_once(", expected one of ") else {
        return (message, None);
    };
    let list = list.split(" at line ").next().unwrap_or(list);
    let names: Vec<&str> = list
        .split(',')
        .map(|name| name.trim().trim_matches('`'))
        .collect();
    if names.len() <= LISTED_MAX {
        return (message, None);
    }
    let written = said.split('`').nth(1).unwrap_or_default();
    let near = did_you_mean(written, names.iter().copied());
    let help =
        near.unwrap_or_else(|| format!("It is none of the {} names known here.", names.len()));
    (said.to_owned(), Some(help))
}

/// The place that a message names as "line 9, column 3".
fn place_in_words(text: &str, message: &str) -> Option<std::ops::Range<usize>> {
    let number_after = |word: &str| {
        let (_, rest) = message.split_once(word)?;
        let digits: String = rest
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse::<usize>().ok()
    };
    let line = number_after("line ")?;
    let column = number_after("column ").unwrap_or(1);
    let start: usize = text
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let width = text[start..].lines().next().map_or(0, str::len);
    let at = start + column.saturating_sub(1).min(width);
    Some(at..at + 1)
}

pub(super) fn build(sources: &Sources, clinic: &str) -> Result<Parsed, Vec<Diagnostic>> {
    let own = sources.of_clinic(clinic);
    let sources = &own;
    let mut found = Vec::new();
    let flags: Option<raw::RedFlags> = read(&mut found, sources, "red-flags.yaml");
    let cards: Option<raw::Cards> = read(&mut found, sources, "cards.yaml");
    let moves: Option<raw::Moves> = read(&mut found, sources, "moves.yaml");
    let words: Option<Words> = read(&mut found, sources, TEXTS_FILE);
    // The same file by name, for measuring; what is wrong with it is found above.
    let texts: Option<Pairs<Entry>> = read(&mut Vec::new(), sources, TEXTS_FILE);
    let bibliography: Option<Bibliography> = read(&mut found, sources, BIBLIOGRAPHY_FILE);
    let find: Option<FindFile> = read(&mut found, sources, FIND_FILE);
    let glossary: Option<GlossaryFile> = read(&mut found, sources, GLOSSARY_FILE);
    let mut hearing: Option<Vec<(String, raw::Hearing)>> = Some(Vec::new());
    for file in sources
        .files
        .keys()
        .filter(|path| path.starts_with(HEARING_FOLDER) && *path != WEIGHTS_FILE)
    {
        match (read(&mut found, sources, file), &mut hearing) {
            (Some(part), Some(parts)) => parts.push((file.clone(), part)),
            (Some(_), None) => {}
            (None, _) => hearing = None,
        }
    }
    let bot: Option<raw::Bot> = read(&mut found, sources, "bot.yaml");
    // A content without drawings has no file of them.
    let pictures: raw::Pictures = match sources.files.contains_key("pictures.yaml") {
        true => read(&mut found, sources, "pictures.yaml").unwrap_or_default(),
        false => raw::Pictures::default(),
    };
    // Without it only what shows by its form is hidden.
    let identifiers = match sources.files.contains_key(IDENTIFIERS_FILE) {
        true => read(&mut found, sources, IDENTIFIERS_FILE).unwrap_or_default(),
        false => identifiers_file::IdentifiersFile::default(),
    };
    let clinic_path = format!("clinics/{clinic}.yaml");
    let clinic: Option<raw::Clinic> = read(&mut found, sources, &clinic_path);
    for path in sources.files.keys() {
        let own = path
            .strip_prefix("clinics/")
            .and_then(|rest| rest.split_once('/'));
        if own.is_some_and(|(_, name)| NAMED_FILES.contains(&name)) {
            let whole = Place {
                file: path.clone(),
                bytes: 0..0,
            };
            found.push(
                Diagnostic::error(whole, "a clinic cannot have a copy of this file")
                    .with_help("What decides safety is the same for every clinic. A clinic's folder holds dialogs alone."),
            );
        }
    }
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
        Some(hearing),
        Some(bot),
        Some(clinic),
        Some(bibliography),
        Some(find),
        Some(glossary),
    ) = (
        flags,
        cards,
        moves,
        words,
        hearing,
        bot,
        clinic,
        bibliography,
        find,
        glossary,
    )
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
        // By their files' names too: a dialog that cannot be read, or has another
        // name, is one mistake and not one more wherever it is opened.
        dialogs: names(&mut scripts.iter().map(|(_, dialog)| &dialog.dialog))
            .into_iter()
            .chain(script_names(sources))
            .collect(),
        day_slots: BTreeSet::new(),
        all_read: scripts.len() == script_names(sources).count(),
        bibliography,
        cited: Vec::new(),
        pictures: names(&mut pictures.pictures.0.iter().map(|(name, _)| name)),
        told: Told::build(&moves.told),
        things: names(
            &mut (pictures.pictures.0.iter())
                .filter(|(_, picture)| picture.shows == raw::Shows::Thing)
                .map(|(name, _)| name),
        ),
        services: names(&mut bot.services.iter()),
        offered: names(&mut clinic.services.0.iter().map(|(name, _)| name)),
        options: Options::default(),
    };
    builder.check_bibliography();
    let whole = Place {
        file: TEXTS_FILE.to_owned(),
        bytes: 0..0,
    };
    builder.cite(&whole, "every text", &words.source);
    for (name, entry) in texts.iter().flat_map(|texts| &texts.0) {
        let here = place(TEXTS_FILE, name);
        match entry {
            Entry::Text(text) => {
                builder.tells_no_position(&here, text, &[]);
                builder.readable(&here, text, Measure::Talk, None);
            }
            Entry::Source(_) => {}
        }
    }
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
    whose::check(&mut builder, &flags, &cards);
    let rules = flags_file::build_rules(&mut builder, &flags);
    let (screens, flag_texts, history_question) = flags_file::build_flags(&mut builder, flags);
    let hearing = hearing_files::build_hearing(
        &mut builder,
        hearing,
        sources.files.get(WEIGHTS_FILE).map(String::as_str),
        &rules,
        &flag_texts,
    );
    let cards = cards_file::build_cards(&mut builder, cards);
    let asked_later = moves.ask_later.as_ref().map(|one| one.opens.clone());
    let moves = cards_file::build_moves(&mut builder, moves);
    let finder = find::build(&mut builder, find, glossary, &clinic);
    find::check_ask_later(&mut builder, &finder, asked_later.as_ref());
    let pictures = pictures_file::build_pictures(&mut builder, pictures, sources);
    let bot = clinic_file::build_bot(&mut builder, bot, &clinic_path, &clinic);
    clinic_file::check_clinic(&mut builder, &clinic_path, &clinic);
    let dialogs = dialogs::build(&mut builder, scripts);
    let Builder {
        found,
        bibliography,
        cited,
        day_slots,
        ..
    } = builder;
    let (errors, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|one| one.severity == Severity::Error);
    let (Some((hearing, examples)), true) = (hearing, errors.is_empty()) else {
        return Err(errors.into_iter().chain(warnings).collect());
    };
    let mut content = Content {
        revision: sources.revision(|_| true),
        safety: sources.revision(is_safety),
        script: sources.revision(|path| is_script(path) && !NAMED_FILES.contains(&path)),
        table: sources.files.get(TABLE_FILE).cloned(),
        rules,
        flags: flag_texts,
        screens,
        history_question,
        cleared_days,
        cards,
        moves,
        pictures,
        words,
        clinic,
        bot,
        dialogs,
        day_slots: day_slots.into_iter().collect(),
        hearing,
        finder,
        consent: None,
        identifiers: identifiers_file::build(identifiers),
        bibliography,
        cited,
        examples,
        reviewed,
    };
    content.consent = consent::of(&content);
    Ok(Parsed { content, warnings })
}

/// The dialogs' names, as their files say.
fn script_names(sources: &Sources) -> impl Iterator<Item = String> {
    let files = sources.files.keys().filter(|path| is_script(path));
    files.filter_map(|path| Some(path.strip_suffix(".yaml")?.to_owned()))
}

pub(super) fn pairs(set: Pairs<Name>) -> Vec<(SlotId, ChoiceId)> {
    set.0
        .into_iter()
        .map(|(slot, value)| (SlotId::new(&slot.value), ChoiceId::new(&value.value)))
        .collect()
}
