//! When the clinic opens next. Pure: the moment comes in as an argument.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};

use crate::content::{Clinic, Day, Hours, MIDNIGHT};
use crate::dialog::{Opens, OpensOn};
use crate::ids::Timestamp;

/// The moment the clinic opens next; none while it is open, and none for a
/// clinic without hours, which is told at once.
#[must_use]
pub fn opens_at(clinic: &Clinic, now: Timestamp) -> Option<Timestamp> {
    let local = local(clinic, now)?;
    let is_open_now = clinic
        .hours
        .iter()
        .flatten()
        .any(|one| is_open(one, &local));
    if is_open_now {
        return None;
    }
    next_opening(clinic, now)
}

/// When a clinic that is closed opens, as one says it there and now; none while it
/// is open, and for a clinic without hours.
#[must_use]
pub fn opens(clinic: &Clinic, now: Timestamp) -> Option<Opens> {
    let at = local(clinic, opens_at(clinic, now)?)?;
    let today = local(clinic, now)?.date();
    let on = match at.date() {
        date if date == today => OpensOn::Today,
        date if today.tomorrow().is_ok_and(|tomorrow| date == tomorrow) => OpensOn::Tomorrow,
        date => OpensOn::Later(day_of(date.weekday())),
    };
    let (hour, minute) = (at.hour().unsigned_abs(), at.minute().unsigned_abs());
    let minute = u16::from(hour) * 60 + u16::from(minute);
    Some(Opens { on, minute })
}

/// The moment the clinic opens next, open now or not; none for a clinic without
/// hours.
#[must_use]
pub fn next_opening(clinic: &Clinic, now: Timestamp) -> Option<Timestamp> {
    /// A clinic that is closed for a whole week has no hours worth waiting for.
    const DAYS_AHEAD_MAX: i64 = 7;
    let hours = clinic.hours.as_ref()?;
    let now = local(clinic, now)?;
    let mut next: Option<Zoned> = None;
    for ahead in 0..=DAYS_AHEAD_MAX {
        let day = now.checked_add(ahead.days()).ok()?;
        for one in hours.iter().filter(|one| falls_on(one, day.weekday())) {
            let Some(from) = parse(&one.from) else {
                continue;
            };
            let Ok(opening) = day.with().time(from).build() else {
                continue;
            };
            if opening > now && next.as_ref().is_none_or(|next| opening < *next) {
                next = Some(opening);
            }
        }
        if next.is_some() {
            break;
        }
    }
    next.map(|next| Timestamp(next.timestamp().as_second()))
}

/// A moment in the clinic's zone.
fn local(clinic: &Clinic, at: Timestamp) -> Option<Zoned> {
    let zone = TimeZone::get(&clinic.zone.value).ok()?;
    Some(jiff::Timestamp::from_second(at.0).ok()?.to_zoned(zone))
}

/// Who is on call at a moment, as the clinic's rota names them.
#[must_use]
pub fn on_call(clinic: &Clinic, now: Timestamp) -> Vec<String> {
    let Some(now) = local(clinic, now) else {
        return Vec::new();
    };
    let turns = clinic.on_call.iter();
    turns
        .filter(|turn| turn.hours.iter().any(|hours| is_open(hours, &now)))
        .map(|turn| turn.name.clone())
        .collect()
}

/// When hours end: as they are read, or with the day.
enum End {
    At(Time),
    Midnight,
}

impl End {
    fn parse(text: &str) -> Option<Self> {
        if text == MIDNIGHT {
            return Some(Self::Midnight);
        }
        parse(text).map(Self::At)
    }
}

/// Reads `09:00`.
#[must_use]
pub fn parse(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text).ok()
}

fn is_open(hours: &Hours, now: &Zoned) -> bool {
    let (Some(from), Some(to)) = (parse(&hours.from), End::parse(&hours.to)) else {
        return false;
    };
    let time = now.time();
    let is_before_end = match to {
        End::At(to) => time < to,
        End::Midnight => true,
    };
    falls_on(hours, now.weekday()) && from <= time && is_before_end
}

fn falls_on(hours: &Hours, weekday: Weekday) -> bool {
    hours.days.contains(&day_of(weekday))
}

const fn day_of(weekday: Weekday) -> Day {
    match weekday {
        Weekday::Monday => Day::Mon,
        Weekday::Tuesday => Day::Tue,
        Weekday::Wednesday => Day::Wed,
        Weekday::Thursday => Day::Thu,
        Weekday::Friday => Day::Fri,
        Weekday::Saturday => Day::Sat,
        Weekday::Sunday => Day::Sun,
    }
}
