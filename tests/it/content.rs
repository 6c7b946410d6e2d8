//! What an author reads when a file is wrong: each finding names its file, its
//! place and what to do. And whatever stands in a file, nothing panics.

use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

use psoas_bot::app::dialogs_dir;
use psoas_bot::content::{self, Content, Diagnostic, FILE_BYTES_MAX, Severity, Sources};
use psoas_bot::ids::Lang;
use psoas_bot::triage::Level;

/// The clinic whose files the tests read.
pub const CLINIC: &str = "tuscany-spa";

/// The files of `dialogs/` as they stand.
pub fn real_sources() -> &'static Sources {
    static SOURCES: OnceLock<Sources> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
        dialogs_dir::read(&folder).expect("dialogs/ can be read")
    })
}

/// The content of `dialogs/` as it stands.
pub fn real_content() -> &'static Content {
    static CONTENT: OnceLock<Content> = OnceLock::new();
    CONTENT.get_or_init(|| match content::parse(real_sources(), CLINIC) {
        Ok(parsed) => parsed.content,
        Err(found) => panic!("dialogs/ has errors:\n{}", listed(&found)),
    })
}

/// The one file of hearing beside the real dialogs.
const HEARING: &str = "hearing/signs.yaml";

/// The real files with one of hearing of a few lines, which parses fast.
fn light_sources() -> &'static Sources {
    static SOURCES: OnceLock<Sources> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let mut sources = real_sources().clone();
        sources
            .files
            .retain(|path, _| !path.starts_with("hearing/"));
        let hearing = include_str!("../fixtures/hearing.yaml").to_owned();
        sources.files.insert(HEARING.to_owned(), hearing);
        sources
    })
}

fn listed(found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(|one| {
            let (line, column) = line_column(real_sources(), one);
            let help = one.help.as_deref().unwrap_or("");
            format!(
                "{:?} {}:{line}:{column}: {} {help}\n",
                one.severity, one.place.file, one.message
            )
        })
        .collect()
}

/// Line and column of a finding, from 1; the whole of a file is 1:1.
fn line_column(sources: &Sources, found: &Diagnostic) -> (usize, usize) {
    let text = sources
        .files
        .get(&found.place.file)
        .map_or("", String::as_str);
    let before = &text[..found.place.bytes.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rfind('\n')
        .map_or(before.len(), |newline| before.len() - newline - 1)
        + 1;
    (line, column)
}

/// A small mistake in the real files, and the finding it must give.
struct Mistake {
    name: &'static str,
    file: &'static str,
    /// The first `from` becomes `to`.
    from: &'static str,
    to: &'static str,
    /// The finding stands on the line, and begins at the column, of these words
    /// in the mistaken file; empty for a finding about the whole file.
    at: &'static str,
    says: &'static str,
    helps: &'static str,
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "a number that nobody is told of",
        file: "call-me.yaml",
        from: "kind: phone, next: request",
        to: "kind: phone, next: thanks",
        at: "number:\n    say",
        says: "`number` asks for a number, and nobody is told of it",
        helps: "`request_call: callback-number`",
    },
    Mistake {
        name: "whoever a routine hurts is shown the next one",
        file: "routine.yaml",
        from: "hurt: { set: { moves-today: stop }, ask_again: [right-now, back-belly, leg], next: right-now }",
        to: "hurt: { next: right-now }",
        at: "",
        says: "whoever it hurts is asked nothing",
        helps: "`ask_again:`",
    },
    Mistake {
        name: "an emergency with the card of another sign",
        file: "red-flags.yaml",
        from: "button: { en: \"Chest pain, hard to breathe\"",
        to: "card: under-18\n    button: { en: \"Chest pain, hard to breathe\"",
        at: "under-18\n    button: { en: \"Chest",
        says: "the card `under-18` is not for `chest-pain-breathing`",
        helps: "`only_for`",
    },
    Mistake {
        name: "a card of no level and for nobody",
        file: "cards.yaml",
        from: "    only_for: [pregnant-postpartum]\n",
        to: "",
        at: "pregnancy:",
        says: "the card `pregnancy` stands for no level and for no sign",
        helps: "`only_for:`",
    },
    Mistake {
        name: "an emergency that staff are not told of",
        file: "red-flags.yaml",
        from: "button: { en: \"Chest pain, hard to breathe\"",
        to: "notify: on-request\n    button: { en: \"Chest pain, hard to breathe\"",
        at: "chest-pain-breathing:",
        says: "staff are not told of `chest-pain-breathing`, and its card says they are",
        helps: "`notify: on-request`",
    },
    Mistake {
        name: "a sign that ends the screens before worse ones are asked for",
        file: "red-flags.yaml",
        from: "button: { en: \"New groin lump, not sore\"",
        to: "ends_screens: true\n    button: { en: \"New groin lump, not sore\"",
        at: "groin-lump:\n    level: see-professional",
        says: "`groin-lump` ends the screens before worse signs are asked for",
        helps: "`ends_screens`",
    },
    Mistake {
        name: "a stretch told in a card that anybody reads",
        file: "what-else.yaml",
        from: "A chat can't tell which.",
        to: "To find out, lie on your back and bring one knee up.",
        at: "",
        says: "“lie on your” tells somebody what to do, and nothing asks for clearance first",
        helps: "`position_check`",
    },
    Mistake {
        name: "the same in the other language",
        file: "glossary.yaml",
        from: "es: \"**Flexores de la cadera:**",
        to: "es: \"Acuéstese boca arriba. **Flexores de la cadera:**",
        at: "",
        says: "“acuestese” tells somebody what to do, and nothing asks for clearance first",
        helps: "`position_check`",
    },
    Mistake {
        name: "a position that needs no clearance any more",
        file: "self-check.yaml",
        from: "    position_check: { left_out_with: [kneeling-balance-problem, numbing-meds], next: summary }\n",
        to: "",
        at: "X8b-seat-1",
        says: "the drawing `X8b-seat-1` shows a position, and nothing asks for clearance first",
        helps: "`position_check: {",
    },
    Mistake {
        name: "a note that another fact keeps back without a word",
        file: "moves.yaml",
        from: "unless: [numbing-meds]",
        to: "unless: [hypermobility]",
        at: "hypermobility]\n    en: \"With your answers",
        says: "`hypermobility` keeps the note `only-rest` back, and has no note of its own before it",
        helps: "`unless`",
    },
    Mistake {
        name: "no number to call",
        file: "clinics/tuscany-spa.yaml",
        from: "emergency_number: \"911\"",
        to: "emergency_number: \"\"",
        at: "",
        says: "`emergency_number` is no number to call",
        helps: "that people call",
    },
    Mistake {
        name: "a text that claims something and names no source",
        file: "knee.yaml",
        from: "    source: [seed-001:67, decided:knee-referral]\n",
        to: "",
        at: "knee:",
        says: "`knee` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "a menu that names no source",
        file: "settings.yaml",
        from: "    source: [own]\n",
        to: "",
        at: "settings:",
        says: "`settings` names no `source`",
        helps: "`[own]`",
    },
    Mistake {
        name: "what is said of a person here, and names no source",
        file: "clinics/tuscany-spa.yaml",
        from: "    source: [seed-000:51, seed-000:76]\n",
        to: "",
        at: "",
        says: "`karen` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "a clinic's file that names no source",
        file: "clinics/tuscany-spa.yaml",
        from: "source: [seed-000:76, own]\n",
        to: "",
        at: "",
        says: "`the clinic` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "words for every move that name no source",
        file: "moves.yaml",
        from: "sources: [seed-001:178, S34, GK]\n",
        to: "",
        at: "",
        says: "`every move` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "questions of the screens that name no source",
        file: "red-flags.yaml",
        from: "\nsource: [GK]\n",
        to: "\n",
        at: "",
        says: "`every screen` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "words of the engine that name no source",
        file: "texts.yaml",
        from: "source: [own, GK]\n",
        to: "",
        at: "",
        says: "`every text` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "a ready answer that names no source",
        file: "bot.yaml",
        from: "      es: \"Por favor llámenos al {phone} para que podamos hablar.\"\n    source: [own]\n",
        to: "      es: \"Por favor llámenos al {phone} para que podamos hablar.\"\n",
        at: "call\n    label",
        says: "`call` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "a source that is not there",
        file: "quiz.yaml",
        from: "S29, decided:promises",
        to: "S99, decided:promises",
        at: "S99",
        says: "there is no source `S99`",
        helps: "S9",
    },
    Mistake {
        name: "a line that a seed does not have",
        file: "quiz.yaml",
        from: "seed-001:269",
        to: "seed-001:2690",
        at: "seed-001:2690",
        says: "`seed-001` has no line `2690`",
        helps: "It has the lines 1 to 316.",
    },
    Mistake {
        name: "a seed without a line",
        file: "moves.yaml",
        from: "seed-002:13",
        to: "seed-002",
        at: "seed-002",
        says: "`seed-002` is named without a line",
        helps: "the line's number",
    },
    Mistake {
        name: "a decision that was not made",
        file: "quiz.yaml",
        from: "decided:knee-referral",
        to: "decided:knee-referal",
        at: "decided:knee-referal",
        says: "`knee-referal` is not decided in sources.yaml",
        helps: "Did you mean `knee-referral`?",
    },
    Mistake {
        name: "a decision about a line that is not there",
        file: "sources.yaml",
        from: "from: [seed-000:25]",
        to: "from: [seed-000:250]",
        at: "seed-000:250",
        says: "`seed-000` has no line `250`",
        helps: "",
    },
    Mistake {
        name: "a line that says nothing as a source",
        file: "sources.yaml",
        from: "from: [seed-000:25]",
        to: "from: [seed-000:88]",
        at: "seed-000:88",
        says: "the line 88 of `seed-000` says nothing",
        helps: "Name the line that says it.",
    },
    Mistake {
        name: "a fact that drops one way of a move",
        file: "moves.yaml",
        from: "          age-65-plus: { change: { en: \"Use a chair with arms.\", es: \"Use una silla con brazos.\" } }",
        to: "          age-65-plus: drop",
        at: "age-65-plus: drop",
        says: "takes the whole move away",
        helps: "of the move",
    },
    Mistake {
        name: "a walk that is kept until an answer nobody can give",
        file: "desk.yaml",
        from: "kept_until: desk-kept.keep",
        to: "kept_until: desk-kept.kept",
        at: "desk-kept.kept",
        says: "kept",
        helps: "",
    },
    Mistake {
        name: "a rule without a source",
        file: "red-flags.yaml",
        from: ", source: [S12] }",
        to: " }",
        at: "R2",
        says: "`rule R2` names no `source`",
        helps: "sources.yaml",
    },
    Mistake {
        name: "a flag without a source",
        file: "red-flags.yaml",
        from: "    source: [S28, GK]\n",
        to: "",
        at: "under-18:",
        says: "`under-18` names no `source`",
        helps: "",
    },
    Mistake {
        name: "a flag that speaks against an option, and no list says so",
        file: "red-flags.yaml",
        from: "against: [massage, strength, physical-therapy]",
        to: "against: [massage, acupuncture, strength, physical-therapy]",
        at: "acupuncture, strength, physical-therapy]\n  cancer-history",
        says: "`known-aneurysm` speaks against `acupuncture`, and no list says so",
        helps: "in a line under `not_for` of `acupuncture` in acupuncture.yaml",
    },
    Mistake {
        name: "a flag that speaks against an option nobody lists",
        file: "red-flags.yaml",
        from: "against: [massage, acupuncture, stretch, strength]",
        to: "against: [masage, acupuncture, stretch, strength]",
        at: "masage",
        says: "`pregnant-postpartum` speaks against `masage`, and no list says so",
        helps: "`massage`",
    },
    Mistake {
        name: "a list with a flag that does not speak against the option",
        file: "massage.yaml",
        from: "[infection-risk]",
        to: "[infection-risk, weight-loss]",
        at: "massage\n      lines:\n        - { flags: [pregnant",
        says: "the list of `massage` names `weight-loss`, which does not speak against it",
        helps: "Write `against: [massage]` at the flag in red-flags.yaml.",
    },
    Mistake {
        name: "a list with nothing above it",
        file: "massage.yaml",
        from: "    say:\n      en: \"**Nor while you have**\"\n      es: \"**Tampoco mientras tenga**\"\n",
        to: "",
        at: "massage\n      lines:\n        - { flags: [belly",
        says: "needs `say` above it",
        helps: "",
    },
    Mistake {
        name: "a place that typed words cannot open",
        file: "find.yaml",
        from: "opens: quiz",
        to: "opens: quizz",
        at: "quizz",
        says: "there is no dialog `quizz`",
        helps: "Did you mean `quiz`?",
    },
    Mistake {
        name: "a question days later that no words lead to",
        file: "moves.yaml",
        from: "opens: after-moves",
        to: "opens: arrange",
        at: "arrange",
        says: "`ask_later` opens `arrange`, which is no place of find.yaml",
        helps: "",
    },
    Mistake {
        name: "a term that nobody can ask for",
        file: "glossary.yaml",
        from: "en: [femur, thigh bone]",
        to: "en: [the, thigh bone]",
        at: "femur",
        says: "a word of the term `femur` is a filler",
        helps: "",
    },
    Mistake {
        name: "a term without a source",
        file: "glossary.yaml",
        from: "    source: [seed-001:21, decided:where-it-ends]",
        to: "    source: []",
        at: "psoas",
        says: "`psoas` names no `source`",
        helps: "",
    },
    Mistake {
        name: "a dialog that does not say its kind",
        file: "learn.yaml",
        from: "kind: teaches\n",
        to: "",
        at: "learn",
        says: "the dialog `learn` does not say what `kind` it is",
        helps: "`talks`",
    },
    Mistake {
        name: "a step that is not there",
        file: "knee.yaml",
        from: "next: sitting }",
        to: "next: nowhere-at-all }",
        at: "nowhere-at-all",
        says: "there is no step `nowhere-at-all`",
        helps: "",
    },
    Mistake {
        name: "a mistyped step",
        file: "knee.yaml",
        from: "next: sitting }",
        to: "next: siting }",
        at: "siting }",
        says: "there is no step `siting`",
        helps: "Did you mean `sitting`?",
    },
    Mistake {
        name: "a start that is not there",
        file: "learn.yaml",
        from: "start: what",
        to: "start: begin",
        at: "begin",
        says: "there is no step `begin`",
        helps: "",
    },
    Mistake {
        name: "a key twice",
        file: "learn.yaml",
        from: "stays_open: see-professional",
        to: "stays_open: see-professional\nstays_open: caution",
        at: "stays_open: caution",
        says: "duplicate",
        helps: "",
    },
    Mistake {
        name: "a step twice",
        file: "learn.yaml",
        from: "  done: { end: true }",
        to: "  done: { end: true }\n  done: { end: true }",
        at: "",
        says: "done",
        helps: "",
    },
    Mistake {
        name: "an unknown key",
        file: "learn.yaml",
        from: "    choice:\n      slot: learn-what",
        to: "    choise:\n      slot: learn-what",
        at: "choise",
        says: "choise",
        helps: "",
    },
    Mistake {
        name: "an unknown key of a clinic",
        file: "clinics/tuscany-spa.yaml",
        from: "scheduler: null",
        to: "sheduler: null",
        at: "sheduler",
        says: "sheduler",
        helps: "",
    },
    Mistake {
        name: "an unknown flag in a rule",
        file: "red-flags.yaml",
        from: "all: [hot-red-swollen, fever-with-pain]",
        to: "all: [hot-red-swollen, fever-with-pains]",
        at: "fever-with-pains",
        says: "there is no flag `fever-with-pains`",
        helps: "Did you mean `fever-with-pain`?",
    },
    Mistake {
        name: "an unknown flag in an answer",
        file: "consent.yaml",
        from: "raise: [under-18]",
        to: "raise: [under-81]",
        at: "under-81",
        says: "there is no flag `under-81`",
        helps: "Did you mean `under-18`?",
    },
    Mistake {
        name: "an unknown move",
        file: "self-check.yaml",
        from: "move: X8b",
        to: "move: X9b",
        at: "X9b",
        says: "there is no move `X9b`",
        helps: "",
    },
    Mistake {
        name: "an unknown move of a history flag",
        file: "red-flags.yaml",
        from: "allows: [X1, X7, X8a]",
        to: "allows: [X1, X7, Z8a]",
        at: "Z8a",
        says: "there is no move `Z8a`",
        helps: "",
    },
    Mistake {
        name: "an unknown screen",
        file: "self-check.yaml",
        from: "screen: back-belly",
        to: "screen: back-bely",
        at: "back-bely",
        says: "there is no screen `back-bely`",
        helps: "Did you mean `back-belly`?",
    },
    Mistake {
        name: "an unknown screen to ask again",
        file: "self-check.yaml",
        from: "ask_again: [right-now, back-belly, leg]",
        to: "ask_again: [right-now, back-belly, legs]",
        at: "legs]",
        says: "there is no screen `legs`",
        helps: "Did you mean `leg`?",
    },
    Mistake {
        name: "an unknown placeholder",
        file: "main.yaml",
        from: "Emergency? Call {emergency}",
        to: "Emergency? Call {emergancy}",
        at: "menu:\n    say",
        says: "there is no placeholder `{emergancy}`",
        helps: "Did you mean `{emergency}`?",
    },
    Mistake {
        name: "an unknown dialog to call",
        file: "main.yaml",
        from: "call: book",
        to: "call: boook",
        at: "boook",
        says: "there is no dialog `boook`",
        helps: "Did you mean `book`?",
    },
    Mistake {
        name: "an unknown dialog behind a command",
        file: "bot.yaml",
        from: "name: help, opens: help",
        to: "name: help, opens: hepl",
        at: "hepl",
        says: "there is no dialog `hepl`",
        helps: "Did you mean `help`?",
    },
    Mistake {
        name: "an unknown card",
        file: "red-flags.yaml",
        from: "card: under-18",
        to: "card: under-17",
        at: "under-17",
        says: "there is no card `under-17`",
        helps: "Did you mean `under-18`?",
    },
    Mistake {
        name: "two verbs",
        file: "main.yaml",
        from: "open-book: { call: book, next: gate }",
        to: "open-book: { call: book, end: true, next: gate }",
        at: "open-book: { call",
        says: "a step does one thing",
        helps: "",
    },
    Mistake {
        name: "a step that leads nowhere",
        file: "main.yaml",
        from: "open-book: { call: book, next: gate }",
        to: "open-book: { call: book }",
        at: "open-book: { call",
        says: "it needs `next`",
        helps: "",
    },
    Mistake {
        name: "a circle of calls",
        file: "learn.yaml",
        from: "  done: { end: true }",
        to: "  done: { call: main, next: what }",
        at: "done: { call",
        says: "main → explore → learn → main",
        helps: "",
    },
    Mistake {
        name: "a branch without a last way",
        file: "main.yaml",
        from: "      - { go: menu }\n",
        to: "",
        at: "gate:\n",
        says: "the last arm of a branch has no `if`",
        helps: "",
    },
    Mistake {
        name: "an unknown slot in a condition",
        file: "self-check.yaml",
        from: "has: site.belly",
        to: "has: sight.belly",
        at: "sight.belly",
        says: "no step asks for `sight`",
        helps: "",
    },
    Mistake {
        name: "an unknown value in a condition",
        file: "self-check.yaml",
        from: "has: site.belly",
        to: "has: site.bely",
        at: "site.bely",
        says: "`site` is never answered with `bely`",
        helps: "Did you mean `belly`?",
    },
    Mistake {
        name: "an unknown kind of condition",
        file: "main.yaml",
        from: "level_at_least: see-professional",
        to: "level_at_most: see-professional",
        at: "level_at_most",
        says: "level_at_most",
        helps: "",
    },
    Mistake {
        name: "two options of one name",
        file: "learn.yaml",
        from: "- { id: done,",
        to: "- { id: next,",
        at: "next, label: { en: \"Done\"",
        says: "two answers are called `next`",
        helps: "",
    },
    Mistake {
        name: "bold that is never closed",
        file: "learn.yaml",
        from: "**What is the psoas?**",
        to: "**What is the psoas?",
        at: "en: |-\n        **What is the psoas? (",
        says: "`**` opens bold text and is never closed",
        helps: "",
    },
    Mistake {
        name: "a text whose name is mistyped",
        file: "texts.yaml",
        from: "call-requested:",
        to: "call-requestd:",
        at: "call-requestd:",
        says: "unknown field `call-requestd`",
        helps: "Did you mean `call-requested`?",
    },
    Mistake {
        name: "a placeholder that is never closed",
        file: "texts.yaml",
        from: "{from} to {to}.",
        to: "{from} to {to.",
        at: "",
        says: "opens a placeholder and is never closed",
        helps: "",
    },
    Mistake {
        name: "a missing language",
        file: "texts.yaml",
        from: "button-back: { en: \"Back\", es: \"Atrás\" }",
        to: "button-back: { en: \"Back\" }",
        at: "en: \"Back\" }",
        says: "es",
        helps: "",
    },
    Mistake {
        name: "a missing text of the engine's",
        file: "texts.yaml",
        from: "button-back: { en: \"Back\", es: \"Atrás\" }\n",
        to: "",
        at: "",
        says: "button-back",
        helps: "",
    },
    Mistake {
        name: "an empty text",
        file: "texts.yaml",
        from: "button-back: { en: \"Back\"",
        to: "button-back: { en: \" \"",
        at: "",
        says: "this text is empty",
        helps: "",
    },
    Mistake {
        name: "getting up in front of the rest it ends",
        file: "moves.yaml",
        from: "picture: X1-0 }",
        to: "picture: X1-0, afterwards: true }",
        at: "X1",
        says: "a step that comes `afterwards` stands in front of another",
        helps: "stand last",
    },
    Mistake {
        name: "a step that comes when nothing ends",
        file: "moves.yaml",
        from: "picture: X9-1 }",
        to: "picture: X9-1, afterwards: true }",
        at: "X9:",
        says: "nothing comes `afterwards` of a move without `pace`",
        helps: "",
    },
    Mistake {
        name: "a hold that is also counted",
        file: "moves.yaml",
        from: "pace: { times: 5 }",
        to: "pace: { times: 5, hold_seconds: 5 }",
        at: "X8a",
        says: "this pace cannot be played",
        helps: "Say `hold_seconds` (1 to 900) or `times` (1 to 30)",
    },
    Mistake {
        name: "a move that nobody can play",
        file: "routine.yaml",
        from: "moves: [X1, X7, X1]",
        to: "moves: [X1, X77, X1]",
        at: "X77",
        says: "there is no move `X77`",
        helps: "",
    },
    Mistake {
        name: "a service that no clinic can offer",
        file: "acupuncture.yaml",
        from: "offers: acupuncture",
        to: "offers: acupunture",
        at: "acupunture",
        says: "there is no service `acupunture`",
        helps: "Did you mean `acupuncture`?",
    },
    Mistake {
        name: "a phone without its country",
        file: "clinics/tuscany-spa.yaml",
        from: "e164: \"+1",
        to: "e164: \"1",
        at: "\"1",
        says: "is not a phone number in + form",
        helps: "Write + and 8 to 15 digits",
    },
    Mistake {
        name: "a phone written otherwise than it is called",
        file: "clinics/tuscany-spa.yaml",
        from: "+1 818-248-5500",
        to: "+1 818-248-5501",
        at: "\"+1 818-248-5501\"",
        says: "`+1 818-248-5501` is not how people write +18182485500",
        helps: "Begin with +",
    },
    Mistake {
        name: "a zone that is nowhere",
        file: "clinics/tuscany-spa.yaml",
        from: "America/Los_Angeles",
        to: "America/Los_Angelos",
        at: "America/Los_Angelos",
        says: "there is no time zone `America/Los_Angelos`",
        helps: "America/Los_Angeles",
    },
    Mistake {
        name: "a scheduler without https",
        file: "clinics/tuscany-spa.yaml",
        from: "scheduler: null",
        to: "scheduler: \"http://book.example\"",
        at: "\"http://book.example\"",
        says: "must begin with https://",
        helps: "",
    },
    Mistake {
        name: "a file named unlike its dialog",
        file: "learn.yaml",
        from: "dialog: learn",
        to: "dialog: lern",
        at: "lern",
        says: "the dialog `lern` stands in the file `learn.yaml`",
        helps: "Name the file `lern.yaml`",
    },
    Mistake {
        name: "a flag without a level",
        file: "red-flags.yaml",
        from: "  under-18:\n    level: see-professional\n",
        to: "  under-18:\n",
        at: "under-18:\n",
        says: "the flag `under-18` has no level",
        helps: "",
    },
    Mistake {
        name: "a level that is none",
        file: "red-flags.yaml",
        from: "level: see-professional",
        to: "level: see-proffesional",
        at: "see-proffesional",
        says: "see-proffesional",
        helps: "",
    },
    Mistake {
        name: "a rule that always holds",
        file: "red-flags.yaml",
        from: "{ id: R1, all: [hot-red-swollen, fever-with-pain], level",
        to: "{ id: R1, level",
        at: "R1, level",
        says: "names no flag, so it would always hold",
        helps: "",
    },
    Mistake {
        name: "a level without a card",
        file: "cards.yaml",
        from: "    level: emergency-now\n",
        to: "",
        at: "",
        says: "no card stands for the level `emergency-now`",
        helps: "",
    },
    Mistake {
        name: "a name that is too long for a button",
        file: "consent.yaml",
        from: "id: agree",
        to: "id: agree-that-this-is-not-a-doctor-at-all",
        at: "agree-that-this",
        says: "cannot be a name",
        helps: "at most 32",
    },
    Mistake {
        name: "a pattern with a class nobody knows",
        file: HEARING,
        from: "CHEST + HURT",
        to: "CHEST + HURTS",
        at: "CHEST + HURTS",
        says: "there is no class `HURTS`",
        helps: "Did you mean `HURT`?",
    },
    Mistake {
        name: "a pattern with a part that may be empty",
        file: HEARING,
        from: "CHEST + HURT",
        to: "CHEST? + HURT",
        at: "CHEST? + HURT",
        says: "has an empty part",
        helps: "",
    },
    Mistake {
        name: "a class with a bracket left open",
        file: HEARING,
        from: "en: \"hurts, pain\"",
        to: "en: \"(hurts|aches, pain\"",
        at: "\"(hurts|aches, pain\"",
        says: "opens a bracket",
        helps: "",
    },
    Mistake {
        name: "a class with a stem of two letters",
        file: HEARING,
        from: "en: \"chest\"",
        to: "en: \"ch*\"",
        at: "\"ch*\"",
        says: "would match too much",
        helps: "",
    },
    Mistake {
        name: "a sign that is heard without its example",
        file: HEARING,
        from: "[\"my chest hurts\"]",
        to: "[\"my ear hurts\"]",
        at: "\"my ear hurts\"",
        says: "should state `chest-pain-breathing` and does not",
        helps: "",
    },
    Mistake {
        name: "an example that a cue silences",
        file: HEARING,
        from: "[\"my chest hurts\"]",
        to: "[\"no pain in my chest\"]",
        at: "\"no pain in my chest\"",
        says: "should state `chest-pain-breathing` and does not",
        helps: "is denied",
    },
    Mistake {
        name: "an example that is heard and should not be",
        file: HEARING,
        from: "[\"no chest pain\"]",
        to: "[\"chest pain\"]",
        at: "\"chest pain\"]",
        says: "should not state `chest-pain-breathing` and does",
        helps: "Found by `CHEST + HURT`",
    },
    Mistake {
        name: "yes where true is meant",
        file: "main.yaml",
        from: "level_at_least: see-professional",
        to: "cleared: yes",
        at: "yes",
        says: "bool",
        helps: "",
    },
    Mistake {
        name: "a tab for indentation",
        file: "learn.yaml",
        from: "  done: { end: true }",
        to: "\tdone: { end: true }",
        at: "",
        says: "",
        helps: "",
    },
];

/// Parses with one file changed.
fn with(file: &str, text: String) -> (Sources, Result<content::Parsed, Vec<Diagnostic>>) {
    let mut sources = light_sources().clone();
    sources.files.insert(file.to_owned(), text);
    let parsed = content::parse(&sources, CLINIC);
    (sources, parsed)
}

fn judge(mistake: &Mistake) -> Result<(), String> {
    let before = light_sources()
        .files
        .get(mistake.file)
        .ok_or("the file is not there")?;
    if !before.contains(mistake.from) {
        return Err(format!("the file has no `{}` any more", mistake.from));
    }
    let text = before.replacen(mistake.from, mistake.to, 1);
    let wanted = match mistake.at {
        "" => None,
        at => Some(text.find(at).ok_or(format!("no `{at}` to point at"))?),
    };
    let (sources, parsed) = with(mistake.file, text.clone());
    let Err(found) = parsed else {
        return Err("nothing was found".to_owned());
    };
    let errors: Vec<&Diagnostic> = found
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .collect();
    let all: String = errors
        .iter()
        .map(|one| {
            let (line, column) = line_column(&sources, one);
            format!(
                "    {}:{line}:{column}: {} | {:?}\n",
                one.place.file, one.message, one.help
            )
        })
        .collect();
    for one in &errors {
        let file = sources
            .files
            .get(&one.place.file)
            .map_or("", String::as_str);
        let bytes = &one.place.bytes;
        if bytes.start > bytes.end
            || (bytes.end > file.len() + 1)
            || !file.is_char_boundary(bytes.start.min(file.len()))
        {
            return Err(format!("{bytes:?} is no place in {}", one.place.file));
        }
    }
    let fits = |one: &&&Diagnostic| {
        one.place.file == mistake.file
            && one
                .message
                .to_lowercase()
                .contains(&mistake.says.to_lowercase())
            && one.help.as_deref().unwrap_or("").contains(mistake.helps)
    };
    let Some(fitting) = errors.iter().find(fits) else {
        return Err(format!("no finding fits, of\n{all}"));
    };
    let Some(wanted) = wanted else { return Ok(()) };
    let place = |at: usize| {
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        (line, at - before.rfind('\n').map_or(0, |end| end + 1) + 1)
    };
    let (is, should) = (line_column(&sources, fitting), place(wanted));
    if is != should {
        return Err(format!("it is placed at {is:?}, not at {should:?}:\n{all}"));
    }
    Ok(())
}

#[test]
fn each_mistake_is_found_where_it_stands() {
    let failed: Vec<String> = MISTAKES
        .iter()
        .filter_map(|mistake| {
            let said = judge(mistake).err()?;
            Some(format!("{}: {said}", mistake.name))
        })
        .collect();
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n"));
}

/// What follows from a mistake, wherever it is seen, is not reported too.
#[test]
fn one_mistake_is_one_finding() {
    for (file, from, to) in [
        ("sitting.yaml", "next: why-sitting }", "next: why-siting }"),
        ("learn.yaml", "start: what", "start what"),
        ("arrange.yaml", "start: consult-gate", "start consult-gate"),
        ("arrange.yaml", "dialog: arrange", "dialog: arange"),
        ("call-me.yaml", "{phone}", "{phon}"),
    ] {
        let text = light_sources().files[file].replace(from, to);
        let (_, parsed) = with(file, text);
        let found = parsed.err().unwrap_or_default();
        let found: Vec<&Diagnostic> = found
            .iter()
            .filter(|one| !one.message.contains("reviewed_by"))
            .collect();
        assert_eq!(found.len(), 1, "{file}, `{to}`: {found:#?}");
    }
}

#[test]
fn the_real_content_has_no_error() {
    let _ = real_content();
}

#[test]
fn a_missing_file_is_named() {
    for file in ["cards.yaml", "texts.yaml", "red-flags.yaml", "bot.yaml"] {
        let mut sources = real_sources().clone();
        sources.files.remove(file);
        let found = content::parse(&sources, CLINIC)
            .err()
            .expect("a content without it is not used");
        let one = found
            .iter()
            .find(|one| one.place.file == file)
            .expect("the finding names the file");
        assert_eq!(one.message, "this file is missing");
        assert_eq!(one.place.bytes, 0..0);
    }
}

#[test]
fn an_unknown_clinic_lists_those_there_are() {
    let found = content::parse(real_sources(), "nobody")
        .err()
        .expect("there is no such clinic");
    let one = found
        .iter()
        .find(|one| one.place.file == "clinics/nobody.yaml")
        .expect("the finding names the file");
    assert!(one.help.as_deref().unwrap_or("").contains(CLINIC));
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let mut text = real_sources().files["learn.yaml"].clone();
    text.push_str(&"# a long remark\n".repeat(FILE_BYTES_MAX / 16 + 1));
    let (_, parsed) = with("learn.yaml", text);
    let found = parsed.err().expect("it is not used");
    assert!(
        found
            .iter()
            .any(|one| one.place.file == "learn.yaml" && one.message.contains("larger than"))
    );
}

/// Every finding of the shipped content is about the review that is missing.
#[test]
fn the_shipped_texts_are_easy_to_read_and_no_menu_is_long() {
    let parsed = content::parse(real_sources(), CLINIC).expect("valid");
    let warnings: Vec<&str> = parsed
        .warnings
        .iter()
        .map(|one| one.message.as_str())
        .filter(|message| !message.contains("reviewed_by"))
        .collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
}

/// What is said to patients names no illness of theirs, plays nothing down, promises
/// nothing and does not shout.
#[test]
fn no_text_diagnoses_plays_down_or_shouts() {
    const NEVER: [&str; 16] = [
        "you probably have",
        "it's just",
        "don't worry",
        "nothing serious",
        "you're fine",
        "safe for you",
        "psoas syndrome",
        "will cure",
        "guarantee",
        "usted tiene",
        "no se preocupe",
        "nada grave",
        "síndrome del psoas",
        "seguro para usted",
        "garantiza",
        "!",
    ];
    let mut found = Vec::new();
    for (path, text) in &real_sources().files {
        // What patients say is heard there, and where sentences come from.
        let is_said = path.ends_with(".yaml")
            && !path.starts_with("hearing/")
            && !["sources.yaml", "glossary.yaml", "quiz.yaml"].contains(&path.as_str());
        for (number, line) in text.lines().enumerate().filter(|_| is_said) {
            let line = line.split(" # ").next().unwrap_or_default().to_lowercase();
            let is_comment = line.trim_start().starts_with('#');
            for never in NEVER
                .iter()
                .filter(|never| !is_comment && line.contains(*never))
            {
                found.push(format!("{path}:{}: {never:?}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    let content = content::parse(real_sources(), CLINIC)
        .expect("valid")
        .content;
    for card in content.cards.values() {
        if card.level.is_some_and(|level| level >= Level::UrgentToday) {
            for lang in Lang::ALL {
                let said = card.text.render(lang, &content).text;
                assert!(said.contains(&content.clinic.emergency_number), "{said}");
            }
        }
    }
}

fn warnings_of(file: &str, from: &str, to: &str) -> Vec<String> {
    let text = &light_sources().files[file];
    assert!(text.contains(from), "{file} has no {from:?}");
    let (_, parsed) = with(file, text.replacen(from, to, 1));
    let parsed = parsed.expect("a warning keeps nothing from working");
    parsed.warnings.into_iter().map(|one| one.message).collect()
}

#[test]
fn a_hard_or_long_card_is_a_warning_unless_its_names_are_kept() {
    let hard = "Iliopsoas insufficiency characteristically necessitates comprehensive multidisciplinary evaluation, individualised rehabilitation recommendations and continuous reassessment of functional capabilities by experienced practitioners throughout.";
    let easy = "In referred pain, the hurt is felt away from where it starts.";
    let says = |warnings: &[String], words: &str| warnings.iter().any(|one| one.contains(words));
    let found = warnings_of("quiz.yaml", easy, hard);
    assert!(says(&found, "hard to read (en: school grade"), "{found:#?}");
    let long = "It is so. ".repeat(20);
    let found = warnings_of("quiz.yaml", easy, &long);
    assert!(says(&found, "words (en); at most 60"), "{found:#?}");
    let step = "  q2-why:\n";
    let kept = light_sources().files["quiz.yaml"]
        .replacen(easy, hard, 1)
        .replacen(step, "  q2-why:\n    names_kept: the words of a test\n", 1);
    let (_, parsed) = with("quiz.yaml", kept);
    let found = parsed.expect("valid").warnings;
    assert!(
        found
            .iter()
            .all(|one| !one.message.contains("hard to read")),
        "{found:#?}"
    );
}

/// Whatever patients read is measured, wherever it stands.
#[test]
fn hard_words_are_found_in_moves_drawings_and_of_people() {
    let hard = "Iliopsoas insufficiency characteristically necessitates comprehensive multidisciplinary evaluation, individualised rehabilitation recommendations and continuous reassessment of functional capabilities by experienced practitioners throughout.";
    for (file, easy) in [
        ("moves.yaml", "Mild pull only, at most 3 of 10. Breathe."),
        (
            "moves.yaml",
            "Stop for sharp pain, numbness, weakness or dizziness.",
        ),
        ("moves.yaml", "Get up every 20 to 30 minutes."),
        ("moves.yaml", "5 slow times, every other day."),
        (
            "moves.yaml",
            "Lift the heel only, with the toes on the floor.",
        ),
        (
            "pictures.yaml",
            "Sitting tall on a steady chair, feet flat.",
        ),
        (
            "clinics/tuscany-spa.yaml",
            "Dr. Karen, OMD, offers acupuncture.",
        ),
    ] {
        let found = warnings_of(file, easy, hard);
        let is_found = found.iter().any(|one| one.contains("hard to read (en"));
        assert!(is_found, "{easy}: {found:#?}");
    }
}

#[test]
fn another_way_that_forgets_a_caution_is_a_warning() {
    let line = "          age-65-plus: { change: { en: \"Use a chair with arms.\", es: \"Use una silla con brazos.\" } }\n";
    let found = warnings_of("moves.yaml", line, "");
    let says = "`instead` does not say what `age-65-plus` changes there".to_owned();
    assert!(found.contains(&says), "{found:#?}");
    let found = warnings_of("moves.yaml", line, "          age-65-plus: keep\n");
    assert!(!found.contains(&says), "{found:#?}");
}

#[test]
fn a_sixth_choice_is_a_warning() {
    let option = "        - { id: more, label: { en: \"Settings and help\", es: \"Ajustes y ayuda\" }, next: more }\n";
    let sixth = format!("{option}{}", option.replace("id: more", "id: more-still"));
    let found = warnings_of("main.yaml", option, &sixth);
    assert!(
        found.iter().any(|one| one.contains("offers 6 choices")),
        "{found:#?}"
    );
}

/// The page of sources is the content's own; whoever changes one writes it anew.
#[test]
fn the_page_of_sources_is_written_from_the_content() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources.md");
    let written = std::fs::read_to_string(page).expect("docs/sources.md can be read");
    assert!(
        Some(written) == psoas_bot::cli::sources::page(real_sources()).expect("no errors"),
        "docs/sources.md is not what the content says; run: cargo run -- sources > docs/sources.md"
    );
}

/// Aliases of aliases would grow to billions of nodes.
#[test]
fn an_alias_bomb_is_refused_quickly() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let list = vec![below; 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    for file in ["learn.yaml", "texts.yaml", "red-flags.yaml"] {
        let started = std::time::Instant::now();
        let (_, parsed) = with(file, bomb.clone());
        assert!(parsed.is_err());
        assert!(
            started.elapsed() < std::time::Duration::from_secs(5),
            "{file} took {:?}",
            started.elapsed()
        );
    }
    // The same where a list is really read.
    let say = "dialog: learn\nstart: a\nsteps:\n  a: { say: { en: x, es: x }, end: true, source: &s [x, x, x, x] }\n";
    let mut text = say.to_owned();
    for step in 0..200 {
        text.push_str(&format!(
            "  b{step}: {{ say: {{ en: x, es: x }}, end: true, source: *s }}\n"
        ));
    }
    let (_, parsed) = with("learn.yaml", text);
    drop(parsed);
}

/// Deep nesting must not end in a stack overflow.
#[test]
fn deep_nesting_is_no_crash() {
    let deep = |open: &str, close: &str| {
        format!(
            "dialog: learn\nstart: a\nsteps:\n  a:\n    branch:\n      - {{ if: {}{{ has: consent.set }}{}, go: b }}\n      - {{ go: b }}\n  b: {{ end: true }}\n",
            open.repeat(5_000),
            close.repeat(5_000)
        )
    };
    for (open, close) in [("{ not: ", " }"), ("[", "]"), ("{ all: [", "] }")] {
        let (_, parsed) = with("learn.yaml", deep(open, close));
        assert!(parsed.is_err());
    }
}

/// What happens to one line of a file.
#[derive(Debug, Clone)]
enum Damage {
    Delete,
    Double,
    Indent,
    Outdent,
    Cut(usize),
    Swap,
    Put(&'static str),
    Drop(char),
}

fn damage() -> impl Strategy<Value = Damage> {
    let put = prop::sample::select(vec![
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a ",
        "!!int ",
        "|",
        ">",
        "\"",
        "'",
        "%",
        "@",
        "\t",
        "\u{0}",
        "\u{feff}",
        "\u{202e}",
        "é",
        "👩‍👩‍👧",
        "---",
        "...",
        "<<: *a",
        "~",
        "null",
        "yes",
        "999999999999999999999",
        "-1",
        "**",
        "{x",
        "# ",
        "\r\n",
        "\u{2028}",
    ]);
    prop_oneof![
        3 => Just(Damage::Delete),
        3 => Just(Damage::Double),
        2 => Just(Damage::Indent),
        2 => Just(Damage::Outdent),
        3 => any::<usize>().prop_map(Damage::Cut),
        2 => Just(Damage::Swap),
        4 => put.prop_map(Damage::Put),
        2 => prop::sample::select(vec![':', '{', '}', '"', ',', '-', '[', ']', '*'])
            .prop_map(Damage::Drop),
    ]
}

fn apply(lines: &mut Vec<String>, at: usize, damage: &Damage) {
    if lines.is_empty() {
        return;
    }
    let at = at % lines.len();
    match damage {
        Damage::Delete => {
            lines.remove(at);
        }
        Damage::Double => lines.insert(at, lines[at].clone()),
        Damage::Indent => lines[at].insert_str(0, "  "),
        Damage::Outdent => lines[at] = lines[at].trim_start().to_owned(),
        Damage::Cut(to) => {
            let count = lines[at].chars().count();
            let to = if count == 0 { 0 } else { to % count };
            lines[at] = lines[at].chars().take(to).collect();
        }
        Damage::Swap => {
            let other = (at + 1) % lines.len();
            lines.swap(at, other);
        }
        Damage::Put(words) => {
            let middle = lines[at]
                .char_indices()
                .nth(lines[at].chars().count() / 2)
                .map_or(0, |(middle, _)| middle);
            lines[at].insert_str(middle, words);
        }
        Damage::Drop(letter) => lines[at] = lines[at].replacen(*letter, "", 1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damaged files give a content or findings with real places, and no panic.
    #[test]
    fn damaged_files_never_panic(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec((any::<usize>(), damage()), 1..5),
    ) {
        let sources = light_sources();
        let names: Vec<&String> = sources.files.keys().collect();
        let name = names[file.index(names.len())].clone();
        let mut lines: Vec<String> = sources.files[&name].lines().map(str::to_owned).collect();
        for (at, damage) in &damages {
            apply(&mut lines, *at, damage);
        }
        let (sources, parsed) = with(&name, lines.join("\n"));
        if let Err(found) = parsed {
            prop_assert!(found.iter().any(|one| one.severity == Severity::Error));
            for one in &found {
                let _ = line_column(&sources, one);
                prop_assert!(!one.message.trim().is_empty());
            }
        }
    }
}
