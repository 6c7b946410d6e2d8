//! `must_hear`: whole sentences that have to be heard, whatever rows are added.
//!
//! A figure of speech that is too wide makes the bot deaf to what it takes out, and the
//! examples of a sign are too few to feel it. So each flag that blocks has sentences of
//! many makings in both languages, and the whole detector is tried on them at load.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Builder, place};
use super::diagnostic::Place;
use super::raw;
use crate::free_text::{Heard, Hearing, hear};
use crate::ids::{FlagId, PatientText};
use crate::triage::{Form, Rules};

/// So many sentences of a language each flag that blocks must have.
const SENTENCES_MIN: usize = 3;

/// Tries every sentence of the files. Where any flag has some, each one that is heard
/// and blocks must have enough of them.
pub(super) fn check(
    builder: &mut Builder,
    files: &[(String, raw::Hearing)],
    hearing: &Hearing,
    rules: &Rules,
) {
    let mut counts: BTreeMap<FlagId, [usize; 2]> = BTreeMap::new();
    for (file, part) in files {
        for (name, sentences) in &part.must_hear.0 {
            let flag = builder.flag(file, name);
            for (language, list) in [&sentences.en, &sentences.es].into_iter().enumerate() {
                for sentence in list {
                    let text = PatientText::new(sentence.value.clone());
                    try_sentence(builder, hearing, rules, &flag, place(file, sentence), &text);
                }
                counts.entry(flag.clone()).or_default()[language] += list.len();
            }
        }
    }
    let Some((file, _)) = files.iter().find(|(_, part)| !part.must_hear.0.is_empty()) else {
        return;
    };
    let heard: BTreeSet<&FlagId> = hearing.flags().collect();
    for flag in heard {
        let blocks = rules.flags.contains_key(flag) && rules.level_of(flag, Form::Sure).blocks();
        let counts = counts.get(flag).copied().unwrap_or_default();
        for (count, language) in counts.into_iter().zip(["English", "Spanish"]) {
            if blocks && count < SENTENCES_MIN {
                let at = Place {
                    file: file.clone(),
                    bytes: 0..0,
                };
                builder.error_with(
                    at,
                    format!("`{flag}` has {count} sentences in {language} that must be heard"),
                    Some(format!(
                        "Write {SENTENCES_MIN} or more, of different makings."
                    )),
                );
            }
        }
    }
}

fn try_sentence(
    builder: &mut Builder,
    hearing: &Hearing,
    rules: &Rules,
    flag: &FlagId,
    at: Place,
    text: &PatientText,
) {
    let heard = hear(hearing, rules, text);
    if heard.hits.iter().any(|hit| hit.flag == *flag) {
        return;
    }
    let message = format!("this sentence must be heard as `{flag}`, and is not");
    builder.error_with(at, message, Some(reason(hearing, &heard, flag, text)));
}

/// Which row to look at.
fn reason(hearing: &Hearing, heard: &Heard, flag: &FlagId, text: &PatientText) -> String {
    let mut reasons = Vec::new();
    if let Some(silenced) = heard.silenced.iter().find(|one| one.flag == *flag) {
        let by = silenced.cue.as_ref();
        let by = by.map_or_else(String::new, |cue| format!(" by `{cue}`"));
        let why = silenced.why.word();
        reasons.push(format!(
            "`{}` was found, and is {why}{by}.",
            silenced.pattern
        ));
    }
    let idioms = hearing.idioms_in(text);
    if !idioms.is_empty() {
        reasons.push(format!(
            "Taken out as a figure of speech by `{}`.",
            idioms.join("` and `")
        ));
    }
    if reasons.is_empty() {
        reasons.push("No row of the flag is found in it.".to_owned());
    }
    reasons.join(" ")
}
