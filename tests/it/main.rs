//! All behaviour tests, one binary.

mod architecture;
mod belt;
mod bot_api;
mod channel;
mod clinical_table;
mod content;
mod conversations;
mod crash;
mod desk;
mod hearing;
mod page;
mod preview;
mod privacy;
mod proof;
mod revisions;
mod store;
mod turn;
mod wire;
