//! Plays a file, and says where it goes wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::parse::{Chat, Line, Observed};
use super::stage::{PATIENT, STAFF_CHAT, Stage};
use crate::app::library::Library;
use crate::content::Values;
use crate::ids::Lang;

/// How a file is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The process restarts after every act.
    pub restart_everywhere: bool,
}

/// What went right.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// How many buttons the patient pressed.
    pub presses: usize,
    /// For each `bot`, `staff sees` and `toast` line: what was really seen.
    seen: BTreeMap<usize, Vec<Seen>>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which line, from 1.
    pub line: usize,
    /// What was expected, and what was seen instead.
    pub message: String,
}

/// One message, as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    by: Observed,
    text: String,
    buttons: Vec<String>,
    is_edit: bool,
}

struct Player {
    stage: Stage,
    library: Arc<Library>,
    lang: Lang,
    options: Options,
    /// Seen since the last act.
    fresh: Vec<Seen>,
    /// How much of `fresh` the lines have gone through.
    taken: usize,
    /// The message the last `bot` line found.
    found: Option<Seen>,
    /// Everything the patient ever saw.
    all: Vec<String>,
    /// Everything staff ever saw.
    all_staff: Vec<String>,
    calls_read: usize,
    /// The patient blocked the bot.
    is_blocked: bool,
    /// A message of the patient's chat was edited since the last act.
    is_touched: bool,
    /// A keyboard in place of the letters stands behind a newer question.
    keyboard_left: bool,
    /// It stands, and its own question is the newest.
    keyboard_shown: bool,
    presses: usize,
    /// Every button the patient was ever shown: its label, message and data.
    shown: Vec<(String, i64, String)>,
    staff: Vec<String>,
    last_said: Option<i64>,
    record: BTreeMap<usize, Vec<Seen>>,
}

/// Plays a file.
///
/// # Errors
/// The first line that does not hold.
pub fn play(chat: &Chat, library: &Arc<Library>, options: Options) -> Result<Played, Failure> {
    let lang = chat.lines.iter().find_map(|(_, line)| {
        if let Line::Lang(lang) = line {
            Some(lang.clone())
        } else {
            None
        }
    });
    let lang = lang.unwrap_or_else(|| "en".to_owned());
    let staffed = !chat.lines.iter().any(|(_, line)| *line == Line::NoStaff);
    let stage = Stage::new(Arc::clone(library), &lang, staffed)
        .map_err(|message| Failure { line: 0, message })?;
    let mut player = Player {
        stage,
        library: Arc::clone(library),
        lang: Lang::from_tag(&lang).unwrap_or_default(),
        options,
        fresh: Vec::new(),
        taken: 0,
        found: None,
        all: Vec::new(),
        all_staff: Vec::new(),
        calls_read: 0,
        is_blocked: false,
        is_touched: false,
        keyboard_left: false,
        keyboard_shown: false,
        presses: 0,
        shown: Vec::new(),
        staff: Vec::new(),
        last_said: None,
        record: BTreeMap::new(),
    };
    for (number, line) in &chat.lines {
        player.line(*number, line).map_err(|message| Failure {
            line: *number,
            message,
        })?;
        if let Some(trouble) = player.stage.troubles.first() {
            return Err(Failure {
                line: *number,
                message: format!("inside the bot: {trouble}"),
            });
        }
    }
    Ok(Played {
        presses: player.presses,
        seen: player.record,
    })
}

/// The file with its `bot`, `staff sees` and `toast` lines as they really are:
/// after each act one line a message.
///
/// # Errors
/// When an act cannot be played.
pub fn update(text: &str, chat: &Chat, library: &Arc<Library>) -> Result<String, Failure> {
    let acts = Chat {
        lines: chat
            .lines
            .iter()
            .filter(|(_, line)| is_act(line))
            .cloned()
            .collect(),
    };
    let played = play(&acts, library, Options::default())?;
    let mut out = String::new();
    let kinds: BTreeMap<usize, &Line> = chat
        .lines
        .iter()
        .map(|(number, line)| (*number, line))
        .collect();
    for (index, raw) in text.lines().enumerate() {
        match kinds.get(&(index + 1)) {
            Some(Line::See { .. } | Line::SeeNothing(_) | Line::Buttons(_)) => continue,
            Some(_) | None => {
                let _ = writeln!(out, "{raw}");
            }
        }
        for seen in played
            .seen
            .get(&(index + 1))
            .into_iter()
            .flatten()
            .filter(|seen| !seen.is_edit)
        {
            let head = match seen.by {
                Observed::Patient => "bot",
                Observed::Staff => "staff sees",
                Observed::Toast => "toast",
            };
            let _ = writeln!(
                out,
                "{head}: {}",
                seen.text.lines().next().unwrap_or_default()
            );
            if !seen.buttons.is_empty() {
                let buttons: Vec<String> = seen
                    .buttons
                    .iter()
                    .map(|label| format!("[{label}]"))
                    .collect();
                let _ = writeln!(out, "  {}", buttons.join(" "));
            }
        }
    }
    Ok(out)
}

fn is_act(line: &Line) -> bool {
    match line {
        Line::See { .. }
        | Line::SeeNothing(_)
        | Line::Buttons(_)
        | Line::NoButton(_)
        | Line::Never(_)
        | Line::StaffNever(_)
        | Line::PressesAtMost(_)
        | Line::Sent(_) => false,
        Line::Lang(_)
        | Line::NoStaff
        | Line::Say(_)
        | Line::Press(_)
        | Line::PressOld(_)
        | Line::Forge(_)
        | Line::Edit(_)
        | Line::Send { .. }
        | Line::Share(_)
        | Line::Block(_)
        | Line::Staff { .. }
        | Line::Stranger(_)
        | Line::Clock(_)
        | Line::Restart
        | Line::Gap => true,
    }
}

impl Player {
    fn line(&mut self, number: usize, line: &Line) -> Result<(), String> {
        match line {
            Line::See { by, words } => return self.see(*by, words),
            Line::SeeNothing(by) => return self.see_nothing(*by),
            Line::Buttons(labels) => return self.has_buttons(labels),
            Line::NoButton(label) => {
                let label = self.fill(label);
                let found = self
                    .found
                    .as_ref()
                    .ok_or("no message stands above this line")?;
                return if found.buttons.iter().any(|one| same(one, &label)) {
                    Err(format!("the message has the button [{label}]"))
                } else {
                    Ok(())
                };
            }
            Line::Never(words) => {
                let words = self.fill(words);
                return match self.all.iter().find(|text| text.contains(&words)) {
                    Some(text) => Err(format!("the patient was shown \"{words}\", in:\n{text}")),
                    None => Ok(()),
                };
            }
            Line::StaffNever(words) => {
                let words = self.fill(words);
                return match self.all_staff.iter().find(|text| text.contains(&words)) {
                    Some(text) => Err(format!("staff were shown \"{words}\", in:\n{text}")),
                    None => Ok(()),
                };
            }
            Line::PressesAtMost(most) => {
                return if self.presses <= *most {
                    Ok(())
                } else {
                    Err(format!(
                        "{} presses so far, and {most} at most were expected",
                        self.presses
                    ))
                };
            }
            Line::Sent(count) => {
                let sent = self
                    .fresh
                    .iter()
                    .filter(|seen| seen.by == Observed::Patient && !seen.is_edit)
                    .count();
                return if sent == *count {
                    Ok(())
                } else {
                    Err(format!(
                        "{sent} messages were sent to the patient, and {count} expected\n{}",
                        self.transcript()
                    ))
                };
            }
            Line::Lang(_) | Line::NoStaff => return Ok(()),
            Line::Say(_)
            | Line::Press(_)
            | Line::PressOld(_)
            | Line::Forge(_)
            | Line::Edit(_)
            | Line::Send { .. }
            | Line::Share(_)
            | Line::Block(_)
            | Line::Staff { .. }
            | Line::Stranger(_)
            | Line::Clock(_)
            | Line::Restart
            | Line::Gap => {}
        }
        self.fresh.clear();
        self.is_touched = false;
        self.taken = 0;
        self.found = None;
        self.act(line)?;
        self.stage.settle();
        self.read_calls();
        self.keeps_house_rules(line)?;
        if self.options.restart_everywhere {
            self.stage.restart(false);
            self.read_calls();
        }
        self.record
            .entry(number)
            .or_default()
            .extend(self.fresh.iter().cloned());
        Ok(())
    }

    /// What holds in every chat: whatever a patient does in private is answered,
    /// nothing is said twice at once, and no keyboard is left behind.
    fn keeps_house_rules(&self, line: &Line) -> Result<(), String> {
        if !is_by_patient(line) || self.is_blocked {
            return Ok(());
        }
        let to_patient = || {
            self.fresh
                .iter()
                .filter(|seen| matches!(seen.by, Observed::Patient | Observed::Toast))
        };
        if to_patient().next().is_none() && !self.is_touched {
            return Err("the patient got no answer".to_owned());
        }
        let mut said: Vec<&str> = Vec::new();
        for seen in to_patient().filter(|seen| seen.by == Observed::Patient && !seen.is_edit) {
            if said.contains(&seen.text.as_str()) {
                return Err(format!("the same message was sent twice:\n{}", seen.text));
            }
            said.push(&seen.text);
        }
        if self.keyboard_left {
            return Err(format!(
                "the keyboard that shares a number was left on the screen\n{}",
                self.transcript()
            ));
        }
        Ok(())
    }

    fn act(&mut self, line: &Line) -> Result<(), String> {
        let now = self.stage.now();
        let said = |error: crate::bot_api::CannotAct| error.to_string();
        match line {
            Line::Say(words) => {
                let words = self.fill(words);
                let id = self
                    .stage
                    .world
                    .say(PATIENT, PATIENT, &words, now)
                    .map_err(said)?;
                self.last_said = Some(id);
            }
            Line::Press(label) => {
                let label = self.fill(label);
                self.presses += 1;
                let (message, data) = self.button(PATIENT, &label)?;
                self.stage
                    .world
                    .press(PATIENT, PATIENT, message, &data, now)
                    .map_err(said)?;
            }
            Line::PressOld(label) => {
                let label = self.fill(label);
                self.presses += 1;
                let (_, message, data) = self
                    .shown
                    .iter()
                    .find(|(shown, ..)| same(shown, &label))
                    .cloned()
                    .ok_or_else(|| format!("no message ever had the button [{label}]"))?;
                self.stage
                    .world
                    .press(PATIENT, PATIENT, message, &data, now)
                    .map_err(said)?;
            }
            Line::Forge(data) => {
                let message = self
                    .stage
                    .world
                    .messages(PATIENT)
                    .last()
                    .map_or(1, |shown| shown.message_id);
                self.stage
                    .world
                    .press(PATIENT, PATIENT, message, data, now)
                    .map_err(said)?;
            }
            Line::Edit(words) => {
                let words = self.fill(words);
                let id = self
                    .last_said
                    .ok_or("the patient has not typed anything to edit")?;
                self.stage
                    .world
                    .edit(PATIENT, id, &words, now)
                    .map_err(said)?;
            }
            Line::Send { what, caption } => {
                let mut extra = json!({ what.as_str(): true });
                if let Some(caption) = caption {
                    extra["caption"] = Value::String(caption.clone());
                }
                self.stage
                    .world
                    .say_with(PATIENT, PATIENT, extra, now)
                    .map_err(said)?;
            }
            Line::Share(number) => {
                self.stage
                    .world
                    .share_contact(PATIENT, PATIENT, number, now)
                    .map_err(said)?;
            }
            Line::Block(blocks) => {
                self.is_blocked = *blocks;
                if *blocks {
                    self.stage.world.block(PATIENT, now);
                } else {
                    self.stage.world.unblock(PATIENT, now);
                }
            }
            Line::Staff { name, act } => {
                let user = self.staff_member(name);
                match act.strip_prefix('[').and_then(|act| act.strip_suffix(']')) {
                    Some(label) => {
                        let label = self.fill(label);
                        let (message, data) = self.button(STAFF_CHAT, &label)?;
                        self.stage
                            .world
                            .press(STAFF_CHAT, user, message, &data, now)
                            .map_err(said)?;
                    }
                    None => {
                        self.stage
                            .world
                            .say(STAFF_CHAT, user, act, now)
                            .map_err(said)?;
                    }
                }
            }
            Line::Stranger(label) => {
                // A case's button, forwarded to somebody's private chat and pressed there.
                let label = self.fill(label);
                let (_, data) = self.button(STAFF_CHAT, &label)?;
                let message = self
                    .stage
                    .world
                    .messages(PATIENT)
                    .last()
                    .map_or(1, |shown| shown.message_id);
                self.stage
                    .world
                    .press(PATIENT, PATIENT, message, &data, now)
                    .map_err(said)?;
            }
            Line::Clock(seconds) => self.stage.turn_clock(*seconds),
            Line::Restart => self.stage.restart(false),
            Line::Gap => self.stage.restart(true),
            Line::Lang(_)
            | Line::NoStaff
            | Line::See { .. }
            | Line::SeeNothing(_)
            | Line::Buttons(_)
            | Line::NoButton(_)
            | Line::Never(_)
            | Line::StaffNever(_)
            | Line::PressesAtMost(_)
            | Line::Sent(_) => {}
        }
        Ok(())
    }

    /// `{phone}` and the like may stand in a file: no number is written twice.
    fn fill(&self, words: &str) -> String {
        let content = self.library.newest();
        let mut out = String::new();
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            match after.split_once('}') {
                Some((name, behind)) => {
                    if !content.write(name, self.lang, &mut out) {
                        let _ = write!(out, "{{{name}}}");
                    }
                    rest = behind;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// The clinic's number reads in every line as people write it.
    fn as_written(&self, number: &str) -> String {
        let phones = &self.library.newest().clinic.phones;
        phones
            .iter()
            .find(|phone| phone.e164.value == number)
            .map_or(number, |phone| &phone.written.value)
            .to_owned()
    }

    fn staff_member(&mut self, name: &str) -> i64 {
        let index = self
            .staff
            .iter()
            .position(|known| known == name)
            .unwrap_or_else(|| {
                self.staff.push(name.to_owned());
                self.staff.len() - 1
            });
        let user = 9_000 + i64::try_from(index).unwrap_or(0);
        self.stage.world.add_person(user, name, None, Some("en"));
        self.stage.world.join(STAFF_CHAT, user);
        user
    }

    /// The newest button with this label; a tick's mark need not be written.
    fn button(&self, chat: i64, label: &str) -> Result<(i64, String), String> {
        let messages = self.stage.world.messages(chat);
        for shown in messages.iter().rev().filter(|shown| shown.from_bot) {
            for button in shown.buttons.iter().flatten() {
                if let (true, Some(data)) = (same(&button.label, label), button.data()) {
                    return Ok((shown.message_id, data.to_owned()));
                }
            }
        }
        let visible: Vec<String> = messages
            .iter()
            .rev()
            .filter(|shown| !shown.buttons.is_empty())
            .take(2)
            .flat_map(|shown| {
                shown
                    .labels()
                    .map(|label| format!("[{label}]"))
                    .collect::<Vec<_>>()
            })
            .collect();
        Err(format!(
            "no message has the button [{label}]. There are: {}\n{}",
            visible.join(" "),
            self.transcript()
        ))
    }

    /// Reads what the bot has called since the last time.
    fn read_calls(&mut self) {
        let calls: Vec<_> = self.stage.world.log()[self.calls_read..].to_vec();
        self.calls_read += calls.len();
        for call in calls {
            let method = call.method.to_ascii_lowercase();
            let payload = &call.payload;
            // Refused too: an edit that changes nothing is an answer to a double tap.
            self.is_touched |= method.starts_with("edit") && payload["chat_id"] == PATIENT;
            if call.status != 200 {
                continue;
            }
            let by = match payload["chat_id"].as_i64() {
                Some(PATIENT) => Observed::Patient,
                Some(STAFF_CHAT) => Observed::Staff,
                _ if method == "answercallbackquery" => Observed::Toast,
                _ => continue,
            };
            let text = match method.as_str() {
                "sendmessage" | "editmessagetext" | "answercallbackquery" => {
                    payload["text"].as_str().unwrap_or_default().to_owned()
                }
                "sendcontact" => format!(
                    "contact {} {}",
                    payload["first_name"].as_str().unwrap_or_default(),
                    self.as_written(payload["phone_number"].as_str().unwrap_or_default())
                ),
                _ => continue,
            };
            if by == Observed::Toast && text.is_empty() {
                continue;
            }
            match by {
                Observed::Patient => self.all.push(text.clone()),
                Observed::Staff => self.all_staff.push(text.clone()),
                Observed::Toast => {}
            }
            let markup = markup_of(&payload["reply_markup"]);
            if by == Observed::Patient && !method.starts_with("edit") {
                self.watch_keyboard(&markup);
            }
            let buttons = button_labels(&markup);
            self.fresh.push(Seen {
                by,
                text,
                buttons,
                is_edit: method.starts_with("edit"),
            });
        }
        for shown in self.stage.world.messages(PATIENT) {
            for button in shown.buttons.iter().flatten() {
                if let Some(data) = button.data() {
                    let one = (button.label.clone(), shown.message_id, data.to_owned());
                    if !self.shown.contains(&one) {
                        self.shown.push(one);
                    }
                }
            }
        }
    }

    fn watch_keyboard(&mut self, markup: &Value) {
        if markup.get("keyboard").is_some() {
            self.keyboard_shown = true;
            self.keyboard_left = false;
        } else if markup.get("remove_keyboard").is_some() {
            self.keyboard_shown = false;
            self.keyboard_left = false;
        } else if self.keyboard_shown && markup.get("inline_keyboard").is_some() {
            self.keyboard_left = true;
        }
    }

    fn see(&mut self, by: Observed, words: &str) -> Result<(), String> {
        let words = self.fill(words).replace("**", "");
        let find = |edits: bool| {
            self.fresh
                .iter()
                .enumerate()
                .skip(if edits { 0 } else { self.taken })
                .find(|(_, seen)| {
                    seen.by == by && seen.is_edit == edits && seen.text.contains(&words)
                })
                .map(|(place, _)| place)
        };
        // A new message before an old one that changed.
        let place = find(false).or_else(|| find(true));
        match place {
            Some(place) => {
                // The staff chat has an order of its own.
                self.found = self.fresh.get(place).cloned();
                if by == Observed::Patient && !self.found.as_ref().is_some_and(|seen| seen.is_edit)
                {
                    self.taken = place;
                }
                Ok(())
            }
            None => Err(format!(
                "nobody said \"{words}\" here\n{}",
                self.transcript()
            )),
        }
    }

    fn see_nothing(&self, by: Observed) -> Result<(), String> {
        if self.fresh.iter().any(|seen| seen.by == by) {
            Err(format!("nothing was expected here\n{}", self.transcript()))
        } else {
            Ok(())
        }
    }

    fn has_buttons(&self, labels: &[String]) -> Result<(), String> {
        let found = self
            .found
            .as_ref()
            .ok_or("no message stands above this line")?;
        for label in labels {
            let label = self.fill(label);
            if !found.buttons.iter().any(|one| same(one, &label)) {
                let there: Vec<String> = found
                    .buttons
                    .iter()
                    .map(|label| format!("[{label}]"))
                    .collect();
                return Err(format!(
                    "the message has no button [{label}]; it has {}",
                    there.join(" ")
                ));
            }
        }
        Ok(())
    }

    fn transcript(&self) -> String {
        if self.fresh.is_empty() {
            return "  (nothing was said)".to_owned();
        }
        let mut out = String::new();
        for seen in &self.fresh {
            let head = match (seen.by, seen.is_edit) {
                (Observed::Patient, false) => "bot",
                (Observed::Patient, true) => "bot (edit)",
                (Observed::Staff, false) => "staff sees",
                (Observed::Staff, true) => "staff sees (edit)",
                (Observed::Toast, _) => "toast",
            };
            let _ = writeln!(out, "  {head}: {}", seen.text.replace('\n', "\n    "));
            if !seen.buttons.is_empty() {
                let buttons: Vec<String> = seen
                    .buttons
                    .iter()
                    .map(|label| format!("[{label}]"))
                    .collect();
                let _ = writeln!(out, "    {}", buttons.join(" "));
            }
        }
        out
    }
}

/// Whether a button reads like this; a tick's mark and the number of a list's
/// item need not be written.
fn same(shown: &str, label: &str) -> bool {
    const TICKS: [char; 2] = ['☐', '☑'];
    let (tick, words) = match shown.strip_prefix(TICKS) {
        Some(words) => (shown.chars().next(), words.trim_start()),
        None => (None, shown),
    };
    let (wanted_tick, wanted) = match label.strip_prefix(TICKS) {
        Some(wanted) => (label.chars().next(), wanted.trim_start()),
        None => (None, label),
    };
    let unnumbered = match words.split_once(". ") {
        Some((number, rest)) if number.chars().all(|c| c.is_ascii_digit()) => rest,
        Some(_) | None => words,
    };
    (wanted_tick.is_none() || tick == wanted_tick) && (words == wanted || unnumbered == wanted)
}

fn is_by_patient(line: &Line) -> bool {
    match line {
        Line::Say(_)
        | Line::Press(_)
        | Line::PressOld(_)
        | Line::Forge(_)
        | Line::Edit(_)
        | Line::Send { .. }
        | Line::Share(_)
        | Line::Stranger(_) => true,
        Line::Lang(_)
        | Line::NoStaff
        | Line::Block(_)
        | Line::Staff { .. }
        | Line::Clock(_)
        | Line::Restart
        | Line::Gap
        | Line::See { .. }
        | Line::SeeNothing(_)
        | Line::Buttons(_)
        | Line::NoButton(_)
        | Line::Never(_)
        | Line::StaffNever(_)
        | Line::PressesAtMost(_)
        | Line::Sent(_) => false,
    }
}

/// Markup travels as JSON or as text of JSON.
fn markup_of(markup: &Value) -> Value {
    match markup {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    }
}

fn button_labels(markup: &Value) -> Vec<String> {
    let rows = markup
        .get("inline_keyboard")
        .or_else(|| markup.get("keyboard"))
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    rows.iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|button| button["text"].as_str().or(button.as_str()))
        .map(str::to_owned)
        .collect()
}
