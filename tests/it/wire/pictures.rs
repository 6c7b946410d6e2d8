//! Drawings on the wire: sent along once, then by name, and never in the way.

use psoas_bot::app::clerk::Clerk;
use psoas_bot::app::records::{Keys, Piece};
use psoas_bot::app::recover;
use psoas_bot::bot_api::{Fault, Media, Shown};
use psoas_bot::content::Content;
use psoas_bot::ids::BotId;
use psoas_bot::ids::PictureId;
use psoas_bot::store::memory::MemoryDisk;
use serde_json::{Value, json};

use super::erasing::{NOW, take, turn, update};
use super::house::{ANA, BEN, BOT, CLEO, House, NAME, calls, from_bot, library_with};

/// The menu with a drawing in front.
fn drawn_menu(content: &mut Content) {
    let menu = content.bot.menu.clone();
    let dialog = content.dialogs.get_mut(&menu).unwrap();
    dialog.steps.get_mut("menu").unwrap().pictures = vec![PictureId::new("X4-1")];
}

async fn house() -> House {
    House::with(library_with(drawn_menu)).await
}

/// What each photo was called, in the order they were sent.
fn photos(house: &House) -> Vec<String> {
    let world = house.world();
    let sent = world
        .log()
        .iter()
        .filter(|call| call.method.eq_ignore_ascii_case("sendPhoto"));
    sent.map(|call| {
        call.payload["photo"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_is_sent_along_once_and_then_goes_by_its_name() {
    let mut house = house().await;
    house.start().await;
    house.say(ANA, "/start");
    house.until_said(ANA, "like to do").await;
    // What was said before the question comes first, then its drawing.
    let mut shown = from_bot(&house.world(), ANA);
    shown.retain(|shown| shown.media.is_some() || shown.text.contains("like to do"));
    assert_eq!(shown[0].media, Some(Media::Photo));
    assert!(shown[0].text.contains("Standing at a counter"));
    assert!(shown[0].silent);
    assert!(shown[1].text.contains("like to do"));
    let file = shown[0].rest["photo"][0]["file_id"].as_str().unwrap();
    let png = house.world().file(file).cloned().unwrap();
    assert!(png.starts_with(b"\x89PNG"), "{} bytes", png.len());

    house.stop().await;
    house.start().await;
    for chat in [BEN, CLEO] {
        house.say(chat, "/start");
        house.until_said(chat, "like to do").await;
    }
    let photos = photos(&house);
    assert!(photos[0].starts_with("file:X4-1.png:"), "{photos:?}");
    assert_eq!(photos[1..], [file, file]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_telegram_forgot_is_sent_along_again() {
    let mut house = house().await;
    house.start().await;
    house.say(ANA, "/start");
    house.until_said(ANA, "like to do").await;
    house.world().fail_next("sendPhoto", Fault::Refused);
    house.say(BEN, "/start");
    house.until_said(BEN, "like to do").await;
    let to_ben = from_bot(&house.world(), BEN);
    assert!(to_ben.iter().any(|shown| shown.media == Some(Media::Photo)));
    house.say(CLEO, "/start");
    house.until_said(CLEO, "like to do").await;
    let names = photos(&house);
    assert_eq!(names.len(), 4);
    assert_eq!(names[1], "photo-1");
    assert!(names[2].starts_with("file:"), "{names:?}");
    assert_eq!(names[3], "photo-2");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_that_fails_keeps_no_words_back() {
    let mut house = house().await;
    house.start().await;
    // What was not refused is tried once more, and not for long.
    for (chat, fault, tries) in [
        (ANA, Fault::Refused, 1),
        (BEN, Fault::ServerErrorBefore, 3),
        (CLEO, Fault::Garbage, 5),
    ] {
        house.world().fail_next("sendPhoto", fault);
        house.say(chat, "/start");
        let said = house.until_said(chat, "like to do").await;
        assert!(said.labels().next().is_some());
        house
            .until("it was tried so often", move |world| {
                (calls(world, "sendPhoto") == tries).then_some(())
            })
            .await;
    }
    // Nobody on staff was woken for it.
    assert_eq!(from_bot(&house.world(), super::STAFF), []);
    house.stop().await;
}

/// What stands below a drawing, or the first line of a message.
fn first_line(shown: &Shown) -> &str {
    shown.text.lines().next().unwrap_or_default()
}

/// Presses a box, and waits until it is ticked.
async fn tick(house: &House, chat: i64, label: &'static str) {
    house.press(chat, label).await;
    house
        .until(label, move |world| {
            let shown = from_bot(world, chat).pop()?;
            let mut labels = shown.labels();
            labels.find(|one| one.starts_with('☑') && one.ends_with(label))?;
            Some(())
        })
        .await;
}

/// Through the safety questions and the clues, to the checks.
async fn to_the_checks(house: &House, chat: i64) {
    house.say(chat, "/start check");
    for label in ["I understand", "Me", "No"] {
        house.press(chat, label).await;
    }
    for title in [
        "right now?",
        "private area",
        "hip or knee",
        "been feeling",
        "health history",
        "the right moves",
    ] {
        house.until_said(chat, title).await;
        house.press(chat, "None of these").await;
    }
    tick(house, chat, "Low back").await;
    house.press(chat, "Continue").await;
    tick(house, chat, "Sitting to standing hurts").await;
    tick(house, chat, "Tight front of the hip").await;
    house.press(chat, "Continue").await;
    house.until_said(chat, "two gentle checks").await;
}

/// Past the checks, to the routines.
async fn to_the_routines(house: &House, chat: i64) {
    to_the_checks(house, chat).await;
    for label in ["Skip", "Looks right", "Do them step by step"] {
        house.press(chat, label).await;
    }
    house.until_said(chat, "How much time").await;
}

/// The words of a step come without a drawing that was dropped, and it comes in front
/// of what is said of the move next; dropped again, it is owed still.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_that_was_dropped_comes_with_the_next_step() {
    let once = &[Fault::Garbage][..];
    let twice = &[Fault::Garbage, Fault::ServerErrorBefore][..];
    for faults in [once, twice] {
        let mut house = House::new().await;
        house.start().await;
        to_the_routines(&house, ANA).await;
        for fault in faults {
            house.world().fail_next("sendPhoto", *fault);
        }
        house.press(ANA, "About 5 minutes").await;
        house.until_said(ANA, "1 of 4: Bridge").await;
        // The second step has a drawing of its own.
        let steps = [("Step 1 of", 1), ("Step 2 of", faults.len())];
        for (step, drawings) in steps {
            let tried = calls(&house.world(), "sendPhoto");
            let before = from_bot(&house.world(), ANA).len();
            house.press(ANA, "Next step").await;
            house.until_said(ANA, step).await;
            let all = from_bot(&house.world(), ANA);
            let said: Vec<&str> = all[before..].iter().map(first_line).collect();
            let more = calls(&house.world(), "sendPhoto") - tried;
            assert_eq!(more, drawings, "{step}: {said:?}");
            // In front of its words, but for what is lost again.
            let is_lost = step == "Step 1 of" && faults.len() == 2;
            let came = all[before..]
                .iter()
                .take_while(|shown| shown.media == Some(Media::Photo));
            let expected = if is_lost { 0 } else { drawings };
            assert_eq!(came.count(), expected, "{step}: {said:?}");
        }
        house.stop().await;
    }
}

/// A drawing that waits when the bot dies goes out when it starts, in front of its words.
#[test]
fn a_drawing_that_waits_outlives_a_crash() {
    let disk = MemoryDisk::default();
    let (ledger, _) = disk.open().unwrap();
    let library = library_with(drawn_menu);
    let clerk = Clerk::new(ledger, library, BotId(BOT), NAME, None, 0);
    let jobs = take(&clerk, &[update(1, json!({"text": "/start"}))]);
    turn(&clerk, &jobs[0]);

    let (ledger, _) = disk.copy().unwrap().open().unwrap();
    let found = recover::recover(&ledger, Keys(BotId(BOT)), NOW).unwrap();
    let pieces = found.messages.iter().map(|(_, _, row)| &row.piece);
    let drawings: Vec<bool> = pieces
        .map(|one| matches!(one, Piece::Photo { .. }))
        .collect();
    assert_eq!(drawings, [false, true, false], "{:?}", found.messages);
    assert_eq!(found.stale, []);
}

/// A drawing goes out in the language of its reader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_words_are_in_the_readers_language() {
    let mut house = house().await;
    house.world().add_person(1_004, "Eva", None, Some("es"));
    house.start().await;
    house.say(ANA, "/start");
    house.until_said(ANA, "like to do").await;
    house.say(1_004, "/start");
    house.until_said(1_004, "De pie, con las dos manos").await;
    // Words are drawn below it, so it is another file.
    let photos = photos(&house);
    assert!(
        photos
            .iter()
            .all(|photo| photo.starts_with("file:X4-1.png:")),
        "{photos:?}"
    );
    assert_ne!(photos[0], photos[1]);
    let log = house.world().log().to_vec();
    let photo = log
        .iter()
        .find(|call| call.method.eq_ignore_ascii_case("sendPhoto"));
    assert_eq!(
        photo.unwrap().payload["disable_notification"],
        Value::from("true")
    );
    house.stop().await;
}

/// A drawing that was dropped in front of a question that stays open is tried once
/// more by itself: nobody must write something to see how a check is done. What fails
/// again waits until the question is shown again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawing_of_a_check_that_was_dropped_comes_by_itself() {
    // The first of three drawings; or all of them, and then the first again.
    for (faults, tries, tries_in_all) in [(1, 4, 4), (4, 6, 7)] {
        let mut house = House::new().await;
        house.start().await;
        to_the_checks(&house, ANA).await;
        for _ in 0..faults {
            let fault = Fault::ServerErrorBefore;
            house.world().fail_next("sendPhoto", fault);
        }
        house.press(ANA, "Try both").await;
        house
            .until("what was lost was tried once more", move |world| {
                (calls(world, "sendPhoto") == tries).then_some(())
            })
            .await;
        house.say(ANA, "hello there");
        house
            .until("the question stands there again", |world| {
                let shown = from_bot(world, ANA);
                let hugs = shown
                    .iter()
                    .filter(|shown| shown.text.contains("Knee hug on"));
                (hugs.count() == 2).then_some(())
            })
            .await;
        assert_eq!(calls(&house.world(), "sendPhoto"), tries_in_all);
        let shown = from_bot(&house.world(), ANA);
        for line in [
            "both legs long",
            "toward the chest",
            "the other thigh lifts",
        ] {
            let drawn = shown.iter().filter(|shown| {
                shown.media == Some(Media::Photo) && first_line(shown).contains(line)
            });
            assert_eq!(drawn.count(), 1, "{line}, lost {faults} times");
        }
        house.stop().await;
    }
}
