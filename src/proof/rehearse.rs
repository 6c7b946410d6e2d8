//! Plays what a search found through [`take_turn`](crate::dialog::take_turn), and
//! writes it down as a `.chat` file. What does not play is not shown.

mod alarm;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::tap::Tap;
use crate::content::{Content, Deed, RichText, Text, TextKind, Verb, YesNo};
use crate::dialog::{
    Act, Asking, Beat, Button, Conversation, Cue, Due, Keyboard, Pending, Press, Token, What,
    is_dropped,
};
use crate::ids::{
    ChoiceId, DialogId, FlagId, Lang, MoveId, PatientText, ScreenId, StepId, Timestamp,
};
use crate::triage::Report;

/// Monday, 2 March 2026, 10:00 in Los Angeles, as every `.chat` file begins.
const BEGIN: Timestamp = Timestamp(1_772_474_400);

/// A little more than clearance lasts.
const DAY_HOURS: i64 = 25;

/// Words that no phrase and no button knows.
const IDLE_WORDS: &str = "hello";

/// A number that is kept free for made-up people.
const MADE_UP_PHONE: &str = "310 555 0100";

/// Questions of the engine's own are answered this many times in a row at most.
const ITEMS_MAX: usize = 64;

/// What was to be done could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stuck;

/// One chat, played as it is written down.
#[derive(Clone)]
pub(super) struct Rehearsal<'a> {
    pub content: &'a Content,
    pub c: Conversation,
    now: Timestamp,
    dues: BTreeMap<u8, (Due, Timestamp)>,
    /// Every question on the screen, with its buttons; the newest last.
    shown: Vec<(Option<Token>, Keyboard)>,
    pub lines: Vec<String>,
    /// What the patient was told since the last act.
    pub said: Vec<RichText>,
    /// Everything the patient was ever told.
    pub told: Vec<String>,
    /// Where a move was refused.
    pub tripped: Option<(DialogId, StepId)>,
    /// Whether a card was in force there.
    pub tripped_behind_card: bool,
    /// The screens that were answered where it was.
    pub answered: BTreeSet<ScreenId>,
    /// Reports of the whole chat.
    pub reports: Vec<Report>,
    /// Whether a call or a contact was given since the last act.
    pub handed_off: bool,
    /// Whether a contact card was given since the last act.
    pub has_contact: bool,
    /// The steps that asked, in order, without repeats in a row.
    pub way: Vec<(DialogId, StepId)>,
    /// The dialogs that were walked since the last card came into force.
    pub opened: Vec<DialogId>,
    /// The engine's own questions about this flag are answered with yes.
    pub yes_to: Option<FlagId>,
    /// Which of the sets of flags that give a card is stated.
    pub alarm_choice: usize,
    /// Everything that was planned has been done as planned.
    pub is_done: bool,
    /// The last act failed since a card came into force instead.
    pub stopped_by: Vec<FlagId>,
}

impl<'a> Rehearsal<'a> {
    pub fn new(content: &'a Content) -> Self {
        Self {
            content,
            c: Conversation::new(Lang::En, None),
            now: BEGIN,
            dues: BTreeMap::new(),
            shown: Vec::new(),
            lines: Vec::new(),
            said: Vec::new(),
            told: Vec::new(),
            tripped: None,
            tripped_behind_card: false,
            answered: BTreeSet::new(),
            reports: Vec::new(),
            handed_off: false,
            has_contact: false,
            way: Vec::new(),
            opened: Vec::new(),
            yes_to: None,
            alarm_choice: 0,
            is_done: false,
            stopped_by: Vec::new(),
        }
    }

    /// The same where the engine's own questions about a flag are answered with yes.
    pub fn saying_yes_to(content: &'a Content, flag: Option<&FlagId>) -> Self {
        Self {
            yes_to: flag.cloned(),
            ..Self::new(content)
        }
    }

    pub fn plain(&self, text: &Text) -> String {
        text.render(Lang::En, self.content).text
    }

    /// Whether these words were said since the last act.
    pub fn hears(&self, words: &str) -> bool {
        self.said.iter().any(|said| said.text.contains(words))
    }

    /// Skips one played move after another, until their step is left.
    fn play_on(&mut self) -> Result<(), Stuck> {
        let here = |chat: &Self| {
            chat.asks()
                .map(|(dialog, step)| (dialog.clone(), step.clone()))
        };
        let at = here(self);
        while here(self) == at {
            self.act(Act::Play(Cue::Skip))?;
        }
        Ok(())
    }

    /// Skips played moves until this one is shown; where it is not among them,
    /// nothing is skipped.
    pub fn skip_to(&mut self, wanted: &MoveId) {
        let mut chat = self.clone();
        while matches!(chat.verb(), Some(Verb::Play { .. })) {
            if chat.shown_move() == Some(wanted) {
                *self = chat;
                return;
            }
            if chat.act(Act::Play(Cue::Skip)).is_err() {
                return;
            }
        }
    }

    /// The move that the open question shows, by itself or played.
    pub fn shown_move(&self) -> Option<&'a MoveId> {
        let (_, verb) = (self.asks()?, self.verb()?);
        match verb {
            Verb::Move { id, .. } => Some(id),
            Verb::Play { moves, .. } => {
                let play = self.c.stack.last()?.play?;
                moves.get(usize::from(play.at))
            }
            _ => None,
        }
    }

    /// Whether Back would lead to an earlier part of what is played.
    fn is_within_play(&self) -> bool {
        let Some(Verb::Play { moves, .. }) = self.verb() else {
            return false;
        };
        let play = self.c.stack.last().and_then(|frame| frame.play);
        play.is_some_and(|play| {
            let earlier = &moves[..usize::from(play.at).min(moves.len())];
            play.beat != Beat::Steps(0)
                || earlier
                    .iter()
                    .any(|id| !is_dropped(self.content, &self.c, id))
        })
    }

    /// The step that asks, where one does.
    pub fn asks(&self) -> Option<(&DialogId, &StepId)> {
        let open = self.c.open.as_ref()?;
        let frame = self.c.stack.last()?;
        (open.asking == Asking::Step).then_some((&frame.dialog, &frame.step))
    }

    pub fn verb(&self) -> Option<&'a Verb> {
        let frame = self.c.stack.last()?;
        Some(&self.content.step(&frame.dialog, &frame.step)?.verb)
    }

    /// Plays in order.
    pub fn play(&mut self, taps: &[Tap]) -> Result<(), Stuck> {
        for (at, tap) in taps.iter().enumerate() {
            self.tap(tap, &taps[at + 1..])?;
        }
        Ok(())
    }

    /// Does one thing; `then` is what comes after it, for choosing what to say.
    pub fn tap(&mut self, tap: &Tap, then: &[Tap]) -> Result<(), Stuck> {
        let was_free = self.c.stop.is_none();
        match tap {
            Tap::Command(name) => self.command(name, ""),
            Tap::Link(name) => self.command("start", name),
            Tap::Idle => self.say(IDLE_WORDS),
            Tap::Menu => {
                if self.press(&Press::Menu).is_err() {
                    let stop = self
                        .content
                        .bot
                        .commands
                        .iter()
                        .find(|command| command.deed == Deed::Stop);
                    self.command(&stop.ok_or(Stuck)?.name, "");
                    self.press(&Press::Menu)?;
                }
            }
            Tap::Open(dialog) => self.press_or_forge(&Press::Open(dialog.clone())),
            Tap::Screening => self.press_or_forge(&Press::Screening),
            Tap::Person => self.press(&Press::Person)?,
            Tap::Card(card, answer) => self.press(&Press::Card(card.clone(), answer.clone()))?,
            Tap::Choose(id) => self.act(Act::Choose(id.clone()))?,
            Tap::YesNo(given) => self.act(match given {
                YesNo::Yes => Act::Yes,
                YesNo::No => Act::No,
                YesNo::NotSure => Act::Unsure,
            })?,
            Tap::PlayHurts => self.act(Act::Play(Cue::Hurts))?,
            Tap::PlayNumb => self.act(Act::Play(Cue::Numb))?,
            Tap::PlayOn => self.play_on()?,
            Tap::Ticks(ids) => self.ticks(ids)?,
            Tap::NoneOf => self.none_of()?,
            Tap::Tick(flags) => self.tick_flags(flags)?,
            Tap::Number(value) => self.number(*value)?,
            Tap::Typed => self.typed()?,
            Tap::LooksRight => self.act(Act::LooksRight)?,
            Tap::ChangeAnswer => self.act(Act::ChangeAnswer)?,
            Tap::Change(0) => self.change(then)?,
            Tap::Change(_) => return Ok(()),
            Tap::Back => {
                // Among moves that are played it leads to the one before.
                while self.is_within_play() {
                    self.act(Act::Back)?;
                }
                self.act(Act::Back)?;
            }
            Tap::Timer(minutes) => {
                self.lines.push(format!("clock: +{minutes}m"));
                self.pass(i64::from(*minutes) * 60);
            }
            Tap::Day => {
                self.lines.push(format!("clock: +{DAY_HOURS}h"));
                self.pass(DAY_HOURS * 3_600);
                self.lines.push("patient sends: sticker".to_owned());
                self.take(What::Unreadable);
            }
            Tap::Say(flag) => self.state(flag, Act::Yes)?,
            Tap::Mention(flag) => {
                let words = self.content.examples.get(flag).ok_or(Stuck)?.clone();
                self.say(&words);
                return Ok(());
            }
            Tap::Alarm(level, flags) => return self.alarm(*level, flags, then),
            Tap::Clear => return self.clear(),
            // No `.chat` file says these; what needs them is not shown.
            Tap::PartOfADay
            | Tap::ClearingEnds(_)
            | Tap::ClearSome
            | Tap::Forgotten
            | Tap::Suspicion => return Err(Stuck),
        }
        if !matches!(tap, Tap::Say(_)) {
            self.answer_items(Act::Yes);
        }
        if self.c.lock.is_some() && self.c.stop.is_none() {
            // Whatever comes next gives the card of the lock.
            self.say(IDLE_WORDS);
        }
        if was_free && let Some(stop) = &self.c.stop {
            self.stopped_by = stop.flags.clone();
        }
        Ok(())
    }

    /// The engine's own questions: what lets go of a history is answered with
    /// `history`, everything else with no.
    pub fn answer_items(&mut self, history: Act) {
        for _ in 0..ITEMS_MAX {
            let Some(Asking::Item(pending)) = self.c.open.as_ref().map(|open| open.asking.clone())
            else {
                return;
            };
            let act = match pending {
                Pending::History(_) => history.clone(),
                Pending::Completing(_) => return,
                Pending::Item(flag) | Pending::FollowUp(flag)
                    if Some(&flag) == self.yes_to.as_ref() =>
                {
                    Act::Yes
                }
                Pending::Item(_) | Pending::FollowUp(_) | Pending::Heard(_) => Act::No,
            };
            if self.act(act).is_err() {
                return;
            }
        }
    }

    fn command(&mut self, name: &str, argument: &str) {
        let line = format!("patient: /{name} {argument}");
        self.lines.push(line.trim_end().to_owned());
        self.take(What::Command {
            name: name.to_owned(),
            argument: PatientText::new(argument.to_owned()),
        });
    }

    /// Types words.
    pub fn say(&mut self, words: &str) {
        self.lines
            .push(format!("patient: {}", words.replace('\n', "\\n")));
        self.take(What::Text(PatientText::new(words.to_owned())));
    }

    /// Answers the open question.
    pub fn act(&mut self, act: Act) -> Result<(), Stuck> {
        let token = self.c.open.as_ref().ok_or(Stuck)?.token;
        self.press(&Press::Question(token, act))
    }

    /// Presses a button that is on the screen.
    pub fn press(&mut self, press: &Press) -> Result<(), Stuck> {
        let wanted = press.data();
        let label = self.label_of(&wanted).ok_or(Stuck)?;
        self.lines.push(format!("patient: [{label}]"));
        self.take(What::Press(wanted));
        Ok(())
    }

    /// The same where a keyboard in place of the letters has the words instead.
    pub fn press_word(&mut self, press: &Press, label: &Text) -> Result<(), Stuck> {
        let label = self.plain(label);
        match self.shown.last() {
            Some((_, Keyboard::Phone { words, .. })) if words.contains(&label) => {
                self.say(&label);
                Ok(())
            }
            Some(_) | None => self.press(press),
        }
    }

    /// What the button that stops is called.
    pub fn stop_word(&self) -> &'a Text {
        &self.content.words.button_stop
    }

    fn label_of(&self, wanted: &str) -> Option<String> {
        let mut buttons = self
            .shown
            .iter()
            .rev()
            .flat_map(|(_, keyboard)| match keyboard {
                Keyboard::Inline(rows) => rows.iter().flatten().collect::<Vec<_>>(),
                Keyboard::None | Keyboard::Phone { .. } | Keyboard::Remove => Vec::new(),
            });
        buttons.find_map(|button| match button {
            Button::Press { label, data } if data == wanted => {
                let bare = label
                    .strip_prefix(['☐', '☑'])
                    .map_or(label.as_str(), str::trim_start);
                Some(bare.to_owned())
            }
            Button::Press { .. } | Button::Link { .. } => None,
        })
    }

    /// The buttons of the newest message that has any.
    pub fn buttons(&self) -> Vec<Press> {
        let newest = self
            .shown
            .iter()
            .rev()
            .find(|(_, keyboard)| *keyboard != Keyboard::None);
        let Some((_, Keyboard::Inline(rows))) = newest else {
            return Vec::new();
        };
        rows.iter()
            .flatten()
            .filter_map(|button| match button {
                Button::Press { data, .. } => Press::parse(data),
                Button::Link { .. } => None,
            })
            .collect()
    }

    /// Ticks exactly these and goes on; what stood ticked before is unticked.
    pub fn ticks(&mut self, ids: &[ChoiceId]) -> Result<(), Stuck> {
        self.untick()?;
        for id in ids {
            self.act(Act::Tick(id.clone()))?;
        }
        let bits = self.c.open.as_ref().ok_or(Stuck)?.draft;
        self.act(Act::Continue(bits))
    }

    /// None of these; ticks that stand are taken away by a first press.
    pub fn none_of(&mut self) -> Result<(), Stuck> {
        self.untick()?;
        self.act(Act::None(0))
    }

    fn untick(&mut self) -> Result<(), Stuck> {
        let standing: Vec<ChoiceId> = self
            .buttons()
            .into_iter()
            .filter_map(|press| match press {
                Press::Question(_, Act::Untick(id)) => Some(id),
                _ => None,
            })
            .collect();
        standing
            .into_iter()
            .try_for_each(|id| self.act(Act::Untick(id)))
    }

    /// A button that may not be on the screen now, and works wherever it was.
    fn press_or_forge(&mut self, press: &Press) {
        if self.press(press).is_err() {
            let data = press.data();
            self.lines.push(format!("patient forges: {data}"));
            self.take(What::Press(data));
        }
    }

    /// Ticks flags of the open screen and goes on.
    pub fn tick_flags(&mut self, flags: &[FlagId]) -> Result<(), Stuck> {
        let Some(Verb::Screen { screen, .. }) = self.verb() else {
            return Err(Stuck);
        };
        match self.content.screen(screen).map(|screen| screen.style) {
            Some(crate::content::ScreenStyle::Question) => self.act(Act::Yes),
            Some(crate::content::ScreenStyle::List) => {
                let ids: Vec<ChoiceId> = flags
                    .iter()
                    .map(|flag| ChoiceId::new(flag.as_str()))
                    .collect();
                self.ticks(&ids)
            }
            None => Err(Stuck),
        }
    }

    fn number(&mut self, value: i64) -> Result<(), Stuck> {
        match self.verb() {
            Some(Verb::Number { scale: true, .. }) => self.act(Act::Number(value)),
            Some(Verb::Number { .. }) => {
                self.say(&value.to_string());
                Ok(())
            }
            Some(_) | None => Err(Stuck),
        }
    }

    fn typed(&mut self) -> Result<(), Stuck> {
        match self.verb() {
            Some(Verb::Text {
                kind: TextKind::Phone,
                ..
            }) => self.say(MADE_UP_PHONE),
            Some(Verb::Text {
                kind: TextKind::Words,
                ..
            }) => self.say(IDLE_WORDS),
            Some(_) | None => return Err(Stuck),
        }
        Ok(())
    }

    /// Which answer to change: the one whose question is asked next on the way.
    fn change(&mut self, then: &[Tap]) -> Result<(), Stuck> {
        let choices: Vec<Press> = self
            .buttons()
            .into_iter()
            .filter(|press| matches!(press, Press::Question(_, Act::Change(_))))
            .collect();
        for press in choices {
            let mut tried = self.clone();
            if tried.press(&press).is_ok() && tried.play(then).is_ok() && tried.tripped.is_some() {
                return self.press(&press);
            }
        }
        Err(Stuck)
    }

    /// States a flag in words; a second question is answered with `history`.
    pub fn state(&mut self, flag: &FlagId, history: Act) -> Result<(), Stuck> {
        let words = self.content.examples.get(flag).ok_or(Stuck)?.clone();
        self.say(&words);
        self.answer_items(history);
        if self.c.flags.contains_key(flag) {
            Ok(())
        } else {
            Err(Stuck)
        }
    }

    /// Staff allow moves again.
    pub fn clear(&mut self) -> Result<(), Stuck> {
        let stop = self.c.stop.clone().ok_or(Stuck)?;
        let words = &self.content.words;
        let lang = self.content.clinic.staff_language;
        for label in [&words.staff_button_clear, &words.staff_button_clear_yes] {
            self.lines.push(format!(
                "staff Ana: [{}]",
                label.render(lang, self.content).text
            ));
        }
        let until = self
            .now
            .plus_seconds(i64::from(self.content.cleared_days.other) * 86_400);
        let flags = stop
            .flags
            .iter()
            .map(|flag| (flag.clone(), until))
            .collect();
        self.take(What::Cleared { flags, lock: true });
        self.stopped_by.clear();
        if self.c.stop.is_some() {
            Err(Stuck)
        } else {
            Ok(())
        }
    }

    /// Whether a button was pressed so far.
    pub fn presses(&self) -> bool {
        self.lines.iter().any(|line| line.starts_with("patient: ["))
    }

    /// Whether nothing else happened so far: presses, commands, and the words that mean
    /// nothing and open the menu.
    pub fn is_of_presses(&self) -> bool {
        let idle = format!("patient: {IDLE_WORDS}");
        let is_one = |line: &String| {
            ["patient: [", "patient: /", "patient forges: "]
                .iter()
                .any(|begins| line.starts_with(begins))
                || *line == idle
        };
        self.lines.iter().all(is_one)
    }

    /// A line that must hold at the end, and does not yet.
    pub fn demand(&mut self, line: String) {
        self.lines.push(line);
    }

    /// The file, with what it shows in its first lines.
    pub fn chat(&self, shows: &[String]) -> String {
        let mut text = String::new();
        for line in shows {
            let _ = writeln!(text, "# {line}");
        }
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}
