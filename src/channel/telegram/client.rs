//! The HTTP client, and each send.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Url, header, multipart, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use teloxide::payloads::{DeleteWebhook, GetChat, GetMe};
use teloxide::requests::Payload;
use tokio::sync::Semaphore;

use super::answer::{CallError, Failure, read_reply, taken};
use super::payload;
use crate::channel::{Document, Outcome, Outgoing, PhotoFile, TopicChange};
use crate::content::RichText;
use crate::ids::{BotId, ChatId, MessageId, TopicId};

const API_URL: &str = "https://api.telegram.org";

/// The variable teloxide reads; the usual proxy variables are not heeded, so
/// that no shell setting sends patients' words another way.
const PROXY_VARIABLE: &str = "TELOXIDE_PROXY";

/// A hundred updates of the longest messages stay well below this.
const REPLY_BYTES_MAX: usize = 32 << 20;

/// Calls under way at once, and connections kept for them. More would only wait
/// in Telegram's queue instead of ours, each on a connection of its own.
const CALLS_AT_ONCE_MAX: usize = 32;

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection. While it runs, nothing was sent.
    pub connect: Duration,
    /// For a whole call.
    pub call: Duration,
    /// For a poll, beyond the time Telegram was asked to hold it.
    pub poll_slack: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(12),
            poll_slack: Duration::from_secs(10),
        }
    }
}

/// Speaks to the Bot API as one bot. Clones share their connections.
#[derive(Clone)]
pub struct Telegram {
    http: reqwest::Client,
    api_url: Url,
    token: SecretString,
    timeouts: Timeouts,
    calls: Arc<Semaphore>,
}

/// The token would be the bot; the address may hold a password.
impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram")
            .field("host", &self.api_url.host_str())
            .finish_non_exhaustive()
    }
}

/// Why there is no client. None of these carries the token or the addresses.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A token is digits, a colon, and letters, digits, `_` and `-`.
    #[error("the token does not look like a bot's token")]
    Token,
    /// The Bot API's address.
    #[error("the Bot API's address must begin with http:// or https://")]
    ApiUrl,
    /// The proxy's address.
    #[error("{PROXY_VARIABLE} is no proxy address")]
    Proxy,
    /// The HTTP client.
    #[error("failed to set up the HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Its number.
    pub id: BotId,
    /// Without the `@`.
    pub username: String,
    /// As people see it.
    pub name: String,
}

impl Telegram {
    /// A client for the bot of `token`, at Telegram or at `api_url`. Opens no
    /// connection yet.
    ///
    /// # Errors
    /// When token, address or `TELOXIDE_PROXY` cannot be used.
    pub fn new(token: SecretString, api_url: Option<Url>) -> Result<Self, SetupError> {
        Self::with_timeouts(token, api_url, Timeouts::default())
    }

    /// As [`Telegram::new`], with other time-outs.
    ///
    /// # Errors
    /// When token, address or `TELOXIDE_PROXY` cannot be used.
    pub fn with_timeouts(
        token: SecretString,
        api_url: Option<Url>,
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        if !looks_like_token(token.expose_secret()) {
            return Err(SetupError::Token);
        }
        let api_url = match api_url {
            Some(url) => url,
            None => Url::parse(API_URL).map_err(|_| SetupError::ApiUrl)?,
        };
        if !matches!(api_url.scheme(), "http" | "https") {
            return Err(SetupError::ApiUrl);
        }
        let builder = reqwest::Client::builder()
            .connect_timeout(timeouts.connect)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_max_idle_per_host(CALLS_AT_ONCE_MAX)
            // The address holds the token: it goes to one server alone.
            .redirect(redirect::Policy::none())
            .referer(false);
        let builder = match std::env::var(PROXY_VARIABLE) {
            Ok(proxy) if !proxy.trim().is_empty() => {
                builder.proxy(reqwest::Proxy::all(proxy.trim()).map_err(|_| SetupError::Proxy)?)
            }
            Ok(_) | Err(std::env::VarError::NotPresent) => builder.no_proxy(),
            Err(std::env::VarError::NotUnicode(_)) => return Err(SetupError::Proxy),
        };
        Ok(Self {
            http: builder
                .build()
                .map_err(|cause| SetupError::Client(cause.without_url()))?,
            api_url,
            token,
            timeouts,
            calls: Arc::new(Semaphore::new(CALLS_AT_ONCE_MAX)),
        })
    }

    /// Sends one thing, once.
    pub async fn send(&self, outgoing: &Outgoing) -> Outcome {
        match outgoing {
            Outgoing::Send {
                chat,
                text,
                keyboard,
                silent,
                place,
            } => {
                let payload = payload::message(*chat, text, keyboard, *silent, *place);
                made(self.call(&payload).await)
            }
            Outgoing::Copy {
                chat,
                from,
                message,
                caption,
                place,
            } => match payload::copy(*chat, *from, *message, caption.as_ref(), *place) {
                Some(payload) => made(self.call(&payload).await),
                None => no_message(*message),
            },
            Outgoing::OpenTopic { chat, name } => {
                made(self.call(&payload::open_topic(*chat, name)).await)
            }
            Outgoing::ChangeTopic {
                chat,
                topic,
                change,
            } => self.change_topic(*chat, *topic, change).await,
            Outgoing::Caption {
                chat,
                message,
                text,
            } => match payload::caption(*chat, *message, text) {
                Some(payload) => done(self.call(&payload).await),
                None => no_message(*message),
            },
            Outgoing::Delete { chat, message } => match payload::delete(*chat, *message) {
                Some(payload) => done(self.call(&payload).await),
                None => no_message(*message),
            },
            Outgoing::React {
                chat,
                message,
                emoji,
            } => match payload::reaction(*chat, *message, emoji) {
                Some(payload) => done(self.call(&payload).await),
                None => no_message(*message),
            },
            Outgoing::Edit {
                chat,
                message,
                text,
                keyboard,
            } => match payload::edit(*chat, *message, text, keyboard) {
                Some(payload) => done(self.call(&payload).await),
                None => no_message(*message),
            },
            Outgoing::Photo {
                chat,
                file,
                caption,
            } => made(self.photo(*chat, file, caption).await),
            Outgoing::Document { chat, document } => made(self.document(*chat, document).await),
            Outgoing::Contact {
                chat,
                number,
                first,
                last,
            } => {
                let payload = payload::contact(*chat, number, first, last);
                made(self.call(&payload).await)
            }
            Outgoing::Alarm { .. } => {
                Outcome::Refused("an alarm goes to a target of its own".to_owned())
            }
            Outgoing::AnswerPress { id, text } => {
                let payload = payload::press_answer(id, text.as_deref());
                done(self.call(&payload).await)
            }
        }
    }

    async fn change_topic(&self, chat: ChatId, topic: TopicId, change: &TopicChange) -> Outcome {
        let answer = match change {
            TopicChange::Named(name) => match payload::name_topic(chat, topic, name) {
                Some(payload) => self.call(&payload).await,
                None => return Outcome::NoTopic,
            },
            TopicChange::Closed => match payload::close_topic(chat, topic) {
                Some(payload) => self.call(&payload).await,
                None => return Outcome::NoTopic,
            },
            TopicChange::Reopened => match payload::reopen_topic(chat, topic) {
                Some(payload) => self.call(&payload).await,
                None => return Outcome::NoTopic,
            },
        };
        done(answer)
    }

    /// Whether a group has topics.
    ///
    /// # Errors
    /// When Telegram is not reached, shuts the bot out, or refuses.
    pub async fn has_topics(&self, chat: ChatId) -> Result<bool, CallError> {
        #[derive(Deserialize)]
        struct Chat {
            #[serde(default)]
            is_forum: bool,
        }
        let payload = GetChat::new(teloxide::types::ChatId(chat.0));
        let result = self.ask(&payload).await?;
        let chat: Chat = serde_json::from_str(result.get()).map_err(|_| CallError::Unreadable {
            method: GetChat::NAME,
        })?;
        Ok(chat.is_forum)
    }

    /// Who the bot is; the first call of a start, as it proves the token.
    ///
    /// # Errors
    /// When Telegram is not reached, shuts the bot out, or cannot be read.
    pub async fn me(&self) -> Result<Me, CallError> {
        #[derive(Deserialize)]
        struct Bot {
            id: i64,
            username: String,
            #[serde(default)]
            first_name: String,
        }
        let result = self.ask(&GetMe::new()).await?;
        let bot: Bot = serde_json::from_str(result.get()).map_err(|_| CallError::Unreadable {
            method: GetMe::NAME,
        })?;
        Ok(Me {
            id: BotId(bot.id),
            username: bot.username,
            name: bot.first_name,
        })
    }

    /// Takes a webhook away, so that polling is let in. Updates that wait for
    /// it are kept.
    ///
    /// # Errors
    /// When Telegram is not reached, shuts the bot out, or refuses.
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        self.ask(&DeleteWebhook::new()).await.map(drop)
    }

    /// Makes a call of one of teloxide's payloads that sends no message.
    pub(super) async fn ask<P>(&self, payload: &P) -> Result<Box<RawValue>, CallError>
    where
        P: Payload + Serialize + Sync,
    {
        let answer = self.post(P::NAME, payload, self.timeouts.call).await;
        answer.map_err(|failure| failure.into_error(P::NAME))
    }

    /// Asks for updates: `held` is how long Telegram may keep the call.
    pub(super) async fn ask_held<P>(
        &self,
        method: &'static str,
        payload: &P,
        held: Duration,
    ) -> Result<Box<RawValue>, CallError>
    where
        P: Serialize + Sync,
    {
        let timeout = held.saturating_add(self.timeouts.poll_slack);
        let answer = self.post(method, payload, timeout).await;
        answer.map_err(|failure| failure.into_error(method))
    }

    async fn photo(
        &self,
        chat: ChatId,
        file: &PhotoFile,
        caption: &RichText,
    ) -> Result<Box<RawValue>, Failure> {
        let method = payload::SEND_PHOTO;
        let request = self.http.post(self.address(method));
        let request = match file {
            PhotoFile::Kept(name) => {
                request.json(&payload::Photo::new(chat, name.clone(), caption))
            }
            PhotoFile::New { name, png } => {
                let part = multipart::Part::bytes(png.clone())
                    .file_name(name.clone())
                    .mime_str("image/png")
                    .map_err(unanswered)?;
                let fields = payload::Photo::fields(chat, caption);
                let form = fields.into_iter().fold(
                    multipart::Form::new().part("photo", part),
                    |form, (name, value)| form.text(name, value),
                );
                request.multipart(form)
            }
        };
        let _place = self.calls.acquire().await.ok();
        let answer = fetch(request.timeout(self.timeouts.call)).await;
        if let Err(failure) = &answer {
            log(method, failure);
        }
        answer
    }

    async fn document(&self, chat: ChatId, document: &Document) -> Result<Box<RawValue>, Failure> {
        let method = payload::SEND_DOCUMENT;
        let part = multipart::Part::bytes(document.body().as_bytes().to_vec())
            .file_name(document.name().to_owned())
            .mime_str(document.mime())
            .map_err(unanswered)?;
        let form = multipart::Form::new()
            .text("chat_id", chat.0.to_string())
            .part("document", part);
        let request = self.http.post(self.address(method)).multipart(form);
        let _place = self.calls.acquire().await.ok();
        let answer = fetch(request.timeout(self.timeouts.call)).await;
        if let Err(failure) = &answer {
            log(method, failure);
        }
        answer
    }

    async fn call<P>(&self, payload: &P) -> Result<Box<RawValue>, Failure>
    where
        P: Payload + Serialize + Sync,
    {
        // It is never closed; a failure would only let one more call through.
        let _place = self.calls.acquire().await.ok();
        let answer = self.post(P::NAME, payload, self.timeouts.call).await;
        if let Err(failure) = &answer {
            log(P::NAME, failure);
        }
        answer
    }

    async fn post<P>(
        &self,
        method: &'static str,
        payload: &P,
        timeout: Duration,
    ) -> Result<Box<RawValue>, Failure>
    where
        P: Serialize + Sync,
    {
        let request = self.http.post(self.address(method)).json(payload);
        fetch(request.timeout(timeout)).await
    }

    fn address(&self, method: &str) -> Url {
        let mut url = self.api_url.clone();
        // Only addresses without a host have no segments; `new` lets none in.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .push(&format!("bot{}", self.token.expose_secret()))
                .push(method);
        }
        url
    }
}

/// Sends a request and reads its reply.
async fn fetch(request: reqwest::RequestBuilder) -> Result<Box<RawValue>, Failure> {
    let mut response = request.send().await.map_err(unanswered)?;
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(cut_off)? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            return Err(Failure::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    read_reply(status, retry_after, &body)
}

/// Telegram's own form, loosely: a mistake in a setting is told at the start
/// and not as a 404 an hour later.
fn looks_like_token(token: &str) -> bool {
    let Some((number, secret)) = token.split_once(':') else {
        return false;
    };
    let is_secret = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !number.is_empty()
        && number.chars().all(|c| c.is_ascii_digit())
        && !secret.is_empty()
        && secret.chars().all(is_secret)
}

/// Before an answer began. Only a connection that was never made is surely not
/// sent; a builder's error never left the house.
fn unanswered(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        Failure::NotSent(error)
    } else {
        Failure::Lost(error)
    }
}

fn cut_off(error: reqwest::Error) -> Failure {
    Failure::Lost(error.without_url())
}

/// An outcome has no room for the cause, so it is logged here: it holds neither
/// the text nor the address.
fn log(method: &'static str, failure: &Failure) {
    match failure {
        Failure::NotSent(cause) | Failure::Lost(cause) => {
            let cause: &(dyn std::error::Error + 'static) = cause;
            tracing::debug!(method, cause, "a call to Telegram failed");
        }
        Failure::Server(cause) => tracing::debug!(method, %cause, "a call to Telegram failed"),
        Failure::Unreadable => tracing::debug!(method, "a reply of Telegram cannot be read"),
        Failure::Refused(_) => {}
    }
}

/// A number that is none of Telegram's.
fn no_message(message: MessageId) -> Outcome {
    Outcome::Refused(format!("there is no message {message}"))
}

fn made(answer: Result<Box<RawValue>, Failure>) -> Outcome {
    match answer {
        Ok(result) => taken(&result),
        Err(failure) => failure.into_outcome(),
    }
}

fn done(answer: Result<Box<RawValue>, Failure>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Delivered(None),
        Err(failure) => failure.into_outcome(),
    }
}
