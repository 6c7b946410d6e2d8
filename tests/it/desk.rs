//! The staff desk: what its chat reads when there is much of it, in both
//! languages.

use psoas_bot::app::cards;
use psoas_bot::content::{self, Content};
use psoas_bot::dialog::Keyboard;
use psoas_bot::ids::{CaseNumber, ChatId, FlagId, Timestamp};
use psoas_bot::staff::Case;
use psoas_bot::triage::{CaseFlag, Form, Level, Report};

use super::content::{CLINIC, real_sources};

/// 2026-03-02 at 10:00 in Los Angeles.
pub const MORNING: Timestamp = Timestamp(1_772_474_400);

/// The real content, as staff who speak `lang` read it.
fn content_in(lang: &str) -> Content {
    let mut sources = real_sources().clone();
    let path = format!("clinics/{CLINIC}.yaml");
    let clinic = sources.files.get_mut(&path).expect("the clinic has a file");
    *clinic = clinic.replace("staff_language: en", &format!("staff_language: {lang}"));
    content::parse(&sources, CLINIC)
        .unwrap_or_else(|found| panic!("{found:#?}"))
        .content
}

pub fn report(level: Level, flag: &str, private: bool) -> Report {
    Report {
        level,
        flags: vec![CaseFlag {
            flag: FlagId::new(flag),
            form: Form::Sure,
            since: MORNING,
        }],
        rules: Vec::new(),
        words: None,
        private,
        deleted: false,
    }
}

fn case(number: u64, level: Level, private: bool) -> Case {
    let chat = ChatId(1000 + i64::try_from(number).expect("a small number"));
    let report = report(level, "breath-chest-pain", private);
    let mut case = Case::open(CaseNumber(number), chat, report, MORNING);
    case.name = "Zoila".to_owned();
    case
}

/// Fits one message of Telegram.
fn fits(text: &str, keyboard: &Keyboard) {
    assert!(text.encode_utf16().count() <= 4096, "too long a message");
    if let Keyboard::Inline(rows) = keyboard {
        assert!(rows.iter().map(Vec::len).sum::<usize>() <= 100);
        assert!(rows.iter().all(|row| row.len() <= 8));
    }
}

#[test]
fn more_than_ten_open_cases_have_a_digest_on_top_and_each_its_button() {
    let cases: Vec<Case> = (1..=11)
        .map(|number| match number {
            1..=3 => case(number, Level::SeeProfessional, false),
            4..=8 => case(number, Level::UrgentToday, false),
            9 => case(number, Level::EmergencyNow, true),
            _ => case(number, Level::EmergencyNow, false),
        })
        .collect();
    let english = content_in("en");
    let (text, keyboard) = cards::open_cases(&english, cases.clone());
    let lines: Vec<&str> = text.text.lines().collect();
    assert_eq!(lines[0], "Open cases: 11");
    assert_eq!(
        lines[1],
        "2 emergency now · 5 urgent today · 3 see a professional · 1 private"
    );
    assert_eq!(lines[2], "Urgent, and nobody is on it: 7");
    assert!(lines[4].starts_with("10 · emergency now · Open · "));
    // The private one is its number, behind all others, and nothing tells its level.
    assert_eq!(lines[14], "9 · private");
    assert!(!text.text.contains("Zoila"));
    let Keyboard::Inline(rows) = &keyboard else {
        panic!("a button each");
    };
    assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 11);
    let (spanish, _) = cards::open_cases(&content_in("es"), cases.clone());
    assert!(spanish.text.starts_with("Casos abiertos: 11\n2 emergencia"));
    // Ten have no digest.
    let (few, _) = cards::open_cases(&english, cases[..10].to_vec());
    assert_eq!(few.text.lines().nth(1), Some(""));
}

#[test]
fn a_list_of_a_hundred_cases_is_one_message_and_counts_the_rest() {
    let cases: Vec<Case> = (1..=100)
        .map(|number| case(number, Level::SeeProfessional, false))
        .collect();
    for lang in ["en", "es"] {
        let (text, keyboard) = cards::open_cases(&content_in(lang), cases.clone());
        fits(&text.text, &keyboard);
        assert!(text.text.contains("60"), "the rest is counted");
    }
}
