//! What the people of a play do, and the clock.

use serde_json::{Value, json};

use super::parse::Act;
use super::play::{Player, same};
use super::stage::{PATIENT, STAFF_PEOPLE};

/// An admin who hides who they are: Telegram names the group instead.
const ANONYMOUS: &str = "anonymous";

impl Player {
    pub(super) fn act(&mut self, act: &Act) -> Result<(), String> {
        let now = self.stage.now();
        let staff_chat = self.stage.staff_chat();
        let said = |error: crate::bot_api::CannotAct| error.to_string();
        match act {
            Act::Say(words) => {
                let text = json!({"text": self.fill(words)});
                self.last_said = Some(self.say(PATIENT, PATIENT, text)?);
            }
            Act::Press(label) => {
                let label = self.fill(label);
                self.presses += 1;
                let (message, data) = self.button(PATIENT, &label)?;
                self.press(PATIENT, PATIENT, message, &data)?;
            }
            Act::PressOld(label) => {
                let label = self.fill(label);
                self.presses += 1;
                let (_, message, data) = self
                    .shown
                    .iter()
                    .find(|(shown, ..)| same(shown, &label))
                    .cloned()
                    .ok_or_else(|| format!("no message ever had the button [{label}]"))?;
                self.press(PATIENT, PATIENT, message, &data)?;
            }
            Act::Forge(data) => {
                let message = self.newest(PATIENT);
                self.press(PATIENT, PATIENT, message, data)?;
            }
            Act::Edit(words) => {
                let words = self.fill(words);
                let id = self
                    .last_said
                    .ok_or("the patient has not typed anything to edit")?;
                self.stage
                    .world
                    .edit(PATIENT, id, &words, now)
                    .map_err(said)?;
            }
            Act::Send { what, caption } => {
                let extra = media(what, caption.as_deref());
                self.last_said = Some(self.say(PATIENT, PATIENT, extra)?);
            }
            Act::Share(number) => {
                self.stage
                    .world
                    .share_contact(PATIENT, PATIENT, number, now)
                    .map_err(said)?;
            }
            Act::Block(blocks) => {
                self.is_blocked = *blocks;
                if *blocks {
                    self.stage.world.block(PATIENT, now);
                } else {
                    self.stage.world.unblock(PATIENT, now);
                }
            }
            Act::Staff { name, act } => {
                let user = self.staff_member(name);
                match act.strip_prefix('[').and_then(|act| act.strip_suffix(']')) {
                    Some(_) if name == ANONYMOUS => {
                        return Err("Telegram names whoever presses a button: \
                                    give this act a person's name"
                            .to_owned());
                    }
                    Some(label) => {
                        let label = self.fill(label);
                        let (message, data) = self.button(staff_chat, &label)?;
                        self.press(staff_chat, user, message, &data)?;
                    }
                    None => {
                        let extra = json!({"text": self.fill(act)});
                        self.staff_says(name, user, extra)?;
                    }
                }
            }
            Act::StaffPrivate {
                name,
                words,
                answers,
            } => {
                let user = self.staff_member(name);
                let mut text = json!({"text": self.fill(words)});
                if *answers {
                    text["reply_to_message_id"] = json!(self.newest(user));
                }
                self.say(user, user, text)?;
            }
            Act::StaffMoves { name, leaves } => {
                let user = self.staff_member(name);
                self.stage
                    .world
                    .pass_through(staff_chat, user, *leaves, now);
            }
            Act::StaffBlocks { name } => {
                let user = self.staff_member(name);
                self.stage.world.block(user, now);
            }
            Act::StaffForge { name, data } => {
                let user = self.staff_member(name);
                let message = self.newest(staff_chat);
                self.press(staff_chat, user, message, data)?;
            }
            Act::StaffReply { name, case, words } => {
                let user = self.staff_member(name);
                let card = self.card(*case)?;
                let extra = json!({"text": self.fill(words), "reply_to_message_id": card});
                self.last_replied = Some(self.staff_says(name, user, extra)?);
            }
            Act::StaffSend {
                name,
                what,
                caption,
            } => {
                let user = self.staff_member(name);
                let mut extra = media(what, caption.as_deref());
                extra["reply_to_message_id"] = json!(self.card(None)?);
                self.last_replied = Some(self.staff_says(name, user, extra)?);
            }
            Act::StaffTopic { name, case, words } => {
                let user = self.staff_member(name);
                let topic = self.topic(*case)?;
                let extra = json!({"text": self.fill(words), "message_thread_id": topic});
                self.last_replied = Some(self.staff_says(name, user, extra)?);
            }
            Act::DeleteTopic(case) => {
                let topic = self.topic(*case)?;
                self.stage.world.delete_topic(staff_chat, topic);
            }
            Act::TopicRight(may) => self.stage.world.set_bot_admin(staff_chat, *may),
            Act::StaffEdit { name, words } => {
                self.staff_member(name);
                let words = self.fill(words);
                let id = self
                    .last_replied
                    .ok_or("nobody on staff has replied anything to edit")?;
                self.stage
                    .world
                    .edit(staff_chat, id, &words, now)
                    .map_err(said)?;
            }
            Act::Stranger(label) => {
                // A case's button, forwarded to somebody's private chat and pressed there.
                let label = self.fill(label);
                let (_, data) = self.button(staff_chat, &label)?;
                let message = self.newest(PATIENT);
                self.press(PATIENT, PATIENT, message, &data)?;
            }
            Act::Clock(seconds) => self.stage.turn_clock(*seconds),
            Act::Desk { out: true } => self.stage.world.block(staff_chat, now),
            Act::Desk { out: false } => self.stage.let_in(),
            Act::Restart => self.stage.restart(false),
            Act::Gap => self.stage.restart(true),
        }
        Ok(())
    }

    /// Something written in the staff chat. Behind an admin who hides stands the group.
    fn staff_says(&mut self, name: &str, user: i64, mut message: Value) -> Result<i64, String> {
        let staff_chat = self.stage.staff_chat();
        if name == ANONYMOUS {
            message["sender_chat"] = json!({"id": staff_chat, "type": "group", "title": "Staff"});
        }
        self.say(staff_chat, user, message)
    }

    fn say(&mut self, chat: i64, user: i64, message: Value) -> Result<i64, String> {
        let now = self.stage.now();
        let said = self.stage.world.say_with(chat, user, message, now);
        said.map_err(|error| error.to_string())
    }

    fn press(&mut self, chat: i64, user: i64, message: i64, data: &str) -> Result<(), String> {
        let now = self.stage.now();
        let pressed = self.stage.world.press(chat, user, message, data, now);
        pressed.map(|_| ()).map_err(|error| error.to_string())
    }

    fn newest(&self, chat: i64) -> i64 {
        let messages = self.stage.world.messages(chat);
        messages.last().map_or(1, |shown| shown.message_id)
    }

    fn staff_member(&mut self, name: &str) -> i64 {
        let index = self
            .staff
            .iter()
            .position(|known| known == name)
            .unwrap_or_else(|| {
                self.staff.push(name.to_owned());
                self.staff.len() - 1
            });
        let user = STAFF_PEOPLE.start + i64::try_from(index).unwrap_or(0);
        self.stage.world.add_person(user, name, None, Some("en"));
        self.stage.world.join(self.stage.staff_chat(), user);
        user
    }

    /// The newest card in the staff chat, or the newest one of a case.
    fn card(&self, case: Option<u64>) -> Result<i64, String> {
        let wanted = case.map_or_else(|| "case:".to_owned(), |case| format!("case:{case}:"));
        let mut messages = self
            .stage
            .world
            .messages(self.stage.staff_chat())
            .iter()
            .rev();
        messages
            .find(|shown| {
                let mut buttons = shown.buttons.iter().flatten();
                buttons.any(|button| button.data().is_some_and(|data| data.starts_with(&wanted)))
            })
            .map(|shown| shown.message_id)
            .ok_or_else(|| "no card stands in the staff chat to reply to".to_owned())
    }

    /// The newest topic of a case.
    pub(super) fn topic(&self, case: u64) -> Result<i64, String> {
        let topics = self.stage.world.topics(self.stage.staff_chat());
        let named = format!("Case {case} ·");
        let mut topics = topics.iter().rev();
        let found = topics.find(|topic| topic.name.starts_with(&named));
        found
            .map(|topic| topic.id)
            .ok_or_else(|| format!("there is no topic of case {case}"))
    }

    /// The newest button with this label; a tick's mark need not be written.
    fn button(&self, chat: i64, label: &str) -> Result<(i64, String), String> {
        let messages = self.stage.world.messages(chat);
        for shown in messages.iter().rev().filter(|shown| shown.from_bot) {
            for button in shown.buttons.iter().flatten() {
                if let (true, Some(data)) = (same(&button.label, label), button.data()) {
                    return Ok((shown.message_id, data.to_owned()));
                }
            }
        }
        let visible: Vec<String> = messages
            .iter()
            .rev()
            .filter(|shown| !shown.buttons.is_empty())
            .take(2)
            .flat_map(|shown| {
                shown
                    .labels()
                    .map(|label| format!("[{label}]"))
                    .collect::<Vec<_>>()
            })
            .collect();
        Err(format!(
            "no message has the button [{label}]. There are: {}\n{}",
            visible.join(" "),
            self.transcript()
        ))
    }
}

/// A message of this kind, with words below it.
fn media(what: &str, caption: Option<&str>) -> Value {
    let mut fields = json!({ what: true });
    if let Some(caption) = caption {
        fields["caption"] = Value::String(caption.to_owned());
    }
    fields
}
