//! P7: each level has its card, and nothing wrong behind it.

use super::guide::Guide;
use super::rehearse::Rehearsal;
use super::search::cards_at;
use super::tap::Tap;
use super::{Finding, Report, Spot};
use crate::content::{Card, Content, Dialog, Verb};
use crate::dialog::Press;
use crate::ids::{CardId, DialogId, FlagId, Lang};
use crate::triage::{Form, Level};

const FILE: &str = "cards.yaml";

/// Proves P7.
pub(super) fn prove(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    for level in Level::BLOCKING {
        let Some(chat) = card_of(guide, level) else {
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
            continue;
        };
        report.states += 1;
        if level >= Level::UrgentToday {
            prove_no_booking(content, level, &chat, report);
        }
    }
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

/// Dialogs that are open at a level: by command, link, menu or card.
fn open_at(content: &Content, level: Level) -> Vec<(Tap, &Dialog)> {
    let mut found = Vec::new();
    let mut add = |tap, dialog: &DialogId| {
        if let Some(dialog) = content.dialogs.get(dialog)
            && level <= dialog.stays_open
        {
            found.push((tap, dialog));
        }
    };
    for command in &content.bot.commands {
        if let crate::content::Deed::Opens(dialog) = &command.deed {
            add(Tap::Command(command.name.clone()), dialog);
        }
    }
    for (name, link) in &content.bot.links {
        add(Tap::Link(name.clone()), &link.opens);
    }
    for (card, answer, dialog) in cards_at(content, level) {
        add(Tap::Card(card, answer), &dialog);
    }
    found
}

/// On emergency and urgent cards stand a person and /stop, and no booking.
fn prove_no_booking(content: &Content, level: Level, chat: &Rehearsal<'_>, report: &mut Report) {
    for (tap, dialog) in open_at(content, level) {
        report.states += 1;
        if !books(content, dialog, 0) {
            continue;
        }
        let mut chat = chat.clone();
        let card = match &tap {
            Tap::Card(card, _) => Some(card.clone()),
            _ => None,
        };
        if card.is_some() {
            chat = Rehearsal::new(content);
            let _ = chat.tap(&Tap::Alarm(level, Vec::new()), std::slice::from_ref(&tap));
        }
        let _ = chat.tap(&tap, &[]);
        let said = chat
            .said
            .first()
            .map(|said| said.text.clone())
            .unwrap_or_default();
        chat.expect(format!(
            "never: {}",
            said.lines().next().unwrap_or_default()
        ));
        let mut spots = vec![Spot::Step(dialog.id.clone(), dialog.start.clone())];
        spots.extend(card.map(|card| Spot::Name {
            file: FILE,
            name: card.to_string(),
        }));
        return report.findings.push(Finding {
            property: report.property,
            what: format!(
                "behind a {} card {}.yaml is open, and it books visits",
                level.word(),
                dialog.id
            ),
            help: format!("Let {}.yaml say `stays_open: see-professional`.", dialog.id),
            spots,
            chat: Some(chat.chat(&[
                format!(
                    "P7: a {} card leads to care, and not to a booking.",
                    level.word()
                ),
                "Plays up to its last line, which should hold and does not.".to_owned(),
            ])),
        });
    }
}

fn books(content: &Content, dialog: &Dialog, depth: usize) -> bool {
    /// Dialogs call each other no deeper than this.
    const DEPTH_MAX: usize = 8;
    depth <= DEPTH_MAX
        && dialog.steps.values().any(|step| match &step.verb {
            Verb::Handoff { .. } => true,
            Verb::Call { dialog, .. } => content
                .dialogs
                .get(dialog)
                .is_some_and(|dialog| books(content, dialog, depth + 1)),
            _ => false,
        })
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
                chat.expect(format!(
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
                    chat.expect("bot: {emergency}".to_owned());
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
            if chat
                .tap(&Tap::Alarm(level, Vec::new()), std::slice::from_ref(&tap))
                .is_err()
            {
                continue;
            }
            let _ = chat.press(&Press::Card(card.clone(), answer.clone()));
            report.findings.push(Finding {
                property: report.property,
                what: format!("the button `{answer}` of the card `{card}` opens {dialog}.yaml, which is closed at {}", level.word()),
                help: format!("Take the button away: behind this card {dialog}.yaml must stay closed."),
                spots: vec![Spot::Name { file: FILE, name: card.to_string() }],
                chat: Some(chat.chat(&[
                    "P7: the buttons of a card open only what they may.".to_owned(),
                    "Plays up to its last line: this press gets no answer.".to_owned(),
                ])),
            });
        }
    }
}
