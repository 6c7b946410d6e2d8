//! What a write that fails, a lost tail and a damaged folder leave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::*;

/// Set in the process that is killed: the data folder it writes to.
const CRASH_FOLDER: &str = "PSOAS_TEST_CRASH_FOLDER";

/// Commits ten at a time, lets the nth write fail, restarts, and looks.
#[track_caller]
fn check_fault(place: &Place, nth: u64, fault: Fault, lasting: Lasting) {
    let faulty = Arc::new(FaultyStore::new(place.raw()));
    let (ledger, _) = place.open_on(faulty.clone());
    faulty.fail_at(nth, fault, lasting);
    let acknowledged = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for writer in 0..4_u8 {
            let (ledger, acknowledged) = (&ledger, &acknowledged);
            scope.spawn(move || {
                for turn in 0..8_u8 {
                    let commit = Commit {
                        warn: vec![warning(ANA, "w")],
                        ..puts([
                            put(ANA, &[writer, turn], "a"),
                            put(BEN, &[writer, turn], "b"),
                        ])
                    };
                    if ledger.commit_blocking(commit).is_ok() {
                        acknowledged.lock().unwrap().push([writer, turn]);
                    }
                }
            });
        }
    });
    drop((ledger, faulty));
    let (ledger, report) = place.open_on(place.raw());
    let acknowledged = acknowledged.into_inner().unwrap();
    for writer in 0..4 {
        for turn in 0..8 {
            let half = |chat| read(&ledger, chat, &[writer, turn]).is_some();
            assert_eq!(half(ANA), half(BEN), "{nth} {fault:?}: half a commit");
            if acknowledged.contains(&[writer, turn]) {
                assert!(half(ANA), "{nth} {fault:?}: an acknowledged commit is lost");
            }
        }
    }
    assert_eq!(report.commits_missing, 0);
    // The belt holds what failed, too: whoever replays it sees that.
    assert!(report.journal.entries.len() >= acknowledged.len());
    ledger
        .commit_blocking(puts([put(ANA, b"after", "t")]))
        .unwrap();
}

#[test]
fn a_failing_write_loses_nothing_acknowledged() {
    for nth in 1..20 {
        for fault in [Fault::Before, Fault::After] {
            for lasting in [Lasting::Once, Lasting::Onwards] {
                check_fault(&Place::memory(), nth, fault, lasting);
            }
        }
        check_fault(&Place::sled(), nth, Fault::After, Lasting::Onwards);
    }
}

#[test]
fn a_folder_in_use_says_so_and_leftovers_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    let leftover = folder.path().join("snap.0000000000000001.generating");
    fs::write(&leftover, "half").unwrap();
    let refused = SledStore::open(folder.path());
    assert!(matches!(refused, Err(StoreError::InUse { .. })));
    assert!(leftover.exists(), "touched the files of a running process");
    drop(store);
    let store = SledStore::open(folder.path()).unwrap();
    assert!(!leftover.exists());
    assert_eq!(store.repaired_copy(), None);
}

#[test]
fn a_lost_tail_is_noticed() {
    let mut disk = MemoryDisk::default();
    let (ledger, _) = disk.open().unwrap();
    ledger
        .commit_blocking(puts([put(ANA, b"x", "one")]))
        .unwrap();
    let before = disk.store.clone_disk();
    for _ in 0..3 {
        ledger
            .commit_blocking(puts([put(ANA, b"x", "two")]))
            .unwrap();
    }
    drop(ledger);
    disk.store = Arc::new(before);
    let (ledger, report) = disk.open().unwrap();
    assert_eq!((report.sequence, report.commits_missing), (1, 3));
    // A number once given out is not given out again.
    ledger
        .commit_blocking(puts([put(ANA, b"x", "two")]))
        .unwrap();
    drop(ledger);
    assert_eq!(disk.open().unwrap().1.sequence, 5);
}

#[test]
fn a_damaged_snapshot_is_repaired_beside_a_copy() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("store");
    let row = |round: u8, place: u8| Write::Put {
        key: vec![round, place],
        value: vec![place; 20_000],
    };
    // Opening what was written before makes sled take a snapshot.
    for round in 0..2 {
        let store = SledStore::open(&folder).unwrap();
        for place in 0..20 {
            store.apply(&[row(round, place)]).unwrap();
        }
    }
    let is_snapshot = |path: &Path| path.to_string_lossy().contains("snap.");
    let mut damaged = 0;
    grep(&folder, &mut |path, bytes| {
        if is_snapshot(path) {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            fs::write(path, bytes).unwrap();
            damaged += 1;
        }
    });
    assert_eq!(damaged, 1);
    let store = SledStore::open(&folder).unwrap();
    let copy = outer.path().join("store.damaged-1");
    assert_eq!(store.repaired_copy(), Some(copy.as_path()));
    assert!(copy.join("db").exists());
    for round in 0..2 {
        for place in 0..20 {
            assert_eq!(
                store.get(&[round, place]).unwrap(),
                Some(vec![place; 20_000])
            );
        }
    }
}

/// Not a test by itself: the process that [`kill_9_loses_nothing_acknowledged`]
/// kills. Each commit puts one number into two rows, and says so.
#[test]
fn writes_until_killed() {
    let Some(folder) = std::env::var_os(CRASH_FOLDER).map(PathBuf::from) else {
        return;
    };
    let (ledger, _) = Ledger::open_folder(&folder, &master()).unwrap();
    thread::scope(|scope| {
        for chat in 1..=4 {
            let ledger = &ledger;
            scope.spawn(move || {
                let before = read(ledger, ChatId(chat), b"x").map_or(0, |(_, version)| version);
                for number in before + 1.. {
                    // Sizes differ, so that the log's buffers fill up anywhere.
                    let value = "v".repeat(number as usize % 7 * 1_500);
                    let rows = [ChatId(chat), ChatId(-chat)].map(|chat| put(chat, b"x", &value));
                    ledger.commit_blocking(puts(rows)).unwrap();
                    writeln!(std::io::stdout(), "ack {chat} {number}").unwrap();
                }
            });
        }
    });
}

/// Starts the process and kills it once it has acknowledged `acks` commits;
/// gives all that it acknowledged.
fn run_until_killed(folder: &Path, acks: usize) -> Vec<(i64, u64)> {
    let mut process: Child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "store::faults::writes_until_killed",
        ])
        .env(CRASH_FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output: ChildStdout = process.stdout.take().unwrap();
    let mut seen = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.unwrap();
        let mut words = line.split(' ').skip_while(|word| *word != "ack").skip(1);
        if let (Some(chat), Some(number)) = (words.next(), words.next()) {
            seen.push((chat.parse().unwrap(), number.parse().unwrap()));
        }
        if seen.len() == acks {
            process.kill().unwrap();
        }
    }
    process.wait().unwrap();
    seen
}

#[test]
fn kill_9_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<i64, u64> = HashMap::new();
    for round in 1..=4 {
        let seen = run_until_killed(folder.path(), round * 61);
        assert!(seen.len() >= round * 61, "it ended before it was killed");
        acknowledged.extend(seen);
        let (ledger, report) = Ledger::open_folder(folder.path(), &master()).unwrap();
        assert_eq!(report.commits_missing, 0);
        for (chat, number) in &acknowledged {
            let [one, other] = [*chat, -*chat].map(|chat| read(&ledger, ChatId(chat), b"x"));
            assert_eq!(one, other, "half a commit");
            let (_, version) = one.unwrap();
            assert!(
                version >= *number,
                "{version} after {number} was acknowledged"
            );
        }
    }
}
