//! Takes one turn of a conversation.
//!
//! Pure: the same content, conversation, input and time give the same turn.
//! Storing and sending it is [`crate::app`]'s work. The first branch of
//! [`take_turn`] decides alarm or turn, for presses, heard text, time and
//! staff alike; nothing else can show a card or a move.

mod alarm;
mod answer;
mod aside;
mod button;
mod command;
mod conditions;
mod conversation;
mod effect;
mod find;
mod input;
mod moves;
mod play;
mod question;
mod render;
mod resume;
mod say;
mod screens;
mod stack;
mod stated;
mod suspicion;
mod typed;
mod walk;

use crate::content::Content;
use crate::ids::Timestamp;

pub use aside::is_for_dialog;
pub use button::{Act, Button, Cue, Press, Token};
pub use conditions::{done_instead, has, holds, is_dropped, passed_over};
pub use conversation::{
    Asking, Consented, Conversation, FlagNote, Frame, Open, Pending, Slot, Stop,
};
pub use effect::{Due, Effect, Keyboard, Message, Weight};
pub use input::{Desk, Input, Opens, OpensOn, Seen, What};
pub use play::{Beat, Play};
pub use typed::reads_as_phone;
use walk::Walk;

/// A dialog that passes this many steps without waiting for the patient is
/// looping; it is stopped and a person is offered.
pub const STEPS_PER_TURN_MAX: usize = 100;

/// Seconds that clearance lasts. A product choice of the clinic's safety table.
pub const CLEARANCE_SECONDS: i64 = 24 * 60 * 60;

/// A drafted emergency tick is submitted after this long, pressed or not.
pub const DRAFT_SECONDS: i64 = 60;

/// A question about typed words that gets no answer counts as yes after this.
pub const SILENCE_SECONDS: i64 = 10 * 60;

/// A patient with a blocking flag who leaves the screens gets the card and the
/// case after this long.
pub const SCREENING_SECONDS: i64 = 30 * 60;

/// What one turn does: the conversation after it, and what is to be sent,
/// told and timed. Both are committed together.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The conversation after the turn.
    pub conversation: Conversation,
    /// In the order they happen.
    pub effects: Vec<Effect>,
    /// Shown to the presser for a moment.
    pub toast: Option<String>,
}

/// Takes one turn.
#[must_use]
pub fn take_turn(
    content: &Content,
    conversation: Conversation,
    input: &Input,
    now: Timestamp,
) -> Turn {
    take(Walk::new(content, conversation, input.desk, now), input)
}

/// Takes the last turn of a conversation in a script that must not be walked any
/// more. What the patient states is read as an answer to the question they were
/// asked, in `older`, so that no warning is lost; whatever goes on after it is
/// the newest, from its start.
#[must_use]
pub fn leave_script(
    older: &Content,
    newest: &Content,
    conversation: Conversation,
    input: &Input,
    now: Timestamp,
) -> Turn {
    let mut walk = Walk::new(older, conversation, input.desk, now);
    walk.moves_to = Some(newest);
    take(walk, input)
}

fn take(mut walk: Walk<'_>, input: &Input) -> Turn {
    walk.expire();
    match walk.alarm_in(input) {
        Some(alarm) => walk.raise(alarm, input),
        None => walk.take(input),
    }
    walk.settle(input);
    walk.ask_suspected(input);
    walk.finish()
}
