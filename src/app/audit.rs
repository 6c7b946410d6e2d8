//! The audit log: who did what when, each row sealed and chained to the one
//! before by a hash, so that none can be changed or taken out unseen.
//!
//! No word of a patient is in it: people, acts and case numbers.

use serde::{Deserialize, Serialize};

use super::clerk::TurnError;
use super::records::{CLINIC, Keys};
use crate::ids::{CaseNumber, Timestamp};
use crate::staff::Staffer;
use crate::store::{Commit, Kind, Ledger, Put, ReadError, Version};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Counts from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who; none for somebody Telegram does not name, and for the bot itself.
    pub who: Option<Staffer>,
    /// What, as `case.claim` or `refused.not-staff`.
    pub what: String,
    /// On which case.
    pub case: Option<CaseNumber>,
    /// The hash of the row before; empty in the first.
    pub before: String,
}

impl AuditRow {
    /// The hash the next row carries.
    #[must_use]
    pub fn hash(&self) -> String {
        // Numbers and strings always serialise.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        blake3::hash(&bytes).to_hex().to_string()
    }
}

/// What is written down of an act.
#[derive(Debug, Clone)]
pub struct Noted<'a> {
    /// Who did it.
    pub who: Option<&'a Staffer>,
    /// What.
    pub what: &'a str,
    /// On which case.
    pub case: Option<CaseNumber>,
}

/// The newest row's number and hash.
pub type Head = (u64, String);

/// Adds a row to a commit. `newest` is the row this commit has added before, so
/// that they follow each other; of two commits at once one is refused and
/// prepared again.
///
/// # Errors
/// When the log's head cannot be read, or the row does not fit.
pub fn append(
    ledger: &Ledger,
    keys: Keys,
    commit: &mut Commit,
    newest: &mut Option<Head>,
    noted: &Noted<'_>,
    at: Timestamp,
) -> Result<(), TurnError> {
    let key = keys.audit_head();
    let (last, before) = match newest.take() {
        Some(head) => {
            commit.puts.retain(|put| put.key != key);
            head
        }
        None => {
            let found = ledger.read::<Head>(&key)?;
            let (head, version) = found.unwrap_or((Head::default(), Version::ABSENT));
            commit.expect.push((key.clone(), version));
            head
        }
    };
    let row = AuditRow {
        number: last + 1,
        at,
        who: noted.who.cloned(),
        what: noted.what.to_owned(),
        case: noted.case,
        before,
    };
    let head: Head = (row.number, row.hash());
    let put = Put::json(keys.audit(row.number), CLINIC, &row)?;
    commit.puts.push(put);
    commit.puts.push(Put::json(key, CLINIC, &head)?);
    *newest = Some(head);
    Ok(())
}

/// The commit that drops rows older than `before`, and writes down that it did;
/// none when there are none. The number and hash of the last row dropped stay, so
/// that the rest can be checked.
///
/// # Errors
/// When the log cannot be read.
pub fn prune(
    ledger: &Ledger,
    keys: Keys,
    before: Timestamp,
    now: Timestamp,
) -> Result<Option<Commit>, TurnError> {
    /// Below what one commit may hold; the next sweep takes the rest.
    const ROWS_MAX: usize = 2000;
    let rows = read(ledger, keys)?;
    let old = rows.iter().take_while(|row| row.at < before).take(ROWS_MAX);
    let old: Vec<&AuditRow> = old.collect();
    let Some(last) = old.last() else {
        return Ok(None);
    };
    let base: Head = (last.number, last.hash());
    let mut commit = Commit {
        deletes: old.iter().map(|row| keys.audit(row.number)).collect(),
        ..Commit::default()
    };
    commit
        .puts
        .push(Put::json(keys.audit_base(), CLINIC, &base)?);
    let noted = Noted {
        who: None,
        what: "retention.audit",
        case: None,
    };
    append(ledger, keys, &mut commit, &mut None, &noted, now)?;
    Ok(Some(commit))
}

/// Where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The number of the first row that does not fit.
    pub number: u64,
    /// What is wrong, for whoever reads the log.
    pub why: &'static str,
}

/// Reads the whole log, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn read(ledger: &Ledger, keys: Keys) -> Result<Vec<AuditRow>, ReadError> {
    let mut rows = Vec::new();
    let mut failed = None;
    ledger.scan(
        keys.0,
        Some(CLINIC),
        Some(Kind::Audit),
        &mut |_, row| match row.json::<AuditRow>() {
            Ok(row) => rows.push(row),
            Err(error) => failed = Some(error),
        },
    )?;
    match failed {
        Some(error) => Err(error),
        None => Ok(rows),
    }
}

/// Checks that every row follows the one before, up to the head that is kept.
///
/// # Errors
/// When the store cannot be read.
pub fn verify(ledger: &Ledger, keys: Keys, rows: &[AuditRow]) -> Result<Option<Break>, ReadError> {
    // Rows that were kept long enough are gone; the last of them is remembered.
    let base = ledger.read::<Head>(&keys.audit_base())?;
    let (dropped, mut before) = base.map(|(base, _)| base).unwrap_or_default();
    for (number, row) in (dropped + 1..).zip(rows) {
        if row.number != number {
            let why = "rows are missing before it";
            return Ok(Some(Break { number, why }));
        }
        if row.before != before {
            let why = "the row before it was changed";
            return Ok(Some(Break { number, why }));
        }
        before = row.hash();
    }
    let head = ledger.read::<Head>(&keys.audit_head())?;
    let (last, hash) = head.map(|(head, _)| head).unwrap_or_default();
    let count = dropped.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    if last != count {
        let why = "the newest rows are missing";
        return Ok(Some(Break {
            number: count + 1,
            why,
        }));
    }
    if hash != before {
        let why = "it was changed";
        return Ok(Some(Break { number: count, why }));
    }
    Ok(None)
}
