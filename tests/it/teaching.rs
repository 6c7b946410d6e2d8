//! What the content teaches, against lists that were written apart from it: what may
//! not be changed without somebody noticing.

use psoas_bot::content::Content;
use psoas_bot::ids::{DialogId, Lang, StepId};

use crate::content::real_content;

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
