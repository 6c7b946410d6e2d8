//! Bilingual text with `**bold**` and `{placeholder}`; all else is literal.
//!
//! Texts are parsed once, when the content is read, so that a conversation
//! only joins pieces and no message can fail on a stray character.

use std::fmt::{self, Write as _};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::ids::Lang;

/// The same words in every language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawText")]
pub struct Text {
    en: Template,
    es: Template,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawText {
    en: String,
    es: String,
}

impl TryFrom<RawText> for Text {
    type Error = TextError;

    fn try_from(raw: RawText) -> Result<Self, Self::Error> {
        Self::parse(&raw.en, &raw.es)
    }
}

/// Why a text is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// `**` without its end.
    #[error("`**` opens bold text and is never closed, in \"{0}\"")]
    OpenBold(String),
    /// `{` without `}`.
    #[error("`{{` opens a placeholder and is never closed, in \"{0}\"")]
    OpenPlaceholder(String),
    /// An empty text says nothing.
    #[error("this text is empty")]
    Empty,
}

impl Text {
    /// Reads both languages.
    pub(super) fn parse(en: &str, es: &str) -> Result<Self, TextError> {
        Ok(Self {
            en: Template::parse(en)?,
            es: Template::parse(es)?,
        })
    }

    /// This text with a list below it, a dot before each line.
    pub(super) fn with_list<'a>(&self, lines: impl Iterator<Item = &'a Self>) -> Self {
        let mut whole = self.clone();
        for line in lines {
            for (template, more) in [(&mut whole.en, &line.en), (&mut whole.es, &line.es)] {
                template.0.push(Piece::Words("\n• ".into()));
                template.0.extend_from_slice(&more.0);
            }
        }
        whole
    }

    /// The template of one language.
    #[must_use]
    pub fn template(&self, lang: Lang) -> &Template {
        match lang {
            Lang::En => &self.en,
            Lang::Es => &self.es,
        }
    }

    /// Fills the placeholders in `lang`; an unknown one stays as it stands.
    #[must_use]
    pub fn render(&self, lang: Lang, values: &dyn Values) -> RichText {
        let mut rich = RichText::default();
        self.render_into(&mut rich, lang, values);
        rich
    }

    /// Appends this text to `rich`.
    pub fn render_into(&self, rich: &mut RichText, lang: Lang, values: &dyn Values) {
        self.template(lang).render_into(rich, lang, values);
    }

    /// The words alone, without bold and with nothing filled in.
    #[must_use]
    pub fn plain(&self, lang: Lang) -> String {
        self.render(lang, &NoValues).text
    }

    /// The placeholders either language uses.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.en.placeholders().chain(self.es.placeholders())
    }
}

/// What stands behind placeholders.
pub trait Values {
    /// Writes the value of `name` in `lang`, or says that there is none.
    fn write(&self, name: &str, lang: Lang, out: &mut String) -> bool;
}

/// No value at all.
pub struct NoValues;

impl Values for NoValues {
    fn write(&self, _: &str, _: Lang, _: &mut String) -> bool {
        false
    }
}

/// Values by name, in front of others.
pub struct With<'a> {
    /// Names and their values.
    pub values: &'a [(&'a str, &'a str)],
    /// Asked when no name fits.
    pub rest: &'a dyn Values,
}

impl Values for With<'_> {
    fn write(&self, name: &str, lang: Lang, out: &mut String) -> bool {
        match self.values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                out.push_str(value);
                true
            }
            None => self.rest.write(name, lang, out),
        }
    }
}

/// One language's text, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(Box<str>),
    Value(Box<str>),
    Bold,
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// When bold or a placeholder is opened and not closed, or nothing is said.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut bold_marks = 0_usize;
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("**") {
                flush(&mut pieces, &mut words);
                pieces.push(Piece::Bold);
                bold_marks += 1;
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let end = after
                    .find('}')
                    .ok_or_else(|| TextError::OpenPlaceholder(start_of(text)))?;
                flush(&mut pieces, &mut words);
                pieces.push(Piece::Value(after[..end].trim().into()));
                rest = &after[end + 1..];
            } else {
                words.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        flush(&mut pieces, &mut words);
        if bold_marks % 2 == 1 {
            return Err(TextError::OpenBold(start_of(text)));
        }
        Ok(Self(pieces))
    }

    /// The names in braces.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(&**name),
            Piece::Words(_) | Piece::Bold => None,
        })
    }

    fn render_into(&self, rich: &mut RichText, lang: Lang, values: &dyn Values) {
        let mut bold_from = None;
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => rich.text.push_str(words),
                Piece::Value(name) => {
                    if !values.write(name, lang, &mut rich.text) {
                        // Writing to a string cannot fail.
                        let _ = write!(rich.text, "{{{name}}}");
                    }
                }
                Piece::Bold => match bold_from.take() {
                    None => bold_from = Some(rich.text.len()),
                    Some(from) if from < rich.text.len() => rich.bold.push(from..rich.text.len()),
                    Some(_) => {}
                },
            }
        }
    }
}

fn flush(pieces: &mut Vec<Piece>, words: &mut String) {
    if !words.is_empty() {
        pieces.push(Piece::Words(std::mem::take(words).into()));
    }
}

/// Enough of a text to find it in the file.
fn start_of(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A text ready to send: the words, and which of them are bold. Cards quote
/// patients, so its `Debug` prints the length alone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RichText {
    /// The words.
    pub text: String,
    /// Byte ranges of `text` that are bold, in order, not overlapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bold: Vec<Range<usize>>,
}

impl fmt::Debug for RichText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RichText({} bytes)", self.text.len())
    }
}

impl RichText {
    /// A text with nothing bold.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            bold: Vec::new(),
        }
    }

    /// Whether there are no words in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds literal words.
    pub fn push(&mut self, words: &str) {
        self.text.push_str(words);
    }

    /// Adds literal words in bold.
    pub fn push_bold(&mut self, words: &str) {
        let from = self.text.len();
        self.text.push_str(words);
        self.bold.push(from..self.text.len());
    }

    /// Starts a new paragraph, unless nothing is said yet.
    pub fn paragraph(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
    }

    /// Adds another text behind this one.
    pub fn append(&mut self, other: &Self) {
        let shift = self.text.len();
        self.text.push_str(&other.text);
        self.bold.extend(
            other
                .bold
                .iter()
                .map(|range| range.start + shift..range.end + shift),
        );
    }
}
