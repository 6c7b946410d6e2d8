//! A change of content while somebody is in the middle of a walk.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use psoas_bot::app::dialogs_dir;
use psoas_bot::app::library::Library;
use psoas_bot::chat_test::{Staff, Stage};
use psoas_bot::content::{self, Sources};

use super::proof::patch::Patch;

const PATIENT: i64 = 42;
const STAFF_CHAT: i64 = -100;
const CLINIC: &str = "tuscany-spa";

fn sources() -> Sources {
    dialogs_dir::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs"))
        .expect("dialogs are read")
}

#[track_caller]
fn library(sources: Sources) -> Arc<Library> {
    match content::parse(&sources, CLINIC) {
        Ok(parsed) => Arc::new(Library::new(parsed.content, sources, CLINIC)),
        Err(found) => panic!("the changed content does not parse: {found:#?}"),
    }
}

#[track_caller]
fn with_edit(file: &str, from: &str, to: &str) -> Sources {
    let mut sources = sources();
    let text = sources.files.get_mut(file).expect("the file is there");
    assert!(
        text.contains(from),
        "`{from}` is not in {file} any more: mend this test"
    );
    *text = text.replace(from, to);
    sources
}

/// The shipped content with a screen more: a script from before does not ask it.
fn with_a_screen_more() -> Sources {
    let patch = include_str!("../harmless/05-added-screen.patch");
    Patch::parse(patch)
        .apply(&sources())
        .expect("the patch applies")
}

/// One for all tests: it proves the script from before once.
fn library_with_a_screen_more() -> Arc<Library> {
    static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| library(with_a_screen_more()));
    Arc::clone(&LIBRARY)
}

struct Walk {
    stage: Stage,
}

impl Walk {
    fn begin() -> Self {
        Self::begin_in("en")
    }

    fn begin_in(lang: &str) -> Self {
        let stage = Stage::new(library(sources()), lang, Staff::Group).expect("a stage");
        let mut walk = Self { stage };
        walk.say("/start check");
        walk
    }

    fn say(&mut self, words: &str) {
        let now = self.stage.now();
        self.stage
            .world
            .say(PATIENT, PATIENT, words, now)
            .expect("they write");
        self.settle();
    }

    #[track_caller]
    fn press(&mut self, label: &str) {
        let now = self.stage.now();
        let pressed = self.stage.world.press_label(PATIENT, PATIENT, label, now);
        assert!(pressed.is_ok(), "{pressed:?}");
        self.settle();
    }

    #[track_caller]
    fn settle(&mut self) {
        self.stage.settle();
        assert!(self.stage.troubles.is_empty(), "{:?}", self.stage.troubles);
    }

    fn last(&self) -> String {
        self.stage
            .world
            .messages(PATIENT)
            .iter()
            .rev()
            .find(|shown| shown.from_bot)
            .map(|shown| shown.text.clone())
            .unwrap_or_default()
    }
}

#[test]
fn a_walk_goes_on_in_the_script_it_began_with() {
    let mut walk = Walk::begin();
    walk.press("I'm 18 or older, I understand");
    // The step that asks who it is for is renamed, and says something else.
    let newer = with_edit(
        "self-check.yaml",
        "First, who is this for?",
        "Who has the sore hip?",
    );
    walk.stage.change_content(library(newer));
    walk.press("Me");
    assert!(
        walk.last().contains("pregnant"),
        "the old script goes on: {}",
        walk.last()
    );
    // Whoever begins anew begins in the newest.
    walk.say("/start check");
    assert!(
        walk.last().contains("Who has the sore hip?"),
        "{}",
        walk.last()
    );
}

#[test]
fn a_script_that_is_gone_begins_again_in_the_newest() {
    let mut walk = Walk::begin();
    walk.press("I'm 18 or older, I understand");
    let newer = with_edit(
        "self-check.yaml",
        "First, who is this for?",
        "Who has the sore hip?",
    );
    // The old script is not to be had: it was never kept in this store.
    walk.stage.forget_scripts();
    walk.stage.change_content(library(newer));
    walk.press("Me");
    assert_moved(&walk.last(), "Who has the sore hip?");
}

#[track_caller]
fn assert_moved(said: &str, question: &str) {
    let told = ["have changed since you began", "cambiaron desde que usted"];
    let is_told = told.iter().any(|words| said.contains(words));
    assert!(is_told && said.contains(question), "{said}");
}

#[test]
fn an_older_script_that_misses_a_new_screen_is_left() {
    for (lang, agree, me, question) in [
        (
            "en",
            "I'm 18 or older, I understand",
            "Me",
            "First, who is this for?",
        ),
        (
            "es",
            "Tengo 18 o más y entiendo",
            "Para mí",
            "Primero, ¿para quién es?",
        ),
    ] {
        let mut walk = Walk::begin_in(lang);
        walk.press(agree);
        walk.stage.change_content(library_with_a_screen_more());
        walk.press(me);
        assert_moved(&walk.last(), question);
        // From there on it is a walk like any other, and said no second time.
        walk.press(me);
        assert!(!walk.last().contains(question), "{}", walk.last());
    }
}

#[test]
fn a_warning_in_a_script_that_is_left_still_counts() {
    let mut walk = Walk::begin();
    walk.press("I'm 18 or older, I understand");
    walk.press("A child or teen");
    // The newest has no question of this name: only the script that is left
    // knows what Yes says here.
    let mut newer = with_a_screen_more();
    let text = newer.files.get_mut("self-check.yaml").expect("it is there");
    *text = text
        .replace("  child-limp:\n", "  limp:\n")
        .replace("next: child-limp }", "next: limp }");
    walk.stage.change_content(library(newer));
    walk.press("Yes");
    let said: Vec<String> = walk
        .stage
        .world
        .messages(PATIENT)
        .iter()
        .filter(|shown| shown.from_bot)
        .map(|shown| shown.text.clone())
        .collect();
    // The card, and behind it that the note about it has arrived.
    let said = said[said.len().saturating_sub(2)..].join("\n");
    assert!(said.contains("today"), "the card of today: {said}");
    assert!(!said.contains("have changed"), "{said}");
    let staff = walk.stage.world.messages(STAFF_CHAT);
    assert!(!staff.is_empty(), "staff are told");
}

#[test]
fn whoever_stops_in_a_script_that_is_left_has_stopped() {
    let mut walk = Walk::begin();
    walk.press("I'm 18 or older, I understand");
    walk.stage.change_content(library_with_a_screen_more());
    walk.say("/stop");
    assert!(!walk.last().contains("have changed"), "{}", walk.last());
}

#[test]
fn a_dialog_that_is_gone_leads_to_a_person() {
    let mut walk = Walk::begin();
    walk.say("/quiz");
    let mut newer = sources();
    let text = newer.files.remove("quiz.yaml").expect("the file is there");
    newer.files.insert(
        "riddles.yaml".to_owned(),
        text.replace("dialog: quiz", "dialog: riddles"),
    );
    for text in newer.files.values_mut() {
        *text = text
            .replace("opens: quiz", "opens: riddles")
            .replace("call: quiz", "call: riddles");
    }
    walk.stage.forget_scripts();
    walk.stage.change_content(library(newer));
    walk.say("hello");
    assert!(
        walk.last().contains("818"),
        "a person's number stands there: {}",
        walk.last()
    );
}

#[test]
fn new_safety_questions_are_asked_again() {
    let mut walk = Walk::begin();
    for label in ["I'm 18 or older, I understand", "Me", "No"] {
        walk.press(label);
    }
    for _ in 0..6 {
        walk.press("None of these");
    }
    assert!(
        walk.last().contains("None of the warning signs"),
        "{}",
        walk.last()
    );
    let newer = with_edit(
        "red-flags.yaml",
        "Any of these right now?",
        "Any of these at this moment?",
    );
    walk.stage.change_content(library(newer));
    walk.say("hello");
    let text = walk.last();
    assert!(
        text.contains("questions have changed") || text.contains("changed"),
        "the patient is told: {text}"
    );
    // Back at the first question, and no move without the new answers.
    walk.press("Me");
    walk.press("No");
    assert!(
        walk.last().contains("Any of these at this moment?"),
        "{}",
        walk.last()
    );
}
