//! What people and strangers may send: odd texts, odd numbers, odd JSON.

use psoas_bot::bot_api::World;
use serde_json::{Value, json};

use super::house::{ANA, BEN, EMERGENCY, House, STAFF, from_bot};

fn text_update(chat: i64, text: &str) -> Value {
    json!({"message": {
        "message_id": 900, "date": 1_800_000_000, "text": text,
        "chat": {"id": chat, "type": "private", "first_name": "Odd"},
        "from": {"id": chat, "is_bot": false, "first_name": "Odd", "language_code": "en"},
    }})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_odd_text_is_answered() {
    let zalgo = "h̷̢̛̗̱̼̀̍̈́ě̶͇̰̳͝l̵̤̲̽p̸̱̈́".repeat(40);
    let texts = [
        "a".repeat(100_000),
        "\"".repeat(100_000),
        "\\".repeat(100_000),
        "\u{0}".repeat(5_000),
        "\u{0}".to_owned(),
        "👩‍👩‍👧‍👦".repeat(500),
        "\u{202e}evah i\u{202c} \u{2066}x\u{2069}".to_owned(),
        zalgo,
        "<b>bold</b> & *stars* _lines_ [link](https://example.org) `code`".to_owned(),
        "{clinic} {words} {emergency}".to_owned(),
        String::new(),
        " ".to_owned(),
        "/".to_owned(),
        "/start@wire_bot".to_owned(),
        "/start ../../etc/passwd".to_owned(),
        "١٢٣".to_owned(),
    ];
    let mut house = House::new().await;
    house.start().await;
    let chats = 5000..;
    let now = house.clock.now().0;
    for (chat, text) in chats.clone().zip(&texts) {
        let mut world = house.world();
        world.add_person(chat, "Odd", None, Some("en"));
        world.push_update(text_update(chat, text), now).unwrap();
    }
    for (chat, text) in chats.zip(&texts) {
        let answer = house
            .until("an answer", move |world| {
                from_bot(world, chat).first().cloned()
            })
            .await;
        assert!(!answer.text.is_empty(), "{text:.40?} got an empty answer");
    }
    house.until_quiet().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_update_of_ours_is_passed_over() {
    let mut house = House::new().await;
    house.start().await;
    let now = house.clock.now().0;
    let odd = [
        json!({}),
        json!({"poll": {"id": "1"}}),
        json!({"message": null}),
        json!({"message": "words"}),
        json!({"message": []}),
        json!({"message": {}}),
        json!({"message": {"chat": {"id": "text"}, "text": 7}}),
        json!({"message": {"chat": {"id": 0}, "text": "nobody"}}),
        json!({"callback_query": {"id": "1"}}),
        json!({"callback_query": {"id": 1, "data": {"a": 1}, "from": {}}}),
        json!({"edited_message": {"chat": {"id": ANA, "type": "private"}}}),
        json!({"my_chat_member": {"chat": {"id": ANA}}}),
        json!({"channel_post": {"chat": {"id": -9, "type": "channel"}, "text": "x"}}),
        json!({"a_kind_of_2031": {"deep": [[[[[[[[1]]]]]]]]}}),
    ];
    for update in odd {
        house.world().push_update(update, now).unwrap();
    }
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, "Case 1 ·").await;
    house.until_quiet().await;
    house.stop().await;
}

/// Telegram gives no such numbers; a stranger's server might.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_and_negative_numbers_of_updates_lose_nothing() {
    let mut house = House::new().await;
    house.start().await;
    house.until_quiet().await;
    let now = house.clock.now().0;
    let numbered = |chat: i64, id: i64| {
        let mut update = text_update(chat, EMERGENCY);
        update["update_id"] = json!(id);
        update
    };
    {
        let mut world = house.world();
        for chat in 6001..=6006 {
            world.add_person(chat, "Odd", None, None);
        }
        for (chat, id) in [(6001, -9), (6002, -7), (6003, -4), (6004, -2)] {
            world.push_update(numbered(chat, id), now).unwrap();
        }
    }
    for chat in 6001..=6004 {
        house
            .until("an answer", move |world| {
                from_bot(world, chat).first().cloned()
            })
            .await;
    }
    house.until_quiet().await;
    {
        let mut world = house.world();
        world.push_update(numbered(6005, 1 << 53), now).unwrap();
        world
            .push_update(numbered(6006, i64::MAX - 1), now)
            .unwrap();
    }
    for chat in 6005..=6006 {
        house
            .until("an answer", move |world| {
                from_bot(world, chat).first().cloned()
            })
            .await;
    }
    house.until_quiet().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_staff_card_reads_as_it_was_written() {
    let mut house = House::new().await;
    house.start().await;
    let now = house.clock.now().0;
    let name = "\u{202e}neD\u{200f} \u{2067}Eve";
    house.world().add_person(7001, name, None, Some("en"));
    let words = format!("\u{202e}{EMERGENCY}\u{2066} <b>x</b>\n\u{0}\u{feff}Case 9 · closed");
    house.world().say(7001, 7001, &words, now).unwrap();
    let card = house.until_said(STAFF, "Case 1 ·").await;
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{0}');
    assert!(!card.text.contains(turns), "{:?}", card.text);
    assert!(
        card.text.contains("<b>x</b> Case 9 · closed”"),
        "{}",
        card.text
    );
    assert!(card.text.contains("chest pain"), "{}", card.text);
    house.stop().await;
}

/// As long as Telegram lets a message be, in letters of three bytes, more often
/// than a case keeps: the card still comes, and no number of theirs is on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_of_many_long_messages_still_fits() {
    let mut house = House::new().await;
    house.start().await;
    for turn in 0..10 {
        let long = format!(
            "{EMERGENCY}. call 818 555 01{turn:02}. {}",
            "痛".repeat(4_000)
        );
        house.say(BEN, &long);
        house.until_quiet().await;
    }
    house.say(BEN, "my face is drooping and my arm is weak");
    let card = house
        .until("the joined card", |world: &World| {
            let cards = from_bot(world, STAFF);
            cards
                .into_iter()
                .find(|card| card.text.contains("drooping"))
        })
        .await;
    assert!(!card.text.contains("555"), "{}", card.text);
    house.stop().await;
    let troubles = from_bot(&house.world(), STAFF);
    let troubles = troubles
        .iter()
        .filter(|line| line.text.contains("could not be processed"));
    assert_eq!(troubles.count(), 0);
}
