//! Tests that cannot run here say so.

use std::process::{Command, Stdio};

/// Prints why a test does not run, so that the output of the test run shows it.
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Whether the judges are installed; if not, says which is missing.
pub fn judges_are_here() -> bool {
    has("babeltrace2", &["--version"]) && has("/usr/bin/python3", &["-c", "import bt2"])
}

/// Whether a command works; if not, says so.
pub fn has(command: &str, arguments: &[&str]) -> bool {
    let mut probe = Command::new(command);
    probe.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let works = probe.status().is_ok_and(|status| status.success());
    if !works {
        skipped(&format!("`{command} {}` does not work here", arguments.join(" ")));
    }
    works
}
