//! Rows that would make the bot deaf are refused, and what nearly was not heard.

use psoas_bot::content::{self, Diagnostic};
use psoas_bot::triage::Level;

use super::score::{said, ways};
use super::{assert_clear, assert_heard, root};
use crate::content::{CLINIC, real_content, real_sources};

/// The real files with a row added behind a line of one of them.
fn with_row(file: &str, behind: &str, row: &str) -> Vec<Diagnostic> {
    let mut sources = real_sources().clone();
    let text = sources.files.get_mut(file).expect("the file is there");
    let at = text.find(behind).expect("the line is there") + behind.len();
    text.insert_str(at, row);
    match content::parse(&sources, CLINIC) {
        Ok(_) => Vec::new(),
        Err(found) => found,
    }
}

/// Planted bugs of a hurried author: each makes the bot deaf to much of what people
/// write, and the examples of the signs alone might not feel it.
#[test]
fn a_row_that_makes_the_bot_deaf_is_refused_by_name() {
    let idioms = ("hearing/idioms.yaml", "\n  idioms:\n");
    let unless = (
        "hearing/nerves.yaml",
        "      - boca|cara|lengua|labio|mejilla|encia|cachete|cachetes|quijada|cheek|lip|jaw ... por el_dentista|la_muela|una_muela|la_anestesia_del_dentista\n",
    );
    for ((file, behind), row) in [
        (idioms, "like|como a|an|un|una|the|if|si? NUMB|HURT|BAD"),
        (idioms, "cant|couldnt|no_puedo even|ni|ya?"),
        (
            idioms,
            "my|mi|la|the LEG|KNEE|BELLY .. is|was|esta|went|feels",
        ),
        (unless, "wiping|wipe|limpiarme|after|since|desde"),
    ] {
        let indent = if file.ends_with("idioms.yaml") { 4 } else { 6 };
        let line = format!("{:indent$}- {row}\n", "");
        let found = with_row(file, behind, &line);
        let named = found.iter().any(|one| {
            let help = one.help.as_deref().unwrap_or_default();
            one.message.contains("must be heard") && help.contains(row)
        });
        assert!(named, "`{row}` is not refused: {found:#?}");
    }
}

/// Each flag that blocks has them; without, nobody would miss the file.
#[test]
fn flags_have_sentences_that_must_be_heard() {
    let mut sources = real_sources().clone();
    let file = "hearing/must-hear.yaml";
    let text = sources.files.get_mut(file).expect("the file is there");
    let from = text.find("  saddle-numbness:\n").expect("it has some");
    let to = text
        .find("  bladder-bowel-change:\n")
        .expect("the next one");
    text.replace_range(from..to, "");
    let Err(found) = content::parse(&sources, CLINIC) else {
        panic!("nobody missed them")
    };
    let missed: Vec<&String> = found
        .iter()
        .map(|one| &one.message)
        .filter(|message| message.contains("must be heard"))
        .collect();
    let wanted = |language: &str| {
        format!("`saddle-numbness` has 0 sentences in {language} that must be heard")
    };
    assert_eq!(missed, [&wanted("English"), &wanted("Spanish")]);
}

#[test]
fn whoever_types_to_be_under_age_is_heard() {
    assert_heard(&[
        ("i'm under 18", "under-18"),
        ("tengo menos de 18 años", "under-18"),
        ("soy menor de edad", "under-18"),
        ("im not 18 yet", "under-18"),
        ("todavía no cumplo los 18", "under-18"),
        ("i am 15", "under-18"),
    ]);
    assert_clear(&[
        "im over 18",
        "tengo mas de 18 años",
        "no soy menor de edad",
        "im not under 18",
    ]);
}

/// Words hold digits too: "las 2 piernas" are both.
#[test]
fn phrases_with_digits_are_heard() {
    assert_heard(&[
        ("no siento las 2 piernas", "both-legs-neuro"),
        ("my hip hurts 24/7", "night-rest-pain"),
    ]);
}

#[test]
fn what_is_back_to_normal_is_over() {
    assert_clear(&[
        "my foot was numb, its back to normal",
        "se me durmió la pierna pero ya volvió a la normalidad",
    ]);
    assert_heard(&[("my foot was numb and its back", "leg-numbness-tingling")]);
}

/// What people write around a sign says nothing about it.
const ASIDES: [(&str, &str); 24] = [
    ("en", "hi quick question before my appointment, {}"),
    ("en", "i googled it and {}"),
    ("en", "i was watching a movie when {}"),
    ("en", "if you have a minute, {}"),
    ("en", "i was at work when i noticed {}"),
    ("en", "my surgery is next month, {}"),
    ("en", "i dont feel like myself, {}"),
    ("en", "{}, hope its ok to write here"),
    ("en", "{}, otherwise im fine"),
    ("en", "{}, is that normal"),
    ("en", "{}, its a little better today"),
    ("en", "{}, it went away for an hour but came back"),
    ("es", "oiga una pregunta antes de mi cita, {}"),
    ("es", "lo busqué en google y {}"),
    ("es", "estaba viendo una película y {}"),
    ("es", "si tiene un minuto, {}"),
    ("es", "sin prisa, {}"),
    ("es", "me operan el mes que entra, {}"),
    ("es", "para no hacerle el cuento largo {}"),
    ("es", "{}, puedo ir a mi cita?"),
    ("es", "{}, cancelo?"),
    ("es", "{}, fuera de eso estoy bien"),
    ("es", "{}, hoy poquito mejor"),
    ("es", "{}, se me quitó una hora pero volvió"),
];

/// So many of a hundred emergencies must still be heard beside each of them: an aside
/// may happen to be what explains one away.
const BESIDE_ASIDES_MIN: f64 = 94.0;

#[test]
fn asides_hide_no_emergency() {
    let content = real_content();
    let lines = ways(root(), "thirteenth.tsv", &content.rules);
    let heard = |text: &str| said(content, text).level == Level::EmergencyNow;
    let heard_alone: Vec<_> = lines
        .iter()
        .filter(|line| line.level == Level::EmergencyNow && heard(&line.text))
        .collect();
    for (lang, aside) in ASIDES {
        let of_lang = heard_alone.iter().filter(|line| line.lang == lang);
        let (mut all, mut found) = (0_i32, 0_i32);
        for line in of_lang {
            let said = said(content, &aside.replace("{}", &line.text));
            all += 1;
            found += i32::from(said.level == Level::EmergencyNow || said.asks);
        }
        assert!(all > 100, "only {all} lines in {lang}");
        let share = 100.0 * f64::from(found) / f64::from(all);
        println!("{share:.1} % {aside}");
        assert!(share >= BESIDE_ASIDES_MIN, "{share:.1} % beside: {aside}");
    }
}
