//! Brute force: every input at every state of small contents, through the engine
//! itself. The prover must come to the same verdict.
//!
//! P1 and P2 whole; of P5 that steps run round in a circle; of P7 that screens are
//! asked, moves come or visits are booked behind a card; of P8 that a rule never fires.
//! `docs/proof.md` says of each promise how far it is compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use psoas_bot::content::Content;
use psoas_bot::ids::{FlagId, MoveId};
use psoas_bot::proof::{Finding, Property, Prover, Table};

use super::small::{Small, looks_for_a_person, small};
use super::walked::{How, Seldom, Walked, walk};

/// Contents whose verdicts are compared.
const CONTENTS: usize = 1_000;

/// More states than this and a content is not walked to its end.
const STATES_MAX: usize = 300;

/// The same, with everything that comes seldom, where no chat shows what is broken.
const ALL_STATES_MAX: usize = 20_000;

/// So many that differ are shown at once.
const WRONG_MAX: usize = 3;

/// What is compared, and of which kinds there must be enough.
const COMPARED: [Property; 8] = Property::ALL;

/// What the prover says of one property, as far as brute force sees it: kept, or
/// broken and shown or not.
fn verdict(content: &Content, property: Property) -> Result<(), (String, Option<String>)> {
    let report = Prover::new(content, None).prove(property);
    // Which cards there are, and what their buttons do, is read and not walked.
    let is_compared = |what: &str| {
        let is_walked = what.contains("asks screens") || what.contains("books visits");
        // Who is asked for which sign is read too.
        (property != Property::P7 || is_walked) && !what.contains("nobody is asked for")
    };
    let mut findings: Vec<_> = report.findings.into_iter().collect();
    findings.retain(|finding| is_compared(&finding.what));
    match findings.into_iter().next() {
        None => Ok(()),
        Some(finding) => Err((finding.what, finding.chat)),
    }
}

/// How the verdicts of all contents so far came out.
#[derive(Debug, Default)]
struct Tally {
    compared: usize,
    /// Too large to walk to the end; what was seen broken is compared all the same.
    large: usize,
    /// Rightly broken, and no chat shows it.
    unshown: usize,
    kept: BTreeMap<Property, usize>,
    broken: BTreeMap<Property, usize>,
    wrong: Vec<String>,
}

/// What of it that comes seldom a seed is walked with.
fn seldom(seed: u64) -> Vec<Seldom> {
    let many = Seldom::ALL.len() as u64;
    let of = |at: u64| Seldom::ALL[usize::try_from(at % many).unwrap_or(0)];
    vec![of(seed), of(seed / many)]
}

/// Everything, at every state.
fn everything() -> How {
    How {
        states_max: ALL_STATES_MAX,
        seldom: Seldom::ALL.to_vec(),
        is_thorough: true,
    }
}

/// P6, row by row: each flag ought to take each move away. Where brute force sees the
/// move beside the flag, and nowhere else, the prover says that it does not.
fn compare_rows(content: &Content, seen: &Walked) -> Vec<String> {
    let (flags, moves) = (content.flags.keys(), content.moves.list.keys());
    let pairs: Vec<(&FlagId, &MoveId)> = flags
        .flat_map(|flag| moves.clone().map(move |id| (flag, id)))
        .collect();
    let rows = pairs.iter().fold(String::new(), |mut rows, (flag, id)| {
        let _ = writeln!(rows, "move\t{flag}\t{id}\tdrop");
        rows
    });
    let table = Table::parse(&rows).expect("these are rows");
    let findings = Prover::new(content, Some(&table))
        .prove(Property::P6)
        .findings;
    let mut wrong = Vec::new();
    for (flag, id) in pairs {
        let what = format!("`{flag}` should take the move {id} away");
        let found = findings.iter().find(|finding| finding.what.contains(&what));
        let is_seen = seen.shown_with.contains(&(flag.clone(), id.clone()));
        match found {
            None if is_seen => wrong.push(format!("P6: {id} is shown with {flag}, unproved")),
            Some(Finding {
                chat: Some(chat), ..
            }) if seen.is_complete && !is_seen => {
                wrong.push(format!("P6: {id} is never shown with {flag}, but:\n{chat}"));
            }
            Some(_) | None => {}
        }
    }
    wrong
}

/// Compares the verdicts of one seed.
fn compare(seed: u64, tally: &Mutex<Tally>) {
    let Small { content, sources } = small(seed);
    let how = How {
        states_max: STATES_MAX,
        seldom: seldom(seed),
        is_thorough: seed.is_multiple_of(8),
    };
    let mut seen = walk(&content, &how);
    let of_all = |property: &Property| *property != Property::P4 || looks_for_a_person(seed);
    let verdicts: Vec<(Property, _)> = COMPARED
        .into_iter()
        .filter(of_all)
        .map(|property| (property, verdict(&content, property)))
        .collect();
    let is_doubtful = verdicts.iter().any(|(property, verdict)| {
        matches!(verdict, Err((_, None))) && !seen.broken.contains(property)
    });
    if seen.is_complete && is_doubtful {
        // What no chat shows may need what comes seldom.
        seen = walk(&content, &everything());
    }
    let mut wrong = compare_rows(&content, &seen);
    let mut unshown = 0;
    for (property, verdict) in &verdicts {
        let property = *property;
        let is_broken = seen.broken.contains(&property);
        let id = property.id();
        match verdict {
            Ok(()) if is_broken => {
                wrong.push(format!("{id} is proved, and brute force breaks it"));
            }
            // Nobody may have been asked anything to stop.
            Err((what, _)) if property == Property::P4 && what.contains("no command") => {}
            // Which signs lead to a move, and not which ticks.
            Err((_, Some(_))) if property == Property::P3 => {}
            // Stop rules without a number are wrong where nobody is shown a move too.
            Err((_, None)) if property == Property::P6 && !seen.has_shown_move => {}
            Err((what, chat)) if seen.is_complete && !is_broken => {
                let chat = chat.as_deref().unwrap_or("(not shown)");
                wrong.push(format!(
                    "{id} is broken, and brute force finds nothing: {what}\n{chat}"
                ));
            }
            Err((_, None)) => unshown += 1,
            Ok(()) | Err(_) => {}
        }
    }
    let mut tally = tally.lock().expect("nobody panicked");
    tally.unshown += unshown;
    if !seen.is_complete {
        tally.large += 1;
    } else {
        tally.compared += 1;
        for (property, verdict) in verdicts {
            let Tally { kept, broken, .. } = &mut *tally;
            let which = if verdict.is_ok() { kept } else { broken };
            *which.entry(property).or_default() += 1;
        }
    }
    if !wrong.is_empty() {
        let files = [
            "check",
            "other",
            "main",
            "cards",
            "red-flags",
            "person",
            "book",
            "bot",
            "moves",
        ];
        let files: Vec<String> = files
            .iter()
            .filter_map(|file| {
                let text = sources.files.get(&format!("{file}.yaml"))?;
                Some(format!("# {file}.yaml\n{text}"))
            })
            .collect();
        tally.wrong.push(format!(
            "seed {seed}, {} states: {}\n{}",
            seen.states,
            wrong.join("\n"),
            files.join("\n")
        ));
    }
}

/// A number from the environment: `SMALL_CONTENTS=5000 SEED=1000 WRONG=20`.
fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn brute_force_says_the_same() {
    let wanted = number("SMALL_CONTENTS").unwrap_or(CONTENTS);
    let wrong_max = number("WRONG").unwrap_or(WRONG_MAX);
    let next = Mutex::new(number("SEED").unwrap_or(0) as u64);
    let tally = Mutex::new(Tally::default());
    let began = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    {
                        let tally = tally.lock().expect("nobody panicked");
                        if tally.compared >= wanted || tally.wrong.len() >= wrong_max {
                            return;
                        }
                    }
                    let seed = {
                        let mut next = next.lock().expect("nobody panicked");
                        *next += 1;
                        *next
                    };
                    compare(seed, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("nobody panicked");
    let per_second = tally.compared as f64 / began.elapsed().as_secs_f64();
    let of = |which: &BTreeMap<Property, usize>, property| which.get(&property).copied();
    println!(
        "{} compared, {per_second:.1} a second, {} too large to walk to the end, {} broken and not shown",
        tally.compared, tally.large, tally.unshown
    );
    let counts = COMPARED.map(|property| {
        let kept = of(&tally.kept, property).unwrap_or(0);
        let broken = of(&tally.broken, property).unwrap_or(0);
        println!("{}: {kept} kept, {broken} broken", property.id());
        (property, kept, broken)
    });
    assert!(tally.wrong.is_empty(), "\n{}\n", tally.wrong.join("\n\n"));
    for (property, kept, broken) in counts {
        // Nobody would notice a verdict that is always the same.
        assert!(
            kept * 50 >= wanted && broken * 50 >= wanted,
            "{}: {kept} kept and {broken} broken, one kind is rare",
            property.id()
        );
    }
}
