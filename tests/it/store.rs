//! The store's contract, on every backend, and what it promises of secrets.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use proptest::prelude::*;
use psoas_bot::ids::{BotId, ChatId};
use psoas_bot::store::commit::VALUE_BYTES_MAX;
use psoas_bot::store::faulty::{Fault, FaultyStore, Lasting};
use psoas_bot::store::master::{MasterKeyError, check_outside};
use psoas_bot::store::medium::Medium;
use psoas_bot::store::memory::{MemoryDisk, MemoryStore};
use psoas_bot::store::seal::{SealError, VaultError};
use psoas_bot::store::sled::SledStore;
use psoas_bot::store::{
    Commit, CommitError, Journal, JournalEntry, Key, Kind, Ledger, MasterKey, OpenError,
    OpenReport, Put, Store, StoreError, Vault, Version, Write,
};
use tempfile::TempDir;

mod faults;
mod journal;
mod model;
mod secrets;

const BOT: BotId = BotId(7);
const ANA: ChatId = ChatId(101);
const BEN: ChatId = ChatId(102);
const MARKER: &str = "my leg has gone numb";

/// Where a ledger lives; opening it again is a restart.
enum Place {
    Memory(MemoryDisk),
    /// Faulty, and without a fault: wrapping must change nothing.
    Wrapped(MemoryDisk),
    Sled(TempDir),
}

impl Place {
    fn memory() -> Self {
        Self::Memory(MemoryDisk::default())
    }

    fn sled() -> Self {
        Self::Sled(tempfile::tempdir().unwrap())
    }

    fn raw(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(disk) => disk.store.clone(),
            Self::Wrapped(disk) => Arc::new(FaultyStore::new(disk.store.clone())),
            Self::Sled(folder) => Arc::new(SledStore::open(&folder.path().join("store")).unwrap()),
        }
    }

    fn open_on(&self, store: Arc<dyn Store>) -> (Ledger, OpenReport) {
        match self {
            Self::Memory(disk) | Self::Wrapped(disk) => disk.open_through(store).unwrap(),
            Self::Sled(folder) => {
                let vault = Vault::open(&folder.path().join("keys.bin"), &master()).unwrap();
                let journal = Journal::open(&folder.path().join("warnings.journal")).unwrap();
                Ledger::open(store, Arc::new(vault), journal).unwrap()
            }
        }
    }

    fn open(&self) -> Ledger {
        self.open_on(self.raw()).0
    }
}

#[track_caller]
fn on_every_store(test: impl Fn(&Place)) {
    test(&Place::memory());
    test(&Place::Wrapped(MemoryDisk::default()));
    test(&Place::sled());
}

fn master() -> MasterKey {
    MasterKey::from_hex(&"5a".repeat(32)).unwrap()
}

fn key(chat: ChatId, tail: &[u8]) -> Key {
    Key::new(BOT, chat, Kind::Conversation, tail)
}

fn put(chat: ChatId, tail: &[u8], value: &str) -> Put {
    Put::json(key(chat, tail), chat, &value).unwrap()
}

fn puts(puts: impl IntoIterator<Item = Put>) -> Commit {
    Commit {
        puts: puts.into_iter().collect(),
        ..Commit::default()
    }
}

fn warning(chat: ChatId, words: &str) -> JournalEntry {
    JournalEntry {
        subject: (BOT, chat),
        bytes: words.into(),
    }
}

fn read(ledger: &Ledger, chat: ChatId, tail: &[u8]) -> Option<(String, u64)> {
    let row = ledger.read::<String>(&key(chat, tail)).unwrap();
    row.map(|(value, version)| (value, version.0))
}

fn is_erased(ledger: &Ledger, chat: ChatId, tail: &[u8]) -> bool {
    match ledger.read::<String>(&key(chat, tail)) {
        Ok(row) => panic!("readable: {}", row.is_some()),
        Err(error) => error.is_erased(),
    }
}

#[test]
fn rows_are_put_read_replaced_and_deleted() {
    on_every_store(|place| {
        let ledger = place.open();
        assert_eq!(read(&ledger, ANA, b"x"), None);
        ledger
            .commit_blocking(puts([put(ANA, b"x", "one")]))
            .unwrap();
        assert_eq!(read(&ledger, ANA, b"x"), Some(("one".into(), 1)));
        ledger
            .commit_blocking(puts([put(ANA, b"x", "two")]))
            .unwrap();
        assert_eq!(read(&ledger, ANA, b"x"), Some(("two".into(), 2)));
        let delete = Commit {
            deletes: vec![key(ANA, b"x"), key(BEN, b"never there")],
            ..Commit::default()
        };
        ledger.commit_blocking(delete).unwrap();
        assert_eq!(read(&ledger, ANA, b"x"), None);
    });
}

#[test]
fn scans_go_by_bot_chat_kind_and_tail() {
    on_every_store(|place| {
        let ledger = place.open();
        let chats = [i64::MIN, -1_001_234, -1, 0, 1, 4_000_000_000, i64::MAX];
        let mut expected = Vec::new();
        for bot in [BotId(-3), BOT] {
            for chat in chats {
                for kind in [Kind::Conversation, Kind::Outbox] {
                    for tail in [b"".as_slice(), b"a", b"ab", b"b"] {
                        expected.push(Key::new(bot, ChatId(chat), kind, tail));
                    }
                }
            }
        }
        let rows = expected.iter().rev().map(|key| Put {
            key: key.clone(),
            subject: ChatId(0),
            value: key.encode(),
        });
        ledger.commit_blocking(puts(rows)).unwrap();

        let scan = |chat, kind| {
            let mut keys = Vec::new();
            let mut each = |key: Key, row: psoas_bot::store::Row<'_>| {
                assert_eq!(row.bytes().unwrap(), (key.encode(), Version(1)));
                keys.push(key);
            };
            ledger.scan(BOT, chat, kind, &mut each).unwrap();
            keys
        };
        let of_bot: Vec<Key> = expected
            .into_iter()
            .filter(|key| key.bot() == BOT)
            .collect();
        let of = |wanted: &dyn Fn(&Key) -> bool| -> Vec<Key> {
            of_bot.iter().filter(|key| wanted(key)).cloned().collect()
        };
        assert_eq!(scan(None, None), of_bot);
        assert_eq!(
            scan(None, Some(Kind::Outbox)),
            of(&|key| key.kind() == Kind::Outbox)
        );
        let group = ChatId(-1_001_234);
        assert_eq!(scan(Some(group), None), of(&|key| key.chat() == group));
        assert_eq!(
            scan(Some(group), Some(Kind::Conversation)),
            of(&|key| key.chat() == group && key.kind() == Kind::Conversation)
        );
        assert_eq!(scan(Some(ChatId(2)), None), []);
    });
}

#[test]
fn a_conflict_changes_nothing_and_harms_no_other() {
    on_every_store(|place| {
        let ledger = place.open();
        ledger
            .commit_blocking(puts([put(ANA, b"x", "one")]))
            .unwrap();
        for wrong in [Version::ABSENT, Version(2)] {
            let refused = ledger.commit_blocking(Commit {
                expect: vec![(key(BEN, b"y"), Version::ABSENT), (key(ANA, b"x"), wrong)],
                puts: vec![put(ANA, b"x", "two"), put(BEN, b"y", "new")],
                deletes: vec![key(ANA, b"x")],
                ..Commit::default()
            });
            assert!(matches!(
                refused,
                Err(CommitError::Conflict {
                    found: Version(1),
                    ..
                })
            ));
            assert_eq!(read(&ledger, ANA, b"x"), Some(("one".into(), 1)));
            assert_eq!(read(&ledger, BEN, b"y"), None);
        }
        let fits = Commit {
            expect: vec![(key(ANA, b"x"), Version(1))],
            // Twice in one commit is two versions, and the last one stands.
            puts: vec![put(ANA, b"x", "two"), put(ANA, b"x", "three")],
            ..Commit::default()
        };
        ledger.commit_blocking(fits).unwrap();
        assert_eq!(read(&ledger, ANA, b"x"), Some(("three".into(), 3)));
    });
}

#[test]
fn thirty_two_writers_lose_no_update() {
    on_every_store(|place| {
        let ledger = place.open();
        let counter = Key::new(BOT, ChatId(0), Kind::Counter, b"cases");
        thread::scope(|scope| {
            for writer in 0..32_i64 {
                let (ledger, counter) = (ledger.clone(), counter.clone());
                scope.spawn(move || {
                    for turn in 0..4_u8 {
                        loop {
                            let (count, version) = ledger
                                .read::<u64>(&counter)
                                .unwrap()
                                .unwrap_or((0, Version::ABSENT));
                            let next = Put::json(counter.clone(), ChatId(0), &(count + 1));
                            let result = ledger.commit_blocking(Commit {
                                expect: vec![(counter.clone(), version)],
                                puts: vec![next.unwrap(), put(ChatId(writer), &[turn], "t")],
                                ..Commit::default()
                            });
                            match result {
                                Ok(()) => break,
                                Err(CommitError::Conflict { .. }) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                    }
                });
            }
        });
        let (count, version) = ledger.read::<u64>(&counter).unwrap().unwrap();
        assert_eq!((count, version), (128, Version(128)));
        for writer in 0..32 {
            for turn in 0..4 {
                assert!(read(&ledger, ChatId(writer), &[turn]).is_some());
            }
        }
    });
}

#[test]
fn a_restart_keeps_what_was_committed() {
    on_every_store(|place| {
        let ledger = place.open();
        // Pages too large for sled's log go to files of their own.
        let large = "x".repeat(VALUE_BYTES_MAX - 2);
        for tail in 0..40 {
            ledger
                .commit_blocking(puts([put(ANA, &[tail], &large)]))
                .unwrap();
        }
        drop(ledger);
        let (ledger, report) = place.open_on(place.raw());
        assert_eq!((report.sequence, report.commits_missing), (40, 0));
        assert_eq!(read(&ledger, ANA, &[39]), Some((large, 1)));
        ledger
            .commit_blocking(puts([put(ANA, &[39], "small")]))
            .unwrap();
        drop(ledger);
        let (ledger, report) = place.open_on(place.raw());
        assert_eq!(report.sequence, 41);
        assert_eq!(read(&ledger, ANA, &[39]), Some(("small".into(), 2)));
        assert!(ledger.size_bytes().unwrap() > 39 * 60_000);
    });
}

#[test]
fn what_is_too_large_is_refused() {
    on_every_store(|place| {
        let ledger = place.open();
        let sized = |bytes| Put {
            key: key(ANA, b"x"),
            subject: ANA,
            value: vec![b' '; bytes],
        };
        ledger
            .commit_blocking(puts([sized(VALUE_BYTES_MAX)]))
            .unwrap();
        let refused =
            ledger.commit_blocking(puts([put(BEN, b"x", "one"), sized(VALUE_BYTES_MAX + 1)]));
        assert!(matches!(refused, Err(CommitError::TooLarge { .. })));
        assert_eq!(read(&ledger, BEN, b"x"), None);
        let many = (0..5000_u32).map(|tail| put(ANA, &tail.to_be_bytes(), ""));
        let refused = ledger.commit_blocking(puts(many));
        assert!(matches!(
            refused,
            Err(CommitError::TooManyRows { rows: 5000 })
        ));
    });
}

#[test]
fn a_later_commit_keeps_its_place() {
    on_every_store(|place| {
        let ledger = place.open();
        for count in ["one", "two"] {
            ledger.commit_later(puts([put(ANA, b"x", count)])).unwrap();
        }
        ledger
            .commit_blocking(puts([put(ANA, b"x", "three")]))
            .unwrap();
        assert_eq!(read(&ledger, ANA, b"x"), Some(("three".into(), 3)));
        ledger.commit_later(puts([put(ANA, b"x", "four")])).unwrap();
        drop(ledger);
        assert_eq!(read(&place.open(), ANA, b"x"), Some(("four".into(), 4)));
    });
}

#[tokio::test]
async fn a_shut_ledger_has_committed_what_waited() {
    let place = Place::sled();
    let ledger = place.open();
    ledger.commit(puts([put(ANA, b"x", "one")])).await.unwrap();
    ledger.commit_later(puts([put(ANA, b"x", "two")])).unwrap();
    ledger.flush().await.unwrap();
    assert_eq!(read(&ledger, ANA, b"x"), Some(("two".into(), 2)));
    ledger
        .commit_later(puts([put(ANA, b"x", "three")]))
        .unwrap();
    let other = ledger.clone();
    ledger.shutdown().await;
    assert_eq!(read(&other, ANA, b"x"), Some(("three".into(), 3)));
    let refused = other.commit(puts([put(ANA, b"x", "four")])).await;
    assert!(matches!(refused, Err(CommitError::Stopped)));
    assert!(matches!(
        other.commit_later(Commit::default()),
        Err(CommitError::Stopped)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn async_writers_are_grouped() {
    let disk = MemoryDisk::default();
    let store = Arc::new(FaultyStore::new(disk.store.clone()));
    let (ledger, _) = disk.open_through(store.clone()).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for chat in 1..=200 {
        let ledger = ledger.clone();
        tasks.spawn(async move { ledger.commit(puts([put(ChatId(chat), b"x", "t")])).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    assert!(store.applies() <= 200);
    for chat in 1..=200 {
        assert!(read(&ledger, ChatId(chat), b"x").is_some());
    }
}

fn grep(folder: &Path, each: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            grep(&path, each);
        } else {
            each(&path, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn raw_scans_stop_when_told() {
    for store in [
        Arc::new(MemoryStore::default()) as Arc<dyn Store>,
        Place::sled().raw(),
    ] {
        let write = |key: u8| Write::Put {
            key: vec![1, key],
            value: vec![key],
        };
        store.apply(&[write(3), write(1), write(2)]).unwrap();
        let mut seen = Vec::new();
        let mut each = |key: &[u8], _: &[u8]| {
            seen.push(key[1]);
            if seen.len() == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        store.scan(&[1], &mut each).unwrap();
        assert_eq!(seen, [1, 2]);
    }
}
