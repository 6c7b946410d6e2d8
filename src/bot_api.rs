//! A Telegram Bot API server in the process; knows nothing of psoas-bot.
//!
//! [`World`] is the state machine: chats, people, messages, updates. It has
//! no clock and does no IO; time comes in as unix seconds. [`Server`] puts a
//! world on a loopback port, so that any Bot API client can talk to it.
//!
//! Descriptions of errors are Telegram's own, because clients match on them.
//! What it will not do: parse modes, media files, inline mode, payments.

mod body;
mod calls;
mod chats;
mod delivery;
mod fault;
mod groups;
mod markup;
mod media;
mod message;
mod params;
mod passing;
mod past;
mod people;
mod profile;
mod server;
mod text;
mod updates;
mod world;

pub use chats::{Person, Topic};
pub use fault::{Delivery, Fault};
pub use markup::{Button, ButtonAction, Keyboard, KeyboardButton};
pub use message::{Contact, Media, Shown};
pub use people::CannotAct;
pub use profile::{BotCommand, CommandList};
pub use server::Server;
pub use text::Entity;
pub use updates::Webhook;
pub use world::{Call, Change, Reply, Toast, World};
