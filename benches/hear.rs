//! What is heard, and how fast: the numbers of docs/free-text.md.
//!
//! Scores the corpora of `tests/corpora` beside two baselines, plain keywords
//! and NegEx over the same patterns, and times a text of a hundred characters.
//! Writes `target/bench-hear.json` and the table of the docs.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use psoas_bot::app::dialogs_dir;
use psoas_bot::content::{self, Content, Sources, WEIGHTS_FILE};
use psoas_bot::free_text::hear;
use psoas_bot::ids::PatientText;
use psoas_bot::triage::Rules;
use serde_json::{Value, json};

#[allow(dead_code, reason = "the tests read more of a line than a bench does")]
#[path = "../tests/it/hearing/score.rs"]
mod score;

use score::{Line, Said, Score, dev, level_of, said, score, ways};

const CLINIC: &str = "tuscany-spa";

/// What patterns are tuned on, and what they never saw: more would only be long.
const WITH_BASELINES: [&str; 3] = ["dev", "ways", "held out"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = dialogs_dir::read(&root.join("dialogs")).expect("dialogs are read");
    let content = parse(&sources);
    let negex = parse(&negex_only(&sources));
    let keywords = Keywords::read(root);
    let rules = &content.rules;
    let corpora = [
        ("dev", dev(root)),
        ("ways", ways(root, "ways.tsv", rules)),
        ("held out", ways(root, "ways-heldout.tsv", rules)),
        ("more", ways(root, "more.tsv", rules)),
        ("fresh", ways(root, "fresh.tsv", rules)),
        ("third", ways(root, "third.tsv", rules)),
        ("fourth", ways(root, "fourth.tsv", rules)),
        ("fifth", ways(root, "fifth.tsv", rules)),
        ("sixth", ways(root, "sixth.tsv", rules)),
        ("seventh", ways(root, "seventh.tsv", rules)),
        ("eighth", ways(root, "eighth.tsv", rules)),
        ("ninth", ways(root, "ninth.tsv", rules)),
        ("tenth", ways(root, "tenth.tsv", rules)),
        ("eleventh", ways(root, "eleventh.tsv", rules)),
        ("twelfth", ways(root, "twelfth.tsv", rules)),
        ("thirteenth", ways(root, "thirteenth.tsv", rules)),
        ("ordinary", ways(root, "ordinary.tsv", rules)),
    ];
    let patterns = {
        let mut patterns = content.clone();
        patterns.hearing = patterns.hearing.with_learned(None);
        patterns
    };
    let mut results = serde_json::Map::new();
    let mut table = String::from(
        "| corpus | detector | emergency | urgent | professional | raised | exact |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, corpus) in &corpora {
        let alone = |content: &Content| score(rules, corpus, |text| said(content, text));
        let mut scores = vec![
            ("this one", alone(&content)),
            ("without the second net", alone(&patterns)),
        ];
        if WITH_BASELINES.contains(name) {
            scores.push(("NegEx, same patterns", alone(&negex)));
            let keywords = score(rules, corpus, |text| keywords.said(rules, text));
            scores.push(("keywords", keywords));
        }
        for (detector, score) in scores {
            table.push_str(&row(name, detector, &score));
            results.insert(format!("{name}, {detector}"), as_json(&score));
        }
    }
    for (name, corpus) in &corpora[1..3] {
        for lang in ["en", "es"] {
            let lines = corpus.iter().filter(|line| line.lang == lang);
            let lines: Vec<Line> = lines.cloned().collect();
            let score = score(rules, &lines, |text| said(&content, text));
            table.push_str(&row(&format!("{name}, {lang}"), "this one", &score));
            results.insert(format!("{name}, {lang}"), as_json(&score));
        }
    }
    let speed = time(&content, &corpora[1].1);
    table.push_str(&format!(
        "\nA text of 100 characters, release build, one core, the best of {ROUNDS} rounds: median {:.1} µs, 99th percentile {:.1} µs. A text of 16,000 characters: {:.2} ms.\n",
        speed.median_us, speed.p99_us, speed.long_ms
    ));
    results.insert(
        "speed".into(),
        json!({"median_us": speed.median_us, "p99_us": speed.p99_us, "long_ms": speed.long_ms}),
    );
    let text = serde_json::to_string_pretty(&Value::Object(results)).expect("results are JSON");
    std::fs::create_dir_all(root.join("target")).expect("target/ is there");
    std::fs::write(root.join("target/bench-hear.json"), &text).expect("results are written");
    write_table(&root.join("docs/free-text.md"), &table);
    println!("{table}");
}

fn parse(sources: &Sources) -> Content {
    match content::parse(sources, CLINIC) {
        Ok(parsed) => parsed.content,
        Err(found) => panic!("the content has errors, the first: {}", found[0]),
    }
}

/// The same patterns with nothing but negation in front of them: no idioms, no
/// words that carry their own "not", no scopes but the clause.
fn negex_only(sources: &Sources) -> Sources {
    const KEPT_ROLES: [&str; 3] = ["fillers", "negations", "contrasts"];
    let mut plain = sources.clone();
    plain.files.remove(WEIGHTS_FILE);
    // It is there to be compared, and need not hear what the real one must.
    plain.files.remove("hearing/must-hear.yaml");
    for (_, text) in plain
        .files
        .iter_mut()
        .filter(|(path, _)| path.starts_with("hearing/"))
    {
        let mut kept = String::new();
        let (mut in_cues, mut in_roles, mut in_unless, mut role_kept) = (false, false, false, true);
        for line in text.lines() {
            if !line.starts_with([' ', '#']) && !line.is_empty() {
                in_cues = line == "cues:";
                in_roles = line == "roles:";
                in_unless = false;
            }
            if line.starts_with("    ") && !line.starts_with("      ") {
                in_unless = line == "    unless:";
            }
            if line.starts_with("  - ") {
                in_unless = false;
            }
            if in_roles && line.starts_with("  ") && !line.starts_with("    ") {
                role_kept = KEPT_ROLES
                    .iter()
                    .any(|role| line.trim() == format!("{role}:"));
            }
            let is_example = [
                "    matches:",
                "    asks:",
                "    not:",
                "    negative: true",
            ]
            .iter()
            .any(|key| line.starts_with(key));
            if !in_cues && !in_unless && !is_example && (!in_roles || role_kept || line == "roles:")
            {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        *text = kept;
    }
    plain
}

/// A flag is heard where one of its words stands.
struct Keywords(Vec<(String, Vec<String>)>);

impl Keywords {
    fn read(root: &Path) -> Self {
        let text =
            std::fs::read_to_string(root.join("tests/corpora/keywords.tsv")).expect("a list");
        let rows = text.lines().map(|line| {
            let (flag, words) = line.split_once('\t').expect("two columns");
            (
                flag.to_owned(),
                words.split(", ").map(str::to_owned).collect(),
            )
        });
        Self(rows.collect())
    }

    fn said(&self, rules: &Rules, text: &str) -> Said {
        let plain = psoas_bot::free_text::normalise(text).text;
        let flags: BTreeSet<String> = self
            .0
            .iter()
            .filter(|(_, words)| words.iter().any(|word| plain.contains(word.as_str())))
            .map(|(flag, _)| flag.clone())
            .collect();
        Said {
            level: level_of(rules, flags.iter().map(String::as_str)),
            asks: false,
            flags,
        }
    }
}

struct Speed {
    median_us: f64,
    p99_us: f64,
    long_ms: f64,
}

/// Whatever else a machine does only makes a round slower: the best one counts.
const ROUNDS: usize = 10;

fn time(content: &Content, corpus: &[Line]) -> Speed {
    const CHARS: usize = 100;
    let all: String = corpus
        .iter()
        .map(|line| format!("{}. ", line.text))
        .collect();
    let letters: Vec<char> = all.chars().collect();
    let texts: Vec<PatientText> = letters
        .chunks_exact(CHARS)
        .map(|part| PatientText::new(part.iter().collect()))
        .collect();
    let long = PatientText::new(letters.iter().take(16_000).collect());
    let once = |text: &PatientText| {
        let began = Instant::now();
        std::hint::black_box(hear(&content.hearing, &content.rules, text));
        began.elapsed().as_secs_f64() * 1e6
    };
    let round = || {
        let mut times: Vec<f64> = texts.iter().map(once).collect();
        times.sort_by(f64::total_cmp);
        Speed {
            median_us: times[times.len() / 2],
            p99_us: times[times.len() * 99 / 100],
            long_ms: once(&long) / 1e3,
        }
    };
    let best = |best: Speed, next: Speed| Speed {
        median_us: best.median_us.min(next.median_us),
        p99_us: best.p99_us.min(next.p99_us),
        long_ms: best.long_ms.min(next.long_ms),
    };
    (1..ROUNDS).map(|_| round()).fold(round(), best)
}

fn row(corpus: &str, detector: &str, score: &Score) -> String {
    let shares = [
        score.emergency,
        score.urgent,
        score.professional,
        score.raised,
        score.exact,
    ];
    let cells: String = shares.iter().map(|share| cell(*share)).collect();
    format!("| {corpus} ({} lines) | {detector} |{cells}\n", score.lines)
}

fn cell(share: f64) -> String {
    if share.is_nan() {
        " – |".to_owned()
    } else {
        format!(" {share:.1} % |")
    }
}

fn as_json(score: &Score) -> Value {
    json!({
        "emergency": score.emergency,
        "urgent": score.urgent,
        "professional": score.professional,
        "raised": score.raised,
        "exact": score.exact,
        "lines": score.lines,
    })
}

/// Writes the table between its marks.
fn write_table(file: &Path, table: &str) {
    const FROM: &str = "<!-- numbers -->";
    const TO: &str = "<!-- /numbers -->";
    let text = std::fs::read_to_string(file).expect("the page is read");
    let (before, rest) = text.split_once(FROM).expect("the page has the first mark");
    let (_, after) = rest.split_once(TO).expect("the page has the second mark");
    std::fs::write(file, format!("{before}{FROM}\n{table}{TO}{after}"))
        .expect("the page is written");
}
