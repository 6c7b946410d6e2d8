//! psoas-bot: walks patients of a clinic through scripted dialogs on Telegram.
//!
//! Start with ARCHITECTURE.md; each module's first line says what it is and
//! what it will not do.

// They panic when the reader went away; `cli::output` has those that do not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod app;
pub mod bot_api;
pub mod channel;
pub mod chat_test;
pub mod cli;
pub mod content;
pub mod dialog;
pub mod free_text;
pub mod ids;
pub mod picture;
pub mod preview;
pub mod proof;
pub mod staff;
pub mod store;
pub mod triage;
