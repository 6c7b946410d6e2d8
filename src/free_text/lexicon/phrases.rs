//! The phrases of a list, each as its words.

use crate::free_text::normal::normalise;
use crate::free_text::tokens::{Kind, tokens};

/// One alternation in a phrase may not multiply it beyond this.
const EXPANSIONS_MAX: usize = 3000;

/// The plain words of a text.
pub(in crate::free_text) fn plain_words(text: &str) -> Vec<String> {
    let normal = normalise(text);
    tokens(&normal)
        .into_iter()
        .filter(|token| token.kind == Kind::Word)
        .map(|token| normal.text[token.span].to_owned())
        .collect()
}

/// A phrase with `(one|other)` in it to every phrase it stands for. Brackets may
/// stand in brackets.
pub(super) fn expand(phrase: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rest = phrase;
    let found = expand_choices(phrase, &mut rest)?;
    if rest.is_empty() {
        Ok(found)
    } else {
        Err(format!("`{phrase}` closes a bracket that is not open"))
    }
}

/// Everything up to a closing bracket or the end; `|` parts choices.
fn expand_choices(phrase: &str, rest: &mut &str) -> Result<Vec<Vec<String>>, String> {
    let mut choices = Vec::new();
    let mut row: Vec<Vec<String>> = vec![Vec::new()];
    loop {
        let end = rest.find(['(', '|', ')']).unwrap_or(rest.len());
        let plain = phrase_words(&rest[..end]);
        for words in &mut row {
            words.extend(plain.iter().cloned());
        }
        let mark = rest[end..].chars().next();
        *rest = match mark {
            Some('(' | '|') => &rest[end + 1..],
            Some(_) | None => &rest[end..],
        };
        match mark {
            Some('(') => {
                let inner = expand_choices(phrase, rest)?;
                *rest = rest
                    .strip_prefix(')')
                    .ok_or_else(|| format!("`{phrase}` opens a bracket and does not close it"))?;
                row = joined(&row, &inner);
                if row.len() > EXPANSIONS_MAX {
                    return Err(format!("`{phrase}` stands for too many phrases"));
                }
            }
            Some('|') => choices.append(&mut std::mem::replace(&mut row, vec![Vec::new()])),
            Some(_) | None => {
                choices.append(&mut row);
                return Ok(choices);
            }
        }
    }
}

/// Every phrase of the one with every phrase of the other behind it.
fn joined(before: &[Vec<String>], behind: &[Vec<String>]) -> Vec<Vec<String>> {
    before
        .iter()
        .flat_map(|first| behind.iter().map(|last| [first.as_slice(), last].concat()))
        .collect()
}

/// The plain words of a phrase; a star at the end of a word stays.
fn phrase_words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .flat_map(|part| {
            let is_stem = part.ends_with('*');
            let mut words = plain_words(part);
            if is_stem && let Some(last) = words.last_mut() {
                last.push('*');
            }
            words
        })
        .collect()
}
