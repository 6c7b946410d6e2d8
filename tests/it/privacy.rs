//! What a patient writes prints as its length, wherever it is held.

use psoas_bot::app::records::{InboxRow, OutboxRow, Piece, Raw};
use psoas_bot::channel::telegram::read_update;
use psoas_bot::content::RichText;
use psoas_bot::dialog::{Conversation, Keyboard, Slot, Weight, What};
use psoas_bot::ids::{CaseNumber, ChatId, Lang, PatientText, SlotId, Timestamp};
use psoas_bot::staff::Case;
use psoas_bot::triage::{Level, Report};

/// Stands in everything below, and may stand in no `Debug`.
const WORD: &str = "zebrafish";

#[track_caller]
fn is_silent(printed: &str) {
    assert!(!printed.contains(WORD), "{printed}");
}

fn words() -> PatientText {
    PatientText::new(format!("my {WORD} hurts"))
}

#[test]
fn nothing_that_holds_words_prints_them() {
    let now = Timestamp(1);
    is_silent(&format!("{:?}", words()));
    is_silent(&format!("{:?}", What::Text(words())));
    is_silent(&format!(
        "{:?}",
        What::Command {
            name: "help".to_owned(),
            argument: words()
        }
    ));
    is_silent(&format!("{:?}", RichText::plain(WORD)));
    let raw = format!(
        r#"{{"update_id":1,"message":{{"message_id":1,"date":1,"chat":{{"id":5,"type":"private"}},"from":{{"id":5,"is_bot":false,"first_name":"{WORD}"}},"text":"{WORD}"}}}}"#
    );
    is_silent(&format!("{:?}", read_update(&raw, "bot")));
    is_silent(&format!(
        "{:?}",
        InboxRow::Update {
            raw: Raw(raw),
            at: now,
            tries: 0
        }
    ));
    let piece = Piece::Send {
        text: RichText::plain(WORD),
        keyboard: Keyboard::None,
        silent: false,
        shows: None,
    };
    is_silent(&format!(
        "{:?}",
        OutboxRow {
            piece,
            weight: Weight::Talk,
            lang: Lang::En,
            repeats: 0,
            case: None,
            under: None,
            topic: None,
            beside: None,
            said: None,
            tells: None
        }
    ));
    let report = Report {
        level: Level::EmergencyNow,
        flags: Vec::new(),
        rules: Vec::new(),
        words: Some(words()),
        private: false,
        deleted: false,
    };
    is_silent(&format!("{report:?}"));
    let mut case = Case::open(CaseNumber(1), ChatId(5), report, now);
    case.name = WORD.to_owned();
    case.username = Some(WORD.to_owned());
    case.notes.push(WORD.to_owned());
    case.phone = Some(words());
    is_silent(&format!("{case:?}"));
    let mut conversation = Conversation::new(Lang::En, None);
    conversation
        .slots
        .insert(SlotId::new("callback-number"), Slot::Phone(words()));
    is_silent(&format!("{conversation:?}"));
}
