//! The contestants: a table with a row for each.

use std::path::Path;
use std::process::Command;
use ust_benches::Result;
use ust_benches::c_program::CProgram;
use ust_benches::contestant::OwnProgram;
use ust_benches::lttng::Lttng;
use ust_benches::recorder::{Emitted, Recorder, Shape};
use ust_benches::rounds::{Contestant, Drain};
use ust_benches::worker::Worker;

// Names, as in the report.
pub const EMPTY: &str = "empty loop";
pub const RDTSC: &str = "rdtsc alone";
pub const CLOCK_GETTIME: &str = "clock_gettime alone";
pub const FLOOR: &str = "floor: rdtsc, cmpxchg, 2 stores";
pub const FLOOR_TWICE: &str = "floor, 2 threads";
pub const FLOOR_CROWD: &str = "floor, 16 threads";
pub const SHARED_FLOOR: &str = "shared floor: lfence, rdtsc, lock cmpxchg";
pub const OFF: &str = "ours, switched off";
pub const SMALL: &str = "ours, u32";
pub const SMALL_TWICE: &str = "ours, u32, 2 threads";
pub const SMALL_IN_PLUGIN: &str = "ours, u32, from a cdylib";
pub const SMALL_MONOTONIC: &str = "ours, u32, clock_gettime";
pub const SMALL_DRAINED: &str = "ours, u32, drained meanwhile";
pub const SHORT: &str = "ours, u32, within a sub-buffer";
pub const LARGE: &str = "ours, u64 + u32 + 12 bytes";
pub const SMALL_PER_CPU: &str = "ours, u32, per CPU";
pub const PER_CPU_TWICE: &str = "ours, u32, per CPU, 2 threads";
pub const PER_CPU_CROWD: &str = "ours, u32, per CPU, 16 threads";
pub const LARGE_PER_CPU: &str = "ours, u64 + u32 + 12 bytes, per CPU";
pub const SMALL_LOCKED: &str = "ours, u32, per CPU, no sequences";
pub const SHORT_OVERWRITE: &str = "ours, u32, overwrite, within a sub-buffer";
pub const SMALL_OVERWRITE: &str = "ours, u32, overwrite, nobody reads";
pub const C_OFF: &str = "ours in C, switched off";
pub const C_SMALL: &str = "ours in C, u32";
pub const C_LARGE: &str = "ours in C, u64 + u32 + 12 bytes";
pub const LTTNG_SMALL: &str = "LTTng-UST, u32";
pub const LTTNG_LARGE: &str = "LTTng-UST, u64 + u32 + 12 bytes";
pub const TRACING_OFF: &str = "tracing, no-op subscriber";
pub const TRACING_APPENDER: &str = "tracing, fmt to tracing-appender";

/// Threads of a program that has more than there are processors.
const CROWD: u64 = 16;

/// Bytes of a `small` record in the ring: frame word, header, field.
const SMALL_BYTES: u64 = 4 + 4 + 4;
/// Bytes of a `large` record in the ring: frame word, header, fields, and padding.
const LARGE_BYTES: u64 = 4 + 4 + (8 + 4 + 13) + 3;

/// The table. `contestant/main.rs` says what each body does.
const ENTRIES: &[Entry] = &[
    Entry::own(EMPTY, "empty_loop"),
    Entry::own(CLOCK_GETTIME, "clock_gettime"),
    #[cfg(target_arch = "x86_64")]
    Entry::own(RDTSC, "rdtsc").over(FLOOR),
    #[cfg(target_arch = "x86_64")]
    Entry::own(FLOOR, "floor").counted("*floor::floor"),
    #[cfg(target_arch = "x86_64")]
    Entry::own(FLOOR_TWICE, "floor").threads(2).over(FLOOR),
    #[cfg(target_arch = "x86_64")]
    Entry::own(FLOOR_CROWD, "floor").threads(CROWD).over(FLOOR),
    #[cfg(target_arch = "x86_64")]
    Entry::own(SHARED_FLOOR, "shared_floor"),
    Entry::own(OFF, "switched_off").over(FLOOR).counted("*::emit_switched_off"),
    Entry::own(SMALL, "small")
        .recorded(SMALL_BYTES)
        .over(FLOOR)
        .peer(LTTNG_SMALL)
        .counted("*::emit_small"),
    Entry::own(SMALL_TWICE, "small").recorded(SMALL_BYTES).threads(2).over(FLOOR_TWICE),
    Entry::own(SMALL_IN_PLUGIN, "plugin")
        .recorded(SMALL_BYTES)
        .over(FLOOR)
        .peer(LTTNG_SMALL)
        .counted("ust_bench_plugin_emit"),
    Entry::own(SMALL_MONOTONIC, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::MONOTONIC)
        .over(CLOCK_GETTIME)
        .peer(LTTNG_SMALL),
    Entry::own(SMALL_DRAINED, "small")
        .recorded(SMALL_BYTES)
        .drain(Drain::Meanwhile)
        .over(FLOOR)
        .peer(LTTNG_SMALL),
    Entry::own(SHORT, "small").recorded(SMALL_BYTES).short().over(FLOOR),
    Entry::own(SHORT_OVERWRITE, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::OVERWRITE)
        .short()
        .over(FLOOR),
    Entry::own(SMALL_OVERWRITE, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::OVERWRITE)
        .over(FLOOR)
        .peer(LTTNG_SMALL),
    Entry::own(SMALL_PER_CPU, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::PER_CPU)
        .over(FLOOR)
        .peer(LTTNG_SMALL),
    Entry::own(PER_CPU_TWICE, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::PER_CPU)
        .threads(2)
        .over(FLOOR_TWICE),
    Entry::own(PER_CPU_CROWD, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::PER_CPU)
        .threads(CROWD)
        .over(FLOOR_CROWD),
    Entry::own(LARGE_PER_CPU, "large")
        .recorded(LARGE_BYTES)
        .shape(Shape::PER_CPU)
        .over(FLOOR)
        .peer(LTTNG_LARGE),
    Entry::own(SMALL_LOCKED, "small")
        .recorded(SMALL_BYTES)
        .shape(Shape::PER_CPU)
        .without_sequences()
        .over(SHARED_FLOOR)
        .peer(LTTNG_SMALL),
    Entry::own(LARGE, "large")
        .recorded(LARGE_BYTES)
        .over(FLOOR)
        .peer(LTTNG_LARGE)
        .counted("*::emit_large"),
    Entry::c(C_OFF, "switched_off").over(FLOOR),
    Entry::c(C_SMALL, "small").recorded(SMALL_BYTES).over(FLOOR).peer(LTTNG_SMALL),
    Entry::c(C_LARGE, "large").recorded(LARGE_BYTES).over(FLOOR).peer(LTTNG_LARGE),
    Entry::own(TRACING_OFF, "tracing_off"),
    Entry::own(TRACING_APPENDER, "tracing_appender").formatting().peer(LTTNG_SMALL),
    Entry::lttng(LTTNG_SMALL, "small").over(FLOOR).peer(LTTNG_SMALL),
    Entry::lttng(LTTNG_LARGE, "large").over(FLOOR).peer(LTTNG_LARGE),
];

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    /// What [`Entry::own`] or LTTng-UST's program is told to do.
    body: &'static str,
    program: Program,
    threads: u64,
    shape: Shape,
    /// The C library registers no restartable sequences.
    has_no_sequences: bool,
    drain: Drain,
    load: Load,
    /// Bytes of a record in a ring of ours; 0 if it has none.
    record_bytes: u64,
    /// What it is compared with.
    floor: Option<&'static str>,
    peer: Option<&'static str>,
    /// The function whose instructions are counted.
    counted: Option<&'static str>,
}

/// Whose program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// `ust-bench-contestant`.
    Own,
    /// The one in C.
    C,
    /// LTTng-UST's, in C too.
    Lttng,
}

/// Programs that may be missing here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Others<'a> {
    pub c: Option<&'a CProgram>,
    pub lttng: Option<&'a Lttng>,
}

/// How many events a measurement has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Full,
    /// So few that most measurements stay within a sub-buffer.
    Short,
    /// Each costs a line of text.
    Text,
    Lttng,
}

impl Entry {
    const fn own(name: &'static str, body: &'static str) -> Self {
        Self {
            name,
            body,
            program: Program::Own,
            threads: 1,
            shape: Shape::ROOMY,
            has_no_sequences: false,
            drain: Drain::Never,
            load: Load::Full,
            record_bytes: 0,
            floor: None,
            peer: None,
            counted: None,
        }
    }

    const fn lttng(name: &'static str, body: &'static str) -> Self {
        Self { program: Program::Lttng, load: Load::Lttng, ..Self::own(name, body) }
    }

    const fn c(name: &'static str, body: &'static str) -> Self {
        Self { program: Program::C, ..Self::own(name, body) }
    }

    /// All its events must be in the trace.
    const fn recorded(self, record_bytes: u64) -> Self {
        Self { drain: Drain::Between, record_bytes, ..self }
    }

    const fn drain(self, drain: Drain) -> Self {
        Self { drain, ..self }
    }

    const fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    const fn without_sequences(self) -> Self {
        Self { has_no_sequences: true, ..self }
    }

    const fn threads(self, threads: u64) -> Self {
        Self { threads, ..self }
    }

    /// With sub-buffers that hold several measurements.
    const fn short(self) -> Self {
        let shape = Shape { subbuf_size_bytes: 1 << 20, subbuf_count: 16, ..self.shape };
        Self { load: Load::Short, shape, ..self }
    }

    const fn formatting(self) -> Self {
        Self { load: Load::Text, ..self }
    }

    const fn over(self, floor: &'static str) -> Self {
        Self { floor: Some(floor), ..self }
    }

    const fn peer(self, peer: &'static str) -> Self {
        Self { peer: Some(peer), ..self }
    }

    const fn counted(self, function: &'static str) -> Self {
        Self { counted: Some(function), ..self }
    }

    fn own_program(&self) -> OwnProgram {
        let path = env!("CARGO_BIN_EXE_ust-bench-contestant").into();
        OwnProgram { path, body: self.body, threads: self.threads }
    }

    /// Events before anything counts. The ring is filled twice, so that the reader's spare has been used too.
    fn warm_up_events(&self) -> u64 {
        let capacity_bytes = self.shape.capacity_bytes();
        match self.record_bytes {
            // LTTng's records are smaller than ours in memory, and it has a ring for each CPU.
            _ if self.program == Program::Lttng => 2 * 2 * capacity_bytes / SMALL_BYTES,
            0 => 0,
            record_bytes => 2 * capacity_bytes / record_bytes,
        }
    }

    fn start(&self, others: Others<'_>, size: Size) -> Result<Option<Contestant>> {
        let (worker, recorder) = match self.program {
            Program::Lttng => {
                let Some(lttng) = others.lttng else { return Ok(None) };
                let mut command = lttng.contestant(self.body, self.threads);
                (Worker::start(&mut command, |_| Ok(()))?, None)
            }
            Program::C => {
                let Some(program) = others.c else { return Ok(None) };
                let command = |dir: &Path| program.command(self.body, self.threads, dir);
                self.start_recorded(command)?
            }
            Program::Own => self.start_recorded(|dir| self.own_program().command(dir))?,
        };
        Ok(Some(Contestant {
            name: self.name,
            worker,
            recorder,
            events: size.events(self.load),
            threads: self.threads,
            warm_up_events: if size.is_warmed_up { self.warm_up_events() } else { 0 },
            drain: self.drain,
        }))
    }

    /// Starts a recorder, and the program whose runtime directory is the recorder's.
    fn start_recorded(
        &self,
        command: impl Fn(&Path) -> Command,
    ) -> Result<(Worker, Option<Recorder>)> {
        let mut recorder =
            Recorder::start(self.shape, &std::env::temp_dir(), Emitted::BY_TRACEPOINTS)?;
        let mut command = command(recorder.runtime_dir());
        if self.has_no_sequences {
            command.env("GLIBC_TUNABLES", "glibc.pthread.rseq=0");
        }
        let worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))?;
        Ok((worker, Some(recorder)))
    }
}

/// How much is measured.
///
/// A measurement takes less than a millisecond, and so less than a time slice. So even on a machine that others use, most
/// measurements are undisturbed. Sub-buffers are so small that a measurement enters a few of them all the same.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Of most contestants. A ring holds so many.
    full: u64,
    short: u64,
    text: u64,
    pub lttng: u64,
    /// Whether each ring is filled twice before anything counts.
    is_warmed_up: bool,
}

impl Size {
    /// Of a proper run.
    pub const PROPER: Self =
        Self { full: 50_000, short: 20_000, text: 2_000, lttng: 12_000, is_warmed_up: true };
    /// Just to see that everything works.
    pub const REHEARSAL: Self =
        Self { full: 1_000, short: 1_000, text: 100, lttng: 0, is_warmed_up: false };

    fn events(self, load: Load) -> u64 {
        match load {
            Load::Full => self.full,
            Load::Short => self.short,
            Load::Text => self.text,
            Load::Lttng => self.lttng,
        }
    }
}

const _: () = assert!(Size::PROPER.full * LARGE_BYTES < Shape::ROOMY.capacity_bytes());
// All of them may run on one processor.
const _: () = assert!(Size::PROPER.full * CROWD * SMALL_BYTES < Shape::PER_CPU.capacity_bytes());

/// What a contestant is compared with: its floor, and LTTng-UST with the same event.
pub fn compared_with(name: &str) -> [Option<&'static str>; 2] {
    let entry = ENTRIES.iter().find(|entry| entry.name == name);
    entry.map_or([None, None], |entry| [entry.floor, entry.peer])
}

/// The table's rows whose names contain one of these; all rows if there are none.
fn entries(only: &[String]) -> impl Iterator<Item = &'static Entry> {
    let is_wanted =
        |name: &str| only.is_empty() || only.iter().any(|part| name.contains(part.as_str()));
    ENTRIES.iter().filter(move |entry| is_wanted(entry.name))
}

/// Starts all contestants.
pub fn start(others: Others<'_>, size: Size, only: &[String]) -> Result<Vec<Contestant>> {
    let start = |entry: &Entry| {
        let started = entry.start(others, size);
        started.map_err(|error| format!("{}: {error}", entry.name).into()).transpose()
    };
    entries(only).filter_map(start).collect()
}

/// The contestants whose instructions are counted: name, program, function, and whether the events must be in the trace.
pub fn counted(
    only: &[String],
) -> impl Iterator<Item = (&'static str, OwnProgram, &'static str, bool)> {
    let counted = |entry: &Entry| {
        let is_recorded = entry.drain != Drain::Never;
        Some((entry.name, entry.own_program(), entry.counted?, is_recorded))
    };
    entries(only).filter_map(counted)
}
