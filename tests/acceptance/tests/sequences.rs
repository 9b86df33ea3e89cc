//! Streams of CPUs, by each way of writing to them: in restartable sequences, and by locked instructions where a thread or a
//! process has no sequences. Nothing is lost uncounted, and no thread's events change their order.

use ust_acceptance::recording::{CpuStreams, Recording};
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;

/// What `sequences` does in each thread.
const EVENTS: u64 = 100_000;

/// Its threads. Their handlers are sources of their own.
const THREADS: usize = 4;

/// Whether the C library registers threads for sequences.
fn has_sequences() -> bool {
    ust_core::cpu::initialise();
    ust_core::cpu::area() != 0
}

/// Records in that way, and compares the trace with what was emitted, and the ways that its streams tell with those expected:
/// in sequences, if the machine has any, and by locked instructions.
#[track_caller]
fn assert_exact(how: &str, tunables: &str, is_sequenced: bool, is_locked: Option<bool>) {
    if !skip::judges_are_here() {
        return;
    }
    let options = ["--buffers", "per-cpu", "--mode", "block=600s", "--subbuf-size", "64K"];
    let program = binaries::program("sequences");
    let recording = Recording::of_path("/usr/bin/env".into()).options(options);
    let recording = recording.arg(format!("GLIBC_TUNABLES={tunables}")).arg(program.display());
    let recorded = recording.arg(how).arg(EVENTS).run().succeeded();
    let [emitted, counted]: [u64; 2] = recorded.report();
    let summary = recorded.summary();
    assert_eq!(summary.recorded + summary.lost_in_all(), emitted, "{summary:?}");
    let CpuStreams { sequenced, locked } = summary.cpu_streams;
    let has_sequences = has_sequences();
    let counts = how == "counting" && has_sequences;
    assert_eq!(counted, if counts { THREADS as u64 * (EVENTS - 1) } else { 0 });
    assert_eq!(sequenced > 0, is_sequenced && has_sequences, "{summary:?}");
    if let Some(is_locked) = is_locked {
        assert_eq!(locked > 0, is_locked || !has_sequences, "{summary:?}");
    }
    // Threads wait for room. Handlers do not: they may interrupt a thread that waits.
    let mut next = [0; 2 * THREADS];
    judge::babeltrace2(&recorded.trace(), |line| {
        let (thread, sequence) = (line.number("thread") as usize, line.number("sequence"));
        let is_next = sequence == next[thread] || thread >= THREADS && sequence > next[thread];
        assert!(is_next, "{}", line.text);
        next[thread] = sequence + 1;
    });
    assert_eq!(next[..THREADS], [EVENTS; THREADS]);
}

#[test]
fn threads_that_are_moved_and_interrupted_write_in_sequences() {
    assert_exact("moved", "", true, Some(false));
}

/// The kernel knows of one sequence of a thread at a time.
#[test]
fn threads_that_have_sequences_of_their_own_are_recorded_exactly() {
    assert_exact("counting", "", true, Some(false));
}

#[test]
fn threads_that_are_not_registered_write_beside_those_that_are() {
    assert_exact("unregistered", "", true, Some(true));
}

#[test]
fn a_process_whose_libc_registers_no_thread_is_recorded() {
    assert_exact("moved", "glibc.pthread.rseq=0", false, Some(true));
}

/// Each step takes the thread out of its sequence.
#[test]
fn a_thread_that_takes_single_steps_is_recorded() {
    assert_exact("stepped", "", true, Some(true));
}

#[test]
fn a_process_that_nobody_disturbs_writes_in_sequences_only() {
    assert_exact("undisturbed", "", true, Some(false));
}

/// A breakpoint takes the thread out of the sequence, so it goes on at the abort handler.
#[test]
fn a_debugger_sees_whole_stacks_in_the_sequence_and_where_it_is_aborted() {
    const SEQUENCE: &str = "store_unless_interrupted";
    if !skip::has("gdb", &["--version"]) {
        return skip::skipped("gdb is not here");
    }
    if !has_sequences() {
        return skip::skipped("the C library registers no restartable sequences");
    }
    let mut recording = Recording::of_path("gdb".into()).options(["--buffers", "per-cpu"]);
    let stops = format!("rbreak {SEQUENCE}");
    // The handler is 16 bytes behind the begin.
    let commands = ["run", "bt", "tbreak *($pc+16)", "delete 1", "continue", "bt", "continue"];
    recording = recording.arg("-batch").arg("-nx").arg("-iex").arg("set auto-load no");
    for command in [stops.as_str()].into_iter().chain(commands) {
        recording = recording.arg("-ex").arg(command);
    }
    let program = binaries::program("sequences");
    recording = recording.arg("--args").arg(program.display()).arg("undisturbed").arg(100);
    let recorded = recording.run().succeeded();
    let said = &recorded.finished.stdout;
    let stacks: Vec<&str> = said.split("\n#0 ").skip(1).collect();
    assert_eq!(stacks.len(), 2, "{said}");
    for stack in stacks {
        assert!(stack.lines().next().is_some_and(|frame| frame.contains(SEQUENCE)), "{stack}");
        for function in [" told ", " live ", "clone3"] {
            assert!(stack.contains(function), "{function}: {stack}");
        }
        assert!(!stack.contains(" ?? "), "{stack}");
    }
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (100 * THREADS as u64, 0), "{said}");
}
