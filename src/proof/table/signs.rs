//! Rows `flag` and `rule`: what a sign comes to, alone and with others.

use super::moves::{Sought, never_this_move, shown_with};
use super::{Broken, Claim, FLAGS, Table, at_flag, staff_words};
use crate::content::{Atom, Content};
use crate::dialog::{Act, Asking};
use crate::ids::{CardId, FlagId};
use crate::proof::Spot;
use crate::proof::guide::Guide;
use crate::proof::rehearse::Rehearsal;
use crate::proof::rules::completions;
use crate::triage::{Form, Level, Rule, Stated};

pub(super) fn flag_row<'a>(
    guide: &mut Guide<'a>,
    table: &Table,
    flag: &FlagId,
    level: Level,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let Some(rule) = content.rules.flags.get(flag) else {
        return Some(Broken {
            what: format!("there is no flag `{flag}`"),
            help: format!("Write the flag `{flag}` again."),
            spots: Vec::new(),
            chat: None,
        });
    };
    if rule.level != level {
        let wanted = if level == Level::Clear {
            "kind: clue".to_owned()
        } else {
            format!("level: {}", level.word())
        };
        let chat = guide.stating(flag).map(|mut chat| {
            chat.answer_items(Act::No);
            if level.blocks() {
                chat.demand(format!("staff sees: {}", staff_words(content, level)));
            } else {
                chat.demand("staff sees: nothing".to_owned());
            }
            chat
        });
        return Some(Broken {
            what: format!(
                "`{flag}` is {} and should be {}",
                rule.level.word(),
                level.word()
            ),
            help: format!("Give `{flag}` the line `{wanted}` in {FLAGS}."),
            spots: at_flag(flag),
            chat,
        });
    }
    let has_history = content
        .flags
        .get(flag)
        .is_some_and(|flag| flag.history.is_some());
    let may_have = table
        .rows
        .iter()
        .any(|row| matches!(&row.claim, Claim::History(known, _) if known == flag));
    if level.blocks() && has_history && !may_have {
        let chat = match shown_with(guide, None, &Atom::Flag(flag.clone()), never_this_move) {
            Sought::MayBe(chat) => chat,
            Sought::Never => None,
        };
        return Some(Broken {
            what: format!("a second question lets go of `{flag}`"),
            help: format!("Take `history` away from `{flag}` in {FLAGS}."),
            spots: at_flag(flag),
            chat: chat.map(|chat| *chat),
        });
    }
    None
}

pub(super) fn rule_row<'a>(guide: &mut Guide<'a>, rule: &Rule) -> Option<Broken<'a>> {
    let content = guide.content;
    let spots = vec![Spot::Name {
        file: FLAGS,
        name: rule.id.to_string(),
    }];
    for set in completions(rule) {
        let stated = set
            .iter()
            .map(|flag| {
                (
                    flag.clone(),
                    Stated {
                        form: Form::Sure,
                        cleared: false,
                    },
                )
            })
            .collect();
        let judged = content.rules.judge(&stated);
        // What is higher anyway needs no card of this rule.
        let has_card =
            rule.card.is_none() || judged.level > rule.level || judged.cards.contains(&rule.card);
        if judged.level >= rule.level && has_card {
            continue;
        }
        let mut chat = set.first().and_then(|flag| guide.stating(flag));
        if let Some(chat) = &mut chat {
            chat.answer_items(Act::No);
            for flag in set.iter().skip(1) {
                match content.examples.get(flag) {
                    Some(words) => chat.say(words),
                    None => press_item(chat, flag),
                }
                chat.answer_items(Act::No);
            }
            if judged.level < rule.level {
                chat.demand(format!("staff sees: {}", staff_words(content, rule.level)));
            } else {
                chat.demand(format!(
                    "bot: {}",
                    card_words(content, chat, rule.card.as_ref(), rule.level)
                ));
            }
        }
        let names: Vec<String> = set.iter().map(|flag| format!("`{flag}`")).collect();
        return Some(Broken {
            what: format!(
                "the rule {} should make {} {}",
                rule.id,
                names.join(" and "),
                rule.level.word()
            ),
            help: format!(
                "Write the rule {} as the table has it, in {FLAGS}.",
                rule.id
            ),
            spots,
            chat,
        });
    }
    None
}

/// Answers what the engine asks after a card: yes to this flag alone.
pub(super) fn press_item(chat: &mut Rehearsal<'_>, flag: &FlagId) {
    /// More questions than this no card asks.
    const ITEMS_MAX: usize = 40;
    for _ in 0..ITEMS_MAX {
        let Some(Asking::Item(pending)) = chat.c.open.as_ref().map(|open| open.asking.clone())
        else {
            return;
        };
        let is_it = pending.flag() == flag;
        if chat.act(if is_it { Act::Yes } else { Act::No }).is_err() || is_it {
            return;
        }
    }
}

/// The first line of a card, as the patient reads it.
pub(super) fn card_words(
    content: &Content,
    chat: &Rehearsal<'_>,
    card: Option<&CardId>,
    level: Level,
) -> String {
    let card = match card {
        Some(card) => content.cards.get(card),
        None => content.level_card(level),
    };
    card.map(|card| chat.plain(&card.text))
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
