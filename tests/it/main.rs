//! All behaviour tests, one binary.

mod architecture;
mod bot_api;
mod content;
mod preview;
mod store;
mod turn;
