//! Short threads need no more streams than the most that are alive at once, however many there are.
//!
//! A stream that a thread leaves is taken on by the next one. So the files stay few, every record is there, and
//! the packet that holds it names the thread that wrote it, not the one before.

use serde::Deserialize;
use ust_acceptance::in_use::InUse;
use ust_acceptance::recording::{Recording, stream_files};
use ust_acceptance::{judge, skip};

const THREADS: u64 = 10_000;
const ALIVE: u64 = 8;
const EVENTS: u64 = 10;

#[derive(Debug, Deserialize)]
struct Account {
    emitted: u64,
    early: InUse,
    late: InUse,
}

#[test]
fn short_threads_share_few_streams_and_lose_nothing() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("churn").arg(THREADS).arg(ALIVE).arg(EVENTS).arg(0);
    let recorded = recording.run().succeeded();
    let emitted = recorded.report::<Account>().emitted;
    assert_eq!(emitted, THREADS * EVENTS);
    let mut next = vec![0; THREADS as usize];
    let lines = judge::babeltrace2(&recorded.trace(), |line| {
        assert_eq!(
            line.number("tid"),
            line.number("vtid"),
            "another thread's packet: {}",
            line.text
        );
        let next = &mut next[line.number("thread") as usize];
        assert_eq!(line.number("sequence"), *next, "{}", line.text);
        *next += 1;
    });
    assert!(next.iter().all(|next| *next == EVENTS));
    let summary = recorded.summary();
    assert_eq!(
        (lines, summary.recorded, summary.lost_in_all()),
        (emitted, emitted, 0),
        "{summary:?}"
    );
    // A thread is joined a moment before its stream is given back, so a few more than are alive.
    let files = stream_files(&recorded.folders()[0]).len() as u64;
    assert!(files <= 2 * ALIVE, "{files} stream files");
}

/// If a program has so many pthread keys that setting the library's would allocate, the library is not told that a thread
/// ends.
#[test]
fn streams_of_threads_that_end_unnoticed_are_found_and_reused() {
    if !skip::judges_are_here() {
        return;
    }
    const THREADS: u64 = 2_000;
    const KEYS: u64 = 40;
    /// So many caches are made before the library looks which threads have ended.
    const KEPT: u64 = 64;
    let recording = Recording::of("churn").options(["--subbuf-size", "4K"]);
    let recorded = recording.arg(THREADS).arg(ALIVE).arg(EVENTS).arg(KEYS).run().succeeded();
    let summary = recorded.summary();
    let emitted = THREADS * EVENTS;
    assert_eq!((summary.recorded, summary.lost_in_all()), (emitted, 0), "{summary:?}");
    let files = stream_files(&recorded.folders()[0]).len() as u64;
    // Threads that look at the same time may make one block more between them, twice as large. Without reuse there
    // would be 2,000 files.
    assert!((KEPT..=3 * KEPT).contains(&files), "{files} stream files");
    let mut next = vec![0; THREADS as usize];
    judge::babeltrace2(&recorded.trace(), |line| {
        assert_eq!(line.number("tid"), line.number("vtid"), "another's packet: {}", line.text);
        let next = &mut next[line.number("thread") as usize];
        assert_eq!(line.number("sequence"), *next, "{}", line.text);
        *next += 1;
    });
    assert!(next.iter().all(|next| *next == EVENTS));
}

/// A hundred thousand threads, of which 32 are alive at once, hold what 32 hold.
#[track_caller]
fn assert_many_are_as_few(buffers: &str) {
    const THREADS: u64 = 100_000;
    const ALIVE: u64 = 32;
    const EVENTS: u64 = 2;
    /// A page for the words, and as many memories as sub-buffers and two.
    const STREAM_BYTES: u64 = 4096 + 6 * 4096;
    // Small rings: all of them have been lapped after a tenth of the threads. Blocking ones, so that none is too small.
    let small = ["--subbuf-size", "4K", "--subbufs", "4", "--mode", "block=600s"];
    let recording = Recording::of("churn").options(small).options(["--buffers", buffers]);
    let recorded = recording.arg(THREADS).arg(ALIVE).arg(EVENTS).arg(0).run().succeeded();
    let Account { emitted, early, late } = recorded.report();
    assert_eq!(emitted, THREADS * EVENTS);
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.lost_in_all()), (emitted, 0), "{summary:?}");
    // A file of streams has room for 64.
    assert!(late.descriptors <= early.descriptors + 1, "{early:?} {late:?}");
    // The header of the file, and that of the process, with its classes, beside the streams.
    let bound = 2 * ALIVE * STREAM_BYTES + (64 << 10);
    assert!(late.memfd_bytes <= bound, "{early:?} {late:?}");
    // Room for the allocator's own use. A block of caches more than are needed would be larger.
    assert!(late.anonymous_bytes <= early.anonymous_bytes + (2 << 20), "{early:?} {late:?}");
    assert_eq!(judge::count(&recorded.trace()), emitted);
}

#[test]
fn many_short_threads_hold_what_few_hold() {
    if skip::judges_are_here() {
        assert_many_are_as_few("per-thread");
    }
}

#[test]
fn many_short_threads_share_the_rings_of_their_cpus() {
    if skip::judges_are_here() {
        assert_many_are_as_few("per-cpu");
    }
}
