//! `psoas-bot preview`: the bot in a browser, without a token or a network.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use secrecy::SecretString;

use super::output::outln;
use super::setup;
use crate::app::clock::Clock;
use crate::app::pacing::Pacing;
use crate::app::run::{Config, run as run_bot};
use crate::app::settings::{AlarmSettings, KeySource, Purpose, Settings};
use crate::bot_api::{Server, World};
use crate::channel::telegram::Telegram;
use crate::ids::ChatId;
use crate::preview::{Past, Preview, PreviewOptions, StaffMember};

/// The preview's bot, people and group.
const BOT: i64 = 7_000_000;
const PATIENT: i64 = 101;
const STAFF_CHAT: i64 = -1_001_000;
const STAFF: [(i64, &str); 2] = [(201, "Ana"), (202, "Ben")];

/// Starts the server, the page and the bot, and prints the link.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let settings = Settings::from_env(Purpose::Preview, setup::is_reviewed)?;
    setup::start_logging();
    // The page shows one clinic: the first that is named.
    let [clinic, ..] = settings.clinics.as_slice() else {
        anyhow::bail!("CLINIC names no clinic")
    };
    let data_dir = data_folder(&clinic.data_dir);
    let library = setup::load_content(&settings, &clinic.name, &data_dir)?;
    std::fs::create_dir_all(&data_dir)
        .with_context(|| format!("failed to make {}", data_dir.display()))?;
    let master = match &settings.key {
        KeySource::Digits(_) => settings.key.load()?,
        // The preview's chats are not worth a key file of their own.
        KeySource::File(_) => KeySource::File(data_dir.with_extension("key")).load()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = setup::stop_signal()?;
        let clock = Clock::default();
        let token = format!("{BOT}:preview");
        let mut world = World::new(&token, BOT, "preview_bot", &library.newest().clinic.name);
        let past = Past::new(data_dir.join("telegram"));
        let turned = past.load(&mut world).unwrap_or_else(|error| {
            outln!("The chats of the last time cannot be read ({error}). They begin empty; what the bot keeps is all there.");
            None
        });
        match turned {
            Some(seconds) => clock.turn(seconds),
            None => people(&mut world),
        }
        // The folder remembers which updates it has taken: a new start must not
        // number its own like those of the last.
        let since_2026 = clock.now().0 - 1_767_225_600;
        world.restart_update_ids(clock.now().0);
        world.number_messages_above(since_2026);
        // The newest patient: numbers rise, and those of staff are among the lowest.
        let staff = STAFF.map(|(user, _)| user);
        let patient = world.people().filter(|user| !staff.contains(user)).max();
        let world = Arc::new(Mutex::new(world));
        let seconds = {
            let clock = clock.clone();
            Arc::new(move || clock.now().0)
        };
        let server = Server::start(Arc::clone(&world), seconds.clone()).await?;
        let clinic = &library.newest().clinic;
        let zone = jiff::tz::TimeZone::get(&clinic.zone.value).unwrap_or(jiff::tz::TimeZone::UTC);
        let turning = clock.clone();
        let options = PreviewOptions {
            clinic_name: clinic.name.clone(),
            patient: patient.unwrap_or(PATIENT),
            staff_chat: STAFF_CHAT,
            staff: STAFF.into_iter().map(|(user, name)| StaffMember { user, name: name.to_owned() }).collect(),
            data_dir_note: format!("Data: {}", data_dir.display()),
            zone,
            port: settings.preview_port,
            turn: Arc::new(move |seconds| turning.turn(seconds)),
        };
        let page = Preview::start(Arc::clone(&world), seconds, options).await?;
        let telegram = Arc::new(Telegram::new(SecretString::from(token), Some(server.url().parse()?))?);
        let config = Config {
            telegram,
            library: Arc::clone(&library),
            data_dir: data_dir.clone(),
            master,
            staff_chat: Some(ChatId(STAFF_CHAT)),
            alarms: AlarmSettings::default(),
            pacing: Pacing::Off,
            begins_empty: turned.is_none(),
            board: None,
            clock: clock.clone(),
        };
        let url = page.url.clone();
        let bot = run_bot(config, stop, |_, _| {
            outln!("The preview is open at  {url}");
            outln!("Data folder: {}   Stop with Ctrl-C. No token is used, and nothing leaves this machine.", data_dir.display());
        });
        tokio::select! {
            ended = bot => ended?,
            never = past.keep(&world, || clock.turned_seconds()) => match never {},
        }
        page.stop().await;
        server.stop().await;
        past.save(&world, clock.turned_seconds()).context("failed to keep the preview's chats")?;
        outln!("Stopped.");
        Ok(ExitCode::SUCCESS)
    })
}

/// Who is there before anybody has written.
fn people(world: &mut World) {
    world.add_person(PATIENT, "Pat", Some("pat"), Some("en"));
    world.add_group(STAFF_CHAT, "Staff");
    for (user, name) in STAFF {
        world.add_person(user, name, None, Some("en"));
        world.join(STAFF_CHAT, user);
    }
}

/// The preview keeps its own folder: it must never meet a real bot's data.
fn data_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("preview")
}
