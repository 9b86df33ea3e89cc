//! Programs that make life hard for whoever lives in them, under the shim with every set on: they do what they do alone. What was
//! recorded before is in the trace, and what cannot be recorded is counted and explained.

use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::undisturbed::{assert_complete, assert_read_whole, assert_same};
use ust_acceptance::{shim, skip};
use ust_test_support::command::Running;

/// A compiled program of `c/`.
struct Program {
    dir: TempDir,
    name: &'static str,
}

impl Program {
    /// `None`, and said so, where the judges are missing.
    fn of(name: &'static str) -> Option<Self> {
        if !skip::judges_are_here() {
            return None;
        }
        shim::built();
        let dir = tempfile::tempdir().expect("a directory");
        shim::compiled(dir.path(), name, &[]);
        Some(Self { dir, name })
    }

    /// Runs it alone and recorded, and compares what it says and how it ends.
    #[track_caller]
    fn run<const N: usize>(&self, arguments: &[&str], options: [&str; N]) -> Recorded {
        let path = self.dir.path().join(self.name);
        let alone = Running::start(Command::new(&path).args(arguments)).wait();
        let recording = Recording::of_path(path).options(["--preload", "all"]).options(options);
        let recorded = arguments.iter().fold(recording, |all, argument| all.arg(argument)).run();
        assert_same(&self.described(arguments), &alone, &recorded.finished);
        recorded
    }

    fn described(&self, arguments: &[&str]) -> String {
        format!("{} {}", self.name, arguments.join(" "))
    }

    /// Everything is recorded.
    #[track_caller]
    fn assert_recorded(&self, arguments: &[&str], least: u64) {
        let recorded = self.run(arguments, ["--subbuf-size", "1M", "--subbufs", "8"]);
        assert_complete(&self.described(arguments), &recorded, least);
    }

    /// What is lost is lost for this cause, and explained so.
    #[track_caller]
    fn assert_counted(&self, arguments: &[&str], size: &str, least: u64, cause: &str, why: &str) {
        let recorded = self.run(arguments, ["--subbuf-size", size, "--subbufs", "8"]);
        let (name, summary) = (self.described(arguments), recorded.summary());
        let causes: Vec<_> = summary.lost.keys().collect();
        assert_eq!(causes, [cause], "{name}: {summary:?}");
        assert!(recorded.finished.stderr.contains(why), "{name}: {}", recorded.finished.stderr);
        assert_read_whole(&name, &recorded, least);
    }
}

/// Whether it is root's test; if not, says so.
fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        skip::skipped("only root may do this");
    }
    is_root
}

#[test]
fn a_program_that_closes_or_takes_all_descriptors() {
    let Some(program) = Program::of("closes_all") else { return };
    for (way, least) in [("each", 1_000), ("range", 100), ("taken", 1_000)] {
        program.assert_recorded(&[way], least);
    }
}

/// In a sub-buffer that holds all of it, no system call is made but the program's own. In a ring's first lap the next
/// sub-buffer is asked for by `madvise`, if it has not been populated beforehand, and the consumer is woken by `futex`, if it does
/// not look by itself.
#[test]
fn a_program_that_seals_itself() {
    let Some(program) = Program::of("seals_itself") else { return };
    for way in ["errno", "kill"] {
        program.assert_recorded(&[way], 6_000);
    }
    let (cause, why) = ("records_lost_no_memory", "a seccomp filter forbids it");
    program.assert_counted(&["errno"], "64K", 300, cause, why);
    let lets = program.run(&["lets-shims"], ["--subbuf-size", "64K", "--subbufs", "16"]);
    assert_complete("seals_itself lets-shims", &lets, 6_000);
    for residency in ["--prefault", "--mlock"] {
        let options =
            ["--subbuf-size", "64K", "--subbufs", "16", "--read-timer", "1000", residency];
        assert_complete("seals_itself kill", &program.run(&["kill"], options), 6_000);
    }
}

/// The kernel ends a thread that reads a clock that it has given up, and in the strict mode a process that ends in the ordinary way.
#[test]
fn a_program_that_gives_up_its_clock_or_ends_without_a_word() {
    let Some(program) = Program::of("seals_strictly") else { return };
    for way in ["strict", "syscall", "clock", "exit"] {
        program.assert_recorded(&[way], 500);
    }
}

#[test]
fn a_program_in_a_directory_without_files() {
    let Some(program) = Program::of("moves_away").filter(|_| is_root()) else { return };
    let empty = tempfile::tempdir().expect("a directory");
    let arguments = ["chroot", empty.path().to_str().expect("temporary paths are text")];
    let (cause, why) = ("records_lost_no_stream", "after chroot");
    program.assert_counted(&arguments, "1M", 100, cause, why);
}

#[test]
fn a_program_that_gives_up_root_s_rights() {
    let Some(program) = Program::of("moves_away").filter(|_| is_root()) else { return };
    let (cause, why) = ("records_lost_no_stream", "a process that has changed its user may not");
    program.assert_counted(&["user"], "1M", 100, cause, why);
}

#[test]
fn a_program_with_few_descriptors_or_little_memory() {
    let Some(program) = Program::of("limits_itself") else { return };
    for (what, why) in [("files", "ulimit -n"), ("data", "ulimit -d"), ("addresses", "ulimit -v")] {
        program.assert_counted(&[what], "1M", 100, "records_lost_no_stream", why);
    }
}

#[test]
fn a_program_whose_waits_are_interrupted() {
    let Some(program) = Program::of("interrupted") else { return };
    program.assert_recorded(&[], 50);
}

#[test]
fn a_program_with_small_stacks() {
    let Some(program) = Program::of("small_stacks") else { return };
    // Nothing is kept in registers by an unoptimised shim.
    let stack_bytes = if cfg!(debug_assertions) { "8192" } else { "1024" };
    program.assert_recorded(&["handler", stack_bytes], 50);
    program.assert_recorded(&["threads"], 100);
}

/// Of a busy thread more is recorded than rings hold; of the children all is.
#[test]
fn a_program_whose_threads_fork_all_at_once() {
    let Some(program) = Program::of("forks_in_threads") else { return };
    let recorded = program.run(&[], ["--subbuf-size", "64K"]);
    assert_read_whole("forks_in_threads", &recorded, 1_000);
    assert_eq!(recorded.summary().processes, 101);
}
