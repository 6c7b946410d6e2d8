//! Brings a card into force, in the quickest way that words allow.

use super::{Rehearsal, Stuck};
use crate::content::{Content, Notify};
use crate::dialog::Act;
use crate::ids::{CardId, FlagId};
use crate::proof::tap::Tap;
use crate::triage::{Form, Level, Stated};

impl Rehearsal<'_> {
    /// Brings a card of this level into force.
    pub(super) fn alarm(
        &mut self,
        level: Level,
        named: &[FlagId],
        then: &[Tap],
    ) -> Result<(), Stuck> {
        let card = match then.first() {
            Some(Tap::Card(card, _)) => Some(card),
            Some(_) | None => None,
        };
        let mut choice = self.alarm_choice;
        let sets = if named.is_empty() {
            alarms(self.content, level, card)
        } else {
            vec![named.to_vec()]
        };
        for tried in sets.iter().flat_map(|flags| self.raised_by(flags)) {
            let in_force = tried.c.stop.as_ref().is_some_and(|stop| {
                stop.level == level && card.is_none_or(|card| tried.has_card(card))
            });
            if in_force && choice == 0 {
                *self = tried;
                return Ok(());
            }
            choice = choice.saturating_sub(usize::from(in_force));
        }
        Err(Stuck)
    }

    /// Whether this card is among those in force.
    pub fn has_card(&self, card: &CardId) -> bool {
        let is_of_level = |level| {
            self.content
                .cards
                .get(card)
                .is_some_and(|card| card.level == Some(level))
        };
        self.c.stop.as_ref().is_some_and(|stop| {
            stop.cards.iter().any(|own| {
                own.as_ref()
                    .map_or_else(|| is_of_level(stop.level), |own| own == card)
            })
        })
    }

    /// What becomes of saying these flags: all of them, or one behind the others
    /// that staff have cleared or a second question has let go of.
    fn raised_by(&self, flags: &[FlagId]) -> Vec<Self> {
        let said = |order: &[&FlagId], history: &Act, clears: bool| {
            let mut chat = self.clone();
            let (last, before) = order.split_last()?;
            for flag in before {
                chat.state(flag, history.clone()).ok()?;
                if clears && chat.c.stop.is_some() {
                    chat.clear().ok()?;
                }
            }
            chat.state(last, Act::No).ok()?;
            Some(chat)
        };
        let all: Vec<&FlagId> = flags.iter().collect();
        let mut raised: Vec<Self> = said(&all, &Act::No, false).into_iter().collect();
        if flags.len() > 1 {
            for last in flags {
                let order: Vec<&FlagId> = flags
                    .iter()
                    .filter(|flag| *flag != last)
                    .chain([last])
                    .collect();
                raised.extend(said(&order, &Act::No, true));
                raised.extend(said(&order, &Act::Yes, true));
            }
        }
        raised
    }
}

/// Sets of flags that together come to exactly this level, the shortest first.
fn alarms(content: &Content, level: Level, card: Option<&CardId>) -> Vec<Vec<FlagId>> {
    let mut sets: Vec<Vec<FlagId>> = content
        .examples
        .keys()
        .map(|flag| vec![flag.clone()])
        .collect();
    for rule in &content.rules.rules {
        let mut set = rule.all.clone();
        set.extend(rule.any.first().cloned());
        if let Some(at_least) = &rule.at_least {
            set.extend(at_least.of.iter().take(at_least.count).cloned());
        }
        sets.push(set);
    }
    sets.retain(|set| {
        let stated = |cleared| {
            set.iter()
                .enumerate()
                .map(|(at, flag)| {
                    let cleared = cleared && at > 0;
                    (
                        flag.clone(),
                        Stated {
                            form: Form::Sure,
                            cleared,
                        },
                    )
                })
                .collect()
        };
        let judged = content.rules.judge(&stated(false));
        let fits = card.is_none_or(|card| {
            judged.cards.iter().any(|own| {
                own.as_ref().map_or_else(
                    || {
                        content
                            .cards
                            .get(card)
                            .is_some_and(|card| card.level == Some(level))
                    },
                    |own| own == card,
                )
            })
        });
        // Behind flags that were cleared, several together can come to less.
        (judged.level == level && fits) || (set.len() > 1 && judged.level > level)
    });
    // What has no second question and no private card is quicker and plainer.
    sets.sort_by_key(|set| {
        let asks = set.iter().any(|flag| {
            content.flags.get(flag).is_some_and(|flag| {
                flag.history.is_some()
                    || flag.follow_up.is_some()
                    || flag.notify == Notify::OnRequest
            })
        });
        (asks, set.len())
    });
    sets
}
