//! Threads that give up their clock, and first threads that end without a word.
//!
//! ```text
//!   seccomp's strict mode    no clock: calls pass unseen from here on; ends by the system call `exit` alone
//!   PR_SET_TSC               no clock, until it is taken back
//!   SYS_exit                 ends; nobody else notices
//! ```
//!
//! The kernel kills a thread without the time-stamp counter that reads it, which each event does. And the C library ends a process
//! whose last thread leaves, but does not hear of a thread that ends by a system call of its own: the agent would be left. So the
//! process is watched from then on.
#![allow(unsafe_code)]

use crate::errno::Errno;
use crate::pass_on::pass_on;
use core::ffi::{c_int, c_long, c_ulong, c_void};
use ust::__private::{before_exit_of_thread, before_seal};
use ust::inside;

mod real {
    use core::ffi::{c_int, c_long, c_ulong};

    crate::real::real! {
        pub fn prctl(option: c_int, argument: c_ulong) -> c_int;
        pub fn syscall(number: c_long) -> c_long;
    }
}

pass_on!(prctl => before_prctl);
pass_on!(syscall => before_syscall);

unsafe extern "C" fn before_prctl(option: c_int, argument: c_ulong) -> *mut c_void {
    note_option(option, argument);
    real::prctl::REAL.address()
}

unsafe extern "C" fn before_syscall(
    number: c_long,
    first: c_ulong,
    second: c_ulong,
) -> *mut c_void {
    const STRICT: c_ulong = libc::SECCOMP_SET_MODE_STRICT as c_ulong;
    match number {
        libc::SYS_prctl => note_option(first as c_int, second),
        libc::SYS_seccomp if first == STRICT && is_unsealed() => before_seal(),
        libc::SYS_exit if is_unsealed() => before_exit_of_thread(),
        _ => {}
    }
    real::syscall::REAL.address()
}

fn note_option(option: c_int, argument: c_ulong) {
    const STRICT: c_ulong = libc::SECCOMP_MODE_STRICT as c_ulong;
    const WITHOUT_CLOCK: c_ulong = libc::PR_TSC_SIGSEGV as c_ulong;
    const WITH_CLOCK: c_ulong = libc::PR_TSC_ENABLE as c_ulong;
    match (option, argument) {
        (libc::PR_SET_SECCOMP, STRICT) if is_unsealed() => before_seal(),
        (libc::PR_SET_TSC, WITHOUT_CLOCK) => inside::stay(),
        (libc::PR_SET_TSC, WITH_CLOCK) => inside::leave(),
        _ => {}
    }
}

/// Whether the calling thread is the program's own, and has neither a filter nor the strict mode yet. With a filter it cannot go into
/// the strict mode, and may not be allowed what watching takes.
fn is_unsealed() -> bool {
    // First, because in the strict mode even this question is forbidden.
    if inside::is_inside() {
        return false;
    }
    let _errno = Errno::keep();
    // SAFETY: it only asks.
    unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) == 0 }
}
