//! Threads that give up their clock: seccomp's strict mode, and `PR_SET_TSC`. The kernel then kills a thread that reads the time-stamp
//! counter, which each event does. So such a thread's calls pass unseen from here on.
#![allow(unsafe_code)]

use crate::pass_on::pass_on;
use core::ffi::{c_int, c_ulong, c_void};
use ust::__private::before_seal;
use ust::inside;

mod real {
    use core::ffi::{c_int, c_ulong};

    crate::real::real! {
        pub fn prctl(option: c_int, argument: c_ulong) -> c_int;
    }
}

pass_on!(prctl => before_prctl);

unsafe extern "C" fn before_prctl(option: c_int, argument: c_ulong) -> *mut c_void {
    const STRICT: c_ulong = libc::SECCOMP_MODE_STRICT as c_ulong;
    const WITHOUT_CLOCK: c_ulong = libc::PR_TSC_SIGSEGV as c_ulong;
    const WITH_CLOCK: c_ulong = libc::PR_TSC_ENABLE as c_ulong;
    match (option, argument) {
        (libc::PR_SET_SECCOMP, STRICT) if is_unsealed() => before_seal(true),
        (libc::PR_SET_TSC, WITHOUT_CLOCK) => before_seal(false),
        (libc::PR_SET_TSC, WITH_CLOCK) => inside::leave(),
        _ => {}
    }
    real::prctl::REAL.address()
}

/// Whether the thread has no filter yet: with one, it cannot go into the strict mode.
fn is_unsealed() -> bool {
    let _errno = crate::errno::Errno::keep();
    // SAFETY: it only asks.
    unsafe { libc::syscall(libc::SYS_prctl, libc::PR_GET_SECCOMP, 0, 0, 0, 0) == 0 }
}
