//! A fork storm gives every process its own records, and none another's.
//!
//! A parent whose threads emit all the time makes 500 children, by `fork` and by raw `clone`, some of which
//! have threads of their own. Each record says which process wrote it; `babeltrace2` says in which
//! process's trace it stands. Both must be the same, and the counts those of the program's account.

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
        // How much is emitted meanwhile, nobody can say: where there is no room, threads wait.
        .options(["--subbuf-size", "1M", "--mode", "block=600s"])
        .arg(500)
        .arg(40)
        .run()
        .succeeded();
    let accounts: Vec<Account> = recorded.report();
    assert_eq!(accounts.len(), 501);

    // Of each process, of each of its threads: how many records, numbered from 0.
    let mut tally: BTreeMap<u64, BTreeMap<u64, u64>> = BTreeMap::new();
    // Folder by folder: babeltrace2 takes long to merge a thousand streams.
    let folders = recorded.folders();
    let mut read = |line: judge::Line<'_>| {
        assert_eq!(line.number("process"), line.vpid(), "another process's record: {}", line.text);
        let of_process = tally.entry(line.vpid()).or_default();
        let seen = of_process.entry(line.number("thread")).or_default();
        assert_eq!(line.number("sequence"), *seen, "lost, twice or out of order: {}", line.text);
        *seen += 1;
    };
    for folder in &folders {
        judge::babeltrace2(folder, &mut read);
    }
    let summary = recorded.summary();
    assert_eq!(summary.lost_in_all(), 0, "{summary:?}");
    for Account { pid, emitted } in &accounts {
        let seen = tally.get(pid).map_or(0, |threads| threads.values().sum());
        assert_eq!(seen, *emitted, "of process {pid}, parent is {}", accounts[500].pid);
    }
    assert_eq!(folders.len(), 501);
    assert_eq!(summary.processes, 501);
}
