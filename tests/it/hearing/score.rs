//! Scores what is heard on a labelled corpus. Shared with `benches/hear.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use psoas_bot::content::Content;
use psoas_bot::free_text::hear;
use psoas_bot::ids::{FlagId, PatientText};
use psoas_bot::triage::{Form, Level, Rules, Stated};
use serde::Deserialize;

/// One labelled line.
#[derive(Debug, Clone)]
pub struct Line {
    pub lang: String,
    pub text: String,
    pub expected: BTreeSet<String>,
    pub level: Level,
}

/// What a detector says of a text: its flags, its level, and whether it asks.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub flags: BTreeSet<String>,
    pub level: Level,
    pub asks: bool,
}

/// Shares in percent; `NAN` of no lines.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    pub emergency: f64,
    pub urgent: f64,
    pub professional: f64,
    pub raised: f64,
    pub exact: f64,
    pub lines: usize,
}

/// Flags that may be heard beside others without being wrong: the first, where
/// one of the second is expected.
const TOLERATED: [(&str, &[&str]); 9] = [
    (
        "recent-injury",
        &["suspected-fracture", "major-trauma", "unsafe-at-home"],
    ),
    ("under-18", &["child-limp"]),
    ("cancer-history", &["infection-risk"]),
    ("known-spine-hip-condition", &["past-surgery-trauma"]),
    (
        "past-surgery-trauma",
        &["joint-replacement", "recent-surgery"],
    ),
    ("cannot-bear-weight", &["suspected-fracture", "severe-pain"]),
    ("pregnant-postpartum", &["pregnancy-danger"]),
    ("leg-numbness-tingling", &["both-legs-neuro"]),
    ("hot-red-swollen", &["one-leg-swelling"]),
];

/// The corpus of whole lines, each with its level.
pub fn dev(root: &Path) -> Vec<Line> {
    #[derive(Deserialize)]
    struct Row {
        text: String,
        lang: String,
        expected: Vec<String>,
        level: String,
    }
    let text = std::fs::read_to_string(root.join("tests/corpora/dev.jsonl")).expect("a corpus");
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let row: Row = serde_json::from_str(line).expect("a row of JSON");
            let level = match row.level.as_str() {
                "emergency" => Level::EmergencyNow,
                "urgent" => Level::UrgentToday,
                "professional" => Level::SeeProfessional,
                "none" => Level::Clear,
                other => panic!("no level: {other}"),
            };
            Line {
                lang: row.lang,
                text: row.text,
                expected: row.expected.into_iter().collect(),
                level,
            }
        })
        .collect()
}

/// A corpus of ways to say each flag; levels come from the rules.
pub fn ways(root: &Path, name: &str, rules: &Rules) -> Vec<Line> {
    let file = root.join("tests/corpora").join(name);
    let text = std::fs::read_to_string(file).expect("a corpus");
    text.lines()
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [lang, _, expected, text] = columns[..] else {
                panic!("not four columns")
            };
            let expected: BTreeSet<String> = expected
                .split(',')
                .filter(|flag| *flag != "-")
                .map(str::to_owned)
                .collect();
            Line {
                lang: lang.to_owned(),
                text: text.to_owned(),
                level: level_of(rules, expected.iter().map(String::as_str)),
                expected,
            }
        })
        .collect()
}

/// What flags come to, when all are sure.
pub fn level_of<'a>(rules: &Rules, flags: impl Iterator<Item = &'a str>) -> Level {
    let stated: BTreeMap<FlagId, Stated> = flags
        .map(|flag| {
            let stated = Stated {
                form: Form::Sure,
                cleared: false,
            };
            (FlagId::new(flag), stated)
        })
        .collect();
    match rules.level(&stated) {
        Level::Caution => Level::Clear,
        level => level,
    }
}

/// What the bot hears.
pub fn said(content: &Content, text: &str) -> Said {
    let text = PatientText::new(text.to_owned());
    let heard = hear(&content.hearing, &content.rules, &text);
    let sure = heard.flags().map(FlagId::as_str);
    Said {
        level: level_of(&content.rules, sure),
        asks: heard
            .unsure()
            .any(|flag| content.rules.level_of(flag, Form::Sure).blocks()),
        flags: heard.hits.iter().map(|hit| hit.flag.to_string()).collect(),
    }
}

/// Scores a detector. A question counts as caught on a line with flags, and as
/// raised on one without.
pub fn score(rules: &Rules, corpus: &[Line], detector: impl Fn(&str) -> Said) -> Score {
    let mut total: BTreeMap<Level, usize> = BTreeMap::new();
    let mut right: BTreeMap<Level, usize> = BTreeMap::new();
    let (mut raised, mut exact) = (0_usize, 0_usize);
    let blocks = |flag: &String| {
        rules
            .flags
            .get(flag.as_str())
            .is_some_and(|rule| rule.level.blocks())
    };
    for line in corpus {
        let said = detector(&line.text);
        *total.entry(line.level).or_default() += 1;
        if line.level == Level::Clear {
            raised += usize::from(said.level.blocks() || said.asks);
        } else if said.level >= line.level || said.asks {
            *right.entry(line.level).or_default() += 1;
        }
        let wanted: BTreeSet<&String> = line.expected.iter().filter(|f| blocks(f)).collect();
        let heard = said.flags.iter().filter(|flag| blocks(flag));
        let heard: BTreeSet<&String> = heard
            .filter(|flag| wanted.contains(flag) || !is_tolerated(flag, line))
            .collect();
        exact += usize::from(heard == wanted);
    }
    let share = |level: Level| {
        let all = total.get(&level).copied().unwrap_or(0);
        100.0 * right.get(&level).copied().unwrap_or(0) as f64 / all as f64
    };
    let none = total.get(&Level::Clear).copied().unwrap_or(0);
    Score {
        emergency: share(Level::EmergencyNow),
        urgent: share(Level::UrgentToday),
        professional: share(Level::SeeProfessional),
        raised: 100.0 * raised as f64 / none as f64,
        exact: 100.0 * exact as f64 / corpus.len().max(1) as f64,
        lines: corpus.len(),
    }
}

fn is_tolerated(flag: &str, line: &Line) -> bool {
    (flag == "severe-pain" && line.level == Level::EmergencyNow)
        || TOLERATED
            .iter()
            .filter(|(extra, _)| *extra == flag)
            .any(|(_, beside)| beside.iter().any(|one| line.expected.contains(*one)))
}
