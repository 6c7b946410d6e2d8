//! The exercises: how each is done, what a fact changes, and the drawings.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Atom, Push};
use crate::content::felt::Felt;
use crate::content::text::Text;
use crate::ids::{DialogId, Lang, MoveId, NoteId, PictureId, Revision};
use crate::picture::{self, DrawingError};

/// The exercises and what is said with them.
#[derive(Debug, Clone)]
pub struct Moves {
    /// Said before the first to those whom each concerns, in this order.
    pub notes: Vec<Note>,
    /// Said once, before the first.
    pub warm_up: Text,
    /// Said once, before the first.
    pub stop_rules: Text,
    /// On every move that has a push.
    pub every_push: Text,
    /// On every move.
    pub every_move: Text,
    /// The question some days later.
    pub ask_later: Option<AskLater>,
    /// Typed words that say what the body says.
    pub felt: Felt,
    /// By id.
    pub list: BTreeMap<MoveId, Move>,
}

/// What some facts ask for before a move.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its name in the file.
    pub id: NoteId,
    /// One of these facts is enough.
    pub with: Vec<Atom>,
    /// Not beside one of these, which have notes of their own.
    pub unless: Vec<Atom>,
    /// The words.
    pub say: Text,
}

/// How it went is asked some days after a move was first shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskLater {
    /// So many days later.
    pub days: u32,
    /// The dialog that asks. It is a place of `find.yaml` too, so whatever it leads to
    /// is reached, and proved, from anywhere.
    pub opens: DialogId,
}

/// One exercise.
#[derive(Debug, Clone)]
pub struct Move {
    /// Its name.
    pub name: Text,
    /// How hard it pulls.
    pub push: Push,
    /// How long, how often.
    pub dose: Text,
    /// What to do, in the order of the movement.
    pub steps: Vec<MoveStep>,
    /// What is done instead where a fact holds; the first such fact decides.
    pub instead: Vec<Instead>,
    /// What to heed.
    pub caveats: Text,
    /// How it is played; none for what is only told.
    pub pace: Option<Pace>,
    /// A gentler way.
    pub easier: Option<Easier>,
    /// What a fact changes; the strictest holds.
    pub changes: Vec<(Atom, Change)>,
}

/// A step of a move.
#[derive(Debug, Clone)]
pub struct MoveStep {
    /// What to do.
    pub say: Text,
    /// The drawing that shows it; the drawing before stands for a step without.
    pub picture: Option<PictureId>,
    /// It comes when a side or set is over, such as getting up. Such steps stand last.
    pub afterwards: bool,
}

/// A move done in another way. Nothing of the usual way is said beside it but its
/// name, where it has none of its own.
#[derive(Debug, Clone)]
pub struct Instead {
    /// One of these facts is enough.
    pub with: Vec<Atom>,
    /// What it is then called, where its usual name would mislead.
    pub name: Option<Text>,
    /// How long, how often.
    pub dose: Text,
    /// What is then done.
    pub steps: Vec<MoveStep>,
    /// What to heed.
    pub caveats: Text,
    /// A gentler way; none where this one is the gentlest.
    pub easier: Option<Easier>,
    /// What other facts change here, in the place of what they change in the usual
    /// way; nothing where they change nothing here.
    pub changes: Vec<(Atom, Option<Text>)>,
}

/// How a move is played.
#[derive(Debug, Clone)]
pub struct Pace {
    /// What is done each time.
    pub work: Work,
    /// 1, or 2 for the left and then the right.
    pub sides: u32,
    /// How often.
    pub sets: u32,
}

/// What is done on each side of each set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A position is held.
    Hold {
        /// For so long.
        seconds: u32,
    },
    /// The patient counts a movement up to this.
    Times(u32),
}

/// A gentler way to do a move.
#[derive(Debug, Clone)]
pub struct Easier {
    /// How.
    pub say: Text,
    /// Held for no longer than this.
    pub hold_seconds: Option<u32>,
    /// The drawing that shows it.
    pub picture: Option<PictureId>,
}

/// One drawing.
#[derive(Debug, Clone)]
pub struct Picture {
    /// What is on it, for those who cannot see it.
    pub alt: Text,
    /// A few words that are drawn below it.
    pub caption: Text,
    /// The drawing itself, as SVG.
    pub svg: String,
    /// With its caption, in every language.
    pub(in crate::content) drawn: BTreeMap<Lang, Drawn>,
}

/// A drawing with its caption in one language.
#[derive(Debug, Clone)]
pub(in crate::content) struct Drawn {
    /// The hash of all that is on it: a drawing that changes is another one.
    pub hash: Revision,
    /// Its pixels, once somebody has asked for them.
    pub png: OnceLock<Vec<u8>>,
}

impl Picture {
    /// What names the drawing with its caption in this language: what changes is
    /// another one.
    #[must_use]
    pub fn hash(&self, lang: Lang) -> &Revision {
        &self.drawn[&lang].hash
    }

    /// The drawing with its caption as a PNG. Making it takes some milliseconds,
    /// once.
    ///
    /// # Errors
    /// When its size cannot be used; that it can be read was checked.
    pub fn png(&self, lang: Lang) -> Result<&[u8], DrawingError> {
        let drawn = &self.drawn[&lang];
        match drawn.png.get() {
            Some(png) => Ok(png),
            None => {
                let png = picture::png(&self.svg, &self.caption.plain(lang))?;
                // Two at once make the same.
                Ok(drawn.png.get_or_init(|| png))
            }
        }
    }
}

/// What a fact does to a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is not shown.
    Drop,
    /// It is shown with this added.
    Adapt(Text),
}
