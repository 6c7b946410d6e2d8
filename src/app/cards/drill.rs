//! A drill, as the staff chat and everybody on the ladder read it.

use super::Writer;
use crate::content::{Content, RichText};
use crate::dialog::{Button, Keyboard};
use crate::ids::Timestamp;
use crate::staff::{Drill, Heard, Place};

/// Reads the data of a drill's button: the moment that names the drill.
#[must_use]
pub fn drill_data(data: &str) -> Option<Timestamp> {
    Some(Timestamp(data.strip_prefix("drill:")?.parse().ok()?))
}

/// What everybody else reads: that it is no real alarm, first.
#[must_use]
pub fn drill_alarm(content: &Content, drill: &Drill) -> RichText {
    let writer = Writer::new(content);
    let values = [("name", drill.by.name.as_str())];
    RichText::plain(writer.with(&content.words.staff_drill_alarm, &values))
}

/// The report: each place, and what came of it.
#[must_use]
pub fn drill(content: &Content, drill: &Drill) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let words = &content.words;
    let values = [("name", drill.by.name.as_str())];
    let title = writer.with(&words.staff_drill_alarm, &values);
    writer.text.push_bold(&title);
    writer.text.push("\n");
    for (place, heard) in &drill.places {
        let place = match place {
            Place::StaffChat => writer.plain(&words.staff_drill_staff_chat),
            Place::Owner(name) => writer.with(&words.staff_drill_owner, &[("name", name)]),
            Place::SecondChat => writer.plain(&words.staff_drill_second_chat),
            Place::Webhook => writer.plain(&words.staff_drill_webhook),
            Place::Mail => writer.plain(&words.staff_drill_mail),
        };
        let heard = match heard {
            None => writer.plain(&words.staff_drill_waits),
            Some(Heard::After(seconds)) => {
                let seconds = seconds.to_string();
                writer.with(&words.staff_drill_after, &[("seconds", &seconds)])
            }
            Some(Heard::Failed(why)) => writer.with(&words.staff_drill_failed, &[("why", why)]),
        };
        writer.text.push(&format!("\n• {place}: {heard}"));
    }
    let keyboard = match &drill.answered {
        Some((by, seconds)) => {
            let seconds = seconds.to_string();
            let values = [("name", by.name.as_str()), ("seconds", &seconds)];
            let line = writer.with(&words.staff_drill_answered, &values);
            writer.text.push(&format!("\n\n{line}"));
            Keyboard::None
        }
        None => Keyboard::Inline(vec![vec![Button::Press {
            label: writer.plain(&words.staff_button_drill),
            data: format!("drill:{}", drill.at),
        }]]),
    };
    (writer.text, keyboard)
}
