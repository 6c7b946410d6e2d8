//! What becomes of a message: how it is sent, and what follows from the answer.
//!
//! Decides only. [`super::lanes`] sends in production, the `.chat` tests in
//! theirs; both go by what is decided here.

use super::records::{Keys, OutboxRow, Piece, Shown, ShownAs};
use crate::channel::{Outcome, Outgoing};
use crate::content::{Content, RichText, Values, With};
use crate::dialog::{Keyboard, Weight};
use crate::ids::{CaseNumber, ChatId, Lang, MessageId};
use crate::store::{Commit, CommitError, Ledger, Put, ReadError};

/// A question keeps this many copies to edit; older ones scroll away.
const COPIES_MAX: usize = 4;

/// Something nobody can be warned by is given up after this many tries; it
/// then stands in the log and, if it belongs to a case, on the case.
const TRIES_MAX: u32 = 8;

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is done; the new message's number, if one was made.
    Done(Option<MessageId>),
    /// Try again after so many seconds; it was surely not sent.
    Retry(u32),
    /// Try again after so many seconds; it may have been sent.
    RetryAsRepeat(u32),
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
    let backoff = 1_u32 << tries.min(6);
    let backoff = backoff.min(60);
    // Whether losing it could cost somebody a warning.
    let must_arrive = row.weight == Weight::Warning;
    match outcome {
        Outcome::Delivered(message) => Next::Done(message),
        Outcome::SlowDown(seconds) => Next::Retry(seconds.max(1)),
        Outcome::NotSent if must_arrive || tries < TRIES_MAX => Next::Retry(backoff),
        Outcome::Ambiguous if row.weight == Weight::Tick => Next::Done(None),
        Outcome::Ambiguous if must_arrive || tries < TRIES_MAX => Next::RetryAsRepeat(backoff),
        Outcome::NotSent | Outcome::Ambiguous => {
            Next::GiveUp("no answer after many tries".to_owned())
        }
        Outcome::Migrated(to) => Next::Move(to),
        Outcome::Unreachable => Next::Unreachable,
        Outcome::Refused(why) => Next::GiveUp(why),
        Outcome::Shut(why) => Next::Halt(why),
    }
}

/// The messages that show what a row edits or shows again.
///
/// # Errors
/// When the store cannot be read.
pub fn shown_for(
    ledger: &Ledger,
    keys: Keys,
    chat: ChatId,
    row: &OutboxRow,
) -> Result<Shown, ReadError> {
    let Some(shows) = shows_of(row) else {
        return Ok(Shown::default());
    };
    match ledger.read::<Shown>(&keys.shown(chat, shows)) {
        Ok(found) => Ok(found.map(|(shown, _)| shown).unwrap_or_default()),
        Err(error) if error.is_erased() => Ok(Shown::default()),
        Err(error) => Err(error),
    }
}

/// What a row shows or edits.
#[must_use]
pub fn shows_of(row: &OutboxRow) -> Option<ShownAs> {
    match &row.piece {
        Piece::Send { shows, .. } => *shows,
        Piece::Edit { shows, .. } => Some(*shows),
        Piece::Contact { .. } => None,
    }
}

/// The messages a row comes to. An edit becomes one for each copy; an edit of
/// a card that never arrived becomes a new card. A case's card that is posted
/// anew comes first, then its older copy is folded: what stood there, a phone
/// number too, stands in one place alone.
#[must_use]
pub fn resolve(content: &Content, chat: ChatId, row: &OutboxRow, shown: &Shown) -> Vec<Outgoing> {
    match &row.piece {
        Piece::Send {
            text,
            keyboard,
            silent,
            ..
        } => {
            let mut outgoing = vec![Outgoing::Send {
                chat,
                text: marked(content, row, text),
                keyboard: keyboard.clone(),
                silent: *silent,
            }];
            if let Some(case) = row.case {
                let folded = folded(content, row.lang, case);
                outgoing.extend(shown.messages.iter().map(|message| Outgoing::Edit {
                    chat,
                    message: MessageId(*message),
                    text: folded.clone(),
                    keyboard: Keyboard::None,
                }));
            }
            outgoing
        }
        Piece::Edit { text, keyboard, .. } => {
            if shown.messages.is_empty() && row.weight == Weight::Warning {
                return vec![Outgoing::Send {
                    chat,
                    text: marked(content, row, text),
                    keyboard: keyboard.clone(),
                    silent: true,
                }];
            }
            shown
                .messages
                .iter()
                .map(|message| Outgoing::Edit {
                    chat,
                    message: MessageId(*message),
                    text: text.clone(),
                    keyboard: keyboard.clone(),
                })
                .collect()
        }
        Piece::Contact {
            number,
            first,
            last,
        } => {
            vec![Outgoing::Contact {
                chat,
                number: number.clone(),
                first: first.clone(),
                last: last.clone(),
            }]
        }
    }
}

/// What an older copy of a case's card says once there is a newer one.
fn folded(content: &Content, lang: Lang, case: CaseNumber) -> RichText {
    let number = case.to_string();
    content.words.staff_folded.render(
        lang,
        &With {
            values: &[("case", &number)],
            rest: content as &dyn Values,
        },
    )
}

/// A message that may have been sent before says so.
fn marked(content: &Content, row: &OutboxRow, text: &RichText) -> RichText {
    if row.repeats == 0 || row.weight != Weight::Warning {
        return text.clone();
    }
    let words = &content.words;
    let mut marked = if row.repeats == 1 {
        words.repeat_mark.render(row.lang, content)
    } else {
        let n = row.repeats.to_string();
        words.repeat_mark_n.render(
            row.lang,
            &With {
                values: &[("n", &n)],
                rest: content as &dyn Values,
            },
        )
    };
    marked.paragraph();
    marked.append(text);
    marked
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
    let Some(shows) = shows_of(row) else {
        return Ok((commit, shown));
    };
    let key = keys.shown(chat, shows);
    if matches!(row.piece, Piece::Edit { closes: true, .. }) {
        commit.deletes.push(key);
        return Ok((commit, Shown::default()));
    }
    if let Some(message) = message {
        if let Some(case) = row.case {
            let card = keys.card_at(chat, message);
            let card = Put::json(card, super::records::CLINIC, &case)?;
            commit.puts.push(card);
            // Older copies were folded; the newest card is the one that is kept true.
            shown.messages.clear();
        }
        shown.messages.push(message.0);
        if shown.messages.len() > COPIES_MAX {
            shown.messages.remove(0);
        }
        commit
            .puts
            .push(Put::json(key, super::records::CLINIC, &shown)?);
    }
    Ok((commit, shown))
}
