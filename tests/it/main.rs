//! All behaviour tests, one binary.
mod bot_api;
mod preview;
