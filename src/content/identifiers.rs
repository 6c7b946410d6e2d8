//! `identifiers.yaml`: the words that stand before what names a person.

use serde::Deserialize;

use super::raw::ByLang;
use crate::free_text::{IdentifierWords, Identifiers};

/// As it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentifiersFile {
    #[serde(default)]
    born_before: u16,
    birth: ByLang,
    insurance: ByLang,
    identity: ByLang,
    months: ByLang,
}

/// Makes the words ready to be searched for.
pub(super) fn build(file: IdentifiersFile) -> Identifiers {
    let both = |words: ByLang| words.en.into_iter().chain(words.es).collect();
    Identifiers::new(&IdentifierWords {
        born_before: file.born_before,
        birth: both(file.birth),
        insurance: both(file.insurance),
        identity: both(file.identity),
        months: both(file.months),
    })
}
