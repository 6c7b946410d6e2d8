//! `phrases.yaml`: what typed words state, each phrase with its examples.

use std::collections::BTreeMap;

use super::build::{Builder, place};
use super::diagnostic::Place;
use super::model::Flag;
use super::raw::{self, Name};
use crate::free_text::{ByLang, CueSource, PhraseSource, Phrases, hear};
use crate::ids::{FlagId, Lang, PatientText};
use crate::triage::Rules;

/// Words that state one flag and no other.
pub(super) type Examples = BTreeMap<FlagId, String>;

pub(super) fn build_phrases(
    builder: &mut Builder,
    file: raw::Phrases,
    rules: &Rules,
    flags: &BTreeMap<FlagId, Flag>,
) -> Option<(Phrases, Examples)> {
    const FILE: &str = "phrases.yaml";
    let by_lang = |list: raw::ByLang| ByLang {
        en: list.en,
        es: list.es,
    };
    let cues = CueSource {
        negations: by_lang(file.negations),
        negations_after: by_lang(file.negations_after),
        clause_ends: by_lang(file.clause_ends),
        hypothetical: by_lang(file.hypothetical),
        others: by_lang(file.others),
        resolved: by_lang(file.resolved),
        idioms: by_lang(file.idioms),
    };
    let sources: Vec<PhraseSource> = file
        .phrases
        .iter()
        .map(|phrase| PhraseSource {
            flag: builder.flag(FILE, &phrase.flag),
            lang: phrase.lang,
            pattern: phrase.pattern.value.clone(),
            affirmed: phrase.affirmed,
            is_history: flags
                .get(phrase.flag.value.as_str())
                .is_some_and(|flag| flag.history.is_some()),
        })
        .collect();
    let phrases = match Phrases::compile(&sources, &cues) {
        Ok(phrases) => phrases,
        Err(error) => {
            let at = error
                .phrase
                .and_then(|index| file.phrases.get(index))
                .map_or_else(
                    || Place {
                        file: FILE.to_owned(),
                        bytes: 0..0,
                    },
                    |phrase| place(FILE, &phrase.pattern),
                );
            builder.error_with(at, error.to_string(), Some(error.cause.to_string()));
            return None;
        }
    };
    let mut examples = Examples::new();
    for phrase in &file.phrases {
        let flag = FlagId::new(&phrase.flag.value);
        let heard =
            |example: &Name| hear(&phrases, rules, &PatientText::new(example.value.clone()));
        let states = |example: &Name| heard(example).flags().any(|heard| *heard == flag);
        for example in &phrase.matches {
            let heard = heard(example);
            if !heard.flags().any(|heard| *heard == flag) {
                builder.error(
                    place(FILE, example),
                    format!("this example should state `{flag}` and does not"),
                );
            } else if heard.hits.len() == 1 && !heard.someone_else && phrase.lang == Lang::En {
                examples
                    .entry(flag.clone())
                    .or_insert_with(|| example.value.clone());
            }
        }
        for example in phrase.not.iter().filter(|example| states(example)) {
            builder.error(
                place(FILE, example),
                format!("this example should not state `{flag}` and does"),
            );
        }
    }
    Some((phrases, examples))
}
