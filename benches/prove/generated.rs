//! Contents of any size, for measuring: a tree of dialogs with questions, lists,
//! branches, warning signs and moves behind the safety screens.

use std::fmt::Write as _;

use psoas_bot::content::Sources;

/// How large a content is to be.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Steps of all dialogs together, about.
    pub steps: usize,
    /// Flags, shared out among the screens.
    pub flags: usize,
    /// Safety screens.
    pub screens: usize,
    /// Rules of two flags.
    pub rules: usize,
}

/// A dialog has so many steps.
const DIALOG_STEPS: usize = 100;

/// A dialog leads to so many others.
const CHILDREN: usize = 4;

/// Every so many dialogs end in moves.
const MOVES_EVERY: usize = 5;

/// Numbers from a seed: the same content each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap_or(0) % sides
    }
}

fn text(words: &str) -> String {
    format!("{{ en: \"{words}\", es: \"{words}\" }}")
}

/// The files of a content of this size. What the engine itself says is taken
/// from `base`.
pub fn generated(size: Size, base: &Sources, clinic: &str) -> Sources {
    let mut files = Sources::default();
    let mut put = |file: &str, text: String| files.files.insert(file.to_owned(), text);
    put("texts.yaml", base.files["texts.yaml"].clone());
    let clinic_file = format!("clinics/{clinic}.yaml");
    let own = base.files[&clinic_file]
        .lines()
        .filter(|line| !line.contains("opens: book"))
        .map(|line| if line == "links:" { "links: {}" } else { line });
    put(
        &clinic_file,
        own.fold(String::new(), |all, line| all + line + "\n"),
    );
    put(
        "find.yaml",
        "fillers: { en: [a], es: [el] }\nplaces: []\n".to_owned(),
    );
    put("glossary.yaml", "terms: []\n".to_owned());
    put("sources.yaml", base.files["sources.yaml"].clone());
    put("red-flags.yaml", red_flags(size));
    put("hearing/signs.yaml", HEARING.to_owned());
    put("cards.yaml", cards());
    put("moves.yaml", moves());
    put("check.yaml", check(size.screens));
    put(
        "person.yaml",
        format!(
            "dialog: person\nkind: talks\nstays_open: emergency-now\nstart: a\nsource: [own]\nsteps:\n  a: {{ say: {}, end: true }}\n",
            text("Call {phone}.")
        ),
    );
    put(
        "book.yaml",
        format!(
            "dialog: book\nkind: talks\nstays_open: see-professional\nstart: a\nsource: [own]\nsteps:\n  a: {{ say: {}, handoff: {{ phone: true, contact: true }}, next: b }}\n  b: {{ end: true }}\n",
            text("Call us.")
        ),
    );
    let about = text("x");
    put(
        "bot.yaml",
        format!(
            "services: [massage, acupuncture]\nmenu: t0\nscreening: check\nperson: person\ncommands:\n  - {{ name: start, opens: t0, about: {about} }}\n  - {{ name: check, opens: check, about: {about} }}\n  - {{ name: book, opens: book, about: {about} }}\n  - {{ name: staff, opens: person, about: {about} }}\n  - {{ name: stop, does: stop, about: {about} }}\nlinks: {{}}\n"
        ),
    );
    let dialogs = (size.steps / DIALOG_STEPS).max(1);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for at in 0..dialogs {
        put(
            &format!("t{at}.yaml"),
            topic(&mut dice, at, dialogs, size.flags),
        );
    }
    files
}

fn red_flags(size: Size) -> String {
    let mut out = format!(
        "source: [GK]\nhistory_question: {}\ncleared_days: {{ history: 90, other: 7 }}\nflags:\n",
        text("Is it OK?")
    );
    for flag in 0..size.flags {
        // The first three can be stated in words; then every level comes again.
        let level = [
            "emergency-now",
            "urgent-today",
            "see-professional",
            "caution",
            "caution",
        ][flag % 5];
        let words = text(&format!("Sign {flag}"));
        let _ = writeln!(
            out,
            "  f{flag}:\n    level: {level}\n    question: {words}\n    button: {words}\n    words: {words}\n    source: [GK]"
        );
    }
    out.push_str("rules:\n");
    for rule in 0..size.rules {
        // Two cautions, or what needs a professional: together they are urgent.
        let first = (rule * 5 + 2) % size.flags;
        let second = (rule * 5 + 3 + rule / 7 * 5) % size.flags;
        let _ = writeln!(
            out,
            "  - {{ id: R{rule}, all: [f{first}, f{second}], level: urgent-today, source: [GK] }}"
        );
    }
    out.push_str("screens:\n");
    for screen in 0..size.screens {
        let flags: Vec<String> = (0..size.flags)
            .filter(|flag| flag % size.screens == screen)
            .map(|flag| format!("f{flag}"))
            .collect();
        let _ = writeln!(
            out,
            "  - {{ id: s{screen}, style: list, title: {}, flags: [{}] }}",
            text(&format!("Any of these, part {screen}?")),
            flags.join(", ")
        );
    }
    out
}

/// Words for the first three flags: enough for a card of each level.
const HEARING: &str = "classes:
  SIGN: { en: \"sign\", es: \"signo\" }
  ALPHA: { en: \"alpha\", es: \"alpha\" }
  BRAVO: { en: \"bravo\", es: \"bravo\" }
  CHARLIE: { en: \"charlie\", es: \"charlie\" }
roles:
  negations: { en: \"no, not\", es: \"no\" }
  contrasts: { en: \"but\", es: \"pero\" }
signs:
  - flag: f0
    says:
      - SIGN + ALPHA
    matches: [\"sign alpha\"]
    not: [\"no sign alpha\"]
  - flag: f1
    says:
      - SIGN + BRAVO
    matches: [\"sign bravo\"]
    not: [\"no sign bravo\"]
  - flag: f2
    says:
      - SIGN + CHARLIE
    matches: [\"sign charlie\"]
    not: [\"no sign charlie\"]
";

fn cards() -> String {
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
    }
    out
}

fn moves() -> String {
    let mut out = String::new();
    for name in ["warm_up", "stop_rules", "every_move", "every_push"] {
        let _ = writeln!(out, "{name}: {}", text("Stop and call {emergency}."));
    }
    out.push_str("sources: [GK]\nmoves:\n");
    for (at, drops) in [3, 4, 8, 9].into_iter().enumerate() {
        let _ = writeln!(
            out,
            "  X{at}:\n    name: {}\n    push: low\n    dose: {}\n    steps: [{}]\n    caveats: {}\n    sources: [GK]\n    changes:\n      f{drops}: drop",
            text(&format!("Move X{at}")),
            text("Once"),
            text("Go"),
            text("Slowly")
        );
    }
    out
}

fn check(screens: usize) -> String {
    let mut out =
        "dialog: check\nkind: talks\nstays_open: caution\nstart: c0\nsource: [own]\nsteps:\n"
            .to_owned();
    for screen in 0..screens {
        let _ = writeln!(
            out,
            "  c{screen}: {{ screen: s{screen}, next: c{} }}",
            screen + 1
        );
    }
    let _ = writeln!(out, "  c{screens}: {{ end: true }}");
    out
}

/// A dialog of the tree: its children first, then questions that lead on.
fn topic(dice: &mut Dice, at: usize, dialogs: usize, flags: usize) -> String {
    let mut out = format!(
        "dialog: t{at}\nkind: talks\nstays_open: caution\nstart: hub\nsource: [own]\nsteps:\n"
    );
    let children: Vec<usize> = (at * CHILDREN + 1..=at * CHILDREN + CHILDREN)
        .filter(|child| *child < dialogs)
        .collect();
    let options = children.iter().map(|child| {
        format!(
            "{{ id: o{child}, label: {}, next: o{child} }}, ",
            text(&format!("Topic {child}"))
        )
    });
    let options: String = options.collect();
    let _ = writeln!(
        out,
        "  hub: {{ say: {}, choice: {{ slot: hub{at}, options: [{options}{{ id: on, label: {}, next: s0 }}] }} }}",
        text(&format!("What would you like, {at}?")),
        text("Read on")
    );
    for child in &children {
        let _ = writeln!(out, "  o{child}: {{ call: t{child}, next: hub }}");
    }
    let shows_moves = at % MOVES_EVERY == MOVES_EVERY - 1;
    let steps = DIALOG_STEPS - 1 - children.len() - if shows_moves { 7 } else { 1 };
    for step in 0..steps {
        let ahead = |dice: &mut Dice| format!("s{}", (step + 1 + dice.roll(4)).min(steps));
        let say = text(&format!("Question {at} {step}"));
        let _ = match dice.roll(20) {
            0..8 => writeln!(
                out,
                "  s{step}: {{ say: {say}, choice: {{ slot: c{at}x{step}, options: [{{ id: a, label: {}, next: {} }}, {{ id: b, label: {}, next: s{} }}] }} }}",
                text("A"),
                ahead(dice),
                text("B"),
                step + 1
            ),
            8..12 => {
                let slot = dice.roll(steps);
                writeln!(
                    out,
                    "  s{step}: {{ branch: [{{ if: {{ has: f{} }}, go: {} }}, {{ if: {{ has: hub{at}.on }}, go: {} }}, {{ go: s{} }}] }}",
                    slot % flags,
                    ahead(dice),
                    ahead(dice),
                    step + 1
                )
            }
            12..14 => writeln!(out, "  s{step}: {{ say: {say}, next: s{} }}", step + 1),
            14 | 15 => writeln!(
                out,
                "  s{step}: {{ say: {say}, yes_no: {{ slot: y{at}x{step}, yes: {{ next: {}, raise: [f{}] }}, no: {{ next: s{} }} }} }}",
                ahead(dice),
                dice.roll(flags),
                step + 1
            ),
            16 | 17 => writeln!(
                out,
                "  s{step}: {{ say: {say}, many: {{ slot: m{at}x{step}, options: [{{ id: a, label: {} }}, {{ id: b, label: {} }}, {{ id: c, label: {} }}], none: {{ label: {}, next: {} }}, next: s{} }} }}",
                text("A"),
                text("B"),
                text("C"),
                text("None"),
                ahead(dice),
                step + 1
            ),
            _ => writeln!(
                out,
                "  s{step}: {{ say: {say}, yes_no: {{ slot: y{at}x{step}, yes: {{ next: {} }}, no: {{ next: s{} }} }} }}",
                ahead(dice),
                step + 1
            ),
        };
    }
    if shows_moves {
        let _ = writeln!(out, "  s{steps}: {{ call: check, next: gate }}");
        let _ = writeln!(
            out,
            "  gate: {{ branch: [{{ if: {{ cleared: true }}, go: m0 }}, {{ go: done }}] }}"
        );
        for step in 0..4 {
            let next = if step == 3 {
                "done".to_owned()
            } else {
                format!("m{}", step + 1)
            };
            let _ = writeln!(
                out,
                "  m{step}: {{ move: X{step}, answers: [{{ id: on, label: {}, next: {next} }}, {{ id: hurt, label: {}, next: done }}], next: {next} }}",
                text("Next"),
                text("It hurt")
            );
        }
        out.push_str("  done: { end: true }\n");
    } else {
        let _ = writeln!(out, "  s{steps}: {{ end: true }}");
    }
    out
}
