//! `sources.yaml`, and what each text rests on.
//!
//! Looks names up; whether a source says what a text says is for a reader of
//! the page that is made of this.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::build::{Builder, join, place};
use super::diagnostic::{Place, did_you_mean};
use super::raw::{Name, Pairs};

/// Where the content comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bibliography {
    /// Above everything else, in Markdown.
    pub introduction: String,
    /// The texts the content began with, by key.
    pub seeds: Pairs<Seed>,
    /// What they say that the content does otherwise, by id.
    pub decided: Pairs<Decision>,
    /// Every other source, by key.
    pub keys: Pairs<Key>,
    /// What was not found, or is a choice of ours; a sentence or more each.
    pub gaps: Vec<String>,
}

/// One text the content began with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Its file's name.
    pub file: String,
    /// How many lines it has; a source may name each, from 1.
    pub lines: usize,
    /// Those that say nothing, so that no text can rest on them: `2 5-7`.
    #[serde(default)]
    pub blank: Lines,
    /// What it is.
    pub about: String,
    /// What was taken from it.
    pub taken: String,
}

/// Some lines of a text, as `2 5-7`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Lines(Vec<RangeInclusive<usize>>);

impl Lines {
    /// Whether this line is one of them.
    #[must_use]
    pub fn contain(&self, line: usize) -> bool {
        self.0.iter().any(|lines| lines.contains(&line))
    }
}

impl TryFrom<String> for Lines {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let lines = written.split_whitespace().map(|lines| {
            let (from, to) = lines.split_once('-').unwrap_or((lines, lines));
            match (from.parse(), to.parse()) {
                (Ok(from), Ok(to)) if from <= to => Ok(from..=to),
                (_, _) => Err(format!("`{lines}` is no line, and no lines such as `5-7`")),
            }
        });
        lines.collect::<Result<_, _>>().map(Self)
    }
}

/// A claim or contradiction of the seeds, and what was decided.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The lines that say it.
    pub from: Vec<Name>,
    /// What they say.
    pub says: String,
    /// Why that does not stand.
    pub because: String,
    /// What the content says or does instead.
    pub instead: String,
}

/// One source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What it is.
    pub title: String,
    /// What of it was read.
    pub read: String,
}

/// What one text rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// The file the text stands in.
    pub file: String,
    /// Its name there.
    pub text: String,
    /// The sources, as they are written.
    pub sources: Vec<String>,
}

impl Bibliography {
    /// The names a source may begin with: seeds and keys.
    fn names(&self) -> impl Iterator<Item = &str> {
        let seeds = self.seeds.0.iter().map(|(name, _)| name.value.as_str());
        let keys = self.keys.0.iter().map(|(name, _)| name.value.as_str());
        seeds.chain(keys)
    }

    fn decisions(&self) -> impl Iterator<Item = &str> {
        self.decided.0.iter().map(|(name, _)| name.value.as_str())
    }

    fn seed(&self, key: &str) -> Option<&Seed> {
        let found = self.seeds.0.iter().find(|(name, _)| name.value == key);
        found.map(|(_, seed)| seed)
    }

    /// What is wrong with a source as it is written, and what may help.
    fn fault(&self, source: &str) -> Option<(String, Option<String>)> {
        if let Some(id) = source.strip_prefix("decided:") {
            let known = self.decisions().any(|known| known == id);
            return (!known).then(|| {
                let help = did_you_mean(id, self.decisions());
                (format!("`{id}` is not decided in sources.yaml"), help)
            });
        }
        let (key, line) = match source.split_once(':') {
            Some((key, line)) => (key, Some(line)),
            None => (source, None),
        };
        match (self.seed(key), line) {
            (Some(seed), Some(line)) => match line.parse() {
                Ok(line) if seed.blank.contain(line) => Some((
                    format!("the line {line} of `{key}` says nothing"),
                    Some("Name the line that says it.".to_owned()),
                )),
                Ok(line) if (1..=seed.lines).contains(&line) => None,
                Ok(_) | Err(_) => {
                    let help = format!("It has the lines 1 to {}.", seed.lines);
                    Some((format!("`{key}` has no line `{line}`"), Some(help)))
                }
            },
            (Some(_), None) => Some((
                format!("`{key}` is named without a line"),
                Some(format!("Write `{key}:` and the line's number.")),
            )),
            (None, _) if line.is_none() && self.names().any(|known| known == key) => None,
            (None, _) => {
                let help = did_you_mean(key, self.names())
                    .unwrap_or_else(|| format!("Known are: {}.", join(self.names())));
                Some((format!("there is no source `{source}`"), Some(help)))
            }
        }
    }
}

impl Builder {
    /// Looks up what a text rests on, and remembers it for the page of sources.
    /// A text that rests on nothing is an error.
    pub fn cite(&mut self, here: &Place, text: &str, sources: &[Name]) {
        if sources.is_empty() {
            return self.error_with(
                here.clone(),
                format!("`{text}` names no `source`"),
                Some(
                    "Name a seed and its line (`key:line`), or a key of sources.yaml, in square brackets; `[own]` where it claims nothing."
                        .to_owned(),
                ),
            );
        }
        self.look_up_sources(&here.file, sources);
        self.cited.push(Cited {
            file: here.file.clone(),
            text: text.to_owned(),
            sources: sources.iter().map(|name| name.value.clone()).collect(),
        });
    }

    fn look_up_sources(&mut self, file: &str, sources: &[Name]) {
        for name in sources {
            if let Some((message, help)) = self.bibliography.fault(&name.value) {
                self.error_with(place(file, name), message, help);
            }
        }
    }

    /// The lines that decisions speak of are looked up too.
    pub fn check_bibliography(&mut self) {
        let decided = self.bibliography.decided.0.clone();
        for (_, decision) in &decided {
            self.look_up_sources(super::BIBLIOGRAPHY_FILE, &decision.from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbers_and_ranges() {
        let lines = Lines::try_from("2 5-7\n9".to_owned()).expect("lines");
        let held: Vec<usize> = (0..12).filter(|line| lines.contain(*line)).collect();
        assert_eq!(held, [2, 5, 6, 7, 9]);
        for wrong in ["7-5", "x", "1,2", "-3"] {
            assert!(Lines::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
