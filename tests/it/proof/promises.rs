//! What a walk looks at in a turn: whether a person, Stop and booking are at hand,
//! and what is said with a move.

use psoas_bot::content::{Content, Deed, Verb};
use psoas_bot::dialog::{
    Act, Asking, Conversation, Desk, Effect, Input, Press, Turn, What, take_turn,
};
use psoas_bot::ids::{FlagId, MoveId};
use psoas_bot::triage::Level;

use super::walked::{NOW, acts, buttons, command_of, press, says};

/// A person and booking are this many taps away.
pub const TAPS_MAX: usize = 2;

/// Steps of answers that are followed from ticks to a move.
const ANSWERS_MAX: usize = 40;

fn turn(content: &Content, c: &Conversation, what: What) -> Turn {
    take_turn(content, c.clone(), &Input::new(what, Desk::Staffed), NOW)
}

/// P4: the clinic's number, or a call, within two taps.
pub fn reaches_person(content: &Content, c: &Conversation) -> bool {
    let is_reached = |turn: &Turn| {
        let says_phone = says(turn).any(|message| {
            let mut phones = content.clinic.phones.iter();
            phones.any(|phone| message.text.text.contains(&phone.written.value))
        });
        says_phone
            || turn
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::RequestCall { .. } | Effect::Contact))
    };
    within_taps(content, c, &[press(&Press::Person)], &is_reached)
}

/// P4: the button and the command that stop do.
pub fn stops(content: &Content, c: &Conversation) -> bool {
    [press(&Press::Stop), command_of("stop", "")]
        .into_iter()
        .all(|what| {
            let c = turn(content, c, what).conversation;
            c.open.is_none() && c.stack.is_empty()
        })
}

/// P4: from rest, some command leads to booking within two taps.
pub fn books(content: &Content, c: &Conversation) -> bool {
    let opens = |deed: &Deed| matches!(deed, Deed::Opens(_));
    let commands = content.bot.commands.iter();
    let first: Vec<What> = commands
        .filter(|command| opens(&command.deed))
        .map(|command| command_of(&command.name, ""))
        .collect();
    within_taps(content, c, &first, &|turn| {
        turn.effects.contains(&Effect::Contact)
    })
}

/// Whether one of these does it, or a button below what it says.
fn within_taps(
    content: &Content,
    c: &Conversation,
    first: &[What],
    is_it: &dyn Fn(&Turn) -> bool,
) -> bool {
    debug_assert_eq!(TAPS_MAX, 2, "one more tap is tried below");
    first.iter().any(|what| {
        let turned = turn(content, c, what.clone());
        let below: Vec<String> = says(&turned)
            .flat_map(buttons)
            .map(ToOwned::to_owned)
            .collect();
        is_it(&turned)
            || below.into_iter().any(|data| {
                let second = turn(content, &turned.conversation, What::Press(data));
                is_it(&second)
            })
    })
}

/// The move that a conversation shows.
pub fn shown_move<'a>(content: &'a Content, c: &Conversation) -> Option<&'a MoveId> {
    let open = c.open.as_ref()?;
    let frame = c.stack.last().filter(|_| open.asking == Asking::Step)?;
    match &content.step(&frame.dialog, &frame.step)?.verb {
        Verb::Move { id, .. } => Some(id),
        _ => None,
    }
}

/// The move that a turn shows anew.
pub fn newly_shown_move<'a>(content: &'a Content, turn: &Turn) -> Option<&'a MoveId> {
    let open = turn.conversation.open.as_ref()?;
    let is_new = says(turn).any(|message| message.token == Some(open.token));
    shown_move(content, &turn.conversation).filter(|_| is_new)
}

/// P6: where a turn shows a move anew its dose and caveats stand there, and in front
/// of the first one warm-up and stop rules with the number to call.
pub fn says_what_goes_with_a_move(content: &Content, turn: &Turn, introduced: bool) -> bool {
    let c = &turn.conversation;
    let Some(id) = newly_shown_move(content, turn) else {
        return true;
    };
    let (exercise, moves) = (&content.moves.list[id], &content.moves);
    let all: Vec<&str> = says(turn)
        .map(|message| message.text.text.as_str())
        .collect();
    let all = all.join("\n");
    let lang = c.lang;
    let plain = |text: &psoas_bot::content::Text| text.render(lang, content).text;
    let has = |text| all.contains(&plain(text));
    let number = &content.clinic.emergency_number;
    has(&exercise.dose)
        && has(&exercise.caveats)
        && has(&moves.every_move)
        && (introduced
            || (has(&moves.warm_up)
                && has(&moves.stop_rules)
                && plain(&moves.stop_rules).contains(number)))
}

/// P3: at a list, one more tick never lowers the level, nor leads to a move where
/// without it no answer does that states nothing but what those ticks state too.
pub fn ticks_only_warn(content: &Content, c: &Conversation) -> bool {
    let Some(open) = &c.open else { return true };
    let ticks: Vec<u32> = acts(content, c)
        .into_iter()
        .filter_map(|(_, act)| match act {
            Act::Continue(bits) => Some(bits),
            Act::None(_) => Some(0),
            _ => None,
        })
        .collect();
    let of = |bits: u32| {
        let mut ticked = c.clone();
        if let Some(open) = &mut ticked.open {
            open.draft = bits;
        }
        let act = if bits == 0 {
            Act::None(0)
        } else {
            Act::Continue(bits)
        };
        turn(content, &ticked, press(&Press::Question(open.token, act))).conversation
    };
    let level = |c: &Conversation| {
        let shown = c.stop.as_ref().map_or(Level::Clear, |stop| stop.level);
        shown.max(c.level(content))
    };
    let comes_to: Vec<(u32, Conversation)> =
        ticks.into_iter().map(|bits| (bits, of(bits))).collect();
    comes_to.iter().all(|(more, higher)| {
        let opens = leads_to_a_move(content, higher, higher);
        comes_to
            .iter()
            .filter(|(fewer, _)| fewer & more == *fewer)
            .all(|(_, lower)| {
                level(lower) <= level(higher) && (!opens || leads_to_a_move(content, lower, higher))
            })
    })
}

/// Whether answers that state nothing beyond what is stated in `most` lead to a move.
fn leads_to_a_move(content: &Content, c: &Conversation, most: &Conversation) -> bool {
    let flags = |c: &Conversation| -> Vec<_> { c.flags.keys().cloned().collect() };
    let is_stated = |flag: &FlagId| c.flags.contains_key(flag) || most.flags.contains_key(flag);
    let mut seen = Vec::new();
    let mut queue = vec![c.clone()];
    while let Some(c) = queue.pop() {
        if shown_move(content, &c).is_some() {
            return true;
        }
        // A second question, which may let go of a sign, is no tick.
        let Some(open) = c.open.as_ref().filter(|open| open.asking == Asking::Step) else {
            continue;
        };
        let here = (c.stack.clone(), c.screens.clone(), flags(&c));
        if seen.contains(&here) || seen.len() >= ANSWERS_MAX {
            continue;
        }
        seen.push(here);
        for (bits, act) in acts(content, &c) {
            if bits != 0 || matches!(act, Act::Back | Act::ChangeAnswer | Act::Change(_)) {
                continue;
            }
            let next = turn(content, &c, press(&Press::Question(open.token, act))).conversation;
            if next.flags.keys().all(is_stated) {
                queue.push(next);
            }
        }
    }
    false
}
