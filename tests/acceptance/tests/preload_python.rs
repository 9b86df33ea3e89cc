//! Python's own regression tests of what is close to the system, under the shim with every set on: each has the result that it has
//! alone. `UST_PYTHON=1` runs them, for minutes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use ust_acceptance::undisturbed::{assert_read_whole, every_set};
use ust_acceptance::{shim, skip};
use ust_test_support::command::run;

/// Only the system's python has its tests where they can be found.
const PYTHON: &str = "/usr/bin/python3";

const MODULES: [&str; 7] = [
    "test_threading",
    "test_subprocess",
    "test_mmap",
    "test_signal",
    "test_io",
    "test_os",
    "test_socket",
];

/// They want a virtual machine's sockets for themselves.
const LEFT_OUT: &str = "*VSOCK*";

/// A test of `test_subprocess` lists the descriptors of a program that it starts, and finds the shim's. This is how it is called.
const DIFFERENT: &str = "Regression test for https://bugs.python.org/issue32270.";

/// Each test's result, where nothing else stands between it and the test's name.
fn results(said: &str) -> BTreeMap<&str, &str> {
    let is_result =
        |text: &str| ["ok", "skipped", "FAIL", "ERROR"].iter().any(|it| text.starts_with(it));
    said.lines()
        .filter_map(|line| line.split_once(" ... "))
        .filter(|(_, result)| is_result(result))
        .filter(|(name, _)| *name != DIFFERENT)
        .collect()
}

#[test]
fn python_s_own_tests_have_the_same_results() {
    if std::env::var_os("UST_PYTHON").is_none() {
        return;
    }
    if !skip::judges_are_here() || !skip::has(PYTHON, &["-c", "import test.test_io"]) {
        return;
    }
    shim::built();
    for module in MODULES {
        let arguments = ["-m", "test", "-v", "--ignore", LEFT_OUT, module];
        let dir = tempfile::tempdir().expect("a directory");
        let alone = run(Command::new(PYTHON).args(arguments).current_dir(dir.path()));
        let recorded = every_set(Path::new(PYTHON), &arguments).run();
        let both = [&alone, &recorded.finished].map(|run| format!("{}{}", run.stdout, run.stderr));
        let [alone, under_the_shim] = both.each_ref().map(|said| results(said));
        assert!(alone.len() > 10, "{module}: {}", both[0]);
        assert_eq!(under_the_shim, alone, "{module}");
        assert_read_whole(module, &recorded, 1_000);
    }
}
