//! What time it is: the one place that reads the system's clock.
//!
//! The preview turns it; everything else is told the time as an argument.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use crate::ids::Timestamp;

/// The system's time, plus what it has been turned by.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    turned_seconds: AtomicI64,
    turned: Notify,
}

impl Clock {
    /// The moment it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let system = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            });
        Timestamp(system).plus_seconds(self.turned_seconds())
    }

    /// How long the process has run: steady, and never turned.
    #[must_use]
    pub fn uptime() -> Duration {
        static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
        STARTED.elapsed()
    }

    /// Turns the clock forward; whoever waits for a moment looks again.
    pub fn turn(&self, seconds: i64) {
        self.0.turned_seconds.fetch_add(seconds, Ordering::AcqRel);
        self.0.turned.notify_waiters();
    }

    /// How far it was turned on.
    #[must_use]
    pub fn turned_seconds(&self) -> i64 {
        self.0.turned_seconds.load(Ordering::Acquire)
    }

    /// Waits until `at`, turned or passed.
    pub async fn wait_until(&self, at: Timestamp) {
        loop {
            let turned = self.0.turned.notified();
            let left = at.seconds_since(self.now());
            let Ok(left @ 1..) = u64::try_from(left) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(left)) => {}
                () = turned => {}
            }
        }
    }
}
