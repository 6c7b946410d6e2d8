//! Durable records: what is kept, sealed, and how it is committed.
