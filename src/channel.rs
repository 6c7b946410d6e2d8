//! What a channel takes and gives.
