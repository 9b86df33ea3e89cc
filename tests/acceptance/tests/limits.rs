//! A program that may write no large file is not killed by the library's memfds, which count as files: it runs on untraced,
//! or its unrecorded events are counted.

use std::path::PathBuf;
use ust_acceptance::recording::Recording;
use ust_test_support::binaries;

#[test]
fn a_limit_to_the_size_of_files_does_not_kill_the_program() {
    let program = binaries::program("one_event");
    let recorded = Recording::of_path(PathBuf::from("/bin/sh"))
        .arg("-c")
        .arg(format!("ulimit -f 64; exec {}", program.display()))
        .run();
    // SIGXFSZ would make it 153.
    recorded.succeeded();
}
