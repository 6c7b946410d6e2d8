//! The state of one bot's Telegram, and the door its calls come through.

use std::{collections::HashMap, fmt, ops::ControlFlow};

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::{
    chats::{Chat, Person},
    fault::{Delivery, Fault, Faults},
    media::Files,
    message::Shown,
    params::Params,
    profile::Profile,
    updates::{Queries, Updates},
};

/// One bot's Telegram: its chats, people, messages, pending updates and log.
///
/// Every change happens in a `&mut self` call that is told the time as unix
/// seconds, so the same calls always give the same world.
pub struct World {
    token: String,
    pub(super) bot: Person,
    pub(super) people: HashMap<i64, Person>,
    pub(super) chats: HashMap<i64, Chat>,
    pub(super) updates: Updates,
    pub(super) queries: Queries,
    pub(super) profile: Profile,
    /// The files beside the fields of the call under way.
    pub(super) uploads: Vec<(String, Bytes)>,
    pub(super) files: Files,
    faults: Faults,
    log: Vec<Call>,
    logging: bool,
    pub(super) keep: usize,
    watchers: Vec<Watcher>,
}

type Watcher = Box<dyn FnMut(&Change) -> ControlFlow<()> + Send>;

/// What a call is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `{"ok":true,"result":…}` or `{"ok":false,"error_code":…,"description":…}`.
    pub body: Value,
    /// Whether it reaches the bot.
    pub delivery: Delivery,
}

/// One call the bot made.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When, in unix seconds.
    pub at: i64,
    /// The method, spelled as the bot spelled it.
    pub method: String,
    /// Its fields.
    pub payload: Value,
    /// The HTTP status it was answered with.
    pub status: u16,
    /// The chat it names by number.
    pub chat: Option<i64>,
}

/// The answer to a button press, as the client shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What it says; empty only stops the button's spinner.
    pub text: String,
    /// Whether it waits for the person to close it.
    pub alert: bool,
}

/// Something a watcher may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What stands in this chat changed.
    Chat(i64),
    /// An update waits for the bot.
    Update,
    /// A press was answered.
    Answered {
        /// The press.
        query: String,
        /// The answer.
        toast: Toast,
    },
    /// The bot's commands, name or description changed.
    Profile,
}

/// Why a call was refused, in Telegram's words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    status: u16,
    description: String,
    parameters: Option<Value>,
}

/// What a method comes to.
pub(super) type Outcome = Result<Value, Refusal>;

impl World {
    /// A world with one bot and nobody else.
    #[must_use]
    pub fn new(token: &str, bot_id: i64, username: &str, first_name: &str) -> Self {
        World {
            token: token.to_owned(),
            bot: Person {
                id: bot_id,
                first_name: first_name.to_owned(),
                username: Some(username.to_owned()),
                language_code: None,
                is_bot: true,
            },
            people: HashMap::new(),
            chats: HashMap::new(),
            updates: Updates::default(),
            queries: Queries::default(),
            profile: Profile::new(first_name),
            uploads: Vec::new(),
            files: Files::default(),
            faults: Faults::default(),
            log: Vec::new(),
            logging: true,
            keep: usize::MAX,
            watchers: Vec::new(),
        }
    }

    /// Keeps only about the newest `count` messages of each chat.
    pub fn keep_messages(&mut self, count: usize) {
        self.keep = count.max(1);
    }

    /// Switches the log of calls on (as at first) or off.
    pub fn log_calls(&mut self, on: bool) {
        self.logging = on;
    }

    /// Takes one call of the bot at `now`. Method names match in any case.
    pub fn call(&mut self, method: &str, payload: &Value, now: i64) -> Reply {
        let params = Params(payload);
        let chat = params.integer("chat_id");
        let reply = match self.faults.take(method, chat) {
            None => self.answer(method, params, now).into(),
            Some(fault) => match fault.instead() {
                Some(reply) => reply,
                None => fault.spoil(self.answer(method, params, now).into()),
            },
        };
        if self.logging {
            let method = method.to_owned();
            let payload = payload.clone();
            self.log.push(Call {
                at: now,
                method,
                payload,
                status: reply.status,
                chat,
            });
        }
        reply
    }

    /// Orders `fault` for the next call of `method` (`*` is any method).
    /// Several orders wait in a queue.
    pub fn fail_next(&mut self, method: &str, fault: Fault) {
        self.faults.order(method, None, fault);
    }

    /// Orders `fault` for the next call of `method` that names `chat`.
    pub fn fail_next_in(&mut self, chat: i64, method: &str, fault: Fault) {
        self.faults.order(method, Some(chat), fault);
    }

    /// Forgets the faults that were ordered and not suffered.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Calls `watcher` on each change, until it breaks.
    ///
    /// It runs while the world is held, so it must only pass the news on.
    pub fn watch(&mut self, watcher: impl FnMut(&Change) -> ControlFlow<()> + Send + 'static) {
        self.watchers.push(Box::new(watcher));
    }

    /// The token the bot must show.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The bot itself.
    #[must_use]
    pub fn bot(&self) -> &Person {
        &self.bot
    }

    /// A person, by id.
    #[must_use]
    pub fn person(&self, user: i64) -> Option<&Person> {
        self.people.get(&user)
    }

    /// The ids of all people, in no order.
    pub fn people(&self) -> impl Iterator<Item = i64> {
        self.people.keys().copied()
    }

    /// The messages of a chat, oldest first, deleted ones included; empty
    /// for a chat that does not exist.
    #[must_use]
    pub fn messages(&self, chat: i64) -> &[Shown] {
        self.chats
            .get(&chat)
            .map_or(&[], |chat| chat.newest(self.keep))
    }

    /// One message of a chat.
    #[must_use]
    pub fn message(&self, chat: i64, message_id: i64) -> Option<&Shown> {
        self.chats.get(&chat)?.message(message_id)
    }

    /// The bytes of a picture, by its `file_id`; empty when it came without.
    #[must_use]
    pub fn file(&self, file_id: &str) -> Option<&Bytes> {
        self.files.get(file_id)
    }

    /// The answer to a press, once there is one.
    #[must_use]
    pub fn toast(&self, query: &str) -> Option<&Toast> {
        self.queries.toast(query)
    }

    /// The answers to presses, by callback query id, oldest press first.
    pub fn toasts(&self) -> impl Iterator<Item = (&str, &Toast)> {
        self.queries.toasts()
    }

    /// The calls the bot made, oldest first.
    #[must_use]
    pub fn log(&self) -> &[Call] {
        &self.log
    }

    /// Empties the log.
    pub fn clear_log(&mut self) {
        self.log.clear();
    }

    pub(super) fn tell(&mut self, change: &Change) {
        self.watchers
            .retain_mut(|watcher| watcher(change).is_continue());
    }

    /// Queues an update for the bot, unless it asked not to get that kind.
    pub(super) fn queue_update(&mut self, kind: &str, value: Value, now: i64) {
        if self.updates.push(kind, value, now) {
            self.tell(&Change::Update);
        }
    }

    pub(super) fn sender_json(&self, from: i64) -> Value {
        match self.people.get(&from) {
            Some(person) => person.to_json(),
            None if from == self.bot.id => self.bot.to_json(),
            None => json!({"id": from, "is_bot": false, "first_name": "Deleted Account"}),
        }
    }

    /// A message as it goes over the wire.
    pub(super) fn message_json(&self, chat: &Chat, shown: &Shown) -> Value {
        shown.to_json(chat.to_json(), self.sender_json(shown.from_id))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No token and no text of people.
        f.debug_struct("World")
            .field("bot", &self.bot.username)
            .field("chats", &self.chats.len())
            .field("calls", &self.log.len())
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// The `result` of a call that went well.
    #[must_use]
    pub fn result(&self) -> Option<&Value> {
        self.body.get("result")
    }

    /// The `description` of a call that was refused.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.body.get("description").and_then(Value::as_str)
    }
}

impl Refusal {
    pub fn new(status: u16, description: impl Into<String>) -> Self {
        Refusal {
            status,
            description: description.into(),
            parameters: None,
        }
    }

    /// A 400, with Telegram's prefix.
    pub fn bad(why: impl AsRef<str>) -> Self {
        Refusal::new(400, format!("Bad Request: {}", why.as_ref()))
    }

    pub fn blocked() -> Self {
        Refusal::new(403, "Forbidden: bot was blocked by the user")
    }

    pub fn not_begun() -> Self {
        let why = "Forbidden: bot can't initiate conversation with a user";
        Refusal::new(403, why)
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters = Some(Value::Object(Map::from_iter([(name.to_owned(), value)])));
        self
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let mut body = json!({
            "ok": false,
            "error_code": refusal.status,
            "description": refusal.description,
        });
        if let Some(parameters) = refusal.parameters {
            body["parameters"] = parameters;
        }
        Reply {
            status: refusal.status,
            body,
            delivery: Delivery::Intact,
        }
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(result) => {
                let mut body = Map::new();
                body.insert("ok".to_owned(), Value::Bool(true));
                body.insert("result".to_owned(), result);
                Reply {
                    status: 200,
                    body: Value::Object(body),
                    delivery: Delivery::Intact,
                }
            }
            Err(refusal) => refusal.into(),
        }
    }
}
