//! A case's topic in the staff group: what an answer says of it, and where what
//! is still to be sent goes then.

use std::collections::VecDeque;

use super::{Around, Next, shows_of};
use crate::app::records::{CLINIC, Keys, OutboxRow, Shown, ShownAs};
use crate::channel::{Outgoing, Place};
use crate::ids::{CaseNumber, ChatId, MessageId, TopicId};
use crate::store::{Commit, CommitError, Put};

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
            for (_, place) in waiting.iter_mut().filter_map(placed) {
                place.topic = Some(topic);
            }
            AfterTopic::Heard(row.case.map(|case| TopicNews::Opened(case, topic)))
        }
        Next::NoTopic if !is_opening => {
            row.beside = None;
            let gone = row.case.filter(|_| around.topic.take().is_some());
            let mut again = one;
            if let Some((chat, place)) = placed(&mut again) {
                place.topic = None;
                waiting.push_front(again);
                // Opened anew once; a server that takes it away again gets the rest as it is.
                if let (Some(_), Some(name)) = (gone, row.topic.take()) {
                    waiting.push_front(Outgoing::OpenTopic { chat, name });
                }
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

/// The chat, and the place in it, of what can go to a topic.
fn placed(outgoing: &mut Outgoing) -> Option<(ChatId, &mut Place)> {
    match outgoing {
        Outgoing::Send { chat, place, .. } | Outgoing::Copy { chat, place, .. } => {
            Some((*chat, place))
        }
        Outgoing::Edit { .. }
        | Outgoing::Caption { .. }
        | Outgoing::Delete { .. }
        | Outgoing::React { .. }
        | Outgoing::OpenTopic { .. }
        | Outgoing::ChangeTopic { .. }
        | Outgoing::Photo { .. }
        | Outgoing::Contact { .. }
        | Outgoing::Document { .. }
        | Outgoing::Alarm { .. }
        | Outgoing::AnswerPress { .. } => None,
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
