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

/// Everything behind the time of day and the time since the last line.
fn what(line: &str) -> &str {
    line.splitn(3, ' ').nth(2).unwrap()
}

#[track_caller]
fn assert_same(some: &[String], expected: &[String]) {
    let whats =
        |lines: &[String]| lines.iter().map(|line| what(line).to_owned()).collect::<Vec<_>>();
    assert_eq!(whats(some), whats(expected));
}

#[test]
fn events_are_chosen_by_name_time_and_number() {
    let sandbox = Sandbox::new();
    let all = copy_trace(&sandbox);
    let view = |options: &[&str]| -> Vec<String> {
        let printed = sandbox.done(&[&["view", "trace"], options].concat());
        printed.lines().map(str::to_owned).collect()
    };
    assert!(all.len() > 4);
    assert_same(&view(&["--first", "3"]), &all[..3]);
    assert_same(&view(&["--last", "3"]), &all[all.len() - 3..]);
    assert_same(&view(&["--last", "1000000"]), &all);
    assert_eq!(view(&["--first", "0"]), [""; 0]);

    let name =
        |line: &String| line.split(": {").next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let chosen = name(&all[1]);
    let of_it: Vec<String> = all.iter().filter(|line| name(line) == chosen).cloned().collect();
    assert!(of_it.len() < all.len());
    assert_same(&view(&["--event", &chosen]), &of_it);
    assert_same(&view(&["--event", "*:*", "--last", "2"]), &all[all.len() - 2..]);

    // Times by the JSON of the same trace.
    let time = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["time_ns"].as_i64().unwrap()
    };
    let times: Vec<i64> = view(&["--json"]).iter().map(time).collect();
    assert_eq!(times.len(), all.len());
    let seconds = |ns: i64| format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
    let (second, last) = (times[1], *times.last().unwrap());
    let from = times.iter().filter(|time| **time >= second).count();
    let until = times.iter().filter(|time| **time <= second).count();
    let later = &all[all.len() - from..];
    assert_same(&view(&["--begin", &seconds(second)]), later);
    assert_same(&view(&["--end", &seconds(second)]), &all[..until]);
    assert_same(&view(&["--begin", &format!("+{}", seconds(second - times[0]))]), later);
    assert_same(&view(&["--begin", &format!("-{}", seconds(last - second))]), later);
}

#[test]
fn that_nothing_was_chosen_is_told() {
    let sandbox = Sandbox::new();
    copy_trace(&sandbox);
    let ended = sandbox.run(&["view", "trace", "--event", "no:such"]);
    assert_eq!((ended.code(), &*ended.stdout), (0, ""), "{ended:?}");
    assert!(ended.stderr.contains("none of that name and time"), "{ended:?}");
    let ended = sandbox.run(&["view", "trace", "--begin", "soon"]);
    assert!(ended.code() != 0 && ended.stderr.contains("`soon` is no time"), "{ended:?}");
}

#[test]
fn another_programs_lines_are_its_own_to_the_byte() {
    if std::process::Command::new("babeltrace2").arg("--version").output().is_err() {
        println!("SKIPPED: babeltrace2 is not installed");
        return;
    }
    let sandbox = Sandbox::new();
    copy_trace(&sandbox);
    let theirs = sandbox.shell("babeltrace2 trace");
    assert!(!theirs.stdout.is_empty());
    assert_eq!(sandbox.done(&["view", "trace", "--compat", "babeltrace2"]), theirs.stdout);
}
