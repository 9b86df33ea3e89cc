//! A child of vfork emits its parent thread's first event. It takes nothing from a living thread, and leaves nothing that
//! looks like a dead thread's: each stream still has one writer.

use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 200_000;

#[track_caller]
fn assert_each_stream_has_one_writer(who: &str, buffers: &str) {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("vforks").options(["--mode", "block=600s", "--buffers", buffers]);
    let recorded = recording.arg(who).arg(EVENTS).run().succeeded();
    let [emitted]: [u64; 1] = recorded.report();
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (emitted, 0), "{summary:?}");
    let mut next = [0; 65];
    judge::babeltrace2(&recorded.trace(), |line| {
        let next = &mut next[line.number("thread") as usize];
        assert_eq!(line.number("sequence"), *next, "{}", line.text);
        *next += 1;
    });
    assert_eq!(next.iter().sum::<u64>(), emitted);
}

#[test]
fn where_the_child_takes_the_first_cache() {
    assert_each_stream_has_one_writer("first", "per-thread");
}

#[test]
fn where_the_child_finds_all_caches_taken() {
    assert_each_stream_has_one_writer("last", "per-thread");
}

/// The kernel does not tell such a child its CPU.
#[test]
fn where_streams_are_those_of_cpus() {
    assert_each_stream_has_one_writer("first", "per-cpu");
}

/// A child that nobody notices writes to another CPU's stream than it should. Its records, and those that they collide with,
/// may be mixed or lost uncounted (docs/guarantees.md), and that is all: the program ends as it should, and the trace can be
/// read.
#[test]
fn a_child_that_nobody_notices_harms_neither_program_nor_consumer() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("vforks").options(["--mode", "block=1s", "--buffers", "per-cpu"]);
    let recorded = recording.arg("unnoticed").arg(EVENTS).run().succeeded();
    let [emitted]: [u64; 1] = recorded.report();
    let (summary, mut read) = (recorded.summary(), 0);
    judge::babeltrace2(&recorded.trace(), |_| read += 1);
    assert_eq!(read, summary.recorded, "{summary:?}");
    assert!(summary.recorded <= emitted, "{summary:?}");
}
