//! `bot.yaml` and the clinic's own file.

use std::collections::BTreeMap;

use super::build::{Builder, pairs, place};
use super::consent;
use super::diagnostic::Place;
use super::model::{Bot, Command, Deed, Link, ReadyAnswer, StaffCommand};
use super::raw;
use super::readability::Measure;

/// The links of `bot.yaml`, and those that one clinic has beside them.
pub(super) fn build_bot(
    builder: &mut Builder,
    file: raw::Bot,
    clinic_path: &str,
    clinic: &raw::Clinic,
) -> Bot {
    const FILE: &str = "bot.yaml";
    let command = |builder: &mut Builder, command: raw::Command| {
        let here = place(FILE, &command.name);
        let name = &command.name.value;
        check_command(builder, FILE, &command.name);
        let deed = match (&command.opens, command.does) {
            (Some(dialog), None) => Deed::Opens(builder.dialog(FILE, dialog)),
            (None, Some(raw::CommandDeed::Stop)) => Deed::Stop,
            (None, Some(raw::CommandDeed::MyData)) => Deed::MyData,
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
        .map(|one| {
            check_command(builder, FILE, &one.name);
            StaffCommand {
                name: one.name.value,
                deed: one.does,
                about: one.about,
            }
        })
        .collect();
    let answers = file.answers.into_iter().map(|one| {
        check_command(builder, FILE, &one.name);
        let here = place(FILE, &one.name);
        for text in [&one.label, &one.text] {
            builder.placeholders(&here, text, &[]);
        }
        builder.readable(&here, &one.text, Measure::Talk, None);
        builder.cite(&here, &one.name.value, &one.source);
        ReadyAnswer {
            name: one.name.value,
            label: one.label,
            text: one.text,
        }
    });
    let answers = answers.collect();
    let mut links = BTreeMap::new();
    let shared = file.links.0.into_iter().map(|link| (FILE, link));
    let own = clinic.links.0.iter().cloned();
    for (path, (name, link)) in shared.chain(own.map(|link| (clinic_path, link))) {
        builder.id(path, &name);
        let target = Link {
            set: pairs(link.set),
            opens: builder.dialog(path, &link.opens),
        };
        if links.insert(name.value.clone(), target).is_some() {
            builder.error(
                place(path, &name),
                format!("there is a link `{}` already", name.value),
            );
        }
    }
    Bot {
        menu: builder.dialog(FILE, &file.menu),
        screening: builder.dialog(FILE, &file.screening),
        person: builder.dialog(FILE, &file.person),
        consent: consent::dialog(builder, FILE, file.consent.as_ref()),
        commands,
        links,
        staff_commands,
        answers,
    }
}

fn check_command(builder: &mut Builder, file: &str, name: &raw::Name) {
    let word = &name.value;
    if word.is_empty()
        || word.len() > 32
        || !word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        builder.error(
            place(file, name),
            format!("`{word}` cannot be a command: Telegram takes 1 to 32 of a-z, 0-9 and _"),
        );
    }
}

pub(super) fn check_clinic(builder: &mut Builder, file: &str, clinic: &raw::Clinic) {
    for (service, _) in &clinic.services.0 {
        builder.known(file, "service", service, |names| &names.services);
    }
    let whole = || Place {
        file: file.to_owned(),
        bytes: 0..0,
    };
    /// Of the shortest numbers there are, such as 911.
    const DIGITS_MIN: usize = 3;
    for (name, number) in [
        ("emergency_number", &clinic.emergency_number),
        ("crisis_number", &clinic.crisis_number),
    ] {
        if number.chars().filter(char::is_ascii_digit).count() < DIGITS_MIN {
            builder.error_with(
                whole(),
                format!("`{name}` is no number to call"),
                Some("Write the number that people call where the clinic is.".to_owned()),
            );
        }
    }
    let about = clinic.practitioners.iter().map(|one| &one.about);
    let own = [
        &clinic.hours_text,
        &clinic.prices_text,
        &clinic.profile.description,
        &clinic.profile.short_description,
    ];
    for text in about.chain(own) {
        builder.readable(&whole(), text, Measure::Talk, None);
    }
    builder.cite(&whole(), "the clinic", &clinic.source);
    for one in &clinic.practitioners {
        builder.cite(&whole(), &one.id, &one.source);
    }
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
    for phone in &clinic.phones {
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        let written = &phone.written.value;
        if !written.starts_with('+') || digits(written) != digits(&phone.e164.value) {
            builder.error_with(
                place(file, &phone.written),
                format!("`{written}` is not how people write {}", phone.e164.value),
                Some(
                    "Begin with + and keep every digit, such as `+1 818-555-0100`: then a phone makes it a link."
                        .to_owned(),
                ),
            );
        }
    }
    let turns = clinic.on_call.iter().flat_map(|turn| &turn.hours);
    for hours in clinic.hours.iter().flatten().chain(turns) {
        let read = |text: &str| jiff::civil::Time::strptime("%H:%M", text);
        let ends_later =
            |from| hours.to == raw::MIDNIGHT || read(&hours.to).is_ok_and(|to| from < to);
        match read(&hours.from) {
            Ok(from) if ends_later(from) && !hours.days.is_empty() => {}
            _ => builder.error_with(
                whole(),
                format!("the hours `{}` to `{}` are none", hours.from, hours.to),
                Some(
                    "Write them as `09:00` and `17:30`, the earlier first, with at least one day. A day ends at `24:00`; split what goes past it."
                        .to_owned(),
                ),
            ),
        }
    }
    let keeps = clinic.keeps_days;
    let days = [
        ("answers", keeps.answers),
        ("closed_cases", keeps.closed_cases),
        ("undelivered", keeps.undelivered),
        ("audit", keeps.audit),
        ("numbers", keeps.numbers),
    ];
    for (kind, _) in days.iter().filter(|(_, days)| *days == 0) {
        builder.error_with(
            whole(),
            format!("`keeps_days: {kind}` is 0: nothing would be kept for a day"),
            Some("Write how many days, at least 1.".to_owned()),
        );
    }
    /// No rung of the ladder hurries more, and a case that is merely not closed comes
    /// back after an hour.
    const TRY_AGAIN_MINUTES: std::ops::RangeInclusive<u32> = 5..=60;
    if !TRY_AGAIN_MINUTES.contains(&clinic.try_again_minutes) {
        builder.error_with(
            whole(),
            format!(
                "`try_again_minutes` is {}, and {} to {} can be",
                clinic.try_again_minutes,
                TRY_AGAIN_MINUTES.start(),
                TRY_AGAIN_MINUTES.end()
            ),
            Some(
                "After so many minutes an urgent case comes back whose patient nobody could reach."
                    .to_owned(),
            ),
        );
    }
    if keeps.closed_cases > keeps.answers {
        builder.error_with(
            whole(),
            format!(
                "closed cases are kept for {} days, longer than answers ({})",
                keeps.closed_cases, keeps.answers
            ),
            Some("A closed case goes with its patient's answers at the latest.".to_owned()),
        );
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
