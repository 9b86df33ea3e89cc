//! `daemonizes PROGRESS`: goes into the background as daemons do, and emits nothing before a test lets it.
//!
//! The process that was started ends once the daemon is there. Word 0 of the progress becomes the daemon's process id.
#![allow(unsafe_code)]

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};

#[tracepoint(provider = "daemonizes", level = Info)]
fn works(pid: u32);

fn main() {
    let path = std::env::args().nth(1).expect("PROGRESS");
    let progress = Progress::create(Path::new(&path));
    let lease = Lease::begin(Path::new(&path));
    let (mut from_daemon, to_parent) = std::io::pipe().expect("there are descriptors");
    // SAFETY: there is one thread of ours, and the child does what any process may.
    if unsafe { libc::fork() } > 0 {
        drop(to_parent);
        // The end of the pipe tells that the daemon is there.
        let _ = std::io::Read::read(&mut from_daemon, &mut [0]);
        return;
    }
    // SAFETY: a system call.
    unsafe { libc::setsid() };
    progress.note(0, std::process::id().into());
    drop(to_parent);
    while !lease.is_over() {
        std::thread::sleep(Duration::from_millis(50));
    }
    works(std::process::id());
}
