//! Telegram: the one room that names teloxide.
//!
//! Takes teloxide's payload types and posts them over its own HTTP client:
//! teloxide's transport sleeps ten seconds on a 5xx and drops the error code.
//! Updates are kept as raw JSON and read with small structs of this room, since
//! teloxide's types lose the text of a message with an entity they do not know.
//! Retries nothing, keeps nothing, and logs neither text nor token.

mod answer;
mod bidi;
mod client;
mod maybe;
mod payload;
mod poll;
mod profile;
mod update;
mod wire;

pub use answer::{CallError, lacks_rights};
pub use bidi::strip_bidi;
pub use client::{Me, SetupError, Telegram, Timeouts};
pub use poll::{PollError, Polled, RawUpdate, UpdateKind};
pub use profile::{BotProfile, CommandList, Scope};
pub use update::{is_command, read_update, without_half_surrogates};
pub use wire::{read_outcome, wire};
