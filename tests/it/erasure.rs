//! After an erasure nothing that a patient said can be read any more, by
//! anybody: not from what the store wrote once, not from the journal, not with
//! the master key.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use psoas_bot::chat_test::{Staff, Stage};
use psoas_bot::ids::BotId;
use psoas_bot::store::sled::SledStore;
use psoas_bot::store::{
    EachRow, Journal, Kind, Ledger, MasterKey, Store, StoreError, Vault, Write,
};
use serde_json::json;
use tempfile::TempDir;

use crate::wire::house::library;

const PATIENT: i64 = 42;
const STAFF: i64 = -100;
const ANA: i64 = 9_000;
/// What nobody may find any more. The bot says none of these by itself.
const TRACES: [&str; 5] = [
    "zebrafish",
    "quaggamire",
    "Quillby",
    "quillby_z",
    "818 555 0142",
];
/// Header and slots of the key file.
const SLOT_BYTES: usize = 128;
/// Where a slot's wrapped key stands in it.
const WRAPPED: std::ops::Range<usize> = 48..96;

/// Keys and sealed values, in the order they were written.
type Written = Vec<(Vec<u8>, Vec<u8>)>;

/// A store that remembers every value it was ever given. A log keeps old bytes
/// for long: what stands here is at least what may lie on the disk.
struct Recorder {
    store: SledStore,
    written: Arc<Mutex<Written>>,
}

impl Store for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key)
    }

    fn scan(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), StoreError> {
        self.store.scan(prefix, each)
    }

    fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut written = self.written.lock().unwrap();
        for write in writes {
            if let Write::Put { key, value } = write {
                written.push((key.clone(), value.clone()));
            }
        }
        self.store.apply(writes)
    }

    fn size_bytes(&self) -> Result<u64, StoreError> {
        self.store.size_bytes()
    }
}

/// The whole bot on a folder of its own, one patient, and one member of staff.
struct House {
    folder: TempDir,
    vault: Arc<Vault>,
    written: Arc<Mutex<Written>>,
    stage: Stage,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::from_hex(&"5a".repeat(32)).unwrap();
        let written = Arc::default();
        let store = Recorder {
            store: SledStore::open(&folder.path().join("store")).unwrap(),
            written: Arc::clone(&written),
        };
        let vault = Arc::new(Vault::open(&folder.path().join("keys.bin"), &master).unwrap());
        let journal = Journal::open(&folder.path().join("warnings.journal")).unwrap();
        let (ledger, _) = Ledger::open(Arc::new(store), Arc::clone(&vault), journal).unwrap();
        let mut stage = Stage::on(library(), "en", Staff::Group, ledger, None);
        stage
            .world
            .add_person(PATIENT, "Quillby", Some("quillby_z"), Some("en"));
        stage.world.add_person(ANA, "Ana", None, Some("en"));
        stage.world.join(STAFF, ANA);
        Self {
            folder,
            vault,
            written,
            stage,
        }
    }

    fn says(&mut self, chat: i64, who: i64, words: &str) {
        let now = self.stage.now();
        self.stage.world.say(chat, who, words, now).unwrap();
        self.stage.settle();
        self.is_well();
    }

    #[track_caller]
    fn presses(&mut self, chat: i64, who: i64, label: &str) {
        self.begins_to_press(chat, who, label);
        self.stage.settle();
        self.is_well();
    }

    #[track_caller]
    fn begins_to_press(&mut self, chat: i64, who: i64, label: &str) {
        let now = self.stage.now();
        let found = self
            .stage
            .world
            .messages(chat)
            .iter()
            .rev()
            .find_map(|shown| {
                let mut buttons = shown.buttons.iter().flatten();
                let button = buttons.find(|button| button.label == label)?;
                Some((shown.message_id, button.data()?.to_owned()))
            });
        let (message, data) = found.unwrap_or_else(|| panic!("there is no button {label}"));
        self.stage
            .world
            .press(chat, who, message, &data, now)
            .unwrap();
    }

    #[track_caller]
    fn is_well(&self) {
        assert_eq!(self.stage.troubles, Vec::<String>::new());
    }

    /// What can be read with the master key: every value the store was ever
    /// given, and the journal.
    fn readable(&self) -> Vec<String> {
        let mut texts: Vec<String> = self
            .written
            .lock()
            .unwrap()
            .iter()
            .filter_map(|(key, value)| self.vault.open_sealed(key, value).ok())
            .map(|plain| String::from_utf8_lossy(&plain).into_owned())
            .collect();
        let journal = self.folder.path().join("warnings.journal");
        let mut journal = Journal::open(&copied(&journal)).unwrap();
        for replayed in journal.replay(&self.vault).unwrap().entries {
            texts.push(String::from_utf8_lossy(&replayed.entry.bytes).into_owned());
        }
        texts
    }

    fn traces(&self) -> Vec<&'static str> {
        let readable = self.readable();
        let is_left = |trace: &&&str| readable.iter().any(|text| text.contains(**trace));
        TRACES.iter().filter(is_left).copied().collect()
    }

    /// What of it the bot still shows in the staff chat.
    fn told_staff(&self) -> Vec<&'static str> {
        let shown = self.stage.world.messages(STAFF).iter();
        let of_bot: Vec<&str> = shown
            .filter(|shown| shown.from_bot && !shown.deleted)
            .map(|shown| shown.text.as_str())
            .collect();
        let is_left = |trace: &&&str| of_bot.iter().any(|text| text.contains(**trace));
        TRACES.iter().filter(is_left).copied().collect()
    }

    /// The wrapped keys that are in the key file.
    fn wrapped_keys(&self) -> Vec<Vec<u8>> {
        let bytes = fs::read(self.folder.path().join("keys.bin")).unwrap();
        let slots = bytes.chunks_exact(SLOT_BYTES).skip(1);
        slots
            .map(|slot| slot[WRAPPED].to_vec())
            .filter(|key| key.iter().any(|byte| *byte != 0))
            .collect()
    }

    /// Whether these bytes are in any file of the data folder.
    fn has_bytes(&self, wanted: &[u8]) -> bool {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        assert!(files.len() > 3);
        files.iter().any(|file| {
            let bytes = fs::read(file).unwrap();
            bytes.windows(wanted.len()).any(|window| window == wanted)
        })
    }
}

fn copied(file: &Path) -> PathBuf {
    let copy = file.with_extension("copy");
    fs::copy(file, &copy).unwrap();
    copy
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A warning, a number to call, and everything staff can do with them.
fn a_case(house: &mut House) {
    house.says(PATIENT, PATIENT, "/book");
    house.presses(PATIENT, PATIENT, "I'm not sure");
    house.presses(PATIENT, PATIENT, "Have someone call me");
    house.says(PATIENT, PATIENT, "+1 818 555 0142");
    house.says(
        PATIENT,
        PATIENT,
        "i have chest pain and cant breathe, zebrafish",
    );
    house.presses(STAFF, ANA, "I'm on it");
    house.says(STAFF, ANA, "/patient 1");
    house.says(STAFF, ANA, "/open");
    house.says(STAFF, ANA, "/note 1 told me about the quaggamire");
    house.says(STAFF, ANA, "/case 1");
    house.presses(STAFF, ANA, "Reached");
}

#[test]
fn nothing_of_a_patient_can_be_read_after_an_erasure() {
    let mut house = House::new();
    let before = house.wrapped_keys();
    house.says(PATIENT, PATIENT, "hello");
    a_case(&mut house);
    // Everything can be found, so that what follows says something.
    assert_eq!(house.traces(), TRACES);
    let wrapped: Vec<Vec<u8>> = house.wrapped_keys();
    let theirs = || wrapped.iter().filter(|key| !before.contains(key));
    assert_eq!(theirs().count(), 2, "the patient's key and the case's");
    assert!(theirs().all(|key| house.has_bytes(key)));

    house.presses(STAFF, ANA, "Close");
    house.says(PATIENT, PATIENT, "/delete");
    house.presses(PATIENT, PATIENT, "Erase everything");
    assert_eq!(house.traces(), Vec::<&str>::new());
    for key in theirs() {
        assert!(!house.has_bytes(key), "a wrapped key is still there");
    }
    for trace in TRACES {
        assert!(!house.has_bytes(trace.as_bytes()), "{trace}");
    }
    // The audit log goes on, and knows nobody.
    let mut rows = 0;
    let bot = BotId(7_000);
    let ledger = house.stage.ledger();
    ledger
        .scan(bot, None, Some(Kind::Audit), &mut |_, row| {
            row.bytes().unwrap();
            rows += 1;
        })
        .unwrap();
    assert!(rows > 3);
    // Neither does the staff chat.
    let staff_chat = house.stage.world.messages(STAFF).iter();
    let shown: Vec<&str> = staff_chat
        .filter(|shown| shown.from_bot)
        .map(|shown| shown.text.as_str())
        .collect();
    let cards = shown.iter().filter(|text| text.contains("Flags")).count();
    assert_eq!(cards, 0, "a card still stands: {shown:?}");
    assert_eq!(house.told_staff(), Vec::<&str>::new());
}

/// What was passed on while a person wrote with the patient: words, a picture with
/// words below it, one with none.
fn a_talk(house: &mut House) {
    house.says(STAFF, ANA, "/say 1 call");
    house.presses(STAFF, ANA, "Send to Quillby");
    house.says(PATIENT, PATIENT, "my zebrafish is alone");
    let now = house.stage.now();
    let media = [
        json!({"photo": true, "caption": "the quaggamire"}),
        json!({"sticker": true}),
    ];
    for sent in media {
        let world = &mut house.stage.world;
        world.say_with(PATIENT, PATIENT, sent, now).unwrap();
        house.stage.settle();
        house.is_well();
    }
}

#[test]
fn nothing_of_a_talk_is_left_after_an_erasure_in_the_data_or_in_the_staff_chat() {
    for closes_first in [true, false] {
        let mut house = House::new();
        a_case(&mut house);
        a_talk(&mut house);
        assert_eq!(house.traces(), TRACES);
        assert_eq!(house.told_staff(), TRACES);
        let pictures = |house: &House| {
            let shown = house.stage.world.messages(STAFF).iter();
            let of_bot = shown.filter(|shown| shown.from_bot && !shown.deleted);
            of_bot.filter(|shown| shown.media.is_some()).count()
        };
        assert_eq!(pictures(&house), 2);
        if closes_first {
            house.presses(STAFF, ANA, "Close");
        }
        house.says(PATIENT, PATIENT, "/delete");
        house.presses(PATIENT, PATIENT, "Erase everything");
        if !closes_first {
            assert_eq!(house.told_staff(), TRACES, "the case is open");
            house.presses(STAFF, ANA, "Close");
        }
        assert_eq!(house.traces(), Vec::<&str>::new());
        assert_eq!(house.told_staff(), Vec::<&str>::new());
        assert_eq!(pictures(&house), 0);
        for trace in TRACES {
            assert!(!house.has_bytes(trace.as_bytes()), "{trace}");
        }
    }
}

#[test]
fn an_open_case_keeps_its_words_until_it_is_closed_and_no_longer() {
    let mut house = House::new();
    let before = house.wrapped_keys();
    a_case(&mut house);
    house.says(PATIENT, PATIENT, "/delete");
    house.presses(PATIENT, PATIENT, "Erase everything");
    assert_eq!(house.traces(), TRACES, "the case is open");
    let all = house.wrapped_keys();
    let left: Vec<&Vec<u8>> = all.iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(left.len(), 1, "the case's key alone");
    house.presses(STAFF, ANA, "Close");
    assert_eq!(house.traces(), Vec::<&str>::new());
    assert!(!house.has_bytes(left[0]));
}

/// Whoever is back before their case is closed keeps the case, and not what they had
/// said before: its bytes go with the close, and so does the key they were sealed with.
#[test]
fn whoever_comes_back_keeps_nothing_of_before_once_the_case_is_closed() {
    let mut house = House::new();
    let before = house.wrapped_keys();
    a_case(&mut house);
    house.says(PATIENT, PATIENT, "/delete");
    house.presses(PATIENT, PATIENT, "Erase everything");
    let all = house.wrapped_keys();
    let left: Vec<&Vec<u8>> = all.iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(left.len(), 1, "the case's key alone");
    house.says(PATIENT, PATIENT, "i cant pee");
    house.presses(STAFF, ANA, "Close");
    assert!(!house.has_bytes(left[0]));
    let words = house.traces();
    assert_eq!(words, ["Quillby", "quillby_z"], "they are here again");
    house.presses(STAFF, ANA, "Open again");
    house.is_well();
}

/// What is typed while everything goes is answered, as a new patient's, and its
/// bytes go with its turn.
#[test]
fn words_that_wait_while_everything_goes_leave_nothing_behind() {
    let mut house = House::new();
    house.says(PATIENT, PATIENT, "hello");
    house.says(PATIENT, PATIENT, "/delete");
    let now = house.stage.now();
    house.begins_to_press(PATIENT, PATIENT, "Erase everything");
    house
        .stage
        .world
        .say(PATIENT, PATIENT, "zebrafish", now)
        .unwrap();
    house.stage.settle();
    house.is_well();
    assert!(!house.traces().contains(&"zebrafish"));
    let mut answers = house.stage.world.messages(PATIENT).iter();
    assert!(
        answers.any(|shown| shown.from_bot && shown.text.contains("No person reads this live"))
    );
    // They are a new patient, with a name again.
    house.says(PATIENT, PATIENT, "/delete");
    house.presses(PATIENT, PATIENT, "Erase everything");
    assert_eq!(house.traces(), Vec::<&str>::new());
}
