//! The binary from outside: what it says when it cannot start, how it stops,
//! and that its log tells nothing of anybody.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use super::house::{ANA, EMERGENCY, House, STAFF, TOKEN};
use crate::crash::process::Place;

fn dialogs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs")
}

fn place(house: &House) -> Place {
    Place::new(
        house.folder.path(),
        TOKEN,
        &house.server.url(),
        STAFF,
        &dialogs(),
    )
}

/// Runs `run`, which must fail, and gives what it said.
#[track_caller]
fn refused(place: &Place) -> String {
    let Output { status, stderr, .. } = place.run(&["run"]);
    assert_eq!(status.code(), Some(2));
    String::from_utf8(stderr).unwrap()
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_setting_is_named_at_once() {
    let house = House::new().await;
    let place = place(&house)
        .with("TELOXIDE_TOKEN", "secret-but-wrong")
        .with("TELOXIDE_API_URL", "ftp://example.org")
        .with("STAFF_CHAT_ID", "staff")
        .with("CLINIC", "../etc")
        .with("DIALOGS_DIR", "nowhere")
        .with("DATA_KEY", "abc")
        .with("SEND_PACING", "fast")
        .with("TELOXIDE_PROXY", "not a proxy")
        .with("ALLOW_UNREVIEWED", "maybe");
    let said = refused(&place);
    let names = [
        "9 settings to set right",
        "TELOXIDE_TOKEN",
        "TELOXIDE_API_URL",
        "STAFF_CHAT_ID",
        "CLINIC",
        "DIALOGS_DIR",
        "DATA_KEY",
        "SEND_PACING",
        "TELOXIDE_PROXY",
        "ALLOW_UNREVIEWED",
    ];
    for name in names {
        assert!(said.contains(name), "{name} in:\n{said}");
    }
    assert!(!said.contains("secret-but-wrong"), "{said}");
    assert!(!place.data().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_several_clinics_has_settings_of_its_own() {
    let house = House::new().await;
    let place = place(&house)
        .with("CLINIC", "tuscany-spa,east-west,east-west")
        .with("TELOXIDE_TOKEN_TUSCANY_SPA", "1:same-token")
        .with("TELOXIDE_TOKEN_EAST_WEST", "1:same-token")
        .with("STAFF_CHAT_ID_EAST_WEST", "staff");
    let said = refused(&place);
    let wrong = [
        "TELOXIDE_TOKEN_EAST_WEST is another clinic's token too",
        "STAFF_CHAT_ID_EAST_WEST is no chat's number",
        "CLINIC names east-west twice",
    ];
    for wrong in wrong {
        assert!(said.contains(wrong), "{wrong} in:\n{said}");
    }
    assert!(!said.contains("TUSCANY_SPA"), "{said}");
    assert!(!said.contains("same-token"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_token_and_unreviewed_dialogs_are_told() {
    let house = House::new().await;
    assert!(
        refused(&place(&house).with("TELOXIDE_TOKEN", "")).contains("TELOXIDE_TOKEN is missing")
    );
    let said = refused(&place(&house).with("ALLOW_UNREVIEWED", ""));
    assert!(said.contains("ALLOW_UNREVIEWED=yes"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clinic_without_a_file_is_named_beside_those_that_have_one() {
    let house = House::new().await;
    let place = place(&house)
        .with("CLINIC", "nowhere-spa")
        .with("SEND_PACING", "fast");
    std::fs::write(place.data(), "no folder").unwrap();
    let said = refused(&place);
    let names = [
        "3 settings to set right",
        "nowhere-spa",
        "tuscany-spa",
        "SEND_PACING",
        "DATA_DIR",
    ];
    for name in names {
        assert!(said.contains(name), "{name} in:\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_in_use_is_refused() {
    let mut house = House::new().await;
    house.start().await;
    let said = refused(&place(&house));
    assert!(said.contains("in use by another process"), "{said}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_is_refused_and_nothing_is_written() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, "Case 1 ·").await;
    house.stop().await;
    let place = place(&house);
    let before = files(&place.data());
    let said = refused(&place.with("DATA_KEY", &"0f".repeat(32)));
    assert!(said.contains("another master key"), "{said}");
    let data = house.folder.path().join("data");
    let ours = |all: &[(PathBuf, Vec<u8>)]| {
        let ours = all.iter().filter(|(path, _)| path.parent() == Some(&data));
        ours.cloned().collect::<Vec<_>>()
    };
    assert_eq!(ours(&before), ours(&files(&data)));
    // With the right key everything is as it was.
    house.start().await;
    house.say(ANA, "my face is drooping and my arm is weak");
    let card = house.until_said(STAFF, "drooping").await;
    assert!(card.text.starts_with("Case 1 ·"), "{}", card.text);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_tells_nothing_of_anybody_and_sigterm_ends_it_well() {
    let house = House::new().await;
    let place = place(&house).with("RUST_LOG", "trace");
    let (place, life) = tokio::task::spawn_blocking(move || {
        let life = place.start();
        (place, life)
    })
    .await
    .unwrap();
    let now = house.clock.now().0;
    house
        .world()
        .add_person(7007, "Zyxwvut", Some("qwertzuiop"), Some("en"));
    for text in [
        "hello xylophonist",
        "i have chest pain xylophonist",
        "/start xylophonist",
    ] {
        house.world().say(7007, 7007, text, now).unwrap();
    }
    house.until_said(STAFF, "xylophonist").await;
    house.until_said(7007, "911").await;
    house.until_quiet().await;
    let (place, status) = tokio::task::spawn_blocking(move || {
        let status = life.stop(Duration::from_secs(20));
        (place, status)
    })
    .await
    .unwrap();
    assert!(status.success(), "{status}");
    let log = place.log();
    assert!(log.contains("TRACE"), "nothing was traced");
    for secret in [
        "xylophonist",
        "Zyxwvut",
        "qwertzuiop",
        "chest",
        "wire-test_token",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log holds {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_whose_output_nobody_reads_goes_on() {
    let house = House::new().await;
    let life = place(&house).with("RUST_LOG", "trace").start_unread();
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, "Case 1 ·").await;
    let stopped = tokio::task::spawn_blocking(move || life.stop(Duration::from_secs(20)));
    let status = stopped.await.unwrap();
    assert!(status.success(), "{status}");
}
