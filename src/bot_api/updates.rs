//! Updates that wait for the bot, and presses that wait for an answer.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, VecDeque},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    params::Params,
    world::{Change, Outcome, Refusal, Toast, World},
};

/// Telegram forgets a button press nobody fetched after this long.
const PRESS_KEPT_SECONDS: i64 = 150;
/// Telegram forgets any other update after this long.
const UPDATE_KEPT_SECONDS: i64 = 24 * 60 * 60;
/// A press can be answered for about this long. Telegram documents none.
const QUERY_ANSWER_SECONDS: i64 = 60;
/// The text of an answer holds this many characters at most.
const ANSWER_CHARS_MAX: usize = 200;
/// The newest presses whose answers can be looked up.
const QUERIES_KEPT: usize = 10_000;
/// getUpdates gives this many at most.
const PAGE_MAX: i64 = 100;
/// Kinds a bot gets only when it asks for them by name.
const KINDS_ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Updates not yet confirmed, in order of their ids.
#[derive(Serialize, Deserialize)]
pub(super) struct Updates {
    waiting: VecDeque<Waiting>,
    next_id: i64,
    next_expiry: i64,
    allowed: Option<BTreeSet<String>>,
    pub webhook: Option<Webhook>,
}

/// Where the bot asked to be told of updates. Nothing here delivers them: a
/// test takes them from [`World::pending`] and brings them itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// What to send as `X-Telegram-Bot-Api-Secret-Token`.
    pub secret_token: Option<String>,
    /// How many deliveries may run at once.
    pub max_connections: i64,
}

#[derive(Serialize, Deserialize)]
struct Waiting {
    id: i64,
    expires: i64,
    update: Value,
}

impl Default for Updates {
    fn default() -> Self {
        Updates {
            waiting: VecDeque::new(),
            // Any number will do; Telegram's begin anywhere.
            next_id: 700_000_001,
            next_expiry: i64::MAX,
            allowed: None,
            webhook: None,
        }
    }
}

impl Updates {
    /// Queues an update; false if the bot does not want its kind.
    pub fn push(&mut self, kind: &str, value: Value, now: i64) -> bool {
        let wanted = match &self.allowed {
            Some(kinds) => kinds.contains(kind),
            None => !KINDS_ON_REQUEST.contains(&kind),
        };
        if wanted {
            let mut update = Map::new();
            update.insert(kind.to_owned(), value);
            self.queue(update, now);
        }
        wanted
    }

    /// Queues an update as it is; it gets an id unless it has one.
    fn queue(&mut self, mut update: Map<String, Value>, now: i64) -> i64 {
        let id = match update.get("update_id").and_then(Value::as_i64) {
            Some(id) => id,
            None => self.next_id,
        };
        self.next_id = self.next_id.max(id + 1);
        let kept = if update.contains_key("callback_query") {
            PRESS_KEPT_SECONDS
        } else {
            UPDATE_KEPT_SECONDS
        };
        let expires = now + kept;
        self.next_expiry = self.next_expiry.min(expires);
        update.insert("update_id".to_owned(), json!(id));
        let at = self.waiting.partition_point(|waiting| waiting.id <= id);
        self.waiting.insert(
            at,
            Waiting {
                id,
                expires,
                update: Value::Object(update),
            },
        );
        id
    }

    fn forget_expired(&mut self, now: i64) {
        if now < self.next_expiry {
            return;
        }
        self.waiting.retain(|waiting| now < waiting.expires);
        self.next_expiry = self
            .waiting
            .iter()
            .map(|w| w.expires)
            .min()
            .unwrap_or(i64::MAX);
    }

    fn confirm_below(&mut self, offset: i64) {
        while self
            .waiting
            .front()
            .is_some_and(|waiting| waiting.id < offset)
        {
            self.waiting.pop_front();
        }
    }

    fn page(&self, limit: usize) -> Value {
        self.waiting
            .iter()
            .take(limit)
            .map(|waiting| waiting.update.clone())
            .collect()
    }
}

impl World {
    /// Queues any JSON object as an update. It gets an `update_id` unless it
    /// has one; the id is returned. What is not an object is refused.
    pub fn push_update(&mut self, raw: Value, now: i64) -> Option<i64> {
        let Value::Object(update) = raw else {
            return None;
        };
        let from = update
            .get("message")
            .and_then(|message| message["chat"]["id"].as_i64());
        if let Some(chat) = from {
            self.begin(chat);
        }
        let id = self.updates.queue(update, now);
        self.tell(&Change::Update);
        Some(id)
    }

    /// Lets the next update be numbered `id`: after a quiet week Telegram
    /// begins again anywhere, also below.
    pub fn restart_update_ids(&mut self, id: i64) {
        self.updates.next_id = id;
    }

    /// Updates that wait for the bot at `now`, in order, for a test that
    /// brings them to a webhook itself.
    pub fn pending(&mut self, now: i64) -> Vec<Value> {
        self.updates.forget_expired(now);
        self.updates
            .waiting
            .iter()
            .map(|waiting| waiting.update.clone())
            .collect()
    }

    /// The webhook, if one is set.
    #[must_use]
    pub fn webhook(&self) -> Option<&Webhook> {
        self.updates.webhook.as_ref()
    }

    /// Takes a delivered update from the queue.
    pub fn confirm(&mut self, update_id: i64) {
        self.updates
            .waiting
            .retain(|waiting| waiting.id != update_id);
    }

    /// The next page of waiting updates, without a call.
    pub(super) fn update_page(&mut self, limit: usize, now: i64) -> Option<Value> {
        self.updates.forget_expired(now);
        (!self.updates.waiting.is_empty()).then(|| self.updates.page(limit))
    }

    pub(super) fn take_updates(&mut self, params: Params<'_>, now: i64) -> Outcome {
        if self.updates.webhook.is_some() {
            return Err(Refusal::new(
                409,
                "Conflict: can't use getUpdates method while webhook is active; \
                 use deleteWebhook to delete the webhook first",
            ));
        }
        self.read_allowed(params);
        self.updates.forget_expired(now);
        match params.integer("offset").unwrap_or(0) {
            offset if offset > 0 => self.updates.confirm_below(offset),
            // A negative offset keeps that many of the newest.
            offset if offset < 0 => {
                let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
                let surplus = self.updates.waiting.len().saturating_sub(keep);
                self.updates.waiting.drain(..surplus);
            }
            _ => {}
        }
        Ok(self.updates.page(page_limit(params)))
    }

    pub(super) fn set_webhook(&mut self, params: Params<'_>) -> Outcome {
        let url = params.text("url").unwrap_or_default().into_owned();
        self.read_allowed(params);
        self.drop_pending(params);
        self.updates.webhook = (!url.is_empty()).then(|| Webhook {
            url,
            secret_token: params.text("secret_token").map(Cow::into_owned),
            max_connections: params.integer("max_connections").unwrap_or(40),
        });
        Ok(Value::Bool(true))
    }

    pub(super) fn delete_webhook(&mut self, params: Params<'_>) -> Outcome {
        self.drop_pending(params);
        self.updates.webhook = None;
        Ok(Value::Bool(true))
    }

    pub(super) fn webhook_info(&mut self, now: i64) -> Outcome {
        self.updates.forget_expired(now);
        let mut info = json!({
            "url": "",
            "has_custom_certificate": false,
            "pending_update_count": self.updates.waiting.len(),
        });
        if let Some(webhook) = &self.updates.webhook {
            info["url"] = json!(webhook.url);
            info["max_connections"] = json!(webhook.max_connections);
        }
        if let Some(allowed) = &self.updates.allowed {
            info["allowed_updates"] = json!(allowed);
        }
        Ok(info)
    }

    pub(super) fn answer_query(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let id = params.text("callback_query_id").unwrap_or_default();
        let text = params.text("text").unwrap_or_default();
        if text.chars().count() > ANSWER_CHARS_MAX {
            return Err(Refusal::bad("MESSAGE_TOO_LONG"));
        }
        let toast = Toast {
            text: text.into_owned(),
            alert: params.flag("show_alert"),
        };
        if !self.queries.answer(&id, toast.clone(), now) {
            return Err(Refusal::bad(
                "query is too old and response timeout expired or query ID is invalid",
            ));
        }
        self.tell(&Change::Answered {
            query: id.into_owned(),
            toast,
        });
        Ok(Value::Bool(true))
    }

    fn drop_pending(&mut self, params: Params<'_>) {
        if params.flag("drop_pending_updates") {
            self.updates.waiting.clear();
        }
    }

    /// `allowed_updates` is remembered; an empty list is the default again.
    fn read_allowed(&mut self, params: Params<'_>) {
        let Some(Ok(kinds)) = params.nested("allowed_updates") else {
            return;
        };
        let Some(kinds) = kinds.as_array() else {
            return;
        };
        let kinds: BTreeSet<String> = kinds
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        self.updates.allowed = (!kinds.is_empty()).then_some(kinds);
    }
}

pub(super) fn page_limit(params: Params<'_>) -> usize {
    let limit = params
        .integer("limit")
        .unwrap_or(PAGE_MAX)
        .clamp(1, PAGE_MAX);
    usize::try_from(limit).unwrap_or(1)
}

/// Presses, by callback query id.
#[derive(Default)]
pub(super) struct Queries {
    asked: HashMap<String, Query>,
    order: VecDeque<String>,
    count: u64,
}

struct Query {
    at: i64,
    toast: Option<Toast>,
}

impl Queries {
    pub fn ask(&mut self, at: i64) -> String {
        self.count += 1;
        // A large number in text, as Telegram's are.
        let id = (4_000_000_000_000_000_000 + self.count).to_string();
        self.asked.insert(id.clone(), Query { at, toast: None });
        self.order.push_back(id.clone());
        if self.order.len() > QUERIES_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.asked.remove(&oldest);
        }
        id
    }

    fn answer(&mut self, id: &str, toast: Toast, now: i64) -> bool {
        match self.asked.get_mut(id) {
            Some(query) if now - query.at <= QUERY_ANSWER_SECONDS => {
                query.toast = Some(toast);
                true
            }
            Some(_) | None => false,
        }
    }

    pub fn toast(&self, id: &str) -> Option<&Toast> {
        self.asked.get(id)?.toast.as_ref()
    }

    pub fn toasts(&self) -> impl Iterator<Item = (&str, &Toast)> {
        self.order
            .iter()
            .filter_map(|id| Some((id.as_str(), self.toast(id)?)))
    }
}
