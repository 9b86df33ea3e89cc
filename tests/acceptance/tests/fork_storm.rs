//! A fork storm gives every process its own records, and none another's.
//!
//! A parent whose threads emit all the time makes 500 children, by `fork` and by raw `clone`, some of which
//! have threads of their own. Each record says which process wrote it; `babeltrace2` says in which
//! process's trace it stands. Both must be the same, and the counts those of the program's report.

use serde::Deserialize;
use std::collections::BTreeMap;
use ust_acceptance::{judge, recording::Recording, skip};

#[derive(Debug, Deserialize)]
struct Account {
    pid: u64,
    emitted: u64,
}

#[test]
fn every_process_of_a_fork_storm_has_its_own_records_and_no_others() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("fork_storm")
        // It is not known how much is emitted meanwhile. Where there is no room, threads wait.
        .options(["--subbuf-size", "1M", "--mode", "block=600s"])
        .arg(500)
        .arg(40)
        .run()
        .succeeded();
    let accounts: Vec<Account> = recorded.report();
    assert_eq!(accounts.len(), 501);

    // Of each process id, how many records; those of each thread of a process are numbered from 0.
    let mut tally: BTreeMap<u64, u64> = BTreeMap::new();
    // Folder by folder: babeltrace2 takes long to merge a thousand streams.
    let folders = recorded.folders();
    for folder in &folders {
        let mut threads = BTreeMap::new();
        judge::babeltrace2(folder, |line| {
            assert_eq!(line.number("process"), line.vpid(), "another's record: {}", line.text);
            let seen: &mut u64 = threads.entry(line.number("thread")).or_default();
            assert_eq!(line.number("sequence"), *seen, "lost, twice, out of order: {}", line.text);
            *seen += 1;
            *tally.entry(line.vpid()).or_default() += 1;
        });
    }
    let summary = recorded.summary();
    assert_eq!(summary.lost_in_all(), 0, "{summary:?}");
    // On a busy machine process ids come again.
    let mut expected = BTreeMap::<u64, u64>::new();
    for Account { pid, emitted } in &accounts {
        *expected.entry(*pid).or_default() += emitted;
    }
    for (pid, emitted) in &expected {
        let seen = tally.get(pid).copied().unwrap_or_default();
        assert_eq!(seen, *emitted, "of process {pid}, parent is {}", accounts[500].pid);
    }
    assert_eq!(folders.len(), 501);
    assert_eq!(summary.processes, 501);
}
