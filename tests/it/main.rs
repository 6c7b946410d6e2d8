//! All behaviour tests, one binary.

mod store;
