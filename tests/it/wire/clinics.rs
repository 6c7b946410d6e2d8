//! Two clinics in one process, with patients whose chats have the same numbers:
//! nothing of one is ever said in the other. Phones, people, hours, cases and
//! patients' words are each clinic's own, whatever happens in which order.

use std::future::IntoFuture as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use psoas_bot::app::dialogs_dir;

use super::house::{ANA, BEN, CLEO, DANA, EMERGENCY, House, STAFF, TOKEN, from_bot};
use crate::crash::process::Place;

const NAMES: [&str; 2] = ["tuscany-spa", "east-west"];

/// Words that only this clinic's chats may have; the last is typed by patients.
const OWN: [&[&str]; 2] = [
    &[
        "Tuscany", "818-248", "+1818248", "Ofir", "Karen", HOURS[0], "quokka",
    ],
    &[
        "East West",
        "617-340",
        "+1617340",
        "Slava",
        HOURS[1],
        "ocelot",
    ],
];

/// What each says of its hours.
const HOURS: [&str; 2] = ["Day and night.", "One minute a week."];

/// A sign that waits for a clinic to open.
const CAN_WAIT: &str = "my foot is numb and tingles";

/// The dialogs, with hours: one clinic is always open, the other not for days.
fn dialogs(folder: &Path) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let today = jiff::Zoned::now().weekday().to_monday_zero_offset();
    let far = days[(usize::try_from(today).unwrap() + 3) % 7];
    let closed = format!(r#"hours: [{{ days: [{far}], from: "12:00", to: "12:01" }}]"#);
    let folder = folder.join("dialogs");
    for (path, text) in dialogs_dir::read(&shipped).unwrap().files {
        let own = NAMES
            .iter()
            .position(|name| path == format!("clinics/{name}.yaml"));
        let text = own.map_or(text.clone(), |own| {
            let text = text.replace("Please call to ask for our hours.", HOURS[own]);
            match own {
                0 => text,
                _ => text.replace("hours: null", &closed),
            }
        });
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    folder
}

/// Both worlds' bots have this token there; outside each has its own.
const TOKENS: [&str; 2] = ["101:tuscany-token", "102:east-token"];

/// One server in front of two worlds, told apart by token.
async fn front(urls: [String; 2]) -> String {
    async fn pass(State(urls): State<[String; 2]>, request: Request) -> Vec<u8> {
        let path = request.uri().path().to_owned();
        let place = TOKENS
            .iter()
            .position(|token| path.contains(token))
            .unwrap();
        let path = path.replace(TOKENS[place], TOKEN);
        let kind = request.headers()["content-type"].clone();
        let body = axum::body::to_bytes(request.into_body(), 1 << 20)
            .await
            .unwrap();
        let url = format!("{}{path}", urls[place]);
        let sent = reqwest::Client::new()
            .post(url)
            .header("content-type", kind)
            .body(body)
            .send()
            .await;
        // A poll is cut off when the test ends.
        match sent {
            Ok(answer) => answer.bytes().await.unwrap_or_default().to_vec(),
            Err(_) => Bytes::new().to_vec(),
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(pass).with_state(urls);
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

/// Something that somebody does in one of the clinics.
#[derive(Debug, Clone)]
struct Act {
    clinic: usize,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// A patient types; the clinic's own word stands for `{own}`.
    Types(i64, &'static str),
    /// Somebody presses a button of the chat's newest message that has some.
    Presses { chat: i64, user: i64, which: Index },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    const TYPED: [&str; 8] = [
        "/start",
        "/start check",
        "/book",
        "/staff",
        "/language",
        "/delete",
        "my knee hurts {own}",
        "i have chest pain and cant breathe {own}",
    ];
    let patient = select(vec![ANA, BEN, CLEO]);
    let types = (patient.clone(), select(TYPED.to_vec()))
        .prop_map(|(chat, words)| What::Types(chat, words));
    let people = patient.prop_map(|chat| (chat, chat));
    let presses = (prop_oneof![people, Just((STAFF, DANA))], any::<Index>())
        .prop_map(|((chat, user), which)| What::Presses { chat, user, which });
    let what = prop_oneof![1 => types, 2 => presses];
    let act = (0..NAMES.len(), what).prop_map(|(clinic, what)| Act { clinic, what });
    prop::collection::vec(act, 100..200)
}

fn act(house: &House, own: &str, what: &What) {
    match what {
        What::Types(chat, words) => house.say(*chat, &words.replace("{own}", own)),
        What::Presses { chat, user, which } => {
            let shown = from_bot(&house.world(), *chat);
            let with_buttons = shown.iter().rev().find_map(|shown| {
                let labels: Vec<String> = shown.labels().map(str::to_owned).collect();
                (!labels.is_empty()).then_some(labels)
            });
            if let Some(labels) = with_buttons {
                let now = house.clock.now().0;
                // A button that opens something else cannot be pressed here.
                let _ = house.world().press_label(
                    *chat,
                    *user,
                    &labels[which.index(labels.len())],
                    now,
                );
            }
        }
    }
}

proptest! {
    // Each case is a whole process; what it did stands in the failure.
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_clinics_in_one_process_never_mix(acts in acts()) {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(never_mix(acts));
    }
}

async fn never_mix(acts: Vec<Act>) {
    let houses = [House::new().await, House::new().await];
    let api = front([houses[0].server.url(), houses[1].server.url()]).await;
    let dialogs = dialogs(houses[0].folder.path());
    let place = Place::new(houses[0].folder.path(), "", &api, 0, &dialogs)
        .with("STAFF_CHAT_ID", "")
        .with("CLINIC", &NAMES.join(","))
        .with("TELOXIDE_TOKEN_TUSCANY_SPA", TOKENS[0])
        .with("TELOXIDE_TOKEN_EAST_WEST", TOKENS[1])
        .with("STAFF_CHAT_ID_TUSCANY_SPA", &STAFF.to_string())
        .with("STAFF_CHAT_ID_EAST_WEST", &STAFF.to_string());
    let (place, life) = tokio::task::spawn_blocking(move || {
        let life = place.start();
        (place, life)
    })
    .await
    .unwrap();
    // Each keeps its own hours.
    for house in &houses {
        house.say(BEN, CAN_WAIT);
        house.until_said(BEN, "Before any stretching").await;
        house.until_quiet().await;
    }
    let told = houses
        .each_ref()
        .map(|house| !from_bot(&house.world(), STAFF).is_empty());
    assert_eq!(told, [true, false]);
    for acts in acts.chunks(6) {
        for Act { clinic, what } in acts {
            act(&houses[*clinic], OWN[*clinic].last().unwrap(), what);
        }
        for house in &houses {
            house.until_quiet().await;
        }
    }
    for (house, own) in houses.iter().zip(OWN) {
        house.say(ANA, &format!("{EMERGENCY} {}", own.last().unwrap()));
        house.until_said(STAFF, own.last().unwrap()).await;
    }
    what_is_erased_in_one_stays_in_the_other(&houses).await;
    who_owns_one_is_nobody_in_the_other(&houses, life.codes()).await;
    let (place, status) = tokio::task::spawn_blocking(move || {
        let status = life.stop(Duration::from_secs(20));
        (place, status)
    })
    .await
    .unwrap();
    assert!(status.success(), "{status}\n{}", place.log());
    for (clinic, house) in houses.iter().enumerate() {
        let world = house.world();
        let mut said = String::new();
        for chat in [ANA, BEN, CLEO, STAFF] {
            for shown in from_bot(&world, chat) {
                said.push_str(&shown.text);
                said.push('\n');
            }
        }
        for call in world.log() {
            said.push_str(&call.payload.to_string());
        }
        for own in [OWN[clinic][0], HOURS[clinic]] {
            assert!(said.contains(own), "{} did not say {own}", NAMES[clinic]);
        }
        for other in OWN[1 - clinic] {
            assert!(!said.contains(other), "{} said {other}", NAMES[clinic]);
        }
        assert!(place.data().join(NAMES[clinic]).join("store").is_dir());
    }
}

/// The same person is a patient of both, keeps a plan in both, and erases one.
async fn what_is_erased_in_one_stays_in_the_other(houses: &[House; 2]) {
    for house in houses {
        house.say(DANA, "/desk");
        for question in ["every 30 minutes", "at your low back", "Are both feet flat"] {
            house.until_said(DANA, question).await;
            house.press(DANA, "No").await;
        }
        house.press(DANA, "Keep in my plan").await;
        house.until_said(DANA, "Kept.").await;
    }
    houses[0].say(DANA, "/delete");
    houses[0].press(DANA, "Erase everything").await;
    houses[0].until_said(DANA, "is erased.").await;
    for (house, plan) in houses.iter().zip(["Your plan is empty", "Your plan\n"]) {
        house.say(DANA, "/plan");
        house.until_said(DANA, plan).await;
    }
}

/// A code opens its own clinic's desk alone, and its owner is a stranger in the other.
async fn who_owns_one_is_nobody_in_the_other(houses: &[House; 2], mut codes: Vec<String>) {
    assert_eq!(codes.len(), 2, "{codes:?}");
    let writes = |house: &House, user: i64, words: &str| {
        let now = house.clock.now().0;
        house.world().say(STAFF, user, words, now).unwrap();
    };
    let is_owned = |house: &House| {
        let shown = from_bot(&house.world(), STAFF);
        shown
            .iter()
            .any(|shown| shown.text.contains("is the owner now"))
    };
    for house in houses {
        house.world().join(STAFF, CLEO);
    }
    // Which code is whose is not printed beside it: the wrong one opens nothing.
    for code in &codes {
        writes(&houses[0], DANA, &format!("/pair {code}"));
        houses[0].until_quiet().await;
    }
    houses[0].until_said(STAFF, "Dana is the owner now").await;
    let refused =
        |shown: &str| shown.contains("does not fit") || shown.contains("the owner already");
    houses[0]
        .until("the other code refused", |world| {
            let mut shown = from_bot(world, STAFF).into_iter();
            shown.find(|shown| refused(&shown.text))
        })
        .await;
    assert!(!is_owned(&houses[1]));
    codes.reverse();
    for code in &codes {
        writes(&houses[1], CLEO, &format!("/pair {code}"));
        houses[1].until_quiet().await;
    }
    houses[1].until_said(STAFF, "Cleo is the owner now").await;
    for (house, stranger) in houses.iter().zip([CLEO, DANA]) {
        writes(house, stranger, "/open");
        house.until_said(STAFF, "Only our team").await;
    }
}
