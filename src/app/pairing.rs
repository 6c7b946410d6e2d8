//! The one-time code that makes somebody the owner of the desk.
//!
//! It is printed where the bot was started and sent in the staff group, so
//! whoever has both is the clinic. It lives in memory alone.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::ids::Timestamp;

/// Long enough to add the bot to a group.
pub const CODE_SECONDS: i64 = 10 * 60;

/// A code that was guessed at so often is no secret any more.
const TRIES_MAX: u8 = 5;

/// No letter or digit that looks like another one; 32 of them, so that a random
/// byte picks each equally often.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A code, until when it holds, and how often it was guessed at.
#[derive(Debug)]
pub struct PairCode {
    code: String,
    until: Timestamp,
    misses: AtomicU8,
}

impl PairCode {
    /// A code from eight random bytes: 40 bits.
    #[must_use]
    pub fn new(random: [u8; 8], now: Timestamp) -> Self {
        let mut code: String = random
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
            .collect();
        code.insert(4, '-');
        Self {
            code,
            until: now.plus_seconds(CODE_SECONDS),
            misses: AtomicU8::new(0),
        }
    }

    /// As it is printed.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether `typed` is written as a code is: two times four, and a dash.
    #[must_use]
    pub fn is_written_so(typed: &str) -> bool {
        let is_letter = |letter: u8| LETTERS.contains(&letter.to_ascii_uppercase());
        let is_four = |part: &str| part.len() == 4 && part.bytes().all(is_letter);
        typed
            .split_once('-')
            .is_some_and(|(front, back)| is_four(front) && is_four(back))
    }

    /// Whether `typed` is this code, now. Case and dashes do not matter.
    #[must_use]
    pub fn opens(&self, typed: &str, now: Timestamp) -> bool {
        let bare = |text: &str| -> String {
            let letters = text.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|letter| letter.to_ascii_uppercase()).collect()
        };
        if now > self.until || self.misses.load(Ordering::Relaxed) >= TRIES_MAX {
            return false;
        }
        let opens = bare(typed) == bare(&self.code);
        if !opens {
            self.misses.fetch_add(1, Ordering::Relaxed);
        }
        opens
    }
}
