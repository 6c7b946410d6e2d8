//! All behaviour tests, one binary.

mod architecture;
mod bot_api;
mod preview;
mod store;
