//! The drawings of a move that is played: each comes with its own step, those of the
//! easier way when it is asked for, and those of what comes afterwards when a side or
//! set is over.

use std::collections::BTreeSet;

use super::{Beat, Play, Playing};
use crate::dialog::walk::Walk;
use crate::ids::PictureId;

impl Playing<'_> {
    /// The number of the first step that has a drawing.
    fn first_drawn(&self) -> u16 {
        let first = self.steps.iter().position(|step| step.picture.is_some());
        first.map_or(0, |first| u16::try_from(first + 1).unwrap_or(u16::MAX))
    }

    /// The drawings up to a step that were not shown yet, or did not go out.
    pub(super) fn unseen(&self, upto: u16, undrawn: &BTreeSet<PictureId>) -> Vec<PictureId> {
        let steps = self.steps.iter().take(usize::from(upto)).enumerate();
        steps
            .filter_map(|(at, step)| Some((at, step.picture.as_ref()?)))
            .filter(|(at, picture)| {
                *at >= usize::from(self.play.seen) || undrawn.contains(*picture)
            })
            .map(|(_, picture)| picture.clone())
            .collect()
    }

    /// The drawing of the easier way, where that is done and it must be shown: when it
    /// was asked for, and again where drawings of the usual way came since and the
    /// patient gets in place. What is done is shown last.
    fn easier_due(&self, upto: u16, undrawn: &BTreeSet<PictureId>) -> Option<PictureId> {
        let picture = self.easier.filter(|_| self.play.easier)?.picture.as_ref()?;
        let is_due = match self.play.easier_seen {
            None => true,
            Some(seen) => {
                let since = self.steps.iter().take(usize::from(upto));
                let mut since = since.skip(usize::from(seen));
                let is_explained = matches!(self.play.beat, Beat::Steps(_));
                undrawn.contains(picture)
                    || !is_explained && since.any(|step| step.picture.is_some())
            }
        };
        is_due.then(|| picture.clone())
    }

    /// The drawings of what comes when a side or set is over.
    fn drawn_afterwards(&self) -> impl Iterator<Item = &PictureId> {
        self.afterwards
            .iter()
            .filter_map(|step| step.picture.as_ref())
    }
}

impl Walk<'_> {
    /// The drawings that come in front of what is asked now.
    pub fn pictures_of_play(&mut self) -> Vec<PictureId> {
        let Some(playing) = self.playing() else {
            return Vec::new();
        };
        let upto = match playing.play.beat {
            // What to know before comes with the first drawing: it says which move
            // this is.
            Beat::Steps(step) => step.max(playing.first_drawn()),
            Beat::Ready | Beat::Working(_) | Beat::Paused(_) => playing.last_step(),
        };
        let undrawn = &self.c.undrawn;
        let owed = playing.drawn_afterwards();
        let mut due: Vec<PictureId> = owed.filter(|one| undrawn.contains(*one)).cloned().collect();
        due.extend(playing.unseen(upto, undrawn));
        let seen = playing.play.seen.max(upto);
        let mut easier_seen = playing.play.easier_seen;
        if let Some(easier) = playing.easier_due(upto, undrawn) {
            due.retain(|one| *one != easier);
            due.push(easier);
            easier_seen = Some(seen);
        }
        self.set_play(Some(Play {
            seen,
            easier_seen,
            ..playing.play
        }));
        due
    }

    /// Whether the move that is played shows this drawing.
    pub fn plays_picture(&self, picture: &PictureId) -> bool {
        self.playing().is_some_and(|playing| {
            let steps = playing.steps.iter().chain(playing.afterwards);
            let drawn = steps.map(|step| &step.picture);
            let easier = playing.easier.map(|easier| &easier.picture);
            drawn.chain(easier).flatten().any(|drawn| drawn == picture)
        })
    }

    /// A side or set is over, or was left: how to get out of it. It is drawn the first
    /// time.
    pub(super) fn draw_afterwards(&mut self, playing: &Playing<'_>) {
        if playing.play.round == 0 {
            let pictures = playing.drawn_afterwards().cloned().collect();
            self.draw(pictures);
        }
    }

    /// What comes when a side or set is over, in words.
    pub(super) fn lead_afterwards(&mut self, playing: &Playing<'_>) {
        for step in playing.afterwards {
            self.lead(&step.say);
        }
    }
}
