//! `ust stats`: what it prints of small traces, and how it fails.

mod common;

use common::Sandbox;
use std::path::Path;

/// A small trace of lttng-ust's; how many events it has.
fn copy_trace(sandbox: &Sandbox) -> usize {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ctf/tests/data/lttng-ust");
    std::fs::create_dir(sandbox.path("trace")).unwrap();
    for entry in std::fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        if entry.metadata().unwrap().is_file() {
            std::fs::copy(entry.path(), sandbox.path("trace").join(entry.file_name())).unwrap();
        }
    }
    sandbox.done(&["view", "trace"]).lines().count()
}

#[test]
fn a_trace_of_another_tracer_is_counted() {
    let sandbox = Sandbox::new();
    let events = copy_trace(&sandbox);
    let text = sandbox.done(&["stats", "trace"]);
    assert!(text.starts_with(&format!("{events} events in ")), "{text}");
    assert!(text.contains("\nNo durations: "), "{text}");
    // All given traces are counted together.
    let text = sandbox.done(&["stats", "trace", "trace"]);
    assert!(text.starts_with(&format!("{} events in ", 2 * events)), "{text}");
}

#[test]
fn a_broken_stream_costs_its_own_events_and_the_exit_code() {
    let sandbox = Sandbox::new();
    let events = copy_trace(&sandbox);
    std::fs::write(sandbox.path("trace/broken"), [0x5a; 4096]).unwrap();
    for (options, exact) in
        [(&["stats", "trace"][..], true), (&["stats", "--diff", "trace", "trace"], false)]
    {
        let ended = sandbox.run(options);
        assert_eq!(ended.code(), 1, "{ended:?}");
        assert!(ended.stderr.contains("trace/broken"), "{ended:?}");
        assert!(!exact || ended.stdout.starts_with(&format!("{events} events in ")), "{ended:?}");
        assert!(ended.stdout.to_lowercase().contains("uncertain"), "{ended:?}");
    }
}

#[test]
fn what_is_not_there_is_one_line() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    for dir in ["empty", "absent"] {
        let line = sandbox.fails(1, &["stats", dir]);
        assert!(line.contains(dir), "{line}");
    }
    copy_trace(&sandbox);
    let line = sandbox.fails(1, &["stats", "--histogram", "no\u{1b}:span", "trace"]);
    assert!(line.contains(r"no\x1b:span: there are no durations"), "{line}");
    let ended = sandbox.run(&["stats", "--pair", "no:begin,no:end", "trace"]);
    assert_eq!((ended.code(), ended.stderr.lines().count()), (0, 2), "{ended:?}");
    assert!(ended.stderr.contains("no:begin, but there are no such events"), "{ended:?}");
}

#[test]
fn a_trace_without_events_is_explained() {
    let sandbox = Sandbox::new();
    copy_trace(&sandbox);
    std::fs::create_dir(sandbox.path("metadata-only")).unwrap();
    std::fs::copy(sandbox.path("trace/metadata"), sandbox.path("metadata-only/metadata")).unwrap();
    let text = sandbox.done(&["stats", "metadata-only"]);
    assert_eq!(text, "There are no events.\nNothing was lost.\n");
    let text = sandbox.done(&["stats", "--diff", "metadata-only", "trace"]);
    assert!(text.starts_with("A: 0 events in 0 ns\nB: ") && text.contains(" new "), "{text}");
}

#[test]
fn wrong_usage_is_2() {
    let sandbox = Sandbox::new();
    copy_trace(&sandbox);
    let line = sandbox.fails(2, &["stats", "--diff", "trace"]);
    assert!(line.contains("ust stats --diff BEFORE AFTER"), "{line}");
    for pair in ["one", "a,b,c,d", "a,"] {
        assert_eq!(sandbox.run(&["stats", "--pair", pair, "trace"]).code(), 2, "{pair}");
    }
}

#[test]
fn a_pager_that_is_closed_is_no_failure_and_a_full_disk_is() {
    let sandbox = Sandbox::new();
    copy_trace(&sandbox);
    let ended = sandbox.shell("($UST stats trace; echo $? >&2) | true");
    assert_eq!(ended.stderr, "0\n");
    let ended = sandbox.shell("$UST stats trace > /dev/full");
    assert_eq!(ended.code(), 125, "{ended:?}");
}
