//! P7: each level has its card, and nothing wrong behind it.

use super::guide::Guide;
use super::machine::{Behind, Goal};
use super::quest::{Quest, Reached};
use super::rehearse::Rehearsal;
use super::search::cards_at;
use super::tap::Tap;
use super::{Finding, Report, Spot};
use crate::content::{Card, Content};
use crate::dialog::Press;
use crate::ids::{CardId, DialogId, FlagId, Lang};
use crate::triage::{Form, Level};

const FILE: &str = "cards.yaml";

/// Proves P7.
pub(super) fn prove(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    for level in Level::BLOCKING {
        if card_of(guide, level).is_none() {
            report.findings.push(Finding {
                property: report.property,
                what: format!(
                    "no sign that a patient can state gives the {} card",
                    level.word()
                ),
                help: format!("Give a flag of a screen the level `{}`.", level.word()),
                spots: vec![Spot::Name {
                    file: "red-flags.yaml",
                    name: "flags".to_owned(),
                }],
                chat: None,
            });
        }
        report.states += 1;
    }
    prove_behind(content, Behind::Handoff, report);
    prove_behind(content, Behind::Safety, report);
    prove_own_cards(guide, report);
    prove_numbers(guide, report);
    prove_buttons(guide, report);
    report.states += guide.looked_at();
}

/// The quickest chat in which a card of this level is shown.
fn card_of<'a>(guide: &mut Guide<'a>, level: Level) -> Option<Rehearsal<'a>> {
    let mut chat = Rehearsal::new(guide.content);
    if chat.tap(&Tap::Alarm(level, Vec::new()), &[]).is_ok() {
        return Some(chat);
    }
    let flags: Vec<_> = guide.content.flags.keys().cloned().collect();
    flags
        .iter()
        .filter(|flag| guide.content.rules.level_of(flag, Form::Sure) == level)
        .find_map(|flag| {
            guide.pressing(flag).into_iter().find_map(|mut chat| {
                // A see-professional card waits for the screens.
                while chat.c.stop.is_none() && chat.act(crate::dialog::Act::None(0)).is_ok() {}
                chat.answer_items(crate::dialog::Act::No);
                (chat.c.stop.as_ref()?.level == level).then_some(chat)
            })
        })
}

/// Behind an emergency or urgent card nothing is booked; behind any card no dialog
/// is walked that asks the screens or shows moves.
fn prove_behind(content: &Content, what: Behind, report: &mut Report) {
    let is_wrong = |chat: &Rehearsal<'_>| {
        let level = chat.c.stop.as_ref().map(|stop| stop.level);
        match what {
            Behind::Handoff => chat.is_done && level >= Some(Level::UrgentToday),
            Behind::Safety => chat.is_done && level.is_some(),
        }
    };
    let mut quest = Quest::new(content, Goal::Behind(what), is_wrong);
    let reached = quest.reach();
    report.states += quest.states;
    if matches!(reached, Reached::Nowhere) {
        return;
    }
    let chat = reached.into_chat();
    let level = chat
        .as_ref()
        .and_then(|chat| chat.c.stop.as_ref())
        .map_or("warning", |stop| stop.level.word());
    let opened: Vec<DialogId> = chat.iter().flat_map(|chat| &chat.opened).cloned().collect();
    let file = opened.last().map(|dialog| format!("{dialog}.yaml"));
    let open = file.as_deref().unwrap_or("a dialog");
    let closed = file.as_deref().unwrap_or("that dialog");
    let (does, allowed, leads) = match what {
        Behind::Handoff => (
            "it books visits",
            "see-professional",
            "a card leads to care, and not to a booking",
        ),
        Behind::Safety => (
            "it asks screens or shows moves",
            "caution",
            "behind a card no screens are asked and no moves come",
        ),
    };
    let chat = chat.map(|mut chat| {
        let said = chat.said.first().map(|said| said.text.clone());
        let line = said.unwrap_or_default();
        chat.demand(format!(
            "never: {}",
            line.lines().next().unwrap_or_default()
        ));
        chat.chat(&[
            format!("P7: {leads}."),
            "Plays up to its last line, which should hold and does not.".to_owned(),
        ])
    });
    report.findings.push(Finding {
        property: report.property,
        what: format!("behind a {level} card {open} is open, and {does}"),
        help: format!(
            "Let {closed} say `stays_open: {allowed}`, and lead no other dialog there behind a card."
        ),
        spots: opened
            .iter()
            .filter_map(|dialog| {
                let start = content.dialogs.get(dialog)?.start.clone();
                Some(Spot::Step(dialog.clone(), start))
            })
            .collect(),
        chat,
    });
}

/// A flag's own card is not that of a lower level.
fn prove_own_cards(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    let flags = content.rules.flags.iter().map(|(flag, rule)| {
        (
            flag.to_string(),
            vec![flag.clone()],
            rule.level,
            rule.card.as_ref(),
        )
    });
    let rules = content.rules.rules.iter().map(|rule| {
        let mut flags = rule.all.clone();
        flags.extend(rule.any.first().cloned());
        if let Some(at_least) = &rule.at_least {
            flags.extend(at_least.of.iter().take(at_least.count).cloned());
        }
        (rule.id.to_string(), flags, rule.level, rule.card.as_ref())
    });
    let all: Vec<_> = flags.chain(rules).collect();
    for (name, flags, level, card) in all {
        report.states += 1;
        let Some(card) = card else { continue };
        let Some(own) = content.cards.get(card).and_then(|card| card.level) else {
            continue;
        };
        if own >= level {
            continue;
        }
        let chat = flags
            .first()
            .and_then(|flag| guide.stating(flag))
            .map(|mut chat| {
                for flag in flags.iter().skip(1) {
                    if let Some(words) = content.examples.get(flag) {
                        chat.say(words);
                    }
                }
                let wanted = content
                    .level_card(level)
                    .map(|card| chat.plain(&card.text))
                    .unwrap_or_default();
                chat.demand(format!(
                    "bot: {}",
                    wanted.lines().next().unwrap_or_default()
                ));
                chat.chat(&[format!(
                    "P7: `{name}` is {}, and its card says so.",
                    level.word()
                )])
            });
        report.findings.push(Finding {
            property: report.property,
            what: format!(
                "`{name}` is {} and gives the card `{card}`, which is for {}",
                level.word(),
                own.word()
            ),
            help: format!(
                "Take `card: {card}` away from `{name}`, or name a card without a level."
            ),
            spots: vec![Spot::Name {
                file: "red-flags.yaml",
                name,
            }],
            chat,
        });
    }
}

/// An emergency or urgent card names a number to call, in each language. What it
/// always says counts: its text and its last line, not what some signs add.
fn prove_numbers(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    for level in [Level::UrgentToday, Level::EmergencyNow] {
        for (id, card) in cards_in_force(content, level) {
            report.states += 1;
            let Some(silent) = Lang::ALL
                .into_iter()
                .find(|lang| !names_number(card, *lang))
            else {
                continue;
            };
            let own = |flag: &FlagId| {
                let rule = &content.rules.flags[flag];
                content.rules.level_of(flag, Form::Sure) == level
                    && (rule.card.as_ref() == Some(id)
                        || (rule.card.is_none() && card.level == Some(level)))
            };
            // What a sign adds may name a number: a sign that adds nothing shows it.
            let mut flags: Vec<&FlagId> = content
                .rules
                .flags
                .keys()
                .filter(|flag| own(flag))
                .collect();
            flags.sort_by_key(|flag| card.extra.iter().any(|(with, _)| with.contains(*flag)));
            let chat = flags
                .into_iter()
                .filter_map(|flag| guide.stating(flag))
                // Buttons are written down in English; words are heard in any language.
                .find(|chat| silent == Lang::default() || !chat.presses())
                .map(|mut chat| {
                    chat.lines.insert(0, format!("lang: {}", silent.tag()));
                    chat.demand("bot: {emergency}".to_owned());
                    chat.chat(&[format!("P7: the card `{id}` names the number to call.")])
                });
            report.findings.push(Finding {
                property: report.property,
                what: format!(
                    "the card `{id}` is for {} and names no number to call in `{}`",
                    level.word(),
                    silent.tag()
                ),
                help: format!("Write {{emergency}} into the text of `{id}`, in both languages."),
                spots: vec![Spot::Name {
                    file: FILE,
                    name: id.to_string(),
                }],
                chat,
            });
        }
    }
}

fn names_number(card: &Card, lang: Lang) -> bool {
    [&card.text].into_iter().chain(&card.last).any(|text| {
        text.template(lang)
            .placeholders()
            .any(|name| ["emergency", "crisis"].contains(&name))
    })
}

fn cards_in_force(content: &Content, level: Level) -> Vec<(&CardId, &Card)> {
    content
        .cards
        .iter()
        .filter(|(id, card)| {
            card.level == Some(level)
                || content
                    .rules
                    .flags
                    .values()
                    .any(|rule| rule.card.as_ref() == Some(*id) && rule.level == level)
                || content
                    .rules
                    .rules
                    .iter()
                    .any(|rule| rule.card.as_ref() == Some(*id) && rule.level == level)
        })
        .collect()
}

/// A card's button does something at the level the card stands for.
fn prove_buttons(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    for level in Level::BLOCKING {
        for (card, answer, dialog) in cards_at(content, level) {
            report.states += 1;
            let allowed = content
                .dialogs
                .get(&dialog)
                .is_some_and(|dialog| level <= dialog.stays_open.max(Level::Caution));
            if allowed {
                continue;
            }
            let tap = Tap::Card(card.clone(), answer.clone());
            let mut chat = Rehearsal::new(content);
            let is_shown = chat
                .tap(&Tap::Alarm(level, Vec::new()), std::slice::from_ref(&tap))
                .is_ok();
            if !is_shown && !can_be_in_force(content, &card, level) {
                continue;
            }
            let _ = chat.press(&Press::Card(card.clone(), answer.clone()));
            report.findings.push(Finding {
                property: report.property,
                what: format!("the button `{answer}` of the card `{card}` opens {dialog}.yaml, which is closed at {}", level.word()),
                help: format!("Take the button away: behind this card {dialog}.yaml must stay closed."),
                spots: vec![Spot::Name { file: FILE, name: card.to_string() }],
                chat: is_shown.then(|| chat.chat(&[
                    "P7: the buttons of a card open only what they may.".to_owned(),
                    "Plays up to its last line: this press gets no answer.".to_owned(),
                ])),
            });
        }
    }
}

/// Whether a card can stand at a level: a flag or a rule gives it.
fn can_be_in_force(content: &Content, card: &CardId, level: Level) -> bool {
    cards_in_force(content, level)
        .iter()
        .any(|(known, _)| *known == card)
}
