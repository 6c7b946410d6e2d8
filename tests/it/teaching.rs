//! What the content teaches, against lists that were written apart from it: what may
//! not be changed without somebody noticing.

mod taught;

use psoas_bot::content::Content;
use psoas_bot::ids::{DialogId, Lang, MoveId, PictureId, StepId};

use crate::content::{real_content, real_sources};

/// What a step says in one language; lists and all.
fn said(content: &Content, dialog: &str, step: &str, lang: Lang) -> String {
    let step = content
        .step(&DialogId::new(dialog), &StepId::new(step))
        .unwrap_or_else(|| panic!("{dialog} has no step {step}"));
    let say = step.say.as_ref();
    say.map_or_else(String::new, |say| content.fill(say, lang, &[]).text)
}

/// What a clinician would miss in the list of an option.
struct NotFor {
    dialog: &'static str,
    steps: &'static [&'static str],
    /// In English and in Spanish.
    words: &'static [(&'static str, &'static str)],
}

const NOT_FOR: &[NotFor] = &[
    NotFor {
        dialog: "massage",
        steps: &["massage-who", "massage-now"],
        words: &[
            ("pregnant", "embarazada"),
            ("blood clot", "coágulo"),
            ("blood thinners", "anticoagulantes"),
            ("aneurysm", "aneurisma"),
            ("cancer", "cáncer"),
            ("weak bones", "huesos débiles"),
            ("steroid", "esteroides"),
            ("new joint", "prótesis"),
            ("weak immune system", "pocas defensas"),
            ("belly pain", "dolor de vientre"),
            ("beats", "late"),
            ("groin", "ingle"),
            ("swollen", "hinchada"),
            ("fever", "fiebre"),
            ("fresh injury", "golpe"),
            ("surgery", "cirugía"),
            ("any other warning sign", "otra señal de alerta"),
        ],
    },
    NotFor {
        dialog: "acupuncture",
        steps: &["needles-who"],
        words: &[
            ("blood thinners", "anticoagulantes"),
            ("pregnant", "embarazada"),
            ("weak immune system", "pocas defensas"),
            ("fever", "fiebre"),
            ("any other warning sign", "otra señal de alerta"),
        ],
    },
    NotFor {
        dialog: "care",
        steps: &["stretch-who"],
        words: &[
            ("fresh injury", "golpe"),
            ("surgery", "cirugía"),
            ("new joint", "prótesis"),
            ("weak bones", "huesos débiles"),
            ("disc", "disco"),
            ("belly pain", "dolor de vientre"),
            ("groin lump", "bulto en la ingle"),
            ("fever", "fiebre"),
            ("numb or weak leg", "dormida o débil"),
            ("every step", "cada paso"),
            ("pregnant", "embarazada"),
            ("any other warning sign", "otra señal de alerta"),
        ],
    },
    NotFor {
        dialog: "care",
        steps: &["strength-who"],
        words: &[
            ("fresh injury", "golpe"),
            ("new joint", "prótesis"),
            ("disc", "disco"),
            ("aneurysm", "aneurisma"),
            ("numb or weak leg", "dormida o débil"),
            ("every step", "cada paso"),
            ("any other warning sign", "otra señal de alerta"),
        ],
    },
    NotFor {
        dialog: "physical-therapist",
        steps: &["pt-not"],
        words: &[
            ("fresh injury", "golpe"),
            ("fever", "fiebre"),
            ("weight loss", "bajó de peso"),
            ("newly weak", "débil"),
            ("belly pain", "dolor de vientre"),
            ("aneurysm", "aneurisma"),
            ("cancer", "cáncer"),
        ],
    },
];

#[test]
fn each_option_of_care_says_for_whom_it_is_not() {
    let content = real_content();
    let mut missing = Vec::new();
    for NotFor {
        dialog,
        steps,
        words,
    } in NOT_FOR
    {
        let all = Lang::ALL.map(|lang| {
            let steps = steps.iter().map(|step| said(content, dialog, step, lang));
            steps.collect::<String>()
        });
        for (en, es) in *words {
            if !all[0].contains(en) || !all[1].contains(es) {
                missing.push(format!("{dialog} {steps:?}: {en} / {es}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Sentences that keep the content honest: a dialog, its step, and what it must say in
/// English and in Spanish.
const SAID: &[(&str, &str, [&str; 2])] = &[
    (
        "care",
        "which",
        [
            "None of these is right for everyone, and none can be promised to work.",
            "Ninguna es buena para todos y de ninguna se puede prometer que sirva.",
        ],
    ),
    (
        "care",
        "series",
        [
            "No number of visits is proven right, so we name none.",
            "Ningún número está demostrado, así que no damos ninguno.",
        ],
    ),
    (
        "care",
        "series",
        [
            "You can stop at any visit.",
            "Puede parar en cualquier visita.",
        ],
    ),
    (
        "care",
        "session",
        [
            "You may stop at any time, without a reason.",
            "Puede parar cuando quiera, sin dar razón.",
        ],
    ),
    (
        "care",
        "session",
        [
            "You say where you may be touched.",
            "Usted dice dónde le pueden tocar.",
        ],
    ),
    (
        "care",
        "doctor-elsewhere",
        ["keep following up.", "siga viéndolo."],
    ),
    (
        "care",
        "doctor-elsewhere",
        ["We have none here.", "Aquí no tenemos."],
    ),
    (
        "care",
        "doctor-here",
        ["keep following up.", "siga viéndolo."],
    ),
    (
        "care",
        "wait",
        [
            "Not for you if you have any warning sign",
            "No es para usted si tiene alguna señal de alerta",
        ],
    ),
    (
        "massage",
        "massage",
        [
            "It should not be sharp or shoot down a leg: say so at once.",
            "No debe ser punzante ni bajar por la pierna: dígalo enseguida.",
        ],
    ),
    (
        "massage",
        "massage-who",
        [
            "had a blood clot, or take blood thinners",
            "tuvo un coágulo o toma anticoagulantes",
        ],
    ),
    (
        "massage",
        "why-massage",
        ["Not sure that it helps.", "No es seguro que ayude."],
    ),
    (
        "knee",
        "knee",
        [
            "some need care soon. It is a reason to get checked, not an answer.",
            "algunos necesitan atención pronto. Es una razón para revisarse, no una respuesta.",
        ],
    ),
    (
        "knee",
        "why-knee",
        [
            "Not sure how often the psoas is behind it.",
            "No se sabe cuántas veces es por el psoas.",
        ],
    ),
    (
        "sitting",
        "sitting",
        [
            "a newly swollen or sore calf after a long trip needs a doctor today.",
            "una pantorrilla hinchada o adolorida después de un viaje largo necesita un médico hoy.",
        ],
    ),
    (
        "what-else",
        "what-else",
        [
            "A chat can't tell which.",
            "Un chat no puede decir cuál es.",
        ],
    ),
    (
        "what-else",
        "what-else",
        [
            "Swelling behind the knee needs a check before any massage.",
            "Una hinchazón detrás de la rodilla se revisa antes de cualquier masaje.",
        ],
    ),
    (
        "shoes",
        "shoes",
        [
            "Wear shoes that hold your foot",
            "Use zapatos que le sostengan el pie",
        ],
    ),
    (
        "shoes",
        "driving",
        [
            "One calf swollen or sore after a long trip? See a doctor today. Trouble breathing? Call 911.",
            "¿Una pantorrilla hinchada o adolorida tras un viaje largo? Vea a un médico hoy. ¿Le falta el aire? Llame al 911.",
        ],
    ),
    (
        "ask",
        "ask",
        [
            "1. I have pain in my hip, back or knee.",
            "1. Me duele la cadera, la espalda o la rodilla.",
        ],
    ),
    (
        "ask",
        "ask",
        [
            "2. Have you worked with the psoas?",
            "2. ¿Han trabajado el psoas?",
        ],
    ),
    (
        "ask",
        "ask",
        [
            "3. I have these health problems",
            "3. Tengo estos problemas de salud",
        ],
    ),
    (
        "ask",
        "ask",
        [
            "4. Do I need my doctor's OK first?",
            "4. ¿Necesito primero el sí de mi médico?",
        ],
    ),
    (
        "ask",
        "ask",
        [
            "5. What if it hurts? Can I stop?",
            "5. ¿Y si duele? ¿Puedo parar?",
        ],
    ),
    (
        "ask",
        "ask",
        [
            "6. How long is a visit, and the cost?",
            "6. ¿Cuánto cuesta una visita y cuánto dura?",
        ],
    ),
];

#[test]
fn what_must_be_said_is_said() {
    let content = real_content();
    let mut missing = Vec::new();
    for (dialog, step, words) in SAID {
        for (lang, words) in Lang::ALL.into_iter().zip(words) {
            if !said(content, dialog, step, lang).contains(words) {
                missing.push(format!("{dialog} {step}: {words}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What no text may say: a diagnosis, a promise, that it suits everybody.
const NEVER: &[&str] = &[
    "suits everybody",
    "suits everyone",
    "suits anyone",
    "for everybody",
    "safe for you",
    "safe for everyone",
    "comes from the psoas",
    "comes from your psoas",
    "is your psoas",
    "because of your psoas",
    "psoas syndrome",
    "you have a tight",
    "you probably have",
    "it's just",
    "don't worry",
    "you're fine",
    "nothing serious",
    "we cure",
    "will cure",
    "heals your",
    "guarantee",
    "pain-free",
    "permanent",
    "immediate relief",
    "world of difference",
    "le sirve a todos",
    "para todo el mundo",
    "les conviene a todos",
    "seguro para usted",
    "viene del psoas",
    "viene de su psoas",
    "es su psoas",
    "se debe al psoas",
    "síndrome del psoas",
    "usted tiene el psoas",
    "probablemente tiene",
    "no se preocupe",
    "nada grave",
    "está usted bien",
    "lo cura",
    "garantiz",
    "para siempre",
    "alivio inmediato",
];

/// Numbers in words, before what must not be counted.
const NUMBERS: &[&str] = &[
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "dos",
    "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "doce",
];

const VISITS: &[&str] = &[
    "session",
    "sessions",
    "visits",
    "treatments",
    "massages",
    "sesiones",
    "visitas",
    "tratamientos",
    "masajes",
    "citas",
];

/// The files whose texts patients read: all but what is heard, and what was decided.
#[test]
fn no_text_diagnoses_promises_or_sells_a_number() {
    let files = real_sources().files.iter().filter(|(path, _)| {
        path.ends_with(".yaml") && !path.starts_with("hearing/") && *path != "sources.yaml"
    });
    let mut found = Vec::new();
    for (path, text) in files {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        for line in lines {
            let plain = line.to_lowercase().replace("**", "");
            let words: Vec<&str> = plain
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            let counts = |pair: &[&str]| {
                let is_number =
                    NUMBERS.contains(&pair[0]) || pair[0].chars().all(|c| c.is_ascii_digit());
                is_number && VISITS.contains(&pair[1])
            };
            if NEVER.iter().any(|never| plain.contains(never)) || words.windows(2).any(counts) {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The drawing of each step of each way of a move, and behind the stroke of its easier
/// way, without the name of the move. `_` is in the same position as the step before.
const DRAWN: &[(&str, &[&str])] = &[
    (
        "X1",
        &["0 1 _ _ 2 / X1-bed", "K1-1 bed _ _ bed-2 / bed-easier"],
    ),
    ("X2", &["1 _ tuck 2 _ 3 / tuck"]),
    (
        "X3",
        &[
            "1 2 3 _ 4 / easier",
            "1 towel towel-3 _ towel-4 / towel-easier",
        ],
    ),
    ("X4", &["0 1 tuck 2 _ / easier"]),
    ("X6", &["1 hold 2 _ _ / easier", "1 hold 2 _ _ / easier"]),
    ("X7", &["X7-2 X7-1 _ shoe X9-2"]),
    (
        "X8a",
        &[
            "1 tight 2 3 / tight",
            "chair-1 chair-slide chair-2 chair-3 / chair-easier",
        ],
    ),
    (
        "X8b",
        &[
            "1 2 3 / heel",
            "seat-1 seat-2 seat-3 / seat-heel",
            "both-1 both-2 both-3 / heel",
        ],
    ),
    ("X9", &["0 X7-2 2 1"]),
];

/// Each move's easier way: how long it is then held, and words it must say.
const EASIER: &[(&str, Option<u32>, [&str; 2])] = &[
    ("X1", Some(120), ["on a bed", "en la cama"]),
    (
        "X2",
        Some(10),
        ["Don't shift forward", "No vaya hacia adelante"],
    ),
    ("X3", Some(5), ["less far", "menos lejos"]),
    (
        "X4",
        Some(10),
        [
            "Take a shorter step. Only tuck the tailbone and don't shift forward.",
            "Dé un paso más corto. Solo meta la cola y no vaya hacia adelante.",
        ],
    ),
    ("X6", Some(10), ["less far", "menos lejos"]),
    ("X8a", None, ["Leave the hips down", "Deje la cadera abajo"]),
    ("X8b", None, ["Lift the heel only", "Suba solo el talón"]),
];

#[test]
fn each_move_keeps_its_drawings_and_its_easier_way() {
    let moves = &real_content().moves.list;
    assert_eq!(moves.len(), DRAWN.len());
    for (id, ways) in DRAWN {
        let named = |word: &str| match word {
            "_" => None,
            whole if whole.starts_with(['X', 'K']) => Some(whole.to_owned()),
            part => Some(format!("{id}-{part}")),
        };
        let exercise = &moves[&MoveId::new(id)];
        let usual = (&exercise.steps, &exercise.easier);
        let instead = exercise.instead.iter().map(|way| (&way.steps, &way.easier));
        let is: Vec<_> = std::iter::once(usual).chain(instead).collect();
        assert_eq!(is.len(), ways.len(), "{id}");
        for ((steps, easier), way) in is.into_iter().zip(*ways) {
            let (of_steps, of_easier) = way.split_once(" / ").unwrap_or((way, "_"));
            let drawn = |picture: &Option<PictureId>| picture.as_ref().map(ToString::to_string);
            let is: Vec<_> = steps.iter().map(|step| drawn(&step.picture)).collect();
            assert_eq!(
                is,
                of_steps.split(' ').map(named).collect::<Vec<_>>(),
                "{id}"
            );
            let easier = easier.as_ref().map(|easier| drawn(&easier.picture));
            assert_eq!(easier.flatten(), named(of_easier), "{id}");
        }
    }
    for (id, seconds, words) in EASIER {
        let easier = moves[&MoveId::new(id)].easier.as_ref();
        let easier = easier.unwrap_or_else(|| panic!("{id} has no easier way"));
        assert_eq!(easier.hold_seconds, *seconds, "{id}");
        for (lang, words) in Lang::ALL.into_iter().zip(words) {
            assert!(easier.say.plain(lang).contains(words), "{id}: {words}");
        }
    }
}
