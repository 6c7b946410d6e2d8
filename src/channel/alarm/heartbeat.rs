//! A sign of life for a service that raises the alarm when it stays away.
//!
//! healthchecks.io, Uptime Kuma, Cronitor and their like give an address to be
//! called again and again. Nothing is sent with the call.

use reqwest::Url;

use super::WebhookError;
use super::webhook::{address, client};

/// An address that waits for signs of life.
#[derive(Clone)]
pub struct Heartbeat {
    http: reqwest::Client,
    url: Url,
}

/// Why a sign of life was not taken. Carries no address.
#[derive(Debug, thiserror::Error)]
pub enum MissedBeat {
    /// There was no answer.
    #[error("the address for signs of life cannot be reached")]
    Unreached,
    /// The answer was no.
    #[error("the address for signs of life answered {0}")]
    Refused(u16),
}

impl Heartbeat {
    /// Signs of life go to `url`.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Ok(Self {
            http: client()?,
            url: address(url)?,
        })
    }

    /// Gives one.
    ///
    /// # Errors
    /// When it was not taken; the next one comes by itself.
    pub async fn beat(&self) -> Result<(), MissedBeat> {
        let answer = self.http.get(self.url.clone()).send().await;
        let status = answer.map_err(|_| MissedBeat::Unreached)?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(MissedBeat::Refused(status.as_u16()))
        }
    }
}
