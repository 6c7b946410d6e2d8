//! Rows `position`: who is asked to take a position.

use super::moves::Sought;
use super::{Broken, fact_words};
use crate::content::Atom;
use crate::dialog::has;
use crate::ids::{DialogId, StepId};
use crate::proof::Spot;
use crate::proof::guide::Guide;
use crate::proof::machine::{Goal, Machine, Tracked, Wanted};
use crate::proof::quest::Quest;
use crate::proof::rehearse::Rehearsal;

/// Nobody with this fact is asked for the position, nor anybody without clearance.
pub(super) fn position_row<'a>(
    guide: &mut Guide<'a>,
    fact: &Atom,
    (dialog, id): (&DialogId, &StepId),
) -> Option<Broken<'a>> {
    let content = guide.content;
    let spots = vec![Spot::Step(dialog.clone(), id.clone())];
    let never = |chat: &Rehearsal<'_>| {
        let step = content.step(dialog, id);
        let say = step.and_then(|step| step.say.as_ref());
        let said = say.map(|say| chat.plain(say)).unwrap_or_default();
        format!("never: {}", said.lines().next().unwrap_or_default())
    };
    let step = content.step(dialog, id)?;
    let name = fact_words(fact);
    let Some(check) = &step.position_check else {
        let chat = guide.to(dialog, id).map(|mut chat| {
            let line = never(&chat);
            chat.demand(line);
            chat
        });
        return Some(Broken {
            what: format!("`{id}` in {dialog}.yaml should need clearance"),
            help: format!(
                "Write `position_check: {{ left_out_with: [{name}, …], next: … }}` at `{id}`."
            ),
            spots,
            chat,
        });
    };
    if check.left_out_with.contains(fact) {
        return None;
    }
    let machine = Machine::new(content, Tracked::default(), Goal::Everything);
    let goal = Goal::Shown {
        what: Wanted::Position(machine.at(dialog, id)?),
        with: vec![fact.clone()],
    };
    let mut quest = Quest::new(content, goal, |chat| {
        chat.asks() == Some((dialog, id)) && has(&chat.c, fact)
    });
    let reached = quest.reach();
    guide.turns += quest.states;
    // Where the dialogs lead nobody with this fact to it, it holds.
    let Sought::MayBe(chat) = Sought::new(reached, never) else {
        return None;
    };
    Some(Broken {
        what: format!("`{name}` should keep people from `{id}` in {dialog}.yaml"),
        help: format!("Add `{name}` to `left_out_with` at `{id}`."),
        spots,
        chat: chat.map(|chat| *chat),
    })
}
