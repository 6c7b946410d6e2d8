//! What lies on the disk, who can read it, and what erasure erases.

use super::*;

#[test]
fn another_master_key_and_another_key_file_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (ledger, _) = Ledger::open_folder(data, &master()).unwrap();
    ledger
        .commit_blocking(puts([put(ANA, b"x", "one")]))
        .unwrap();
    drop(ledger);
    let other = MasterKey::from_hex(&"11".repeat(32)).unwrap();
    let refused = Ledger::open_folder(data, &other);
    assert!(matches!(
        refused,
        Err(OpenError::Vault(VaultError::WrongKey))
    ));
    fs::remove_file(data.join("keys.bin")).unwrap();
    let refused = Ledger::open_folder(data, &master());
    assert!(matches!(refused, Err(OpenError::KeysDoNotFit(_))));
    fs::write(data.join("keys.bin"), [1; 256]).unwrap();
    let refused = Ledger::open_folder(data, &master());
    assert!(matches!(
        refused,
        Err(OpenError::Vault(VaultError::NotAKeyFile { .. }))
    ));
}

#[test]
fn nothing_readable_lies_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open_folder(folder.path(), &master()).unwrap();
    let large = MARKER.repeat(2_000);
    let commit = Commit {
        warn: vec![warning(ANA, MARKER)],
        ..puts([put(ANA, b"x", MARKER), put(ANA, b"y", &large)])
    };
    assert!(!format!("{commit:?}").contains(MARKER));
    ledger.commit_blocking(commit).unwrap();
    drop(ledger);
    let mut bytes_seen = 0;
    grep(folder.path(), &mut |path, bytes| {
        let finds = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        assert!(!finds(&MARKER.as_bytes()[..8]), "{}", path.display());
        assert!(
            !finds(&[0x5a; 8]),
            "the master key is in {}",
            path.display()
        );
        bytes_seen += bytes.len();
    });
    assert!(bytes_seen > large.len());
}

#[test]
fn erasing_makes_rows_unreadable_and_the_key_vanish() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let keys = data.join("keys.bin");
    let place = Place::Sled(folder);
    let raw = place.raw();
    let (ledger, _) = place.open_on(raw.clone());
    ledger
        .commit_blocking(puts([put(BEN, b"x", "kept")]))
        .unwrap();
    let lock = ledger.vault().lock_hash(BOT, ANA);
    let before = fs::read(&keys).unwrap();
    ledger
        .commit_blocking(puts([put(ANA, b"x", MARKER)]))
        .unwrap();
    let with_ana = fs::read(&keys).unwrap();
    let slot = &with_ana[before.len()..];
    let wrapped = &slot[48..96];
    assert!(wrapped.iter().any(|byte| *byte != 0));
    let old_row = raw.get(&key(ANA, b"x").encode()).unwrap().unwrap();

    let erase = Commit {
        deletes: vec![key(ANA, b"x")],
        erase: vec![(BOT, ANA)],
        ..Commit::default()
    };
    ledger.commit_blocking(erase).unwrap();
    let after = fs::read(&keys).unwrap();
    assert!(!after.windows(8).any(|window| window == &wrapped[..8]));
    assert!(!after.windows(8).any(|window| window == &slot[8..16]));

    // The row comes back, as from the old bytes of a log; its key does not,
    // nor when the slot is used again.
    let bring_back = || {
        let write = Write::Put {
            key: key(ANA, b"old").encode(),
            value: old_row.clone(),
        };
        raw.apply(&[write]).unwrap();
    };
    bring_back();
    assert!(is_erased(&ledger, ANA, b"old"));
    ledger
        .commit_blocking(puts([put(ANA, b"x", "new here")]))
        .unwrap();
    assert_eq!(
        fs::read(&keys).unwrap().len(),
        with_ana.len(),
        "the slot is used again"
    );
    assert!(is_erased(&ledger, ANA, b"old"));
    assert_eq!(read(&ledger, ANA, b"x"), Some(("new here".into(), 1)));
    assert_eq!(read(&ledger, BEN, b"x"), Some(("kept".into(), 1)));
    // An erased row is as good as none, so it can be written over.
    ledger
        .commit_blocking(puts([put(ANA, b"old", "again")]))
        .unwrap();
    assert_eq!(read(&ledger, ANA, b"old"), Some(("again".into(), 1)));
    bring_back();
    drop((ledger, raw));
    let ledger = place.open();
    assert!(is_erased(&ledger, ANA, b"old"));
    assert_eq!(read(&ledger, ANA, b"x"), Some(("new here".into(), 1)));
    assert_eq!(ledger.vault().lock_hash(BOT, ANA), lock);
    assert_ne!(ledger.vault().lock_hash(BOT, BEN), lock);
}

#[test]
fn a_commit_cannot_erase_its_own_rows() {
    let ledger = Place::memory().open();
    for erased in [ANA, ChatId(0)] {
        let refused = ledger.commit_blocking(Commit {
            erase: vec![(BOT, erased)],
            ..puts([put(ANA, b"x", "one")])
        });
        assert!(matches!(refused, Err(CommitError::WouldErase)));
    }
}

#[test]
fn an_interrupted_erasure_is_finished_or_forgotten() {
    let disk = MemoryDisk::default();
    let faulty = Arc::new(FaultyStore::new(disk.store.clone()));
    let (ledger, _) = disk.open_through(faulty.clone()).unwrap();
    let erase = Commit {
        erase: vec![(BOT, ANA)],
        ..Commit::default()
    };
    ledger
        .commit_blocking(puts([put(ANA, b"x", "one")]))
        .unwrap();
    faulty.fail_at(1, Fault::After, Lasting::Once);
    assert!(ledger.commit_blocking(erase).is_err());

    // Killed here, the erasure was written down and is finished.
    let killed = disk.copy().unwrap();
    let (restarted, report) = killed.open().unwrap();
    assert_eq!(report.erasures_finished, 1);
    assert!(is_erased(&restarted, ANA, b"x"));
    drop(restarted);
    assert_eq!(killed.open().unwrap().1.erasures_finished, 0);

    // Going on, the patient was told it failed, and writes again.
    ledger
        .commit_blocking(puts([put(ANA, b"y", "two")]))
        .unwrap();
    drop(ledger);
    let (ledger, report) = disk.open().unwrap();
    assert_eq!(report.erasures_finished, 0);
    assert_eq!(read(&ledger, ANA, b"y"), Some(("two".into(), 1)));
}

#[test]
fn an_erasure_and_what_follows_it_at_once_do_not_mix() {
    let disk = MemoryDisk::default();
    let (ledger, _) = disk.open().unwrap();
    for round in 0..20 {
        // Unawaited, so that all three come into one group.
        ledger.commit_later(puts([put(ANA, b"x", "old")])).unwrap();
        let erase = Commit {
            deletes: vec![key(ANA, b"x")],
            erase: vec![(BOT, ANA)],
            ..Commit::default()
        };
        ledger.commit_later(erase).unwrap();
        ledger
            .commit_blocking(puts([put(ANA, b"y", "new")]))
            .unwrap();
        assert_eq!(read(&ledger, ANA, b"x"), None, "{round}");
        assert_eq!(read(&ledger, ANA, b"y").unwrap().0, "new");
    }
}

#[test]
fn a_sealed_row_opens_in_its_place_only() {
    let vault = Vault::on(Medium::memory(), &master()).unwrap();
    let sealed = vault.seal((BOT, ANA), b"here", MARKER.as_bytes()).unwrap();
    assert_eq!(
        &*vault.open_sealed(b"here", &sealed).unwrap(),
        MARKER.as_bytes()
    );
    let opened = vault.open_sealed(b"there", &sealed);
    assert!(matches!(opened, Err(SealError::Damaged)));
    for place in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[place] ^= 1;
        assert!(vault.open_sealed(b"here", &damaged).is_err(), "at {place}");
        assert!(
            vault.open_sealed(b"here", &sealed[..place]).is_err(),
            "cut at {place}"
        );
    }
}

#[test]
fn more_patients_than_keys_are_kept_unwrapped_all_open() {
    let keys = Medium::memory();
    let vault = Vault::on(keys.clone(), &master()).unwrap();
    let chats = 1..=5_000_i64;
    vault
        .ensure(&chats.clone().map(|chat| (BOT, ChatId(chat))).collect())
        .unwrap();
    let rows: Vec<Vec<u8>> = chats
        .map(|chat| {
            vault
                .seal((BOT, ChatId(chat)), b"", &chat.to_be_bytes())
                .unwrap()
        })
        .collect();
    let vault = Vault::on(keys, &master()).unwrap();
    assert_eq!((vault.key_count(), vault.damaged_count()), (5_000, 0));
    for (chat, row) in (1_i64..).zip(&rows) {
        assert_eq!(&*vault.open_sealed(b"", row).unwrap(), chat.to_be_bytes());
    }
    // Whether kept unwrapped for long, lately, or not at all.
    for chat in (1..=5_000_i64).step_by(100) {
        vault.erase((BOT, ChatId(chat))).unwrap();
        let erased = vault.open_sealed(b"", &rows[chat as usize - 1]);
        assert!(matches!(erased, Err(SealError::Erased)), "{chat}");
    }
}

#[test]
fn a_master_key_file_is_private_and_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    MasterKey::load_or_create(&path).unwrap();
    let made = fs::read_to_string(&path).unwrap();
    assert_eq!((made.trim().len(), made.len()), (64, 65));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let vault = |key: &MasterKey| Vault::open(&folder.path().join("keys.bin"), key).map(drop);
    vault(&MasterKey::load_or_create(&path).unwrap()).unwrap();
    vault(&MasterKey::from_hex(&made).unwrap()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = MasterKey::load_or_create(&path);
    assert!(matches!(
        refused,
        Err(MasterKeyError::Permissions { mode: 0o640, .. })
    ));
    for wrong in ["", "5a", &"5g".repeat(32), &"5a".repeat(33)] {
        assert!(matches!(
            MasterKey::from_hex(wrong),
            Err(MasterKeyError::NotHex)
        ));
    }
    let data = folder.path().join("data");
    check_outside(&path, &data).unwrap();
    check_outside(&folder.path().join("data.key"), &data).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
    for inside in ["data/master.key", "link/data/master.key"] {
        let refused = check_outside(&folder.path().join(inside), &data);
        assert!(matches!(refused, Err(MasterKeyError::Inside { .. })));
    }
}
