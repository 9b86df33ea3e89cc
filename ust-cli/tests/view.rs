//! `ust view`: prints what can be read, and reports what cannot.

mod common;

use common::Sandbox;
use std::path::Path;

/// A small trace of lttng-ust's, and its content.
fn copy_trace(sandbox: &Sandbox) -> Vec<String> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ctf/tests/data/lttng-ust");
    std::fs::create_dir(sandbox.path("trace")).unwrap();
    for entry in std::fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        if entry.metadata().unwrap().is_file() {
            std::fs::copy(entry.path(), sandbox.path("trace").join(entry.file_name())).unwrap();
        }
    }
    let lines = sandbox.done(&["view", "trace"]);
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn a_trace_is_printed_a_line_an_event() {
    let sandbox = Sandbox::new();
    let lines = copy_trace(&sandbox);
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line.starts_with('[') && line.ends_with('}')), "{lines:?}");
}

#[test]
fn a_broken_stream_costs_its_own_events_and_the_exit_code() {
    let sandbox = Sandbox::new();
    let whole = copy_trace(&sandbox);
    std::fs::write(sandbox.path("trace/broken"), [0x5a; 4096]).unwrap();
    let ended = sandbox.run(&["view", "trace"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert!(ended.stderr.contains("trace/broken"), "{ended:?}");
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), whole);
}

#[test]
fn no_trace_is_one_line_and_1() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    for dir in ["empty", "absent"] {
        let line = sandbox.fails(1, &["view", dir]);
        assert!(line.contains(dir), "{line}");
    }
}

#[test]
fn a_pager_that_is_closed_is_no_failure_and_a_full_disk_is() {
    let sandbox = Sandbox::new();
    copy_trace(&sandbox);
    let ended = sandbox.shell("($UST view trace; echo $? >&2) | true");
    assert_eq!(ended.stderr, "0\n");
    let ended = sandbox.shell("$UST view trace > /dev/full");
    assert_eq!(ended.code(), 125, "{ended:?}");
    assert!(ended.stderr.contains("No space left"), "{ended:?}");
}
