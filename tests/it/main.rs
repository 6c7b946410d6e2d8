//! All behaviour tests, one binary.

mod bot_api;
mod channel;
mod crash;
mod preview;
mod store;
mod wire;
