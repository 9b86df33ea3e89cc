//! Signals that a program sends.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};
use ust_test_support::command::Running;

/// A C program, compiled into a directory of its own; `None`, and said so, where the judges are missing.
fn compiled(name: &str) -> Option<(TempDir, PathBuf)> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), name, &[]);
    Some((dir, program))
}

/// Records a program, without loss.
fn recorded<const N: usize>(program: &Path, argument: &Path, options: [&str; N]) -> Recorded {
    let recording = Recording::of_path(program.to_owned()).options(["--subbuf-size", "4M"]);
    let recorded = recording.options(options).arg(argument.display()).run();
    assert_eq!(recorded.summary().lost_in_all(), 0, "{:?}", recorded.finished);
    recorded
}

#[test]
fn a_signal_by_which_a_process_kills_itself_is_recorded() {
    let Some((_dir, program)) = compiled("kills_itself") else { return };
    let alone = Running::start(&mut Command::new(&program)).wait();
    let recorded = recorded(&program, Path::new(""), ["--preload", "proc"]);
    assert_eq!(recorded.finished.stdout, alone.stdout);
    let (mut to_itself, mut behind) = (Vec::new(), Vec::new());
    judge::babeltrace2(&recorded.trace(), |line| match line.event_of("proc") {
        Some("kill_self") => to_itself.push(line.number("signal") as i32),
        Some("kill" | "raise") => behind.push(line.number("signal") as i32),
        _ => {}
    });
    assert_eq!(
        to_itself,
        [
            libc::SIGTERM,
            libc::SIGHUP,
            libc::SIGINT,
            libc::SIGQUIT,
            libc::SIGUSR1,
            libc::SIGUSR2,
            libc::SIGALRM,
            libc::SIGKILL,
            libc::SIGWINCH,
        ]
    );
    assert_eq!(behind, [libc::SIGKILL, 0, libc::SIGTERM, libc::SIGWINCH], "those that returned");
}
