//! `outlives_daemon PROGRESS`: forks again and again while its daemon makes its directory anew, and ends.
//!
//! ```text
//!   program        introduced itself in the directory as it was
//!     child        by a raw `clone`: it has no agent, and its first event introduces it in the directory made anew
//!       grandchild by `fork`, when that daemon has ended: its agent looks for a daemon
//! ```
//!
//! Word 1 of the progress says how far it is: 1 it runs, 2 the child has emitted, 3 the grandchild is there, 4 the
//! grandchild's events are off again. Word 2 is how far it may go on.
#![allow(unsafe_code)]

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};

#[tracepoint(provider = "outlives", level = Info)]
fn event(generation: u64);

/// Waits until something is so, or the test is gone.
fn wait(lease: &Lease, is_so: impl Fn() -> bool) {
    while !is_so() && !lease.is_over() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for a child.
fn reap(child: libc::pid_t) {
    // SAFETY: a null pointer is allowed, and the child is ours.
    unsafe {
        assert!(child > 0, "{}", std::io::Error::last_os_error());
        assert_eq!(libc::waitpid(child, core::ptr::null_mut(), 0), child);
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("PROGRESS");
    let progress = Progress::create(Path::new(&path));
    let lease = Lease::begin(Path::new(&path));
    event(1);
    progress.note(1, 1);
    wait(&lease, || progress.word(2) == 1);
    // SAFETY: there is one thread beside the agent, and children end by `_exit`.
    unsafe {
        let child = libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t;
        if child != 0 {
            return reap(child);
        }
        event(2);
        progress.note(1, 2);
        wait(&lease, || progress.word(2) == 2);
        let grandchild = libc::fork();
        if grandchild == 0 {
            progress.note(1, 3);
            wait(&lease, || !event::enabled());
            progress.note(1, 4);
            libc::_exit(0);
        }
        reap(grandchild);
        libc::_exit(0);
    }
}
