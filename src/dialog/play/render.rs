//! The words and buttons of a move that is played.

use super::{Beat, Playing};
use crate::content::{RichText, Text, Work};
use crate::dialog::button::{Act, Button, Cue, Token};
use crate::dialog::walk::Walk;

impl Walk<'_> {
    /// The words and buttons of what is played.
    pub fn render_play(&self, token: Token) -> (RichText, Vec<Vec<Button>>) {
        let mut text = RichText::default();
        let Some(playing) = self.playing() else {
            return (text, Vec::new());
        };
        let words = &self.content.words;
        let Playing { play, exercise, .. } = playing;
        let number = self
            .kept(&playing.moves[..=usize::from(play.at)])
            .to_string();
        let total = self.kept(playing.moves).to_string();
        let name = self.name_of(exercise);
        let values = [("n", &*number), ("total", &total), ("move", &name)];
        text.push_bold(&self.text_with(&words.play_title, &values).text);
        match play.beat {
            Beat::Steps(0) => self.render_heed(exercise, &mut text),
            Beat::Steps(step) => {
                let total = playing.last_step().to_string();
                let values = [("n", &*step.to_string()), ("total", &total)];
                let said = self.text_with(&words.play_step, &values);
                text.push("\n\n");
                text.push_bold(&said.text);
                if let Some(step) = playing.steps.get(usize::from(step) - 1) {
                    text.push("\n");
                    text.append(&self.text(&step.say));
                }
            }
            Beat::Ready => {
                if let Some(before) = play.round.checked_sub(1) {
                    self.render_round(&playing, before, &words.play_round_done, &mut text);
                }
                self.render_round(&playing, play.round, &words.play_round_now, &mut text);
                text.push("\n");
                text.append(&self.text(&words.play_ready));
            }
            Beat::Working(ends) => {
                self.render_round(&playing, play.round, &words.play_round_now, &mut text);
                text.push("\n\n");
                let said = match (ends, exercise.pace.as_ref().map(|pace| &pace.work)) {
                    (None, Some(Work::Times(times))) => {
                        self.text_with(&words.play_times, &[("n", &times.to_string())])
                    }
                    (ends, _) => {
                        let left = ends.map_or(0, |ends| ends.seconds_since(self.now).max(0));
                        self.text_with(&words.play_hold, &[("time", &minutes(left))])
                    }
                };
                text.append(&said);
            }
            Beat::Paused(left) => {
                self.render_round(&playing, play.round, &words.play_round_now, &mut text);
                text.push("\n\n");
                text.append(&self.text_with(&words.play_paused, &[("time", &minutes(left))]));
            }
        }
        if play.beat != Beat::Steps(0) {
            // The steps are the usual way: what differs stands under each.
            self.render_changes(exercise, &mut text);
        }
        if let Some(easier) = playing.easier.filter(|_| play.easier) {
            text.push("\n\n");
            text.push_bold(&self.label(&words.play_easier));
            text.push("\n");
            text.append(&self.text(&easier.say));
        }
        (text, self.play_rows(token, &playing))
    }

    /// Which side and set; nothing where there is but one.
    fn render_round(&self, playing: &Playing<'_>, round: u16, around: &Text, text: &mut RichText) {
        let Some(pace) = &playing.exercise.pace else {
            return;
        };
        let words = &self.content.words;
        let round = u32::from(round);
        let mut parts = Vec::new();
        if pace.sides > 1 {
            let side = match round % pace.sides {
                0 => &words.side_left,
                _ => &words.side_right,
            };
            parts.push(self.label(side));
        }
        if pace.sets > 1 {
            let (n, total) = (round / pace.sides + 1, pace.sets);
            let values = [("n", &*n.to_string()), ("total", &total.to_string())];
            parts.push(self.text_with(&words.play_set, &values).text);
        }
        if !parts.is_empty() {
            text.push("\n");
            text.append(&self.text_with(around, &[("round", &parts.join(", "))]));
        }
    }

    fn play_rows(&self, token: Token, playing: &Playing<'_>) -> Vec<Vec<Button>> {
        let words = &self.content.words;
        let button = |cue, label| self.act(token, Act::Play(cue), label);
        let is_counted = playing.exercise.pace.is_some();
        let ready = |label| match is_counted {
            true => button(Cue::Ready, label),
            false => button(Cue::Ready, &words.button_did),
        };
        let first = match playing.play.beat {
            Beat::Steps(step) if step < playing.last_step() => vec![
                button(Cue::Step(step + 1), &words.button_next_step),
                ready(&words.button_known),
            ],
            Beat::Steps(_) | Beat::Ready => vec![ready(&words.button_ready)],
            Beat::Working(Some(_)) => vec![button(Cue::Pause, &words.button_pause)],
            Beat::Working(None) => vec![button(Cue::Did, &words.button_did)],
            Beat::Paused(_) => vec![button(Cue::Resume, &words.button_resume)],
        };
        let mut second = Vec::new();
        if playing.easier.is_some() && !playing.play.easier {
            second.push(button(Cue::Easier, &words.button_easier));
        }
        second.push(button(Cue::Skip, &words.button_skip));
        let signs = vec![
            button(Cue::Hurts, &words.button_hurts),
            button(Cue::Numb, &words.button_numb),
        ];
        vec![first, second, signs]
    }
}

/// As a clock shows it: `4:30`.
fn minutes(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
