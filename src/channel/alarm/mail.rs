//! An alarm as an e-mail, over SMTP.

use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Alarm, is_this_machine};
use crate::channel::Outcome;

/// A mail server that says nothing for so long will not.
const CALL: Duration = Duration::from_secs(20);

/// Why a mail cannot be sent. None of these carries the address of the server.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server.
    #[error(
        "is no mail server's address: write smtps://NAME:PASSWORD@HOST, or smtp://NAME:PASSWORD@HOST?tls=required (without encryption on this machine alone)"
    )]
    Server,
    /// Somebody's address.
    #[error("holds no e-mail address: write one like alarm@example.com")]
    Address,
}

/// A mail server, and who writes to whom.
#[derive(Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    /// Mail through the server at `url`.
    ///
    /// # Errors
    /// When the server's address cannot be used, or would send the password open.
    pub fn server(url: &SecretString) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
        let url = url.expose_secret();
        let parsed = Url::parse(url).map_err(|_| MailError::Server)?;
        let is_sealed = parsed.scheme() == "smtps"
            || parsed
                .query_pairs()
                .any(|(name, value)| name == "tls" && value == "required");
        if !is_sealed && !is_this_machine(parsed.host_str()) {
            return Err(MailError::Server);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder = builder.map_err(|_| MailError::Server)?;
        Ok(builder.timeout(Some(CALL)).build())
    }

    /// Reads addresses with commas between them.
    ///
    /// # Errors
    /// When there is none, or one of them is no address.
    pub fn addresses(text: &str) -> Result<Vec<Mailbox>, MailError> {
        let parts = text.split(',').map(str::trim);
        let read: Result<Vec<Mailbox>, _> = parts.map(str::parse).collect();
        read.map_err(|_| MailError::Address)
    }

    /// Mail from somebody to somebody.
    #[must_use]
    pub fn new(
        transport: AsyncSmtpTransport<Tokio1Executor>,
        from: Mailbox,
        to: Vec<Mailbox>,
    ) -> Self {
        Self {
            transport,
            from,
            to,
        }
    }

    /// Tells it, once.
    pub(super) async fn send(&self, alarm: &Alarm) -> Outcome {
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(&alarm.text)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            message = message.to(to.clone());
        }
        let Ok(message) = message.body(format!("{}\n", alarm.text)) else {
            return Outcome::Refused("the mail could not be written".to_owned());
        };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Delivered(None),
            Err(error) => read(&error),
        }
    }
}

/// What a failure means; what the server says in it is not read.
fn read(error: &lettre::transport::smtp::Error) -> Outcome {
    let code = error
        .status()
        .map_or_else(String::new, |code| format!(" {code}"));
    if error.is_permanent() {
        Outcome::Refused(format!("the mail server answered{code}"))
    } else if error.is_client() {
        Outcome::Refused("the mail server does not offer what is needed".to_owned())
    } else if error.is_transient() {
        Outcome::NotSent
    } else {
        // A broken line tells nothing of what was taken before it broke.
        Outcome::Ambiguous
    }
}
