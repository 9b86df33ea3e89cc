//! The shim reads no memory that the program's call would not have read, and unwinders find their way through it.

use std::path::PathBuf;
use std::process::Command;
use ust_acceptance::recording::Recording;
use ust_acceptance::{shim, skip};
use ust_test_support::command::run;

#[test]
fn addresses_where_nothing_is_are_refused_by_the_kernel() {
    let dir = tempfile::tempdir().expect("a directory");
    shim::built();
    let program = shim::compiled(dir.path(), "wild", &[]);
    run(&mut Command::new(&program)).succeeded();
    let options = ["--preload", "all", "--begin", "--data-prefix", "64", "--subbuf-size", "1M"];
    let recorded = Recording::of_path(program.clone()).options(options).run();
    let finished = &recorded.finished;
    assert_eq!((finished.code(), &*finished.stdout), (0, "done\n"), "{}", finished.stderr);
    // Environments are changed although nobody records.
    let mut unrecorded = Command::new(&program);
    unrecorded.env("LD_PRELOAD", shim::built());
    assert_eq!(run(&mut unrecorded).succeeded().stdout, "done\n");
}

#[test]
fn unwinders_pass_functions_with_lists_of_arguments() {
    if !skip::has("cc", &["--version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "calls_execl", &["-rdynamic"]);
    let behind = shim::compiled(dir.path(), "unwinds", &["-shared", "-fPIC"]);
    let behind: PathBuf = behind.canonicalize().expect("it was made");
    let mut command = Command::new(&program);
    command.env("LD_PRELOAD", format!("{}:{}", shim::built().display(), behind.display()));
    let finished = run(&mut command).succeeded();
    for caller in ["calls_execl", "calls_execlp", "calls_execle"] {
        assert!(finished.stdout.contains(&format!("({caller}+")), "{caller}: {}", finished.stdout);
    }
    assert_eq!(finished.stdout.matches("(main+").count(), 3, "{}", finished.stdout);
}
