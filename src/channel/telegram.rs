//! Telegram: the one room that names teloxide.
