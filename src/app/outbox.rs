//! What becomes of a message: how it is sent, and what follows from the answer.
//!
//! Decides only. [`super::lanes`] sends in production, the `.chat` tests in
//! theirs; both go by what is decided here.

mod messages;
mod topics;

use super::records::{
    CLINIC, Fate, InboxRow, Keys, OutboxRow, Piece, Shown, ShownAs, Tells, Under,
};
use crate::channel::{Outcome, Place};
use crate::dialog::Weight;
use crate::ids::{ChatId, MessageId, TopicId};
use crate::staff::{Case, Waits};
use crate::store::{Commit, CommitError, Ledger, Put, ReadError};

pub use messages::{drawn_anew, instead, resolve};
pub use topics::{AfterTopic, TopicNews, lacks_card, opened, topic_after, topic_gone};

/// A question keeps this many copies to edit; older ones scroll away.
const COPIES_MAX: usize = 4;

/// Something nobody can be warned by is given up after this many tries; it
/// then stands in the log and, if it belongs to a case, on the case.
const TRIES_MAX: u32 = 8;

/// A toggle's look and a drawing get so many tries.
const TICK_TRIES_MAX: u32 = 1;

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is done; the new message's number, if one was made.
    Done(Option<MessageId>),
    /// A drawing is done: the new message's number, and Telegram's file of it.
    Drawn(Option<MessageId>, Option<String>),
    /// The chat takes no more for so many seconds.
    SlowDown(u32),
    /// Try again after so many seconds; it was surely not sent.
    Retry(u32),
    /// Try again after so many seconds; it may have been sent.
    RetryAsRepeat(u32),
    /// It may be dropped, and is.
    Dropped,
    /// A topic is there.
    Opened(TopicId),
    /// The topic it was to go to is gone.
    NoTopic,
    /// The chat has a new id: move everything that waits.
    Move(ChatId),
    /// The chat cannot be reached any more.
    Unreachable,
    /// Telegram will never take it.
    GiveUp(String),
    /// Nothing will be taken: stop the bot.
    Halt(String),
}

/// What follows from an answer, for a message tried `tries` times before.
#[must_use]
pub fn after(row: &OutboxRow, outcome: Outcome, tries: u32) -> Next {
    // From one second to one minute, doubling.
    let backoff = 1_u32 << tries.saturating_sub(1).min(6);
    let backoff = backoff.min(60);
    let must_arrive = row.must_arrive();
    match outcome {
        Outcome::Delivered(message) => Next::Done(message),
        Outcome::Drawn { message, file } => Next::Drawn(message, file),
        Outcome::SlowDown(seconds) => Next::SlowDown(seconds.max(1)),
        // What may be dropped keeps nothing back: not a drawing its move's words.
        Outcome::NotSent if row.weight == Weight::Tick && tries > TICK_TRIES_MAX => Next::Dropped,
        Outcome::NotSent if must_arrive || tries < TRIES_MAX => Next::Retry(backoff),
        Outcome::Ambiguous if row.weight == Weight::Tick => Next::Dropped,
        Outcome::Ambiguous if must_arrive || tries < TRIES_MAX => Next::RetryAsRepeat(backoff),
        Outcome::NotSent | Outcome::Ambiguous => {
            Next::GiveUp("no answer after many tries".to_owned())
        }
        Outcome::Opened(topic) => Next::Opened(topic),
        Outcome::NoTopic => Next::NoTopic,
        Outcome::Migrated(to) => Next::Move(to),
        Outcome::Unreachable => Next::Unreachable,
        Outcome::Refused(why) => Next::GiveUp(why),
        Outcome::Shut(why) => Next::Halt(why),
    }
}

/// What a row has to know of its chat before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// The messages that show what it edits or shows again.
    pub shown: Shown,
    /// The newest card of its case.
    pub card: Option<MessageId>,
    /// The topic of its case.
    pub topic: Option<TopicId>,
}

/// What a row has to know of its chat, as it is stored.
///
/// # Errors
/// When the store cannot be read.
pub fn around(
    ledger: &Ledger,
    keys: Keys,
    chat: ChatId,
    row: &OutboxRow,
) -> Result<Around, ReadError> {
    if let Piece::Photo { drawing, .. } = &row.piece {
        let file = ledger.read::<String>(&keys.drawing(drawing))?;
        let shown = Shown {
            file: file.map(|(file, _)| file),
            ..Shown::default()
        };
        return Ok(Around {
            shown,
            ..Around::default()
        });
    }
    let read = |shows| match ledger.read::<Shown>(&keys.shown(chat, shows)) {
        Ok(found) => Ok(found.map(|(shown, _)| shown).unwrap_or_default()),
        Err(error) if error.is_erased() => Ok(Shown::default()),
        Err(error) => Err(error),
    };
    let shown = shows_of(row).map(read).transpose()?.unwrap_or_default();
    let card = match (row.under, row.case) {
        (Some(Under::Card), Some(case)) => read(ShownAs::Case(case))?.newest(),
        (Some(Under::Card | Under::Message(_)) | None, _) => None,
    };
    let topic = match row.case.filter(|_| row.topic.is_some()) {
        Some(case) => read(ShownAs::Topic(case))?.newest(),
        None => None,
    };
    let topic = topic.map(|first| TopicId(first.0));
    Ok(Around { shown, card, topic })
}

/// Where in its chat a row's messages go.
#[must_use]
pub fn place(row: &OutboxRow, around: &Around) -> Place {
    Place {
        topic: around.topic.or(row.beside),
        under: match row.under {
            Some(Under::Card) => around.card,
            Some(Under::Message(message)) => Some(message),
            None => None,
        },
    }
}

/// What staff are told of something they wrote, once the row that brings it was
/// delivered; none for rows that bring nothing of theirs.
#[must_use]
pub fn fate_of(row: &OutboxRow) -> Option<Fate> {
    row.said?;
    Some(match &row.piece {
        Piece::Edit { .. } | Piece::Caption { .. } => Fate::Changed,
        Piece::Send { .. }
        | Piece::Copy { .. }
        | Piece::Photo { .. }
        | Piece::Chart { .. }
        | Piece::Document { .. }
        | Piece::Contact { .. }
        | Piece::Topic(_)
        | Piece::Wipe { .. }
        | Piece::Alarm { .. }
        | Piece::React { .. } => Fate::Arrived,
    })
}

/// Whether somebody has taken the case an alarm is about, or closed it: then it
/// wakes nobody any more.
///
/// # Errors
/// When the store cannot be read.
pub fn is_over(ledger: &Ledger, keys: Keys, row: &OutboxRow) -> Result<bool, ReadError> {
    let (Piece::Alarm { .. }, Some(number)) = (&row.piece, row.case) else {
        return Ok(false);
    };
    let Some((chat, _)) = ledger.read::<ChatId>(&keys.case_index(number))? else {
        return Ok(true);
    };
    match ledger.read::<Case>(&keys.case(chat, number)) {
        Ok(found) => Ok(found.is_none_or(|(case, _)| Waits::of(&case) != Some(Waits::Claim))),
        Err(error) if error.is_erased() => Ok(true),
        Err(error) => Err(error),
    }
}

/// The row that tells what became of a message to whoever waits for it; none
/// for most messages. It holds no word of a patient, so it is sealed with the
/// clinic's key.
///
/// # Errors
/// When it does not fit.
pub fn arrival(
    keys: Keys,
    row: &OutboxRow,
    staff_chat: Option<ChatId>,
    failed: Option<&str>,
    next_sequence: impl FnOnce() -> u64,
) -> Result<Option<(ChatId, u64, InboxRow, Put)>, CommitError> {
    let (chat, news) = match (row.tells, staff_chat, failed) {
        (Some(Tells::Patient(patient)), _, None) => (patient, InboxRow::Delivered),
        (Some(Tells::Drill { at, place }), Some(staff_chat), failed) => {
            let failed = failed.map(str::to_owned);
            (staff_chat, InboxRow::Drilled { at, place, failed })
        }
        (Some(Tells::Patient(_) | Tells::Drill { .. }) | None, _, _) => return Ok(None),
    };
    let sequence = next_sequence();
    let put = Put::json(keys.inbox(chat, sequence), CLINIC, &news)?;
    Ok(Some((chat, sequence, news, put)))
}

/// What a patient's turn is told of a row that was dropped: a drawing is owed.
#[must_use]
pub fn owed(row: &OutboxRow) -> Option<InboxRow> {
    match &row.piece {
        Piece::Photo { picture, .. } => Some(InboxRow::Undrawn(picture.clone())),
        Piece::Send { .. }
        | Piece::Edit { .. }
        | Piece::Copy { .. }
        | Piece::Caption { .. }
        | Piece::Chart { .. }
        | Piece::Document { .. }
        | Piece::Contact { .. }
        | Piece::Topic(_)
        | Piece::Wipe { .. }
        | Piece::Alarm { .. }
        | Piece::React { .. } => None,
    }
}

/// Whether the staff chat was lost and has taken a message now.
///
/// # Errors
/// When the store cannot be read.
pub fn is_back(
    ledger: &Ledger,
    keys: Keys,
    chat: ChatId,
    staff_chat: Option<ChatId>,
) -> Result<bool, ReadError> {
    if Some(chat) != staff_chat {
        return Ok(false);
    }
    let told = ledger.read_bytes(&keys.single("desk-lost"))?;
    Ok(told.is_some())
}

/// What a row shows in a message of its own.
#[must_use]
pub fn posts_of(row: &OutboxRow) -> Option<ShownAs> {
    match &row.piece {
        Piece::Send { shows, .. } => *shows,
        _ => None,
    }
}

/// What a row shows or edits.
#[must_use]
pub fn shows_of(row: &OutboxRow) -> Option<ShownAs> {
    match &row.piece {
        Piece::Send { shows, .. } => *shows,
        Piece::Edit { shows, .. } | Piece::Copy { shows, .. } | Piece::Caption { shows, .. } => {
            Some(*shows)
        }
        Piece::Photo { .. }
        | Piece::Chart { .. }
        | Piece::Document { .. }
        | Piece::Contact { .. }
        | Piece::Topic(_)
        | Piece::Wipe { .. }
        | Piece::Alarm { .. }
        | Piece::React { .. } => None,
    }
}

/// The commit that keeps what Telegram calls a drawing; none for other rows.
///
/// # Errors
/// When the record does not fit.
pub fn keep_file(
    keys: Keys,
    row: &OutboxRow,
    file: Option<String>,
) -> Result<Option<Commit>, CommitError> {
    let (Piece::Photo { drawing, .. }, Some(file)) = (&row.piece, file) else {
        return Ok(None);
    };
    Ok(Some(Commit {
        puts: vec![Put::json(keys.drawing(drawing), CLINIC, &file)?],
        ..Commit::default()
    }))
}

/// The group has a new id: everything that waits for the old one goes to the
/// new one, in one commit. The staff chat's new id is kept.
///
/// # Errors
/// When a row does not fit.
pub fn moved(
    keys: Keys,
    from: ChatId,
    to: ChatId,
    rows: &[&(u64, OutboxRow)],
    staff_chat: Option<ChatId>,
) -> Result<Commit, CommitError> {
    let clinic = CLINIC;
    let mut commit = Commit::default();
    for (sequence, row) in rows {
        commit.deletes.push(keys.outbox(from, *sequence));
        commit.puts.push(Put::json(
            keys.outbox(to, *sequence),
            super::records::message_subject(to, row),
            row,
        )?);
    }
    if Some(from) == staff_chat {
        let moved = Put::json(keys.single("staff-moved"), clinic, &(from, to))?;
        commit.puts.push(moved);
    }
    Ok(commit)
}

/// The staff chat as a start finds it: what the settings say holds, and without
/// that the chat an owner has paired; under its new id where the group has moved.
///
/// # Errors
/// When the store cannot be read.
pub fn staff_chat(
    ledger: &Ledger,
    keys: Keys,
    set: Option<ChatId>,
) -> Result<Option<ChatId>, ReadError> {
    let moved = ledger.read::<(ChatId, ChatId)>(&keys.single("staff-moved"))?;
    let paired = ledger.read::<ChatId>(&keys.single("staff-chat"))?;
    Ok(set
        .or(paired.map(|(chat, _)| chat))
        .map(|chat| match moved {
            Some(((from, to), _)) if from == chat => to,
            Some(_) | None => chat,
        }))
}

/// The commit that records a delivery: the row goes, and the message can be
/// found again. Gives what is shown from now on, for those who cannot wait for
/// the commit.
///
/// # Errors
/// When the record does not fit.
pub fn delivered(
    keys: Keys,
    chat: ChatId,
    sequence: u64,
    row: &OutboxRow,
    mut shown: Shown,
    message: Option<MessageId>,
) -> Result<(Commit, Shown), CommitError> {
    let mut commit = Commit {
        deletes: vec![keys.outbox(chat, sequence)],
        ..Commit::default()
    };
    if let (Some(case), Some(message)) = (row.case, message) {
        let card = keys.card_at(chat, message);
        let card = Put::json(card, CLINIC, &case)?;
        commit.puts.push(card);
        // It may name its patient, or quote them; the card itself is kept true.
        if !matches!(shows_of(row), Some(ShownAs::Case(_) | ShownAs::Topic(_))) {
            let said = keys.said_of(chat, case, message);
            commit.puts.push(Put::json(said, CLINIC, &())?);
        }
    }
    let Some(shows) = shows_of(row) else {
        return Ok((commit, shown));
    };
    let key = keys.shown(chat, shows);
    if matches!(row.piece, Piece::Edit { closes: true, .. }) {
        commit.deletes.push(key);
        return Ok((commit, Shown::default()));
    }
    if let Some(message) = message {
        if matches!(shows, ShownAs::Case(_) | ShownAs::Answers(_)) {
            // Older copies were folded; the newest one is the one that is kept true.
            shown.messages.clear();
        }
        shown.messages.push(message.0);
        if shown.messages.len() > COPIES_MAX {
            shown.messages.remove(0);
        }
        commit.puts.push(Put::json(key, CLINIC, &shown)?);
    }
    Ok((commit, shown))
}
