//! The page with a patient's chat and the staff group.
