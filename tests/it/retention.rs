//! What goes by itself and when, and what is asked again.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use psoas_bot::app::audit::{self, Noted};
use psoas_bot::app::records::{CLINIC, Keys, OutboxRow, Piece, Undelivered};
use psoas_bot::chat_test::{Staff, Stage};
use psoas_bot::content::{Consent, RichText};
use psoas_bot::dialog::{Keyboard, Weight};
use psoas_bot::ids::{BotId, CaseNumber, ChatId, Lang, Timestamp};
use psoas_bot::store::memory::MemoryDisk;
use psoas_bot::store::{Commit, Ledger, Put};

use crate::wire::house::{library, library_with};

const PATIENT: i64 = 42;
const DAY: i64 = 24 * 60 * 60;

fn noted(ledger: &Ledger, keys: Keys, what: &str, at: Timestamp) {
    let mut commit = Commit::default();
    let noted = Noted {
        who: None,
        what,
        case: Some(CaseNumber(1)),
    };
    audit::append(ledger, keys, &mut commit, &mut None, &noted, at).unwrap();
    ledger.commit_blocking(commit).unwrap();
}

/// The numbers of the rows that are kept, and where the chain breaks.
fn log_of(ledger: &Ledger, keys: Keys) -> (Vec<u64>, Option<u64>) {
    let rows = audit::read(ledger, keys).unwrap();
    let broken = audit::verify(ledger, keys, &rows).unwrap();
    let numbers = rows.iter().map(|row| row.number).collect();
    (numbers, broken.map(|broken| broken.number))
}

#[test]
fn old_rows_of_the_audit_log_go_and_the_rest_still_fits() {
    let (ledger, _) = MemoryDisk::default().open().unwrap();
    let keys = Keys(BotId(1));
    for (day, what) in (0..).zip(["case.claim", "case.close", "case.claim", "case.close"]) {
        noted(&ledger, keys, what, Timestamp(day * DAY));
    }
    let now = Timestamp(4 * DAY);
    let pruned = audit::prune(&ledger, keys, Timestamp(2 * DAY), now).unwrap();
    ledger.commit_blocking(pruned.unwrap()).unwrap();
    // The fifth row says that the first two went.
    assert_eq!(log_of(&ledger, keys), (vec![3, 4, 5], None));
    let nothing = audit::prune(&ledger, keys, Timestamp(2 * DAY), now).unwrap();
    assert_eq!(nothing, None);
    noted(&ledger, keys, "case.note", now);
    assert_eq!(log_of(&ledger, keys), (vec![3, 4, 5, 6], None));

    // The oldest row that is left cannot be taken out unseen, nor changed.
    let rows = audit::read(&ledger, keys).unwrap();
    let put = |number: u64, row: &audit::AuditRow| {
        let puts = vec![Put::json(keys.audit(number), CLINIC, row).unwrap()];
        let commit = Commit {
            puts,
            ..Commit::default()
        };
        ledger.commit_blocking(commit).unwrap();
    };
    let deletes = vec![keys.audit(3)];
    let commit = Commit {
        deletes,
        ..Commit::default()
    };
    ledger.commit_blocking(commit).unwrap();
    assert_eq!(log_of(&ledger, keys).1, Some(3));
    let mut changed = rows[0].clone();
    changed.what = "case.reached".to_owned();
    put(3, &changed);
    assert_eq!(log_of(&ledger, keys).1, Some(4));
    put(3, &rows[0]);
    assert_eq!(log_of(&ledger, keys).1, None);
    // Two rows in each other's place.
    put(4, &rows[2]);
    put(5, &rows[1]);
    assert_eq!(log_of(&ledger, keys).1, Some(4));
}

#[test]
fn what_could_not_be_delivered_goes_after_its_days() {
    let mut stage = Stage::new(library(), "en", Staff::Group).unwrap();
    let key = Keys(BotId(7_000)).undelivered(ChatId(PATIENT), 1);
    let piece = Piece::Send {
        text: RichText::plain("words"),
        keyboard: Keyboard::None,
        silent: false,
        shows: None,
    };
    let kept = Undelivered {
        row: OutboxRow::new(piece, Weight::Talk, Lang::En),
        why: "refused".to_owned(),
        at: Timestamp(stage.now()),
    };
    let commit = Commit {
        puts: vec![Put::json(key.clone(), ChatId(PATIENT), &kept).unwrap()],
        ..Commit::default()
    };
    stage.ledger().commit_blocking(commit).unwrap();
    let is_there = |stage: &Stage| stage.ledger().read_bytes(&key).unwrap().is_some();
    stage.turn_clock(29 * DAY);
    assert!(is_there(&stage));
    stage.turn_clock(2 * DAY);
    assert!(!is_there(&stage));
    assert_eq!(stage.troubles, Vec::<String>::new());
}

#[test]
fn another_text_of_the_consent_is_asked_again_and_the_same_is_not() {
    let mut stage = Stage::new(library(), "en", Staff::Group).unwrap();
    let asks = |stage: &Stage| {
        let messages = stage.world.messages(PATIENT);
        let last = messages.iter().rev().find(|shown| shown.from_bot).unwrap();
        let has = |words: &str| last.text.contains(words);
        (has("I'm the automated assistant"), has("has changed"))
    };
    let say = |stage: &mut Stage, words: &str| {
        let now = stage.now();
        stage.world.say(PATIENT, PATIENT, words, now).unwrap();
        stage.settle();
    };
    let agree = |stage: &mut Stage| {
        let now = stage.now();
        let messages = stage.world.messages(PATIENT);
        let shown = messages.iter().rev().find(|shown| shown.from_bot).unwrap();
        let (message, button) = (shown.message_id, &shown.buttons[0][0]);
        let data = button.data().unwrap().to_owned();
        stage
            .world
            .press(PATIENT, PATIENT, message, &data, now)
            .unwrap();
        stage.settle();
    };
    say(&mut stage, "/check");
    assert_eq!(asks(&stage), (true, false));
    agree(&mut stage);
    assert_eq!(asks(&stage), (false, false));
    say(&mut stage, "/check");
    assert_eq!(asks(&stage), (false, false), "the same text");

    let slot = library().newest().consent.clone().unwrap().slot;
    let version = "another".to_owned();
    let changed = Consent { slot, version };
    stage.change_content(library_with(|content| content.consent = Some(changed)));
    say(&mut stage, "/check");
    assert_eq!(asks(&stage), (true, true), "another text");
    agree(&mut stage);
    say(&mut stage, "/check");
    assert_eq!(asks(&stage), (false, false));
    assert_eq!(stage.troubles, Vec::<String>::new());
}

#[test]
fn any_change_of_the_consent_is_another_version() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
    let sources = psoas_bot::app::dialogs_dir::read(&folder).unwrap();
    let version = |file: &str, from: &str, to: &str| {
        let mut sources = sources.clone();
        let text = sources.files.get_mut(file).unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        let parsed = psoas_bot::content::parse(&sources, "tuscany-spa");
        parsed
            .unwrap_or_else(|found| panic!("{found:?}"))
            .content
            .consent
            .unwrap()
            .version
    };
    let now = library().newest().consent.clone().unwrap().version;
    assert_eq!(version("main.yaml", "Welcome to", "Hello from"), now);
    assert_ne!(version("consent.yaml", "ID numbers", "papers"), now);
    assert_ne!(version("consent.yaml", "identificaciones", "papeles"), now);
    // The number of days stands in it.
    let clinic = "clinics/tuscany-spa.yaml";
    assert_ne!(version(clinic, "answers: 90", "answers: 120"), now);
}
