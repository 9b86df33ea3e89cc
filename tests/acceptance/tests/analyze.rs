//! `ust analyze` over recordings of real programs: its figures are those of the program's own counts and of valgrind.

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

const ROUNDS: u64 = 20_000;

/// Records a program. A process whose first event finds the recorder busy loses that event, and the trace does not say so.
/// Then the program is recorded once more.
#[track_caller]
fn recorded(program: &Path, set: &str, arguments: &[&str]) -> Recorded {
    for _ in 0..20 {
        let options = ["--preload", set, "--mode", "block"];
        let mut recording = Recording::of_path(program.to_owned()).options(options);
        for argument in arguments {
            recording = recording.arg(argument);
        }
        let recorded = recording.run().succeeded();
        if recorded.summary().lost_in_all() == 0 {
            return recorded;
        }
    }
    panic!("a recording that loses nothing");
}

fn analyzed(what: &str, trace: &Path) -> Value {
    let mut command = Command::new(binaries::ust());
    let report = run(command.args(["analyze", what, "--json"]).arg(trace)).succeeded();
    assert_eq!(report.stderr, "");
    serde_json::from_str(&report.stdout).expect("JSON")
}

/// The numbers in a line behind a word, without their commas.
fn numbers_behind(text: &str, word: &str) -> Vec<u64> {
    let (_, rest) = text.split_once(word).unwrap_or_else(|| panic!("no {word} in {text}"));
    let line = rest.lines().next().unwrap_or_default().replace(',', "");
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn a_heap_is_what_the_program_and_valgrind_count() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "heap", &["-g"]);
    let recorded = recorded(&program, "libc_mem", &[&ROUNDS.to_string()]);
    let report = analyzed("heap", &recorded.trace());
    assert_eq!(report["is_uncertain"], false);
    let [process] = &report["processes"].as_array().expect("processes")[..] else {
        panic!("one process: {report:#}")
    };
    let own = numbers_behind(&recorded.finished.stdout, "");
    let ours = [
        &process["allocations"],
        &process["frees"],
        &process["allocated_bytes"],
        &process["peak"]["bytes"],
        &process["live_at_end"]["bytes"],
        &process["live_at_end"]["blocks"],
    ];
    let ours = ours.map(|figure| figure.as_u64().expect("a number"));
    assert_eq!(ours[..], own);
    for none in ["frees_of_unknown", "unseen_frees", "failed"] {
        assert_eq!(process[none], 0, "{none}");
    }
    let leak = |at: usize| [&process["leaks"][at]["bytes"], &process["leaks"][at]["blocks"]];
    assert_eq!((leak(0), leak(1)), ([&5000.into(), &5.into()], [&123.into(), &1.into()]));
    assert_eq!(process["leaking_sites"], 2);

    if !skip::has("valgrind", &["--version"]) {
        return;
    }
    let theirs = run(Command::new("valgrind").arg(&program).arg(ROUNDS.to_string())).succeeded();
    let total = numbers_behind(&theirs.stderr, "total heap usage:");
    assert_eq!(total[..], ours[..3], "allocations, frees, bytes");
    let live = numbers_behind(&theirs.stderr, "in use at exit:");
    assert_eq!(live[..], ours[4..], "bytes and blocks that leak");
}

/// Each process that a shell starts has its own figures.
#[test]
fn children_are_told_apart() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "heap", &[]);
    let script = format!("{0} 10; {0} 20; exit 0", program.display());
    let recorded = recorded(Path::new("/bin/sh"), "libc_mem", &["-c", &script]);
    let report = analyzed("heap", &recorded.trace());
    let processes = report["processes"].as_array().expect("processes");
    let of_program: Vec<_> = processes.iter().filter(|process| process["name"] == "heap").collect();
    let own: Vec<_> =
        recorded.finished.stdout.lines().map(|line| numbers_behind(line, "")).collect();
    let ours: Vec<_> = of_program
        .iter()
        .map(|process| process["allocations"].as_u64().expect("a number"))
        .collect();
    assert_eq!(ours, own.iter().map(|line| line[0]).collect::<Vec<_>>());
    let pid = of_program[1]["pid"].as_u64().expect("a number").to_string();
    let mut command = Command::new(binaries::ust());
    let one = run(command.args(["analyze", "heap", "--pid", &pid]).arg(recorded.trace()));
    let one = one.succeeded().stdout;
    assert_eq!(one.lines().filter(|line| line.starts_with("Process ")).count(), 1, "{one}");
}

/// Bytes, errors and what a descriptor stood for are those of the program, which gives one number to three files.
#[test]
fn io_is_what_the_program_did() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "io_calls", &[]);
    let recorded = recorded(&program, "libc_io", &[dir.path().to_str().expect("a plain name")]);
    let report = analyzed("io", &recorded.trace());
    let process = report["processes"]
        .as_array()
        .expect("processes")
        .iter()
        .find(|process| process["descriptors"].to_string().contains("second"))
        .expect("the parent");
    let of_file = |name: &str| {
        let all = process["descriptors"].as_array().expect("descriptors").iter();
        let number = |one: &Value, name: &str| one[name].as_u64().expect("a number");
        let of_file = all.filter(|one| one["stands_for"] == name);
        let bytes = of_file.map(|one| {
            (number(one, "fd"), number(one, "read_bytes"), number(one, "written_bytes"))
        });
        let mut bytes: Vec<_> = bytes.collect();
        bytes.sort_unstable();
        bytes
    };
    let [(first, 0, 50_000), (again, 50_000, 0)] = of_file("first")[..] else {
        panic!("{:?}", of_file("first"))
    };
    assert_eq!((again, of_file("second")), (first, vec![(first, 0, 77)]));
    let errors = process["errors"].as_array().expect("errors").iter();
    let mut errors: Vec<_> = errors
        .map(|one| (one["function"].as_str(), one["error"].as_str(), one["count"].as_u64()))
        .collect();
    errors.sort_unstable();
    let expected = [("open", "ENOENT", 3), ("read", "EBADF", 1), ("write", "EBADF", 1)];
    let expected =
        expected.map(|(function, error, count)| (Some(function), Some(error), Some(count)));
    assert_eq!(errors, expected);
    let slowest = &process["slowest"][0];
    assert_eq!(
        (&slowest["function"], &slowest["on"], &slowest["result"]),
        (&"read".into(), &"pipe".into(), &4.into())
    );
    assert!(slowest["duration_ns"].as_u64() > Some(200_000_000), "{slowest:#}");
}

/// Which thread waited, for how long at least, and for which thread.
#[test]
fn a_contended_mutex_is_told_with_who_held_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let exported = run(Command::new("nm").arg("-D").arg(shim::built())).stdout;
    if !exported.contains("pthread_mutex_lock") {
        skip::skipped("the shim does not record locks");
        return;
    }
    let program = shim::compiled(dir.path(), "contended", &["-g"]);
    let recorded = recorded(&program, "pthread,dl", &[]);
    let report = analyzed("locks", &recorded.trace());
    let process = &report["processes"][0];
    let lock = &process["most_contended"][0];
    assert_eq!(lock["address"], recorded.finished.stdout.trim());
    let number = |name: &str| lock[name].as_u64().expect("a number");
    assert_eq!((number("acquisitions"), number("waits")), (3, 2), "{lock:#}");
    // Both wait when the 200 ms begin.
    assert!(number("wait_ns") > 390_000_000 && number("longest_wait_ns") > 195_000_000, "{lock:#}");
    assert!(number("longest_hold_ns") > 195_000_000, "{lock:#}");
    assert_eq!(lock["longest_held_by"], process["pid"]);
    let holder = &lock["held_by"][0];
    assert_eq!((&holder["tid"], &holder["name"]), (&process["pid"], &"contended".into()));
    assert_eq!(lock["waiters"][0]["site"]["function"], "wait_for_it");
}

/// Leaks and the peak by call stack: who called for it, and from where.
#[test]
fn leaks_and_the_peak_are_told_by_call_stack() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "heap", &["-g"]);
    let options = ["--preload", "libc_mem,dl", "--call-stacks", "--mode", "block"];
    let recorded = Recording::of_path(program).options(options).arg("100").run().succeeded();
    let report = analyzed("heap", &recorded.trace());
    let process = &report["processes"][0];
    let stack = |list: &str, at: usize| {
        let one = &process[list][at];
        let frames = one["frames"].as_array().expect("frames").iter();
        let functions = frames.map(|frame| frame["function"].as_str().unwrap_or("?").to_owned());
        let functions: Vec<_> = functions.take(2).collect();
        (one["bytes"].as_u64().expect("a number"), one["blocks"].as_u64(), functions.join(" "))
    };
    assert_eq!(stack("leaking_stacks", 0), (5000, Some(5), "leak_five main".to_owned()));
    assert_eq!(stack("leaking_stacks", 1), (123, Some(1), "leak_one main".to_owned()));
    let (bytes, blocks, functions) = stack("peak_stacks", 0);
    assert_eq!((bytes, blocks), (640_000, Some(64)));
    assert!(functions.starts_with("main "), "{functions}");
    assert_eq!(stack("peak_stacks", 1), (5000, Some(5), "leak_five main".to_owned()));
    assert_eq!(process["peak_stacks"].as_array().map(Vec::len), Some(2));
    let mut command = Command::new(binaries::ust());
    let text = run(command.args(["analyze", "heap"]).arg(recorded.trace())).succeeded().stdout;
    let (_, leaks) = text.split_once("live at the end, by call stack:").expect("a list");
    let lines: Vec<_> = leaks.lines().skip(1).take(3).map(str::trim).collect();
    assert_eq!(lines[0], "5,000 bytes in 5 blocks");
    assert!(lines[1].starts_with("leak_five at ") && lines[2].starts_with("main at "), "{lines:?}");
}
