//! What the bot says about itself: name, descriptions, commands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    params::Params,
    world::{Change, Outcome, Refusal, World},
};

/// A list of commands holds this many at most.
const COMMANDS_MAX: usize = 100;
/// A command's description holds this many characters at most.
const COMMAND_DESCRIPTION_MAX: usize = 256;
/// Name, description and short description hold this many characters at most.
const PROFILE_TEXT_MAX: [(&str, usize); 3] = [
    ("name", 64),
    ("description", 512),
    ("short_description", 120),
];

/// A command in the bot's menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotCommand {
    /// Its name, without the slash.
    pub command: String,
    /// What it does.
    pub description: String,
}

/// The commands for one scope and language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandList {
    /// The scope, as it came; `{"type":"default"}` if none did.
    pub scope: Value,
    /// The language, empty for all others.
    pub language_code: String,
    /// The commands.
    pub commands: Vec<BotCommand>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Profile {
    /// By field, then by language.
    texts: BTreeMap<String, BTreeMap<String, String>>,
    commands: Vec<CommandList>,
}

impl Profile {
    pub fn new(name: &str) -> Self {
        let names = BTreeMap::from([(String::new(), name.to_owned())]);
        let texts = BTreeMap::from([("name".to_owned(), names)]);
        Profile {
            texts,
            commands: Vec::new(),
        }
    }

    fn text(&self, field: &str, language_code: &str) -> &str {
        let texts = self.texts.get(field);
        let find = |language: &str| texts?.get(language);
        find(language_code)
            .or_else(|| find(""))
            .map_or("", String::as_str)
    }
}

impl World {
    /// All commands the bot has set.
    #[must_use]
    pub fn commands(&self) -> &[CommandList] {
        &self.profile.commands
    }

    /// The commands a client shows in `chat` with this language: those of the
    /// narrowest scope that fits, in the language or, failing that, in none.
    #[must_use]
    pub fn commands_in(&self, chat: i64, language_code: &str) -> &[BotCommand] {
        let wide = if chat > 0 {
            "all_private_chats"
        } else {
            "all_group_chats"
        };
        let fits = |list: &CommandList, scope: &str, language: &str| {
            list.language_code == language
                && list.scope["type"] == scope
                && (scope != "chat" || Params(&list.scope).integer("chat_id") == Some(chat))
        };
        for scope in ["chat", wide, "default"] {
            for language in [language_code, ""] {
                let found = self
                    .profile
                    .commands
                    .iter()
                    .find(|list| fits(list, scope, language));
                if let Some(list) = found {
                    return &list.commands;
                }
            }
        }
        &[]
    }

    /// The bot's name in a language.
    #[must_use]
    pub fn bot_name(&self, language_code: &str) -> &str {
        self.profile.text("name", language_code)
    }

    /// What an empty chat shows about the bot, in a language.
    #[must_use]
    pub fn bot_description(&self, language_code: &str) -> &str {
        self.profile.text("description", language_code)
    }

    pub(super) fn me(&self) -> Value {
        let mut me = self.bot.to_json();
        me["can_join_groups"] = json!(true);
        me["can_read_all_group_messages"] = json!(false);
        me["supports_inline_queries"] = json!(false);
        me["can_connect_to_business"] = json!(false);
        me["has_main_web_app"] = json!(false);
        me
    }

    pub(super) fn set_profile_text(&mut self, params: Params<'_>, field: &str) -> Outcome {
        let text = params.text(field).unwrap_or_default().into_owned();
        let max = PROFILE_TEXT_MAX
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, max)| *max);
        if max.is_some_and(|max| text.chars().count() > max) {
            return Err(Refusal::bad(format!("{field} is too long")));
        }
        let texts = self.profile.texts.entry(field.to_owned()).or_default();
        // An empty text takes the language's own away.
        match text.is_empty() {
            true => texts.remove(&language(params)),
            false => texts.insert(language(params), text),
        };
        self.tell(&Change::Profile);
        Ok(Value::Bool(true))
    }

    pub(super) fn profile_text(&self, params: Params<'_>, field: &str) -> Value {
        let text = self.profile.text(field, &language(params));
        Value::Object([(field.to_owned(), json!(text))].into_iter().collect())
    }

    pub(super) fn set_commands(&mut self, params: Params<'_>) -> Outcome {
        let given = params.nested("commands").and_then(Result::ok);
        let given = given.as_deref().and_then(Value::as_array);
        let given = given.ok_or_else(|| Refusal::bad("can't parse commands JSON object"))?;
        if given.len() > COMMANDS_MAX {
            return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
        }
        let commands = given
            .iter()
            .map(read_command)
            .collect::<Result<Vec<_>, _>>()?;
        self.forget_commands(params);
        let list = CommandList {
            scope: scope(params),
            language_code: language(params),
            commands,
        };
        self.profile.commands.push(list);
        self.tell(&Change::Profile);
        Ok(Value::Bool(true))
    }

    pub(super) fn delete_commands(&mut self, params: Params<'_>) -> Outcome {
        self.forget_commands(params);
        self.tell(&Change::Profile);
        Ok(Value::Bool(true))
    }

    pub(super) fn my_commands(&self, params: Params<'_>) -> Outcome {
        let (scope, language) = (scope(params), language(params));
        let list = self
            .profile
            .commands
            .iter()
            .find(|list| list.scope == scope && list.language_code == language);
        let commands = list.map_or(&[][..], |list| &list.commands);
        Ok(commands
            .iter()
            .map(|command| json!({"command": command.command, "description": command.description}))
            .collect())
    }

    fn forget_commands(&mut self, params: Params<'_>) {
        let (scope, language) = (scope(params), language(params));
        self.profile
            .commands
            .retain(|list| list.scope != scope || list.language_code != language);
    }
}

fn read_command(raw: &Value) -> Result<BotCommand, Refusal> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str).unwrap_or_default();
    let command = text("command").trim_start_matches('/').to_owned();
    let description = text("description").trim().to_owned();
    let named = (1..=32).contains(&command.len())
        && command
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !named {
        return Err(Refusal::bad("BOT_COMMAND_INVALID"));
    }
    if description.is_empty() || description.chars().count() > COMMAND_DESCRIPTION_MAX {
        return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok(BotCommand {
        command,
        description,
    })
}

fn scope(params: Params<'_>) -> Value {
    match params.nested("scope") {
        Some(Ok(scope)) => scope.into_owned(),
        Some(Err(_)) | None => json!({"type": "default"}),
    }
}

fn language(params: Params<'_>) -> String {
    params
        .text("language_code")
        .unwrap_or_default()
        .into_owned()
}
