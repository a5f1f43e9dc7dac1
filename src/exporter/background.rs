//! A runtime on a thread of its own: what is sent in the background takes nothing from the application's workers.

use std::{io, thread};

use tokio::{runtime, sync::oneshot};

/// It runs as long as this is there.
#[derive(Debug)]
pub(super) struct Background {
    handle: runtime::Handle,
    _end: oneshot::Sender<()>,
}

// ===== impl Background =====

impl Background {
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(name.into());
        thread.spawn(move || drop(runtime.block_on(ended)))?;
        Ok(Self { handle, _end: end })
    }

    pub(super) fn handle(&self) -> &runtime::Handle {
        &self.handle
    }
}
