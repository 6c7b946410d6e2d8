//! Random operations, against a map.

use super::*;

/// What a random test does.
#[derive(Debug, Clone)]
enum Op {
    Put(u8, u8),
    Delete(u8),
    PutExpecting(u8, u64, u8),
    Both(u8, u8, u8),
    Restart,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let row = 0..6_u8;
    let op = prop_oneof![
        4 => (row.clone(), any::<u8>()).prop_map(|(row, value)| Op::Put(row, value)),
        2 => row.clone().prop_map(Op::Delete),
        3 => (row.clone(), 0..4_u64, any::<u8>()).prop_map(|(row, at, value)| Op::PutExpecting(row, at, value)),
        2 => (row.clone(), row, any::<u8>()).prop_map(|(put, delete, value)| Op::Both(put, delete, value)),
        1 => Just(Op::Restart),
    ];
    prop::collection::vec(op, 1..40)
}

fn check_ops(place: &Place, ops: &[Op]) {
    let mut model: BTreeMap<u8, (u8, u64)> = BTreeMap::new();
    let mut ledger = Some(place.open());
    // Rows spread over chats on both sides of zero.
    let key = |row: u8| key(ChatId(i64::from(row / 2) - 1), &[row]);
    let put = |row, value: u8| Put::json(key(row), ChatId(1), &value).unwrap();
    for op in ops {
        let open = ledger.as_ref().unwrap();
        let version = |model: &BTreeMap<u8, (u8, u64)>, row| model.get(&row).map_or(0, |one| one.1);
        match *op {
            Op::Put(row, value) => {
                open.commit_blocking(puts([put(row, value)])).unwrap();
                model.insert(row, (value, version(&model, row) + 1));
            }
            Op::Delete(row) => {
                let commit = Commit {
                    deletes: vec![key(row)],
                    ..Commit::default()
                };
                open.commit_blocking(commit).unwrap();
                model.remove(&row);
            }
            Op::PutExpecting(row, at, value) => {
                let commit = Commit {
                    expect: vec![(key(row), Version(at))],
                    ..puts([put(row, value)])
                };
                let result = open.commit_blocking(commit);
                assert_eq!(result.is_ok(), version(&model, row) == at);
                if result.is_ok() {
                    model.insert(row, (value, at + 1));
                }
            }
            Op::Both(row, gone, value) => {
                let commit = Commit {
                    deletes: vec![key(gone)],
                    ..puts([put(row, value)])
                };
                open.commit_blocking(commit).unwrap();
                model.insert(row, (value, version(&model, row) + 1));
                model.remove(&gone);
            }
            Op::Restart => {
                drop(ledger.take());
                ledger = Some(place.open());
            }
        }
    }
    let mut found = BTreeMap::new();
    let mut each = |key: Key, row: psoas_bot::store::Row<'_>| {
        let (value, version) = row.open::<u8>().unwrap();
        found.insert(key.tail()[0], (value, version.0));
    };
    ledger.unwrap().scan(BOT, None, None, &mut each).unwrap();
    assert_eq!(found, model);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_operations_leave_what_a_map_would(ops in ops()) {
        check_ops(&Place::memory(), &ops);
    }

    #[test]
    fn keys_sort_as_their_parts(
        parts in prop::collection::vec(
            (any::<i64>(), any::<i64>(), 0..Kind::ALL.len(), prop::collection::vec(any::<u8>(), 0..4)),
            2,
        )
    ) {
        let keys: Vec<Key> = parts
            .iter()
            .map(|(bot, chat, kind, tail)| Key::new(BotId(*bot), ChatId(*chat), Kind::ALL[*kind], tail))
            .collect();
        prop_assert_eq!(parts[0].cmp(&parts[1]), keys[0].encode().cmp(&keys[1].encode()));
        prop_assert_eq!(&Key::decode(&keys[0].encode()).unwrap(), &keys[0]);
        prop_assert!(Key::decode(&keys[0].encode()[..16]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_operations_leave_on_disk_what_a_map_would(ops in ops()) {
        check_ops(&Place::sled(), &ops);
    }
}
