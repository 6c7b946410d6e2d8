//! Whose a card is, and whether staff are told as it says: `red-flags.yaml` against
//! `cards.yaml`.
//!
//! A hurried edit may give a sign the card of another one, or keep staff from being
//! told. Each file would still read well by itself.

use super::build::{Builder, place};
use super::flags::FLAGS;
use super::raw::{self, Card, Name, Notify, RedFlags};
use crate::ids::Lang;
use crate::triage::Level;

const CARDS: &str = "cards.yaml";

/// Compares them.
pub(super) fn check(builder: &mut Builder, flags: &RedFlags, cards: &raw::Cards) {
    let card = |name: &str| cards.cards.0.iter().find(|(known, _)| known.value == name);
    let mut owners: Vec<(&Name, &Name)> = Vec::new();
    for (name, flag) in &flags.flags.0 {
        owners.extend(flag.card.as_ref().map(|card| (name, card)));
    }
    for rule in &flags.rules {
        owners.extend(rule.card.as_ref().map(|card| (&rule.id, card)));
    }
    for (owner, named) in owners {
        let Some((_, card)) = card(&named.value) else {
            continue;
        };
        let is_theirs = card.only_for.iter().any(|one| one.value == owner.value);
        if card.level.is_none() && !is_theirs {
            builder.error_with(
                place(FLAGS, named),
                format!("the card `{}` is not for `{}`", named.value, owner.value),
                Some(format!(
                    "Take it away here, so that the card of its level is shown, \
                     or name `{}` in its `only_for` in {CARDS}.",
                    owner.value
                )),
            );
        }
    }
    for (name, card) in &cards.cards.0 {
        if card.level.is_none() && card.only_for.is_empty() {
            builder.error_with(
                place(CARDS, name),
                format!(
                    "the card `{}` stands for no level and for no sign",
                    name.value
                ),
                Some(
                    "Write `level:`, or `only_for:` with the flags or rules it is for.".to_owned(),
                ),
            );
        }
        for one in &card.only_for {
            let is_rule = flags.rules.iter().any(|rule| rule.id.value == one.value);
            if !is_rule {
                builder.known(CARDS, "flag", one, |names| &names.flags);
            }
        }
    }
    for (name, flag) in &flags.flags.0 {
        let level = flag.level.map_or(Level::Clear, Level::from);
        if !level.blocks() {
            continue;
        }
        let stands_on_screen = flags
            .screens
            .iter()
            .any(|screen| screen.flags.iter().any(|one| one.value == name.value));
        if flag.ends_screens && stands_on_screen && level < Level::EmergencyNow {
            builder.error_with(
                place(FLAGS, name),
                format!(
                    "`{}` ends the screens before worse signs are asked for",
                    name.value
                ),
                Some(
                    "Take `ends_screens` away: only an emergency may leave the rest unasked."
                        .to_owned(),
                ),
            );
        }
        if flag.notify == Some(Notify::OnRequest) {
            let shown = match &flag.card {
                Some(named) => card(&named.value),
                None => (cards.cards.0.iter())
                    .find(|(_, card)| card.level.map(Level::from) == Some(level)),
            };
            let says_so = shown.is_some_and(|(_, card)| says_staff_know(card));
            if level == Level::EmergencyNow || says_so {
                builder.error_with(
                    place(FLAGS, name),
                    format!(
                        "staff are not told of `{}`, and its card says they are",
                        name.value
                    ),
                    Some(
                        "Take `notify: on-request` away. Only a sign with a card of its own, \
                         without {staff_line}, may stay between the bot and the patient, \
                         and no emergency."
                            .to_owned(),
                    ),
                );
            }
        }
    }
}

fn says_staff_know(card: &Card) -> bool {
    let texts = [&card.text].into_iter().chain(&card.last);
    texts.into_iter().any(|text| {
        let template = text.template(Lang::default());
        template.placeholders().any(|name| name == "staff_line")
    })
}
