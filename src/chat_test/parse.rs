//! The lines of a `.chat` file.

use std::fmt;

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chat {
    /// In order, with their line numbers from 1.
    pub lines: Vec<(usize, Line)>,
}

impl Chat {
    /// The clinic the patient writes to, if the file names one.
    #[must_use]
    pub fn clinic(&self) -> Option<&str> {
        self.lines.iter().find_map(|(_, line)| match line {
            Line::Setting(Setting::Clinic(name)) => Some(name.as_str()),
            Line::Setting(
                Setting::Lang(_) | Setting::NoStaff | Setting::Topics | Setting::Hours { .. },
            )
            | Line::Act(_)
            | Line::Check(_) => None,
        })
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Holds for the whole file.
    Setting(Setting),
    /// Somebody does something, or the clock does.
    Act(Act),
    /// Something is looked at.
    Check(Check),
}

/// What holds for the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// `lang: es`: the language of the patient's Telegram.
    Lang(String),
    /// `staff: none`: the bot has no staff chat.
    NoStaff,
    /// `staff: topics`: the staff chat is a group with topics.
    Topics,
    /// `clinic: east-west`: the clinic the patient writes to.
    Clinic(String),
    /// `hours: 09:00-17:00`: when the clinic is open, every day.
    Hours {
        /// From.
        from: String,
        /// To.
        to: String,
    },
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// `patient: words`.
    Say(String),
    /// `patient: [Label]`, once or `x 3`.
    Press(String),
    /// `patient: again [Label]`: the same button of an older message.
    PressOld(String),
    /// `patient forges: data`: button data no message shows.
    Forge(String),
    /// `patient edits: words`: the newest message they typed.
    Edit(String),
    /// `patient sends: voice`, or `photo with words`.
    Send {
        /// `voice`, `photo`, `sticker`, `document` or `location`.
        what: String,
        /// The caption.
        caption: Option<String>,
    },
    /// `patient shares: +1...`: their contact.
    Share(String),
    /// `patient blocks` or `patient unblocks`.
    Block(bool),
    /// `staff Ana: [Label]`.
    Staff {
        /// Who.
        name: String,
        /// What they press, in `[]`, or say.
        act: String,
    },
    /// `staff Ana replies: words`, to the newest card; or `staff Ana replies to
    /// case 2: words`.
    StaffReply {
        /// Who.
        name: String,
        /// To which case's card; the newest card without.
        case: Option<u64>,
        /// What they say.
        words: String,
    },
    /// `staff Ana sends: photo with words`, as a reply to the newest card.
    StaffSend {
        /// Who.
        name: String,
        /// `voice`, `photo`, `sticker`, `document` or `location`.
        what: String,
        /// The caption.
        caption: Option<String>,
    },
    /// `staff Ana in topic 1: words`: in the topic of case 1, answering nothing.
    StaffTopic {
        /// Who.
        name: String,
        /// The topic of which case.
        case: u64,
        /// What they say.
        words: String,
    },
    /// `topic 1 is deleted`: somebody takes the topic of case 1 away.
    DeleteTopic(u64),
    /// `bot may open topics` or `bot may open no topics`: a right of the group's.
    TopicRight(bool),
    /// `staff Ana edits: words`: the newest message they replied with.
    StaffEdit {
        /// Who.
        name: String,
        /// What it says now.
        words: String,
    },
    /// `staff Ana in private: words`: Ana writes to the bot in private; with `answers in
    /// private` in answer to its newest message there.
    StaffPrivate {
        /// Who.
        name: String,
        /// What they say.
        words: String,
        /// Whether it answers the bot's newest message there.
        answers: bool,
    },
    /// `staff Ana leaves` or `staff Ana joins`: the staff chat.
    StaffMoves {
        /// Who.
        name: String,
        /// Out of it, or into it.
        leaves: bool,
    },
    /// `staff Ana blocks`: their private chat with the bot.
    StaffBlocks {
        /// Who.
        name: String,
    },
    /// `staff Ana forges: data`: button data no message of the staff chat shows.
    StaffForge {
        /// Who.
        name: String,
        /// The data.
        data: String,
    },
    /// `stranger: [Label]`: somebody who is not on staff presses a case's button.
    Stranger(String),
    /// `clock: +60s`, in seconds.
    Clock(i64),
    /// `bot is taken out` of the staff chat, or `bot is let in` again.
    Desk {
        /// Out of it, or into it.
        out: bool,
    },
    /// `restart`: the process ends and starts again on the same store.
    Restart,
    /// `gap`: the same after presses may have been lost.
    Gap,
}

impl Act {
    /// Whether the patient, or somebody in their chat, waits for an answer to it.
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        match self {
            Self::Say(_)
            | Self::Press(_)
            | Self::PressOld(_)
            | Self::Forge(_)
            | Self::Edit(_)
            | Self::Send { .. }
            | Self::Share(_)
            | Self::Stranger(_) => true,
            Self::Block(_)
            | Self::Staff { .. }
            | Self::StaffReply { .. }
            | Self::StaffSend { .. }
            | Self::StaffEdit { .. }
            | Self::StaffTopic { .. }
            | Self::DeleteTopic(_)
            | Self::TopicRight(_)
            | Self::StaffForge { .. }
            | Self::StaffPrivate { .. }
            | Self::StaffMoves { .. }
            | Self::StaffBlocks { .. }
            | Self::Clock(_)
            | Self::Desk { .. }
            | Self::Restart
            | Self::Gap => false,
        }
    }
}

/// What is looked at since the last act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// `bot: words`, `staff sees: words`, `toast: words`.
    See {
        /// Where.
        by: Observed,
        /// The words, which must be part of a message.
        words: String,
    },
    /// `bot: nothing` or `staff sees: nothing`.
    SeeNothing(Observed),
    /// `in topic 1: words`: a message of staff's, in the topic of case 1.
    SeeInTopic {
        /// The topic of which case.
        case: u64,
        /// The words, which must be part of a message.
        words: String,
    },
    /// `topics: Case 1 · urgent today (closed), Case 2 · emergency now`.
    Topics(Vec<String>),
    /// `[Label] [Label]` below a `bot:` line: buttons of that message.
    Buttons(Vec<String>),
    /// `no [Label]`: a button that message does not have.
    NoButton(String),
    /// `never: words`: no message to the patient had them.
    Never(String),
    /// `staff never sees: words`: no message to staff had them.
    StaffNever(String),
    /// `staff chat has no: words`: no message in the staff chat reads so now.
    StaffChatHasNo(String),
    /// `audit: Ben refused.forged case 1, Ana case.claim case 1`: rows of the audit log
    /// since the last such line, in this order.
    Audit(String),
    /// `audit has no: refused`: no row since the last `audit:` line has these words.
    AuditHasNo(String),
    /// `presses: 14`: so many at most, so far.
    PressesAtMost(usize),
    /// `sent: 5`: so many messages to the patient since the last act.
    Sent(usize),
}

/// Who sees something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// The patient's chat.
    Patient,
    /// The staff chat.
    Staff,
    /// What makes a sound in the staff chat.
    StaffSound,
    /// What makes a sound on the patient's phone.
    PatientSound,
    /// The private chats of staff.
    Private,
    /// The answer to a press.
    Toast,
    /// The second target of the ladder.
    SecondTarget,
}

/// A line that is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    /// Which, from 1.
    pub line: usize,
    /// How it reads.
    pub text: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}: I don't understand `{}`. See docs/chat-files.md.",
            self.line, self.text
        )
    }
}

/// Parses a file.
///
/// # Errors
/// The first line that is not understood.
pub fn parse(text: &str) -> Result<Chat, ParseError> {
    let mut chat = Chat::default();
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (line, times) = repeated(line);
        let parsed = parse_line(line).ok_or_else(|| ParseError {
            line: index + 1,
            text: line.to_owned(),
        })?;
        chat.lines
            .extend(std::iter::repeat_n((index + 1, parsed), times));
    }
    Ok(chat)
}

fn parse_line(line: &str) -> Option<Line> {
    if let Some(check) = parse_check(line) {
        return Some(Line::Check(check));
    }
    match line.split_once(':').map(|(head, rest)| (head, rest.trim())) {
        Some(("lang", lang)) => Some(Line::Setting(Setting::Lang(lang.to_owned()))),
        Some(("hours", hours)) => {
            let (from, to) = hours.split_once('-')?;
            Some(Line::Setting(Setting::Hours {
                from: from.to_owned(),
                to: to.to_owned(),
            }))
        }
        Some(("clinic", name)) => Some(Line::Setting(Setting::Clinic(name.to_owned()))),
        Some(("staff", "none")) => Some(Line::Setting(Setting::NoStaff)),
        Some(("staff", "topics")) => Some(Line::Setting(Setting::Topics)),
        Some(_) | None => parse_act(line).map(Line::Act),
    }
}

fn parse_act(line: &str) -> Option<Act> {
    match line {
        "bot may open topics" => return Some(Act::TopicRight(true)),
        "bot may open no topics" => return Some(Act::TopicRight(false)),
        "bot is taken out" => return Some(Act::Desk { out: true }),
        "bot is let in" => return Some(Act::Desk { out: false }),
        "restart" => return Some(Act::Restart),
        "gap" => return Some(Act::Gap),
        "patient blocks" => return Some(Act::Block(true)),
        "patient unblocks" => return Some(Act::Block(false)),
        _ => {}
    }
    if let Some(case) = line
        .strip_prefix("topic ")
        .and_then(|rest| rest.strip_suffix(" is deleted"))
    {
        return Some(Act::DeleteTopic(case.trim().parse().ok()?));
    }
    if let Some(who) = line.strip_prefix("staff ")
        && !who.contains(':')
    {
        let (name, verb) = who.trim().rsplit_once(' ')?;
        let name = name.trim().to_owned();
        return Some(match verb {
            "leaves" => Act::StaffMoves { name, leaves: true },
            "joins" => Act::StaffMoves {
                name,
                leaves: false,
            },
            "blocks" => Act::StaffBlocks { name },
            _ => return None,
        });
    }
    let (head, rest) = line.split_once(':')?;
    let (head, rest) = (head.trim(), rest.trim());
    Some(match head {
        "patient" => match (
            rest.strip_prefix("again ").and_then(label_of),
            label_of(rest),
        ) {
            (Some(old), _) => Act::PressOld(old),
            (None, Some(label)) => Act::Press(label),
            (None, None) => Act::Say(rest.replace("\\n", "\n")),
        },
        "patient forges" => Act::Forge(rest.to_owned()),
        "patient edits" => Act::Edit(rest.to_owned()),
        "patient sends" => {
            let (what, caption) = media_of(rest);
            Act::Send { what, caption }
        }
        "patient shares" => Act::Share(rest.to_owned()),
        "stranger" => Act::Stranger(label_of(rest)?),
        "clock" => Act::Clock(seconds(rest)?),
        head => parse_staff(head.strip_prefix("staff ")?.trim(), rest)?,
    })
}

/// `Ana`, `Ana forges`, `Ana sends`, `Ana edits`, `Ana in private`, `Ana answers in private`,
/// `Ana replies` or `Ana replies to case 2`, and what stands behind.
fn parse_staff(who: &str, rest: &str) -> Option<Act> {
    if let Some(name) = who.strip_suffix(" forges") {
        return Some(Act::StaffForge {
            name: name.trim().to_owned(),
            data: rest.to_owned(),
        });
    }
    if let Some(name) = who.strip_suffix(" sends") {
        let (what, caption) = media_of(rest);
        return Some(Act::StaffSend {
            name: name.trim().to_owned(),
            what,
            caption,
        });
    }
    if let Some((name, case)) = who.split_once(" in topic ") {
        return Some(Act::StaffTopic {
            name: name.trim().to_owned(),
            case: case.trim().parse().ok()?,
            words: rest.replace("\\n", "\n"),
        });
    }
    if let Some(name) = who.strip_suffix(" edits") {
        return Some(Act::StaffEdit {
            name: name.trim().to_owned(),
            words: rest.to_owned(),
        });
    }
    if let Some(name) = who.strip_suffix(" in private") {
        let (name, answers) = match name.strip_suffix(" answers") {
            Some(name) => (name, true),
            None => (name, false),
        };
        return Some(Act::StaffPrivate {
            name: name.trim().to_owned(),
            words: rest.to_owned(),
            answers,
        });
    }
    let (who, case) = match who.split_once(" replies to case ") {
        Some((who, case)) => (who, Some(case.trim().parse().ok()?)),
        None => (who, None),
    };
    let name = match (who.strip_suffix(" replies"), case) {
        (Some(name), None) => name,
        (None, Some(_)) => who,
        (Some(_), Some(_)) => return None,
        (None, None) => {
            return Some(Act::Staff {
                name: who.to_owned(),
                act: rest.to_owned(),
            });
        }
    };
    Some(Act::StaffReply {
        name: name.trim().to_owned(),
        case,
        words: rest.replace("\\n", "\n"),
    })
}

/// `voice`, or `photo with words`.
fn media_of(text: &str) -> (String, Option<String>) {
    match text.split_once(" with ") {
        Some((what, caption)) => (what.to_owned(), Some(caption.to_owned())),
        None => (text.to_owned(), None),
    }
}

fn parse_check(line: &str) -> Option<Check> {
    if line.starts_with('[') {
        return Some(Check::Buttons(labels(line)));
    }
    if let Some(label) = line.strip_prefix("no ").and_then(label_of) {
        return Some(Check::NoButton(label));
    }
    let (head, rest) = line.split_once(':')?;
    let (head, rest) = (head.trim(), rest.trim());
    let see = |by, words: &str| {
        if words == "nothing" {
            Check::SeeNothing(by)
        } else {
            Check::See {
                by,
                words: words.to_owned(),
            }
        }
    };
    if let Some(case) = head.strip_prefix("in topic ") {
        return Some(Check::SeeInTopic {
            case: case.trim().parse().ok()?,
            words: rest.to_owned(),
        });
    }
    Some(match head {
        "topics" => Check::Topics(match rest {
            "none" => Vec::new(),
            named => named.split(", ").map(str::to_owned).collect(),
        }),
        "bot" => see(Observed::Patient, rest),
        "patient hears" => see(Observed::PatientSound, rest),
        "staff sees" => see(Observed::Staff, rest),
        "staff hears" => see(Observed::StaffSound, rest),
        "in private" => see(Observed::Private, rest),
        "toast" => see(Observed::Toast, rest),
        "second target" => see(Observed::SecondTarget, rest),
        "never" => Check::Never(rest.to_owned()),
        "staff never sees" => Check::StaffNever(rest.to_owned()),
        "staff chat has no" => Check::StaffChatHasNo(rest.to_owned()),
        "audit" => Check::Audit(rest.to_owned()),
        "audit has no" => Check::AuditHasNo(rest.to_owned()),
        "presses" => Check::PressesAtMost(rest.parse().ok()?),
        "sent" => Check::Sent(rest.parse().ok()?),
        _ => return None,
    })
}

/// `patient: [None of these] x 3` presses three times.
fn repeated(line: &str) -> (&str, usize) {
    /// More presses of one label than any dialog has questions are a typing mistake.
    const TIMES_MAX: usize = 20;
    line.rsplit_once("] x ")
        .and_then(|(_, times)| times.trim().parse::<usize>().ok())
        .filter(|times| (1..=TIMES_MAX).contains(times))
        .and_then(|times| Some((&line[..=line.rfind("] x ")?], times)))
        .unwrap_or((line, 1))
}

fn label_of(text: &str) -> Option<String> {
    Some(text.trim().strip_prefix('[')?.strip_suffix(']')?.to_owned())
}

fn labels(line: &str) -> Vec<String> {
    line.split('[')
        .filter_map(|part| part.split(']').next())
        .map(str::trim)
        .filter(|label| !label.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `+60s`, `+10m`, `+2h`, `+1d`.
fn seconds(text: &str) -> Option<i64> {
    let text = text.strip_prefix('+')?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok()?;
    Some(match unit {
        "s" => number,
        "m" => number * 60,
        "h" => number * 60 * 60,
        "d" => number * 24 * 60 * 60,
        _ => return None,
    })
}
