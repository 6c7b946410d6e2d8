//! Drawings on the wire: sent along once, then by name, and never in the way.

use psoas_bot::bot_api::{Fault, Media};
use psoas_bot::content::Content;
use psoas_bot::ids::PictureId;
use serde_json::Value;

use super::house::{ANA, BEN, CLEO, House, calls, from_bot, library_with};

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
    for (chat, fault) in [
        (ANA, Fault::Refused),
        (BEN, Fault::ServerErrorBefore),
        (CLEO, Fault::Garbage),
    ] {
        house.world().fail_next("sendPhoto", fault);
        house.say(chat, "/start");
        let said = house.until_said(chat, "like to do").await;
        assert!(said.labels().next().is_some());
    }
    // Nobody on staff was woken for it, and none was tried for long.
    assert_eq!(calls(&house.world(), "sendPhoto"), 3);
    assert_eq!(from_bot(&house.world(), super::STAFF), []);
    house.stop().await;
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
