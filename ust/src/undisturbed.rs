//! Work that no signal handler of the program may find half done.
#![allow(unsafe_code)]

use crate::inside::Inside;

/// While this lives, no asynchronous signal's handler runs on this thread. Dropping it restores the signal
/// mask and `errno`.
pub(crate) struct Undisturbed {
    mask: libc::sigset_t,
    errno: libc::c_int,
    _inside: Inside,
}

impl Undisturbed {
    pub(crate) fn new() -> Self {
        // SAFETY: plain data and valid pointers to it. `pthread_sigmask` leaves glibc's own signals alone.
        unsafe {
            let inside = Inside::new();
            let errno = *libc::__errno_location();
            let mut all = core::mem::zeroed();
            let mut mask = core::mem::zeroed();
            fill_with_asynchronous(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut mask);
            Self { mask, errno, _inside: inside }
        }
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.mask, core::ptr::null_mut());
            *libc::__errno_location() = self.errno;
        }
    }
}

/// Every signal but those that the thread's own instructions raise. A blocked signal of that kind is not
/// delayed: it kills the process even if the program has a handler (a sandbox's for SIGSYS, say).
///
/// # Safety
/// `set` points to a signal set; what it holds does not matter.
unsafe fn fill_with_asynchronous(set: *mut libc::sigset_t) {
    let synchronous =
        [libc::SIGSYS, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];
    // SAFETY: the caller's promise.
    unsafe {
        libc::sigfillset(set);
        for signal in synchronous {
            libc::sigdelset(set, signal);
        }
    }
}
