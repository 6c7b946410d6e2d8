//! A drill: a marked alarm through every rung at once, and when each was heard.
//!
//! Pure. It is about no case.

use serde::{Deserialize, Serialize};

use super::Staffer;
use crate::ids::Timestamp;

/// Where the alarm goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The staff chat.
    StaffChat,
    /// An owner, in private.
    Owner(String),
    /// Another chat.
    SecondChat,
    /// A web address.
    Webhook,
    /// E-mail, as far as its server.
    Mail,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// It arrived after so many seconds.
    After(i64),
    /// It did not, and why.
    Failed(String),
}

/// One drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// Who called it.
    pub by: Staffer,
    /// When. A new drill ends the one before, so this names it.
    pub at: Timestamp,
    /// Every place, and what came of it so far.
    pub places: Vec<(Place, Option<Heard>)>,
    /// Who answered first, and after how many seconds.
    pub answered: Option<(Staffer, i64)>,
}

impl Drill {
    /// A drill through these places.
    #[must_use]
    pub fn begin(by: Staffer, at: Timestamp, places: Vec<Place>) -> Self {
        Self {
            by,
            at,
            places: places.into_iter().map(|place| (place, None)).collect(),
            answered: None,
        }
    }

    /// One place was heard of. False when that is no news.
    pub fn hear(&mut self, place: usize, failed: Option<String>, now: Timestamp) -> bool {
        let Some((_, heard @ None)) = self.places.get_mut(place) else {
            return false;
        };
        *heard = Some(match failed {
            Some(why) => Heard::Failed(why),
            None => Heard::After(now.seconds_since(self.at)),
        });
        true
    }

    /// Somebody pressed. False when somebody else was first.
    pub fn answer(&mut self, by: &Staffer, now: Timestamp) -> bool {
        if self.answered.is_some() {
            return false;
        }
        self.answered = Some((by.clone(), now.seconds_since(self.at)));
        true
    }
}
