//! The staff chat: lost and found again, and moved to a new number.

use std::sync::Arc;

use serde_json::json;

use psoas_bot::app::clerk::{Clerk, Draft, Job};
use psoas_bot::app::library::Library;
use psoas_bot::app::records::{InboxRow, OutboxRow, Piece, Raw, Undelivered};
use psoas_bot::bot_api::{Fault, Shown};
use psoas_bot::chat_test::{Staff, Stage};
use psoas_bot::content::RichText;
use psoas_bot::dialog::{Due, Keyboard, Weight};
use psoas_bot::ids::{BotId, ChatId, Lang, Timestamp};
use psoas_bot::store::memory::MemoryDisk;
use psoas_bot::store::{Commit, Kind, Put};

use super::content::{CLINIC, real_content, real_sources};

const PATIENT: i64 = 42;
const ANA: i64 = 9000;
const ALARM: &str = "I have chest pain and can't breathe";

/// A bot with one open case.
fn stage() -> Stage {
    let library = Library::new(real_content().clone(), real_sources().clone(), CLINIC);
    let mut stage = Stage::new(Arc::new(library), "en", Staff::Group).expect("a stage");
    let group = stage.staff_chat();
    stage.world.add_person(ANA, "Ana", None, Some("en"));
    stage.world.join(group, ANA);
    say(&mut stage, PATIENT, PATIENT, ALARM);
    stage
}

fn say(stage: &mut Stage, chat: i64, user: i64, text: &str) {
    let now = stage.now();
    stage.world.say(chat, user, text, now).expect("said");
    stage.settle();
    assert_eq!(stage.troubles, [""; 0]);
}

fn of_bot(stage: &Stage, chat: i64) -> Vec<Shown> {
    let all = stage.world.messages(chat).iter();
    all.filter(|shown| shown.from_bot && !shown.service)
        .cloned()
        .collect()
}

fn reads(stage: &Stage, chat: i64, words: &str) -> usize {
    let all = of_bot(stage, chat);
    all.iter()
        .filter(|shown| shown.text.contains(words))
        .count()
}

fn is_lost(stage: &Stage) -> bool {
    let key = stage.keys().single("desk-lost");
    let row = stage.ledger().read_bytes(&key).expect("a store");
    row.is_some()
}

#[test]
fn a_chat_that_takes_a_message_is_lost_no_more() {
    let mut stage = stage();
    let group = stage.staff_chat();
    stage
        .world
        .fail_next_in(group, "sendMessage", Fault::Forbidden);
    say(&mut stage, group, ANA, "/open");
    assert!(is_lost(&stage), "the owners were told");
    say(&mut stage, group, ANA, "/oncall");
    assert!(!is_lost(&stage), "it has taken a message since");
}

#[test]
fn cards_stand_in_the_new_group_and_old_ones_still_serve() {
    let mut stage = stage();
    let old = stage.staff_chat();
    let card = of_bot(&stage, old).pop().expect("a card");
    let now = stage.now();
    let new = stage.world.migrate(old, now).expect("a group");
    stage.settle();
    assert_eq!(reads(&stage, new, "Case 1 · emergency now"), 1, "once");

    // A press on the card that cannot be changed any more.
    let press = json!({"update_id": 1, "callback_query": {
        "id": "1", "from": {"id": ANA, "first_name": "Ana"}, "data": "case:1:claim:0",
        "message": {"message_id": card.message_id, "date": 0, "chat": {"id": old, "type": "group"}}}});
    let row = InboxRow::Update {
        raw: Raw(press.to_string()),
        at: Timestamp(now),
        tries: 0,
    };
    let library = Library::new(real_content().clone(), real_sources().clone(), CLINIC);
    let ledger = stage.ledger().clone();
    let clerk = Clerk::new(
        ledger,
        Arc::new(library),
        stage.keys().0,
        "clinic_bot",
        Some(ChatId(new)),
        1_000,
    );
    let job = Job::Row { sequence: 999, row };
    let prepared = clerk.prepare(ChatId(old), &job, Timestamp(now));
    let prepared = prepared.expect("a turn");
    let woken = prepared.wakes.iter().map(|(chat, _, row)| (*chat, row));
    let seen = woken.collect::<Vec<_>>();
    assert_eq!(
        seen,
        [(ChatId(PATIENT), &InboxRow::Seen)],
        "the patient is told"
    );
    let (chat, _, changed) = prepared.messages.first().expect("the card changes");
    assert_eq!(
        (*chat, changed.case.map(|case| case.0)),
        (ChatId(new), Some(1))
    );

    // A reply to it reaches the patient whose case it shows, and no other chat's does.
    for (chat, text) in [(old, "call us please"), (-4321, "for nobody")] {
        let external =
            json!({"chat": {"id": chat, "type": "group"}, "message_id": card.message_id});
        let fields = json!({"text": text, "external_reply": external});
        let now = stage.now();
        stage.world.say_with(new, ANA, fields, now).expect("said");
        stage.settle();
    }
    assert_eq!(stage.troubles, [""; 0]);
    assert_eq!(reads(&stage, PATIENT, "call us please"), 1);
    assert_eq!(reads(&stage, PATIENT, "for nobody"), 0);

    // It is not posted again at the next start.
    stage.restart(false);
    assert_eq!(reads(&stage, new, "Case 1 · emergency now"), 1);
}

/// The settings name another group than before, or one for the first time.
#[test]
fn an_open_case_is_told_in_whatever_is_the_staff_chat_at_a_start() {
    const OTHER: i64 = -777;
    let stage = stage();
    let told_in = |chat: i64| {
        let library = Library::new(real_content().clone(), real_sources().clone(), CLINIC);
        let (ledger, bot) = (stage.ledger().clone(), stage.keys().0);
        let staff = Some(ChatId(chat));
        let clerk = Clerk::new(ledger, Arc::new(library), bot, "clinic_bot", staff, 1_000);
        let mut draft = Draft::new(&clerk, Timestamp(stage.now()));
        clerk.arm_desk(&mut draft).expect("a start");
        let told = draft.prepared.messages.iter();
        let told: Vec<(i64, Option<u64>)> = told
            .map(|(chat, _, row)| (chat.0, row.case.map(|case| case.0)))
            .collect();
        let rungs: Vec<Due> = draft.prepared.dues.iter().map(|(_, row)| row.due).collect();
        let committed = clerk.ledger.commit_blocking(draft.prepared.commit);
        committed.expect("a commit");
        (told, rungs)
    };
    assert_eq!(told_in(stage.staff_chat()), (vec![], vec![]), "it is there");
    let (told, rungs) = told_in(OTHER);
    assert_eq!(told, [(OTHER, Some(1))]);
    assert_eq!(rungs, [Due::Unclaimed(0)], "nobody there has heard of it");
    assert_eq!(told_in(OTHER), (vec![], vec![]), "it is on its way");
}

/// What could not be delivered is its patient's, and goes with their key when it
/// is sent again.
#[test]
fn what_is_sent_again_is_sealed_as_it_was() {
    let (patient, group, now) = (ChatId(PATIENT), ChatId(-100), Timestamp(1_800_000_000));
    let (ledger, _) = MemoryDisk::default().open().expect("a store");
    let library = Library::new(real_content().clone(), real_sources().clone(), CLINIC);
    let clerk = Clerk::new(ledger, Arc::new(library), BotId(7), "bot", Some(group), 0);
    let piece = Piece::Send {
        text: RichText::plain("what I told you"),
        keyboard: Keyboard::None,
        silent: false,
        shows: None,
    };
    let row = OutboxRow::new(piece, Weight::Warning, Lang::En);
    let kept = Undelivered {
        row,
        why: "blocked".to_owned(),
        at: now,
    };
    let key = clerk.keys.undelivered(patient, 7);
    let commit = Commit {
        puts: vec![Put::json(key, patient, &kept).expect("it fits")],
        ..Commit::default()
    };
    clerk.ledger.commit_blocking(commit).expect("kept");
    let press = json!({"update_id": 1, "callback_query": {
        "id": "1", "from": {"id": ANA, "first_name": "Ana"}, "data": format!("dead:{PATIENT}:7"),
        "message": {"message_id": 5, "date": 1, "chat": {"id": group.0, "type": "group"}}}});
    let row = InboxRow::Update {
        raw: Raw(press.to_string()),
        at: now,
        tries: 0,
    };
    let job = Job::Row { sequence: 1, row };
    let prepared = clerk.prepare(group, &job, now).expect("a turn");
    let mut puts = prepared.commit.puts.iter();
    let sent = puts
        .find(|put| put.key.kind() == Kind::Outbox)
        .expect("sent");
    assert_eq!((sent.key.chat(), sent.subject), (patient, patient));
}
