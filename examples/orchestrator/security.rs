//! What is renewed in the background: the token with which agents are called, and the secret in the vault.

use std::{error::Error, fmt, time::Duration};

use tokio::time::sleep;
use tower_metrics::{Operation, Outcome};

use crate::faults::Faults;

/// The other side did not renew it.
#[derive(Debug)]
struct Refused;

/// Renews it at each interval, and ten times as often while that fails: often enough for an alert on the rate of failures,
/// where a minute is the interval.
pub(crate) fn keep(what: &'static str, interval: Duration, faults: &Faults) {
    let renewal = Operation::new(format!("orchestrator_{what}"))
        .word(Outcome::Completed, "success")
        .word(Outcome::Error, "failure")
        .expect_words(["success", "failure"]);
    renewal.initialize();
    let faults = faults.clone();
    tokio::spawn(async move {
        loop {
            let is_renewed = renewal.try_instrument(renew(what, &faults)).await.is_ok();
            sleep(if is_renewed { interval } else { interval / 10 }).await;
        }
    });
}

/// In the place of an identity provider, or of a vault.
async fn renew(what: &str, faults: &Faults) -> Result<(), Refused> {
    sleep(Duration::from_millis(5)).await;
    if faults.is_on(what) { Err(Refused) } else { Ok(()) }
}

// ===== impl Refused =====

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was not renewed, as switched")
    }
}

impl Error for Refused {}
