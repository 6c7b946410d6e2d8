//! What is sent, one message after the other, as the lanes send it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Stage;
use crate::app::clerk::Job;
use crate::app::outbox::{self, AfterTopic, TopicNews};
use crate::app::records::{Fate, InboxRow, OutboxRow};
use crate::channel::{Outcome, Outgoing, telegram};
use crate::ids::ChatId;

impl Stage {
    pub(super) fn deliver(&mut self, chat: ChatId, sequence: u64, mut row: OutboxRow) {
        let content = Arc::clone(self.library.newest());
        let keys = self.clerk.keys;
        let mut around = match outbox::around(&self.clerk.ledger, keys, chat, &row) {
            Ok(around) => around,
            Err(error) => return self.troubles.push(error.to_string()),
        };
        let mut waiting: VecDeque<Outgoing> = match outbox::is_over(&self.clerk.ledger, keys, &row)
        {
            Ok(true) => VecDeque::new(),
            Ok(false) => outbox::resolve(&content, chat, &row, &around).into(),
            Err(error) => return self.troubles.push(error.to_string()),
        };
        let mut fate = outbox::fate_of(&row).filter(|_| !waiting.is_empty());
        let mut made = None;
        while let Some(one) = waiting.pop_front() {
            let outcome = self.call(&one);
            let next = outbox::after(&row, outcome, row.repeats);
            let (next, one) =
                match outbox::topic_after(next, one, &mut row, &mut around, &mut waiting) {
                    AfterTopic::Heard(news) => {
                        self.hear_of_topic(chat, &row, news);
                        continue;
                    }
                    AfterTopic::Other(next, one) => (next, one),
                };
            match next {
                // An edit's reply is the message it changed: none was made.
                outbox::Next::Done(_) | outbox::Next::Drawn(..) if changes(&one) => {}
                outbox::Next::Done(message) => made = message.or(made),
                outbox::Next::Drawn(message, file) => {
                    made = message.or(made);
                    match outbox::keep_file(keys, &row, file) {
                        Ok(Some(commit)) => self.commit(commit),
                        Ok(None) => {}
                        Err(error) => self.troubles.push(error.to_string()),
                    }
                }
                outbox::Next::Dropped => {
                    if let Some(owed) = outbox::owed(&row) {
                        self.tell(chat, owed);
                    }
                }
                outbox::Next::SlowDown(seconds) | outbox::Next::Retry(seconds) => {
                    self.now = self.now.plus_seconds(i64::from(seconds));
                    return self.messages.push_front((chat, sequence, row));
                }
                outbox::Next::RetryAsRepeat(seconds) => {
                    self.now = self.now.plus_seconds(i64::from(seconds));
                    row.repeats += 1;
                    return self.messages.push_front((chat, sequence, row));
                }
                outbox::Next::GiveUp(why) => {
                    if let Some(instead) = outbox::instead(&row, &around, &one) {
                        waiting.push_front(instead);
                        continue;
                    }
                    fate = row.said.map(|_| Fate::Refused);
                    // An older card that is gone need not be folded; anything else harms.
                    let spare = changes(&one) || matches!(one, Outgoing::Photo { .. });
                    if fate.is_none() && !spare {
                        self.troubles
                            .push(format!("Telegram refused a message: {why}"));
                    }
                }
                outbox::Next::Unreachable if Some(chat) == self.clerk.staff_chat() => {
                    self.tell(chat, InboxRow::Unreachable);
                    return self.held.push((chat, sequence, row));
                }
                outbox::Next::Unreachable => {
                    fate = row.said.map(|_| Fate::Unreachable);
                    self.tell(chat, InboxRow::Unreachable);
                    break;
                }
                outbox::Next::Move(to) => return self.move_all(chat, to, sequence, row),
                outbox::Next::Halt(_) | outbox::Next::Opened(_) | outbox::Next::NoTopic => break,
            }
        }
        let recorded = outbox::delivered(keys, chat, sequence, &row, around.shown, made).and_then(
            |(commit, _)| {
                let staff_chat = self.clerk.staff_chat();
                let next = || self.clerk.next_sequence();
                let woken = outbox::arrival(keys, &row, staff_chat, None, next)?;
                Ok((commit, woken))
            },
        );
        match recorded {
            Ok((mut commit, woken)) => {
                if let Some((patient, sequence, row, put)) = woken {
                    commit.puts.push(put);
                    self.jobs.push_back((patient, Job::Row { sequence, row }));
                }
                self.commit(commit);
            }
            Err(error) => self.troubles.push(error.to_string()),
        }
        let (ledger, staff_chat) = (&self.clerk.ledger, self.clerk.staff_chat());
        if made.is_some() && outbox::is_back(ledger, keys, chat, staff_chat).unwrap_or(false) {
            self.tell(chat, InboxRow::Reachable);
        }
        if let (Some(said), Some(fate), Some(staff_chat)) =
            (row.said, fate, self.clerk.staff_chat())
        {
            self.tell(staff_chat, InboxRow::Fate { said, fate });
        }
    }

    /// The group has a new id, as the lanes have it.
    fn move_all(&mut self, from: ChatId, to: ChatId, sequence: u64, row: OutboxRow) {
        let waiting = std::mem::take(&mut self.messages);
        let (mut moving, others): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|(chat, ..)| *chat == from);
        moving.push_front((from, sequence, row));
        let rows: Vec<(u64, OutboxRow)> = moving
            .into_iter()
            .map(|(_, sequence, row)| (sequence, row))
            .collect();
        let staff_chat = self.clerk.staff_chat();
        let borrowed: Vec<_> = rows.iter().collect();
        match outbox::moved(self.clerk.keys, from, to, &borrowed, staff_chat) {
            Ok(commit) => self.commit(commit),
            Err(error) => self.troubles.push(error.to_string()),
        }
        if Some(from) == staff_chat {
            self.clerk.move_staff_chat(to);
            self.tell(to, InboxRow::Moved);
        }
        self.messages = rows
            .into_iter()
            .map(|(sequence, row)| (to, sequence, row))
            .chain(others)
            .collect();
    }

    fn hear_of_topic(&mut self, chat: ChatId, row: &OutboxRow, news: Option<TopicNews>) {
        let keys = self.clerk.keys;
        match news {
            Some(TopicNews::Opened(case, topic)) => {
                match outbox::opened(keys, chat, case, topic) {
                    Ok((commit, _)) => self.commit(commit),
                    Err(error) => self.troubles.push(error.to_string()),
                }
                if outbox::lacks_card(row) {
                    self.tell(chat, InboxRow::Topic { case, stands: true });
                }
            }
            Some(TopicNews::Gone(case)) => self.commit(outbox::topic_gone(keys, chat, case)),
            Some(TopicNews::Refused(case)) => {
                let news = InboxRow::Topic {
                    case,
                    stands: false,
                };
                self.tell(chat, news);
            }
            None => {}
        }
    }

    pub(super) fn call(&mut self, outgoing: &Outgoing) -> Outcome {
        if let Outgoing::Alarm { alarm, .. } = outgoing {
            self.alarms.push(alarm.text.clone());
            return Outcome::Delivered(None);
        }
        let Some((method, payload)) = telegram::wire(outgoing) else {
            return Outcome::Delivered(None);
        };
        let reply = self.world.call(method, &payload, self.now.0);
        telegram::read_outcome(reply.status, &reply.body.to_string())
    }
}

/// Whether something sent changes a message and makes none.
fn changes(outgoing: &Outgoing) -> bool {
    match outgoing {
        Outgoing::Edit { .. }
        | Outgoing::Caption { .. }
        | Outgoing::Delete { .. }
        | Outgoing::React { .. } => true,
        Outgoing::Send { .. }
        | Outgoing::Copy { .. }
        | Outgoing::OpenTopic { .. }
        | Outgoing::ChangeTopic { .. }
        | Outgoing::Photo { .. }
        | Outgoing::Document { .. }
        | Outgoing::Contact { .. }
        | Outgoing::Alarm { .. }
        | Outgoing::AnswerPress { .. } => false,
    }
}
