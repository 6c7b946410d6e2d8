//! What no sequence of inputs may do to a conversation, with the real content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use psoas_bot::content::{Content, Verb};
use psoas_bot::dialog::{
    Asking, Button, CLEARANCE_SECONDS, Conversation, Desk, Due, Effect, Frame, Input, Keyboard,
    Message, Open, Pending, Seen, Slot, Token, Turn, What, take_turn,
};
use psoas_bot::free_text::{Heard, Hit, Sureness, hear};
use psoas_bot::ids::{ChoiceId, FlagId, Lang, PatientText, SlotId, Timestamp};
use psoas_bot::triage::{Form, Level, Stated};

use super::content::real_content;

/// Telegram's own limits.
const TEXT_UNITS_MAX: usize = 4096;
const BUTTONS_MAX: usize = 100;
const DATA_BYTES_MAX: usize = 64;

const START: Timestamp = Timestamp(1_760_000_000);

/// What comes in, before it is known what stands on the patient's screen.
#[derive(Debug, Clone)]
enum Act {
    /// The way of someone healthy towards the moves.
    Ahead(u32),
    /// One of the newest buttons.
    Press(u32),
    /// A button of some older message.
    Stale(u32),
    /// Data no button had.
    Forge(u32),
    /// Words.
    Say(u32),
    /// Words that state flags, whatever they are.
    Hear(u32),
    Edit(u32),
    Command(u32),
    Contact(u32),
    Unreadable,
    /// Time goes by, and timers fire.
    Wait(u32),
    /// A timer that was set fires twice, or one that was not.
    Fire(u32),
    /// Staff clear flags.
    Clear(u32),
    Seen,
    ShowAgain,
    /// One of the drawings did not go out.
    Undrawn(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let n = any::<u32>;
    prop_oneof![
        20 => n().prop_map(Act::Ahead),
        16 => n().prop_map(Act::Press),
        3 => n().prop_map(Act::Stale),
        3 => n().prop_map(Act::Forge),
        3 => n().prop_map(Act::Say),
        2 => n().prop_map(Act::Hear),
        1 => n().prop_map(Act::Edit),
        2 => n().prop_map(Act::Command),
        1 => n().prop_map(Act::Contact),
        1 => Just(Act::Unreadable),
        4 => n().prop_map(Act::Wait),
        1 => n().prop_map(Act::Fire),
        4 => n().prop_map(Act::Clear),
        1 => Just(Act::Seen),
        1 => Just(Act::ShowAgain),
        1 => any::<usize>().prop_map(Act::Undrawn),
    ]
}

const WAITS_SECONDS: [i64; 8] = [
    1,
    61,
    601,
    31 * 60,
    13 * 3_600,
    25 * 3_600,
    8 * 86_400,
    91 * 86_400,
];

/// One patient: what they are shown, the timers set, and what a test remembers
/// apart from the engine.
struct Patient {
    content: &'static Content,
    c: Conversation,
    desk: Desk,
    now: Timestamp,
    dues: BTreeMap<u8, (Due, Timestamp)>,
    shown: Vec<(Option<Token>, Keyboard)>,
    move_texts: Vec<String>,
    /// A card was shown, and staff have not cleared since.
    stopped: bool,
    /// The highest level since staff last cleared anything.
    floor: Level,
    log: String,
}

/// A flag heard in the first letter of a text.
fn hit(flag: &FlagId, sureness: Sureness) -> Hit {
    Hit {
        flag: flag.clone(),
        spans: std::iter::once(0..1).collect(),
        sureness,
        why: Vec::new(),
    }
}

impl Patient {
    fn new(lang: Lang, lock: Option<Level>, desk: Desk) -> Self {
        let content = real_content();
        Self {
            content,
            c: Conversation::new(lang, lock),
            desk,
            now: START,
            dues: BTreeMap::new(),
            shown: Vec::new(),
            move_texts: move_texts(content),
            stopped: lock.is_some(),
            floor: lock.unwrap_or_default(),
            log: format!("{lang:?} {lock:?} {desk:?}\n"),
        }
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        let content = self.content;
        match act {
            Act::Ahead(n) => match self.ahead(*n as usize) {
                Some(what) => self.take(what),
                None => self.take(command("check")),
            },
            Act::Press(n) => match pick(&self.newest(), *n) {
                Some(what) => self.take(what.clone()),
                None => self.take(command("start")),
            },
            Act::Stale(n) => {
                let all: Vec<What> = self
                    .shown
                    .iter()
                    .flat_map(|(_, keyboard)| presses(keyboard))
                    .collect();
                match pick(&all, *n) {
                    Some(what) => self.take(what.clone()),
                    None => Ok(()),
                }
            }
            Act::Forge(n) => {
                let data = forged(self.c.open.as_ref().map_or(1, |open| open.token.0), *n);
                self.take(What::Press(data))
            }
            Act::Say(n) => self.take(What::Text(PatientText::new(words(*n)))),
            Act::Edit(n) => self.take(What::Edited(PatientText::new(words(*n)))),
            Act::Hear(n) => {
                let flags: Vec<&FlagId> = content.flags.keys().collect();
                let some = (0..1 + n % 3)
                    .filter_map(|more| pick(&flags, n / 3 + more * 17))
                    .enumerate()
                    .map(|(place, flag)| {
                        let sureness = match (*n as usize / 7 + place) % 3 {
                            0 => Sureness::Unsure,
                            _ => Sureness::Sure,
                        };
                        hit(flag, sureness)
                    })
                    .collect();
                let input = Input {
                    what: What::Text(PatientText::new("words".to_owned())),
                    heard: Heard {
                        hits: some,
                        ..Heard::default()
                    },
                    desk: self.desk,
                };
                self.turn(&input)
            }
            Act::Command(n) => {
                let names: Vec<&str> = content
                    .bot
                    .commands
                    .iter()
                    .map(|command| command.name.as_str())
                    .chain(["start", "xyz", ""])
                    .collect();
                let links: Vec<&str> = content
                    .bot
                    .links
                    .keys()
                    .map(String::as_str)
                    .chain(["", "\u{0}", "no such link"])
                    .collect();
                self.take(What::Command {
                    name: names[*n as usize % names.len()].to_owned(),
                    argument: PatientText::new(links[(*n / 64) as usize % links.len()].to_owned()),
                })
            }
            Act::Contact(n) => {
                let numbers = ["+13105550100", "not a number", "", "1", "+1 (310) 555-0101"];
                let number = numbers[*n as usize % numbers.len()];
                self.take(What::Contact(PatientText::new(number.to_owned())))
            }
            Act::Unreadable => self.take(What::Unreadable),
            Act::Wait(n) => self.wait(WAITS_SECONDS[*n as usize % WAITS_SECONDS.len()]),
            Act::Fire(n) => {
                let token = self.c.open.as_ref().map_or(Token(0), |open| open.token);
                let dues = [
                    Due::Draft,
                    Due::Question(token),
                    Due::Question(Token(token.0.wrapping_sub(1))),
                ];
                self.take(What::Due(dues[*n as usize % dues.len()]))
            }
            Act::Clear(n) => {
                let flags: Vec<FlagId> = self
                    .c
                    .stop
                    .as_ref()
                    .map(|stop| stop.flags.clone())
                    .unwrap_or_default();
                let until = self.now.plus_seconds(i64::from(7 + (n % 2) * 83) * 86_400);
                let some = flags
                    .into_iter()
                    .enumerate()
                    .filter(|(index, _)| n % 5 != 0 || (n >> (index + 4)) & 1 == 1)
                    .map(|(_, flag)| (flag, until))
                    .collect();
                self.take(What::Cleared {
                    flags: some,
                    lock: n % 3 != 0,
                })
            }
            Act::Seen => self.take(What::Seen(Seen::Note)),
            Act::ShowAgain => self.take(What::ShowAgain),
            Act::Undrawn(which) => {
                let all = &real_content().pictures;
                let picture = all.keys().nth(which % all.len()).expect("there are some");
                self.take(What::Undrawn(picture.clone()))
            }
        }
    }

    /// What the newest message with buttons offers.
    fn newest(&self) -> Vec<What> {
        self.shown
            .iter()
            .rev()
            .map(|(_, keyboard)| presses(keyboard))
            .find(|some| !some.is_empty())
            .unwrap_or_default()
    }

    /// A press that leads towards the moves.
    fn ahead(&self, n: usize) -> Option<What> {
        /// Answers on the way of someone healthy.
        const WAY: [&str; 8] = [
            "oagree", "ome", "ocheck", "oskip", "omoves", "r", "x", "onext",
        ];
        let newest = self.newest();
        let act_of = |what: &What| match what {
            What::Press(data) => data.split_once(':').map(|(_, act)| act.to_owned()),
            _ => None,
        };
        let acts: Vec<Option<String>> = newest.iter().map(act_of).collect();
        let find = |wanted: &dyn Fn(&str) -> bool| {
            acts.iter()
                .position(|act| act.as_deref().is_some_and(wanted))
                .map(|at| newest[at].clone())
        };
        for wanted in WAY {
            if let Some(what) = find(&|act| act == wanted) {
                return Some(what);
            }
        }
        if n.is_multiple_of(4)
            && let Some(what) = find(&|act| act.starts_with('c') && act != "c0")
        {
            return Some(what);
        }
        // Cautions are ticked now and then; warning signs by other acts.
        if n % 8 != 1
            && let Some(what) = find(&|act| act.starts_with('n'))
        {
            return Some(what);
        }
        if let Some(what) = find(&|act| act.starts_with('c') && act != "c0") {
            return Some(what);
        }
        let ticks: Vec<&What> = newest
            .iter()
            .zip(&acts)
            .filter(|(_, act)| {
                act.as_deref()
                    .is_some_and(|act| act.starts_with(['+', 'o']))
            })
            .map(|(what, _)| what)
            .collect();
        (!ticks.is_empty()).then(|| ticks[n / 8 % ticks.len()].clone())
    }

    /// Time goes by; timers fire when they are due, in order.
    fn wait(&mut self, seconds: i64) -> Result<(), String> {
        let end = self.now.plus_seconds(seconds);
        // Each firing takes its timer away, and a turn sets at most one of a kind.
        for _ in 0..20 {
            let Some((due, at)) = self
                .dues
                .values()
                .copied()
                .filter(|(_, at)| *at <= end)
                .min_by_key(|(_, at)| *at)
            else {
                break;
            };
            self.dues.remove(&due.kind());
            self.now = self.now.max(at);
            self.take(What::Due(due))?;
        }
        let _ = writeln!(self.log, "clock +{seconds}s");
        self.now = end;
        Ok(())
    }

    fn take(&mut self, what: What) -> Result<(), String> {
        let heard = match &what {
            What::Text(text) | What::Edited(text) => {
                hear(&self.content.hearing, &self.content.rules, text)
            }
            _ => Heard::default(),
        };
        let input = Input {
            what,
            heard,
            desk: self.desk,
        };
        self.turn(&input)
    }

    fn turn(&mut self, input: &Input) -> Result<(), String> {
        let _ = write!(self.log, "{}", told(input));
        let before = self.c.clone();
        let turn = take_turn(self.content, before.clone(), input, self.now);
        let _ = writeln!(
            self.log,
            " -> {:?}, open {:?}",
            turn.conversation.level(self.content),
            turn.conversation.open.as_ref().map(|open| (
                open.token.0,
                &open.asking,
                turn.conversation
                    .stack
                    .last()
                    .map(|frame| frame.step.as_str())
            ))
        );
        self.keep(&turn);
        let checked = self.check(&before, input, &turn);
        self.c = turn.conversation;
        if turn.effects.contains(&Effect::Erase) {
            // What is stored of an erased conversation is its lock alone.
            self.c = Conversation::new(self.c.lang, self.c.lock);
            self.dues.clear();
        }
        checked
    }

    fn keep(&mut self, turn: &Turn) {
        for effect in &turn.effects {
            match effect {
                Effect::Say(message) => self.shown.push((message.token, message.keyboard.clone())),
                Effect::Edit { token, message } => {
                    for (shown, keyboard) in &mut self.shown {
                        if *shown == Some(*token) {
                            *keyboard = message.keyboard.clone();
                        }
                    }
                }
                Effect::SetDue { due, at } => {
                    self.dues.insert(due.kind(), (*due, *at));
                }
                Effect::CancelDue(due) => {
                    self.dues.remove(&due.kind());
                }
                Effect::Contact
                | Effect::Report(_)
                | Effect::Note(_)
                | Effect::RequestCall { .. }
                | Effect::Erase
                | Effect::Picture(_)
                | Effect::GuardTripped { .. }
                | Effect::MyData => {}
            }
        }
    }

    fn check(&mut self, before: &Conversation, input: &Input, turn: &Turn) -> Result<(), String> {
        check_limits(turn)?;
        check_stored(&turn.conversation)?;
        self.check_answered(input, turn)?;
        self.check_moves(turn)?;
        self.check_level(before, input, turn)?;
        self.check_warned(before, turn)?;
        check_open(before, input, turn)?;
        self.check_draft(before, input, turn)?;
        Ok(())
    }

    /// Every private message or press is answered.
    fn check_answered(&self, input: &Input, turn: &Turn) -> Result<(), String> {
        let asks = match &input.what {
            What::Press(_)
            | What::Text(_)
            | What::Command { .. }
            | What::Contact(_)
            | What::Unreadable => true,
            What::Edited(_)
            | What::Due(_)
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain
            | What::Undrawn(_) => false,
        };
        let is_said = |effect: &Effect| match effect {
            Effect::Say(_) | Effect::Edit { .. } => true,
            // Answered by the app, which knows whether anyone was told.
            Effect::RequestCall { .. } => true,
            Effect::Contact
            | Effect::Report(_)
            | Effect::Note(_)
            | Effect::SetDue { .. }
            | Effect::CancelDue(_)
            | Effect::Erase
            | Effect::Picture(_)
            | Effect::GuardTripped { .. }
            | Effect::MyData => false,
        };
        let silent = turn.toast.is_none() && !turn.effects.iter().any(is_said);
        if asks && silent {
            return Err("nothing answered this".to_owned());
        }
        Ok(())
    }

    /// No move while anything blocks or a screen is unanswered.
    fn check_moves(&self, turn: &Turn) -> Result<(), String> {
        let after = &turn.conversation;
        let content = self.content;
        if let Some(tripped) = turn
            .effects
            .iter()
            .find(|effect| matches!(effect, Effect::GuardTripped { .. }))
        {
            return Err(format!("{tripped:?}"));
        }
        let shows_move = turn.effects.iter().any(|effect| match effect {
            Effect::Say(message) => self
                .move_texts
                .iter()
                .any(|head| message.text.text.contains(head)),
            _ => false,
        });
        if !shows_move {
            return Ok(());
        }
        if self.stopped {
            return Err("a move is shown after a card that staff have not cleared".to_owned());
        }
        if after.level(content).blocks() || after.lock.is_some() || after.stop.is_some() {
            return Err(format!("a move is shown at {:?}", after.level(content)));
        }
        for (flag, note) in &after.flags {
            let blocks = content.rules.level_of(flag, note.form).blocks();
            let cleared = note.cleared_until.is_some_and(|until| until > self.now);
            if blocks && !cleared {
                return Err(format!("a move is shown in spite of {flag}"));
            }
        }
        let fresh = |at: &Timestamp, now: Timestamp| now.seconds_since(*at) < CLEARANCE_SECONDS;
        if after.clearance.is_none_or(|at| !fresh(&at, self.now)) {
            return Err("a move is shown without clearance".to_owned());
        }
        for screen in &content.screens {
            let in_time = after
                .screens
                .get(&screen.id)
                .is_some_and(|at| fresh(at, self.now));
            if !in_time {
                return Err(format!(
                    "a move is shown and the screen {} is not answered in time",
                    screen.id
                ));
            }
        }
        Ok(())
    }

    /// What blocks stays until staff clear it.
    fn check_level(
        &mut self,
        before: &Conversation,
        input: &Input,
        turn: &Turn,
    ) -> Result<(), String> {
        let by_staff = matches!(input.what, What::Cleared { .. });
        let settles = before
            .open
            .as_ref()
            .is_some_and(|open| matches!(open.asking, Asking::Item(Pending::History(_))));
        let is = turn.conversation.level(self.content);
        if by_staff || settles {
            self.floor = is;
        }
        // A flag whose clearing passes is asked again, and the rules it was part
        // of no longer hold; the card that was shown stays in force.
        let shown = turn
            .conversation
            .stop
            .as_ref()
            .map_or(Level::Clear, |stop| stop.level);
        if self.floor.blocks() && is.max(shown) < self.floor {
            return Err(format!("the level went from {:?} to {is:?}", self.floor));
        }
        self.floor = self.floor.max(is);
        if by_staff && !is.blocks() {
            self.stopped = false;
        }
        if turn.conversation.stop.is_some() {
            self.stopped = true;
        }
        Ok(())
    }

    /// The emergency items ticked on the open screen and not yet submitted.
    fn drafted(&self, c: &Conversation) -> Vec<FlagId> {
        let content = self.content;
        let (Some(open), Some(frame)) = (&c.open, c.stack.last()) else {
            return Vec::new();
        };
        let step = content.step(&frame.dialog, &frame.step);
        let Some(Verb::Screen { screen, .. }) = step.map(|step| &step.verb) else {
            return Vec::new();
        };
        let flags = content.screen(screen).map(|screen| &screen.flags[..]);
        flags
            .unwrap_or_default()
            .iter()
            .enumerate()
            .filter(|(index, _)| open.asking == Asking::Step && open.draft >> index & 1 == 1)
            .map(|(_, flag)| flag.clone())
            .filter(|flag| {
                let shown = content.flags[flag]
                    .only_with
                    .as_ref()
                    .is_none_or(|other| c.flags.contains_key(other));
                shown && content.rules.level_of(flag, Form::Sure) == Level::EmergencyNow
            })
            .collect()
    }

    /// An emergency tick is stated in the end, unless it is taken back.
    fn check_draft(&self, before: &Conversation, input: &Input, turn: &Turn) -> Result<(), String> {
        let after = &turn.conversation;
        let still = self.drafted(after);
        let taken_back = match &input.what {
            What::Press(data) => data.contains(":-") || data.contains(":n"),
            What::Text(_) => true,
            _ => false,
        };
        for flag in self.drafted(before) {
            let kept =
                still.contains(&flag) && self.dues.values().any(|(due, _)| *due == Due::Draft);
            if !kept && !after.flags.contains_key(&flag) && !taken_back {
                return Err(format!("the drafted tick of {flag} is lost"));
            }
        }
        Ok(())
    }

    /// A level that blocks has its card and its case, or its timer runs while
    /// the screens are still asked.
    fn check_warned(&self, before: &Conversation, turn: &Turn) -> Result<(), String> {
        let after = &turn.conversation;
        let level = after.level(self.content);
        if !level.blocks() || turn.effects.contains(&Effect::Erase) {
            return Ok(());
        }
        match &after.stop {
            None => {
                let timed = self.dues.values().any(|(due, _)| *due == Due::Screening);
                if level > Level::SeeProfessional || !timed {
                    return Err(format!("{level:?} has neither card nor timer"));
                }
            }
            Some(stop) => {
                if stop.level < level {
                    return Err(format!("the card of {:?} stands at {level:?}", stop.level));
                }
                let is_new = before.stop.as_ref().is_none_or(|old| {
                    old.level < stop.level
                        || stop.flags.iter().any(|flag| !old.flags.contains(flag))
                });
                let told = turn
                    .effects
                    .iter()
                    .any(|effect| matches!(effect, Effect::Report(_)));
                if is_new && !told {
                    return Err("a new card, and staff are not told".to_owned());
                }
            }
        }
        Ok(())
    }
}

/// A button of the open question is never called answered.
fn check_open(before: &Conversation, input: &Input, turn: &Turn) -> Result<(), String> {
    let (Some(open), What::Press(data)) = (&before.open, &input.what) else {
        return Ok(());
    };
    let is_of_open = data
        .split_once(':')
        .is_some_and(|(token, _)| token == open.token.to_string());
    let stands = turn.conversation.open == before.open;
    if is_of_open && !stands && turn.effects.is_empty() {
        return Err("the question went without a word".to_owned());
    }
    Ok(())
}

/// Every message fits Telegram.
fn check_limits(turn: &Turn) -> Result<(), String> {
    for effect in &turn.effects {
        let message = match effect {
            Effect::Say(message) | Effect::Edit { message, .. } => message,
            Effect::Contact
            | Effect::Report(_)
            | Effect::Note(_)
            | Effect::RequestCall { .. }
            | Effect::SetDue { .. }
            | Effect::CancelDue(_)
            | Effect::Erase
            | Effect::Picture(_)
            | Effect::GuardTripped { .. }
            | Effect::MyData => continue,
        };
        check_message(message)?;
    }
    /// A toast longer than this is refused.
    const TOAST_UNITS_MAX: usize = 200;
    let toast = turn.toast.as_deref().unwrap_or("");
    if toast.encode_utf16().count() > TOAST_UNITS_MAX {
        return Err(format!("the toast is too long: {toast}"));
    }
    Ok(())
}

fn check_message(message: &Message) -> Result<(), String> {
    let text = &message.text.text;
    let units = text.encode_utf16().count();
    if units > TEXT_UNITS_MAX {
        return Err(format!("a message of {units} units: {}", cut(text)));
    }
    if text.trim().is_empty() {
        return Err("a message without words".to_owned());
    }
    if text.contains("{") {
        return Err(format!("a placeholder is left: {text}"));
    }
    let mut last = 0;
    for bold in &message.text.bold {
        let fits = bold.start >= last
            && bold.start < bold.end
            && text.is_char_boundary(bold.start)
            && text.get(bold.clone()).is_some();
        if !fits {
            return Err(format!("bold {bold:?} does not fit: {}", cut(text)));
        }
        last = bold.end;
    }
    let labels: Vec<(&str, Option<&str>)> = match &message.keyboard {
        Keyboard::None | Keyboard::Remove => Vec::new(),
        Keyboard::Inline(rows) => {
            if rows.iter().any(Vec::is_empty) {
                return Err(format!("an empty row of buttons: {}", cut(text)));
            }
            rows.iter()
                .flatten()
                .map(|button| match button {
                    Button::Press { label, data } => (label.as_str(), Some(data.as_str())),
                    Button::Link { label, url } => {
                        assert!(url.starts_with("https://"));
                        (label.as_str(), None)
                    }
                })
                .collect()
        }
        Keyboard::Phone { share, words } => std::iter::once(share)
            .chain(words)
            .map(|label| (label.as_str(), None))
            .collect(),
    };
    if labels.len() > BUTTONS_MAX {
        return Err(format!("{} buttons: {}", labels.len(), cut(text)));
    }
    let mut seen = BTreeSet::new();
    for (label, data) in labels {
        if label.trim().is_empty() {
            return Err(format!("a button without a label: {}", cut(text)));
        }
        if let Some(data) = data {
            if data.is_empty() || data.len() > DATA_BYTES_MAX {
                return Err(format!("button data of {} bytes: {data}", data.len()));
            }
            if !seen.insert(data) {
                return Err(format!("two buttons say {data}: {}", cut(text)));
            }
        }
    }
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Stored and read again, a conversation is the same.
fn check_stored(conversation: &Conversation) -> Result<(), String> {
    let stored = serde_json::to_string(conversation).map_err(|error| error.to_string())?;
    let read: Conversation = serde_json::from_str(&stored).map_err(|error| error.to_string())?;
    if read != *conversation {
        return Err(format!("it reads back otherwise: {stored}"));
    }
    /// A conversation is a row of the store.
    const STORED_BYTES_MAX: usize = 48 * 1024;
    if stored.len() > STORED_BYTES_MAX {
        return Err(format!("it takes {} bytes", stored.len()));
    }
    Ok(())
}

/// How a move's message reads: its name in front of the dose heading.
fn move_texts(content: &Content) -> Vec<String> {
    Lang::ALL
        .into_iter()
        .flat_map(|lang| {
            content.moves.list.values().map(move |one| {
                let name = one.name.render(lang, content).text;
                let dose = content.words.move_dose.render(lang, content).text;
                format!("{name}\n\n{dose}\n")
            })
        })
        .collect()
}

fn presses(keyboard: &Keyboard) -> Vec<What> {
    match keyboard {
        Keyboard::None | Keyboard::Remove => Vec::new(),
        Keyboard::Inline(rows) => rows
            .iter()
            .flatten()
            .filter_map(|button| match button {
                Button::Press { data, .. } => Some(What::Press(data.clone())),
                Button::Link { .. } => None,
            })
            .collect(),
        Keyboard::Phone { words, .. } => words
            .iter()
            .map(String::as_str)
            .chain(["310 555 0100"])
            .map(|word| What::Text(PatientText::new(word.to_owned())))
            .collect(),
    }
}

fn pick<T>(all: &[T], n: u32) -> Option<&T> {
    (!all.is_empty()).then(|| &all[n as usize % all.len()])
}

fn command(name: &str) -> What {
    What::Command {
        name: name.to_owned(),
        argument: PatientText::default(),
    }
}

/// What an input was, for whoever reads a failure. These words are the test's.
fn told(input: &Input) -> String {
    let heard: Vec<&FlagId> = input.heard.flags().collect();
    let heard = if heard.is_empty() {
        String::new()
    } else {
        format!(" heard {heard:?}")
    };
    match &input.what {
        What::Text(text) | What::Edited(text) | What::Contact(text) => {
            format!("{:?}{heard} {:?}", input.what, cut(text.reveal()))
        }
        what => format!("{what:?}{heard}"),
    }
}

/// Button data that no message shows.
fn forged(token: u32, n: u32) -> String {
    let kinds = [
        "oxyz",
        "o",
        "+xyz",
        "-xyz",
        "+",
        "cffffffff",
        "c",
        "c1",
        "nffffffff",
        "n0",
        "n1",
        "?7",
        "?0",
        "s0",
        "s9",
        "s99999999999",
        "b",
        "v-5",
        "v99",
        "v",
        "y",
        "x",
        "u",
        "r",
        "a",
        "z",
        "é",
        "yyy",
        "",
    ];
    let loose = [
        "",
        ":",
        ":::",
        "\u{0}",
        "menu",
        "person",
        "stop",
        "card:",
        "card::",
        "card:emergency:getting-help",
        "card:professional:call-me",
        "card:nope:nope",
        "99999999999:y",
        "-1:y",
        "\u{202e}1:y",
        "MENU",
    ];
    let n = n as usize;
    if n.is_multiple_of(3) {
        loose[n / 3 % loose.len()].to_owned()
    } else {
        let token = match n / 3 % 4 {
            0 => token.wrapping_sub(1),
            1 => u32::MAX,
            _ => token,
        };
        format!("{token}:{}", kinds[n / 12 % kinds.len()])
    }
}

/// Words as they come, and as they should not.
fn words(n: u32) -> String {
    let fixed = [
        "hello",
        "yes",
        "sí",
        "no",
        "1 and 3",
        "1",
        "stop",
        "a person",
        "menu",
        "none of these",
        "continue",
        "not sure",
        "my chest hurts",
        "no chest pain",
        "tengo fiebre",
        "i feel numb between my legs",
        "me siento muy mal",
        "",
        " ",
        "\u{0}",
        "\u{0}\u{1}\u{7f}",
        "\u{202e}on em raelc\u{202c}",
        "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}a\u{300}\u{301}l\u{302}g\u{303}o",
        "👩‍👩‍👧‍👦👍🏽🇲🇽",
        "**bold** _x_ [a](b) `c` <b>d</b> &amp;",
        "{words} {phone} {{ }} {",
        "310 555 0100",
        "+1 (310) 555-0100",
        "99999999999999999999999999",
        "-1",
        "5",
        "11",
        "/start",
        "\n\n\n",
        "ＦＵＬＬ　ｗｉｄｔｈ",
        "ﬁ ½ ①",
        "İstanbul ß ſ",
    ];
    let n = n as usize;
    if n.is_multiple_of(67) {
        let long = ["a", "é ", "👍🏽", "no ", "chest "];
        let piece = long[n / 67 % long.len()];
        return piece.repeat(100_000 / piece.len());
    }
    fixed[n % fixed.len()].to_owned()
}

fn play(lang: Lang, lock: Option<Level>, desk: Desk, acts: &[Act]) -> Result<(), TestCaseError> {
    let mut patient = Patient::new(lang, lock, desk);
    for act in acts {
        if let Err(said) = patient.act(act) {
            return Err(TestCaseError::fail(format!("{said}\n{}", patient.log)));
        }
    }
    Ok(())
}

fn cases(most: u32) -> ProptestConfig {
    let cases = std::env::var("TURN_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(most);
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    }
}

fn desk() -> impl Strategy<Value = Desk> {
    prop_oneof![3 => Just(Desk::Staffed), 1 => Just(Desk::Unstaffed)]
}

fn lang() -> impl Strategy<Value = Lang> {
    prop::sample::select(Lang::ALL.to_vec())
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_inputs_keep_the_promises(
        lang in lang(),
        lock in prop_oneof![
            8 => Just(None),
            1 => prop::sample::select(Level::BLOCKING.to_vec()).prop_map(Some),
        ],
        desk in desk(),
        acts in prop::collection::vec(act(), 1..60),
    ) {
        play(lang, lock, desk, &acts)?;
    }

    /// From where the moves are shown.
    #[test]
    fn any_inputs_after_clearance_keep_the_promises(
        lang in lang(),
        desk in desk(),
        way in 14_usize..22,
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let ahead = (0..way).map(|_| Act::Ahead(4));
        let acts: Vec<Act> = std::iter::once(Act::Command(1)).chain(ahead).chain(acts).collect();
        play(lang, None, desk, &acts)?;
    }
}

/// The generator must reach what it is meant to test.
#[test]
fn the_way_ahead_reaches_every_move() {
    let mut patient = Patient::new(Lang::En, None, Desk::Staffed);
    let mut seen = BTreeSet::new();
    for n in 0..40_u32 {
        let before = patient.shown.len();
        patient
            .act(&Act::Ahead(4 + n % 2))
            .unwrap_or_else(|said| panic!("{said}\n{}", patient.log));
        assert!(patient.shown.len() >= before);
        if let Some(frame) = patient.c.stack.last() {
            seen.insert(frame.step.as_str().to_owned());
        }
    }
    assert!(
        seen.contains("x1") && seen.contains("x7"),
        "{}",
        patient.log
    );
}

/// Triage alone: one more flag, or a surer form, never lowers the level.
fn check_monotone(stated: &BTreeMap<FlagId, Stated>) -> Result<(), String> {
    let content = real_content();
    let base = content.rules.level(stated);
    for flag in content.flags.keys() {
        for form in [Form::Settled, Form::Unsure, Form::Sure] {
            for cleared in [false, true] {
                let mut more = stated.clone();
                match stated.get(flag) {
                    Some(known) if form < known.form || cleared != known.cleared => continue,
                    Some(_) | None => {
                        more.insert(flag.clone(), Stated { form, cleared });
                    }
                }
                let level = content.rules.level(&more);
                if level < base {
                    return Err(format!(
                        "{flag} as {form:?}, cleared {cleared}, lowers {base:?} to {level:?} of {stated:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn one_more_flag_never_lowers_the_level() {
    let content = real_content();
    check_monotone(&BTreeMap::new()).unwrap_or_else(|said| panic!("{said}"));
    for flag in content.flags.keys() {
        for form in [Form::Settled, Form::Unsure, Form::Sure] {
            let one = BTreeMap::from([(
                flag.clone(),
                Stated {
                    form,
                    cleared: false,
                },
            )]);
            check_monotone(&one).unwrap_or_else(|said| panic!("{said}"));
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn one_more_flag_never_lowers_the_level_of_many(
        some in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, prop::bool::weighted(0.3)), 0..12),
    ) {
        let content = real_content();
        let flags: Vec<&FlagId> = content.flags.keys().collect();
        let stated = some
            .iter()
            .map(|(flag, form, cleared)| {
                let form = [Form::Settled, Form::Unsure, Form::Sure][*form];
                (flags[flag.index(flags.len())].clone(), Stated { form, cleared: *cleared })
            })
            .collect();
        check_monotone(&stated).map_err(TestCaseError::fail)?;
    }
}

/// What a patient may have stated when a step is reached, so that the longest
/// texts are among them.
fn profiles() -> Vec<(String, Vec<(FlagId, Form)>)> {
    let content = real_content();
    let of_level = |level: Level| -> Vec<FlagId> {
        let flags = content.rules.flags.iter();
        flags
            .filter(|(_, rule)| rule.level == level)
            .map(|(flag, _)| flag.clone())
            .collect()
    };
    let cautions = of_level(Level::Caution);
    let histories: Vec<FlagId> = content
        .flags
        .iter()
        .filter(|(_, flag)| flag.history.is_some())
        .map(|(flag, _)| flag.clone())
        .collect();
    let sure = |flags: &[FlagId]| {
        flags
            .iter()
            .map(|flag| (flag.clone(), Form::Sure))
            .collect()
    };
    let settled: Vec<(FlagId, Form)> = histories
        .iter()
        .map(|flag| (flag.clone(), Form::Settled))
        .collect();
    let mut profiles = vec![
        ("nothing".to_owned(), Vec::new()),
        ("every caution".to_owned(), sure(&cautions)),
        ("every history, settled".to_owned(), settled),
    ];
    for without in &cautions {
        let rest: Vec<FlagId> = cautions
            .iter()
            .filter(|flag| *flag != without)
            .cloned()
            .collect();
        profiles.push((format!("every caution but {without}"), sure(&rest)));
        profiles.push((without.to_string(), sure(std::slice::from_ref(without))));
    }
    profiles
}

/// A conversation whose open question is this.
fn standing(lang: Lang, frame: Frame, flags: &[(FlagId, Form)], asking: Asking) -> Conversation {
    let content = real_content();
    let mut c = Conversation::new(lang, None);
    c.safety = Some(content.safety.clone());
    c.stack = vec![frame];
    c.screens = content
        .screens
        .iter()
        .map(|screen| (screen.id.clone(), START))
        .collect();
    c.clearance = Some(START);
    for (flag, form) in flags {
        let mut one = note(*form);
        one.since = START;
        c.flags.insert(flag.clone(), one);
    }
    // The longest token there is.
    let token = Token(u32::MAX - 1);
    c.last_token = token;
    c.open = Some(Open {
        token,
        asking,
        draft: 0,
        since: START,
        drafted: None,
        lead: psoas_bot::content::RichText::default(),
    });
    c
}

fn note(form: Form) -> psoas_bot::dialog::FlagNote {
    psoas_bot::dialog::FlagNote {
        form,
        since: START,
        cleared_until: None,
        typed: false,
    }
}

/// Every answer a step takes, ticked in full where it is a list.
fn answers(c: &Conversation) -> Vec<What> {
    let shown = show(c);
    let mut all: Vec<What> = shown.iter().flat_map(presses).collect();
    let mut ticked = c.clone();
    if let Some(open) = &mut ticked.open {
        open.draft = u32::MAX;
        all.push(What::Press(format!("{}:c{:x}", open.token, u32::MAX)));
    }
    all
}

fn show(c: &Conversation) -> Vec<Keyboard> {
    let turn = ask_again(c);
    turn.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Say(message) => Some(message.keyboard.clone()),
            _ => None,
        })
        .collect()
}

fn ask_again(c: &Conversation) -> Turn {
    let input = Input::new(What::ShowAgain, Desk::Staffed);
    take_turn(real_content(), c.clone(), &input, START)
}

/// Every step in both languages, with the longest values, and everything that
/// is said when it is answered, fits Telegram.
#[test]
fn every_step_fits_telegram() {
    let content = real_content();
    let mut failed = BTreeSet::new();
    let mut seen = 0;
    for lang in Lang::ALL {
        for (name, flags) in profiles() {
            for dialog in content.dialogs.values() {
                for (id, step) in &dialog.steps {
                    let frame = Frame {
                        dialog: dialog.id.clone(),
                        step: id.clone(),
                        interrupts: false,
                        play: None,
                    };
                    let mut c = standing(lang, frame, &flags, Asking::Step);
                    if let Verb::Screen { screen, .. } = &step.verb {
                        c.screens.remove(screen);
                        c.clearance = None;
                    }
                    fill_slots(&mut c);
                    let mut turns = vec![ask_again(&c)];
                    for what in answers(&c) {
                        let mut ticked = c.clone();
                        if let (What::Press(data), Some(open)) = (&what, &mut ticked.open)
                            && data.ends_with(":cffffffff")
                        {
                            open.draft = u32::MAX;
                        }
                        let input = Input::new(what, Desk::Unstaffed);
                        turns.push(take_turn(content, ticked, &input, START));
                    }
                    for turn in turns {
                        seen += 1;
                        if let Err(said) = check_limits(&turn) {
                            failed.insert(format!(
                                "{}/{id} ({}, {name}): {said}",
                                dialog.id,
                                lang.tag()
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(seen > 1_000, "only {seen} turns were taken");
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Clues that lead to the most moves.
fn fill_slots(c: &mut Conversation) {
    let clues = ["c1", "c2", "c3", "c4", "c5", "c6"].map(ChoiceId::new);
    c.slots
        .insert(SlotId::new("clues"), Slot::Many(clues.into()));
    c.slots
        .insert(SlotId::new("consent"), Slot::One(ChoiceId::new("agree")));
}

/// The engine's own questions about every flag.
#[test]
fn every_question_of_the_engine_fits_telegram() {
    let content = real_content();
    let kinds = [
        Pending::Item,
        Pending::History,
        Pending::FollowUp,
        Pending::Completing,
        Pending::Heard,
    ];
    let main = &content.dialogs[&content.bot.menu];
    for lang in Lang::ALL {
        for flag in content.flags.keys() {
            for kind in kinds {
                let frame = Frame {
                    dialog: main.id.clone(),
                    step: main.start.clone(),
                    interrupts: false,
                    play: None,
                };
                let c = standing(lang, frame, &[], Asking::Item(kind(flag.clone())));
                let turn = ask_again(&c);
                assert!(!turn.effects.is_empty());
                check_limits(&turn).unwrap_or_else(|said| panic!("{flag}: {said}"));
            }
        }
    }
}

/// The cards, from one flag to all of a screen's and all there are.
#[test]
fn every_card_fits_telegram() {
    let content = real_content();
    let mut sets: Vec<Vec<FlagId>> = content
        .flags
        .keys()
        .map(|flag| vec![flag.clone()])
        .collect();
    sets.extend(content.screens.iter().map(|screen| screen.flags.clone()));
    for level in Level::BLOCKING {
        let flags = content.rules.flags.iter();
        sets.push(
            flags
                .filter(|(_, rule)| rule.level == level)
                .map(|(flag, _)| flag.clone())
                .collect(),
        );
    }
    sets.push(content.flags.keys().cloned().collect());
    let mut failed = Vec::new();
    for lang in Lang::ALL {
        for desk in [Desk::Staffed, Desk::Unstaffed] {
            for set in &sets {
                let hits = set.iter().map(|flag| hit(flag, Sureness::Sure)).collect();
                let input = Input {
                    what: What::Text(PatientText::new("words".to_owned())),
                    heard: Heard {
                        hits,
                        ..Heard::default()
                    },
                    desk,
                };
                let c = Conversation::new(lang, None);
                let turn = take_turn(content, c, &input, START);
                if let Err(said) = check_limits(&turn) {
                    failed.push(format!("{} flags, {}: {said}", set.len(), lang.tag()));
                }
                // Its buttons, one by one.
                for keyboard in turn.effects.iter().filter_map(|effect| match effect {
                    Effect::Say(message) => Some(&message.keyboard),
                    _ => None,
                }) {
                    for what in presses(keyboard) {
                        let input = Input::new(what, desk);
                        let next = take_turn(content, turn.conversation.clone(), &input, START);
                        if let Err(said) = check_limits(&next) {
                            failed.push(format!("{set:?}, {}: {said}", lang.tag()));
                        }
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A way back with every question of a dialog on it, each answered at length.
fn with_long_trail(c: &Conversation, dialog: &psoas_bot::content::Dialog) -> Conversation {
    let longest = |options: &[psoas_bot::content::Choice]| {
        options
            .iter()
            .max_by_key(|option| option.label.plain(c.lang).len())
            .map(|option| option.id.clone())
    };
    let mut c = c.clone();
    let mut trail = Vec::new();
    for (id, step) in &dialog.steps {
        let (slot, value) = match &step.verb {
            Verb::Choice { slot, options } => match longest(options) {
                Some(id) => (slot, Slot::One(id)),
                None => continue,
            },
            Verb::Many { slot, options, .. } => {
                let all = options.iter().map(|option| option.id.clone());
                (slot, Slot::Many(all.collect()))
            }
            Verb::YesNo { slot, .. } => (slot, Slot::One(ChoiceId::new("not-sure"))),
            Verb::Number { slot, to, .. } => (slot, Slot::Number(*to)),
            Verb::Text { slot, .. } => (slot, Slot::Typed),
            _ => continue,
        };
        c.slots.insert(slot.clone(), value);
        trail.push(serde_json::json!({
            "stack": [{ "dialog": dialog.id, "step": id }],
            "undo": [[slot, null]],
        }));
    }
    // reported: a dialog that asks round and round would fill the trail's forty
    // places, and then the summary is longer than a message. Ours do not.
    let mut stored = serde_json::to_value(&c).expect("it is stored so");
    stored["trail"] = serde_json::Value::Array(trail);
    serde_json::from_value(stored).expect("it is stored so")
}

#[test]
fn the_longest_summary_fits_telegram() {
    let content = real_content();
    let mut seen = 0;
    let mut failed = Vec::new();
    for lang in Lang::ALL {
        for dialog in content.dialogs.values() {
            for (id, step) in &dialog.steps {
                if !matches!(step.verb, Verb::Summary { .. }) {
                    continue;
                }
                for asking in [Asking::Step, Asking::Change] {
                    let frame = Frame {
                        dialog: dialog.id.clone(),
                        step: id.clone(),
                        interrupts: false,
                        play: None,
                    };
                    let c = standing(lang, frame, &[], asking.clone());
                    let c = with_long_trail(&c, dialog);
                    check_stored(&c).expect("the promises are kept");
                    let turn = ask_again(&c);
                    seen += turn.effects.len();
                    if let Err(said) = check_limits(&turn) {
                        failed.push(format!(
                            "{}/{id} {asking:?} {}: {said}",
                            dialog.id,
                            lang.tag()
                        ));
                    }
                }
            }
        }
    }
    assert!(seen >= 4, "no summary was shown");
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Clearance ends a day after it was given, on the way through the moves too.
#[test]
fn clearance_ends_on_the_way() {
    let mut patient = Patient::new(Lang::En, None, Desk::Staffed);
    let at = |patient: &Patient| {
        patient
            .c
            .stack
            .last()
            .map(|frame| frame.step.as_str().to_owned())
    };
    for _ in 0..30 {
        if at(&patient).as_deref() == Some("x1") {
            break;
        }
        patient.act(&Act::Ahead(4)).expect("the promises are kept");
    }
    assert_eq!(at(&patient).as_deref(), Some("x1"), "{}", patient.log);
    patient
        .wait(CLEARANCE_SECONDS - 1)
        .expect("the promises are kept");
    patient.act(&Act::Ahead(4)).expect("the promises are kept");
    assert_eq!(at(&patient).as_deref(), Some("x7"), "{}", patient.log);
    patient.wait(1).expect("the promises are kept");
    patient.act(&Act::Ahead(4)).expect("the promises are kept");
    assert!(patient.c.clearance.is_none(), "{}", patient.log);
    assert!(patient.c.screens.is_empty(), "{}", patient.log);
}

/// A screen answered more than a day before the last one.
#[test]
fn a_screen_answered_a_day_ago_is_asked_again() {
    let mut patient = Patient::new(Lang::En, None, Desk::Staffed);
    for _ in 0..6 {
        patient.act(&Act::Ahead(4)).expect("the promises are kept");
    }
    assert!(!patient.c.screens.is_empty(), "{}", patient.log);
    patient
        .wait(CLEARANCE_SECONDS)
        .expect("the promises are kept");
    let mut shown = false;
    for _ in 0..30 {
        patient
            .act(&Act::Ahead(4))
            .unwrap_or_else(|said| panic!("{said}\n{}", patient.log));
        shown |= patient
            .c
            .stack
            .last()
            .is_some_and(|frame| frame.step.as_str() == "x1");
    }
    assert!(shown || patient.c.clearance.is_none(), "{}", patient.log);
}
