//! Screens: ticks, Continue, none, not sure.

use super::button::Act;
use super::conversation::{Asking, Pending, Slot};
use super::effect::{Due, Effect, Message, Weight};
use super::walk::Walk;
use crate::content::{Screen, ScreenStyle, Verb};
use crate::ids::{FlagId, Timestamp};
use crate::triage::{Form, Level};

impl<'a> Walk<'a> {
    /// The screen the open question asks, if it asks one.
    pub fn open_screen(&self) -> Option<&'a Screen> {
        match self.step().map(|step| &step.verb) {
            Some(Verb::Screen { screen, .. }) => self.content.screen(screen),
            Some(_) | None => None,
        }
    }

    /// Some items are asked only beside another flag.
    pub fn is_shown(&self, flag: &FlagId) -> bool {
        self.content
            .flags
            .get(flag)
            .and_then(|flag| flag.only_with.as_ref())
            .is_none_or(|other| self.c.flags.contains_key(other))
    }

    /// The flags ticked in `draft`.
    pub fn ticked(&self, screen: &Screen, draft: u32) -> Vec<FlagId> {
        screen
            .flags
            .iter()
            .enumerate()
            .filter(|(index, flag)| draft >> index & 1 == 1 && self.is_shown(flag))
            .map(|(_, flag)| flag.clone())
            .collect()
    }

    /// The ticks a list begins with: what was said of it within the day and is
    /// asked again. Never an emergency: it would be submitted by its timer.
    pub fn former_ticks(&self) -> u32 {
        let is_emergency =
            |flag: &FlagId| self.content.rules.level_of(flag, Form::Sure) == Level::EmergencyNow;
        let bits = |ticked: &mut dyn Iterator<Item = bool>| {
            ticked.enumerate().fold(0, |bits, (place, ticked)| {
                bits | (u32::from(ticked) << place)
            })
        };
        if let Some(Verb::Many { slot, options, .. }) = self.step().map(|step| &step.verb) {
            let Some(Slot::Many(former)) = self.c.former.get(slot) else {
                return 0;
            };
            return bits(&mut options.iter().map(|option| {
                former.contains(&option.id) && !option.answer.raise.iter().any(is_emergency)
            }));
        }
        let Some(screen) = self
            .open_screen()
            .filter(|screen| screen.style == ScreenStyle::List)
        else {
            return 0;
        };
        let is_fresh = |at: &Timestamp| self.now.seconds_since(*at) < super::CLEARANCE_SECONDS;
        bits(&mut screen.flags.iter().map(|flag| {
            let was_said = self.c.flags.get(flag).is_some_and(|note| {
                note.form != Form::Unsure && note.cleared_until.is_none() && is_fresh(&note.since)
            });
            let was_ticked = self.c.left.get(flag).is_some_and(is_fresh);
            (was_said || was_ticked) && self.is_shown(flag) && !is_emergency(flag)
        }))
    }

    /// The open list is left before Continue: its ticks stand when it comes
    /// again. An emergency among them was submitted when the turn began.
    pub fn leave_ticks(&mut self) {
        let Some(open) = self
            .c
            .open
            .as_ref()
            .filter(|open| open.asking == Asking::Step && open.draft != 0)
        else {
            return;
        };
        let draft = open.draft;
        if let Some(Verb::Many { slot, options, .. }) = self.step().map(|step| &step.verb) {
            let ticked = options.iter().enumerate();
            let ticked = ticked
                .filter(|(place, _)| draft >> place & 1 == 1)
                .map(|(_, option)| option.id.clone());
            self.c
                .former
                .insert(slot.clone(), Slot::Many(ticked.collect()));
        } else if let Some(screen) = self.open_screen() {
            let now = self.now;
            let ticked = self.ticked(screen, draft);
            self.c
                .left
                .extend(ticked.into_iter().map(|flag| (flag, now)));
        }
    }

    /// A press on a screen's list.
    pub fn answer_screen(&mut self, screen: &'a Screen, act: &Act) {
        match (screen.style, act) {
            (ScreenStyle::Question, Act::Yes | Act::No | Act::Unsure) => {
                self.answer_question_screen(screen, act)
            }
            (ScreenStyle::List, Act::Tick(id) | Act::Untick(id)) => {
                let place = screen
                    .flags
                    .iter()
                    .position(|flag| flag.as_str() == id.as_str());
                let Some(place) = place else {
                    return self.stale();
                };
                self.toggle(1 << place, matches!(act, Act::Tick(_)));
                self.time_draft();
            }
            (ScreenStyle::List, Act::Continue(seen) | Act::None(seen) | Act::NotSure(seen)) => {
                self.submit_screen(screen, act, *seen)
            }
            _ => self.stale(),
        }
    }

    /// Sets ticks in the draft and shows them in place.
    pub fn toggle(&mut self, bits: u32, on: bool) {
        let Some(open) = &mut self.c.open else { return };
        open.draft = if on {
            open.draft | bits
        } else {
            open.draft & !bits
        };
        let open = open.clone();
        let (text, keyboard) = self.render_edit(&open);
        let message = Message {
            text,
            keyboard,
            token: Some(open.token),
            weight: Weight::Tick,
        };
        self.effects.push(Effect::Edit {
            token: open.token,
            message,
        });
    }

    /// An emergency tick does not wait for Continue for ever.
    pub fn time_draft(&mut self) {
        let emergency = !self.drafted_emergencies().is_empty();
        let now = self.now;
        let Some(open) = &mut self.c.open else { return };
        if emergency {
            // The first tick counts: another one gives no more time.
            let since = *open.drafted.get_or_insert(now);
            let at = since.plus_seconds(super::DRAFT_SECONDS);
            self.effects.push(Effect::SetDue {
                due: Due::Draft,
                at,
            });
        } else {
            open.drafted = None;
            self.effects.push(Effect::CancelDue(Due::Draft));
        }
    }

    /// A copy that showed other ticks than the draft's was pressed: show the
    /// screen again with every tick that either copy showed.
    pub fn is_older_copy(&mut self, seen: u32) -> bool {
        let Some(open) = &mut self.c.open else {
            return false;
        };
        if open.draft == seen {
            return false;
        }
        open.draft |= seen;
        self.lead(&self.content.words.screen_shown_again);
        self.show_open();
        self.time_draft();
        true
    }

    fn answer_question_screen(&mut self, screen: &Screen, act: &Act) {
        // The flag itself was stated when the turn began.
        let words = &self.content.words;
        let label = match act {
            Act::Yes => &words.button_yes,
            Act::No => &words.button_no,
            _ => &words.button_not_sure,
        };
        let label = self.label(label);
        self.begin_screens();
        self.close_question(&label);
        self.leave_crumb(Vec::new());
        self.c.finishing = Some(screen.id.clone());
        self.next_pending();
    }

    fn submit_screen(&mut self, screen: &'a Screen, act: &Act, seen: u32) {
        if self.is_older_copy(seen) {
            return;
        }
        let ticked = self.ticked(screen, seen);
        if matches!(act, Act::None(_)) && !ticked.is_empty() {
            self.toggle(u32::MAX, false);
            self.effects.push(Effect::CancelDue(Due::Draft));
            self.toast = Some(self.label(&self.content.words.screen_none_cleared));
            return;
        }
        if matches!(act, Act::Continue(_)) && ticked.is_empty() {
            self.toast = Some(self.label(&self.content.words.screen_lead));
            return;
        }
        let words = &self.content.words;
        let chosen = match act {
            Act::None(_) => self.label(&words.button_none),
            Act::NotSure(_) if ticked.is_empty() => self.label(&words.button_not_sure),
            _ => self.labels(&ticked),
        };
        self.begin_screens();
        self.close_question(&chosen);
        self.leave_crumb(Vec::new());
        self.effects.push(Effect::CancelDue(Due::Draft));
        self.c.finishing = Some(screen.id.clone());
        if matches!(act, Act::NotSure(_)) {
            self.lead(&words.not_sure_lead);
            let rest = screen
                .flags
                .iter()
                .filter(|flag| !ticked.contains(flag))
                .cloned()
                .map(Pending::Item);
            self.c.queue.extend(rest);
        }
        self.next_pending();
    }

    /// The flags' short labels, as the patient pressed them.
    pub fn labels(&self, flags: &[FlagId]) -> String {
        let labels: Vec<String> = flags
            .iter()
            .filter_map(|flag| self.content.flags.get(flag))
            .map(|flag| self.label(&flag.button))
            .collect();
        labels.join(" · ")
    }

    /// The first screen of a new round: yesterday's cautions are asked anew.
    /// A round begins when nothing is answered; what blocks is never dropped, nor
    /// what was said since, and nothing at all while a card is in force.
    fn begin_screens(&mut self) {
        let is_blocked = self.c.stop.is_some() || self.c.level(self.content).blocks();
        if !self.c.screens.is_empty() || is_blocked {
            return;
        }
        let now = self.now;
        self.c.flags.retain(|_, note| {
            note.cleared_until.is_some() || now.seconds_since(note.since) < super::CLEARANCE_SECONDS
        });
        self.c.asked.clear();
    }

    /// Submits a `many` step.
    pub fn answer_many(&mut self, act: &Act) {
        let Some(Verb::Many {
            slot,
            options,
            none,
            next,
        }) = self.step().map(|step| &step.verb)
        else {
            return self.stale();
        };
        match act {
            Act::Tick(id) | Act::Untick(id) => {
                match options.iter().position(|option| option.id == *id) {
                    Some(place) => {
                        self.toggle(1 << place, matches!(act, Act::Tick(_)));
                        self.time_draft();
                    }
                    None => self.stale(),
                }
            }
            Act::None(seen) => {
                if self.is_older_copy(*seen) {
                    return;
                }
                let Some((label, go)) = none else {
                    return self.stale();
                };
                if *seen != 0 {
                    self.toggle(u32::MAX, false);
                    self.toast = Some(self.label(&self.content.words.screen_none_cleared));
                    return;
                }
                let label = self.label(label);
                self.close_question(&label);
                self.fill(slot.clone(), Slot::Many(Default::default()));
                self.goto(go);
            }
            Act::Continue(seen) => {
                if self.is_older_copy(*seen) {
                    return;
                }
                let chosen: Vec<_> = options
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| seen >> index & 1 == 1)
                    .map(|(_, option)| option)
                    .collect();
                if chosen.is_empty() {
                    self.toast = Some(self.label(&self.content.words.screen_lead));
                    return;
                }
                let labels: Vec<String> = chosen
                    .iter()
                    .map(|option| self.label(&option.label))
                    .collect();
                self.close_question(&labels.join(" · "));
                self.fill(
                    slot.clone(),
                    Slot::Many(chosen.iter().map(|option| option.id.clone()).collect()),
                );
                for option in chosen {
                    self.apply(&option.answer);
                }
                if self.c.queue.is_empty() || self.between().is_some() {
                    self.goto(next);
                } else {
                    if let Some(frame) = self.c.stack.last_mut() {
                        frame.step = next.clone();
                    }
                    self.next_pending();
                }
            }
            _ => self.stale(),
        }
    }
}
