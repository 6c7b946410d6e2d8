//! What becomes of a message: how it is sent, and what follows from the answer.
//!
//! Decides only. [`super::lanes`] sends in production, the `.chat` tests in
//! theirs; both go by what is decided here.

use std::collections::VecDeque;

use super::records::{
    CLINIC, Fate, InboxRow, Keys, MAIL, OutboxRow, Piece, Shown, ShownAs, Tells, Under, WEBHOOK,
};
use crate::channel::alarm::{Alarm, Loudness, Target};
use crate::channel::{Outcome, Outgoing, PhotoFile, Place};
use crate::content::{Content, RichText, Values, With};
use crate::dialog::{Keyboard, Weight};
use crate::ids::{CaseNumber, ChatId, Lang, MessageId, PictureId, TopicId};
use crate::picture;
use crate::staff::{Case, Waits};
use crate::store::{Commit, CommitError, Ledger, Put, ReadError};
use crate::triage::Level;

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
        Outcome::NotSent if row.weight == Weight::Tick && tries > TICK_TRIES_MAX => {
            Next::Done(None)
        }
        Outcome::NotSent if must_arrive || tries < TRIES_MAX => Next::Retry(backoff),
        Outcome::Ambiguous if row.weight == Weight::Tick => Next::Done(None),
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

/// What an answer says of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicNews {
    /// The case's topic is there.
    Opened(CaseNumber, TopicId),
    /// The case's topic is gone.
    Gone(CaseNumber),
    /// The case gets none: the bot may not open any.
    Refused(CaseNumber),
}

/// What is left of an answer, once topics have been seen to.
#[derive(Debug)]
pub enum AfterTopic {
    /// It was about a topic, and what waits goes where it can now.
    Heard(Option<TopicNews>),
    /// It was about something else.
    Other(Next, Outgoing),
}

/// What an answer about a topic makes of what is still to be sent: it goes to
/// the topic that is there now, or to where everybody reads.
pub fn topic_after(
    next: Next,
    one: Outgoing,
    row: &mut OutboxRow,
    around: &mut Around,
    waiting: &mut VecDeque<Outgoing>,
) -> AfterTopic {
    let is_opening = matches!(one, Outgoing::OpenTopic { .. });
    match next {
        Next::Opened(topic) => {
            around.topic = Some(topic);
            for waits in waiting.iter_mut() {
                set_topic(waits, Some(topic));
            }
            AfterTopic::Heard(row.case.map(|case| TopicNews::Opened(case, topic)))
        }
        Next::NoTopic if !is_opening => {
            row.beside = None;
            let gone = row.case.filter(|_| around.topic.take().is_some());
            let mut again = one;
            set_topic(&mut again, None);
            match again {
                Outgoing::Send { chat, .. } | Outgoing::Copy { chat, .. } => {
                    waiting.push_front(again);
                    // Opened anew once; a server that takes it away again gets the rest as it is.
                    if let (Some(_), Some(name)) = (gone, row.topic.take()) {
                        waiting.push_front(Outgoing::OpenTopic { chat, name });
                    }
                }
                Outgoing::Edit { .. }
                | Outgoing::Caption { .. }
                | Outgoing::React { .. }
                | Outgoing::OpenTopic { .. }
                | Outgoing::ChangeTopic { .. }
                | Outgoing::Photo { .. }
                | Outgoing::Contact { .. }
                | Outgoing::Document { .. }
                | Outgoing::Alarm { .. }
                | Outgoing::AnswerPress { .. } => {}
            }
            AfterTopic::Heard(gone.map(TopicNews::Gone))
        }
        // A warning does not wait for a topic.
        Next::NoTopic | Next::RetryAsRepeat(_) | Next::GiveUp(_) if is_opening => {
            row.topic = None;
            AfterTopic::Heard(row.case.map(TopicNews::Refused))
        }
        next => AfterTopic::Other(next, one),
    }
}

fn set_topic(outgoing: &mut Outgoing, topic: Option<TopicId>) {
    match outgoing {
        Outgoing::Send { place, .. } | Outgoing::Copy { place, .. } => place.topic = topic,
        Outgoing::Edit { .. }
        | Outgoing::Caption { .. }
        | Outgoing::React { .. }
        | Outgoing::OpenTopic { .. }
        | Outgoing::ChangeTopic { .. }
        | Outgoing::Photo { .. }
        | Outgoing::Contact { .. }
        | Outgoing::Document { .. }
        | Outgoing::Alarm { .. }
        | Outgoing::AnswerPress { .. } => {}
    }
}

/// Whether a topic was opened by something else than its case's card, which is
/// to stand there too.
#[must_use]
pub fn lacks_card(row: &OutboxRow) -> bool {
    !matches!(shows_of(row), Some(ShownAs::Case(_)))
}

/// A topic is there: it is found again, and who writes there writes on its case.
///
/// # Errors
/// When a record does not fit.
pub fn opened(
    keys: Keys,
    chat: ChatId,
    case: CaseNumber,
    topic: TopicId,
) -> Result<(Commit, Shown), CommitError> {
    let shown = Shown {
        messages: vec![topic.0],
        file: None,
    };
    let clinic = CLINIC;
    let commit = Commit {
        puts: vec![
            Put::json(keys.shown(chat, ShownAs::Topic(case)), clinic, &shown)?,
            Put::json(keys.card_at(chat, MessageId(topic.0)), clinic, &case)?,
        ],
        ..Commit::default()
    };
    Ok((commit, shown))
}

/// A topic is gone, and with it what stood there.
#[must_use]
pub fn topic_gone(keys: Keys, chat: ChatId, case: CaseNumber) -> Commit {
    Commit {
        deletes: vec![keys.shown(chat, ShownAs::Topic(case))],
        ..Commit::default()
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
        | Piece::Alarm { .. }
        | Piece::React { .. } => None,
    }
}

/// The messages a row comes to. An edit becomes one for each copy; an edit of
/// a card that never arrived becomes a new card. A case's card that is posted
/// anew comes first, then its older copy is folded: what stood there, a phone
/// number too, stands in one place alone.
#[must_use]
pub fn resolve(content: &Content, chat: ChatId, row: &OutboxRow, around: &Around) -> Vec<Outgoing> {
    let place = place(row, around);
    let outgoing = messages(content, chat, row, &around.shown, place);
    match (&row.topic, around.topic, &row.piece) {
        (Some(name), None, Piece::Send { .. } | Piece::Copy { .. }) => {
            // The rest goes there, once it is known where.
            let name = name.clone();
            let opened = std::iter::once(Outgoing::OpenTopic { chat, name });
            opened.chain(outgoing).collect()
        }
        (Some(_) | None, topic, Piece::Topic(change)) => {
            let change = change.clone();
            let changed = topic.map(|topic| Outgoing::ChangeTopic {
                chat,
                topic,
                change,
            });
            changed.into_iter().collect()
        }
        (_, _, _) => outgoing,
    }
}

fn messages(
    content: &Content,
    chat: ChatId,
    row: &OutboxRow,
    shown: &Shown,
    place: Place,
) -> Vec<Outgoing> {
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
                place,
            }];
            if let (Some(case), Some(ShownAs::Case(_))) = (row.case, shows_of(row)) {
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
            // What a patient changed is new to staff who have never read it.
            let is_for_staff =
                row.case.is_some() && matches!(shows_of(row), Some(ShownAs::Passed { .. }));
            if shown.messages.is_empty() && (row.weight == Weight::Warning || is_for_staff) {
                return vec![Outgoing::Send {
                    chat,
                    text: marked(content, row, text),
                    keyboard: keyboard.clone(),
                    silent: true,
                    place,
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
        Piece::Photo {
            picture, caption, ..
        } => {
            let file = match &shown.file {
                Some(file) => Some(PhotoFile::Kept(file.clone())),
                None => drawn(content, picture, row.lang),
            };
            let photo = file.map(|file| Outgoing::Photo {
                chat,
                file,
                caption: caption.clone(),
            });
            photo.into_iter().collect()
        }
        Piece::Chart { chart, caption } => match picture::chart::png(chart) {
            Ok(png) => vec![Outgoing::Photo {
                chat,
                file: PhotoFile::New {
                    name: "chart.png".to_owned(),
                    png,
                },
                caption: caption.clone(),
            }],
            // Its numbers stand in the message before it.
            Err(error) => {
                tracing::warn!(%error, "a chart cannot be drawn");
                Vec::new()
            }
        },
        Piece::Document { document } => vec![Outgoing::Document {
            chat,
            document: document.clone(),
        }],
        Piece::Alarm { level, text } => {
            let text = marked(content, row, text);
            let alarm = |target| Outgoing::Alarm {
                target,
                alarm: Alarm {
                    case: row.case,
                    loudness: if *level >= Level::EmergencyNow {
                        Loudness::Critical
                    } else {
                        Loudness::High
                    },
                    text: text.text.replace("\n\n", " "),
                },
            };
            vec![match chat {
                WEBHOOK => alarm(Target::Webhook),
                MAIL => alarm(Target::Mail),
                _ => Outgoing::Send {
                    chat,
                    text,
                    keyboard: Keyboard::None,
                    silent: false,
                    place: Place::default(),
                },
            }]
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
        Piece::Copy {
            from,
            message,
            caption,
            ..
        } => vec![Outgoing::Copy {
            chat,
            from: *from,
            message: *message,
            caption: caption
                .as_ref()
                .map(|caption| marked(content, row, caption)),
            place,
        }],
        Piece::Caption { text, .. } => {
            let captions = shown.messages.iter().map(|message| Outgoing::Caption {
                chat,
                message: MessageId(*message),
                text: text.clone(),
            });
            captions.collect()
        }
        Piece::Topic(_) => Vec::new(),
        Piece::React { message, emoji, .. } => vec![Outgoing::React {
            chat,
            message: *message,
            emoji: emoji.clone(),
        }],
    }
}

/// A drawing made anew; none when the content no longer has it.
fn drawn(content: &Content, id: &PictureId, lang: Lang) -> Option<PhotoFile> {
    match content.pictures.get(id)?.png(lang) {
        Ok(png) => Some(PhotoFile::New {
            name: format!("{id}.png"),
            png: png.to_vec(),
        }),
        Err(error) => {
            tracing::warn!(%error, picture = %id, "a drawing cannot be made");
            None
        }
    }
}

/// What is said where Telegram takes no copy, no sign, or no change: whatever
/// stood there is gone, and what it was to say comes as a new message.
#[must_use]
pub fn instead(row: &OutboxRow, around: &Around, refused: &Outgoing) -> Option<Outgoing> {
    let (chat, text, keyboard) = match (refused, &row.piece) {
        (
            Outgoing::Edit {
                chat,
                text,
                keyboard,
                ..
            },
            Piece::Edit { .. },
        ) if row.weight == Weight::Warning => (*chat, text, keyboard.clone()),
        // A member of staff is told that theirs did not arrive; nobody else reads of it.
        (Outgoing::Copy { chat, .. }, Piece::Copy { instead, .. }) if row.said.is_none() => {
            (*chat, instead, Keyboard::None)
        }
        (Outgoing::React { chat, .. }, Piece::React { instead, .. }) => {
            (*chat, instead, Keyboard::None)
        }
        (_, _) => return None,
    };
    Some(Outgoing::Send {
        chat,
        text: text.clone(),
        keyboard,
        silent: matches!(refused, Outgoing::Edit { .. }),
        place: place(row, around),
    })
}

/// Telegram no longer has the file it once kept: the drawing is sent anew.
#[must_use]
pub fn drawn_anew(content: &Content, row: &OutboxRow, refused: &Outgoing) -> Option<Outgoing> {
    match (refused, &row.piece) {
        (
            Outgoing::Photo {
                chat,
                file: PhotoFile::Kept(_),
                caption,
            },
            Piece::Photo { picture, .. },
        ) => Some(Outgoing::Photo {
            chat: *chat,
            file: drawn(content, picture, row.lang)?,
            caption: caption.clone(),
        }),
        _ => None,
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
    if row.repeats == 0 || !(row.must_arrive() || row.said.is_some()) {
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
    if let (Some(case), Some(message)) = (row.case, message) {
        let card = keys.card_at(chat, message);
        let card = Put::json(card, CLINIC, &case)?;
        commit.puts.push(card);
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
