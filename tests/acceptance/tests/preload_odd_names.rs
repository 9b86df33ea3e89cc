//! Names that are no text: paths are bytes, and fields of events say that they are UTF-8. Such a trace is read as any other, and what
//! people and programs are shown of it is text.

use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};
use ust_test_support::binaries;

/// Begins no character of UTF-8.
const ODD: &[u8] = b"odd\xff";

/// What a command of `ust` says of a trace. It must be text.
#[track_caller]
fn told(arguments: &[&str], recorded: &Recorded) -> String {
    let mut command = Command::new(binaries::ust());
    let output = command.args(arguments).arg(recorded.trace()).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Records a program with these sets, and lets babeltrace2 read all of it.
#[track_caller]
fn recorded(program: &Path, arguments: &[&str], sets: &str) -> Recorded {
    let recording = Recording::of_path(program.to_owned()).options(["--preload", sets]);
    let recording = recording.options(["--subbuf-size", "8M"]);
    let recorded = arguments.iter().fold(recording, |all, argument| all.arg(argument)).run();
    let recorded = recorded.succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    assert_eq!(judge::count(&recorded.trace()), recorded.summary().recorded);
    recorded
}

#[test]
fn a_file_is_shown_by_the_bytes_of_its_name() {
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join(OsStr::from_bytes(ODD)), "inside").expect("a file");
    let script = format!("cat {}/odd*", dir.path().display());
    let recorded = recorded(Path::new("/bin/sh"), &["-c", &script], "libc_io,proc");
    assert_eq!(recorded.finished.stdout, "inside");
    let shown = format!("\"{}/odd\\xff\"", dir.path().display());
    let viewed = told(&["view"], &recorded);
    let of = |event: &str| {
        let lines = viewed.lines().filter(|line| line.contains(event));
        lines.filter(|line| line.contains(&shown)).count()
    };
    assert_eq!((of(" libc_io:open"), of(" proc:exec:")), (1, 1), "{viewed}");
    let report: Value =
        serde_json::from_str(&told(&["analyze", "io", "--json"], &recorded)).expect("JSON");
    let name = format!("{}/odd\\xff", dir.path().display());
    assert!(
        report.to_string().contains(&format!("\"stands_for\":{}", Value::from(name))),
        "{report}"
    );
}

/// Its functions are found in its file, by the name that the file has.
#[test]
fn a_program_is_symbolised_by_the_bytes_of_its_name() {
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join(OsStr::from_bytes(ODD));
    std::fs::rename(shim::compiled(dir.path(), "heap", &["-g"]), &program).expect("it is there");
    let recorded = recorded(&program, &["10"], "libc_mem,dl");
    let report = told(&["analyze", "heap", "--json"], &recorded);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let process = &report["processes"][0];
    // Metadata is text.
    assert_eq!(process["name"], "odd\u{fffd}");
    let leaks = process["leaks"].to_string();
    assert!(leaks.contains("\"leak_five\"") && leaks.contains("odd\\\\xff\""), "{process:#}");
}
