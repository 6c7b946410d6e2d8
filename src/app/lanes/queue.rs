//! What waits to go to one chat, and what of it goes next. Pure: time comes in
//! as milliseconds.
//!
//! First in, first out; but in a group an alarm waits behind no talk. What
//! changes the same card, and its case's topic, keeps its order.

use std::collections::VecDeque;

use crate::app::outbox::shows_of;
use crate::app::pacing::{Bucket, Pacing};
use crate::app::records::{OutboxRow, Piece};
use crate::dialog::Weight;
use crate::ids::ChatId;

/// One chat's queue, and what the chat may be sent.
#[derive(Debug)]
pub struct Queue {
    rows: VecDeque<(u64, OutboxRow)>,
    bucket: Bucket,
    is_group: bool,
}

/// What goes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Ready {
    /// This, now.
    Row(u64, Box<OutboxRow>),
    /// Something, in so many milliseconds, unless an alarm comes before.
    In(u64),
    /// Nothing waits.
    Empty,
}

impl Queue {
    /// An empty one.
    #[must_use]
    pub fn new(chat: ChatId, now_millis: u64) -> Self {
        Self {
            rows: VecDeque::new(),
            bucket: Bucket::new(chat, now_millis),
            is_group: chat.0 < 0,
        }
    }

    /// A row comes last.
    pub fn push(&mut self, sequence: u64, row: OutboxRow) {
        self.rows.push_back((sequence, row));
    }

    /// Takes everything out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = (u64, OutboxRow)> + '_ {
        self.rows.drain(..)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether nothing would be lost by forgetting it.
    #[must_use]
    pub fn is_spare(&self, now_millis: u64) -> bool {
        self.rows.is_empty() && self.bucket.is_full(now_millis)
    }

    /// Takes out what may be sent now, or says how long to wait for it.
    pub fn next(&mut self, pacing: Pacing, now_millis: u64) -> Ready {
        let alarm = if self.is_group { self.alarm() } else { None };
        let Some(at) = alarm.or((!self.rows.is_empty()).then_some(0)) else {
            return Ready::Empty;
        };
        let weight = match (alarm, self.rows.get(at)) {
            (Some(_), _) => Weight::Warning,
            (None, Some((_, row))) if !self.is_group => row.weight,
            // What is kept for alarms is for no other change of a card.
            (None, _) => Weight::Talk,
        };
        if pacing == Pacing::Telegram
            && let Err(millis) = self.bucket.take(weight, now_millis)
        {
            return Ready::In(millis);
        }
        match self.rows.remove(at) {
            Some((sequence, row)) => Ready::Row(sequence, Box::new(row)),
            None => Ready::Empty,
        }
    }

    /// The first alarm, or what has to go before it.
    fn alarm(&self) -> Option<usize> {
        let first = self.rows.iter().position(|(_, row)| alarms(row))?;
        let (_, alarm) = self.rows.get(first)?;
        let before = self.rows.iter().take(first).position(|(_, row)| {
            let is_same = shows_of(row).is_some() && shows_of(row) == shows_of(alarm);
            let is_its_topic = matches!(row.piece, Piece::Topic(_)) && row.case == alarm.case;
            is_same || is_its_topic
        });
        Some(before.unwrap_or(first))
    }

    /// A toggle's look that a later one replaces is not worth sending, and of
    /// several alarms of one case that waited for their target, one is enough.
    /// Gives what is left out.
    pub fn drop_replaced(&mut self) -> Vec<u64> {
        let mut dropped = Vec::new();
        while let Some((sequence, row)) = self.rows.front() {
            let is_alarm = matches!(row.piece, Piece::Alarm { .. });
            let replaced = self
                .rows
                .iter()
                .skip(1)
                .any(|(_, later)| match later.piece {
                    Piece::Edit { .. } => {
                        row.weight == Weight::Tick && shows_of(later) == shows_of(row)
                    }
                    Piece::Alarm { .. } => is_alarm && row.case.is_some() && later.case == row.case,
                    Piece::Send { .. }
                    | Piece::Copy { .. }
                    | Piece::Caption { .. }
                    | Piece::React { .. }
                    | Piece::Photo { .. }
                    | Piece::Chart { .. }
                    | Piece::Document { .. }
                    | Piece::Contact { .. }
                    | Piece::Wipe { .. }
                    | Piece::Topic(_) => false,
                });
            if !replaced {
                break;
            }
            dropped.push(*sequence);
            self.rows.pop_front();
        }
        dropped
    }
}

/// Whether it is to wake somebody: a new message that warns. A card that only
/// reads otherwise is none.
fn alarms(row: &OutboxRow) -> bool {
    row.weight == Weight::Warning && matches!(row.piece, Piece::Send { .. } | Piece::Alarm { .. })
}
