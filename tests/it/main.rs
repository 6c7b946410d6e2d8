//! All behaviour tests, one binary.

mod any_order;
mod architecture;
mod belt;
mod bot_api;
mod channel;
mod clinical_table;
mod content;
mod conversations;
mod crash;
mod desk;
mod erasure;
mod gate;
mod hearing;
mod identifiers;
mod numbers;

mod page;
mod pictures;
mod play;
mod preview;
mod privacy;
mod proof;
mod questions;
mod retention;
mod revisions;
mod staff_chat;
mod store;
mod talk;
mod teaching;
mod turn;
mod wire;
