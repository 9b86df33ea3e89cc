//! Streams of CPUs, by each way of writing to them: in restartable sequences, and by locked instructions where a thread or a
//! process has no sequences. Nothing is lost uncounted, and no thread's events change their order.

use ust_acceptance::recording::{CpuStreams, Recording};
use ust_acceptance::sequences::{self, Load};
use ust_acceptance::{plugin, skip};
use ust_test_support::binaries;

/// Events in each of its threads.
const EVENTS: u64 = 100_000;

/// Its threads.
const THREADS: u64 = 4;

/// Records in that way, and compares the trace with what was emitted, and the ways that its streams tell with those expected:
/// in sequences, if the machine has any, and by locked instructions.
#[track_caller]
fn assert_exact(how: &str, tunables: &str, is_sequenced: bool, is_locked: Option<bool>) {
    let load = Load { how, tunables, events: EVENTS, plugin: None };
    assert_load_is_exact(load, is_sequenced, is_locked);
}

#[track_caller]
fn assert_load_is_exact(load: Load<'_>, is_sequenced: bool, is_locked: Option<bool>) {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = load.recording().run().succeeded();
    let (streams, _) = load.judge(&recorded);
    let CpuStreams { sequenced, locked } = streams;
    let are_here = sequences::are_here();
    assert_eq!(sequenced > 0, is_sequenced && are_here, "{streams:?}");
    // Threads that begin at once on one CPU may each claim a stream for it. All but one give theirs back.
    let cpus = std::thread::available_parallelism().expect("the kernel tells").get() as u64;
    assert!(sequenced <= cpus && locked <= cpus, "{streams:?} of {cpus} CPUs");
    if let Some(is_locked) = is_locked {
        assert_eq!(locked > 0, is_locked || !are_here, "{streams:?}");
    }
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

/// The two ways do not mix in one stream: each CPU has a stream of each.
#[test]
fn a_plugin_that_was_built_without_sequences_writes_beside_a_program_that_has_them() {
    let plugin = plugin::built("locked_plugin");
    for how in ["undisturbed", "moved"] {
        let load = Load { how, tunables: "", events: EVENTS / 4, plugin: Some(&plugin) };
        assert_load_is_exact(load, true, Some(true));
    }
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
    if !sequences::are_here() {
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
    assert_eq!((summary.recorded, summary.lost_in_all()), (100 * THREADS, 0), "{said}");
}
