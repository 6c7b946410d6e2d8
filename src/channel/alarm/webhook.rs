//! An alarm posted to a web address, in the form its service reads.

use std::time::Duration;

use reqwest::{Url, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{Alarm, Loudness, is_this_machine};
use crate::channel::Outcome;

const CONNECT: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(12);

/// When a service says that it is too much, and not for how long.
const SLOW_DOWN_SECONDS: u32 = 30;

/// What a service reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// <https://docs.ntfy.sh/publish/>: the text, and a priority in a header.
    Ntfy,
    /// <https://developer.pagerduty.com/docs/events-api-v2>: an event.
    PagerDuty,
    /// An object with `text`, `case` and `level`, for anything else.
    Json,
}

impl Form {
    /// Every form, with the word that names it in the settings.
    pub const WORDS: [(Self, &'static str); 3] = [
        (Self::Ntfy, "ntfy"),
        (Self::PagerDuty, "pagerduty"),
        (Self::Json, "json"),
    ];

    /// Reads that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(form, _)| *form)
    }
}

/// Why an address cannot be used. None of these carries the address.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is none, or what it carries would travel open.
    #[error("is no address that begins with https:// (http:// is for this machine alone)")]
    Address,
    /// A pager knows its service by the key alone.
    #[error("needs a key: PagerDuty calls it the integration key")]
    Key,
    /// The HTTP client.
    #[error("cannot be used: the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}

/// A web address that takes alarms.
#[derive(Clone)]
pub struct Webhook {
    http: reqwest::Client,
    url: Url,
    form: Form,
    key: Option<SecretString>,
}

impl Webhook {
    /// A webhook at `url`. `key` is sent as a bearer token, and to PagerDuty
    /// within the event.
    ///
    /// # Errors
    /// When the address cannot be used, or the form needs a key.
    pub fn new(url: &str, form: Form, key: Option<SecretString>) -> Result<Self, WebhookError> {
        let url = address(url)?;
        if form == Form::PagerDuty && key.is_none() {
            return Err(WebhookError::Key);
        }
        Ok(Self {
            http: client()?,
            url,
            form,
            key,
        })
    }

    /// Tells it, once.
    pub(super) async fn send(&self, alarm: &Alarm) -> Outcome {
        let post = self.http.post(self.url.clone());
        let bearer = || self.key.as_ref().map(ExposeSecret::expose_secret);
        let post = match self.form {
            Form::Ntfy => {
                let priority = match alarm.loudness {
                    Loudness::Critical => "5",
                    Loudness::High => "4",
                };
                post.header("Priority", priority).body(alarm.text.clone())
            }
            Form::PagerDuty => post.json(&json!({
                "routing_key": bearer(),
                "event_action": "trigger",
                "dedup_key": alarm.key(),
                "payload": {
                    "summary": alarm.text,
                    "source": "psoas-bot",
                    "severity": match alarm.loudness {
                        Loudness::Critical => "critical",
                        Loudness::High => "error",
                    },
                },
            })),
            Form::Json => post.json(&json!({
                "text": alarm.text,
                "case": alarm.case,
                "level": match alarm.loudness {
                    Loudness::Critical => "emergency-now",
                    Loudness::High => "urgent-today",
                },
            })),
        };
        let post = match bearer() {
            Some(key) if self.form != Form::PagerDuty => post.bearer_auth(key),
            Some(_) | None => post,
        };
        match post.send().await {
            Ok(answer) => read(&answer),
            Err(error) if error.is_connect() => Outcome::NotSent,
            Err(_) => Outcome::Ambiguous,
        }
    }
}

/// An address that nobody reads on its way.
pub(super) fn address(url: &str) -> Result<Url, WebhookError> {
    let url = Url::parse(url).map_err(|_| WebhookError::Address)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(url.host_str()) => Ok(url),
        _ => Err(WebhookError::Address),
    }
}

/// The client for such an address.
pub(super) fn client() -> Result<reqwest::Client, WebhookError> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(CALL)
        // The address may be a secret: it goes to one server alone.
        .redirect(redirect::Policy::none())
        .referer(false)
        .build()
        .map_err(|cause| WebhookError::Client(cause.without_url()))
}

/// What an answer means; what stands in it is not read.
fn read(answer: &reqwest::Response) -> Outcome {
    let status = answer.status();
    if status.is_success() {
        Outcome::Delivered(None)
    } else if status.as_u16() == 429 {
        let said = answer.headers().get(header::RETRY_AFTER);
        let seconds = said.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        Outcome::SlowDown(seconds.unwrap_or(SLOW_DOWN_SECONDS))
    } else if status.is_server_error() {
        Outcome::Ambiguous
    } else {
        Outcome::Refused(format!("the webhook answered {}", status.as_u16()))
    }
}
