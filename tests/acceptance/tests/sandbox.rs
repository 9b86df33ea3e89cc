//! A program that lowers its limit of descriptors to none is recorded with what it has, and its forked child is counted.
//! The agent, which cannot poll any more, delays neither. The quickest of several forks is measured, because a busy machine
//! may delay any of them.

use ust_acceptance::daemon::Site;
use ust_acceptance::sandbox::{EVENTS, FORKS};
use ust_acceptance::{progress, skip};
use ust_test_support::wait::wait_until;

/// The two numbers of `N events recorded, M lost`.
fn counts(closing: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = closing.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let before = |word| {
        let at = words.iter().position(|it| *it == word)?;
        words[..at].iter().rev().find_map(|number| number.parse().ok())
    };
    Some((before("recorded")?, before("lost")?))
}

#[test]
fn a_program_without_descriptors_forks_and_every_event_is_counted() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    site.start_session("mine", "sandbox:*");
    let path = site.path("progress");
    let program = site.program("gives_up_descriptors", &[path.to_str().expect("text")]);
    wait_until("its first event", || progress::read(&path).filter(|words| words[0] == 1));
    let is_listed = |list: &str| list.contains(" gives_up_descr");
    wait_until("its agent", || is_listed(&site.ust(&["list"]).succeeded().stdout).then_some(()));
    progress::set(&path, 2, 1);
    wait_until("its limit", || progress::read(&path).filter(|words| words[1] == 1));
    // Its agent hears this, and waits for the next word with the new limit.
    site.ust(&["enable-event", "-s", "mine", "another:*"]).succeeded();
    progress::set(&path, 3, 1);
    program.wait().succeeded();
    let quickest_ns = progress::read(&path).expect("it is there")[4];
    // A fork waits at most a second for an agent that is in the middle of a change.
    assert!(quickest_ns < 500_000_000, "the quickest fork took {quickest_ns} ns");
    site.ust(&["stop", "mine"]).succeeded();
    let closing = site.ust(&["destroy", "mine"]);
    let (recorded, lost) = counts(&closing.stdout).unwrap_or_else(|| panic!("{closing:?}"));
    assert_eq!(recorded + lost, 1 + (FORKS + 1) * EVENTS, "{closing:?}");
}
