//! What goes over the wire while a person writes with a patient, and what the
//! Bot API in the process says to it.

use psoas_bot::bot_api::World;
use psoas_bot::channel::telegram::{read_outcome, read_update, wire};
use psoas_bot::channel::{Media, Outcome, Outgoing, Place, TopicChange};
use psoas_bot::content::RichText;
use psoas_bot::dialog::Keyboard;
use psoas_bot::ids::{ChatId, MessageId, TopicId};
use serde_json::{Value, json};

const NOON: i64 = 1_800_000_000;
const GROUP: i64 = -500;

fn world() -> World {
    let mut world = World::new("1:x", 1, "clinic_bot", "Clinic");
    world.add_person(7, "Pat", None, Some("en"));
    world.add_person(8, "Ana", None, Some("en"));
    world.add_group(GROUP, "Staff");
    world.join(GROUP, 8);
    world
}

/// Sends through the wire's form into the world.
fn send(world: &mut World, outgoing: &Outgoing) -> Outcome {
    let (method, payload) = wire(outgoing).expect("it can be written down");
    let reply = world.call(method, &payload, NOON);
    read_outcome(reply.status, &reply.body.to_string())
}

fn copy(message: i64, caption: Option<&str>, under: Option<i64>) -> Outgoing {
    Outgoing::Copy {
        chat: ChatId(GROUP),
        from: ChatId(7),
        message: MessageId(message),
        caption: caption.map(RichText::plain),
        place: Place {
            topic: None,
            under: under.map(MessageId),
        },
    }
}

fn react(message: i64, emoji: &str) -> Outgoing {
    Outgoing::React {
        chat: ChatId(7),
        message: MessageId(message),
        emoji: emoji.to_owned(),
    }
}

#[test]
fn each_has_its_form_on_the_wire() {
    let check = |outgoing: &Outgoing, method: &str, body: Value| {
        assert_eq!(wire(outgoing), Some((method, body)));
    };
    check(
        &copy(5, Some("x"), Some(9)),
        "CopyMessage",
        json!({"chat_id": GROUP, "from_chat_id": 7, "message_id": 5, "caption": "x",
            "reply_parameters": {"message_id": 9, "allow_sending_without_reply": true}}),
    );
    check(
        &copy(5, None, None),
        "CopyMessage",
        json!({"chat_id": GROUP, "from_chat_id": 7, "message_id": 5}),
    );
    let caption = Outgoing::Caption {
        chat: ChatId(7),
        message: MessageId(5),
        text: RichText::plain("y"),
    };
    check(
        &caption,
        "EditMessageCaption",
        json!({"chat_id": 7, "message_id": 5, "caption": "y"}),
    );
    check(
        &react(5, "✍"),
        "SetMessageReaction",
        json!({"chat_id": 7, "message_id": 5, "reaction": [{"type": "emoji", "emoji": "✍"}]}),
    );
    let delete = |message| Outgoing::Delete {
        chat: ChatId(GROUP),
        message: MessageId(message),
    };
    check(
        &delete(5),
        "DeleteMessage",
        json!({"chat_id": GROUP, "message_id": 5}),
    );
    assert_eq!(wire(&delete(i64::MAX)), None);
    let send = Outgoing::Send {
        chat: ChatId(GROUP),
        text: RichText::plain("z"),
        keyboard: Keyboard::None,
        silent: false,
        place: Place {
            topic: Some(TopicId(3)),
            under: Some(MessageId(9)),
        },
    };
    let (_, body) = wire(&send).expect("it can be written down");
    assert_eq!(body["message_thread_id"], 3);
    assert_eq!(body["reply_parameters"]["message_id"], 9);
    // A number that Telegram cannot have is sent nowhere.
    assert_eq!(wire(&copy(i64::MAX, None, None)), None);
    assert_eq!(wire(&react(i64::MAX, "✍")), None);
}

#[test]
fn a_copy_is_the_same_message_without_its_sender() {
    let mut world = world();
    let voice = world
        .say_with(7, 7, json!({"voice": true}), NOON)
        .expect("she may");
    let Outcome::Delivered(Some(copied)) = send(&mut world, &copy(voice, Some("Case 1"), None))
    else {
        panic!("it is copied");
    };
    let shown = world.message(GROUP, copied.0).expect("it is there").clone();
    assert_eq!(shown.text, "Case 1");
    assert!(shown.from_bot && shown.media.is_some());
    // Words of a text stay as they are: a caption stands below pictures alone.
    let text = world.say(7, 7, "my leg", NOON).expect("she may");
    assert!(matches!(
        send(&mut world, &copy(text, Some("Case 1"), None)),
        Outcome::Delivered(Some(_))
    ));
    assert_eq!(
        world.messages(GROUP).last().map(|one| one.text.as_str()),
        Some("my leg")
    );
    let gone = send(&mut world, &copy(99, None, None));
    assert_eq!(
        gone,
        Outcome::Refused("Bad Request: message to copy not found".to_owned())
    );
    // The answer to a message that is gone arrives all the same.
    assert!(matches!(
        send(&mut world, &copy(voice, None, Some(999))),
        Outcome::Delivered(Some(_))
    ));
}

#[test]
fn captions_change_and_texts_have_none() {
    let mut world = world();
    let photo = world
        .say_with(7, 7, json!({"photo": true, "caption": "a"}), NOON)
        .expect("she may");
    let Outcome::Delivered(Some(copied)) = send(&mut world, &copy(photo, Some("b"), None)) else {
        panic!("it is copied");
    };
    let caption = |message: MessageId, text: &str| Outgoing::Caption {
        chat: ChatId(GROUP),
        message,
        text: RichText::plain(text),
    };
    let changed = send(&mut world, &caption(copied, "c"));
    assert!(!matches!(changed, Outcome::Refused(_)), "{changed:?}");
    assert_eq!(
        world.message(GROUP, copied.0).map(|one| one.text.as_str()),
        Some("c")
    );
    // The same once more is done already.
    assert_eq!(
        send(&mut world, &caption(copied, "c")),
        Outcome::Delivered(None)
    );
    let text = Outgoing::Send {
        chat: ChatId(GROUP),
        text: RichText::plain("no picture"),
        keyboard: Keyboard::None,
        silent: false,
        place: Place::default(),
    };
    let Outcome::Delivered(Some(text)) = send(&mut world, &text) else {
        panic!("it is sent");
    };
    assert!(matches!(
        send(&mut world, &caption(text, "x")),
        Outcome::Refused(_)
    ));
}

#[test]
fn a_sign_is_one_that_telegram_has() {
    let mut world = world();
    let said = world.say(7, 7, "thanks", NOON).expect("she may");
    assert_eq!(
        send(&mut world, &react(said, "✍")),
        Outcome::Delivered(None)
    );
    assert_eq!(
        world
            .message(7, said)
            .and_then(|one| one.reaction.as_deref()),
        Some("✍")
    );
    for (message, emoji) in [(said, "🦴"), (99, "✍")] {
        let refused = send(&mut world, &react(message, emoji));
        assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
    }
}

/// The newest update of the world, read as the bot reads it.
fn heard(world: &mut World) -> psoas_bot::channel::Incoming {
    let update = world.pending(NOON).pop().expect("an update waits");
    read_update(&update.to_string(), "clinic_bot").expect("it can be read")
}

#[test]
fn a_reply_says_whose_message_it_answers_and_what_it_holds() {
    let mut world = world();
    let text = Outgoing::Send {
        chat: ChatId(GROUP),
        text: RichText::plain("Case 1"),
        keyboard: Keyboard::None,
        silent: false,
        place: Place::default(),
    };
    let Outcome::Delivered(Some(card)) = send(&mut world, &text) else {
        panic!("it is sent");
    };
    let say =
        |world: &mut World, fields: Value| world.say_with(GROUP, 8, fields, NOON).expect("she may");
    let own = say(&mut world, json!({"text": "hello"}));
    assert_eq!(heard(&mut world).media, None);
    say(
        &mut world,
        json!({"voice": true, "reply_to_message_id": card.0}),
    );
    let incoming = heard(&mut world);
    assert_eq!(incoming.reply_to, Some(card));
    assert!(incoming.answers_bot);
    assert_eq!(incoming.media, Some(Media::Captioned));
    say(
        &mut world,
        json!({"sticker": true, "reply_to_message_id": own}),
    );
    let incoming = heard(&mut world);
    assert_eq!(incoming.reply_to, Some(MessageId(own)));
    assert!(!incoming.answers_bot);
    assert_eq!(incoming.media, Some(Media::Bare));
    // A message of another chat has another chat's number: it is no answer here.
    let elsewhere = json!({"update_id": 1, "message": {"message_id": 4, "date": 1, "text": "x",
        "chat": {"id": GROUP, "type": "group"}, "from": {"id": 8, "is_bot": false, "first_name": "A"},
        "reply_to_message": {"message_id": card.0, "chat": {"id": -600, "type": "group"}}}});
    let incoming = read_update(&elsewhere.to_string(), "clinic_bot").expect("it can be read");
    assert_eq!(incoming.reply_to, None);
}

#[test]
fn topics_open_close_and_go_in_telegrams_words() {
    const FORUM: i64 = -1_000_000_000_500;
    let mut world = world();
    world.add_group(FORUM, "Staff");
    world.set_forum(FORUM, true);
    let open = |chat| Outgoing::OpenTopic {
        chat: ChatId(chat),
        name: "Case 1".to_owned(),
    };
    let refused = send(&mut world, &open(GROUP));
    assert_eq!(
        refused,
        Outcome::Refused("Bad Request: the chat is not a forum".to_owned())
    );
    let Outcome::Opened(topic) = send(&mut world, &open(FORUM)) else {
        panic!("it is opened");
    };
    let change = |change: TopicChange| Outgoing::ChangeTopic {
        chat: ChatId(FORUM),
        topic,
        change,
    };
    // The same twice is done already.
    for what in [
        TopicChange::Named("Case 1 · urgent".to_owned()),
        TopicChange::Closed,
        TopicChange::Reopened,
    ] {
        for _ in 0..2 {
            assert_eq!(
                send(&mut world, &change(what.clone())),
                Outcome::Delivered(None)
            );
        }
    }
    assert_eq!(world.topics(FORUM)[0].name, "Case 1 · urgent");
    assert!(!world.topics(FORUM)[0].closed);
    let card = Outgoing::Send {
        chat: ChatId(FORUM),
        text: RichText::plain("card"),
        keyboard: Keyboard::None,
        silent: false,
        place: Place {
            topic: Some(topic),
            under: None,
        },
    };
    // A message in a topic has its number, and is no topic.
    assert!(matches!(
        send(&mut world, &card),
        Outcome::Delivered(Some(_))
    ));
    world.delete_topic(FORUM, topic.0);
    assert_eq!(send(&mut world, &card), Outcome::NoTopic);
    assert_eq!(
        send(&mut world, &change(TopicChange::Closed)),
        Outcome::NoTopic
    );
}

#[test]
fn what_stands_in_a_topic_says_so() {
    const FORUM: i64 = -1_000_000_000_500;
    let mut world = world();
    world.add_group(FORUM, "Staff");
    world.join(FORUM, 8);
    world.set_forum(FORUM, true);
    let opened = Outgoing::OpenTopic {
        chat: ChatId(FORUM),
        name: "Case 1".to_owned(),
    };
    let Outcome::Opened(topic) = send(&mut world, &opened) else {
        panic!("it is opened");
    };
    let said = json!({"text": "hello", "message_thread_id": topic.0});
    world.say_with(FORUM, 8, said, NOON).expect("she may");
    let incoming = heard(&mut world);
    assert!(incoming.has_topics && incoming.answers_bot);
    assert_eq!(incoming.topic, Some(topic));
    // What answers nothing there answers the topic's first message.
    assert_eq!(incoming.reply_to, Some(MessageId(topic.0)));
    let first = MessageId(world.say(FORUM, 8, "to all", NOON).expect("she may"));
    let incoming = heard(&mut world);
    assert_eq!(
        (incoming.topic, incoming.reply_to, incoming.message),
        (None, None, Some(first))
    );
    // Replies in a group without topics have a thread as well.
    let threaded = json!({"update_id": 1, "message": {"message_id": 4, "date": 1, "text": "x",
        "message_thread_id": 2, "chat": {"id": GROUP, "type": "supergroup"}}});
    let incoming = read_update(&threaded.to_string(), "clinic_bot").expect("it can be read");
    assert_eq!(incoming.topic, None);
}
