//! Programs that are linked statically, with glibc or with musl, are recorded as others are, and so are their children.

use std::path::Path;
use std::process::Command;
use ust_acceptance::recording::Recording;
use ust_acceptance::small_package::small_package;
use ust_acceptance::{judge, skip};
use ust_test_support::command::run;

fn assert_is_recorded(name: &str, target: &str, flags: &str) {
    let libraries =
        run(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
    if !Path::new(libraries.stdout.trim()).is_dir() {
        return skip::skipped(&format!("rustup target add {target}"));
    }
    if !skip::judges_are_here() {
        return;
    }
    let package = small_package(env!("CARGO_TARGET_TMPDIR"), name);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--target", target]).env("RUSTFLAGS", flags);
    run(package.prepare(&mut cargo)).succeeded();
    let program = package.target().join(target).join("debug/counts");
    let asked = run(Command::new("readelf").args(["--program-headers", "--wide"]).arg(&program));
    assert!(!asked.succeeded().stdout.contains("INTERP"), "it is not linked statically");

    for buffers in ["per-thread", "per-cpu"] {
        let recording = Recording::of_path(program.clone()).options(["--buffers", buffers]);
        let recorded = recording.run().succeeded();
        let summary = recorded.summary();
        assert_eq!((summary.recorded, summary.lost_in_all()), (4000, 0), "{summary:?}");
        assert_eq!(summary.processes, 2);
        let numbers = judge::tally(&recorded.trace(), "number");
        assert!(numbers.len() == 2000 && numbers.values().all(|times| *times == 2), "{numbers:?}");
        judge::babeltrace2(&recorded.trace(), |line| {
            assert_eq!(line.number("process"), line.vpid(), "{}", line.text);
        });
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn with_musl() {
    assert_is_recorded("of-musl", "x86_64-unknown-linux-musl", "");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn with_glibc() {
    assert_is_recorded("of-glibc", "x86_64-unknown-linux-gnu", "-C target-feature=+crt-static");
}
