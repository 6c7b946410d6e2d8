//! A play: what everybody does, and what they may have read by then.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use psoas_bot::bot_api::Shown;
use psoas_bot::chat_test::Stage;
use psoas_bot::dialog::Due;
use psoas_bot::ids::{CaseNumber, ChatId, Timestamp};
use psoas_bot::staff::Case;

use super::{ALARM, CAN_WAIT, Desk, PRIVATE, PRIVATE_TRACE, Step};

pub const PATIENTS: [(i64, &str); 3] = [(42, "Pat"), (43, "Quim"), (44, "Rosa")];
/// With roles: the owner, the clinician, one of staff, and somebody who is none.
pub const STAFF: [(i64, &str); 4] = [(9000, "Ana"), (9001, "Ben"), (9002, "Cleo"), (9003, "Dora")];
const OUTSIDER: usize = 3;

/// An owner pairs the desk and takes two others in.
fn share_roles(stage: &mut Stage) {
    let (group, now, code) = (stage.staff_chat(), stage.now(), stage.code());
    let owner = STAFF[0].0;
    let say = |stage: &mut Stage, chat, who, text: &str| {
        stage.world.say(chat, who, text, now).expect("they may");
        stage.settle();
    };
    say(stage, group, owner, &format!("/pair {code}"));
    say(stage, owner, owner, "/start");
    for ((who, _), role) in STAFF[1..OUTSIDER].iter().zip(["Clinician", "Staff"]) {
        say(stage, *who, *who, "/pair");
        let pressed = stage.world.press_label(group, owner, role, now);
        pressed.expect("the owner is asked");
        stage.settle();
    }
}

/// What somebody on staff wrote, and who alone may read it.
struct Letter {
    mark: String,
    message: (i64, i64),
    /// The patient whose case the answered message names; none for none.
    to: Option<i64>,
}

pub struct Play {
    pub stage: Stage,
    pub desk: Desk,
    /// Every number the group has had, the newest last.
    groups: Vec<i64>,
    /// Whose case each is, as its own card said.
    pub cases: BTreeMap<u64, i64>,
    letters: Vec<Letter>,
    /// The marks of what each patient wrote.
    written: BTreeMap<String, i64>,
    pub blocked: BTreeSet<i64>,
    /// The marks of what each patient wrote before they erased everything.
    erased: BTreeMap<String, i64>,
    marks: usize,
}

impl Play {
    pub fn new(desk: Desk) -> Self {
        let mut stage = Stage::new(desk.library(), "en", desk.staff()).expect("a stage");
        for (user, name) in PATIENTS {
            stage.world.add_person(user, name, None, Some("en"));
        }
        let group = stage.staff_chat();
        for (user, name) in STAFF {
            stage.world.add_person(user, name, None, Some("en"));
            stage.world.join(group, user);
        }
        if desk.has_roles {
            share_roles(&mut stage);
        }
        Self {
            stage,
            desk,
            groups: vec![group],
            cases: BTreeMap::new(),
            letters: Vec::new(),
            written: BTreeMap::new(),
            blocked: BTreeSet::new(),
            erased: BTreeMap::new(),
            marks: 0,
        }
    }

    fn mark(&mut self) -> String {
        self.marks += 1;
        format!("mark{}end", self.marks)
    }

    pub fn group(&self) -> i64 {
        *self.groups.last().expect("there is one")
    }

    /// What the bot has said in every group, deleted or not.
    pub fn of_bot(&self) -> impl Iterator<Item = (i64, &Shown)> {
        self.groups.iter().flat_map(|group| {
            let messages = self.stage.world.messages(*group).iter();
            messages
                .filter(|shown| shown.from_bot && !shown.service)
                .map(|shown| (*group, shown))
        })
    }

    /// The case that a message names.
    pub fn case_in(text: &str) -> Option<u64> {
        let lower = text.to_lowercase();
        let (_, rest) = lower.split_once("case ")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// Cards say whose case they are: written down once, and it must not change.
    pub fn learn_cases(&mut self) {
        let mut learned = Vec::new();
        for (_, shown) in self.of_bot() {
            if let (Some(case), Some((_, chat))) = (
                Self::case_in(&shown.text),
                shown.text.split_once("Telegram chat "),
            ) {
                let digits: String = chat.chars().take_while(char::is_ascii_digit).collect();
                learned.push((case, digits.parse::<i64>().expect("a number")));
            }
        }
        for (case, chat) in learned {
            let known = *self.cases.entry(case).or_insert(chat);
            assert_eq!(known, chat, "case {case} is one patient's");
        }
    }

    pub fn open_case(&self, patient: i64) -> Option<Case> {
        let (ledger, keys) = (self.stage.ledger(), self.stage.keys());
        let number = ledger.read::<CaseNumber>(&keys.open_case(ChatId(patient)));
        let (number, _) = number.ok().flatten()?;
        self.case(patient, number.0)
    }

    /// Whether a timer of the patient's stands.
    pub fn stands(&self, patient: i64, due: Due) -> bool {
        let key = self.stage.keys().due(ChatId(patient), due.kind());
        let row = self.stage.ledger().read_bytes(&key);
        matches!(row, Ok(Some(_)))
    }

    pub fn case(&self, patient: i64, number: u64) -> Option<Case> {
        let (ledger, keys) = (self.stage.ledger(), self.stage.keys());
        let case = ledger.read::<Case>(&keys.case(ChatId(patient), CaseNumber(number)));
        case.ok().flatten().map(|(case, _)| case)
    }

    /// Does one step. False when nobody could have done it.
    pub fn act(&mut self, step: &Step) -> bool {
        let now = self.stage.now();
        let group = self.group();
        match step {
            Step::Writes(who) => {
                let (patient, _) = PATIENTS[*who];
                let mark = self.mark();
                let text = format!("{mark} thank you");
                if self.stage.world.say(patient, patient, &text, now).is_err() {
                    return false;
                }
                self.written.insert(mark, patient);
            }
            Step::Alarm(who) | Step::CanWait(who) | Step::Private(who) => {
                let (patient, _) = PATIENTS[*who];
                let text = match step {
                    Step::Alarm(_) => ALARM,
                    Step::CanWait(_) => CAN_WAIT,
                    _ => PRIVATE,
                };
                // What a patient writes to a person is for that person.
                let talks = self
                    .open_case(patient)
                    .is_some_and(|case| case.talk.is_some());
                if text == PRIVATE && talks {
                    return false;
                }
                if self.stage.world.say(patient, patient, text, now).is_err() {
                    return false;
                }
            }
            Step::Voice(who) => {
                let (patient, _) = PATIENTS[*who];
                let sent = self
                    .stage
                    .world
                    .say_with(patient, patient, json!({"voice": true}), now);
                if sent.is_err() {
                    return false;
                }
            }
            Step::Erases(who) => {
                let (patient, _) = PATIENTS[*who];
                if self
                    .stage
                    .world
                    .say(patient, patient, "/delete", now)
                    .is_err()
                {
                    return false;
                }
                self.stage.settle();
                let world = &mut self.stage.world;
                if world
                    .press_label(patient, patient, "Erase everything", now)
                    .is_err()
                {
                    return false;
                }
                let theirs = self.written.iter().filter(|(_, whose)| **whose == patient);
                self.erased
                    .extend(theirs.map(|(mark, whose)| (mark.clone(), *whose)));
            }
            Step::Blocks(who, blocks) => {
                let (patient, _) = PATIENTS[*who];
                if *blocks {
                    self.stage.world.block(patient, now);
                    self.blocked.insert(patient);
                } else {
                    self.stage.world.unblock(patient, now);
                    self.blocked.remove(&patient);
                }
            }
            Step::Replies(who, at) => {
                let messages: Vec<(i64, String)> = self
                    .of_bot()
                    .filter(|(chat, shown)| *chat == group && !shown.deleted)
                    .map(|(_, shown)| (shown.message_id, shown.text.clone()))
                    .collect();
                if messages.is_empty() {
                    return false;
                }
                let (answered, text) = at.get(&messages);
                let to = Self::case_in(text).and_then(|case| self.cases.get(&case).copied());
                let fields = json!({"reply_to_message_id": answered});
                self.letter(*who, to, fields);
            }
            Step::InTopic(who, at) => {
                let topics: Vec<(i64, String)> = self
                    .stage
                    .world
                    .topics(group)
                    .iter()
                    .map(|topic| (topic.id, topic.name.clone()))
                    .collect();
                if topics.is_empty() {
                    return false;
                }
                let (topic, name) = at.get(&topics);
                let to = Self::case_in(name).and_then(|case| self.cases.get(&case).copied());
                self.letter(*who, to, json!({"message_thread_id": topic}));
            }
            Step::Presses(who, at) => {
                let buttons: Vec<(i64, String)> = self
                    .of_bot()
                    .filter(|(chat, shown)| *chat == group && !shown.deleted)
                    .flat_map(|(_, shown)| {
                        let buttons = shown.buttons.iter().flatten();
                        buttons.filter_map(|button| {
                            Some((shown.message_id, button.data()?.to_owned()))
                        })
                    })
                    .collect();
                if buttons.is_empty() {
                    return false;
                }
                let (message, data) = at.get(&buttons);
                let (staff, _) = STAFF[*who];
                let pressed = self.stage.world.press(group, staff, *message, data, now);
                return pressed.is_ok();
            }
            Step::Closes(who, at) => {
                let numbers: Vec<u64> = self.cases.keys().copied().collect();
                if numbers.is_empty() {
                    return false;
                }
                let text = format!("/close {}", at.get(&numbers));
                let (staff, _) = STAFF[*who];
                return self.stage.world.say(group, staff, &text, now).is_ok();
            }
            Step::Asks(who, at, card) => {
                let numbers: Vec<u64> = self.cases.keys().copied().collect();
                if numbers.is_empty() {
                    return false;
                }
                let what = if *card { "case" } else { "patient" };
                let text = format!("/{what} {}", at.get(&numbers));
                let (staff, _) = STAFF[*who];
                return self.stage.world.say(group, staff, &text, now).is_ok();
            }
            Step::DeletesTopic(at) => {
                let topics: Vec<i64> = self
                    .stage
                    .world
                    .topics(group)
                    .iter()
                    .map(|topic| topic.id)
                    .collect();
                if topics.is_empty() {
                    return false;
                }
                self.stage.world.delete_topic(group, *at.get(&topics));
            }
            Step::Moves => {
                // A group moves once, and no supergroup ever does.
                if self.groups.len() > 1 || group < -1_000_000_000_000 {
                    return false;
                }
                let moved = self.stage.world.migrate(group, now).expect("it is a group");
                self.groups.push(moved);
            }
            Step::Restarts => self.stage.restart(false),
            Step::Minutes(minutes) => self.stage.turn_clock(minutes * 60),
        }
        true
    }

    /// Whether somebody of the staff group is on the team.
    pub fn is_on_the_team(&self, who: usize) -> bool {
        !self.desk.has_roles || who != OUTSIDER
    }

    fn letter(&mut self, who: usize, to: Option<i64>, mut fields: serde_json::Value) {
        let to = to.filter(|_| self.is_on_the_team(who));
        let mark = self.mark();
        fields["text"] = json!(mark);
        let (staff, _) = STAFF[who];
        let (group, now) = (self.group(), self.stage.now());
        if let Ok(message) = self.stage.world.say_with(group, staff, fields, now) {
            self.letters.push(Letter {
                mark,
                message: (group, message),
                to,
            });
        }
    }

    /// Right recipient: a letter is in the chat of the case whose message it
    /// answered, once, and in no other; and staff read truly what became of it.
    pub fn letters_are_right(&self) {
        for letter in &self.letters {
            let mut copies = 0;
            for (patient, _) in PATIENTS {
                let messages = self.stage.world.messages(patient).iter();
                let here =
                    messages.filter(|shown| shown.from_bot && shown.text.contains(&letter.mark));
                let here = here.count();
                assert!(
                    here == 0 || letter.to == Some(patient),
                    "a letter to {:?} is in the chat of {patient}",
                    letter.to
                );
                copies += here;
            }
            assert!(copies <= 1, "a letter was sent twice");
            let below: Vec<&Shown> = self
                .of_bot()
                .filter(|(group, shown)| {
                    (*group, shown.reply_to) == (letter.message.0, Some(letter.message.1))
                })
                .map(|(_, shown)| shown)
                .collect();
            let delivered = below
                .iter()
                .any(|shown| shown.text.starts_with("Delivered to"));
            assert!(
                !delivered || copies == 1,
                "staff read of a delivery that was none"
            );
            // The answer stands below it, unless the group or its topic went away meanwhile.
            if letter.message.0 == self.group() {
                let is_told = !below.is_empty() || self.topic_is_gone(letter.message);
                assert!(is_told, "nobody read what became of {}", letter.mark);
                // With its patient's data the answer goes too.
                let is_erased = below.iter().any(|shown| shown.text.starts_with("[Erased"));
                assert!(
                    delivered || copies == 0 || is_erased || self.topic_is_gone(letter.message)
                );
            }
        }
    }

    fn topic_is_gone(&self, (group, message): (i64, i64)) -> bool {
        let world = &self.stage.world;
        world
            .message(group, message)
            .is_some_and(|shown| shown.deleted)
    }

    /// What the bot has written to a patient.
    pub fn read(&self, patient: i64) -> Vec<String> {
        let messages = self.stage.world.messages(patient).iter();
        let of_bot = messages.filter(|shown| shown.from_bot);
        of_bot.map(|shown| shown.text.clone()).collect()
    }

    /// Whether a message such as this has reached a patient since then.
    pub fn has_read(&self, patient: i64, since: Timestamp, such: impl Fn(&str) -> bool) -> bool {
        let mut messages = self.stage.world.messages(patient).iter();
        messages.any(|shown| shown.from_bot && shown.date >= since.0 && such(&shown.text))
    }

    /// What somebody wrote before they erased everything stands in the staff chat no
    /// longer than their case is open. What stands in a group that has moved, nobody
    /// can change.
    pub fn erased_is_gone(&self) {
        let group = self.group();
        for (mark, patient) in &self.erased {
            if self.open_case(*patient).is_some() {
                continue;
            }
            let mut left = self.of_bot().filter(|(chat, shown)| {
                *chat == group && !shown.deleted && shown.text.contains(mark)
            });
            assert!(
                left.next().is_none(),
                "words of {patient} stand after an erasure"
            );
        }
    }

    /// What a private answer is about is named to nobody.
    pub fn private_stays_private(&self) {
        let owner = self.stage.world.messages(STAFF[0].0).iter();
        let owner = owner.filter(|shown| shown.from_bot);
        let mut told = self.of_bot().map(|(_, shown)| shown).chain(owner);
        assert!(told.all(|shown| !shown.text.contains(PRIVATE_TRACE)));
        let mut alarms = self.stage.alarms.iter();
        assert!(alarms.all(|alarm| !alarm.contains(PRIVATE_TRACE)));
    }

    /// What a patient wrote is read by staff below their own case alone.
    pub fn words_are_right(&self) {
        for (_, shown) in self.of_bot() {
            for (mark, patient) in &self.written {
                if shown.text.contains(mark) {
                    let case = Self::case_in(&shown.text);
                    let of = case.and_then(|case| self.cases.get(&case));
                    assert_eq!(of, Some(patient), "words of {patient} under another case");
                }
            }
        }
    }
}
