//! The end of a program whose first thread has left before the others.
//!
//! The C library ends a process with its last thread. The agent is a thread too: a process that calls `pthread_exit` in `main`
//! would never end. So when the first thread leaves, another thread of ours begins to watch, and ends the process once none of
//! the program's threads is left, with status 0, as the C library does.
//!
//! A child of a fork has one thread at first, which is its first thread, whatever it was in the parent.
#![allow(unsafe_code)]

use crate::agent_thread::{self, agent_tid};
use crate::inside::Inside;
use rustix::fs::stat;
use std::os::raw::c_void;
use std::time::Duration;

/// How long the process may outlive its last thread.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Called by each thread that ends, as far as it is known to the runtime.
pub(crate) fn thread_ends() {
    if own_tid() == first_tid() {
        // Without memory for one more thread the process stays.
        let _ = agent_thread::spawn(watch);
    }
}

extern "C" fn watch(_: *mut c_void) -> *mut c_void {
    {
        let _inside = Inside::new();
        let _ = rustix::thread::set_name(c"ust-last");
        loop {
            std::thread::sleep(LOOK_INTERVAL);
            // This thread, and the first one, which the kernel keeps until the others are gone.
            let ours = 2 + usize::from(is_alive(agent_tid()));
            match threads() {
                Some(threads) if threads <= ours => break,
                Some(_) => {}
                // Nobody can tell.
                None => return core::ptr::null_mut(),
            }
        }
    }
    // SAFETY: as the C library does in the last thread.
    unsafe { libc::exit(0) }
}

/// The number of threads of this process; `None` if /proc does not say. Opens nothing: the descriptors are the program's.
fn threads() -> Option<usize> {
    // Besides those of its subdirectories, of which each thread has one, a directory has two links.
    usize::try_from(stat(c"/proc/self/task").ok()?.st_nlink).ok()?.checked_sub(2)
}

fn is_alive(tid: u32) -> bool {
    // SAFETY: signal 0 is not sent.
    unsafe { libc::syscall(libc::SYS_tgkill, first_tid(), tid, 0) == 0 }
}

fn own_tid() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get() as u32
}

fn first_tid() -> u32 {
    rustix::process::getpid().as_raw_nonzero().get() as u32
}
