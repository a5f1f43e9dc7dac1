//! The exporters at work, and how they are brought to an end without losing anything.

use std::fmt;

use super::Error;
#[cfg(feature = "prometheus")]
use super::Handle;

/// The exporters at work. They go on when it is dropped.
#[derive(Default)]
#[must_use = "what was not yet sent is lost at the end of the program unless it is shut down"]
pub struct Installed {
    #[cfg(feature = "prometheus")]
    pub(super) page: Option<Handle>,
    #[cfg(feature = "_exporter")]
    pub(super) flushes: Vec<super::flush::Flush>,
}

// ===== impl Installed =====

impl Installed {
    /// Returns the handle of the Prometheus exporter, if that is among them: it renders the page, and tells where it is
    /// served.
    #[cfg(feature = "prometheus")]
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    #[must_use]
    pub fn prometheus(&self) -> Option<&Handle> {
        self.page.as_ref()
    }

    /// Sends what was recorded until now and not sent yet. Call it when the last request has been answered.
    ///
    /// It takes as long as the slowest exporter needs, 15 s at most; the page of Prometheus is served until the program
    /// ends. What is recorded later may be lost.
    ///
    /// # Errors
    ///
    /// Fails if an exporter could not send it, such as to a Pushgateway that is away. The others have sent theirs.
    pub async fn shutdown(self) -> Result<(), Error> {
        #[cfg(feature = "_exporter")]
        super::flush::all(self.flushes).await?;
        Ok(())
    }
}

impl fmt::Debug for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installed").finish_non_exhaustive()
    }
}
