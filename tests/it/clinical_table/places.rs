//! Where the rows `raises` and `again` are answered, and answering there.

use std::collections::BTreeMap;

use psoas_bot::content::Verb;
use psoas_bot::dialog::{
    Asking, Conversation, Desk, Frame, Input, Open, Slot, Token, What, take_turn,
};
use psoas_bot::ids::{ChoiceId, DialogId, FlagId, Lang, SlotId, StepId};
use psoas_bot::triage::Form;

use super::NOW;
use crate::content::real_content;

/// Where a `raises` row is answered: what is said before it, and the answer.
pub struct Place {
    pub dialog: &'static str,
    pub step: &'static str,
    /// What is answered first, at `step`; the row's answer is then given to the
    /// question that follows.
    first: Option<&'static str>,
    /// The step that must then ask.
    then: Option<&'static str>,
    /// The table's answers and the buttons they are.
    answers: &'static [(&'static str, &'static str)],
}

/// A yes-no question, by the words of the table.
const YES_NO: &[(&str, &str)] = &[("yes", "yes"), ("no", "no"), ("not-sure", "not sure")];

const PLACES: &[(&str, Place)] = &[
    (
        "site-knee-back",
        Place {
            dialog: "self-check",
            step: "where",
            first: Some("knee-back"),
            then: Some("leg-swelling"),
            answers: YES_NO,
        },
    ),
    (
        "site-calf-foot-swelling",
        Place {
            dialog: "self-check",
            step: "where",
            first: Some("calf-foot"),
            then: Some("leg-swelling"),
            answers: YES_NO,
        },
    ),
    (
        "site-belly",
        Place {
            dialog: "self-check",
            step: "where",
            first: Some("belly"),
            then: Some("belly"),
            answers: &[("strong", "strong"), ("not-sure", "not-sure")],
        },
    ),
    (
        "site-buttock",
        Place {
            dialog: "self-check",
            step: "where",
            first: Some("buttock"),
            then: Some("leg-numbness"),
            answers: YES_NO,
        },
    ),
    (
        "site-calf-foot-numb",
        Place {
            dialog: "self-check",
            step: "leg-numbness",
            first: None,
            then: None,
            answers: YES_NO,
        },
    ),
    (
        "site-groin",
        Place {
            dialog: "self-check",
            step: "where",
            first: Some("groin"),
            then: Some("groin-check"),
            answers: &[
                ("groin-lump", "lump"),
                ("bone-stress-signs", "bone"),
                ("testicle-pain", "testicle"),
                ("not-sure", "not-sure"),
            ],
        },
    ),
    (
        "clue",
        Place {
            dialog: "self-check",
            step: "clues",
            first: None,
            then: None,
            answers: &[("c2", "c2"), ("c4", "c4")],
        },
    ),
    (
        "clue-c9",
        Place {
            dialog: "self-check",
            step: "clues",
            first: Some("c9"),
            then: Some("can-lift"),
            answers: &[("weaker", "no")],
        },
    ),
    (
        "k2",
        Place {
            dialog: "self-check",
            step: "k2",
            first: None,
            then: None,
            answers: &[("weaker", "weaker")],
        },
    ),
    (
        "after-routine",
        Place {
            dialog: "routine",
            step: "how-was-it",
            first: None,
            then: None,
            answers: &[("worse", "worse"), ("numb-or-weak", "numb")],
        },
    ),
    (
        "days-later",
        Place {
            dialog: "after-moves",
            step: "ask",
            first: None,
            then: None,
            answers: &[("worse", "worse")],
        },
    ),
    (
        "k1",
        Place {
            dialog: "self-check",
            step: "k1",
            first: None,
            then: None,
            answers: &[("stopped", "stopped")],
        },
    ),
    (
        "k2-stopped",
        Place {
            dialog: "self-check",
            step: "k2",
            first: None,
            then: None,
            answers: &[("stopped", "stopped")],
        },
    ),
    (
        "since-then",
        Place {
            dialog: "self-check",
            step: "since-then",
            first: None,
            then: None,
            answers: &[("new", "new"), ("not-sure", "not-sure")],
        },
    ),
    (
        "who-child",
        Place {
            dialog: "self-check",
            step: "who",
            first: Some("child"),
            then: Some("child-limp"),
            answers: YES_NO,
        },
    ),
    (
        "consent",
        Place {
            dialog: "consent",
            step: "consent",
            first: None,
            then: None,
            answers: &[("under-18", "under-18")],
        },
    ),
];

/// A conversation with every screen answered that stands at this step.
pub fn standing(dialog: &str, step: &str) -> Result<Conversation, String> {
    let content = real_content();
    let (dialog, step) = (DialogId::new(dialog), StepId::new(step));
    content
        .step(&dialog, &step)
        .ok_or(format!("there is no step {dialog}/{step}"))?;
    let mut c = Conversation::new(Lang::En, None);
    c.safety = Some(content.safety.clone());
    c.script = Some(content.script.clone());
    c.screens = content
        .screens
        .iter()
        .map(|screen| (screen.id.clone(), NOW))
        .collect();
    c.clearance = Some(NOW);
    c.slots
        .insert(SlotId::new("consent"), Slot::One(ChoiceId::new("agree")));
    c.stack.push(Frame {
        dialog,
        step,
        interrupts: false,
        play: None,
    });
    c.last_token = Token(7);
    c.open = Some(Open {
        token: Token(7),
        asking: Asking::Step,
        draft: 0,
        since: NOW,
        drafted: None,
        lead: psoas_bot::content::RichText::default(),
    });
    Ok(c)
}

fn press(c: Conversation, data: String) -> Conversation {
    let input = Input::new(What::Press(data), Desk::Staffed);
    take_turn(real_content(), c, &input, NOW).conversation
}

/// Gives the open question this answer, as its buttons do.
pub fn answer(c: Conversation, wanted: &str) -> Result<Conversation, String> {
    let content = real_content();
    let (Some(open), Some(frame)) = (&c.open, c.stack.last()) else {
        return Err("no question is open".to_owned());
    };
    let token = open.token;
    let step = content
        .step(&frame.dialog, &frame.step)
        .ok_or("the step is gone")?;
    let no_answer = || format!("{}/{} has no answer `{wanted}`", frame.dialog, frame.step);
    let data = match &step.verb {
        Verb::Choice { options, .. }
        | Verb::Move {
            answers: options, ..
        } => {
            let option = options.iter().find(|option| option.id.as_str() == wanted);
            format!("{token}:o{}", option.ok_or_else(no_answer)?.id)
        }
        Verb::YesNo { answers, .. } => {
            let act = match wanted {
                "yes" => 'y',
                "no" => 'x',
                _ => 'u',
            };
            if act == 'u' && answers.len() < 3 {
                return Err(no_answer());
            }
            format!("{token}:{act}")
        }
        Verb::Many { options, .. } => {
            let at = options
                .iter()
                .position(|option| option.id.as_str() == wanted)
                .ok_or_else(no_answer)?;
            let ticked = press(c, format!("{token}:+{wanted}"));
            return Ok(press(ticked, format!("{token}:c{:x}", 1_u32 << at)));
        }
        _ => return Err(no_answer()),
    };
    Ok(press(c, data))
}

/// What the patient has stated after a row's answer, and no sooner.
pub fn stated(place: &Place, wanted: &str) -> Result<BTreeMap<FlagId, Form>, String> {
    let (before, after) = around(place, wanted)?;
    Ok(after
        .flags
        .into_iter()
        .filter(|(flag, _)| !before.flags.contains_key(flag))
        .map(|(flag, note)| (flag, note.form))
        .collect())
}

/// A conversation before and after a row's answer.
pub fn around(place: &Place, wanted: &str) -> Result<(Conversation, Conversation), String> {
    let mut c = standing(place.dialog, place.step)?;
    if let Some(first) = place.first {
        c = answer(c, first)?;
    }
    if let Some(then) = place.then {
        let at = c.stack.last().map(|frame| frame.step.as_str().to_owned());
        if at.as_deref() != Some(then) {
            return Err(format!("{:?} leads to {at:?}, not to {then}", place.first));
        }
    }
    let (_, button) = place
        .answers
        .iter()
        .find(|(row, _)| *row == wanted)
        .ok_or(format!("this test does not know the answer `{wanted}`"))?;
    let after = answer(c.clone(), button)?;
    Ok((c, after))
}

pub fn place(name: &str) -> Result<&'static Place, String> {
    let found = PLACES.iter().find(|(known, _)| *known == name);
    let (_, found) = found.ok_or(format!("this test does not know `{name}`"))?;
    Ok(found)
}
