//! Ten thousand short threads need no more streams than the most that are alive at once.
//!
//! A stream that a thread leaves is taken on by the next one. So the files stay few, every record is there, and
//! the packet that holds it names the thread that wrote it, not the one before.

use ust_acceptance::recording::{Recording, stream_files};
use ust_acceptance::{judge, skip};

const THREADS: u64 = 10_000;
const ALIVE: u64 = 8;
const EVENTS: u64 = 10;

#[test]
fn short_threads_share_few_streams_and_lose_nothing() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("churn").arg(THREADS).arg(ALIVE).arg(EVENTS).run().succeeded();
    let emitted: u64 = recorded.report();
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
