//! Turns what is to be sent into teloxide's payloads.
//!
//! Entities are explicit and there is no parse mode, so no character of a text
//! can fail a send. What Telegram would refuse for a detail (too long a text, a
//! dead link) is sent without the detail: half a warning beats none.

use serde::Serialize;
use teloxide::payloads::{
    AnswerCallbackQuery, AnswerCallbackQuerySetters as _, CloseForumTopic, CopyMessage,
    CopyMessageSetters as _, CreateForumTopic, DeleteMessage, EditForumTopic,
    EditForumTopicSetters as _, EditMessageCaption, EditMessageCaptionSetters as _,
    EditMessageText, EditMessageTextSetters as _, ReopenForumTopic, SendContact,
    SendContactSetters as _, SendMessage, SendMessageSetters as _, SetMessageReaction,
    SetMessageReactionSetters as _,
};
use teloxide::types::{
    ButtonRequest, CallbackQueryId, ChatId as WireChat, InlineKeyboardButton, InlineKeyboardMarkup,
    KeyboardButton, KeyboardMarkup, KeyboardRemove, LinkPreviewOptions, MessageEntity,
    MessageId as WireMessage, ReactionType, ReplyMarkup, ReplyParameters, ThreadId,
};

use crate::channel::Place;
use crate::content::RichText;
use crate::dialog::{Button, Keyboard};
use crate::ids::{ChatId, MessageId, TopicId};

/// Telegram takes texts up to this many UTF-16 units.
const TEXT_UNITS_MAX: usize = 4096;

/// Captions up to this many.
const CAPTION_UNITS_MAX: usize = 1024;

/// And answers to a press up to this many.
const PRESS_ANSWER_UNITS_MAX: usize = 200;

/// A topic's name may have so many.
const TOPIC_NAME_CHARS_MAX: usize = 128;

/// Ends a text that was cut.
const CUT_MARK: char = '…';

/// A new message.
pub(super) fn message(
    chat: ChatId,
    text: &RichText,
    keyboard: &Keyboard,
    silent: bool,
    place: Place,
) -> SendMessage {
    let (words, bold) = wire_text(text, TEXT_UNITS_MAX);
    let mut payload =
        SendMessage::new(WireChat(chat.0), words).link_preview_options(no_link_preview());
    if !bold.is_empty() {
        payload = payload.entities(bold);
    }
    if silent {
        payload = payload.disable_notification(true);
    }
    if let Some(topic) = topic(place) {
        payload = payload.message_thread_id(topic);
    }
    if let Some(under) = under(place) {
        payload = payload.reply_parameters(under);
    }
    match markup(keyboard) {
        Some(markup) => payload.reply_markup(markup),
        None => payload,
    }
}

/// What somebody sent, once more; none when its number is none of Telegram's.
pub(super) fn copy(
    chat: ChatId,
    from: ChatId,
    message: MessageId,
    caption: Option<&RichText>,
    place: Place,
) -> Option<CopyMessage> {
    let mut payload = CopyMessage::new(WireChat(chat.0), WireChat(from.0), number(message)?);
    if let Some(caption) = caption {
        let (words, bold) = wire_text(caption, CAPTION_UNITS_MAX);
        payload = payload.caption(words);
        if !bold.is_empty() {
            payload = payload.caption_entities(bold);
        }
    }
    if let Some(topic) = topic(place) {
        payload = payload.message_thread_id(topic);
    }
    Some(match under(place) {
        Some(under) => payload.reply_parameters(under),
        None => payload,
    })
}

/// New words below a picture.
pub(super) fn caption(
    chat: ChatId,
    message: MessageId,
    text: &RichText,
) -> Option<EditMessageCaption> {
    let (words, bold) = wire_text(text, CAPTION_UNITS_MAX);
    let payload = EditMessageCaption::new(WireChat(chat.0), number(message)?).caption(words);
    Some(match bold.is_empty() {
        true => payload,
        false => payload.caption_entities(bold),
    })
}

/// A message that goes.
pub(super) fn delete(chat: ChatId, message: MessageId) -> Option<DeleteMessage> {
    Some(DeleteMessage::new(WireChat(chat.0), number(message)?))
}

/// A sign on a message.
pub(super) fn reaction(
    chat: ChatId,
    message: MessageId,
    emoji: &str,
) -> Option<SetMessageReaction> {
    let emoji = emoji.to_owned();
    let payload = SetMessageReaction::new(WireChat(chat.0), number(message)?);
    Some(payload.reaction([ReactionType::Emoji { emoji }]))
}

/// A new topic.
pub(super) fn open_topic(chat: ChatId, name: &str) -> CreateForumTopic {
    CreateForumTopic::new(WireChat(chat.0), topic_name(name))
}

/// A topic's new name; none when its number is none of Telegram's.
pub(super) fn name_topic(chat: ChatId, topic: TopicId, name: &str) -> Option<EditForumTopic> {
    Some(EditForumTopic::new(WireChat(chat.0), thread(topic)?).name(topic_name(name)))
}

/// A topic closes.
pub(super) fn close_topic(chat: ChatId, topic: TopicId) -> Option<CloseForumTopic> {
    Some(CloseForumTopic::new(WireChat(chat.0), thread(topic)?))
}

/// A topic opens again.
pub(super) fn reopen_topic(chat: ChatId, topic: TopicId) -> Option<ReopenForumTopic> {
    Some(ReopenForumTopic::new(WireChat(chat.0), thread(topic)?))
}

fn topic_name(name: &str) -> String {
    name.chars().take(TOPIC_NAME_CHARS_MAX).collect()
}

fn thread(topic: TopicId) -> Option<ThreadId> {
    Some(ThreadId(number(MessageId(topic.0))?))
}

fn number(message: MessageId) -> Option<WireMessage> {
    i32::try_from(message.0).ok().map(WireMessage)
}

fn topic(place: Place) -> Option<ThreadId> {
    thread(place.topic?)
}

/// Whoever has deleted the message meanwhile still reads the answer.
fn under(place: Place) -> Option<ReplyParameters> {
    let mut under = ReplyParameters::new(number(place.under?)?);
    under.allow_sending_without_reply = Some(true);
    Some(under)
}

/// The method that takes a file.
pub(super) const SEND_DOCUMENT: &str = "SendDocument";

/// The method of [`Photo`].
pub(super) const SEND_PHOTO: &str = "SendPhoto";

/// A picture by its name, or the fields beside one that is sent along: teloxide's
/// own payload knows only how to be sent by teloxide.
#[derive(Debug, Serialize)]
pub(super) struct Photo {
    chat_id: i64,
    photo: String,
    caption: String,
    caption_entities: Vec<MessageEntity>,
    disable_notification: bool,
}

impl Photo {
    /// `photo` is Telegram's name of the file.
    pub fn new(chat: ChatId, photo: String, caption: &RichText) -> Self {
        let (caption, caption_entities) = wire_text(caption, CAPTION_UNITS_MAX);
        Self {
            chat_id: chat.0,
            photo,
            caption,
            caption_entities,
            disable_notification: true,
        }
    }

    /// The fields of a form that the picture itself comes with.
    pub fn fields(chat: ChatId, caption: &RichText) -> [(&'static str, String); 4] {
        let photo = Self::new(chat, String::new(), caption);
        let entities = serde_json::to_string(&photo.caption_entities).unwrap_or_default();
        [
            ("chat_id", photo.chat_id.to_string()),
            ("caption", photo.caption),
            ("caption_entities", entities),
            ("disable_notification", "true".to_owned()),
        ]
    }
}

/// A message's new look; none when its number is none of Telegram's. A keyboard
/// that is not named is taken away.
pub(super) fn edit(
    chat: ChatId,
    message: MessageId,
    text: &RichText,
    keyboard: &Keyboard,
) -> Option<EditMessageText> {
    let (words, bold) = wire_text(text, TEXT_UNITS_MAX);
    let mut payload = EditMessageText::new(WireChat(chat.0), number(message)?, words)
        .link_preview_options(no_link_preview());
    if !bold.is_empty() {
        payload = payload.entities(bold);
    }
    Some(match keyboard {
        Keyboard::Inline(rows) => match inline(rows) {
            Some(markup) => payload.reply_markup(markup),
            None => payload,
        },
        // The others stand in place of the letters, which no edit can change.
        Keyboard::None | Keyboard::Phone { .. } | Keyboard::Remove => payload,
    })
}

/// A contact card.
pub(super) fn contact(chat: ChatId, number: &str, first: &str, last: &str) -> SendContact {
    let payload = SendContact::new(WireChat(chat.0), number, first);
    if last.is_empty() {
        payload
    } else {
        payload.last_name(last)
    }
}

/// The answer to a press.
pub(super) fn press_answer(id: &str, text: Option<&str>) -> AnswerCallbackQuery {
    let payload = AnswerCallbackQuery::new(CallbackQueryId(id.to_owned()));
    match text {
        Some(text) => payload.text(match cut(text, PRESS_ANSWER_UNITS_MAX) {
            None => text.to_owned(),
            Some(kept) => marked_as_cut(kept),
        }),
        None => payload,
    }
}

/// The words, and the bold entities in UTF-16 units.
fn wire_text(text: &RichText, units_max: usize) -> (String, Vec<MessageEntity>) {
    let kept = cut(&text.text, units_max);
    let words = kept.unwrap_or(&text.text);
    // A range may end behind a cut, or inside a character.
    let units_before = |byte: usize| {
        let whole = words
            .char_indices()
            .take_while(|(at, c)| at + c.len_utf8() <= byte);
        whole.map(|(_, c)| c.len_utf16()).sum::<usize>()
    };
    let bold = text
        .bold
        .iter()
        .map(|range| (units_before(range.start), units_before(range.end)))
        .filter(|(start, end)| start < end)
        .map(|(start, end)| MessageEntity::bold(start, end - start))
        .collect();
    let words = match kept {
        None => words.to_owned(),
        Some(kept) => marked_as_cut(kept),
    };
    (words, bold)
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What is kept of a text that is too long, with room for the mark; none when
/// it fits.
fn cut(text: &str, units_max: usize) -> Option<&str> {
    if units(text) <= units_max {
        return None;
    }
    let mut used = CUT_MARK.len_utf16();
    let end = text
        .char_indices()
        .find(|(_, c)| {
            used += c.len_utf16();
            used > units_max
        })
        .map_or(text.len(), |(at, _)| at);
    Some(&text[..end])
}

fn marked_as_cut(kept: &str) -> String {
    format!("{kept}{CUT_MARK}")
}

/// A preview would push the buttons away, and have the page fetched.
const fn no_link_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

fn markup(keyboard: &Keyboard) -> Option<ReplyMarkup> {
    match keyboard {
        Keyboard::None => None,
        Keyboard::Inline(rows) => inline(rows).map(ReplyMarkup::InlineKeyboard),
        Keyboard::Phone { share, words } => {
            let share = KeyboardButton::new(share).request(ButtonRequest::Contact);
            let words = words.iter().map(KeyboardButton::new);
            let mut markup =
                KeyboardMarkup::new(std::iter::once(share).chain(words).map(|key| [key]));
            markup.resize_keyboard = true;
            markup.one_time_keyboard = true;
            Some(ReplyMarkup::Keyboard(markup))
        }
        Keyboard::Remove => Some(ReplyMarkup::KeyboardRemove(KeyboardRemove::new())),
    }
}

/// The buttons; none when no button is left.
fn inline(rows: &[Vec<Button>]) -> Option<InlineKeyboardMarkup> {
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().filter_map(button).collect())
        .filter(|row: &Vec<_>| !row.is_empty())
        .collect();
    (!rows.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

fn button(button: &Button) -> Option<InlineKeyboardButton> {
    match button {
        Button::Press { label, data } => Some(InlineKeyboardButton::callback(label, data)),
        Button::Link { label, url } => {
            let url = reqwest::Url::parse(url).ok();
            let url = url.filter(|url| matches!(url.scheme(), "https" | "http" | "tg"));
            if url.is_none() {
                // Telegram would refuse the whole message for it.
                tracing::warn!("left out a link button whose address Telegram does not take");
            }
            Some(InlineKeyboardButton::url(label, url?))
        }
    }
}
