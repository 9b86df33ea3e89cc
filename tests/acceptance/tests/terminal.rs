//! Ctrl-C on a terminal reaches the program once, and the recorder goes on until the program has ended.
//!
//! The terminal interrupts every process of the foreground group: the program has had its signal, and `ust record`
//! must neither end by its own nor pass it on a second time.

use std::path::Path;
use std::process::Command;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

#[test]
fn ctrl_c_reaches_the_program_once_and_the_closing_line_comes() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::Builder::new().prefix("ust-acceptance-").tempdir().expect("a directory");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/terminal.py");
    let (ready, trace) = (dir.path().join("ready"), dir.path().join("trace"));
    let finished = run(Command::new("/usr/bin/python3")
        .arg(script)
        .arg(&ready)
        .arg(binaries::ust())
        .args(["record", "-o"])
        .arg(&trace)
        .arg("--")
        .arg(binaries::program("counts_interrupts"))
        .arg(&ready));
    // The program's own status: how many signals it got.
    assert_eq!(finished.code(), 1, "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("1 event recorded, 0 lost, 1 process"), "{}", finished.stdout);
    assert_eq!(judge::count(&trace), 1);
}
