//! `psoas-bot screen`: what typed sentences would be heard as.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::ScreenArgs;
use super::output::{err, errln};
use crate::app::dialogs_dir;
use crate::content::{self, Content};
use crate::free_text::{Heard, SilencedHit, Sureness, hear};
use crate::ids::PatientText;
use crate::triage::{Form, Level, Stated};

/// One line in. The language is taken and not needed: every text is read in all.
#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    #[expect(dead_code, reason = "corpora name it; people mix languages anyway")]
    lang: Option<String>,
}

/// One line out.
#[derive(Debug, Serialize)]
struct Answer {
    flags: Vec<String>,
    level: &'static str,
    ask: bool,
    unsure: Vec<String>,
    someone_else: bool,
    unreadable: bool,
    why: Vec<String>,
}

/// Reads lines until the input ends.
///
/// # Errors
/// When the dialogs have errors, or a line is no JSON.
pub fn run(args: &ScreenArgs) -> anyhow::Result<ExitCode> {
    let sources = dialogs_dir::read(&args.dialogs)?;
    let content = match content::parse(&sources, &args.clinic) {
        Ok(parsed) => parsed.content,
        Err(found) => {
            err!("{}", super::report::render(&sources, &found, false));
            anyhow::bail!("the dialogs have errors; `psoas-bot check` lists them");
        }
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let colour = std::io::stdout().is_terminal();
    if !args.sentences.is_empty() {
        for text in &args.sentences {
            explain(&mut out, &content, text, colour)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.explain && std::io::stdin().is_terminal() {
        errln!("Type a sentence and press Enter; Ctrl-D ends.");
    }
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("failed to read the standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        if args.explain {
            let text = serde_json::from_str::<Line>(&line).map_or(line, |line| line.text);
            explain(&mut out, &content, &text, colour)?;
            continue;
        }
        let line: Line = serde_json::from_str(&line).with_context(|| {
            format!(
                "line {} is not like {{\"text\": \"...\", \"lang\": \"en\"}}; for plain sentences add --explain",
                index + 1
            )
        })?;
        let answer = answer(&content, &line.text);
        serde_json::to_writer(&mut out, &answer)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn answer(content: &Content, text: &str) -> Answer {
    let heard = hear(
        &content.hearing,
        &content.rules,
        &PatientText::new(text.to_owned()),
    );
    let names = |sureness: Option<Sureness>| {
        let mut names: Vec<String> = heard
            .hits
            .iter()
            .filter(|hit| sureness.is_none_or(|wanted| hit.sureness == wanted))
            .map(|hit| hit.flag.to_string())
            .filter(|name| !is_clue(content, name))
            .collect();
        names.sort_unstable();
        names
    };
    let why = heard
        .hits
        .iter()
        .map(|hit| format!("{}: {}", hit.flag, hit.why.join(" & ")))
        .chain(
            heard
                .silenced
                .iter()
                .map(|one| format!("not {}: {} {}", one.flag, one.pattern, reason(one))),
        )
        .collect();
    Answer {
        flags: names(None),
        level: word(level(content, &heard)),
        ask: heard
            .unsure()
            .any(|flag| content.rules.level_of(flag, Form::Sure).blocks()),
        unsure: names(Some(Sureness::Unsure)),
        someone_else: heard.someone_else,
        unreadable: heard.is_foreign,
        why,
    }
}

/// Why something found does not count.
fn reason(silenced: &SilencedHit) -> String {
    match &silenced.cue {
        Some(cue) => format!("is {}, by the cue {cue}", silenced.why.word()),
        None => format!("is {}", silenced.why.word()),
    }
}

/// A clue only counts in rules: it is no flag for those who read the answer.
fn is_clue(content: &Content, name: &str) -> bool {
    content
        .rules
        .flags
        .get(name)
        .is_some_and(|rule| rule.level == Level::Clear)
}

/// What counts comes to.
fn level(content: &Content, heard: &Heard) -> Level {
    let stated: BTreeMap<_, _> = heard
        .flags()
        .map(|flag| {
            let stated = Stated {
                form: Form::Sure,
                cleared: false,
            };
            (flag.clone(), stated)
        })
        .collect();
    content.rules.level(&stated)
}

fn word(level: Level) -> &'static str {
    match level {
        Level::EmergencyNow => "emergency",
        Level::UrgentToday => "urgent",
        Level::SeeProfessional => "professional",
        Level::Caution | Level::Clear => "none",
    }
}

/// For people: the sentence with what was heard underlined, and why.
fn explain(
    out: &mut impl Write,
    content: &Content,
    text: &str,
    colour: bool,
) -> anyhow::Result<()> {
    let text = PatientText::new(text.replace(['\n', '\t'], " "));
    let heard = hear(&content.hearing, &content.rules, &text);
    let paint = |code: &str, words: &str| {
        if colour {
            format!("\u{1b}[{code}m{words}\u{1b}[0m")
        } else {
            words.to_owned()
        }
    };
    writeln!(out, "  {}", paint("1", text.reveal()))?;
    let mut marks: Vec<char> = vec![' '; text.reveal().chars().count()];
    let mut mark = |span: &std::ops::Range<usize>, sign: char| {
        for (place, (at, _)) in text.reveal().char_indices().enumerate() {
            if span.contains(&at) && marks[place] != '━' {
                marks[place] = sign;
            }
        }
    };
    for hit in &heard.hits {
        let sign = match hit.sureness {
            Sureness::Sure => '━',
            Sureness::Unsure => '╌',
        };
        hit.spans.iter().for_each(|span| mark(span, sign));
    }
    for silenced in &heard.silenced {
        mark(&silenced.span, '·');
    }
    let marks: String = marks.into_iter().collect();
    if !marks.trim().is_empty() {
        writeln!(out, "  {}", paint("31", marks.trim_end()))?;
    }
    let verdict = match (level(content, &heard), heard.hits.is_empty()) {
        (_, true) if heard.is_foreign => "a language the bot cannot read",
        (_, true) => "nothing heard",
        (Level::EmergencyNow, _) => "emergency now",
        (Level::UrgentToday, _) => "urgent today",
        (Level::SeeProfessional, _) => "see a professional first",
        (Level::Caution, _) => "a caution: changes moves, stops nothing",
        (Level::Clear, _) => "nothing sure",
    };
    let about = if heard.someone_else {
        " (somebody else)"
    } else {
        ""
    };
    writeln!(out, "  → {}{about}", paint("1", verdict))?;
    for hit in &heard.hits {
        let asks = match hit.sureness {
            Sureness::Sure => "",
            Sureness::Unsure => ", asked first",
        };
        writeln!(
            out,
            "    ━ {}{asks}  {}",
            hit.flag,
            paint("2", &format!("because of {}", hit.why.join(" and ")))
        )?;
    }
    for silenced in &heard.silenced {
        writeln!(
            out,
            "    · {} {}  {}",
            silenced.flag,
            reason(silenced),
            paint("2", &format!("({})", silenced.pattern))
        )?;
    }
    writeln!(out)?;
    Ok(())
}
