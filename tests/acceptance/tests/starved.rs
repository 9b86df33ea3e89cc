//! Where ring memory cannot be had the program runs on, and every event is counted; once it can be had, recorded.

use ust_acceptance::daemon::Site;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, progress, skip};
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 1000;

#[track_caller]
fn assert_counted(limit: &str, buffers: &str, why: &str) {
    let what = format!("{limit}, {buffers}");
    let recording = Recording::of("starved").options(["--buffers", buffers]);
    // A SIGBUS, SIGXFSZ or SIGSEGV would make it 128 and more.
    let recorded = recording.arg(limit).arg(EVENTS).run().succeeded();
    let [poor, rich]: [u64; 2] = recorded.report();
    let summary = recorded.summary();
    assert_eq!(summary.lost.get("records_lost_no_stream"), Some(&poor), "{what}: {summary:?}");
    assert_eq!((summary.recorded, summary.lost_in_all()), (rich, poor), "{what}: {summary:?}");
    let tally = judge::tally(&recorded.trace(), "is_rich");
    assert_eq!(tally.into_iter().collect::<Vec<_>>(), [(1, rich)], "{what}");
    let stderr = &recorded.finished.stderr;
    let is_told = |line: &str| {
        line.contains("process ")
            && line
                .contains("(starved): no ring could be had for 2000 events; reason for the last: ")
            && line.contains(why)
    };
    assert!(stderr.lines().any(is_told), "{what}: {stderr}");
}

#[test]
fn without_descriptors() {
    if skip::judges_are_here() {
        ["per-thread", "per-cpu"].into_iter().for_each(|it| {
            assert_counted(
                "descriptors",
                it,
                "Too many open files (os error 24): let it open more files (ulimit -n)",
            );
        });
    }
}

#[test]
fn without_addresses() {
    if skip::judges_are_here() {
        ["per-thread", "per-cpu"].into_iter().for_each(|it| {
            assert_counted(
                "addresses",
                it,
                "(os error 12): raise its limits of memory (ulimit -v, ulimit -d)",
            );
        });
    }
}

#[test]
fn without_permission_for_large_files() {
    if skip::judges_are_here() {
        ["per-thread", "per-cpu"].into_iter().for_each(|it| {
            assert_counted("file-size", it, "(os error 27): let it write larger files (ulimit -f)");
        });
    }
}

/// A channel needs memory in the process too, and that may be short before any ring is made.
#[test]
fn without_addresses_for_the_channel_itself() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let path = site.path("progress");
    let arguments = [path.to_str().expect("text"), &EVENTS.to_string()];
    let program = site.program("starved_channel", &arguments);
    let wait_for = |stage| {
        wait_until("the program", || {
            progress::read(&path).is_some_and(|words| words[1] == stage).then_some(())
        });
    };
    wait_until("the program in `ust list`", || {
        site.ust(&["list"]).succeeded().stdout.contains("starved_channel").then_some(())
    });
    wait_for(1);
    // This returns when the program has heard rules: its agent has had a turn, and so memory of its own.
    site.start_session("first", "nothing:*");
    site.ust(&["disable-event", "-s", "first", "nothing:*"]).succeeded();
    progress::set(&path, 2, 1);
    wait_for(2);
    let trace = site.start_session("mine", "starved:*");
    wait_for(3);
    site.ust(&["stop", "mine"]).succeeded();
    let destroyed = site.ust(&["destroy", "mine"]).succeeded();
    let counts = "1,000 events recorded, 1,000 lost (records_lost_no_stream 1,000), 1 process";
    assert!(destroyed.stdout.contains(counts), "{destroyed:?}");
    let why = "no ring could be had for 1000 events; reason for the last: Cannot allocate memory";
    assert!(destroyed.stderr.contains(why), "{destroyed:?}");
    let tally = judge::tally(&trace, "is_rich");
    assert_eq!(tally.into_iter().collect::<Vec<_>>(), [(1, EVENTS)]);
    progress::set(&path, 2, 2);
    program.wait().succeeded();
}
