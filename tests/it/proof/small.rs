//! Small random contents.
