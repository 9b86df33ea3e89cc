//! Functions of C programs built with `-finstrument-functions`: entries and exits, and calls with their times.

use std::collections::BTreeMap;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};

/// Records parts of the program.
fn recorded(parts: &[&str], options: &[&str]) -> Recorded {
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "calls_functions", &["-finstrument-functions"]);
    let mut recording = Recording::of_path(program).options(["--preload", "func"]);
    for option in options {
        recording = recording.options([*option]);
    }
    let recorded = parts.iter().fold(recording, Recording::arg).run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    recorded
}

/// An event, the name of its function, and its line.
type Called = (String, String, String);

fn called(recorded: &Recorded) -> Vec<Called> {
    let name = |line: &str| {
        let (name, address) = line.split_once(" 0x").expect("a name and an address");
        (format!("0x{}", address.to_uppercase()), name.to_owned())
    };
    let names: BTreeMap<_, _> = recorded.finished.stdout.lines().map(name).collect();
    let mut all = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if let Some(event) = line.event_of("func") {
            let function = names.get(line.value("addr")).cloned().unwrap_or_default();
            all.push((event.to_owned(), function, line.text.to_owned()));
        }
    });
    all
}

fn number(line: &str, field: &str) -> u64 {
    judge::Line { text: line, time_ns: 0 }.number(field)
}

#[test]
fn entries_and_exits_are_those_of_the_program() {
    if !skip::judges_are_here() {
        return;
    }
    let all = called(&recorded(&["shape"], &[]));
    let seen: Vec<_> = all.iter().map(|(event, name, _)| (event.as_str(), name.as_str())).collect();
    let (enter, leave) = (|name| ("entry", name), |name| ("exit", name));
    let inner = [enter("inner"), leave("inner")];
    let outer = [&[enter("outer")][..], &inner, &inner, &[leave("outer")]].concat();
    let shape =
        [&[enter("main"), enter("shape")][..], &outer, &outer, &[leave("shape"), leave("main")]];
    assert_eq!(seen, shape.concat());
    // A function that is called from one place has one call site.
    let sites: Vec<_> = all
        .iter()
        .filter(|(_, name, _)| name == "inner")
        .map(|(_, _, line)| judge::Line { text: line, time_ns: 0 }.value("call_site"))
        .collect();
    assert_eq!(sites[0], sites[1], "of an entry, and of its exit");
    assert_ne!(sites[0], sites[2], "of two places");
    assert_eq!(sites[0], sites[4], "of one place, called twice");
}

#[test]
fn calls_in_more_functions_than_asked_for_leave_no_record() {
    if !skip::judges_are_here() {
        return;
    }
    let all = called(&recorded(&["shape", "jumps", "shape"], &["--max-depth", "2"]));
    let count = |event: &str, name: &str| {
        all.iter().filter(|(it, function, _)| it == event && function == name).count()
    };
    // One more is called where others were left: they may seem to be around it, until their caller has ended.
    assert!(count("entry", "outer") >= 4 && count("entry", "outer") == count("exit", "outer"));
    assert_eq!((count("entry", "inner"), count("exit", "inner")), (0, 0));
    // What `longjmp` leaves has entries, and each time the depth is right again.
    assert_eq!((count("entry", "leaves"), count("exit", "leaves")), (5000, 0));
    assert_eq!((count("entry", "shape"), count("exit", "shape")), (2, 2));
    assert_eq!((count("entry", "main"), count("exit", "main")), (1, 1));
}

#[test]
fn short_calls_leave_no_record_and_depths_are_right() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recorded(&["jumps", "slow"], &["--min-duration", "20ms"]);
    let all = called(&recorded);
    assert!(
        all.iter()
            .all(|(event, _, line)| event == "call" && number(line, "duration") >= 20_000_000)
    );
    let depths: BTreeMap<_, _> =
        all.iter().map(|(_, name, line)| (name.as_str(), number(line, "depth"))).collect();
    for (name, depth) in [("main", 0), ("slow", 1), ("sleeps", 2)] {
        assert_eq!(depths.get(name), Some(&depth), "{name}: {all:?}");
    }
    let durations: BTreeMap<_, _> =
        all.iter().map(|(_, name, line)| (name.as_str(), number(line, "duration"))).collect();
    assert!(durations["main"] >= durations["slow"] && durations["slow"] >= durations["sleeps"]);
    let sleeping = all.iter().filter(|(_, name, _)| name == "sleeps").count();
    assert!(sleeping < 100, "not each of the thousand");
}

/// Beyond the frames of a stack nothing is timed, and what is within is still right. Stacks of threads that have gone are used
/// again.
#[test]
fn depth_and_threads_without_bound_do_no_harm() {
    if !skip::judges_are_here() {
        return;
    }
    let all = called(&recorded(&["deep", "shape", "threads"], &["--min-duration", "1ns"]));
    let depths = |name: &str| -> Vec<_> {
        let of_it = all.iter().filter(|(_, function, _)| function == name);
        of_it.map(|(_, _, line)| number(line, "depth")).collect()
    };
    let deep = depths("deep");
    assert!(deep.len() > 1000 && deep.len() < 5001, "{}", deep.len());
    assert_eq!(deep.last(), Some(&1));
    assert_eq!(depths("shape"), [1]);
    assert_eq!(depths("outer"), [2, 2]);
    assert_eq!(depths("inner"), [3; 4]);
    assert_eq!(depths("of_thread"), [0; 4]);
    assert_eq!(depths("sleeps"), [1; 4]);
    assert_eq!(depths("main"), [0]);
}

/// Exceptions leave functions by their exits.
#[test]
fn exceptions_pass_through_timed_functions() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled_as_cxx(dir.path(), "throws", &["-finstrument-functions"]);
    shim::built();
    for options in [["--min-duration", "1ns"], ["--max-depth", "3"], ["--subbuf-size", "4M"]] {
        let recording = Recording::of_path(program.clone()).options([
            "--preload",
            "func",
            "--subbuf-size",
            "4M",
        ]);
        let recording =
            if options[0] == "--subbuf-size" { recording } else { recording.options(options) };
        let recorded = recording.run();
        assert_eq!(recorded.finished.code(), 5, "{options:?}");
        assert_eq!(recorded.finished.stdout, "400 caught\n");
        assert!(judge::count(&recorded.trace()) > 0);
    }
}
