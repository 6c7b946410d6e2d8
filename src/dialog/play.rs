//! Plays moves with the patient: one step after the other, each hold counted
//! down, each side and set counted.
//!
//! The end of a hold is a moment kept in the conversation, and it comes in as a
//! timer, so a restart loses no second. Nothing is played without clearance.

mod drawings;
mod render;

use serde::{Deserialize, Serialize};

use super::button::{Cue, Token};
use super::conversation::Asking;
use super::effect::{Due, Effect, Message, Weight};
use super::walk::Walk;
use crate::content::{Answer, Easier, Move, MoveStep, Text, Verb, Work};
use crate::ids::{MoveId, StepId, Timestamp};

/// A countdown changes at most this often, in seconds: a channel slows whoever
/// edits more.
const TICK_SECONDS: i64 = 5;

/// Long holds change less often: above so many seconds left, in steps of so many.
const SLOWER_TICKS: [(i64, i64); 2] = [(60, 30), (20, 10)];

/// Reading about a move and getting in place takes about so long.
const PLACE_SECONDS: u32 = 30;

/// One slow movement that the patient counts takes about so long.
const ONE_TIME_SECONDS: u32 = 5;

/// Where a patient is in the moves that are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Play {
    /// Which of the step's moves.
    pub at: u16,
    /// How many of its sides and sets are done.
    pub round: u16,
    /// What it waits for.
    pub beat: Beat,
    /// The easier way was asked for.
    pub easier: bool,
    /// How many moves were done.
    pub done: u16,
    /// The drawings of so many of the move's steps were shown.
    #[serde(default)]
    pub seen: u16,
    /// How many those were when the drawing of the easier way was shown last.
    #[serde(default)]
    pub easier_seen: Option<u16>,
}

/// What a move that is played waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Beat {
    /// It is explained, up to this step; 0 is what to know before.
    Steps(u16),
    /// The patient gets in place for the next side or set.
    Ready,
    /// A hold runs until then; without an end, the patient counts.
    Working(Option<Timestamp>),
    /// A hold was stopped with so many seconds left.
    Paused(i64),
}

/// What is played now.
struct Playing<'a> {
    play: Play,
    moves: &'a [MoveId],
    hurt: &'a Answer,
    numb: &'a Answer,
    next: &'a StepId,
    exercise: &'a Move,
    steps: &'a [MoveStep],
    /// What comes when a side or set is over.
    afterwards: &'a [MoveStep],
    easier: Option<&'a Easier>,
}

impl Playing<'_> {
    fn last_step(&self) -> u16 {
        u16::try_from(self.steps.len()).unwrap_or(u16::MAX)
    }

    fn rounds(&self) -> u16 {
        self.exercise
            .pace
            .as_ref()
            .map_or(1, |pace| u16::try_from(pace.sides * pace.sets).unwrap_or(1))
    }

    /// Seconds of one hold; none where the patient counts, or nothing is held.
    fn hold(&self) -> Option<i64> {
        let usual = match self.exercise.pace.as_ref()?.work {
            Work::Hold { seconds } => seconds,
            Work::Times(_) => return None,
        };
        let shorter = self.easier.and_then(|easier| easier.hold_seconds);
        let seconds = match shorter {
            Some(shorter) if self.play.easier => shorter.min(usual),
            Some(_) | None => usual,
        };
        Some(i64::from(seconds))
    }
}

impl<'a> Walk<'a> {
    fn playing(&self) -> Option<Playing<'a>> {
        let Some(Verb::Play {
            moves,
            hurt,
            numb,
            next,
        }) = self.step().map(|step| &step.verb)
        else {
            return None;
        };
        let play = self.c.stack.last()?.play?;
        let exercise = self
            .content
            .moves
            .list
            .get(moves.get(usize::from(play.at))?)?;
        let way = self.way_of(exercise);
        let first_after = way.steps.iter().position(|step| step.afterwards);
        let (steps, afterwards) = way.steps.split_at(first_after.unwrap_or(way.steps.len()));
        Some(Playing {
            play,
            moves,
            hurt,
            numb,
            next,
            exercise,
            steps,
            afterwards,
            easier: way.easier,
        })
    }

    /// The move that is played, when it has only just begun.
    pub fn begun_move(&self) -> Option<&'a Move> {
        let playing = self.playing()?;
        (playing.play.beat == Beat::Steps(0)).then_some(playing.exercise)
    }

    fn set_play(&mut self, play: Option<Play>) {
        if let Some(frame) = self.c.stack.last_mut() {
            frame.play = play;
        }
    }

    /// The next move from `at` on that nothing drops.
    pub fn kept_from(&self, moves: &[MoveId], at: usize) -> Option<u16> {
        let place = (at..moves.len()).find(|place| !self.is_dropped(&moves[*place]))?;
        u16::try_from(place).ok()
    }

    /// Begins to play, or goes on after something came in between: a hold that
    /// was left begins anew.
    pub fn play(&mut self, moves: &'a [MoveId], first: u16) {
        let left = self.c.stack.last().and_then(|frame| frame.play);
        let play = match left {
            Some(play) if self.kept_from(moves, usize::from(play.at)) == Some(play.at) => Play {
                beat: match play.beat {
                    Beat::Working(_) | Beat::Paused(_) => Beat::Ready,
                    Beat::Steps(_) | Beat::Ready => play.beat,
                },
                ..play
            },
            Some(_) | None => {
                if let Some(say) = self.step().and_then(|step| step.say.as_ref()) {
                    self.lead(say);
                }
                self.lead_length(moves);
                Play {
                    at: first,
                    round: 0,
                    beat: Beat::Steps(0),
                    easier: false,
                    done: 0,
                    seen: 0,
                    easier_seen: None,
                }
            }
        };
        self.ask_play(play);
    }

    /// How many moves are left of these, and how long they take.
    fn lead_length(&mut self, moves: &[MoveId]) {
        let kept = moves.iter().filter(|id| !self.is_dropped(id));
        let seconds = kept
            .filter_map(|id| self.content.moves.list.get(id))
            .map(|exercise| PLACE_SECONDS + work_seconds(exercise))
            .sum::<u32>();
        let total = self.kept(moves).to_string();
        let minutes = seconds.div_ceil(60).to_string();
        let values = [("total", &*total), ("minutes", &minutes)];
        let said = self.text_with(&self.content.words.play_length, &values);
        self.lead.paragraph();
        self.lead.append(&said);
    }

    fn ask_play(&mut self, play: Play) {
        self.set_play(Some(play));
        self.ask(Asking::Step);
        self.time_hold();
    }

    /// A press while a move is played.
    pub fn cue(&mut self, cue: Cue) {
        let Some(playing) = self.playing() else {
            return self.stale();
        };
        // What the body says has already been stated, and may have taken clearance.
        match cue {
            Cue::Hurts => return self.stop_playing(&self.content.words.button_hurts, playing.hurt),
            Cue::Numb => return self.stop_playing(&self.content.words.button_numb, playing.numb),
            _ => {}
        }
        // A belt: whatever took clearance away has already ended the play.
        if !self.c.is_cleared(self.content) {
            return self.trip_guard();
        }
        let play = playing.play;
        let words = &self.content.words;
        match (cue, play.beat) {
            (Cue::Step(to), Beat::Steps(_)) if to <= playing.last_step() => {
                let play = Play {
                    beat: Beat::Steps(to),
                    ..play
                };
                // A drawing comes with its step, in front of it: a message of its own.
                if playing.unseen(to, &self.c.undrawn).is_empty() {
                    self.change_play(play);
                } else {
                    self.close_with(&words.button_next_step);
                    self.ask_play(play);
                }
            }
            // Nobody holds what was not shown: the drawings left come first.
            (Cue::Ready, Beat::Steps(step))
                if step < playing.last_step() && playing.exercise.pace.is_some() =>
            {
                self.close_with(&words.button_known);
                self.ask_play(Play {
                    beat: Beat::Ready,
                    ..play
                });
            }
            (Cue::Ready, Beat::Steps(_) | Beat::Ready) => {
                self.close_with(&words.button_ready);
                match &playing.exercise.pace {
                    None => self.end_round(&playing),
                    Some(_) => {
                        let ends = playing.hold().map(|hold| self.now.plus_seconds(hold));
                        self.ask_play(Play {
                            beat: Beat::Working(ends),
                            ..play
                        });
                    }
                }
            }
            (Cue::Pause, Beat::Working(Some(ends))) => {
                self.effects
                    .push(Effect::CancelDue(Due::Hold(Token::default())));
                self.change_play(Play {
                    beat: Beat::Paused(ends.seconds_since(self.now).max(1)),
                    ..play
                });
            }
            (Cue::Resume, Beat::Paused(left)) => {
                self.change_play(Play {
                    beat: Beat::Working(Some(self.now.plus_seconds(left))),
                    ..play
                });
                self.time_hold();
            }
            (Cue::Easier, beat) if !play.easier && playing.easier.is_some() => {
                let easier = Playing {
                    play: Play {
                        easier: true,
                        ..play
                    },
                    ..playing
                };
                let beat = match (beat, easier.hold()) {
                    (Beat::Working(Some(ends)), Some(hold)) => {
                        Beat::Working(Some(ends.min(self.now.plus_seconds(hold))))
                    }
                    (Beat::Paused(left), Some(hold)) => Beat::Paused(left.min(hold)),
                    (beat, _) => beat,
                };
                let play = Play {
                    beat,
                    ..easier.play
                };
                if easier.easier.is_some_and(|way| way.picture.is_some()) {
                    self.close_with(&words.button_easier);
                    self.ask_play(play);
                } else {
                    self.change_play(play);
                    self.time_hold();
                }
            }
            (Cue::Did, Beat::Working(None)) => {
                self.close_with(&words.button_did);
                self.end_round(&playing);
            }
            (Cue::Skip, _) => {
                self.close_with(&words.button_skip);
                if play.beat != Beat::Steps(0) {
                    self.draw_afterwards(&playing);
                    self.lead_afterwards(&playing);
                }
                self.next_move(&playing, play.done);
            }
            (
                Cue::Step(_)
                | Cue::Ready
                | Cue::Pause
                | Cue::Resume
                | Cue::Easier
                | Cue::Did
                | Cue::Hurts
                | Cue::Numb,
                _,
            ) => self.stale(),
        }
    }

    /// One step back: in the move, then to the move before. Says whether there was
    /// one; in front of the first move Back leaves.
    pub fn back_in_play(&mut self) -> bool {
        let playing = self.playing().filter(|_| self.is_asking_step());
        let Some(playing) = playing.filter(|_| self.c.is_cleared(self.content)) else {
            return false;
        };
        let play = playing.play;
        let before = match play.beat {
            Beat::Steps(0) => {
                let earlier = 0..usize::from(play.at);
                let kept = earlier
                    .rev()
                    .find(|place| !self.is_dropped(&playing.moves[*place]));
                let Some(at) = kept else { return false };
                let done = self.kept(&playing.moves[..at]);
                Play {
                    at: u16::try_from(at).unwrap_or(u16::MAX),
                    round: 0,
                    beat: Beat::Steps(0),
                    easier: false,
                    done: play.done.min(u16::try_from(done).unwrap_or(u16::MAX)),
                    seen: 0,
                    easier_seen: None,
                }
            }
            Beat::Steps(step) => Play {
                beat: Beat::Steps(step - 1),
                ..play
            },
            Beat::Ready | Beat::Working(_) | Beat::Paused(_) => Play {
                beat: Beat::Steps(playing.last_step()),
                ..play
            },
        };
        self.close_with(&self.content.words.button_back);
        self.ask_play(before);
        true
    }

    /// The body said stop: no more of this.
    fn stop_playing(&mut self, label: &Text, answer: &'a Answer) {
        self.close_with(label);
        self.set_play(None);
        self.leave_crumb(Vec::new());
        self.follow(answer);
    }

    /// What a press while playing says about the body, for the first branch of a
    /// turn.
    pub fn sign_answer(&self, cue: Cue) -> Option<&'a Answer> {
        let playing = self.playing()?;
        match cue {
            Cue::Hurts => Some(playing.hurt),
            Cue::Numb => Some(playing.numb),
            Cue::Step(_)
            | Cue::Ready
            | Cue::Pause
            | Cue::Resume
            | Cue::Did
            | Cue::Easier
            | Cue::Skip => None,
        }
    }

    /// The timer of a hold: another look at the countdown, or its end.
    pub fn hold_due(&mut self, token: Token) {
        let is_open = self.c.open.as_ref().is_some_and(|open| open.token == token);
        let Some(playing) = self.playing().filter(|_| is_open) else {
            return;
        };
        let Beat::Working(Some(ends)) = playing.play.beat else {
            return;
        };
        if !self.c.is_cleared(self.content) {
            return self.trip_guard();
        }
        if ends <= self.now {
            self.close_with(&self.content.words.button_did);
            return self.end_round(&playing);
        }
        self.edit_open(Weight::Tick);
        self.time_hold();
    }

    /// A hold that runs is stopped, and goes on with a press below what is said now:
    /// what stood above counts no more. One whose end has come goes its own way.
    pub fn hold_waits(&mut self) {
        let playing = self.playing().filter(|_| self.is_asking_step());
        let Some(Playing { play, .. }) = playing else {
            return;
        };
        let left = match play.beat {
            Beat::Working(Some(ends)) => ends.seconds_since(self.now),
            Beat::Paused(left) => left,
            Beat::Working(None) | Beat::Steps(_) | Beat::Ready => return,
        };
        if left > 0 {
            self.close_with(&self.content.words.button_pause);
            self.set_play(Some(Play {
                beat: Beat::Paused(left),
                ..play
            }));
            self.open_anew(Asking::Step, 0);
        }
    }

    fn is_asking_step(&self) -> bool {
        let open = self.c.open.as_ref();
        open.is_some_and(|open| open.asking == Asking::Step)
    }

    fn time_hold(&mut self) {
        let Some(open) = &self.c.open else { return };
        let due = Due::Hold(open.token);
        if let Some(Playing {
            play:
                Play {
                    beat: Beat::Working(Some(ends)),
                    ..
                },
            ..
        }) = self.playing()
        {
            let left = ends.seconds_since(self.now);
            let at = ends.plus_seconds(-next_look(left));
            self.effects.push(Effect::SetDue { due, at });
        }
    }

    fn close_with(&mut self, label: &Text) {
        let label = self.label(label);
        self.close_question(&label);
        self.effects
            .push(Effect::CancelDue(Due::Hold(Token::default())));
    }

    /// The same message, with what is true now.
    fn change_play(&mut self, play: Play) {
        self.set_play(Some(play));
        self.edit_open(Weight::Talk);
    }

    fn edit_open(&mut self, weight: Weight) {
        let Some(open) = self.c.open.clone() else {
            return;
        };
        let (text, keyboard) = self.render_edit(&open);
        let message = Message {
            text,
            keyboard,
            token: Some(open.token),
            weight,
        };
        self.effects.push(Effect::Edit {
            token: open.token,
            message,
        });
    }

    /// One side or set is done.
    fn end_round(&mut self, playing: &Playing<'a>) {
        let play = playing.play;
        self.draw_afterwards(playing);
        if play.round + 1 < playing.rounds() {
            self.lead_afterwards(playing);
            return self.ask_play(Play {
                round: play.round + 1,
                beat: Beat::Ready,
                ..play
            });
        }
        let name = self.name_of(playing.exercise);
        let said = self.text_with(&self.content.words.play_move_done, &[("move", &name)]);
        self.lead.append(&said);
        self.lead_afterwards(playing);
        self.next_move(playing, play.done + 1);
    }

    fn next_move(&mut self, playing: &Playing<'a>, done: u16) {
        let words = &self.content.words;
        let after = usize::from(playing.play.at) + 1;
        let Some(at) = self.kept_from(playing.moves, after) else {
            self.set_play(None);
            let total = self.kept(playing.moves).to_string();
            let values = [("done", &*done.to_string()), ("total", &total)];
            let said = self.text_with(&words.play_summary, &values);
            self.lead.paragraph();
            self.lead.append(&said);
            return self.goto(playing.next);
        };
        let name = self.content.moves.list.get(&playing.moves[usize::from(at)]);
        let name = name.map(|exercise| self.name_of(exercise));
        let values = [("move", name.as_deref().unwrap_or_default())];
        let said = self.text_with(&words.play_next, &values);
        self.lead.paragraph();
        self.lead.append(&said);
        self.ask_play(Play {
            at,
            round: 0,
            beat: Beat::Steps(0),
            easier: false,
            done,
            seen: 0,
            easier_seen: None,
        });
    }

    /// How many of the moves nothing drops.
    fn kept(&self, moves: &[MoveId]) -> usize {
        moves.iter().filter(|id| !self.is_dropped(id)).count()
    }
}

/// How long a move takes on all sides and sets.
fn work_seconds(exercise: &Move) -> u32 {
    exercise.pace.as_ref().map_or(0, |pace| {
        let each = match pace.work {
            Work::Hold { seconds } => seconds,
            Work::Times(times) => times * ONE_TIME_SECONDS,
        };
        each * pace.sides * pace.sets
    })
}

/// With `left` seconds to go: how many are left at the next look.
fn next_look(left: i64) -> i64 {
    let slower = SLOWER_TICKS.into_iter().find(|(above, _)| left > *above);
    let each = slower.map_or(TICK_SECONDS, |(_, each)| each);
    // On round numbers, and never too soon.
    let round = (left - 1).max(0) / each * each;
    if left - round < TICK_SECONDS {
        (round - each).max(0)
    } else {
        round
    }
}
