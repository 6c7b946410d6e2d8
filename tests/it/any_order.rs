//! Patients, staff, restarts, moves of the group, deleted topics and erasures in
//! any order: what must hold whatever comes after what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use psoas_bot::app::library::Library;
use psoas_bot::bot_api::Shown;
use psoas_bot::chat_test::{Staff, Stage};
use psoas_bot::dialog::Due;
use psoas_bot::ids::{CaseNumber, ChatId, Timestamp};
use psoas_bot::staff::{Case, CaseState, Waits};

use super::content::{CLINIC, real_content, real_sources};

const PATIENTS: [(i64, &str); 3] = [(42, "Pat"), (43, "Quim"), (44, "Rosa")];
const STAFF: [(i64, &str); 3] = [(9000, "Ana"), (9001, "Ben"), (9002, "Cleo")];
const ALARM: &str = "I have chest pain and can't breathe";

static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| {
    let content = real_content().clone();
    Arc::new(Library::new(content, real_sources().clone(), CLINIC))
});

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A patient writes something harmless, with a mark of its own.
    Writes(usize),
    /// A patient writes a warning sign.
    Alarm(usize),
    /// A patient sends a voice message.
    Voice(usize),
    /// A patient erases everything.
    Erases(usize),
    /// A patient blocks the bot, or lets it in again.
    Blocks(usize, bool),
    /// Somebody replies to any message of the bot in the staff chat.
    Replies(usize, Index),
    /// Somebody writes in any topic.
    InTopic(usize, Index),
    /// Somebody presses any button that stands in the staff chat, old ones too.
    Presses(usize, Index),
    /// Somebody closes any case.
    Closes(usize, Index),
    /// A topic is deleted.
    DeletesTopic(Index),
    /// The group gets a new number.
    Moves,
    /// The process ends and starts again.
    Restarts,
    /// Time passes, in minutes.
    Minutes(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let patient = 0..PATIENTS.len();
    let staff = 0..STAFF.len();
    let step = prop_oneof![
        5 => patient.clone().prop_map(Step::Writes),
        4 => patient.clone().prop_map(Step::Alarm),
        1 => patient.clone().prop_map(Step::Voice),
        1 => patient.clone().prop_map(Step::Erases),
        1 => (patient, any::<bool>()).prop_map(|(who, blocks)| Step::Blocks(who, blocks)),
        9 => (staff.clone(), any::<Index>()).prop_map(|(who, at)| Step::Replies(who, at)),
        3 => (staff.clone(), any::<Index>()).prop_map(|(who, at)| Step::InTopic(who, at)),
        7 => (staff.clone(), any::<Index>()).prop_map(|(who, at)| Step::Presses(who, at)),
        1 => (staff, any::<Index>()).prop_map(|(who, at)| Step::Closes(who, at)),
        1 => any::<Index>().prop_map(Step::DeletesTopic),
        1 => Just(Step::Moves),
        2 => Just(Step::Restarts),
        2 => prop_oneof![Just(1_i64), Just(11), Just(61)].prop_map(Step::Minutes),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What somebody on staff wrote, and who alone may read it.
struct Letter {
    mark: String,
    message: (i64, i64),
    /// The patient whose case the answered message names; none for none.
    to: Option<i64>,
}

struct Play {
    stage: Stage,
    /// Every number the group has had, the newest last.
    groups: Vec<i64>,
    /// Whose case each is, as its own card said.
    cases: BTreeMap<u64, i64>,
    letters: Vec<Letter>,
    /// The marks of what each patient wrote.
    written: BTreeMap<String, i64>,
    blocked: BTreeSet<i64>,
    marks: usize,
}

impl Play {
    fn new(staff: Staff) -> Self {
        let mut stage = Stage::new(Arc::clone(&LIBRARY), "en", staff).expect("a stage");
        for (user, name) in PATIENTS {
            stage.world.add_person(user, name, None, Some("en"));
        }
        let group = stage.staff_chat();
        for (user, name) in STAFF {
            stage.world.add_person(user, name, None, Some("en"));
            stage.world.join(group, user);
        }
        Self {
            stage,
            groups: vec![group],
            cases: BTreeMap::new(),
            letters: Vec::new(),
            written: BTreeMap::new(),
            blocked: BTreeSet::new(),
            marks: 0,
        }
    }

    fn mark(&mut self) -> String {
        self.marks += 1;
        format!("mark{}end", self.marks)
    }

    fn group(&self) -> i64 {
        *self.groups.last().expect("there is one")
    }

    /// What the bot has said in every group, deleted or not.
    fn of_bot(&self) -> impl Iterator<Item = (i64, &Shown)> {
        self.groups.iter().flat_map(|group| {
            let messages = self.stage.world.messages(*group).iter();
            messages
                .filter(|shown| shown.from_bot && !shown.service)
                .map(|shown| (*group, shown))
        })
    }

    /// The case that a message names.
    fn case_in(text: &str) -> Option<u64> {
        let lower = text.to_lowercase();
        let (_, rest) = lower.split_once("case ")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// Cards say whose case they are: written down once, and it must not change.
    fn learn_cases(&mut self) {
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

    fn open_case(&self, patient: i64) -> Option<Case> {
        let (ledger, keys) = (self.stage.ledger(), self.stage.keys());
        let number = ledger.read::<CaseNumber>(&keys.open_case(ChatId(patient)));
        let (number, _) = number.ok().flatten()?;
        self.case(patient, number.0)
    }

    /// Whether a timer of the patient's stands.
    fn stands(&self, patient: i64, due: Due) -> bool {
        let key = self.stage.keys().due(ChatId(patient), due.kind());
        let row = self.stage.ledger().read_bytes(&key);
        matches!(row, Ok(Some(_)))
    }

    fn case(&self, patient: i64, number: u64) -> Option<Case> {
        let (ledger, keys) = (self.stage.ledger(), self.stage.keys());
        let case = ledger.read::<Case>(&keys.case(ChatId(patient), CaseNumber(number)));
        case.ok().flatten().map(|(case, _)| case)
    }

    /// Does one step. False when nobody could have done it.
    fn act(&mut self, step: &Step) -> bool {
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
            Step::Alarm(who) => {
                let (patient, _) = PATIENTS[*who];
                if self.stage.world.say(patient, patient, ALARM, now).is_err() {
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

    fn letter(&mut self, who: usize, to: Option<i64>, mut fields: serde_json::Value) {
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
    fn letters_are_right(&self) {
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
                assert!(delivered || copies == 0 || self.topic_is_gone(letter.message));
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
    fn read(&self, patient: i64) -> Vec<String> {
        let messages = self.stage.world.messages(patient).iter();
        let of_bot = messages.filter(|shown| shown.from_bot);
        of_bot.map(|shown| shown.text.clone()).collect()
    }

    /// Whether a message such as this has reached a patient since then.
    fn has_read(&self, patient: i64, since: Timestamp, such: impl Fn(&str) -> bool) -> bool {
        let mut messages = self.stage.world.messages(patient).iter();
        messages.any(|shown| shown.from_bot && shown.date >= since.0 && such(&shown.text))
    }

    /// What a patient wrote is read by staff below their own case alone.
    fn words_are_right(&self) {
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

fn check(staff: Staff, steps: &[Step]) {
    let mut play = Play::new(staff);
    for step in steps {
        let before: BTreeMap<i64, Option<Case>> = PATIENTS
            .iter()
            .map(|(patient, _)| (*patient, play.open_case(*patient)))
            .collect();
        let said_before = play.stage.world.messages(PATIENTS[0].0).len();
        let read_before = PATIENTS.map(|(patient, _)| play.read(patient).len());
        let logged = play.stage.world.log().len();
        if !play.act(step) {
            continue;
        }
        play.stage.settle();
        assert_eq!(play.stage.troubles, [""; 0], "after {step:?}");
        play.learn_cases();
        play.letters_are_right();
        play.words_are_right();
        for ((patient, _), read) in PATIENTS.into_iter().zip(read_before) {
            let after = play.open_case(patient);
            let news = play.read(patient).split_off(read);
            truth_is_told(&play, patient, before[&patient].as_ref(), &news, step);
            if let Some(was) = &before[&patient] {
                no_case_is_lost(&play, was, after.as_ref(), step);
                if let Some(is) = &after {
                    one_owner(was, is, step);
                }
            }
            // Writing clears nothing, and a talk is never on a closed case.
            if let Some(case) = &after {
                assert!(case.talk.is_none() || case.is_open());
                let stands = |due: Due| play.stands(patient, due);
                let climbs = stands(Due::Unclaimed(0)) || stands(Due::Unclosed(0));
                assert!(
                    climbs,
                    "nothing climbs for case {} after {step:?}",
                    case.number
                );
                assert!(
                    case.talk.is_none() || stands(Due::Talk),
                    "a talk never ends"
                );
            }
        }
        if let Step::Alarm(who) = step {
            let (patient, _) = PATIENTS[*who];
            assert!(play.open_case(patient).is_some(), "an alarm opened no case");
        }
        if let Step::Writes(who) | Step::Voice(who) | Step::Alarm(who) = step {
            let (patient, _) = PATIENTS[*who];
            let calls = &play.stage.world.log()[logged..];
            let answered = calls
                .iter()
                .any(|call| call.chat == Some(patient) && call.status == 200);
            assert!(
                answered || play.blocked.contains(&patient),
                "a patient got no answer after {said_before} messages"
            );
        }
    }
}

/// A case ends when staff close it, and in no other way.
fn no_case_is_lost(play: &Play, was: &Case, after: Option<&Case>, step: &Step) {
    if after.is_some_and(|is| is.number == was.number) {
        return;
    }
    assert!(
        matches!(step, Step::Presses(..) | Step::Closes(..)),
        "case {} was lost at {step:?}",
        was.number
    );
    let patient = was.chat.0;
    let is_closed = match play.case(patient, was.number.0) {
        Some(case) => !case.is_open(),
        None => was.forget_on_close,
    };
    assert!(is_closed, "case {} was lost at {step:?}", was.number);
}

/// What a patient reads of the team is so: that the note has arrived, that nobody
/// has seen it, that somebody has. And who is taken up reads so.
fn truth_is_told(play: &Play, patient: i64, was: Option<&Case>, news: &[String], step: &Step) {
    let reads = |words: &str| news.iter().any(|text| text.contains(words));
    let open = play.open_case(patient);
    let now = open.clone().or_else(|| {
        let last = was?;
        play.case(patient, last.number.0)
    });
    if reads("Your note is in our team's chat now") {
        let number = now.as_ref().map(|case| case.number.0);
        let stands = play
            .of_bot()
            .any(|(_, shown)| number.is_some() && Play::case_in(&shown.text) == number);
        assert!(stands, "no card stands in the staff chat after {step:?}");
    }
    if reads("Nobody on our team has seen your note yet") {
        let is_unseen = |case: &Case| case.state == CaseState::Open && !case.seen;
        assert!(now.as_ref().is_some_and(is_unseen), "untrue after {step:?}");
    }
    if reads("nobody is looking after it right now") {
        let is_left = |case: &Case| case.state == CaseState::Open && case.seen;
        assert!(now.as_ref().is_some_and(is_left), "untrue after {step:?}");
    }
    let seen = reads("Someone on our team has seen");
    if seen {
        let is_seen = |case: &Case| case.seen || !case.is_open();
        assert!(now.as_ref().is_none_or(is_seen), "untrue after {step:?}");
    }
    let Some(was) = was.filter(|was| Waits::of(was) == Some(Waits::Claim)) else {
        return;
    };
    let is_taken = now.is_none_or(|case| Waits::of(&case) != Some(Waits::Claim));
    let can_read = !play.blocked.contains(&patient) && !was.forget_on_close;
    if is_taken && can_read && !matches!(step, Step::Erases(_)) {
        let told = |text: &str| {
            text.contains("Someone on our team has seen") || text.contains("A person from")
        };
        // Who was told before, since the case began, need not read it again.
        let knows = (was.seen || was.talk.is_some()) && play.has_read(patient, was.since, told);
        let told_now = news.iter().any(|text| told(text));
        assert!(
            told_now || knows,
            "nobody told the patient after {step:?}: {news:?}"
        );
    }
}

/// Whoever has a case keeps it until somebody puts it back, says how it went or
/// closes it, or something new makes it open again.
fn one_owner(was: &Case, is: &Case, step: &Step) {
    if let (CaseState::Claimed { by: before, .. }, CaseState::Claimed { by: after, .. }) =
        (&was.state, &is.state)
    {
        assert_eq!(before, after, "two had case {} at {step:?}", was.number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_one_owner_right_recipient_no_lost_case_truth_told(
        has_topics in any::<bool>(),
        steps in steps(),
    ) {
        let staff = if has_topics { Staff::Topics } else { Staff::Group };
        check(staff, &steps);
    }
}
