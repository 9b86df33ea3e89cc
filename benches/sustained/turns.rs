//! A turn of each contestant: set everything up, fill the rings once, measure, check that every event is there, remove
//! everything.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;
use ust_benches::Result;
use ust_benches::contestant::OwnProgram;
use ust_benches::lttng::{Keep, Lttng, TRACEPOINTS};
use ust_benches::recorder::{Emitted, Recorder, Shape};
use ust_benches::worker::Worker;
use ust_core::abi::Mode;

/// Threads that emit.
pub const WRITERS: u64 = 2;

/// The ring of each of our threads, and of each CPU of LTTng's: there are two of those too on the machines that
/// this is measured on.
pub const RING: Shape = Shape {
    subbuf_size_bytes: 512 << 10,
    subbuf_count: 8,
    // Longer than any wait for a consumer that is alive.
    mode: Mode::Block { timeout_ms: 60_000 },
    ..Shape::ROOMY
};

/// No event takes less in a trace: header and field.
const EVENT_BYTES: u64 = 4 + 4;

/// What a turn gave.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Of all writers together, without the events that were lost.
    pub events_per_s: f64,
    /// Events that are not in the trace.
    pub lost: u64,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Events of each writer before anything counts.
    warm_up: u64,
    /// Events of each writer of ours.
    ours: u64,
    /// Events of each writer of LTTng's.
    lttng: u64,
    /// Bytes of the file that is only written.
    file_bytes: u64,
}

impl Size {
    /// Of a proper run: a second or less each.
    pub const PROPER: Self =
        Self { warm_up: 1_500_000, ours: 12_000_000, lttng: 4_000_000, file_bytes: 256 << 20 };
    /// Just to see that everything works: the ring holds it all.
    pub const REHEARSAL: Self =
        Self { warm_up: 1_000, ours: 10_000, lttng: 0, file_bytes: 1 << 20 };
}

/// Ours.
pub fn ours(size: Size, dir: &Path) -> Result<Turn> {
    let mut recorder = Recorder::start(RING, dir, Emitted::BY_TRACEPOINTS)?;
    let path = env!("CARGO_BIN_EXE_ust-bench-contestant").into();
    let program = OwnProgram { path, body: "small", threads: WRITERS };
    let mut command = program.command(recorder.runtime_dir());
    let mut worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))?;
    worker.measure(size.warm_up, |fd| recorder.record_until_readable(fd))?;
    let before = recorder.flush();
    let start = Instant::now();
    worker.measure(size.ours, |fd| recorder.record_until_readable(fd))?;
    let seconds = start.elapsed().as_secs_f64();
    let after = recorder.flush();
    if let Some(error) = after.errors.first() {
        return Err(error.clone().into());
    }
    let (emitted, recorded) = (WRITERS * size.ours, after.all.recorded - before.all.recorded);
    let counted = |lost: &std::collections::BTreeMap<String, u64>| lost.values().sum::<u64>();
    let lost = counted(&after.all.lost) - counted(&before.all.lost);
    if recorded + lost != emitted {
        return Err(format!("{emitted} emitted, but {recorded} recorded and {lost} lost").into());
    }
    Ok(Turn { events_per_s: recorded as f64 / seconds, lost })
}

/// LTTng-UST.
pub fn lttng(lttng: &Lttng, size: Size, dir: &Path) -> Result<Turn> {
    let scratch = scratch_in(dir)?;
    // LTTng's consumer runs as another user, which must be able to enter.
    fs::set_permissions(scratch.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let session = lttng.record(RING, Keep::InFiles(&scratch.path().join("trace")), TRACEPOINTS)?;
    let mut worker = Worker::start(&mut lttng.contestant("small", WRITERS), |_| Ok(()))?;
    worker.measure(size.warm_up, |_| Ok(()))?;
    let start = Instant::now();
    worker.measure(size.lttng, |_| Ok(()))?;
    let seconds = start.elapsed().as_secs_f64();
    session.check_that_nothing_was_lost(WRITERS * (size.warm_up + size.lttng) * EVENT_BYTES)?;
    Ok(Turn { events_per_s: (WRITERS * size.lttng) as f64 / seconds, lost: 0 })
}

/// The rate at which the directory takes blocks of 1 MiB, in MB a second. Files on a disk are synced at the end.
pub fn sequential_write(size: Size, dir: &Path) -> Result<f64> {
    let block = vec![0x5a; 1 << 20];
    let scratch = scratch_in(dir)?;
    let start = Instant::now();
    let mut file = File::create(scratch.path().join("blocks"))?;
    for _ in 0..size.file_bytes >> 20 {
        file.write_all(&block)?;
    }
    file.sync_data()?;
    Ok(size.file_bytes as f64 / 1e6 / start.elapsed().as_secs_f64())
}

fn scratch_in(dir: &Path) -> Result<TempDir> {
    let scratch = tempfile::Builder::new().prefix("ust-bench-").tempdir_in(dir);
    Ok(scratch.map_err(|error| format!("{}: {error}", dir.display()))?)
}
