//! Small random contents, safe and unsafe: a few flags, screens, moves and
//! steps, put together so that they always parse.

mod reached;

use std::fmt::Write as _;

use psoas_bot::content::{self, Content, Sources};

use crate::content::{CLINIC, real_sources};
use reached::{Reached, reached};

/// Numbers from a seed; the same seed gives the same content.
pub struct Dice {
    state: u64,
    /// Which questions are of a position: rolled apart.
    aside: u64,
    /// How many flags the content has.
    flags: usize,
    /// Its flags and screens make many states: its dialogs are short.
    is_large: bool,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            aside: seed.wrapping_mul(0xd6e8_feb8_6659_fd93) | 1,
            flags: if seed.is_multiple_of(10) { 3 } else { 2 },
            is_large: false,
        }
    }

    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let high = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap_or(0) % sides
    }

    /// A number below `sides`, that leaves all other rolls as they are.
    fn roll_aside(&mut self, sides: usize) -> usize {
        std::mem::swap(&mut self.state, &mut self.aside);
        let rolled = self.roll(sides);
        std::mem::swap(&mut self.state, &mut self.aside);
        rolled
    }

    fn pick<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.roll(words.len())]
    }

    fn in_ten(&mut self, chances: usize) -> bool {
        self.roll(10) < chances
    }
}

fn text(words: &str) -> String {
    format!("{{ en: \"{words}\", es: \"{words}\" }}")
}

/// One content.
pub struct Small {
    pub sources: Sources,
    pub content: Content,
}

/// Whether who is reached, and what is booked, differs in this content.
pub fn looks_for_a_person(seed: u64) -> bool {
    seed.is_multiple_of(4)
}

/// Whether a sign opens the last move of this content: few do by chance.
fn opens_by_a_sign(seed: u64) -> bool {
    seed % 16 == 5
}

/// The dialog with a branch in front of its last move, which leads there with a sign and
/// not without.
fn opened_by_a_sign(seed: u64, check: &str) -> String {
    let mut dice = Dice::new(seed.wrapping_add(0x0000_516e));
    let steps = (0..).take_while(|at| check.contains(&format!("\n  check{at}: ")));
    let done = steps.count() - 1;
    let shown = done.saturating_sub(1);
    let is_without = dice.pick(&[
        "{ not: { has: f0 } }",
        "{ count: { of: [f0, f2], from: 0, to: 0 } }",
        "{ not: { any: [{ has: f0 }, { has: f1 }] } }",
    ]);
    let mut led = check.to_owned();
    for leads in ["next", "go"] {
        for behind in [" ", ","] {
            led = led.replace(
                &format!("{leads}: check{shown}{behind}"),
                &format!("{leads}: gate{behind}"),
            );
        }
    }
    format!(
        "{led}  gate: {{ branch: [{{ if: {is_without}, go: check{done} }}, {{ go: check{shown} }}] }}\n"
    )
}

/// The content of a seed.
pub fn small(seed: u64) -> Small {
    let mut dice = Dice::new(seed);
    let beside = reached(seed, looks_for_a_person(seed));
    let screens = 1 + dice.roll(6) / 5;
    dice.is_large = screens > 1 || dice.flags > 2;
    let mut files = Sources::default();
    for file in ["texts.yaml", &format!("clinics/{CLINIC}.yaml")] {
        let text = real_sources().files[file].replace("opens: book", "opens: other");
        files.files.insert(
            file.to_owned(),
            text.replace(", set: { who: ofir }", "")
                .replace(", set: { who: karen }", ""),
        );
    }
    let fewer = dice.flags == 2;
    let mut put = |file: &str, text: String| {
        // With two flags the second stands where the third would.
        let text = if fewer {
            text.replace("f2", "f1").replace("[f1, f1]", "[f1]")
        } else {
            text
        };
        files.files.insert(file.to_owned(), text);
    };
    put("red-flags.yaml", red_flags(&mut dice, screens));
    put("hearing/signs.yaml", hearing(dice.flags));
    put(
        "find.yaml",
        "fillers: { en: [a], es: [el] }\nplaces: []\n".to_owned(),
    );
    put("glossary.yaml", "terms: []\n".to_owned());
    put("sources.yaml", real_sources().files["sources.yaml"].clone());
    put("cards.yaml", cards(&mut dice));
    put("moves.yaml", moves(&mut dice, beside.names_number));
    let stays = dice.pick(&[
        "caution",
        "caution",
        "caution",
        "caution",
        "caution",
        "see-professional",
        "emergency-now",
    ]);
    put(
        "other.yaml",
        dialog(&mut dice, "other", stays, screens, false),
    );
    let mut check = dialog(&mut dice, "check", "caution", screens, true);
    if opens_by_a_sign(seed) {
        check = opened_by_a_sign(seed, &check);
    }
    put("check.yaml", check);
    put("person.yaml", beside.person.clone());
    for (file, dialog) in [
        ("book.yaml", &beside.book),
        ("settings.yaml", &beside.settings),
    ] {
        if let Some(dialog) = dialog {
            put(file, dialog.clone());
        }
    }
    let stays = if dice.in_ten(8) {
        "caution"
    } else {
        "see-professional"
    };
    put(
        "main.yaml",
        format!(
            "dialog: main\nkind: talks\nstays_open: {}\nstart: a\nsource: [own]\nsteps:\n  a: {{ call: check, next: b }}\n  b: {{ end: true }}\n",
            stays
        ),
    );
    let screening = if dice.in_ten(9) { "check" } else { "other" };
    put("bot.yaml", bot(screening, &beside));
    match content::parse(&files, CLINIC) {
        Ok(parsed) => Small {
            content: parsed.content,
            sources: files,
        },
        Err(found) => panic!(
            "seed {seed} does not parse: {:?}",
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        ),
    }
}

fn bot(screening: &str, beside: &Reached) -> String {
    let mut out = format!("menu: main\nscreening: {screening}\nperson: person\ncommands:\n");
    let mut add = |name: &str, does: &str| {
        let _ = writeln!(out, "  - {{ name: {name}, {does}, about: {} }}", text("x"));
    };
    add("check", "opens: check");
    add("other", "opens: other");
    if beside.book.is_some() {
        add("book", "opens: book");
    }
    if beside.settings.is_some() {
        add("settings", "opens: settings");
    }
    if beside.has_stop {
        add("stop", "does: stop");
    }
    out.push_str("services: [massage, acupuncture]\nlinks: {}\n");
    out
}

/// A caution, a history, and one that blocks.
const FLAGS: [&str; 3] = ["f0", "f1", "f2"];

fn red_flags(dice: &mut Dice, screens: usize) -> String {
    let last = dice.pick(&["see-professional", "urgent-today", "emergency-now"]);
    let levels = if dice.flags == 3 {
        ["caution", "see-professional", last]
    } else {
        [
            "caution",
            dice.pick(&["see-professional", "see-professional", last]),
            last,
        ]
    };
    let mut out = format!(
        "source: [GK]\nhistory_question: {}\ncleared_days: {{ history: 90, other: 7 }}\nflags:\n",
        text("Is it OK?")
    );
    for (flag, level) in FLAGS.iter().zip(levels).take(dice.flags) {
        let words = text(flag);
        let _ = writeln!(
            out,
            "  {flag}:\n    level: {level}\n    question: {words}\n    button: {words}\n    words: {words}\n    source: [GK]"
        );
        if *flag == "f1" && (dice.flags == 3 || dice.in_ten(5)) {
            dice.is_large = true;
            let _ = writeln!(
                out,
                "    history: {{ allows: [{}], since: {words} }}",
                dice.pick(&["X1", "X1, X2"])
            );
        }
        // Only an emergency may leave the rest unasked.
        if *flag == "f2" && dice.in_ten(3) && level == "emergency-now" {
            let _ = writeln!(out, "    ends_screens: true");
        }
    }
    out.push_str("rules:\n");
    let rule = dice.pick(&[
        "all: [f0, f1], level: see-professional",
        "all: [f0, f2], level: urgent-today",
        "any: [f2], level: emergency-now",
    ]);
    let _ = writeln!(out, "  - {{ id: R1, {rule}, source: [GK] }}");
    out.push_str("screens:\n");
    for screen in 0..screens {
        let first = FLAGS[screen % 3];
        let second = FLAGS[(screen + 1 + dice.roll(2)) % 3];
        if dice.in_ten(3) {
            let _ = writeln!(
                out,
                "  - {{ id: s{screen}, style: question, flags: [{second}] }}"
            );
        } else {
            let _ = writeln!(
                out,
                "  - {{ id: s{screen}, style: list, title: {}, flags: [{first}, {second}] }}",
                text("Any?")
            );
        }
    }
    out
}

/// What a dialog begins with that asks screens or shows moves: it may be over in the
/// turn that opens it.
pub const OF_SAFETY: &str = "Screens or moves come now";

/// Words that state each flag.
const WORDS: [&str; 3] = ["alpha", "bravo", "charlie"];

fn hearing(flags: usize) -> String {
    let mut out = "classes:\n  SIGN: { en: \"sign\", es: \"signo\" }\n".to_owned();
    for word in WORDS {
        let class = word.to_uppercase();
        let _ = writeln!(out, "  {class}: {{ en: \"{word}\", es: \"{word}\" }}");
    }
    out.push_str("roles:\n  negations: { en: \"no, not\", es: \"no\" }\n  contrasts: { en: \"but\", es: \"pero\" }\nsigns:\n");
    for (flag, word) in FLAGS.iter().zip(WORDS).take(flags) {
        let class = word.to_uppercase();
        let _ = writeln!(
            out,
            "  - flag: {flag}\n    says:\n      - SIGN + {class}\n    matches: [\"sign {word}\"]\n    not: [\"no sign {word}\"]"
        );
    }
    out
}

fn cards(dice: &mut Dice) -> String {
    let mut out = "cards:\n".to_owned();
    for (card, level) in [
        ("c1", "see-professional"),
        ("c2", "urgent-today"),
        ("c3", "emergency-now"),
    ] {
        let _ = writeln!(
            out,
            "  {card}:\n    level: {level}\n    source: [GK]\n    text: {}",
            text("Call {emergency}.")
        );
        if dice.in_ten(3) {
            let _ = writeln!(
                out,
                "    answers:\n      - {{ id: go, label: {}, opens: {} }}",
                text("Go"),
                dice.pick(&["other", "check"])
            );
        }
    }
    out
}

fn moves(dice: &mut Dice, names_number: bool) -> String {
    let mut out = String::new();
    for name in ["warm_up", "stop_rules", "every_move", "every_push"] {
        let says = if names_number || name != "stop_rules" {
            format!("Stop and call {{emergency}}. {name}")
        } else {
            format!("Stop. {name}")
        };
        let _ = writeln!(out, "{name}: {}", text(&says));
    }
    out.push_str("sources: [GK]\nmoves:\n");
    for id in ["X1", "X2"] {
        let _ = writeln!(
            out,
            "  {id}:\n    name: {}\n    push: low\n    dose: {}\n    steps: [{}]\n    caveats: {}\n    sources: [GK]",
            text(&format!("Move {id}")),
            text("Once"),
            text("Go"),
            text("Slowly")
        );
        if dice.in_ten(5) {
            let _ = writeln!(
                out,
                "    changes:\n      {}: drop",
                dice.pick(&["f0", "f1", "f2"])
            );
        }
    }
    out
}

/// A dialog of a few steps; each leads to a later one, or now and then back.
fn dialog(
    dice: &mut Dice,
    name: &str,
    stays_open: &str,
    screens: usize,
    asks_screens: bool,
) -> String {
    // Most of the time every screen comes first, in order.
    let mut kinds: Vec<&str> = Vec::new();
    let short_in_ten = if dice.is_large { 9 } else { 5 };
    if !asks_screens && dice.in_ten(short_in_ten) {
        return format!(
            "dialog: {name}\nkind: talks\nstays_open: {stays_open}\nstart: {name}0\nsource: [own]\nsteps:\n  {name}0: {{ say: {}, end: true }}\n",
            text("Read this.")
        );
    }
    if asks_screens || dice.in_ten(6) {
        let skipped = if dice.in_ten(2) {
            dice.roll(screens)
        } else {
            screens
        };
        for screen in (0..screens).filter(|screen| *screen != skipped) {
            if !dice.is_large && dice.in_ten(2) {
                kinds.push("question");
            }
            kinds.push(["s0", "s1", "s2"][screen]);
        }
    }
    let more = dice.roll(if dice.is_large { 2 } else { 3 });
    for _ in 0..more {
        kinds.push(dice.pick(&[
            "question", "choice", "branch", "pass", "screen", "move", "many", "summary", "branch",
        ]));
    }
    if asks_screens || dice.in_ten(5) {
        kinds.push("move");
    }
    for kind in kinds.iter_mut().filter(|kind| **kind == "question") {
        if dice.roll_aside(10) < 3 {
            *kind = "position";
        }
    }
    let last = kinds.len();
    let is_of_safety = |kind: &&str| {
        kind.starts_with('s') && *kind != "summary" || ["move", "position"].contains(kind)
    };
    let start = match kinds.iter().any(is_of_safety) {
        true => "begins".to_owned(),
        false => format!("{name}0"),
    };
    let mut out = format!(
        "dialog: {name}\nkind: talks\nstays_open: {stays_open}\nstart: {start}\nsource: [own]\nsteps:\n"
    );
    if start == "begins" {
        let says = text(OF_SAFETY);
        let _ = writeln!(out, "  begins: {{ say: {says}, next: {name}0 }}");
    }
    for (at, kind) in kinds.iter().enumerate() {
        let step = format!("{name}{at}");
        let next = format!("{name}{}", at + 1);
        let body = body(dice, name, at, last, kind, screens, &next);
        let _ = writeln!(out, "  {step}: {body}");
    }
    let _ = writeln!(out, "  {name}{last}: {{ end: true }}");
    out
}

fn body(
    dice: &mut Dice,
    name: &str,
    at: usize,
    last: usize,
    kind: &str,
    screens: usize,
    next: &str,
) -> String {
    let ahead = |dice: &mut Dice| format!("{name}{}", at + 1 + dice.roll(last - at));
    let anywhere = |dice: &mut Dice| format!("{name}{}", dice.roll(last + 1));
    let say = text(&format!("Question {name}{at}"));
    let screen = |dice: &mut Dice| format!("s{}", dice.roll(screens));
    let extra = |dice: &mut Dice| match dice.roll(14) {
        0 => format!(", ask_again: [{}]", screen(dice)),
        1 => format!(", raise: [{}]", FLAGS[dice.roll(3)]),
        2 => ", set: { memo: yes }".to_owned(),
        _ => String::new(),
    };
    let after = if dice.roll(20) == 0 {
        format!(", after: {{ minutes: 5, go: {} }}", ahead(dice))
    } else {
        String::new()
    };
    match kind {
        "s0" | "s1" | "s2" => format!("{{ screen: {kind}, next: {next}{after} }}"),
        "screen" => format!("{{ screen: {}, next: {next}{after} }}", screen(dice)),
        "question" => {
            let (yes, no) = (extra(dice), extra(dice));
            let back = if dice.in_ten(2) {
                anywhere(dice)
            } else {
                ahead(dice)
            };
            format!(
                "{{ say: {say}, yes_no: {{ slot: {name}q{at}, yes: {{ next: {back}{yes} }}, no: {{ next: {next}{no} }} }}{after} }}"
            )
        }
        "position" => {
            let asks = body(dice, name, at, last, "question", screens, next);
            let fact = ["f0", "f1", "f2"][dice.roll_aside(3)];
            let left_out_with = [fact, ""][dice.roll_aside(2)];
            let on = format!("{name}{}", at + 1 + dice.roll_aside(last - at));
            let check = format!("{{ left_out_with: [{left_out_with}], next: {on} }}");
            asks.replacen('{', &format!("{{ position_check: {check},"), 1)
        }
        "choice" => {
            let to = ahead(dice);
            let (first, second) = (extra(dice), extra(dice));
            format!(
                "{{ say: {say}, choice: {{ slot: {name}c{at}, options: [{{ id: a, label: {}, next: {to}{first} }}, {{ id: b, label: {}, next: {next}{second} }}] }} }}",
                text(&format!("A{at}")),
                text(&format!("B{at}"))
            )
        }
        "many" => {
            let does = extra(dice);
            format!(
                "{{ say: {say}, many: {{ slot: {name}m{at}, options: [{{ id: a, label: {}{does} }}, {{ id: b, label: {} }}], none: {{ label: {}, next: {next} }}, next: {} }} }}",
                text(&format!("A{at}")),
                text(&format!("B{at}")),
                text(&format!("No {at}")),
                ahead(dice)
            )
        }
        "branch" => {
            let condition = condition(dice);
            let to = if dice.in_ten(3) {
                anywhere(dice)
            } else {
                ahead(dice)
            };
            format!("{{ branch: [{{ if: {condition}, go: {to} }}, {{ go: {next} }}] }}")
        }
        "move" => {
            let does = extra(dice);
            format!(
                "{{ move: {}, answers: [{{ id: on, label: {}, next: {next} }}, {{ id: hurt, label: {}, next: {}{does} }}], next: {next} }}",
                dice.pick(&["X1", "X2"]),
                text(&format!("On {at}")),
                text(&format!("Hurt {at}")),
                anywhere(dice)
            )
        }
        "summary" => format!("{{ summary: {{ next: {next} }} }}"),
        _ => format!("{{ say: {say}, next: {next} }}"),
    }
}

fn condition(dice: &mut Dice) -> String {
    match dice.roll(7) {
        0 => "{ cleared: true }".to_owned(),
        1 => "{ not: { cleared: true } }".to_owned(),
        2 => "{ level_at_least: see-professional }".to_owned(),
        3 => format!("{{ has: {} }}", dice.pick(&["f0", "f1", "f2"])),
        4 => format!("{{ not: {{ has: {} }} }}", dice.pick(&["f0", "f1"])),
        5 => "{ count: { of: [f0, f1, f2], from: 2 } }".to_owned(),
        _ => "{ any: [{ has: f0 }, { has: f2 }] }".to_owned(),
    }
}
