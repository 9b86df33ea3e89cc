//! The consumer of the contestants that are ours: `consumerd`'s engine, embedded, in a private directory.

use crate::Result;
use consumerd::engine::{ChannelConfig, ChannelUid, Engine, EngineOptions};
use rustix::fd::BorrowedFd;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use ust_core::abi::Geometry;
use ust_core::agent::paths::RuntimeDir;
use ust_core::clock::ClockKind;

/// Sub-buffers large and many enough that a measurement loses nothing, however late the consumer is.
pub const SUBBUF_SIZE_BYTES: u64 = 1 << 20;
/// See [`SUBBUF_SIZE_BYTES`].
pub const SUBBUF_COUNT: u64 = 16;

/// What is flushed is flushed between measurements, not by the clock.
const NEVER: Duration = Duration::from_secs(3600);

/// See the module page.
#[derive(Debug)]
pub struct Recorder {
    engine: Engine,
    channel: ChannelUid,
    emitted: u64,
    runtime_dir: PathBuf,
    _scratch: TempDir,
}

impl Recorder {
    /// Records the events of one provider.
    ///
    /// # Errors
    /// No directory, or the engine cannot work.
    pub fn start(provider: &str) -> Result<Self> {
        let scratch = tempfile::Builder::new().prefix("ust-bench-").tempdir()?;
        let runtime_dir = scratch.path().join("run");
        let output = scratch.path().join("trace");
        fs::create_dir(&output)?;
        let options = EngineOptions { flush_interval: NEVER, read_timer: None };
        let mut engine = Engine::bind(RuntimeDir::at(&runtime_dir), options)?;
        let channel = engine.add_channel(ChannelConfig {
            output,
            geometry: Geometry::new(SUBBUF_SIZE_BYTES, SUBBUF_COUNT)?,
            clock: ClockKind::best(),
        });
        engine.set_events(channel, vec![format!("{provider}:*")]);
        engine.set_active(channel, true);
        engine.publish()?;
        Ok(Self { engine, channel, emitted: 0, runtime_dir, _scratch: scratch })
    }

    /// What traced processes must find in `UST_RUNTIME_DIR`.
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime_dir
    }

    /// Records until the descriptor is readable.
    ///
    /// # Errors
    /// The engine cannot work.
    pub fn record_until_readable(&mut self, fd: BorrowedFd<'_>) -> Result<()> {
        while self.engine.poll(&[fd], None)?.is_empty() {}
        Ok(())
    }

    /// Writes everything out, and compares it with what was emitted: `events` more than last time.
    ///
    /// # Errors
    /// Some event is missing, or there is one too many.
    pub fn settle(&mut self, events: u64) -> Result<()> {
        self.emitted += events;
        self.engine.flush(self.channel);
        let summary = self.engine.summary(self.channel);
        if summary.recorded == self.emitted && summary.lost.is_empty() && summary.errors.is_empty()
        {
            return Ok(());
        }
        Err(format!("{} events were emitted, but: {summary:?}", self.emitted).into())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.engine.shut_down();
    }
}
