//! Proves a content safe, or shows the shortest chat in which it is not.
//!
//! Pure, and apart from the engine only in what it leaves out: see
//! `docs/proof.md`. What it finds is played through
//! [`take_turn`](crate::dialog::take_turn) before anybody reads it. It does not
//! judge words: whether a sentence is true is for a clinician.

mod answers;
mod cards;
mod guarded;
mod guide;
mod machine;
mod moves;
mod paths;
mod quest;
mod questions;
mod rehearse;
mod rules;
mod search;
mod silent;
mod surely;
mod table;
mod tap;
mod ticks;
mod ways_out;

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::ids::{DialogId, StepId};
use guide::Guide;

pub use paths::{Ways, count_paths};
pub use questions::{Answered, find_step, reach_step, why};
pub use search::PLACES_MAX;
pub use table::{Row, Table, TableError};
pub use tap::Tap;

/// A verdict is kept by content and by this: another prover may see more. A hash
/// of the sources that a verdict rests on, made when the program is built.
pub const PROVER_VERSION: &str = env!("PROVER_VERSION");

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Property {
    /// No move without clearance.
    P1,
    /// No move behind a card.
    P2,
    /// One more tick never lowers the level.
    P3,
    /// A person and /stop are at hand.
    P4,
    /// Every conversation can end.
    P5,
    /// What goes with a move is said, and cautions change it.
    P6,
    /// Each level has its card, and nothing wrong behind it.
    P7,
    /// Each rule fires, and the table holds.
    P8,
}

impl Property {
    /// Every property, in order.
    pub const ALL: [Self; 8] = [
        Self::P1,
        Self::P2,
        Self::P3,
        Self::P4,
        Self::P5,
        Self::P6,
        Self::P7,
        Self::P8,
    ];

    /// Its name in the files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
            Self::P5 => "P5",
            Self::P6 => "P6",
            Self::P7 => "P7",
            Self::P8 => "P8",
        }
    }

    /// What it promises, in a line.
    #[must_use]
    pub const fn promise(self) -> &'static str {
        match self {
            Self::P1 => "no move before every safety screen is answered",
            Self::P2 => "no move behind a warning card until staff clear it",
            Self::P3 => "one more tick never lowers the level",
            Self::P4 => {
                "a person and /stop are two taps away, and so is booking where it is allowed"
            }
            Self::P5 => "every conversation can end, and none runs round in a circle",
            Self::P6 => "dose and stop rules come with the moves, and cautions change them",
            Self::P7 => "each level has its card, and its buttons open only what they may",
            Self::P8 => "each rule fires on some path of presses, and the table holds",
        }
    }
}

/// A place an author can look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spot {
    /// A step of a dialog.
    Step(DialogId, StepId),
    /// A name in a file: a flag, rule, card, move, command.
    Name {
        /// Which file.
        file: &'static str,
        /// As it stands there.
        name: String,
    },
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which property it breaks.
    pub property: Property,
    /// What goes wrong, in a sentence.
    pub what: String,
    /// The edit that most likely mends it.
    pub help: String,
    /// The places on the way, the last one the worst.
    pub spots: Vec<Spot>,
    /// The shortest chat in which it goes wrong, as a `.chat` file; none when it
    /// could not be shown. Its last line is what should hold.
    pub chat: Option<String>,
}

/// What was found out about one property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Which.
    pub property: Property,
    /// How many states of the abstract conversation, and turns of the real one,
    /// were looked at.
    pub states: usize,
    /// What does not hold; empty when it is proved.
    pub findings: Vec<Finding>,
    /// What the content has beyond the table.
    pub beyond: Vec<String>,
}

impl Report {
    fn new(property: Property) -> Self {
        Self {
            property,
            states: 0,
            findings: Vec::new(),
            beyond: Vec::new(),
        }
    }

    /// Whether the property holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Proves one content, property by property.
pub struct Prover<'a> {
    content: &'a Content,
    table: Option<&'a Table>,
    guide: Option<Guide<'a>>,
}

impl<'a> Prover<'a> {
    /// For a content, and what a table says of it.
    #[must_use]
    pub fn new(content: &'a Content, table: Option<&'a Table>) -> Self {
        Self {
            content,
            table,
            guide: None,
        }
    }

    /// Proves a property, or shows what breaks it.
    pub fn prove(&mut self, property: Property) -> Report {
        let content = self.content;
        let mut report = Report::new(property);
        match property {
            Property::P1 => guarded::prove(content, false, &mut report),
            Property::P2 => guarded::prove(content, true, &mut report),
            Property::P3 => ticks::prove(content, &mut report),
            Property::P4 => ways_out::prove_person(self.guide(), &mut report),
            Property::P5 => ways_out::prove_end(self.guide(), &mut report),
            Property::P6 => moves::prove(self.guide(), &mut report),
            Property::P7 => cards::prove(self.guide(), &mut report),
            Property::P8 => rules::prove(self.guide(), &mut report),
        }
        if let Some(table) = self.table
            && matches!(property, Property::P6 | Property::P8)
        {
            table::prove(self.guide(), table, &mut report);
        }
        report
    }

    /// Proves everything.
    pub fn prove_all(&mut self) -> Vec<Report> {
        Property::ALL
            .into_iter()
            .map(|property| self.prove(property))
            .collect()
    }

    fn guide(&mut self) -> &mut Guide<'a> {
        self.guide.get_or_insert_with(|| Guide::new(self.content))
    }
}

/// Whether a content keeps every promise. A table is its author's, and no part
/// of it.
#[must_use]
pub fn keeps_all(content: &Content) -> bool {
    let mut prover = Prover::new(content, None);
    Property::ALL
        .into_iter()
        .all(|property| prover.prove(property).holds())
}
