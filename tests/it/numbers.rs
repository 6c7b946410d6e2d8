//! The numbers, as they leave the clinic: read by Prometheus while the bot runs,
//! printed of a stopped one. Nobody shows in them.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use psoas_bot::picture::chart::{self, Bar, Chart, Tone};
use resvg::tiny_skia::Pixmap;
use serde_json::Value;

use crate::crash::process::Place;
use crate::wire::house::{EMERGENCY, House, STAFF, TOKEN};

/// Who writes: enough to be counted in the open, and too few with a warning.
const PATIENTS: std::ops::Range<i64> = 3001..3007;

fn printed(place: &Place, format: &str) -> String {
    let data = place.data();
    let arguments = [
        "stats",
        "--data",
        data.to_str().unwrap(),
        "--format",
        format,
    ];
    let Output { status, stdout, .. } = place.run(&arguments);
    assert!(status.success(), "{status}");
    String::from_utf8(stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_the_clinic_counts_people_and_shows_nobody() {
    let house = House::new().await;
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let dialogs = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
    let server = house.server.url();
    let place = Place::new(house.folder.path(), TOKEN, &server, STAFF, &dialogs)
        .with("METRICS_PORT", &port.to_string());
    let started = tokio::task::spawn_blocking(move || (place.start(), place));
    let (life, place) = started.await.unwrap();
    for patient in PATIENTS {
        let now = house.clock.now().0;
        house
            .world()
            .add_person(patient, "Zyxwvut", Some("qwertzuiop"), Some("en"));
        house
            .world()
            .say(patient, patient, "/start check", now)
            .unwrap();
    }
    house.say(PATIENTS.start, EMERGENCY);
    house.until_said(STAFF, "Case 1 ·").await;
    house.until_quiet().await;

    let url = format!("http://127.0.0.1:{port}/metrics");
    let read = reqwest::get(url).await.unwrap().text().await.unwrap();
    // In steps of five: six are five, and one is none.
    for line in [
        "psoas_bot_up{clinic=\"tuscany-spa\"} 1",
        "psoas_bot_events{clinic=\"tuscany-spa\",section=\"people\",event=\"patients\"} 5",
        "psoas_bot_events{clinic=\"tuscany-spa\",section=\"levels\",event=\"emergency-now\"} 0",
    ] {
        assert!(read.lines().any(|one| one == line), "{line} in:\n{read}");
    }
    let stopped = tokio::task::spawn_blocking(move || life.stop(Duration::from_secs(20)));
    assert!(stopped.await.unwrap().success());

    let json: Value = serde_json::from_str(&printed(&place, "json")).unwrap();
    let counts = json[0]["counts"].as_array().unwrap();
    let of = |name: &str| counts.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(of("patients")["count"], 6);
    assert_eq!(of("emergency-now")["count"], Value::Null);
    assert_eq!(of("emergency-now")["withheld"], true);
    assert_eq!(of("urgent-today")["count"], 0);
    let (table, csv) = (printed(&place, "table"), printed(&place, "csv"));
    assert!(
        csv.lines().any(|line| line == "77,people,patients,6"),
        "{csv}"
    );
    assert!(
        csv.lines().any(|line| line == "77,levels,emergency-now,<5"),
        "{csv}"
    );
    assert!(
        table.contains("Counts from 1 to 4 are withheld."),
        "{table}"
    );
    for text in [read, json.to_string(), table, csv] {
        let shown = ["Zyxwvut", "qwertzuiop", "chest", "300"];
        let shown = shown.into_iter().find(|one| text.contains(one));
        assert_eq!(shown, None, "in:\n{text}");
    }
}

/// Pixels of a colour, row by row.
fn coloured(pixels: &Pixmap, rgb: [u8; 3]) -> Vec<usize> {
    let rows = pixels.pixels().chunks(pixels.width() as usize);
    rows.map(|row| {
        let is_it = |pixel: &&_| {
            let pixel: &resvg::tiny_skia::PremultipliedColorU8 = pixel;
            [pixel.red(), pixel.green(), pixel.blue()] == rgb
        };
        row.iter().filter(is_it).count()
    })
    .collect()
}

#[test]
fn a_chart_has_a_bar_as_long_as_its_count() {
    let bar = |count, tone| Bar {
        label: "Señal <de> alerta & más".to_owned(),
        count,
        tone,
    };
    let drawn = chart::png(&Chart {
        title: "30 días".to_owned(),
        groups: vec![
            vec![bar(200, Tone::Way), bar(100, Tone::Good)],
            vec![bar(1, Tone::Warning), bar(0, Tone::Warning)],
        ],
    });
    let pixels = Pixmap::decode_png(&drawn.unwrap()).unwrap();
    assert_eq!(pixels.width(), 1200);
    assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255));
    let longest = |rgb| coloured(&pixels, rgb).into_iter().max().unwrap();
    let (way, good) = (longest([0x6a, 0x86, 0xb8]), longest([0x5f, 0x9a, 0x78]));
    assert!(way > 1000, "{way}");
    assert!(good.abs_diff(way / 2) < 4, "{good} beside {way}");
    // One is seen, and none is not.
    let warning = coloured(&pixels, [0xb8, 0x55, 0x3f]);
    assert!(warning.iter().any(|wide| *wide >= 12), "{warning:?}");
    let bars = warning.chunk_by(|a, b| (*a > 0) == (*b > 0));
    assert_eq!(bars.filter(|rows| rows[0] > 0).count(), 1);
    // All zero: no bar is full.
    let empty = chart::png(&Chart {
        title: String::new(),
        groups: vec![vec![bar(0, Tone::Way)]],
    });
    let pixels = Pixmap::decode_png(&empty.unwrap()).unwrap();
    assert!(
        coloured(&pixels, [0x6a, 0x86, 0xb8])
            .iter()
            .all(|wide| *wide == 0)
    );
}
