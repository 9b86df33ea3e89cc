//! What the tests of streams of CPUs share: the program `sequences`, recorded so that threads wait for room, and its judgment.

use crate::judge;
use crate::recording::{CpuStreams, Recorded, Recording};
use std::path::Path;
use ust_test_support::binaries;

/// The program's threads. Their handlers are sources of their own, and what plugins emit in them.
const THREADS: usize = 4;

/// Whether the C library registers threads for sequences.
pub fn are_here() -> bool {
    ust_core::cpu::initialise();
    ust_core::cpu::area() != 0
}

/// What the program does.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// How it is disturbed.
    pub how: &'a str,
    /// What glibc is told.
    pub tunables: &'a str,
    /// Events in each thread.
    pub events: u64,
    /// Has as many emitted.
    pub plugin: Option<&'a Path>,
}

impl Load<'_> {
    /// The recording of it.
    pub fn recording(self) -> Recording {
        let options = ["--buffers", "per-cpu", "--mode", "block=600s", "--subbuf-size", "64K"];
        let program = binaries::program("sequences");
        let recording = Recording::of_path("/usr/bin/env".into()).options(options);
        let tunables = format!("GLIBC_TUNABLES={}", self.tunables);
        let recording = recording.arg(tunables).arg(program.display());
        let recording = recording.arg(self.how).arg(self.events);
        match self.plugin {
            Some(plugin) => recording.arg(plugin.display()),
            None => recording,
        }
    }

    /// Compares its trace with what was emitted. Returns how its streams are written, and how many events are in the trace.
    #[track_caller]
    pub fn judge(self, recorded: &Recorded) -> (CpuStreams, u64) {
        let [emitted, counted]: [u64; 2] = recorded.report();
        let summary = recorded.summary();
        assert_eq!(summary.recorded + summary.lost_in_all(), emitted, "{summary:?}");
        let counts = self.how == "counting" && are_here();
        assert_eq!(counted, if counts { THREADS as u64 * (self.events - 1) } else { 0 });
        // Threads wait for room. Handlers do not: they may interrupt a thread that waits.
        let mut next = [0; 2 * THREADS];
        let mut of_plugin = [0; THREADS];
        judge::babeltrace2(&recorded.trace(), |line| {
            let (thread, sequence) = (line.number("thread") as usize, line.number("sequence"));
            if line.is_of("plugin:told") {
                of_plugin[thread - 2 * THREADS] += 1;
                return;
            }
            let is_next = sequence == next[thread] || thread >= THREADS && sequence > next[thread];
            assert!(is_next, "{}", line.text);
            next[thread] = sequence + 1;
        });
        assert_eq!(next[..THREADS], [self.events; THREADS]);
        let by_plugin = if self.plugin.is_some() { self.events } else { 0 };
        assert_eq!(of_plugin, [by_plugin; THREADS]);
        (summary.cpu_streams, summary.recorded)
    }
}
