//! A program that enters a user namespace of its own. The kernel refuses that to a process of several threads, and the agent
//! is a thread. `docs/environments.md` says what works nevertheless, and this is the test of it.

use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};

const EVENTS: u64 = 2000;

/// Records the program; what the kernel said, and how many events there are outside and inside of the namespace.
fn record(how: &str, variable: Option<&str>) -> Option<(i32, u64, u64)> {
    if !skip::judges_are_here() || !skip::has("unshare", &["--user", "true"]) {
        return None;
    }
    let recording = Recording::of("unshares").arg(how).arg(EVENTS);
    let mut command = recording.command();
    command.env_remove("UST_NO_AGENT");
    if let Some(value) = variable {
        command.env("UST_NO_AGENT", value);
    }
    let recorded = recording.start_by(&mut command).wait().succeeded();
    let inside = judge::tally(&recorded.trace(), "is_inside");
    let summary = recorded.summary();
    assert_eq!(
        (summary.recorded, summary.lost_in_all()),
        (inside.values().sum(), 0),
        "{summary:?}"
    );
    let of = |value| inside.get(&value).copied().unwrap_or(0);
    Some((recorded.report(), of(0), of(1)))
}

#[track_caller]
fn assert_enters(how: &str, variable: Option<&str>) {
    let Some(outcome) = record(how, variable) else { return };
    assert_eq!(outcome, (0, EVENTS, 2 * EVENTS), "the kernel's refusal, events outside, inside");
}

/// If this fails, the page is out of date: the program needs nothing of what the page says.
#[test]
fn with_an_agent_the_kernel_refuses_it() {
    for (how, variable) in [("itself", None), ("fork", None), ("itself", Some(""))] {
        let Some(outcome) = record(how, variable) else { return };
        assert_eq!(outcome, (libc::EINVAL, EVENTS, 0), "{how}");
    }
}

#[test]
fn without_an_agent_a_program_enters_and_is_recorded_there() {
    assert_enters("itself", Some("1"));
}

#[test]
fn without_an_agent_so_does_its_forked_child() {
    assert_enters("fork", Some("1"));
}

#[test]
fn a_child_of_a_raw_clone_has_no_agent_and_enters() {
    assert_enters("clone", None);
}

#[test]
fn a_child_may_be_made_inside() {
    assert_enters("clone-inside", None);
}
