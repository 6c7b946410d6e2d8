//! Finds what names a person in a typed text: phone, card and insurance
//! numbers, birth dates, identity numbers, e-mail addresses.
//!
//! Pure. What is found is masked byte for byte, so that places in the text
//! stay true. Which words stand before a birth date or an insurance number is
//! content; the forms of the numbers are those of the United States and Mexico.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::ids::PatientText;

/// What an identifier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// A phone number.
    Phone,
    /// The day somebody was born.
    BirthDate,
    /// A number of an insurance.
    Insurance,
    /// A number of a payment card.
    Card,
    /// A number of an identity paper or of social security.
    Identity,
    /// An e-mail address.
    Email,
}

/// The words that stand before identifiers, ready to be searched for. Without
/// words only what shows by its form is found.
#[derive(Debug, Clone, Default)]
pub struct Identifiers {
    birth: Option<Regex>,
    birth_behind: Option<Regex>,
    named_date: Option<Regex>,
    insurance: Option<Regex>,
    identity: Option<Regex>,
    born_before: u16,
}

/// The words of every language together: nobody is asked which one they write in.
#[derive(Debug, Clone, Default)]
pub struct IdentifierWords {
    /// Before or behind a birth date.
    pub birth: Vec<String>,
    /// A whole date in figures is a birth date when its year is before this one; 0
    /// where none is.
    pub born_before: u16,
    /// Before an insurance number.
    pub insurance: Vec<String>,
    /// Before an identity number.
    pub identity: Vec<String>,
    /// Months, as they stand in a date.
    pub months: Vec<String>,
}

/// Fewer digits than this are ages, scores and doses, which staff need to read.
const DIGITS_MIN: usize = 5;

/// A date has no fewer: "5 de marzo del 62".
const DATE_DIGITS_MIN: usize = 3;

/// A day of a month with its year, in figures.
const DATE: &str =
    r"\b(?:\d{1,2}[/.\-]\d{1,2}[/.\-](?:\d{4}|\d{2})|\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2})\b";

/// What may stand between a word and its date or number.
const GAP: &str = r"[^\d\n]{0,20}?";

/// A number of an insurance or a paper, with the letters in it, and with the spaces
/// that stand in it on the card: "XEA 9123 45".
const TOKEN: &str = r"((?:(?-i:\p{Lu}{1,5}) |\p{L}{0,5}-?)\d[\p{L}\d\-]{1,24}(?: \d{2,6}){0,4})";

/// The masks that need no words.
struct Forms {
    email: Regex,
    card: Regex,
    identity: [Regex; 3],
    insurance: Regex,
    date: Regex,
    date_alone: Regex,
    run: Regex,
}

static FORMS: LazyLock<Option<Forms>> = LazyLock::new(|| {
    let of = |pattern: &str| Regex::new(pattern).ok();
    Some(Forms {
        email: of(r"[\p{L}\d._%+\-]+@[\p{L}\d\-]+(?:\.[\p{L}\d\-]+)+")?,
        card: of(r"\d(?:[ \-.]?\d){12,18}")?,
        identity: [
            // Social security; Mexico's CURP and RFC.
            of(r"\b\d{3}-\d{2}-\d{4}\b")?,
            of(r"(?i)\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d\b")?,
            of(r"(?i)\b[A-ZÑ&]{3,4}\d{6}[A-Z\d]{3}\b")?,
        ],
        // Medicare.
        insurance: of(r"(?i)\b[1-9][A-Z][A-Z\d]\d-?[A-Z][A-Z\d]\d-?[A-Z]{2}\d{2}\b")?,
        date: of(DATE)?,
        date_alone: of(&format!(r"^\s*{DATE}\s*\.?\s*$"))?,
        run: of(r"\+?\(?\d(?:[ \u{a0}().+\-\u{2010}-\u{2015}]{0,3}\d){6,}")?,
    })
});

impl Identifiers {
    /// Makes the words ready; an empty list is never found.
    #[must_use]
    pub fn new(words: &IdentifierWords) -> Self {
        let any = |words: &[String]| {
            let escaped: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
            (!escaped.is_empty()).then(|| escaped.join("|"))
        };
        let made = |pattern: String| Regex::new(&pattern).ok();
        let months = any(&words.months);
        // "May 14, 1962", "14th of May 1962", "14 de mayo de 1962".
        let named_with = |year: &str| {
            months.as_ref().map(|months| {
                format!(
                    r"(?:\b(?:{months})\.?\s+\d{{1,2}}(?:\p{{L}}{{2}})?,?\s+{year}\b|\b\d{{1,2}}(?:\p{{L}}{{2}})?\s+(?:de\s+|of\s+)?(?:{months})\.?,?\s+(?:del?\s+|of\s+)?{year}\b)"
                )
            })
        };
        let named = named_with(r"\d{4}");
        // Beside a word for birth a short year will do: "5 de marzo del 62", "3/5 of 62".
        const YEAR: &str = r"(?:\d{4}|['’]?\d{2})";
        let parted = format!(r"\b\d{{1,2}}[/.\-]\d{{1,2}}\s+(?:of|del?)\s+{YEAR}\b");
        let date = match &named_with(YEAR) {
            Some(loose) => format!(r"(?:{DATE}|{loose}|{parted}|\b\d{{8}}\b)"),
            None => format!(r"(?:{DATE}|{parted}|\b\d{{8}}\b)"),
        };
        let birth = any(&words.birth);
        let behind = |cue: Option<String>| {
            cue.and_then(|cue| made(format!(r"(?i)\b(?:{cue})\b{GAP}{TOKEN}")))
        };
        Self {
            birth_behind: birth
                .as_ref()
                .and_then(|cue| made(format!(r"(?i)({date})[^\d\n]{{0,12}}\b(?:{cue})\b"))),
            birth: birth.and_then(|cue| made(format!(r"(?i)\b(?:{cue})\b{GAP}({date})"))),
            named_date: named.and_then(|named| made(format!("(?i){named}"))),
            insurance: behind(any(&words.insurance)),
            identity: behind(any(&words.identity)),
            born_before: words.born_before,
        }
    }

    /// Every identifier in `text`, by its place in bytes; they do not overlap.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<(Range<usize>, IdentifierKind)> {
        let digits = text.chars().filter(|c| c.is_numeric()).count();
        let Some(forms) = FORMS.as_ref() else {
            return Vec::new();
        };
        if digits < DATE_DIGITS_MIN && !text.contains('@') {
            return Vec::new();
        }
        let mut search = Search {
            left: text.to_owned(),
            found: Vec::new(),
        };
        search.take_all(&forms.email, IdentifierKind::Email, |_| true);
        search.take_all(&forms.card, IdentifierKind::Card, is_card);
        for cue in [&self.birth, &self.birth_behind].into_iter().flatten() {
            search.take_all(cue, IdentifierKind::BirthDate, |_| true);
        }
        search.take_all(&forms.date, IdentifierKind::BirthDate, |date| {
            year_of(date).is_some_and(|year| year < self.born_before)
        });
        // A date and nothing else is what people send as their birth date.
        if forms.date_alone.is_match(&search.left) {
            search.take_all(&forms.date, IdentifierKind::BirthDate, |_| true);
        }
        if let Some(named) = &self.named_date
            && named
                .find(text.trim())
                .is_some_and(|one| one.as_str() == text.trim())
        {
            search.take_all(named, IdentifierKind::BirthDate, |_| true);
        }
        // A year is no number of a paper.
        let is_long = |text: &str| digits_in(text) >= DIGITS_MIN;
        for (cue, kind) in [
            (&self.insurance, IdentifierKind::Insurance),
            (&self.identity, IdentifierKind::Identity),
        ] {
            if let Some(cue) = cue {
                search.take_all(cue, kind, is_long);
            }
        }
        search.take_all(&forms.insurance, IdentifierKind::Insurance, |_| true);
        for form in &forms.identity {
            search.take_all(form, IdentifierKind::Identity, |_| true);
        }
        // When something happened is for staff to read.
        search.leave_all(&forms.date);
        if let Some(named) = &self.named_date {
            search.leave_all(named);
        }
        search.take_all(&forms.run, IdentifierKind::Phone, is_number_of_somebody);
        let mut found = search.found;
        for (place, kind) in &mut found {
            if *kind == IdentifierKind::Phone && !is_phone(&text[place.clone()]) {
                *kind = IdentifierKind::Identity;
            }
        }
        found.sort_by_key(|(place, _)| place.start);
        found
    }

    /// The text with every identifier masked, and what they were. It has as many
    /// bytes as before.
    #[must_use]
    pub fn mask(&self, text: &PatientText) -> (PatientText, BTreeSet<IdentifierKind>) {
        self.mask_but(&[], text)
    }

    /// The same, and these kinds are left as they are.
    #[must_use]
    pub fn mask_but(
        &self,
        left: &[IdentifierKind],
        text: &PatientText,
    ) -> (PatientText, BTreeSet<IdentifierKind>) {
        let mut found = self.find(text.reveal());
        found.retain(|(_, kind)| !left.contains(kind));
        if found.is_empty() {
            return (text.clone(), BTreeSet::new());
        }
        let mut masked = text.reveal().to_owned();
        for (place, _) in &found {
            masked.replace_range(place.clone(), &hidden(&text.reveal()[place.clone()]));
        }
        let kinds = found.into_iter().map(|(_, kind)| kind).collect();
        (PatientText::new(masked), kinds)
    }
}

/// Text that is searched; what is taken or left is blanked in it.
struct Search {
    left: String,
    found: Vec<(Range<usize>, IdentifierKind)>,
}

impl Search {
    /// Takes the first group of each match, or all of one without groups.
    fn take_all(&mut self, form: &Regex, kind: IdentifierKind, is_one: impl Fn(&str) -> bool) {
        let places: Vec<Range<usize>> = form
            .captures_iter(&self.left)
            .filter_map(|found| found.get(1).or_else(|| found.get(0)))
            .filter(|found| is_one(found.as_str()))
            .map(|found| found.range())
            .collect();
        for place in places {
            self.blank(&place);
            self.found.push((place, kind));
        }
    }

    fn leave_all(&mut self, form: &Regex) {
        let places: Vec<Range<usize>> = form.find_iter(&self.left).map(|one| one.range()).collect();
        for place in places {
            self.blank(&place);
        }
    }

    /// Not a space: numbers on both sides must not join over it.
    fn blank(&mut self, place: &Range<usize>) {
        let blank = "_".repeat(place.len());
        self.left.replace_range(place.clone(), &blank);
    }
}

/// Every letter and digit as `#`, as often as it has bytes.
fn hidden(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            masked.push_str(&"#".repeat(c.len_utf8()));
        } else {
            masked.push(c);
        }
    }
    masked
}

/// The year of a date in figures, where it has four.
fn year_of(date: &str) -> Option<u16> {
    date.split(|c: char| !c.is_ascii_digit())
        .find(|part| part.len() == 4)
        .and_then(|year| year.parse().ok())
}

fn digits_in(text: &str) -> usize {
    text.chars().filter(|c| c.is_numeric()).count()
}

/// The check digit of payment cards (ISO/IEC 7812).
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled @ 0..=9) => doubled,
            (_, doubled) => doubled - 9,
        })
        .sum();
    // No card begins otherwise, and one of thirteen digits with 4 alone: some phone
    // numbers have a fitting check digit.
    let begins_well = match digits.first() {
        Some(4) => true,
        Some(2 | 3 | 5 | 6) => digits.len() > 13,
        Some(_) | None => false,
    };
    begins_well && sum.is_multiple_of(10)
}

/// Whether a run of digits is more than a list of small numbers or of years.
fn is_number_of_somebody(text: &str) -> bool {
    let groups: Vec<&str> = text
        .split(|c: char| !c.is_numeric())
        .filter(|group| !group.is_empty())
        .collect();
    let is_year =
        |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    /// Local numbers have seven digits and are never written one by one.
    const SPELLED_DIGITS_MIN: usize = 8;
    let is_small = groups.len() > 1 && groups.iter().all(|group| group.len() <= 2);
    // "1 2 3 4 5 6 7 8" ticks a list.
    let counts_up = groups.is_sorted_by_key(|group| group.parse::<u32>().unwrap_or(0));
    let is_list = is_small && (counts_up || digits_in(text) < SPELLED_DIGITS_MIN);
    !groups.iter().all(is_year) && !is_list
}

/// Whether a long number reads as one to call. Nine digits in a row are no
/// phone number in either country.
fn is_phone(text: &str) -> bool {
    let digits = digits_in(text);
    let is_bare = text.chars().all(char::is_numeric);
    match digits {
        7 | 8 | 10 | 12 | 13 => true,
        11 => !is_bare || text.starts_with('1'),
        _ => text.starts_with('+') && digits <= 15,
    }
}
