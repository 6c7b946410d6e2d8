//! Intake, workers, outbox, timers, shutdown: everything around a turn.
//!
//! IO stands here, at the edge. What a turn decides is [`crate::dialog`]'s;
//! what a case's life is, [`crate::staff`]'s; what bytes are kept, [`crate::store`]'s.

pub mod audit;
pub mod cards;
pub mod clerk;
pub mod clock;
pub mod dialogs_dir;
pub mod gate;
pub mod hours;
pub mod intake;
pub mod lanes;
pub mod library;
pub mod metrics;
pub mod numbers;
pub mod outbox;
pub mod pacing;
pub mod pairing;
pub mod profile;
pub mod records;
pub mod recover;
pub mod retention;
pub mod run;
pub mod settings;
pub mod stats;
pub mod timers;
pub mod verdicts;
pub mod workers;
