//! `unshares HOW EVENTS`: emits, enters a user namespace of its own, and emits on, there also from another thread.
//!
//! HOW is `itself`, or which child does it: one of `fork`, one of a raw `clone`, or one that `clone` makes in the namespace. The
//! report is the kernel's refusal, an error number, or 0.
#![allow(unsafe_code)]

use std::io::Error;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "unshares", level = Info)]
fn told(process: u32, is_inside: bool, sequence: u64);

fn emit(is_inside: bool, events: u64) {
    (0..events).for_each(|sequence| told(std::process::id(), is_inside, sequence));
}

/// Emits in the namespace; the kernel's refusal, or 0.
fn enter(is_inside: bool, events: u64) -> i32 {
    // SAFETY: a system call that changes no memory.
    if !is_inside && unsafe { libc::unshare(libc::CLONE_NEWUSER) } != 0 {
        return Error::last_os_error().raw_os_error().unwrap_or(-1);
    }
    emit(true, events);
    let thread = std::thread::spawn(move || emit(true, events));
    thread.join().expect("it does not panic");
    0
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, how, events] = &arguments[..] else { panic!("HOW EVENTS") };
    let events: u64 = events.parse().expect("a number");
    emit(false, events);
    let flags = libc::SIGCHLD | if how == "clone-inside" { libc::CLONE_NEWUSER } else { 0 };
    let refusal = match how.as_str() {
        "itself" => enter(false, events),
        // SAFETY: there is one thread of ours, and the child does what any process may.
        "fork" => in_child(unsafe { libc::fork() }, false, events),
        how => {
            // SAFETY: as above.
            let child = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
            in_child(child as libc::pid_t, how == "clone-inside", events)
        }
    };
    report::write(&refusal);
}

/// In the child: enters, and ends with the refusal. In the parent: waits for that.
fn in_child(child: libc::pid_t, is_inside: bool, events: u64) -> i32 {
    assert!(child >= 0, "{}", Error::last_os_error());
    let mut status = -1;
    // SAFETY: ends the child, or waits for it.
    unsafe {
        if child == 0 {
            libc::_exit(enter(is_inside, events));
        }
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
    }
    assert!(libc::WIFEXITED(status), "{status}");
    libc::WEXITSTATUS(status)
}
