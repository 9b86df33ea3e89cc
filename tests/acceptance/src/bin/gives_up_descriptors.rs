//! `gives_up_descriptors PROGRESS`: lowers its limit of descriptors to none, as a sandbox does, and forks later.
//!
//! Word 0 of the progress is 1 once it has emitted an event. When a test sets word 2 it lowers the limit, and notes that
//! in word 1; when word 3 is set it forks, several times. Each child emits [`EVENTS`], and at last the program does itself.
//! Word 4 is the time of the quickest fork, in nanoseconds.
#![allow(unsafe_code)]

use std::path::Path;
use std::time::{Duration, Instant};
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};
use ust_acceptance::sandbox::{EVENTS, FORKS};

#[tracepoint(provider = "sandbox", level = Info)]
fn step(number: u64);

fn main() {
    let path = std::env::args().nth(1).expect("PROGRESS");
    let progress = Progress::create(Path::new(&path));
    let lease = Lease::begin(Path::new(&path));
    step(0);
    progress.note(0, 1);
    let wait_for = |word| {
        while progress.word(word) == 0 && !lease.is_over() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    wait_for(2);
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: plain data.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &none) }, 0);
    progress.note(1, 1);
    wait_for(3);
    let forks = (0..FORKS).map(|_| {
        let begin = Instant::now();
        // SAFETY: the child emits and exits.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                (1..=EVENTS).for_each(step);
                libc::_exit(0);
            }
            let took = begin.elapsed();
            let mut status = 0;
            assert_eq!((libc::waitpid(child, &mut status, 0), status), (child, 0));
            took
        }
    });
    let quickest = forks.min().unwrap_or_default();
    (1..=EVENTS).for_each(step);
    progress.note(4, quickest.as_nanos() as u64);
}
