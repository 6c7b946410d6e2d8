//! One chat as HTML: messages, buttons, reply keyboard, menu.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::{Timestamp, Zoned};
use maud::{Markup, PreEscaped, html};

use super::words::{Words, with};
use super::{Desk, Pane, page::icon, rich};
use crate::bot_api::{Button, ButtonAction, Contact, Media, Shown, World};

/// The newest messages the page draws.
const MESSAGES_DRAWN: usize = 200;
/// A voice message as drawn, bar by bar.
const WAVE: [usize; 15] = [4, 8, 14, 8, 16, 10, 18, 8, 12, 6, 16, 10, 6, 12, 4];
/// Colours of names and avatars in a group.
const HUES: u64 = 6;

/// The name of the pane's chat, as its owner sees it.
pub(super) fn title(desk: &Desk, world: &World, pane: Pane) -> String {
    match pane {
        Pane::Patient => world.bot_name(&language(desk, world)).to_owned(),
        Pane::Staff => world
            .title(desk.options.staff_chat)
            .unwrap_or("Staff")
            .to_owned(),
    }
}

/// The line under it: whose phone this is.
pub(super) fn subtitle(desk: &Desk, words: &Words, world: &World, pane: Pane) -> String {
    match pane {
        Pane::Patient => {
            let name = world
                .person(desk.patient())
                .map_or(words.patient, |person| &person.first_name);
            with(words.phone_of, name)
        }
        Pane::Staff => match desk.options.staff.len() {
            1 => words.group_of_one.to_owned(),
            count => with(words.group_of, count),
        },
    }
}

/// The language of the patient's client: `en` or `es`.
pub(super) fn language(desk: &Desk, world: &World) -> String {
    let code = world
        .person(desk.patient())
        .and_then(|person| person.language_code.as_deref());
    match code {
        Some(code) if code.starts_with("es") => "es".to_owned(),
        Some(_) | None => "en".to_owned(),
    }
}

/// The list of messages, oldest first, or what an empty chat shows.
pub(super) fn items(desk: &Desk, words: &Words, world: &World, pane: Pane) -> Markup {
    let chat = desk.chat(pane);
    let all = world.messages(chat);
    let newest = &all[all.len().saturating_sub(MESSAGES_DRAWN)..];
    let shown: Vec<&Shown> = newest.iter().filter(|shown| !shown.deleted).collect();
    if shown.is_empty() {
        return empty(desk, words, world, pane);
    }
    let mut day = String::new();
    html! {
        @for (at, message) in shown.iter().enumerate() {
            @let when = moment(desk, message.date);
            @let this_day = words.day(&when);
            @if this_day != day {
                li.day data-key={ "day-" (this_day) } data-version=(this_day) { span { (this_day) } }
                @let () = day = this_day;
            }
            @let follows = at.checked_sub(1).is_some_and(|before| joins(shown[before], message));
            @let followed = shown.get(at + 1).is_some_and(|after| joins(message, after));
            (item(message, words, pane, &when, [follows, followed], all))
        }
    }
}

/// Whether two messages stand together, as one speaker's.
fn joins(first: &Shown, second: &Shown) -> bool {
    const TOGETHER_SECONDS: i64 = 300;
    !first.service
        && !second.service
        && first.from_id == second.from_id
        && second.date - first.date <= TOGETHER_SECONDS
}

fn item(
    message: &Shown,
    words: &Words,
    pane: Pane,
    when: &Zoned,
    [follows, followed]: [bool; 2],
    all: &[Shown],
) -> Markup {
    let (key, from) = (message.message_id, message.from_id);
    if message.service {
        let text = service_text(words, message);
        return html! {
            li.service data-key=(key) data-version=(text) { span { (text) } }
        };
    }
    let inner = html! {
        div.bubble {
            @if pane == Pane::Staff && !follows {
                span.sender data-hue=(hue(from)) { (message.sender) }
            }
            @if let Some(quoted) = message.reply_to.and_then(|id| find(all, id)) {
                span.reply { strong { (quoted.sender) } span { (preview_of(words, quoted)) } }
            }
            @match (message.media, picture_of(message)) {
                (Some(Media::Photo), Some(file)) => img.photo.drawing src={ "/picture/" (file) } alt=(message.text) {},
                (Some(Media::Document), _) if message.from_bot => (document_card(message)),
                (Some(media), _) => (media_card(words, media)),
                (None, _) => {}
            }
            @if let Some(contact) = &message.contact { (contact_card(contact)) }
            @if !message.text.is_empty() {
                span.text { (rich::render(&message.text, &message.entities)) }
            }
            @if pane == Pane::Staff && message.from_bot {
                button.answer type="button" data-reply=(key) data-words=(preview_of(words, message)) aria-label=(words.reply) {
                    (icon("reply"))
                }
            }
            span.meta {
                @if message.silent { span title=(words.silent) { (icon("mute")) } }
                @if message.edited { (words.edited) " " }
                time datetime=(when.timestamp()) { (when.strftime("%H:%M")) }
            }
        }
        @if !message.buttons.is_empty() {
            div.buttons {
                @for row in &message.buttons {
                    div.row { @for button in row { (inline_button(message.message_id, button)) } }
                }
            }
        }
    };
    let mut hasher = DefaultHasher::new();
    (&inner.0, follows, followed).hash(&mut hasher);
    html! {
        li.message.bot[message.from_bot].follows[follows].followed[followed]
            data-key=(key) data-from=(from) data-version=(hasher.finish()) { (inner) }
    }
}

/// The file of a photo that the bot sent.
fn picture_of(message: &Shown) -> Option<&str> {
    message.rest.get("photo")?.as_array()?.last()?["file_id"]
        .as_str()
        .filter(|_| message.from_bot)
}

/// A file that the bot sent, to be opened beside the page.
fn document_card(message: &Shown) -> Markup {
    let field = |name: &str| {
        message
            .rest
            .get("document")
            .and_then(|one| one[name].as_str())
    };
    let (file, name) = (field("file_id"), field("file_name"));
    html! {
        a.file href={ "/document/" (file.unwrap_or_default()) } target="_blank" rel="noopener" {
            (icon("file")) (name.unwrap_or("file"))
        }
    }
}

fn inline_button(message_id: i64, button: &Button) -> Markup {
    let label = &button.label;
    match &button.action {
        ButtonAction::Callback(data) => html! {
            button type="button" data-press=(data) data-message=(message_id) { (label) }
        },
        ButtonAction::Url(url) if rich::is_web(url) => html! {
            a href=(url) target="_blank" rel="noopener noreferrer" { (label) (icon("out")) }
        },
        ButtonAction::Copy(text) => html! {
            button type="button" data-copy=(text) { (label) (icon("copy")) }
        },
        ButtonAction::Url(_) | ButtonAction::Other(_) => html! {
            button type="button" disabled { (label) }
        },
    }
}

fn media_card(words: &Words, media: Media) -> Markup {
    match media {
        Media::Photo => {
            html! { span.photo role="img" aria-label=(words.photo) { (icon("photo")) } }
        }
        Media::Voice => html! {
            span.voice role="img" aria-label=(words.voice) {
                span.play { (icon("play")) }
                svg.wave viewBox="0 0 88 20" aria-hidden="true" {
                    @for (at, height) in WAVE.into_iter().enumerate() {
                        rect x=(at * 6) y=(10 - height / 2) width="3" height=(height) rx="1.5" {}
                    }
                }
                span { "0:07" }
            }
        },
        Media::Sticker => html! { span.sticker role="img" aria-label=(words.sticker) { "👍" } },
        Media::Document => html! { span.file { (icon("file")) "file.pdf" } },
        Media::Other => html! { span.file { (icon("file")) (words.attachment) } },
    }
}

fn contact_card(contact: &Contact) -> Markup {
    let initial = contact.first_name.chars().next().unwrap_or('?');
    let mut number = contact.phone_number.clone();
    if !number.starts_with('+') {
        number.insert(0, '+');
    }
    // As clients show a number of North America.
    if let Some([area, middle, last]) = number
        .strip_prefix("+1")
        .filter(|rest| rest.len() == 10 && rest.is_ascii())
        .map(|rest| [&rest[..3], &rest[3..6], &rest[6..]])
    {
        number = format!("+1 {area}-{middle}-{last}");
    }
    html! {
        span.contact {
            span.avatar data-hue="1" aria-hidden="true" { (initial) }
            span {
                strong { (contact.first_name) @if let Some(last) = &contact.last_name { " " (last) } }
                (rich::render(&number, &[]))
            }
        }
    }
}

fn empty(desk: &Desk, words: &Words, world: &World, pane: Pane) -> Markup {
    let description = match pane {
        Pane::Patient => world.bot_description(&language(desk, world)),
        Pane::Staff => "",
    };
    html! {
        li.empty data-key={ "empty-" (desk.chat(pane)) } data-version=(description) {
            @match pane {
                Pane::Patient => {
                    strong { (words.what_can_it_do) }
                    @if description.is_empty() {
                        p { (words.empty_patient) }
                    } @else { p { (description) } }
                    button.start type="button" data-say="/start" { (words.start) }
                }
                Pane::Staff => {
                    strong { (words.quiet) }
                    p { (words.empty_staff) }
                }
            }
        }
    }
}

/// The pinned message, in one line.
pub(super) fn pinned(words: &Words, world: &World, chat: i64) -> Markup {
    let message = world.pinned(chat).and_then(|id| world.message(chat, id));
    html! {
        @if let Some(message) = message.filter(|message| !message.deleted) {
            button type="button" data-show=(message.message_id) {
                (icon("pin")) span { strong { (words.pinned) } span { (preview_of(words, message)) } }
            }
        }
    }
}

/// The reply keyboard.
pub(super) fn keyboard(world: &World, chat: i64) -> Markup {
    html! {
        @for row in world.keyboard(chat).unwrap_or_default() {
            div.row { @for button in row {
                @if button.request_contact {
                    button type="button" data-share { (icon("phone")) (button.label) }
                } @else {
                    button type="button" data-say=(button.label) { (button.label) }
                }
            } }
        }
    }
}

/// The bot's commands, as the chat's menu.
pub(super) fn commands(desk: &Desk, world: &World, pane: Pane) -> Markup {
    let language = match pane {
        Pane::Patient => language(desk, world),
        Pane::Staff => String::new(),
    };
    html! {
        @for command in world.commands_in(desk.chat(pane), &language) {
            button type="button" role="menuitem" data-say={ "/" (command.command) } {
                strong { "/" (command.command) } span { (command.description) }
            }
        }
    }
}

fn moment(desk: &Desk, seconds: i64) -> Zoned {
    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(desk.options.zone.clone())
}

fn find(all: &[Shown], id: i64) -> Option<&Shown> {
    let at = all
        .binary_search_by_key(&id, |shown| shown.message_id)
        .ok()?;
    Some(&all[at])
}

fn preview_of(words: &Words, message: &Shown) -> String {
    const CHARS: usize = 80;
    match message.text.is_empty() {
        true => words.attachment.to_owned(),
        false => message
            .text
            .replace('\n', " ")
            .chars()
            .take(CHARS)
            .collect(),
    }
}

fn service_text(words: &Words, message: &Shown) -> String {
    let topic = message
        .rest
        .get("forum_topic_created")
        .and_then(|topic| topic["name"].as_str());
    match topic {
        Some(name) => with(words.topic_opened, name),
        None if message.rest.contains_key("forum_topic_closed") => words.topic_closed.to_owned(),
        None if message.rest.keys().any(|key| key.starts_with("migrate")) => {
            words.group_upgraded.to_owned()
        }
        None => words.chat_changed.to_owned(),
    }
}

fn hue(user: i64) -> u64 {
    user.unsigned_abs() % HUES
}

/// Raw markup, for the icons.
pub(super) fn raw(text: &'static str) -> PreEscaped<&'static str> {
    PreEscaped(text)
}
