//! The journal of warnings: torn, damaged, verified, erased.

use super::*;

#[test]
fn the_journal_gives_warnings_back() {
    let disk = MemoryDisk::default();
    let (ledger, _) = disk.open().unwrap();
    for words in ["one", "two", "six"] {
        let commit = Commit {
            warn: vec![warning(ANA, words)],
            ..puts([put(ANA, words.as_bytes(), words)])
        };
        ledger.commit_blocking(commit).unwrap();
    }
    drop(ledger);
    let words = |report: &OpenReport| -> Vec<String> {
        let bytes = report
            .journal
            .entries
            .iter()
            .map(|replayed| &replayed.entry.bytes);
        bytes
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    };
    let whole = disk.journal.read_all().unwrap();
    let replay = |bytes: &[u8]| {
        let damaged = disk.copy().unwrap();
        damaged.journal.set_len(0).unwrap();
        damaged.journal.write_all_at(bytes, 0).unwrap();
        let (ledger, report) = damaged.open().unwrap();
        drop(ledger);
        let (_, again) = damaged.open().unwrap();
        (report, again)
    };

    let (report, _) = replay(&whole);
    assert_eq!(words(&report), ["one", "two", "six"]);
    let sequences: Vec<u64> = report
        .journal
        .entries
        .iter()
        .map(|one| one.sequence)
        .collect();
    assert_eq!(sequences, [1, 2, 3]);

    // Torn anywhere, the last record goes and the others stay.
    let record = (whole.len() - 32) / 3;
    for cut in 1..=record {
        let (report, again) = replay(&whole[..whole.len() - cut]);
        assert_eq!(words(&report), ["one", "two"], "cut by {cut}");
        assert_eq!(report.journal.torn_bytes as usize, record - cut);
        assert_eq!(again.journal.torn_bytes, 0, "the torn record was cut off");
    }

    // Damaged anywhere, a record costs itself alone.
    for place in 32..32 + record {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x40;
        let (report, _) = replay(&damaged);
        assert_eq!(words(&report), ["two", "six"], "damaged at {place}");
        assert_eq!(report.journal.damaged, 1);
    }
}

#[test]
fn the_journal_forgets_the_verified_and_the_erased() {
    let disk = MemoryDisk::default();
    let (ledger, _) = disk.open().unwrap();
    let warn = |chat| Commit {
        warn: vec![warning(chat, MARKER)],
        ..Commit::default()
    };
    ledger.commit_blocking(warn(ANA)).unwrap();
    ledger.commit_blocking(warn(BEN)).unwrap();
    let erase = Commit {
        erase: vec![(BOT, ANA)],
        ..Commit::default()
    };
    ledger.commit_blocking(erase).unwrap();
    drop(ledger);
    let (ledger, report) = disk.open().unwrap();
    assert_eq!(report.journal.erased, 1);
    let [bens] = report.journal.entries.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!((bens.sequence, &bens.entry), (2, &warning(BEN, MARKER)));
    // One appended since keeps them all.
    ledger.commit_blocking(warn(BEN)).unwrap();
    assert!(!ledger.truncate_journal(2).unwrap());
    assert!(ledger.truncate_journal(4).unwrap());
    ledger.commit_blocking(warn(BEN)).unwrap();
    drop(ledger);
    let (_, report) = disk.open().unwrap();
    assert_eq!((report.sequence, report.journal.entries.len()), (5, 1));
}
