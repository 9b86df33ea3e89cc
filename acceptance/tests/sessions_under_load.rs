//! Sessions come and go while threads do nothing but emit: nobody is harmed, and each trace is whole.
//!
//! When a session ends its memory is taken away from threads that are in the middle of a tracepoint. So one session
//! after the other is started and destroyed, two of them overlapping, under a program that floods from several
//! threads. It must run on, and have no more descriptors after many sessions than after a few; and in each trace each thread's numbers must follow each other: room there is for all.

use std::path::Path;
use std::time::Duration;
use ust_acceptance::command::wait_until;
use ust_acceptance::daemon::Site;
use ust_acceptance::progress::{self, WORDS};
use ust_acceptance::random::Random;
use ust_acceptance::{judge, skip};

const ROUNDS: u64 = 15;
const THREADS: usize = 2;

#[track_caller]
fn assert_no_gaps(trace: &Path) -> u64 {
    let mut next = [0; THREADS + 1];
    judge::babeltrace2(trace, |line| {
        let next = &mut next[line.number("thread") as usize];
        let sequence = line.number("sequence");
        assert!(*next == 0 || sequence == *next, "{} comes after {next}", line.text);
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
        random.sleep_below(Duration::from_millis(10));
        // One is stopped first, the other is destroyed as it is.
        site.end_session(&one);
        site.ust(&["destroy", &other]).succeeded();
        assert!(program.is_running(), "it ended in round {round}: {:?}", program.wait());
        if round == 2 {
            descriptors_after_a_few = count_descriptors();
        }
        for trace in [first, second] {
            assert!(assert_no_gaps(&trace) > 0, "round {round}: nothing in {}", trace.display());
        }
    }
    let more = count_descriptors().saturating_sub(descriptors_after_a_few);
    assert!(more <= 2, "{more} descriptors more after {} more sessions", 2 * (ROUNDS - 3));
    let words = progress::read(&progress).expect("it is there");
    assert_eq!(words[WORDS - 1], 0);
    let before = words[1];
    wait_until("more steps", || progress::read(&progress).filter(|words| words[1] > before + 1000));
    program.signal(libc::SIGTERM);
    assert_eq!(program.wait().code(), 143);
}
