//! Message text as HTML: entities, and the links a Telegram client makes.

use std::sync::LazyLock;

use maud::{Markup, html};
use regex::Regex;

use crate::bot_api::Entity;

/// What a client turns into something to tap: addresses, numbers in `+` form,
/// commands. Without it a text would be shown as it is.
static TAPPABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (https?://[^\s<>]*[^\s<>.,;:!?)])
        | (\+\d[\d\s().\-]{5,}\d)
        | (?:^|[\s(]) (/[a-z][a-z0-9_]{0,31}) \b
        ",
    )
    .ok()
});

/// The text with its entities and links. All else is literal.
pub(super) fn render(text: &str, entities: &[Entity]) -> Markup {
    html! {
        @for (part, kinds) in parts(text, entities) {
            (wrap(part, &kinds))
        }
    }
}

/// Cuts a text wherever an entity begins or ends.
fn parts<'a>(text: &'a str, entities: &'a [Entity]) -> Vec<(&'a str, Vec<&'a Entity>)> {
    let mut cuts: Vec<usize> = entities
        .iter()
        .flat_map(|entity| [entity.offset, entity.offset + entity.length])
        .chain([0])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut parts = Vec::with_capacity(cuts.len());
    for (at, &start) in cuts.iter().enumerate() {
        let from = byte_at(text, start);
        let to = cuts
            .get(at + 1)
            .map_or(text.len(), |&end| byte_at(text, end));
        if from < to {
            let covers =
                |entity: &&Entity| entity.offset <= start && start < entity.offset + entity.length;
            parts.push((&text[from..to], entities.iter().filter(covers).collect()));
        }
    }
    parts
}

/// The byte where a UTF-16 offset lies.
fn byte_at(text: &str, utf16: usize) -> usize {
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= utf16 {
            return byte;
        }
        units += c.len_utf16();
    }
    text.len()
}

fn wrap(part: &str, entities: &[&Entity]) -> Markup {
    let Some((entity, rest)) = entities.split_first() else {
        return linked(part);
    };
    let inner = wrap(part, rest);
    match entity.kind.as_str() {
        "bold" => html! { strong { (inner) } },
        "italic" => html! { em { (inner) } },
        "underline" => html! { u { (inner) } },
        "strikethrough" => html! { s { (inner) } },
        "code" | "pre" => html! { code { (inner) } },
        "blockquote" | "expandable_blockquote" => html! { span.quote { (inner) } },
        "text_link" => match &entity.url {
            Some(url) if is_web(url) => html! {
                a href=(url) target="_blank" rel="noopener noreferrer" { (part) }
            },
            Some(_) | None => inner,
        },
        _ => inner,
    }
}

fn linked(text: &str) -> Markup {
    let found = TAPPABLE.iter().flat_map(|form| form.captures_iter(text));
    let mut end = 0;
    html! {
        @for found in found.filter_map(|caught| caught.iter().skip(1).flatten().next()) {
            (&text[end..found.start()])
            (tappable(found.as_str()))
            @let () = end = found.end();
        }
        (&text[end..])
    }
}

fn tappable(word: &str) -> Markup {
    if word.starts_with('/') {
        return html! { button.command type="button" data-say=(word) { (word) } };
    }
    if word.starts_with('+') {
        let digits: String = word
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect();
        return html! { a href={ "tel:" (digits) } { (word) } };
    }
    html! { a href=(word) target="_blank" rel="noopener noreferrer" { (word) } }
}

/// Whether the page may link to it.
pub(super) fn is_web(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    url.starts_with("https://") || url.starts_with("http://")
}
