//! What stands beside the walks of a small content: who is reached, what is booked,
//! which commands there are.

use super::{Dice, text};

/// What is different from one content to another.
pub struct Reached {
    pub person: String,
    /// None where nothing can be booked.
    pub book: Option<String>,
    pub has_stop: bool,
    /// A dialog with the language, and with erasing.
    pub settings: Option<String>,
    /// The stop rules name the number for emergencies.
    pub names_number: bool,
}

/// Dice of their own, so that the walks of a seed stay what they are; and only where
/// `is_looked_at`, since all this makes many more states.
pub fn reached(seed: u64, is_looked_at: bool) -> Reached {
    if !is_looked_at {
        return Reached {
            person: head("person", "emergency-now") + &says("a"),
            book: None,
            has_stop: true,
            settings: None,
            names_number: true,
        };
    }
    let mut dice = Dice::new(seed.wrapping_add(0x00c0_ffee));
    Reached {
        person: person(&mut dice),
        book: book(&mut dice),
        has_stop: dice.roll(20) != 0,
        settings: (dice.roll(12) == 0).then(settings),
        names_number: dice.roll(5) != 0,
    }
}

fn head(dialog: &str, stays_open: &str) -> String {
    format!(
        "dialog: {dialog}\nkind: talks\nstays_open: {stays_open}\nstart: a\nsource: [own]\nsteps:\n"
    )
}

/// Asks, and goes to one of two steps.
fn asks(step: &str, slot: &str, yes: &str, no: &str) -> String {
    format!(
        "  {step}: {{ say: {}, yes_no: {{ slot: {slot}, yes: {{ next: {yes} }}, no: {{ next: {no} }} }} }}\n",
        text(&format!("Is it {slot}"))
    )
}

fn says(step: &str) -> String {
    format!(
        "  {step}: {{ say: {}, end: true }}\n",
        text("Call {phone}.")
    )
}

fn person(dice: &mut Dice) -> String {
    let says = |step: &str| {
        format!(
            "  {step}: {{ say: {}, end: true }}\n",
            text("Call {phone}.")
        )
    };
    let quiet = |step: &str| format!("  {step}: {{ say: {}, end: true }}\n", text("Write."));
    let steps = match dice.roll(20) {
        0 => asks("a", "who", "b", "b") + &says("b"),
        1 => asks("a", "who", "b", "b") + &asks("b", "when", "c", "c") + &says("c"),
        2 => quiet("a"),
        3 => {
            let flag = dice.pick(&["f0", "f1", "f1"]);
            format!("  a: {{ branch: [{{ if: {{ has: {flag} }}, go: b }}, {{ go: c }}] }}\n")
                + &quiet("b")
                + &says("c")
        }
        4 => {
            "  a: { branch: [{ if: { level_at_least: urgent-today }, go: b }, { go: c }] }\n"
                .to_owned()
                + &quiet("b")
                + &says("c")
        }
        _ => says("a"),
    };
    head("person", "emergency-now") + &steps
}

fn book(dice: &mut Dice) -> Option<String> {
    let books = "  b: { handoff: { phone: true, contact: true }, next: d }\n  d: { end: true }\n";
    let plain = "  a: { handoff: { phone: true, contact: true }, next: d }\n  d: { end: true }\n";
    Some(match dice.roll(14) {
        0 => return None,
        1 => head("book", "caution") + plain,
        2 => head("book", "see-professional") + &asks("a", "new", "b", "b") + books,
        3 => {
            head("book", "see-professional")
                + &asks("a", "new", "c", "c")
                + &asks("c", "soon", "b", "b")
                + books
        }
        4 => {
            let flag = dice.pick(&["f0", "f1"]);
            head("book", "see-professional")
                + &format!("  a: {{ branch: [{{ if: {{ has: {flag} }}, go: d }}, {{ go: b }}] }}\n")
                + books
        }
        5 => head("book", "emergency-now") + plain,
        _ => head("book", "see-professional") + plain,
    })
}

fn settings() -> String {
    let option =
        |id: &str, does: &str| format!("{{ id: {id}, label: {}, {does}next: d }}", text(id));
    head("settings", "emergency-now")
        + &format!(
            "  a: {{ say: {}, choice: {{ slot: what, options: [{}, {}, {}, {}] }} }}\n  d: {{ end: true }}\n",
            text("What"),
            option("en", "language: en, "),
            option("es", "language: es, "),
            option("erase", "erase: true, "),
            option("done", ""),
        )
}
