//! What a patient reads when they type, follow a link, take the quiz or look at their
//! desk, against lists that were written apart from the content.

use psoas_bot::content::Verb;
use psoas_bot::dialog::{Button, Conversation, Desk, Effect, Input, Keyboard, What, take_turn};
use psoas_bot::free_text::{Heard, hear};
use psoas_bot::ids::{DialogId, Lang, PatientText, StepId, Timestamp};

use super::said;
use crate::content::real_content;

const NOW: Timestamp = Timestamp(1_760_000_000);

/// A patient at the menu, and what they see.
struct Patient {
    c: Conversation,
    /// What the last turn said.
    said: String,
    /// Its buttons: what stands on each, and what it sends.
    buttons: Vec<(String, String)>,
}

impl Patient {
    fn at_the_menu(lang: Lang) -> Self {
        let mut patient = Self {
            c: Conversation::new(lang, None),
            said: String::new(),
            buttons: Vec::new(),
        };
        patient.commands("start", "");
        patient
    }

    fn commands(&mut self, name: &str, argument: &str) {
        self.takes(What::Command {
            name: name.to_owned(),
            argument: PatientText::new(argument.to_owned()),
        });
    }

    fn types(&mut self, words: &str) {
        self.takes(What::Text(PatientText::new(words.to_owned())));
    }

    #[track_caller]
    fn presses(&mut self, label: &str) {
        let found = self.buttons.iter().find(|(on, _)| on == label);
        let (_, data) = found.unwrap_or_else(|| panic!("no [{label}] below: {}", self.said));
        self.takes(What::Press(data.clone()));
    }

    fn takes(&mut self, what: What) {
        let content = real_content();
        let heard = match &what {
            What::Text(text) => hear(&content.hearing, &content.rules, text),
            _ => Heard::default(),
        };
        let input = Input {
            heard,
            ..Input::new(what, Desk::Staffed)
        };
        let turn = take_turn(content, std::mem::take(&mut self.c), &input, NOW);
        self.c = turn.conversation;
        self.said.clear();
        self.buttons.clear();
        for effect in turn.effects {
            let Effect::Say(message) = effect else {
                continue;
            };
            self.said.push_str(&message.text.text);
            self.said.push('\n');
            if let Keyboard::Inline(rows) = message.keyboard {
                for button in rows.into_iter().flatten() {
                    if let Button::Press { label, data } = button {
                        self.buttons.push((label, data));
                    }
                }
            }
        }
    }

    fn labels(&self) -> Vec<&str> {
        self.buttons
            .iter()
            .map(|(label, _)| label.as_str())
            .collect()
    }
}

/// What is typed at the menu, in one language, and how what it opens begins.
const FOUND: &[(Lang, &str, &str)] = &[
    (
        Lang::En,
        "why do I feel it in the knee",
        "Why can the knee feel it?",
    ),
    (
        Lang::En,
        "knee and hip connection",
        "Why can the knee feel it?",
    ),
    (
        Lang::En,
        "why does sitting tighten my hips",
        "Why does sitting matter?",
    ),
    (Lang::En, "shoes", "Shoes\nWear shoes"),
    (Lang::En, "where is the psoas?", "What is the psoas?"),
    (
        Lang::En,
        "physical therapist near me",
        "A physical therapist\n",
    ),
    (
        Lang::En,
        "do you have a physical therapist",
        "A physical therapist\n",
    ),
    (Lang::En, "does acupuncture work?", "Acupuncture\n"),
    (Lang::En, "massage", "Massage\n"),
    (Lang::En, "cost?", "Prices: "),
    (Lang::En, "what are your hours", "Prices: "),
    (Lang::En, "are you open on sunday?", "Prices: "),
    (Lang::En, "book", "Who would you like to see?"),
    (Lang::En, "stretch", "Before any moves"),
    (Lang::En, "knee", "Hi, I'm the automated assistant"),
    (Lang::En, "do nothing", "Care options"),
    (Lang::En, "what else could it be", "What else can it be?"),
    (
        Lang::En,
        "what to ask",
        "Hello. Some questions before I book:",
    ),
    (Lang::En, "my workplace", "Your workplace."),
    (Lang::En, "my car", "Your car."),
    (Lang::En, "tips", "Get up often"),
    (Lang::En, "quizz", "A small quiz"),
    (Lang::En, "my plan", "Your plan is empty."),
    (
        Lang::En,
        "can I talk to a person",
        "If this may be an emergency",
    ),
    (
        Lang::Es,
        "¿por qué lo siento en la rodilla?",
        "¿Por qué se puede sentir en la rodilla?",
    ),
    (
        Lang::Es,
        "¿por qué estar sentado me tensa la cadera?",
        "¿Por qué importa estar sentado?",
    ),
    (Lang::Es, "zapatos", "Los zapatos\n"),
    (Lang::Es, "¿dónde está el psoas?", "¿Qué es el psoas?"),
    (Lang::Es, "¿tienen fisioterapeuta?", "Un fisioterapeuta\n"),
    (Lang::Es, "¿sirve la acupuntura?", "Acupuntura\n"),
    (Lang::Es, "masaje", "Masaje\n"),
    (Lang::Es, "¿cuánto cuesta?", "Precios: "),
    (Lang::Es, "¿a qué hora abren?", "Precios: "),
    (Lang::Es, "estiramientos", "Antes de los movimientos"),
    (
        Lang::Es,
        "¿qué preguntar?",
        "Hola. Unas preguntas antes de pedir cita:",
    ),
    (Lang::Es, "mi trabajo", "Su lugar de trabajo."),
    (Lang::Es, "mi carro", "Su carro."),
    (Lang::Es, "consejos", "Levántese seguido"),
    (Lang::Es, "¿qué más puede ser?", "¿Qué más puede ser?"),
];

#[test]
fn typed_words_open_their_place() {
    let failed: Vec<String> = FOUND
        .iter()
        .filter_map(|(lang, typed, begins)| {
            let mut patient = Patient::at_the_menu(*lang);
            patient.types(typed);
            let fits = patient.said.starts_with(begins);
            (!fits).then(|| format!("{typed}: {}", patient.said))
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A question about one's own pain is offered the card first, and the self-check.
#[test]
fn why_the_knee_hurts_is_offered_the_card_first() {
    for (lang, typed, first, second) in [
        (
            Lang::En,
            "why does my knee hurt?",
            "Why the knee can feel it",
            "Hip and back self-check",
        ),
        (
            Lang::Es,
            "¿por qué me duele la rodilla?",
            "Por qué lo siente la rodilla",
            "Preguntas sobre mi dolor",
        ),
    ] {
        let mut patient = Patient::at_the_menu(lang);
        patient.types(typed);
        assert_eq!(patient.labels()[..2], [first, second], "{}", patient.said);
        patient.presses(first);
        assert!(patient.said.contains("?"), "{}", patient.said);
    }
}

/// A link and, where there is one, a command; and how what they open begins.
const LINKED: &[(&str, Option<&str>, &str)] = &[
    ("check", Some("check"), "Hi, I'm the automated assistant"),
    ("moves", Some("moves"), "Before any moves"),
    ("book", Some("book"), "Who would you like to see?"),
    ("learn", Some("learn"), "What is the psoas?"),
    ("daily", Some("daily"), "Daily life"),
    ("plan", Some("plan"), "Your plan is empty."),
    ("care", Some("care"), "Care options"),
    ("quiz", Some("quiz"), "A small quiz"),
    ("desk", Some("desk"), "Your workplace."),
    ("car", Some("car"), "Your car."),
    ("tips", Some("tips"), "Get up often"),
    ("ask", Some("ask"), "Hello. Some questions before I book:"),
    ("prices", Some("prices"), "Prices: "),
    ("what-else", Some("what_else"), "What else can it be?"),
    ("knee", None, "Why can the knee feel it?"),
    ("sitting", None, "Why does sitting matter?"),
    ("shoes", None, "Shoes\n"),
];

#[test]
fn links_and_commands_open_their_place() {
    for (link, command, begins) in LINKED {
        let mut patient = Patient::at_the_menu(Lang::En);
        patient.commands("start", link);
        assert!(patient.said.starts_with(begins), "{link}: {}", patient.said);
        if let Some(command) = command {
            patient.commands(command, "");
            assert!(
                patient.said.starts_with(begins),
                "/{command}: {}",
                patient.said
            );
        }
    }
}

/// The likeliest first, at most five; a person and Stop stand below.
#[test]
fn the_menus_keep_their_order() {
    for (lang, menu, learn) in [
        (
            Lang::En,
            [
                "Hip and back self-check",
                "Gentle moves",
                "Book a visit",
                "Learn and daily life",
                "Settings and help",
            ],
            [
                "About the psoas",
                "Daily life and my plan",
                "Care options",
                "Quiz",
                "Done",
            ],
        ),
        (
            Lang::Es,
            [
                "Preguntas sobre mi dolor",
                "Movimientos suaves",
                "Pedir una cita",
                "Aprender y vida diaria",
                "Ajustes y ayuda",
            ],
            [
                "Sobre el psoas",
                "Vida diaria y mi plan",
                "Opciones de atención",
                "Cuestionario",
                "Listo",
            ],
        ),
    ] {
        let mut patient = Patient::at_the_menu(lang);
        assert_eq!(patient.labels()[..5], menu);
        patient.presses(menu[3]);
        assert_eq!(patient.labels()[..5], learn);
    }
}

/// Each question, which answer is right, its words in both languages, and how the
/// right answer is named. As the key of the article has it.
const KEY: [(&str, &str, [&str; 2], [&str; 2]); 6] = [
    (
        "q1",
        "extension",
        ["b) Spinal extension", "b) Extensión de la columna"],
        ["it's b.", "es la b."],
    ),
    (
        "q2",
        "referred",
        ["b) Referred pain", "b) Dolor referido"],
        ["it's b.", "es la b."],
    ),
    (
        "q3",
        "both",
        ["c) All of the above", "c) Todo lo anterior"],
        ["it's c.", "es la c."],
    ),
    (
        "q4",
        "no-false",
        ["False", "Falso"],
        ["it's false.", "es falso."],
    ),
    (
        "q5",
        "yes-true",
        ["True", "Verdadero"],
        ["it's true.", "es verdadero."],
    ),
    (
        "q6",
        "no-false",
        ["False", "Falso"],
        ["it's false.", "es falso."],
    ),
];

#[test]
fn the_quiz_has_the_key_of_the_article() {
    let content = real_content();
    let quiz = DialogId::new("quiz");
    for (question, right, labels, named) in KEY {
        let step = content
            .step(&quiz, &StepId::new(question))
            .unwrap_or_else(|| panic!("{question}"));
        let Verb::Choice { options, .. } = &step.verb else {
            panic!("{question} is no choice");
        };
        for option in options {
            let is_right = option.id.as_str() == right;
            let verdict = if is_right { "right" } else { "wrong" };
            let next = option.answer.next.as_ref().map(StepId::as_str);
            assert_eq!(next, Some(format!("{question}-{verdict}").as_str()));
            if is_right {
                assert_eq!(Lang::ALL.map(|lang| option.label.plain(lang)), labels);
            }
        }
        for (lang, named) in Lang::ALL.into_iter().zip(named) {
            let told = said(content, "quiz", &format!("{question}-right"), lang);
            assert!(told.contains(named), "{question}: {told}");
        }
    }
    // All right is six of six, in each language; each wrong answer is one less.
    for (place, lang) in Lang::ALL.into_iter().enumerate() {
        for wrong in 0..=KEY.len() {
            let mut patient = Patient::at_the_menu(lang);
            patient.commands("quiz", "");
            patient.presses(["Start", "Empezar"][place]);
            for (number, (.., labels, _)) in KEY.iter().enumerate() {
                let right = labels[place];
                let shown: Vec<String> = patient.labels().into_iter().map(str::to_owned).collect();
                let other = shown.iter().find(|label| *label != right);
                match other.filter(|_| number < wrong) {
                    Some(other) => patient.presses(other),
                    None => patient.presses(right),
                }
            }
            let score = ["of", "de"][place];
            let score = format!("{} {score} 6.", KEY.len() - wrong);
            assert!(patient.said.contains(&score), "{score}: {}", patient.said);
        }
    }
}

/// Whatever is answered, the look ends in three changes: never two, never four.
#[test]
fn each_look_ends_in_three_changes() {
    const QUESTIONS_MAX: u32 = 6;
    for look in ["desk", "car"] {
        for answers in 0..1_u32 << QUESTIONS_MAX {
            let mut patient = Patient::at_the_menu(Lang::En);
            patient.commands(look, "");
            for question in 0..QUESTIONS_MAX {
                if patient.said.contains('•') {
                    break;
                }
                let is_no = answers & (1 << question) != 0;
                patient.presses(if is_no { "No" } else { "Yes" });
            }
            let changes = patient.said.matches('•').count();
            assert_eq!(changes, 3, "{look}, {answers:06b}: {}", patient.said);
        }
    }
}

/// "Nope" and the like are answers where nothing about health is asked, and there alone.
#[test]
fn yes_and_no_can_be_typed_in_other_words() {
    for (lang, no, yes) in [
        (
            Lang::En,
            ["nope", "nah", "not really"],
            ["yep", "yeah", "sure"],
        ),
        (
            Lang::Es,
            ["nop", "para nada", "todavía no"],
            ["claro", "así es", "correcto"],
        ),
    ] {
        let mut patient = Patient::at_the_menu(lang);
        patient.commands("desk", "");
        for word in no {
            patient.types(word);
        }
        assert_eq!(patient.said.matches('•').count(), 3, "{}", patient.said);
        patient.commands("desk", "");
        for word in yes.iter().chain(&yes) {
            patient.types(word);
        }
        assert_eq!(patient.said.matches('•').count(), 3, "{}", patient.said);
    }
    let mut patient = Patient::at_the_menu(Lang::En);
    patient.commands("check", "");
    patient.presses("I'm 18 or older, I understand");
    patient.presses("Me");
    assert!(patient.said.contains("pregnant"), "{}", patient.said);
    patient.types("nope");
    assert!(
        patient.said.contains("Please use the buttons"),
        "{}",
        patient.said
    );
}
