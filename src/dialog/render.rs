//! How questions and cards read.

use super::button::{Act, Button, Press, Token, flag_choice};
use super::conversation::{Asking, Open, Pending, Slot, Stop};
use super::effect::Keyboard;
use super::input::{Desk, Opens, OpensOn};
use super::walk::Walk;
use crate::content::{
    Choice, Move, Push, RichText, Screen, ScreenStyle, Step, Text, TextKind, Verb, YesNo,
};
use crate::ids::{CardId, MoveId};
use crate::triage::Level;

/// A scale's buttons stand in rows of at most this many.
const SCALE_ROW_MAX: usize = 6;

/// Short labels share a row of two when both fit a phone.
const PAIR_LABEL_CHARS_MAX: usize = 14;

impl<'a> Walk<'a> {
    /// The words and buttons of an open question. The same question gives the
    /// same message, so it can be shown again and edited in place.
    pub fn render(&self, open: &Open) -> (RichText, Keyboard) {
        match &open.asking {
            Asking::Item(pending) => self.render_item(open.token, pending),
            Asking::Change => self.render_change(open),
            Asking::Step => match self.step() {
                Some(step) => self.render_step(open, step),
                None => (self.text(&self.content.words.step_gone), Keyboard::None),
            },
        }
    }

    /// The same in place: what stood in front of the question stays, so that
    /// nobody loses what they may want to read again.
    pub fn render_edit(&self, open: &Open) -> (RichText, Keyboard) {
        let (question, keyboard) = self.render(open);
        let mut text = open.lead.clone();
        text.paragraph();
        text.append(&question);
        (text, keyboard)
    }

    fn render_step(&self, open: &Open, step: &Step) -> (RichText, Keyboard) {
        let token = open.token;
        let mut text = step
            .say
            .as_ref()
            .map(|say| self.text(say))
            .unwrap_or_default();
        self.render_former(step, &mut text);
        let rows = match &step.verb {
            Verb::Choice { options, .. } => self.choice_rows(token, options.iter()),
            Verb::Many { options, none, .. } => {
                let ticks = options.iter().enumerate().map(|(index, option)| {
                    (
                        option.id.clone(),
                        self.label(&option.label),
                        open.draft >> index & 1 == 1,
                    )
                });
                let mut rows = self.tick_rows(token, ticks);
                if open.draft != 0 || none.is_none() {
                    rows.push(vec![self.act(
                        token,
                        Act::Continue(open.draft),
                        &self.content.words.button_continue,
                    )]);
                }
                if let Some((label, _)) = none {
                    rows.push(vec![self.act(token, Act::None(open.draft), label)]);
                }
                rows
            }
            Verb::YesNo { answers, .. } => vec![
                answers
                    .iter()
                    .map(|(answer, _)| self.yes_no_button(token, *answer))
                    .collect(),
            ],
            Verb::Number {
                from,
                to,
                scale: true,
                ..
            } => {
                let values: Vec<i64> = (*from..=*to).collect();
                let button = |value: &i64| {
                    press(
                        value.to_string(),
                        &Press::Question(token, Act::Number(*value)),
                    )
                };
                values
                    .chunks(SCALE_ROW_MAX)
                    .map(|row| row.iter().map(button).collect())
                    .collect()
            }
            Verb::Text {
                kind: TextKind::Phone,
                ..
            } => {
                let words = &self.content.words;
                return (
                    text,
                    Keyboard::Phone {
                        share: self.label(&words.button_share_number),
                        words: vec![
                            self.label(&words.button_person),
                            self.label(&words.button_stop),
                        ],
                    },
                );
            }
            Verb::Number { .. } | Verb::Text { .. } => Vec::new(),
            Verb::Screen { screen, .. } => match self.content.screen(screen) {
                Some(screen) => self.render_screen(open, screen, &mut text),
                None => Vec::new(),
            },
            Verb::Move { id, answers, .. } => {
                self.render_move(id, &mut text);
                self.choice_rows(token, self.answers_of_move(answers))
            }
            Verb::Play { .. } => {
                let (played, rows) = self.render_play(token);
                text = played;
                rows
            }
            Verb::Summary { .. } => {
                self.render_summary(&mut text);
                let words = &self.content.words;
                let mut rows = vec![vec![self.act(
                    token,
                    Act::LooksRight,
                    &words.button_looks_right,
                )]];
                if !self.changeable().is_empty() {
                    rows.push(vec![self.act(
                        token,
                        Act::ChangeAnswer,
                        &words.button_change_answer,
                    )]);
                }
                rows
            }
            Verb::Handoff { .. }
            | Verb::RequestCall { .. }
            | Verb::Call { .. }
            | Verb::Branch { .. }
            | Verb::Pass { .. }
            | Verb::End => Vec::new(),
        };
        (text, self.with_ways_out(token, &open.asking, rows))
    }

    /// Back, a person and stop stand under every question.
    fn with_ways_out(&self, token: Token, asking: &Asking, mut rows: Vec<Vec<Button>>) -> Keyboard {
        let words = &self.content.words;
        let mut row = Vec::new();
        if self.can_go_back(asking) {
            row.push(self.act(token, Act::Back, &words.button_back));
        }
        if !self
            .c
            .stack
            .iter()
            .any(|frame| frame.dialog == self.content.bot.person)
        {
            row.push(press(self.label(&words.button_person), &Press::Person));
        }
        row.push(press(self.label(&words.button_stop), &Press::Stop));
        rows.push(row);
        Keyboard::Inline(rows)
    }

    pub fn act(&self, token: Token, act: Act, label: &Text) -> Button {
        press(self.label(label), &Press::Question(token, act))
    }

    fn yes_no_button(&self, token: Token, answer: YesNo) -> Button {
        let words = &self.content.words;
        match answer {
            YesNo::Yes => self.act(token, Act::Yes, &words.button_yes),
            YesNo::No => self.act(token, Act::No, &words.button_no),
            YesNo::NotSure => self.act(token, Act::Unsure, &words.button_not_sure),
        }
    }

    fn choice_rows<'c>(
        &self,
        token: Token,
        options: impl IntoIterator<Item = &'c Choice>,
    ) -> Vec<Vec<Button>> {
        let mut rows: Vec<Vec<Button>> = Vec::new();
        let mut last_is_short = false;
        for option in options {
            let label = self.label(&option.label);
            let is_short = label.chars().count() <= PAIR_LABEL_CHARS_MAX;
            let button = press(
                label,
                &Press::Question(token, Act::Choose(option.id.clone())),
            );
            match rows.last_mut() {
                Some(row) if is_short && last_is_short && row.len() == 1 => row.push(button),
                Some(_) | None => rows.push(vec![button]),
            }
            last_is_short = is_short;
        }
        rows
    }

    /// One toggle a row; each says the state it sets.
    fn tick_rows(
        &self,
        token: Token,
        ticks: impl Iterator<Item = (crate::ids::ChoiceId, String, bool)>,
    ) -> Vec<Vec<Button>> {
        let words = &self.content.words;
        let (off, on) = (self.label(&words.tick_off), self.label(&words.tick_on));
        ticks
            .map(|(id, label, ticked)| {
                let act = if ticked {
                    Act::Untick(id)
                } else {
                    Act::Tick(id)
                };
                let mark = if ticked { &on } else { &off };
                vec![press(
                    format!("{mark} {label}"),
                    &Press::Question(token, act),
                )]
            })
            .collect()
    }

    fn render_screen(&self, open: &Open, screen: &Screen, text: &mut RichText) -> Vec<Vec<Button>> {
        let words = &self.content.words;
        let token = open.token;
        if screen.style == ScreenStyle::Question {
            if let Some(flag) = screen
                .flags
                .first()
                .and_then(|flag| self.content.flags.get(flag))
            {
                text.paragraph();
                text.append(&self.text(&flag.question));
            }
            return vec![
                [YesNo::Yes, YesNo::No, YesNo::NotSure]
                    .into_iter()
                    .map(|answer| self.yes_no_button(token, answer))
                    .collect(),
            ];
        }
        if let Some((number, total)) = screen.progress {
            text.paragraph();
            text.append(&self.text_with(
                &words.progress,
                &[("n", &number.to_string()), ("total", &total.to_string())],
            ));
            text.push("\n");
        }
        if let Some(title) = &screen.title {
            text.push_bold(&self.label(title));
        }
        text.push("\n");
        text.append(&self.text(&words.screen_lead));
        text.push("\n");
        let mut ticks = Vec::new();
        let visible = screen
            .flags
            .iter()
            .enumerate()
            .filter(|(_, flag)| self.is_shown(flag));
        for (number, (index, id)) in visible.enumerate() {
            let Some(flag) = self.content.flags.get(id) else {
                continue;
            };
            text.push(&format!("\n{}. ", number + 1));
            text.append(&self.text(&flag.question));
            ticks.push((
                flag_choice(id),
                format!("{}. {}", number + 1, self.label(&flag.button)),
                open.draft >> index & 1 == 1,
            ));
        }
        let mut rows = self.tick_rows(token, ticks.into_iter());
        if open.draft != 0 {
            rows.push(vec![self.act(
                token,
                Act::Continue(open.draft),
                &words.button_continue,
            )]);
        }
        rows.push(vec![
            self.act(token, Act::None(open.draft), &words.button_none),
            self.act(token, Act::NotSure(open.draft), &words.button_not_sure),
        ]);
        rows
    }

    fn render_item(&self, token: Token, pending: &Pending) -> (RichText, Keyboard) {
        let mut text = RichText::default();
        if let Some(flag) = self.content.flags.get(pending.flag()) {
            match pending {
                Pending::History(_) => {
                    text.push_bold(&self.label(&flag.button));
                    text.push("\n");
                    let since = flag.history.as_ref().map(|history| &history.since);
                    let since = since.map(|since| self.label(since)).unwrap_or_default();
                    let question = &self.content.history_question;
                    text.append(&self.text_with(question, &[("since", &since)]));
                }
                Pending::Heard(_) => {
                    text.append(&self.text(&self.content.words.text_ask_lead));
                    text.push("\n\n");
                    text.append(&self.text(&flag.question));
                }
                Pending::Item(_) | Pending::FollowUp(_) | Pending::Completing(_) => {
                    text.append(&self.text(&flag.question))
                }
            }
        }
        let answers = [YesNo::Yes, YesNo::No, YesNo::NotSure]
            .into_iter()
            .map(|answer| self.yes_no_button(token, answer))
            .collect();
        (
            text,
            self.with_ways_out(token, &Asking::Item(pending.clone()), vec![answers]),
        )
    }

    fn render_move(&self, id: &MoveId, text: &mut RichText) {
        let Some(exercise) = self.content.moves.list.get(id) else {
            return;
        };
        text.paragraph();
        text.push_bold(&self.name_of(exercise));
        self.render_dose(exercise, text);
        self.render_part(&self.content.words.move_steps, text);
        for (index, step) in self.way_of(exercise).steps.iter().enumerate() {
            if index > 0 {
                text.push("\n");
            }
            text.push(&format!("{}. ", index + 1));
            text.append(&self.text(&step.say));
        }
        self.render_caveats(exercise, text);
    }

    /// What to know before a move: how much, what changes, what to heed.
    pub fn render_heed(&self, exercise: &'a Move, text: &mut RichText) {
        self.render_dose(exercise, text);
        self.render_caveats(exercise, text);
    }

    fn render_dose(&self, exercise: &'a Move, text: &mut RichText) {
        self.render_part(&self.content.words.move_dose, text);
        text.append(&self.text(self.way_of(exercise).dose));
    }

    fn render_caveats(&self, exercise: &'a Move, text: &mut RichText) {
        self.render_changes(exercise, text);
        self.render_part(&self.content.words.move_caveats, text);
        text.append(&self.text(self.way_of(exercise).caveats));
        let moves = &self.content.moves;
        let pull = (exercise.push != Push::None).then_some(&moves.every_push);
        for said in pull.into_iter().chain([&moves.every_move]) {
            text.push("\n");
            text.append(&self.text(said));
        }
    }

    /// What the patient's facts change about a move; nothing where they change
    /// nothing.
    pub fn render_changes(&self, exercise: &'a Move, text: &mut RichText) {
        let changes = self.changes(exercise);
        if !changes.is_empty() {
            self.render_part(&self.content.words.move_changed, text);
            for (index, change) in changes.into_iter().enumerate() {
                if index > 0 {
                    text.push("\n");
                }
                text.append(&change);
            }
        }
    }

    fn render_part(&self, heading: &Text, text: &mut RichText) {
        text.push("\n\n");
        text.push_bold(&self.label(heading));
        text.push("\n");
    }

    fn render_summary(&self, text: &mut RichText) {
        let words = &self.content.words;
        text.paragraph();
        text.push_bold(&self.label(&words.summary_title));
        if self
            .content
            .screens
            .iter()
            .all(|screen| self.c.screens.contains_key(&screen.id))
        {
            text.push("\n• ");
            text.append(&self.text(&words.summary_safety));
        }
        for (_, crumb) in self.changeable() {
            let Some((slot, _)) = crumb.undo.first() else {
                continue;
            };
            let Some(step) = crumb
                .stack
                .last()
                .and_then(|frame| self.content.step(&frame.dialog, &frame.step))
            else {
                continue;
            };
            text.push("\n• ");
            text.push(&self.crumb_question(crumb));
            text.push(": ");
            let answer = self
                .c
                .slots
                .get(slot)
                .map(|value| self.answer_words(step, value))
                .unwrap_or_default();
            text.push_bold(&answer);
        }
    }

    /// What was answered before the patient went back; a list shows its ticks.
    fn render_former(&self, step: &Step, text: &mut RichText) {
        let former = step.verb.slot().and_then(|slot| self.c.former.get(slot));
        let Some(former @ (Slot::One(_) | Slot::Number(_))) = former else {
            return;
        };
        let answer = self.answer_words(step, former);
        if !answer.is_empty() {
            text.paragraph();
            text.append(&self.text_with(&self.content.words.former, &[("answer", &answer)]));
        }
    }

    /// An answer in the words of its buttons.
    fn answer_words(&self, step: &Step, value: &Slot) -> String {
        let words = &self.content.words;
        let option = |options: &[Choice], id: &str| {
            options
                .iter()
                .find(|option| option.id.as_str() == id)
                .map(|option| self.label(&option.label))
                .unwrap_or_default()
        };
        match (&step.verb, value) {
            (Verb::Choice { options, .. }, Slot::One(id)) => option(options, id.as_str()),
            (Verb::Many { none, .. }, Slot::Many(ids)) if ids.is_empty() => none
                .as_ref()
                .map(|(label, _)| self.label(label))
                .unwrap_or_default(),
            (Verb::Many { options, .. }, Slot::Many(ids)) => options
                .iter()
                .filter(|option| ids.contains(&option.id))
                .map(|option| self.label(&option.label))
                .collect::<Vec<_>>()
                .join(", "),
            (Verb::YesNo { .. }, Slot::One(id)) => match id.as_str() {
                "yes" => self.label(&words.button_yes),
                "no" => self.label(&words.button_no),
                _ => self.label(&words.button_not_sure),
            },
            (_, Slot::Number(value)) => value.to_string(),
            _ => "✓".to_owned(),
        }
    }

    fn render_change(&self, open: &Open) -> (RichText, Keyboard) {
        let text = self.text(&self.content.words.change_which);
        let rows = self
            .changeable()
            .into_iter()
            .map(|(index, crumb)| {
                /// A longer label is cut by the client in the middle of a word.
                const LABEL_CHARS_MAX: usize = 38;
                let question = self.crumb_question(crumb);
                let label = if question.chars().count() > LABEL_CHARS_MAX {
                    question
                        .chars()
                        .take(LABEL_CHARS_MAX - 1)
                        .chain(['…'])
                        .collect()
                } else {
                    question
                };
                vec![press(
                    label,
                    &Press::Question(open.token, Act::Change(index)),
                )]
            })
            .collect();
        (text, self.with_ways_out(open.token, &open.asking, rows))
    }

    /// A card with its answers; a person and stop are always on it.
    /// `is_news` when staff are told in this very turn.
    pub fn render_card(&self, id: &CardId, stop: &Stop, is_news: bool) -> (RichText, Keyboard) {
        let Some(card) = self.content.cards.get(id) else {
            return (self.text(&self.content.words.trouble), Keyboard::None);
        };
        let words = &self.content.words;
        let own = self.flag_words(&stop.flags).text;
        let staff_line = match self.desk {
            Desk::Taken if !is_news => self.label(&words.staff_seen),
            Desk::Told if !is_news => self.label(&words.staff_delivered),
            Desk::Closed(opens) if stop.level == Level::SeeProfessional => self.opens_line(opens),
            Desk::Staffed | Desk::Closed(_) | Desk::Told | Desk::Taken => {
                self.label(&words.staff_told)
            }
            Desk::Unstaffed => self.label(&words.staff_none),
        };
        let values = [("words", own.as_str()), ("staff_line", staff_line.as_str())];
        let mut text = self.text_with(&card.text, &values);
        for (with, extra) in &card.extra {
            if with.iter().any(|flag| stop.flags.contains(flag)) {
                text.paragraph();
                text.append(&self.text_with(extra, &values));
            }
        }
        if let Some(last) = &card.last {
            text.paragraph();
            text.append(&self.text_with(last, &values));
        }
        let mut rows: Vec<Vec<Button>> = card
            .answers
            .iter()
            .map(|answer| {
                vec![press(
                    self.label(self.card_answer_label(answer, stop)),
                    &Press::Card(id.clone(), answer.id.clone()),
                )]
            })
            .collect();
        rows.push(vec![
            press(self.label(&words.button_person), &Press::Person),
            press(self.label(&words.button_stop), &Press::Stop),
        ]);
        (text, Keyboard::Inline(rows))
    }

    /// When a note that waits for the clinic to open is read.
    fn opens_line(&self, opens: Opens) -> String {
        const NOON_MINUTES: u16 = 12 * 60;
        let words = &self.content.words;
        let day = match opens.on {
            OpensOn::Today => &words.opens_today,
            OpensOn::Tomorrow => &words.opens_tomorrow,
            OpensOn::Later(day) => words.day(day),
        };
        let half = match opens.minute < NOON_MINUTES {
            true => &words.opens_am,
            false => &words.opens_pm,
        };
        // Midnight and noon are both 12.
        let hour = (opens.minute / 60 + 11) % 12 + 1;
        let time = format!("{hour}:{:02}", opens.minute % 60);
        let time = self.text_with(half, &[("time", &time)]).text;
        let day = self.label(day);
        let values = [("day", day.as_str()), ("time", time.as_str())];
        self.text_with(&words.staff_opens, &values).text
    }
}

pub(super) fn press(label: String, press: &Press) -> Button {
    Button::Press {
        label,
        data: press.data(),
    }
}
