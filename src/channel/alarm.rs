//! The second target: where an alarm goes when nobody answers in the staff chat.
//!
//! A webhook and e-mail, and an address that notices when the bot itself falls
//! silent. What leaves here is a case's number and its level, and
//! never a word or a name of a patient. Keeps nothing and retries nothing.

mod heartbeat;
mod mail;
mod webhook;

use std::fmt;

pub use heartbeat::{Heartbeat, MissedBeat};
pub use mail::{Mail, MailError};
pub use webhook::{Form, Webhook, WebhookError};

use super::Outcome;
use crate::ids::CaseNumber;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A web address takes it.
    Webhook,
    /// A mail server takes it.
    Mail,
}

/// How loudly it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loudness {
    /// An emergency.
    Critical,
    /// Urgent.
    High,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The case; none for a drill.
    pub case: Option<CaseNumber>,
    /// How loudly.
    pub loudness: Loudness,
    /// Number and level, in the words of the clinic's staff.
    pub text: String,
}

impl Alarm {
    /// The same for every repeat of one case, so that a pager counts them as one.
    fn key(&self) -> String {
        match self.case {
            Some(case) => format!("case-{case}"),
            None => "drill".to_owned(),
        }
    }
}

/// The second targets of a clinic, as far as it has any.
#[derive(Clone, Default)]
pub struct Alarms {
    /// The web address.
    pub webhook: Option<Webhook>,
    /// The mail server.
    pub mail: Option<Mail>,
    /// Who raises the alarm when the bot gives no sign of life.
    pub heartbeat: Option<Heartbeat>,
}

/// Addresses hold passwords and topics that nobody else may know.
impl fmt::Debug for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarms")
            .field("webhook", &self.webhook.is_some())
            .field("mail", &self.mail.is_some())
            .field("heartbeat", &self.heartbeat.is_some())
            .finish()
    }
}

impl Alarms {
    /// Tells one target, once.
    pub async fn send(&self, target: Target, alarm: &Alarm) -> Outcome {
        let gone = || Outcome::Refused("this target is no longer set".to_owned());
        match target {
            Target::Webhook => match &self.webhook {
                Some(webhook) => webhook.send(alarm).await,
                None => gone(),
            },
            Target::Mail => match &self.mail {
                Some(mail) => mail.send(alarm).await,
                None => gone(),
            },
        }
    }
}

/// Whether a host is this machine: what stays here needs no encryption.
fn is_this_machine(host: Option<&str>) -> bool {
    matches!(host, Some("127.0.0.1" | "localhost" | "[::1]"))
}
