//! A leak checker says nothing of an instrumented program and its children, recorded or not.
//!
//! The program itself leaves nothing behind, so everything reported would be the library's. A child has its parent's memory
//! without its parent's agent: what the agent held is the likeliest leak.

use std::path::Path;
use std::process::Command;
use ust_acceptance::skip;
use ust_test_support::binaries;

const EVENTS: &str = "20";

/// The program's processes: itself, a child, a grandchild.
const PROCESSES: usize = 3;

#[test]
fn a_leak_checker_finds_nothing_in_a_program_that_nobody_records() {
    if !skip::has("valgrind", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut command = under_valgrind(dir.path());
    command.env("UST_RUNTIME_DIR", dir.path());
    judge(command, dir.path());
}

#[test]
fn a_leak_checker_finds_nothing_in_a_program_that_is_recorded_nor_in_its_children() {
    if !skip::has("valgrind", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let traced = under_valgrind(dir.path());
    let mut command = Command::new(binaries::ust());
    command.arg("record").arg("--output").arg(dir.path().join("trace"));
    command.args(["--summary", "summary"]).current_dir(dir.path()).arg("--");
    command.arg(traced.get_program()).args(traced.get_args());
    judge(command, dir.path());
    let summary = std::fs::read_to_string(dir.path().join("summary")).expect("a summary");
    let summary: ust_acceptance::recording::Summary = serde_json::from_str(&summary).expect("JSON");
    // Three times 20 in the program, twice in its child, once in the grandchild.
    assert_eq!((summary.recorded, summary.lost_in_all(), summary.processes), (120, 0, 3));
}

fn under_valgrind(dir: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args([
        "--quiet",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite,indirect,possible",
    ]);
    command.args(["--error-exitcode=99", "--num-callers=40"]);
    command.arg(format!("--log-file={}/log-%p", dir.display()));
    command.arg(binaries::program("ends_cleanly")).arg(EVENTS);
    command
}

/// Each process writes a log of its own, which is empty if there was nothing to say.
fn judge(mut command: Command, dir: &Path) {
    let output = command.output().expect("it runs");
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(dir).expect("the directory is there") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log-")) {
            logs.push(std::fs::read_to_string(path).expect("a log"));
        }
    }
    assert_eq!(logs.len(), PROCESSES, "{output:?}");
    assert!(logs.iter().all(String::is_empty), "{}", logs.join("\n"));
    assert!(output.status.success(), "{output:?}");
}
