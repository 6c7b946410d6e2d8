//! What staff may do with a case, and what it changes.

use super::talk::hand_back;
use super::{Case, CaseState, Clearing, Did, Forgotten, Outcome, Right, Staffer, Talk, Waits};
use crate::ids::{CaseNumber, FlagId, Timestamp};

/// What a member of staff does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// "I'm on it."
    Claim,
    /// Somebody else may take it.
    PutBack,
    /// Says how it went.
    Handle(Outcome),
    /// "Allow moves again": asks once more.
    AskClear,
    /// The second press: clears the flags it named.
    Clear,
    /// The second press: no.
    KeepLocked,
    /// Closes the case.
    Close,
    /// Opens it again.
    Reopen,
    /// Gives the patient's chat back to the bot.
    HandBack,
}

impl Act {
    /// Every act, with the word its button carries.
    pub const WORDS: [(Self, &'static str); 12] = [
        (Self::Claim, "claim"),
        (Self::PutBack, "back"),
        (Self::Handle(Outcome::Reached), "reached"),
        (Self::Handle(Outcome::NotReached), "missed"),
        (Self::Handle(Outcome::Referred), "referred"),
        (Self::Handle(Outcome::FalseAlarm), "false"),
        (Self::AskClear, "ask"),
        (Self::Clear, "clear"),
        (Self::KeepLocked, "keep"),
        (Self::Close, "close"),
        (Self::Reopen, "reopen"),
        (Self::HandBack, "bot"),
    ];

    /// The word of its button, and of the audit log.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(act, _)| *act == self)
            .map_or("", |(_, word)| word)
    }

    /// What it needs.
    #[must_use]
    pub const fn right(self) -> Right {
        match self {
            Self::AskClear | Self::Clear => Right::Clear,
            Self::Claim
            | Self::PutBack
            | Self::Handle(_)
            | Self::KeepLocked
            | Self::Close
            | Self::Reopen
            | Self::HandBack => Right::Work,
        }
    }

    /// Writes button data that [`Act::parse`] reads back. It names the number
    /// of acts so far, so that of two presses on one card the first one counts.
    #[must_use]
    pub fn data(self, case: &Case) -> String {
        format!("case:{}:{}:{}", case.number, self.word(), case.acts)
    }

    /// Reads the data of a staff button: the case, the act, and how many acts
    /// came before it. Untrusted.
    #[must_use]
    pub fn parse(data: &str) -> Option<(CaseNumber, Self, u32)> {
        let mut parts = data.strip_prefix("case:")?.split(':');
        let (number, word, acts) = (parts.next()?, parts.next()?, parts.next()?);
        let act = Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(act, _)| *act)?;
        Some((CaseNumber(number.parse().ok()?), act, acts.parse().ok()?))
    }
}

/// Writes the data of a button that shows a case's card.
#[must_use]
pub fn show_data(case: CaseNumber) -> String {
    format!("show:{case}")
}

/// Reads the data of a button that shows a case's card; untrusted.
#[must_use]
pub fn shown_by(data: &str) -> Option<CaseNumber> {
    Some(CaseNumber(data.strip_prefix("show:")?.parse().ok()?))
}

/// Writes the data of a button that offers the ready answers for a case, or,
/// with one, sends it. `said` is how many messages staff have written before.
#[must_use]
pub fn say_data(case: &Case, answer: Option<&str>) -> String {
    match answer {
        None => format!("say:{}", case.number),
        Some(answer) => format!("say:{}:{}:{answer}", case.number, case.said),
    }
}

/// Reads the data of such a button: the case, and for one that sends, how many
/// messages came before it and the answer's name. Untrusted.
#[must_use]
pub fn said_by(data: &str) -> Option<(CaseNumber, Option<(u32, &str)>)> {
    let rest = data.strip_prefix("say:")?;
    match rest.split_once(':') {
        None => Some((CaseNumber(rest.parse().ok()?), None)),
        Some((number, rest)) => {
            let (said, answer) = rest.split_once(':')?;
            let number = CaseNumber(number.parse().ok()?);
            Some((number, Some((said.parse().ok()?, answer))))
        }
    }
}

/// What an act changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The card reads otherwise.
    Card,
    /// A person has seen it; the patient is told.
    Seen,
    /// Somebody tried to reach the patient and could not; the patient is told.
    Missed,
    /// These flags are cleared, each until its date; the patient is told.
    Cleared {
        /// Which.
        flags: Vec<(FlagId, Timestamp)>,
        /// The lock left by /delete too.
        lock: bool,
    },
    /// The case is over.
    Closed {
        /// What somebody wrote with the patient ends with it.
        talk: Option<Talk>,
        /// Nobody had taken it: the patient has yet to read that it was seen.
        unseen: bool,
        /// What goes that was said before its patient erased everything.
        forgets: Option<Forgotten>,
    },
    /// The bot is back; the patient is told.
    HandedBack(Talk),
    /// It is open again.
    Reopened,
    /// It was done already, by whoever was first.
    Nothing,
}

/// Does what a member of staff asks. `until` gives the date a flag is cleared to.
pub fn act(
    case: &mut Case,
    act: Act,
    by: &Staffer,
    now: Timestamp,
    until: impl Fn(&FlagId) -> Timestamp,
) -> Change {
    let done = match act {
        Act::Claim => claim(case, by, now),
        Act::PutBack => put_back(case),
        Act::Handle(outcome) => handle(case, outcome, by, now),
        Act::AskClear => ask_clear(case, by, now, until),
        Act::Clear => clear(case, by, now, until),
        Act::KeepLocked => case.asked.take().map(|_| (Did::KeptLocked, Change::Card)),
        Act::Close => close(case, by, now),
        Act::Reopen => reopen(case),
        Act::HandBack => hand_back(case),
    };
    match done {
        Some((did, change)) => {
            case.record(by, now, did);
            change
        }
        None => Change::Nothing,
    }
}

/// What was done and what it changed; none when somebody else was first.
pub(super) type Done = Option<(Did, Change)>;

fn claim(case: &mut Case, by: &Staffer, now: Timestamp) -> Done {
    if case.state != CaseState::Open {
        return None;
    }
    case.state = CaseState::Claimed {
        by: by.clone(),
        at: now,
    };
    case.seen = true;
    case.first_taken.get_or_insert(now);
    Some((Did::Took, Change::Seen))
}

fn put_back(case: &mut Case) -> Done {
    match case.state {
        CaseState::Claimed { .. } | CaseState::Handled { .. } => {
            case.state = CaseState::Open;
            Some((Did::PutBack, Change::Card))
        }
        CaseState::Open | CaseState::Closed { .. } => None,
    }
}

fn handle(case: &mut Case, outcome: Outcome, by: &Staffer, now: Timestamp) -> Done {
    let change = match &case.state {
        CaseState::Closed { .. } => return None,
        // Nobody is reached twice; whoever tries in vain may have to try again.
        CaseState::Handled { outcome: known, .. }
            if *known == outcome && outcome != Outcome::NotReached =>
        {
            return None;
        }
        _ if outcome == Outcome::NotReached => Change::Missed,
        // Whoever says how it went has seen it.
        CaseState::Open => Change::Seen,
        CaseState::Claimed { .. } | CaseState::Handled { .. } => Change::Card,
    };
    case.state = CaseState::Handled {
        outcome,
        by: by.clone(),
        at: now,
    };
    case.seen = true;
    case.first_taken.get_or_insert(now);
    Some((Did::Handled(outcome), change))
}

fn ask_clear(
    case: &mut Case,
    by: &Staffer,
    now: Timestamp,
    until: impl Fn(&FlagId) -> Timestamp,
) -> Done {
    let flags = case.to_clear();
    if flags.is_empty() && !case.deleted {
        return None;
    }
    let named = flags.into_iter().map(|flag| {
        let until = until(&flag);
        (flag, until)
    });
    case.asked = Some(named.collect());
    // Whoever looks at what to allow is on it.
    let taken = match case.private {
        true => None,
        false => claim(case, by, now),
    };
    let change = taken.map_or(Change::Card, |(_, seen)| seen);
    Some((Did::AskedToClear, change))
}

/// The second press clears what the question named, and only that. Where a date of
/// it has passed, it is asked anew.
fn clear(
    case: &mut Case,
    by: &Staffer,
    now: Timestamp,
    until: impl Fn(&FlagId) -> Timestamp,
) -> Done {
    let flags = case.asked.take()?;
    if flags.iter().any(|(_, until)| *until <= now) {
        return ask_clear(case, by, now, until);
    }
    case.clearings.push(Clearing {
        by: by.clone(),
        at: now,
        flags: flags.clone(),
    });
    // Who has erased everything since left a lock that stands for these.
    let lock = std::mem::take(&mut case.deleted) || case.forget_on_close;
    Some((Did::Cleared, Change::Cleared { flags, lock }))
}

fn close(case: &mut Case, by: &Staffer, now: Timestamp) -> Done {
    let unseen = Waits::of(case) == Some(Waits::Claim);
    let outcome = match case.state {
        CaseState::Closed { .. } => return None,
        CaseState::Handled { outcome, .. } => Some(outcome),
        CaseState::Open | CaseState::Claimed { .. } => None,
    };
    case.state = CaseState::Closed {
        by: by.clone(),
        at: now,
        outcome,
    };
    case.asked = None;
    case.phone = None;
    case.seen = true;
    case.first_closed.get_or_insert(now);
    let forgets = case.drop_erased();
    let talk = case.end_talk();
    Some((
        Did::Closed,
        Change::Closed {
            talk,
            unseen,
            forgets,
        },
    ))
}

fn reopen(case: &mut Case) -> Done {
    if case.is_open() {
        return None;
    }
    case.state = CaseState::Open;
    Some((Did::Reopened, Change::Reopened))
}
