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
mod gate;
mod hearing;
mod page;
mod pictures;
mod play;
mod preview;
mod privacy;
mod proof;
mod questions;
mod revisions;
mod store;
mod talk;
mod turn;
mod wire;
