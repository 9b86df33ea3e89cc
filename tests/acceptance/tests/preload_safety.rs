//! The shim reads no memory that the program's call would not have read.

use std::process::Command;
use ust_acceptance::recording::Recording;
use ust_acceptance::shim;
use ust_test_support::command::run;

#[test]
fn addresses_where_nothing_is_are_refused_by_the_kernel() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "wild", &[]);
    run(&mut Command::new(&program)).succeeded();
    let options = ["--preload", "all", "--begin", "--subbuf-size", "1M"];
    let recorded = Recording::of_path(program.clone()).options(options).run();
    let finished = &recorded.finished;
    assert_eq!((finished.code(), &*finished.stdout), (0, "done\n"), "{}", finished.stderr);
    // Environments are changed although nobody records.
    let mut unrecorded = Command::new(&program);
    unrecorded.env("LD_PRELOAD", shim::built());
    assert_eq!(run(&mut unrecorded).succeeded().stdout, "done\n");
}
