//! The page itself: its frame, drawn once; the panes follow by events.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::{Desk, Pane, Shared, pane};

pub(super) const CSS: &str = include_str!("preview.css");
pub(super) const JS: &str = include_str!("preview.js");
const ICONS: &str = include_str!("icons.svg");

/// How far the clock's buttons turn it, in seconds.
const TURNS: [(&str, &str, i64); 3] = [
    ("+1 min", "one minute", 60),
    ("+10 min", "ten minutes", 600),
    ("+1 day", "one day", 24 * 60 * 60),
];

pub(super) async fn show(State(desk): Shared) -> Html<String> {
    Html(frame(&desk).into_string())
}

/// A photo that the bot sent.
pub(super) async fn picture(State(desk): Shared, Path(file): Path<String>) -> Response {
    match desk.world().file(&file) {
        Some(bytes) => ([(header::CONTENT_TYPE, "image/png")], bytes.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The time on the page's clock.
pub(super) fn clock_text(desk: &Desk) -> String {
    let at = Timestamp::from_second(desk.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(desk.options.zone.clone())
        .strftime("%a %-d %b, %H:%M")
        .to_string()
}

/// An icon of the set in `icons.svg`.
pub(super) fn icon(name: &str) -> Markup {
    html! { svg.icon aria-hidden="true" { use href={ "#i-" (name) } {} } }
}

fn frame(desk: &Desk) -> Markup {
    let clinic = &desk.options.clinic_name;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#f4f7f6" media="(prefers-color-scheme: light)";
                meta name="theme-color" content="#101817" media="(prefers-color-scheme: dark)";
                title { (clinic) " · preview" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/preview.css";
                script src="/preview.js" defer {}
            }
            body data-tab="patient" {
                (pane::raw(ICONS))
                header.bar {
                    div.brand {
                        span.mark aria-hidden="true" { (icon("mark")) }
                        div { h1 { (clinic) } p { "Preview. " (desk.options.data_dir_note) } }
                    }
                    (tools(desk))
                }
                nav.tabs aria-label="Chats" {
                    @for which in Pane::BOTH {
                        button type="button" data-tab=(which.name()) aria-pressed=(which == Pane::Patient) {
                            @match which { Pane::Patient => "Patient", Pane::Staff => "Staff" }
                            span.badge hidden {}
                        }
                    }
                }
                main { @for which in Pane::BOTH { (chat(desk, which)) } }
                p #offline role="status" hidden { "The bot is not running. Waiting for it…" }
                dialog #alert { p {} form method="dialog" { button { "OK" } } }
            }
        }
    }
}

fn tools(desk: &Desk) -> Markup {
    html! {
        div.tools {
            div.group role="group" aria-label="Clock" {
                span.clock { (icon("clock")) output #clock { (clock_text(desk)) } }
                @for (label, words, seconds) in TURNS {
                    button type="button" data-turn=(seconds) aria-label={ "turn the clock on by " (words) } { (label) }
                }
            }
            div.group.languages role="group" aria-label="Language of the patient’s Telegram" {
                @for (code, label) in [("en", "English"), ("es", "Español")] {
                    button type="button" data-language=(code) aria-pressed="false" lang=(code) aria-label=(label) {
                        span.long { (label) } span.short { (code.to_uppercase()) }
                    }
                }
            }
            button.quiet type="button" data-restart aria-label="New patient" {
                (icon("person")) span.long { "New patient" }
            }
        }
    }
}

fn chat(desk: &Desk, which: Pane) -> Markup {
    let name = which.name();
    let world = desk.world();
    let title = pane::title(desk, &world, which);
    let initial = title.chars().next().unwrap_or('?');
    html! {
        section.pane id=(name) data-pane=(name) aria-label={ (name) " chat" } {
            header {
                span.avatar data-hue=(if which == Pane::Patient { 0 } else { 3 }) aria-hidden="true" { (initial) }
                div { h2 { (title) } p.subtitle { (pane::subtitle(desk, &world, which)) } }
                span.badge hidden {}
            }
            div.pinned { (pane::pinned(&world, desk.chat(which))) }
            div.stage {
                div.scroll tabindex="0" role="log" aria-label={ (name) " messages" } {
                    ol.messages { (pane::items(desk, &world, which)) }
                }
                button.down type="button" aria-label="to the newest message" hidden { (icon("down")) span.badge hidden {} }
                div.toast role="status" {}
                div.menu role="menu" aria-label="commands" hidden { (pane::commands(desk, &world, which)) }
            }
            form.composer autocomplete="off" {
                button.tool type="button" data-menu aria-expanded="false" aria-label="commands" { (icon("menu")) }
                @if which == Pane::Staff {
                    label.as {
                        span { "as" }
                        select name="as" aria-label="who speaks" {
                            @for member in &desk.options.staff {
                                option value=(member.user) { (member.name) }
                            }
                        }
                    }
                }
                input name="text" type="text" maxlength="4096" enterkeyhint="send"
                    placeholder="Message" aria-label={ "message as " (name) };
                @if which == Pane::Patient {
                    button.tool type="button" data-media="photo" aria-label="send a photo" { (icon("photo")) }
                    button.tool type="button" data-media="voice" aria-label="send a voice message" { (icon("voice")) }
                }
                button.send type="submit" aria-label="send" { (icon("send")) }
            }
            div.keyboard { (pane::keyboard(&world, desk.chat(which))) }
        }
    }
}
