//! What a user may not do gets one line and an exit code of its own, and leaves nothing half-made.
//!
//! Run as an unprivileged user, because root may write anywhere. `ust record`, `ustconsumerd` and `ust` meet an output
//! directory that they may not write to, and a runtime directory that belongs to another user.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::skip;
use ust_test_support::binaries;
use ust_test_support::command::{Finished, Running, run};
use ust_test_support::wait::wait_until;

const NOBODY: u32 = 65534;

const SETPRIV: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/// A directory that the user `nobody` may enter, with the binaries, and directories of that user and of root.
struct Place {
    dir: TempDir,
}

impl Place {
    /// `None`, with a line that says so, if the test cannot act as another user here.
    fn new() -> Option<Self> {
        if !skip::has("setpriv", &[&SETPRIV[..], &["true"]].concat()) {
            return None;
        }
        let dir =
            tempfile::Builder::new().prefix("ust-acceptance-").tempdir().expect("a directory");
        let place = Self { dir };
        set_mode(place.dir.path(), 0o755);
        for binary in [binaries::ust(), binaries::ustconsumerd(), binaries::program("one_event")] {
            let copy = place.path(binary.file_name().expect("a file").to_str().expect("text"));
            // By another process: a child that another test forks meanwhile would hold the file open for writing, and the
            // file could not be executed.
            run(Command::new("cp").arg(&binary).arg(&copy)).succeeded();
            set_mode(&copy, 0o755);
        }
        for (name, owner) in [("own", NOBODY), ("roots", 0)] {
            std::fs::create_dir(place.path(name)).expect("it can be made");
            chown(place.path(name), Some(owner), Some(owner)).expect("root may");
            set_mode(&place.path(name), 0o755);
        }
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A binary as the user `nobody`, in that user's own directory.
    fn command(&self, binary: &str, runtime_dir: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(SETPRIV).arg(self.path(binary)).current_dir(self.path("own"));
        command.env("UST_RUNTIME_DIR", runtime_dir).env("TMPDIR", self.path("own"));
        command
    }

    /// Runs it.
    fn run(&self, binary: &str, runtime_dir: &Path, arguments: &[&str]) -> Finished {
        run(self.command(binary, runtime_dir).args(arguments))
    }

    fn names_in(&self, name: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(name)).expect("root may");
        entries
            .map(|entry| entry.expect("root may").file_name().to_string_lossy().into_owned())
            .collect()
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
}

/// One line on standard error, that names what it is about; the exit code; nothing on standard output.
#[track_caller]
fn assert_refused(finished: &Finished, code: i32, about: &Path) {
    let Finished { stdout, stderr, .. } = finished;
    assert_eq!(finished.code(), code, "{stderr}");
    assert_eq!((stderr.lines().count(), &**stdout), (1, ""), "{stderr}");
    assert!(stderr.contains(about.to_str().expect("text")), "{stderr}");
}

#[test]
fn an_output_directory_that_cannot_be_written_to_is_refused() {
    let Some(place) = Place::new() else { return };
    let runtime = place.path("own/runtime");
    let program = place.path("one_event");
    let program = program.to_str().expect("text");
    for output in [place.path("roots"), place.path("roots/new"), place.path("roots/new/deeper")] {
        let text = output.to_str().expect("text");
        let finished = place.run(
            "ust",
            &runtime,
            &["record", "-o", text, "--summary", "summary", "--", program],
        );
        assert_refused(&finished, 115, &output);
        assert_eq!(place.names_in("roots"), [""; 0]);
        assert_eq!(place.names_in("own"), [""; 0]);
    }
    // The same user in a directory of its own.
    let finished =
        place.run("ust", &runtime, &["record", "-o", "trace", "--", program]).succeeded();
    assert!(finished.stderr.contains("1 event recorded"), "{}", finished.stderr);
}

#[test]
fn a_session_s_output_directory_that_the_daemon_cannot_write_to_is_refused() {
    let Some(place) = Place::new() else { return };
    let runtime = place.path("own/runtime");
    let _daemon = Running::start(&mut place.command("ustconsumerd", &runtime));
    wait_until("the daemon's answer", || {
        place.run("ust", &runtime, &["status"]).status.success().then_some(())
    });
    let output = place.path("roots/new");
    let finished =
        place.run("ust", &runtime, &["create", "mine", "-o", output.to_str().expect("text")]);
    let list = place.run("ust", &runtime, &["list"]);
    assert_refused(&finished, 115, &output);
    assert!(!list.succeeded().stdout.contains("mine"), "a session was half made");
    assert_eq!(place.names_in("roots"), [""; 0]);
}

#[test]
fn a_runtime_directory_of_somebody_else_s_is_refused() {
    let Some(place) = Place::new() else { return };
    let runtime = place.path("roots");
    assert_refused(&place.run("ustconsumerd", &runtime, &[]), 111, &runtime);
    for command in
        [&["status"][..], &["list"], &["create", "mine"], &["start"], &["stop"], &["destroy"]]
    {
        let finished = place.run("ust", &runtime, command);
        assert_refused(&finished, 111, &runtime);
    }
    assert_eq!(place.names_in("roots"), [""; 0]);
    assert_eq!(place.names_in("own"), [""; 0]);
}

#[test]
fn a_program_whose_runtime_directory_is_somebody_else_s_runs_as_if_there_were_no_tracer() {
    let Some(place) = Place::new() else { return };
    let finished = place.run("one_event", &place.path("roots"), &[]);
    assert_eq!((finished.code(), &*finished.stdout, &*finished.stderr), (0, "", ""));
    assert_eq!(place.names_in("roots"), [""; 0]);
}
