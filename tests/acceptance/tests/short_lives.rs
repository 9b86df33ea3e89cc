//! A thousand processes that emit one event and are gone: a thousand records.
//!
//! They end by `_exit`, or kill themselves by SIGKILL, right after the tracepoint's call, long before a daemon
//! can have looked at them. Under `ust record`, and with a daemon.

use std::collections::BTreeMap;
use std::path::Path;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recording, folders};
use ust_acceptance::{judge, report, skip};
use ust_test_support::binaries;

const PROCESSES: u64 = 1000;

#[track_caller]
fn assert_each_has_one_record(trace: &Path) {
    let mut records = BTreeMap::<u64, u64>::new();
    let lines = judge::babeltrace2(trace, |line| {
        assert_eq!(line.number("process"), line.vpid(), "{}", line.text);
        *records.entry(line.vpid()).or_default() += 1;
    });
    // On a busy machine process ids come again.
    let mut processes = BTreeMap::<u64, u64>::new();
    for folder in folders(trace) {
        let name = folder.file_name().expect("it has a name").to_string_lossy().into_owned();
        let pid = name.split('-').nth(1).and_then(|pid| pid.parse().ok()).expect("NAME-PID");
        *processes.entry(pid).or_default() += 1;
    }
    assert_eq!(records, processes);
    assert_eq!((lines, processes.values().sum::<u64>()), (PROCESSES, PROCESSES));
}

fn under_record(end: &str) {
    if !skip::judges_are_here() {
        return;
    }
    let program = binaries::program("one_event");
    let recorded =
        Recording::of("spawner").arg(PROCESSES).arg(program.display()).arg(end).run().succeeded();
    assert_eq!(recorded.report::<u64>(), PROCESSES);
    assert_each_has_one_record(&recorded.trace());
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.processes), (PROCESSES, PROCESSES));
    assert_eq!(summary.lost_in_all(), 0);
}

#[test]
fn under_record_processes_that_exit_at_once_leave_their_record() {
    under_record("exit");
}

#[test]
fn under_record_processes_that_kill_themselves_leave_their_record() {
    under_record("kill");
}

#[test]
fn with_a_daemon_processes_that_end_at_once_leave_their_record() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let program = binaries::program("one_event");
    for end in ["exit", "kill"] {
        let trace = site.start_session(end, "one:*");
        let count = PROCESSES.to_string();
        site.program("spawner", &[&count, program.to_str().expect("text"), end]).wait().succeeded();
        assert_eq!(report::read::<u64>(&site.path("report")), PROCESSES);
        site.end_session(end);
        assert_each_has_one_record(&trace);
    }
}
