//! The staff desk: what its chat reads when there is much of it, in both
//! languages.

use std::sync::Arc;

use proptest::prelude::*;

use psoas_bot::app::audit::{self, AuditRow, Noted};
use psoas_bot::app::cards;
use psoas_bot::app::clerk::{Clerk, Draft};
use psoas_bot::app::hours;
use psoas_bot::app::library::Library;
use psoas_bot::app::pairing::PairCode;
use psoas_bot::app::records::{CLINIC as CLINIC_ROWS, DueRow, Keys};
use psoas_bot::content::{self, Clinic, Content, Day, Hours};
use psoas_bot::dialog::{Due, Keyboard, OpensOn};
use psoas_bot::ids::{BotId, CaseNumber, ChatId, FlagId, PatientText, Timestamp, UserId};
use psoas_bot::staff::{
    Act, Alert, Case, CaseState, Change, Outcome, Refusal, Right, Role, Roster, Staffer, Waits, act,
};
use psoas_bot::store::memory::MemoryDisk;
use psoas_bot::store::{Commit, Put};
use psoas_bot::triage::{CaseFlag, Form, Level, Report};

use super::content::{CLINIC, real_content, real_sources};

/// 2026-03-02 at 10:00 in Los Angeles.
pub const MORNING: Timestamp = Timestamp(1_772_474_400);

/// The real content, as staff who speak `lang` read it.
fn content_in(lang: &str) -> Content {
    let mut sources = real_sources().clone();
    let path = format!("clinics/{CLINIC}.yaml");
    let clinic = sources.files.get_mut(&path).expect("the clinic has a file");
    *clinic = clinic.replace("staff_language: en", &format!("staff_language: {lang}"));
    content::parse(&sources, CLINIC)
        .unwrap_or_else(|found| panic!("{found:#?}"))
        .content
}

pub fn report(level: Level, flag: &str, private: bool) -> Report {
    Report {
        level,
        flags: vec![CaseFlag {
            flag: FlagId::new(flag),
            form: Form::Sure,
            level: Level::default(),
            since: MORNING,
        }],
        rules: Vec::new(),
        words: None,
        private,
        deleted: false,
    }
}

fn case(number: u64, level: Level, private: bool) -> Case {
    let chat = ChatId(1000 + i64::try_from(number).expect("a small number"));
    let report = report(level, "breath-chest-pain", private);
    let mut case = Case::open(CaseNumber(number), chat, report, MORNING);
    case.name = "Zoila".to_owned();
    case
}

/// Fits one message of Telegram.
fn fits(text: &str, keyboard: &Keyboard) {
    assert!(text.encode_utf16().count() <= 4096, "too long a message");
    if let Keyboard::Inline(rows) = keyboard {
        assert!(rows.iter().map(Vec::len).sum::<usize>() <= 100);
        assert!(rows.iter().all(|row| row.len() <= 8));
    }
}

#[test]
fn more_than_ten_open_cases_have_a_digest_on_top_and_each_its_button() {
    let cases: Vec<Case> = (1..=11)
        .map(|number| match number {
            1..=3 => case(number, Level::SeeProfessional, false),
            4..=8 => case(number, Level::UrgentToday, false),
            9 => case(number, Level::EmergencyNow, true),
            _ => case(number, Level::EmergencyNow, false),
        })
        .collect();
    let english = content_in("en");
    let (text, keyboard) = cards::open_cases(&english, cases.clone());
    let lines: Vec<&str> = text.text.lines().collect();
    assert_eq!(lines[0], "Open cases: 11");
    assert_eq!(
        lines[1],
        "2 emergency now · 5 urgent today · 3 see a professional · 1 private"
    );
    assert_eq!(lines[2], "Urgent, and nobody is on it: 7");
    assert!(lines[4].starts_with("10 · emergency now · Open · "));
    // The private one is its number, behind all others, and nothing tells its level.
    assert_eq!(lines[14], "9 · private");
    assert!(!text.text.contains("Zoila"));
    let Keyboard::Inline(rows) = &keyboard else {
        panic!("a button each");
    };
    assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 11);
    let (spanish, _) = cards::open_cases(&content_in("es"), cases.clone());
    assert!(spanish.text.starts_with("Casos abiertos: 11\n2 emergencia"));
    // Ten have no digest.
    let (few, _) = cards::open_cases(&english, cases[..10].to_vec());
    assert_eq!(few.text.lines().nth(1), Some(""));
}

#[test]
fn a_list_of_a_hundred_cases_is_one_message_and_counts_the_rest() {
    let cases: Vec<Case> = (1..=100)
        .map(|number| case(number, Level::SeeProfessional, false))
        .collect();
    for lang in ["en", "es"] {
        let (text, keyboard) = cards::open_cases(&content_in(lang), cases.clone());
        fits(&text.text, &keyboard);
        assert!(text.text.contains("60"), "the rest is counted");
    }
}

/// One step in the life of a case.
#[derive(Debug, Clone)]
enum Step {
    /// A press on the newest card.
    Act(Act),
    /// The patient states something more.
    Report(Level, &'static str),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let act = (0..Act::WORDS.len()).prop_map(|at| Step::Act(Act::WORDS[at].0));
    let level = prop_oneof![
        Just(Level::SeeProfessional),
        Just(Level::UrgentToday),
        Just(Level::EmergencyNow),
    ];
    let flag = prop_oneof![
        Just("breath-chest-pain"),
        Just("stroke-signs"),
        Just("fever")
    ];
    let report = (level, flag).prop_map(|(level, flag)| Step::Report(level, flag));
    proptest::collection::vec(prop_oneof![3 => act, 1 => report], 1..60)
}

proptest! {
    /// Whatever staff press and patients add, in any order: a new sign is never
    /// silent on a case that nobody is on, only what was named is cleared,
    /// closing clears nothing, and every act has its author.
    #[test]
    fn a_case_keeps_its_promises_in_any_order(steps in steps()) {
        let ana = Staffer { user: UserId(9), name: "Ana".to_owned() };
        let mut case = case(1, Level::UrgentToday, false);
        for step in steps {
            let before = case.clone();
            match step {
                Step::Act(deed) => {
                    let change = act(&mut case, deed, &ana, MORNING, |_| Timestamp(MORNING.0 + 60));
                    if change == Change::Nothing {
                        prop_assert_eq!(&case, &before);
                        continue;
                    }
                    prop_assert_eq!(case.acts, before.acts + 1);
                    prop_assert_eq!(&case.history.last().expect("written down").by, &ana);
                    match change {
                        Change::Cleared { flags, .. } => {
                            prop_assert_eq!(deed, Act::Clear);
                            prop_assert_eq!(Some(flags), before.asked);
                        }
                        Change::Closed { .. } => {
                            prop_assert_eq!(&case.clearings, &before.clearings);
                            prop_assert!(case.phone.is_none() && !case.is_open());
                        }
                        Change::Card | Change::Seen | Change::Missed | Change::Reopened | Change::HandedBack(_) | Change::Nothing => {
                            prop_assert_eq!(&case.clearings, &before.clearings);
                        }
                    }
                }
                Step::Report(level, flag) if case.is_open() => {
                    let alert = case.join(report(level, flag, false));
                    prop_assert!(case.level >= level || !case.clearings.is_empty());
                    if case.asked != before.asked {
                        prop_assert!(case.asked.is_none(), "the question is asked anew");
                    }
                    if alert == Alert::Post {
                        prop_assert_eq!(&case.state, &CaseState::Open, "it alerts until somebody takes it");
                    } else if matches!(before.state, CaseState::Handled { .. }) {
                        prop_assert_eq!(&case.flags, &before.flags, "nothing new came");
                    }
                }
                Step::Report(..) => {}
            }
            let (text, keyboard) = cards::case_card(real_content(), &case);
            fits(&text.text, &keyboard);
        }
    }
}

#[test]
fn the_longest_card_is_one_message_and_keeps_its_state_and_buttons() {
    let content = real_content();
    let mut case = case(7, Level::EmergencyNow, false);
    case.flags = content
        .flags
        .keys()
        .take(30)
        .map(|flag| CaseFlag {
            flag: flag.clone(),
            form: Form::Unsure,
            level: Level::default(),
            since: MORNING,
        })
        .collect();
    case.words = (0..8)
        .map(|at| PatientText::new(format!("{at}{}", "ñ".repeat(699))))
        .collect();
    let ana = Staffer {
        user: UserId(9),
        name: "A".repeat(129),
    };
    for _ in 0..60 {
        case.add_note(&ana, MORNING, &"note ".repeat(300));
    }
    let (text, keyboard) = cards::case_card(content, &case);
    fits(&text.text, &keyboard);
    assert!(text.text.ends_with("Open"), "the state stands last");
    assert!(text.text.contains("“0ñ"), "the first words are quoted");
}

#[test]
fn a_code_holds_for_ten_minutes_and_five_wrong_guesses() {
    let code = PairCode::new([250, 3, 77, 9, 0, 31, 32, 200], MORNING);
    let text = code.code().to_owned();
    assert!(code.opens(&text, MORNING));
    assert!(code.opens(&text.to_lowercase().replace('-', " "), MORNING));
    assert!(code.opens(&text, MORNING.plus_seconds(600)));
    assert!(!code.opens(&text, MORNING.plus_seconds(601)));
    assert!(!code.opens("", MORNING));
    for _ in 0..4 {
        assert!(!code.opens("AAAA-AAAA", MORNING));
    }
    assert!(!code.opens(&text, MORNING), "too many guesses");
}

#[derive(Debug, Clone)]
enum TeamStep {
    Set(i64, Role),
    Remove(i64),
    Left(i64),
    Came(i64),
}

fn team_steps() -> impl Strategy<Value = Vec<TeamStep>> {
    let user = 1..5_i64;
    let role = prop_oneof![Just(Role::Staff), Just(Role::Clinician), Just(Role::Owner)];
    proptest::collection::vec(
        prop_oneof![
            3 => (user.clone(), role).prop_map(|(user, role)| TeamStep::Set(user, role)),
            1 => user.clone().prop_map(TeamStep::Remove),
            1 => user.clone().prop_map(TeamStep::Left),
            1 => user.prop_map(TeamStep::Came),
        ],
        0..40,
    )
}

proptest! {
    /// Whoever comes, goes or is given a role: an owner is lost only by leaving,
    /// who has left may nothing, and each role may what it is there for.
    #[test]
    fn a_team_keeps_its_rights_in_any_order(steps in team_steps()) {
        let mut roster = Roster::default();
        for step in steps {
            let had_owner = roster.has_owner();
            let who = |user| Staffer { user: UserId(user), name: "X".to_owned() };
            match step {
                TeamStep::Set(user, role) => {
                    let done = roster.set(who(user), role);
                    prop_assert!(done.is_err() || roster.role(UserId(user)) == Some(role));
                    prop_assert!(!had_owner || roster.has_owner());
                }
                TeamStep::Remove(user) => {
                    let done = roster.remove(UserId(user));
                    prop_assert!(done.is_err() || roster.role(UserId(user)).is_none());
                    prop_assert!(!had_owner || roster.has_owner());
                }
                TeamStep::Left(user) => {
                    roster.left(UserId(user));
                    prop_assert_eq!(roster.may(UserId(user), Right::Work), Err(Refusal::NotStaff));
                }
                TeamStep::Came(user) => roster.came(UserId(user)),
            }
            for user in (1..5).map(UserId) {
                let role = roster.role(user);
                if !roster.members().is_empty() {
                    prop_assert_eq!(roster.may(user, Right::Work).is_ok(), role.is_some());
                    prop_assert_eq!(roster.may(user, Right::Clear).is_ok(), role >= Some(Role::Clinician));
                }
                prop_assert_eq!(roster.may(user, Right::Manage).is_ok(), role == Some(Role::Owner));
            }
        }
    }
}

#[test]
fn the_audit_log_shows_what_was_changed_or_taken_out() {
    let (ledger, _) = MemoryDisk::default().open().expect("a store in memory");
    let keys = Keys(BotId(1));
    let add = |what: &str| {
        let mut commit = Commit::default();
        let mut newest = None;
        for what in [what, "case.close"] {
            let noted = Noted {
                who: None,
                what,
                case: Some(CaseNumber(1)),
            };
            audit::append(&ledger, keys, &mut commit, &mut newest, &noted, MORNING)
                .expect("it fits");
        }
        ledger.commit_blocking(commit).expect("it is written");
    };
    add("case.claim");
    add("case.reached");
    let check = || {
        let rows = audit::read(&ledger, keys).expect("it can be read");
        (
            rows.len(),
            audit::verify(&ledger, keys, &rows).expect("it can be read"),
        )
    };
    assert_eq!(check(), (4, None));
    let rows = audit::read(&ledger, keys).expect("it can be read");
    let put = |row: &AuditRow| {
        let put = Put::json(keys.audit(row.number), CLINIC_ROWS, row).expect("it fits");
        ledger
            .commit_blocking(Commit {
                puts: vec![put],
                ..Commit::default()
            })
            .expect("it is written");
    };
    let mut changed = rows[1].clone();
    changed.what = "case.reached".to_owned();
    put(&changed);
    assert_eq!(
        check().1.map(|one| one.number),
        Some(3),
        "the row behind it tells"
    );
    put(&rows[1]);
    assert_eq!(check().1, None);
    let mut changed = rows[3].clone();
    changed.at = Timestamp(5);
    put(&changed);
    assert_eq!(
        check().1.map(|one| one.number),
        Some(4),
        "the head tells of the newest"
    );
    put(&rows[3]);
    for (gone, told) in [(2, 2), (4, 4)] {
        let deletes = vec![keys.audit(gone)];
        ledger
            .commit_blocking(Commit {
                deletes,
                ..Commit::default()
            })
            .expect("it is written");
        assert_eq!(check().1.map(|one| one.number), Some(told));
        put(&rows[usize::try_from(gone).expect("small") - 1]);
    }
}

#[test]
fn the_ladder_climbs_for_urgent_cases_alone_and_until_they_are_closed() {
    let ana = Staffer {
        user: UserId(9),
        name: "Ana".to_owned(),
    };
    for level in [
        Level::Clear,
        Level::SeeProfessional,
        Level::UrgentToday,
        Level::EmergencyNow,
    ] {
        for private in [false, true] {
            let mut case = case(1, level, private);
            let climbs = level >= Level::UrgentToday && !private;
            assert_eq!(
                Waits::of(&case),
                climbs.then_some(Waits::Claim),
                "{level:?} {private}"
            );
            let until = |_: &FlagId| MORNING;
            act(&mut case, Act::Claim, &ana, MORNING, until);
            assert_eq!(Waits::of(&case), climbs.then_some(Waits::Close));
            act(
                &mut case,
                Act::Handle(Outcome::NotReached),
                &ana,
                MORNING,
                until,
            );
            assert_eq!(Waits::of(&case), climbs.then_some(Waits::Reach));
            act(
                &mut case,
                Act::Handle(Outcome::Reached),
                &ana,
                MORNING,
                until,
            );
            assert_eq!(Waits::of(&case), climbs.then_some(Waits::Close));
            act(&mut case, Act::Close, &ana, MORNING, until);
            assert_eq!(Waits::of(&case), None);
        }
    }
    // It never ends by itself, and never hurries more than every five minutes.
    for waits in Waits::ALL {
        for number in [0, 1, 2, 3, 99, u32::MAX] {
            let seconds = waits.seconds_to(number, Level::EmergencyNow, 30);
            assert!((300..=3600).contains(&seconds), "{waits:?} {number}");
        }
    }
    assert_eq!(Waits::Reach.seconds_to(0, Level::UrgentToday, 30), 1800);
    // The patient reads each new rung, and then less and less often.
    let told = (0..20).filter(|number| Waits::Claim.rung(*number).patient);
    assert_eq!(told.collect::<Vec<u32>>(), [0, 1, 2, 3, 5, 9, 17]);
    assert!(!Waits::Claim.rung(0).owners && Waits::Claim.rung(1).owners);
}

#[test]
fn the_rota_names_who_is_on_call_and_the_card_comes_back_with_it() {
    let mut sources = real_sources().clone();
    let path = format!("clinics/{CLINIC}.yaml");
    let clinic = sources.files.get_mut(&path).expect("the clinic has a file");
    *clinic = clinic.replace(
        "on_call: []",
        "on_call:\n  - { name: Ana, hours: [{ days: [mon], from: \"09:00\", to: \"12:00\" }] }\n  - { name: Ben, hours: [{ days: [mon, tue], from: \"11:00\", to: \"24:00\" }] }",
    );
    let content = content::parse(&sources, CLINIC)
        .unwrap_or_else(|found| panic!("{found:#?}"))
        .content;
    let at = |hours: i64| hours::on_call(&content.clinic, MORNING.plus_seconds(hours * 3600));
    assert_eq!(at(0), ["Ana"]);
    assert_eq!(at(1), ["Ana", "Ben"]);
    assert_eq!(at(2), ["Ben"]);
    assert_eq!(at(14), [""; 0], "after midnight nobody");
    let line = cards::rung_line(&content, &case(3, Level::UrgentToday, false), &at(1));
    assert_eq!(
        line.text,
        "Case 3 · urgent today: nobody is on it yet\nOn call: Ana, Ben"
    );
    // A turn that ends before it begins is a mistake the author reads.
    let clinic = sources.files.get_mut(&path).expect("the clinic has a file");
    *clinic = clinic.replace("to: \"24:00\"", "to: \"02:00\"");
    assert!(content::parse(&sources, CLINIC).is_err());
}

#[test]
fn how_soon_it_is_tried_again_is_the_clinics_and_has_bounds() {
    let path = format!("clinics/{CLINIC}.yaml");
    let minutes = |minutes: &str| {
        let mut sources = real_sources().clone();
        let clinic = sources.files.get_mut(&path).expect("the clinic has a file");
        let line = format!("try_again_minutes: {minutes}");
        *clinic = clinic.replace("try_again_minutes: 30", &line);
        assert!(clinic.contains(&line));
        content::parse(&sources, CLINIC).map(|parsed| parsed.content.clinic.try_again_minutes)
    };
    assert_eq!(minutes("45").ok(), Some(45));
    for wrong in ["0", "4", "61"] {
        let found = format!("{:?}", minutes(wrong).expect_err("it has bounds"));
        assert!(found.contains("`try_again_minutes` is"), "{found}");
    }
}

#[test]
fn a_closed_clinic_says_when_it_opens_as_one_says_it_there() {
    let mut clinic = real_content().clinic.clone();
    let hours = |days: &[Day], from: &str| Hours {
        days: days.to_vec(),
        from: from.to_owned(),
        to: "17:00".to_owned(),
    };
    let opens = |clinic: &Clinic, hours: i64| {
        hours::opens(clinic, MORNING.plus_seconds(hours * 3600))
            .map(|opens| (opens.on, opens.minute))
    };
    assert_eq!(opens(&clinic, 0), None, "a clinic without hours");
    // It is Monday.
    clinic.hours = Some(vec![
        hours(&[Day::Mon, Day::Tue], "13:30"),
        hours(&[Day::Fri], "09:00"),
    ]);
    assert_eq!(opens(&clinic, 0), Some((OpensOn::Today, 13 * 60 + 30)));
    assert_eq!(opens(&clinic, 4), None, "it is open");
    assert_eq!(opens(&clinic, 8), Some((OpensOn::Tomorrow, 13 * 60 + 30)));
    assert_eq!(opens(&clinic, 32), Some((OpensOn::Later(Day::Fri), 9 * 60)));
}

/// The desk is paired while two patients wait: each has a ladder of their own.
#[test]
fn a_commit_sets_a_timer_of_one_kind_for_each_chat() {
    let (ledger, _) = MemoryDisk::default().open().expect("a store in memory");
    let sources = real_sources().clone();
    let library = Library::new(content_in("en"), sources, CLINIC);
    let clerk = Clerk::new(ledger, Arc::new(library), BotId(7), "bot", None, 0);
    let mut draft = Draft::new(&clerk, MORNING);
    for (chat, number) in [(41, 0), (42, 0), (42, 1)] {
        let due = Due::Unclaimed(number);
        let row = DueRow { due, at: MORNING };
        draft.set_due(ChatId(chat), row).expect("it fits");
    }
    let set: Vec<_> = draft
        .prepared
        .dues
        .iter()
        .map(|(chat, row)| (chat.0, row.due))
        .collect();
    assert_eq!(set, [(41, Due::Unclaimed(0)), (42, Due::Unclaimed(1))]);
}
