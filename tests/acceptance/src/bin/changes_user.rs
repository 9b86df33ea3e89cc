//! `changes_user WHEN THREADS`: gives up root's rights for good, as daemons do, and emits before or after.
//!
//! glibc does that by a signal to every thread of the process. A thread that blocks the signal makes it wait for ever.
//! WHEN is `before` (an event comes before the change, and more after it), `after` (all of them after it) or `at-once`
//! (the same, and the change comes before `main`, when the library's agent has only just been started).

use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::constructor::{self, Constructor};

#[tracepoint(provider = "user", level = Info)]
fn told(thread: u32, uid: u32);

const NOBODY: u32 = 65534;

#[allow(unsafe_code)]
fn uid() -> u32 {
    // SAFETY: a system call without arguments.
    unsafe { libc::getuid() }
}

#[allow(unsafe_code)]
fn become_nobody() {
    // SAFETY: system calls on plain numbers.
    let changed = unsafe { (libc::setgid(NOBODY), libc::setuid(NOBODY)) };
    assert_eq!(changed, (0, 0), "{}", std::io::Error::last_os_error());
    assert_eq!(uid(), NOBODY);
}

/// Runs after the library's constructor.
#[used]
#[allow(unsafe_code)]
// SAFETY: a constructor, which glibc calls with the arguments of `main`.
#[unsafe(link_section = ".init_array.00101")]
static CHANGE_AT_ONCE: Constructor = change_at_once;

#[allow(unsafe_code)]
extern "C" fn change_at_once(count: libc::c_int, arguments: *const *const libc::c_char) {
    // SAFETY: a constructor's.
    if unsafe { constructor::argument(1, count, arguments) } == Some(c"at-once") {
        become_nobody();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, when, threads] = &arguments[..] else { panic!("WHEN THREADS") };
    let threads: u32 = threads.parse().expect("a number");
    if when == "before" {
        told(0, uid());
    }
    if when != "at-once" {
        become_nobody();
    }
    // Time for the agent to find out that it may not reach the daemon.
    std::thread::sleep(Duration::from_millis(100));
    told(0, uid());
    // All threads live at once, so each needs a stream of its own.
    let barrier = std::sync::Barrier::new(threads as usize);
    let barrier = &barrier;
    std::thread::scope(|scope| {
        for thread in 1..=threads {
            scope.spawn(move || {
                told(thread, uid());
                barrier.wait();
            });
        }
    });
}
