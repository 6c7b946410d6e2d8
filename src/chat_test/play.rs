//! Plays a file, and says where it goes wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::parse::{Act, Chat, Check, Line, Observed, Setting};
use super::seen::Seen;
use super::stage::{Staff, Stage};
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

pub(super) struct Player {
    pub(super) stage: Stage,
    pub(super) library: Arc<Library>,
    pub(super) lang: Lang,
    pub(super) options: Options,
    /// Seen since the last act.
    pub(super) fresh: Vec<Seen>,
    /// How much of `fresh` the lines have gone through.
    pub(super) taken: usize,
    /// The message the last `bot` line found.
    pub(super) found: Option<Seen>,
    /// Everything the patient ever saw.
    pub(super) all: Vec<String>,
    /// Everything staff ever saw.
    pub(super) all_staff: Vec<String>,
    pub(super) calls_read: usize,
    /// The patient blocked the bot.
    pub(super) is_blocked: bool,
    /// A message of the patient's chat was edited since the last act.
    pub(super) is_touched: bool,
    /// A keyboard in place of the letters stands behind a newer question.
    pub(super) keyboard_left: bool,
    /// It stands, and its own question is the newest.
    pub(super) keyboard_shown: bool,
    pub(super) presses: usize,
    /// The number of the last row of the audit log that was looked at.
    pub(super) audit_read: u64,
    /// Every button the patient was ever shown: its label, message and data.
    pub(super) shown: Vec<(String, i64, String)>,
    pub(super) staff: Vec<String>,
    pub(super) last_said: Option<i64>,
    /// The newest message that staff replied with.
    pub(super) last_replied: Option<i64>,
    pub(super) record: BTreeMap<usize, Vec<Seen>>,
}

/// Plays a file.
///
/// # Errors
/// The first line that does not hold.
pub fn play(chat: &Chat, library: &Arc<Library>, options: Options) -> Result<Played, Failure> {
    let lang = chat.lines.iter().find_map(|(_, line)| {
        if let Line::Setting(Setting::Lang(lang)) = line {
            Some(lang.clone())
        } else {
            None
        }
    });
    let lang = lang.unwrap_or_else(|| "en".to_owned());
    let has = |setting: Setting| {
        let mut lines = chat.lines.iter();
        lines.any(|(_, line)| matches!(line, Line::Setting(one) if *one == setting))
    };
    let staff = match (has(Setting::NoStaff), has(Setting::Topics)) {
        (true, _) => Staff::None,
        (false, true) => Staff::Topics,
        (false, false) => Staff::Group,
    };
    let library = &with_hours(chat, library);
    let stage = Stage::new(Arc::clone(library), &lang, staff)
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
        audit_read: 0,
        shown: Vec::new(),
        staff: Vec::new(),
        last_said: None,
        last_replied: None,
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

/// The library of a file that says when the clinic is open.
fn with_hours(chat: &Chat, library: &Arc<Library>) -> Arc<Library> {
    let said = chat.lines.iter().find_map(|(_, line)| match line {
        Line::Setting(Setting::Hours { from, to }) => Some((from, to)),
        Line::Setting(
            Setting::Lang(_) | Setting::NoStaff | Setting::Topics | Setting::Clinic(_),
        )
        | Line::Act(_)
        | Line::Check(_) => None,
    });
    match said {
        Some((from, to)) => Arc::new(library.with_hours(from, to)),
        None => Arc::clone(library),
    }
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
            .filter(|(_, line)| !matches!(line, Line::Check(_)))
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
            Some(Line::Check(Check::See { .. } | Check::SeeNothing(_) | Check::Buttons(_))) => {
                continue;
            }
            Some(_) | None => {
                let _ = writeln!(out, "{raw}");
            }
        }
        for seen in played
            .seen
            .get(&(index + 1))
            .into_iter()
            .flatten()
            .filter(|seen| {
                let sounds = [Observed::StaffSound, Observed::PatientSound];
                !seen.is_edit && !sounds.contains(&seen.by)
            })
        {
            let head = match seen.by {
                Observed::Patient => "bot",
                Observed::Staff => "staff sees",
                Observed::StaffSound => "staff hears",
                Observed::PatientSound => "patient hears",
                Observed::Private => "in private",
                Observed::Toast => "toast",
                Observed::SecondTarget => "second target",
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

impl Player {
    fn line(&mut self, number: usize, line: &Line) -> Result<(), String> {
        let act = match line {
            Line::Setting(_) => return Ok(()),
            Line::Check(check) => return self.check(check),
            Line::Act(act) => act,
        };
        self.fresh.clear();
        self.is_touched = false;
        self.taken = 0;
        self.found = None;
        self.act(act)?;
        self.stage.settle();
        self.read_calls();
        self.keeps_house_rules(act)?;
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
    fn keeps_house_rules(&self, act: &Act) -> Result<(), String> {
        if !act.wants_answer() || self.is_blocked {
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

    /// `{phone}` and the like may stand in a file: no number is written twice.
    pub(super) fn fill(&self, words: &str) -> String {
        let content = self.library.newest();
        let mut out = String::new();
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            match after.split_once('}') {
                Some((name, behind)) => {
                    if name == "code" {
                        out.push_str(&self.stage.code());
                    } else if !content.write(name, self.lang, &mut out) {
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
}

/// Whether a button reads like this; a tick's mark and the number of a list's
/// item need not be written.
pub(super) fn same(shown: &str, label: &str) -> bool {
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
