//! Who is told when nobody answers in the staff chat.

use secrecy::SecretString;

use crate::channel::alarm::{Alarms, Form, Heartbeat, Mail, Webhook};
use crate::ids::ChatId;

/// The second targets of one clinic.
#[derive(Debug, Clone, Default)]
pub struct AlarmSettings {
    /// Another chat.
    pub chat: Option<ChatId>,
    /// A webhook and e-mail, and who notices when the bot falls silent.
    pub targets: Alarms,
}

/// Reads them; `setting` gives the name that a setting has for this clinic.
pub(super) fn read(
    setting: impl Fn(&str) -> String,
    get: &impl Fn(&str) -> Option<String>,
    staff_chat: Option<ChatId>,
    wrong: &mut Vec<String>,
) -> AlarmSettings {
    let named = |plain: &str| {
        let name = setting(plain);
        let value = get(&name);
        (name, value)
    };
    AlarmSettings {
        chat: read_chat(named("ALARM_CHAT_ID"), staff_chat, wrong),
        targets: Alarms {
            webhook: read_webhook(
                named("ALARM_WEBHOOK_URL"),
                named("ALARM_WEBHOOK_FORM"),
                named("ALARM_WEBHOOK_KEY"),
                wrong,
            ),
            mail: read_mail(
                named("ALARM_SMTP_URL"),
                named("ALARM_MAIL_FROM"),
                named("ALARM_MAIL_TO"),
                wrong,
            ),
            heartbeat: read_heartbeat(named("HEARTBEAT_URL"), wrong),
        },
    }
}

/// A setting's name, and its value where it is set.
type Named = (String, Option<String>);

fn read_chat(
    (name, chat): Named,
    staff_chat: Option<ChatId>,
    wrong: &mut Vec<String>,
) -> Option<ChatId> {
    match chat?.parse::<i64>() {
        Ok(0) | Err(_) => {
            wrong.push(format!(
                "{name} is no chat's number: a group's is negative, like -1001234567890."
            ));
            None
        }
        Ok(chat) if Some(ChatId(chat)) == staff_chat => {
            wrong.push(format!(
                "{name} is the staff chat: an alarm nobody has seen there needs another place."
            ));
            None
        }
        Ok(chat) => Some(ChatId(chat)),
    }
}

fn read_webhook(
    (url_name, url): Named,
    (form_name, form): Named,
    (key_name, key): Named,
    wrong: &mut Vec<String>,
) -> Option<Webhook> {
    let form = match form.as_deref().map(Form::parse) {
        None => Form::Ntfy,
        Some(Some(form)) => form,
        Some(None) => {
            let known: Vec<String> = Form::WORDS
                .iter()
                .map(|(_, word)| format!("`{word}`"))
                .collect();
            wrong.push(format!("{form_name} is one of {}.", known.join(", ")));
            return None;
        }
    };
    let Some(url) = url else {
        if key.is_some() {
            wrong.push(format!(
                "{key_name} is set and {url_name} is not: say where the alarm goes."
            ));
        }
        return None;
    };
    match Webhook::new(&url, form, key.map(SecretString::from)) {
        Ok(webhook) => Some(webhook),
        Err(error) => {
            wrong.push(format!("{url_name} {error}."));
            None
        }
    }
}

fn read_heartbeat((name, url): Named, wrong: &mut Vec<String>) -> Option<Heartbeat> {
    let read = Heartbeat::new(&url?).map_err(|error| wrong.push(format!("{name} {error}.")));
    read.ok()
}

fn read_mail(
    (url_name, url): Named,
    (from_name, from): Named,
    (to_name, to): Named,
    wrong: &mut Vec<String>,
) -> Option<Mail> {
    if url.is_none() && from.is_none() && to.is_none() {
        return None;
    }
    let mut needed = |name: &str, value: Option<String>| {
        if value.is_none() {
            wrong.push(format!(
                "{name} is missing: an alarm by e-mail needs {url_name}, {from_name} and {to_name}."
            ));
        }
        value
    };
    let (url, from, to) = (
        needed(&url_name, url),
        needed(&from_name, from),
        needed(&to_name, to),
    );
    let (url, from, to) = (SecretString::from(url?), from?, to?);
    let mut read = |name: &str, error: crate::channel::alarm::MailError| {
        wrong.push(format!("{name} {error}."));
    };
    let server = Mail::server(&url).map_err(|error| read(&url_name, error));
    let from = Mail::addresses(&from).map_err(|error| read(&from_name, error));
    let to = Mail::addresses(&to).map_err(|error| read(&to_name, error));
    let from = from.ok()?.into_iter().next()?;
    Some(Mail::new(server.ok()?, from, to.ok()?))
}
