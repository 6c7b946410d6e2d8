//! All behaviour tests, one binary.

mod bot_api;
mod channel;
mod preview;
mod store;
