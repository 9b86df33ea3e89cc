//! The consumer of a contestant that is ours: `consumerd`'s engine, embedded, in a private directory.

use crate::Result;
use consumerd::engine::{
    ChannelConfig, Engine, EngineOptions, SessionConfig, SessionSummary, SessionUid,
};
use rustix::fd::BorrowedFd;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use ust_core::abi::{Buffers, Geometry, Mode};
use ust_core::clock::ClockKind;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::EventRule;

/// What a contestant's channel is like. A new kind of channel is a field here, and a line in [`Recorder::start`].
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Bytes of a sub-buffer.
    pub subbuf_size_bytes: u64,
    /// Number of sub-buffers.
    pub subbuf_count: u64,
    /// The clock of its records; the machine's best if not given.
    pub clock: Option<ClockKind>,
    /// Which threads write to one stream.
    pub buffers: Buffers,
    /// What a writer does if it finds no room.
    pub mode: Mode,
}

impl Shape {
    /// So many sub-buffers that a measurement loses nothing, however late the consumer is.
    pub const ROOMY: Self = Self {
        subbuf_size_bytes: 256 << 10,
        subbuf_count: 64,
        clock: None,
        buffers: Buffers::PerThread,
        mode: Mode::Discard,
    };

    /// Streams of CPUs.
    pub const PER_CPU: Self = Self { buffers: Buffers::PerCpu, ..Self::ROOMY };

    /// A flight recorder that is not drained.
    pub const OVERWRITE: Self = Self { mode: Mode::Overwrite, ..Self::ROOMY };

    /// A flight recorder as LTTng makes one by default.
    pub const SNAPSHOT: Self =
        Self { subbuf_size_bytes: 512 << 10, subbuf_count: 4, ..Self::OVERWRITE };

    /// With the system's clock.
    pub const MONOTONIC: Self = Self { clock: Some(ClockKind::Monotonic), ..Self::ROOMY };

    /// Bytes that a stream holds.
    pub const fn capacity_bytes(self) -> u64 {
        self.subbuf_size_bytes * self.subbuf_count
    }
}

/// So long that the timer never flushes: rings are flushed between measurements.
const NEVER: Duration = Duration::from_secs(3600);

/// What is recorded of a contestant.
#[derive(Debug, Clone, Copy)]
pub struct Emitted {
    /// The rule that names it.
    pub events: &'static str,
    /// Records of each event that is measured.
    pub records_each: u64,
    /// Whether there are no others.
    pub are_all: bool,
}

impl Emitted {
    /// By the contestants' own tracepoints.
    pub const BY_TRACEPOINTS: Self = Self { events: "bench:*", records_each: 1, are_all: true };

    /// By the shim, of each pair of `malloc` and `free`; the program has a few more.
    pub const BY_PAIRS: Self = Self { events: "libc_mem:*", records_each: 2, are_all: false };
}

/// See the module page.
#[derive(Debug)]
pub struct Recorder {
    engine: Engine,
    session: SessionUid,
    expected: Emitted,
    emitted: u64,
    is_drained: bool,
    runtime_dir: PathBuf,
    scratch: TempDir,
}

impl Recorder {
    /// Records into a channel of that shape, and puts the trace below `dir`.
    ///
    /// # Errors
    /// No directory, or the engine cannot work.
    pub fn start(shape: Shape, dir: &Path, expected: Emitted) -> Result<Self> {
        let scratch = tempfile::Builder::new().prefix("ust-bench-").tempdir_in(dir)?;
        let runtime_dir = scratch.path().join("run");
        let output = scratch.path().join("trace");
        fs::create_dir(&output)?;
        // A channel that overwrites is not drained.
        let is_drained = !shape.mode.overwrites();
        let options = EngineOptions { flush_interval: NEVER, read_timer: None };
        let mut engine = Engine::bind(RuntimeDir::at(&runtime_dir), options)?;
        let clock = shape.clock.unwrap_or_else(ClockKind::best);
        let session =
            engine.add_session(SessionConfig { output, clock, is_drained, shm_dir: None });
        let config = ChannelConfig {
            name: "channel0".into(),
            geometry: Geometry::new(shape.subbuf_size_bytes, shape.subbuf_count)?,
            buffers: shape.buffers,
            mode: shape.mode,
            residency: Default::default(),
        };
        let channel = engine.add_channel(session, config);
        engine.set_rules(channel, vec![EventRule::of(expected.events)]);
        engine.set_active(session, true);
        engine.publish()?;
        Ok(Self { engine, session, expected, emitted: 0, is_drained, runtime_dir, scratch })
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
        self.emitted += events * self.expected.records_each;
        if !self.is_drained {
            return Ok(());
        }
        let summary = self.flush();
        self.compare(&summary)
    }

    /// At the end, for channels that are not drained: takes a snapshot, and compares what it holds and what was overwritten
    /// with what was emitted.
    ///
    /// # Errors
    /// Some event is in neither, or there is one too many.
    pub fn settle_snapshot(&mut self) -> Result<()> {
        if self.is_drained {
            return Ok(());
        }
        let output = self.scratch.path().join("snapshot");
        fs::create_dir(&output)?;
        let summary = self.engine.snapshot(self.session, &output);
        self.compare(&summary)
    }

    fn compare(&self, summary: &SessionSummary) -> Result<()> {
        let found = summary.all.recorded + summary.all.overwritten;
        let is_right = match self.expected.are_all {
            true => found == self.emitted,
            false => found >= self.emitted,
        };
        if is_right && summary.all.lost.is_empty() && summary.errors.is_empty() {
            return Ok(());
        }
        Err(format!("{} events were emitted, but: {summary:?}", self.emitted).into())
    }

    /// Writes everything out; what has been recorded by then.
    pub fn flush(&mut self) -> SessionSummary {
        self.engine.flush(self.session);
        self.engine.summary(self.session)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.engine.shut_down();
    }
}
