//! What the environment says, checked all at once, before anything starts.

mod alarms;

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::{Proxy, Url};
use secrecy::{ExposeSecret as _, SecretString};

pub use alarms::AlarmSettings;

use super::pacing::Pacing;
use crate::ids::ChatId;
use crate::store::{MasterKey, master};

/// What a process runs with.
pub struct Settings {
    /// The clinics it serves, at least one.
    pub clinics: Vec<ClinicSettings>,
    /// Any Bot API server.
    pub api_url: Option<Url>,
    /// The folder of dialogs.
    pub dialogs_dir: PathBuf,
    /// What seals it.
    pub key: KeySource,
    /// How fast the bot may send.
    pub pacing: Pacing,
    /// Content that no clinician has reviewed may be used with a real token.
    pub allow_unreviewed: bool,
    /// The preview's port; any free one when not set.
    pub preview_port: Option<u16>,
    /// Where a Prometheus on this machine reads the numbers; nowhere when not set.
    pub metrics_port: Option<u16>,
}

/// What one clinic's bot runs with.
pub struct ClinicSettings {
    /// The name of its file in `dialogs/clinics/`, without `.yaml`.
    pub name: String,
    /// Its bot's token; none starts the preview.
    pub token: Option<SecretString>,
    /// Where its staff are told.
    pub staff_chat: Option<ChatId>,
    /// Who is told when nobody answers there.
    pub alarms: AlarmSettings,
    /// The folder of what it stores: each clinic has its own, with its own keys.
    pub data_dir: PathBuf,
}

/// Where the key comes from.
pub enum KeySource {
    /// 64 hex digits from the environment.
    Digits(SecretString),
    /// A file, made when it is missing.
    File(PathBuf),
}

impl KeySource {
    /// Reads the key, or makes the file.
    ///
    /// # Errors
    /// When the file cannot be read or made, or others may read it.
    pub fn load(&self) -> Result<MasterKey, master::MasterKeyError> {
        match self {
            Self::Digits(digits) => MasterKey::from_hex(digits.expose_secret()),
            Self::File(path) => MasterKey::load_or_create(path),
        }
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} to set right (see .env.example):",
            if self.0.len() == 1 {
                "one setting".to_owned()
            } else {
                format!("{} settings", self.0.len())
            }
        )?;
        for problem in &self.0 {
            write!(f, "\n  • {problem}")?;
        }
        Ok(())
    }
}

/// Who asks: what is needed differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Serving Telegram: a token is needed.
    Run,
    /// The preview: no token is used.
    Preview,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every setting that is missing or wrong, by name.
    pub fn from_env(
        purpose: Purpose,
        is_reviewed: impl Fn(&Path, &str) -> bool,
    ) -> Result<Self, SettingsError> {
        let get = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self::read(purpose, get, is_reviewed)
    }

    /// Reads settings by name from anywhere. `is_reviewed` tells of a folder and
    /// a clinic whether a clinician has reviewed them; the preview does not ask.
    ///
    /// # Errors
    /// Every setting that is missing or wrong, by name.
    pub fn read(
        purpose: Purpose,
        get: impl Fn(&str) -> Option<String>,
        is_reviewed: impl Fn(&Path, &str) -> bool,
    ) -> Result<Self, SettingsError> {
        let mut wrong = Vec::new();
        let get = |name: &str| get(name).map(|value| value.trim().to_owned());
        let api_url = get("TELOXIDE_API_URL").and_then(|url| match Url::parse(&url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Some(url),
            Ok(_) | Err(_) => {
                wrong.push("TELOXIDE_API_URL is no http or https address.".to_owned());
                None
            }
        });
        let dialogs_dir = PathBuf::from(get("DIALOGS_DIR").unwrap_or_else(|| "dialogs".to_owned()));
        if !dialogs_dir.is_dir() {
            wrong.push(format!(
                "DIALOGS_DIR: there is no folder {}.",
                dialogs_dir.display()
            ));
        }
        let data_dir = PathBuf::from(get("DATA_DIR").unwrap_or_else(|| "data".to_owned()));
        let clinics = read_clinics(purpose, &data_dir, &get, &mut wrong);
        if data_dir.exists() && !data_dir.is_dir() {
            wrong.push(format!("DATA_DIR: {} is no folder.", data_dir.display()));
        }
        for clinic in clinics.iter().filter(|clinic| !clinic.name.is_empty()) {
            let file = dialogs_dir
                .join("clinics")
                .join(&clinic.name)
                .with_extension("yaml");
            if dialogs_dir.is_dir() && !file.is_file() {
                wrong.push(format!(
                    "CLINIC: there is no file {}.{}",
                    file.display(),
                    known_clinics(&dialogs_dir)
                ));
            }
        }
        if get("TELOXIDE_PROXY").is_some_and(|proxy| Proxy::all(proxy).is_err()) {
            wrong.push(
                "TELOXIDE_PROXY is no proxy's address: it looks like http://127.0.0.1:8080 or socks5://127.0.0.1:1080."
                    .to_owned(),
            );
        }
        let key = match (get("DATA_KEY"), get("DATA_KEY_FILE")) {
            (Some(_), Some(_)) => {
                wrong.push("DATA_KEY and DATA_KEY_FILE are both set: keep one.".to_owned());
                KeySource::File(PathBuf::new())
            }
            (Some(digits), None) => {
                if MasterKey::from_hex(&digits).is_err() {
                    wrong.push(
                        "DATA_KEY must be 64 hex digits; make one with `openssl rand -hex 32`."
                            .to_owned(),
                    );
                }
                KeySource::Digits(digits.into())
            }
            (None, file) => {
                let file = file.map_or_else(|| beside(&data_dir), PathBuf::from);
                if let Err(error) = master::check_outside(&file, &data_dir) {
                    wrong.push(format!("DATA_KEY_FILE: {error}."));
                }
                KeySource::File(file)
            }
        };
        let pacing = match get("SEND_PACING").as_deref() {
            None | Some("telegram") => Pacing::Telegram,
            Some("off") => Pacing::Off,
            Some(_) => {
                wrong.push("SEND_PACING is `telegram` or `off`.".to_owned());
                Pacing::Telegram
            }
        };
        let allow_unreviewed = match get("ALLOW_UNREVIEWED").as_deref() {
            None | Some("no") => false,
            Some("yes") => true,
            Some(_) => {
                wrong.push("ALLOW_UNREVIEWED is `yes` or `no`.".to_owned());
                false
            }
        };
        if purpose == Purpose::Run
            && !allow_unreviewed
            && dialogs_dir.is_dir()
            && !clinics
                .iter()
                .all(|clinic| is_reviewed(&dialogs_dir, &clinic.name))
        {
            wrong.push(
                "ALLOW_UNREVIEWED is not set, and no clinician has reviewed these dialogs yet (`reviewed_by: null`): have them reviewed and named, or set ALLOW_UNREVIEWED=yes to run them as they are."
                    .to_owned(),
            );
        }
        let preview_port = get("PREVIEW_PORT").and_then(|port| {
            let port = port.parse();
            if port.is_err() {
                wrong.push("PREVIEW_PORT is a number from 1 to 65535.".to_owned());
            }
            port.ok()
        });
        let metrics_port = get("METRICS_PORT").and_then(|port| {
            let port = port.parse().ok().filter(|port| *port > 0);
            if port.is_none() {
                wrong.push("METRICS_PORT is a number from 1 to 65535.".to_owned());
            }
            port
        });
        if !wrong.is_empty() {
            return Err(SettingsError(wrong));
        }
        Ok(Self {
            clinics,
            api_url,
            dialogs_dir,
            key,
            pacing,
            allow_unreviewed,
            preview_port,
            metrics_port,
        })
    }
}

/// One clinic has the plain names; of several, each has its own: the clinic's
/// name stands behind them, in capitals.
fn read_clinics(
    purpose: Purpose,
    data_dir: &Path,
    get: &impl Fn(&str) -> Option<String>,
    wrong: &mut Vec<String>,
) -> Vec<ClinicSettings> {
    let listed = get("CLINIC").unwrap_or_else(|| "tuscany-spa".to_owned());
    let mut names: Vec<&str> = listed.split(',').map(str::trim).collect();
    let is_name = |name: &&str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    if !names.iter().all(is_name) {
        wrong.push(
            "CLINIC names files in dialogs/clinics/, without .yaml: small letters, digits and `-`, with a comma between two."
                .to_owned(),
        );
        // The rest is still to be looked at.
        names = vec![""];
    }
    let is_one = names.len() == 1;
    if !is_one && data_dir.join("store").exists() {
        wrong.push(format!(
            "DATA_DIR holds one clinic's data from before: with several, each has a folder in it. Move what is in {} to {}, named as the clinic it belongs to.",
            data_dir.display(),
            data_dir.join(names[0]).display()
        ));
    }
    let mut clinics: Vec<ClinicSettings> = Vec::new();
    for name in names {
        let setting = |plain: &str| {
            if is_one {
                plain.to_owned()
            } else {
                format!("{plain}_{}", name.to_ascii_uppercase().replace('-', "_"))
            }
        };
        let token_name = setting("TELOXIDE_TOKEN");
        let token = get(&token_name);
        match &token {
            None if purpose == Purpose::Run => wrong.push(format!(
                "{token_name} is missing: ask @BotFather for a bot, and put its token here."
            )),
            Some(token) if !is_token(token) => wrong.push(format!(
                "{token_name} is not a bot's token: it looks like 123456:ABC-def."
            )),
            Some(token)
                if clinics
                    .iter()
                    .filter_map(|other| other.token.as_ref())
                    .any(|other| other.expose_secret() == token) =>
            {
                wrong.push(format!(
                    "{token_name} is another clinic's token too: each clinic needs a bot of its own."
                ));
            }
            Some(_) | None => {}
        }
        let staff_name = setting("STAFF_CHAT_ID");
        let staff_chat = get(&staff_name).and_then(|chat| match chat.parse::<i64>() {
            Ok(chat) if chat != 0 => Some(ChatId(chat)),
            Ok(_) | Err(_) => {
                wrong.push(format!(
                    "{staff_name} is no chat's number: a group's is negative, like -1001234567890."
                ));
                None
            }
        });
        if clinics.iter().any(|other| other.name == name) {
            wrong.push(format!("CLINIC names {name} twice."));
        }
        clinics.push(ClinicSettings {
            name: name.to_owned(),
            token: token.map(SecretString::from),
            staff_chat,
            alarms: alarms::read(setting, get, staff_chat, wrong),
            data_dir: if is_one {
                data_dir.to_owned()
            } else {
                data_dir.join(name)
            },
        });
    }
    clinics
}

/// The clinics that have a file, to choose from.
fn known_clinics(dialogs: &Path) -> String {
    let files = std::fs::read_dir(dialogs.join("clinics"));
    let mut names: Vec<String> = files
        .into_iter()
        .flatten()
        .filter_map(|file| {
            let path = file.ok()?.path();
            let is_clinic = path.extension().is_some_and(|end| end == "yaml");
            let name = path.file_stem()?.to_str()?.to_owned();
            is_clinic.then_some(name)
        })
        .collect();
    names.sort();
    if names.is_empty() {
        return String::new();
    }
    format!(" There are: {}.", names.join(", "))
}

fn is_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty()
            && id.chars().all(|c| c.is_ascii_digit())
            && secret.len() >= 5
            && secret
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    })
}

/// The key's file stands beside the data folder, never in it.
fn beside(data_dir: &Path) -> PathBuf {
    let name = data_dir
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("data");
    data_dir.with_file_name(format!("{name}.key"))
}
