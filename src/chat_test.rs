//! Parses and plays `.chat` files: conversations a clinic can read.
//!
//! A file says who says what, which buttons stand, what staff see and what the
//! clock does. It is played through the whole bot but the network: updates go
//! through the inbox, every turn through a store, messages through the outbox
//! into the same Bot API that the preview uses. See `docs/chat-files.md`.

mod acts;
mod checks;
mod parse;
mod play;
mod seen;
mod stage;

pub use parse::{Act, Chat, Check, Line, Observed, ParseError, Setting, parse};
pub use play::{Failure, Options, Played, play, update};
pub use stage::{Staff, Stage};
