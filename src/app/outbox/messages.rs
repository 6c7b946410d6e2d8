//! The messages a row of the outbox comes to, and what is said where one of them
//! is refused.

use super::{Around, place, shows_of};
use crate::app::records::{MAIL, OutboxRow, Piece, Shown, ShownAs, WEBHOOK};
use crate::channel::alarm::{Alarm, Loudness, Target};
use crate::channel::{Outgoing, PhotoFile, Place};
use crate::content::{Content, RichText};
use crate::dialog::{Keyboard, Weight};
use crate::ids::{CaseNumber, ChatId, Lang, MessageId, PictureId};
use crate::picture;
use crate::triage::Level;

/// The messages a row comes to. An edit becomes one for each copy; an edit of
/// a card that never arrived becomes a new card. A case's card that is posted
/// anew comes first, then its older copy is folded: what stood there, a phone
/// number too, stands in one place alone.
#[must_use]
pub fn resolve(content: &Content, chat: ChatId, row: &OutboxRow, around: &Around) -> Vec<Outgoing> {
    let place = place(row, around);
    let outgoing = messages(content, chat, row, &around.shown, place);
    match (&row.topic, around.topic, &row.piece) {
        (Some(name), None, Piece::Send { .. } | Piece::Copy { .. }) => {
            // The rest goes there, once it is known where.
            let name = name.clone();
            let opened = std::iter::once(Outgoing::OpenTopic { chat, name });
            opened.chain(outgoing).collect()
        }
        (Some(_) | None, topic, Piece::Topic(change)) => {
            let change = change.clone();
            let changed = topic.map(|topic| Outgoing::ChangeTopic {
                chat,
                topic,
                change,
            });
            changed.into_iter().collect()
        }
        (_, _, _) => outgoing,
    }
}

fn messages(
    content: &Content,
    chat: ChatId,
    row: &OutboxRow,
    shown: &Shown,
    place: Place,
) -> Vec<Outgoing> {
    match &row.piece {
        Piece::Send {
            text,
            keyboard,
            silent,
            ..
        } => {
            let mut outgoing = vec![Outgoing::Send {
                chat,
                text: marked(content, row, text),
                keyboard: keyboard.clone(),
                silent: *silent,
                place,
            }];
            if let (Some(case), Some(ShownAs::Case(_))) = (row.case, shows_of(row)) {
                let folded = folded(content, row.lang, case);
                outgoing.extend(shown.messages.iter().map(|message| Outgoing::Edit {
                    chat,
                    message: MessageId(*message),
                    text: folded.clone(),
                    keyboard: Keyboard::None,
                }));
            }
            outgoing
        }
        Piece::Edit { text, keyboard, .. } => {
            // What a patient changed is new to staff who have never read it.
            let is_for_staff =
                row.case.is_some() && matches!(shows_of(row), Some(ShownAs::Passed { .. }));
            if shown.messages.is_empty() && (row.weight == Weight::Warning || is_for_staff) {
                return vec![Outgoing::Send {
                    chat,
                    text: marked(content, row, text),
                    keyboard: keyboard.clone(),
                    silent: true,
                    place,
                }];
            }
            shown
                .messages
                .iter()
                .map(|message| Outgoing::Edit {
                    chat,
                    message: MessageId(*message),
                    text: text.clone(),
                    keyboard: keyboard.clone(),
                })
                .collect()
        }
        Piece::Photo {
            picture, caption, ..
        } => {
            let file = match &shown.file {
                Some(file) => Some(PhotoFile::Kept(file.clone())),
                None => drawn(content, picture, row.lang),
            };
            let photo = file.map(|file| Outgoing::Photo {
                chat,
                file,
                caption: caption.clone(),
            });
            photo.into_iter().collect()
        }
        Piece::Chart { chart, caption } => match picture::chart::png(chart) {
            Ok(png) => vec![Outgoing::Photo {
                chat,
                file: PhotoFile::New {
                    name: "chart.png".to_owned(),
                    png,
                },
                caption: caption.clone(),
            }],
            // Its numbers stand in the message before it.
            Err(error) => {
                tracing::warn!(%error, "a chart cannot be drawn");
                Vec::new()
            }
        },
        Piece::Document { document } => vec![Outgoing::Document {
            chat,
            document: document.clone(),
        }],
        Piece::Alarm { level, text } => {
            let text = marked(content, row, text);
            let alarm = |target| Outgoing::Alarm {
                target,
                alarm: Alarm {
                    case: row.case,
                    loudness: if *level >= Level::EmergencyNow {
                        Loudness::Critical
                    } else {
                        Loudness::High
                    },
                    text: text.text.replace("\n\n", " "),
                },
            };
            vec![match chat {
                WEBHOOK => alarm(Target::Webhook),
                MAIL => alarm(Target::Mail),
                _ => Outgoing::Send {
                    chat,
                    text,
                    keyboard: Keyboard::None,
                    silent: false,
                    place: Place::default(),
                },
            }]
        }
        Piece::Contact {
            number,
            first,
            last,
        } => {
            vec![Outgoing::Contact {
                chat,
                number: number.clone(),
                first: first.clone(),
                last: last.clone(),
            }]
        }
        Piece::Copy {
            from,
            message,
            caption,
            ..
        } => vec![Outgoing::Copy {
            chat,
            from: *from,
            message: *message,
            caption: caption
                .as_ref()
                .map(|caption| marked(content, row, caption)),
            place,
        }],
        Piece::Caption { text, .. } => {
            let captions = shown.messages.iter().map(|message| Outgoing::Caption {
                chat,
                message: MessageId(*message),
                text: text.clone(),
            });
            captions.collect()
        }
        // The numbers are those of the group as it was.
        Piece::Wipe { chat: of, .. } if *of != chat => Vec::new(),
        Piece::Wipe { message, text, .. } => vec![Outgoing::Edit {
            chat,
            message: *message,
            text: text.clone(),
            keyboard: Keyboard::None,
        }],
        Piece::Topic(_) => Vec::new(),
        Piece::React { message, emoji, .. } => vec![Outgoing::React {
            chat,
            message: *message,
            emoji: emoji.clone(),
        }],
    }
}

/// A drawing made anew; none when the content no longer has it.
fn drawn(content: &Content, id: &PictureId, lang: Lang) -> Option<PhotoFile> {
    match content.pictures.get(id)?.png(lang) {
        Ok(png) => Some(PhotoFile::New {
            name: format!("{id}.png"),
            png: png.to_vec(),
        }),
        Err(error) => {
            tracing::warn!(%error, picture = %id, "a drawing cannot be made");
            None
        }
    }
}

/// What is done where Telegram takes no copy, no sign, or no change: whatever
/// stood there is gone, and what it was to say comes as a new message. What is to
/// go is tried in another way.
#[must_use]
pub fn instead(row: &OutboxRow, around: &Around, refused: &Outgoing) -> Option<Outgoing> {
    let (chat, text, keyboard) = match (refused, &row.piece) {
        // There is no text in it: what it shows goes with it, or at least its words.
        (Outgoing::Edit { chat, message, .. }, Piece::Wipe { .. }) => {
            let (chat, message) = (*chat, *message);
            return Some(Outgoing::Delete { chat, message });
        }
        (Outgoing::Delete { chat, message }, Piece::Wipe { text, .. }) => {
            return Some(Outgoing::Caption {
                chat: *chat,
                message: *message,
                text: text.clone(),
            });
        }
        (
            Outgoing::Edit {
                chat,
                text,
                keyboard,
                ..
            },
            Piece::Edit { .. },
        ) if row.weight == Weight::Warning => (*chat, text, keyboard.clone()),
        // A member of staff is told that theirs did not arrive; nobody else reads of it.
        (Outgoing::Copy { chat, .. }, Piece::Copy { instead, .. }) if row.said.is_none() => {
            (*chat, instead, Keyboard::None)
        }
        (Outgoing::React { chat, .. }, Piece::React { instead, .. }) => {
            (*chat, instead, Keyboard::None)
        }
        (_, _) => return None,
    };
    Some(Outgoing::Send {
        chat,
        text: text.clone(),
        keyboard,
        silent: matches!(refused, Outgoing::Edit { .. }),
        place: place(row, around),
    })
}

/// Telegram no longer has the file it once kept: the drawing is sent anew.
#[must_use]
pub fn drawn_anew(content: &Content, row: &OutboxRow, refused: &Outgoing) -> Option<Outgoing> {
    match (refused, &row.piece) {
        (
            Outgoing::Photo {
                chat,
                file: PhotoFile::Kept(_),
                caption,
            },
            Piece::Photo { picture, .. },
        ) => Some(Outgoing::Photo {
            chat: *chat,
            file: drawn(content, picture, row.lang)?,
            caption: caption.clone(),
        }),
        _ => None,
    }
}

/// What an older copy of a case's card says once there is a newer one.
fn folded(content: &Content, lang: Lang, case: CaseNumber) -> RichText {
    let number = case.to_string();
    content.fill(&content.words.staff_folded, lang, &[("case", &number)])
}

/// A message that may have been sent before says so.
fn marked(content: &Content, row: &OutboxRow, text: &RichText) -> RichText {
    if row.repeats == 0 || !(row.must_arrive() || row.said.is_some()) {
        return text.clone();
    }
    let words = &content.words;
    let mut marked = if row.repeats == 1 {
        words.repeat_mark.render(row.lang, content)
    } else {
        let n = row.repeats.to_string();
        content.fill(&words.repeat_mark_n, row.lang, &[("n", &n)])
    };
    marked.paragraph();
    marked.append(text);
    marked
}
