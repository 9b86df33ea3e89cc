//! `vforks WHICH EVENTS`: starts one thread more than there are caches at first. The library is not told of their ends. The
//! first event of one of them (WHICH is `first` or `last`) is emitted by its vfork child. If WHICH is `unnoticed`, the first
//! thread has emitted by then, so that nothing shows the library whose events its child emits: as many as a thread, on the
//! second CPU, while the last thread emits on the first one, for which the child takes its own.
//!
//! A child of vfork runs on its parent's thread, in its parent's memory, under a number of its own. The first thread and
//! the last emit so many events more, at the same time.

use std::sync::Barrier;
use ust::tracepoint;
use ust_acceptance::constructor::{self, Constructor};
use ust_acceptance::report;

#[tracepoint(provider = "vforks", level = Info)]
fn told(thread: u64, sequence: u64);

#[used]
#[allow(unsafe_code)]
// SAFETY: a constructor, which glibc calls with the arguments of `main`.
#[unsafe(link_section = ".init_array.00050")]
static MAKE_KEYS: Constructor = make_keys;

extern "C" fn make_keys(_: libc::c_int, _: *const *const libc::c_char) {
    constructor::make_pthread_keys(40);
}

/// The number of caches at first.
const CACHES: u64 = 64;

extern "C" fn child(thread: *mut libc::c_void) -> libc::c_int {
    told(thread as u64, 0);
    0
}

extern "C" fn unnoticed_child(events: *mut libc::c_void) -> libc::c_int {
    run_on(1);
    (1..=events as u64).for_each(|sequence| told(0, sequence));
    0
}

#[allow(unsafe_code)]
fn run_on(cpu: usize) {
    // SAFETY: plain data, and a system call.
    unsafe {
        let mut cpus: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut cpus);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &cpus);
    }
}

/// What `vfork` does, on a stack of its own: Rust has no function that returns twice.
#[allow(unsafe_code)]
fn run_in_vfork_child(run: extern "C" fn(*mut libc::c_void) -> libc::c_int, argument: u64) {
    let mut stack = vec![0_u128; 16 << 10];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is the child's alone until it has ended; the parent waits for that.
    unsafe {
        let top = stack.as_mut_ptr_range().end.cast();
        let pid = libc::clone(run, top, flags, argument as *mut libc::c_void);
        assert!(pid > 0 && libc::waitpid(pid, std::ptr::null_mut(), 0) == pid);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, who, events] = &arguments[..] else { panic!("WHO EVENTS") };
    let events: u64 = events.parse().expect("a number");
    let is_unnoticed = who == "unnoticed";
    let vforks = match who.as_str() {
        "first" => Some(0),
        "last" => Some(CACHES),
        _ => None,
    };
    let (has_begun, all_have_begun) = (&Barrier::new(2), &Barrier::new(2));
    let end = &Barrier::new(CACHES as usize + 1);
    std::thread::scope(|scope| {
        for thread in 0..=CACHES {
            scope.spawn(move || {
                if is_unnoticed {
                    run_on(0);
                }
                if Some(thread) == vforks {
                    run_in_vfork_child(child, thread)
                } else {
                    told(thread, 0)
                }
                has_begun.wait();
                if thread == 0 || thread == CACHES {
                    all_have_begun.wait();
                }
                if thread == 0 && is_unnoticed {
                    run_in_vfork_child(unnoticed_child, events);
                } else if thread == 0 || thread == CACHES {
                    (1..=events).for_each(|sequence| told(thread, sequence));
                }
                end.wait();
            });
            has_begun.wait();
        }
    });
    report::write(&[CACHES + 1 + 2 * events]);
}
