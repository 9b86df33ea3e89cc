//! The end of a program whose first thread has left before the others.
//!
//! The C library ends a process with its last thread. The agent is a thread too: a process that calls `pthread_exit` in `main`
//! would never end. So when the first thread leaves, another thread of ours begins to watch, and ends the process once none of
//! the program's threads is left, with status 0, as the C library does.
//!
//! A thread may also end by the system call `exit`, which the C library does not notice; in seccomp's strict mode it must. If the first
//! thread does so, or goes into that mode, it is watched from then on. The process ends with its status, as it would alone.
//!
//! A child of a fork has one thread at first, which is its first thread, whatever it was in the parent.
#![allow(unsafe_code)]

use crate::agent_thread::{self, agent_tid};
use crate::inside::Inside;
use rustix::fs::{readlink, stat};
use rustix::io::Errno;
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

/// Called by a thread that will end, or ends next, without a word to the C library.
pub(crate) fn thread_ends_unseen() {
    if own_tid() == first_tid() {
        let _ = agent_thread::spawn(watch_unseen);
    }
}

extern "C" fn watch(_: *mut c_void) -> *mut c_void {
    if wait_for_the_last(|| true) {
        // SAFETY: as the C library does in the last thread.
        unsafe { libc::exit(0) }
    }
    core::ptr::null_mut()
}

extern "C" fn watch_unseen(_: *mut c_void) -> *mut c_void {
    if wait_for_the_last(has_first_ended) {
        let status = first_status().unwrap_or(0);
        // SAFETY: as the kernel does with the last thread: nothing of the program runs any more.
        unsafe { libc::_exit(status) }
    }
    core::ptr::null_mut()
}

/// Waits until none of the program's threads is left, among them the first one, of which the caller says whether it has ended.
/// `false` if nobody can tell.
fn wait_for_the_last(has_first_ended: impl Fn() -> bool) -> bool {
    let _inside = Inside::new();
    let _ = rustix::thread::set_name(c"ust-last");
    loop {
        std::thread::sleep(LOOK_INTERVAL);
        // This thread, and the first one, which the kernel keeps until the others are gone.
        let ours = 2 + usize::from(is_alive(agent_tid()));
        match threads() {
            Some(threads) if threads <= ours && has_first_ended() => return true,
            Some(_) => {}
            None => return false,
        }
    }
}

/// Whether the first thread has ended: it has no working directory then. Opens nothing.
fn has_first_ended() -> bool {
    readlink(format!("/proc/self/task/{}/cwd", first_tid()), Vec::new()) == Err(Errno::NOENT)
}

/// The status that the first thread has ended with: the last of the numbers in its `stat`, as `wait` has it.
fn first_status() -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{}/stat", first_tid())).ok()?;
    let status: i32 = stat.split_whitespace().next_back()?.parse().ok()?;
    Some(status >> 8 & 0xff)
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
