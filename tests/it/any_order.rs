//! Patients, staff of every role and somebody who is none, restarts, moves of the
//! group, deleted topics and erasures in any order, at a clinic that is open or
//! closed: what must hold whatever comes after what.

mod play;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::Index;

use psoas_bot::app::hours;
use psoas_bot::app::library::Library;
use psoas_bot::app::records::ShownAs;
use psoas_bot::chat_test::Staff;
use psoas_bot::dialog::Due;
use psoas_bot::ids::{ChatId, Timestamp};
use psoas_bot::staff::{Case, CaseState, Outcome, Waits};
use psoas_bot::triage::Level;

use super::content::{CLINIC, real_content, real_sources};
use play::{PATIENTS, Play, STAFF};

const ALARM: &str = "I have chest pain and can't breathe";
const CAN_WAIT: &str = "I lost a lot of weight without trying";
const PRIVATE: &str = "I am not safe at home";
/// What of a private answer is named nowhere.
const PRIVATE_TRACE: &str = "safe at home";

static ALWAYS_OPEN: LazyLock<Arc<Library>> = LazyLock::new(|| {
    let content = real_content().clone();
    Arc::new(Library::new(content, real_sources().clone(), CLINIC))
});

/// Closed when a play begins, at ten in the morning.
static WITH_HOURS: LazyLock<Arc<Library>> =
    LazyLock::new(|| Arc::new(ALWAYS_OPEN.with_hours("12:00", "18:00")));

/// The desk of a play.
#[derive(Debug, Clone, Copy)]
struct Desk {
    has_topics: bool,
    /// An owner, a clinician, one of staff, and somebody who is none. Without, all
    /// of them act.
    has_roles: bool,
    has_hours: bool,
}

impl Desk {
    fn library(self) -> Arc<Library> {
        Arc::clone(match self.has_hours {
            true => &WITH_HOURS,
            false => &ALWAYS_OPEN,
        })
    }

    fn staff(self) -> Staff {
        match self.has_topics {
            true => Staff::Topics,
            false => Staff::Group,
        }
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A patient writes something harmless, with a mark of its own.
    Writes(usize),
    /// A patient writes a warning sign.
    Alarm(usize),
    /// A patient writes a sign that can wait until the clinic opens.
    CanWait(usize),
    /// A patient writes what is named to nobody.
    Private(usize),
    /// A patient sends a voice message.
    Voice(usize),
    /// A patient erases everything.
    Erases(usize),
    /// A patient blocks the bot, or lets it in again.
    Blocks(usize, bool),
    /// Somebody replies to any message of the bot in the staff chat.
    Replies(usize, Index),
    /// Somebody writes in any topic.
    InTopic(usize, Index),
    /// Somebody presses any button that stands in the staff chat, old ones too.
    Presses(usize, Index),
    /// Somebody closes any case.
    Closes(usize, Index),
    /// Somebody asks for the card of any case, or for its patient.
    Asks(usize, Index, bool),
    /// A topic is deleted.
    DeletesTopic(Index),
    /// The group gets a new number.
    Moves,
    /// The process ends and starts again.
    Restarts,
    /// Time passes, in minutes.
    Minutes(i64),
}

impl Step {
    /// Who of the staff group does it.
    fn by(&self) -> Option<usize> {
        match self {
            Self::Replies(who, _)
            | Self::InTopic(who, _)
            | Self::Presses(who, _)
            | Self::Closes(who, _)
            | Self::Asks(who, ..) => Some(*who),
            _ => None,
        }
    }

    /// Whose patient's it is.
    fn of(&self) -> Option<i64> {
        match self {
            Self::Writes(who)
            | Self::Alarm(who)
            | Self::CanWait(who)
            | Self::Private(who)
            | Self::Voice(who)
            | Self::Erases(who)
            | Self::Blocks(who, _) => Some(PATIENTS[*who].0),
            _ => None,
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let patient = 0..PATIENTS.len();
    let staff = 0..STAFF.len();
    let at = any::<Index>;
    let minutes = prop_oneof![
        2 => Just(1_i64), 2 => Just(11), 2 => Just(31), 3 => Just(61), 2 => Just(121),
        1 => Just(1440)
    ];
    let step = prop_oneof![
        5 => patient.clone().prop_map(Step::Writes),
        4 => patient.clone().prop_map(Step::Alarm),
        2 => patient.clone().prop_map(Step::CanWait),
        1 => patient.clone().prop_map(Step::Private),
        1 => patient.clone().prop_map(Step::Voice),
        2 => patient.clone().prop_map(Step::Erases),
        1 => (patient, any::<bool>()).prop_map(|(who, blocks)| Step::Blocks(who, blocks)),
        9 => (staff.clone(), at()).prop_map(|(who, at)| Step::Replies(who, at)),
        3 => (staff.clone(), at()).prop_map(|(who, at)| Step::InTopic(who, at)),
        9 => (staff.clone(), at()).prop_map(|(who, at)| Step::Presses(who, at)),
        2 => (staff.clone(), at()).prop_map(|(who, at)| Step::Closes(who, at)),
        1 => (staff, at(), any::<bool>()).prop_map(|(who, at, card)| Step::Asks(who, at, card)),
        1 => at().prop_map(Step::DeletesTopic),
        1 => Just(Step::Moves),
        2 => Just(Step::Restarts),
        3 => minutes.prop_map(Step::Minutes),
    ];
    proptest::collection::vec(step, 1..40)
}

fn check(desk: Desk, steps: &[Step]) {
    let mut play = Play::new(desk);
    for step in steps {
        let before: BTreeMap<i64, Option<Case>> = PATIENTS
            .iter()
            .map(|(patient, _)| (*patient, play.open_case(*patient)))
            .collect();
        let said_before = play.stage.world.messages(PATIENTS[0].0).len();
        let read_before = PATIENTS.map(|(patient, _)| play.read(patient).len());
        let logged = play.stage.world.log().len();
        let rung = play.stage.alarms.len();
        if !play.act(step) {
            continue;
        }
        play.stage.settle();
        assert_eq!(play.stage.troubles, [""; 0], "after {step:?}");
        play.learn_cases();
        play.letters_are_right();
        play.words_are_right();
        play.erased_is_gone();
        play.private_stays_private();
        alarms_are_right(&play, &before, &play.stage.alarms[rung..], step);
        for ((patient, _), read) in PATIENTS.into_iter().zip(read_before) {
            let after = play.open_case(patient);
            let news = play.read(patient).split_off(read);
            truth_is_told(&play, patient, before[&patient].as_ref(), &news, step);
            if let Some(was) = &before[&patient] {
                no_case_is_lost(&play, was, after.as_ref(), step);
                if let Some(is) = &after {
                    one_owner(was, is, step);
                }
            }
            if step.by().is_some_and(|who| !play.is_on_the_team(who)) {
                assert_eq!(
                    before[&patient], after,
                    "an outsider changed a case at {step:?}"
                );
            }
            if let Some(case) = &after {
                it_goes_on(&play, patient, case, step);
            }
        }
        if let Step::Alarm(who) | Step::CanWait(who) | Step::Private(who) = step {
            let (patient, _) = PATIENTS[*who];
            assert!(play.open_case(patient).is_some(), "an alarm opened no case");
        }
        if let Some(patient) = step
            .of()
            .filter(|_| !matches!(step, Step::Blocks(..) | Step::Erases(_)))
        {
            let calls = &play.stage.world.log()[logged..];
            let answered = calls
                .iter()
                .any(|call| call.chat == Some(patient) && call.status == 200);
            assert!(
                answered || play.blocked.contains(&patient),
                "a patient got no answer after {said_before} messages"
            );
        }
    }
}

/// A case that waits for somebody has the one timer it needs, and its card is in
/// the staff chat or on its way there. A talk ends, and is never on a closed case.
fn it_goes_on(play: &Play, patient: i64, case: &Case, step: &Step) {
    let stands = |due: Due| play.stands(patient, due);
    let waits = Waits::of(case);
    for (one, due) in [
        (Waits::Claim, Due::Unclaimed(0)),
        (Waits::Reach, Due::Unreached(0)),
        (Waits::Close, Due::Unclosed(0)),
    ] {
        let wanted = waits == Some(one);
        assert_eq!(
            stands(due),
            wanted,
            "{one:?} of case {} after {step:?}",
            case.number
        );
    }
    if !case.is_hidden() {
        let (ledger, keys) = (play.stage.ledger(), play.stage.keys());
        let card = keys.shown(ChatId(play.group()), ShownAs::Case(case.number));
        let has_card = matches!(ledger.read_bytes(&card), Ok(Some(_)));
        let waits = play.desk.has_hours && stands(Due::Opening) && case.level < Level::UrgentToday;
        assert!(
            has_card || waits,
            "case {} is lost to staff after {step:?}",
            case.number
        );
    }
    assert!(case.talk.is_none() || case.is_open());
    assert!(
        case.talk.is_none() || stands(Due::Talk),
        "a talk never ends"
    );
    if play.desk.has_roles {
        let may = [STAFF[0].0, STAFF[1].0];
        let mut by = case.clearings.iter().map(|clearing| clearing.by.user.0);
        assert!(
            by.all(|user| may.contains(&user)),
            "staff cleared a flag at {step:?}"
        );
    }
}

/// A second target hears of cases that nobody has taken, of each of them, and of no
/// private one.
fn alarms_are_right(
    play: &Play,
    before: &BTreeMap<i64, Option<Case>>,
    alarms: &[String],
    step: &Step,
) {
    let rang: Vec<u64> = alarms
        .iter()
        .filter_map(|text| Play::case_in(text))
        .collect();
    assert_eq!(rang.len(), alarms.len(), "an alarm names its case");
    for number in &rang {
        let whose = play.cases.get(number).expect("its card came before");
        let case = play.case(*whose, *number).expect("it is open");
        assert_eq!(Waits::of(&case), Some(Waits::Claim), "after {step:?}");
    }
    /// By then the third rung has passed, whichever was the first.
    const RINGS_WITHIN_MINUTES: i64 = 31;
    if matches!(step, Step::Minutes(minutes) if *minutes >= RINGS_WITHIN_MINUTES) {
        for case in before.values().flatten() {
            let waits = Waits::of(case) == Some(Waits::Claim);
            assert!(
                !waits || rang.contains(&case.number.0),
                "nothing rang after {step:?}"
            );
        }
    }
}

/// A case ends when staff close it, and in no other way.
fn no_case_is_lost(play: &Play, was: &Case, after: Option<&Case>, step: &Step) {
    if after.is_some_and(|is| is.number == was.number) {
        return;
    }
    assert!(
        matches!(step, Step::Presses(..) | Step::Closes(..)),
        "case {} was lost at {step:?}",
        was.number
    );
    let patient = was.chat.0;
    let is_closed = match play.case(patient, was.number.0) {
        Some(case) => !case.is_open(),
        None => was.forget_on_close,
    };
    assert!(is_closed, "case {} was lost at {step:?}", was.number);
}

/// What a patient reads of the team is so: that the note has arrived, that nobody
/// has seen it, that somebody has. And who is taken up reads so.
fn truth_is_told(play: &Play, patient: i64, was: Option<&Case>, news: &[String], step: &Step) {
    let reads = |words: &str| news.iter().any(|text| text.contains(words));
    let open = play.open_case(patient);
    let now = open.clone().or_else(|| {
        let last = was?;
        play.case(patient, last.number.0)
    });
    if reads("Your note is in our team's chat now") {
        let number = now.as_ref().map(|case| case.number.0);
        let stands = play
            .of_bot()
            .any(|(_, shown)| number.is_some() && Play::case_in(&shown.text) == number);
        assert!(stands, "no card stands in the staff chat after {step:?}");
    }
    if reads("Nobody on our team has seen your note yet") {
        let is_unseen = |case: &Case| case.state == CaseState::Open && !case.seen;
        assert!(now.as_ref().is_some_and(is_unseen), "untrue after {step:?}");
    }
    if reads("nobody is looking after it right now") {
        let is_left = |case: &Case| case.state == CaseState::Open && case.seen;
        assert!(now.as_ref().is_some_and(is_left), "untrue after {step:?}");
    }
    if reads("We tried to reach you and could not") {
        let missed = |case: &Case| {
            matches!(
                case.state,
                CaseState::Handled {
                    outcome: Outcome::NotReached,
                    ..
                }
            )
        };
        assert!(now.as_ref().is_some_and(missed), "untrue after {step:?}");
    }
    if reads("Our team reads your note when the clinic opens") && !matches!(step, Step::Minutes(_))
    {
        let clinic = &play.desk.library().newest().clinic.clone();
        let opens = hours::opens_at(clinic, Timestamp(play.stage.now()));
        assert!(opens.is_some(), "the clinic is open after {step:?}");
    }
    let seen = reads("Someone on our team has seen");
    if seen {
        let is_seen = |case: &Case| case.seen || !case.is_open();
        assert!(now.as_ref().is_none_or(is_seen), "untrue after {step:?}");
    }
    let Some(was) = was.filter(|was| Waits::of(was) == Some(Waits::Claim)) else {
        return;
    };
    let is_taken = now.is_none_or(|case| Waits::of(&case) != Some(Waits::Claim));
    let can_read = !play.blocked.contains(&patient) && !was.forget_on_close;
    if is_taken && can_read && !matches!(step, Step::Erases(_)) {
        let told = |text: &str| {
            text.contains("Someone on our team has seen") || text.contains("A person from")
        };
        // Who was told before, since the case began, need not read it again.
        let knows = (was.seen || was.talk.is_some()) && play.has_read(patient, was.since, told);
        let told_now = news.iter().any(|text| told(text));
        assert!(
            told_now || knows,
            "nobody told the patient after {step:?}: {news:?}"
        );
    }
}

/// Whoever has a case keeps it until somebody puts it back, says how it went or
/// closes it, or something new makes it open again.
fn one_owner(was: &Case, is: &Case, step: &Step) {
    if let (CaseState::Claimed { by: before, .. }, CaseState::Claimed { by: after, .. }) =
        (&was.state, &is.state)
    {
        assert_eq!(before, after, "two had case {} at {step:?}", was.number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_one_owner_right_recipient_no_lost_case_truth_told(
        (has_topics, has_roles, has_hours) in any::<(bool, bool, bool)>(),
        steps in steps(),
    ) {
        check(Desk { has_topics, has_roles, has_hours }, &steps);
    }
}
