//! `left_fork PROGRESS`: forks, emits one event in each process, and waits to be killed.
//!
//! Words 0 and 1 of the progress are the process ids of parent and child, words 2 and 3 are 1 once their events'
//! calls have returned.
#![allow(unsafe_code)]

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};

#[tracepoint(provider = "left_fork", level = Info)]
fn lives(pid: u32);

fn main() {
    let path = std::env::args().nth(1).expect("PROGRESS");
    let progress = Progress::create(Path::new(&path));
    let lease = Lease::begin(Path::new(&path));
    progress.note(0, std::process::id().into());
    // SAFETY: there is one thread of ours, and the child does what any process may.
    let is_child = unsafe { libc::fork() } == 0;
    let pid = std::process::id();
    if is_child {
        progress.note(1, pid.into());
    }
    lives(pid);
    progress.note(if is_child { 3 } else { 2 }, 1);
    while !lease.is_over() {
        std::thread::sleep(Duration::from_millis(100));
    }
}
