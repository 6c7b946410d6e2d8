//! All behaviour tests, one binary.

mod bot_api;
mod channel;
mod preview;
mod revisions;
mod store;
