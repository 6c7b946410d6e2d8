//! All behaviour tests, one binary.
