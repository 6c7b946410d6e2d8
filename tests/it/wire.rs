//! The running bot over HTTP: what it does when Telegram, people and the
//! machine do what they should not.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

mod alarms;
mod binary;
mod clinics;
mod dead;
mod erasing;
pub mod house;
mod lanes;
mod odd;
mod pictures;

use std::time::Instant;

use psoas_bot::app::pacing::Slowed;
use psoas_bot::app::run::RunError;
use psoas_bot::bot_api::{ButtonAction, Fault, World};
use psoas_bot::channel::telegram::{Telegram, UpdateKind};
use psoas_bot::content;
use psoas_bot::ids::{BotId, ChatId};
use psoas_bot::store::Kind;
use secrecy::SecretString;
use serde_json::json;

use crate::content::{CLINIC, real_sources};
use house::{
    ANA, BEN, BOT, CLEO, DANA, EMERGENCY, House, STAFF, TOKEN, calls, from_bot, library_with,
};

/// The words a card's title begins with.
const CASE_1: &str = "Case 1 ·";
const CASE_2: &str = "Case 2 ·";
const CASE_3: &str = "Case 3 ·";

// ---- starting and stopping ----

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_call_that_fails_is_made_again() {
    let mut house = House::new().await;
    house.world().fail_next("getMe", Fault::ServerErrorBefore);
    house.world().fail_next("deleteWebhook", Fault::Garbage);
    house.start().await;
    assert_eq!(calls(&house.world(), "getMe"), 2);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_stops_and_names_the_setting() {
    let house = House::new().await;
    let error = house.run_with_token("77:another_token").await.unwrap_err();
    assert!(matches!(error, RunError::Shut(_)), "{error:?}");
    assert!(error.to_string().contains("TELOXIDE_TOKEN"), "{error}");
    assert!(!error.to_string().contains("another_token"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_poller_stops_the_bot() {
    let mut house = House::new().await;
    house.start().await;
    house
        .until("a poll", |world| {
            (calls(world, "getUpdates") > 0).then_some(())
        })
        .await;
    let url = house.server.url().parse().unwrap();
    let other = Telegram::new(SecretString::from(TOKEN.to_owned()), Some(url)).unwrap();
    let polling = tokio::spawn(async move { other.poll(None, 5, &UpdateKind::ALL).await });
    let error = house.ended().await.unwrap_err();
    assert!(matches!(error, RunError::Shut(_)), "{error:?}");
    assert!(error.to_string().contains("Conflict"), "{error}");
    polling.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_profile_is_told_once() {
    let mut house = House::new().await;
    house.start().await;
    house
        .until("the profile", |world| {
            (calls(world, "setMyCommands") > 3).then_some(())
        })
        .await;
    house.say(ANA, "/start");
    house.until_said(ANA, "like to do").await;
    house.stop().await;
    let told = |house: &House| {
        [
            "setMyCommands",
            "setMyName",
            "setMyDescription",
            "setMyShortDescription",
        ]
        .map(|method| calls(&house.world(), method))
    };
    let once = told(&house);
    // Everybody, English and Spanish; and the staff chat's own commands.
    assert_eq!(once, [4, 3, 3, 3]);
    house.start().await;
    house.say(ANA, "/help");
    house
        .until("an answer", |world| {
            (from_bot(world, ANA).len() > 1).then_some(())
        })
        .await;
    house.stop().await;
    assert_eq!(told(&house), once);
    // A preview's world is new at each start.
    house.begins_empty = true;
    house.start().await;
    house
        .until("the profile again", |world| {
            (calls(world, "setMyCommands") > 7).then_some(())
        })
        .await;
    house.stop().await;
    assert_eq!(told(&house), once.map(|calls| 2 * calls));
}

/// Telegram allows few changes of a name a day; warnings must not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_hangs_keeps_no_warning_back() {
    let mut house = House::new().await;
    house.world().fail_next("setMyCommands", Fault::Timeout);
    house.say(ANA, EMERGENCY);
    let began = Instant::now();
    house.start().await;
    house.until_said(STAFF, CASE_1).await;
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_long_gap_the_open_question_stands_again() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, "/check");
    house.until_said(ANA, "not a doctor").await;
    house.stop().await;
    // Telegram keeps a press for 150 s: a short stop needs no repeat.
    house.clock.turn(60);
    house.start().await;
    house.say(BEN, "/start");
    house
        .until("an answer", |world| from_bot(world, BEN).first().cloned())
        .await;
    assert_eq!(from_bot(&house.world(), ANA).len(), 1);
    house.stop().await;
    house.clock.turn(3600);
    house.start().await;
    let again = house.until_said(ANA, "I was away for a bit").await;
    let first = from_bot(&house.world(), ANA).remove(0);
    assert_eq!(again.buttons, first.buttons, "both copies share one token");
    house.stop().await;
}

// ---- lanes ----

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_lane_that_was_told_to_wait_waits() {
    let mut house = House::new().await;
    house.start().await;
    let wait = Fault::TooManyRequests { retry_after: 3 };
    house.world().fail_next_in(ANA, "sendMessage", wait);
    house.say(ANA, "/start");
    house
        .until("the 429", |world| {
            world
                .log()
                .iter()
                .any(|call| call.status == 429)
                .then_some(())
        })
        .await;
    house.say(BEN, "/start");
    house.until_said(BEN, "like to do").await;
    assert_eq!(from_bot(&house.world(), ANA).len(), 0);
    house.until_said(ANA, "like to do").await;
    assert_eq!(from_bot(&house.world(), ANA).len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_that_may_have_come_comes_again_with_a_label() {
    let mut house = House::new().await;
    house.start().await;
    for (chat, fault) in [(ANA, Fault::ServerErrorAfter), (STAFF, Fault::Garbage)] {
        house.world().fail_next_in(chat, "sendMessage", fault);
    }
    house.say(ANA, EMERGENCY);
    for chat in [ANA, STAFF] {
        let again = house.until_said(chat, "(may be a repeat)").await;
        let first = from_bot(&house.world(), chat).remove(0);
        assert_eq!(again.text, format!("(may be a repeat)\n\n{}", first.text));
        assert_eq!(again.buttons, first.buttons);
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_hear_that_a_patient_cannot_be_reached() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    house.until_said(ANA, "911").await;
    house
        .world()
        .fail_next_in(ANA, "sendMessage", Fault::Forbidden);
    house.say(ANA, "are you there");
    let card = house.until_said(STAFF, "has blocked this chat").await;
    assert!(card.text.starts_with(CASE_1));

    // The same when Telegram says so by itself.
    house.say(BEN, EMERGENCY);
    house.until_said(STAFF, CASE_2).await;
    let now = house.clock.now().0;
    house.world().block(BEN, now);
    house
        .until("the second card", |world| {
            let cards = from_bot(world, STAFF);
            let mut told = cards.iter().filter(|card| card.text.starts_with(CASE_2));
            told.any(|card| card.text.contains("has blocked this chat"))
                .then_some(())
        })
        .await;
    // And that they can again.
    house.world().unblock(BEN, now);
    house
        .until("the card without the line", |world| {
            let mut cards = from_bot(world, STAFF).into_iter();
            let card = cards.find(|card| card.text.starts_with(CASE_2))?;
            (!card.text.contains("has blocked this chat")).then_some(())
        })
        .await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_hear_that_a_message_to_a_patient_was_refused() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    house.until_said(ANA, "911").await;
    house
        .world()
        .fail_next_in(ANA, "sendMessage", Fault::Refused);
    house.say(ANA, "/privacy");
    let card = house.until_said(STAFF, "could not be delivered").await;
    assert!(card.text.starts_with(CASE_1));
    house.stop().await;
}

// ---- the staff group moves ----

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_follow_a_group_that_says_it_moved() {
    cards_follow_the_group(Hears::TheServiceMessage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_follow_a_group_that_is_found_moved() {
    cards_follow_the_group(Hears::OnlyTheRefusal).await;
}

#[derive(PartialEq, Eq)]
enum Hears {
    TheServiceMessage,
    OnlyTheRefusal,
}

async fn cards_follow_the_group(hears: Hears) {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    let now = house.clock.now().0;
    let moved = {
        let mut world = house.world();
        let moved = world.migrate(STAFF, now).unwrap();
        if hears == Hears::OnlyTheRefusal {
            for update in world.pending(now) {
                world.confirm(update["update_id"].as_i64().unwrap());
            }
        }
        moved
    };
    house.say(BEN, EMERGENCY);
    house.until_said(moved, CASE_2).await;
    // A case from before the move: its card cannot be changed there, so it comes.
    house.until_said(moved, CASE_1).await;
    for case in [CASE_2, CASE_1] {
        let card = house.until_said(moved, case).await;
        let claim = card
            .buttons
            .iter()
            .flatten()
            .find_map(|button| button.data());
        let (claim, now) = (claim.unwrap().to_owned(), house.clock.now().0);
        let pressed = house
            .world()
            .press(moved, DANA, card.message_id, &claim, now);
        pressed.unwrap();
    }
    house.until_said(BEN, "has seen your note").await;
    house.until_said(ANA, "has seen your note").await;
    house.stop().await;

    house.start().await;
    house.say(CLEO, EMERGENCY);
    house.until_said(moved, CASE_3).await;
    assert_eq!(from_bot(&house.world(), STAFF).len(), 1);
    house.stop().await;
}

/// What is sent in place of a change that cannot be made is a warning too: when
/// it may have come before, it says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_comes_in_place_of_a_change_is_labelled_when_repeated() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    let now = house.clock.now().0;
    let moved = house.world().migrate(STAFF, now).unwrap();
    house
        .world()
        .fail_next_in(moved, "sendMessage", Fault::ServerErrorAfter);
    house.say(ANA, "my face is drooping and my arm is weak");
    // Looked for among the calls: a change soon takes the words off the card.
    let again = house
        .until("a labelled repeat", |world| {
            let calls = world.log().iter();
            let mut texts = calls
                .filter(|call| call.method.eq_ignore_ascii_case("sendMessage"))
                .filter_map(|call| call.payload["text"].as_str());
            texts
                .find(|text| text.contains("(may be a repeat)"))
                .map(str::to_owned)
        })
        .await;
    assert!(again.contains(CASE_1));
    house.stop().await;
}

// ---- numbers of updates ----

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_start_again_below_lose_nothing() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, "/start");
    house.until_said(ANA, "like to do").await;
    house.until_quiet().await;
    // The quiet poll that follows is over, and the next one fails: while the bot
    // waits to try again, Telegram counts from somewhere else.
    house
        .world()
        .fail_next("getUpdates", Fault::ServerErrorBefore);
    house
        .until("the failed poll", |world| {
            world
                .log()
                .iter()
                .any(|call| call.status == 502)
                .then_some(())
        })
        .await;
    {
        let now = house.clock.now().0;
        let mut world = house.world();
        world.restart_update_ids(17);
        world.say(BEN, BEN, EMERGENCY, now).unwrap();
        world.say(CLEO, CLEO, "/start", now).unwrap();
    }
    house.until_said(STAFF, CASE_1).await;
    house.until_said(CLEO, "like to do").await;
    house.until_quiet().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_comes_twice_is_taken_once() {
    let mut house = House::new().await;
    house.start().await;
    let now = house.clock.now().0;
    let raw = {
        let mut world = house.world();
        world.say(ANA, ANA, "/start", now).unwrap();
        world.pending(now).pop().unwrap()
    };
    house.until_said(ANA, "like to do").await;
    house.until_quiet().await;
    for _ in 0..2 {
        house.world().push_update(raw.clone(), now).unwrap();
        house.until_quiet().await;
    }
    house.stop().await;
    // Nor after a restart.
    house.world().push_update(raw, now).unwrap();
    house.start().await;
    house.until_quiet().await;
    house.say(ANA, "/stop");
    house
        .until("the next answer", |world| {
            from_bot(world, ANA).get(1).cloned()
        })
        .await;
    house.stop().await;
    let menus = from_bot(&house.world(), ANA);
    let menus = menus
        .iter()
        .filter(|shown| shown.text.contains("like to do"));
    assert_eq!(menus.count(), 1);
}

/// A clinic with a scheduler shows its link beside the phone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn booking_links_to_the_scheduler_where_there_is_one() {
    let link = "https://book.example/tuscany";
    let with_link = library_with(|content| {
        let mut sources = real_sources().clone();
        let clinic = sources.files.get_mut("clinics/tuscany-spa.yaml").unwrap();
        *clinic = clinic.replace("scheduler: null", &format!("scheduler: {link}"));
        *content = content::parse(&sources, CLINIC).unwrap().content;
    });
    let mut house = House::with(with_link).await;
    house.start().await;
    house.say(ANA, "/book");
    house.press(ANA, "I'm not sure").await;
    let offered = house.until_said(ANA, "To book,").await;
    let buttons = offered.buttons.iter().flatten();
    let links: Vec<_> = buttons
        .filter(|button| button.label == "Book online")
        .map(|button| &button.action)
        .collect();
    assert!(
        matches!(links[..], [ButtonAction::Url(url)] if url == link),
        "{links:?}"
    );
    house.stop().await;
}

// ---- an update that cannot be turned ----

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_cannot_be_turned_is_put_aside_and_shown_to_staff() {
    // A name that fits no row: every turn that says it fails, and only those.
    let broken = library_with(|content| content.clinic.name = "x".repeat(70_000));
    let mut house = House::with(broken).await;
    house.start().await;
    house.say(ANA, "/start");
    house
        .until_said(STAFF, "could not be processed (chat 1001)")
        .await;
    house.until_said(ANA, "Something went wrong here").await;
    house.stop().await;
    // What was put aside is kept, also beside what is put aside later.
    house.start().await;
    house.say(ANA, "/start");
    house
        .until("the second answer", |world| {
            from_bot(world, ANA).get(1).cloned()
        })
        .await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    house.say(BEN, EMERGENCY);
    house.until_said(STAFF, CASE_2).await;
    house.stop().await;
    let (ledger, _) = house.open_store().await;
    let mut aside = 0;
    ledger
        .scan(BotId(BOT), None, Some(Kind::Note), &mut |_, _| aside += 1)
        .unwrap();
    assert_eq!(aside, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_cannot_be_turned_is_shown_to_staff_too() {
    // Words that fit no row: the turn that names this flag fails.
    let broken = library_with(|content| {
        let long = "x".repeat(70_000);
        for flag in content.flags.values_mut() {
            flag.words = serde_json::from_value(json!({"en": long, "es": long})).unwrap();
        }
    });
    let mut house = House::with(broken).await;
    house.start().await;
    house.say(ANA, "/start check");
    for label in ["I'm 18 or older, I understand", "Me", "No"] {
        house.press(ANA, label).await;
    }
    house.press(ANA, "Face, arm or speech trouble").await;
    house
        .until("the tick", |world| {
            let newest = from_bot(world, ANA).pop()?;
            newest.labels().find(|label| label.starts_with('☑'))?;
            Some(())
        })
        .await;
    house.clock.turn(60);
    house
        .until_said(STAFF, "could not be processed (chat 1001)")
        .await;
    house.until_said(ANA, "Something went wrong here").await;
    house.stop().await;
}

// ---- another group ----

/// Whoever talks of their health in a group is asked to write in private: once
/// in a while, not each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn talk_in_another_group_is_answered_once_in_a_while() {
    const CLUB: i64 = -300;
    let mut house = House::new().await;
    house.world().add_group(CLUB, "Club");
    house.world().join(CLUB, BOT);
    house.world().join(CLUB, DANA);
    house.start().await;
    let say = |text: &str| {
        let now = house.clock.now().0;
        house.world().say(CLUB, DANA, text, now).unwrap();
    };
    let answers = |world: &World| from_bot(world, CLUB).len();
    say("see you at eight");
    say(EMERGENCY);
    house.until_said(CLUB, "write to me in private").await;
    say(EMERGENCY);
    house.until_quiet().await;
    assert_eq!(answers(&house.world()), 1);
    house.clock.turn(10 * 60);
    say(EMERGENCY);
    house
        .until("a second answer", |world| {
            (answers(world) == 2).then_some(())
        })
        .await;
    house.stop().await;
}

/// One chat that is told to wait keeps no other back; several do.
#[test]
fn several_chats_told_to_wait_slow_every_lane() {
    let mut slowed = Slowed::default();
    slowed.tell(ChatId(1), 4_000, 10_000);
    slowed.tell(ChatId(1), 4_000, 10_100);
    slowed.tell(ChatId(2), 4_000, 10_200);
    assert_eq!(slowed.wait(10_200), None);
    slowed.tell(ChatId(3), 4_000, 10_300);
    assert_eq!(slowed.wait(10_300), Some(4_000));
    assert_eq!(slowed.wait(14_300), None);
    // What was told long ago does not count.
    slowed.tell(ChatId(4), 4_000, 30_000);
    assert_eq!(slowed.wait(30_000), None);
}
