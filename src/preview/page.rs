//! The page itself: its frame, drawn once; the panes follow by events.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::words::{PageLang, Words};
use super::{Desk, Pane, Shared, pane};

pub(super) const CSS: &str = include_str!("preview.css");
pub(super) const JS: &str = include_str!("preview.js");
const ICONS: &str = include_str!("icons.svg");

/// How far the clock's buttons turn it, in seconds.
const TURNS: [i64; 3] = [60, 600, 24 * 60 * 60];

/// The page's language, when its address names one.
#[derive(serde::Deserialize)]
pub(super) struct Wanted {
    lang: Option<PageLang>,
}

impl Wanted {
    pub fn words(&self, headers: &HeaderMap) -> &'static Words {
        let lang = self.lang.unwrap_or_else(|| PageLang::of_browser(headers));
        lang.words()
    }
}

pub(super) async fn show(
    State(desk): Shared,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Html<String> {
    Html(frame(&desk, wanted.words(&headers)).into_string())
}

/// A photo that the bot sent.
pub(super) async fn picture(State(desk): Shared, Path(file): Path<String>) -> Response {
    match desk.world().file(&file) {
        Some(bytes) => ([(header::CONTENT_TYPE, "image/png")], bytes.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A text file that the bot sent.
pub(super) async fn document(State(desk): Shared, Path(file): Path<String>) -> Response {
    match desk.world().file(&file) {
        Some(bytes) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (kind, bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The time on the page's clock.
pub(super) fn clock_text(desk: &Desk, words: &Words) -> String {
    let at = Timestamp::from_second(desk.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    words.moment(&at.to_zoned(desk.options.zone.clone()))
}

/// An icon of the set in `icons.svg`.
pub(super) fn icon(name: &str) -> Markup {
    html! { svg.icon aria-hidden="true" { use href={ "#i-" (name) } {} } }
}

fn frame(desk: &Desk, words: &Words) -> Markup {
    let clinic = &desk.options.clinic_name;
    html! {
        (DOCTYPE)
        html lang=(words.tag) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#f4f7f6" media="(prefers-color-scheme: light)";
                meta name="theme-color" content="#101817" media="(prefers-color-scheme: dark)";
                title { (clinic) " · " (words.preview) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/preview.css";
                script src="/preview.js" defer {}
            }
            body data-tab="patient" data-copied=(words.copied) data-no-answer=(words.no_answer) data-unread=(words.unread) {
                (pane::raw(ICONS))
                header.bar {
                    div.brand {
                        span.mark aria-hidden="true" { (icon("mark")) }
                        div { h1 { (clinic) } p {
                            span.note { (words.preview) " · " (desk.options.data_dir_note) " · " }
                            a href={ "/?lang=" (words.other.0) } lang=(words.other.0) { (words.other.1) }
                        } }
                    }
                    (tools(desk, words))
                }
                nav.tabs aria-label=(words.chats) {
                    @for which in Pane::BOTH {
                        button type="button" data-tab=(which.name()) aria-pressed=(which == Pane::Patient) {
                            (words.panes[which as usize])
                            span.badge hidden {}
                        }
                    }
                }
                main { @for which in Pane::BOTH { (chat(desk, words, which)) } }
                p #offline role="status" hidden { (words.offline) }
                dialog #alert { p {} form method="dialog" { button { (words.ok) } } }
            }
        }
    }
}

fn tools(desk: &Desk, words: &Words) -> Markup {
    html! {
        div.tools {
            div.group role="group" aria-label=(words.clock) {
                span.clock { (icon("clock")) output #clock { (clock_text(desk, words)) } }
                @for ((label, aloud), seconds) in words.turns.into_iter().zip(TURNS) {
                    button type="button" data-turn=(seconds) aria-label=(aloud) { (label) }
                }
            }
            div.group.languages role="group" aria-label=(words.telegram_language) title=(words.telegram_language) {
                @for (code, label) in [("en", "English"), ("es", "Español")] {
                    button type="button" data-language=(code) aria-pressed="false" lang=(code) aria-label=(label) {
                        span.long { (label) } span.short { (code.to_uppercase()) }
                    }
                }
            }
            button.quiet type="button" data-restart aria-label=(words.new_patient) {
                (icon("person")) span.long { (words.new_patient) }
            }
        }
    }
}

fn chat(desk: &Desk, words: &Words, which: Pane) -> Markup {
    let (name, at) = (which.name(), which as usize);
    let world = desk.world();
    let title = pane::title(desk, &world, which);
    let initial = title.chars().next().unwrap_or('?');
    html! {
        section.pane id=(name) data-pane=(name) aria-label=(words.chat_of[at]) {
            header {
                span.avatar data-hue=(if which == Pane::Patient { 0 } else { 3 }) aria-hidden="true" { (initial) }
                div { h2 { (title) } p.subtitle { (pane::subtitle(desk, words, &world, which)) } }
                span.badge hidden {}
            }
            div.pinned { (pane::pinned(words, &world, desk.chat(which))) }
            div.stage {
                div.scroll tabindex="0" role="log" aria-label=(words.messages_of[at]) {
                    ol.messages { (pane::items(desk, words, &world, which)) }
                }
                button.down type="button" aria-label=(words.to_newest) hidden { (icon("down")) span.badge hidden {} }
                div.toast role="status" {}
                div.menu role="menu" aria-label=(words.commands) hidden { (pane::commands(desk, &world, which)) }
            }
            div.replying hidden {
                (icon("reply"))
                span { strong { (words.replying_to) } span.to {} }
                @if which == Pane::Staff { (media(words)) }
                button.tool type="button" data-unreply aria-label=(words.no_reply) { (icon("close")) }
            }
            form.composer autocomplete="off" {
                button.tool type="button" data-menu aria-expanded="false" aria-label=(words.commands) { (icon("menu")) }
                @if which == Pane::Staff {
                    label.as {
                        span { (words.speaks_as) }
                        select name="as" aria-label=(words.who_speaks) {
                            @for member in &desk.options.staff {
                                option value=(member.user) { (member.name) }
                            }
                        }
                    }
                }
                input name="text" type="text" maxlength="4096" enterkeyhint="send"
                    placeholder=(words.message) aria-label=(words.message_as[at]);
                @if which == Pane::Patient { (media(words)) }
                button.send type="submit" aria-label=(words.send) { (icon("send")) }
            }
            div.keyboard { (pane::keyboard(&world, desk.chat(which))) }
        }
    }
}

/// What can be sent beside words: from a patient at any time, from staff as an
/// answer to a card.
fn media(words: &Words) -> Markup {
    html! {
        button.tool type="button" data-media="photo" aria-label=(words.send_photo) { (icon("photo")) }
        button.tool type="button" data-media="voice" aria-label=(words.send_voice) { (icon("voice")) }
    }
}
