//! The ladder: who is told next of a case that nobody answers, and when.
//!
//! Pure. It climbs for emergency and urgent cases, day and night, until
//! somebody takes the case; and it comes back for one that is taken and not
//! closed, and sooner for one whose patient nobody could reach. A private case
//! never climbs.

use super::{Case, CaseState, Outcome};
use crate::triage::Level;

const MINUTE_SECONDS: i64 = 60;
const HOUR_SECONDS: i64 = 60 * MINUTE_SECONDS;

/// Nobody has taken the case for so long: the first rungs. After them, the
/// last of these again and again.
const UNCLAIMED_SECONDS: [i64; 4] = [
    5 * MINUTE_SECONDS,
    5 * MINUTE_SECONDS,
    5 * MINUTE_SECONDS,
    15 * MINUTE_SECONDS,
];

/// What a case waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Somebody has to take it.
    Claim,
    /// Somebody tried and could not reach the patient: it has to be tried again.
    Reach,
    /// Whoever took it has to close it.
    Close,
}

/// Who is told on a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The owners too, in private; the staff chat always is.
    pub owners: bool,
    /// The second targets too: another chat, a webhook, e-mail.
    pub second: bool,
    /// The patient reads that nobody has seen it yet, and what was done.
    pub patient: bool,
}

impl Waits {
    /// Everything a case can wait for.
    pub const ALL: [Self; 3] = [Self::Claim, Self::Reach, Self::Close];

    /// What a case waits for; none for one that does not climb.
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        if case.private || case.level < Level::UrgentToday {
            return None;
        }
        match case.state {
            CaseState::Open => Some(Self::Claim),
            CaseState::Handled {
                outcome: Outcome::NotReached,
                ..
            } => Some(Self::Reach),
            CaseState::Claimed { .. } | CaseState::Handled { .. } => Some(Self::Close),
            CaseState::Closed { .. } => None,
        }
    }

    /// Seconds from the rung before, or from the start, to rung `number` (from 0).
    /// `try_again_minutes` is how soon the clinic tries once more to reach somebody.
    #[must_use]
    pub fn seconds_to(self, number: u32, level: Level, try_again_minutes: u32) -> i64 {
        let last = UNCLAIMED_SECONDS.len() - 1;
        match self {
            Self::Claim => {
                let number = usize::try_from(number).unwrap_or(last);
                UNCLAIMED_SECONDS[number.min(last)]
            }
            Self::Reach => i64::from(try_again_minutes) * MINUTE_SECONDS,
            Self::Close if level >= Level::EmergencyNow => HOUR_SECONDS,
            Self::Close => 4 * HOUR_SECONDS,
        }
    }

    /// Who is told on rung `number` (from 0).
    #[must_use]
    pub fn rung(self, number: u32) -> Rung {
        match self {
            Self::Claim => Rung {
                owners: number > 0,
                second: number > 1,
                // Each rung that is new; then, as nothing is, less and less often.
                patient: number < 2 || (number - 1).is_power_of_two(),
            },
            Self::Reach | Self::Close => Rung {
                owners: false,
                second: false,
                patient: false,
            },
        }
    }
}
