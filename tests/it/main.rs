//! All behaviour tests, one binary.

mod architecture;
mod belt;
mod bot_api;
mod channel;
mod clinical_table;
mod content;
mod conversations;
mod crash;
mod pictures;
mod play;
mod preview;
mod privacy;
mod revisions;
mod store;
mod turn;
mod wire;
