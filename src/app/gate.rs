//! Proves a content promise by promise, on two threads.
//!
//! What a verdict means is [`crate::proof`]'s; who is told of it, the caller's.

use std::thread;

use super::clock::Clock;
use crate::content::Content;
use crate::proof::{Property, Prover, Report, Table};

/// A promise, proved or not, and how long that took.
#[derive(Debug, Clone)]
pub struct Proved {
    /// What was found out.
    pub report: Report,
    /// Milliseconds.
    pub millis: f64,
}

/// What the second thread proves. P1 takes the longest; it, P2 and P3 need no chats
/// to every step, which the others share.
const BESIDE: [Property; 3] = [Property::P1, Property::P2, Property::P3];

/// Proves these promises, and says each when it is done. The answers are in the
/// order of the promises. Where no table is given, the content's own is held.
pub fn prove(
    content: &Content,
    table: Option<&Table>,
    wanted: &[Property],
    done: impl Fn(&Proved) + Sync,
) -> Vec<Proved> {
    let (own, unread) = match Table::of(content).transpose() {
        Ok(own) => (own, None),
        Err(error) => (None, Some(error)),
    };
    let unread = unread.filter(|_| table.is_none());
    let table = table.or(own.as_ref());
    let (beside, here): (Vec<Property>, Vec<Property>) = wanted
        .iter()
        .partition(|property| BESIDE.contains(property));
    let prove = |properties: &[Property]| -> Vec<Proved> {
        let mut prover = Prover::new(content, table);
        let mut prove_one = |property| {
            let began = Clock::uptime();
            let mut report = prover.prove(property);
            if let Some(error) = unread.as_ref().filter(|_| property == Property::P8) {
                report.findings.push(error.finding());
            }
            let millis = (Clock::uptime() - began).as_secs_f64() * 1e3;
            let proved = Proved { report, millis };
            done(&proved);
            proved
        };
        properties
            .iter()
            .map(|property| prove_one(*property))
            .collect()
    };
    let mut proved = thread::scope(|scope| {
        let beside = scope.spawn(|| prove(&beside));
        let mut proved = prove(&here);
        match beside.join() {
            Ok(more) => proved.extend(more),
            // What panicked is unproved: the panic goes on.
            Err(panic) => std::panic::resume_unwind(panic),
        }
        proved
    });
    proved.sort_by_key(|one| one.report.property);
    proved
}
