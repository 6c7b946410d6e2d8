//! What a sign looks like: classes and words in a row, with gaps.

use super::lexicon::{ClassId, ElementId, Lexicon};
use super::source::{HearingError, Written};

/// What may stand between two elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Gap {
    /// Fillers alone.
    #[default]
    Near,
    /// A few words of the same clause.
    Wide,
    /// Words of the same sentence.
    Far,
}

/// One place in a pattern: a unit or phrase of one of these classes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub is: ElementId,
    /// What may stand before it.
    pub gap: Gap,
}

/// One way of saying something.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// Only at the beginning of a sentence.
    pub opens: bool,
    pub elements: Vec<Element>,
    /// Which sign or cue it belongs to.
    pub of: usize,
    /// As the file has it: an index into the written patterns.
    pub written: usize,
}

/// Patterns longer than this say too much at once.
const ELEMENTS_MAX: usize = 10;

/// `A + B + C` stands for each order of its parts.
const PARTS_MAX: usize = 3;

/// One element before optional ones are taken apart.
struct Piece {
    is: ElementId,
    optional: bool,
    gap: Gap,
}

/// Reads one written pattern into every row of elements it stands for.
///
/// Class names are in capitals, words in small letters; `a|b` is one of them,
/// `let_go` a phrase, `<1-17>` a number, `<any>` any number, `..` a few words, `...` more of the
/// sentence, `?` makes an element optional, `+` takes its parts in any order, and `^` in
/// front wants the beginning of a sentence.
pub(super) fn parse(
    lexicon: &mut Lexicon,
    written: &Written,
) -> Result<Vec<Vec<Element>>, HearingError> {
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut gap = Gap::Near;
    for word in written.text.split_whitespace() {
        match word {
            // Read by `opens`.
            "^" => {}
            ".." => gap = Gap::Wide,
            "..." => gap = Gap::Far,
            "+" => {
                parts.push(Vec::new());
                gap = Gap::Near;
            }
            word => {
                let (classes, optional) = element(lexicon, written, word)?;
                let piece = Piece {
                    is: lexicon.element(classes),
                    optional,
                    gap,
                };
                if let Some(part) = parts.last_mut() {
                    part.push(piece);
                }
                gap = Gap::Near;
            }
        }
    }
    if parts
        .iter()
        .any(|part| part.iter().all(|piece| piece.optional))
    {
        return Err(HearingError::new(
            written,
            format!("the pattern `{}` has an empty part", written.text),
        ));
    }
    if parts.len() > PARTS_MAX {
        return Err(HearingError::new(
            written,
            format!(
                "the pattern `{}` joins more than {PARTS_MAX} parts",
                written.text
            ),
        ));
    }
    let mut rows = Vec::new();
    for order in orders(parts.len()) {
        let mut row: Vec<(Element, bool)> = Vec::new();
        for (place, part) in order.iter().enumerate() {
            for (index, piece) in parts[*part].iter().enumerate() {
                let gap = if index == 0 && place > 0 {
                    Gap::Wide
                } else {
                    piece.gap
                };
                let element = Element { is: piece.is, gap };
                row.push((element, piece.optional));
            }
        }
        rows.extend(without_optional(&row));
    }
    if rows.iter().any(|row| row.len() > ELEMENTS_MAX) {
        return Err(HearingError::new(
            written,
            format!(
                "the pattern `{}` is longer than {ELEMENTS_MAX} words",
                written.text
            ),
        ));
    }
    Ok(rows)
}

/// Whether a written pattern only stands at the beginning of a sentence.
pub(super) fn opens(written: &Written) -> bool {
    written.text.trim_start().starts_with("^ ")
}

fn element(
    lexicon: &mut Lexicon,
    written: &Written,
    word: &str,
) -> Result<(Vec<ClassId>, bool), HearingError> {
    let (word, optional) = match word.strip_suffix('?') {
        Some(word) => (word, true),
        None => (word, false),
    };
    let mut classes = Vec::new();
    for choice in word.split('|') {
        let class = if let Some(range) = choice
            .strip_prefix('<')
            .and_then(|range| range.strip_suffix('>'))
        {
            let number = |text: &str| {
                text.parse::<u32>().map_err(|_| {
                    HearingError::new(written, format!("`{choice}` is no range of numbers"))
                })
            };
            let range = match range.split_once('-') {
                Some((from, to)) => number(from)?..=number(to)?,
                None if range == "any" => 0..=u32::MAX,
                None => number(range)?..=number(range)?,
            };
            lexicon.range(range)
        } else if choice
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
            && choice.starts_with(|c: char| c.is_ascii_uppercase())
        {
            lexicon
                .class(choice)
                .ok_or_else(|| HearingError::unknown(written, "class", choice))?
        } else {
            lexicon.literal(written, &choice.replace('_', " "))?
        };
        classes.push(class);
    }
    Ok((classes, optional))
}

/// Every order of `count` parts.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for _ in 0..count {
        found = found
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..count)
                    .filter(|part| !order.contains(part))
                    .map(|part| {
                        let mut longer = order.clone();
                        longer.push(part);
                        longer
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    found
}

/// A row with and without each optional element. What is left out leaves its
/// gap to the next.
fn without_optional(row: &[(Element, bool)]) -> Vec<Vec<Element>> {
    let mut rows: Vec<(Vec<Element>, Gap)> = vec![(Vec::new(), Gap::Near)];
    for (element, optional) in row {
        let mut next = Vec::new();
        for (row, owed) in rows {
            let gap = wider(owed, element.gap);
            if *optional {
                next.push((row.clone(), gap));
            }
            let mut row = row;
            row.push(Element { gap, ..*element });
            next.push((row, Gap::Near));
        }
        rows = next;
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

fn wider(a: Gap, b: Gap) -> Gap {
    match (a, b) {
        (Gap::Far, _) | (_, Gap::Far) => Gap::Far,
        (Gap::Wide, _) | (_, Gap::Wide) => Gap::Wide,
        (Gap::Near, Gap::Near) => Gap::Near,
    }
}
