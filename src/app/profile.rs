//! The bot's name, description and commands, told to Telegram when they change.

use std::sync::Arc;

use super::clerk::Clerk;
use super::records::CLINIC;
use crate::channel::telegram::{BotProfile, CommandList, Scope, Telegram};
use crate::content::{Command, Content, StaffCommand, Text};
use crate::ids::{ChatId, Lang};
use crate::store::{Commit, Put};

/// What Telegram shows of the bot.
#[must_use]
pub fn profile(content: &Content, staff_chat: Option<ChatId>) -> BotProfile {
    // The default stands for every language the clinic does not speak.
    let languages = || {
        std::iter::once((None, Lang::default()))
            .chain(Lang::ALL.into_iter().map(|lang| (Some(lang), lang)))
    };
    let about = |name: &str, about: &Text, lang: Lang| -> (String, String) {
        (name.to_owned(), about.render(lang, content).text)
    };
    let of_patients = |command: &Command, lang| about(&command.name, &command.about, lang);
    let of_staff = |command: &StaffCommand, lang| about(&command.name, &command.about, lang);
    let in_each = |text: &Text| {
        languages()
            .map(|(tag, lang)| (tag, text.render(lang, content).text))
            .collect()
    };
    let mut commands: Vec<CommandList> = languages()
        .map(|(tag, lang)| CommandList {
            scope: Scope::Private,
            lang: tag,
            commands: content
                .bot
                .commands
                .iter()
                .map(|command| of_patients(command, lang))
                .collect(),
        })
        .collect();
    if let Some(chat) = staff_chat {
        let lang = content.clinic.staff_language;
        commands.push(CommandList {
            scope: Scope::Chat(chat),
            lang: None,
            commands: content
                .bot
                .staff_commands
                .iter()
                .map(|command| of_staff(command, lang))
                .collect(),
        });
    }
    let shown = &content.clinic.profile;
    BotProfile {
        commands,
        name: in_each(&shown.name),
        description: in_each(&shown.description),
        short_description: in_each(&shown.short_description),
    }
}

/// Tells Telegram at the start and whenever the staff chat is another one, and asks
/// whether that has topics. `anew` tells the first time whatever was told before.
pub async fn keep_told(telegram: Arc<Telegram>, clerk: Arc<Clerk>, mut anew: bool) {
    loop {
        if let Some(chat) = clerk.staff_chat() {
            match telegram.has_topics(chat).await {
                Ok(has_topics) => clerk.learn_topics(has_topics),
                // Whatever comes from there says so too.
                Err(error) => tracing::debug!(%error, "failed to ask for topics"),
            }
        }
        announce(&telegram, &clerk, clerk.staff_chat(), anew).await;
        anew = false;
        clerk.desk_moved.notified().await;
    }
}

/// Tells Telegram, unless it was told the same before; `anew` tells it all the same.
async fn announce(telegram: &Telegram, clerk: &Clerk, staff_chat: Option<ChatId>, anew: bool) {
    let profile = profile(clerk.library.newest(), staff_chat);
    let key = clerk.keys.single("profile");
    let fingerprint = profile.fingerprint();
    if !anew
        && matches!(clerk.ledger.read::<String>(&key), Ok(Some((told, _))) if told == fingerprint)
    {
        return;
    }
    match telegram.set_profile(&profile).await {
        Ok(()) => {
            if let Ok(put) = Put::json(key, CLINIC, &fingerprint) {
                let _ = clerk.ledger.commit_later(Commit {
                    puts: vec![put],
                    ..Commit::default()
                });
            }
        }
        // The bot works without; the next start tells again.
        Err(error) => {
            tracing::warn!(%error, "failed to set the bot's name, description and commands")
        }
    }
}
