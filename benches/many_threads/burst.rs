//! One program: two bursts of its threads, and what they left.

#![allow(unsafe_code)]

use rustix::process::Pid;
use std::fs;
use std::time::Duration;
use ust_benches::Result;
use ust_benches::contestant::OwnProgram;
use ust_benches::recorder::{Emitted, Recorder, Shape};
use ust_benches::worker::Worker;
use ust_core::abi::{Buffers, Mode};

/// What a program does.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub threads: u64,
    pub buffers: Buffers,
    /// Of all threads together, in a burst.
    pub events: u64,
}

/// What was measured of it.
#[derive(Debug, Clone, Copy)]
pub struct Bursts {
    /// Memory that its rings use, afterwards.
    pub ring_mib: f64,
    /// Processor time that a thread's first event takes more than others.
    pub first_event_us: f64,
    /// Processor time of an event of the second burst.
    pub event_ns: f64,
    /// Events of both bursts that are not in the trace.
    pub lost_percent: f64,
}

impl Load {
    /// A fresh program.
    ///
    /// # Errors
    /// It cannot be started, or events are neither recorded nor counted.
    pub fn run(self) -> Result<Bursts> {
        let shape = Shape {
            subbuf_size_bytes: consumerd::session::DEFAULT_SUBBUF_SIZE_BYTES,
            subbuf_count: consumerd::session::DEFAULT_SUBBUF_COUNT,
            clock: None,
            buffers: self.buffers,
            mode: Mode::Discard,
        };
        let dir = std::env::temp_dir();
        let mut recorder = Recorder::start(shape, &dir, Emitted::BY_TRACEPOINTS)?;
        let path = env!("CARGO_BIN_EXE_ust-bench-contestant").into();
        let program = OwnProgram { path, body: "small", threads: self.threads };
        let mut command = program.command(recorder.runtime_dir());
        let mut worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))?;
        let pid = worker.pid();
        let each = self.events / self.threads;
        let mut burst = |recorder: &mut Recorder| -> Result<Duration> {
            let before = processor_time(pid)?;
            worker.measure(each, |fd| recorder.record_until_readable(fd))?;
            let took = processor_time(pid)? - before;
            recorder.flush();
            Ok(took)
        };
        let first = burst(&mut recorder)?;
        let second = burst(&mut recorder)?;
        let summary = recorder.flush();
        let emitted = 2 * each * self.threads;
        // A stream has two files. Streams whose files the consumer's limit of descriptors does not allow are written at the
        // end, if others have been closed by then. Until then their events are neither recorded nor lost.
        let lost = emitted - summary.all.recorded;
        let unwritten = lost - summary.all.lost.values().sum::<u64>();
        let are_limited = summary.errors.iter().any(|error| error.contains("descriptors"));
        let may_be_unwritten =
            if are_limited { 2 * each * self.threads.div_ceil(UNWRITTEN_OF) } else { 0 };
        if unwritten > may_be_unwritten {
            return Err(format!("{emitted} events were emitted, but: {summary:?}").into());
        }
        Ok(Bursts {
            ring_mib: shared_kib(pid)? / 1024.0,
            first_event_us: (first.as_secs_f64() - second.as_secs_f64()) * 1e6
                / self.threads as f64,
            event_ns: second.as_secs_f64() * 1e9 / (each * self.threads) as f64,
            lost_percent: lost as f64 * 100.0 / emitted as f64,
        })
    }
}

/// Of so many streams, one may have no files because the limit of descriptors is reached.
const UNWRITTEN_OF: u64 = 100;

/// The processor time that a process has used so far, in all its threads.
fn processor_time(pid: Pid) -> Result<Duration> {
    let mut clock = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: both write to locals.
    let is_told = unsafe {
        libc::clock_getcpuclockid(pid.as_raw_pid(), &mut clock) == 0
            && libc::clock_gettime(clock, &mut time) == 0
    };
    if !is_told {
        return Err("its processor time cannot be told".into());
    }
    Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

/// Memory that it shares with others, and has touched: rings and process file.
fn shared_kib(pid: Pid) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssShmem:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")).ok_or("no RssShmem")?;
    Ok(kib.trim().parse()?)
}
