//! Sessions come and go while threads do nothing but emit: the program is unharmed, and each trace is whole.
//!
//! When a session ends its memory is taken away from threads that are in the middle of a tracepoint. So one session
//! after the other is started and destroyed, two of them overlapping, under a program that floods from several
//! threads. It must run on, and have no more descriptors after many sessions than after a few; and in each trace each
//! thread's numbers must follow each other. There is room for all records, unless the daemon gets no turn for
//! seconds: then no more may be missing than it says.

use std::path::Path;
use std::time::Duration;
use ust_acceptance::daemon::Site;
use ust_acceptance::progress::{self, WORDS};
use ust_acceptance::{judge, skip};
use ust_test_support::random::Random;
use ust_test_support::wait::wait_until;

const ROUNDS: u64 = 15;
const THREADS: usize = 2;

/// What was lost, as `ust destroy` says.
fn lost(closing: &str) -> u64 {
    let words: Vec<&str> = closing.split_whitespace().collect();
    let at = words.iter().position(|word| word.starts_with("lost")).expect("it says what was lost");
    words[at - 1].parse().expect("a number")
}

#[track_caller]
fn assert_no_more_gaps(trace: &Path, lost: u64) -> u64 {
    let (mut next, mut missing) = ([0; THREADS + 1], 0);
    judge::babeltrace2(trace, |line| {
        let next = &mut next[line.number("thread") as usize];
        let sequence = line.number("sequence");
        assert!(sequence >= *next, "{} comes after {next}", line.text);
        missing += if *next == 0 { 0 } else { sequence - *next };
        assert!(missing <= lost, "{lost} were lost, {missing} are missing before {}", line.text);
        *next = sequence + 1;
    })
}

#[test]
fn sessions_may_come_and_go_under_a_flood() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let progress = site.path("progress");
    let threads = THREADS.to_string();
    let mut program = site.program("steps", &[progress.to_str().expect("text"), &threads, "0"]);
    wait_until("the program's first steps", || {
        progress::read(&progress).filter(|words| words[1] > 0)
    });
    let mut random = Random::new(11);
    let descriptors = format!("/proc/{}/fd", program.pid());
    let count_descriptors = || std::fs::read_dir(&descriptors).expect("it runs").count();
    let mut descriptors_after_a_few = 0;
    for round in 0..ROUNDS {
        let (one, other) = (format!("one{round}"), format!("other{round}"));
        let first = site.start_session(&one, "steps:*");
        random.sleep_below(Duration::from_millis(10));
        let second = site.start_session(&other, "*");
        let before = progress::read(&progress).expect("it is there")[1];
        wait_until("a step in both", || {
            progress::read(&progress).filter(|words| words[1] > before + 1)
        });
        random.sleep_below(Duration::from_millis(10));
        // One is stopped first, the other is destroyed as it is.
        site.ust(&["stop", &one]).succeeded();
        let sessions = [(one, first), (other, second)];
        let ended = sessions
            .map(|(name, trace)| (lost(&site.ust(&["destroy", &name]).succeeded().stdout), trace));
        assert!(program.is_running(), "it ended in round {round}: {:?}", program.wait());
        if round == 2 {
            descriptors_after_a_few = count_descriptors();
        }
        for (lost, trace) in ended {
            let there = assert_no_more_gaps(&trace, lost);
            assert!(there > 0, "round {round}: nothing in {}", trace.display());
        }
    }
    // Those of a session that has just ended are closed once no thread is in a tracepoint of its.
    let what =
        format!("no more than two descriptors more after {} more sessions", 2 * (ROUNDS - 3));
    wait_until(&what, || (count_descriptors() <= descriptors_after_a_few + 2).then_some(()));
    let words = progress::read(&progress).expect("it is there");
    assert_eq!(words[WORDS - 1], 0);
    let before = words[1];
    wait_until("more steps", || progress::read(&progress).filter(|words| words[1] > before + 1000));
    program.signal(libc::SIGTERM);
    assert_eq!(program.wait().code(), 143);
}
