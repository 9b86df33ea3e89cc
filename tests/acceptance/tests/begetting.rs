//! Children of instrumented programs are traced as themselves, however they were begotten, without a preload: each folder of
//! the trace has the events of one process, and all of them.

use std::collections::BTreeMap;
use std::path::Path;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recording, folders};
use ust_acceptance::{judge, skip};
use ust_test_support::wait::wait_until;

const EVENTS: u64 = 2000;

/// As in the program.
const CHILDREN: u64 = 10;

/// How many events each role has, in each folder that has any of the role.
type Roles = BTreeMap<String, u64>;

/// The roles in each process's folder. Checks that every record is in the trace of the process that wrote it, but for those
/// of children of `vfork`, whose events are their parent's.
#[track_caller]
fn roles_by_folder(trace: &Path) -> Vec<Roles> {
    let mut all = Vec::new();
    for folder in folders(trace) {
        let mut roles = Roles::new();
        judge::babeltrace2(&folder, |line| {
            let role = line.value("role").trim_matches('"');
            let is_own = line.number("process") == line.vpid();
            assert_eq!(is_own, role != "vforked", "in {}: {}", folder.display(), line.text);
            *roles.entry(role.to_owned()).or_default() += 1;
        });
        all.push(roles);
    }
    all
}

/// Folders with exactly these roles.
fn with(all: &[Roles], roles: &[(&str, u64)]) -> u64 {
    let roles: Roles = roles.iter().map(|(role, events)| ((*role).to_owned(), *events)).collect();
    all.iter().filter(|found| **found == roles).count() as u64
}

/// Records the program; the roles in each folder, and how many events its other threads have emitted.
fn record(how: &str, options: [&str; 2]) -> Option<(Vec<Roles>, u64)> {
    if !skip::judges_are_here() {
        return None;
    }
    // It is not known how much the threads emit meanwhile. Where there is no room, they wait.
    let recording = Recording::of("begets").options(["--mode", "block=600s"]).options(options);
    let recorded = recording.arg(how).arg(EVENTS).run().succeeded();
    let all = roles_by_folder(&recorded.trace());
    let summary = recorded.summary();
    let read: u64 = all.iter().flat_map(BTreeMap::values).sum();
    assert_eq!((summary.recorded, summary.lost_in_all()), (read, 0), "{summary:?}");
    let beside = if how == "double-fork" { 0 } else { recorded.report() };
    Some((all, beside))
}

const PER_THREAD: [&str; 2] = ["--buffers", "per-thread"];
const PER_CPU: [&str; 2] = ["--buffers", "per-cpu"];

/// A program that starts `leaf`: one folder is its own, and one each child's, if they are traced from their `exec` on.
#[track_caller]
fn assert_children_are_apart(how: &str, options: [&str; 2]) {
    let Some((all, beside)) = record(how, options) else { return };
    assert_eq!(with(&all, &[("parent", 2 * EVENTS), ("beside", beside)]), 1, "{all:?}");
    assert_eq!(with(&all, &[("leaf", EVENTS)]), CHILDREN, "{all:?}");
    assert_eq!(all.len() as u64, 1 + CHILDREN, "{all:?}");
}

#[test]
fn a_command_s_child_is_a_process_of_its_own() {
    assert_children_are_apart("posix-spawn", PER_THREAD);
}

#[test]
fn a_child_of_vfork_that_only_executes_is_one() {
    assert_children_are_apart("vfork", PER_THREAD);
}

#[test]
fn a_child_of_vfork_that_only_executes_is_one_beside_streams_of_cpus() {
    assert_children_are_apart("vfork", PER_CPU);
}

#[test]
fn a_shell_s_child_is_one() {
    assert_children_are_apart("system", PER_THREAD);
}

/// The process of a command with a closure is forked, emits, and executes: one process, and two images.
#[test]
fn what_a_command_emits_before_it_executes_is_its_child_s() {
    let Some((all, beside)) = record("pre-exec", PER_THREAD) else { return };
    assert_eq!(with(&all, &[("parent", 2 * EVENTS), ("beside", beside)]), 1, "{all:?}");
    assert_eq!(with(&all, &[("forked", EVENTS)]), CHILDREN, "{all:?}");
    assert_eq!(with(&all, &[("leaf", EVENTS)]), CHILDREN, "{all:?}");
    assert_eq!(all.len() as u64, 1 + 2 * CHILDREN, "{all:?}");
}

/// It runs in its parent's memory, as its parent's thread. Its `exec` ends neither that thread's stream nor the parent's trace.
#[test]
fn what_a_child_of_vfork_emits_is_its_parent_s_to_the_last_event() {
    let Some((all, beside)) = record("emitting-vfork", PER_THREAD) else { return };
    let of_parent = [("parent", 2 * EVENTS), ("vforked", CHILDREN * EVENTS), ("beside", beside)];
    assert_eq!(with(&all, &of_parent), 1, "{all:?}");
    assert_eq!(with(&all, &[("leaf", EVENTS)]), CHILDREN, "{all:?}");
    assert_eq!(all.len() as u64, 1 + CHILDREN, "{all:?}");
}

#[test]
fn a_grandchild_that_outlives_its_parent_is_a_process_of_its_own() {
    for options in [PER_THREAD, PER_CPU] {
        let Some((all, _)) = record("double-fork", options) else { return };
        assert_eq!(with(&all, &[("parent", 2 * EVENTS)]), 1, "{all:?}");
        assert_eq!(with(&all, &[("child", EVENTS)]), 1, "{all:?}");
        assert_eq!(with(&all, &[("grandchild", EVENTS)]), 1, "{all:?}");
        assert_eq!(all.len(), 3, "{all:?}");
    }
}

/// The program that was started ends in `daemon`; a session of the consumer's daemon goes on.
#[test]
fn a_program_that_becomes_a_daemon_is_two_processes() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let trace = site.start_session("daemons", "begets:*");
    site.program("begets", &["daemon", &EVENTS.to_string()]).wait().succeeded();
    wait_until("the end of the program's daemon", || {
        let status = site.ust(&["list"]).succeeded().stdout;
        let is_over = status.contains("No process is connected.")
            && status.contains(&format!("{} events recorded, 0 lost", thousands(3 * EVENTS)));
        is_over.then_some(())
    });
    site.end_session("daemons");
    let all = roles_by_folder(&trace);
    assert_eq!(with(&all, &[("before", EVENTS)]), 1, "{all:?}");
    assert_eq!(with(&all, &[("daemon", EVENTS), ("thread", EVENTS)]), 1, "{all:?}");
    assert_eq!(all.len(), 2, "{all:?}");
}

/// As `ust` prints numbers below a million.
fn thousands(number: u64) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}
