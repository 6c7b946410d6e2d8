//! What people see of the bot: its commands, name and descriptions.

use serde::Serialize;
use teloxide::payloads::{
    SetMyCommands, SetMyCommandsSetters as _, SetMyDescription, SetMyDescriptionSetters as _,
    SetMyName, SetMyNameSetters as _, SetMyShortDescription, SetMyShortDescriptionSetters as _,
};
use teloxide::types::{BotCommand, BotCommandScope, ChatId as WireChat, Recipient};

use super::answer::CallError;
use super::client::Telegram;
use crate::ids::{ChatId, Lang};

/// The profile. An entry without a language is for everybody whose language
/// has none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BotProfile {
    /// By scope and language.
    pub commands: Vec<CommandList>,
    /// At most 64 characters each.
    pub name: Vec<(Option<Lang>, String)>,
    /// What an empty chat shows; at most 512 characters each.
    pub description: Vec<(Option<Lang>, String)>,
    /// What the profile page shows; at most 120 characters each.
    pub short_description: Vec<(Option<Lang>, String)>,
}

/// The commands that a client offers somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandList {
    /// Where.
    pub scope: Scope,
    /// To whom; none for everybody else.
    pub lang: Option<Lang>,
    /// Name without slash, and description; at most 100.
    pub commands: Vec<(String, String)>,
}

/// Where commands are offered. This carries no authority: whoever knows a
/// command can type it anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Wherever no other list holds.
    Default,
    /// In every chat with one person.
    Private,
    /// In this chat.
    Chat(ChatId),
}

impl BotProfile {
    /// Changes with the profile: Telegram slows down bots that set the same
    /// profile at each start, so the last fingerprint is kept and compared.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        // Strings and numbers always serialise, and a hasher takes every byte.
        let _ = serde_json::to_writer(&mut hasher, self);
        hasher.finalize().to_hex().to_string()
    }
}

impl Telegram {
    /// Sets the whole profile, one call an entry. Setting it again is harmless.
    ///
    /// # Errors
    /// The first call that fails; the entries before it are set.
    pub async fn set_profile(&self, profile: &BotProfile) -> Result<(), CallError> {
        for (lang, name) in &profile.name {
            let mut payload = SetMyName::new().name(name);
            if let Some(lang) = lang {
                payload = payload.language_code(lang.tag());
            }
            self.ask(&payload).await?;
        }
        for (lang, description) in &profile.description {
            let mut payload = SetMyDescription::new().description(description);
            if let Some(lang) = lang {
                payload = payload.language_code(lang.tag());
            }
            self.ask(&payload).await?;
        }
        for (lang, description) in &profile.short_description {
            let mut payload = SetMyShortDescription::new().short_description(description);
            if let Some(lang) = lang {
                payload = payload.language_code(lang.tag());
            }
            self.ask(&payload).await?;
        }
        // Last: a staff chat that Telegram does not know must not cost the name.
        for list in &profile.commands {
            let commands = list
                .commands
                .iter()
                .map(|(name, description)| BotCommand::new(name, description));
            let mut payload = SetMyCommands::new(commands).scope(wire_scope(list.scope));
            if let Some(lang) = list.lang {
                payload = payload.language_code(lang.tag());
            }
            self.ask(&payload).await?;
        }
        Ok(())
    }
}

const fn wire_scope(scope: Scope) -> BotCommandScope {
    match scope {
        Scope::Default => BotCommandScope::Default,
        Scope::Private => BotCommandScope::AllPrivateChats,
        Scope::Chat(chat) => BotCommandScope::Chat {
            chat_id: Recipient::Id(WireChat(chat.0)),
        },
    }
}
