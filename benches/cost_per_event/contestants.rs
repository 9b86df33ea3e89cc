//! Who takes part, by name: as a process of its own, and as the bench starts it.
//!
//! Most are this very program, executed once more with `--worker NAME`.

use crate::{floor, ours, peer_tracing};
use std::process::Command;
use ust_benches::Result;
use ust_benches::lttng::Lttng;
use ust_benches::recorder::{Recorder, SUBBUF_COUNT, SUBBUF_SIZE_BYTES};
use ust_benches::rounds::{Contestant, Drain};
use ust_benches::worker::{Requests, Worker};

/// Names, as in the report.
pub const EMPTY: &str = "empty loop";
pub const RDTSC: &str = "rdtsc alone";
pub const FLOOR: &str = "floor: rdtsc, cmpxchg, 2 stores";
pub const OFF: &str = "ours, switched off";
pub const SMALL: &str = "ours, u32";
pub const SMALL_DRAINED: &str = "ours, u32, drained meanwhile";
pub const LARGE: &str = "ours, u64 + u32 + 12 bytes";
pub const LTTNG_SMALL: &str = "LTTng-UST, u32";
pub const LTTNG_LARGE: &str = "LTTng-UST, u64 + u32 + 12 bytes";
pub const TRACING_OFF: &str = "tracing, no-op subscriber";
pub const TRACING_APPENDER: &str = "tracing, fmt to tracing-appender";

/// Those that are this program.
const OWN: &[&str] = &[
    EMPTY,
    #[cfg(target_arch = "x86_64")]
    RDTSC,
    #[cfg(target_arch = "x86_64")]
    FLOOR,
    OFF,
    SMALL,
    SMALL_DRAINED,
    LARGE,
    TRACING_OFF,
    TRACING_APPENDER,
];

/// How many events a measurement has.
///
/// As many as take a few milliseconds: whoever runs for longer is interrupted more often.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Of most contestants. A ring holds so many.
    pub events: u64,
    /// Of LTTng-UST.
    pub lttng_events: u64,
    /// Of those that format text.
    pub text_events: u64,
    /// Whether rings are gone round before anything counts.
    pub is_warmed_up: bool,
}

impl Size {
    /// Of a proper run.
    pub const PROPER: Self =
        Self { events: 200_000, lttng_events: 40_000, text_events: 6_000, is_warmed_up: true };
    /// Just to see that everything works.
    pub const REHEARSAL: Self =
        Self { events: 1_000, lttng_events: 0, text_events: 100, is_warmed_up: false };
}

const _: () =
    assert!(Size::PROPER.events * ours::LARGE_RECORD_BYTES < SUBBUF_COUNT * SUBBUF_SIZE_BYTES);

/// The contestant whose event is the same, of LTTng-UST.
pub fn lttng_peer(name: &str) -> Option<&'static str> {
    match name {
        SMALL | SMALL_DRAINED | LTTNG_SMALL | TRACING_APPENDER => Some(LTTNG_SMALL),
        LARGE | LTTNG_LARGE => Some(LTTNG_LARGE),
        _ => None,
    }
}

/// Starts everybody.
pub fn start(
    recorder: &mut Recorder,
    lttng: Option<&Lttng>,
    size: Size,
) -> Result<Vec<Contestant>> {
    let mut contestants = Vec::new();
    let ring_bytes = SUBBUF_SIZE_BYTES * SUBBUF_COUNT;
    for &name in OWN {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--worker", name]).env("UST_RUNTIME_DIR", recorder.runtime_dir());
        let (events, record_bytes) = match name {
            SMALL | SMALL_DRAINED => (size.events, Some(ours::SMALL_RECORD_BYTES)),
            LARGE => (size.events, Some(ours::LARGE_RECORD_BYTES)),
            TRACING_APPENDER => (size.text_events, None),
            _ => (size.events, None),
        };
        // Twice round, so that the reader's spare has been in as well.
        let warm_up = record_bytes.map_or(0, |record_bytes| 2 * ring_bytes / record_bytes);
        contestants.push(contestant(recorder, name, command, (events, warm_up), size)?);
    }
    for (name, event) in [(LTTNG_SMALL, "small"), (LTTNG_LARGE, "large")] {
        if let Some(lttng) = lttng {
            // Its records are smaller than ours in memory, and it has a ring for each CPU.
            let warm_up = 2 * 2 * ring_bytes / ours::SMALL_RECORD_BYTES;
            let command = lttng.contestant(event);
            contestants.push(contestant(
                recorder,
                name,
                command,
                (size.lttng_events, warm_up),
                size,
            )?);
        }
    }
    Ok(contestants)
}

fn contestant(
    recorder: &mut Recorder,
    name: &'static str,
    mut command: Command,
    (events, warm_up): (u64, u64),
    size: Size,
) -> Result<Contestant> {
    let worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))
        .map_err(|error| format!("{name}: {error}"))?;
    Ok(Contestant {
        name,
        worker,
        events,
        warm_up_events: if size.is_warmed_up { warm_up } else { 0 },
        drain: match name {
            SMALL | LARGE => Drain::Between,
            SMALL_DRAINED => Drain::Meanwhile,
            _ => Drain::Never,
        },
    })
}

/// What a contestant's process does.
pub fn work(name: &str) -> Result<()> {
    let measured: fn(u64) = match name {
        EMPTY => floor::empty_loop,
        #[cfg(target_arch = "x86_64")]
        RDTSC => floor::rdtsc,
        #[cfg(target_arch = "x86_64")]
        FLOOR => floor::floor,
        OFF => ours::emit_switched_off,
        SMALL | SMALL_DRAINED => ours::emit_small,
        LARGE => ours::emit_large,
        TRACING_OFF | TRACING_APPENDER => peer_tracing::emit,
        _ => return Err(format!("no contestant is called {name}").into()),
    };
    if !ours::are_set_up() {
        return Err("the tracepoints are not as the recorder wants them".into());
    }
    let appender = match name {
        TRACING_OFF => peer_tracing::disable().map(|()| None)?,
        TRACING_APPENDER => Some(peer_tracing::Appender::install()?),
        _ => None,
    };
    let settle = |events| appender.as_ref().map_or(Ok(()), |appender| appender.settle(events));
    Requests::when_ready()?.serve(measured, settle)
}
